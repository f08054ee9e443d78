"""The night of the final as figures: by place, distribution, map, staleness, origin load."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from edgelab import datasets
from edgelab.figures import telling, theme
from edgelab.figures.theme import COLOURS
from edgelab.models.scenario import BASELINE, EDGE, HEADLINE_PLACES, CricStream

__all__ = [
    "NightFrames",
    "distribution",
    "night",
    "origin_load",
    "p99_by_place",
    "staleness",
    "traces",
    "world_map",
]

TONIGHT = "tonight"
NAMES = {"tonight": TONIGHT, "old": BASELINE, "pinned": "pinned", "drawn": "every viewer drawn"}
DASHES = {"tonight": "solid", "old": "dash", "pinned": "dot", "drawn": "solid"}
#: The rows of a place stand close: their labels spread.
LABEL_AT = {"old": "top right", "tonight": "middle right", "pinned": "bottom right"}
BARS = {"old": "old fleet", "tonight": "tonight", "pinned": "pinned"}
LABELS = {"diaspora": "all four abroad"}
BY_PLACE_MS = (3.0, 2000.0)
#: A line that runs on beyond the last quantile with room for its label is cut short, for the word.
LAST_MS, NEVER_MS = 1500.0, 900.0
LATER_MS = (2.0, 5000.0)
STALE_MS = (1.0, 120_000.0)
SERVED_MS = (10, 20, 50, 100, 200, 500)
FULL_BAR = 1.25
#: Characters of the title's second line that a slide has room for.
SECOND_LINE = 150


class NightFrames(NamedTuple):
    """The frames of one night that a figure draws."""

    latency: pd.DataFrame
    distribution: pd.DataFrame
    staleness: pd.DataFrame
    load: pd.DataFrame
    pops: int

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, night: CricStream) -> NightFrames:
        """The frames of `night`, from the exact distribution; remembered, so not to be changed."""
        return cls(
            night.latency(),
            night.distribution(),
            night.staleness(),
            night.origin_load(),
            night.pops if night.ends_at == EDGE else 0,
        )


NOTHING = NightFrames(None, None, None, None, 0)


# -- traces: a frame in, dictionaries out; the same ones make a figure and patch a live one -------


def _by_place(
    latency: pd.DataFrame | None, key: str, shift: float, gap: float = 1.07
) -> list[dict]:
    """p50, p95 and p99 of the headline places as a line with three marks, and a word after it."""
    colour, name = COLOURS[key], NAMES[key]
    y = np.arange(len(HEADLINE_PLACES))[::-1] + shift
    levels = np.full((len(y), 3), np.nan)
    if latency is not None:
        levels = latency.loc[list(HEADLINE_PLACES), list(theme.SYMBOLS)].to_numpy()
    never, beyond = np.isinf(levels[:, 2]), levels[:, 2] > LAST_MS
    shown = np.where(levels > LAST_MS, np.nan, levels)
    end = np.where(beyond, NEVER_MS, levels[:, 2])
    start = np.where(levels[:, 0] > NEVER_MS, BY_PLACE_MS[0], levels[:, 0])
    words = [
        "never ▶" if n else f"{v:,.0f} ▶" if b else f"{v:.0f}"
        for n, b, v in zip(never, beyond, levels[:, 2], strict=True)
    ]
    drawn = latency is not None
    mark = {"color": COLOURS["paper"], "line": {"color": colour, "width": 1.5}, "size": 7}
    out = [
        _scatter(
            np.column_stack([start, end, np.full(len(y), np.nan)]).ravel(),
            np.repeat(y, 3),
            mode="lines",
            line={"color": colour, "width": 2},
            hoverinfo="skip",
        )
    ]
    out += [
        _scatter(
            shown[:, column],
            y,
            mode="markers",
            marker=mark | {"symbol": symbol} | ({"color": colour} if column == 2 else {}),
            hovertemplate=f"{name}, {level[:3]}: %{{x:.1f}} ms<extra></extra>",
        )
        for column, (level, symbol) in enumerate(theme.SYMBOLS.items())
    ]
    label = _scatter(
        end * gap if drawn else end,
        y,
        mode="text",
        text=words if drawn else [""] * len(y),
        textposition=LABEL_AT[key],
        textfont={"size": 11, "color": colour},
        hoverinfo="skip",
    )
    return [*out, label]


def _scatter(x, y, **about) -> dict:
    return {"type": "scatter", "x": x, "y": y, "showlegend": False} | about


def _curve(frame: pd.DataFrame | None, x: str, y: str, key: str, hover: str, **about) -> dict:
    """One column of a frame over another, in the colour and dash of its night."""
    return _scatter(
        np.empty(0) if frame is None else frame[x].to_numpy(),
        np.empty(0) if frame is None else frame[y].to_numpy(),
        mode="lines",
        line={"color": COLOURS[key], "width": 2.5, "dash": DASHES[key]},
        name=NAMES[key],
        hovertemplate=f"{NAMES[key]}: {hover}<extra></extra>",
        **about,
    )


def _somebody(frame: pd.DataFrame | None) -> pd.DataFrame | None:
    """The frame without those for whom a logarithmic axis has no room: nobody."""
    return None if frame is None else frame.where(frame["later_share"] > 1e-7)


def _later(frame: pd.DataFrame | None, key: str) -> dict:
    hover = "%{y:.3~%} still wait after %{x:.3~s} ms"
    about = {"showlegend": True, "visible": True if frame is not None else "legendonly"}
    return _curve(_somebody(frame), "to_ms", "later_share", key, hover, **about)


def _simulated(frame: pd.DataFrame | None) -> dict:
    """Dots on the exact curve: what came of drawing every viewer."""
    dots = None if frame is None else _somebody(frame).iloc[::3]
    return _curve(dots, "to_ms", "later_share", "drawn", "%{y:.3~%} after %{x:.3~s} ms") | {
        "mode": "markers",
        "marker": {"symbol": "circle-open", "size": 6, "color": COLOURS["drawn"]},
    }


def _stale(frame: pd.DataFrame | None, key: str) -> dict:
    hover = "%{y:.3~%} of reads are stale %{x:.3~s} ms after the write"
    return _curve(frame, "since_write_ms", "stale_share", key, hover)


def _fleets(tonight: pd.DataFrame, pinned: pd.DataFrame | None) -> dict[str, pd.Series]:
    rows = {"old": tonight.loc[BASELINE], "tonight": tonight.loc[TONIGHT]}
    return rows if pinned is None else rows | {"pinned": pinned.loc[TONIGHT]}


def _busy(row: pd.Series) -> str:
    """How busy a fleet is, and how large."""
    if row["utilisation"] >= 1:
        return f"never empties ({row['servers']:,})"
    return f"{_percent(row['utilisation'])} of {row['servers']:,}"


def _load(tonight: pd.DataFrame, pinned: pd.DataFrame | None) -> dict:
    """Bars of how busy the origin is; a saturated one fills its bar and says so."""
    rows = _fleets(tonight, pinned)
    busy = {key: row["utilisation"] for key, row in rows.items()}
    words = [_busy(row) for row in rows.values()]
    return {
        "type": "bar",
        "orientation": "h",
        "y": [BARS[key] for key in busy],
        "x": [min(b, FULL_BAR) for b in busy.values()],
        "text": words,
        "textposition": ["inside" if b > 0.75 else "outside" for b in busy.values()],
        "insidetextanchor": "start",
        "textangle": 0,
        "textfont": {"size": 11},
        "cliponaxis": False,
        "marker": {"color": [COLOURS[key] for key in busy]},
        "customdata": list(busy.values()),
        "hovertemplate": "%{y}: offered %{customdata:.1%} of capacity<extra></extra>",
        "showlegend": False,
    }


def _percent(share: float) -> str:
    if share >= 0.995:
        return ">99%"
    return f"{share:.0%}" if share > 0.0995 else f"{share:.1%}"


def _map(latency: pd.DataFrame, pops: int, scale: float) -> list[dict]:
    """Coastline, the PoPs in use, and the places by what they see."""
    lon, lat = datasets.coastline()
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
    return [
        _scatter(
            lon, lat, mode="lines", line={"color": COLOURS["coast"], "width": 1}, hoverinfo="skip"
        ),
        _scatter(
            places["lon"].to_numpy(),
            places["lat"].to_numpy(),
            mode="markers",
            marker=served,
            text=[f"{p}: p99 {w}" for p, w in zip(places["place"], words, strict=True)],
            hovertemplate="%{text}<extra></extra>",
        ),
        *_pop_marks(pops, scale),
    ]


@lru_cache(maxsize=8)
def _pop_marks(pops: int, scale: float) -> tuple[dict, ...]:
    """The first PoPs, the operator's and the hypothetical ones."""
    every = datasets.pops().iloc[:pops]
    return tuple(
        _scatter(
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


# -- parts: axes, place in the combined figure, title --------------------------------------------


class Part(NamedTuple):
    """One plot of the combined figure."""

    title: str
    x_axis: dict
    y_axis: dict
    #: Left, right, bottom and top in the combined figure.
    box: tuple[float, float, float, float]


_BLIND = {"showticklabels": False, "showgrid": False, "ticks": "", "mirror": True}
_PLACES_AXIS = {
    "tickvals": list(range(len(HEADLINE_PLACES)))[::-1],
    "ticktext": [LABELS.get(name, name) for name in HEADLINE_PLACES],
    "range": [-0.95, len(HEADLINE_PLACES) - 0.05],
    "showgrid": False,
}
_LATER_AXIS = theme.share_axis(
    "viewers still waiting", type="log", range=[-4.3, 0.1], tickvals=[1, 0.1, 0.01, 0.001, 0.0001]
)
PARTS = {
    "by_place": Part(
        "What each place sees: p50 ○, p95 ◇, p99 ■ (ms)",
        theme.ms_axis("latency, ms", *BY_PLACE_MS),
        _PLACES_AXIS,
        (0.105, 0.575, 0.555, 0.875),
    ),
    "later": Part(
        "Who still waits, of 28 million viewers",
        theme.ms_axis("latency, ms", *LATER_MS),
        _LATER_AXIS,
        (0.665, 0.99, 0.555, 0.875),
    ),
    "map": Part(
        "PoPs (+, △ hypothetical) and places (●) by p99",
        _BLIND | {"range": [-130, 155]},
        _BLIND | {"range": [-40, 62]},
        (0.0, 0.30, 0.005, 0.415),
    ),
    "india": Part(
        "", _BLIND | {"range": [67, 91]}, _BLIND | {"range": [7, 35.5]}, (0.31, 0.435, 0.005, 0.415)
    ),
    "stale": Part(
        "Stale KV reads",
        theme.ms_axis("time since the write, ms", *STALE_MS, every=3),
        theme.share_axis("reads that are stale", range=[0, 1.02], dtick=0.25),
        (0.585, 0.765, 0.115, 0.415),
    ),
    "load": Part(
        "How busy Mumbai is",
        theme.share_axis("servers in use", range=[0, FULL_BAR], dtick=0.5),
        {"showgrid": False, "categoryorder": "array", "categoryarray": [*BARS.values()][::-1]},
        (0.85, 0.99, 0.115, 0.415),
    ),
}


def _axis_of(part: str) -> str:
    """Number of a part's axes, as plotly writes it."""
    number = list(PARTS).index(part) + 1
    return "" if number == 1 else str(number)


# -- figures --------------------------------------------------------------------------------------


def traces(
    tonight: NightFrames,
    old: NightFrames,
    pinned: NightFrames | None = None,
    simulated: pd.DataFrame | None = None,
) -> list[dict]:
    """Every trace of the combined figure, always the same number in the same order.

    They make a figure, and patch a live one in place.
    """
    held = pinned or NOTHING
    made = {
        "by_place": [
            *_by_place(old.latency, "old", 0.27),
            *_by_place(tonight.latency, "tonight", -0.06),
            *_by_place(held.latency, "pinned", -0.39),
        ],
        "later": [
            _later(old.distribution, "old"),
            _later(tonight.distribution, "tonight"),
            _later(held.distribution, "pinned"),
            _simulated(simulated),
        ],
        "map": _map(tonight.latency, tonight.pops, scale=0.7),
        "india": _map(tonight.latency, tonight.pops, scale=1.2),
        "stale": [_stale(tonight.staleness, "tonight"), _stale(held.staleness, "pinned")],
        "load": [_load(tonight.load, held.load)],
    }
    out = [
        trace | {"xaxis": f"x{_axis_of(part)}", "yaxis": f"y{_axis_of(part)}"}
        for part, drawn in made.items()
        for trace in drawn
    ]
    # The world map's places carry the one colour bar.
    coloured = next(t for t in out if "colorscale" in t.get("marker", {}))
    left, top = PARTS["india"].box[1], PARTS["map"].box[3]
    coloured["marker"] |= {"colorbar": _colorbar(x=left + 0.004, y=top, length=top - 0.01)}
    return out


def _colorbar(x: float, y: float, length: float) -> dict:
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


def layout(tonight: CricStream, pinned: CricStream | None = None) -> dict:
    """Layout of the combined figure."""
    out: dict = {
        "margin": {"l": 10, "r": 10, "t": 6, "b": 4},
        "legend": {
            "orientation": "h",
            # Right of the title, left of the modebar.
            "x": 0.89,
            "y": 1.01,
            "xanchor": "right",
            "yanchor": "top",
            "font": {"size": 11},
        },
        "annotations": [
            _note(title(tonight, pinned), 0.0, 1.0, yanchor="top", align="left", font={"size": 14})
        ],
    }
    for name, part in PARTS.items():
        number = _axis_of(name)
        left, right, bottom, top = part.box
        out[f"xaxis{number}"] = part.x_axis | {"domain": [left, right], "anchor": f"y{number}"}
        out[f"yaxis{number}"] = part.y_axis | {"domain": [bottom, top], "anchor": f"x{number}"}
        if part.title:
            start = 0.0 if name == "by_place" else left
            heading = _note(f"<b>{part.title}</b>", start, top + 0.01, yanchor="bottom")
            out["annotations"].append(heading)
    blank = tonight.blank_panel_ms
    out["shapes"] = [
        _rule("x", x0=blank, x1=blank),
        _rule("x2", x0=blank, x1=blank),
        _rule("x2", x0=LATER_MS[0], x1=LATER_MS[1], yref="y2", y0=0.01, y1=0.01),
        _rule("x6", x0=1, x1=1),
    ]
    quiet = {"size": 11, "color": COLOURS["quiet"]}
    out["shapes"] += _bands()
    at_home = tonight.ends_at != EDGE
    out["annotations"] += [
        _note("blank", np.log10(blank), 1, xref="x", yref="y domain", yanchor="top", font=quiet),
        _note(
            "no KV: nothing is stale" if at_home else "",
            *(0.5, 0.92),
            xref="x5 domain",
            yref="y5 domain",
            xanchor="center",
            font=quiet,
        ),
        _note("p99", np.log10(LATER_MS[1]), -2, xref="x2", yref="y2", xanchor="right", font=quiet),
        _note("India", 0.03, 0.01, xref="x4 domain", yref="y4 domain", font=quiet),
    ]
    return out


def _bands(centre: float = -0.06) -> list[dict]:
    """A tint behind every other place."""
    return [
        {
            "type": "rect",
            "xref": "x domain",
            "yref": "y",
            "x0": 0,
            "x1": 1,
            "y0": row + centre - 0.5,
            "y1": row + centre + 0.5,
            "line": {"width": 0},
            "fillcolor": COLOURS["band"],
            "layer": "below",
        }
        for row in range(0, len(HEADLINE_PLACES), 2)
    ]


def _rule(xref: str, **about) -> dict:
    """A dotted line across a part."""
    line = {"color": COLOURS["quiet"], "width": 1.2, "dash": "dot"}
    return {
        "type": "line",
        "xref": xref,
        "yref": f"y{xref[1:]} domain",
        "y0": 0,
        "y1": 1,
        "line": line,
    } | about


def _note(text: str, x: float, y: float, **about) -> dict:
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


def title(night: CricStream, pinned: CricStream | None = None) -> str:
    """Every setting in two lines, so that an exported picture tells them."""
    first, more = telling.settings(night)
    second = "; ".join([more] * bool(more) + [f"pinned: {pinned!r}"] * bool(pinned))
    small = f"<span style='font-size:11px'>{telling.cut(second, SECOND_LINE)}</span>"
    return f"<b>CricStream</b>: {first}<br>{small}"


def night(tonight: CricStream, pinned: CricStream | None = None, widget: bool = False) -> go.Figure:
    """The whole night in one figure, as the live panel shows it.

    Parameters
    ----------
    tonight : CricStream
        The night to show, beside its own baseline.
    pinned : CricStream, optional
        A night to compare with.
    widget : bool
        Whether to make a live FigureWidget.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    frames = [NightFrames.of(n) for n in (tonight, tonight.baseline())]
    made = traces(*frames, NightFrames.of(pinned) if pinned else None)
    parts = "; ".join(part.title for part in PARTS.values() if part.title)
    arguments = f"el.{tonight!r}" + (f", pinned=el.{pinned!r}" if pinned else "")
    meta = {
        "name": "night",
        "title": "The night of the final at a glance",
        "caption": tonight.in_words(),
        "alt": f"Six plots: {parts}. {tonight.in_words()}",
        "code": f"el.figures.night({arguments})",
    }
    return theme.figure(made, layout(tonight, pinned) | {"meta": meta}, widget)


# -- single figures: each tells its title, caption, alternative text and line of code -------------

QUIET = {"size": 14, "color": COLOURS["quiet"]}
#: Keeps a word legible on a line.
HALO = ", ".join(f"{x}px {y}px {COLOURS['paper']}" for x in (-1, 1) for y in (-1, 1))
#: By which parameter a figure takes the frames of a night.
KEYWORDS = {"tonight": "", "old": "baseline=", "pinned": "pinned="}


def _frames(tonight, old=None, pinned=None) -> dict[str, pd.DataFrame]:
    """The frames that were given, by night, tonight's first."""
    frames = {"tonight": tonight, "old": old, "pinned": pinned}
    return {key: frame for key, frame in frames.items() if frame is not None}


def _single(
    part: str,
    made: list[dict],
    frames: Mapping[str, pd.DataFrame],
    about: Mapping[str, str],
    pops: int | None = None,
    **layout,
) -> go.Figure:
    """One part as a figure of its own, with what an export tells of it.

    `about` holds the name of the function, the title, caption and alternative text; what the
    frames tell of their nights is added.
    """
    sources = {key: telling.source(frame) for key, frame in frames.items()}
    settings = {
        key: ", ".join(filter(None, telling.settings(sources[key][0])))
        for key in ("tonight", "pinned")
        if sources.get(key)
    }
    meta = dict(about)
    meta["caption"] += "".join(f" {key.capitalize()}: {said}." for key, said in settings.items())
    if all(sources.values()):
        lines = [f"{KEYWORDS[key]}{line}" for key, (_, line) in sources.items()]
        lines += [] if pops is None else [str(pops)]
        meta["code"] = f"el.figures.{about['name']}({', '.join(lines)})"
    below = "; pinned: ".join(settings.values()) if "tonight" in settings else ""
    below = telling.cut(below, theme.SUBTITLE_CHARACTERS)
    heading = {
        "text": f"<b>{about['title']}</b>",
        "subtitle": {"text": below, "font": {"size": 14}},
        "x": 0.02,
        "y": 0.965,
        "yanchor": "top",
        "font": {"size": 18},
    }
    base = {
        "title": heading,
        "margin": {"l": 20, "r": 30, "t": 105, "b": 20},
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.01, "yanchor": "bottom"},
        "xaxis": PARTS[part].x_axis | {"automargin": True},
        "yaxis": PARTS[part].y_axis | {"automargin": True},
        "meta": meta,
    }
    for trace in made:
        if "textfont" in trace:
            trace["textfont"] = trace["textfont"] | {"size": 14}
    return theme.figure(made, base | layout, type_px=15)


def p99_by_place(
    latency: pd.DataFrame,
    baseline: pd.DataFrame | None = None,
    pinned: pd.DataFrame | None = None,
) -> go.Figure:
    """p50, p95 and p99 of the headline places.

    Parameters
    ----------
    latency : pandas.DataFrame
        From `CricStream.latency`, in milliseconds.
    baseline, pinned : pandas.DataFrame, optional
        The same of the old Mumbai origin, and of a night to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
        A quantile that never comes is a line to the edge with the word "never".
    """
    frames = _frames(latency, baseline, pinned)
    shifts = {"old": 0.31, "tonight": 0.0, "pinned": -0.31}
    if pinned is None:
        shifts = {"old": 0.22, "tonight": -0.22}
    lines, words, told = [], [], []
    for key in (k for k in shifts if k in frames):
        line, *marks, word = _by_place(frames[key], key, shifts[key], gap=1.15)
        lines += [line | {"showlegend": True, "name": NAMES[key]}, *marks]
        halo = word["textfont"] | {"shadow": HALO}
        words.append(word | {"textfont": halo, "textposition": "middle right"})
    for key, frame in frames.items():
        rows = frame.loc[list(HEADLINE_PLACES), list(theme.SYMBOLS)]
        each = [
            f"{LABELS.get(place, place)} {', '.join(telling.in_ms(v) for v in row)}"
            for place, row in zip(rows.index, rows.to_numpy(), strict=True)
        ]
        told.append(f"{NAMES[key].capitalize()}: {'; '.join(each)}.")
    seen = {key: telling.in_ms(frame.loc["Bay Area", "p99_ms"]) for key, frame in frames.items()}
    about = {
        "name": "p99_by_place",
        "title": "What each place sees",
        "caption": f"Bay Area viewers: p99 {telling.said(seen)}",
        "alt": f"Dots on lines, a row a place: p50, p95 and p99. {' '.join(told)}",
    }
    axes = {
        "xaxis": theme.ms_axis("latency, ms: ○ p50, ◇ p95, ■ p99", *BY_PLACE_MS),
        "yaxis": _PLACES_AXIS | {"range": [-0.6, len(HEADLINE_PLACES) - 0.4]},
    }
    axes = {name: axis | {"automargin": True} for name, axis in axes.items()}
    return _single("by_place", lines + words, frames, about, shapes=_bands(0.0), **axes)


def distribution(
    frame: pd.DataFrame,
    baseline: pd.DataFrame | None = None,
    pinned: pd.DataFrame | None = None,
) -> go.Figure:
    """Share of the viewers who still wait, over the latency; both axes are logarithmic.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `CricStream.distribution`.
    baseline, pinned : pandas.DataFrame, optional
        The same of the old Mumbai origin, and of a night to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    frames = _frames(frame, baseline, pinned)
    until = {k: telling.falls_to(f, "to_ms", "later_share", 0.01) for k, f in frames.items()}
    caption = f"Time until only 1 viewer in 100 still waits: {telling.said(until)}"
    about = {
        "name": "distribution",
        "title": "Who still waits",
        "caption": caption,
        "alt": "Falling curves on two logarithmic axes: the share of viewers who still wait, over "
        f"the latency. {caption}",
    }
    made = [_later(each, key) for key, each in frames.items()]
    ends = {"x0": LATER_MS[0], "x1": LATER_MS[1], "yref": "y", "y0": 0.01, "y1": 0.01}
    p99 = _note("p99", np.log10(LATER_MS[1]), -2, xref="x", yref="y", xanchor="right", font=QUIET)
    return _single("later", made, frames, about, shapes=[_rule("x", **ends)], annotations=[p99])


def world_map(latency: pd.DataFrame, pops: int) -> go.Figure:
    """The places by p99 and the PoPs on Natural Earth's coastline, and India larger.

    Parameters
    ----------
    latency : pandas.DataFrame
        From `CricStream.latency`, in milliseconds.
    pops : int
        How many PoPs to draw, 0 to 500.

    Returns
    -------
    plotly.graph_objects.Figure
        Plain lines: nothing is fetched from the network.

    Raises
    ------
    ValueError
        If `pops` is out of range.
    """
    if pops not in range(len(datasets.pops()) + 1):
        raise ValueError(f"pops: got {pops!r}, allowed 0 to {len(datasets.pops())}")
    made = _map(latency, pops, scale=0.9)
    p99 = latency.loc[datasets.places()["place"], "p99_ms"]
    lost = int(np.isinf(p99).sum())
    caption = f"The p99 of {lost} of {len(p99)} places never comes."
    if not lost:
        best, worst = p99.idxmin(), p99.idxmax()
        caption = f"p99 by place: {telling.in_ms(p99[best])} in {best} at best, "
        caption += f"{telling.in_ms(p99[worst])} in {worst} at worst."
    place = "place, ✕ where the p99 never comes" if lost else "place, the larger the more viewers"
    for trace, name in zip(made[1:], (place, "PoP", "hypothetical PoP"), strict=True):
        trace |= {"name": name, "showlegend": len(trace["x"]) > 0}
    made[1]["marker"] |= {"colorbar": _colorbar(x=1.0, y=1.0, length=1.0)}
    made += [t | {"xaxis": "x2", "yaxis": "y2"} for t in _map(latency, pops, scale=1.2)]
    about = {
        "name": "world_map",
        "title": "PoPs, and places by p99",
        "caption": caption,
        "alt": f"World map and map of India: {pops} PoP{'s' * (pops != 1)}, and {len(p99)} places "
        f"coloured by p99. {caption}",
    }
    maps = {
        "xaxis": PARTS["map"].x_axis | {"domain": [0, 0.65]},
        "xaxis2": PARTS["india"].x_axis | {"domain": [0.67, 0.995], "anchor": "y2"},
        "yaxis2": PARTS["india"].y_axis | {"anchor": "x2"},
        "legend": {"itemsizing": "constant", "orientation": "h", "y": 1.01, "yanchor": "bottom"},
    }
    india = _note("India", 0.02, 0.01, xref="x2 domain", yref="y2 domain", font=QUIET)
    notes = {"annotations": [india]}
    return _single("map", made, {"tonight": latency}, about, pops=pops, **maps, **notes)


def staleness(frame: pd.DataFrame, pinned: pd.DataFrame | None = None) -> go.Figure:
    """Share of stale KV reads over the time since the write.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `CricStream.staleness`.
    pinned : pandas.DataFrame, optional
        The same of a night to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    frames = _frames(frame, pinned=pinned)
    until = {
        k: telling.falls_to(f, "since_write_ms", "stale_share", 0.01) for k, f in frames.items()
    }
    caption = f"Time until 99 of 100 reads see the new list: {telling.said(until)}"
    about = {
        "name": "staleness",
        "title": "Stale KV reads",
        "caption": caption,
        "alt": "Falling curve: the share of reads that are stale, over the time since the write. "
        f"{caption}",
    }
    made = [_stale(each, key) | {"showlegend": True} for key, each in frames.items()]
    none = "" if frame["stale_share"].any() else "tonight nothing is stale"
    note = _note(none, 0.5, 0.05, xref="x domain", yref="y domain", font=QUIET)
    return _single("stale", made, frames, about, annotations=[note])


def origin_load(frame: pd.DataFrame, pinned: pd.DataFrame | None = None) -> go.Figure:
    """How busy the origin is, beside the old fleet.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `CricStream.origin_load`.
    pinned : pandas.DataFrame, optional
        The same of a night to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
        The bar of a saturated origin is cut at the edge and says that its queue never empties.
    """
    busy = {
        key: f"{BARS[key]} {'a queue that ' * bool(row['utilisation'] >= 1)}{_busy(row)}"
        for key, row in _fleets(frame, pinned).items()
    }
    caption = f"Servers in use in Mumbai: {', '.join(busy.values())}."
    about = {
        "name": "origin_load",
        "title": "How busy Mumbai is",
        "caption": caption,
        "alt": f"Bars, one a fleet. {caption}",
    }
    made, frames = [_load(frame, pinned)], _frames(frame, pinned=pinned)
    return _single("load", made, frames, about, shapes=[_rule("x", x0=1, x1=1)])
