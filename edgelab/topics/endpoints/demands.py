"""What endpoints demand of each way to run them, twelve of them, and what is said of a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from edgelab.core import datasets
from edgelab.core.constants import value
from edgelab.core.words import in_digits, in_ms, percent, the
from edgelab.topics.endpoints.timing import object_of
from edgelab.topics.endpoints.ways import (
    AT_HOME,
    BUCKETS,
    CACHE,
    EDGE_SLICE,
    KV,
    NEAR,
    OBJECT,
    SPLIT,
    WAYS,
)

if TYPE_CHECKING:
    from edgelab.topics.endpoints.model import Endpoint

__all__ = [
    "ANYWHERE", "EXAMPLES", "INDIA", "LASTING", "NOTHING", "ONCE", "RARE", "SESSION", "TRANSACTION",
    "TTL_S", "Demand", "age", "because", "complaint", "demands", "in_words",
    "stays_home",
]  # fmt: skip

#: Times to live that a cache may have: whole seconds from 1 on, and at most page 5's longest.
TTL_S = 1.0, 3600.0
#: A share of a viewer's own writes that may be missed.
RARE = 0.01
NOTHING, SESSION, TRANSACTION = "nothing", "own writes", "a transaction"
ONCE, LASTING = "one answer", "stays open"
ANYWHERE, INDIA = "anywhere", "India"


#: Knobs of `edgelab.Endpoint` that do not stand at their default, by the endpoint's name.
EXAMPLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        # The article's: a list for each taste, made anew every 30 s.
        "Up Next panel": {},
        # Balance and list must be of one moment; asked for from India.
        "transaction history": {
            "tolerated_staleness_s": 0.01, "write_share": 1e-4, "needs": "a transaction",
            "queries": 3, "requests_per_s": 500.0, "answers": "one per viewer",
            "audience": "India", "stays_in": "India", "cpu_ms": 5.0,
        },
        # A slow password hash, a count of failures, a session that has to be there at once.
        "login": {
            "tolerated_staleness_s": 0.01, "write_share": 0.3, "needs": "a transaction",
            "queries": 2, "requests_per_s": 2000.0, "answers": "one per viewer",
            "cpu_ms": 100.0, "answer_kb": 1.0,
        },
        # Which half of an experiment a viewer is in, by a rule that changes once a day.
        "A/B routing": {
            "tolerated_staleness_s": 300.0, "write_share": 0.0, "keys": 1, "answer_kb": 1.0,
        },
        # A poster in the size of the screen.
        "image resize": {
            "tolerated_staleness_s": 86_400.0, "write_share": 1e-6, "requests_per_s": 50_000.0,
            "keys": 20_000, "cpu_ms": 200.0, "memory_mb": 100.0, "answer_kb": 50.0,
        },
        # One score for all, which changes every other second.
        "live scoreboard": {
            "tolerated_staleness_s": 2.0, "write_share": 1e-6, "keys": 1, "answer_kb": 2.0,
        },
        # Rooms of friends, each with a connection that stays open.
        "chat": {
            "tolerated_staleness_s": 0.2, "write_share": 0.1, "needs": "own writes",
            "requests_per_s": 100_000.0, "keys": 50_000, "connection": "stays open",
            "answer_kb": 1.0,
        },
        # One share's order book at an exchange, as on page 8.
        "order matching": {
            "tolerated_staleness_s": 0.001, "write_share": 1.0, "needs": "a transaction",
            "requests_per_s": 20_000.0, "keys": 1, "audience": "India", "stays_in": "India",
            "answer_kb": 1.0,
        },
        # An index of all that was ever shown, too large for a PoP's function.
        "search": {
            "tolerated_staleness_s": 60.0, "write_share": 1e-5, "requests_per_s": 20_000.0,
            "keys": 200_000, "cpu_ms": 20.0, "memory_mb": 4000.0,
        },
        # One viewer reads and writes it; what they put in must stay in.
        "cart": {
            "tolerated_staleness_s": 1.0, "write_share": 0.2, "needs": "own writes",
            "requests_per_s": 3000.0, "answers": "one per viewer", "answer_kb": 4.0,
        },
        # A phone tells where to send its messages.
        "push token": {
            "tolerated_staleness_s": 600.0, "write_share": 1.0, "requests_per_s": 1000.0,
            "answers": "one per viewer", "answer_kb": 0.5,
        },
        # A line that an advertisement was seen; nobody reads it today.
        "ad beacon": {
            "tolerated_staleness_s": 3600.0, "write_share": 1.0, "requests_per_s": 200_000.0,
            "answers": "one per viewer", "cpu_ms": 0.5, "answer_kb": 0.1,
        },
    }
)  # fmt: skip


class Demand(NamedTuple):
    """What a way would do, and the most that is allowed; arrays where many endpoints are asked."""

    way: str
    #: With its unit; or what there must not be, from "a" or "no" on.
    demand: str
    figure: Any
    limit: Any


def demands(thing: Endpoint, staleness_s: Any, writes: Any) -> list[Demand]:
    """Every demand, for endpoints like `thing` with other staleness and shares of writes.

    Notes
    -----
    A KV has to show a write at 99 of 100 PoPs in time (page 6), to take each key's writes (one a
    second at one vendor), and in a session to hide no more than `RARE` of a viewer's own writes
    when the sticky route ends. A cache keeps a copy as long as is tolerated, within `TTL_S`, and
    never shows a viewer's own write before. A transaction tolerates nothing stale, and an object
    orders one key alone. Whoever runs the whole function at a PoP has the platform's CPU and
    memory. An open connection needs an object or a server at home. Where copies must stay in
    India, what copies to every PoP is out, and so are objects, for which no such rule is on offer.
    """
    kv, limits = thing.kv, datasets.edge_limits().loc[thing.platform].fillna(np.inf)
    tolerated = 0.0 if thing.needs == TRANSACTION else staleness_s
    missed = kv.missed_share(1000 * thing.sticky_s)
    load = thing.work.requests_per_key_s
    abroad = float((datasets.pops()["cca2"][: thing.pops] != "IN").sum())
    queries = float(thing.queries)
    session = [("share of own writes missed", RARE)] * (thing.needs == SESSION)
    alone = [("keys in a transaction", queries, 1.0)] * (thing.needs == TRANSACTION)
    leaves = [("PoPs abroad with a copy", abroad, 0.0)] * (thing.stays_in == INDIA)
    unruled = [("no vendor that keeps an object in India", 1.0, 0.0)] * (thing.stays_in == INDIA)
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


def complaint(row: Demand) -> str:
    """A demand that is not met, in words."""
    if row.demand.startswith(("a ", "no ")):
        return row.demand
    limit = f"limit {in_digits(row.limit)}" if row.limit else "must be 0"
    return f"{in_digits(row.figure)} {row.demand} ({limit})"


# -- in words -------------------------------------------------------------------------------------

#: A way in the middle of a sentence.
WORDS = {way: way for way in WAYS} | {SPLIT: "in two, with a PoP that asks home"}
WORDS |= {CACHE: "at the PoP, in its cache", KV: "at the PoP, with its KV"}


def age(seconds: float) -> str:
    """A time from a millisecond to a day, as a reader would write it."""
    for size, unit in ((86_400, "day"), (3600, "h"), (60, "min"), (1, "s")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{1000 * seconds:.3g} ms"


def because(
    way: str, audience: str, p99: Mapping[str, float], refused: Mapping[str, str], worth: float
) -> str:
    """The reason for a verdict: its p99, and what speaks against each other way."""
    told = {
        name: f"p99 {in_ms(ms)}" + f", not {percent(worth)} quicker" * (ms < p99[way])
        for name, ms in p99.items()
    }
    others = [f"{name}: {refused.get(name, told[name])}" for name in WAYS[::-1] if name != way]
    return f"The p99 is {in_ms(p99[way])} for {audience}; {'; '.join(others)}."


def stays_home(way: str, reads: float, writes: float, home: str) -> str:
    """The slice of an endpoint that does not move; `reads` and `writes` reach Mumbai a second."""
    if way == OBJECT:
        return f"Nothing: {the(home)} has the object, and the object has the truth."
    if BUCKETS[way] != EDGE_SLICE:
        return f"Every look-up: {in_digits(reads + writes)} a second reach Mumbai."
    return (
        f"The truth: {in_digits(writes)} writes a second flow home while no viewer waits, "
        f"and {in_digits(reads)} look-ups a second are fetched."
    )


def in_words(
    way: str,
    audience: str,
    p99: Mapping[str, float],
    refused: Mapping[str, str],
    reads: float,
    writes: float,
    home: str,
) -> str:
    """Two or three sentences that say what the numbers mean."""
    whom = {"everyone": "all viewers", "India": "viewers in India", "diaspora": "viewers abroad"}
    said = f"It belongs {WORDS[way]}: 99 of 100 answers to {whom[audience]} take at most "
    said += in_ms(p99[way])
    said += f", from Mumbai {in_ms(p99[AT_HOME])}." if way != AT_HOME else "."
    if BUCKETS[way] != EDGE_SLICE and KV in refused:
        said += f" The PoP's KV is ruled out: {refused[KV]}."
    if way == OBJECT:
        return f"{said} The object is in {the(home)}, and nothing reaches Mumbai."
    return (
        f"{said} {in_digits(writes)} writes and {in_digits(reads)} look-ups a second reach Mumbai."
    )
