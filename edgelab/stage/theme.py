"""Every colour, font and size of the figures, and nothing else.

The colours are Okabe and Ito's, which people with any colour vision can tell apart; what a
colour says, a symbol, a dash or a text says too.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from math import log10
from typing import TYPE_CHECKING, Any

import numpy as np

from edgelab.stage.drawn import Drawn

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = [
    "ALONE_LEAST_PX",
    "ALONE_MARGIN",
    "ALONE_PX",
    "CAMERA",
    "COLOURS",
    "LEAK_SCALE",
    "PANEL_CAMERA",
    "PANEL_PX",
    "SERIES",
    "SERVED_SCALE",
    "SYMBOLS",
    "TINTS",
    "config",
    "heading",
    "layout",
    "legend_rows",
    "log_axis",
    "ms_axis",
    "raised",
    "share_axis",
    "slide",
]

#: Size of a figure on a slide, in CSS pixels; the camera doubles it to 1920 x 1080.
WIDTH, HEIGHT, CAMERA_SCALE = 960, 540, 2
CAMERA = {"format": "png", "width": WIDTH, "height": HEIGHT, "scale": CAMERA_SCALE}
#: A plot of a panel has smaller type, and is drawn smaller for as large a picture.
PANEL_CAMERA = {"format": "png", "width": 640, "height": 360, "scale": 3}
#: Sizes of type in a panel, and alone in a cell; there also the least of any.
PANEL_PX, ALONE_PX, ALONE_LEAST_PX = 12, 15, 14
#: Room around a plot that stands alone, with its title above.
ALONE_MARGIN = {"l": 20, "r": 30, "t": 105, "b": 20}

#: Least sizes of type on a slide, in the same pixels: read from the back row of a lecture hall.
TITLE_PX, HEADING_PX, LABEL_PX = 28, 20, 18
#: How much thicker lines and how much bigger marks get on a slide.
BOLDER = 1.7
#: A picture with more plots than this keeps its type: there is no room to enlarge it.
DENSE = 3
#: How much larger the canvas of such a picture may be.
LARGER = 4 / 3
#: Characters of the title, and of the line below it, for which a slide has room.
TITLE_CHARACTERS, SUBTITLE_CHARACTERS = 58, 98
_AXIS = re.compile(r"[xy]axis\d*")
_SUBPLOT = re.compile(r"(xaxis|polar|scene|geo|map|mapbox|ternary|smith)\d*")


def config(name: str, camera: Mapping = CAMERA) -> dict:
    """Configuration of plotly's modebar: a camera that saves `name`, and nothing that uploads."""
    return {
        "displayModeBar": True,
        "displaylogo": False,
        "responsive": True,
        "modeBarButtonsToRemove": [
            *("sendChartToCloud", "select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"),
            *("zoom2d", "pan2d"),
        ],
        "toImageButtonOptions": {**camera, "filename": name},
    }


COLOURS = {
    "tonight": "#0072B2",
    "old": "#D55E00",
    "pinned": "#009E73",
    "drawn": "#1A1A1A",
    "amber": "#E69F00",
    "sky": "#56B4E9",
    "plum": "#CC79A7",
    "stage_1": "#08306B",
    "stage_2": "#2171B5",
    "stage_3": "#74A9D8",
    "ink": "#1A1A1A",
    "quiet": "#6B6B6B",
    "grid": "#E3E3E3",
    "band": "#F5F5F5",
    "coast": "#B8B8B8",
    "paper": "#FFFFFF",
    "isolate": "#0072B2",
    "Wasm": "#E69F00",
    "container": "#CC79A7",
    "process": "#D55E00",
}
#: For several lines of one plot; each takes a dash and a symbol besides.
SERIES = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#1A1A1A", "#6B6B6B"),
)
SYMBOLS = {"p50_ms": "circle", "p95_ms": "diamond", "p99_ms": "square"}
#: Grounds of a map, two of a colour: light enough for type and marks on them.
TINTS = {
    "tonight": ("#C5DFF0", "#E6F1F8"),
    "amber": ("#F8DC9C", "#FDF0D2"),
    "old": ("#F3BC98", "#FADFCD"),
}
#: Places from well to badly served: light to dark, so that it survives a grey print.
SERVED_SCALE = {"colorscale": "Cividis", "reversescale": True}
#: From the limit to many times the limit.
LEAK_SCALE = [
    [0, "#F7FBFF"],
    [0.25, "#C6DBEF"],
    [0.5, "#6BAED6"],
    [0.75, "#2171B5"],
    [1, "#08306B"],
]
FONT = {"family": "Open Sans, Segoe UI, Helvetica, Arial, sans-serif"}

_MS_TICKS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000]


def _ms_text(ms: float) -> str:
    return f"{ms:g}" if ms < 1000 else f"{ms / 1000:g} s"


