"""Where to put the next PoP: greedy choice that only ever adds."""

from __future__ import annotations

import numpy as np

from edgelab.kernels._jit import kernel

__all__ = ["greedy_order"]


@kernel
def greedy_order(cost, weight, count):
    """Order in which candidates lower the weighted cost to the nearest one most.

    Parameters
    ----------
    cost : float64 ndarray, (demands, candidates)
        Finite, not negative: what a demand pays if that candidate serves it.
    weight : float64 ndarray, (demands,)
        Not negative.
    count : int
        How many to choose, at most the number of candidates.

    Returns
    -------
    int64 ndarray, (count,)
        Column numbers; of equals, the lower number first.
    """
    demands, candidates = cost.shape
    best = np.full(demands, np.inf)
    taken = np.zeros(candidates, np.bool_)
    order = np.empty(count, np.int64)
    for step in range(count):
        chosen, least = -1, np.inf
        for c in range(candidates):
            if taken[c]:
                continue
            total = 0.0
            for d in range(demands):
                total += weight[d] * min(best[d], cost[d, c])
            if total < least:
                chosen, least = c, total
        taken[chosen] = True
        order[step] = chosen
        for d in range(demands):
            best[d] = min(best[d], cost[d, chosen])
    return order
