"""What each way to run an endpoint would do, against what it tolerates and a platform allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from edgelab.core import datasets
from edgelab.core.constants import value
from edgelab.topics.endpoints.timing import object_of
from edgelab.topics.endpoints.ways import CACHE, KV, NEAR, OBJECT, SPLIT

if TYPE_CHECKING:
    from edgelab.topics.endpoints.model import Endpoint

__all__ = [
    "ANYWHERE", "INDIA", "LASTING", "NOTHING", "ONCE", "RARE", "SESSION", "TRANSACTION", "TTL_S",
    "Demand", "complaint", "demands", "in_digits",
]  # fmt: skip

#: Times to live that a cache may have: whole seconds from 1 on, and at most page 5's longest.
TTL_S = 1.0, 3600.0
#: A share of a viewer's own writes that may be missed.
RARE = 0.01
NOTHING, SESSION, TRANSACTION = "nothing", "own writes", "a transaction"
ONCE, LASTING = "one answer", "stays open"
ANYWHERE, INDIA = "anywhere", "India"


class Demand(NamedTuple):
    """What a way would do, and the most that is allowed; arrays where many endpoints are asked."""

    way: str
    #: With its unit; or what there must not be, from "a" or "no" on.
    demand: str
    figure: Any
    limit: Any


def demands(thing: Endpoint, staleness_s: Any, writes: Any) -> list[Demand]:
    """Every demand, for endpoints like `thing` with other staleness and shares of writes."""
    kv, limits = thing.kv, datasets.edge_limits().loc[thing.platform].fillna(np.inf)
    tolerated = 0.0 if thing.needs == TRANSACTION else staleness_s
    missed = kv.missed_share(1000 * thing.sticky_s)
    load = thing.work.requests_per_key_s
    abroad = float((datasets.pops()["cca2"][: thing.pops] != "IN").sum())
    queries = float(thing.queries)
    session = [("share of own writes missed", RARE)] * (thing.needs == SESSION)
    alone = [("keys in a transaction", queries, 1.0)] * (thing.needs == TRANSACTION)
    leaves = [("PoPs abroad with a copy", abroad, 0.0)] * (thing.stays_in == INDIA)
    unruled = [("no rule that keeps copies in India", 1.0, 0.0)] * (thing.stays_in == INDIA)
    compute = [
        ("ms of CPU", thing.cpu_ms, limits["cpu_ms"]),
        ("MB of memory", thing.memory_mb, limits["memory_mb"]),
    ]
    stays = ("a connection that stays open", float(thing.connection == LASTING), 0.0)
    asks = ("queries in turn", queries, limits["queries"])
    answer = ("kB in an answer", thing.answer_kb, limits["answer_kb"])
    each = {
        KV: [
            ("s until a write is seen", kv.seen_ms() / 1000, tolerated),
            *((what, missed, most) for what, most in session),
            ("writes a second to a key", writes * load, value("kv_key_writes_per_s")),
            ("MB in a value", thing.answer_kb / 1000, value("kv_value_mb")),
            *(*compute, answer, stays, *leaves),
        ],
        CACHE: [
            ("s a copy is kept", np.clip(staleness_s, *TTL_S), tolerated),
            *((what, (np.asarray(writes) > 0) * 1.0, most) for what, most in session),
            *(*compute, answer, stays, *leaves),
        ],
        OBJECT: [
            ("times what it can do", load * object_of(thing.work).service_ms / 1000, 1.0),
            *(*alone, *compute, *unruled),
        ],
        SPLIT: [asks, stays],
        NEAR: [*compute, asks, answer, stays],
    }
    return [Demand(way, *row) for way, rows in each.items() for row in rows]


def in_digits(number: float) -> str:
    """A figure as a reader would write it."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def complaint(row: Demand) -> str:
    """A demand that is not met, in words."""
    if row.demand.startswith(("a ", "no ")):
        return row.demand
    return f"{in_digits(row.figure)} {row.demand} (limit {in_digits(row.limit)})"
