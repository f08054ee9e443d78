"""Requests drawn one by one and served by a store: what the closed forms are held against."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from edgelab.core.constants import value
from edgelab.kernels import edge_cache, lru, zipf
from edgelab.kernels.draws import stream_key
from edgelab.topics.cache import closed_form, match

__all__ = [
    "REQUESTS",
    "Trace",
    "by_popularity",
    "misses",
    "outcomes",
    "sizes",
    "through_match",
    "trace",
]

#: Most requests of a trace, and those drawn at a time: so many stay in a processor's cache.
REQUESTS, PIECE = 4_000_000, 2**16
#: Rows of `Trace.by_group`: ranks whose logarithms lie close together.
GROUPS = 24
#: Streams of draws: ages, sizes, arrivals, objects.
_AGES, _SIZES, _ARRIVALS, _OBJECTS = 501, 502, 503, 504


class Trace(NamedTuple):
    """What became of the requests at one PoP."""

    #: Requests by step of `match.STEP_S` and outcome of `edge_cache.OUTCOMES`; last, asks.
    by_time: np.ndarray
    #: The same by rank, and the mean rank of each row.
    by_group: np.ndarray
    rank: np.ndarray


def sizes(objects: int, object_kb: float, seed: int) -> np.ndarray:
    """Bytes of each object: lognormal, at least 1, independent of the rank; int64 (objects,)."""
    draw = np.random.default_rng(np.random.SeedSequence([seed, _SIZES]))
    sigma = value("object_sigma")
    drawn = 1000 * object_kb * np.exp(draw.normal(-(sigma**2) / 2, sigma, objects))
    return np.maximum(drawn.astype(np.int64), 1)


def _warm(
    rate: np.ndarray,
    life: edge_cache.Life,
    memory_s: float,
    size: np.ndarray,
    capacity: int,
    largest: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A store as it stands long after its start, at constant rates.

    A copy is within its time T for the share rate T / (1 + rate T) of the time, and then of any age
    alike; if not, it has been past its time for as long as the next request takes. Where the store
    forgets sooner, a copy is no older than the time since it last was forgotten. What is younger
    than a fetch takes is on its way.
    """
    ttl_s = max(life.ttl_s, life.fetch_s)
    draw = np.random.default_rng(np.random.SeedSequence([seed, _AGES]))
    links, used, copies = edge_cache.empty(len(rate))
    fresh = draw.random(len(rate)) < rate * ttl_s / (1 + rate * ttl_s)
    past = draw.exponential(1 / rate)
    with np.errstate(divide="ignore", over="ignore"):
        since_forgotten = draw.exponential(size=len(rate)) * np.exp(rate * memory_s) / rate
    fresh_age = np.minimum(ttl_s * draw.random(len(rate)), since_forgotten)
    age = np.where(fresh, fresh_age, ttl_s + past)
    last = np.where(fresh, np.minimum(age, past), past + draw.exponential(1 / rate).clip(0, ttl_s))
    coming = age < life.fetch_s
    copies[~coming, 0], copies[coming, 1] = -age[~coming], -age[coming]
    order = np.argsort(-last, kind="stable")
    links, used = lru.fill(order[size[order] <= largest], size, capacity)
    return links, used, copies


