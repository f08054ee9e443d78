"""Models in, plotly figures out; `edgelab.stage.theme` owns every colour, font and size."""

from edgelab.figures.caching import (
    cache_misses,
    cache_shares,
    dilution,
    fetch_ratio,
    outage,
    p99_cliff,
)
from edgelab.figures.chain import cutover, savings, waterfall
from edgelab.figures.cricstream import (
    distribution,
    origin_load,
    p99_by_place,
    staleness,
    world_map,
)
from edgelab.figures.durable_object import (
    home_choice,
    lost_writes,
    majorities,
    object_latency,
    round_trips,
)
from edgelab.figures.edge_kv import (
    consistency,
    handoff,
    lost_updates,
    metadata,
    stale_reads,
)
from edgelab.figures.evidence import anycast_detours, rtt_errors
from edgelab.figures.pops import pop_curves, pop_distances, pop_gains, pop_map, pop_orders
from edgelab.figures.rate_limit import (
    decision_time,
    leak_by_delay,
    leak_by_pops,
    leak_map,
    let_through,
    refusals,
)
from edgelab.figures.runtimes import cold_starts, costs, tenants_memory, waits

__all__ = [
    "anycast_detours",
    "cache_misses",
    "cache_shares",
    "cold_starts",
    "consistency",
    "costs",
    "cutover",
    "decision_time",
    "dilution",
    "distribution",
    "fetch_ratio",
    "handoff",
    "home_choice",
    "leak_by_delay",
    "leak_by_pops",
    "leak_map",
    "let_through",
    "lost_updates",
    "lost_writes",
    "majorities",
    "metadata",
    "object_latency",
    "origin_load",
    "outage",
    "p99_by_place",
    "p99_cliff",
    "pop_curves",
    "pop_distances",
    "pop_gains",
    "pop_map",
    "pop_orders",
    "refusals",
    "round_trips",
    "rtt_errors",
    "savings",
    "stale_reads",
    "staleness",
    "tenants_memory",
    "waits",
    "waterfall",
    "world_map",
]
