"""Rate limiters whose messages get lost, come twice or minutes late: what is remembered then.

Plain Python, one message after the other: slow, and a twin of the kernels where nothing goes wrong.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from edgelab.core import allowed
from edgelab.core.constants import value
from edgelab.kernels.draws import ALWAYS, QUANTILES, stream_key
from edgelab.kernels.messages import deliveries_ms
from edgelab.kernels.token_bucket import spend
from edgelab.topics.rate_limit.token_bucket import TokenBucket

__all__ = ["Faults", "grow_only", "last_writer", "one_object"]

_STREAM = 8_000_000
_ONE = np.ones(QUANTILES, np.float32)


@dataclass(frozen=True)
class Faults:
    """Shares of the messages that are lost, that come twice, and that come a minute or so late."""

    lost: float = 0.0
    twice: float = 0.0
    late: float = 0.0

    def __post_init__(self) -> None:
        for name, share in list(vars(self).items()):
            share = allowed.number(name, share, 0, 1, allowed="a share from 0 to 1")
            object.__setattr__(self, name, share)

    def below(self) -> tuple[int, int, int]:
        """Late, lost, twice: bounds for 32 random bits."""
        return tuple(round(share * ALWAYS) for share in (self.late, self.lost, self.twice))


class _Post:
    """Messages under way."""

    def __init__(self, pops: int, delay_ms: float, faults: Faults, seed: int) -> None:
        levels = (np.arange(QUANTILES) + 0.5) / QUANTILES
        self._lag_ms = (-1000 * value("kv_rebalancing_s") * np.log1p(-levels)).astype(np.float32)
        self._keys = np.array([stream_key(seed, _STREAM + pop) for pop in range(pops)])
        self._delay_ms, self._below = delay_ms, faults.below()
        self._under_way: list[tuple] = []
        self._sent = 0

    def send(self, now_s: float, sender: int, content: object) -> None:
        """Send `content` to every other PoP."""
        delays = deliveries_ms(
            self._keys, self._sent, self._delay_ms, _ONE, self._lag_ms, *self._below
        )
        self._sent += 1
        for copy, pop in zip(*np.nonzero(np.isfinite(delays)), strict=True):
            if pop != sender:
                at = now_s + delays[copy, pop] / 1000
                heapq.heappush(self._under_way, (at, self._sent, pop, sender, content))

    def until(self, now_s: float):
        """What has arrived by now, in the order of arrival: when, where, from whom, what."""
        while self._under_way and self._under_way[0][0] <= now_s:
            at, _, pop, sender, content = heapq.heappop(self._under_way)
            yield at, pop, sender, content


def last_writer(times_s, pop, pops, capacity, refill_per_s, delay_ms, faults, seed):
    """A bucket in a store whose last writer wins: what is let through, and what is remembered.

    Returns
    -------
    through : bool ndarray, (n,)
    remembered : int
        Deductions that the newest state descends from, once every PoP has it.
    """
    post = _Post(pops, delay_ms, faults, seed)
    # Time of the write, tokens, deductions that it descends from.
    state = [(-np.inf, capacity, 0)] * pops
    through = np.zeros(len(times_s), bool)
    for i, (now, p) in enumerate(zip(times_s, pop, strict=True)):
        for _, to, _, written in post.until(now):
            state[to] = max(state[to], written)
        since, tokens, known = state[p]
        level = min(capacity, tokens + (now - since) * refill_per_s)
        left = spend(float(level), 1.0, refill_per_s, now)
        if left > -np.inf:
            state[p] = (now, left, known + 1)
            through[i] = True
            post.send(now, p, state[p])
    return through, max(state)[2]


def grow_only(times_s, pop, pops, capacity, refill_per_s, delay_ms, faults, seed):
    """A grow-only counter a PoP: what is let through, and what is remembered.

    A message is the sender's whole count, so that a later one stands in for one that was lost,
    and one that comes twice or too late changes nothing.

    Returns
    -------
    through : bool ndarray, (n,)
    remembered : int
        The least sum of counts at any PoP, once each has merged every other's.
    """
    post = _Post(pops, delay_ms, faults, seed)
    counts = np.zeros((pops, pops), np.int64)  # what a PoP knows of each
    level, since = [float(capacity)] * pops, [0.0] * pops
    through = np.zeros(len(times_s), bool)

    def refill(p: int, now: float) -> None:
        level[p] = min(capacity, level[p] + (now - since[p]) * refill_per_s)
        since[p] = now

    for i, (now, p) in enumerate(zip(times_s, pop, strict=True)):
        for at, to, sender, count in post.until(now):
            news = max(count - counts[to, sender], 0)
            refill(to, at)
            level[to] -= news
            counts[to, sender] += news
        refill(p, now)
        left = spend(level[p], 1.0, refill_per_s, now)
        if left > -np.inf:
            level[p] = left
            counts[p, p] += 1
            through[i] = True
            post.send(now, p, int(counts[p, p]))
    merged = np.maximum(counts, counts.max(axis=0))  # the last exchange, in which nothing fails
    return through, int(merged.sum(axis=1).min())


def one_object(times_s, pop, pops, capacity, refill_per_s, delay_ms, faults, seed):
    """One object that every PoP asks: what is answered with yes, and what is remembered.

    The question, its copy and the answer may each get lost, and who asks gives up when the
    attack is over. Unanswered is not let through.

    Returns
    -------
    through : bool ndarray, (n,)
    remembered : int
        Deductions of the object: it may have made some whose answer was lost.
    """
    asked, answers = (_Post(1, delay_ms, faults, seed + more) for more in (0, 1))
    bucket, taken = TokenBucket(capacity, refill_per_s), 0
    through = np.zeros(len(times_s), bool)
    for i, now in enumerate(times_s):
        asked.send(now, -1, i)
    for at, _, _, i in asked.until(times_s[-1] + delay_ms / 1000 if len(times_s) else 0.0):
        if bucket.allow(at):
            taken += 1
            answers.send(at, -1, i)
    for _, _, _, i in answers.until(np.inf):
        through[i] = True
    return through, taken
