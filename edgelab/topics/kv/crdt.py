"""Conflict-free replicated data types, the last writer's register beside them, and a bad network.

Shapiro, Preguica, Baquero and Zawirski, "A comprehensive study of convergent and commutative
replicated data types", INRIA 7506, 2011. Every type is state-based: a replica sends its whole
state, and `merge` of two states is commutative, associative and idempotent, so that the order,
the number and the delay of the messages make no difference in the end.

Nothing here changes in place: what changes a state gives a new one.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, reduce
from typing import Any

import numpy as np
import pandas as pd

from edgelab.core import allowed
from edgelab.world import delays

__all__ = ["GCounter", "LWWRegister", "ORSet", "PNCounter"]

#: Bytes of a replica's number and of a count, time or value, in a compact encoding (assumption).
REPLICA_BYTES, NUMBER_BYTES = 2, 8
REPAIRED = "dropped, then repaired"
#: The small world: its PoPs, updates, updates a second and rounds.
POPS, UPDATES, PER_S, ROUNDS = 12, 120, 20.0, 5


def _time(time: Any, *low: float) -> int | float:
    """A time as a number; whole ones stay whole, for floats skip nanoseconds since 1970."""
    if isinstance(time, datetime | np.datetime64) and not pd.isna(time):
        with suppress(OverflowError):
            return pd.Timestamp(time).value
    return allowed.number(
        "time", time, *low, allowed="a finite number, or a date from 1678 to 2261"
    )


@dataclass(frozen=True, slots=True)
class GCounter:
    """A counter that only grows: one count for each replica that ever counted.

    No two replicas may have the same name, and one that restarts must still know its own count,
    or take a new name. If it starts from nothing under its old name, what it counts next is
    lost: `merge` keeps the larger count, which is the old one.

    Parameters
    ----------
    counts : mapping of replica to int
        Empty at first; whole numbers from 0 up. It is copied.

    Examples
    --------
    >>> delhi, london = GCounter().add("DEL", 2), GCounter().add("LHR")
    >>> delhi.merge(london).value
    3
    """

    counts: Mapping[Hashable, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        counts = dict(allowed.instance("counts", self.counts, Mapping, more=" of replica to count"))
        for replica, count in counts.items():
            if type(count) is not int or count < 0:
                counts[replica] = allowed.whole(f"counts[{allowed.shown(replica)}]", count, 0)
        object.__setattr__(self, "counts", counts)

    def add(self, replica: Hashable, amount: int = 1) -> GCounter:
        """The state after `replica` counted `amount`, a whole number from 0 up."""
        before = self.counts.get(allowed.hashable("replica", replica), 0)
        return GCounter({**self.counts, replica: before + allowed.whole("amount", amount, 0)})

    def merge(self, other: GCounter) -> GCounter:
        """The larger count of each replica."""
        both = dict(self.counts)
        for replica, count in allowed.instance("other", other, GCounter).counts.items():
            if count > both.get(replica, -1):
                both[replica] = count
        return GCounter(both)

    @property
    def value(self) -> int:
        """What all replicas counted together."""
        return sum(self.counts.values())

    @property
    def size_bytes(self) -> int:
        """Bytes of the state: a replica's number and a count, for each replica that counted."""
        return len(self.counts) * (REPLICA_BYTES + NUMBER_BYTES)


@dataclass(frozen=True, slots=True)
class PNCounter:
    """A counter that goes up and down: two counters that only grow.

    Parameters
    ----------
    up, down : GCounter
        What they ask of replicas holds here, too.
    """

    up: GCounter = field(default_factory=GCounter)
    down: GCounter = field(default_factory=GCounter)

    def __post_init__(self) -> None:
        for name in ("up", "down"):
            allowed.instance(name, getattr(self, name), GCounter)

    def add(self, replica: Hashable, amount: int = 1) -> PNCounter:
        """The state after `replica` added `amount`, a whole number that may be negative."""
        amount = allowed.whole("amount", amount)
        if amount < 0:
            return PNCounter(self.up, self.down.add(replica, -amount))
        return PNCounter(self.up.add(replica, amount), self.down)

    def merge(self, other: PNCounter) -> PNCounter:
        """Both halves merged."""
        allowed.instance("other", other, PNCounter)
        return PNCounter(self.up.merge(other.up), self.down.merge(other.down))

    @property
    def value(self) -> int:
        """What was added less what was taken away."""
        return self.up.value - self.down.value

    @property
    def size_bytes(self) -> int:
        """Bytes of both halves."""
        return self.up.size_bytes + self.down.size_bytes


