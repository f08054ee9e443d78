"""The plots of rate limiting: what gets through, who is refused, how long a decision takes."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

import numpy as np
import pandas as pd

from edgelab.core.words import counted, in_digits, percent
from edgelab.stage import drawing, theme
from edgelab.stage.drawing import note, rule, scatter
from edgelab.stage.drawn import Drawn
from edgelab.stage.plot import frame, plot
from edgelab.stage.theme import COLOURS
from edgelab.topics.rate_limit.limiters import DESIGNS, GCRA, HASHED, LATE
from edgelab.topics.rate_limit.model import MAP_DELAYS_MS, MAP_RATES_PER_S, RateLimit, leaks

__all__ = [
    "decision_time",
    "leak_by_delay",
    "leak_by_pops",
    "leak_map",
    "let_through",
    "refusals",
]

#: Multiples of the limit: the axis stands still, and what is beyond it says so.
LEAST, MOST = 0.6, 150.0
TIMES = {t: f"{t}" for t in (1, 2, 5, 10, 20, 50, 100)}
#: The scale's end: what is above it is as dark.
DARKEST = 100.0
NOW, PINNED = "now", "pinned"
CHOSEN = "#FFF1D6"
ROWS = np.arange(len(DESIGNS))[::-1].astype(float)
ROW_AXIS = {
    "tickvals": list(ROWS),
    "ticktext": list(DESIGNS),
    "range": [-0.6, len(DESIGNS) - 0.4],
    "showgrid": False,
    "ticks": "",
}
#: Column, name, whose rows, and mark of what is refused.
REFUSED = (
    (
        *("refused_shared", "user", DESIGNS),
        {"symbol": "circle-open", "color": COLOURS["old"], "size": 10, "line": {"width": 2.5}},
    ),
    (
        *("writes_refused", "writes", LATE),
        {"symbol": "diamond", "color": COLOURS["drawn"], "size": 6, "line": {"width": 0}},
    ),
)
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid", "dash")
RING = {"symbol": "circle-open", "color": COLOURS["old"], "size": 22}
#: Those with a line of their own: the others decide as the Durable Object does.
LINES = tuple(name for name in DESIGNS if name not in (GCRA, HASHED))
MARKS = ("circle", "square", "diamond", "x", "triangle-up", "star", "cross", "triangle-down")


def _times(ratio: float) -> str:
    """A multiple of the limit, as short as it can be told."""
    if ratio < 1.005:
        return f"{ratio:.2g}"
    if ratio < 1.05:
        return f"{ratio:.3f}"
    return f"{ratio:.2f}" if ratio < 9.995 else f"{ratio:,.0f}"


def _in_cell(ratio: float) -> str:
    """The same where there is room for three characters."""
    return "1" if ratio < 1.005 else f"{ratio:.1f}" if ratio < 9.95 else f"{ratio:,.0f}"


def _tint(low: float, high: float, colour: str) -> dict:
    """A band across the plot, behind everything."""
    about = {"type": "rect", "layer": "below", "fillcolor": colour, "line": {"width": 0}}
    return rule("x domain", x0=0, x1=1, yref="y", y0=low, y1=high, **about)


# -- the map --------------------------------------------------------------------------------------


def _map_of(attack: RateLimit, at_rest: bool) -> pd.DataFrame:
    """The map; while the hand moves a known one of the same settings and more runs, if any is."""
    *same, seeds = attack.map_settings
    about = attack.knobs()["seeds"]
    for runs in () if at_rest else (about.default, *range(about.high, seeds, -1)):
        known = frame(leaks, *same, runs, wait=False)
        if known is not None:
            return known
    return frame(leaks, *same, seeds)


def _heat(leak: pd.DataFrame) -> dict:
    """Cells of rate over delay, with the multiple in each."""
    shape = len(MAP_RATES_PER_S), len(MAP_DELAYS_MS)
    times = leak["through"].to_numpy().reshape(shape)
    told = leak[["rate_per_s", "kv_delay_ms", "requests_per_delay", "through"]]
    return {
        "type": "heatmap",
        "x": np.log10(MAP_DELAYS_MS),
        "y": np.log10(MAP_RATES_PER_S),
        "z": np.log10(times),
        "zmin": 0.0,
        "zmax": log10(DARKEST),
        "colorscale": theme.LEAK_SCALE,
        "showscale": False,  # each cell says its number
        "text": [[_in_cell(ratio) for ratio in row] for row in times],
        "texttemplate": "%{text}",
        "textfont": {"size": 11},
        "customdata": told.to_numpy().reshape(*shape, 4),
        "hovertemplate": "%{customdata[0]:.3g} requests/s, %{customdata[1]:.3g} ms late: "
        "%{customdata[2]:.3g} requests per delay, %{customdata[3]:.3f} times the limit"
        "<extra></extra>",
    }


def _here(x: float, y: float, name: str, legend: bool, **mark) -> dict:
    """A ring around where an attack stands."""
    return scatter(
        np.array([x]),
        np.array([y]),
        mode="markers",
        marker=mark | {"line": {"width": 3}},
        name=name,
        showlegend=legend,
        hoverinfo="skip",
    )


@plot(
    RateLimit, "What gets through, in times the limit", span=6, height_px=330,
    untold=("rate_per_s", "kv_delay_ms"),
)  # fmt: skip
def leak_map(attack: RateLimit, pinned: RateLimit | None, at_rest: bool) -> Drawn:
    """What gets through, over the attack's rate and the propagation delay.

    A heat map with the multiple of the limit in each cell, and the line on which one request comes
    in per delay. The ring is the attack; the square is the pinned one, where this is its map too.
    """
    leak = _map_of(attack, at_rest)
    here = frame(RateLimit.designs, attack).loc[attack.design, "through"]
    few = leak[leak["requests_per_delay"] <= 0.1]["through"].max()
    low, high = log10(1.0), log10(1000.0)
    one_per_delay = scatter(
        np.array([low, high]),
        np.array([high, low]),
        mode="lines",
        line={"color": COLOURS["ink"], "width": 1.5, "dash": "dash"},
        hoverinfo="skip",
    )
    same = pinned is not None and pinned.map_settings[:-1] == attack.map_settings[:-1]
    at = (log10(attack.kv_delay_ms), log10(attack.rate_per_s))
    made = [_heat(leak), one_per_delay, _here(*at, NOW, same, **RING)]
    if same:
        square = {"symbol": "square-open", "color": COLOURS["pinned"], "size": 20}
        at = (log10(pinned.kv_delay_ms), log10(pinned.rate_per_s))
        made.append(_here(*at, PINNED, True, **square))
    return Drawn(
        made,
        {
            "range": [-0.2, 4.98],
            "tickvals": [0, 1, 2, 3, 4, log10(60_000)],
            "ticktext": ["1", "10", "100", "1 s", "10 s", "60 s"],
            "title": {"text": "propagation delay, ms (dashed: 1 request per delay)", "standoff": 4},
            "showgrid": False,
        },
        {
            "range": [-0.167, 3.167],
            "tickvals": [0, 1, 2, 3],
            "ticktext": ["1", "10", "100", "1,000"],
            "title": {"text": "attack, requests/s", "standoff": 2},
            "showgrid": False,
        },
        caption=f"Here {_times(here)} times the limit. Up to a tenth of a request per delay: at "
        f"most {few:.3g} times. Worst on this map: {leak['through'].max():.3g} times.",
        alt="Heat map of the attack's rate over the propagation delay.",
    )


# -- one row per design ---------------------------------------------------------------------------


def _by_design(attack: RateLimit, traces: list[dict], x: dict, caption: str, alt: str) -> Drawn:
    """Traces in rows, one row per design, with a tint behind the chosen one's."""
    row = float(ROWS[DESIGNS.index(attack.design)])
    band = _tint(row - 0.47, row + 0.47, CHOSEN)
    return Drawn(traces, x, ROW_AXIS, caption, alt, shapes=[band])


