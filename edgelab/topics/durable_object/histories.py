"""Clients who add runs to one score and read it, over a network that drops, repeats and delays.

The score is kept by a durable object that dies and is taken over, or by an edge KV where the last
writer wins.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from edgelab.core.constants import value
from edgelab.kernels.draws import ALWAYS, QUANTILES, draw, stream_key
from edgelab.kernels.replication import propagation_delay_ms

__all__ = ["OPERATIONS", "Network", "Run", "Setting", "kv_run", "object_run"]

#: Operations of each client in a run.
OPERATIONS = 8
#: A run is watched for so long, in ms: late messages are minutes late.
WATCHED_MS = 1_200_000.0
#: When a home dies: at a moment between these, in ms; assumption.
DIES_MS = (1000.0, 3000.0)
#: How long it takes until a dead home is noticed, in ms; assumption.
NOTICED_MS = 2000.0
#: Pause of a client between two operations: up to so long, in ms; assumption.
PAUSE_MS = 400.0
#: A local read of the KV; the article.
KV_READ_MS = 1.0
#: A message that is not answered is sent again after so many round trips plus these ms.
PATIENCE, PATIENCE_MS = 3.0, 50.0
_LEVELS = (np.arange(QUANTILES) + 0.5) / QUANTILES


class Setting(NamedTuple):
    """What a run needs to know of an object and its network."""

    #: Round trip of each client to each of the object's copies: the home first.
    client_rtt_ms: np.ndarray
    #: Round trips between the copies, (copies, copies).
    copy_rtt_ms: np.ndarray
    #: Followers that must hold a write before it is acknowledged; 0 if none.
    needed: int
    service_ms: float
    #: Whether the home dies.
    dies: bool
    #: How often copies leave if no write waits for them.
    batch_ms: float
    keys_kept: bool
    drop_share: float
    duplicate_share: float
    late_share: float


class Run(NamedTuple):
    """What came of a run."""

    #: One row per operation: client, kind, value, invoked_ms, returned_ms.
    history: pd.DataFrame
    #: Numbers of the operations in the score that is left at the end, in order.
    left: tuple[int, ...]
    #: When the home dies.
    dies_ms: float = np.inf

    @property
    def acknowledged(self) -> np.ndarray:
        """Rows of the adds that were acknowledged."""
        seen = np.isfinite(self.history["returned_ms"]) & (self.history["kind"] == "add")
        return np.flatnonzero(seen)

    @property
    def lost(self) -> int:
        """Acknowledged adds that are not in the score."""
        return len(set(self.acknowledged) - set(self.left))

    @property
    def twice(self) -> int:
        """Adds that were counted more often than they were made."""
        return len(self.left) - len(set(self.left))


@dataclass
class Network:
    """Messages and timers in the order of time; every fate is drawn from one stream.

    A message's delay comes from the sampler of propagation delays: lognormal with its p99 at
    ``kv_tail_ratio`` times the median; a late one adds an exponential lag with the mean
    ``kv_rebalancing_s``.
    """

    key: np.uint64
    drop_share: float = 0.0
    duplicate_share: float = 0.0
    late_share: float = 0.0
    now_ms: float = 0.0
    sent: int = 0
    dropped: int = 0
    _drawn: int = 0
    _queue: list = field(default_factory=list)
    _number: int = 0

    def __post_init__(self) -> None:
        tail = np.log(value("kv_tail_ratio")) / ndtri(0.99)
        self._spread = np.exp(tail * ndtri(_LEVELS)).astype(np.float32)
        self._lag = (-1000 * value("kv_rebalancing_s") * np.log1p(-_LEVELS)).astype(np.float32)
        self._late_below = round(self.late_share * ALWAYS)

    def uniform(self) -> float:
        """A number from 0 to 1."""
        self._drawn += 1
        return int(draw(self.key, self._drawn)) / 2.0**64

    def delay_ms(self, median_ms: float) -> float:
        """How long one message takes."""
        self._drawn += 1
        bits = np.uint64(draw(self.key, self._drawn))
        args = self._spread, self._lag, self._late_below
        return float(propagation_delay_ms(bits, median_ms, *args))

    def at(self, ms: float, call: Callable, *given: Any) -> None:
        """Call at a time."""
        self._number += 1
        heapq.heappush(self._queue, (ms, self._number, call, given))

    def send(self, median_ms: float, call: Callable, *given: Any) -> None:
        """Send a message: it arrives once, not at all, or twice."""
        self.sent += 1
        fate = self.uniform()
        if fate < self.drop_share:
            self.dropped += 1
            return
        copies = 1 + (fate < self.drop_share + self.duplicate_share)
        for _ in range(copies):
            self.at(self.now_ms + self.delay_ms(median_ms), call, *given)

    def run(self, until_ms: float, done: Callable[[], bool]) -> None:
        """Work on what happens, in order, until nothing is left, it is late, or all is done."""
        while self._queue and self._queue[0][0] <= until_ms and not done():
            self.now_ms, _, call, given = heapq.heappop(self._queue)
            call(*given)


class _Clients:
    """Each makes one operation after the other, and asks again until it is answered."""

    def __init__(self, net: Network, count: int, ask: Callable, patience_ms: Sequence) -> None:
        self.net, self.ask, self.patience_ms = net, ask, patience_ms
        self.rows: list[dict] = []
        self.open = count
        for client in range(count):
            net.at(net.uniform() * PAUSE_MS, self.begin, client, OPERATIONS)

    def begin(self, client: int, left: int) -> None:
        kind = "add" if self.net.uniform() < 0.5 else "read"
        row = {"client": client, "kind": kind, "value": np.nan}
        row |= {"invoked_ms": self.net.now_ms, "returned_ms": np.inf, "left": left}
        self.rows.append(row)
        self.attempt(len(self.rows) - 1, self.patience_ms[client])

    def attempt(self, number: int, wait_ms: float) -> None:
        row = self.rows[number]
        if np.isinf(row["returned_ms"]):
            self.ask(row["client"], number, row["kind"])
            again = self.net.now_ms + wait_ms
            self.net.at(again, self.attempt, number, min(2 * wait_ms, 60_000.0))

    def answered(self, number: int, seen: int | None) -> None:
        row = self.rows[number]
        if np.isfinite(row["returned_ms"]):
            return
        row["returned_ms"] = self.net.now_ms
        if seen is not None:
            row["value"] = float(seen)
        if row["left"] > 1:
            pause = self.net.uniform() * PAUSE_MS
            self.net.at(self.net.now_ms + pause, self.begin, row["client"], row["left"] - 1)
        else:
            self.open -= 1

    def history(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows).drop(columns="left")


@dataclass
class _Copy:
    """One copy of the score: the operations in it, in order, and how new it is."""

    promised: int = 0
    held: tuple[int, int, tuple[int, ...]] = (0, 0, ())


class _Object:
    """A home that serialises requests, its followers, and the one that takes over."""

    def __init__(self, net: Network, s: Setting) -> None:
        self.net, self.s = net, s
        self.copies = [_Copy() for _ in s.copy_rtt_ms]
        self.followers = len(self.copies) - 1
        self.home, self.epoch, self.serving = 0, 0, True
        self.version, self.log = 0, ()
        self.busy_ms = 0.0
        self.confirmed = [0] * len(self.copies)
        self.waiting: list[tuple[int, Callable, tuple]] = []
        self.promises: dict[int, tuple] = {}
        self.clients: _Clients | None = None
        self.dies_ms = DIES_MS[0] + net.uniform() * (DIES_MS[1] - DIES_MS[0])
        if s.dies:
            net.at(self.dies_ms, self.die)
        if not s.needed and self.followers:
            net.at(s.batch_ms, self.batch, 0)

    # -- requests, one at a time

    def ask(self, client: int, number: int, kind: str) -> None:
        if self.home is not None:
            one_way = self.s.client_rtt_ms[client, self.home] / 2
            self.net.send(one_way, self.arrive, self.home, client, number, kind)

    def arrive(self, home: int, client: int, number: int, kind: str) -> None:
        if home == self.home and self.serving:
            self.busy_ms = max(self.busy_ms, self.net.now_ms) + self.s.service_ms
            self.net.at(self.busy_ms, self.serve, home, client, number, kind)

    def serve(self, home: int, client: int, number: int, kind: str) -> None:
        if home != self.home or not self.serving:
            return
        if kind == "add" and not (self.s.keys_kept and number in self.log):
            self.log = (*self.log, number)
            self.version += 1
            self.copies[home].held = (self.epoch, self.version, self.log)
            if self.s.needed:
                self.spread()
        seen = len(self.log) if kind == "read" else None
        # The answer waits until all that it tells of is safe.
        self.waiting.append((self.version, self.reply, (home, client, number, seen)))
        self.release()

    def reply(self, home: int, client: int, number: int, seen: int | None) -> None:
        one_way = self.s.client_rtt_ms[client, home] / 2
        self.net.send(one_way, self.clients.answered, number, seen)

    def release(self) -> None:
        if self.s.needed:
            # A home that took over is one of the followers itself.
            own = [self.version] if self.home else []
            others = [v for c, v in enumerate(self.confirmed) if c not in (0, self.home)]
            safe = sorted([*own, *others], reverse=True)[self.s.needed - 1]
        else:
            safe = self.version
        ready = [entry for entry in self.waiting if entry[0] <= safe]
        self.waiting = [entry for entry in self.waiting if entry[0] > safe]
        for _, call, given in ready:
            call(*given)

    # -- copies

    def spread(self) -> None:
        new = (self.epoch, self.version, self.log)
        for to in range(1, len(self.copies)):
            if to != self.home:
                self.copy_to(self.home, to, new)

    def batch(self, before: int) -> None:
        """Let the copies leave that nobody waits for."""
        if self.serving and self.version > before:
            self.spread()
        if self.net.now_ms < WATCHED_MS:
            version = self.version if self.serving else 0
            self.net.at(self.net.now_ms + self.s.batch_ms, self.batch, version)

    def copy_to(self, home: int, to: int, new: tuple) -> None:
        """Send a score, and again until `to` has confirmed it or a newer one."""
        epoch, version, _ = new
        if home != self.home or epoch != self.epoch or self.confirmed[to] >= version:
            return
        rtt = self.s.copy_rtt_ms[home, to]
        self.net.send(rtt / 2, self.take, home, to, new)
        self.net.at(self.net.now_ms + PATIENCE * rtt + PATIENCE_MS, self.copy_to, home, to, new)

    def take(self, home: int, to: int, new: tuple) -> None:
        copy = self.copies[to]
        if new[0] < copy.promised:
            return
        copy.promised = new[0]
        copy.held = max(copy.held, new)
        back = self.s.copy_rtt_ms[home, to] / 2
        self.net.send(back, self.confirm, to, new[0], new[1])

    def confirm(self, to: int, epoch: int, version: int) -> None:
        if epoch == self.epoch and self.serving:
            self.confirmed[to] = max(self.confirmed[to], version)
            self.release()

    # -- the home dies, and the nearest follower takes over

    def die(self) -> None:
        self.home, self.serving, self.waiting = None, False, []
        self.copies[0] = _Copy()
        self.net.at(self.net.now_ms + NOTICED_MS, self.stand)

    def stand(self) -> None:
        """Ask so many followers that one of them holds every acknowledged write."""
        self.epoch += 1
        self.home = 1 if self.followers else 0
        if not self.followers:
            self.start(())
            return
        for to in range(1, len(self.copies)):
            self.call(to)

    def call(self, to: int) -> None:
        if self.serving or to in self.promises:
            return
        rtt = self.s.copy_rtt_ms[self.home, to]
        self.net.send(rtt / 2, self.promise, to)
        self.net.at(self.net.now_ms + PATIENCE * rtt + PATIENCE_MS, self.call, to)

    def promise(self, to: int) -> None:
        copy = self.copies[to]
        copy.promised = max(copy.promised, self.epoch)
        self.net.send(self.s.copy_rtt_ms[self.home, to] / 2, self.counted, to, copy.held)

    def counted(self, to: int, held: tuple) -> None:
        if self.serving:
            return
        self.promises[to] = held
        if len(self.promises) >= self.followers // 2 + 1:
            self.start(max(self.promises.values())[2])

    def start(self, log: tuple[int, ...]) -> None:
        self.log, self.version, self.serving = log, 1, True
        self.busy_ms = self.net.now_ms
        self.confirmed = [0] * len(self.copies)
        self.copies[self.home].held = (self.epoch, self.version, self.log)
        self.spread()


def object_run(setting: Setting, seed: int) -> Run:
    """Clients of a durable object whose home may die; the same seed gives the same run."""
    faults = setting.drop_share, setting.duplicate_share, setting.late_share
    net = Network(stream_key(seed, 2_000_000), *faults)
    thing = _Object(net, setting)
    patience = PATIENCE * setting.client_rtt_ms[:, 0] + PATIENCE_MS
    thing.clients = _Clients(net, len(setting.client_rtt_ms), thing.ask, patience)
    # Watched for a while after the last answer: what comes late must do no harm.
    net.run(WATCHED_MS, lambda: False)
    return Run(thing.clients.history(), thing.log, thing.dies_ms if setting.dies else np.inf)


def kv_run(
    median_ms: np.ndarray,
    seed: int,
    drop_share: float = 0.0,
    duplicate_share: float = 0.0,
    late_share: float = 0.0,
) -> Run:
    """Clients of an edge KV, each at its own PoP, who read the score, add to it and write it back.

    Parameters
    ----------
    median_ms : ndarray, (clients, clients)
        Median propagation delay between their PoPs.
    seed : int
        The same seed gives the same run.
    drop_share, duplicate_share, late_share : float
        As for `Network`. A propagation that is dropped is repeated a second later.

    Returns
    -------
    Run
        The score that is left is the one that the last writer wrote.
    """
    net = Network(stream_key(seed, 2_000_000), drop_share, duplicate_share, late_share)
    stores: list[tuple] = [(0.0, 0, ())] * len(median_ms)

    def take(pop: int, new: tuple) -> None:
        stores[pop] = max(stores[pop], new)

    def spread(pop: int, to: int, new: tuple) -> None:
        dropped = net.dropped
        net.send(median_ms[pop, to], take, to, new)
        if net.dropped > dropped:
            net.at(net.now_ms + 1000.0, spread, pop, to, new)

    def ask(client: int, number: int, kind: str) -> None:
        log = stores[client][2]
        if kind == "add":
            new = (net.now_ms, client, (*log, number))
            take(client, new)
            for to in range(len(stores)):
                if to != client:
                    spread(client, to, new)
        seen = len(log) if kind == "read" else None
        net.at(net.now_ms + KV_READ_MS, clients.answered, number, seen)

    clients = _Clients(net, len(median_ms), ask, np.full(len(median_ms), 1e9))
    net.run(WATCHED_MS, lambda: False)
    return Run(clients.history(), max(stores)[2])
