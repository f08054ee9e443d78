"""Measuring isolates, Wasm instances and processes on this machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import pandas as pd

from edgelab.bench.process import Child, ChildError
from edgelab.bench.told import Told
from edgelab.core import allowed, remembered
from edgelab.core.knobs import Knob

__all__ = ["Measurements", "measure", "measured"]

#: What is measured together, in a child of its own, and its name.
FAMILIES = {"isolate": "V8 isolates", "wasm": "Wasm instances", "process": "processes"}
#: No run takes longer, whatever the machine.
LIMIT_S = 19.0
BUDGET = Knob(
    8.0,
    label="Budget",
    symbol="",
    unit="s",
    meaning="How long a run should take.",
    source="assumption",
    low=0.1,
    high=14.0,
    name="budget_s",
)
#: Columns of the table that a notebook shows.
SHOWN = {"start": "start, ms", "memory": "memory, MB", "call": "call, ms"}


class Measurements(Told):
    """A tidy frame of figures; a notebook shows one row per runtime, medians with their spread."""

    def table(self) -> pd.DataFrame:
        """Medians by runtime and quantity, and between which values 9 of 10 lie."""
        cells = {(row["what"], SHOWN[row["quantity"]]): _spread(row) for _, row in self.iterrows()}
        order = list(dict.fromkeys(self["what"]))
        table = pd.Series(cells).unstack().reindex(index=order, columns=list(SHOWN.values()))
        return table.fillna("")


def _spread(row: pd.Series) -> str:
    """A median, and between which values 9 of 10 lie."""
    median, low, high = (_number(row[name]) for name in ("median", "low", "high"))
    return f"{median}  ({low} to {high})"


def _number(value: float) -> str:
    """A figure to three digits, in plain notation."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value >= 1e-4 else f"{value:.4f}"


def _line(text: str) -> None:
    """One line of progress that the next one replaces."""
    print(f"\r{text:60}", end="\n" if text.startswith("Measured") else "", flush=True)


def measure(budget_s: float = 8.0, progress: Callable[[str], Any] = _line) -> Measurements:
    """Measure isolates, Wasm instances and processes on this machine, and remember the figures.

    It takes about as long as `budget_s` says, and never 20 s. It can be interrupted: then nothing
    runs on, and what was remembered before stays. A runtime that is missing is told of in words.

    Parameters
    ----------
    budget_s : float
        Seconds, 0.1 to 14; with more, each measurement is repeated more often.
    progress : callable
        Is given a line of text at each step.

    Returns
    -------
    Measurements
        As from `measured`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed.
    OSError
        If the figures cannot be written; the text names the folder.
    """
    budget_s = BUDGET.check(budget_s)
    allowed.function("progress", progress)
    start, rows, missing = monotonic(), [], {}
    for family, name in FAMILIES.items():
        left = LIMIT_S - (monotonic() - start)
        try:
            with Child() as child:
                for answer in child.ask("measure", left, family=family, budget_s=budget_s):
                    if "step" in answer:
                        progress(f"Measuring {answer['step']} …")
                    elif "row" in answer:
                        rows.append(answer["row"])
                    elif "missing" in answer:
                        missing[answer["missing"]] = answer["why"]
        except ChildError as error:
            missing[name] = f"{error}"
    took = monotonic() - start
    if rows:
        remembered.write(rows, _about(missing))
    progress(f"Measured {len(rows)} figures in {took:.1f} s.")
    found = measured()
    if not rows:
        found.attrs["said"] += _missing(missing)
    return found


def _missing(why: dict[str, str]) -> list[str]:
    return [f"{what}: not measured, {reason}." for what, reason in why.items()]


def _about(missing: dict[str, str]) -> dict[str, str]:
    """When and where, and what could not be measured."""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    found = {"when": when, "machine": f"{machine}, Python {platform.python_version()}"}
    return found | {f"missing {what}": why for what, why in missing.items()}


def measured() -> Measurements:
    """What was last measured on this machine.

    Returns
    -------
    Measurements
        A tidy pandas frame: ``what`` was measured, which ``quantity`` (start: until the first
        answer; memory: resident, once idle; call: a further answer) in which ``unit``, its
        ``median``, ``low`` and ``high`` (5th and 95th percentile), ``repeats``, and ``how``. Empty
        if nothing is remembered or the file is damaged; ``attrs["said"]`` and a notebook say why.
    """
    rows, about, problem = remembered.read()
    frame, mark = Measurements(rows), "missing "
    missing = {k.removeprefix(mark): v for k, v in about.items() if k.startswith(mark)}
    said = [problem] if problem else []
    if about:
        said.append(f"Measured {about.get('when', 'once')} on {about.get('machine', 'this one')}.")
    frame.attrs["said"] = [*said, *_missing(missing)]
    return frame
