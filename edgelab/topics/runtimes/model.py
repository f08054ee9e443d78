"""What holds a tenant's function in a PoP: an isolate, a Wasm instance, a container, a process.

A PoP keeps the functions that were used last in its memory and drops the others: a cold start is a
miss in an LRU store.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from edgelab.core.datasets import PRIMITIVES
from edgelab.core.knobs import Model, knob, shared
from edgelab.core.words import counted
from edgelab.topics.night.model import CricStream
from edgelab.topics.runtimes import replay
from edgelab.topics.runtimes.primitives import QUANTITIES, SOURCES, costs
from edgelab.world import che

__all__ = ["MEMORY_GB", "TENANTS", "WAIT_MS", "WarmPool", "in_ms"]

#: How several of a primitive are called in sentences.
PLURAL = {
    "isolate": "isolates",
    "Wasm": "Wasm instances",
    "container": "containers",
    "process": "processes",
}
#: Where `cold_starts`, `memory` and `cold_waits` look.
MEMORY_GB = np.geomspace(1, 4096, 97)
TENANTS = np.geomspace(100, 1e6, 9)
WAIT_MS = np.geomspace(0.01, 20_000, 190)
#: Sizes of memory that a slider stops at; the two between 100 and 120 are where a p99 turns.
MEMORY_STOPS_GB = (
    *(n * ten for ten in (1, 10, 100) for n in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)),
    *(64, 110, 111, 1000, 1200, 1500, 2000, 2500, 3000, 4000, 4096),
)
#: A share of requests that is none.
NOBODY = 1e-12
#: So that a tenant who just fits is not lost to rounding.
_ROUNDING = 1 + 1e-12
#: Sizes of memory for which requests are replayed.
SIZES = 8


@dataclass(frozen=True, kw_only=True, repr=False)
class WarmPool(Model):
    """Tenants' functions in the memory of a PoP, the ones used last.

    Every PoP serves every tenant. A request finds its tenant's function in memory, or waits until
    it has started; then whatever was used longest ago makes room. Requests are independent of
    each other, and a tenant's share of them follows Zipf's law.

    Examples
    --------
    >>> import edgelab as el
    >>> el.WarmPool(primitive="process").replace(tenants=2000)
    WarmPool(primitive='process', tenants=2000)
    """

    main = ("primitive", "figures", "tenants", "pop_memory_gb")

    primitive: str = knob(
        PRIMITIVES[0],
        label="Primitive",
        symbol="",
        unit="",
        choices=PRIMITIVES,
        meaning="What holds one tenant's function.",
        source="the article, which calls the container a cropped one",
    )
    figures: str = knob(
        SOURCES[0],
        label="Figures from",
        symbol="",
        unit="",
        choices=SOURCES,
        meaning="Who says what a primitive costs: the article, public sources, or this machine, "
        "measured. Where one says nothing, the article stands in, then public sources.",
        source="data/runtimes.csv and el.bench.measure()",
    )
    tenants: int = knob(
        10_000,
        label="Tenants",
        symbol="N",
        unit="tenants",
        low=100,
        high=1_000_000,
        log=True,
        meaning="How many customers' functions every PoP has to be ready for.",
        source="the article's thousands to millions",
    )
    pop_memory_gb: float = knob(
        64.0,
        label="Memory of a PoP",
        symbol="M",
        unit="GB",
        low=1.0,
        high=4096.0,
        log=True,
        stops=MEMORY_STOPS_GB,
        meaning="What a PoP can afford to give to the tenants' functions.",
        source="assumption, a small server's",
    )
    zipf_exponent: float = knob(
        1.0,
        label="Zipf exponent",
        symbol="a",
        unit="",
        low=0.0,
        high=2.0,
        meaning="How uneven the tenants are: the one of rank r gets requests in proportion to r "
        "to the power of minus this. At 0 all get as many.",
        source="assumption",
    )
    requests_per_s: float = knob(
        1_000_000.0,
        label="Requests of all tenants",
        symbol="R",
        unit="/s",
        low=100.0,
        high=1e8,
        log=True,
        meaning="Requests a second for all tenants in all PoPs together; every PoP gets the same "
        "share of them.",
        source="assumption, about twice what the final alone asks for",
    )
    pops: int = shared(CricStream, "pops", meaning="Over how many PoPs the requests are spread.")
    idle_limit_s: float = knob(
        3600.0,
        label="Idle limit",
        symbol="I",
        unit="s",
        low=1.0,
        high=1e6,
        log=True,
        meaning="A function that nobody asked for during this time is dropped, even if there is "
        "room.",
        source="assumption, operators do not publish theirs",
    )
    start_tail: float = knob(
        2.0,
        label="Tail of a start",
        symbol="t",
        unit="times",
        low=1.0,
        high=200.0,
        log=True,
        meaning="How much longer than the median one start in a hundred takes (starts are "
        "lognormal).",
        source="assumption; Workers may take 1 s to start where 5 ms is typical, 200 times as long",
    )
    seed: int = shared(CricStream, "seed")

    # -- what a primitive costs ------------------------------------------------------------

    def costs(self) -> pd.DataFrame:
        """What each primitive costs in this pool, and who says so.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``primitive``: ``start_ms`` (median), ``memory_mb`` (idle), ``call_ms``
            (what a request costs besides its own work; 0 where nobody says), and for each of
            them who says so: ``start_from``, ``memory_from``, ``call_from``.
        """
        return costs(self.figures).copy()

    def _cost(self, quantity: str) -> np.ndarray:
        """One column of `costs` as an array."""
        return costs(self.figures)[quantity].to_numpy()

    @property
    def per_pop(self) -> float:
        """Requests a second in each PoP."""
        return self.requests_per_s / self.pops

    @property
    def idle_requests(self) -> float:
        """Requests that reach a PoP within the idle limit."""
        return self.per_pop * self.idle_limit_s

    # -- how it fares ----------------------------------------------------------------------

    def density(self) -> pd.DataFrame:
        """Whether every tenant fits, and what it means for the requests, by primitive.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``primitive``: ``memory_mb`` of an idle tenant, ``fit`` (tenants that a
            PoP's memory holds: beyond them it is no longer affordable to keep all), ``pop_gb``
            (memory that all tenants would take in one PoP), ``all_pops_tb`` (and in all),
            ``cold_share`` of the requests, and the wait before the function runs: ``mean_ms``,
            ``p50_ms``, ``p99_ms``, ``p999_ms`` (where nobody says what a call costs, it counts as
            0).
        """
        start, each, call = (self._cost(name) for name in QUANTITIES)
        fit, pop_gb = self._slots(), self.tenants * each / 1e3
        cold = np.array([self._cold_share(slots) for slots in fit])
        columns = {
            "memory_mb": each,
            "fit": fit,
            "pop_gb": pop_gb,
            "all_pops_tb": pop_gb * self.pops / 1e3,
            "cold_share": cold,
            "mean_ms": call + cold * start * np.exp(self._sigma**2 / 2),
        }
        for name, later in (("p50_ms", 0.5), ("p99_ms", 0.01), ("p999_ms", 0.001)):
            # The slowest are those who start cold; of them, the slowest.
            part = np.minimum(later / np.maximum(cold, later), 1 - 1e-12)
            wait = start * np.exp(self._sigma * ndtri(1 - part))
            columns[name] = call + np.where(cold > later, wait, 0.0)
        index = pd.Index(PRIMITIVES, name="primitive")
        return pd.DataFrame(columns, index)

    def _slots(self) -> np.ndarray:
        """Tenants that a PoP's memory holds, by primitive."""
        return np.floor(self.pop_memory_gb * 1e3 / self._cost("memory_mb") * _ROUNDING).astype(int)

    @property
    def _sigma(self) -> float:
        """Standard deviation of a start's natural logarithm."""
        return np.log(self.start_tail) / ndtri(0.99)

    def _cold_share(self, slots: int) -> float:
        """Share of the requests that start cold, by Che's approximation."""
        groups = _popularity(self.tenants, self.zipf_exponent)
        time = che.characteristic_time(slots, *groups)
        share = float(che.miss_share(min(time, self.idle_requests), *groups))
        return share if share > NOBODY else 0.0

    def cold_starts(self) -> pd.DataFrame:
        """Share of requests that start cold, over the memory of a PoP, by Che's approximation.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``memory_gb``, one column per primitive.
        """
        fits = np.multiply.outer(MEMORY_GB * 1e3, _ROUNDING / self._cost("memory_mb"))
        shares = self._cold_shares(np.floor(fits))
        index = pd.Index(MEMORY_GB, name="memory_gb")
        return pd.DataFrame(shares, index=index, columns=list(PRIMITIVES))

    def _cold_shares(self, slots: np.ndarray) -> np.ndarray:
        """The same as `_cold_share` for many sizes at once, to within a hundredth of it."""
        time, filled, missed = _che_curve(self.tenants, self.zipf_exponent)
        with np.errstate(divide="ignore"):
            at = np.interp(np.log(slots), np.log(filled), np.log(time))
        at = np.where(slots >= self.tenants, np.inf, at)
        at = np.minimum(at, np.log(self.idle_requests))
        share = np.exp(np.interp(at, np.log(time), np.log(missed)))
        # Beyond the curve nobody is dropped any more; without room everybody is.
        share = np.where(at > np.log(time[-1]), 0.0, share)
        return np.where(slots < 1, 1.0, share)

    def simulation(self) -> pd.DataFrame:
        """The same for the chosen primitive, by replaying requests through the LRU kernel.

        For each of some sizes of memory 1,000,000 requests are drawn. The store begins as it is
        after a long time: tenants were last asked for at independent, exponential times ago.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``memory_gb``: ``fit`` (tenants that it holds), ``cold_share`` of the
            requests replayed, and ``closed_form``, what the approximation says. The row of the
            pool's own memory has ``own`` set.
        """
        at = PRIMITIVES.index(self.primitive)
        each, own = float(self._cost("memory_mb")[at]), int(self._slots()[at])
        ends = (max(1, int(MEMORY_GB[0] * 1e3 / each)), MEMORY_GB[-1] * 1e3 / each)
        last = max(ends[0], min(ends[1], self.tenants))
        fits = sorted({*np.geomspace(ends[0], last, SIZES).astype(int).tolist(), own})
        shares = replay.replayed(
            self.tenants,
            self.zipf_exponent,
            self.idle_requests,
            self.seed,
            tuple(min(fit, self.tenants) for fit in fits),
        )
        return pd.DataFrame(
            {
                "fit": fits,
                "cold_share": shares,
                "closed_form": [self._cold_share(fit) for fit in fits],
                "own": [fit == own for fit in fits],
            },
            index=pd.Index(np.array(fits) * each / 1e3, name="memory_gb"),
        )

    def memory(self) -> pd.DataFrame:
        """Memory that every tenant's idle function takes in one PoP, over the tenants.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``tenants``, one column per primitive, in GB.
        """
        each = self._cost("memory_mb") / 1e3
        index = pd.Index(TENANTS, name="tenants")
        return pd.DataFrame(np.multiply.outer(TENANTS, each), index, list(PRIMITIVES))

    def cold_waits(self) -> pd.DataFrame:
        """Share of requests whose function has not begun after a time, by primitive.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``wait_ms``, one column per primitive.
        """
        cold = self.density()["cold_share"].to_numpy()
        left = WAIT_MS[:, None] - self._cost("call_ms")
        with np.errstate(divide="ignore", invalid="ignore"):
            over = np.log(left / self._cost("start_ms"))
            slow = ndtr(-over / self._sigma) if self._sigma else (over < 0) * 1.0
        share = np.where(left <= 0, 1.0, cold * slow)
        index = pd.Index(WAIT_MS, name="wait_ms")
        return pd.DataFrame(share, index, list(PRIMITIVES))

    # -- in short --------------------------------------------------------------------------

    def _short(self) -> dict[str, str]:
        return {
            "primitive": self.primitive,
            "tenants": counted(self.tenants, "tenant"),
            "pop_memory_gb": self.knobs()["pop_memory_gb"].text(self.pop_memory_gb),
            "figures": f"figures from {self.figures}",
        }

    def in_words(self) -> str:
        """A few sentences that say what the numbers mean."""
        rows, costs = self.density(), self.costs()
        other = "process" if self.primitive != "process" else "isolate"
        said = [self._fate(name, rows.loc[name]) for name in (self.primitive, other)]
        row = rows.loc[self.primitive]
        many = PLURAL[self.primitive]
        all_pops = f"All tenants in all {self.pops} PoPs would take {_tb(row['all_pops_tb'])}"
        all_pops += f" as {many}, {_tb(rows.loc[other, 'all_pops_tb'])} as {PLURAL[other]}."
        if self.pops == 1:
            all_pops = all_pops.replace("all 1 PoPs", "the one PoP")
        lent = {
            PLURAL[name]
            for name in (self.primitive, other)
            for quantity in ("start", "memory")
            if costs.loc[name, f"{quantity}_from"] != self.figures
        }
        missing = {
            "article": "the article lacks a figure",
            "public": "public sources lack a figure",
            "measured": "nothing was measured here",
        }[self.figures]
        lent = f" For {' and '.join(sorted(lent))} {missing}: others stand in." if lent else ""
        return f"{' '.join(said)} {all_pops}{lent}"

    def _fate(self, name: str, row: pd.Series) -> str:
        """What becomes of the tenants in one primitive."""
        many = PLURAL[name]
        fit = int(row["fit"])
        size = f"{_mb(row['memory_mb'])} a tenant"
        room = f"{self.pop_memory_gb:,.4g} GB"
        if fit >= self.tenants:
            held = f"{room} hold all {self.tenants:,} {many} ({size})"
        else:
            held = f"{room} hold {fit:,} of {self.tenants:,} {many} ({size})"
        cold = f"{_one_in(row['cold_share'])} cold"
        if row["p99_ms"] == 0:
            return f"{held}: {cold}. What a warm call costs nobody says."
        return f"{held}: {cold}, and 99 in 100 wait at most {in_ms(row['p99_ms'])}."

    def drawn_in_words(self) -> str:
        """How well the replayed requests agree with Che's approximation."""
        frame = self.simulation()
        own = frame[frame["own"]].iloc[0]
        gap = 100 * (frame["cold_share"] - frame["closed_form"]).abs().max()
        return (
            f"○ {replay.REQUESTS:,} requests went through the LRU at each of {len(frame)} sizes of "
            f"memory. At this one {_percent(own['cold_share'])} started cold, by Che's "
            f"approximation {_percent(own['closed_form'])}; they differ by {gap:.2g} points at "
            "most."
        )

    def _table(self) -> pd.DataFrame:
        """A small table for the notebook, one row per primitive."""
        rows = self.density()
        return pd.DataFrame(
            {
                "memory of a tenant": rows["memory_mb"].map(_mb),
                "tenants that fit": rows["fit"].map("{:,}".format),
                "all, in one PoP": (rows["pop_gb"] / 1e3).map(_tb),
                "all, in all PoPs": rows["all_pops_tb"].map(_tb),
                "requests that start cold": rows["cold_share"].map(_percent),
                "p99 wait": rows["p99_ms"].map(in_ms),
            }
        ).rename_axis(None)


@lru_cache(maxsize=8)
def _popularity(tenants: int, exponent: float) -> tuple[np.ndarray, np.ndarray]:
    return che.popularity(tenants, exponent)


@lru_cache(maxsize=8)
def _che_curve(tenants: int, exponent: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Characteristic times, with what a store remembers and misses at each."""
    groups = _popularity(tenants, exponent)
    time = np.geomspace(0.1, 40 / groups[0].min(), 240)
    return time, che.filled(time, *groups), che.miss_share(time, *groups)


def _mb(mb: float) -> str:
    return f"{mb * 1e3:.3g} kB" if mb < 0.1 else f"{mb:.3g} MB"


def _tb(tb: float) -> str:
    if tb >= 1000:
        return f"{tb / 1000:,.3g} PB"
    return f"{tb:.3g} TB" if tb >= 1 else f"{tb * 1e3:.3g} GB"


def in_ms(ms: float) -> str:
    """A wait; there is none where nobody says what a call costs."""
    if ms >= 1000:
        return f"{ms / 1000:.3g} s"
    if ms == 0:
        return "no figure"
    return f"{ms:.3g} ms" if ms >= 0.1 else f"{ms * 1e3:.3g} µs"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %" if share >= 1e-6 else "none"


def _one_in(share: float) -> str:
    """A share of requests as the subject of a sentence."""
    if share < 1e-6:
        return "hardly a request starts"
    if share > 0.05:
        return f"{100 * share:.0f} % of requests start"
    ten = 10 ** max(int(np.floor(np.log10(1 / share))) - 1, 0)
    return f"1 request in {round(1 / share / ten) * ten:,} starts"
