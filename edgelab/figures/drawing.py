"""What several figures are drawn with: lines, rules, notes, and parts that share one figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

from edgelab.figures import telling, theme
from edgelab.figures.theme import COLOURS

__all__ = [
    "HALO",
    "QUIET",
    "Part",
    "axis_of",
    "combined",
    "note",
    "on_axes",
    "rule",
    "scatter",
    "single",
]

#: Type of a remark in a single figure.
QUIET = {"size": 14, "color": COLOURS["quiet"]}
#: The same in a figure of several parts.
QUIET_SMALL = {"size": 11, "color": COLOURS["quiet"]}
#: Keeps a word legible on a line.
HALO = ", ".join(f"{x}px {y}px {COLOURS['paper']}" for x in (-1, 1) for y in (-1, 1))


def scatter(x, y, **about) -> dict:
    """A trace over `x` and `y`, by default without an entry in the legend."""
    return {"type": "scatter", "x": x, "y": y, "showlegend": False} | about


def rule(xref: str, **about) -> dict:
    """A dotted line, by default across the height of a part."""
    line = {"color": COLOURS["quiet"], "width": 1.2, "dash": "dot"}
    return {
        "type": "line",
        "xref": xref,
        "yref": f"y{xref[1:]} domain",
        "y0": 0,
        "y1": 1,
        "line": line,
    } | about


def note(text: str, x: float, y: float, **about) -> dict:
    """A text, by default at a share of the whole figure."""
    return {
        "text": text,
        "x": x,
        "y": y,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 12.5},
    } | about


class Part(NamedTuple):
    """One plot of a figure that has several."""

    title: str
    x_axis: dict
    y_axis: dict
    #: Left, right, bottom and top, as shares of the figure.
    box: tuple[float, float, float, float]
    #: Where its heading starts, if not at its left.
    heading_at: float | None = None


def axis_of(parts: Mapping[str, Part], name: str) -> str:
    """Number of a part's axes, as plotly writes it."""
    number = list(parts).index(name) + 1
    return "" if number == 1 else str(number)


def on_axes(parts: Mapping[str, Part], made: Mapping[str, Sequence[dict]]) -> list[dict]:
    """The traces of every part, on its axes, in one list."""
    return [
        trace | {axis: f"{axis[0]}{axis_of(parts, name)}" for axis in ("xaxis", "yaxis")}
        for name, drawn in made.items()
        for trace in drawn
    ]


def combined(parts: Mapping[str, Part], title: str, legend: Mapping[str, Any]) -> dict:
    """Layout of a figure of several parts: axes, headings, the title at its top left.

    `legend` is merged into that of a horizontal one. The title is the first annotation, so that
    it can be patched; the headings follow.
    """
    out: dict = {
        "margin": {"l": 10, "r": 10, "t": 6, "b": 4},
        "legend": {"orientation": "h", "yanchor": "top", "font": {"size": 11}} | legend,
        "annotations": [note(title, 0.0, 1.0, yanchor="top", align="left", font={"size": 14})],
        "shapes": [],
    }
    for name, part in parts.items():
        number = axis_of(parts, name)
        left, right, bottom, top = part.box
        out[f"xaxis{number}"] = part.x_axis | {"domain": [left, right], "anchor": f"y{number}"}
        out[f"yaxis{number}"] = part.y_axis | {"domain": [bottom, top], "anchor": f"x{number}"}
        if part.title:
            start = left if part.heading_at is None else part.heading_at
            heading = note(f"<b>{part.title}</b>", start, top + 0.01, yanchor="bottom")
            out["annotations"].append(heading)
    return out


def single(part: Part, made: Sequence[dict], meta: Mapping, below: str = "", **layout) -> go.Figure:
    """One part as a figure of its own.

    Parameters
    ----------
    part : Part
        Gives the axes.
    made : sequence of dict
        Its traces; their type is raised in place.
    meta : mapping
        From `edgelab.figures.telling.meta`: what an export tells of it.
    below : str
        The line below the title.
    **layout
        What else the layout holds, or holds in place of the usual.
    """
    heading = {
        "text": f"<b>{meta['title']}</b>",
        "subtitle": {
            "text": telling.cut(below, theme.SUBTITLE_CHARACTERS),
            "font": {"size": 14},
        },
        "x": 0.02,
        "y": 0.965,
        "yanchor": "top",
        "font": {"size": 18},
    }
    base = {
        "title": heading,
        "margin": {"l": 20, "r": 30, "t": 105, "b": 20},
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.01, "yanchor": "bottom"},
        "xaxis": part.x_axis | {"automargin": True},
        "yaxis": part.y_axis | {"automargin": True},
        "meta": meta,
    }
    for trace in made:
        if "textfont" in trace:
            trace["textfont"] = trace["textfont"] | {"size": 14}
    return theme.figure(made, base | layout, type_px=15)