@dataclass(frozen=True, slots=True)
class LWWRegister:
    """One value; of two that were written, the later one wins, and the other is gone.

    Parameters
    ----------
    value : object
        None before anything was written.
    time : number or datetime64
        By the writer's clock. Whole numbers stay exact; a datetime64 is kept as whole nanoseconds
        since 1970.
    replica : hashable
        Who wrote; its text decides between two writes of the same time.
    """

    value: Any = None
    time: float | datetime | np.datetime64 = -np.inf
    replica: Hashable = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", _time(self.time, -np.inf))
        try:
            str(allowed.hashable("replica", self.replica))
        except Exception:
            allowed.refuse("replica", self.replica, "what is hashable and has a text", TypeError)

    def write(
        self, value: Any, time: float | datetime | np.datetime64, replica: Hashable
    ) -> LWWRegister:
        """The state after a write; its time is finite."""
        return self.merge(LWWRegister(value, _time(time), replica))

    def merge(self, other: LWWRegister) -> LWWRegister:
        """The later write.

        Raises
        ------
        ValueError
            If one replica wrote two values at one time: then no order is the right one.
        """
        allowed.instance("other", other, LWWRegister)
        mine, theirs = (self.time, str(self.replica)), (other.time, str(other.replica))
        same = self.value is other.value  # as an array is, or NaN, that came twice
        if mine == theirs and not same and self.value != other.value:
            both = " and ".join(map(allowed.shown, (self.value, other.value)))
            raise ValueError(
                f"time: got two values, {both}, by replica "
                f"{self.replica!r} at {self.time!r}; allowed one value per replica and time"
            )
        return other if theirs > mine else self

    @property
    def size_bytes(self) -> int:
        """Bytes of a number as the value, its time and its writer."""
        return 2 * NUMBER_BYTES + REPLICA_BYTES


@dataclass(frozen=True, slots=True)
class ORSet:
    """A set where an element that is added and removed at once stays: observed remove.

    Each time that an element is added it gets a tag of its own. Removing it removes the tags that
    the remover has seen; they are kept for ever, or a late message would bring the element back.
    As for a `GCounter`, a replica that restarts must still have its state, or take a new name.

    Parameters
    ----------
    tags : frozenset of (element, replica, number)
        Of all that was ever added.
    removed : frozenset of the same
        Those of them that were removed.
    """

    tags: frozenset = frozenset()
    removed: frozenset = frozenset()

    def __post_init__(self) -> None:
        what = " of (element, replica, number)"
        for name in ("tags", "removed"):
            some = frozenset(allowed.instance(name, getattr(self, name), Set, more=what))
            if {*map(type, some)} - {tuple} or {*map(len, some)} - {3}:
                allowed.refuse(name, some, f"a Set{what}")
            object.__setattr__(self, name, some)
        if not self.removed <= self.tags:
            allowed.refuse("removed", self.removed, "some of the tags")

    def add(self, element: Hashable, replica: Hashable) -> ORSet:
        """The state after `replica`, which has all that it ever added, adds `element`."""
        tag = allowed.hashable("element", element), allowed.hashable("replica", replica)
        number = 1 + sum(tag[1] == replica for tag in self.tags)
        return ORSet(self.tags | {(*tag, number)}, self.removed)

    def remove(self, element: Hashable) -> ORSet:
        """The state without the element, as far as its tags are known here."""
        allowed.hashable("element", element)
        seen = {tag for tag in self.tags if tag[0] == element}
        return ORSet(self.tags, self.removed | seen)

    def merge(self, other: ORSet) -> ORSet:
        """All tags, and all that were removed."""
        allowed.instance("other", other, ORSet)
        return ORSet(self.tags | other.tags, self.removed | other.removed)

    @property
    def value(self) -> frozenset:
        """The elements."""
        return frozenset(tag[0] for tag in self.tags - self.removed)

    @property
    def size_bytes(self) -> int:
        """Bytes of the elements, numbers here, of their tags, and of the tags that are gone."""
        live, tag = len(self.tags) - len(self.removed), REPLICA_BYTES + NUMBER_BYTES
        return live * NUMBER_BYTES + len(self.tags) * tag


