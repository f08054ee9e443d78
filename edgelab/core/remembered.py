"""What was measured on this machine, remembered from one session to the next.

`edgelab.bench` measures; this keeps its figures in a small JSON file and gives them back. A damaged
file is told in words and never used.
"""

from __future__ import annotations

import json
import math
import os
import uuid
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import platformdirs

__all__ = ["FIELDS", "NOT_YET", "UNITS", "Remembered", "path", "read", "stamp", "write"]

#: What there is to measure, with its unit.
UNITS = {"start": "ms", "memory": "MB", "call": "ms"}
#: Columns of a figure, and the kind of each.
FIELDS = {
    "what": str,
    "quantity": str,
    "unit": str,
    "median": float,
    "low": float,
    "high": float,
    "repeats": int,
    "how": str,
}
NOT_YET = "Nothing was measured on this machine yet. el.bench.measure() does, in under 20 seconds."
VERSION = 1


class Remembered(NamedTuple):
    """What is remembered: `rows` with the columns of `FIELDS`, and of `about` when and where.

    `problem` says in words why there is nothing, and is empty when there is something.
    """

    rows: pd.DataFrame
    about: Mapping[str, str]
    problem: str


def path() -> Path:
    """The file, in the user's data directory, or in ``EDGELAB_DATA_DIR`` where that is set."""
    root = os.environ.get("EDGELAB_DATA_DIR") or platformdirs.user_data_dir("edgelab", False)
    return Path(root) / "measured.json"


def stamp() -> tuple[str, int, int]:
    """What changes when the file does: its path, the time it was written, its size."""
    file = path()
    try:
        about = file.stat()
    except OSError:
        return str(file), 0, 0
    return str(file), about.st_mtime_ns, about.st_size


def read() -> Remembered:
    """The figures as they are remembered, or why there are none."""
    return _read(stamp())


@lru_cache(maxsize=2)
def _read(stamped: tuple[str, int, int]) -> Remembered:
    file = Path(stamped[0])
    try:
        rows, about = _checked(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Remembered(pd.DataFrame(columns=list(FIELDS)), {}, NOT_YET)
    except (OSError, ValueError) as error:  # bad UTF-8 and bad JSON are ValueErrors
        problem = f"{file} is damaged and not used ({error}). el.bench.measure() writes it anew."
        return Remembered(pd.DataFrame(columns=list(FIELDS)), {}, problem)
    return Remembered(pd.DataFrame(rows, columns=list(FIELDS)), about, "")


def _checked(kept: Any) -> tuple[list[dict], dict[str, str]]:
    """Rows and surroundings of a file's content.

    Raises
    ------
    ValueError
        Saying what is wrong.
    """
    if not (isinstance(kept, dict) and kept.get("version") == VERSION):
        raise ValueError(f"no measurements of version {VERSION}")
    rows, about = kept.get("rows"), kept.get("about")
    if not (isinstance(rows, list) and rows and isinstance(about, dict)):
        raise ValueError("rows or about is missing")
    if not all(isinstance(text, str) for text in about.values()):
        raise ValueError("about holds something else than texts")
    seen = set()
    for number, row in enumerate(rows, start=1):
        if not (isinstance(row, dict) and set(row) == set(FIELDS)):
            raise ValueError(f"row {number} has other columns than {', '.join(FIELDS)}")
        for name, kind in FIELDS.items():
            value = row[name]
            if kind is str:
                fine = isinstance(value, str) and value
            else:
                whole = isinstance(value, int) and not isinstance(value, bool)
                fine = whole or (kind is float and isinstance(value, float))
                fine = fine and math.isfinite(value) and value >= 0
            if not fine:
                raise ValueError(f"row {number}, {name}: got {value!r}")
        if UNITS.get(row["quantity"]) != row["unit"]:
            raise ValueError(f"row {number}: got {row['quantity']!r} in {row['unit']!r}")
        if not row["low"] <= row["median"] <= row["high"]:
            raise ValueError(f"row {number}: the median is not between low and high")
        key = row["what"], row["quantity"]
        if key in seen:
            raise ValueError(f"row {number}: {' '.join(key)} stands twice")
        seen.add(key)
    return rows, about


def write(rows: list[dict], about: Mapping[str, str]) -> Path:
    """Remember figures in place of those before; whoever reads meanwhile sees the old or the new.

    Parameters
    ----------
    rows : list of dict
        With the keys of `FIELDS`.
    about : mapping of str to str
        When and where.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        If they would not be read again.
    OSError
        If the folder cannot be written to; what was remembered before is left.
    """
    kept = {"version": VERSION, "about": dict(about), "rows": rows}
    text = json.dumps(kept, indent=1, allow_nan=False, ensure_ascii=False)
    _checked(json.loads(text))
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{uuid.uuid4().hex}.part")
    try:
        part.write_text(text + "\n", encoding="utf-8")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return file
