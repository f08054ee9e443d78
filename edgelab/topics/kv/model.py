"""The edge KV: what "eventually" costs readers, users on the move, and writers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce

import numpy as np
import pandas as pd

from edgelab.core import allowed, datasets
from edgelab.core.constants import value
from edgelab.core.datasets import COPIES
from edgelab.core.knobs import Model, knob, shared
from edgelab.core.table import Table
from edgelab.kernels import replication
from edgelab.kernels.draws import ALWAYS, stream_key
from edgelab.kernels.histogram import resolved
from edgelab.topics.kv.crdt import GCounter, LWWRegister, Network, ORSet, PNCounter, exchange
from edgelab.topics.night.model import CricStream
from edgelab.world import delays
from edgelab.world.corridors import rtt_ms

__all__ = ["EdgeKV", "time_in_words"]

PUSHED, FETCHED = COPIES
VIEWERS, EVERYWHERE = "where viewers are", "at every PoP alike"
#: Increments of one counter in `EdgeKV.lost_updates`, the last of them at which it may end, and
#: the rates at which they are made.
UPDATES, ENDS = 4000, 400
RATES_PER_S = tuple(float(f"{10 ** (k / 4):.3g}") for k in range(-8, 9))
#: Operations up to which `EdgeKV.crdt_bytes` follows a key, and elements of its set.
OPERATIONS, ELEMENTS = 10_000, 20
REPAIRED = "dropped, then repaired"
#: PoPs, updates, updates a second and rounds of the small world of `EdgeKV.faults`.
FAULT_POPS, FAULT_UPDATES, FAULT_PER_S, FAULT_ROUNDS = 12, 120, 20.0, 5


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
        return _stale_shares(
            self.pops, self.kv_delay_ms, self.rebalancing_share, self.seed, self.copies == FETCHED
        )

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
        late = self._stale[by][::-1]
        if late[-1] <= 1 - share:
            return 0.0
        weight = _weights(self.pops)[by]
        draws = delays.WRITES * weight.sum() ** 2 / (weight**2).sum()
        if not resolved(share, draws):
            return np.inf
        return float(np.interp(1 - share, late, delays.GRID_MS[::-1], left=np.inf))

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
        _, home = delays.readers(self.pops)
        pops = datasets.pops()[: self.pops]
        at = pops.loc[home, ["lat", "lon"]].to_numpy(float)
        rtt = rtt_ms(pops["lat"].to_numpy(), pops["lon"].to_numpy(), *at)
        near = (pops["continent"] == pops.loc[home, "continent"]).to_numpy()
        others = np.arange(self.pops) != home
        back = {"same continent": near & others, "another continent": ~near}
        rows = {"local copy": self.read_ms}
        for name, some in back.items():
            rows[f"sticky, {name}"] = self.read_ms + np.median(rtt[some]) if some.any() else np.nan
        return pd.DataFrame({"median_ms": rows}).rename_axis("read")

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
        lost = [
            _last_writer_lost(
                float(rate),
                *(self.pops, self.kv_delay_ms, self.rebalancing_share, self.seed),
                *(self.copies == FETCHED, self.writers == VIEWERS),
            )
            for rate in rates
        ]
        kept = _counted(self.pops, self.seed, self.writers == VIEWERS) / UPDATES
        return pd.DataFrame(
            {
                "writes_per_s": np.array(rates, float),
                "lww_lost_share": lost,
                "crdt_lost_share": 1 - kept,
            }
        )

    def crdt_bytes(self) -> pd.DataFrame:
        """Bytes of one key, by how many operations it has seen.

        Returns
        -------
        pandas.DataFrame
            ``operations``, ``writers`` (PoPs that made one), ``register_bytes`` (last writer
            wins), ``g_counter_bytes``, ``pn_counter_bytes`` (up or down at random) and
            ``or_set_bytes`` (elements of twenty added, and removed the next time).
        """
        return _crdt_bytes(self.pops, self.seed, self.writers == VIEWERS).copy()

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
        return _faults(self.kv_delay_ms, self.seed).copy()

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
        """Three sentences that say what the numbers mean."""
        viewers, pops = self.seen_ms(by="viewers"), self.seen_ms()
        seen = (
            f"99 of 100 viewers see a write after {time_in_words(viewers)}, 99 of 100 PoPs after "
        )
        seen += f"{time_in_words(pops)}."
        soon, late = self.missed_share(100.0), self.missed_share(1000 * self.sticky_s)
        moved = f"Of users who change PoP, {_share(soon)} miss what they wrote 100 ms ago; "
        if self.sticky_s >= 0.1:
            moved += f"the sticky route prevents that for {time_in_words(1000 * self.sticky_s)}, "
            moved += f"and then {_share(late)} miss it."
        else:
            moved += "no sticky route prevents that."
        row = self.lost_updates((self.writes_per_s,)).iloc[0]
        size = self.crdt_bytes().iloc[-1]
        lost = f"At {self.writes_per_s:.3g} writes a second to a counter the last writer wins and "
        lost += f"{_share(row['lww_lost_share'])} are lost; a CRDT loses "
        lost += (
            f"{_share(row['crdt_lost_share'])}, in {size['g_counter_bytes']:,.0f} bytes instead "
        )
        lost += f"of {size['register_bytes']:.0f}."
        return f"{seen} {moved} {lost}"


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


@lru_cache(maxsize=32)
def _stale_shares(
    pops: int, kv_delay_ms: float, rebalancing_share: float, seed: int, fetched: bool
) -> dict[str, np.ndarray]:
    """Stale shares at `delays.GRID_MS`, by whose reads they are."""
    _, home = delays.readers(pops)
    drawn = delays.delay_histogram(pops, home, kv_delay_ms, rebalancing_share, seed, fetched)
    none = np.zeros(len(delays.GRID_MS))
    return {
        name: delays.stale_share(drawn, each, delays.GRID_MS) if each.any() else none
        for name, each in _weights(pops).items()
    }


@lru_cache(maxsize=8)
def _weights(pops: int) -> dict[str, np.ndarray]:
    """How much each PoP's reads count, by whose they are."""
    weight, home = delays.readers(pops)
    continent = datasets.pops()["continent"].to_numpy(str)[:pops]
    near, others = continent == continent[home], np.arange(pops) != home
    return {
        "viewers": weight,
        "same_continent": (near & others).astype(float),
        "elsewhere": (~near).astype(float),
        "pops": np.ones(pops),
    }


