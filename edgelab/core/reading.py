"""One CSV file, read cell by cell against its schema: a damaged file is refused by its place.

A schema is a dictionary: name of a column to what reads a cell of it, and what is allowed in words.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from edgelab.core.constants import DataError

__all__ = ["Cell", "flag", "maybe", "number", "read_table", "refuse_rows", "text"]

#: What reads a cell, raising an error on bad text, and what is allowed in words.
Cell = tuple[Callable[[str], Any], str]
#: How a number is written in a data file; int() and float() take more than that.
PLAIN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def number(low: float, high: float, kind: type = float) -> Cell:
    """A number in a range, both ends included, of the kind float or int."""

    def parse(text: str):
        if not PLAIN_NUMBER.fullmatch(text):
            raise ValueError
        number = kind(text)
        if not low <= number <= high:
            raise ValueError
        return number

    return parse, f"{'a whole number' if kind is int else 'a number'} from {low:g} to {high:g}"


def text(allowed: tuple[str, ...] = (), empty: bool = False) -> Cell:
    """A text, one of some if these are given."""

    def parse(text: str):
        if (allowed and text not in allowed) or not (text.strip() or empty):
            raise ValueError
        return text

    return parse, f"one of {', '.join(allowed)}" if allowed else "a text that is not empty"


def maybe(number: Cell) -> Cell:
    """A number, or NaN where the cell is empty."""
    parse, allowed = number
    return lambda text: parse(text) if text else math.nan, f"{allowed}, or nothing"


def flag() -> Cell:
    """True or False."""
    return {"yes": True, "no": False}.__getitem__, "yes or no"


def read_table(path: Path, schema: dict[str, Cell], unique: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read one CSV file against its schema.

    Parameters
    ----------
    path : pathlib.Path
        A UTF-8 file with a header line.
    schema : dict
        Column name to what reads a cell, and what is allowed in words.
    unique : tuple of str
        Columns that together may not repeat.

    Raises
    ------
    DataError
        Naming the file, the line, the column, what came and what is allowed.
    """
    rows, seen = [], {}
    with path.open("rb") as file:
        for line, text in enumerate(file, start=1):
            where = f"{path.name}, line {line}"
            try:
                # One line per row: an open quote cannot swallow the rows that follow.
                cells = next(csv.reader([text.decode("utf-8").rstrip("\r\n")], strict=True), [])
            except (UnicodeDecodeError, csv.Error) as error:
                raise DataError(f"{where}: {error}, allowed one row of UTF-8 text") from None
            if line == 1:
                if cells != list(schema):
                    raise DataError(f"{where}: got columns {cells}, allowed {list(schema)}")
                continue
            if len(cells) != len(schema):
                raise DataError(f"{where}: got {len(cells)} cells, allowed {len(schema)}")
            row = []
            for (column, (parse, allowed)), cell in zip(schema.items(), cells, strict=True):
                try:
                    row.append(parse(cell))
                except (ValueError, KeyError):
                    raise DataError(
                        f"{where}, column {column}: got {cell!r}, allowed {allowed}"
                    ) from None
            key = tuple(cells[list(schema).index(column)] for column in unique)
            if unique and key in seen:
                raise DataError(
                    f"{where}, column {', '.join(unique)}: {', '.join(key)} "
                    f"stands in line {seen[key]} already"
                )
            seen[key] = line
            rows.append(row)
    if not rows:
        raise DataError(f"{path.name}: no row after the header")
    return pd.DataFrame(rows, columns=list(schema))


def refuse_rows(
    name: str, bad: np.ndarray | pd.Series, column: str, said: Callable[[int], str]
) -> None:
    """Refuse the first of the rows that are bad, if there is one.

    Parameters
    ----------
    name : str
        Of the file.
    bad : array of bool
        Rows of the whole table, in the order of the file.
    column : str
        Where it is wrong.
    said : callable
        What came and what is allowed in a row, by its number.

    Raises
    ------
    DataError
        Naming the file, the line and the column.
    """
    rows = np.flatnonzero(bad)
    if rows.size:
        raise DataError(f"{name}, line {rows[0] + 2}, column {column}: {said(rows[0])}")
