"""A token bucket on a virtual clock, and what happens when its state is read and written apart."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from itertools import permutations

import pandas as pd

__all__ = ["TokenBucket", "last_token_orders"]


def _checked(name: str, value: object, low: float, high: float = math.inf) -> numbers.Real:
    """`value` if it is a finite number from `low` to `high`."""
    upto = f" to {high:g}" if math.isfinite(high) else " up, and finite"
    allowed = f"a number from {float(low):g}{upto}"
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name}: got {value!r}, allowed {allowed}")
    if not (math.isfinite(value) and low <= value <= high):
        raise ValueError(f"{name}: got {value!r}, allowed {allowed}")
    return value


class TokenBucket:
    """A bucket that holds up to `capacity` tokens and gets `refill_per_s` of them a second.

    It has no clock of its own: whoever asks says what time it is. Fractions make it exact.

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
        self.capacity = _checked("capacity", capacity, 1, 1e6)
        self.refill_per_s = _checked("refill_per_s", refill_per_s, 0, 1e6)
        self._left: numbers.Real = capacity
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
        low = -math.inf if self._since is None else self._since
        _checked("now_s", now_s, low)
        elapsed = 0 if self._since is None else now_s - self._since
        return min(self.capacity, self._left + elapsed * self.refill_per_s)

    def allow(self, now_s: float) -> bool:
        """Take a token at a time if there is a whole one.

        Parameters
        ----------
        now_s : float
            As for `tokens`.

        Returns
        -------
        bool
            Whether the request is let through.
        """
        tokens = self.tokens(now_s)
        if tokens < 1:
            return False
        self._left, self._since = tokens - 1, now_s
        return True

    def replay(self, times_s: Iterable[float]) -> pd.DataFrame:
        """What a fresh bucket of this size does with requests at these times.

        Parameters
        ----------
        times_s : iterable of float
            In order.

        Returns
        -------
        pandas.DataFrame
            One row a request, from 1: ``time_s``, ``allowed``, and the tokens in the bucket
            ``before`` and ``after`` it.
        """
        fresh, rows = TokenBucket(self.capacity, self.refill_per_s), []
        for now_s in times_s:
            before = fresh.tokens(now_s)
            rows.append((now_s, fresh.allow(now_s), before, fresh.tokens(now_s)))
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
