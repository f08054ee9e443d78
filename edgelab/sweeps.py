"""Many settings of a model, each asked, on threads or on a cluster; and nights side by side."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager, nullcontext
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from tqdm.auto import tqdm

from edgelab import __version__
from edgelab.core import allowed
from edgelab.core.knobs import Model
from edgelab.topics.night.model import CricStream

__all__ = ["Unanswered", "compare", "sweep"]


class Unanswered(RuntimeError):
    """Some settings had no answer; `answers` is the frame of those that had one."""

    def __init__(self, text: str, answers: pd.DataFrame) -> None:
        super().__init__(text)
        self.answers = answers


def sweep(
    model: Model,
    over: Mapping[str, Sequence],
    ask: Callable[[Any], Any],
    executor: Executor | None = None,
    keep: str | os.PathLike | None = None,
) -> pd.DataFrame:
    """Ask a model the same question at many settings.

    Parameters
    ----------
    model : Model
        Such as `edgelab.CricStream`: what is not swept over stays as it is here.
    over : mapping of str to sequence
        Values by the name of a knob; every combination is asked, the last knob fastest.
    ask : callable
        Takes a model and gives a number, a text, or a mapping or Series of them, such as
        ``el.CricStream.headline``. A cluster must be able to import it.
    executor : concurrent.futures.Executor, optional
        Where to work: that of a dask cluster is ``client.get_executor()``. Threads of this
        process by default.
    keep : path, optional
        A SQLite file that takes each answer as it comes. A sweep that was stopped goes on where it
        was: what the file knows is not asked again. One file may keep several sweeps.

    Returns
    -------
    pandas.DataFrame
        A row for each combination, in their order: the knobs, then the answer (``answer``, or a
        column for each of its keys).

    Raises
    ------
    TypeError or ValueError
        If a combination is refused by the model, before anything is asked; if `keep` is another
        kind of file, or an answer is of another kind.
    Unanswered
        If `ask` failed for some; the others are done first, and kept.
    OSError
        If the file cannot take an answer. What it took before stays.
    """
    allowed.instance("model", model, Model)
    if not isinstance(over, Mapping) or not over:
        allowed.refuse("over", over, "a mapping of knobs to sequences of values", TypeError)
    allowed.names(f"the model {type(model).__name__}", over, model.knobs())
    values = [allowed.several(name, over[name], lambda _, each: each) for name in over]
    points = [dict(zip(over, point, strict=True)) for point in product(*values)]
    models = [model.replace(**point) for point in points]
    allowed.function("ask", ask, model)
    if executor is not None:
        allowed.instance("executor", executor, Executor)
    if keep is not None and not isinstance(keep, os.PathLike):
        allowed.text("keep", keep)
    keys = [f"{_question(ask)}({each!r})" for each in models]
    wanted = dict(zip(keys, models, strict=True))
    answers, failed = {}, {}
    threads = ThreadPoolExecutor() if executor is None else nullcontext(executor)
    with _opened(keep) as kept, threads as where, tqdm(total=len(wanted), unit="model") as bar:
        for key in wanted:
            if found := kept.execute("SELECT answer FROM sweep WHERE asked = ?", (key,)).fetchone():
                answers[key] = json.loads(found[0])
        bar.update(len(answers))
        tasks = {where.submit(ask, wanted[key]): key for key in wanted if key not in answers}
        try:
            for task in as_completed(tasks):
                key = tasks[task]
                if error := task.exception():
                    failed[key] = error
                else:
                    answers[key] = _plain(task.result())
                    _add(kept, keep, key, answers[key])
                bar.update()
        finally:  # stopped, or the file takes no more
            for task in tasks:
                task.cancel()
    done = [k for k, key in enumerate(keys) if key in answers]
    frame = pd.DataFrame([points[k] | answers[keys[k]] for k in done], index=done)
    if failed:
        key, error = next(iter(failed.items()))
        raise Unanswered(
            f"{len(failed)} of {len(wanted)} settings had no answer; the first, {wanted[key]!r}: "
            f"{type(error).__name__}: {error}",
            frame,
        ) from error
    return frame


def _question(ask: Callable) -> str:
    """What an answer belongs to: edgelab's version, and the function with its source."""
    name = getattr(ask, "__qualname__", repr(ask))
    try:
        source = inspect.getsource(ask)
    except (OSError, TypeError):  # a builtin, or an object that can be called
        source = ""
    return f"{__version__} {name} {hashlib.sha256(source.encode()).hexdigest()[:16]}"


def _plain(answer: Any) -> dict[str, Any]:
    """An answer as a row that JSON can hold."""
    row = {"answer": answer} if np.isscalar(answer) or answer is None else dict(answer)
    plain = {f"{k}": v.item() if isinstance(v, np.generic) else v for k, v in row.items()}
    for name, value in plain.items():
        if not isinstance(value, int | float | str | None) or value != value:
            allowed.refuse(f"what was asked, {name}", value, "a number or a text", TypeError)
    return plain


def _add(kept: sqlite3.Connection, path: Any, key: str, answer: dict) -> None:
    """Write an answer, and tell what stays where the file takes no more."""
    try:
        with kept:
            kept.execute("INSERT INTO sweep VALUES (?, ?)", (key, json.dumps(answer)))
    except sqlite3.Error as error:
        count = kept.execute("SELECT count(*) FROM sweep").fetchone()[0]
        raise OSError(
            f"{path}: {error}; it keeps {count} answers, and the same sweep goes on from there"
        ) from error


@contextmanager
def _opened(path: str | os.PathLike | None) -> Iterator[sqlite3.Connection]:
    """The file of answers; without one they live as long as the sweep."""
    with closing(sqlite3.connect(path or ":memory:")) as kept:
        try:
            if not kept.execute("SELECT name FROM sqlite_master").fetchone():
                kept.execute("CREATE TABLE sweep (asked TEXT PRIMARY KEY, answer TEXT NOT NULL)")
            kept.execute("SELECT asked, answer FROM sweep LIMIT 1")
        except sqlite3.Error as error:
            allowed = "a new file, or one that a sweep made"
            raise ValueError(f"keep: got {path} ({error}), allowed {allowed}") from None
        yield kept


def compare(nights: Sequence[CricStream]) -> pd.DataFrame:
    """Several nights side by side.

    Parameters
    ----------
    nights : sequence of CricStream
        At least one.

    Returns
    -------
    pandas.DataFrame
        One row per night, indexed by the line of code that makes it: p99 by place in
        milliseconds, share of blank panels, utilisation of the origin, viewers with a stale
        list.

    Raises
    ------
    TypeError, ValueError
        If something else than a CricStream is among them, or nothing.
    """
    nights = allowed.several("nights", nights, allowed.instance, CricStream)
    index = pd.Index([repr(night) for night in nights], name="night")
    return pd.DataFrame([night.headline() for night in nights], index=index)