def _shifts(attack: RateLimit, pinned: RateLimit | None) -> dict[str, tuple[pd.DataFrame, float]]:
    """The frame of each attack, and how far its marks stand above the middle of their rows."""
    now = frame(RateLimit.designs, attack)
    if pinned is None:
        return {NOW: (now, 0.0)}
    return {NOW: (now, 0.2), PINNED: (frame(RateLimit.designs, pinned), -0.24)}


def _marks(designs: pd.DataFrame, key: str, shift: float, legend: bool) -> list[dict]:
    """Multiples of the limit, a line and one mark per design, and the number after it."""
    colour = COLOURS["tonight" if key == NOW else "pinned"]
    times = designs["through"].to_numpy()
    shown = np.clip(times, LEAST * 1.05, MOST)
    ends = np.column_stack([np.ones(len(ROWS)), shown, np.full(len(ROWS), np.nan)]).ravel()
    mark = {"symbol": "circle", "size": 9, "color": colour}
    if key == PINNED:
        mark |= {"symbol": "square-open", "line": {"width": 2}}
    line = {"color": colour, "width": 3 if key == NOW else 1.5}
    y = ROWS + shift
    return [
        scatter(ends, np.repeat(y, 3), mode="lines", line=line, hoverinfo="skip"),
        scatter(
            shown,
            y,
            mode="markers+text",
            marker=mark,
            text=[f"{_times(t)} ▶" if t > MOST else _times(t) for t in times],
            textposition="middle right",
            textfont={"size": 11, "color": colour},
            customdata=times,
            hovertemplate=f"{key}: %{{customdata:.3f}} times the limit<extra></extra>",
            name=key,
            showlegend=legend,
        ),
    ]


