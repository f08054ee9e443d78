"""Every colour, font and size of the figures, and nothing else.

The colours are Okabe and Ito's, which people with any colour vision can tell apart; what a
colour says, a symbol, a dash or a text says too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log10

import plotly.graph_objects as go
import plotly.io as pio

__all__ = [
    "CAMERA",
    "COLOURS",
    "SERVED_SCALE",
    "SYMBOLS",
    "config",
    "figure",
    "ms_axis",
    "share_axis",
]

#: Size of a figure on a slide, in CSS pixels; the camera doubles it to 1920 x 1080.
WIDTH, HEIGHT, CAMERA_SCALE = 960, 540, 2
CAMERA = {"format": "png", "width": WIDTH, "height": HEIGHT, "scale": CAMERA_SCALE}


def config(name: str) -> dict:
    """Configuration of plotly's modebar: a camera that saves `name`, and nothing that uploads."""
    return {
        "displayModeBar": True,
        "displaylogo": False,
        "responsive": True,
        "modeBarButtonsToRemove": [
            *("sendChartToCloud", "select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"),
            *("zoom2d", "pan2d"),
        ],
        "toImageButtonOptions": CAMERA | {"filename": name},
    }


# A figure that is shown by itself gets the same camera and the same silence as a panel.
for _name in ("plotly_mimetype", "notebook"):
    pio.renderers[_name].config = config("edgelab-figure")

COLOURS = {
    "tonight": "#0072B2",
    "old": "#D55E00",
    "pinned": "#009E73",
    "drawn": "#1A1A1A",
    "ink": "#1A1A1A",
    "quiet": "#6B6B6B",
    "grid": "#E3E3E3",
    "band": "#F5F5F5",
    "coast": "#B8B8B8",
    "paper": "#FFFFFF",
}
SYMBOLS = {"p50_ms": "circle", "p95_ms": "diamond", "p99_ms": "square"}
#: Places from well to badly served: light to dark, so that it survives a grey print.
SERVED_SCALE = "Cividis_r"
FONT = {"family": "Open Sans, Segoe UI, Helvetica, Arial, sans-serif"}

_MS_TICKS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000]


def _ms_text(ms: float) -> str:
    return f"{ms:g}" if ms < 1000 else f"{ms / 1000:g} s"


def ms_axis(title: str, low_ms: float, high_ms: float, every: int = 1) -> dict:
    """A logarithmic axis of milliseconds whose range stands still while a slider moves."""
    ticks = [t for t in _MS_TICKS if low_ms <= t <= high_ms][::every]
    return {
        "type": "log",
        "range": [log10(low_ms), log10(high_ms)],
        "tickvals": ticks,
        "ticktext": [_ms_text(t) for t in ticks],
        "title": {"text": title, "standoff": 4},
    }


def share_axis(title: str, **more) -> dict:
    """An axis of shares, in percent."""
    return {"tickformat": ".4~%", "title": {"text": title, "standoff": 4}} | more


def figure(
    traces: Sequence[Mapping], layout: Mapping, widget: bool = False, type_px: int = 12
) -> go.Figure:
    """A figure in the workbook's style; as a live FigureWidget if `widget`."""
    axis = {
        "gridcolor": COLOURS["grid"],
        "linecolor": COLOURS["quiet"],
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 3,
        "tickfont": {"size": type_px - 1},
        "title": {"font": {"size": type_px}},
        "automargin": False,
        "fixedrange": False,
    }
    axes = {
        key: _merged(axis, about) if key.startswith(("xaxis", "yaxis")) else about
        for key, about in layout.items()
    }
    base = {
        "template": "none",
        "font": FONT | {"color": COLOURS["ink"], "size": type_px},
        "paper_bgcolor": COLOURS["paper"],
        "plot_bgcolor": COLOURS["paper"],
        "hoverlabel": {"bgcolor": COLOURS["paper"], "font": {"color": COLOURS["ink"]}},
        "autosize": True,
    }
    kind = go.FigureWidget if widget else go.Figure
    return kind(data=list(traces), layout=base | axes)


def _merged(under: Mapping, over: Mapping) -> dict:
    """`over` on `under`, one level deep where both hold a mapping."""
    both = {
        k: {**under[k], **over[k]}
        for k in under
        if k in over and isinstance(under[k], Mapping) and isinstance(over[k], Mapping)
    }
    return {**under, **over, **both}
