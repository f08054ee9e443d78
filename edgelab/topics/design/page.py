"""The live panel of notebook 11: a design of the final, and the night that it has to stand."""

from __future__ import annotations

from edgelab.stage.panel import Panel
from edgelab.stage.plot import frame
from edgelab.stage.step import Step
from edgelab.topics.design import plots as figures
from edgelab.topics.design.model import PLACED, Design

__all__ = ["DesignPanel", "OneChoice"]

#: What takes long, and the plot whose words tell it.
SLOW = {Design.report: figures.goals_met, Design.night: figures.night_events}


def like(made: Design):
    """What makes of the present design another, under the same events."""
    return lambda now: made.replace(**{name: getattr(now, name) for name in PLACED})


def events(**at):
    """What places these events and no other, and leaves the design alone."""
    return lambda now: now.replace(**dict.fromkeys(PLACED, 0) | at)


class DesignPanel(Panel):
    """A design live: its goals under the moving hand, its night when the hand is at rest."""

    topic = "design"
    scenario = Design
    board = (figures.night_events, figures.goals_met, figures.trade_offs)
    more_slides = (figures.bill,)
    #: A usual night: the events would tell the answer to the prediction.
    opening = dict.fromkeys(PLACED, 0) | {"wicket_at": Design().wicket_at}
    presets = {
        "The article's": like(Design()),
        "Three legs": like(Design.three_legs()),
        "Old Mumbai": lambda now: now.baseline(),
        "All events": events(**{name: getattr(Design(), name) for name in PLACED}),
        "A dead PoP": events(pop_lost_at=60),
        "An attack": events(attack_at=60),
        "A lost region": events(region_lost_at=60),
    }
    kernels = (
        *("cable corridors", "exact distribution", "histogram", "stale reads", "replication"),
        *("requests by popularity", "cycles of a cached copy", "alert rules", "greedy order"),
        "rate limiters",
    )
    columns = (1, 1)
    waiting = "The night, and what needs draws, follow when the hand is at rest …"

    @classmethod
    def _told(cls, model: Design, pinned: Design | None) -> str:
        """The usual minute, and what is known of the goals and the night."""
        said = [model.in_words()]
        for make, figure in SLOW.items():
            if frame(make, model, wait=False) is not None:
                drawn = figure.plot.drawn(model, None, True)
                said.append(f"{drawn.title}. {drawn.caption}")
        return " ".join(said)

    def _rested(self, model: Design) -> str:
        for make in SLOW:
            frame(make, model)
        return ""


class OneChoice(Step):
    """Which goals a design meets, by where its panel is answered alone."""

    topic = "one_choice"
    scenario, kernels = Design, DesignPanel.kernels
    board, only = (figures.goals_met,), ("panel",)
    waiting = DesignPanel.waiting

    def _rested(self, model: Design) -> str:
        frame(Design.report, model)
        return ""
