"""Rate limiters: which of a stream of requests each of them lets through.

Every limiter takes the requests' times, in order, and the place where each one comes in.
"""

from __future__ import annotations

import numpy as np

from edgelab.kernels._jit import kernel
from edgelab.kernels.draws import LOW, draw

__all__ = [
    "arrivals",
    "bucket",
    "gcra",
    "grow_only",
    "last_writer",
    "leased",
    "sliding_window",
    "spend",
    "too_soon",
    "window_count",
]

_S11, HALF = np.uint64(11), np.uint64(32)
#: What rounding may take from a bucket, in tokens, and two units in the last place of a time.
SLACK, CLOCK = 1e-9, 2.0**-51


@kernel
def arrivals(key, count):
    """A Poisson stream of one request a second, and what chance decides about each request.

    Parameters
    ----------
    key : uint64
        From `edgelab.kernels.draws.stream_key`.
    count : int

    Returns
    -------
    times_s : float64 ndarray, (count,)
        Divided by a rate they are a stream of that rate.
    place, isolate, mark : uint32 ndarray, (count,)
        Uniform: which PoP, which isolate in it, and whose request.
    """
    times_s = np.empty(count)
    place = np.empty(count, np.uint32)
    isolate = np.empty(count, np.uint32)
    mark = np.empty(count, np.uint32)
    now = 0.0
    for i in range(count):
        now -= np.log1p(-np.float64(draw(key, 3 * i) >> _S11) * 2.0**-53)
        times_s[i] = now
        bits = draw(key, 3 * i + 1)
        place[i], isolate[i] = bits >> HALF, bits & LOW
        mark[i] = draw(key, 3 * i + 2) >> HALF
    return times_s, place, isolate, mark


@kernel
def spend(level, cost, refill_per_s, now_s):
    """Take tokens from a bucket.

    Parameters
    ----------
    level, cost : float
        Tokens in the bucket, and tokens to take.
    refill_per_s, now_s : float
        Tokens that the bucket gets a second, and the time. A float is off in its last place, so a
        request is on time if it is early by no more than that and a billionth of a token.

    Returns
    -------
    float
        What is left, minus infinity if there are too few. What the time's last place hides is
        owed, and may make it less than 0.
    """
    left = level - cost
    if left < -SLACK - CLOCK * refill_per_s * abs(now_s):
        return -np.inf
    return max(left, 0.0) if left >= -SLACK else left


@kernel
def bucket(times_s, which, buckets, capacity, refill_per_s, cost=None):
    """Token buckets that know nothing of each other; one alone is exact.

    Parameters
    ----------
    times_s : float64 ndarray, (n,)
        Not falling, not negative.
    which : int64 ndarray, (n,)
        The bucket that each request meets.
    buckets : int
        How many there are. All are full at first.
    capacity, refill_per_s : float
        Tokens that a bucket holds, and gets a second.
    cost : float64 ndarray, (n,), optional
        Tokens that each request takes; one if not given.

    Returns
    -------
    bool ndarray, (n,)
        What is let through.
    """
    tokens, since = np.full(buckets, capacity * 1.0), np.zeros(buckets)
    through = np.zeros(times_s.size, np.bool_)
    costs = np.ones(times_s.size) if cost is None else cost
    for i in range(times_s.size):
        b, now = which[i], times_s[i]
        level = min(capacity, tokens[b] + (now - since[b]) * refill_per_s)
        left = spend(level, costs[i], refill_per_s, now)
        if left > -np.inf:
            tokens[b], since[b], through[i] = left, now, True
    return through


