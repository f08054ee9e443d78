"""What a whole table must keep to, beyond its cells: known names, one graph, light's floor."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from edgelab.core.constants import DataError
from edgelab.core.reading import refuse_rows
from edgelab.core.sphere import great_circle_km, light_floor_ms

__all__ = ["audit_cloud_rtt", "audit_corridors", "refuse_unknown"]


def refuse_unknown(
    column: pd.Series, known: pd.Series | pd.Index, name: str, where: str, allowed: str
) -> None:
    """Refuse a column that names what is not known."""
    refuse_rows(
        name, ~column.isin(known), where, lambda row: f"got {column.iloc[row]!r}, allowed {allowed}"
    )


def audit_corridors(frame: pd.DataFrame, hubs: pd.DataFrame) -> pd.DataFrame:
    """Refuse corridors that do not make one graph of the hubs, and cables that end at sea."""
    name = "corridors.csv"
    for end in ("hub_a", "hub_b"):
        refuse_unknown(frame[end], hubs["hub"], name, end, "a hub of hubs.csv")
    refuse_rows(
        name,
        frame["hub_a"] >= frame["hub_b"],
        "hub_b",
        lambda row: (
            f"got {frame['hub_b'][row]!r}, allowed a hub that comes after "
            f"{frame['hub_a'][row]!r} in the alphabet, so that no pair stands twice"
        ),
    )
    for passage in hubs["hub"][hubs["kind"] == "passage"]:
        cables = frame["along"][frame[["hub_a", "hub_b"]].eq(passage).any(axis=1)].str.split(", ")
        goes_on = cables.explode().duplicated(keep=False).groupby(level=0).any()
        refuse_rows(
            name,
            ~goes_on.reindex(frame.index, fill_value=True),
            "along",
            lambda row, passage=passage: (
                f"got {frame['along'][row]!r}, allowed a cable that goes on from {passage}"
            ),
        )
    ends = [pd.Index(hubs["hub"]).get_indexer(frame[end]) for end in ("hub_a", "hub_b")]
    graph = coo_array((np.ones(len(frame)), ends), (len(hubs), len(hubs)))
    _, part = connected_components(graph, directed=False)
    apart = sorted(hubs["hub"][part != part[0]])
    if apart:
        raise DataError(f"{name}: no way leads from {hubs['hub'][0]} to {', '.join(apart)}")
    return frame


def audit_cloud_rtt(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Add ``distance_km`` to a table of round trips, or refuse one faster than light."""
    distance = great_circle_km(frame["lat_a"], frame["lon_a"], frame["lat_b"], frame["lon_b"])
    # The tables are rounded to whole milliseconds.
    floor = light_floor_ms(distance)
    refuse_rows(
        name,
        frame["rtt_ms"] + 0.5 < floor,
        "rtt_ms",
        lambda row: (
            f"got {frame['rtt_ms'][row]:g} ms between {frame['region_a'][row]} and "
            f"{frame['region_b'][row]}, {distance[row]:.0f} km apart, allowed at least "
            f"{floor[row]:.1f} ms, light's floor in fibre"
        ),
    )
    return frame.assign(distance_km=distance)
