"""A durable object: one home for a key, where every request waits its turn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from edgelab.core import allowed, datasets
from edgelab.core.knobs import Model, knob, shared
from edgelab.core.words import counted, percent
from edgelab.topics.durable_object import histories
from edgelab.topics.durable_object.histories import Run, Setting
from edgelab.topics.durable_object.homes import (
    HOMES,
    POPS,
    agreement,
    between_pops_ms,
    by_home,
    members,
    pop_row,
    quantiles_ms,
    smallest_ms,
    to_pops_ms,
)
from edgelab.topics.durable_object.linearisable import linearisable
from edgelab.topics.night.model import GROUPS, SATURATED, STEADY, CricStream
from edgelab.world import delays, geo

__all__ = [
    "AROUND",
    "AT_ONCE",
    "CONFIRMED",
    "KV",
    "NEAR",
    "OBJECT",
    "STADIUMS",
    "WITNESSES",
    "DurableObject",
]

#: Cities with a stadium for the match: those of `HOMES` that are in ``data/places.csv`` too.
STADIUMS = (
    *("Ahmedabad", "Bengaluru", "Chandigarh", "Chennai", "Delhi", "Hyderabad", "Kolkata"),
    "Mumbai",
)
AUDIENCES = ("everyone", "India", "diaspora")
NEAR, AROUND = "near the home", "around the world"
CONFIRMED, AT_ONCE = "when copies are safe", "at once"
KEPT, IGNORED = "kept", "ignored"
ONCE, NEVER = "in mid-match", "not"
#: Where a history can be kept.
OBJECT, KV = "object", "kv"
#: Places of the clients in a history.
WITNESSES = ("Mumbai", "Delhi", "Singapore", "London", "Bay Area")
#: Places with an article.
THE = {"Bay Area": "the Bay Area"}
#: Median KV propagation delay between continents; the article.
KV_DELAY_MS = 250.0


@dataclass(frozen=True, kw_only=True, repr=False)
class DurableObject(Model):
    """The match's state in one object: one home, one request at a time, copies that follow.

    A request goes from the viewer to the nearest of 312 PoPs, from there to the object's home, and
    waits for those before it (M/M/1). A write's answer waits too until half of the followers have
    confirmed the copy. The last mile, which no home shortens, is left out.

    Examples
    --------
    >>> import edgelab as el
    >>> match = el.DurableObject(home="Mumbai", requests_per_s=312)
    >>> match.replace(home="London")
    DurableObject(home='London')
    """

    main = ("home", "followers", "requests_per_s")

    home: str = knob(
        "Mumbai",
        label="Home",
        symbol="h",
        unit="",
        choices=tuple(HOMES),
        meaning="City of the PoP where the object lives.",
        source="the best one for the whole audience's mean round trip",
    )
    audience: str = knob(
        "everyone",
        label="Audience",
        symbol="A",
        unit="",
        choices=AUDIENCES,
        meaning="Whose round trips count when homes are compared.",
        source="the article's 24 million in India and 4 million abroad",
    )
    stadium: str = knob(
        "Ahmedabad",
        label="Stadium",
        symbol="S",
        unit="",
        choices=STADIUMS,
        meaning="City where the match is played.",
        source="assumption, the article names no city",
    )
    followers: int = knob(
        5,
        label="Followers",
        symbol="F",
        unit="followers",
        low=0,
        high=POPS - 1,
        log=True,
        stops=(0, 1, 2, 3, 4, 5, 7, 9, 15, 31, 63, 127, 255, 311),
        meaning="Copies of the storage besides the home's. A write is safe when half of them, "
        "rounded up, have confirmed it.",
        source="Cloudflare's blog post on SQLite in Durable Objects, 2024, five of which three "
        "confirm",
    )
    followers_at: str = knob(
        NEAR,
        label="Followers are",
        symbol="R",
        unit="",
        choices=(NEAR, AROUND),
        meaning="In the PoPs with the least round trip to the home, or in the order in which "
        "PoPs help the world's cities most.",
        source="as for the followers, which are in nearby data centres",
    )
    acknowledge: str = knob(
        CONFIRMED,
        label="Writes are answered",
        symbol="K",
        unit="",
        choices=(CONFIRMED, AT_ONCE),
        meaning="When a client hears that its write is done.",
        source="as for the followers",
    )
    batch_s: float = knob(
        1.0,
        label="Copies leave every",
        symbol="b",
        unit="s",
        low=0.1,
        high=60.0,
        log=True,
        meaning="How often copies are sent to the followers if writes are answered at once.",
        source="assumption",
    )
    requests_per_s: float = knob(
        312.0,
        label="Requests",
        symbol="λ",
        unit="a second",
        low=0.1,
        high=1_000_000.0,
        log=True,
        meaning="Reads and writes that reach the object in a second.",
        source="assumption, each of 312 PoPs asks once a second and serves its viewers itself",
    )
    write_share: float = knob(
        0.02,
        label="Share of writes",
        symbol="w",
        unit="share",
        low=0.0,
        high=1.0,
        meaning="Writes per request.",
        source="assumption",
    )
    service_ms: float = knob(
        1.0,
        label="Service time",
        symbol="s",
        unit="ms",
        low=0.01,
        high=50.0,
        log=True,
        meaning="Mean time that the object works on one request, and on no other.",
        source="Cloudflare documents a soft limit of 1,000 requests a second for an object, "
        "durable-objects/platform/limits.md @ 026ca95",
    )
    home_dies: str = knob(
        ONCE,
        label="The home dies",
        symbol="X",
        unit="",
        choices=(ONCE, NEVER),
        meaning="Whether a drawn history loses the home, with its copy, after 1 to 3 s. The "
        "nearest follower takes over 2 s later.",
        source="assumption",
    )
    keys: str = knob(
        KEPT,
        label="Idempotency keys",
        symbol="I",
        unit="",
        choices=(KEPT, IGNORED),
        meaning="Whether the object remembers which writes it has done, so that one that is "
        "repeated counts once.",
        source="assumption",
    )
    drop_share: float = knob(
        0.05,
        label="Dropped",
        symbol="d",
        unit="share",
        low=0.0,
        high=0.3,
        meaning="Share of the messages of a history that never arrive.",
        source="assumption",
    )
    duplicate_share: float = knob(
        0.05,
        label="Duplicated",
        symbol="u",
        unit="share",
        low=0.0,
        high=0.3,
        meaning="Share of the messages of a history that arrive twice.",
        source="assumption",
    )
    late_share: float = knob(
        0.01,
        label="Minutes late",
        symbol="z",
        unit="share",
        low=0.0,
        high=0.3,
        meaning="Share of the messages of a history that come a minute late on average.",
        source="the article's occasional lags of minutes, it gives no share",
    )
    seed: int = shared(
        CricStream,
        "seed",
        meaning="Chooses the random draws of the histories; the same seed gives the same ones.",
    )

    # -- the queue ---------------------------------------------------------------------------

    @property
    def utilisation(self) -> float:
        """Share of the time that the object works; 1 or more is saturated."""
        return self.requests_per_s * self.service_ms / 1000

    @property
    def saturated(self) -> bool:
        """Whether the object's queue never empties."""
        return self.utilisation >= 1

    @property
    def state(self) -> str:
        """The queue's state: steady, or saturated."""
        return SATURATED if self.saturated else STEADY

    @property
    def at_object_ms(self) -> float:
        """Mean time that a request spends at the object, waiting included (M/M/1)."""
        return np.inf if self.saturated else self.service_ms / (1 - self.utilisation)

    # -- the copies --------------------------------------------------------------------------

    @property
    def confirmations(self) -> int:
        """Followers that have to confirm a write before it is safe."""
        return majority(self.followers)

    def _copies(self) -> np.ndarray:
        return copies(self.home, self.followers, self.followers_at)

    def sites(self) -> pd.DataFrame:
        """Where the object, its followers and the stadium are.

        Returns
        -------
        pandas.DataFrame
            ``role`` (home, follower or stadium), ``city``, ``lat``, ``lon`` and ``rtt_ms``, the
            round trip to the home; the home first, then the followers, the nearest first.
        """
        rows, pops, home = self._copies(), datasets.pops(), pop_row(self.home)
        stadium = pop_row(self.stadium)
        rows = [*rows, stadium]
        frame = pops.iloc[rows][["city", "lat", "lon"]].reset_index(drop=True)
        frame.insert(0, "role", ["home", *["follower"] * self.followers, "stadium"])
        frame.loc[[0, len(rows) - 1], "city"] = [self.home, self.stadium]
        frame["rtt_ms"] = np.where(np.array(rows) == home, 0.0, between_pops_ms()[home, rows])
        return frame

    @property
    def safe_ms(self) -> float:
        """Round trips until a write is confirmed by as many followers as it needs."""
        if not self.followers:
            return 0.0
        home, *others = self._copies()
        return float(np.sort(between_pops_ms()[home, others])[self.confirmations - 1])

    @property
    def write_wait_ms(self) -> float:
        """What the answer to a write waits for copies."""
        return 0.0 if self.acknowledge == AT_ONCE else self.safe_ms

    @property
    def at_risk_writes(self) -> float:
        """Acknowledged writes that no follower has been sent yet, on average."""
        if not self.followers:
            return np.inf if self.write_share else 0.0
        waits_s = 0.0 if self.acknowledge == CONFIRMED else self.batch_s / 2
        return self.requests_per_s * self.write_share * waits_s

    def idle(self) -> dict[str, str]:
        """The knobs that move nothing as the others stand, and why."""
        out = {}
        if self.acknowledge == CONFIRMED:
            out["write_share"] = "only writes that are answered at once are at risk"
        if not self.followers:
            names = ("followers_at", "acknowledge", "batch_s", "write_share")
            out |= dict.fromkeys(names, "there is no follower")
        elif self.followers == POPS - 1:
            out["followers_at"] = "a follower is in every PoP"
        return out

    # -- latency -----------------------------------------------------------------------------

    def latency(self) -> pd.DataFrame:
        """What a request from each place takes, the last mile left out.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``place``: every place, then the groups diaspora, India and everyone.
            ``kind`` (place or group), ``group``, ``viewers``, ``rtt_ms`` (mean round trip by the
            nearest PoP to the home), ``read_p50_ms``, ``read_p99_ms``, ``write_p99_ms``
            (infinite if the object is saturated) and ``state``.
        """
        places = datasets.places()
        to_home = to_pops_ms()[..., pop_row(self.home)]
        viewers = places["viewers"].to_numpy()
        frame = pd.DataFrame(
            {
                "place": [*places["place"], *GROUPS],
                "kind": ["place"] * len(places) + ["group"] * len(GROUPS),
                "group": [*places["group"], *GROUPS],
            }
        ).set_index("place")
        rows = [np.array([i]) for i in range(len(places))]
        rows += [np.flatnonzero(members(group)) for group in GROUPS]
        frame["viewers"] = [viewers[some].sum() for some in rows]
        means = to_home.mean(axis=1)
        frame["rtt_ms"] = [np.average(means[some], weights=viewers[some]) for some in rows]
        levels = np.full((len(rows), 2), np.inf)
        if not self.saturated:
            at_object = self.at_object_ms
            levels[: len(places)] = quantiles_ms(to_home, None, at_object)
            for number, some in enumerate(rows[len(places) :], len(places)):
                weight = np.repeat(viewers[some], to_home.shape[1])
                levels[number] = quantiles_ms(to_home[some].reshape(1, -1), weight, at_object)
        frame["read_p50_ms"], frame["read_p99_ms"] = levels.T
        frame["write_p99_ms"] = frame["read_p99_ms"] + self.write_wait_ms
        return frame.assign(state=self.state)

    # -- where the home should stand -----------------------------------------------------------

    def homes(self) -> pd.DataFrame:
        """How far each home that the object could have is from the audience.

        Returns
        -------
        pandas.DataFrame
            One row a PoP, indexed by ``home``; the homes of `HOMES` by their names there:
            ``lat``, ``lon``, ``mean_ms`` and ``p99_ms`` of the audience's round trips,
            ``farthest_ms``, the mean round trip of the place that is worst off, and whether it is
            this object's home (``here``) or at the ``stadium``. What a request spends at the object
            is the same for every home, and left out.
        """
        frame = by_home(self.audience).copy()
        frame["here"], frame["stadium"] = frame.index == self.home, frame.index == self.stadium
        return frame

    def best_home(self, by: str = "mean") -> str:
        """The home that serves the audience best.

        Parameters
        ----------
        by : {"mean", "p99", "farthest"}
            What has to be least: the mean round trip (the 1-median), its p99, or that of the
            place that is worst off (the 1-center).

        Returns
        -------
        str
            Its row in `homes`.

        Raises
        ------
        ValueError
            If `by` is something else.
        """
        by = allowed.one_of("by", by, ("mean", "p99", "farthest"))
        return str(by_home(self.audience)[f"{by}_ms"].idxmin())

    # -- the alternative without a home ----------------------------------------------------------

    def quorum(self) -> pd.DataFrame:
        """How long a majority of k regions needs at least, the first k PoPs of the world's order.

        Returns
        -------
        pandas.DataFrame
            One row per number of ``regions``, 1 to 312: ``leader`` (the PoP that hears soonest from
            a majority, itself included), ``majority_ms`` (its wait), ``light_ms`` (the least
            wait of any leader if light in fibre ran straight), ``all_ms`` (the least wait for
            all of them), ``turns_per_s`` (how often a lock held for one ``majority_ms`` can
            change hands), ``here_ms`` (a majority's wait with this home as the leader and one of
            the k), and in the row of this object's copies ``safe_ms``, what a write waits for them.
        """
        frame = agreement().copy()
        home = pop_row(self.home)
        rtt = between_pops_ms()[home]
        others = rtt[np.arange(POPS) != home]
        frame["here_ms"] = [0.0, *(smallest_ms(others[:f], (f + 1) // 2) for f in range(1, POPS))]
        frame["safe_ms"] = np.where(frame["regions"] == self.followers + 1, self.safe_ms, np.nan)
        return frame

    # -- histories -------------------------------------------------------------------------------

    def run(self, store: str = OBJECT, seed: int | None = None) -> Run:
        """One drawn history of five clients who add to a score and read it.

        Parameters
        ----------
        store : {"object", "kv"}
            Whether the score is in this object, or in an edge KV where the last writer wins.
        seed : int, optional
            In place of the object's own.

        Returns
        -------
        Run
            ``history``, with one row per operation for `linearisable`: ``client``, ``kind`` (add or
            read), ``value`` (what a read gave), ``invoked_ms``, ``returned_ms`` (infinite if it was
            never answered); and ``acknowledged``, ``lost`` and ``twice``.

        Raises
        ------
        ValueError
            If `store` is something else.
        """
        store = allowed.one_of("store", store, (OBJECT, KV))
        seed = self.seed if seed is None else self.knobs()["seed"].check(seed)
        return _run(self._take(_History), store, seed)

    def histories(self, count: int = 20, store: str = OBJECT) -> pd.DataFrame:
        """Several drawn histories, with what was lost in each.

        Parameters
        ----------
        count : int
            How many, 1 to 1,000; with the object's seed and those after it.
        store : {"object", "kv"}
            As for `run`.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``seed``: ``operations``, ``unanswered``, ``acknowledged`` adds, how many of
            them were ``lost``, adds counted ``twice``, and whether the history is ``linearisable``.

        Raises
        ------
        ValueError
            If `count` or `store` is not allowed.
        """
        count = allowed.whole("count", count, 1, 1000)
        rows = {}
        for seed in ((self.seed + k) % 2**32 for k in range(count)):
            run = self.run(store, seed)
            rows[seed] = {
                "operations": len(run.history),
                "unanswered": int(np.isinf(run.history["returned_ms"]).sum()),
                "acknowledged": len(run.acknowledged),
                "lost": run.lost,
                "twice": run.twice,
                "linearisable": linearisable(run.history),
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("seed")

    def designs(self, count: int = 20) -> pd.DataFrame:
        """The same histories with other promises, and what each of them lost.

        Parameters
        ----------
        count : int
            Histories of each, 1 to 1,000.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``design``, this object's own first: ``acknowledged`` adds, ``lost``,
            counted ``twice``, ``unanswered`` operations, ``histories`` and how many of them are
            ``linearisable``.
        """
        drawn = {
            "this object": (self, OBJECT),
            "answered at once": (self.replace(acknowledge=AT_ONCE), OBJECT),
            "no idempotency keys": (self.replace(keys=IGNORED), OBJECT),
            "no follower": (self.replace(followers=0), OBJECT),
            "edge KV, last writer wins": (self, KV),
        }
        rows = {}
        for name, (thing, store) in drawn.items():
            frame = thing.histories(count, store)
            sums = frame[["acknowledged", "lost", "twice", "unanswered", "linearisable"]].sum()
            rows[name] = {"histories": count} | sums.to_dict()
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("design")

    # -- two endpoints ---------------------------------------------------------------------------

    @classmethod
    def live_match(cls) -> DurableObject:
        """The state of a live match, as the article keeps it: one object a match."""
        return cls()

    @classmethod
    def order_matching(cls) -> DurableObject:
        """One share's order book in an object: 20,000 orders a second, an assumption."""
        return cls(requests_per_s=20_000.0, write_share=1.0)

    def headline(self) -> dict[str, float | str]:
        """What decides whether an endpoint can live in the object."""
        frame = self.latency().query("kind == 'place'")
        near, far = frame["rtt_ms"].min(), frame["rtt_ms"].max()
        return {
            "requests_per_s": self.requests_per_s,
            "utilisation": self.utilisation,
            "state": self.state,
            "nearest_rtt_ms": near,
            "farthest_rtt_ms": far,
            "head_start_ms": (far - near) / 2,
            "write_wait_ms": self.write_wait_ms,
            "read_p99_ms": self.latency().loc["everyone", "read_p99_ms"],
        }

    # -- in words --------------------------------------------------------------------------------

    def _short(self) -> dict[str, str]:
        return {
            "home": f"home {self.home}",
            "followers": f"{self._followers} {self.followers_at}",
            "followers_at": "",
            "requests_per_s": self.knobs()["requests_per_s"].text(self.requests_per_s),
        }

    @property
    def _followers(self) -> str:
        return counted(self.followers, "follower")

    def in_words(self) -> str:
        """Three sentences that say what the numbers mean."""
        homes, frame = self.homes(), self.latency().query("kind == 'place'")
        here, best, tail = homes.loc[self.home], self.best_home(), self.best_home("p99")
        whose = "Viewers" if self.audience == "everyone" else f"Viewers of {self.audience}"
        where = f"{whose} are {here['mean_ms']:.0f} ms from {self.home} on average, p99 "
        where += f"{here['p99_ms']:.0f}"
        others = [
            f"{homes.loc[name, 'mean_ms']:.0f} and {homes.loc[name, 'p99_ms']:.0f} from {name} "
            f"(best {what})"
            for name, what in ((best, "mean"), (tail, "p99"))
            if name != self.home
        ]
        where += "".join(f"; {other}" for other in others) + "."
        if self.saturated:
            queue = f"{self.requests_per_s:,.0f} requests a second are {self.utilisation:,.3g} "
            queue += "times what one object can do: its queue never empties."
        else:
            far = frame["read_p99_ms"].idxmax()
            queue = f"The object is {percent(self.utilisation, 3)} busy; 99 of 100 reads take at "
            queue += f"most {frame.loc['Mumbai', 'read_p99_ms']:.0f} ms from Mumbai and "
            queue += f"{frame.loc[far, 'read_p99_ms']:.0f} from {THE.get(far, far)}."
        return f"{where} {queue} {self._safety_in_words()}"

    def _safety_in_words(self) -> str:
        if not self.followers:
            return "There is no copy: if the home dies, everything is lost."
        if self.acknowledge == AT_ONCE:
            return (
                f"Writes wait for none of {self._followers}: a home that dies takes "
                f"{counted(f'{self.at_risk_writes:.3g}', 'acknowledged write')} with it, on "
                "average."
            )
        return (
            f"A write waits {self.safe_ms:.0f} ms more for {self.confirmations} of "
            f"{self._followers}, and is then safe from the home's death."
        )

    def histories_in_words(self) -> str:
        """What a few drawn histories lost, in the object and in an edge KV."""
        # Hundreds of copies take hundreds of times as long to draw.
        count = 5 if self.followers <= 63 else 1
        parts = []
        for store, name in ((OBJECT, "the object"), (KV, "an edge KV")):
            drawn = self.histories(count, store)
            runs = counted(drawn["acknowledged"].sum(), "acknowledged run")
            lost = f"{drawn['lost'].sum()} of {runs} lost"
            twice = f", {drawn['twice'].sum()} counted twice" if drawn["twice"].any() else ""
            asked = drawn["unanswered"].sum()
            never = f", {counted(asked, 'request')} never answered" if asked else ""
            right = f"{drawn['linearisable'].sum()} of {count} linearisable"
            parts.append(f"{name}: {lost}{twice}{never}, {right}")
        died = "the home dying once" if self.home_dies == ONCE else "no death"
        return f"{counted(count, 'history')} drawn, with {died}: {'; '.join(parts)}."


# -- histories, drawn once ---------------------------------------------------------------------


@cache
def _witnesses() -> np.ndarray:
    """Row of each client's place."""
    names = datasets.places()["place"].tolist()
    return np.array([names.index(name) for name in WITNESSES])


class _History(NamedTuple):
    """All that a history depends on besides the seed, by the names of `DurableObject`."""

    home: str
    followers: int
    followers_at: str
    acknowledge: str
    batch_s: float
    service_ms: float
    home_dies: str
    keys: str
    drop_share: float
    duplicate_share: float
    late_share: float


def majority(followers: int) -> int:
    """Followers that, with the home, are more than half of all copies."""
    return (followers + 1) // 2


def copies(home: str, followers: int, followers_at: str) -> np.ndarray:
    """Rows of `edgelab.data.pops`: the home, then its followers, the nearest first."""
    row = pop_row(home)
    rtt = between_pops_ms()[row].copy()
    rtt[row] = -1.0
    near = np.argsort(rtt, kind="stable")
    if followers_at == NEAR:
        return near[: followers + 1]
    chosen = np.flatnonzero(np.arange(POPS) != row)[:followers]
    return np.concatenate([[row], chosen[np.argsort(rtt[chosen], kind="stable")]])


@lru_cache(maxsize=4096)
def _run(thing: _History, store: str, seed: int) -> Run:
    faults = thing.drop_share, thing.duplicate_share, thing.late_share
    at = _witnesses()
    if store == KV:
        pop = geo.nearest_pop(POPS)[0][at, 0]
        median_ms = [delays.median_delay_ms(POPS, int(home), KV_DELAY_MS)[pop] for home in pop]
        return histories.kv_run(np.array(median_ms), seed, *faults)
    where = copies(thing.home, thing.followers, thing.followers_at)
    setting = Setting(
        client_rtt_ms=to_pops_ms()[at][:, :, where].mean(axis=1),
        copy_rtt_ms=between_pops_ms()[np.ix_(where, where)],
        needed=0 if thing.acknowledge == AT_ONCE else majority(thing.followers),
        service_ms=thing.service_ms,
        dies=thing.home_dies == ONCE,
        batch_ms=1000 * thing.batch_s,
        keys_kept=thing.keys == KEPT,
        drop_share=faults[0],
        duplicate_share=faults[1],
        late_share=faults[2],
    )
    return histories.object_run(setting, seed)
