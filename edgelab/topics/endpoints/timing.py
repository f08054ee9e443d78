"""How long an endpoint takes, run in each way: from the models of pages 1, 4, 5, 6 and 8."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from edgelab.core import datasets
from edgelab.core.constants import value
from edgelab.kernels import histogram
from edgelab.topics.cache import closed_form
from edgelab.topics.cache.model import EdgeCache
from edgelab.topics.durable_object.homes import HOMES, members
from edgelab.topics.durable_object.model import DurableObject
from edgelab.topics.endpoints import ways
from edgelab.topics.endpoints.ways import AT_HOME, CACHE, KV, NEAR, OBJECT, SPLIT, Leg
from edgelab.topics.kv.model import EdgeKV
from edgelab.topics.night.model import CricStream
from edgelab.topics.runtimes.model import WarmPool
from edgelab.world import geo
from edgelab.world.request import EDGE, HOME

__all__ = [
    "OWN", "SHARED", "Work", "cache_settings", "cached", "legs", "levels_ms", "means_ms", "mix",
    "object_of", "p99_ms",
]  # fmt: skip

SHARED, OWN = "shared", "one per viewer"


class Work(NamedTuple):
    """All that the times of an endpoint depend on, by the names of `edgelab.Endpoint`."""

    pops: int
    audience: str
    primitive: str
    queries: int
    requests_per_s: float
    answers: str
    keys: int
    cpu_ms: float
    answer_kb: float

    @property
    def viewers(self) -> float:
        """Viewers of the audience."""
        return _viewers(self.audience)

    @property
    def requests_per_key_s(self) -> float:
        """Requests a second for one key, on average."""
        return self.requests_per_s / (self.viewers if self.answers == OWN else self.keys)

    @property
    def near_rtt_ms(self) -> float:
        """Round trip between Mumbai's back end and the PoP nearest to it."""
        return float(geo.origin_rtt_ms()[1][: self.pops].min())


@lru_cache(maxsize=8)
def _viewers(audience: str) -> float:
    return float(datasets.places()["viewers"].to_numpy() @ members(audience))


@lru_cache(maxsize=8)
def _best_home(audience: str) -> str:
    """The home that page 8 offers with the least p99."""
    return str(DurableObject(audience=audience).homes().loc[list(HOMES), "p99_ms"].idxmin())


@lru_cache(maxsize=64)
def object_of(work: Work) -> DurableObject:
    """Page 8's object for one key, at the home that is best for the audience's p99."""
    load = np.clip(work.requests_per_key_s, 0.1, 1e6)  # what page 8's knob takes
    home = _best_home(work.audience)
    return DurableObject(home=home, audience=work.audience, requests_per_s=float(load))


def cache_settings(work: Work) -> closed_form.Settings:
    """Page 5's cache, with these keys and requests, at a steady rate; its TTL is not looked at."""
    cache = EdgeCache(pops=work.pops, surge=1.0, ttl_s=1.0).share_settings
    return cache._replace(
        objects=1 if work.answers == OWN else work.keys,
        object_kb=work.answer_kb,
        requests_per_viewer_min=60 * work.requests_per_s / work.viewers,
    )


def cached(work: Work, ttl_s: np.ndarray) -> np.ndarray:
    """Shares of the reads that a cache waits for, and asks Mumbai for: (2, …) for some TTLs."""
    found, back = np.unique(ttl_s, return_inverse=True)
    shares = ways.own_cached if work.answers == OWN else ways.cached
    made = shares(cache_settings(work), work.audience, tuple(found.tolist()))
    return made[:, back].reshape(2, *np.shape(ttl_s))


@lru_cache(maxsize=16)
def _in_pool(primitive: str, pops: int) -> tuple[tuple[bytes, ...], float]:
    """Cold starts of page 4's functions, as `ways.cold_start`, and what a call costs besides."""
    pool = WarmPool(primitive=primitive, pops=pops)
    row, cost = pool.density().loc[primitive], pool.costs().loc[primitive]
    start = ways.cold_start(float(row["cold_share"]), float(cost["start_ms"]), pool.start_tail)
    return start, float(cost["call_ms"])


