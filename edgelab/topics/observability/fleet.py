"""The fleet: who gets which traffic, where the fault is, how late answers come, who stands out."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import bdtrik, betainc, ndtr, pdtr, pdtrik

from edgelab.core import datasets
from edgelab.core.constants import value
from edgelab.kernels import histogram
from edgelab.topics.night.model import CricStream

__all__ = [
    "BAD", "CLOCK", "CUT", "DEAD", "FAULTS", "LEVELS", "ONE_POP", "POPS", "REGION", "SLOW",
    "VERSION", "Latencies", "Sight", "by_pop", "global_figures", "interpolated", "limits",
    "merged_down", "percentiles", "relative_error", "requests_per_s", "scale_index",
    "scale_table",
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
#: A PoP is called out if chance makes so many bad requests less often, in the whole fleet.
CHANCE = 0.001


@lru_cache(maxsize=16)
def requests_per_s(per_viewer_min: float) -> float:
    """Requests a second of all viewers."""
    return CricStream(requests_per_viewer_min=per_viewer_min).requests_per_s


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
    def bad_requests(self) -> float:
        """Share of all requests seen that are bad."""
        weight = self.traffic * self.seen
        return float(weight @ self.bad / weight.sum())

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
def _pops() -> pd.DataFrame:
    return datasets.pops().iloc[:POPS].set_index("code")


def _codes() -> np.ndarray:
    return _pops().index.to_numpy(str)


@lru_cache(maxsize=16)
def _faulty(fault: str, version_share: float, seed: int) -> np.ndarray:
    if fault == VERSION:
        order = np.random.default_rng([seed, 10_000_007]).permutation(POPS)
        return order < max(round(version_share * POPS), 1)
    if fault == REGION:
        return _pops()["continent"].to_numpy(str) == CUT
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
def _quantiles_ms(sight: Sight) -> tuple[float, ...]:
    """The quantiles of `LEVELS` over all requests whose lines are seen."""
    mix = Latencies(sight.traffic * sight.seen, sight.late)
    return tuple(mix.quantiles_ms(np.array(list(LEVELS.values()))))


@lru_cache(maxsize=16)
def global_figures(sight: Sight) -> pd.DataFrame:
    """The frame of `edgelab.Fleet.global_figures`; shared, so not to be changed."""
    usual, now = map(_quantiles_ms, (sight.quiet, sight))
    figures = {"usual": [*usual, sight.usual_errors], "now": [*now, sight.bad_requests]}
    return pd.DataFrame(figures, index=pd.Index([*LEVELS, "bad"], name="figure"))


def percentiles(sight: Sight, level: float) -> pd.DataFrame:
    """The frame of `edgelab.Fleet.percentiles`."""
    mix, levels = Latencies(sight.traffic, sight.late), np.array([level])
    exact, each = mix.quantiles_ms(levels)[0], mix.each_pop_ms(level)
    edges = histogram.bin_edges_ms()
    merged = np.diff(np.append(mix.within(edges[:-1]), 1.0)).clip(0.0)
    ways = {
        "exact": exact,
        "PoPs' histograms, merged": histogram.quantiles(merged[None], edges, levels)[0, 0],
        "mean of the PoPs' own": each.mean(),
        "mean, weighted by traffic": sight.traffic @ each,
        "largest of the PoPs' own": each.max(),
    }
    found = pd.DataFrame({"ms": ways}).rename_axis("way")
    return found.assign(error=found["ms"] / exact - 1)


# -- who stands out -------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def by_pop(sight: Sight, count: float) -> pd.DataFrame:
    """The frame of `edgelab.Fleet.by_pop`, of a window with so many lines; not to be changed."""
    pops = _pops()
    expected = count * sight.traffic
    even = np.random.default_rng([sight.seed, 10_000_008]).random((2, POPS))
    lines_seen = np.ceil(pdtrik(even[0], expected * sight.seen))
    bad = _binomial_quantile(even[1], lines_seen, sight.bad)
    chance = CHANCE / POPS
    return pd.DataFrame(
        {
            "city": pops["city"],
            "traffic": sight.traffic,
            "faulty": sight.faulty,
            "expected": expected,
            "lines": lines_seen.astype(int),
            "bad": bad.astype(int),
            "share": bad / np.maximum(lines_seen, 1),
            "above": (bad > 0) & (_more_than(bad - 1, lines_seen, sight.usual_errors) < chance),
            "silent": pdtr(lines_seen, expected) < chance,
        },
        index=pops.index,
    )


def limits(count: np.ndarray, usual: float) -> tuple[np.ndarray, np.ndarray]:
    """The limits of `edgelab.Fleet.limits`, where so many are bad as usual."""
    out = []
    for chance in (CHANCE, CHANCE / POPS):
        most = _binomial_quantile(1 - chance, count, usual)
        above = _more_than(most, count, usual)
        step = _more_than(most - 1, count, usual) - above
        part = np.divide(chance - above, step, out=np.zeros_like(most), where=step > 0)
        out.append((most + 1 - np.clip(part, 0, 1)) / count)
    return out[0], out[1]


# SciPy's own binomials would load more of it than a first panel has time for.


def _binomial_quantile(level, count, share) -> np.ndarray:
    """The least number of bad ones, of so many, that is not exceeded with this probability."""
    sure = (share > 0) & (count > 0)
    return np.where(sure, np.ceil(bdtrik(level, np.maximum(count, 1), np.maximum(share, 1e-9))), 0)


def _more_than(number, count, share) -> np.ndarray:
    """The probability of more bad ones than `number` of so many."""
    inside = (number >= 0) & (number < count)
    found = betainc(np.where(inside, number + 1, 1), np.where(inside, count - number, 1), share)
    return np.where(inside, found, number < 0)


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