def ms_axis(title: str, low_ms: float, high_ms: float, every: int = 1) -> dict:
    """A logarithmic axis of milliseconds whose range stands still while a slider moves."""
    ticks = [t for t in _MS_TICKS if low_ms <= t <= high_ms][::every]
    return log_axis(title, low_ms, high_ms, dict(zip(ticks, map(_ms_text, ticks), strict=True)))


def log_axis(title: str, low: float, high: float, ticks: Mapping[float, str]) -> dict:
    """A logarithmic axis whose range stands still, with its ticks and their texts."""
    return {
        "type": "log",
        "range": [log10(low), log10(high)],
        "tickvals": list(ticks),
        "ticktext": list(ticks.values()),
        "title": {"text": title, "standoff": 4},
    }


def share_axis(title: str, **more) -> dict:
    """An axis of shares, in percent."""
    return {"tickformat": ".4~%", "title": {"text": title, "standoff": 4}} | more


def layout(drawn: Drawn, type_px: int) -> dict:
    """The layout of a plot in the workbook's style, without a title."""
    axis = {
        "gridcolor": COLOURS["grid"],
        "linecolor": COLOURS["quiet"],
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 3,
        "tickfont": {"size": type_px - 1},
        "title": {"font": {"size": type_px}},
        "automargin": True,
    }
    base = {
        "template": "none",
        "font": FONT | {"color": COLOURS["ink"], "size": type_px},
        "paper_bgcolor": COLOURS["paper"],
        "plot_bgcolor": COLOURS["paper"],
        "hoverlabel": {"bgcolor": COLOURS["paper"], "font": {"color": COLOURS["ink"]}},
        "margin": dict.fromkeys("lrtb", 12),
        # Above the plot, from its left: there the modebar is not.
        "legend": {
            **{"orientation": "h", "x": 0, "xanchor": "left", "y": 1.01, "yanchor": "bottom"},
            "font": {"size": type_px - 1},
        },
        "annotations": list(drawn.notes),
        "shapes": list(drawn.shapes),
    }
    given = {"xaxis": drawn.x, "yaxis": drawn.y, **drawn.layout}
    axes = {key: _merged(axis, about) for key, about in given.items() if _AXIS.fullmatch(key)}
    return _merged(base, given | axes)


def heading(title: str, below: str) -> dict:
    """The title of a figure that stands alone, and the line below it."""
    subtitle = textwrap.shorten(below, SUBTITLE_CHARACTERS, placeholder=" …")
    return {
        "text": f"<b>{title}</b>",
        "subtitle": {"text": subtitle, "font": {"size": ALONE_LEAST_PX}},
        **{"x": 0.02, "y": 0.965, "yanchor": "top", "font": {"size": 18}},
    }


def raised(node: Any, least_px: float, heading_px: float = 0) -> Any:
    """A copy in which no size of type that is said is smaller than `least_px`.

    Those of titles and of the legend are at least `heading_px`.
    """
    return _raised(node, least_px, max(least_px, heading_px), "")


def _raised(node: Any, least: float, least_heading: float, inside: str) -> Any:
    if isinstance(node, list | tuple):
        return [_raised(item, least, least_heading, inside) for item in node]
    if not isinstance(node, Mapping):
        return node
    out = {}
    for key, value in node.items():
        if key.endswith("font") and isinstance(value, Mapping) and value.get("size") is not None:
            wanted = least_heading if inside in ("title", "legend") else least
            out[key] = {**value, "size": np.maximum(value["size"], wanted).tolist()}
        else:
            out[key] = value if key == "meta" else _raised(value, least, least_heading, key)
    return out


def _merged(under: Mapping, over: Mapping) -> dict:
    """`over` on `under`, one level deep where both hold a mapping."""
    both = {
        k: {**under[k], **over[k]}
        for k in under
        if k in over and isinstance(under[k], Mapping) and isinstance(over[k], Mapping)
    }
    return {**under, **over, **both}


# -- slides ---------------------------------------------------------------------------------------