@plot(RateLimit, "What each design lets through", span=6, height_px=330, untold=("design",))
def let_through(attack: RateLimit, pinned: RateLimit | None, at_rest: bool) -> Drawn:
    """What each design lets through, in multiples of what one exact bucket does."""
    each = _shifts(attack, pinned)
    made = [
        trace
        for key, (found, shift) in each.items()
        for trace in _marks(found, key, shift, len(each) > 1)
    ]
    told = [f"{name} {_times(ratio)}" for name, ratio in each[NOW][0]["through"].items()]
    drawn = _by_design(
        attack,
        made,
        theme.log_axis("times the limit", LEAST, 10**2.75, TIMES),
        caption="In multiples of what one exact bucket lets through.",
        alt=f"Marks on lines, one row per design. Times the limit: {'; '.join(told)}.",
    )
    return drawn._replace(shapes=[*drawn.shapes, rule("x", x0=1, x1=1)])


@plot(
    RateLimit,
    "Refused: innocent user ○, KV writes ◆",
    span=6,
    height_px=310,
    untold=("design",),
)
def refusals(attack: RateLimit, pinned: RateLimit | None, at_rest: bool) -> Drawn:
    """Innocent requests that are wrongly refused, and writes to KV that it would refuse."""
    each = _shifts(attack, pinned)
    made = [
        scatter(
            found[column].where(found.index.isin(rows)).to_numpy(),
            ROWS + shift,
            mode="markers",
            marker=mark | ({"color": COLOURS["pinned"]} if key == PINNED else {}),
            name=f"{key} <span style='color: {COLOURS[look]}'>◆</span>",
            showlegend=len(each) > 1 and column == "refused_shared",
            hovertemplate=f"{key}, {name}: %{{x:.1%}}<extra></extra>",
        )
        for (key, (found, shift)), look in zip(each.items(), ("drawn", PINNED), strict=False)
        for column, name, rows, mark in REFUSED
    ]
    now = each[NOW][0]
    told = [f"{name} {percent(user)}" for name, user in now["refused_shared"].items()]
    kv = [f"{name} {percent(part)}" for name, part in now.loc[[*LATE], "writes_refused"].items()]
    return _by_design(
        attack,
        made,
        theme.share_axis("share that is refused", range=[-0.03, 1.03], dtick=0.25),
        caption="Requests of an innocent user of the same key, and writes to KV that follow the "
        "last one to the same key too soon.",
        alt=f"Marks in rows, one row per design. Users refused: {'; '.join(told)}. Writes "
        f"refused: {'; '.join(kv)}.",
    )


@plot(RateLimit, "What a decision costs in time", span=6, height_px=310, untold=("design",))
def decision_time(attack: RateLimit, pinned: RateLimit | None, at_rest: bool) -> Drawn:
    """How long a request that is let through waits for the decision, in milliseconds."""
    now = frame(RateLimit.designs, attack)
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": now["wait_ms"].to_numpy(),
        "y": ROWS,
        "width": 0.5,
        "text": [
            f"{mean:.0f}" if mean == most else f"{mean:.0f} ({most:.0f})"
            for mean, most in zip(now["wait_ms"], now["worst_wait_ms"], strict=True)
        ],
        "textposition": "outside",
        "textangle": 0,
        "textfont": {"size": 11},
        "constraintext": "none",  # it may be taller than its bar
        "cliponaxis": False,
        "marker": {"color": COLOURS["tonight"]},
        "name": NOW,
        "showlegend": pinned is not None,
        "hovertemplate": "now: %{x:.1f} ms on average<extra></extra>",
    }
    made = [bars]
    if pinned:
        held = scatter(
            frame(RateLimit.designs, pinned)["wait_ms"].to_numpy(),
            ROWS - 0.38,  # below the bar, where no number stands
            mode="markers",
            marker={"symbol": "square-open", "size": 7, "color": COLOURS["pinned"]}
            | {"line": {"width": 2}},
            name=PINNED,
            showlegend=True,
            hovertemplate="pinned: %{x:.1f} ms on average<extra></extra>",
        )
        made.append(held)
    told = [f"{name} {wait:.3g} ms" for name, wait in now["wait_ms"].items()]
    title = {"text": "wait for the decision, ms: mean (worst)", "standoff": 4}
    return _by_design(
        attack,
        made,
        {"range": [-15.0, 620.0], "dtick": 100, "title": title},
        caption="Mean over the PoPs and the worst of them, in ms; the one point of truth is in "
        "Mumbai.",
        alt=f"Bars, one a design. Mean waits: {'; '.join(told)}.",
    )


