"""Latency quantiles for every PoP count at once, by the exact convolution.

A point of a catchment keeps a short list of its nearest PoPs. As PoPs are added one after the other
most lists stay as they are; where one changes, some weight moves from one round trip to another.
A round trip and the rest of a request are convolved only where a quantile lies.
"""

from __future__ import annotations

import numpy as np

from edgelab.kernels._jit import kernel

__all__ = ["nearest_few", "quantile_curves", "rank_shares"]


def rank_shares(nearest_share: float, rest: float = 1e-4) -> np.ndarray:
    """Shares of the viewers who land on their nearest PoP, on the second nearest, and so on.

    A geometric law: each PoP keeps the same share of those who have passed the nearer ones by,
    and the last one keeps them all.

    Parameters
    ----------
    nearest_share : float
        Over 0, at most 1.
    rest : float
        There are as many ranks as it takes until no more than this share is passed on.

    Returns
    -------
    float64 ndarray, (ranks + 1, ranks + 1)
        Row n: with n PoPs, for n from 0 to as many as there are ranks. Each but the first adds
        up to 1.
    """
    passed, ranks = 1.0 - nearest_share, 1
    while passed**ranks > rest:
        ranks += 1
    rank = np.arange(ranks + 1)
    kept = np.where(rank < rank[:, None] - 1, nearest_share, 1.0) * passed**rank
    return np.where(rank < rank[:, None], kept, 0.0)


@kernel
def nearest_few(cost, order, ranks):
    """The nearest of some candidates, nearest first.

    Parameters
    ----------
    cost : float64 ndarray, (demands, candidates)
        Finite.
    order : int64 ndarray, (n,)
        The candidates to choose from; of equals the earlier one is nearer.
    ranks : int
        How many to name, at most n.

    Returns
    -------
    int64 ndarray, (demands, ranks)
        Columns of `cost`.
    """
    ids = np.empty((cost.shape[0], ranks), np.int64)
    for d in range(cost.shape[0]):
        filled = 0
        for c in order:
            at = filled
            while at > 0 and cost[d, c] < cost[d, ids[d, at - 1]]:
                at -= 1
            if at < ranks:
                filled = min(filled + 1, ranks)
                for k in range(filled - 1, at, -1):
                    ids[d, k] = ids[d, k - 1]
                ids[d, at] = c
    return ids


@kernel
def quantile_curves(
    order, cost, near_ms, far_ms, points, weight, slot, shares,
    near_cdf, far_cdf, near_start_ms, far_start_ms, step_ms, ratio, groups, levels, within_ms,
):  # fmt: skip
    """Quantiles, mean and share in time of groups of points, for growing sets of PoPs.

    Parameters
    ----------
    order : int64 ndarray, (n,)
        PoPs in the order in which they are added.
    cost : float64 ndarray, (PoPs, all points)
        By what a point's nearest PoPs are found; of equals the one added earlier is nearer.
    near_ms : float64 ndarray, (PoPs, all points)
        What a request pays for the way to the PoP.
    far_ms : float64 ndarray, (PoPs,)
        What a fetch pays besides for the way from the PoP to the origin.
    points : int64 ndarray, (points,)
        Which of all points are looked at.
    weight : float64 ndarray, (points,)
        Viewers at each of them.
    slot : int64 ndarray, (points,)
        Points with the same slot have the same last mile.
    shares : float64 ndarray, (ranks + 1, ranks + 1)
        From `rank_shares`.
    near_cdf, far_cdf : float64 ndarray, (slots, m)
        P(rest of the request <= start + i step) without and with a fetch, ending in 1; linear
        between.
    near_start_ms, far_start_ms : float64 ndarray, (slots,)
        Not negative.
    step_ms : float
        Of both grids.
    ratio : float
        Share of the requests that are fetched.
    groups : bool ndarray, (groups, slots)
        Which slots a group is made of; at least one.
    levels : float64 ndarray, (k,)
        Quantiles, each over 0 and under 1.
    within_ms : float
        A deadline.

    Returns
    -------
    quantile_ms : float64 ndarray, (groups, n, k)
        With 1, 2, ... n PoPs.
    way_ms : float64 ndarray, (groups, n)
        Mean of what a request pays for its ways, without the rest.
    in_time : float64 ndarray, (groups, n)
        Share of the requests that are over within the deadline.

    Notes
    -----
    A way is a whole number of steps: its weight is split between the two grid points around it,
    which keeps its mean.
    """
    slots, ranks = groups.shape[1], shares.shape[0] - 1
    scale = (1.0 - ratio, ratio)
    longest = near_ms.max() + max(near_start_ms.max(), far_start_ms.max() + far_ms.max())
    bins = np.zeros((2, slots, int(longest / step_ms) + 3))
    sums = np.zeros_like(bins)
    # The lowest and the highest bin that changed since the sums were taken.
    changed = np.empty((2, slots, 2), np.int64)
    changed[:, :, 0], changed[:, :, 1] = 0, bins.shape[2] - 1
    # From this grid point on a request that starts at 0 is over, in every case.
    over = np.empty((2, slots), np.int64)
    for s in range(slots):
        over[0, s], over[1, s] = np.searchsorted(near_cdf[s], 1.0), np.searchsorted(far_cdf[s], 1.0)
    # From their ends, so that they run forward where a sum over the ways does.
    cdf = (near_cdf[:, ::-1].copy(), far_cdf[:, ::-1].copy())

    best = np.empty((weight.size, ranks))
    near, far = np.zeros((2, weight.size, ranks + 1))
    total, ways, stale = np.zeros(slots), np.zeros(slots), np.ones(slots, np.bool_)
    for p in range(weight.size):
        total[slot[p]] += weight[p]
    start = scale[0] * near_start_ms + scale[1] * far_start_ms

    out = np.empty((groups.shape[0], order.size, levels.size))
    way_ms = np.empty((groups.shape[0], order.size))
    in_time = np.empty((groups.shape[0], order.size))
    for now in range(order.size):
        pop = order[now]
        before, after = min(now, ranks), min(now + 1, ranks)
        for p in range(weight.size):
            here, s = points[p], slot[p]
            paid = cost[pop, here]
            if before == ranks and paid >= best[p, ranks - 1]:
                continue
            # Beyond the last rank stands who drops out of a full list.
            near[p, ranks], far[p, ranks] = near[p, ranks - 1], far[p, ranks - 1]
            place = after - 1
            while place > 0 and paid < best[p, place - 1]:
                best[p, place] = best[p, place - 1]
                near[p, place], far[p, place] = near[p, place - 1], far[p, place - 1]
                place -= 1
            best[p, place] = paid
            near[p, place] = (near_ms[pop, here] + near_start_ms[s]) / step_ms
            far[p, place] = (near_ms[pop, here] + far_ms[pop] + far_start_ms[s]) / step_ms
            stale[s] = True
            # Who was last of a list that grows had all that was left, and may have less now.
            first = place if before == ranks else max(min(place, before - 1), 0)
            for r in range(first, before + 1):
                change = shares[after, r]
                if r != place:
                    change -= shares[before, r - 1 if r > place else r]
                change *= weight[p]
                ways[s] += change * (scale[0] * near[p, r] + scale[1] * far[p, r])
                _move(bins, changed, 0, s, near[p, r], change)
                if ratio > 0.0:
                    _move(bins, changed, 1, s, far[p, r], change)
        _sum(bins, sums, changed)
        for g in range(groups.shape[0]):
            if now > 0 and not (stale & groups[g]).any():
                out[g, now], way_ms[g, now] = out[g, now - 1], way_ms[g, now - 1]
                in_time[g, now] = in_time[g, now - 1]
                continue
            whole = (total * groups[g]).sum()
            way_ms[g, now] = (step_ms * ways - start * total)[groups[g]].sum() / whole
            for k in range(levels.size):
                guess = out[g, now - 1, k] / step_ms if now > 0 else 0.0
                out[g, now, k] = step_ms * _quantile(
                    levels[k] * whole, int(guess), groups[g], bins, sums, cdf, over, scale
                )
            in_time[g, now] = _in_time(
                within_ms / step_ms, groups[g], bins, sums, cdf, over, scale
            ) / whole  # fmt: skip
        stale[:] = False
    return out, way_ms, in_time


