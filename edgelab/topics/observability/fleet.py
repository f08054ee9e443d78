"""The fleet: who gets which traffic, where the fault is, how late the answers come."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from edgelab.core import datasets
from edgelab.core.constants import value

__all__ = [
    "BAD", "CLOCK", "CUT", "DEAD", "FAULTS", "LEVELS", "ONE_POP", "POPS", "REGION", "SLOW",
    "VERSION", "Latencies", "Sight", "interpolated", "latency_quantiles_ms", "merged_down",
    "relative_error", "scale_index", "scale_table",
]  # fmt: skip

DEAD, SLOW, VERSION = "PoP dead", "PoP slow", "version bad"
REGION, CLOCK = "region cut off", "clock off"
FAULTS = (DEAD, SLOW, VERSION, REGION, CLOCK)
#: Faults of one PoP.
ONE_POP = (DEAD, SLOW, CLOCK)
#: PoPs of the fleet, and which is the bad one: Singapore's.
POPS = 312
BAD = "SIN"
#: The region that is cut off.
CUT = "Oceania"
LEVELS = {"p50_ms": 0.5, "p99_ms": 0.99, "p99.9_ms": 0.999}


class Sight(NamedTuple):
    """A fleet and its fault: all that the PoPs' figures are made from."""

    fault: str
    depth: float
    own_share: float
    version_share: float
    skew: float
    usual_errors: float
    seed: int

    @property
    def quiet(self) -> Sight:
        """The same fleet without a fault."""
        return self._replace(fault="", depth=0.0, version_share=0.0)

    @property
    def traffic(self) -> np.ndarray:
        """Share of the requests that each PoP gets."""
        return _traffic(self.own_share, self.skew, self.seed)

    @property
    def faulty(self) -> np.ndarray:
        """Which PoPs have the fault."""
        return _faulty(self.fault, self.version_share, self.seed)

    @property
    def bad(self) -> np.ndarray:
        """Share of each PoP's requests that are bad."""
        hit = self.faulty * (self.depth if self.fault in (DEAD, SLOW, VERSION) else 0.0)
        return self.usual_errors + (1 - self.usual_errors) * hit

    @property
    def seen(self) -> np.ndarray:
        """Share of each PoP's lines that come, and fall into the window."""
        return 1 - self.faulty * (self.depth if self.fault in (REGION, CLOCK) else 0.0)

    @property
    def late(self) -> tuple[np.ndarray, float, bool]:
        """Share of each PoP's requests that are late, by how many ms, and whether all alike."""
        if self.fault == DEAD:
            return self.faulty * self.depth, value("fleet_timeout_ms"), True
        return self.faulty * self.depth * (self.fault == SLOW), value("fleet_slow_ms"), False


@lru_cache(maxsize=16)
def _traffic(own_share: float, skew: float, seed: int) -> np.ndarray:
    """The bad PoP's share is given, the others' fall by rank."""
    bad = _codes() == BAD
    rank = np.random.default_rng([seed, 10_000_006]).permutation(POPS - 1) + 1.0
    out = np.empty(POPS)
    out[bad] = own_share
    out[~bad] = (1 - own_share) * rank**-skew / (rank**-skew).sum()
    out.flags.writeable = False
    return out


@lru_cache(maxsize=1)
def _codes() -> np.ndarray:
    return datasets.pops()["code"].to_numpy(str)[:POPS]


@lru_cache(maxsize=16)
def _faulty(fault: str, version_share: float, seed: int) -> np.ndarray:
    if fault == VERSION:
        order = np.random.default_rng([seed, 10_000_007]).permutation(POPS)
        return order < max(round(version_share * POPS), 1)
    if fault == REGION:
        return datasets.pops()["continent"].to_numpy(str)[:POPS] == CUT
    return (_codes() == BAD) & (fault in ONE_POP)


# -- latencies ------------------------------------------------------------------------------------


