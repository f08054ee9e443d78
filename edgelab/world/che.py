"""Che's approximation: what an LRU store holds, without replaying a trace.

Requests are drawn independently, an object of share p of them at a time. An object is still there
if it was asked for within the *characteristic time* T, the same for all: T is what the store can
remember, so the expected size of what was asked for within T is the store's capacity.

H. Che, Y. Tung, Z. Wang, "Hierarchical Web caching systems", IEEE JSAC 20 (2002); why it is so
close: C. Fricker, P. Robert, J. Roberts, "A versatile and accurate approximation for LRU cache
performance", ITC 24 (2012).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["characteristic_time", "filled", "miss_share", "popularity"]

#: Ranks that stand alone in `popularity`; of further ones, those within a percent stand together.
ALONE, TOGETHER = 1024, 0.01


def popularity(
    objects: int, exponent: float, alone: int = ALONE, together: float = TOGETHER
) -> tuple[np.ndarray, np.ndarray]:
    """Zipf's law for many objects in few groups.

    Parameters
    ----------
    objects : int
        At least 1.
    exponent : float
        The share of rank r is proportional to r to the power of minus this.
    alone : int, optional
        Ranks that stand alone.
    together : float, optional
        Of further ranks, those within this of each other, relatively, stand together.

    Returns
    -------
    share : float64 ndarray, (groups,)
        Mean share of the requests of one object of the group.
    count : float64 ndarray, (groups,)
        Objects in the group.

    Notes
    -----
    A group's sum is taken as the integral over its ranks, which beyond the first 1,024 is off by
    less than 1e-7.
    """
    alone = min(objects, alone)
    ends = np.arange(1, alone + 1, dtype=float)
    if objects > alone:
        steps = int(np.ceil(np.log(objects / alone) / np.log1p(together)))
        later = np.unique(np.rint(np.geomspace(alone, objects, steps + 1)))
        ends = np.append(ends, later[1:])
    count = np.diff(ends, prepend=0.0)
    weight = ends[:alone] ** -exponent
    edge = ends[alone - 1 :] + 0.5
    if edge.size > 1:
        span = (
            np.diff(np.log(edge))
            if abs(exponent - 1) < 1e-9
            else np.diff(edge ** (1 - exponent)) / (1 - exponent)
        )
        weight = np.append(weight, span / count[alone:])
    return weight / (weight @ count), count


def filled(
    time: ArrayLike, share: np.ndarray, count: ArrayLike = 1.0, size: ArrayLike = 1.0
) -> np.ndarray:
    """Expected size of the different objects that are asked for within `time`.

    Parameters
    ----------
    time : array_like
        In requests.
    share : float64 ndarray, (groups,)
        Share of the requests of one object.
    count, size : array_like, (groups,), optional
        How many objects have that share, and the size of each.

    Returns
    -------
    float64 ndarray, of the shape of `time`
    """
    asked = -np.expm1(-np.multiply.outer(np.asarray(time, float), share))
    return asked @ (np.ones_like(share) * count * size)


def miss_share(time: ArrayLike, share: np.ndarray, count: ArrayLike = 1.0) -> np.ndarray:
    """Share of the requests for an object that nobody asked for within `time`.

    Parameters
    ----------
    time, share, count
        As for `filled`.

    Returns
    -------
    float64 ndarray, of the shape of `time`
        1 at time 0, and 0 at an infinite one.
    """
    with np.errstate(under="ignore"):  # what is asked for all the time is never missed
        return np.exp(-np.multiply.outer(np.asarray(time, float), share)) @ (share * count)


def characteristic_time(
    capacity: float, share: np.ndarray, count: ArrayLike = 1.0, size: ArrayLike = 1.0
) -> float:
    """How long the store remembers an object, in requests.

    Parameters
    ----------
    capacity : float
        Not negative.
    share, count, size
        As for `filled`.

    Returns
    -------
    float
        Infinite if everything fits, and 0 if nothing does.
    """
    wanted = share > 0
    whole = float(np.sum((np.ones_like(share) * count * size)[wanted]))
    if capacity >= whole:
        return np.inf
    if capacity <= 0:
        return 0.0

    def over(log_time: float) -> float:
        return float(filled(np.exp(log_time), share, count, size)) - capacity

    # No later than when even the rarest are almost surely asked for, and no sooner than when
    # the first request could fill it.
    low, high = -1.0, np.log(60.0 / share[wanted].min())
    while over(low) > 0:
        low -= 10.0
    if over(high) <= 0:  # all but rounding is full
        return np.inf
    from scipy.optimize import brentq  # slow to load

    return float(np.exp(brentq(over, low, high, xtol=1e-12, rtol=1e-12)))
