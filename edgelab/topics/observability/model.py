"""A fleet of PoPs with a fault in it, and what its figures, its rules and its log lines show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from edgelab.core import allowed
from edgelab.core.knobs import Model, knob, shared
from edgelab.core.words import percent
from edgelab.topics.night.model import CricStream
from edgelab.topics.observability import alerts, fleet, lines, words
from edgelab.topics.observability.alerts import ALL, RULES, TWO_WINDOWS, Watch, run_length
from edgelab.topics.observability.fleet import DEAD, FAULTS, ONE_POP, POPS, VERSION, Sight

__all__ = ["Fleet"]

#: True times from cause to effect, of a curve.
GAPS_MS = tuple(np.geomspace(0.1, 1000, 81))
#: Knobs that a plot's line tells only where they are turned: it has no room for all.
TURNED = ("window_s", "sampled", "rule", "burn", "version_share")


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
        DEAD, label="Fault", symbol="F", unit="", choices=FAULTS,
        meaning="What is wrong, and where.",
        source="assumption",
    )  # fmt: skip
    bad_share: float = knob(
        1 / POPS, label="Bad PoP's traffic", symbol="s", unit="share", low=0.0002, high=0.1,
        log=True,
        stops=(
            *(0.0002, 0.0005, 0.001, 0.002, 1 / POPS, 0.004, 0.005, 0.006, 0.007, 0.0099, 0.0101),
            *(0.012, 0.015, 0.02, 0.03, 0.05, 0.1),
        ),
        meaning="The bad PoP's share of all requests; 0.3205 % is that of one of 312 equal PoPs.",
        source="one of 312 equal PoPs",
    )  # fmt: skip
    depth: float = knob(
        1.0, label="Depth", symbol="d", unit="share", low=0.001, high=1.0,
        stops=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0),
        meaning="Share of the requests at the faulty place that fail or are slow; where it is cut "
        "off, or its clock is off, of the lines that are missing in the window.",
        source="assumption",
    )  # fmt: skip
    window_s: float = knob(
        300.0, label="Window", symbol="T", unit="s", low=10.0, high=14_400.0,
        stops=(10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400.0),
        meaning="The last so many seconds that the dashboard counts.",
        source="assumption",
    )  # fmt: skip
    sampled: float = knob(
        0.01, label="Sample kept", symbol="p", unit="share", low=0.0001, high=1.0,
        stops=(0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
        meaning="Share of the log lines that is kept, chosen before anyone knows how the request "
        "ends; dashboards and rules count these.",
        source="Cloudflare docs, Workers Logs: a 1 % head sample beyond 5 billion lines a day",
    )  # fmt: skip
    rule: str = knob(
        f"{TWO_WINDOWS}, {ALL}", label="Alert rule", symbol="R", unit="", choices=RULES,
        meaning="What wakes somebody up, watching all PoPs as one, or each by itself. All rules "
        "look once a minute.",
        source="The Site Reliability Workbook, chapter 5",
    )  # fmt: skip
    burn: float = knob(
        14.4, label="Burn rate", symbol="b", unit="", low=0.5, high=100.0, log=True,
        stops=(0.5, 0.8, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 14.4, 20, 30, 50, 100.0),
        meaning="The rule looks for so many times the bad requests that the budget allows.",
        source="The Site Reliability Workbook, chapter 5",
    )  # fmt: skip
    alert_window_min: float = knob(
        60.0, label="Rule's long window", symbol="W", unit="minutes", low=12.0, high=4320.0,
        stops=(12, 24, 60, 120, 360, 720, 1440, 4320.0),
        meaning="What a rule with windows counts over; the short window is a twelfth of it.",
        source="The Site Reliability Workbook, chapter 5",
    )  # fmt: skip
    cusum_h: float = knob(
        10.0, label="CUSUM's limit", symbol="h", unit="", low=1.0, high=30.0,
        meaning="A CUSUM adds up the evidence (the logarithm of the odds) that there are b times "
        "the allowed bad requests and not the usual ones, and fires above this.",
        source="assumption",
    )  # fmt: skip
    slo: float = knob(
        0.999, label="SLO", symbol="O", unit="share", low=0.9, high=0.9999,
        stops=(0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999),
        meaning="Service level objective: the share of requests that are to be good, over 30 "
        "days. The rest is the error budget.",
        source="The Site Reliability Workbook, chapter 5",
    )  # fmt: skip
    usual_errors: float = knob(
        0.0001, label="Usual bad requests", symbol="u", unit="share", low=0.0, high=0.005,
        stops=(0.0, 0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005),
        meaning="Share of requests that are bad on any day, at every PoP.",
        source="assumption, a tenth of the budget",
    )  # fmt: skip
    version_share: float = knob(
        0.1, label="New version's share", symbol="v", unit="share", low=0.01, high=1.0,
        stops=(0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0),
        meaning="Share of the PoPs that have the new version.",
        source="assumption",
    )  # fmt: skip
    skew: float = knob(
        1.0, label="Busy and quiet PoPs", symbol="k", unit="", low=0.0, high=1.5,
        meaning="A PoP's traffic falls with its rank to the power of this; 0 makes all equal.",
        source="assumption",
    )  # fmt: skip
    clock_error_ms: float = knob(
        10.0, label="Clock error", symbol="e", unit="ms", low=0.0, high=500.0,
        stops=(0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500.0),
        meaning="Standard deviation by which a PoP's clock is off.",
        source="NTP keeps clocks within tens of ms over the Internet (Wikipedia)",
    )  # fmt: skip
    gap_ms: float = knob(
        10.0, label="True gap", symbol="g", unit="ms", low=0.1, high=1000.0, log=True,
        meaning="Time from a cause at one PoP to its effect at another.",
        source="assumption",
    )  # fmt: skip
    requests_per_viewer_min: float = shared(CricStream, "requests_per_viewer_min")
    collector_share: float = knob(
        1.5, label="Collector's capacity", symbol="m", unit="times", low=1.0, high=10.0,
        meaning="Lines a second that the collector takes, over those of a usual minute.",
        source="assumption",
    )  # fmt: skip
    nights: int = knob(
        300, label="Drawn nights", symbol="n", unit="nights", low=2, high=2000, log=True,
        meaning="How many nights the false alarms are counted in, and the fault found in.",
        source="assumption",
    )  # fmt: skip
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
        return fleet.requests_per_s(self.requests_per_viewer_min)

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
        return self._sight.bad_requests

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
        return self._pops.copy()

    @property
    def _pops(self) -> pd.DataFrame:
        return fleet.by_pop(self._sight, self.requests_per_s * self.window_s * self.sampled)

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
        count = np.rint(allowed.array("count", count, 1, 1e15))
        return fleet.limits(count, self.usual_errors)

    def global_figures(self) -> pd.DataFrame:
        """What one dashboard for all PoPs shows.

        Returns
        -------
        pandas.DataFrame
            ``usual`` and ``now``, in rows ``p50_ms``, ``p99_ms``, ``p99.9_ms`` and ``bad``, the
            share of bad requests; exact, of all requests whose lines are seen.
        """
        return fleet.global_figures(self._sight).copy()

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
        return fleet.percentiles(self._sight, level)

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
        return alerts.workbook(self._sight, self._take(Watch), self.nights if drawn else 0)

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
        return self._rules.copy()

    @property
    def _rules(self) -> pd.DataFrame:
        return alerts.rules(self._sight, self._take(Watch), self.nights)

    run_length = staticmethod(run_length)

    @property
    def chosen(self) -> pd.Series:
        """The row of `rules` that the knob chooses."""
        return self._rules.loc[self.rule].copy()

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
        wrong = lines.wrong_order(gaps_ms, self.clock_error_ms)
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
        return lines.trace(places, hops, self.gap_ms, self.clock_error_ms, self.seed)

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
        return lines.volume(self.requests_per_s, self.sampled)

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
        given = self.requests_per_s, self.sampled, self.bad_requests
        return lines.sampling(*given, sure)

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
        return lines.collector(per_s, per_s * self.collector_share, times, lasts_min)

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
        said = {
            "fault": f"{self.fault}, traffic {share}" if one else self.fault,
            "bad_share": "",
            "depth": "" if self.depth == 1 else f"depth {percent(self.depth, 3)}",
            "window_s": f"{self.window_s:,.0f} s",
            "sampled": f"sample {percent(self.sampled, 3)}",
            "burn": f"{self.burn:g} times the budget",
            "rule": f"“{self.rule}”",
        }
        if self.fault == VERSION:
            said["version_share"] = f"new version on {percent(self.version_share, 3)} of the PoPs"
        return said | {name: "" for name in TURNED if name not in self.turned}

    def in_words(self) -> str:
        """What the dashboards and the chosen rule show, in a few sentences."""
        told = self._take(words.Told, sight=self._sight)
        return words.in_words(told, fleet.global_figures(self._sight), self._pops, self.chosen)

    def nights_in_words(self) -> str:
        """How many nights stand behind the rules' figures, and when the budget's rules fire."""
        return words.nights_in_words(self._sight, self.budget, self.nights)
