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
from edgelab.figures.edge_kv import (
    consistency,
    handoff,
    kv,
    lost_updates,
    metadata,
    stale_reads,
)
from edgelab.figures.primitives import costs
from edgelab.figures.runtimes import cold_starts, tenants_memory, waits

__all__ = [
    "cold_starts",
    "consistency",
    "costs",
    "cutover",
    "distribution",
    "handoff",
    "kv",
    "lost_updates",
    "metadata",
    "night",
    "origin_load",
    "p99_by_place",
    "request_chain",
    "savings",
    "stale_reads",
    "staleness",
    "tenants_memory",
    "waits",
    "waterfall",
    "world_map",
]
