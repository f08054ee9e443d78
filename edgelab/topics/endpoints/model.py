"""An endpoint: what it does, what each way to run it would mean, and where it belongs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from edgelab.core import datasets
from edgelab.core.datasets import PRIMITIVES
from edgelab.core.knobs import Model, knob, shared
from edgelab.core.words import counted, in_digits
from edgelab.topics.cache.model import EdgeCache
from edgelab.topics.durable_object.model import DurableObject
from edgelab.topics.endpoints import demands as said
from edgelab.topics.endpoints import timing
from edgelab.topics.endpoints.demands import (
    ANYWHERE,
    EXAMPLES,
    INDIA,
    LASTING,
    NOTHING,
    ONCE,
    SESSION,
    TRANSACTION,
    TTL_S,
    Demand,
    complaint,
    demands,
)
from edgelab.topics.endpoints.timing import OWN, SHARED
from edgelab.topics.endpoints.ways import (
    AT_HOME,
    BUCKETS,
    CACHE,
    KV,
    NEAR,
    OBJECT,
    PLACES,
    SPLIT,
    WAYS,
)
from edgelab.topics.kv.model import EdgeKV
from edgelab.topics.night.model import CricStream

__all__ = ["MAP_STALENESS_S", "MAP_WRITES", "Decision", "Endpoint", "on_map", "twelve"]

#: The axes of `Endpoint.map`: 1 ms to a day, and a write in a million requests to writes alone.
STALENESS_STOPS_S = (
    *(0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0),
    *(120.0, 300.0, 600.0, 1800.0, 3600.0, 21_600.0, 86_400.0),
)
WRITES_STOPS = (0.0, 1e-6, 1e-5, 1e-4, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
WRITES_STOPS += (0.7, 1.0)
#: The stops of the sliders are among them: a mark never stands beside the ground of its verdict.
MAP_STALENESS_S = np.union1d(np.geomspace(0.001, 86_400, 91), STALENESS_STOPS_S)
MAP_WRITES = np.union1d(np.geomspace(1e-6, 1, 91), WRITES_STOPS[1:])
#: Rows of the waterfall, in the order in which they are met.
PARTS = ("last mile", "to the PoP", "cold start", "work", "on from there", "waits there")
#: Knobs that say what the edge is like, and nothing of the endpoint.
EDGE_KNOBS = (
    *("pops", "kv_delay_ms", "origin_fetch_ratio", "platform", "primitive", "copies", "sticky_s"),
    "worth",
)
USUAL_RATE = float(datasets.places()["viewers"].sum() / 60)


class Decision(NamedTuple):
    """Where an endpoint belongs, and why."""

    #: One of the six ways to run it, and what of it is then at the edge.
    way: str
    bucket: str
    p99_ms: float
    because: str
    stays_home: str


@dataclass(frozen=True, kw_only=True, repr=False)
class Endpoint(Model):
    """An endpoint, described by what it does; every figure comes from the models of pages 1 to 8.

    Of the ways to run it that do what it needs, the quickest sets the mark; the simplest way whose
    p99 is not more than `worth` slower is the verdict. Mumbai's fleet is as large as keeps it at
    ``baseline_utilisation`` of ``data/cricstream.toml`` if all requests came home.

    Examples
    --------
    >>> import edgelab as el
    >>> panel = el.Endpoint(tolerated_staleness_s=30, write_share=0.001)
    >>> panel.verdict().way
    'at the PoP, from KV'
    """

    main = (
        *("tolerated_staleness_s", "write_share", "queries", "pops"),
        *("needs", "kv_delay_ms", "origin_fetch_ratio"),
    )

    tolerated_staleness_s: float = knob(
        30.0, label="Staleness up to", symbol="a", unit="s", low=0.001, high=86_400.0,
        stops=STALENESS_STOPS_S,
        meaning="How old an answer may be before anybody minds.",
        source="assumption for the Up Next panel, the time between two lists on page 1",
    )  # fmt: skip
    write_share: float = shared(
        CricStream, "write_share", meaning="Writes per request.", high=1.0,
        stops=WRITES_STOPS,
    )  # fmt: skip
    needs: str = knob(
        NOTHING, label="Must see", symbol="N", unit="", choices=(NOTHING, SESSION, TRANSACTION),
        meaning="Nothing more than that; or a viewer's own writes at once (a session); or all that "
        "was written before, with no other write in between (a transaction).",
        source="the article's panel needs neither",
    )  # fmt: skip
    queries: int = knob(
        1, label="Queries in turn", symbol="n", unit="", low=1, high=20,
        meaning="How many look-ups a request makes, one after the other.",
        source="assumption",
    )  # fmt: skip
    requests_per_s: float = knob(
        USUAL_RATE, label="Requests", symbol="λ", unit="a second", low=0.1, high=1e7, log=True,
        meaning="Requests a second, from all of the audience.",
        source="page 1, 28 million viewers who ask once a minute",
    )  # fmt: skip
    pops: int = shared(CricStream, "pops")
    kv_delay_ms: float = shared(CricStream, "kv_delay_ms", label="KV delay", high=30_000.0)
    origin_fetch_ratio: float = shared(
        CricStream, "origin_fetch_ratio", label="Fetch ratio",
        meaning="Share of requests that a PoP's KV cannot answer and fetches from Mumbai.",
    )  # fmt: skip
    answers: str = knob(
        SHARED, label="Answers are", symbol="O", unit="", choices=(SHARED, OWN),
        meaning="Made for all viewers, each of the keys asked for everywhere; or each viewer has "
        "one key, which only the viewer's own PoP is asked for.",
        source="page 5, where a list belongs to a taste and a language",
    )  # fmt: skip
    keys: int = knob(
        10_000, label="Different keys", symbol="K", unit="keys", low=1, high=100_000_000, log=True,
        meaning="How many different things are read and written, all alike in their writes.",
        source="page 5's lists",
    )  # fmt: skip
    audience: str = shared(DurableObject, "audience", meaning="Who asks.")
    cpu_ms: float = knob(
        1.0, label="CPU", symbol="f", unit="ms", low=0.0, high=1000.0,
        stops=(0, 0.1, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 300, 500, 1000),
        meaning="Time that one request's own work takes.",
        source="page 1's function time",
    )  # fmt: skip
    memory_mb: float = knob(
        30.0, label="Memory", symbol="M", unit="MB", low=1.0, high=100_000.0, log=True,
        meaning="What the function must hold to answer.",
        source="assumption",
    )  # fmt: skip
    answer_kb: float = shared(EdgeCache, "object_kb", label="Answer", high=100_000.0,
                              low=0.1, meaning="Mean size of an answer.",
                              source="page 5's lists")  # fmt: skip
    connection: str = knob(
        ONCE, label="Connection", symbol="C", unit="", choices=(ONCE, LASTING),
        meaning="Whether a request gets one answer, or the connection stays open (a websocket).",
        source="the article's panel",
    )  # fmt: skip
    stays_in: str = knob(
        ANYWHERE, label="Copies may lie", symbol="L", unit="", choices=(ANYWHERE, INDIA),
        meaning="Whether the law or a contract keeps every stored copy in India.",
        source="assumption",
    )  # fmt: skip
    platform: str = knob(
        "Workers, paid", label="Platform", symbol="V", unit="",
        choices=tuple(datasets.edge_limits().index),
        meaning="Whose limits hold at the edge.",
        source="data/edge_limits.csv",
    )  # fmt: skip
    primitive: str = knob(
        PRIMITIVES[0], label="Primitive", symbol="R", unit="", choices=PRIMITIVES,
        meaning="What holds the function in a PoP, as on page 4.",
        source="the article",
    )  # fmt: skip
    copies: str = shared(EdgeKV, "copies")
    sticky_s: float = shared(EdgeKV, "sticky_s")
    worth: float = knob(
        0.1, label="A move must save", symbol="g", unit="share", low=0.0, high=0.5,
        meaning="How much quicker (p99) a more scattered way has to be before it is worth having.",
        source="assumption, about what the models' round trips may be off by",
    )  # fmt: skip
    place: str = knob(
        "Bay Area", label="Seen from", symbol="", unit="", choices=PLACES,
        meaning="Whose time the waterfall takes apart.",
        source="the article's farthest place",
    )  # fmt: skip

    @classmethod
    def examples(cls) -> dict[str, Endpoint]:
        """Twelve endpoints of such a service, by name; what they need is assumed.

        Returns
        -------
        dict of str to Endpoint
        """
        return {name: cls(**knobs) for name, knobs in EXAMPLES.items()}

    def twelve(self) -> pd.DataFrame:
        """The `examples` at this endpoint's edge: its PoPs, its KV, its platform.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``endpoint``: ``tolerated_staleness_s``, ``write_share``, and of each
            verdict ``way``, ``bucket`` and ``p99_ms``.
        """
        return twelve(self.edge_settings).copy()

    @property
    def edge_settings(self) -> tuple[tuple[str, Any], ...]:
        """What `twelve` is made from: the knobs that say what the edge is like."""
        return tuple((name, getattr(self, name)) for name in EDGE_KNOBS)

    # -- the pages' own models -------------------------------------------------------------------

    @property
    def kv(self) -> EdgeKV:
        """Page 6's store, as this endpoint would use it."""
        alike = ("pops", "kv_delay_ms", "copies", "sticky_s")
        return EdgeKV(**{name: getattr(self, name) for name in alike})

    @property
    def work(self) -> timing.Work:
        """What its times depend on."""
        return self._take(timing.Work)

    @property
    def durable_object(self) -> DurableObject:
        """Page 8's object for one key, at the home that is best for the audience's p99."""
        return timing.object_of(self.work)

    @property
    def ttl_s(self) -> float:
        """Time to live in a cache: as long as is tolerated, from 1 s to page 5's hour."""
        return float(np.clip(self.tolerated_staleness_s, *TTL_S))

    @cached_property
    def _cached(self) -> tuple[float, float]:
        """Shares of the reads that a cache waits for, and asks Mumbai for."""
        return tuple(timing.cached(self.work, np.array(self.ttl_s)).tolist())

    # -- what each way would mean ------------------------------------------------------------------

    def demands(self) -> pd.DataFrame:
        """What each way would do, against what the endpoint tolerates and the platform allows.

        Returns
        -------
        pandas.DataFrame
            ``way``, ``demand`` (with its unit), ``figure``, ``limit`` and whether it is ``met``:
            the figure is not above the limit. To run it all at home nothing is demanded.
        """
        frame = pd.DataFrame(self._demands)
        frame[["figure", "limit"]] = frame[["figure", "limit"]].astype(float)
        return frame.assign(met=frame["figure"] <= frame["limit"])

    @cached_property
    def _demands(self) -> list[Demand]:
        return demands(self, self.tolerated_staleness_s, self.write_share)

    @cached_property
    def _p99_now(self) -> dict[str, float]:
        """p99 of every way for the endpoint as it is."""
        made = self._p99(self.tolerated_staleness_s, self.write_share)
        return dict(zip(WAYS, made.tolist(), strict=True))

    def _p99(self, staleness_s: Any, writes: Any) -> np.ndarray:
        """p99 of every way, infinite where it does not do: (ways, …)."""
        work, ratio = self.work, self.origin_fetch_ratio
        fetched, _ = timing.cached(work, np.clip(staleness_s, *TTL_S))
        shape = np.broadcast_shapes(np.shape(staleness_s), np.shape(writes))
        out = np.empty((len(WAYS), *shape))
        for row, way in enumerate(WAYS):
            out[row] = timing.p99_ms(work, way, ratio, fetched, writes)
        for each in demands(self, staleness_s, writes):
            out[WAYS.index(each.way), ~np.broadcast_to(each.figure <= each.limit, shape)] = np.inf
        return out

    def _chosen(self, p99: np.ndarray) -> np.ndarray:
        """Number of the simplest way that is about as quick as the quickest."""
        return np.argmax(p99 <= (1 + self.worth) * p99.min(axis=0), axis=0)

    def map(self) -> pd.DataFrame:
        """Verdicts on endpoints like this one, over staleness and writes.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``write_share`` (`MAP_WRITES`), a column for each of `MAP_STALENESS_S`:
            the way to run it.
        """
        index = pd.Index(MAP_WRITES, name="write_share")
        columns = pd.Index(MAP_STALENESS_S, name="tolerated_staleness_s")
        return pd.DataFrame(np.array(WAYS, object)[on_map(self.map_settings)], index, columns)

    @property
    def map_settings(self) -> tuple[tuple[str, Any], ...]:
        """What `map` is made from: every knob but its two axes, and the place of the waterfall."""
        apart = ("tolerated_staleness_s", "write_share", "place")
        return tuple((n, getattr(self, n)) for n in self.knobs() if n not in apart)

    @cached_property
    def _levels_ms(self) -> np.ndarray:
        """p50 and p99 of every way, from seven places and for the audience: (ways, places, 2)."""
        given = self.origin_fetch_ratio, self._cached[0], self.write_share
        return timing.levels_ms(self.work, *given)

    def placements(self) -> pd.DataFrame:
        """Every way to run it, seen from every place.

        Returns
        -------
        pandas.DataFrame
            A row for each ``way`` and each ``place`` (seven places, and the audience): ``bucket``,
            ``p50_ms`` and ``p99_ms`` (infinite where a queue never empties), ``staleness_s`` of an
            answer at worst, ``home_per_s``, the queries and writes a second that reach Mumbai,
            ``allowed``, the first demand that is not met in ``refused`` (else empty), and
            ``verdict``, true for the way that is chosen.
        """
        chosen, refused = self.verdict().way, self._refused
        stale = {KV: self.kv.seen_ms() / 1000, CACHE: self.ttl_s}
        rows = [
            {
                "way": way,
                "place": place,
                "bucket": BUCKETS[way],
                "p50_ms": levels[0],
                "p99_ms": levels[1],
                "staleness_s": stale.get(way, 0.0),
                "home_per_s": sum(self._home_per_s[way]),
                "allowed": way not in refused,
                "refused": refused.get(way, ""),
                "verdict": way == chosen,
            }
            for way, table in zip(WAYS, self._levels_ms.tolist(), strict=True)
            for place, levels in zip((*PLACES, self.audience), table, strict=True)
        ]
        return pd.DataFrame(rows)

    @property
    def _home_per_s(self) -> dict[str, tuple[float, float]]:
        """Queries and writes a second that reach Mumbai, by way."""
        writes = self.write_share * self.requests_per_s
        reads = (self.requests_per_s - writes) * self.queries
        everything = reads, writes * self.queries
        return {
            KV: (reads * self.origin_fetch_ratio, writes),
            CACHE: (reads * self._cached[1], writes),
            OBJECT: (0.0, 0.0),
            **dict.fromkeys((SPLIT, NEAR, AT_HOME), everything),
        }

    @cached_property
    def _refused(self) -> dict[str, str]:
        """Ways that do not do, with the first demand that is not met."""
        rows = self._demands[::-1]
        return {row.way: complaint(row) for row in rows if not row.figure <= row.limit}

    def verdict(self) -> Decision:
        """Where it belongs, why, and which slice of it stays at home.

        Returns
        -------
        Decision
            ``way``, ``bucket``, ``p99_ms`` of the audience, ``because`` and ``stays_home``.
        """
        return self._verdict

    @cached_property
    def _verdict(self) -> Decision:
        way = WAYS[int(self._chosen(np.array([*self._p99_now.values()])))]
        return Decision(
            way,
            BUCKETS[way],
            self._p99_now[way],
            said.because(way, self.audience, self._p99_now, self._refused, self.worth),
            said.stays_home(way, *self._home_per_s[way], self.durable_object.home),
        )

    # -- where the time goes -------------------------------------------------------------------

    def waterfall(self) -> pd.DataFrame:
        """Where the mean time of a request from `place` goes, in every way to run it.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``way``, a column in ms for each of last mile, to the PoP, start, work, on
            to Mumbai or the object, and waits there; a row adds up to the mean. Infinite where a
            queue never empties.
        """
        given = self.origin_fetch_ratio, self._cached[0], self.write_share, self.place
        rows = {way: timing.means_ms(self.work, way, *given) for way in WAYS}
        return pd.DataFrame.from_dict(rows, orient="index", columns=PARTS).rename_axis("way")

    # -- in short --------------------------------------------------------------------------------

    def idle(self) -> dict[str, str]:
        """The knobs that move nothing as the others stand, and why."""
        out = {}
        if self.answers == OWN:
            out["keys"] = "every viewer has a key"
        if self.pops == 1:
            out |= dict.fromkeys(("kv_delay_ms", "copies"), "one PoP alone hears of no other")
        return out

    def _short(self) -> dict[str, str]:
        text = {n: self.knobs()[n].text(getattr(self, n)) for n in self.main}
        return {
            "tolerated_staleness_s": f"up to {said.age(self.tolerated_staleness_s)} old",
            "write_share": f"{text['write_share']} writes",
            "needs": f"must see {self.needs}" if self.needs != NOTHING else "",
            "queries": counted(self.queries, "query"),
            "requests_per_s": f"{in_digits(self.requests_per_s)} a second",
        }

    def in_words(self) -> str:
        """Three sentences that say what the numbers mean."""
        way = self.verdict().way
        given = self.audience, self._p99_now, self._refused, *self._home_per_s[way]
        return said.in_words(way, *given, self.durable_object.home)


def on_map(settings: tuple[tuple[str, Any], ...]) -> np.ndarray:
    """Number of the way for each of `MAP_WRITES` and `MAP_STALENESS_S`; see `Endpoint.map`."""
    thing = Endpoint(**dict(settings))
    return thing._chosen(thing._p99(MAP_STALENESS_S[None, :], MAP_WRITES[:, None]))


@lru_cache(maxsize=32)
def twelve(settings: tuple[tuple[str, Any], ...]) -> pd.DataFrame:
    """The frame of `Endpoint.twelve`."""
    rows = {}
    for name, thing in Endpoint.examples().items():
        verdict = thing.replace(**dict(settings)).verdict()
        rows[name] = {
            "tolerated_staleness_s": thing.tolerated_staleness_s,
            "write_share": thing.write_share,
            **{column: getattr(verdict, column) for column in ("way", "bucket", "p99_ms")},
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("endpoint")