class Latencies:
    """Latencies of all requests: lognormal in each PoP, but for the share that is late."""

    def __init__(self, weight: np.ndarray, late: tuple[np.ndarray, float, bool] | None = None):
        self.weight = weight / max(weight.sum(), 1e-300)
        self.late, self.by_ms, self.alike = late or (np.zeros(POPS), 0.0, False)
        spread = np.random.default_rng(10_000_009).standard_normal(POPS)
        self.median = np.log(value("fleet_median_ms")) + value("fleet_between_pops") * spread

    def _below(self, ms: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            z = (np.log(np.maximum(ms, 0.0)) - self.median) / value("fleet_within_pop")
        return ndtr(z)

    def each(self, ms: np.ndarray) -> np.ndarray:
        """Share of each PoP's requests within `ms`: (..., 1) or (..., POPS) to (..., POPS)."""
        late = ms >= self.by_ms if self.alike else self._below(ms - self.by_ms)
        return (1 - self.late) * self._below(ms) + self.late * late

    def within(self, ms: np.ndarray) -> np.ndarray:
        """Share of all requests within each of `ms`."""
        return self.each(np.asarray(ms)[:, None]) @ self.weight

    def quantiles_ms(self, levels: np.ndarray) -> np.ndarray:
        """The exact quantiles."""
        return _bisected(self.within, levels)

    def each_pop_ms(self, level: float) -> np.ndarray:
        """The exact quantile of each PoP."""
        return _bisected(self.each, np.full(POPS, level))


def _bisected(within, levels: np.ndarray) -> np.ndarray:
    """Where a rising function of ms reaches each level, to eight digits."""
    low, high = np.full(len(levels), -3.0), np.full(len(levels), 12.0)  # natural logarithms
    for _ in range(31):
        middle = (low + high) / 2
        short = within(np.exp(middle)) < levels
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.exp(high)


@lru_cache(maxsize=16)
def latency_quantiles_ms(sight: Sight) -> tuple[float, ...]:
    """The quantiles of `LEVELS` over all requests whose lines are seen."""
    mix = Latencies(sight.traffic * sight.seen, sight.late)
    return tuple(mix.quantiles_ms(np.array(list(LEVELS.values()))))


# -- histograms -----------------------------------------------------------------------------------

#: Buckets that an exponential histogram keeps at most, for either sign.
BUCKETS = 160


def relative_error(scale: int) -> float:
    """The most by which the middle of a bucket differs from a value in it: (b - 1) / (b + 1).

    The base is b = 2 ** (2 ** -scale), as the data model of OpenTelemetry's exponential histogram
    has it; the middle is the one with equal relative errors at both ends.
    """
    base = 2.0 ** (2.0**-scale)
    return (base - 1) / (base + 1)


def scale_table() -> dict[int, tuple[float, float]]:
    """From each scale to its relative error, and the ratio of largest to least value in reach."""
    return {scale: (relative_error(scale), 2.0 ** (BUCKETS * 2.0**-scale)) for scale in range(7)}


def scale_index(values: np.ndarray, scale: int) -> np.ndarray:
    """Bucket of each value: index i holds what is above b**i and at most b**(i + 1)."""
    return np.ceil(np.log2(values) * 2.0**scale).astype(np.int64) - 1


def merged_down(index: np.ndarray) -> np.ndarray:
    """The same buckets at the next smaller scale, where two neighbours are one."""
    return index >> 1


def interpolated(level: float, edges: np.ndarray, counts: np.ndarray) -> float:
    """A quantile of a histogram as Prometheus finds it: on a straight line within a bucket.

    Parameters
    ----------
    level : float
        From 0 to 1.
    edges : ndarray, (buckets + 1,)
        Rising.
    counts : ndarray, (buckets,)
        How many values lie in each.
    """
    below = np.append(0.0, np.cumsum(counts))
    return float(np.interp(level * below[-1], below, edges))
