"""What becomes of the requests at every PoP, in closed form: shares by rate, tier and memory."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from edgelab.core import datasets
from edgelab.core.constants import value
from edgelab.kernels import cycles
from edgelab.topics.cache import match
from edgelab.world import che, geo
from edgelab.world.corridors import rtt_ms

__all__ = [
    "COLUMNS",
    "CONTINENT",
    "DIRECT",
    "Audience",
    "Settings",
    "Store",
    "audience",
    "by_rate",
    "levels",
    "store",
]

#: Whom a PoP asks: the origin, or first the one tier of its continent.
DIRECT, CONTINENT = "Mumbai", "continent"
#: Columns of `by_rate`.
COLUMNS = ("fresh", "stale", "near", "fetched", "asked", "behind")
#: Ranks that stand alone, and how close together the others stand; see `che.popularity`.
ALONE, TOGETHER = 32, 0.1
#: Rates for which the shares are computed; between them they are straight lines.
LEVELS = 24


class Settings(NamedTuple):
    """All that becomes of a request depends on, by the names of `edgelab.EdgeCache`."""

    pops: int
    requests_per_viewer_min: float
    surge: float
    seed: int
    ttl_s: float
    stale_while_revalidate_s: float
    capacity_mb: float
    ask: str
    objects: int
    zipf_exponent: float
    object_kb: float
    admit_up_to_kb: float
    coalescing: str
    origin_service_ms: float


class Audience(NamedTuple):
    """The PoPs that anyone uses; the others stand idle."""

    #: Row of `edgelab.data.pops`.
    pop: np.ndarray
    viewers: np.ndarray
    #: Of the viewers of each place, the share that each PoP serves: (places, PoPs).
    serves: np.ndarray
    #: Number of each PoP's continent, and the PoP that is its tier, both within these arrays.
    continent: np.ndarray
    tier: np.ndarray
    #: Round trips in milliseconds: to the origin, and to the tier.
    origin_ms: np.ndarray
    tier_ms: np.ndarray


@lru_cache(maxsize=8)
def audience(pops: int) -> Audience:
    """Who asks the first `pops` PoPs, and whom these can ask in turn."""
    nearest, _ = geo.nearest_pop(pops)
    used, at = np.unique(nearest, return_inverse=True)
    at = at.reshape(nearest.shape)
    serves = np.array([np.bincount(row, minlength=len(used)) for row in at]) / at.shape[1]
    viewers = datasets.places()["viewers"].to_numpy() @ serves
    table = datasets.pops().loc[used]
    continent = np.unique(table["continent"], return_inverse=True)[1]
    most = [np.flatnonzero(continent == c) for c in range(continent.max() + 1)]
    tier = np.array([rows[np.argmax(viewers[rows])] for rows in most])[continent]
    lat, lon = table["lat"].to_numpy(), table["lon"].to_numpy()
    tier_ms = np.where(tier == np.arange(len(used)), 0.0, rtt_ms(lat, lon, lat[tier], lon[tier]))
    origin_ms = geo.origin_rtt_ms()[1][used]
    return Audience(used, viewers, serves, continent, tier, origin_ms, tier_ms)


class Store(NamedTuple):
    """What a PoP's store holds of the objects, whatever its rate."""

    #: Share of the requests of one object of each group, and of the whole group.
    share: np.ndarray
    weight: np.ndarray
    #: Che's time in requests.
    memory: float
    #: Share of the objects that are small enough to be admitted.
    admitted: float


def admitted(object_kb: float, admit_up_to_kb: float, capacity_mb: float) -> tuple[float, float]:
    """Share of the objects that a store admits, and the mean size of these in bytes."""
    sigma, mean = value("object_sigma"), 1000 * object_kb
    limit = np.log(1000 * min(admit_up_to_kb, 1000 * capacity_mb) / mean) / sigma
    below = ndtr(limit + sigma / 2)
    return float(below), float(mean * ndtr(limit - sigma / 2) / max(below, 1e-300))


def store(cache: Settings) -> Store:
    """The store of one PoP of `cache`."""
    return _store(
        cache.objects, cache.zipf_exponent, cache.object_kb, cache.admit_up_to_kb, cache.capacity_mb
    )


