"""Whether a history of concurrent operations could have been made by one point of truth."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import suppress
from itertools import accumulate
from operator import or_
from typing import Any, NamedTuple, NoReturn

import pandas as pd
from pandas.api.types import is_scalar

from edgelab.core import allowed

__all__ = ["STEPS", "Undecided", "append", "counter", "linearisable", "members", "register"]

Step = Callable[[Any, str, Any], tuple[bool, Any]]
#: How many steps there are between two lines of progress.
TOLD_STEPS = 250_000
#: From here on floats skip whole numbers.
INEXACT = 2.0**53
#: Stands for all that is written and that no read gives.
UNREAD = object()


class Undecided(RuntimeError):
    """The search has spent its steps, and the history may be linearisable or not."""


def register(state: Hashable, kind: str, value: Hashable) -> tuple[bool, Hashable]:
    """A register: a ``write`` replaces its value, and a ``read`` gives the last one written."""
    if kind == "write":
        return True, value
    return _read(state, kind, value, "register")


def counter(state: int, kind: str, value: float) -> tuple[bool, int]:
    """A counter: ``add`` raises it by one, and a ``read`` gives what it stands at."""
    if kind == "add":
        return True, state + 1
    return _read(state, kind, value, "counter")


def members(state: frozenset, kind: str, value: Hashable) -> tuple[bool, frozenset]:
    """A set: ``add`` and ``remove`` take an element, and a ``read`` gives the whole set."""
    if kind == "add":
        return True, state | {value}
    if kind == "remove":
        return True, state - {value}
    return _read(state, kind, value, "set")


def append(state: tuple, kind: str, value: Hashable) -> tuple[bool, tuple]:
    """A list: ``append`` puts an element at its end, and a ``read`` gives the whole list."""
    if kind == "append":
        return True, (*state, value)
    return _read(state, kind, value, "append")


def _read(state: Any, kind: str, value: Any, name: str) -> tuple[bool, Any]:
    if kind != "read":
        _refuse_kind(kind, STEPS[name])
    return value == state, state


class _Known(NamedTuple):
    step: Step
    kinds: tuple[str, ...]
    start: Hashable


#: The steps that `linearisable` knows by name, with their kinds and what they start from.
STEPS = {
    "register": _Known(register, ("write", "read"), 0),
    "counter": _Known(counter, ("add", "read"), 0),
    "set": _Known(members, ("add", "remove", "read"), frozenset()),
    "append": _Known(append, ("append", "read"), ()),
}


def _refuse_kind(kind: Any, known: _Known) -> NoReturn:
    steps = "; ".join(f"{name!r}: {', '.join(each.kinds)}" for name, each in STEPS.items())
    allowed.refuse("kind", kind, f"{allowed.in_words(known.kinds)} with this step. Steps: {steps}")


class _Operation(NamedTuple):
    returned: float
    called: float
    kind: str
    value: Any


def linearisable(
    history: pd.DataFrame,
    step: str | Step = "counter",
    start: Hashable = ...,
    budget_steps: int = 1_000_000,
    progress: Callable[[str], Any] = print,
) -> bool:
    """Whether a history is linearisable.

    It is if each operation can be given one moment between its call and its answer, so that all
    of them, taken in the order of these moments, are what a single sequential object would do.

    Parameters
    ----------
    history : pandas.DataFrame
        One row per operation: ``kind``, ``value`` (what was written, or what a read gave; a
        missing one is None), ``invoked_ms``, ``returned_ms``. An operation that was never
        answered has an infinite ``returned_ms``: it may have happened at any time after its call,
        or not at all. Only the order of the times counts: they may be any numbers, or datetime64,
        where a missing answer is NaT. If there is a column ``key``, each key is an object of its
        own.
    step : {"counter", "register", "set", "append"} or callable
        What the object does: a counter has the kinds ``add`` and ``read``, a register ``write``
        and ``read``, a set ``add``, ``remove`` and ``read``, a list ``append`` and ``read``. A
        callable goes from a state, a kind and a value to whether that may happen in this state,
        and the next state; a ``read`` must leave the state as it is.
    start : hashable, optional
        The state at first; by default 0, or an empty set or list.
    budget_steps : int
        How often `step` is called at most. A million take a few seconds.
    progress : callable
        Is given a line of text every 250,000 steps.

    Returns
    -------
    bool

    Raises
    ------
    Undecided
        If the steps are spent. That is no verdict: allow more, or check a part of the history.
    TypeError, ValueError
        If a column is missing, a kind is unknown, an operation is answered before it is called, a
        time is missing, or an argument is not allowed.

    Notes
    -----
    The search of Wing and Gong, "Testing and verifying concurrent objects", J. Parallel Distrib.
    Comput. 17, 1993: choose among the operations called before the first answer still due, and
    turn back where that leads nowhere. A set of chosen operations with a state is tried only once
    (Lowe, "Testing for linearizability", Concurrency Computat. Pract. Exper. 29, 2017). The
    definition is Herlihy and Wing's, ACM TOPLAS 12(3), 1990, as is the proof that objects can be
    checked one by one.

    Examples
    --------
    >>> import edgelab as el, pandas as pd
    >>> rows = [("write", 1, 0, 1), ("read", 0, 2, 3)]
    >>> stale = pd.DataFrame(rows, columns=["kind", "value", "invoked_ms", "returned_ms"])
    >>> el.linearisable(stale, step="register")
    False
    """
    allowed.columns("history", history, ["kind", "value", "invoked_ms", "returned_ms"], least=0)
    known = _known(step)
    start = known.start if start is ... else _held("start", known, "read", start)
    if known.step is counter:
        start = allowed.whole("start", start)
    steps = allowed.whole("budget_steps", budget_steps, 1)
    budget = _budget(steps, allowed.function("progress", progress, ""))
    # The small objects first: if one of them says no, the others cost nothing.
    objects = sorted(_objects(history, known), key=len)
    parts = (part for some in objects for part in _parts(some, known.step, start))
    return all(_search(*part, budget) for part in parts)


def _known(step: Any) -> _Known:
    if not callable(step):
        return STEPS[allowed.one_of("step", step, STEPS, more=" or a callable")]
    own = _Known(allowed.function("step", step, 0, "read", None), (), 0)
    return next((known for known in STEPS.values() if known.step is step), own)


def _budget(steps: int, progress: Callable[[str], Any]) -> Iterator[None]:
    """Give so many steps, and then raise."""
    for number in range(1, steps + 1):
        yield
        if number % TOLD_STEPS == 0:
            progress(f"linearisable: {number:,} of at most {steps:,} steps")
    raise Undecided(
        f"undecided after {steps:,} steps: the history may be linearisable or not; "
        "allow more with budget_steps, or check a part of the history"
    )


# -- from the table to operations --------------------------------------------------------------


def _objects(history: pd.DataFrame, known: _Known) -> Iterable[list[_Operation]]:
    """The operations on each key."""
    called, returned = _times(history)
    kinds, values = history["kind"].tolist(), history["value"].tolist()
    keys = history["key"].tolist() if "key" in history else [None] * len(kinds)
    found: dict[Hashable, list[_Operation]] = {}
    for key, kind, value, *times in zip(keys, kinds, values, returned, called, strict=True):
        if known.kinds and kind not in known.kinds:
            _refuse_kind(kind, known)
        # A read that nobody saw the answer of says nothing.
        if kind != "read" or times[0] < math.inf:
            one = _Operation(*times, kind, _held("value", known, kind, _kept(value)))
            found.setdefault(_kept(key), []).append(one)
    return found.values()


def _kept(value: Any) -> Any:
    """A value as it was: pandas makes NaN of None among numbers."""
    return None if is_scalar(value) and pd.isna(value) else value


def _held(name: str, known: _Known, kind: str, value: Any) -> Any:
    """A value, or the state at first, as the step holds it."""
    if kind == "read" and isinstance(known.start, frozenset | tuple):
        many = () if value is None else value
        return type(known.start)(allowed.several(name, many, allowed.hashable, least=0))
    return allowed.hashable(name, value) if known.kinds or name == "start" else value


def _times(history: pd.DataFrame) -> list[list]:
    """When each operation was called and answered; whole numbers stay exact."""
    both = [history[name] for name in ("invoked_ms", "returned_ms")]
    dates = {(c.dtype.kind in "mM" and c.dtype.kind, hasattr(c.dtype, "tz")) for c in both}
    if len(dates) > 1:
        types = " and ".join(str(c.dtype) for c in both)
        raise TypeError(f"invoked_ms, returned_ms: got {types}, allowed times of one sort")
    times = [[_time(c.name, time) for time in c.tolist()] for c in both]
    for row, (called, returned) in enumerate(zip(*times, strict=True)):
        if not (math.isfinite(called) and returned >= called):
            raise ValueError(
                f"history: got an answer before its call, or no time, in row {row}; allowed one "
                "at or after it, infinite if it never came"
            )
    return times


def _time(name: str, time: Any) -> int | float:
    if time is pd.NaT or time is pd.NA:
        return math.inf
    if isinstance(time, pd.Timestamp | pd.Timedelta):
        with suppress(OverflowError):
            return time.value
    time = allowed.number(
        name, time, high=math.inf, allowed="a number, or a date from 1678 to 2261"
    )
    if isinstance(time, float) and INEXACT <= abs(time) < math.inf:
        exact = "whole numbers (Int64 if some are missing), or datetime64"
        allowed.refuse(name, time, f"floats below 2**53, which keep their order, {exact}")
    return time


# -- the search --------------------------------------------------------------------------------


def _parts(operations: list[_Operation], step: Step, start: Hashable) -> Iterator[tuple]:
    """What must be linearisable if these operations are, they themselves last."""
    told = [one.value for one in operations if one.kind == "read"]
    longest = max([start, *told], key=len) if step is append else ()
    if step in (counter, register, append):
        # What is never read is all alike, and so are the adds of a counter.
        seen = set(told if step is register else longest)
        operations = [
            one if one.kind == "read" or one.value in seen else one._replace(value=UNREAD)
            for one in operations
        ]
    if step is members:
        # Each element by itself: a lost one is found without a look at the others.
        changed = (one.value for one in operations if one.kind != "read")
        for element in start.union(changed, *told):
            own = frozenset({element})
            yield (
                [
                    one._replace(value=one.value & own) if one.kind == "read" else one
                    for one in operations
                    if one.kind == "read" or one.value == element
                ],
                step,
                start & own,
            )
    yield operations, _towards(longest) if step is append else step, start


def _towards(longest: tuple) -> Step:
    """The step `append`, as far as it leads to the longest read: a list only grows."""
    beyond = (*longest, UNREAD)

    def towards(state: tuple, kind: str, value: Hashable) -> tuple[bool, tuple]:
        possible, after = append(state, kind, value)
        after = after if len(after) <= len(longest) else beyond
        return possible and after == beyond[: len(after)], after

    return towards


def _search(
    operations: list[_Operation], step: Step, start: Hashable, budget: Iterator[None]
) -> bool:
    """Whether some order of the operations fits their times and the step.

    A set of operations is a whole number with one bit for each, in the order of their answers.
    """
    ordered = sorted(operations, key=lambda one: one[:2])
    answered = sum(one.returned < math.inf for one in ordered)
    by_call = sorted(range(len(ordered)), key=lambda i: ordered[i].called)
    calls = [ordered[i].called for i in by_call]
    called_first = list(accumulate((1 << i for i in by_call), or_, initial=0))
    # Of each operation: those called before its answer, and those that ask the same before it.
    ready = [called_first[bisect_right(calls, one.returned)] for one in ordered]
    twins, same = [], {}
    for i, one in enumerate(ordered):
        asked = one.kind, type(one.value), one.value
        try:
            twins.append(same.get(asked, 0))
            same[asked] = twins[i] | 1 << i
        except TypeError:  # not hashable: like no other
            twins.append(0)

    open_ends = [(0, start)]
    tried = set(open_ends)
    while open_ends:
        done, state = open_ends.pop()
        seen, changes = 0, []
        # A read leaves the state as it is, so that one that fits is taken at once.
        while True:
            due = (~done & (done + 1)).bit_length() - 1
            if due >= answered:
                return True
            new = ready[due] & ~done & ~seen
            if not new:
                break
            seen |= new
            while new:
                bit = new & -new
                new ^= bit
                i = bit.bit_length() - 1
                # Of two that ask the same, the one that is due earlier goes first.
                if twins[i] & ready[due] & ~done:
                    continue
                next(budget)
                one = ordered[i]
                possible, after = step(state, one.kind, one.value)
                if possible and one.kind != "read":
                    changes.append((bit, after))
                elif possible and after == state:
                    done |= bit
                elif possible:
                    raise ValueError(f"step: got a read that changes {state!r}, allowed none")
        for bit, after in reversed(changes):
            here = (done | bit, after)
            if here not in tried:
                tried.add(here)
                open_ends.append(here)
    return False