@kernel
def last_writer(times_s, pop, pops, capacity, refill_per_s, lag_s):
    """One bucket in a store that each PoP sees late, and whose last writer wins.

    A PoP reads tokens and time of the newest write that it sees: its own, or one that is
    `lag_s` old. It writes both back if it lets the request through.

    Parameters
    ----------
    times_s, capacity, refill_per_s
        As for `bucket`.
    pop : int64 ndarray, (n,)
        Where each request comes in.
    pops : int
    lag_s : float
        How old a write is when every other PoP sees it.

    Returns
    -------
    through : bool ndarray, (n,)
    remembered : int
        How many of the deductions are in the state that stands in the end; the others were
        overwritten by a PoP that did not know of them.
    """
    tokens, written = np.empty(times_s.size), np.empty(times_s.size)
    depth = np.zeros(times_s.size, np.int64)
    own = np.full(pops, -1)
    through = np.zeros(times_s.size, np.bool_)
    writes = seen = 0
    for i in range(times_s.size):
        p, now = pop[i], times_s[i]
        while seen < writes and written[seen] + lag_s <= now:
            seen += 1
        last = max(own[p], seen - 1)
        level, known = capacity * 1.0, 0
        if last >= 0:
            level = min(capacity, tokens[last] + (now - written[last]) * refill_per_s)
            known = depth[last]
        left = spend(level, 1.0, refill_per_s, now)
        if left > -np.inf:
            tokens[writes], written[writes], depth[writes] = left, now, known + 1
            own[p], through[i] = writes, True
            writes += 1
    return through, depth[writes - 1] if writes else 0


@kernel
def grow_only(times_s, pop, pops, capacity, refill_per_s, lag_s):
    """A bucket at each PoP that also pays for what the others let through, when it hears of it.

    What a PoP has let through is a counter that only grows; the merged count is the sum over
    the PoPs. A bucket may get into debt, and lets nothing through until it is out of it.

    Parameters
    ----------
    times_s, pop, pops, capacity, refill_per_s, lag_s
        As for `last_writer`.

    Returns
    -------
    bool ndarray, (n,)
    """
    spent, spender = np.empty(times_s.size), np.empty(times_s.size, np.int64)
    level, since = np.full(pops, capacity * 1.0), np.zeros(pops)
    own_seen, paid = np.zeros(pops, np.int64), np.zeros(pops, np.int64)
    heard = np.zeros(pops, np.int64)
    through = np.zeros(times_s.size, np.bool_)
    spends = seen = 0
    for i in range(times_s.size):
        p, now = pop[i], times_s[i]
        while seen < spends and spent[seen] + lag_s <= now:
            own_seen[spender[seen]] += 1
            seen += 1
        others = seen - own_seen[p]
        if level[p] + (now - since[p]) * refill_per_s <= capacity:
            # It was never full meanwhile: the order of what it heard does not matter.
            level[p] += (now - since[p]) * refill_per_s - (others - paid[p])
        else:
            for s in range(heard[p], seen):
                if spender[s] != p:
                    at = spent[s] + lag_s
                    level[p] = min(capacity, level[p] + (at - since[p]) * refill_per_s) - 1.0
                    since[p] = at
            level[p] = min(capacity, level[p] + (now - since[p]) * refill_per_s)
        since[p], heard[p], paid[p] = now, seen, others
        left = spend(level[p], 1.0, refill_per_s, now)
        if left > -np.inf:
            level[p] = left
            spent[spends], spender[spends], through[i] = now, p, True
            spends += 1
    return through


@kernel
def leased(times_s, pop, pops, capacity, refill_per_s, lease):
    """One exact bucket that hands out several tokens at once, to a PoP that has none left.

    Parameters
    ----------
    times_s, pop, pops, capacity, refill_per_s
        As for `last_writer`.
    lease : int
        Tokens that a PoP gets at once. It gets none while the bucket holds fewer, keeps what it
        gets until it is spent, and may not be given more than `capacity`.

    Returns
    -------
    through, asked : bool ndarray, (n,)
        What is let through, and what of it had to ask for new tokens first.
    """
    level, since = capacity * 1.0, 0.0
    held = np.zeros(pops, np.int64)
    through, asked = np.zeros(times_s.size, np.bool_), np.zeros(times_s.size, np.bool_)
    for i in range(times_s.size):
        p, now = pop[i], times_s[i]
        if held[p] == 0:
            full = min(capacity, level + (now - since) * refill_per_s)
            left = spend(full, lease, refill_per_s, now)
            if left > -np.inf:
                level, since, held[p], asked[i] = left, now, lease, True
        if held[p] > 0:
            held[p] -= 1
            through[i] = True
    return through, asked


