"""edgelab: fast, honest models of the edge, and live panels to turn their knobs.

``import edgelab as el``; what it offers is listed in ``__all__`` and loaded when first used.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "CricStream": "edgelab.models.scenario",
    "WarmPool": "edgelab.models.runtimes",
    "EdgeCache": "edgelab.models.cache",
    "compare": "edgelab.models.scenario",
    "RequestChain": "edgelab.models.chain",
    "RoundTrips": "edgelab.models.links",
    "EdgeKV": "edgelab.models.edge_kv",
    "Quorum": "edgelab.models.quorum",
    "QuorumNetwork": "edgelab.models.quorum",
    "pbs": "edgelab.models.quorum",
    "GCounter": "edgelab.models.crdt",
    "PNCounter": "edgelab.models.crdt",
    "LWWRegister": "edgelab.models.crdt",
    "ORSet": "edgelab.models.crdt",
    "Placement": "edgelab.models.placement",
    "DurableObject": "edgelab.models.durable_object",
    "linearisable": "edgelab.models.linearisable",
    "Undecided": "edgelab.models.linearisable",
    "TokenBucket": "edgelab.models.token_bucket",
    "RateLimit": "edgelab.models.rate_limit",
    "last_token_orders": "edgelab.models.token_bucket",
    "rtt_ms": "edgelab.models.corridors",
    "residuals": "edgelab.models.calibration",
    "leave_one_out": "edgelab.models.calibration",
    "rtt_residuals": "edgelab.models.calibration",
    "rtt_held_out": "edgelab.models.calibration",
    "primitives": "edgelab.models.primitives",
    "measure": "edgelab.bench",
    "measured": "edgelab.bench",
    "isolates": "edgelab.bench",
    "anycast_residuals": "edgelab.models.anycast",
    "anycast_detours": "edgelab.models.anycast",
    "claims": "edgelab.ledger",
    "places": "edgelab.datasets",
    "pops": "edgelab.datasets",
    "cloud_rtt": "edgelab.datasets",
    "hubs": "edgelab.datasets",
    "corridors": "edgelab.datasets",
    "DataError": "edgelab.constants",
    "export": "edgelab.stage.export",
}
_ROOMS = ("check", "figures", "panels")

__all__ = [*_HOMES, *_ROOMS]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that ``edgelab doctor`` starts anywhere."""
    if name in _HOMES:
        found = getattr(import_module(_HOMES[name]), name)
    elif name in _ROOMS:
        found = import_module(f"edgelab.{name}")
    else:
        near = "".join(f"did you mean {each!r}? " for each in get_close_matches(name, __all__, 1))
        raise AttributeError(f"edgelab has no {name!r}; {near}it offers {', '.join(__all__)}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
