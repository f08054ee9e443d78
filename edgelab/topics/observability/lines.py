"""Log lines: by whose clock, how many, what a sample of them finds, and a hidden cause in them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import ceil, log, log1p
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr

from edgelab.core import datasets
from edgelab.core.constants import constant, value
from edgelab.topics.observability import alerts

__all__ = [
    "CAUSES", "Cause", "HybridClock", "LamportClock", "cause_of", "collector", "incident",
    "sampling", "trace", "volume", "wrong_order",
]  # fmt: skip

#: Hidden causes, in words.
CAUSES = (
    "one PoP fails",
    "one PoP is slow",
    "one version fails",
    "one PoP's clock is off",
    "one continent's lines come late",
    "everybody fails for some minutes",
)
#: The lines of an incident, and the half hour that they are from.
LINES = 1_000_000
BEGIN, MINUTES = np.datetime64("2026-05-29T19:30:00"), 30
VERSIONS = ("v41", "v42", "v43")
#: Share of each version, of requests that fail on any day, and of a cause's that are hit.
VERSION_SHARES, USUAL, HIT = (0.55, 0.33, 0.12), 0.002, (0.25, 0.6)
#: Lines come to the collector after this mean; a continent that was cut off, after these minutes.
LATE_S, CUT_OFF_S = 2.0, (240.0, 480.0)


# -- clocks ---------------------------------------------------------------------------------------


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


# -- how many -------------------------------------------------------------------------------------


def volume(requests_per_s: float, sampled: float) -> pd.Series:
    """The figures of `edgelab.Fleet.volume`."""
    count = requests_per_s * 60 * alerts.MINUTES
    size, free, price = constant("log_line_bytes"), value("log_lines_free"), "log_usd_per_million"

    def usd(kept):
        return max(kept - free, 0) / 1e6 * value(price)

    return pd.Series(
        {
            "lines": count,
            "lines_kept": count * sampled,
            "least_tb": count * size.low / 1e12,
            "most_tb": count * size.high / 1e12,
            "home_min": count * size.high * 8 / (value("home_link_gbit_s") * 1e9) / 60,
            "usd": usd(count),
            "usd_kept": usd(count * sampled),
            "over_cap": count / value("log_lines_cap"),
        }
    )


def sampling(requests_per_s: float, sampled: float, bad: float, sure: float) -> pd.DataFrame:
    """The frame of `edgelab.Fleet.sampling`, where such a share is bad."""
    count = requests_per_s * 60 * alerts.MINUTES
    needed = 1 if sampled >= 1 else ceil(log(1 - sure) / log1p(-sampled))
    rows = [(round(count * sampled), needed), (round(count * (sampled * (1 - bad) + bad)), 1)]
    index = pd.Index(["head", "tail"], name="sampling")
    return pd.DataFrame(rows, index, ["lines_kept", "events_needed"])


def collector(per_s: float, takes_per_s: float, times: float, lasts_min: float) -> pd.DataFrame:
    """The frame of `edgelab.Fleet.collector`, as a fluid.

    Lines come `times` as often for `lasts_min` from minute 0 on; a queue grows by what comes above
    what is taken, and shrinks likewise.
    """
    minute = np.arange(0, alerts.MINUTES + 1)
    peak = max(per_s * times - takes_per_s, 0.0) * 60
    inside = np.minimum(minute, lasts_min) * peak
    empties = max(takes_per_s - per_s, 0.0) * 60
    waiting = np.maximum(inside - np.maximum(minute - lasts_min, 0) * empties, 0.0)
    late = waiting / takes_per_s / 60
    return pd.DataFrame({"minute": minute, "waiting": waiting, "late_min": late})


# -- an incident ----------------------------------------------------------------------------------


class Cause(NamedTuple):
    """What hides in an incident: which of `CAUSES`, its name, share of requests hit, minutes."""

    kind: str
    name: str
    hit: float
    begin_min: int
    end_min: int


@lru_cache(maxsize=1)
def _world() -> pd.DataFrame:
    """The first 312 PoPs, and the traffic of each, from busy to quiet in a fixed order."""
    pops = datasets.pops().iloc[:312]
    rank = np.random.default_rng(10_000_003).permutation(len(pops)) + 1.0
    return pops.assign(traffic=(1 / rank) / (1 / rank).sum()).reset_index(drop=True)


def cause_of(seed: int) -> Cause:
    """What hides in the incident of a seed; for a teacher."""
    rng = np.random.default_rng([seed, 10_000_004])
    kind = CAUSES[rng.integers(len(CAUSES))]
    pops = _world()
    # Neither so busy that it is the whole, nor so quiet that nobody could see it.
    middling = pops.loc[pops["traffic"].between(0.001, 0.005), "code"]
    continents = pops.groupby("continent")["traffic"].sum()
    begin = int(rng.integers(5, 15))
    end = MINUTES
    if "PoP" in kind:
        name = str(rng.choice(middling))
    elif "version" in kind:
        name = str(rng.choice(VERSIONS))
    elif "continent" in kind:
        name = str(rng.choice(continents.index[continents < 0.2]))
        end = begin + int(rng.integers(6, 10))
    else:
        end = begin + int(rng.integers(2, 4))
        name = str((BEGIN + np.timedelta64(begin, "m")).astype("datetime64[m]"))[-5:]
    return Cause(kind, name, float(rng.uniform(*HIT)), begin, end)


def _touched(cause: Cause, minute: np.ndarray, lines: pd.DataFrame) -> np.ndarray:
    """Which lines come from where the cause is, while it lasts."""
    during = (minute >= cause.begin_min) & (minute < cause.end_min)
    if "everybody" in cause.kind:
        return during
    if "version" in cause.kind:
        return during & (lines["version"] == cause.name).to_numpy()
    pops = datasets.pops()
    there = pops.loc[(pops["code"] == cause.name) | (pops["continent"] == cause.name), "code"]
    return during & lines["pop"].isin(there).to_numpy()


@lru_cache(maxsize=1)
def incident(seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """A million log lines, as `Fleet.incident` gives them, and which of them the cause touches.

    Both are shared, so not to be changed.
    """
    cause, pops = cause_of(seed), _world()
    rng = np.random.default_rng([seed, 10_000_005])
    minute = np.sort(rng.random(LINES)) * MINUTES
    pop = np.searchsorted(pops["traffic"].cumsum(), rng.random(LINES)).clip(0, len(pops) - 1)
    version = np.searchsorted(np.cumsum(VERSION_SHARES), rng.random(LINES)).clip(0, 2)
    median_ms = 18 * np.exp(0.5 * rng.standard_normal(len(pops)))
    duration_ms = median_ms[pop] * np.exp(0.35 * rng.standard_normal(LINES))
    failed = rng.random(LINES) < USUAL
    late_s = rng.exponential(LATE_S, LINES)
    off_s = rng.normal(0, 0.01, len(pops))[pop]
    lines = pd.DataFrame(
        {
            "time": minute,
            "received": minute,
            "pop": pd.Categorical.from_codes(pop, pops["code"]),
            "version": pd.Categorical.from_codes(version, list(VERSIONS)),
            "status": np.int16(200),
            "duration_ms": np.float32(0),
            "ray": rng.integers(0, 2**63, LINES, dtype=np.uint64),
        }
    )
    there = _touched(cause, minute, lines)
    hit = there & (rng.random(LINES) < cause.hit)
    if "fail" in cause.kind:
        failed |= hit
    elif "slow" in cause.kind:
        duration_ms[hit] += rng.exponential(600, hit.sum())
    elif "clock" in cause.kind:
        off_s[there] += 60 * (2 + 6 * cause.hit)
    else:
        late_s[there] += rng.uniform(*CUT_OFF_S, there.sum())
    lines["status"] = np.where(failed, np.int16(503), np.int16(200))
    lines["duration_ms"] = duration_ms.astype(np.float32).round(2)
    for column, seconds in (("time", off_s), ("received", late_s)):
        lines[column] = BEGIN + (1000 * (60 * minute + seconds)).astype("timedelta64[ms]")
    return lines, there
