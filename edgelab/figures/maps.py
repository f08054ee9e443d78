"""Maps from plain lines: coastline, PoPs, and places by what their viewers see."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from edgelab import datasets
from edgelab.figures import theme
from edgelab.figures.drawing import scatter
from edgelab.figures.theme import COLOURS

__all__ = ["INDIA", "WORLD", "coast", "colorbar", "places_by_p99", "pop_marks"]

SERVED_MS = (10, 20, 50, 100, 200, 500)
BLIND = {"showticklabels": False, "showgrid": False, "ticks": "", "mirror": True}
#: Axes of a map of the world without its poles, and of India.
WORLD = (BLIND | {"range": [-130, 155]}, BLIND | {"range": [-40, 62]})
INDIA = (BLIND | {"range": [67, 91]}, BLIND | {"range": [7, 35.5]})


def coast() -> dict:
    """Natural Earth's coastline."""
    lon, lat = datasets.coastline()
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
        "colorscale": theme.SERVED_SCALE,
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


def colorbar(x: float, y: float, length: float) -> dict:
    """The bar that tells a place's colour in milliseconds."""
    return {
        "title": {"text": "ms", "font": {"size": 11}},
        "tickvals": np.log10(SERVED_MS),
        "ticktext": [f"{ms}" for ms in SERVED_MS],
        "tickfont": {"size": 10},
        "thickness": 8,
        "outlinewidth": 0,
        "x": x,
        "xpad": 2,
        "y": y,
        "yanchor": "top",
        "len": length,
    }
