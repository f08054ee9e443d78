"""What becomes of the requests at every PoP, in closed form: shares, and what a place sees."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr

from edgelab.core import datasets
from edgelab.core.constants import value
from edgelab.kernels import cycles, histogram
from edgelab.topics.cache import match
from edgelab.world import che, geo, request
from edgelab.world.corridors import rtt_ms

__all__ = [
    "COLUMNS",
    "CONTINENT",
    "DIRECT",
    "RATIOS",
    "Audience",
    "Settings",
    "Store",
    "audience",
    "by_pop",
    "by_popularity",
    "by_rate",
    "cliff",
    "levels",
    "misses",
    "over_match",
    "quantiles",
    "reads_by_life",
    "serves",
    "store",
    "through_match",
]

#: Whom a PoP asks: the origin, or first the one tier of its continent.
DIRECT, CONTINENT = "Mumbai", "continent"
#: Columns of `by_rate`.
COLUMNS = ("fresh", "stale", "near", "fetched", "asked", "behind")
#: Ranks that stand alone, and how close together the others stand; see `che.popularity`.
ALONE, TOGETHER = 32, 0.1
#: Rates for which the shares are computed; between them they are straight lines.
LEVELS = 24
#: Fetch ratios of `cliff`.
RATIOS = np.append(np.geomspace(1e-4, 1, 81), np.linspace(0.008, 0.013, 21))
#: Times to live of `reads_by_life`.
LIVES_S = np.geomspace(1, 3600, 25)
#: Sizes of the store in `misses`.
CURVE_MB = np.geomspace(1, 1024, 60)


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


def reads_by_life(cache: Settings) -> pd.DataFrame:
    """Reads that Mumbai gets from everyone, for lives from 1 s to an hour: ``asked_per_s``."""
    total = audience(cache.pops).viewers.sum() * cache.requests_per_viewer_min / 60
    asked = [over_match(cache._replace(ttl_s=life), None)["asked"] for life in LIVES_S.tolist()]
    return pd.DataFrame({"ttl_s": LIVES_S, "asked_per_s": total * np.array(asked)})


# -- as tables -------------------------------------------------------------------------------------


def serves(pops: int, place: str) -> np.ndarray:
    """Share of a place's requests that each PoP of the audience gets."""
    return audience(pops).serves[list(datasets.places()["place"]).index(place)]


def over_match(cache: Settings, place: str | None) -> dict[str, float]:
    """The shares of `edgelab.EdgeCache.shares`: of one place, or of everyone if it is None."""
    viewers = audience(cache.pops).viewers
    over_pops = viewers / viewers.sum() if place is None else serves(cache.pops, place)
    mean = np.einsum("p,l,plc->c", over_pops, levels(cache)[1], by_rate(cache))
    return dict(zip(COLUMNS, mean.clip(0, 1).tolist(), strict=True))


def by_pop(cache: Settings) -> pd.DataFrame:
    """The frame of `edgelab.EdgeCache.by_pop`."""
    who = audience(cache.pops)
    table = datasets.pops().loc[who.pop]
    mean = np.einsum("l,plc->pc", levels(cache)[1], by_rate(cache)).clip(0, 1)
    frame = pd.DataFrame(
        {
            "pop": table["city"].to_numpy(),
            "continent": table["continent"].to_numpy(),
            "viewers": who.viewers.round().astype(np.int64),
            "requests_per_s": who.viewers * cache.requests_per_viewer_min / 60,
        }
        | dict(zip(COLUMNS, mean.T, strict=True))
    )
    frame["asked_per_s"] = frame["asked"] * frame["requests_per_s"]
    return frame.sort_values("viewers", ascending=False, kind="stable").set_index("pop")


def by_popularity(cache: Settings, pop: int) -> pd.DataFrame:
    """The frame of `edgelab.EdgeCache.by_popularity`, at one PoP of the audience."""
    who, kept = audience(cache.pops), store(cache)
    total = who.viewers[pop] * cache.requests_per_viewer_min / 60
    rank = np.unique(np.geomspace(1, cache.objects, 80).round())
    share = rank**-cache.zipf_exponent * kept.share[0]
    fetch_s = (who.origin_ms[pop] + cache.origin_service_ms) / 1000
    life = cache.ttl_s, cache.stale_while_revalidate_s
    rows = [
        cycles.object_shares(r, *life, kept.memory / total, fetch_s, cache.coalescing == "on")
        for r in total * share
    ]
    fresh, stale, waited, _, _ = np.array(rows).T
    return pd.DataFrame(
        {"rank": rank.astype(int), "requests_per_s": total * share, "fresh": fresh}
        | {"stale": stale, "waited": waited}
    )