@lru_cache(maxsize=8)
def _writes(pops: int, seed: int, writes: int, by_viewers: bool) -> tuple[np.ndarray, np.ndarray]:
    """When writes are made, at one a second, and at which PoP."""
    rng = np.random.default_rng([seed, 3_000_000])
    at_s = np.cumsum(rng.exponential(size=writes))
    weight = delays.readers(pops)[0] if by_viewers else np.ones(pops)
    pop = np.searchsorted(np.cumsum(weight) / weight.sum(), rng.random(writes))
    return at_s, np.minimum(pop, pops - 1)


@lru_cache(maxsize=512)
def _last_writer_lost(
    rate_per_s: float,
    pops: int,
    kv_delay_ms: float,
    rebalancing_share: float,
    seed: int,
    fetched: bool,
    by_viewers: bool,
) -> float:
    """Share of `UPDATES` increments that a counter lacks in the end."""
    at_s, pop = _writes(pops, seed, UPDATES, by_viewers)
    continent = np.unique(datasets.pops()["continent"].to_numpy(str)[:pops], return_inverse=True)[1]
    spread, lag = delays.delay_tables()
    near = value("kv_same_continent_share") * kv_delay_ms
    values = replication.last_writer_values(
        1000 / rate_per_s * at_s,
        pop,
        continent,
        near,
        kv_delay_ms,
        2 * kv_delay_ms if fetched else 0.0,
        np.random.default_rng([seed, 3_000_001]).random(len(datasets.pops()))[:pops],
        stream_key(seed, 3_000_002),
        spread,
        lag,
        round(rebalancing_share * ALWAYS),
    )
    made = np.arange(1, UPDATES + 1)
    return 1 - float(np.mean((values / made)[-ENDS:]))


@lru_cache(maxsize=8)
def _counted(pops: int, seed: int, by_viewers: bool) -> int:
    """What a G-counter shows in the end of the same increments, all PoPs' states merged."""
    states: dict[int, GCounter] = {}
    for pop in _writes(pops, seed, UPDATES, by_viewers)[1].tolist():
        states[pop] = states.get(pop, GCounter()).add(pop)
    return reduce(GCounter.merge, states.values()).value


