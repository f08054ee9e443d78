"""Frames in, plotly figures out; `theme` owns every colour, font and size."""

from edgelab.figures.cricstream import (
    distribution,
    night,
    origin_load,
    p99_by_place,
    staleness,
    world_map,
)

__all__ = ["distribution", "night", "origin_load", "p99_by_place", "staleness", "world_map"]
