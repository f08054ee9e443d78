"""The loader: reads the files of ``data/``, audits them, and refuses a damaged one.

An error names the file, the line and the column, what came and what is allowed.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from edgelab.constants import DataError, data_path
from edgelab.sphere import great_circle_km, light_floor_ms

__all__ = ["ACCESS", "cloud_rtt", "coastline", "places", "pops", "read_table"]


#: How a number is written in a data file; int() and float() take more than that.
PLAIN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def _number(low: float, high: float, kind: type = float) -> tuple[Callable, str]:
    def parse(text: str):
        if not PLAIN_NUMBER.fullmatch(text):
            raise ValueError
        number = kind(text)
        if not low <= number <= high:
            raise ValueError
        return number

    return parse, f"{'a whole number' if kind is int else 'a number'} from {low:g} to {high:g}"


def _text(allowed: tuple[str, ...] = (), empty: bool = False) -> tuple[Callable, str]:
    def parse(text: str):
        if (allowed and text not in allowed) or not (text.strip() or empty):
            raise ValueError
        return text

    return parse, f"one of {', '.join(allowed)}" if allowed else "a text that is not empty"


def _flag() -> tuple[Callable, str]:
    def parse(text: str):
        return {"yes": True, "no": False}[text]

    return parse, "yes or no"


LATITUDE, LONGITUDE = _number(-90, 90), _number(-180, 180)
COUNTRY = _text()
#: Kinds of access network, quickest first; a place's last mile grows with each step.
ACCESS = ("fibre", "mixed", "cable")
CONTINENTS = ("Africa", "Asia", "Europe", "North America", "Oceania", "South America")

PLACES = {
    "place": _text(),
    "group": _text(("India", "diaspora")),
    "cca2": COUNTRY,
    "lat": LATITUDE,
    "lon": LONGITUDE,
    "viewers": _number(1, 2e8, int),
    "catchment_km": _number(0.1, 300),
    "access": _text(ACCESS),
    "route": _text(("model", "detour")),
}
POPS = {
    "rank": _number(1, 10_000, int),
    "code": _text(),
    "city": _text(),
    "cca2": COUNTRY,
    "continent": _text(CONTINENTS),
    "lat": LATITUDE,
    "lon": LONGITUDE,
    "hypothetical": _flag(),
}
CLOUD_REGIONS = {"region": _text(), "city": _text(), "lat": LATITUDE, "lon": LONGITUDE}
CLOUD_RTT = {"region_a": _text(), "region_b": _text(), "rtt_ms": _number(0, 1000)}


def read_table(path: Path, schema: dict, unique: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read one CSV file against its schema.

    Parameters
    ----------
    path : pathlib.Path
        A UTF-8 file with a header line.
    schema : dict
        Column name to (parser that raises on bad text, what is allowed in words).
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
                # One line a row: an open quote cannot swallow the rows that follow.
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


@cache
def _places() -> pd.DataFrame:
    return read_table(data_path("places.csv"), PLACES, ("place",))


@cache
def _pops() -> pd.DataFrame:
    frame = read_table(data_path("pops.csv"), POPS, ("code",))
    wrong = np.flatnonzero(frame["rank"] != np.arange(1, len(frame) + 1))
    if wrong.size:
        raise DataError(
            f"pops.csv, line {wrong[0] + 2}, column rank: got {frame['rank'][wrong[0]]}, "
            f"allowed {wrong[0] + 1}: ranks run from 1 without a gap"
        )
    return frame


def places() -> pd.DataFrame:
    """Places with viewers: one row a place, a copy.

    Returns
    -------
    pandas.DataFrame
        ``place``, ``group`` (India or diaspora), ``cca2``, ``lat`` and ``lon``
        (degrees), ``viewers``, ``catchment_km`` (radius of the disc they live
        in), ``access`` (one of `ACCESS`), ``route`` (model, or detour for the one
        route to Mumbai that the model cannot explain). Sources and rules are in
        ``data/README.md``.
    """
    return _places().copy()


def pops() -> pd.DataFrame:
    """PoP metros in the order in which they are added: one row a PoP, a copy.

    Returns
    -------
    pandas.DataFrame
        ``rank`` (1 is added first), ``code``, ``city``, ``cca2``, ``continent``,
        ``lat`` and ``lon`` (degrees), ``hypothetical`` (the operator has none
        there). Sources and rules are in ``data/README.md``.
    """
    return _pops().copy()


@cache
def coastline() -> tuple[np.ndarray, np.ndarray]:
    """Natural Earth's 110m coastline as one pen stroke.

    Returns
    -------
    lon, lat : float64 ndarray
        Degrees, with NaN where the pen is lifted.
    """
    return read_coastline(data_path("coastline.json"))


def read_coastline(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """One coastline file; see `coastline`."""
    try:
        lines = json.loads(path.read_text(encoding="utf-8"))["lines"]
        gap = [[math.nan, math.nan]]
        stroke = np.array([point for line in lines for point in line + gap], dtype=float)
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path.name}: {type(error).__name__} {error}") from None
    if stroke.ndim != 2 or stroke.shape[1] != 2:
        raise DataError(f"{path.name}: got an array of {stroke.shape}, allowed [lon, lat] points")
    bad = np.flatnonzero((np.abs(stroke[:, 0]) > 180) | (np.abs(stroke[:, 1]) > 90))
    if bad.size:
        raise DataError(f"{path.name}, point {bad[0]}: {stroke[bad[0]].tolist()} is off the globe")
    stroke.flags.writeable = False
    return stroke[:, 0], stroke[:, 1]


def audit_cloud_rtt(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Add ``distance_km`` to a table of round trips, or refuse one faster than light."""
    distance = great_circle_km(frame["lat_a"], frame["lon_a"], frame["lat_b"], frame["lon_b"])
    # The tables are rounded to whole milliseconds.
    bad = np.flatnonzero(frame["rtt_ms"] + 0.5 < light_floor_ms(distance))
    if bad.size:
        row = frame.iloc[bad[0]]
        raise DataError(
            f"{name}, line {bad[0] + 2}, column rtt_ms: got {row['rtt_ms']:g} ms between "
            f"{row['region_a']} and {row['region_b']}, {distance[bad[0]]:.0f} km apart, "
            f"allowed at least {light_floor_ms(distance[bad[0]]):.1f} ms, light's floor in fibre"
        )
    return frame.assign(distance_km=distance)


