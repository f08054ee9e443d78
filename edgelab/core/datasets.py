"""The loader: reads the files of ``data/``, audits them, and refuses a damaged one.

An error names the file, the line and the column, what came and what is allowed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import cache, wraps

import numpy as np
import pandas as pd

from edgelab.core.audits import audit_cloud_rtt, audit_corridors, refuse_unknown
from edgelab.core.constants import DataError, data_path
from edgelab.core.reading import flag, maybe, number, read_table, refuse_rows, text

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


LATITUDE, LONGITUDE = number(-90, 90), number(-180, 180)
COUNTRY = text()
#: Kinds of access network, quickest first; a place's last mile grows with each step.
ACCESS = ("fibre", "mixed", "cable")
CONTINENTS = ("Africa", "Asia", "Europe", "North America", "Oceania", "South America")

PLACES = {
    "place": text(),
    "group": text(("India", "diaspora")),
    "cca2": COUNTRY,
    "lat": LATITUDE,
    "lon": LONGITUDE,
    "viewers": number(1, 2e8, int),
    "catchment_km": number(0.1, 300),
    "access": text(ACCESS),
    "route": text(("model", "detour")),
}
POPS = {
    "rank": number(1, 10_000, int),
    "code": text(),
    "city": text(),
    "cca2": COUNTRY,
    "continent": text(CONTINENTS),
    "lat": LATITUDE,
    "lon": LONGITUDE,
    "hypothetical": flag(),
}
HUBS = {
    "hub": text(),
    "kind": text(("city", "landing", "passage")),
    "cca2": COUNTRY,
    "lat": LATITUDE,
    "lon": LONGITUDE,
}
CORRIDORS = {
    "hub_a": text(),
    "hub_b": text(),
    "kind": text(("sea", "land", "thin")),
    "along": text(),
    "source": text(("map", "announced", "assumed")),
}
CLOUD_REGIONS = {"region": text(), "city": text(), "lat": LATITUDE, "lon": LONGITUDE}
CLOUD_RTT = {"region_a": text(), "region_b": text(), "rtt_ms": number(0, 1000)}
FRONT_ENDS = {"city": text(), "cca2": COUNTRY, "lat": LATITUDE, "lon": LONGITUDE}
CITIES = {
    "geonameid": number(1, 1e9, int),
    "name": text(),
    "cca2": COUNTRY,
    "lat": LATITUDE,
    "lon": LONGITUDE,
    "population": number(1, 1e8, int),
}
PBS = {
    "network": text(),
    "n": number(1, 16, int),
    "r": number(1, 16, int),
    "w": number(1, 16, int),
    "measure": text(("read_p999_ms", "write_p999_ms", "t_p999_ms", "seen_at_once")),
    "paper": number(0, 1e5),
    "independent": number(0, 1e5),
}
#: How a PoP gets its copy of a KV's value: a write is sent to it, or it fetches from time to time.
COPIES = ("pushed", "fetched")
KV_VENDORS = {
    "vendor": text(),
    "copies": text((*COPIES, ""), empty=True),
    "kv_delay_ms": maybe(number(1, 60_000)),
    "says": text(),
    "model": text(),
    "source": text(),
}
#: What can hold a tenant's function, the lightest way first told of.
PRIMITIVES = ("isolate", "Wasm", "container", "process")
RUNTIMES = {
    "primitive": text(PRIMITIVES),
    "quantity": text(("start_ms", "memory_mb", "call_ms")),
    "said_by": text(("article", "public")),
    "low": number(0.0001, 1e6),
    "value": number(0.0001, 1e6),
    "high": number(0.0001, 1e6),
    "says": text(),
    "source": text(),
}
#: A statement that a computed figure answers holds, or holds under a condition, in a range.
EDGE_LIMITS = {
    "platform": text(),
    **dict.fromkeys(("cpu_ms", "memory_mb", "queries", "answer_kb"), maybe(number(1, 1e6))),
    **dict.fromkeys(("says", "source"), text()),
}
EGRESS_PRICES = {
    "region": text(),
    **dict.fromkeys(("first_usd_gb", "last_usd_gb"), number(0.001, 1)),
    **dict.fromkeys(("says", "source"), text()),
}
PRICES = {
    "item": text(),
    "usd": number(0.000001, 1000),
    "per": text(),
    "assumed": flag(),
    **dict.fromkeys(("says", "source"), text()),
}
COMPUTED = ("computed", "computed when")
VERDICTS = ("holds", "holds when", "contradicted", "not testable here", "not yet tested")
#: Notebooks; each row of the ledger belongs to one.
PAGES = range(1, 12)
#: Findings of the list of the article's errors.
FINDINGS = range(1, 25)
CLAIMS = {
    "id": text(),
    "section": text(),
    "statement": text(),
    "figure": text(empty=True),
    "unit": text(empty=True),
    "test": text(("model", "measured", "public source", "reasoning")),
    "how": text(),
    "low": maybe(number(-1e9, 1e9)),
    "high": maybe(number(-1e9, 1e9)),
    "verdict": text((*VERDICTS, *COMPUTED)),
    "because": text(),
    "page": number(PAGES[0], PAGES[-1], int),
    "finding": maybe(number(FINDINGS[0], FINDINGS[-1], int)),
}


def _table(make: Callable[[], pd.DataFrame]) -> Callable[[], pd.DataFrame]:
    """Remember a table; everyone who asks for it gets a copy."""
    made = cache(make)
    return wraps(make)(lambda: made().copy())


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
    refuse_rows(
        "pops.csv",
        frame["rank"] != np.arange(1, len(frame) + 1),
        "rank",
        lambda row: f"got {frame['rank'][row]}, allowed {row + 1}: ranks run from 1 without a gap",
    )
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
    path = data_path("coastline.json")
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
        refuse_unknown(frame[column], place.index, table, column, f"a region of {regions}")
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
def prices() -> pd.DataFrame:
    """List prices of what a night at the edge is made of: one row per item, a copy.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``item``: ``usd``, ``per`` (what), ``assumed`` (whether it is no list price),
        ``says`` and ``source``.
    """
    return read_table(data_path("prices.csv"), PRICES, ("item",)).set_index("item")


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
    refuse_rows(
        "claims.csv",
        np.where(computed, ~ordered, ~absent),
        "low, high",
        lambda row: (
            f"got {frame['low'][row]:g} and {frame['high'][row]:g}, allowed "
            + ("low <= high" if computed[row] else "none, as nothing is computed")
        ),
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
    refuse_rows(
        "runtimes.csv",
        ~ordered,
        "value",
        lambda row: (
            f"got {frame['value'][row]:g}, allowed a number from low, "
            f"{frame['low'][row]:g}, to high, {frame['high'][row]:g}"
        ),
    )
    return frame
