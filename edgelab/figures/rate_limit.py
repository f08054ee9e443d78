"""Rate limiting as figures: what gets through, over everything that it depends on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import log10
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from edgelab.figures import drawing, telling, theme
from edgelab.figures.drawing import Part, note, rule, scatter
from edgelab.figures.theme import COLOURS
from edgelab.models.rate_limit import DESIGNS, MAP_DELAYS_MS, MAP_RATES_PER_S, RateLimit

__all__ = [
    "RateLimitFrames",
    "decision_time",
    "layout",
    "leak_by_delay",
    "leak_by_pops",
    "leak_map",
    "let_through",
    "refusals",
    "traces",
]

#: Multiples of the limit: the axis stands still, and what is beyond it says so.
TIMES = (1, 2, 5, 10, 20, 50, 100)
LEAST, MOST = 0.6, 150.0
LOG_TIMES = (log10(LEAST), 2.75)
#: The scale's end: what is above it is as dark.
DARKEST = 100.0
WAIT_MS = (-15.0, 620.0)
NOW, PINNED = "now", "pinned"
ROWS = np.arange(len(DESIGNS))[::-1].astype(float)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid", "dash")
MARKS = ("circle", "square", "diamond", "x", "triangle-up", "star", "cross", "triangle-down")


class RateLimitFrames(NamedTuple):
    """The frames of one attack that the panel draws."""

    model: RateLimit
    designs: pd.DataFrame
    leak: pd.DataFrame

    @classmethod
    @lru_cache(maxsize=16)
    def of(cls, attack: RateLimit) -> RateLimitFrames:
        """The frames of `attack`; remembered, so not to be changed."""
        return cls(attack, attack.designs(), attack.leak_map())


def _times(ratio: float) -> str:
    """A multiple of the limit, as short as it can be told."""
    if ratio < 1.005:
        return f"{ratio:.2g}"
    return f"{ratio:.2f}" if ratio < 9.995 else f"{ratio:,.0f}"


def _in_cell(ratio: float) -> str:
    """The same where there is room for three characters."""
    return "1" if ratio < 1.005 else f"{ratio:.1f}" if ratio < 9.95 else f"{ratio:,.0f}"


# -- traces ---------------------------------------------------------------------------------------


def _heat(leak: pd.DataFrame, size: float, colorbar: dict) -> dict:
    """Cells of rate over delay, with the multiple in each."""
    shape = len(MAP_RATES_PER_S), len(MAP_DELAYS_MS)
    times = leak["through"].to_numpy().reshape(shape)
    return {
        "type": "heatmap",
        "x": np.log10(MAP_DELAYS_MS),
        "y": np.log10(MAP_RATES_PER_S),
        "z": np.log10(times),
        "zmin": 0.0,
        "zmax": log10(DARKEST),
        "colorscale": theme.LEAK_SCALE,
        "text": [[_in_cell(ratio) for ratio in row] for row in times],
        "texttemplate": "%{text}",
        "textfont": {"size": size},
        "customdata": leak[["rate_per_s", "kv_delay_ms", "requests_per_delay", "through"]]
        .to_numpy()
        .reshape(*shape, 4),
        "hovertemplate": "%{customdata[0]:.3g} requests/s, %{customdata[1]:.3g} ms late: "
        "%{customdata[2]:.3g} requests per delay, %{customdata[3]:.3f} times the limit"
        "<extra></extra>",
        "colorbar": {
            "thickness": 10,
            "outlinewidth": 0,
            "tickvals": [log10(t) for t in TIMES],
            "ticktext": [f"{t}" for t in TIMES],
            "tickfont": {"size": 11},
        }
        | colorbar,
    }


def _one_per_delay() -> dict:
    """The line on which one request comes in per delay."""
    low, high = log10(1.0), log10(1000.0)
    return scatter(
        np.array([low, high]),
        np.array([high, low]),
        mode="lines",
        line={"color": COLOURS["ink"], "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
    )


def _here(attack: RateLimit | None, key: str) -> dict:
    """A ring around where an attack stands on the map."""
    about = {
        NOW: ("circle-open", COLOURS["old"], 22),
        PINNED: ("square-open", COLOURS["pinned"], 20),
    }
    symbol, colour, size = about[key]
    at = [] if attack is None else [(log10(attack.kv_delay_ms), log10(attack.rate_per_s))]
    return scatter(
        np.array([x for x, _ in at]),
        np.array([y for _, y in at]),
        mode="markers",
        marker={"symbol": symbol, "color": colour, "size": size, "line": {"width": 3}},
        hoverinfo="skip",
    )


def _rows(designs: pd.DataFrame | None, key: str, shift: float, words: bool) -> list[dict]:
    """Multiples of the limit, a line and a mark a design, and the number after it."""
    colour = COLOURS["tonight" if key == NOW else "pinned"]
    times = np.full(len(ROWS), np.nan) if designs is None else designs["through"].to_numpy()
    shown = np.clip(times, LEAST * 1.05, MOST)
    ends = np.column_stack([np.ones(len(ROWS)), shown, np.full(len(ROWS), np.nan)]).ravel()
    text = [
        "" if np.isnan(t) or not words else f"{_times(t)} ▶" if t > MOST else _times(t)
        for t in times
    ]
    mark = {"symbol": "circle", "size": 9, "color": colour}
    if key == PINNED:
        mark = {"symbol": "square-open", "size": 9, "color": colour, "line": {"width": 2}}
    y = ROWS + shift
    line = {"color": colour, "width": 3 if key == NOW else 1.5}
    return [
        scatter(ends, np.repeat(y, 3), mode="lines", line=line, hoverinfo="skip"),
        scatter(
            shown,
            y,
            mode="markers+text",
            marker=mark,
            text=text,
            textposition="middle right",
            textfont={"size": 12, "color": colour},
            customdata=times,
            hovertemplate=f"{key}: %{{customdata:.3f}} times the limit<extra></extra>",
            name=key,
        ),
    ]


def _shares(designs: pd.DataFrame, columns: Sequence[str] = ("refused_shared", "writes_refused")):
    """Two shares a design: the innocent user's wrong refusals, and the store's of its writes."""
    about = {
        "refused_shared": ("circle-open", COLOURS["old"], "innocent user wrongly refused"),
        "writes_refused": ("diamond", COLOURS["drawn"], "writes a store refuses"),
    }
    return [
        scatter(
            designs[column].to_numpy(),
            ROWS,
            mode="markers",
            marker={
                "symbol": about[column][0],
                "color": about[column][1],
                "size": 10 if column == "refused_shared" else 6,
                "line": {"width": 2.5 if column == "refused_shared" else 0},
            },
            name=about[column][2],
            showlegend=True,
            hovertemplate=f"{about[column][2]}: %{{x:.1%}}<extra></extra>",
        )
        for column in columns
    ]


def _waits(designs: pd.DataFrame, size: int) -> dict:
    """Bars of the mean wait for a decision, with the mean in words."""
    wait = designs["wait_ms"].to_numpy()
    worst = designs["worst_wait_ms"].to_numpy()
    return {
        "type": "bar",
        "orientation": "h",
        "x": wait,
        "y": ROWS,
        "width": 0.5,
        "text": [
            f"{mean:.0f}" if mean == most else f"{mean:.0f} ({most:.0f})"
            for mean, most in zip(wait, worst, strict=True)
        ],
        "textposition": "outside",
        "textangle": 0,
        "textfont": {"size": size},
        "cliponaxis": False,
        "marker": {"color": COLOURS["tonight"]},
        "hovertemplate": "%{x:.1f} ms on average<extra></extra>",
        "showlegend": False,
    }


# -- parts ----------------------------------------------------------------------------------------


def _row_axis(labels: bool) -> dict:
    ticks = {"tickvals": list(ROWS), "ticktext": list(DESIGNS)}
    return ticks | {
        "range": [-0.6, len(DESIGNS) - 0.4],
        "showgrid": False,
        "showticklabels": labels,
        "ticks": "",
    }


_LOG_TIMES_AXIS = {
    "type": "log",
    "range": list(LOG_TIMES),
    "tickvals": [1, 2, 5, 10, 20, 50, 100],
    "ticktext": ["1", "2", "5", "10", "20", "50", "100"],
    "title": {"text": "times the limit", "standoff": 4},
}
PARTS = {
    "map": Part(
        "What gets through, in times the limit",
        {
            "range": [-0.2, 4.98],
            "tickvals": [0, 1, 2, 3, 4, log10(60_000)],
            "ticktext": ["1", "10", "100", "1 s", "10 s", "60 s"],
            "title": {"text": "propagation delay, ms", "standoff": 4},
            "showgrid": False,
        },
        {
            "range": [-0.167, 3.167],
            "tickvals": [0, 1, 2, 3],
            "ticktext": ["1", "10", "100", "1,000"],
            "title": {"text": "attack, requests/s", "standoff": 2},
            "showgrid": False,
        },
        (0.062, 0.42, 0.115, 0.84),
        heading_at=0.0,
    ),
    "through": Part(
        "Each design now",
        _LOG_TIMES_AXIS
        | {"tickvals": [1, 3, 10, 30, 100], "ticktext": ["1", "3", "10", "30", "100"]},
        _row_axis(True),
        (0.595, 0.745, 0.115, 0.84),
        heading_at=0.44,
    ),
    "shares": Part(
        "Refused",
        theme.share_axis("user ○, write ◆", range=[-0.06, 1.06], tickvals=[0, 0.5]),
        _row_axis(False),
        (0.76, 0.857, 0.115, 0.84),
    ),
    "wait": Part(
        "Wait, ms",
        {
            "range": list(WAIT_MS),
            "tickvals": [0, 300],
            "title": {"text": "mean (worst)", "standoff": 4},
        },
        _row_axis(False),
        (0.873, 0.998, 0.115, 0.84),
    ),
}


# -- figures --------------------------------------------------------------------------------------


def traces(now: RateLimitFrames, pinned: RateLimitFrames | None = None) -> list[dict]:
    """Every trace of the combined figure, always the same number in the same order."""
    made = {
        "map": [
            # No colour bar: each cell says its number.
            _heat(now.leak, 10, {}) | {"showscale": False},
            _one_per_delay(),
            _here(pinned.model if pinned else None, PINNED),
            _here(now.model, NOW),
        ],
        "through": [
            *_rows(pinned.designs if pinned else None, PINNED, -0.28, words=False),
            *_rows(now.designs, NOW, 0.0, words=True),
        ],
        "shares": [each | {"showlegend": False} for each in _shares(now.designs)],
        "wait": [_waits(now.designs, 11)],
    }
    return drawing.on_axes(PARTS, made)


def _band(design: str) -> dict:
    """A tint behind the row of the chosen design, across the three plots of rows."""
    row = float(ROWS[DESIGNS.index(design)])
    return {
        "type": "rect",
        "xref": "paper",
        "x0": 0.437,
        "x1": 1.0,
        "yref": "y2",
        "y0": row - 0.47,
        "y1": row + 0.47,
        "line": {"width": 0},
        "fillcolor": "#FFF1D6",
        "layer": "below",
    }


def layout(now: RateLimit, pinned: RateLimit | None = None) -> dict:
    """Layout of the combined figure."""
    out = drawing.combined(PARTS, title(now, pinned), {"x": 0.89, "y": 1.01, "xanchor": "right"})
    out["showlegend"] = False
    out["shapes"] = [_band(now.design), rule("x2", x0=1, x1=1)]
    out["annotations"].append(_line_label(11))
    return out


def _line_label(size: int) -> dict:
    """What the line across the map is, at its lower end."""
    return note(
        "1 request per delay",
        *(4.95, 0.165),
        xref="x",
        yref="y",
        xanchor="right",
        yanchor="middle",
        bgcolor=COLOURS["paper"],
        font={"size": size, "color": COLOURS["ink"]},
    )


def settings(attack: RateLimit) -> str:
    """What an attack is set to, in one line; the design is told where only one is drawn."""
    knobs = attack.knobs()
    pops = f"{attack.pops} PoP{'s' * (attack.pops != 1)}"
    rate, delay = (knobs[n].text(getattr(attack, n)) for n in ("rate_per_s", "kv_delay_ms"))
    said = ("design", "pops", "rate_per_s", "kv_delay_ms")
    first = f"{pops}, {rate}, {delay} late"
    return ", ".join(filter(None, [first, telling.turned(attack, without=said)]))


def _settings_of_map(attack: RateLimit) -> str:
    """The same where rate and delay are the axes."""
    said = ("design", "pops", "rate_per_s", "kv_delay_ms")
    first = f"{attack.design}; {attack.pops} PoP{'s' * (attack.pops != 1)}"
    return ", ".join(filter(None, [first, telling.turned(attack, without=said)]))


def _settings_of_curve(attack: RateLimit) -> str:
    """The same where PoPs and delay are drawn."""
    said = ("design", "pops", "rate_per_s", "kv_delay_ms")
    first = f"{attack.design}; {attack.knobs()['rate_per_s'].text(attack.rate_per_s)}"
    return ", ".join(filter(None, [first, telling.turned(attack, without=said)]))


def title(now: RateLimit, pinned: RateLimit | None = None) -> str:
    """Every setting, so that an exported picture tells them."""
    second = f"pinned (□): {pinned.design}; {settings(pinned)}" if pinned else ""
    small = f"<span style='font-size:11px'>{telling.cut(second, 150)}</span>"
    return f"<b>Rate limit</b> (○): {telling.cut(f'{now.design}; {settings(now)}', 110)}<br>{small}"


def _single(part: Part, made, frames, about, told=settings, **more) -> go.Figure:
    meta, below = telling.meta(about, frames, told)
    return drawing.single(part, made, meta, below, **more)


def _frames(frame: pd.DataFrame, pinned: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    return {NOW: frame} if pinned is None else {NOW: frame, PINNED: pinned}


def leak_map(frame: pd.DataFrame) -> go.Figure:
    """What gets through, over the attack's rate and the propagation delay.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `RateLimit.leak_map`.

    Returns
    -------
    plotly.graph_objects.Figure
        A heat map with the multiple of the limit in each cell, and the line on which one request
        comes in per delay.
    """
    few = frame[frame["requests_per_delay"] <= 0.1]["through"].max()
    most = frame.loc[frame["through"].idxmax()]
    caption = (
        f"Up to a tenth of a request per delay: at most {few:.3g} times the limit. "
        f"Worst on this map: {most['through']:.3g} times."
    )
    about = {
        "name": "leak_map",
        "title": "What gets through, in times the limit",
        "caption": caption,
        "alt": f"Heat map of the attack's rate over the propagation delay. {caption}",
    }
    bar = {"title": {"text": "times<br>the limit", "font": {"size": 14}}, "thickness": 14}
    made = [_heat(frame, 14, bar), _one_per_delay()]
    return _single(
        PARTS["map"], made, _frames(frame), about, _settings_of_map, annotations=[_line_label(14)]
    )


def let_through(frame: pd.DataFrame, pinned: pd.DataFrame | None = None) -> go.Figure:
    """What each design lets through.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `RateLimit.designs`.
    pinned : pandas.DataFrame, optional
        The same of an attack to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    each = "; ".join(f"{name} {_times(ratio)}" for name, ratio in frame["through"].items())
    about = {
        "name": "let_through",
        "title": "What each design lets through",
        "caption": "In multiples of what one exact bucket lets through.",
        "alt": f"Marks on lines, a row a design. Times the limit: {each}.",
    }
    made = _rows(frame, NOW, 0.0, words=True)
    if pinned is not None:
        made = [*_rows(pinned, PINNED, -0.24, words=True), *_rows(frame, NOW, 0.2, words=True)]
        made[1] |= {"showlegend": True}
    made[-1] |= {"showlegend": pinned is not None}
    part = PARTS["through"]._replace(x_axis=_LOG_TIMES_AXIS | {"range": [log10(LEAST), 2.5]})
    return _single(part, made, _frames(frame, pinned), about, shapes=[rule("x", x0=1, x1=1)])


