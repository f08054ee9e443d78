"""A store that drops what was used longest ago, by bytes: warm isolates now, cached objects too.

Objects are dense numbers from 0. The order of use is a doubly linked list in one array, with a row
for each object and a last row that closes the ring: column 0 is the neighbour used just after it,
column 1 the one used just before. A trace can be replayed piece by piece.
"""

from __future__ import annotations

import numpy as np

from edgelab.kernels._jit import kernel

__all__ = ["ABSENT", "drop_oldest", "empty", "fill", "make_newest", "replay", "since_last"]

#: Mark, in column 0, of an object that is not there.
ABSENT = -1


def empty(objects: int) -> tuple[np.ndarray, np.ndarray]:
    """An empty store.

    Parameters
    ----------
    objects : int
        How many different objects may come.

    Returns
    -------
    links : int32 ndarray, (objects + 1, 2)
        The order of use.
    used : int64 ndarray, (1,)
        Bytes in use.
    """
    links = np.full((objects + 1, 2), ABSENT, np.int32)
    links[objects] = objects
    return links, np.zeros(1, np.int64)


@kernel
def drop_oldest(taken, sizes, capacity, links):
    """Drop what was used longest ago until at most `capacity` of the `taken` bytes are in use.

    Parameters
    ----------
    taken : int
        Bytes, with those of an object that is about to come.
    sizes, capacity, links
        As for `replay`; `links` is changed in place.

    Returns
    -------
    int
        Bytes in use then.
    """
    ring = links.shape[0] - 1
    while taken > capacity:
        oldest = links[ring, 0]
        after = links[oldest, 0]
        links[ring, 0] = after
        links[after, 1] = ring
        links[oldest, 0] = ABSENT
        taken -= sizes[oldest]
    return taken


@kernel
def make_newest(i, links):
    """Note in `links`, in place, that object `i`, there or not, is the one used last."""
    ring = links.shape[0] - 1
    newer = links[i, 0]
    if newer == ring:  # the newest already
        return
    if newer != ABSENT:
        older = links[i, 1]
        links[older, 0] = newer
        links[newer, 1] = older
    newest = links[ring, 1]
    links[newest, 0] = i
    links[i, 1] = newest
    links[i, 0] = ring
    links[ring, 1] = i


@kernel
def replay(ids, sizes, capacity, links, used, hits):
    """Ask for one object after the other, and keep what fits.

    What is not there is fetched and kept, and whatever was used longest ago is dropped until it
    fits. An object larger than the whole store is never kept and drops nothing.

    Parameters
    ----------
    ids : int32 or int64 ndarray, (requests,)
        Each from 0 up to but not at `objects`.
    sizes : int64 ndarray, (objects,)
        Bytes of each object, at least 1.
    capacity : int
        Bytes that the store holds.
    links, used
        From `empty`, changed in place.
    hits : bool ndarray, (requests,)
        Is set to whether the object was there.
    """
    taken = used[0]
    for k in range(ids.size):
        i = ids[k]
        there = links[i, 0] != ABSENT
        hits[k] = there
        if not there:
            if sizes[i] > capacity:
                continue
            taken = drop_oldest(taken + sizes[i], sizes, capacity, links)
        make_newest(i, links)
    used[0] = taken


def fill(order: np.ndarray, sizes: np.ndarray, capacity: int) -> tuple[np.ndarray, np.ndarray]:
    """A store after its objects were last used in this order.

    Parameters
    ----------
    order : int32 or int64 ndarray, (n,)
        Different objects, the one used longest ago first.
    sizes, capacity
        As for `replay`.

    Returns
    -------
    links, used
        As from `empty`.
    """
    links, used = empty(len(sizes))
    replay(order, sizes, capacity, links, used, np.empty(len(order), np.bool_))
    return links, used


@kernel
def since_last(ids, last, since):
    """How many requests ago each object was last asked for.

    Parameters
    ----------
    ids : int32 or int64 ndarray, (requests,)
        As for `replay`.
    last : float64 ndarray, (objects,)
        Number of the request that last asked for each object, minus infinity for never; changed
        in place. The first request of `ids` has the number 0.
    since : float64 ndarray, (requests,)
        Is set to the number of requests since then.
    """
    for k in range(ids.size):
        since[k] = k - last[ids[k]]
        last[ids[k]] = k