@cache
def _cloud_rtt() -> pd.DataFrame:
    table, regions = "rtt_azure.csv", "rtt_azure_regions.csv"
    place = read_table(data_path(regions), CLOUD_REGIONS, ("region",)).set_index("region")
    frame = read_table(data_path(table), CLOUD_RTT, ("region_a", "region_b"))
    for end in ("a", "b"):
        unknown = np.flatnonzero(~frame[f"region_{end}"].isin(place.index))
        if unknown.size:
            raise DataError(
                f"{table}, line {unknown[0] + 2}, column region_{end}: got "
                f"{frame[f'region_{end}'][unknown[0]]!r}, allowed a region of {regions}"
            )
        at = place.loc[frame[f"region_{end}"]]
        frame[f"lat_{end}"], frame[f"lon_{end}"] = at["lat"].to_numpy(), at["lon"].to_numpy()
    return audit_cloud_rtt(frame, table)


def cloud_rtt() -> pd.DataFrame:
    """Round trips between the regions of a public cloud: one row a directed pair, a copy.

    Returns
    -------
    pandas.DataFrame
        ``region_a``, ``region_b``, ``rtt_ms`` (P50 over 30 days), ``lat_a``,
        ``lon_a``, ``lat_b``, ``lon_b`` (degrees), ``distance_km``. Source:
        Microsoft, "Azure network round-trip latency statistics", CC BY 4.0.
    """
    return _cloud_rtt().copy()
