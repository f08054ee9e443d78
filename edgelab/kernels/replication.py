"""How long a write takes to be seen at each PoP: the one sampler of propagation delays."""

from __future__ import annotations

import numpy as np

from edgelab.kernels._jit import kernel
from edgelab.kernels.draws import HALF, QUANTILE_MASK, SECOND, draw
from edgelab.kernels.histogram import bin_of

__all__ = ["last_writer_values", "propagation_delay_ms", "replicate", "weigh"]


@kernel
def propagation_delay_ms(bits, median_ms, spread, extra_ms, extra_below):
    """Delay of one write to one PoP from 64 random bits.

    Parameters
    ----------
    bits : uint64
        From `draw`.
    median_ms : float
        Median delay to that PoP; 0 where the write is made.
    spread : float32 ndarray, (QUANTILES,)
        Equally likely multiples of the median.
    extra_ms : float32 ndarray, (QUANTILES,)
        Equally likely lags of a PoP that is being rebalanced.
    extra_below : int
        Such a lag is added if the upper 32 bits are below this.
    """
    delay = np.float32(median_ms) * spread[bits & QUANTILE_MASK]
    # Read in any case: with a branch around it the call is not inlined, and takes eight times as
    # long.
    lag = extra_ms[(bits >> SECOND) & QUANTILE_MASK]
    return delay + lag if (bits >> HALF) < np.uint64(extra_below) else delay


@kernel
def replicate(writes, keys, median_ms, spread, extra_ms, extra_below, counts):
    """Histogram of the delays of `writes` writes to each PoP.

    Parameters
    ----------
    writes : int
        Number of writes.
    keys : uint64 ndarray, (pops,)
        A stream for each PoP, so that adding PoPs leaves the others' draws alone.
    median_ms : float64 ndarray, (pops,)
        Median delay to each PoP.
    spread, extra_ms
        See `propagation_delay_ms`.
    extra_below : int64 ndarray, (pops,)
        The same for each PoP.
    counts : int64 ndarray, (pops, BINS)
        Added to in place.
    """
    for pop in range(median_ms.size):
        key, median, below, row = keys[pop], median_ms[pop], extra_below[pop], counts[pop]
        for write in range(writes):
            delay = propagation_delay_ms(draw(key, write), median, spread, extra_ms, below)
            row[bin_of(delay)] += 1


@kernel
def weigh(weight, counts):
    """Sum of the rows of a histogram, each times its weight.

    Parameters
    ----------
    weight : float64 ndarray, (rows,)
    counts : int64 ndarray, (rows, BINS)

    Returns
    -------
    float64 ndarray, (BINS,)
    """
    out = np.zeros(counts.shape[1])
    for row in range(weight.size):
        if weight[row] != 0.0:
            for b in range(counts.shape[1]):
                out[b] += weight[row] * counts[row, b]
    return out


@kernel
def last_writer_values(
    at_ms, pop, group, near_ms, far_ms, period_ms, phase, key, spread, extra_ms, extra_below
):
    """One counter, raised by reading it, adding one and writing it back; the last writer wins.

    Parameters
    ----------
    at_ms : float64 ndarray, (writes,)
        When each write is made, not decreasing; its time stamp too.
    pop : int64 ndarray, (writes,)
        The PoP where it is made, and where it is seen at once.
    group : int64 ndarray, (pops,)
        PoPs of the same number are near each other.
    near_ms, far_ms : float
        Median delay to another PoP of the same group, and of another.
    period_ms : float
        If above 0, nothing is pushed: each PoP fetches the newest value once a period.
    phase : float64 ndarray, (pops,)
        When in its period, from 0 to 1, a PoP fetches.
    key : uint64
        The stream of the delays.
    spread, extra_ms, extra_below
        See `propagation_delay_ms`.

    Returns
    -------
    int64 ndarray, (writes,)
        The value that each write left; the last one is what stays of them all.
    """
    pops = phase.size
    value = np.zeros(at_ms.size, np.int64)
    for write in range(at_ms.size):
        here, seen = pop[write], 0
        # The newest write that has come here: of two that have, the later one wins.
        for other in range(write - 1, -1, -1):
            delay = np.float32(0.0)
            if pop[other] != here:
                median = near_ms if group[pop[other]] == group[here] else far_ms
                until_fetch = 0.0
                if period_ms > 0.0:
                    fetches = at_ms[other] / period_ms - phase[here]
                    median, until_fetch = 0.0, (np.ceil(fetches) - fetches) * period_ms
                bits = draw(key, other * pops + here)
                delay = propagation_delay_ms(bits, median, spread, extra_ms, extra_below)
                delay += np.float32(until_fetch)
            if at_ms[other] + delay <= at_ms[write]:
                seen = value[other]
                break
        value[write] = seen + 1
    return value