def refusals(frame: pd.DataFrame) -> go.Figure:
    """Innocent requests that are wrongly refused, and writes that a store would refuse.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `RateLimit.designs`.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    each = "; ".join(
        f"{name} {user:.0%} and {writes:.0%}"
        for name, user, writes in frame[["refused_shared", "writes_refused"]].itertuples()
    )
    about = {
        "name": "refusals",
        "title": "Who is refused besides the attacker",
        "caption": "Requests of a user behind the attacker's address, and writes that follow the "
        "last one to the same key too soon.",
        "alt": f"Two marks a row, a row a design. Users and writes refused: {each}.",
    }
    part = PARTS["shares"]._replace(
        x_axis=theme.share_axis("share that is refused", range=[-0.03, 1.03], dtick=0.25),
        y_axis=_row_axis(True),
    )
    return _single(part, _shares(frame), _frames(frame), about)


def decision_time(frame: pd.DataFrame) -> go.Figure:
    """How long a request that is let through waits for the decision.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `RateLimit.designs`, in milliseconds.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    each = "; ".join(f"{name} {wait:.3g} ms" for name, wait in frame["wait_ms"].items())
    about = {
        "name": "decision_time",
        "title": "What a decision costs in time",
        "caption": "Mean over the PoPs and the worst of them, in ms; the one point of truth is in "
        "Mumbai.",
        "alt": f"Bars, one a design. Mean waits: {each}.",
    }
    part = PARTS["wait"]._replace(
        x_axis=PARTS["wait"].x_axis
        | {
            "title": {"text": "wait for the decision, ms", "standoff": 4},
            "tickvals": [*range(0, 700, 100)],
        },
        y_axis=_row_axis(True),
    )
    return _single(part, [_waits(frame, 14)], _frames(frame), about)