@lru_cache(maxsize=64)
def legs(work: Work) -> dict[str, Leg]:
    """Kinds of request: answered at the PoP, fetched, near the back end, at home, at an object."""
    night, thing, n = CricStream(pops=work.pops), object_of(work), work.queries
    start, call = _in_pool(work.primitive, work.pops)
    offered = work.requests_per_s * n * night.origin_service_ms / 1000
    servers = max(int(np.ceil(offered / value("baseline_utilisation"))), 1)
    origin = (ways.origin_time(servers, offered, night.origin_service_ms),) * n
    visit = () if thing.saturated else (ways.exponential(thing.at_object_ms),)
    read, spent = EdgeKV().read_ms, call + work.cpu_ms
    at = f"{ways.AT}{thing.home}"
    kinds = {
        "local": (EDGE, 0, spent + n * read, 0.0, start, ()),
        # A PoP looks at what it has before it asks.
        "fetched": (EDGE, n, spent + n * read, 0.0, start, origin),
        NEAR: (EDGE, 1, spent, n * work.near_rtt_ms, start, origin),
        AT_HOME: (HOME, 0, work.cpu_ms, 0.0, (), origin),
        "read": (at, 0, spent, 0.0, start, visit),
        "written": (at, 0, spent, thing.write_wait_ms, start, visit),
    }
    # What goes home passes no PoP, so that their number makes no difference.
    routes = {HOME: night.route_settings._replace(pops=1)}
    return {
        kind: Leg(routes.get(about[0], night.route_settings), night.last_mile_sigma, *about)
        for kind, about in kinds.items()
    }


def mix(way: str, origin_fetch_ratio: float, fetched: Any, writes: Any) -> tuple[str, str, Any]:
    """Two kinds of request that a way is made of, and the share of the second.

    A KV takes a write at once and sends it home behind the viewer's back; a cache has to send it
    home while the viewer waits; an object has to copy it.
    """
    return {
        KV: ("local", "fetched", origin_fetch_ratio),
        CACHE: ("local", "fetched", writes + (1 - writes) * fetched),
        SPLIT: ("fetched", "fetched", 0.0),
        OBJECT: ("read", "written", writes),
        NEAR: (NEAR, NEAR, 0.0),
        AT_HOME: (AT_HOME, AT_HOME, 0.0),
    }[way]


def p99_ms(work: Work, way: str, ratio: float, fetched: Any, writes: Any) -> np.ndarray:
    """The audience's p99 in one way, for many shares at once.

    Parameters
    ----------
    work : Work
    way : str
    ratio : float
        Origin fetch ratio.
    fetched, writes : array_like
        Share of the reads that a cache fetches, and of writes.
    """
    if way == OBJECT and object_of(work).saturated:
        return np.full(np.shape(writes), np.inf)
    first, second, share = mix(way, ratio, fetched, writes)
    early, later = (ways.spread(legs(work)[kind], work.audience)[-1] for kind in (first, second))
    return ways.quantiles_ms(early, later, share, 0.99)


def levels_ms(work: Work, ratio: float, fetched: float, writes: float) -> np.ndarray:
    """p50 and p99 of every way, for every row of `ways.spread`: (ways, rows, 2)."""
    rows = []
    for way in ways.WAYS:
        first, second, share = mix(way, ratio, fetched, writes)
        early, later = (ways.spread(legs(work)[kind], work.audience) for kind in (first, second))
        rows.append(np.diff(early - share * (early - later)))
    edges = histogram.bin_edges_ms()
    out = histogram.quantiles(np.concatenate(rows).clip(0.0), edges, ways.LEVELS)
    out = out.reshape(len(ways.WAYS), -1, len(ways.LEVELS))
    if object_of(work).saturated:
        out[ways.WAYS.index(OBJECT)] = np.inf
    return out


def means_ms(
    work: Work, way: str, ratio: float, fetched: float, writes: float, place: str
) -> np.ndarray:
    """Means of the parts of a request from a place, as `ways.means_ms`."""
    first, second, share = mix(way, ratio, fetched, writes)
    early, later = (np.array(ways.means_ms(legs(work)[k], place)) for k in (first, second))
    made = (1 - share) * early + share * later
    if way == OBJECT and object_of(work).saturated:
        made[-1] = np.inf
    return made