def through_match(cache: Settings, place: str, origin_servers: int) -> pd.DataFrame:
    """The frame of `edgelab.EdgeCache.through_match`."""
    rates = by_rate(cache)
    since_s, times = match.demand(cache.surge, cache.seed)
    at, _ = levels(cache)
    fetched = serves(cache.pops, place) @ rates[..., COLUMNS.index("fetched")]
    total = audience(cache.pops).viewers * cache.requests_per_viewer_min / 60
    asked = np.interp(times, at, total @ rates[..., COLUMNS.index("asked")]) * times
    viewers = datasets.places().set_index("place").loc[place, "viewers"]
    return pd.DataFrame(
        {
            "minute": since_s / 60,
            "requests_per_s": viewers * cache.requests_per_viewer_min / 60 * times,
            "fetched": np.interp(times, at, fetched),
            "asked_per_s": asked,
            "utilisation": asked * cache.origin_service_ms / 1000 / origin_servers,
        }
    )


# -- what a place sees -----------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _spread(night: request.Settings, place: str) -> np.ndarray:
    """Latency at the place, apart by where a request ends: at the PoP, the tier, in Mumbai."""
    nearest, _ = geo.nearest_pop(night.route.pops)
    who = audience(night.route.pops)
    at = list(datasets.places()["place"]).index(place)
    later_ms = who.tier_ms[np.searchsorted(who.pop, nearest[at])]
    return np.array(request.of_place(night, place, later_ms))


def quantiles(
    night: request.Settings, place: str, fetched: np.ndarray, near: np.ndarray
) -> np.ndarray:
    """p50 and p99 for shares that wait for Mumbai and for the tier: (rows, 2) milliseconds."""
    at_the_pop, elsewhere, in_mumbai = _spread(night, place)
    fetched, near = np.asarray(fetched)[:, None], np.asarray(near)[:, None]
    mass = (1 - fetched - near) * at_the_pop + near * elsewhere + fetched * in_mumbai
    return histogram.quantiles(mass, histogram.bin_edges_ms(), np.array([0.5, 0.99]))


def cliff(night: request.Settings, place: str, shares: Mapping[str, float]) -> pd.DataFrame:
    """The frame of `edgelab.EdgeCache.cliff`, for the place's shares."""
    ratio = np.append(RATIOS, shares["fetched"])
    order = np.argsort(ratio, kind="stable")
    frame = pd.DataFrame({"fetch_ratio": ratio[order]})
    near = np.minimum(shares["near"], 1 - frame["fetch_ratio"])
    frame[["p50_ms", "p99_ms"]] = quantiles(night, place, frame["fetch_ratio"], near)
    frame["now"] = order == len(RATIOS)
    return frame


# -- a store without expiry ------------------------------------------------------------------------


def misses(objects: int, exponent: float, object_kb: float, now_mb: float) -> pd.DataFrame:
    """The frame of `edgelab.EdgeCache.misses` by Che's approximation, with the present size."""
    about = objects, exponent, object_kb
    order = np.argsort(np.append(CURVE_MB, now_mb), kind="stable")
    missed = np.append(_che(*about, CURVE_MB.tobytes()), _che(*about, np.array([now_mb]).tobytes()))
    frame = pd.DataFrame({"capacity_mb": np.append(CURVE_MB, now_mb), "miss_share": missed})
    return frame.iloc[order].assign(now=order == len(CURVE_MB)).reset_index(drop=True)


@lru_cache(maxsize=32)
def _che(objects: int, exponent: float, object_kb: float, megabytes: bytes) -> np.ndarray:
    """Che's miss share at every size."""
    share, count = che.popularity(objects, exponent, ALONE, TOGETHER)
    out = []
    for mb in np.frombuffer(megabytes):
        part, size = admitted(object_kb, 1e6, mb)
        time = che.characteristic_time(1e6 * mb, share, count, part * size)
        out.append(1 - part * (1 - float(che.miss_share(time, share, count))))
    return np.array(out)