@kernel
def window_count(previous, current, elapsed_s, window_s):
    """Requests of the last window, estimated from two numbers.

    Parameters
    ----------
    previous, current : float
        Requests of the window before, and of the present one so far.
    elapsed_s : float
        How old the present window is.
    window_s : float
        How long a window is.

    Returns
    -------
    float
        The window before counts for the part of it that the last `window_s` seconds still
        cover, as if its requests had come evenly.
    """
    return previous * (window_s - elapsed_s) / window_s + current


@kernel
def sliding_window(times_s, which, counters, limit, window_s):
    """Two-number sliding windows that know nothing of each other.

    Parameters
    ----------
    times_s : float64 ndarray, (n,)
        Increasing, not negative.
    which : int64 ndarray, (n,)
        The counter that each request meets.
    counters : int
    limit : float
        Requests that may be counted in `window_s` seconds; see `window_count`.
    window_s : float

    Returns
    -------
    bool ndarray, (n,)
        What is let through, which alone is counted.
    """
    number = np.zeros(counters, np.int64)
    previous, current = np.zeros(counters), np.zeros(counters)
    through = np.zeros(times_s.size, np.bool_)
    for i in range(times_s.size):
        c, now = which[i], int(times_s[i] // window_s)
        if now > number[c]:
            previous[c] = current[c] if now == number[c] + 1 else 0.0
            number[c], current[c] = now, 0.0
        elapsed_s = times_s[i] - now * window_s
        if window_count(previous[c], current[c], elapsed_s, window_s) + 1.0 <= limit:
            current[c] += 1.0
            through[i] = True
    return through


@kernel
def gcra(times_s, interval_s, tolerance_s, cost=None):
    """The generic cell rate algorithm, as virtual scheduling: one number of state.

    Parameters
    ----------
    times_s : float64 ndarray, (n,)
        Not falling, not negative.
    interval_s : float
        T, the time that a token is worth.
    tolerance_s : float
        tau, how much earlier than its theoretical arrival time a request for one token may come.
        A bucket of b tokens with r a second is T = 1 / r and tau = (b - 1) / r.
    cost : float64 ndarray, (n,), optional
        Tokens that each request takes; one if not given. It may come (b - cost) / r early.

    Returns
    -------
    bool ndarray, (n,)
        As `bucket` decides, rounding included; see `spend`.

    References
    ----------
    .. [1] ITU-T Recommendation I.371, "Traffic control and congestion control in B-ISDN".
    """
    # In units of T, since adding whole numbers does not round.
    due, burst = 0.0, tolerance_s / interval_s + 1.0
    through = np.zeros(times_s.size, np.bool_)
    costs = np.ones(times_s.size) if cost is None else cost
    for i in range(times_s.size):
        now = times_s[i] / interval_s
        left = spend(burst - max(due - now, 0.0), costs[i], 1.0, now)
        if left > -np.inf:
            due, through[i] = max(due, now) + costs[i], True
        if left == 0.0:
            due = now + burst
    return through


@kernel
def too_soon(times_s, key, keys, every_s):
    """How many writes a store refuses that takes one for a key in `every_s` seconds.

    Parameters
    ----------
    times_s : float64 ndarray, (n,)
        Increasing, not negative.
    key : int64 ndarray, (n,)
    keys : int
    every_s : float

    Returns
    -------
    int
    """
    last = np.full(keys, -np.inf)
    refused = 0
    for i in range(times_s.size):
        if times_s[i] - last[key[i]] < every_s - CLOCK * times_s[i]:
            refused += 1
        else:
            last[key[i]] = times_s[i]
    return refused
