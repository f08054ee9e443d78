"""What isolates, Wasm, containers and processes cost: a mark for everyone who says so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from edgelab.datasets import PRIMITIVES
from edgelab.figures import drawing, theme
from edgelab.figures.drawing import Part, scatter
from edgelab.figures.theme import COLOURS
from edgelab.models import runtimes
from edgelab.models.primitives import SOURCES

__all__ = ["NAMES", "PARTS", "TENS", "bands", "costs", "marks"]

MARKS = {"article": "circle", "public": "diamond", "measured": "square"}
NAMES = {"article": "article", "public": "public sources", "measured": "this machine"}
#: Ticks of a logarithmic axis.
TENS = {1e-3: "0.001", 1e-2: "0.01", 0.1: "0.1", 1: "1", 10: "10", 100: "100", 1e3: "1,000"}
_EVERY_OTHER = {1e-3: "0.001", 0.1: "0.1", 10: "10", 1e3: "1,000"}
_ROWS = {
    "tickvals": list(range(len(PRIMITIVES)))[::-1],
    "ticktext": list(PRIMITIVES),
    "range": [-0.55, len(PRIMITIVES) - 0.45],
    "showgrid": False,
}
_NO_NAMES = _ROWS | {"showticklabels": False, "ticks": ""}
#: The three plots, as they stand at the bottom of the panel.
PARTS = {
    "start_ms": Part(
        "Its start, ms: ○ article, ◇ public, □ here",
        theme.log_axis("", 0.0006, 20_000, _EVERY_OTHER),
        _ROWS,
        (0.075, 0.36, 0.06, 0.36),
        heading_at=0.0,
    ),
    "memory_mb": Part(
        "Its memory, idle, MB",
        theme.log_axis("", 0.0015, 400, TENS),
        _NO_NAMES,
        (0.40, 0.685, 0.06, 0.36),
    ),
    "call_ms": Part(
        "A call besides its work, ms",
        theme.log_axis("", 0.002, 40, TENS),
        _NO_NAMES,
        (0.725, 0.99, 0.06, 0.36),
    ),
}


def marks(frame: pd.DataFrame, quantity: str, chosen: str | None, size: float) -> list[dict]:
    """What is said of one quantity: a mark a source, in rows by primitive."""
    rows = np.arange(len(PRIMITIVES))[::-1]
    values = frame.xs(quantity, level="quantity").loc[list(PRIMITIVES)]
    span = values[["least", "most"]].assign(gap=np.nan).to_numpy().ravel()
    out = [
        scatter(
            span,
            np.repeat(rows, 3),
            mode="lines",
            line={"color": COLOURS["quiet"], "width": 1},
            name="all that is said",
            hoverinfo="skip",
        )
    ]
    for source, shift in zip(SOURCES, (0.24, 0.0, -0.24), strict=True):
        symbol = MARKS[source] + ("" if source == chosen or chosen is None else "-open")
        out.append(
            scatter(
                values[source].to_numpy(),
                rows + shift,
                mode="markers",
                marker={
                    "symbol": symbol,
                    "size": size,
                    "color": [COLOURS[name] for name in PRIMITIVES],
                    "line": {"width": 1.6},
                },
                name=NAMES[source],
                text=list(PRIMITIVES),
                hovertemplate=f"%{{text}}, {NAMES[source]}: %{{x:.3~g}}<extra></extra>",
            )
        )
    return out


def bands(*axes: str) -> list[dict]:
    """A tint behind every other row."""
    return [_band(axis, row) for axis in axes for row in (1, 3)]


def _band(xref: str, row: int) -> dict:
    """A tint behind a row."""
    return {
        "type": "rect",
        "xref": f"{xref} domain",
        "yref": f"y{xref[1:]}",
        "x0": 0,
        "x1": 1,
        "y0": row - 0.5,
        "y1": row + 0.5,
        "line": {"width": 0},
        "fillcolor": COLOURS["band"],
        "layer": "below",
    }


def costs(frame: pd.DataFrame) -> go.Figure:
    """What isolates, Wasm, containers and processes are said to cost, and do here.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `edgelab.primitives`.

    Returns
    -------
    plotly.graph_objects.Figure
        Three plots: start, memory and overhead; a mark a source.
    """
    boxes = {"start_ms": (0.11, 0.38), "memory_mb": (0.42, 0.69), "call_ms": (0.73, 0.99)}
    parts = {
        name: PARTS[name]._replace(box=(*boxes[name], 0.1, 0.78), title=heading, heading_at=None)
        for name, heading in zip(
            PARTS, ("Start, ms", "Memory, idle, MB", "A call besides, ms"), strict=True
        )
    }
    made = {name: marks(frame, name, None, 11) for name in PARTS}
    for trace in made["start_ms"]:
        trace["showlegend"] = True
    gaps = frame["disagree"].dropna()
    name, quantity = gaps.idxmax()
    word = {"start_ms": "start", "memory_mb": "memory", "call_ms": "overhead"}[quantity]
    caption = f"They disagree most about the {word} of {runtimes.PLURAL[name]}: "
    caption += f"the largest figure is {gaps.max():,.0f} times the smallest."
    look = drawing.combined(parts, "", {"x": 0, "y": 0.93, "font": {"size": 16}})
    for said in look["annotations"]:
        said["font"] = {"size": 17}
    heading = {"text": "<b>What each costs, by who says so</b>", "font": {"size": 20}}
    look["title"] = heading | {"x": 0.01, "y": 0.975, "yanchor": "top"}
    look["shapes"] = bands("x", "x2", "x3")
    look["meta"] = {
        "name": "costs",
        "title": "What each costs, by who says so",
        "caption": caption,
        "alt": f"Marks in rows, a row a primitive, on logarithmic axes. {caption}",
        "code": "el.figures.costs(el.primitives())",
    }
    return theme.figure(drawing.on_axes(parts, made), look, type_px=16)
