"""The live panel of notebook 08: where one point of truth stands, and what it costs."""

from __future__ import annotations

from plotly.graph_objects import Figure

from edgelab.figures import durable_object as figures
from edgelab.figures.durable_object import ObjectFrames
from edgelab.models.durable_object import AROUND, AT_ONCE, DurableObject
from edgelab.models.homes import POPS
from edgelab.panels.base import Panel

__all__ = ["PRESETS", "ObjectPanel", "durable_object"]

PRESETS = {
    "Live match": lambda start: DurableObject.live_match(),
    "Near the stadium": lambda start: start.replace(home=start.stadium),
    "Best for the far": lambda start: start.replace(home=start.best_home("p99")),
    "Answered at once": lambda start: start.replace(acknowledge=AT_ONCE),
    "A lock over 312 PoPs": lambda start: start.replace(followers=POPS - 1, followers_at=AROUND),
    "Order matching": lambda start: DurableObject.order_matching(),
}


class ObjectPanel(Panel):
    """An object live: its latency under the moving hand, drawn histories when it rests."""

    name = "durable-object"
    call = "el.panels.durable_object"
    scenario = DurableObject
    main = ("home", "followers", "requests_per_s")
    made = PRESETS
    kernels = ("cable corridors", "drawn messages")

    def make_traces(self) -> list[dict]:
        pinned = ObjectFrames.of(self.pinned) if self.pinned else None
        return figures.traces(ObjectFrames.of(self.model), pinned)

    def make_layout(self) -> dict:
        return figures.layout(self.model, self.pinned)

    def make_words(self) -> str:
        return self.model.in_words()

    def settle(self) -> None:
        self.below.value = f"<p>{self.model.histories_in_words()}</p>"

    def slides(self) -> list[Figure]:
        """The single figures of the present object, beside the pinned one."""
        thing, pinned = self.model, self.pinned
        return [
            figures.round_trips(thing.latency(), thing.sites()),
            figures.object_latency(thing.latency(), pinned and pinned.latency()),
            figures.home_choice(thing.homes(), pinned and pinned.homes()),
            figures.majorities(thing.quorum(), pinned and pinned.quorum()),
            figures.lost_writes(thing.designs(5)),
        ]


def durable_object(
    start: DurableObject | None = None, pinned: DurableObject | None = None
) -> ObjectPanel:
    """The live panel of a durable object, with sliders bound to one figure.

    Parameters
    ----------
    start : DurableObject, optional
        Where the knobs stand at first; the live match if not given.
    pinned : DurableObject, optional
        An object to compare with from the start.

    Returns
    -------
    ObjectPanel
        An ipywidget; let it be the last line of a cell.

    Raises
    ------
    TypeError
        If `start` or `pinned` is something else.
    """
    return ObjectPanel(start, pinned)
