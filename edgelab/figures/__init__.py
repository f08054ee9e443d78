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
from edgelab.figures.evidence import anycast_detours, rtt_errors
from edgelab.figures.pops import (
    placement,
    pop_curves,
    pop_distances,
    pop_gains,
    pop_map,
    pop_orders,
)
from edgelab.figures.primitives import costs
from edgelab.figures.runtimes import cold_starts, tenants_memory, waits

__all__ = [
    "anycast_detours",
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
    "placement",
    "pop_curves",
    "pop_distances",
    "pop_gains",
    "pop_map",
    "pop_orders",
    "request_chain",
    "rtt_errors",
    "savings",
    "stale_reads",
    "staleness",
    "tenants_memory",
    "waits",
    "waterfall",
from edgelab.figures.durable_object import (
    home_choice,
    lost_writes,
    majorities,
    object_latency,
    round_trips,
)

__all__ = [
    "distribution",
    "home_choice",
    "lost_writes",
    "majorities",
    "night",
    "object_latency",
    "origin_load",
    "p99_by_place",
    "round_trips",
    "staleness",
    "world_map",
]
