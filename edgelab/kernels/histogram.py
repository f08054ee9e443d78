"""One mergeable log-linear histogram for every duration in milliseconds.

The exponent and the top seven bits of the mantissa of a float32 are the bin
number, as in HdrHistogram: 128 bins an octave, so a bin is at most 1/128 of its
value wide and its middle at most 1/256 (0.4 %) from anything in it. Two
histograms merge by adding their counts.
"""

from __future__ import annotations

import numpy as np

from edgelab.kernels._jit import kernel

__all__ = ["BINS", "bin_edges_ms", "bin_of", "quantiles", "resolved"]

SUB_BITS = 7
LOWEST_MS = 2.0**-4
OCTAVES = 21
#: Number of bins; the last one holds what took 131,072 ms or more, or never came.
BINS = OCTAVES * 2**SUB_BITS + 1
_SHIFT = 23 - SUB_BITS
_FIRST = int(np.float32(LOWEST_MS).view(np.int32)) >> _SHIFT


def bin_edges_ms() -> np.ndarray:
    """Edges of the bins: float64 (BINS + 1,), from 0 to infinity.

    Bin ``b`` holds durations from ``edges[b]`` up to but not at ``edges[b + 1]``.
    """
    inner = (np.arange(BINS, dtype=np.int32) + _FIRST << _SHIFT).view(np.float32)
    edges = np.append(inner.astype(np.float64), np.inf)
    edges[0] = 0.0
    return edges


@kernel
def bin_of(ms):
    """Bin number of one float32 duration in milliseconds (not negative, inf allowed)."""
    bin_number = (np.float32(ms).view(np.int32) >> _SHIFT) - _FIRST
    return min(max(bin_number, 0), BINS - 1)


@kernel
def quantiles(counts, edges_ms, q):
    """Quantiles of each row of a histogram.

    Parameters
    ----------
    counts : ndarray, (rows, BINS)
        Counts or weights; a row must not be all zero.
    edges_ms : ndarray, (BINS + 1,)
        From `bin_edges_ms`.
    q : ndarray, (k,)
        Each within 0 and 1.

    Returns
    -------
    ndarray, (rows, k)
        Milliseconds, linear within a bin; infinity where the quantile falls in
        the last bin.
    """
    rows = counts.shape[0]
    out = np.empty((rows, q.size))
    for row in range(rows):
        total = 0.0
        for b in range(BINS):
            total += counts[row, b]
        for k in range(q.size):
            rank = q[k] * total
            below = 0.0
            out[row, k] = np.inf
            for b in range(BINS - 1):
                here = counts[row, b]
                # A rank that only rounding lifts over the sum of all bins is no infinity.
                if here > 0.0 and below + here >= rank - 1e-9 * total:
                    part = min(max((rank - below) / here, 0.0), 1.0)
                    out[row, k] = edges_ms[b] + part * (edges_ms[b + 1] - edges_ms[b])
                    break
                below += here
    return out


def resolved(level: np.ndarray, draws: float) -> np.ndarray:
    """Whether so many draws tell a quantile: at least one of them has to lie beyond it."""
    return (1 - np.asarray(level)) * draws >= 1 - 1e-6
