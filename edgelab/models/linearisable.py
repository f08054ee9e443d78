"""Whether a history of concurrent operations could have been made by one point of truth."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["counter", "linearisable", "register"]

Step = Callable[[Any, str, Any], tuple[bool, Any]]


def counter(state: int, kind: str, value: float) -> tuple[bool, int]:
    """A counter: ``add`` raises it by one, and a ``read`` gives what it stands at."""
    return (True, state + 1) if kind == "add" else (value == state, state)


def register(state: Hashable, kind: str, value: Hashable) -> tuple[bool, Hashable]:
    """A register: a ``write`` replaces its value, and a ``read`` gives the last one written."""
    return (True, value) if kind == "write" else (value == state, state)


def linearisable(history: pd.DataFrame, step: Step = counter, start: Hashable = 0) -> bool:
    """Whether a history is linearisable.

    It is if each operation can be given one moment between its call and its answer, so that all
    of them, taken in the order of these moments, are what a single sequential object would do.

    Parameters
    ----------
    history : pandas.DataFrame
        One row an operation: ``kind``, ``value`` (what was written, or what a read gave),
        ``invoked_ms``, ``returned_ms``. An operation that was never answered has an infinite
        ``returned_ms``: it may have happened at any time after its call, or not at all.
    step : callable
        From a state, a kind and a value to whether that may happen in this state, and the next
        state; `counter` or `register`, for instance.
    start : hashable
        The state at first.

    Returns
    -------
    bool

    Raises
    ------
    KeyError
        If a column is missing.
    ValueError
        If an operation is answered before it is called, or a time is missing.

    Notes
    -----
    The search of Wing and Gong, "Testing and verifying concurrent objects", J. Parallel Distrib.
    Comput. 17, 1993: choose among the operations called before the first answer still due, and
    turn back where that leads nowhere. A set of chosen operations with a state is tried only once
    (Lowe, "Testing for linearizability", Concurrency Computat. Pract. Exper. 29, 2017). The
    definition is Herlihy and Wing's, ACM TOPLAS 12(3), 1990.
    """
    called, returned = (history[c].to_numpy(float) for c in ("invoked_ms", "returned_ms"))
    kinds, values = history["kind"].tolist(), history["value"].tolist()
    if not (np.isfinite(called) & (returned >= called)).all():
        raise ValueError("history: got an answer before its call, allowed one at or after it")
    # A read that nobody saw the answer of says nothing.
    told = [i for i in range(len(kinds)) if np.isfinite(returned[i]) or kinds[i] != "read"]
    order = sorted(told, key=lambda i: called[i])
    must = sum(1 << i for i in order if np.isfinite(returned[i]))
    tried = {(0, start)}
    open_ends = [(0, start)]
    while open_ends:
        done, state = open_ends.pop()
        if done & must == must:
            return True
        due = min(returned[i] for i in order if not done >> i & 1)
        for i in order:
            if called[i] > due:
                break
            if done >> i & 1:
                continue
            possible, after = step(state, kinds[i], values[i])
            here = (done | 1 << i, after)
            if possible and here not in tried:
                tried.add(here)
                open_ends.append(here)
    return False
