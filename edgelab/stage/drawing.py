"""What several plots are drawn with: lines, rules and notes."""

from __future__ import annotations

import numpy as np

from edgelab.stage.theme import COLOURS

__all__ = ["HALO", "NOT_YET", "QUIET", "end_ms", "note", "rule", "scatter", "travels", "way_axes"]

#: Type of a remark.
QUIET = {"size": 11, "color": COLOURS["quiet"]}
#: Keeps a word legible on a line.
HALO = ", ".join(f"{x}px {y}px {COLOURS['paper']}" for x in (-1, 1) for y in (-1, 1))

#: In place of points that are not drawn yet. An empty trace would lose its entry in the legend,
#: and the plot would be laid out anew at each step.
NOT_YET = np.array([np.nan])


#: Ends of an axis of milliseconds, times powers of ten.
SPANS = (1, 1.2, 1.6, 2, 2.5, 3, 4, 5, 6, 8, 10)


def end_ms(most_ms: float) -> float:
    """End of an axis with room for a total, and for a word beyond it."""
    wanted = max(1.1 * most_ms, 1.0)
    ten = 10.0 ** np.floor(np.log10(wanted))
    return float(next(step * ten for step in SPANS if step * ten >= wanted * (1 - 1e-9)))


def travels(since_ms, rows, colour: str, name: str, **about) -> dict:
    """The way of a request over time, between rows of places; in a panel a dot can run along it."""
    line = {"color": COLOURS[colour], "width": 2.5, "dash": about.pop("dash", "solid")}
    hover = f"{name}: %{{x:.0f}} ms<extra></extra>"
    more = {"mode": "lines", "line": line, "name": name, "showlegend": True, "hovertemplate": hover}
    return scatter(since_ms, rows, meta="travels", **more, **about)


def way_axes(stops: dict[str, int], end: float, above: float) -> tuple[dict, dict]:
    """The axes of a request's way: milliseconds to `end`, and a row a stop with room above."""
    time = {"title": {"text": "ms since the request began", "standoff": 4}, "range": [0, end]}
    rows = {"tickvals": [*stops.values()], "ticktext": [*stops], "ticks": ""}
    return time | {"nticks": 8}, rows | {"range": [-0.2, max(stops.values()) + above]}


def scatter(x, y, **about) -> dict:
    """A trace over `x` and `y`, by default without an entry in the legend."""
    return {"type": "scatter", "x": x, "y": y, "showlegend": False} | about


def rule(xref: str, **about) -> dict:
    """A dotted line, by default across the height of the plot."""
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
    """A text, by default at a share of the whole plot."""
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
