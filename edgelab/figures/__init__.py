"""Frames in, plotly figures out; `theme` owns every colour, font and size."""

from edgelab.figures.cricstream import (
    distribution,
    night,
    origin_load,
    p99_by_place,
    staleness,
    world_map,
)
from edgelab.figures.evidence import anycast_detours, rtt_errors
from edgelab.figures.pops import (
    placement,
    pop_curves,
    pop_distances,
    pop_gains,
    pop_map,
    pop_orders,
)

__all__ = [
    "anycast_detours",
    "distribution",
    "night",
    "origin_load",
    "p99_by_place",
    "placement",
    "pop_curves",
    "pop_distances",
    "pop_gains",
    "pop_map",
    "pop_orders",
    "rtt_errors",
    "staleness",
    "world_map",
]