@dataclass(frozen=True, kw_only=True)
class Network:
    """How states travel between replicas.

    Parameters
    ----------
    delay_ms : callable
        Given a `numpy.random.Generator` and how many, delays in milliseconds.
    dropped_share, duplicated_share : float
        Share of the messages that never come, and of those that come twice, from 0 to 1.
    """

    delay_ms: Callable[[np.random.Generator, int], np.ndarray]
    dropped_share: float = 0.0
    duplicated_share: float = 0.0

    def __post_init__(self) -> None:
        for name in ("dropped_share", "duplicated_share"):
            allowed.number(name, getattr(self, name), 0, 1)
        allowed.function("delay_ms", self.delay_ms)


def exchange(
    start: Any,
    update: Callable[[Any, int, float, int], Any],
    network: Network,
    at_ms: np.ndarray,
    replica: np.ndarray,
    replicas: int,
    rng: np.random.Generator,
) -> list:
    """Let replicas update their states and send them to each other until nothing is under way.

    Parameters
    ----------
    start : object
        Every replica's state at first; it has ``merge``.
    update : callable
        From a state, the replica, the time in milliseconds and the number of the update to the
        state after it.
    network : Network
        How the state after an update travels to every other replica.
    at_ms, replica : ndarray, (updates,)
        When each update is made, and where.
    replicas : int
        How many there are.
    rng : numpy.random.Generator
        Draws the delays, and what is dropped or comes twice.

    Returns
    -------
    list
        Each replica's state at the end.
    """
    states = [start] * replicas
    updates = zip(at_ms.tolist(), range(len(at_ms)), replica.tolist(), strict=True)
    under_way = [(*each, None) for each in updates]
    heapq.heapify(under_way)
    sent = len(under_way)
    while under_way:
        now, number, where, state = heapq.heappop(under_way)
        if state is not None:
            states[where] = states[where].merge(state)
            continue
        states[where] = update(states[where], where, now, number)
        others = [k for k in range(replicas) if k != where]
        lost = rng.random(len(others)) < network.dropped_share
        twice = rng.random(len(others)) < network.duplicated_share
        for again in (~lost, ~lost & twice):
            delays = network.delay_ms(rng, len(others))
            for k in np.flatnonzero(again):
                heapq.heappush(under_way, (now + delays[k], sent, others[k], states[where]))
                sent += 1
    return states


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
        lambda state: int(state.value == UPDATES - 1),
        1,
    ),
    "LWW: counter": (LWWRegister(), _raise, lambda state: state.value, UPDATES),
    "G-counter": (
        GCounter(),
        lambda state, where, now, number: state.add(where),
        lambda state: state.value,
        UPDATES,
    ),
    "PN-counter": (
        PNCounter(),
        _up_and_down,
        lambda state: state.up.value + state.down.value,
        UPDATES,
    ),
    "OR-set": (
        ORSet(),
        lambda state, where, now, number: state.add(number, where),
        lambda state: len(state.value),
        UPDATES,
    ),
}


@lru_cache(maxsize=8)
def faults(kv_delay_ms: float, seed: int) -> pd.DataFrame:
    """The frame of `edgelab.EdgeKV.faults`."""
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
            for turn in range(ROUNDS):
                rng = np.random.default_rng([seed, 3_000_004, turn])
                at_ms = np.cumsum(rng.exponential(1000 / PER_S, UPDATES))
                pop = rng.integers(0, POPS, UPDATES)
                states = exchange(start, update, network, at_ms, pop, POPS, rng)
                whole = reduce(type(start).merge, states)
                if fault == REPAIRED:
                    states = [whole] * POPS
                held += kept(whole)
                agreeing += sum(state.value == whole.value for state in states)
            acknowledged = promised * ROUNDS
            rows.append(
                {
                    "fault": fault,
                    "design": name,
                    "acknowledged": acknowledged,
                    "kept": held,
                    "lost": acknowledged - held,
                    "agreeing_share": agreeing / (POPS * ROUNDS),
                }
            )
    return pd.DataFrame(rows).set_index(["fault", "design"])
