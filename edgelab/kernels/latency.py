"""A request's latency: every viewer drawn, and the exact distribution of the same model.

One draw per request. Its 64 bits choose the quantile of the last mile, the point of
the catchment where the viewer lives, whether the panel has to be fetched from the
origin, and the quantile of the origin's time.
"""

from __future__ import annotations

import numpy as np

from edgelab.kernels._jit import kernel
from edgelab.kernels.draws import HALF, QUANTILE_BITS, QUANTILE_MASK, SECOND, draw, stream_key
from edgelab.kernels.histogram import BINS, bin_of
from edgelab.kernels.threads import each

__all__ = ["POINTS", "add_mixture", "simulate", "simulate_block"]

#: Number of points that stand for a place's catchment: 5 bits, between the two quantiles'.
POINTS = 2**5
#: Requests in one unit of work; fixed, so that threads do not change a result.
BLOCK = 2**19

_MASK_P = np.uint64(POINTS - 1)
_SHIFT_P = np.uint64(QUANTILE_BITS)


@kernel
def simulate_block(
    first, count, key, last_mile_ms, near_ms, far_ms, origin_ms, fetch_below, counts
):
    """Draw the requests `first` to `first + count - 1` of one place into a histogram.

    Parameters
    ----------
    first, count : int
        Which of the place's requests.
    key : uint64
        The place's stream, from `stream_key`.
    last_mile_ms, origin_ms : float32 ndarray, (QUANTILES,)
        Equally likely values; infinity in `origin_ms` means that no answer comes.
    near_ms, far_ms : float32 ndarray, (POINTS,)
        For each point of the catchment: what every request pays after the last
        mile, and what a fetch adds before the origin's own time.
    fetch_below : int
        A request is fetched if its upper 32 bits are below this; `draws.ALWAYS`
        fetches all.
    counts : int64 ndarray, (BINS,)
        Added to in place.
    """
    below = np.uint64(fetch_below)
    for i in range(first, first + count):
        bits = draw(key, i)
        point = (bits >> _SHIFT_P) & _MASK_P
        ms = last_mile_ms[bits & QUANTILE_MASK] + near_ms[point]
        if (bits >> HALF) < below:
            ms += far_ms[point] + origin_ms[(bits >> SECOND) & QUANTILE_MASK]
        counts[bin_of(ms)] += 1


def simulate(
    viewers: np.ndarray,
    seed: int,
    last_mile_ms: np.ndarray,
    near_ms: np.ndarray,
    far_ms: np.ndarray,
    origin_ms: np.ndarray,
    fetch_below: int,
    threads: int | None = None,
) -> np.ndarray:
    """One request for each viewer of each place; the same bits on any number of threads.

    Parameters
    ----------
    viewers : int64 ndarray, (places,)
        Requests drawn in each place.
    seed : int
        Not negative.
    last_mile_ms : float32 ndarray, (places, QUANTILES)
        See `simulate_block`.
    near_ms, far_ms : float32 ndarray, (places, POINTS)
        See `simulate_block`.
    origin_ms : float32 ndarray, (QUANTILES,)
        See `simulate_block`.
    fetch_below : int
        See `simulate_block`.
    threads : int, optional
        As many as there are cores, and at most 8, if not given.

    Returns
    -------
    int64 ndarray, (places, BINS)
        Histograms; they merge by adding.
    """
    keys = [stream_key(seed, place) for place in range(len(viewers))]
    blocks = [
        (place, first, min(BLOCK, int(n) - first))
        for place, n in enumerate(viewers)
        for first in range(0, int(n), BLOCK)
    ]

    def run(block):
        place, first, count = block
        counts = np.zeros(BINS, np.int64)
        simulate_block(
            first, count, keys[place], last_mile_ms[place], near_ms[place], far_ms[place],
            origin_ms, fetch_below, counts,
        )  # fmt: skip
        return place, counts

    total = np.zeros((len(viewers), BINS), np.int64)
    for place, counts in each(run, blocks, threads):
        total[place] += counts
    return total


@kernel
def add_mixture(scale, edges_ms, offsets_ms, grid_cdf, start_ms, step_ms, mass):
    """Add the distribution of a duration on a grid plus an equally likely offset to a histogram.

    Parameters
    ----------
    scale : float
        What the whole distribution adds up to.
    edges_ms : float64 ndarray, (k,)
        Inner edges of the bins, increasing.
    offsets_ms : float ndarray, (points,)
        Finite.
    grid_cdf : float64 ndarray, (n,)
        P(duration <= start_ms + j step_ms), ending in 1; linear between.
    start_ms, step_ms : float
        The grid.
    mass : float64 ndarray, (k + 1,)
        Added to in place: what falls between two edges, and in the last bin what is later.
    """
    share = scale / offsets_ms.size
    last = grid_cdf.size - 1
    for p in range(offsets_ms.size):
        origin = offsets_ms[p] + start_ms
        # Only the edges within the grid cut it.
        first = np.searchsorted(edges_ms, origin)
        behind = max(np.searchsorted(edges_ms, origin + last * step_ms), first)
        before = 0.0
        for e in range(first, behind):
            at = (edges_ms[e] - origin) / step_ms
            j = min(int(at), last - 1)
            here = grid_cdf[j] + (at - j) * (grid_cdf[j + 1] - grid_cdf[j])
            mass[e] += share * (here - before)
            before = here
        mass[behind] += share * (1.0 - before)
