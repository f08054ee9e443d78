"""The live panel of notebook 10: one bad PoP of 312, and who would notice."""

from __future__ import annotations

from edgelab.stage.panel import Panel
from edgelab.stage.plot import frame
from edgelab.stage.step import Step
from edgelab.topics.observability import plots as figures
from edgelab.topics.observability.fleet import CLOCK, DEAD, POPS, REGION, SLOW, VERSION
from edgelab.topics.observability.model import Fleet

__all__ = ["FleetPanel", "OneFault"]

#: Nights that are drawn while the hand moves.
QUICK_NIGHTS = 2
#: What the presets turn, where most of them have it.
USUAL = {"fault": DEAD, "bad_share": 1 / POPS, "depth": 1.0, "window_s": 300.0, "sampled": 0.01}


class FleetPanel(Panel):
    """The fleet live: few nights under the moving hand, all of them when it rests."""

    topic = "observability"
    scenario = Fleet
    opening = {"bad_share": 0.05}
    board = (
        *(figures.pop_funnel, figures.global_figures),
        *(figures.wrong_order, figures.rule_costs),
    )
    more_slides = (figures.time_to_fire, figures.percentile_ways)
    across = ("fault",)
    columns = (1, 1)
    presets = {
        "One dead PoP": lambda now: now.replace(**USUAL, rule=Fleet().rule),
        "Watch each PoP": lambda now: now.replace(**USUAL, rule="2 windows, each"),
        "A slow PoP": lambda now: now.replace(**USUAL | {"fault": SLOW, "depth": 0.1}),
        "A bad version": lambda now: now.replace(**USUAL | {"fault": VERSION, "depth": 0.05}),
        "A region cut off": lambda now: now.replace(**USUAL | {"fault": REGION}),
        "A clock off": lambda now: now.replace(**USUAL | {"fault": CLOCK}),
        "Few lines": lambda now: now.replace(**USUAL | {"sampled": 0.001}),
    }
    kernels = ("alert rules", "histogram")
    waiting = "Few nights so far …"

    def _moving(self, model: Fleet) -> Fleet:
        if frame(Fleet.rules, model, wait=False) is not None:
            return model
        return model.replace(nights=min(model.nights, QUICK_NIGHTS))

    def _rested(self, model: Fleet) -> str:
        return model.nights_in_words()


class OneFault(Step):
    """The dashboard for all, by the dead PoP's traffic alone."""

    topic = "one_fault"
    scenario, kernels = Fleet, FleetPanel.kernels
    board, only = (figures.global_figures,), ("bad_share",)
