"""The loader: reads the files of ``data/``, audits them, and refuses a damaged one.

An error names the file, the line and the column, what came and what is allowed.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from edgelab.core.constants import DataError, data_path
from edgelab.core.sphere import great_circle_km, light_floor_ms

__all__ = [
    "ACCESS",
    "cloud_rtt",
    "coastline",
    "corridors",
    "front_ends",
    "hubs",
    "places",
    "pops",
    "read_table",
    "runtimes",
]


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


def _maybe(number: tuple[Callable, str]) -> tuple[Callable, str]:
    parse, allowed = number
    return lambda text: parse(text) if text else math.nan, f"{allowed}, or nothing"


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
HUBS = {
    "hub": _text(),
    "kind": _text(("city", "landing", "passage")),
    "cca2": COUNTRY,
    "lat": LATITUDE,
    "lon": LONGITUDE,
}
CORRIDORS = {
    "hub_a": _text(),
    "hub_b": _text(),
    "kind": _text(("sea", "land", "thin")),
    "along": _text(),
    "source": _text(("map", "announced", "assumed")),
}
CLOUD_REGIONS = {"region": _text(), "city": _text(), "lat": LATITUDE, "lon": LONGITUDE}
CLOUD_RTT = {"region_a": _text(), "region_b": _text(), "rtt_ms": _number(0, 1000)}
FRONT_ENDS = {"city": _text(), "cca2": COUNTRY, "lat": LATITUDE, "lon": LONGITUDE}
CITIES = {
    "geonameid": _number(1, 1e9, int),
    "name": _text(),
    "cca2": COUNTRY,
    "lat": LATITUDE,
    "lon": LONGITUDE,
    "population": _number(1, 1e8, int),
}
PBS = {
    "network": _text(),
    "n": _number(1, 16, int),
    "r": _number(1, 16, int),
    "w": _number(1, 16, int),
    "measure": _text(("read_p999_ms", "write_p999_ms", "t_p999_ms", "seen_at_once")),
    "paper": _number(0, 1e5),
    "independent": _number(0, 1e5),
}
#: How a PoP gets its copy of a KV's value: a write is sent to it, or it fetches from time to time.
COPIES = ("pushed", "fetched")
KV_VENDORS = {
    "vendor": _text(),
    "copies": _text((*COPIES, ""), empty=True),
    "kv_delay_ms": _maybe(_number(1, 60_000)),
    "says": _text(),
    "model": _text(),
    "source": _text(),
}
#: What can hold a tenant's function, the lightest way first told of.
PRIMITIVES = ("isolate", "Wasm", "container", "process")
RUNTIMES = {
    "primitive": _text(PRIMITIVES),
    "quantity": _text(("start_ms", "memory_mb", "call_ms")),
    "said_by": _text(("article", "public")),
    "low": _number(0.0001, 1e6),
    "value": _number(0.0001, 1e6),
    "high": _number(0.0001, 1e6),
    "says": _text(),
    "source": _text(),
}
#: A statement that a computed figure answers holds, or holds under a condition, in a range.
EDGE_LIMITS = {
    "platform": _text(),
    **dict.fromkeys(("cpu_ms", "memory_mb", "queries", "answer_kb"), _maybe(_number(1, 1e6))),
    **dict.fromkeys(("says", "source"), _text()),
}
EGRESS_PRICES = {
    "region": _text(),
    **dict.fromkeys(("first_usd_gb", "last_usd_gb"), _number(0.001, 1)),
    **dict.fromkeys(("says", "source"), _text()),
}
COMPUTED = ("computed", "computed when")
VERDICTS = ("holds", "holds when", "contradicted", "not testable here", "not yet tested")
#: Notebooks; each row of the ledger belongs to one.
PAGES = range(1, 12)
#: Findings of the list of the article's errors.
FINDINGS = range(1, 25)
CLAIMS = {
    "id": _text(),
    "section": _text(),
    "statement": _text(),
    "figure": _text(empty=True),
    "unit": _text(empty=True),
    "test": _text(("model", "measured", "public source", "reasoning")),
    "how": _text(),
    "low": _maybe(_number(-1e9, 1e9)),
    "high": _maybe(_number(-1e9, 1e9)),
    "verdict": _text((*VERDICTS, *COMPUTED)),
    "because": _text(),
    "page": _number(PAGES[0], PAGES[-1], int),
    "finding": _maybe(_number(FINDINGS[0], FINDINGS[-1], int)),
}


def _table(make: Callable[[], pd.DataFrame]) -> Callable[[], pd.DataFrame]:
    """Remember a table; everyone who asks for it gets a copy."""
    made = cache(make)
    return wraps(make)(lambda: made().copy())


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


@_table
def places() -> pd.DataFrame:
    """Places with viewers: one row per place, a copy.

    Returns
    -------
    pandas.DataFrame
        ``place``, ``group`` (India or diaspora), ``cca2``, ``lat`` and ``lon``
        (degrees), ``viewers``, ``catchment_km`` (radius of the disc they live
        in), ``access`` (one of `ACCESS`), ``route`` (model, or detour for the one
        route to Mumbai that the model cannot explain). Sources and rules are in
        ``data/README.md``.
    """
    return read_table(data_path("places.csv"), PLACES, ("place",))


@_table
def pops() -> pd.DataFrame:
    """PoP metros in the order in which they are added: one row a PoP, a copy.

    Returns
    -------
    pandas.DataFrame
        ``rank`` (1 is added first), ``code``, ``city``, ``cca2``, ``continent``,
        ``lat`` and ``lon`` (degrees), ``hypothetical`` (the operator has none
        there). Sources and rules are in ``data/README.md``.
    """
    frame = read_table(data_path("pops.csv"), POPS, ("code",))
    wrong = np.flatnonzero(frame["rank"] != np.arange(1, len(frame) + 1))
    if wrong.size:
        raise DataError(
            f"pops.csv, line {wrong[0] + 2}, column rank: got {frame['rank'][wrong[0]]}, "
            f"allowed {wrong[0] + 1}: ranks run from 1 without a gap"
        )
    return frame


def _refuse_unknown(
    column: pd.Series, known: pd.Series | pd.Index, name: str, where: str, allowed: str
) -> None:
    """Refuse a column that names what is not known."""
    unknown = np.flatnonzero(~column.isin(known))
    if unknown.size:
        raise DataError(
            f"{name}, line {unknown[0] + 2}, column {where}: got "
            f"{column.iloc[unknown[0]]!r}, allowed {allowed}"
        )


def audit_corridors(frame: pd.DataFrame, hubs: pd.DataFrame) -> pd.DataFrame:
    """Refuse corridors that do not make one graph of the hubs, and cables that end at sea."""
    name = "corridors.csv"
    for end in ("hub_a", "hub_b"):
        _refuse_unknown(frame[end], hubs["hub"], name, end, "a hub of hubs.csv")
    wrong = np.flatnonzero(frame["hub_a"] >= frame["hub_b"])
    if wrong.size:
        row = frame.iloc[wrong[0]]
        raise DataError(
            f"{name}, line {wrong[0] + 2}, column hub_b: got {row['hub_b']!r}, allowed a hub "
            f"that comes after {row['hub_a']!r} in the alphabet, so that no pair stands twice"
        )
    for passage in hubs["hub"][hubs["kind"] == "passage"]:
        cables = frame["along"][frame[["hub_a", "hub_b"]].eq(passage).any(axis=1)].str.split(", ")
        goes_on = cables.explode().duplicated(keep=False).groupby(level=0).any()
        for row in goes_on.index[~goes_on]:
            raise DataError(
                f"{name}, line {row + 2}, column along: got {frame['along'][row]!r}, allowed a "
                f"cable that goes on from {passage}"
            )
    ends = [pd.Index(hubs["hub"]).get_indexer(frame[end]) for end in ("hub_a", "hub_b")]
    graph = coo_array((np.ones(len(frame)), ends), (len(hubs), len(hubs)))
    _, part = connected_components(graph, directed=False)
    apart = sorted(hubs["hub"][part != part[0]])
    if apart:
        raise DataError(f"{name}: no way leads from {hubs['hub'][0]} to {', '.join(apart)}")
    return frame


@_table
def hubs() -> pd.DataFrame:
    """Where cable corridors meet: one row per hub, a copy.

    Returns
    -------
    pandas.DataFrame
        ``hub``, ``kind`` (city, landing: a cable's landing point, or passage: a point at sea
        that cables round), ``cca2`` (of a passage: the nearest country's), ``lat`` and ``lon``
        (degrees). Sources are in ``data/README.md``.
    """
    return read_table(data_path("hubs.csv"), HUBS, ("hub",))


@_table
def corridors() -> pd.DataFrame:
    """The ways that cables take between hubs: one row per corridor, a copy.

    Returns
    -------
    pandas.DataFrame
        ``hub_a``, ``hub_b``, ``kind`` (sea, land, or thin: a crossing that carries little of
        others' traffic), ``along`` (cable systems or route), ``source`` (map: a system lands
        at both ends by the Submarine Cable Map; announced: by its owners; assumed). Rules are
        in ``data/README.md``.
    """
    return audit_corridors(
        read_table(data_path("corridors.csv"), CORRIDORS, ("hub_a", "hub_b")), hubs()
    )


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
    stroke = stroke.T.copy()
    stroke.flags.writeable = False
    return stroke[0], stroke[1]


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


@_table
def cloud_rtt() -> pd.DataFrame:
    """Round trips between the regions of a public cloud: one row per directed pair, a copy.

    Returns
    -------
    pandas.DataFrame
        ``region_a``, ``region_b``, ``rtt_ms`` (P50 over 30 days), ``lat_a``,
        ``lon_a``, ``lat_b``, ``lon_b`` (degrees), ``distance_km``. Source:
        Microsoft, "Azure network round-trip latency statistics", CC BY 4.0.
    """
    table, regions = "rtt_azure.csv", "rtt_azure_regions.csv"
    place = read_table(data_path(regions), CLOUD_REGIONS, ("region",)).set_index("region")
    frame = read_table(data_path(table), CLOUD_RTT, ("region_a", "region_b"))
    for end in ("a", "b"):
        column = f"region_{end}"
        _refuse_unknown(frame[column], place.index, table, column, f"a region of {regions}")
        at = place.loc[frame[f"region_{end}"]]
        frame[f"lat_{end}"], frame[f"lon_{end}"] = at["lat"].to_numpy(), at["lon"].to_numpy()
    return audit_cloud_rtt(frame, table)


#: A village in Haryana that the list gives 1.3 million people and a city's name; the city
#: itself stands in the list too.
NOT_A_CITY = (1270926,)


@_table
def cities() -> pd.DataFrame:
    """The world's 1,000 largest cities, less one wrong record: one row per city, a copy.

    Returns
    -------
    pandas.DataFrame
        ``geonameid``, ``name``, ``cca2``, ``lat`` and ``lon`` (degrees), ``population``.
        Source: GeoNames, CC BY 4.0.
    """
    name = "sources/cities_top1000_geonames.csv"
    frame = read_table(data_path(name), CITIES, ("geonameid",))
    return frame[~frame["geonameid"].isin(NOT_A_CITY)].reset_index(drop=True)


@_table
def pbs() -> pd.DataFrame:
    """Figures of PBS, as published and by an independent simulation: one row per figure, a copy.

    Returns
    -------
    pandas.DataFrame
        ``network``, ``n``, ``r``, ``w``, ``measure``, ``paper``, ``independent``. Sources are in
        ``data/README.md``.
    """
    return read_table(data_path("pbs.csv"), PBS, ("network", "n", "r", "w", "measure"))


@_table
def kv_vendors() -> pd.DataFrame:
    """What operators document of their KV's propagation: one row per product, a copy.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``vendor``: ``copies`` and ``kv_delay_ms``, the setting of `EdgeKV` that stands
        for it (empty and NaN where none does), ``says`` and ``model`` (in our words) and
        ``source``.
    """
    return read_table(data_path("kv_vendors.csv"), KV_VENDORS, ("vendor",)).set_index("vendor")


@_table
def edge_limits() -> pd.DataFrame:
    """What edge platforms allow a function: one row per platform, a copy.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``platform``: ``cpu_ms`` and ``memory_mb`` of a request, ``queries`` that it
        may make, ``answer_kb`` that it may write itself (NaN where nothing is documented), what
        the page ``says`` in our words, and its ``source`` with the copy that was read.
    """
    return read_table(data_path("edge_limits.csv"), EDGE_LIMITS, ("platform",)).set_index(
        "platform"
    )


@_table
def egress_prices() -> pd.DataFrame:
    """What one CDN's traffic costs by region: one row per region, a copy.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``region``: ``first_usd_gb`` (the first 10 TB a month), ``last_usd_gb`` (beyond
        5 PB), ``says`` and ``source``.
    """
    return read_table(data_path("egress_prices.csv"), EGRESS_PRICES, ("region",)).set_index(
        "region"
    )


@_table
def front_ends() -> pd.DataFrame:
    """Cities with a front-end of Microsoft's CDN in August 2018: one row per city, a copy.

    The same network, three years younger, whose anycast was measured by Calder et al., IMC 2015.

    Returns
    -------
    pandas.DataFrame
        ``city``, ``cca2``, ``lat`` and ``lon`` (degrees). Source: Microsoft, "Azure CDN POP
        locations by region", CC BY 4.0; coordinates are the cities' own.
    """
    return read_table(data_path("front_ends_microsoft.csv"), FRONT_ENDS, ("city",))


@_table
def claims() -> pd.DataFrame:
    """The article's statements as they stand in ``data/claims.csv``: one row each, a copy.

    Returns
    -------
    pandas.DataFrame
        ``id``, ``section``, ``statement``, ``figure``, ``unit``, ``test``, ``how``, ``low`` and
        ``high`` (the range of our figure in which the statement holds, NaN where none is
        computed), ``verdict`` (one of `VERDICTS`, or of `COMPUTED`), ``because``, ``page``,
        ``finding`` (number in the list of the article's errors, or NaN).
    """
    frame = read_table(data_path("claims.csv"), CLAIMS, ("id",))
    computed = frame["verdict"].isin(COMPUTED)
    ordered = frame["low"] <= frame["high"]  # False where either is missing
    absent = frame["low"].isna() & frame["high"].isna()
    wrong = np.flatnonzero(np.where(computed, ~ordered, ~absent))
    if wrong.size:
        row = frame.iloc[wrong[0]]
        allowed = "low <= high" if computed[wrong[0]] else "none, as nothing is computed"
        raise DataError(
            f"claims.csv, line {wrong[0] + 2}, column low, high: got {row['low']:g} and "
            f"{row['high']:g}, allowed {allowed}"
        )
    return frame


@_table
def runtimes() -> pd.DataFrame:
    """What isolates, Wasm instances, containers and processes are said to cost: a copy.

    Returns
    -------
    pandas.DataFrame
        ``primitive`` (one of `PRIMITIVES`), ``quantity`` (start_ms: until it can answer;
        memory_mb: of an idle one; call_ms: what a request costs besides its own work),
        ``said_by`` (article or public), ``value`` that the model uses, ``low`` and ``high`` of
        what is said, what it ``says`` in our words, and the ``source``.
    """
    frame = read_table(data_path("runtimes.csv"), RUNTIMES, ("primitive", "quantity", "said_by"))
    ordered = (frame["low"] <= frame["value"]) & (frame["value"] <= frame["high"])
    wrong = np.flatnonzero(~ordered)
    if wrong.size:
        row = frame.iloc[wrong[0]]
        raise DataError(
            f"runtimes.csv, line {wrong[0] + 2}, column value: got {row['value']:g}, allowed a "
            f"number from low, {row['low']:g}, to high, {row['high']:g}"
        )
    return frame
