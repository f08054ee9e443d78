"""Frames in, plotly figures out; `theme` owns every colour, font and size."""

from edgelab.figures.cricstream import (
    distribution,
    night,
    origin_load,
    p99_by_place,
    staleness,
    world_map,
)
from edgelab.figures.primitives import costs
from edgelab.figures.runtimes import cold_starts, tenants_memory, waits

__all__ = [
    "cold_starts",
    "costs",
    "distribution",
    "night",
    "origin_load",
    "p99_by_place",
    "staleness",
    "tenants_memory",
    "waits",
    "world_map",
]