# -- curves ---------------------------------------------------------------------------------------


def _lines(found: pd.DataFrame, by: str, x: str, names: Sequence[str], hover: str) -> list[dict]:
    """A line for each value of `by`, with a colour, a dash and a symbol of its own."""
    return [
        scatter(
            rows[x].to_numpy(),
            rows["through"].to_numpy(),
            mode="lines+markers",
            name=name,
            showlegend=True,
            # The thinner the later, so that lines which coincide are all seen.
            line={"color": theme.SERIES[k], "dash": DASHES[k], "width": 4.4 - 0.4 * k},
            marker={"symbol": MARKS[k], "size": 11 - 0.8 * k},
            hovertemplate=f"{name}: {hover}<extra></extra>",
        )
        for k, (name, (_, rows)) in enumerate(
            zip(names, found.groupby(by, sort=False), strict=True)
        )
    ]


@plot(RateLimit, "More PoPs, more let through", untold=("design", "pops"), pins=False)
def leak_by_pops(attack: RateLimit, pinned: RateLimit | None, at_rest: bool) -> Drawn:
    """What each design lets through, over the PoPs that are attacked; two logarithmic axes.

    GCRA and one PoP per key decide as the Durable Object does, and have no line of their own.
    """
    found = frame(RateLimit.by_pops, attack)
    found = found[found["design"].isin(LINES)]
    now = frame(RateLimit.designs, attack)["through"]
    told = [f"{name} {_times(ratio)}" for name, ratio in now.items()]
    ticks = {t: f"{t}" for t in (1, 2, 5, 10, 20, 50, 100, 200, 500)}
    return Drawn(
        _lines(
            found,
            "design",
            "pops",
            LINES,
            "%{y:.2f} times at %{x} PoPs",
        ),
        theme.log_axis("PoPs attacked", 10**-0.05, 560, ticks),
        theme.log_axis("times the limit", 10**-0.3, 10**2.1, TIMES),
        caption=f"At {counted(attack.pops, 'PoP')}, times the limit: {'; '.join(told)}.",
        alt="Lines on two logarithmic axes, one a design: times the limit over the PoPs.",
        layout={"legend": {"orientation": "v", "x": 1.02, "y": 1, "yanchor": "top"}},
        notes=[
            note(
                "GCRA, one PoP per key: as the Durable Object",
                0.02,
                0.02,
                xref="x domain",
                yref="y domain",
                yanchor="bottom",
                font=drawing.QUIET,
            )
        ],
    )


@plot(RateLimit, "A few percent, or many times", pins=False)
def leak_by_delay(attack: RateLimit, pinned: RateLimit | None, at_rest: bool) -> Drawn:
    """What a design lets through, over the requests that come in per propagation delay.

    Two logarithmic axes; shaded is where at most a tenth more than the limit gets through. The
    ring is the attack, at the edge where it lies beyond.
    """
    found = frame(RateLimit.by_delay, attack)
    now = frame(RateLimit.designs, attack).loc[attack.design, "through"]
    each = counted(in_digits(attack.requests_per_delay), "request")
    names = [counted(pops, "PoP") for pops in found["pops"].unique()]
    hover = "%{y:.3f} times at %{x:.3g} per delay"
    ticks = {t: f"{t:g}" for t in (0.01, 0.1, 1, 10, 100)}
    told = "upright line: 1 request per delay<br>shaded: at most a tenth too many"
    high = {"yref": "y domain", "yanchor": "top", "font": drawing.QUIET}
    word = note(told, 0.02, 0.98, xref="x domain", **high)
    at = np.clip(attack.requests_per_delay, 0.01, 100), np.clip(now, 0.95, 100)
    ring = _here(*at, "here", True, **RING)
    return Drawn(
        [*_lines(found, "pops", "requests_per_delay", names, hover), ring],
        theme.log_axis("requests per propagation delay", 10**-2.1, 10**2.15, ticks),
        theme.log_axis("times the limit", 10**-0.25, 10**2.15, TIMES),
        caption=f"At {each} per delay and {counted(attack.pops, 'PoP')}, {_times(now)} times the "
        "limit gets through.",
        alt="Rising curves on two logarithmic axes: times the limit over the requests that come "
        "in per delay.",
        notes=[word],
        shapes=[_tint(0.8, 1.1, CHOSEN), rule("x", x0=1, x1=1)],
    )
