"""Alert rules: burn rates, how long a CUSUM runs, and all of them on drawn nights."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import gammaln, ndtr, xlogy

from edgelab.core import allowed
from edgelab.kernels import alerts
from edgelab.kernels.draws import stream_key
from edgelab.topics.observability.fleet import Sight

__all__ = [
    "ALL", "EACH", "KINDS", "MINUTES", "MONTH_MIN", "PERIOD_H", "RULES", "SCOPES", "TWO_WINDOWS",
    "WORKBOOK", "BurnRule", "Watch", "drawn_nights", "rules", "run_length",
    "run_length_drawn", "workbook",
]  # fmt: skip

KINDS = ("1 minute", "1 window", "2 windows", "CUSUM")
TWO_WINDOWS = KINDS[2]
#: Whether one rule watches all PoPs as one, or one each of them.
SCOPES = ALL, EACH = "all", "each"
RULES = tuple(f"{kind}, {scope}" for scope in SCOPES for kind in KINDS)
#: Minutes of a night, in which a rule looks once a minute.
MINUTES = 240

#: Hours of the 30 days in which the budget may be spent, and their minutes.
PERIOD_H, MONTH_MIN = 720.0, 30 * 24 * 60
#: Quadrature points of a CUSUM's integral equation.
POINTS = 80


class BurnRule(NamedTuple):
    """Fires while every window has at least `burn` times the bad requests that the budget allows.

    Without a second window `short_h` is the same as `long_h`.
    """

    burn: float
    long_h: float
    short_h: float
    kind: str = ""

    @property
    def spent(self) -> float:
        """Share of the budget that is gone when it fires, if nothing was bad before."""
        return self.burn * self.long_h / PERIOD_H

    def fires_after_h(self, bad: float, usual: float, budget: float) -> float:
        """Hours until it fires, once the share of bad requests goes from usual to `bad`; or inf.

        A window of W hours has the share usual + (bad - usual) t / W after t hours.
        """
        least = self.burn * budget
        if usual >= least:
            return 0.0
        return self.long_h * (least - usual) / (bad - usual) if bad >= least else np.inf

    def resets_after_h(self, bad: float, usual: float, budget: float) -> float:
        """Hours until it falls silent, once a fault that made it fire is over; inf if it never is.

        A window of W hours is below the rule when all but W (burn budget - usual) / (bad - usual)
        hours of the fault have left it; the short one is the first.
        """
        least = self.burn * budget
        if bad < least:
            return np.nan
        return np.inf if usual >= least else self.short_h * (bad - least) / (bad - usual)

    def most_equal_pops(self, budget: float) -> int:
        """Among how many equal PoPs one that is dead can make it fire at all; 0 if none."""
        return int(1 / (self.burn * budget) * (1 + 1e-12))


#: The rules of "The Site Reliability Workbook", chapter 5, at an SLO over 30 days; each short
#: window is a twelfth of the long one (sre.google/workbook/alerting-on-slos).
WORKBOOK = (
    BurnRule(14.4, 1, 1 / 12, "page"),
    BurnRule(6, 6, 6 / 12, "page"),
    BurnRule(3, 24, 24 / 12, "ticket"),
    BurnRule(1, 72, 72 / 12, "ticket"),
)


def _one_sided(shift: float, k: float, h: float, head: float) -> tuple[float, float]:
    """Mean run of a CUSUM that starts at `head`, and of one that starts at 0."""
    x, w = np.polynomial.legendre.leggauss(POINTS)
    x, w = np.append(h * (x + 1) / 2, 0.0), h * w / 2

    def goes_on(u):
        """From sums `u` to a sum near each point, or back to 0, which is the last one."""
        step = x[:-1] + k - shift - u[:, None]
        density = w * np.exp(-(step**2) / 2) / np.sqrt(2 * np.pi)
        return np.column_stack([density, ndtr(k - shift - u)])

    runs = np.linalg.solve(np.eye(POINTS + 1) - goes_on(x), np.ones(POINTS + 1))
    return float(1 + goes_on(np.array([head]))[0] @ runs), float(runs[-1])


def _scheme(shift, k, h, head) -> tuple[float, float, float, float]:
    """The arguments of `run_length`, checked."""
    k, h = float(allowed.number("k", k, 0, 5)), float(allowed.number("h", h, 0.1, 8))
    shift, head = allowed.number("shift", shift, -10, 10), allowed.number("head", head, 0, h)
    return float(shift), k, h, float(head)


def run_length(
    shift: float, k: float = 0.5, h: float = 4.0, head: float = 0.0, two_sided: bool = True
) -> float:
    """Mean number of values until a CUSUM of normal values fires, exactly.

    The sum S = max(0, S + value - k) fires above h; a second sum watches for a fall. Page,
    "Continuous inspection schemes", Biometrika 41 (1954); the integral equation for one sum is
    solved at quadrature points, and two sums are joined as Lucas and Crosier, "Fast initial
    response for CUSUM quality-control schemes", Technometrics 24 (1982), do it.

    Parameters
    ----------
    shift : float
        Mean of the values in their standard deviations, -10 to 10; usual is 0.
    k : float
        What is taken from each value, 0 to 5.
    h : float
        Where it fires, 0.1 to 8.
    head : float
        Where the sums start, 0 to h.
    two_sided : bool
        Whether the second sum is there.

    Returns
    -------
    float

    Raises
    ------
    TypeError, ValueError
        If one is out of range.

    Examples
    --------
    >>> import edgelab as el
    >>> round(el.Fleet.run_length(0, k=0.5, h=4), 1)
    167.7
    """
    shift, k, h, head = _scheme(shift, k, h, head)
    up, up_0 = _one_sided(shift, k, h, head)
    if not allowed.flag("two_sided", two_sided):
        return up
    down, down_0 = _one_sided(-shift, k, h, head)
    # All over the largest: a sum that hardly ever fires has a run near the largest float.
    most = max(up_0, down_0)
    joined = up * (down_0 / most) + down * (up_0 / most) - min(up_0, down_0)
    return float(joined / (up_0 / most + down_0 / most))


def run_length_drawn(
    shift: float,
    k: float = 0.5,
    h: float = 4.0,
    head: float = 0.0,
    two_sided: bool = True,
    runs: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """The mean of `run_length` over so many drawn runs, and its standard error."""
    out = np.zeros(runs, np.int64)
    alerts.run_lengths(stream_key(seed, 10_000_001), shift, k, h, head, two_sided, out)
    return float(out.mean()), float(out.std(ddof=1) / np.sqrt(runs))


# -- drawn nights ---------------------------------------------------------------------------------


class Watch(NamedTuple):
    """How the rules of a drawn night are set, and what they see of the requests."""

    budget: float
    requests_per_s: float
    sampled: float
    burn: float
    alert_window_min: float
    cusum_h: float


@lru_cache(maxsize=64)
def drawn_nights(
    sight: Sight, watch: Watch, scope: str, nights: int, ticks: int
) -> tuple[np.ndarray, np.ndarray]:
    """Watch drawn nights whose fault begins with them, once a minute.

    Parameters
    ----------
    sight : Sight
        The fleet. Without a fault every series is watched, with one those that have it.
    watch : Watch
        How the rules are set.
    scope : str
        One of `SCOPES`.
    nights, ticks : int
        How many, and of how many minutes.

    Returns
    -------
    alarms, found : int64 ndarray, (nights, rules)
        How often each of `KINDS` fired where there is no fault, and after how many minutes where
        there is one; -1 for never.
    """
    some = sight.fault != ""
    bad, faulty = sight.bad * sight.seen, sight.faulty
    lines_a_tick = watch.requests_per_s * 60 * watch.sampled * sight.traffic
    usual = sight.usual_errors
    if scope == ALL:
        bad, lines_a_tick = np.array([sight.traffic @ bad]), np.array([lines_a_tick.sum()])
        faulty = np.array([some])
    elif some:
        bad, lines_a_tick, faulty = bad[faulty], lines_a_tick[faulty], faulty[faulty]
    tables, keep, other = _tables(np.concatenate([usual * lines_a_tick, bad * lines_a_tick]))
    least = watch.burn * watch.budget
    # Evidence in a Poisson count x for a mean c = least / usual times as large: x ln c - m (c - 1).
    more = least / max(usual, 1e-9)
    scheme = np.column_stack(
        [
            np.full(len(bad), np.log(max(more, 1.0))),
            max(usual, 1e-9) * lines_a_tick * max(more - 1, 0.0),
            np.full(len(bad), watch.cusum_h),
        ]
    )
    long = int(watch.alert_window_min)
    return alerts.simulate(
        nights, ticks, stream_key(sight.seed, 10_000_010 + some),
        tables.reshape(2, len(bad), 3), keep, other, faulty, 0,
        usual * lines_a_tick, least * lines_a_tick, np.array([long, long // 12]), scheme,
    )  # fmt: skip


def _tables(means: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tables of aliases of Poisson counts, as `edgelab.kernels.alerts.watch` takes them."""
    wide = 9 * np.sqrt(means) + 12
    first = np.maximum(means - wide, 0).astype(np.int64)
    size = (means + wide).astype(np.int64) + 1 - first
    start = np.append(0, np.cumsum(size)[:-1])
    values = np.arange(size.sum()) - np.repeat(start - first, size)
    mean = np.repeat(means, size)
    with np.errstate(under="ignore"):
        share = np.exp(xlogy(values, mean) - mean - gammaln(values + 1))
    return np.column_stack([start, size, first]), *alerts.alias_tables(share, start)


