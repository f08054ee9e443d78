"""Designs in files, on a front, and searched for."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgelab.core import allowed
from edgelab.core.table import Table
from edgelab.core.words import in_digits

if TYPE_CHECKING:
    from edgelab.topics.design.model import Design

__all__ = [
    "NAMES",
    "VERSION",
    "frame",
    "front",
    "non_dominated",
    "read",
    "search",
    "tried",
    "write",
]

#: Of the files that `write` writes.
VERSION = 1
#: Goals that a search makes small unless it is told others.
NAMES = ("p99 Bay Area, ms", "staleness, s", "cost of the night, USD")
#: What a search may turn, and to what: settings that a reader's sliders have.
SPACE: Mapping[str, Sequence] = {
    "pops": (12, 25, 50, 69, 100, 150, 200, 250, 312),
    "order": ("world", "viewers", "largest cities"),
    "primitive": ("isolate", "Wasm", "container", "process"),
    "panel": ("split: PoP asks home", "at the PoP, from cache", "at the PoP, from KV"),
    "ttl_s": (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 1200.0),
    "kv_delay_ms": (50.0, 100.0, 250.0, 500.0, 1000.0, 5000.0, 30_000.0),
    "regions": (1, 2, 3, 4),
    "regions_at": ("the world", "India"),
    "converge": ("home region", "last writer", "CRDT", "quorum"),
    "origin_servers": (8, 16, 32, 64, 128),
    "batch_s": (0.1, 0.5, 1.0, 5.0),
}
#: New designs of one round of mutation; how far a mutation goes at most and at least, as a share of
#: a range; and how often it goes anywhere instead.
ROUND, FAR, NEAR, ANYWHERE = 64, 0.3, 0.003, 0.25


# -- fronts ---------------------------------------------------------------------------------------


def non_dominated(values: np.ndarray) -> np.ndarray:
    """Which rows no other row beats: as small in every column, and smaller in one.

    Parameters
    ----------
    values : ndarray, (rows, columns)
        Infinity is allowed. Rows that are alike beat nobody.

    Returns
    -------
    bool ndarray, (rows,)
    """
    out = np.zeros(len(values), bool)
    front = np.empty((0, values.shape[1]))
    # Whatever beats a row stands before it.
    for row in np.lexsort(values.T[::-1]):
        mine = values[row]
        beaten = (front <= mine).all(axis=1) & (front < mine).any(axis=1)
        if not beaten.any():
            out[row] = True
            front = np.vstack([front, mine])
    return out


def frame(designs: Sequence[Design], names: Sequence[str]) -> Table:
    """The frame of `edgelab.front`."""
    values = np.array([list(design.values(names).values()) for design in designs])
    # A design that never answers gives up more than any trade is worth.
    on_front = non_dominated(values) & np.isfinite(values).all(axis=1)
    least = values.min(axis=0)
    with np.errstate(invalid="ignore"):
        more = values - least
    said = [
        ", ".join(f"{n} +{in_digits(gap)}" for n, gap in zip(names, row, strict=True) if gap > 0)
        for row in more
    ]
    out = Table(values, columns=list(names))
    out.insert(0, "design", list(designs))
    return out.assign(on_front=on_front, gives_up=said)


def front(nights: Sequence[Design], names: Sequence[str]) -> Table:
    """Of some designs those that no other beats: as small in every goal, and smaller in one.

    Parameters
    ----------
    nights : sequence of Design
    names : sequence of str
        Two or more rows of `Design.report`.

    Returns
    -------
    Table
        A pandas frame, a row for each design, in the order given: ``design``, a column for each
        goal, ``on_front`` (no other beats it, and no goal is infinite), and ``gives_up``: by how
        much each goal is above the least that any of them has.

    Raises
    ------
    TypeError, ValueError
        If a design or a goal is none.
    """
    from edgelab.topics.design.goals import GOALS
    from edgelab.topics.design.model import Design

    nights = allowed.several("nights", nights, allowed.instance, Design)
    names = allowed.several("names", names, allowed.one_of, [*GOALS], least=2)
    return frame(nights, names)


# -- a search -------------------------------------------------------------------------------------


def tried(
    ask: Callable[[np.ndarray], Sequence[float]], dimensions: int, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Points of the unit cube that were tried, and what came of each.

    The first half is a scrambled Sobol sequence. Of the rest each is one of the best so far, moved:
    every coordinate with the probability of one in `dimensions`, and one at least.

    Parameters
    ----------
    ask : callable
        From a point to several figures that are to be small.
    dimensions, count, seed : int

    Returns
    -------
    points : float64 ndarray, (count, dimensions)
    values : float64 ndarray, (count, figures)
    """
    from scipy.stats import qmc  # slow to load

    rng = np.random.default_rng([seed, 11_000_000])
    first = max(count // 2, 4)
    sobol = qmc.Sobol(dimensions, rng=rng)
    points = sobol.random_base2(int(np.ceil(np.log2(first))))[:first]
    values = np.array([ask(point) for point in points])
    while len(points) < count:
        best = points[non_dominated(values)]
        size = min(ROUND, count - len(points))
        new = best[rng.integers(len(best), size=size)]
        moved = rng.random(new.shape) < 1 / dimensions
        moved[np.arange(size), rng.integers(dimensions, size=size)] = True
        step = FAR * (NEAR / FAR) ** rng.random(new.shape) * rng.standard_normal(new.shape)
        anew = np.where(rng.random(new.shape) < ANYWHERE, rng.random(new.shape), new + step)
        new = np.where(moved, anew.clip(0, 1), new)
        points = np.vstack([points, new])
        values = np.vstack([values, [ask(point) for point in new]])
    return points, values


def at(design: Design, point: np.ndarray) -> Design:
    """The design at a point of the unit cube over `SPACE`."""
    knobs = {
        name: some[min(int(u * len(some)), len(some) - 1)]
        for (name, some), u in zip(SPACE.items(), point.tolist(), strict=True)
    }
    return design.replace(**knobs)


def search(design: Design, names: Sequence[str], count: int, seed: int) -> list[Design]:
    """Designs that were tried, each once."""
    known: dict[Design, list[float]] = {}

    def ask(point: np.ndarray) -> list[float]:
        one = at(design, point)
        if one not in known:
            known[one] = list(one.values(names).values())
        return known[one]

    tried(ask, len(SPACE), count, seed)
    return list(known)


# -- files ----------------------------------------------------------------------------------------


def _file(path: Any) -> Path:
    if not isinstance(path, str | os.PathLike) or isinstance(os.fspath(path), bytes):
        allowed.refuse("path", path, "a file name", TypeError)
    if not os.fspath(path).strip() or "\0" in os.fspath(path):
        allowed.refuse("path", os.fspath(path), "a file name that is not empty")
    return Path(path).expanduser()


def write(path: Any, knobs: Mapping[str, float | str]) -> Path:
    """Write a design's file; see `edgelab.Design.save`."""
    file = _file(path)
    lines = ["# A design for edgelab: el.Design.load reads it.", f"version = {VERSION}"]
    lines += ["", "[design]"]
    lines += [f'{n} = "{v}"' if isinstance(v, str) else f"{n} = {v!r}" for n, v in knobs.items()]
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write("\n".join(lines) + "\n")
    except FileExistsError:
        allowed.refuse("path", os.fspath(path), "the name of a file that is not there yet")
    return file


def read(path: Any) -> dict[str, Any]:
    """The knobs in a design's file, not yet checked; see `edgelab.Design.load`."""
    file = _file(path)
    try:
        kept = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        allowed.refuse("path", os.fspath(path), f"a file to read: {error.strerror}")
    except ValueError as error:  # bad UTF-8, and bad TOML
        allowed.refuse("path", os.fspath(path), f"a file that Design.save wrote: {error}")
    version = kept.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        allowed.refuse("version", version, f"a whole number from 1 to {VERSION}")
    if version > VERSION:
        newer = f"1 to {VERSION}; a newer edgelab wrote {file.name}, and can read it"
        allowed.refuse("version", version, newer)
    if set(kept) != {"version", "design"} or not isinstance(kept["design"], dict):
        allowed.refuse("path", os.fspath(path), "a file with a version and one table, [design]")
    return kept["design"]