@lru_cache(maxsize=8)
def trace(
    cache: closed_form.Settings,
    pop: int,
    requests: int = REQUESTS,
    until_s: float = np.inf,
    down_s: tuple[float, float] = (np.inf, np.inf),
    stale_if_error_s: float = 0.0,
) -> Trace:
    """Draw and serve the requests at one PoP from the first ball on.

    Parameters
    ----------
    cache : Settings
        Asking Mumbai; a tier is not drawn.
    pop : int
        Row of `closed_form.audience`.
    requests : int
        Stop after so many,
    until_s : float
        or at the last step before this.
    down_s : tuple of float
        When the origin is down, in seconds since the first ball.
    stale_if_error_s : float
        How long past its time a copy may be served then.

    Returns
    -------
    Trace
        Whole steps only.
    """
    who = closed_form.audience(cache.pops)
    since_s, times_mean = match.demand(cache.surge, cache.seed)
    mean = who.viewers[pop] * cache.requests_per_viewer_min / 60
    rates = mean * times_mean
    expected = np.cumsum(rates) * match.STEP_S
    steps = int(np.searchsorted(expected, requests, side="right"))
    steps = max(1, min(steps, int(np.searchsorted(since_s + match.STEP_S, until_s, side="right"))))
    rates = np.ascontiguousarray(rates[:steps])

    popularity = zipf.weights(cache.objects, cache.zipf_exponent)
    table = zipf.aliases(popularity)
    size = sizes(cache.objects, cache.object_kb, cache.seed)
    capacity = int(1e6 * cache.capacity_mb)
    largest = min(int(1000 * cache.admit_up_to_kb), capacity)
    fetch_s = (who.origin_ms[pop] + cache.origin_service_ms) / 1000
    life = edge_cache.Life(
        cache.ttl_s, cache.stale_while_revalidate_s, stale_if_error_s, float(fetch_s),
        cache.coalescing == "on",
    )  # fmt: skip
    memory_s = closed_form.store(cache).memory / rates[0]
    state = _warm(popularity * rates[0], life, memory_s, size, capacity, largest, cache.seed)

    edges = np.unique(np.rint(np.geomspace(1, cache.objects + 1, GROUPS + 1)).astype(np.int64))
    group = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    rank = np.array([np.sqrt(a * (b - 1)) for a, b in pairwise(edges)])
    by_time = np.zeros((steps, len(edge_cache.OUTCOMES) + 1), np.int64)
    by_group = np.zeros((len(rank), by_time.shape[1]), np.int64)
    keys = [stream_key(cache.seed, stream) for stream in (_ARRIVALS, _OBJECTS)]
    times, ids = np.empty(PIECE), np.empty(PIECE, np.int32)
    outcome, asked = np.empty(PIECE, np.uint8), np.empty(PIECE, np.bool_)
    first, now, came = 0, 0.0, PIECE
    while came == PIECE:
        came = edge_cache.arrive(first, keys[0], now, match.STEP_S, rates, times)
        zipf.sample(first, keys[1], *table, ids[:came])
        part = slice(0, came)
        edge_cache.serve(
            times[part], ids[part], size, capacity, largest, life, down_s, *state,
            outcome[part], asked[part],
        )  # fmt: skip
        edge_cache.tally(
            times[part], ids[part], outcome[part], asked[part], match.STEP_S, group, by_time,
            by_group,
        )  # fmt: skip
        first += came
        now = times[came - 1] if came else now
    return Trace(by_time, by_group, rank)


def through_match(drawn: Trace) -> pd.DataFrame:
    """The frame of `edgelab.EdgeCache.drawn_through_match`."""
    requests = drawn.by_time[:, :-1].sum(axis=1)
    fetched = drawn.by_time[:, edge_cache.WAITED] / requests
    return pd.DataFrame(
        {"minute": _minute(len(requests)), "requests": requests, "fetched": fetched}
    )


def by_popularity(drawn: Trace) -> pd.DataFrame:
    """The frame of `edgelab.EdgeCache.drawn_by_popularity`."""
    counts = drawn.by_group[:, [edge_cache.FRESH, edge_cache.STALE, edge_cache.WAITED]]
    requests = counts.sum(axis=1)
    frame = pd.DataFrame({"rank": drawn.rank, "requests": requests})
    frame[["fresh", "stale", "waited"]] = counts / np.maximum(requests, 1)[:, None]
    return frame[requests > 0].reset_index(drop=True)


def outcomes(drawn: Trace) -> pd.DataFrame:
    """The frame of `edgelab.EdgeCache.outage`."""
    counts = drawn.by_time[:, :-1]
    frame = pd.DataFrame(counts / counts.sum(axis=1)[:, None], columns=[*edge_cache.OUTCOMES])
    frame.insert(0, "minute", _minute(len(counts)))
    return frame


def _minute(steps: int) -> np.ndarray:
    """Middles of the steps of a trace, since the first ball."""
    return (np.arange(steps) + 0.5) * match.STEP_S / 60


@lru_cache(maxsize=8)
def misses(
    objects: int, exponent: float, object_kb: float, seed: int, megabytes: tuple[float, ...],
    requests: int = 400_000,
) -> np.ndarray:  # fmt: skip
    """Share of requests that a plain LRU store misses, by its size.

    Half as many requests again come before those that count, to fill the store.
    """
    table = zipf.aliases(zipf.weights(objects, exponent))
    size = sizes(objects, object_kb, seed)
    before = requests // 2
    ids, hits = np.empty(before + requests, np.int32), np.empty(before + requests, np.bool_)
    zipf.sample(0, stream_key(seed, _OBJECTS), *table, ids)
    out = []
    for mb in megabytes:
        lru.replay(ids, size, int(1e6 * mb), *lru.empty(objects), hits)
        out.append(1 - hits[before:].mean())
    return np.array(out)
