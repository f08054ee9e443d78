"""Requests whose objects follow a popularity: one draw per request, by Walker's aliases."""

from __future__ import annotations

import numpy as np

from edgelab.kernels._jit import kernel
from edgelab.kernels.draws import LOW, draw

__all__ = ["aliases", "sample", "weights"]

HALF = np.uint64(32)


def weights(objects: int, exponent: float) -> np.ndarray:
    """Zipf's law: the share of requests for the object of each rank.

    Parameters
    ----------
    objects : int
        At least 1.
    exponent : float
        The share of rank r is proportional to r to the power of minus this.

    Returns
    -------
    float64 ndarray, (objects,)
        Adds up to 1, falling.
    """
    share = np.arange(1, objects + 1, dtype=float) ** -exponent
    return share / share.sum()


@kernel
def aliases(share):
    """Tables from which an object is drawn in constant time.

    Parameters
    ----------
    share : float64 ndarray, (objects,)
        Not negative, adding up to 1; fewer than 2 to the 32 objects.

    Returns
    -------
    keep : float64 ndarray, (objects,)
        An evenly drawn object stays if an even draw from 0 to 1 is below this,
    other : int32 ndarray, (objects,)
        and else becomes this one.

    Notes
    -----
    A. J. Walker, "An efficient method for generating discrete random variables with general
    distributions", ACM TOMS 3 (1977); built in one pass as M. D. Vose gives it, IEEE TSE 17
    (1991).
    """
    n = share.size
    keep = share * n
    other = np.arange(n).astype(np.int32)
    small, large = np.empty(n, np.int32), np.empty(n, np.int32)
    s, g = 0, 0
    for i in range(n):
        if keep[i] < 1.0:
            small[s] = i
            s += 1
        else:
            large[g] = i
            g += 1
    while s > 0 and g > 0:
        s -= 1
        low, high = small[s], large[g - 1]
        other[low] = high
        keep[high] -= 1.0 - keep[low]
        if keep[high] < 1.0:
            g -= 1
            small[s] = high
            s += 1
    # What is left differs from 1 by rounding only.
    for i in range(s):
        keep[small[i]] = 1.0
    for i in range(g):
        keep[large[i]] = 1.0
    return keep, other


@kernel
def sample(first, key, keep, other, ids):
    """Draw the objects of the requests `first`, `first` + 1, ...

    Parameters
    ----------
    first : int
        Number of the first request; the same numbers give the same objects, in any pieces.
    key : uint64
        From `edgelab.kernels.draws.stream_key`.
    keep, other
        From `aliases`.
    ids : int32 ndarray, (requests,)
        Is filled.
    """
    objects = np.uint64(keep.size)
    for k in range(ids.size):
        bits = draw(key, first + k)
        i = np.int64(((bits >> HALF) * objects) >> HALF)
        ids[k] = i if np.float64(bits & LOW) < keep[i] * 4294967296.0 else other[i]