@lru_cache(maxsize=64)
def _store(objects: int, exponent: float, object_kb: float, limit_kb: float, mb: float) -> Store:
    share, count = che.popularity(objects, exponent, ALONE, TOGETHER)
    part, size = admitted(object_kb, limit_kb, mb)
    memory = np.inf
    if part > 0:
        memory = che.characteristic_time(1e6 * mb, share, count, part * size)
    return Store(share, share * count, memory, part)


def levels(cache: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Rates over their mean for which `by_rate` is computed, and the weight of each in the match.

    The weights add up to 1; with them, the shares add up to those of all requests of the match.
    """
    times = match.demand(cache.surge, cache.seed)[1]
    low, high = times.min(), times.max()
    if high / low < 1 + 1e-9:
        return np.ones(1), np.ones(1)
    at = np.geomspace(low, high, LEVELS)
    place = np.interp(times, at, np.arange(LEVELS))
    below = np.minimum(place.astype(int), LEVELS - 2)
    part = place - below
    weight = np.bincount(below, times * (1 - part), LEVELS)
    weight += np.bincount(below + 1, times * part, LEVELS)
    return at, weight / times.sum()


@lru_cache(maxsize=16)
def by_rate(cache: Settings) -> np.ndarray:
    """Shares of the requests at every PoP that anyone uses, at every level of the match's rate.

    Returns
    -------
    float64 ndarray, (PoPs, levels, COLUMNS), read-only
        ``fresh``; ``stale``; ``near``, for which the viewer waits for the continent's tier;
        ``fetched``, for which the viewer waits for Mumbai: these add up to 1. Then how often
        Mumbai is asked per request, ``asked``, and how often of that nobody waits, ``behind``.
        With a tier, Mumbai is asked as if the continent were one PoP, since a copy's age goes with
        it and all expire at once.
    """
    who, kept = audience(cache.pops), store(cache)
    at, _ = levels(cache)
    shape = len(who.pop), len(at)
    rates = np.outer(who.viewers * cache.requests_per_viewer_min / 60, at)
    fetch_s = np.repeat((who.origin_ms + cache.origin_service_ms) / 1000, len(at))
    life = cache.ttl_s, cache.stale_while_revalidate_s

    def shares(rates: np.ndarray, fetch_s: np.ndarray) -> np.ndarray:
        out = np.empty((rates.size, 5))
        cycles.shares(
            rates.ravel(), kept.share, kept.weight, *life, kept.memory, fetch_s,
            cache.coalescing == "on", kept.admitted, out,
        )  # fmt: skip
        return out.reshape(*rates.shape, 5)

    made = np.zeros((*shape, len(COLUMNS)))
    if cache.ask == DIRECT:
        made[..., [0, 1, 3, 4, 5]] = shares(rates, fetch_s)
    else:
        pooled = np.zeros((who.continent.max() + 1, len(at)))
        np.add.at(pooled, who.continent, rates)
        first = np.unique(who.tier)[np.argsort(who.continent[np.unique(who.tier)])]
        whole = shares(pooled, fetch_s.reshape(shape)[first].ravel())[who.continent]
        own = np.empty((rates.size, 3))
        cycles.tiered(
            rates.ravel(), pooled[who.continent].ravel(), kept.share, kept.weight, *life,
            kept.memory, fetch_s.reshape(shape)[who.tier].ravel(),
            np.repeat(who.tier_ms / 1000, len(at)), kept.admitted, own,
        )  # fmt: skip
        own = own.reshape(*shape, 3)
        fetched = whole[..., 2]
        near = np.maximum(own[..., 2] - fetched, 0.0)
        kept_share = (1 - near - fetched) / np.maximum(own[..., 0] + own[..., 1], 1e-12)
        made[..., :2] = own[..., :2] * kept_share[..., None]
        made[..., 2], made[..., 3] = near, fetched
        made[..., 4:] = whole[..., 3:]
    np.clip(made, 0.0, 1.0, out=made)  # sums of rounded numbers
    made.flags.writeable = False
    return made
