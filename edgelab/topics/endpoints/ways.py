"""The ways to run an endpoint, and how the time of each is spread over the viewers."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from edgelab.core import datasets
from edgelab.kernels import cycles, draws, histogram, latency
from edgelab.topics.cache import closed_form
from edgelab.topics.durable_object.homes import members, pop_row
from edgelab.world import che, geo, queue
from edgelab.world.corridors import rtt_ms
from edgelab.world.request import EDGE, HOME, Route, grid_cdf, ways

__all__ = [
    "AT", "AT_HOME", "BUCKETS", "CACHE", "EDGE_SLICE", "HOME_SLICE", "KV", "LEVELS", "NEAR",
    "OBJECT", "PART_SLICE", "PLACES", "SPLIT", "WAYS", "Leg", "cached", "cold_start", "exponential",
    "means_ms", "origin_time", "own_cached", "quantiles_ms", "spread",
]  # fmt: skip

#: The ways, from the simplest to the most scattered.
AT_HOME, NEAR = "all at home", "next to its back end"
SPLIT, OBJECT = "split: PoP asks home", "in a durable object"
CACHE, KV = "at the PoP, from cache", "at the PoP, from KV"
WAYS = (AT_HOME, NEAR, SPLIT, OBJECT, CACHE, KV)
#: What of the endpoint is then at the edge.
HOME_SLICE, PART_SLICE, EDGE_SLICE = "at home", "part at the edge", "at the edge"
BUCKETS = dict(
    zip(WAYS, (HOME_SLICE, HOME_SLICE, PART_SLICE, PART_SLICE, EDGE_SLICE, EDGE_SLICE), strict=True)
)
#: Before the name of an object's home.
AT = "object at "
PLACES = ("Mumbai", "Delhi", "Chennai", "Singapore", "Dubai", "London", "Bay Area")
LEVELS = np.array([0.5, 0.99])


class Leg(NamedTuple):
    """All that the time of one kind of request depends on, besides who asks."""

    route: Route
    last_mile_sigma: float
    #: Where it ends: the PoP, Mumbai, or `AT` and the name of an object's home.
    to: str
    #: Round trips from the PoP on to Mumbai, one after the other.
    trips: int
    #: The function's own work, and waits that are always the same.
    work_ms: float
    wait_ms: float
    #: Cold starts, and other waits: independent, each as equally likely float32 values.
    start: tuple[bytes, ...]
    waits: tuple[bytes, ...]


def _table(values: np.ndarray) -> bytes:
    """Equally likely values, so that they can be remembered."""
    return values.astype(np.float32).tobytes()


@cache
def _levels() -> np.ndarray:
    return (np.arange(draws.QUANTILES) + 0.5) / draws.QUANTILES


@lru_cache(maxsize=32)
def cold_start(share: float, median_ms: float, tail: float) -> tuple[bytes, ...]:
    """Waits for a function to start: a lognormal one for a `share` of the requests, else none.

    `tail` is the p99 over the median, as in `WarmPool`. No term where nothing starts cold.
    """
    if not share:
        return ()
    late = np.maximum(_levels() - (1 - share), 0.0) / share
    wait = median_ms * tail ** (ndtri(np.clip(late, 1e-9, 1 - 1e-9)) / ndtri(0.99))
    return (_table(np.where(late > 0, wait, 0.0)),)


@lru_cache(maxsize=32)
def origin_time(servers: int, offered: float, service_ms: float) -> bytes:
    """Times that a query spends in Mumbai, its queue included (M/M/c)."""
    return _table(queue.sojourn_quantiles_ms(servers, offered, service_ms, draws.QUANTILES))


@lru_cache(maxsize=32)
def exponential(mean_ms: float) -> bytes:
    """Exponential times, as those at an object are (M/M/1)."""
    return _table(-mean_ms * np.log1p(-_levels()))


@lru_cache(maxsize=16)
def _from_pops_ms(home: str) -> np.ndarray:
    """Round trips from every PoP to an object's home."""
    row, table = pop_row(home), datasets.pops()
    lat, lon = (table[axis].to_numpy() for axis in ("lat", "lon"))
    rtt = rtt_ms(lat, lon, lat[row], lon[row])
    rtt[row] = 0.0  # the PoP that serves a viewer may be the home itself
    return rtt


def _to_home_ms(pops: int, home: str) -> np.ndarray:
    """Round trips to an object's home by the nearest of so many PoPs, as page 8 has them for 312.

    The home stands whether one of these PoPs is there or not.
    """
    pop, near = geo.nearest_pop(pops)
    return near + _from_pops_ms(home)[pop]


def _offsets_ms(leg: Leg) -> np.ndarray:
    """What each point of each catchment pays for sure, (places, POINTS)."""
    way, single = ways(leg.route), np.float32
    ends = {HOME: way.home_ms, EDGE: way.pop_ms}
    there = ends[leg.to] if leg.to in ends else _to_home_ms(leg.route.pops, leg.to[len(AT) :])
    on = leg.trips * way.pop_home_ms.astype(single).astype(float)
    return (there + leg.work_ms + leg.wait_ms).astype(single) + on


