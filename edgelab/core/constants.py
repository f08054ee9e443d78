"""Every number that was measured, published, assumed or fitted: ``data/cricstream.toml``.

Each entry there has a value, a unit, a kind and a source. Defaults that belong to one knob alone
stand in that knob's declaration, with their source.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

__all__ = ["Constant", "DataError", "constant", "constants", "data_path", "value"]

KINDS = ("published", "measured", "standard", "assumption", "fitted", "target")


class DataError(ValueError):
    """A data file is damaged; the text names the file, the line and the column."""


@dataclass(frozen=True)
class Constant:
    """One number with its unit, its kind and where it comes from."""

    name: str
    value: float
    unit: str
    kind: str
    source: str
    low: float | None = None
    high: float | None = None


@cache
def data_path(name: str) -> Path:
    """Path of a file in ``data/``, in a checkout or in an installed wheel.

    Raises
    ------
    DataError
        If the file is in neither place.
    """
    here = Path(__file__).resolve().parents[1]
    for folder in (here.parent / "data", here / "_data"):
        if (folder / name).is_file():
            return folder / name
    raise DataError(f"data/{name}: file not found beside the package in {here.parent}")


@cache
def constants() -> Mapping[str, Constant]:
    """Read and check every entry of ``data/cricstream.toml``.

    Raises
    ------
    DataError
        If the file is not TOML, or an entry lacks a field, has one too many,
        or a value outside of its own range.
    """
    return MappingProxyType(read_constants(data_path("cricstream.toml")))


def read_constants(path: Path) -> dict[str, Constant]:
    """The entries of one constants file; see `constants`."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path.name}: {error}") from None
    read = {}
    for name, entry in raw.items():
        try:
            item = Constant(name=name, **entry)
        except TypeError as error:
            raise DataError(f"{path.name}, [{name}]: {error}") from None
        ranged = (item.low, item.high) != (None, None)
        for field in ("value", "low", "high") if ranged else ("value",):
            number = getattr(item, field)
            real = isinstance(number, int | float) and not isinstance(number, bool)
            if not (real and math.isfinite(number)):
                raise DataError(
                    f"{path.name}, [{name}] {field}: got {number!r}, allowed a finite number"
                )
        for field in ("unit", "source"):
            text = getattr(item, field)
            if not (isinstance(text, str) and text.strip()):
                raise DataError(f"{path.name}, [{name}] {field}: got {text!r}, allowed a text")
        if item.kind not in KINDS:
            raise DataError(f"{path.name}, [{name}] kind: got {item.kind!r}, allowed {KINDS}")
        if ranged and not item.low <= item.value <= item.high:
            raise DataError(
                f"{path.name}, [{name}] value: got {item.value}, allowed {item.low} to {item.high}"
            )
        read[name] = item
    return read


def constant(name: str) -> Constant:
    """One constant with its unit and source, by name.

    Raises
    ------
    DataError
        If ``data/cricstream.toml`` has no such entry.
    """
    try:
        return constants()[name]
    except KeyError:
        raise DataError(f"cricstream.toml: no entry [{name}]") from None


def value(name: str) -> float:
    """The bare value of one constant."""
    return constant(name).value
