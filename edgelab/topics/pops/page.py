"""The live panel of notebook 03: how many PoPs, and whether anycast sends you to the nearest."""

from __future__ import annotations

from edgelab.core.constants import value
from edgelab.stage.panel import Panel
from edgelab.stage.step import Step
from edgelab.topics.pops import plots as figures
from edgelab.topics.pops.growth import VIEWERS, WORLD
from edgelab.topics.pops.model import Placement

__all__ = ["OneCount", "PlacementPanel"]


class PlacementPanel(Panel):
    """Curves over every PoP count, redrawn under the moving hand."""

    topic = "pops"
    scenario = Placement
    board = (figures.pop_curves, figures.pop_map, figures.pop_gains, figures.pop_distances)
    more_slides = (figures.pop_orders,)
    presets = {
        # Page 1 has no price of a PoP, and nothing drawn.
        "As on page 1": lambda now: Placement(pop_cost_viewers=now.pop_cost_viewers, seed=now.seed),
        "Anycast of 2015": lambda now: now.replace(
            order=WORLD, nearest_share=value("anycast_nearest_share")
        ),
        "Anycast of 2021": lambda now: now.replace(
            order=WORLD, nearest_share=value("anycast_2021_nearest_share")
        ),
        "PoPs where viewers are": lambda now: now.replace(order=VIEWERS, nearest_share=1.0),
        "Both": lambda now: now.replace(
            order=VIEWERS, nearest_share=value("anycast_nearest_share")
        ),
    }
    kernels = ("curves over the PoP count", "nearest PoPs", "greedy order", "cable corridors")


class OneCount(Step):
    """What one more PoP changes, by their number alone."""

    topic = "one_count"
    scenario, kernels = Placement, PlacementPanel.kernels
    board, only = (figures.pop_curves,), ("pops",)
