"""Edge KV: how long a write takes to be seen, and how many reads are stale meanwhile."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import ndtri

from edgelab.core import datasets
from edgelab.core.constants import value
from edgelab.kernels import histogram, replication
from edgelab.kernels.draws import ALWAYS, QUANTILES, stream_key
from edgelab.world import geo

__all__ = [
    "GRID_MS",
    "TIMES_MS",
    "WRITES",
    "delay_histogram",
    "delay_tables",
    "mean_stale_share",
    "median_delay_ms",
    "readers",
    "stale_share",
    "until_ms",
]

#: Writes drawn for each PoP.
WRITES = 2000
#: Every eighth edge of the histogram, and of these the times from 1 ms up, at which staleness is
#: told.
GRID_MS = histogram.bin_edges_ms()[:-1:8]
TIMES_MS = GRID_MS[GRID_MS >= 1]


@lru_cache(maxsize=8)
def readers(pops: int) -> tuple[np.ndarray, int]:
    """Viewers who read at each PoP, and the row of the PoP nearest the origin.

    Parameters
    ----------
    pops : int
        How many PoPs there are.

    Returns
    -------
    viewers : float64 ndarray, (pops,)
    home : int
        Row of the PoP at which the origin's lists are written.
    """
    pop, _ = geo.nearest_pop(pops)
    viewers = datasets.places()["viewers"].to_numpy() / pop.shape[1]
    at = np.bincount(pop.ravel(), np.repeat(viewers, pop.shape[1]), minlength=pops)
    return at, int(np.argmin(geo.origin_rtt_ms()[1][:pops]))


def delay_tables(fetched: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The quantile tables of the one sampler of delays.

    Parameters
    ----------
    fetched : bool
        Whether a PoP keeps its copy for a fixed time and then fetches the newest one, so that the
        delay is anything up to that time; else a write is pushed to it.

    Returns
    -------
    spread, lag_ms : float32 ndarray, (QUANTILES,)
        Equally likely multiples of the median delay (pushed: lognormal, with a p99 of
        ``kv_tail_ratio`` of ``data/cricstream.toml``; fetched: uniform from 0 to 2), and lags of
        a PoP that is being rebalanced (exponential with the mean ``kv_rebalancing_s``).
    """
    levels = (np.arange(QUANTILES) + 0.5) / QUANTILES
    if fetched:
        spread = 2 * levels
    else:
        spread = np.exp(np.log(value("kv_tail_ratio")) / ndtri(0.99) * ndtri(levels))
    lag = -1000 * value("kv_rebalancing_s") * np.log1p(-levels)
    return spread.astype(np.float32), lag.astype(np.float32)


def median_delay_ms(pops: int, home: int, kv_delay_ms: float, fetched: bool = False) -> np.ndarray:
    """Median propagation delay from the PoP where a write is made to each PoP.

    Parameters
    ----------
    pops : int
        How many PoPs there are.
    home : int
        Row of the PoP where the write is made; it sees the write at once.
    kv_delay_ms : float
        Median between continents.
    fetched : bool
        As for `delay_tables`.

    Returns
    -------
    float64 ndarray, (pops,)
        Milliseconds. On the same continent it is ``kv_same_continent_share`` of
        ``data/cricstream.toml`` times the median between continents, unless every PoP fetches.
    """
    continent = datasets.pops()["continent"].to_numpy(str)[:pops]
    same = (continent == continent[home]) & (not fetched)
    median = np.where(same, value("kv_same_continent_share"), 1.0) * kv_delay_ms
    median[home] = 0.0
    return median


@lru_cache(maxsize=32)
def delay_histogram(
    pops: int,
    home: int,
    kv_delay_ms: float,
    rebalancing_share: float,
    seed: int,
    fetched: bool = False,
) -> np.ndarray:
    """Delays of 2,000 writes made at one PoP to each PoP.

    Parameters
    ----------
    pops, home, kv_delay_ms
        As for `median_delay_ms`.
    rebalancing_share : float
        Share of the writes that meet a PoP being rebalanced.
    seed : int
        Chooses the draws; adding PoPs leaves the others' draws alone.
    fetched : bool
        As for `delay_tables`.

    Returns
    -------
    int64 ndarray, (pops, bins)
        One histogram a PoP.
    """
    spread, lag = delay_tables(fetched)
    median = median_delay_ms(pops, home, kv_delay_ms, fetched)
    # At the writer's own PoP a write is seen at once, whatever else happens.
    share = np.where(np.arange(pops) == home, 0, round(rebalancing_share * ALWAYS))
    counts = np.zeros((pops, histogram.BINS), np.int64)
    replication.replicate(
        WRITES,
        _keys(seed)[:pops],
        median,
        spread,
        lag,
        share,
        counts,
    )
    counts.flags.writeable = False
    return counts


@lru_cache(maxsize=4)
def _keys(seed: int) -> np.ndarray:
    """The stream of draws of each PoP that there may be."""
    return np.array([stream_key(seed, 1_000_000 + pop) for pop in range(len(datasets.pops()))])


def stale_share(
    delays: np.ndarray, weight: np.ndarray, times_ms: np.ndarray = TIMES_MS
) -> np.ndarray:
    """Share of reads that still see the old value, at some times after the write.

    Parameters
    ----------
    delays : ndarray, (pops, bins)
        From `delay_histogram`.
    weight : ndarray, (pops,)
        Readers at each PoP.
    times_ms : ndarray, (times,)
        `TIMES_MS` or `GRID_MS`.

    Returns
    -------
    float64 ndarray, (times,)
    """
    mixed = replication.weigh(weight, delays) / (weight.sum() * WRITES)
    # At the moment of the write only its own PoP sees it, where nothing is late.
    at_once = weight[delays[:, 0] == WRITES].sum() / weight.sum()
    seen = np.append(at_once, np.cumsum(mixed))
    at = np.searchsorted(histogram.bin_edges_ms(), times_ms)
    return (1 - seen[at]).clip(0.0, 1.0)


def until_ms(stale: np.ndarray, weight: np.ndarray, share: float) -> float:
    """Time after a write at which a share of the reads sees it.

    Parameters
    ----------
    stale : float64 ndarray, (times,)
        From `stale_share`, at `GRID_MS`.
    weight : ndarray, (pops,)
        Readers at each PoP.
    share : float

    Returns
    -------
    float
        Infinite beyond two minutes, and where the drawn writes do not tell.
    """
    late = stale[::-1]
    if late[-1] <= 1 - share:
        return 0.0
    if not histogram.resolved(share, WRITES * weight.sum() ** 2 / (weight**2).sum()):
        return np.inf
    return float(np.interp(1 - share, late, GRID_MS[::-1], left=np.inf))


def mean_stale_share(delays: np.ndarray, weight: np.ndarray, every_ms: float) -> float:
    """Share of reads that see a replaced value, at a random moment.

    Parameters
    ----------
    delays : ndarray, (pops, bins)
        From `delay_histogram`.
    weight : ndarray, (pops,)
        Readers at each PoP.
    every_ms : float
        Time between two writes.

    Returns
    -------
    float
        E[min(delay, every_ms)] / every_ms, over the readers.
    """
    edges = histogram.bin_edges_ms()
    middle = np.append((edges[:-2] + edges[1:-1]) / 2, edges[-2])
    middle[0] = 0.0
    mixed = replication.weigh(weight, delays)
    return float(mixed @ np.minimum(middle, every_ms) / (weight.sum() * every_ms * WRITES))
