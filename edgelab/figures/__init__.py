"""Frames in, plotly figures out; `theme` owns every colour, font and size."""

from edgelab.figures.chain import cutover, request_chain, savings, waterfall
from edgelab.figures.cricstream import (
    distribution,
    night,
    origin_load,
    p99_by_place,
    staleness,
    world_map,
)

__all__ = [
    "cutover",
    "distribution",
    "night",
    "origin_load",
    "p99_by_place",
    "request_chain",
    "savings",
    "staleness",
    "waterfall",
    "world_map",
]