def _lines(frame: pd.DataFrame, by: str, x: str, names: dict, hover: str) -> list[dict]:
    """A line for each value of `by`, with a colour, a dash and a symbol of its own."""
    return [
        scatter(
            rows[x].to_numpy(),
            rows["through"].to_numpy(),
            mode="lines+markers",
            name=names[value],
            showlegend=True,
            # The thinner the later, so that lines which coincide are all seen.
            line={"color": theme.SERIES[k], "dash": DASHES[k], "width": 4.4 - 0.4 * k},
            marker={"symbol": MARKS[k], "size": 11 - 0.8 * k},
            hovertemplate=f"{names[value]}: {hover}<extra></extra>",
        )
        for k, (value, rows) in enumerate(frame.groupby(by, sort=False))
    ]


def leak_by_pops(frame: pd.DataFrame) -> go.Figure:
    """What each design lets through, over the PoPs that are attacked.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `RateLimit.by_pops`.

    Returns
    -------
    plotly.graph_objects.Figure
        Two logarithmic axes.
    """
    last = frame[frame["pops"] == frame["pops"].max()].set_index("design")["through"]
    about = {
        "name": "leak_by_pops",
        "title": "More PoPs, more let through",
        "caption": f"At {frame['pops'].max()} PoPs, times the limit: "
        + "; ".join(f"{name} {_times(ratio)}" for name, ratio in last.items())
        + ".",
        "alt": "Lines on two logarithmic axes, one a design: times the limit over the PoPs.",
    }
    x_axis = {
        "type": "log",
        "range": [-0.05, log10(560)],
        "tickvals": [1, 2, 5, 10, 20, 50, 100, 200, 500],
        "title": {"text": "PoPs attacked", "standoff": 4},
    }
    made = _lines(frame, "design", "pops", {d: d for d in DESIGNS}, "%{y:.2f} times at %{x} PoPs")
    part = Part("", x_axis, _LOG_TIMES_AXIS | {"range": [-0.15, 2.1]}, (0, 1, 0, 1))
    legend = {"orientation": "v", "x": 1.02, "xanchor": "left", "y": 1, "yanchor": "top"}
    return _single(part, made, _frames(frame), about, legend=legend)