@lru_cache(maxsize=64)
def spread(leg: Leg, audience: str) -> np.ndarray:
    """How the times are spread for `PLACES`, and in the last row for the audience.

    Returns
    -------
    float64 ndarray, (rows, BINS + 1), read-only
        Share of the requests below each edge of the one histogram.
    """
    way, places = ways(leg.route), datasets.places()
    edges = histogram.bin_edges_ms()[1:-1]
    viewers = places["viewers"].to_numpy()
    mass = np.zeros((len(viewers), histogram.BINS))
    factors = np.exp(leg.last_mile_sigma * ndtri(_levels()))
    for place, offsets in enumerate(_offsets_ms(leg)):
        grid = grid_cdf(_table(way.last_mile_ms[place] * factors), *leg.start, *leg.waits)
        latency.add_mixture(1.0, edges, offsets, *grid, mass[place])
    weight = viewers * members(audience)
    named = [places["place"].tolist().index(name) for name in PLACES]
    rows = np.vstack([mass[named], weight @ mass / weight.sum()])
    out = np.zeros((len(rows), histogram.BINS + 1))
    np.cumsum(rows, axis=1, out=out[:, 1:])
    out.flags.writeable = False
    return out


def quantiles_ms(
    early: np.ndarray, later: np.ndarray, share: np.ndarray | float, level: float
) -> np.ndarray:
    """A quantile of a mixture of two spreads, for many mixtures at once.

    Parameters
    ----------
    early, later : ndarray, (BINS + 1,)
        Rows of `spread`; `later` is nowhere above `early`.
    share : array_like
        Of `later`, 0 to 1.
    level : float

    Returns
    -------
    float64 ndarray
        Milliseconds, of the shape of `share`; linear within a bin, as `histogram.quantiles`.
    """
    share = np.asarray(share, float)
    gap = early - later
    # The most of `later` with which so many requests are done by each edge.
    with np.errstate(divide="ignore", invalid="ignore"):
        most = np.where(gap > 0, (early - level) / gap, early - level)
    # Done by an edge whatever is mixed, or not even without `later`; else rising.
    most = np.where(most < -1e-9, -1.0, np.where(gap > 0, np.minimum(most, 1.0), 1.0))
    at = np.searchsorted(most, share - 1e-9)
    at = np.minimum(at, early.size - 1)
    low, high = (early[k] - share * gap[k] for k in (at - 1, at))
    edges = histogram.bin_edges_ms()
    with np.errstate(invalid="ignore"):
        part = ((level - low) / np.maximum(high - low, 1e-300)).clip(0.0, 1.0)
        inside = edges[at - 1] + part * (edges[at] - edges[at - 1])
    return np.where(at == early.size - 1, np.inf, inside)


@lru_cache(maxsize=128)
def means_ms(leg: Leg, place: str) -> tuple[float, ...]:
    """Means of what a request from a place is made of, in milliseconds.

    Returns
    -------
    tuple of float
        Last mile, to the PoP, cold start, work, on to Mumbai or the object, and waits there.
    """
    way, at = ways(leg.route), datasets.places()["place"].tolist().index(place)
    last_mile = float(way.last_mile_ms[at] * np.exp(leg.last_mile_sigma**2 / 2))
    start, waits = (
        float(sum(np.frombuffer(term, np.float32).mean(dtype=float) for term in terms))
        for terms in (leg.start, leg.waits)
    )
    there = float(_offsets_ms(leg._replace(work_ms=0.0, wait_ms=0.0))[at].mean())
    near = 0.0 if leg.to == HOME else float(way.pop_ms[at].mean())
    return last_mile, near, start, leg.work_ms, there - near, leg.wait_ms + waits


# -- what a cache fetches --------------------------------------------------------------------------


@lru_cache(maxsize=32)
def cached(cache: closed_form.Settings, audience: str, ttls_s: tuple[float, ...]) -> np.ndarray:
    """Shares of the requests for shared answers that wait for Mumbai, and how often it is asked.

    Parameters
    ----------
    cache : closed_form.Settings
        As page 5's cache has them; its time to live is not looked at.
    audience : str
    ttls_s : tuple of float
        Times to live.

    Returns
    -------
    float64 ndarray, (2, times)
    """
    at = closed_form.COLUMNS.index("fetched"), closed_form.COLUMNS.index("asked")
    over = _at_pops(cache.pops, audience)
    each = [closed_form.by_rate(cache._replace(ttl_s=ttl))[:, 0, at] for ttl in ttls_s]
    return (over / over.sum() @ np.array(each)).T


@lru_cache(maxsize=32)
def own_cached(cache: closed_form.Settings, audience: str, ttls_s: tuple[float, ...]) -> np.ndarray:
    """The same where every viewer has answers of their own, which one PoP alone is asked for."""
    who, over = closed_form.audience(cache.pops), _at_pops(cache.pops, audience)
    room = 1e6 * cache.capacity_mb
    part, size = closed_form.admitted(cache.object_kb, cache.admit_up_to_kb, cache.capacity_mb)
    out = np.empty((len(over), len(ttls_s), 5))
    fetch_s = (who.origin_ms + cache.origin_service_ms) / 1000
    for pop, viewers in enumerate(np.maximum(over, 1e-9)):
        count = max(viewers, 1.0)
        share = np.array([1 / count])
        memory = che.characteristic_time(room, share, count, part * size) if part > 0 else 0.0
        rate = np.array([viewers * cache.requests_per_viewer_min / 60])
        for column, ttl in enumerate(ttls_s):
            cycles.shares(
                rate, share, np.ones(1), ttl, 0.0, memory, fetch_s[pop : pop + 1], True, part,
                out[pop, column : column + 1],
            )  # fmt: skip
    return np.einsum("p,ptc->ct", over / over.sum(), out[..., 2:4])


def _at_pops(pops: int, audience: str) -> np.ndarray:
    """Viewers of the audience at each PoP that anyone uses."""
    viewers = datasets.places()["viewers"].to_numpy() * members(audience)
    return viewers @ closed_form.audience(pops).serves
