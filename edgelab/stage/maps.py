"""Maps from plain lines: coastline, PoPs, and places by what their viewers see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from edgelab.core import datasets
from edgelab.stage import drawing, theme
from edgelab.stage.drawing import note, scatter
from edgelab.stage.drawn import Drawn
from edgelab.stage.theme import COLOURS

__all__ = ["INDIA", "WORLD", "coast", "places_by_p99", "pop_marks", "with_india"]

SERVED_MS = (10, 20, 50, 100, 200, 500)
BLIND = {"showticklabels": False, "showgrid": False, "ticks": "", "mirror": True}
#: Axes of a map of the world without its poles, and of India.
WORLD = (BLIND | {"range": [-130, 155]}, BLIND | {"range": [-40, 62]})
INDIA = (BLIND | {"range": [65.8, 92.6]}, BLIND | {"range": [5.5, 37]})


@lru_cache(maxsize=4)
def _stroke(west: float, east: float, south: float, north: float) -> tuple[np.ndarray, np.ndarray]:
    """What a map shows of Natural Earth's coastline, with the first point beyond its edges."""
    lon, lat = datasets.coastline()
    inside = (west < lon) & (lon < east) & (south < lat) & (lat < north)
    near = inside | np.roll(inside, 1) | np.roll(inside, -1)
    lon = np.where(near, lon, np.nan)
    lifted = np.isnan(lon)
    again = lifted & np.roll(lifted, 1)
    return lon[~again], lat[~again]


def coast(window: Sequence[Mapping] = WORLD) -> dict:
    """The coastline on a map with these axes."""
    lon, lat = _stroke(*window[0]["range"], *window[1]["range"])
    line = {"color": COLOURS["coast"], "width": 1}
    return scatter(lon, lat, mode="lines", line=line, hoverinfo="skip")


def places_by_p99(latency: pd.DataFrame, scale: float) -> dict:
    """The places, larger with their viewers and darker with their p99."""
    places = datasets.places()
    p99 = latency.loc[places["place"], "p99_ms"].to_numpy()
    words = ["never" if np.isinf(v) else f"{v:.0f} ms" for v in p99]
    served = {
        "size": scale * (3 + 9 * np.sqrt(places["viewers"] / places["viewers"].max())).to_numpy(),
        "color": np.log10(np.clip(p99, SERVED_MS[0], 1.4 * SERVED_MS[-1])),
        "cmin": np.log10(SERVED_MS[0]),
        "cmax": np.log10(1.4 * SERVED_MS[-1]),
        **theme.SERVED_SCALE,
        "opacity": 1,
        "symbol": np.where(np.isinf(p99), "x", "circle"),
        "line": {"color": COLOURS["ink"], "width": 0.8},
    }
    return scatter(
        places["lon"].to_numpy(),
        places["lat"].to_numpy(),
        mode="markers",
        marker=served,
        text=[f"{p}: p99 {w}" for p, w in zip(places["place"], words, strict=True)],
        hovertemplate="%{text}<extra></extra>",
    )


@lru_cache(maxsize=8)
def pop_marks(pops: int, scale: float) -> tuple[dict, ...]:
    """The first PoPs, the operator's and the hypothetical ones."""
    every = datasets.pops().iloc[:pops]
    return tuple(
        scatter(
            some["lon"].to_numpy(),
            some["lat"].to_numpy(),
            mode="markers",
            marker={
                "symbol": symbol,
                "size": 5 * scale,
                "color": COLOURS["tonight"],
                "line": {"width": 1},
            },
            text=some["city"].to_numpy(),
            hovertemplate=f"{word} %{{text}}<extra></extra>",
        )
        for some, symbol, word in (
            (every[~every["hypothetical"]], "cross-thin-open", "PoP"),
            (every[every["hypothetical"]], "triangle-up-open", "hypothetical PoP"),
        )
    )


def with_india(world: Sequence[dict], india: Sequence[dict]) -> Drawn:
    """Marks on the map of the world, and beside it on that of India.

    The first has a colour bar if its colours tell of numbers. What the maps say is left to
    whoever draws them.
    """
    first, *rest = world
    bar = {
        "title": {"text": "ms", "font": {"size": 11}},
        "tickvals": np.log10(SERVED_MS),
        "ticktext": [f"{ms}" for ms in SERVED_MS],
        "tickfont": {"size": 10},
        "thickness": 8,
        "outlinewidth": 0,
        "xpad": 2,
    }
    if "cmin" in first["marker"]:
        first = first | {"marker": first["marker"] | {"colorbar": bar}}
    beside = {"xaxis": "x2", "yaxis": "y2"}
    word = note("India", 0.02, 0.01, xref="x2 domain", yref="y2 domain", font=drawing.QUIET)
    axes = {
        "xaxis2": INDIA[0] | {"domain": [0.71, 1], "anchor": "y2"},
        "yaxis2": INDIA[1] | {"anchor": "x2"},
    }
    traces = [coast(), first, *rest, coast(INDIA) | beside, *(_indian(t) | beside for t in india)]
    x, y = WORLD
    return Drawn(traces, x | {"domain": [0, 0.7]}, y, "", "", notes=[word], layout=axes)


def _indian(trace: dict) -> dict:
    """The marks of a trace that lie on the map of India, or at its edge: a mark costs time."""
    inside = [
        (axis["range"][0] - 2 < trace[of]) & (trace[of] < axis["range"][1] + 2)
        for axis, of in zip(INDIA, "xy", strict=True)
    ]
    keep = inside[0] & inside[1]

    def cut(value: Any) -> Any:
        listed = isinstance(value, list | np.ndarray) and len(value) == len(keep)
        return np.asarray(value)[keep] if listed else value

    marker = {key: cut(value) for key, value in trace.get("marker", {}).items()}
    named_once = {"showlegend": False}
    return {key: cut(value) for key, value in trace.items()} | {"marker": marker} | named_once