def slide(figure: go.Figure, title: bool = True) -> go.Figure:
    """A copy of any plotly figure, made to be read from the back row.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
        A Figure or FigureWidget, of any template; it stays as it is.
    title : bool
        Whether the title stays. Without it the picture is lower by the title's height.

    Returns
    -------
    plotly.graph_objects.Figure
        960 x 540 CSS px (960 x 460 without a title): the title at least 28 px, headings and
        legend 20, other type 18, thicker lines, bigger marks, margins that fit. A picture of more
        than two plots keeps its type, on up to 1280 x 720 if it was drawn for more than 960 x 540.
    """
    import plotly.graph_objects as go

    traces = [trace.to_plotly_json() for trace in figure.data]
    layout = figure.layout.to_plotly_json()
    height = HEIGHT if title else HEIGHT - 80
    said = _title(layout)
    layout.pop("title", None)
    if len({key for key in layout if _SUBPLOT.fullmatch(key)}) > DENSE:
        zoom = max((layout.get("width") or 0) / WIDTH, (layout.get("height") or 0) / height)
        zoom = min(max(zoom, 1), LARGER)
        layout |= {"width": round(WIDTH * zoom), "height": round(height * zoom)}
        if title:
            layout["title"] = said
        return go.Figure(traces, layout | {"autosize": False}, frames=figure.frames)
    said, layout, *traces = (raised(node, LABEL_PX, HEADING_PX) for node in (said, layout, *traces))
    for trace in traces:
        _embolden(trace)
    for shape in layout.get("shapes", ()):
        _scale(shape.get("line", {}), "width")
    font = layout.get("font") or {}
    layout["font"] = font | {"size": max(HEADING_PX, font.get("size") or 0)}
    if any("xaxis" in trace for trace in figure.data):
        layout = {"xaxis": {}, "yaxis": {}} | layout
    if any("scene" in trace for trace in figure.data):  # from further away, for its larger type
        eye = {"x": 1.6, "y": 1.6, "z": 1.4}
        layout["scene"] = {"camera": {"eye": eye}} | (layout.get("scene") or {})
    for key, axis in layout.items():
        if _AXIS.fullmatch(key):
            layout[key] = axis | {"automargin": True}
    top = 18
    if title and said:
        layout["title"], tall = _slide_title(said)
        top += tall
    if _above(layout, traces):
        top += 38 + 29 * max(legend_rows(traces, HEADING_PX, WIDTH - 134) - 1, 0)
    # An axis makes room for its labels, though none to the edge beyond its title.
    named = {key[0] for key, about in layout.items() if _AXIS.fullmatch(key) and _title(about)}
    left, below = (100 if "y" in named else 24), (74 if "x" in named else 24)
    given = layout.get("margin") or {}
    margin = {"l": max(left, given.get("l") or 0), "r": max(34, given.get("r") or 0)}
    layout["margin"] = margin | {"t": top, "b": max(below, given.get("b") or 0)}
    layout |= {"width": WIDTH, "height": height, "autosize": False}
    return go.Figure(traces, layout, frames=figure.frames)


def _title(about: Mapping) -> dict:
    """The title of a layout or an axis; empty if there is none."""
    said = about.get("title") or {}
    said = {"text": said} if isinstance(said, str) else said
    return said if said.get("text") else {}


def _slide_title(said: Mapping) -> tuple[dict, int]:
    """The title at the top of a slide, its subtitle as its last line, and the pixels they take."""
    text = said["text"]
    if "<" not in text:
        text = "<br>".join(textwrap.wrap(text, TITLE_CHARACTERS))
    size = max(TITLE_PX, (said.get("font") or {}).get("size") or 0)
    tall = 8 + 1.3 * size * (1 + text.count("<br>"))
    if below := (said.get("subtitle") or {}).get("text"):
        text += f"<br><span style='font-size:{LABEL_PX}px'>{below}</span>"
        tall += 1.4 * LABEL_PX
    # By its first baseline: plotly sets several lines higher than one if hung by their top.
    baseline = 1 - (14 + 0.75 * size) / HEIGHT
    place = {"y": baseline, "yref": "container", "yanchor": "bottom", "automargin": False}
    font = (said.get("font") or {}) | {"size": size}
    return {**said, "text": text, "subtitle": {"text": ""}, "font": font, **place}, round(tall)


def legend_rows(traces: Sequence[Mapping], type_px: float, width_px: float) -> int:
    """Rows that a legend above a plot so wide takes, as plotly sets it: in equal columns."""
    shown = [trace for trace in traces if trace.get("showlegend", len(traces) > 1)]
    longest = max((len(re.sub("<.*?>", "", each.get("name") or "")) for each in shown), default=0)
    columns = max(int(width_px // (50 + 0.49 * type_px * longest)), 1)
    return -(-len(shown) // columns)


def _above(layout: Mapping, traces: Sequence[Mapping]) -> bool:
    """Whether a legend or a heading stands above the plot."""
    tops = [
        note.get("y", 0)
        for note in layout.get("annotations", ())
        if note.get("yref") == "paper" and note.get("text")
    ]
    legend = layout.get("legend") or {}
    entries = [trace.get("showlegend", len(traces) > 1) for trace in traces]
    if legend.get("orientation") == "h" and any(entries) and layout.get("showlegend") is not False:
        tops.append(legend.get("y") or 0)
    return max(tops, default=0) >= 1


def _embolden(trace: dict) -> None:
    """Thicken a trace's lines and enlarge its marks, also those that plotly would choose."""
    if trace["type"].startswith("scatter"):
        trace["line"] = {"width": 2} | trace.get("line", {})
        trace["marker"] = {"size": 6} | trace.get("marker", {})
    marker = trace.get("marker", {})
    for line in (trace.get("line", {}), marker.get("line", {})):
        _scale(line, "width")
    _scale(marker, "size")
    _scale(marker.get("colorbar", {}), "thickness")


def _scale(about: dict, key: str) -> None:
    if about.get(key) is not None:
        about[key] = (BOLDER * np.asarray(about[key], float)).tolist()