def _median(ticks: np.ndarray) -> float:
    """Median of ticks, of which -1 is never."""
    return float(np.median(np.where(ticks < 0, np.inf, ticks)))


# -- frames ---------------------------------------------------------------------------------------


def workbook(sight: Sight, watch: Watch, nights: int = 0) -> pd.DataFrame:
    """The frame of `edgelab.Fleet.alerts`: from so many drawn nights, or of none in closed form."""
    rows = []
    for rule in WORKBOOK:
        given = sight.bad_requests, sight.usual_errors, watch.budget
        alone = sight.bad[sight.faulty][0], *given[1:]
        after = [rule.fires_after_h(*given), rule.fires_after_h(*alone)]
        if nights:
            after = [_drawn_h(rule, sight, watch, scope, nights) for scope in SCOPES]
        end = rule.resets_after_h(*given), rule.most_equal_pops(watch.budget)
        rows.append((*rule, after[0], 3600 * after[1], rule.spent, *end))
    columns = ["burn", "long_h", "short_h", "kind", "fires_after_h", "each_pop_after_s"]
    columns += ["spent", "resets_after_h", "most_equal_pops"]
    return pd.DataFrame(rows, columns=columns)


def _drawn_h(rule: BurnRule, sight: Sight, watch: Watch, scope: str, nights: int) -> float:
    """Median hours until a rule fires on drawn counts."""
    watch = watch._replace(burn=rule.burn, alert_window_min=60 * rule.long_h)
    _, found = drawn_nights(sight, watch, scope, nights, 1800)
    return _median(found[:, KINDS.index(TWO_WINDOWS)]) / 60


@lru_cache(maxsize=64)
def rules(sight: Sight, watch: Watch, nights: int) -> pd.DataFrame:
    """The frame of `edgelab.Fleet.rules`; shared, so not to be changed."""
    rows = []
    for scope in SCOPES:
        given = watch, scope, nights, MINUTES
        alarms, _ = drawn_nights(sight.quiet, *given)
        _, found = drawn_nights(sight, *given)
        a_month = MONTH_MIN / MINUTES * alarms.mean(axis=0)
        missed = (found < 0).mean(axis=0)
        took = [_median(each) for each in found.T]
        rows += zip(took, missed, a_month, strict=True)
    columns = ["detect_min", "missed", "false_alarms"]
    return pd.DataFrame(rows, pd.Index(RULES, name="rule"), columns)
