"""Stale reads of N replicas, of which a read asks R and a write waits for W.

The WARS model of Bailis, Venkataraman, Franklin, Hellerstein and Stoica, "Probabilistically
Bounded Staleness for Practical Partial Quorums", VLDB 2012: every message of a write (W), its
acknowledgement (A), a read's request (R) and its reply (S) takes a time of its own.
"""

from __future__ import annotations

import numpy as np

from edgelab.kernels._jit import kernel
from edgelab.kernels.draws import HALF, LOW, draw, stream_key
from edgelab.kernels.histogram import BINS, bin_of
from edgelab.kernels.threads import each

__all__ = ["TAIL", "mixture", "simulate", "simulate_block", "tail_levels"]

SUB_BITS = 6
#: Length of a part's table; its last entry is the smallest value.
TAIL = 32 * 2**SUB_BITS + 1
_SHIFT = np.int32(23 - SUB_BITS)
_PART = np.int32((1 << (23 - SUB_BITS)) - 1)
_STEP = np.float32(2.0 ** (SUB_BITS - 23))
_FIRST = int(np.float32(1.0).view(np.int32)) >> (23 - SUB_BITS)
#: Trials in one unit of work; fixed, so that threads do not change a result.
BLOCK = 2**18
#: Ways of a message: write, acknowledgement, request, reply.
WAYS = 4


def tail_levels() -> np.ndarray:
    """Shares of the values that are larger, at the entries of a part's table.

    float64 (TAIL,), from 2^-32 to 1: log-linear like the bins of the histogram, so that the rare
    long waits are as exact as the common short ones.
    """
    whole = (np.arange(TAIL, dtype=np.int32) + _FIRST << _SHIFT).view(np.float32)
    return whole.astype(np.float64) / 2.0**32


@kernel
def mixture(bits, below, tails):
    """One value of a mixture from 64 random bits.

    Parameters
    ----------
    bits : uint64
        From `draw`. The upper half chooses the part, the lower half the value.
    below : uint64 ndarray, (parts,)
        Part k is chosen if the upper half is below ``below[k]`` and none before it was;
        increasing.
    tails : float32 ndarray, (parts, TAIL)
        Each part's values at `tail_levels`; linear between.
    """
    part = 0
    for k in range(below.size - 1):
        part += (bits >> HALF) >= below[k]
    # Signed on the way to a float: from an unsigned number that takes several instructions.
    level = np.float32(np.int64(bits & LOW) + 1).view(np.int32)
    at = (level >> _SHIFT) - _FIRST
    between = np.float32(level & _PART) * _STEP
    longer = tails[part, at]
    return longer + between * (tails[part, min(at + 1, TAIL - 1)] - longer)


@kernel
def _take_earliest(times, n):
    """The place of the earliest of the first `n` times."""
    first, least = 0, times[0]
    for k in range(1, n):
        sooner = times[k] < least
        first, least = (k if sooner else first), min(times[k], least)
    return first


@kernel
def simulate_block(first, count, key, n, r, w, below, tails, apart, scale, reads, writes, waits):
    """Write and read `count` times, from trial number `first` on.

    Parameters
    ----------
    first, count : int
        Which trials.
    key : uint64
        From `stream_key`.
    n, r, w : int
        Replicas, replies that a read waits for, acknowledgements that a write waits for.
    below, tails : ndarray, (4, parts), (4, parts, TAIL)
        For W, A, R and S: see `mixture`.
    apart : float
        Added to each way unless client and replica are in the same place. The replicas are each
        in a place of their own; writer and reader sit with one of them, drawn anew each time.
        0 if all are in one place.
    scale : float
        What a duration is multiplied by before it is binned.
    reads, writes, waits : int64 ndarray, (BINS,)
        Added to in place: the latencies of the reads and of the writes, and how long after its
        commit a write's reader has to start so as to see it.

    Returns
    -------
    int
        Trials whose read saw the write however soon it came.
    """
    acknowledged, replied, ahead = np.empty(n), np.empty(n), np.empty(n)
    at_once = 0
    for trial in range(first, first + count):
        index = np.uint64(trial) * np.uint64(WAYS * n + 1)
        writer, reader = 0, 0
        if apart > 0.0:
            bits = draw(key, index)
            writer, reader = np.int64(bits >> HALF) % n, np.int64(bits & LOW) % n
        for k in range(n):
            at = index + np.uint64(1 + WAYS * k)
            to_write = mixture(draw(key, at), below[0], tails[0])
            back = mixture(draw(key, at + np.uint64(1)), below[1], tails[1])
            to_read = mixture(draw(key, at + np.uint64(2)), below[2], tails[2])
            reply = mixture(draw(key, at + np.uint64(3)), below[3], tails[3])
            if apart > 0.0 and k != writer:
                to_write += apart
                back += apart
            if apart > 0.0 and k != reader:
                to_read += apart
                reply += apart
            acknowledged[k] = to_write + back
            replied[k] = to_read + reply
            ahead[k] = to_write - to_read
        commit = 0.0
        for _ in range(w):
            k = _take_earliest(acknowledged, n)
            commit, acknowledged[k] = acknowledged[k], np.inf
        answer, wait = 0.0, np.inf
        for _ in range(r):
            k = _take_earliest(replied, n)
            answer, replied[k] = replied[k], np.inf
            # This reply has the write if the request came to the replica after the write did.
            wait = min(wait, ahead[k] - commit)
        writes[bin_of(commit * scale)] += 1
        reads[bin_of(answer * scale)] += 1
        at_once += wait <= 0.0
        waits[bin_of(max(wait, 0.0) * scale)] += 1
    # Without a branch that half of the trials would guess wrong, these went to the first bin.
    waits[0] -= at_once
    return at_once


def simulate(
    trials: int,
    seed: int,
    n: int,
    r: int,
    w: int,
    below: np.ndarray,
    tails: np.ndarray,
    apart: float,
    scale: float,
    threads: int | None = None,
) -> tuple[np.ndarray, int]:
    """Write and read `trials` times; the same bits on any number of threads.

    Parameters
    ----------
    trials, seed : int
        How many, and which draws.
    n, r, w, below, tails, apart, scale
        See `simulate_block`.
    threads : int, optional
        As many as there are cores, and at most 8, if not given.

    Returns
    -------
    counts : int64 ndarray, (3, BINS)
        Histograms of the reads' latencies, of the writes', and of the waits above 0.
    at_once : int
        Trials without a wait.
    """
    key = stream_key(seed, 2_000_000)

    def run(first: int) -> tuple[np.ndarray, int]:
        counts = np.zeros((3, BINS), np.int64)
        some = min(BLOCK, trials - first)
        at_once = simulate_block(
            first, some, key, n, r, w, below, tails, float(apart), float(scale), *counts
        )
        return counts, at_once

    total, at_once = np.zeros((3, BINS), np.int64), 0
    for counts, some in each(run, range(0, trials, BLOCK), threads):
        total += counts
        at_once += some
    return total, at_once
