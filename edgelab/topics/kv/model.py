"""The edge KV: what "eventually" costs readers, users on the move, and writers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from edgelab.core import allowed, datasets
from edgelab.core.datasets import COPIES
from edgelab.core.knobs import Model, knob, shared
from edgelab.core.table import Table
from edgelab.topics.kv import crdt, propagation
from edgelab.topics.kv.propagation import PUSHED, RATES_PER_S, Propagation
from edgelab.topics.night.model import CricStream
from edgelab.world import delays

__all__ = ["EdgeKV", "time_in_words"]

VIEWERS, EVERYWHERE = "where viewers are", "at every PoP alike"


class _Told(NamedTuple):
    """All that the sentences speak of."""

    #: The knobs.
    sticky_s: float
    writes_per_s: float
    #: Times until 99 of 100 viewers, and PoPs, see a write.
    viewers_ms: float
    pops_ms: float
    #: Shares who miss their own write after 100 ms, and when the sticky route ends.
    soon: float
    late: float


def _in_words(store: _Told, lost: Mapping[str, float], size: Mapping[str, float]) -> str:
    """A few sentences that say what the numbers mean.

    Parameters
    ----------
    store : _Told
    lost, size : mapping of str to float
        The row of `edgelab.EdgeKV.lost_updates` at the store's rate, and the last one of
        `edgelab.EdgeKV.crdt_bytes`.
    """
    seen = (
        f"99 of 100 viewers see a write after {time_in_words(store.viewers_ms)}, 99 of 100 PoPs "
        f"after {time_in_words(store.pops_ms)}."
    )
    moved = f"Of users who change PoP, {_share(store.soon)} miss what they wrote 100 ms ago. "
    if store.sticky_s >= 0.1:
        moved += f"The sticky route prevents that for {time_in_words(1000 * store.sticky_s)}; just "
        moved += f"after it {_share(store.late)} miss what they wrote before."
    else:
        moved += "No sticky route prevents that."
    counter = (
        f"If the last writer wins, {_share(lost['lww_lost_share'])} of a counter's increments are "
        f"lost at {store.writes_per_s:.3g} a second. A CRDT loses "
        f"{_share(lost['crdt_lost_share'])}; it takes {size['g_counter_bytes']:,.0f} bytes, a "
        f"plain value {size['register_bytes']:.0f}."
    )
    return f"{seen} {moved} {counter}"


def time_in_words(ms: float) -> str:
    """A time until a write is seen."""
    if np.isinf(ms):
        return "more than two minutes"
    return f"{ms:.0f} ms" if ms < 995 else f"{ms / 1000:.3g} s"


def _share(share: float) -> str:
    if share == 0:
        return "none"
    if share < 0.00095:
        return "less than 0.1 %"
    return f"{100 * share:.2g} %" if share < 0.995 else "more than 99 %"


@dataclass(frozen=True, kw_only=True, repr=False)
class EdgeKV(Model):
    """A key-value store at the edge: local reads, and writes that reach other PoPs later.

    Of two writes the later one wins. A write is seen at once at its own PoP, and elsewhere after a
    delay of its own for every PoP.

    Examples
    --------
    >>> import edgelab as el
    >>> el.EdgeKV(kv_delay_ms=1000).replace(sticky_s=0)
    EdgeKV(kv_delay_ms=1000.0, sticky_s=0.0)
    """

    main = ("kv_delay_ms", "rebalancing_share", "sticky_s", "writes_per_s")

    kv_delay_ms: float = shared(
        CricStream,
        "kv_delay_ms",
        meaning="Median time until a write is seen on another continent. Where writes are pushed, "
        "the same continent takes a fifth of that, and one write in a hundred twice as long.",
    )
    rebalancing_share: float = shared(CricStream, "rebalancing_share")
    sticky_s: float = knob(
        30.0,
        label="Sticky route",
        symbol="k",
        unit="s",
        low=0.0,
        high=120.0,
        stops=(0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 40, 50, 60, 75, 90, 120),
        meaning="For how long after a write its user is sent to the PoP that took it; 0 is never.",
        source="the article",
    )
    writes_per_s: float = knob(
        10.0,
        label="Writes to one key",
        symbol="w",
        unit="a second",
        low=0.01,
        high=100.0,
        log=True,
        meaning="How often a counter is raised, all its writers together.",
        source="the article's limiter, whose bucket is refilled and written ten times a second",
    )
    copies: str = knob(
        PUSHED,
        label="Copies are",
        symbol="c",
        unit="",
        choices=COPIES,
        meaning="Pushed to every PoP after a write, or fetched by a PoP once every two median "
        "delays, as a cache with a time to live does.",
        source="the article; Cloudflare fetches",
    )
    roaming_share: float = knob(
        0.05,
        label="Moves across continents",
        symbol="m",
        unit="share",
        low=0.0,
        high=1.0,
        meaning="Share of the users who change PoP that come to another continent.",
        source="assumption, most change from one network to another in the same city",
    )
    writers: str = knob(
        VIEWERS,
        label="Writes are made",
        symbol="a",
        unit="",
        choices=(VIEWERS, EVERYWHERE),
        meaning="Which PoPs the writes come to: in proportion to the night's viewers, most of "
        "them in India, or to all PoPs alike.",
        source="the night of page 1",
    )
    pops: int = shared(
        CricStream, "pops", meaning="How many PoPs hold a copy, in the order of page 1."
    )
    read_ms: float = knob(
        1.0,
        label="Local read",
        symbol="f",
        unit="ms",
        low=0.1,
        high=50.0,
        log=True,
        meaning="How long a read from the PoP's own copy takes, stale or not.",
        source="the article",
    )
    seed: int = shared(CricStream, "seed")

    @classmethod
    def vendors(cls) -> Table:
        """What operators document, beside the article, and what the model makes of it.

        Returns
        -------
        Table
            A pandas frame, indexed by ``vendor``: ``says``, ``model`` and ``source`` in words, and
            ``seen_s``, the seconds after which 99 of 100 PoPs show a write.
        """
        frame = datasets.kv_vendors()
        frame["seen_s"] = [
            cls.of(vendor).seen_ms() / 1000 if copies else 0.0
            for vendor, copies in frame["copies"].items()
        ]
        return Table(frame[["says", "model", "seen_s", "source"]])

    @classmethod
    def of(cls, vendor: str) -> EdgeKV:
        """The store that stands for a row of `vendors`.

        Raises
        ------
        ValueError
            If there is no such vendor, or none of its reads is stale.
        """
        frame = datasets.kv_vendors().query("copies != ''")
        row = frame.loc[allowed.one_of("vendor", vendor, frame.index)]
        return cls(copies=row["copies"], kv_delay_ms=row["kv_delay_ms"])

    # -- readers ---------------------------------------------------------------------------

    @cached_property
    def _stale(self) -> dict[str, np.ndarray]:
        return propagation.shares(self._take(Propagation))

    def staleness(self) -> pd.DataFrame:
        """Share of the reads that miss a write made at the PoP nearest Mumbai, by its age.

        Returns
        -------
        pandas.DataFrame
            ``since_write_ms``, and the shares of stale reads among all ``viewers``, and among
            the PoPs on the ``same_continent`` (without the writer's own), ``elsewhere``, and all
            together, ``pops``. Where there are no such PoPs, nothing is stale.
        """
        told = {name: share[-len(delays.TIMES_MS) :] for name, share in self._stale.items()}
        return pd.DataFrame({"since_write_ms": delays.TIMES_MS, **told})

    def seen_ms(self, share: float = 0.99, by: str = "pops") -> float:
        """Time after a write at which a share of the reads sees it.

        Parameters
        ----------
        share : float
            Above 0 and below 1.
        by : {"pops", "viewers", "same_continent", "elsewhere"}
            Whose reads.

        Returns
        -------
        float
            Infinite beyond two minutes, and where the drawn writes, 2,000 for each PoP, do not
            tell: fewer than one of them is later.
        """
        share = float(allowed.number("share", share, above=0, below=1))
        by = allowed.one_of("by", by, self._stale)
        return propagation.seen_ms(self._take(Propagation), share, by)

    # -- users on the move -----------------------------------------------------------------

    @cached_property
    def _missed(self) -> np.ndarray:
        near, far = self._stale["same_continent"], self._stale["elsewhere"]
        # With PoPs on one side only, everybody who changes PoP comes to one of those.
        share = self.roaming_share if self._two_sides else float(far.any())
        return (1 - share) * near + share * far

    @property
    def _two_sides(self) -> bool:
        """Whether something is stale on the writer's continent, and on others."""
        return bool(self._stale["same_continent"].any() and self._stale["elsewhere"].any())

    def handoff(self) -> pd.DataFrame:
        """Reads that miss their own user's write, after the user came to another PoP.

        Returns
        -------
        pandas.DataFrame
            ``since_write_ms`` of the read, ``missed_share`` of such reads without a sticky
            route, and ``sticky_share`` with one: until it ends, the write's own PoP answers.
        """
        missed = self._missed[-len(delays.TIMES_MS) :]
        sticky = np.where(delays.TIMES_MS <= 1000 * self.sticky_s, 0.0, missed)
        return pd.DataFrame(
            {
                "since_write_ms": delays.TIMES_MS,
                "missed_share": missed,
                "sticky_share": sticky,
            }
        )

    def missed_share(self, since_write_ms: float) -> float:
        """Share of reads at another PoP that miss their user's write, without a sticky route.

        Parameters
        ----------
        since_write_ms : float
            Age of the write, not negative.
        """
        since_write_ms = allowed.number("since_write_ms", since_write_ms, 0)
        return float(np.interp(float(since_write_ms), delays.GRID_MS, self._missed))

    def reads(self) -> pd.DataFrame:
        """What a read costs: at hand, and by the sticky route, back to the write's own PoP.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``read``: ``median_ms``, over the PoPs that the user of the PoP nearest
            Mumbai may have come to; NaN where there is none.
        """
        return propagation.reads(self.pops, self.read_ms)

    # -- writers ---------------------------------------------------------------------------

    def lost_updates(self, rates_per_s: Sequence[float] = RATES_PER_S) -> pd.DataFrame:
        """What is lost of 4,000 increments of one counter.

        Each reads the counter at its PoP, adds one and writes it back. With the last writer
        winning, the counter is in the end what the last one wrote, averaged here over all ends
        among the last 400 increments; a counter that is a CRDT has one count for each PoP.

        Parameters
        ----------
        rates_per_s : sequence of float
            Increments a second, all together; above 0 and at most 10,000.

        Returns
        -------
        pandas.DataFrame
            ``writes_per_s``, ``lww_lost_share`` and ``crdt_lost_share`` of the increments.
        """
        rates = allowed.several("rates_per_s", rates_per_s, allowed.number, high=10_000, above=0)
        return propagation.lost_updates(self._take(Propagation), self.writers == VIEWERS, rates)

    def crdt_bytes(self) -> pd.DataFrame:
        """Bytes of one key, by how many operations it has seen.

        Returns
        -------
        pandas.DataFrame
            ``operations``, ``writers`` (PoPs that made one), ``register_bytes`` (last writer
            wins), ``g_counter_bytes``, ``pn_counter_bytes`` (up or down at random) and
            ``or_set_bytes`` (elements of twenty added, and removed the next time), and
            ``optimised_or_set_bytes``: tags of what is there, and in place of those that are gone
            the number of the last one that each PoP gave (Bieniusa et al., 2012).
        """
        return propagation.crdt_bytes(self.pops, self.seed, self.writers == VIEWERS).copy()

    def faults(self) -> pd.DataFrame:
        """What a bad network does to what was acknowledged, in a world of twelve PoPs.

        Five rounds of 120 updates, 20 a second, each sent to every other PoP. At a round's end
        nothing is under way any more; "repaired" adds that all PoPs exchange what they have.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``fault`` and ``design``: ``acknowledged`` updates, ``kept`` and ``lost``
            of them, by all PoPs together, and ``agreeing_share`` of the PoPs that show the right
            end value by themselves. "LWW: newest value" promises the last write of each round
            and no more.
        """
        return crdt.faults(self.kv_delay_ms, self.seed).copy()

    # -- in short --------------------------------------------------------------------------

    def idle(self) -> dict[str, str]:
        """The knobs that move nothing as the others stand, and why."""
        out = {"read_ms": "no plot tells how long a read takes"}
        if not self._two_sides:
            out["roaming_share"] = "whoever changes PoP has no choice of continents"
        if self.pops == 1:
            names = ("kv_delay_ms", "rebalancing_share", "copies", "writers")
            out |= dict.fromkeys(names, "one PoP alone hears of no other")
        return out

    def _short(self) -> dict[str, str]:
        delay, share, sticky, _ = (self.knobs()[n].text(getattr(self, n)) for n in self.main)
        fetched = f"fetched once in {self.kv_delay_ms / 500:g} s"
        return {
            "kv_delay_ms": "",
            "copies": f"pushed, {delay} late" if self.copies == PUSHED else fetched,
            "rebalancing_share": f"{share} rebalanced" if self.rebalancing_share else "",
            "sticky_s": f"sticky {sticky}" if self.sticky_s else "not sticky",
            "writes_per_s": f"{self.writes_per_s:.4g} writes/s",
        }

    def in_words(self) -> str:
        """A few sentences that say what the numbers mean."""
        told = _Told(
            self.sticky_s,
            self.writes_per_s,
            viewers_ms=self.seen_ms(by="viewers"),
            pops_ms=self.seen_ms(),
            soon=self.missed_share(100.0),
            late=self.missed_share(1000 * self.sticky_s),
        )
        lost = self.lost_updates((self.writes_per_s,)).iloc[0]
        return _in_words(told, lost, self.crdt_bytes().iloc[-1])
