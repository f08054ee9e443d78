"""Ways between points that join a small graph of cable corridors at some of its hubs."""

from __future__ import annotations

import numpy as np

from edgelab.kernels._jit import kernel

__all__ = ["best_joints", "between", "reach"]


@kernel
def best_joints(start, hub, loop, ways):
    """Which joints are worth having: those that no other joint of their point is a way to.

    Parameters
    ----------
    start, hub, loop, ways
        As for `reach`.

    Returns
    -------
    bool ndarray, (joints,)
    """
    out = np.ones(hub.size, np.bool_)
    for p in range(start.size - 1):
        for j in range(start[p], start[p + 1]):
            for other in range(start[p], start[p + 1]):
                if loop[other] + ways[hub[other], hub[j]] < loop[j]:
                    out[j] = False
                    break
    return out


@kernel
def reach(start, hub, loop, ways):
    """Cost from each point to every hub, by the best of the hubs that it is joined to.

    Parameters
    ----------
    start : int64 ndarray, (points + 1,)
        Point ``p`` is joined to the hubs ``hub[start[p]:start[p + 1]]``.
    hub : int64 ndarray, (joints,)
        Row in `ways`.
    loop : float64 ndarray, (joints,)
        Cost from the point to that hub.
    ways : float64 ndarray, (hubs, hubs)
        Cost of the cheapest way between every two hubs.

    Returns
    -------
    float64 ndarray, (points, hubs)
    """
    out = np.full((start.size - 1, ways.shape[0]), np.inf)
    for p in range(start.size - 1):
        for j in range(start[p], start[p + 1]):
            for h in range(ways.shape[0]):
                out[p, h] = min(out[p, h], loop[j] + ways[hub[j], h])
    return out


@kernel
def between(reached, point_a, start, hub, loop, point_b):
    """Cost of the cheapest way by the hubs between pairs of points.

    Parameters
    ----------
    reached : float64 ndarray, (points_a, hubs)
        From `reach`.
    point_a, point_b : int64 ndarray, (pairs,)
        Which points a pair joins.
    start, hub, loop : ndarray
        The joints of the points b, as for `reach`.

    Returns
    -------
    float64 ndarray, (pairs,)
    """
    out = np.full(point_a.size, np.inf)
    for k in range(point_a.size):
        b = point_b[k]
        for j in range(start[b], start[b + 1]):
            out[k] = min(out[k], loop[j] + reached[point_a[k], hub[j]])
    return out
