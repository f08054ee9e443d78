"""A token bucket on a virtual clock, and what happens when its state is read and written apart."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from itertools import pairwise, permutations

import pandas as pd

from edgelab.core import allowed
from edgelab.kernels.token_bucket import spend

__all__ = ["TokenBucket", "last_token_orders"]


class TokenBucket:
    """A bucket that holds up to `capacity` tokens and gets `refill_per_s` of them a second.

    It has no clock of its own: whoever asks says what time it is. With whole numbers and fractions
    it is exact. A float is off in its last place: then a request is on time if it is early by no
    more than that and a billionth of a token.

    Parameters
    ----------
    capacity : float
        From 1 to 1,000,000 tokens. The bucket is full at first.
    refill_per_s : float
        From 0 to 1,000,000 tokens a second.

    Raises
    ------
    TypeError, ValueError
        If a number is none, or out of range; the text names it and says what is allowed.

    Examples
    --------
    >>> import edgelab as el
    >>> bucket = el.TokenBucket(capacity=2, refill_per_s=1)
    >>> [bucket.allow(0), bucket.allow(0), bucket.allow(0.5), bucket.allow(1)]
    [True, True, False, True]
    """

    def __init__(self, capacity: float = 100, refill_per_s: float = 10) -> None:
        self.capacity = allowed.number("capacity", capacity, 1, 1e6)
        self.refill_per_s = allowed.number("refill_per_s", refill_per_s, 0, 1e6)
        self._left: numbers.Real = self.capacity
        self._since: numbers.Real | None = None

    def __repr__(self) -> str:
        return f"TokenBucket(capacity={self.capacity!r}, refill_per_s={self.refill_per_s!r})"

    def tokens(self, now_s: float) -> float:
        """Tokens in the bucket at a time, without taking one.

        Parameters
        ----------
        now_s : float
            Seconds, not before the last token that was taken.

        Raises
        ------
        TypeError, ValueError
            If it is no such time.
        """
        now_s = self._time(now_s)
        elapsed = 0 if self._since is None else now_s - self._since
        return min(self.capacity, self._left + elapsed * self.refill_per_s)

    def _time(self, now_s: float) -> numbers.Real:
        """A time that is not before the last token was taken."""
        return allowed.number("now_s", now_s, -allowed.MOST if self._since is None else self._since)

    def allow(self, now_s: float, cost: float = 1) -> bool:
        """Take tokens at a time if there are as many.

        Parameters
        ----------
        now_s : float
            As for `tokens`.
        cost : float
            Tokens that the request takes, not negative. More than the bucket holds never pass.

        Returns
        -------
        bool
            Whether the request is let through.
        """
        now_s = self._time(now_s)
        left = self.tokens(now_s) - allowed.number("cost", cost, 0)
        if isinstance(left, numbers.Rational):
            left = left if left >= 0 else -math.inf
        else:
            left = spend(float(left), 0.0, float(self.refill_per_s), float(now_s))
        if left == -math.inf:
            return False
        self._left, self._since = left, now_s
        return True

    def replay(self, times_s: Iterable[float], cost: float | Iterable[float] = 1) -> pd.DataFrame:
        """What a fresh bucket of this size does with requests at these times.

        Parameters
        ----------
        times_s : iterable of float
            In order.
        cost : float or iterable of float
            As for `allow`, of every request or of each.

        Returns
        -------
        pandas.DataFrame
            One row per request, from 1: ``time_s``, ``allowed``, and the tokens in the bucket
            ``before`` and ``after`` it.
        """
        times_s = allowed.several("times_s", times_s, allowed.number, least=0)
        if any(later < now for now, later in pairwise(times_s)):
            allowed.refuse("times_s", times_s, "times in order")
        if isinstance(cost, Iterable):
            costs = allowed.several("cost", cost, allowed.number, 0, least=0)
        else:
            costs = [allowed.number("cost", cost, 0)] * len(times_s)
        if len(costs) != len(times_s):
            allowed.refuse("cost", costs, f"one, or one for each of {len(times_s)} times")
        fresh, rows = TokenBucket(self.capacity, self.refill_per_s), []
        for now_s, tokens in zip(times_s, costs, strict=True):
            before = fresh.tokens(now_s)
            rows.append((now_s, fresh.allow(now_s, tokens), before, fresh.tokens(now_s)))
        columns = ["time_s", "allowed", "before", "after"]
        frame = pd.DataFrame(rows, columns=columns)
        return frame.set_axis(pd.RangeIndex(1, len(frame) + 1, name="request"))


def last_token_orders() -> pd.DataFrame:
    """Two requests for the last token of a store that locks reading and writing apart.

    Returns
    -------
    pandas.DataFrame
        One row for each of the six orders in which two requests, A and B, can read the bucket
        and write it back: the ``order`` in words, and how many are ``let_through``. With one
        lock around both steps only the first and the last order could happen.
    """
    rows = []
    for order in sorted(set(permutations("AABB"))):
        stored, read, let_through, told = 1, {}, 0, []
        for who in order:
            if who not in read:
                read[who] = stored
                told.append(f"{who} reads {stored}")
            elif read[who] >= 1:
                stored = read[who] - 1
                let_through += 1
                told.append(f"{who} writes {stored}")
            else:
                told.append(f"{who} is refused")
        rows.append((", ".join(told), let_through))
    return pd.DataFrame(rows, columns=["order", "let_through"])