@lru_cache(maxsize=8)
def _crdt_bytes(pops: int, seed: int, by_viewers: bool) -> pd.DataFrame:
    """The frame of `EdgeKV.crdt_bytes`: states grow as the types of `edgelab.topics.kv.crdt` do."""
    _, pop = _writes(pops, seed, OPERATIONS, by_viewers)
    rng = np.random.default_rng([seed, 3_000_003])
    up, element = rng.random(OPERATIONS) < 0.5, rng.integers(0, ELEMENTS, OPERATIONS)
    stops = np.unique(np.geomspace(1, OPERATIONS, 41).astype(int))

    def writers(some: np.ndarray) -> np.ndarray:
        """How many PoPs are among the first operations of some, at each stop."""
        first = np.full(pops, OPERATIONS)
        np.minimum.at(first, pop[some], np.flatnonzero(some))
        return (first[:, None] < stops).sum(axis=0)

    entry = GCounter().add(0).size_bytes
    every = writers(np.full(OPERATIONS, True))
    # Every other operation on an element adds it, the next one takes it away.
    turn = np.zeros(OPERATIONS, int)
    for each in range(ELEMENTS):
        turn[element == each] = np.arange((element == each).sum())
    adds = np.cumsum(turn % 2 == 0)[stops - 1]
    live = np.cumsum(np.where(turn % 2 == 0, 1, -1))[stops - 1]
    added = ORSet().add(0, 0)
    tag = added.remove(0).size_bytes
    return pd.DataFrame(
        {
            "operations": stops,
            "writers": every,
            "register_bytes": LWWRegister().size_bytes,
            "g_counter_bytes": entry * every,
            "pn_counter_bytes": entry * (writers(up) + writers(~up)),
            "or_set_bytes": tag * adds + (added.size_bytes - tag) * live,
        }
    )


@lru_cache(maxsize=8)
def _faults(kv_delay_ms: float, seed: int) -> pd.DataFrame:
    """The frame of `EdgeKV.faults`."""
    spread, lag = delays.delay_tables()

    def even(rng: np.random.Generator, count: int) -> np.ndarray:
        return np.full(count, kv_delay_ms)

    def uneven(rng: np.random.Generator, count: int) -> np.ndarray:
        return kv_delay_ms * rng.exponential(size=count)

    def minutes(rng: np.random.Generator, count: int) -> np.ndarray:
        late = np.where(rng.random(count) < 0.2, rng.choice(lag, count), 0.0)
        return kv_delay_ms * rng.choice(spread, count) + late

    networks = {
        "none": Network(delay_ms=even),
        "out of order": Network(delay_ms=uneven),
        "every message twice": Network(delay_ms=uneven, duplicated_share=1.0),
        "one in five minutes late": Network(delay_ms=minutes),
        "one in five dropped": Network(delay_ms=uneven, dropped_share=0.2),
        REPAIRED: Network(delay_ms=uneven, dropped_share=0.2),
    }
    rows = []
    for fault, network in networks.items():
        for name, (start, update, kept, promised) in DESIGNS.items():
            held = agreeing = 0
            for turn in range(FAULT_ROUNDS):
                rng = np.random.default_rng([seed, 3_000_004, turn])
                at_ms = np.cumsum(rng.exponential(1000 / FAULT_PER_S, FAULT_UPDATES))
                pop = rng.integers(0, FAULT_POPS, FAULT_UPDATES)
                states = exchange(start, update, network, at_ms, pop, FAULT_POPS, rng)
                whole = reduce(type(start).merge, states)
                if fault == REPAIRED:
                    states = [whole] * FAULT_POPS
                held += kept(whole)
                agreeing += sum(state.value == whole.value for state in states)
            acknowledged = promised * FAULT_ROUNDS
            rows.append(
                {
                    "fault": fault,
                    "design": name,
                    "acknowledged": acknowledged,
                    "kept": held,
                    "lost": acknowledged - held,
                    "agreeing_share": agreeing / (FAULT_POPS * FAULT_ROUNDS),
                }
            )
    return pd.DataFrame(rows).set_index(["fault", "design"])


def _raise(state: LWWRegister, where: int, now: float, number: int) -> LWWRegister:
    return state.write((state.value or 0) + 1, now, where)


def _newest(state: LWWRegister, where: int, now: float, number: int) -> LWWRegister:
    return state.write(number, now, where)


def _up_and_down(state: PNCounter, where: int, now: float, number: int) -> PNCounter:
    return state.add(where, 1 if number % 2 == 0 else -1)


#: Start, update, how many acknowledged updates a state has, and how many it should have.
DESIGNS = {
    "LWW: newest value": (
        LWWRegister(),
        _newest,
        lambda state: int(state.value == FAULT_UPDATES - 1),
        1,
    ),
    "LWW: counter": (LWWRegister(), _raise, lambda state: state.value, FAULT_UPDATES),
    "G-counter": (
        GCounter(),
        lambda state, where, now, number: state.add(where),
        lambda state: state.value,
        FAULT_UPDATES,
    ),
    "PN-counter": (
        PNCounter(),
        _up_and_down,
        lambda state: state.up.value + state.down.value,
        FAULT_UPDATES,
    ),
    "OR-set": (
        ORSet(),
        lambda state, where, now, number: state.add(number, where),
        lambda state: len(state.value),
        FAULT_UPDATES,
    ),
}
