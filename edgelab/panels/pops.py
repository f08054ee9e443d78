"""The live panel of notebook 03: how many PoPs, and whether anycast sends you to the nearest."""

from __future__ import annotations

from plotly.graph_objects import Figure

from edgelab.constants import value
from edgelab.figures import pops as figures
from edgelab.models.growth import VIEWERS
from edgelab.models.placement import LINES, Placement
from edgelab.panels.base import Panel

__all__ = ["PlacementPanel", "placement"]

PRESETS = {
    "As on page 1": lambda start: Placement(),
    "Anycast of 2015": lambda start: start.replace(nearest_share=value("anycast_nearest_share")),
    "Anycast of 2021": lambda start: start.replace(
        nearest_share=value("anycast_2021_nearest_share")
    ),
    "PoPs where viewers are": lambda start: start.replace(order=VIEWERS),
    "Both": lambda start: start.replace(
        order=VIEWERS, nearest_share=value("anycast_nearest_share")
    ),
}


class PlacementPanel(Panel):
    """Curves over every PoP count, redrawn under the moving hand."""

    name = "how-many-pops"
    call = "el.panels.placement"
    scenario = Placement
    main = ("pops", "order", "nearest_share", "pop_cost_viewers", "last_mile_ms")
    made = PRESETS
    kernels = ("curves over the PoP count", "nearest PoPs", "greedy order", "cable corridors")
    height_px = 460

    def make_traces(self) -> list[dict]:
        return figures.traces(self.model, self.pinned)

    def make_layout(self) -> dict:
        return figures.layout(self.model, self.pinned)

    def make_words(self) -> str:
        return self.model.in_words()

    def slides(self) -> list[Figure]:
        """The single figures of the present placement, beside the pinned one."""
        plan, pinned = self.model, self.pinned
        return [
            figures.pop_curves(plan.curves(LINES), pinned and pinned.curves(LINES), pops=plan.pops),
            figures.pop_gains(plan.gains()),
            figures.pop_map(plan.sites(), pops=plan.pops),
            figures.pop_distances(plan.distances()),
            figures.pop_orders(plan.orders()),
        ]


def placement(start: Placement | None = None, pinned: Placement | None = None) -> PlacementPanel:
    """The live panel of a growing set of PoPs, with sliders bound to one figure.

    Parameters
    ----------
    start : Placement, optional
        Where the knobs stand at first; page 1's PoPs if not given.
    pinned : Placement, optional
        A placement to compare with from the start.

    Returns
    -------
    PlacementPanel
        An ipywidget; let it be the last line of a cell.

    Raises
    ------
    TypeError
        If `start` or `pinned` is something else.
    """
    return PlacementPanel(start, pinned)
