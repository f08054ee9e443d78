"""Frames in, plotly figures out; `theme` owns every colour, font and size."""

from edgelab.figures.caching import (
    cache_misses,
    cache_shares,
    dilution,
    edge_cache,
    fetch_ratio,
    outage,
    p99_cliff,
)
from edgelab.figures.cricstream import (
    distribution,
    night,
    origin_load,
    p99_by_place,
    staleness,
    world_map,
)

__all__ = [
    "cache_misses",
    "cache_shares",
    "dilution",
    "distribution",
    "edge_cache",
    "fetch_ratio",
    "night",
    "origin_load",
    "outage",
    "p99_by_place",
    "p99_cliff",
    "staleness",
    "world_map",
]
