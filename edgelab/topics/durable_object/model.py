"""A durable object: one home for a key, where every request waits its turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from edgelab.core import allowed
from edgelab.core.knobs import Model, knob, shared
from edgelab.core.words import counted
from edgelab.topics.durable_object import homes, losses, words
from edgelab.topics.durable_object.histories import Run
from edgelab.topics.durable_object.homes import AROUND, AT_ONCE, CONFIRMED, NEAR, POPS
from edgelab.topics.durable_object.losses import IGNORED, KEPT, KV, NEVER, OBJECT, ONCE, WITNESSES
from edgelab.topics.night.model import SATURATED, STEADY, CricStream

__all__ = [
    "AROUND", "AT_ONCE", "CONFIRMED", "KV", "NEAR", "OBJECT", "WITNESSES",
    "DurableObject",
]  # fmt: skip


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
        choices=tuple(homes.HOMES),
        meaning="City of the PoP where the object lives.",
        source="the best one for the whole audience's mean round trip",
    )
    audience: str = knob(
        "everyone",
        label="Audience",
        symbol="A",
        unit="",
        choices=homes.AUDIENCES,
        meaning="Whose round trips count when homes are compared.",
        source="the article's 24 million in India and 4 million abroad",
    )
    stadium: str = knob(
        "Ahmedabad",
        label="Stadium",
        symbol="S",
        unit="",
        choices=homes.STADIUMS,
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
        stops=homes.RATES_PER_S,
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
        meaning="Mean time that the object works on one request, and on no other. (A real one may "
        "take up another while it awaits something else than its own storage.)",
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
        return homes.majority(self.followers)

    def sites(self) -> pd.DataFrame:
        """Where the object, its followers and the stadium are.

        Returns
        -------
        pandas.DataFrame
            ``role`` (home, follower or stadium), ``city``, ``lat``, ``lon`` and ``rtt_ms``, the
            round trip to the home; the home first, then the followers, the nearest first.
        """
        return homes.sites(self._take(homes.Copies), self.stadium)

    @property
    def safe_ms(self) -> float:
        """Round trips until a write is confirmed by as many followers as it needs."""
        return homes.safe_ms(self._take(homes.Copies))

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
        return homes.idle(self.followers, self.acknowledge)

    # -- places ------------------------------------------------------------------------------

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
        frame = homes.latency(self.home, self.at_object_ms, self.write_wait_ms)
        return frame.assign(state=self.state)

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
        frame = homes.by_home(self.audience)
        return frame.assign(here=frame.index == self.home, stadium=frame.index == self.stadium)

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
        return str(homes.by_home(self.audience)[f"{by}_ms"].idxmin())

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
        return homes.quorum(self.home, self.followers + 1, self.safe_ms)

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
        return losses.run(self._take(losses.History), store, seed)

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
        store = allowed.one_of("store", store, (OBJECT, KV))
        return losses.losses(self._take(losses.History), store, self._seeds(count))

    def _seeds(self, count: int) -> list[int]:
        count = allowed.whole("count", count, 1, 1000)
        return [(self.seed + k) % 2**32 for k in range(count)]

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
            counted ``twice``, ``histories`` and how many of them are ``linearisable``.
        """
        return losses.designs(self._take(losses.History), self._seeds(count))

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
        latency = self.latency()
        rtt = latency.loc[latency["kind"] == "place", "rtt_ms"]
        return {
            "requests_per_s": self.requests_per_s,
            "utilisation": self.utilisation,
            "state": self.state,
            "nearest_rtt_ms": rtt.min(),
            "farthest_rtt_ms": rtt.max(),
            "head_start_ms": (rtt.max() - rtt.min()) / 2,
            "write_wait_ms": self.write_wait_ms,
            "read_p99_ms": latency.loc["everyone", "read_p99_ms"],
        }

    def _short(self) -> dict[str, str]:
        return {
            "home": f"home {self.home}",
            "followers": f"{counted(self.followers, 'follower')} {self.followers_at}",
            "followers_at": "",
            "requests_per_s": self.knobs()["requests_per_s"].text(self.requests_per_s),
        }

    def in_words(self) -> str:
        """Two or three sentences that say what the numbers mean."""
        return words.in_words(self._take(words.Told), self.homes(), self.latency())

    def histories_in_words(self) -> str:
        """What a few drawn histories lost, in the object and in an edge KV."""
        # Hundreds of copies take hundreds of times as long to draw.
        count = 5 if self.followers <= 63 else 1
        drawn = {"the object": self.histories(count), "an edge KV": self.histories(count, KV)}
        return words.histories_in_words(drawn, self.home_dies)
