"""A store whose copies grow stale: an LRU store with a clock, and the requests that meet it.

What is fresh, and how old a copy is, are RFC 9111's (section 4.2); serving a stale copy while a new
one is fetched, and one instead of an error, are RFC 5861's (sections 3 and 4).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgelab.kernels import lru
from edgelab.kernels._jit import kernel
from edgelab.kernels.draws import draw

__all__ = [
    "FAILED", "FRESH", "INSTEAD", "OUTCOMES", "STALE", "WAITED", "Life", "arrive", "empty", "serve",
    "tally",
]  # fmt: skip

#: What becomes of a request: served from a fresh copy; from a stale one, while a new one is
#: fetched behind the viewer's back; after waiting for a fetch; from a stale copy, after a fetch
#: that failed; or not at all.
FRESH, STALE, WAITED, INSTEAD, FAILED = range(5)
OUTCOMES = ("fresh", "stale", "waited", "instead", "failed")


class Life(NamedTuple):
    """How long a copy serves, in seconds; see `serve`."""

    ttl_s: float
    stale_while_revalidate_s: float = 0.0
    stale_if_error_s: float = 0.0
    fetch_s: float = 0.0
    coalesce: bool = True


def empty(objects: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A store that holds nothing and waits for nothing.

    Parameters
    ----------
    objects : int
        How many different objects may come.

    Returns
    -------
    links, used
        From `edgelab.kernels.lru.empty`.
    copies : float64 ndarray, (objects, 2)
        When each object's copy was asked for, minus infinity for never, and when one that is on
        its way was; infinity if none is.
    """
    copies = np.empty((objects, 2))
    copies[:, 0], copies[:, 1] = -np.inf, np.inf
    return *lru.empty(objects), copies


@kernel
def serve(times, ids, sizes, capacity, largest, life, down, links, used, copies, outcome, asked):
    """Serve one request after the other.

    A copy younger than `ttl_s` is fresh. From then on, and for `stale_while_revalidate_s`, it is
    served as it is, and its refresh asked for. Later, or if there is none, the viewer waits for a
    fetch, which takes `fetch_s`. A copy's age counts from when it was asked for (RFC 9111, section
    4.2.3). With `coalesce` an object that is on its way is not asked for again; without, the first
    answer is the one that is kept. While the origin is down what is asked for never comes; a copy
    no more than `stale_if_error_s` past its time is then served instead.

    Parameters
    ----------
    times : float64 ndarray, (requests,)
        Seconds, not falling.
    ids, sizes, capacity
        As for `edgelab.kernels.lru.replay`.
    largest : int
        A larger object is not admitted: it is fetched each time and never kept.
    life : Life
        Of a copy.
    down : tuple of float
        The origin is down from the first up to but not at the second.
    links, used, copies
        From `empty`, changed in place.
    outcome : uint8 ndarray, (requests,)
        Is set to one of `OUTCOMES`.
    asked : bool ndarray, (requests,)
        Is set to whether the origin was asked.
    """
    ttl, revalidate, error, fetch = life[0], life[1], life[2], life[3]
    coalesce = life[4]
    taken = used[0]
    largest = min(largest, capacity)
    for k in range(ids.size):
        i, now = ids[k], times[k]
        if copies[i, 1] + fetch <= now:  # what was on its way has come
            copies[i, 0] = copies[i, 1]
            copies[i, 1] = np.inf
        there = links[i, 0] != lru.ABSENT
        age = now - copies[i, 0] if there else np.inf
        asked[k] = False
        if age < ttl:
            outcome[k] = FRESH
        else:
            coming = copies[i, 1] < np.inf
            up = not (down[0] <= now < down[1])
            asks = not (coming and coalesce)
            asked[k] = asks
            if age < ttl + revalidate:
                outcome[k] = STALE
                if up and not coming:
                    copies[i, 1] = now
            elif up or not asks:
                outcome[k] = WAITED
                if sizes[i] > largest:
                    # Others may wait for the same fetch, but no copy stays.
                    if not coming and fetch > 0.0:
                        copies[i, 1] = now
                    continue
                if not there:
                    copies[i, 0] = -np.inf
                    taken = lru.drop_oldest(taken + sizes[i], sizes, capacity, links)
                if not coming:
                    copies[i, 1] = now
            elif age < ttl + error:
                outcome[k] = INSTEAD
            else:
                outcome[k] = FAILED
                if not there:
                    continue
        lru.make_newest(i, links)
    used[0] = taken


@kernel
def arrive(first, key, start_s, step_s, rates, times):
    """Draw when the next requests come: Poisson, at a rate that changes from step to step.

    Parameters
    ----------
    first : int
        Number of the first request.
    key : uint64
        From `edgelab.kernels.draws.stream_key`.
    start_s : float
        When the request before it came, not before 0.
    step_s : float
        Length of a step.
    rates : float64 ndarray, (steps,)
        Requests a second in each step, the first of which starts at 0; at least one above 0.
    times : float64 ndarray, (n,)
        Is filled, up to the end of the last step.

    Returns
    -------
    int
        How many came before the end of the last step.
    """
    now = start_s
    step = int(now / step_s)
    for k in range(times.size):
        # The highest 53 bits, in the middle of their interval: never 0, never 1.
        even = (float(draw(key, first + k) >> np.uint64(11)) + 0.5) * 2.0**-53
        left = -np.log(even)
        while step < rates.size:
            end = (step + 1) * step_s
            room = (end - now) * rates[step]
            if left < room:
                now += left / rates[step]
                break
            left -= room
            now = end
            step += 1
        if step == rates.size:
            return k
        times[k] = now
    return times.size


@kernel
def tally(times, ids, outcome, asked, step_s, group, by_time, by_group):
    """Count what became of requests.

    Parameters
    ----------
    times, ids, outcome, asked
        As for `serve`.
    step_s : float
        Length of a row of `by_time`.
    group : int ndarray, (objects,)
        Row of `by_group` of each object.
    by_time, by_group : int64 ndarray, (rows, len(OUTCOMES) + 1)
        Added to in place: requests by outcome, and in the last column how often the origin was
        asked.
    """
    last = by_time.shape[1] - 1
    for k in range(times.size):
        row = min(int(times[k] / step_s), by_time.shape[0] - 1)
        by_time[row, outcome[k]] += 1
        by_group[group[ids[k]], outcome[k]] += 1
        if asked[k]:
            by_time[row, last] += 1
            by_group[group[ids[k]], last] += 1
