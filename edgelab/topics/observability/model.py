"""A fleet of PoPs with a fault in it, and what its figures, its rules and its log lines show."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import bdtrik, betainc, pdtr, pdtrik

from edgelab.core import allowed, datasets
from edgelab.core.constants import constant, value
from edgelab.core.knobs import Model, knob, shared
from edgelab.core.words import counted, percent
from edgelab.kernels import histogram
from edgelab.topics.night.model import CricStream
from edgelab.topics.observability import alerts, clocks, lines
from edgelab.topics.observability.alerts import (
    ALL,
    KINDS,
    MINUTES,
    RULES,
    SCOPES,
    TWO_WINDOWS,
    BurnRule,
    Watch,
    drawn_nights,
    run_length,
)
from edgelab.topics.observability.fleet import (
    CLOCK,
    CUT,
    DEAD,
    FAULTS,
    LEVELS,
    ONE_POP,
    POPS,
    REGION,
    SLOW,
    VERSION,
    Latencies,
    Sight,
    latency_quantiles_ms,
)

__all__ = ["Fleet"]

#: A PoP is called out if chance makes so many bad requests less often, in the whole fleet.
CHANCE = 0.001
#: True times from cause to effect, of a curve.
GAPS_MS = tuple(np.geomspace(0.1, 1000, 81))


@dataclass(frozen=True, kw_only=True, repr=False)
class Fleet(Model):
    """312 PoPs, one fault, and whoever watches: dashboards, alert rules, log lines.

    A request is bad if it fails, or comes later than the 300 ms after which a panel counts as
    blank. Every PoP has viewers, from a busy one to a quiet one; the bad PoP is Singapore's.

    Examples
    --------
    >>> import edgelab as el
    >>> el.Fleet(usual_errors=0).alerts()["fires_after_h"].round(2).tolist()
    [inf, inf, 22.46, 22.46]
    """

    main = ("fault", "bad_share", "depth", "window_s", "sampled", "rule", "burn")

    fault: str = knob(
        DEAD,
        label="Fault",
        symbol="F",
        unit="",
        choices=FAULTS,
        meaning="What is wrong, and where.",
        source="assumption",
    )
    bad_share: float = knob(
        1 / POPS,
        label="Bad PoP's traffic",
        symbol="s",
        unit="share",
        low=0.0002,
        high=0.1,
        log=True,
        stops=(
            *(0.0002, 0.0005, 0.001, 0.002, 1 / POPS, 0.004, 0.005, 1 / 166, 0.007, 0.0099, 0.0101),
            *(0.012, 1 / 69, 0.02, 0.03, 0.05, 0.1),
        ),
        meaning="The bad PoP's share of all requests.",
        source="one of 312 equal PoPs",
    )
    depth: float = knob(
        1.0,
        label="Depth",
        symbol="d",
        unit="share",
        low=0.001,
        high=1.0,
        stops=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0),
        meaning="Share of the requests at the faulty place that fail or are slow; where it is cut "
        "off, or its clock is off, of the lines that are missing in the window.",
        source="assumption",
    )
    window_s: float = knob(
        300.0,
        label="Window",
        symbol="T",
        unit="s",
        low=10.0,
        high=14_400.0,
        stops=(10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400.0),
        meaning="The last so many seconds that the dashboard counts.",
        source="assumption",
    )
    sampled: float = knob(
        0.01,
        label="Sample kept",
        symbol="p",
        unit="share",
        low=0.0001,
        high=1.0,
        stops=(0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
        meaning="Share of the log lines that is kept, chosen before anyone knows how the request "
        "ends; dashboards and rules count these.",
        source="Cloudflare docs, Workers Logs: a 1 % head sample beyond 5 billion lines a day",
    )
    rule: str = knob(
        f"{TWO_WINDOWS}, {ALL}",
        label="Alert rule",
        symbol="R",
        unit="",
        choices=RULES,
        meaning="What wakes somebody up, watching all PoPs as one, or each by itself. All rules "
        "look once a minute.",
        source="The Site Reliability Workbook, chapter 5",
    )
    burn: float = knob(
        14.4,
        label="Burn rate",
        symbol="b",
        unit="",
        low=0.5,
        high=100.0,
        log=True,
        stops=(0.5, 0.8, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 14.4, 20, 30, 50, 100.0),
        meaning="The rule looks for so many times the bad requests that the budget allows.",
        source="The Site Reliability Workbook, chapter 5",
    )
    alert_window_min: float = knob(
        60.0,
        label="Rule's long window",
        symbol="W",
        unit="min",
        low=12.0,
        high=4320.0,
        stops=(12, 24, 60, 120, 360, 720, 1440, 4320.0),
        meaning="What a rule with windows counts over; the short window is a twelfth of it.",
        source="The Site Reliability Workbook, chapter 5",
    )
    cusum_h: float = knob(
        10.0,
        label="CUSUM's limit",
        symbol="h",
        unit="",
        low=1.0,
        high=30.0,
        meaning="A CUSUM adds up the evidence (the logarithm of the odds) that there are b times "
        "the allowed bad requests and not the usual ones, and fires above this.",
        source="assumption",
    )
    slo: float = knob(
        0.999,
        label="SLO",
        symbol="O",
        unit="share",
        low=0.9,
        high=0.9999,
        stops=(0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999),
        meaning="Service level objective: the share of requests that are to be good, over 30 "
        "days. The rest is the error budget.",
        source="The Site Reliability Workbook, chapter 5",
    )
    usual_errors: float = knob(
        0.0001,
        label="Usual bad requests",
        symbol="u",
        unit="share",
        low=0.0,
        high=0.005,
        stops=(0.0, 0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005),
        meaning="Share of requests that are bad on any day, at every PoP.",
        source="assumption, a tenth of the budget",
    )
    version_share: float = knob(
        0.1,
        label="New version's share",
        symbol="v",
        unit="share",
        low=0.01,
        high=1.0,
        stops=(0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0),
        meaning="Share of the PoPs that have the new version.",
        source="assumption",
    )
    skew: float = knob(
        1.0,
        label="Busy and quiet PoPs",
        symbol="k",
        unit="",
        low=0.0,
        high=1.5,
        meaning="A PoP's traffic falls with its rank to the power of this; 0 makes all equal.",
        source="assumption",
    )
    clock_error_ms: float = knob(
        10.0,
        label="Clock error",
        symbol="e",
        unit="ms",
        low=0.0,
        high=500.0,
        stops=(0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500.0),
        meaning="Standard deviation by which a PoP's clock is off.",
        source="NTP keeps clocks within tens of ms over the Internet (Wikipedia)",
    )
    gap_ms: float = knob(
        10.0,
        label="True gap",
        symbol="g",
        unit="ms",
        low=0.1,
        high=1000.0,
        log=True,
        meaning="Time from a cause at one PoP to its effect at another.",
        source="assumption",
    )
    requests_per_viewer_min: float = shared(CricStream, "requests_per_viewer_min")
    collector_share: float = knob(
        1.5,
        label="Collector's capacity",
        symbol="m",
        unit="times",
        low=1.0,
        high=10.0,
        meaning="Lines a second that the collector takes, over those of a usual minute.",
        source="assumption",
    )
    nights: int = knob(
        300,
        label="Drawn nights",
        symbol="n",
        unit="nights",
        low=4,
        high=2000,
        log=True,
        meaning="How many nights the false alarms are counted in, and the fault found in.",
        source="assumption",
    )
    seed: int = shared(CricStream, "seed")

    # -- the fleet and its fault ---------------------------------------------------------------

    @property
    def budget(self) -> float:
        """Share of requests that may be bad."""
        # The nearest short decimal: 1 - 0.999 is not quite a thousandth.
        return round(1 - self.slo, 12)

    @property
    def requests_per_s(self) -> float:
        """Requests a second of all viewers."""
        return CricStream(requests_per_viewer_min=self.requests_per_viewer_min).requests_per_s

    @property
    def own_share(self) -> float:
        """Singapore's share of the requests."""
        return self.bad_share if self.fault in ONE_POP else 1 / POPS

    @property
    def _sight(self) -> Sight:
        return self._take(Sight)

    @property
    def bad_requests(self) -> float:
        """Share of all requests seen that are bad."""
        sight = self._sight
        weight = sight.traffic * sight.seen
        return float(weight @ sight.bad / weight.sum())

    @property
    def burn_rate(self) -> float:
        """How many times as fast as it may the budget burns."""
        return self.bad_requests / self.budget

    # -- frames --------------------------------------------------------------------------------

    def by_pop(self) -> pd.DataFrame:
        """What the dashboard's window shows of each PoP.

        Returns
        -------
        pandas.DataFrame
            Indexed by PoP code: ``city``, ``traffic`` (share of all requests), ``faulty``,
            ``expected`` (sampled lines that a usual window has), ``lines`` and ``bad`` (drawn),
            ``share`` of the lines that are bad; ``above``: more are bad than chance makes once
            in a thousand windows of the whole fleet; and ``silent``: fewer lines than chance
            leaves, by the same measure.
        """
        return _by_pop(self._sight, self.requests_per_s * self.window_s * self.sampled).copy()

    def limits(self, count: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Control limits of the share of bad requests among so many lines.

        Parameters
        ----------
        count : array_like
            Lines, at least 1 each.

        Returns
        -------
        ndarray, ndarray
            The share that chance exceeds once in a thousand windows of one such PoP, and of the
            whole fleet: binomial, interpolated as D. J. Spiegelhalter, "Funnel plots for
            comparing institutional performance", Statistics in Medicine 24 (2005), does it.
        """
        out, usual = [], self.usual_errors
        count = np.rint(allowed.array("count", count, 1, 1e15))
        for chance in (CHANCE, CHANCE / POPS):
            most = _binomial_quantile(1 - chance, count, usual)
            above = _more_than(most, count, usual)
            step = _more_than(most - 1, count, usual) - above
            part = np.divide(chance - above, step, out=np.zeros_like(most), where=step > 0)
            out.append((most + 1 - np.clip(part, 0, 1)) / count)
        return out[0], out[1]

    def global_figures(self) -> pd.DataFrame:
        """What one dashboard for all PoPs shows.

        Returns
        -------
        pandas.DataFrame
            ``usual`` and ``now``, in rows ``p50_ms``, ``p99_ms``, ``p99.9_ms`` and ``bad``, the
            share of bad requests; exact, of all requests whose lines are seen.
        """
        sight = self._sight
        usual, now = map(latency_quantiles_ms, (sight.quiet, sight))
        figures = {"usual": [*usual, self.usual_errors], "now": [*now, self.bad_requests]}
        return pd.DataFrame(figures, index=pd.Index([*LEVELS, "bad"], name="figure"))

    def percentiles(self, level: float = 0.99) -> pd.DataFrame:
        """One percentile over all PoPs, found in five ways.

        Parameters
        ----------
        level : float
            Above 0 and below 1.

        Returns
        -------
        pandas.DataFrame
            Indexed by the way: ``ms``, and ``error``, how far that is off the exact one.
        """
        level = allowed.number("level", level, above=0, below=1)
        sight = self._sight
        mix = Latencies(sight.traffic, sight.late)
        exact = mix.quantiles_ms(np.array([level]))[0]
        each = mix.each_pop_ms(level)
        edges = histogram.bin_edges_ms()
        merged = np.diff(np.append(mix.within(edges[:-1]), 1.0)).clip(0.0)
        ways = {
            "exact": exact,
            "PoPs' histograms, merged": histogram.quantiles(merged[None], edges, np.array([level]))[
                0, 0
            ],
            "mean of the PoPs' own": each.mean(),
            "mean, weighted by traffic": sight.traffic @ each,
            "largest of the PoPs' own": each.max(),
        }
        found = pd.DataFrame({"ms": ways}).rename_axis("way")
        return found.assign(error=found["ms"] / exact - 1)

    # -- alerts --------------------------------------------------------------------------------

    def alerts(self, method: str = "closed form") -> pd.DataFrame:
        """When the four rules of the Site Reliability Workbook see the fault.

        Parameters
        ----------
        method : str
            "closed form", or "drawn": the median of drawn nights, in which a rule looks once a
            minute, up to 30 hours after the fault began.

        Returns
        -------
        pandas.DataFrame
            A row for each rule: ``burn``, ``long_h`` and ``short_h`` (its windows, hours),
            ``kind`` (page or ticket), ``fires_after_h`` over all PoPs as one (infinite: never),
            ``each_pop_after_s``, the same for a rule that watches the faulty PoP alone,
            ``spent``, the share of the 30 days' budget that is gone when it fires, if nothing
            was bad before, ``resets_after_h`` when the fault is over, and ``most_equal_pops``
            among which it would see a dead one.
        """
        drawn = allowed.one_of("method", method, ("closed form", "drawn")) == "drawn"
        rows = []
        for rule in alerts.WORKBOOK:
            given = self.bad_requests, self.usual_errors, self.budget
            alone = (self._sight.bad[self._sight.faulty][0], *given[1:])
            after = [rule.fires_after_h(*given), rule.fires_after_h(*alone)]
            if drawn:
                after = [self._drawn_h(rule, scope) for scope in SCOPES]
            end = rule.resets_after_h(*given), rule.most_equal_pops(self.budget)
            rows.append((*rule, after[0], 3600 * after[1], rule.spent, *end))
        columns = ["burn", "long_h", "short_h", "kind", "fires_after_h", "each_pop_after_s"]
        columns += ["spent", "resets_after_h", "most_equal_pops"]
        return pd.DataFrame(rows, columns=columns)

    def _drawn_h(self, rule: BurnRule, scope: str) -> float:
        """Median hours until a rule fires on drawn counts."""
        watch = self._take(Watch)._replace(burn=rule.burn, alert_window_min=60 * rule.long_h)
        _, found = drawn_nights(self._sight, watch, scope, self.nights, 1800)
        return alerts.median(found[:, KINDS.index(TWO_WINDOWS)]) / 60

    def rules(self) -> pd.DataFrame:
        """What each kind of rule costs and finds, on drawn nights of four hours.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``rule``: ``detect_min``, the median time from the fault's beginning until
            the rule fires at a faulty place (infinite if it mostly does not in four hours),
            ``missed``, the share of nights in which it does not, and ``false_alarms``, how often
            it fires in a month of nights with no fault.
        """
        rows, watch = [], self._take(Watch)
        for scope in SCOPES:
            given = watch, scope, self.nights, MINUTES
            alarms, _ = drawn_nights(self._sight.quiet, *given)
            _, found = drawn_nights(self._sight, *given)
            a_month = 30 * 24 * 60 / MINUTES * alarms.mean(axis=0)
            missed = (found < 0).mean(axis=0)
            took = [alerts.median(each) for each in found.T]
            rows += zip(took, missed, a_month, strict=True)
        columns = ["detect_min", "missed", "false_alarms"]
        return pd.DataFrame(rows, pd.Index(RULES, name="rule"), columns)

    run_length = staticmethod(run_length)

    @property
    def chosen(self) -> pd.Series:
        """The row of `rules` that the knob chooses."""
        return self.rules().loc[self.rule]

    # -- clocks --------------------------------------------------------------------------------

    def wrong_order(self, gaps_ms: ArrayLike = GAPS_MS) -> pd.DataFrame:
        """Share of effects that seem to come before their causes.

        Parameters
        ----------
        gaps_ms : array_like
            True times from cause to effect, at least 0.

        Returns
        -------
        pandas.DataFrame
            ``gap_ms``, and ``wrong``: Phi(-gap / (clock error times the root of 2)), since both
            clocks are off by a normal error.
        """
        gaps_ms = np.atleast_1d(allowed.array("gaps_ms", gaps_ms, 0))
        wrong = clocks.wrong_order(gaps_ms, self.clock_error_ms)
        return pd.DataFrame({"gap_ms": gaps_ms.ravel(), "wrong": wrong.ravel()})

    def trace(self, hops: int = 6) -> pd.DataFrame:
        """One request that three PoPs hand on, each by a message that takes the true gap.

        Parameters
        ----------
        hops : int
            How many events, 2 to 1,000.

        Returns
        -------
        pandas.DataFrame
            A row for each event, in the order of cause and effect: ``place``, ``true_ms``,
            ``clock_ms`` (by the place's own clock), the ``lamport`` clock's count, the hybrid
            logical clock's ``hybrid_ms`` and ``hybrid_count``, and ``before_its_cause``: whether
            its own clock says so.
        """
        hops = allowed.whole("hops", hops, 2, 1000)
        places = ["Singapore", "Mumbai", "London"]
        return clocks.trace(places, hops, self.gap_ms, self.clock_error_ms, self.seed)

    # -- log lines -----------------------------------------------------------------------------

    def volume(self) -> pd.Series:
        """What the night's log lines weigh and cost, if every request writes one for four hours.

        Returns
        -------
        pandas.Series
            ``lines``; ``lines_kept`` of the sample; ``least_tb`` and ``most_tb`` of all lines, by
            the vendor's least and largest size; ``home_min``, minutes until the largest is home
            over one line; ``usd`` for all of them, and ``usd_kept`` for the sample;
            ``over_cap``, how many times a day's cap they are.
        """
        count = self.requests_per_s * 60 * MINUTES
        size, free, price = (
            constant("log_line_bytes"),
            value("log_lines_free"),
            "log_usd_per_million",
        )

        def usd(kept):
            return max(kept - free, 0) / 1e6 * value(price)

        return pd.Series(
            {
                "lines": count,
                "lines_kept": count * self.sampled,
                "least_tb": count * size.low / 1e12,
                "most_tb": count * size.high / 1e12,
                "home_min": count * size.high * 8 / (value("home_link_gbit_s") * 1e9) / 60,
                "usd": usd(count),
                "usd_kept": usd(count * self.sampled),
                "over_cap": count / value("log_lines_cap"),
            }
        )

    def sampling(self, sure: float = 0.95) -> pd.DataFrame:
        """What a sample still finds of bad requests, and what it keeps.

        Parameters
        ----------
        sure : float
            Above 0 and below 1.

        Returns
        -------
        pandas.DataFrame
            For ``head`` (kept or not before the request ends) and ``tail`` sampling (after: all
            that is bad, and the same share of the rest): ``lines_kept`` of the night, and
            ``events_needed``, so that one of them is kept with the probability `sure`.
        """
        sure = allowed.number("sure", sure, above=0, below=1)
        count = self.requests_per_s * 60 * MINUTES
        tail = count * (self.sampled * (1 - self.bad_requests) + self.bad_requests)
        rows = [
            (round(count * self.sampled), lines.events_needed(self.sampled, sure)),
            (round(tail), 1),
        ]
        index = pd.Index(["head", "tail"], name="sampling")
        return pd.DataFrame(rows, index, ["lines_kept", "events_needed"])

    def collector(self, times: float = 10.0, lasts_min: float = 10.0) -> pd.DataFrame:
        """Lines that wait at the collector while an incident multiplies them.

        Parameters
        ----------
        times : float
            How many times as many lines there are, 1 to 1,000.
        lasts_min : float
            For how many minutes, 0 to 600.

        Returns
        -------
        pandas.DataFrame
            ``minute`` since the incident began, ``waiting`` lines, and ``late_min``, how many
            minutes old a line is when it is taken.
        """
        times = allowed.number("times", times, 1, 1000)
        lasts_min = allowed.number("lasts_min", lasts_min, 0, 600)
        per_s = self.requests_per_s * self.sampled
        takes = per_s * self.collector_share
        minute = np.arange(0, MINUTES + 1)
        waiting = lines.backlog(minute, per_s, times, lasts_min, takes)
        late = waiting / takes / 60
        return pd.DataFrame({"minute": minute, "waiting": waiting, "late_min": late})

    @staticmethod
    def incident(seed: int) -> pd.DataFrame:
        """A million log lines of half an hour, with one hidden cause.

        Parameters
        ----------
        seed : int
            0 to 2**32 - 1; another seed is another incident.

        Returns
        -------
        pandas.DataFrame
            In the order in which they were written: ``time`` by the PoP's own clock,
            ``received`` by the collector's, ``pop`` and ``version`` that answered, ``status``
            (HTTP), ``duration_ms`` and ``ray``, the request's number. A copy.
        """
        return lines.incident(allowed.whole("seed", seed, 0, 2**32 - 1))[0].copy()

    # -- words ---------------------------------------------------------------------------------

    def idle(self) -> dict[str, str]:
        """The knobs that move nothing as the others stand, and why."""
        none = {}
        if self.fault not in ONE_POP:
            none["bad_share"] = "this fault is not one PoP's"
        if self.fault != VERSION:
            none["version_share"] = "no version is bad"
        return none

    def _short(self) -> dict[str, str]:
        one = self.fault in ONE_POP
        share = percent(self.bad_share, 3)
        return {
            "fault": f"{self.fault} ({share} of the traffic)" if one else self.fault,
            "bad_share": "",
            "depth": "" if self.depth == 1 else f"depth {percent(self.depth, 3)}",
            "window_s": f"{self.window_s:,.0f} s",
            "sampled": f"{percent(self.sampled, 3)} of the lines",
            "burn": f"{self.burn:g} times the budget",
            "rule": f"“{self.rule}”",
        }

    def in_words(self) -> str:
        """What the dashboards and the chosen rule show, in a few sentences."""
        figures = self.global_figures()
        p99 = figures.loc["p99_ms"]
        where = {
            DEAD: "Singapore's PoP is dead", SLOW: "Singapore's PoP is slow",
            VERSION: f"The new version is bad on {counted(int(self._sight.faulty.sum()), 'PoP')}",
            REGION: f"{CUT} is cut off", CLOCK: "Singapore's clock is off",
        }[self.fault]  # fmt: skip
        traffic = percent(self._sight.traffic[self._sight.faulty].sum(), 3)
        said = f"{where}: {traffic} of the requests. "
        said += f"The global p99 goes from {p99['usual']:,.1f} to {p99['now']:,.1f} ms. "
        said += f"The error budget burns {self.burn_rate:.3g} times as fast as it may. "
        found = self.by_pop()
        shown = found["above"] | found["silent"]
        good = counted(int((shown & ~found["faulty"]).sum()), "healthy PoP")
        said += f"The plot calls out {(shown & found['faulty']).sum()} of "
        said += f"{counted(int(found['faulty'].sum()), 'faulty PoP')} and {good}. "
        row = self.chosen
        said += f"The rule “{self.rule}” "
        after = counted(f"{row['detect_min']:.3g}", "minute")
        never = "does not fire in four hours"
        said += f"fires after {after}" if np.isfinite(row["detect_min"]) else never
        least = 30 * 24 * 60 / MINUTES / self.nights
        alarms = row["false_alarms"]
        often = f"fewer than {least:.1g}" if alarms < least else f"{alarms:,.3g}"
        return f"{said}, and {often} times a month for nothing."

    def nights_in_words(self) -> str:
        """How many nights stand behind the rules' figures, and when the budget's rules fire."""
        told = []
        for rule in alerts.WORKBOOK:
            after = rule.fires_after_h(self.bad_requests, self.usual_errors, self.budget)
            when = f"after {after:.4g} h" if np.isfinite(after) else "never"
            told.append(f"{rule.burn:g} in {rule.long_h:g} h {when}")
        nights = counted(f"{self.nights:,}", "drawn night")
        return f"{nights}. Over all PoPs, in closed form: {', '.join(told)}."


@lru_cache(maxsize=16)
def _by_pop(sight: Sight, count: float) -> pd.DataFrame:
    """The frame of `Fleet.by_pop` of a window with so many lines; shared, so not to be changed."""
    pops = datasets.pops().iloc[:POPS].set_index("code")
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
