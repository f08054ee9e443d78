"""Frames in, plotly figures out; `theme` owns every colour, font and size."""

from edgelab.figures.cricstream import (
    distribution,
    night,
    origin_load,
    p99_by_place,
    staleness,
    world_map,
)
from edgelab.figures.rate_limit import (
    decision_time,
    leak_by_delay,
    leak_by_pops,
    leak_map,
    let_through,
    refusals,
)

__all__ = [
    "decision_time",
    "distribution",
    "leak_by_delay",
    "leak_by_pops",
    "leak_map",
    "let_through",
    "night",
    "origin_load",
    "p99_by_place",
    "refusals",
    "staleness",
    "world_map",
]
