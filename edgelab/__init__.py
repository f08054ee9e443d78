"""edgelab: fast, honest models of the edge, and live panels to turn their knobs.

``import edgelab as el``; what it offers is listed in ``__all__`` and loaded when first used.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_TOPICS = "edgelab.topics"
_HOMES = {
    "CricStream": f"{_TOPICS}.night.model",
    "compare": "edgelab.sweeps",
    "RequestChain": f"{_TOPICS}.chain.model",
    "RoundTrips": f"{_TOPICS}.chain.links",
    "Placement": f"{_TOPICS}.pops.model",
    "WarmPool": f"{_TOPICS}.runtimes.model",
    "EdgeCache": f"{_TOPICS}.cache.model",
    "EdgeKV": f"{_TOPICS}.kv.model",
    "Quorum": f"{_TOPICS}.kv.quorum",
    "QuorumNetwork": f"{_TOPICS}.kv.quorum",
    "TokenBucket": f"{_TOPICS}.rate_limit.token_bucket",
    "RateLimit": f"{_TOPICS}.rate_limit.model",
    "DurableObject": f"{_TOPICS}.durable_object.model",
    "linearisable": "edgelab.world.linearisable",
    "Endpoint": f"{_TOPICS}.endpoints.model",
    "Fleet": f"{_TOPICS}.observability.model",
    "Design": f"{_TOPICS}.design.model",
    "front": f"{_TOPICS}.design.designs",
    "rtt_ms": "edgelab.world.corridors",
    "claims": "edgelab.ledger",
    "export": "edgelab.stage.export",
    "sweep": "edgelab.sweeps",
}
#: Groups of names, each a module.
_GROUPS = {
    **{name: f"edgelab.{name}" for name in "panels figures check data evidence bench".split()},
    "crdt": f"{_TOPICS}.kv.crdt",
}

__all__ = [*_HOMES, *_GROUPS]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that ``edgelab doctor`` starts anywhere."""
    if name in _HOMES:
        found = getattr(import_module(_HOMES[name]), name)
    elif name in _GROUPS:
        found = import_module(_GROUPS[name])
    else:
        near = "".join(f"did you mean {each!r}? " for each in get_close_matches(name, __all__, 1))
        raise AttributeError(f"edgelab has no {name!r}; {near}it offers {', '.join(__all__)}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
