"""Clocks that disagree, what that does to the order of events, and two clocks that keep it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.special import ndtr

__all__ = ["HybridClock", "LamportClock", "trace", "wrong_order"]


def wrong_order(gap_ms: np.ndarray, clock_error_ms: float) -> np.ndarray:
    """Share of pairs of events, so far apart on two clocks, that are seen in the wrong order.

    Each clock is off by an independent normal error: Phi(-gap / (error sqrt 2)).
    """
    gap_ms = np.asarray(gap_ms, float)
    if clock_error_ms == 0:
        return np.where(gap_ms > 0, 0.0, 0.5)
    return ndtr(-gap_ms / (clock_error_ms * np.sqrt(2)))


class LamportClock:
    """Counts events, and takes over a larger count that a message brings.

    L. Lamport, "Time, clocks, and the ordering of events in a distributed system", CACM 21 (1978).
    """

    def __init__(self) -> None:
        self.count = 0

    def tick(self, heard: int = 0) -> int:
        """The stamp of an event here, or of the arrival of a message stamped `heard`."""
        self.count = max(self.count, heard) + 1
        return self.count


class HybridClock:
    """The largest clock reading heard of, and a count of the events that share it.

    Kulkarni, Demirbas, Madappa, Avva and Leone, "Logical physical clocks", OPODIS 2014. If no two
    clocks are further apart than eps, its reading never leads its own clock by more than eps.
    """

    def __init__(self, now_ms: Callable[[], float]) -> None:
        self.now_ms = now_ms
        self.stamp = (-np.inf, 0)

    def tick(self, heard: tuple[float, int] = (-np.inf, 0)) -> tuple[float, int]:
        """The stamp of an event here, or of the arrival of a message stamped `heard`."""
        latest = max(self.now_ms(), self.stamp[0], heard[0])
        counts = [count for ms, count in (self.stamp, heard) if ms == latest]
        self.stamp = latest, max(counts, default=-1) + 1
        return self.stamp


def trace(
    places: list[str], hops: int, gap_ms: float, clock_error_ms: float, seed: int
) -> pd.DataFrame:
    """One request that is handed from place to place; see `Fleet.trace`."""
    rng = np.random.default_rng([seed, 10_000_002])
    off_ms = dict(zip(places, rng.normal(0, 1, len(places)) * clock_error_ms, strict=True))
    now = [0.0]
    lamport = {place: LamportClock() for place in places}
    hybrid = {p: HybridClock(lambda p=p: now[0] + off_ms[p]) for p in places}
    rows, count, stamp = [], 0, (-np.inf, 0)
    for hop in range(hops):
        place = places[hop % len(places)]
        now[0] = hop * gap_ms
        count, stamp = lamport[place].tick(count), hybrid[place].tick(stamp)
        rows.append((place, now[0], now[0] + off_ms[place], count, *stamp))
    columns = ["place", "true_ms", "clock_ms", "lamport", "hybrid_ms", "hybrid_count"]
    found = pd.DataFrame(rows, columns=columns, index=pd.RangeIndex(1, hops + 1, name="event"))
    found["before_its_cause"] = found["clock_ms"].diff() < 0
    return found
