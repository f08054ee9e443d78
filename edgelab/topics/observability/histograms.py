"""Quantiles from histograms: log-linear, exponential, and Prometheus's two ways."""

from __future__ import annotations

import numpy as np

__all__ = ["interpolated", "merged_down", "relative_error", "scale_index", "scale_table"]

#: Buckets that an exponential histogram keeps at most, for either sign.
BUCKETS = 160


def relative_error(scale: int) -> float:
    """The most by which the middle of a bucket differs from a value in it: (b - 1) / (b + 1).

    The base is b = 2 ** (2 ** -scale), as the data model of OpenTelemetry's exponential histogram
    has it; the middle is the one with equal relative errors at both ends.
    """
    base = 2.0 ** (2.0**-scale)
    return (base - 1) / (base + 1)


def scale_table() -> dict[int, tuple[float, float]]:
    """From each scale to its relative error, and the ratio of largest to least value in reach."""
    return {scale: (relative_error(scale), 2.0 ** (BUCKETS * 2.0**-scale)) for scale in range(7)}


def scale_index(values: np.ndarray, scale: int) -> np.ndarray:
    """Bucket of each value: index i holds what is above b**i and at most b**(i + 1)."""
    return np.ceil(np.log2(values) * 2.0**scale).astype(np.int64) - 1


def merged_down(index: np.ndarray) -> np.ndarray:
    """The same buckets at the next smaller scale, where two neighbours are one."""
    return index >> 1


def interpolated(level: float, edges: np.ndarray, counts: np.ndarray) -> float:
    """A quantile of a histogram as Prometheus finds it: on a straight line within a bucket.

    Parameters
    ----------
    level : float
        From 0 to 1.
    edges : ndarray, (buckets + 1,)
        Rising.
    counts : ndarray, (buckets,)
        How many values lie in each.
    """
    below = np.append(0.0, np.cumsum(counts))
    return float(np.interp(level * below[-1], below, edges))
