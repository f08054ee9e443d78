"""The fleet in Mumbai: what it is offered, and how long a request is there."""

from __future__ import annotations

from typing import NamedTuple

from edgelab.world import queue

__all__ = ["Origin", "load"]


class Origin(NamedTuple):
    """All that the origin's load depends on, by the names of the night's knobs and properties."""

    requests_per_s: float
    read_share: float
    write_share: float
    offered_erlang: float
    origin_servers: int
    origin_service_ms: float
    state: str


def load(fleet: Origin) -> dict[str, float | str]:
    """One row of `edgelab.CricStream.origin_load`."""
    servers, offered = fleet.origin_servers, fleet.offered_erlang
    # The last of 50 equally likely values is the quantile at 49.5 / 50 = 0.99.
    time_ms = queue.sojourn_quantiles_ms(servers, offered, fleet.origin_service_ms, 50)
    return {
        "reads_per_s": fleet.requests_per_s * fleet.read_share,
        "writes_per_s": fleet.requests_per_s * fleet.write_share,
        "offered_erlang": offered,
        "servers": servers,
        "utilisation": offered / servers,
        "wait_share": queue.erlang_c(servers, offered),
        "p99_ms": time_ms[49],
        "state": fleet.state,
    }