def leak_by_delay(frame: pd.DataFrame) -> go.Figure:
    """What a design lets through, over the requests that come in per propagation delay.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `RateLimit.by_delay`.

    Returns
    -------
    plotly.graph_objects.Figure
        Two logarithmic axes; the tint is where at most a tenth more than the limit gets through.
    """
    inside = frame[frame["through"] <= 1.1].groupby("pops")["requests_per_delay"].max()
    caption = "At most a tenth too many gets through up to " + "; ".join(
        f"{each:.2g} requests per delay at {pops} PoPs" for pops, each in inside.items()
    )
    about = {
        "name": "leak_by_delay",
        "title": "A few percent, or many times",
        "caption": f"{caption}.",
        "alt": "Rising curves on two logarithmic axes: times the limit over the requests that "
        f"come in per delay. {caption}.",
    }
    x_axis = {
        "type": "log",
        "range": [-2.05, 2.05],
        "tickvals": [0.01, 0.1, 1, 10, 100],
        "title": {"text": "requests per propagation delay", "standoff": 4},
    }
    names = {pops: f"{pops} PoPs" for pops in frame["pops"].unique()}
    made = _lines(
        frame, "pops", "requests_per_delay", names, "%{y:.3f} times at %{x:.3g} per delay"
    )
    tint = rule(
        "x", type="rect", x0=0.005, x1=200, yref="y", y0=0.9, y1=1.1, fillcolor=COLOURS["band"],
        layer="below", line={"width": 0},
    )  # fmt: skip
    word = note("a tenth too many", -1.95, log10(1.1), xref="x", yref="y", font=drawing.QUIET)
    part = Part("", x_axis, _LOG_TIMES_AXIS | {"range": [-0.05, 1.5]}, (0, 1, 0, 1))
    return _single(
        part,
        made,
        _frames(frame),
        about,
        _settings_of_curve,
        shapes=[tint, rule("x", x0=1, x1=1)],
        annotations=[word],
    )