@kernel
def _move(bins, changed, part, s, way, weight):
    """Split a weight between the two grid points around a way."""
    below = int(way)
    above = weight * (way - below)
    bins[part, s, below] += weight - above
    bins[part, s, below + 1] += above
    if below < changed[part, s, 0]:
        changed[part, s, 0] = below
    if below >= changed[part, s, 1]:
        changed[part, s, 1] = below + 1


@kernel
def _sum(bins, sums, changed):
    """Bring the running sums up to date; beyond what changed they are, as weight only moves."""
    for part in range(2):
        for s in range(bins.shape[1]):
            low, high = changed[part, s]
            running = sums[part, s, low - 1] if 0 < low <= high else 0.0
            for b in range(low, high + 1):
                running += bins[part, s, b]
                sums[part, s, b] = running
            changed[part, s, 0], changed[part, s, 1] = bins.shape[2], -1


@kernel
def _until(j, members, bins, sums, cdf, over, scale):
    """Weight of a group whose requests are over at grid point `j`."""
    out = 0.0
    if j < 0:
        return out
    size = bins.shape[2]
    for part in range(2):
        end = cdf[part].shape[1] - 1
        for s in range(members.size):
            if members[s] and scale[part] > 0.0:
                last = over[part, s]
                low, high = max(j - last + 1, 0), min(j + 1, size)
                weight = sums[part, s, min(j - last, size - 1)] if j >= last else 0.0
                if low < high:
                    mine = cdf[part][s, end - j + low : end - j + high]
                    weight += np.dot(bins[part, s, low:high], mine)
                out += scale[part] * weight
    return out


@kernel
def _quantile(goal, guess, members, bins, sums, cdf, over, scale):
    """Where a group's weight reaches `goal`, in grid points, by strides from a guess."""
    low, high, stride = guess, guess + 1, 1
    below = _until(low, members, bins, sums, cdf, over, scale)
    above = below
    while below >= goal:
        high, above = low, below
        low, stride = low - stride, 2 * stride
        below = _until(low, members, bins, sums, cdf, over, scale)
    if high == guess + 1:  # it is not below the guess
        top = bins.shape[2] + over.max()
        above = _until(high, members, bins, sums, cdf, over, scale)
        while above < goal and high < top:
            low, below = high, above
            high, stride = high + stride, 2 * stride
            above = _until(high, members, bins, sums, cdf, over, scale)
    while high - low > 1:
        middle = (low + high) // 2
        here = _until(middle, members, bins, sums, cdf, over, scale)
        if here >= goal:
            high, above = middle, here
        else:
            low, below = middle, here
    return low + min((goal - below) / (above - below), 1.0)


@kernel
def _in_time(deadline, members, bins, sums, cdf, over, scale):
    """Weight of a group whose requests are over at a point between two grid points."""
    j = int(np.floor(deadline))
    below = _until(j, members, bins, sums, cdf, over, scale)
    return below + (deadline - j) * (_until(j + 1, members, bins, sums, cdf, over, scale) - below)
