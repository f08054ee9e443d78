"""The night of the final as figures: by place, distribution, map, staleness, origin load."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from edgelab import datasets
from edgelab.figures import drawing, maps, telling, theme
from edgelab.figures.drawing import Part, note, rule, scatter
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
        scatter(
            np.column_stack([start, end, np.full(len(y), np.nan)]).ravel(),
            np.repeat(y, 3),
            mode="lines",
            line={"color": colour, "width": 2},
            hoverinfo="skip",
        )
    ]
    out += [
        scatter(
            shown[:, column],
            y,
            mode="markers",
            marker=mark | {"symbol": symbol} | ({"color": colour} if column == 2 else {}),
            hovertemplate=f"{name}, {level[:3]}: %{{x:.1f}} ms<extra></extra>",
        )
        for column, (level, symbol) in enumerate(theme.SYMBOLS.items())
    ]
    label = scatter(
        end * gap if drawn else end,
        y,
        mode="text",
        text=words if drawn else [""] * len(y),
        textposition=LABEL_AT[key],
        textfont={"size": 11, "color": colour},
        hoverinfo="skip",
    )
    return [*out, label]


def _curve(frame: pd.DataFrame | None, x: str, y: str, key: str, hover: str, **about) -> dict:
    """One column of a frame over another, in the colour and dash of its night."""
    return scatter(
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
    """Coastline, places, and the PoPs in use."""
    places = maps.places_by_p99(latency, scale)
    return [maps.coast(), places, *maps.pop_marks(pops, scale)]


# -- parts: axes, place in the combined figure, title --------------------------------------------


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
        heading_at=0.0,
    ),
    "later": Part(
        "Who still waits, of 28 million viewers",
        theme.ms_axis("latency, ms", *LATER_MS),
        _LATER_AXIS,
        (0.665, 0.99, 0.555, 0.875),
    ),
    "map": Part(
        "PoPs (+, △ hypothetical) and places (●) by p99",
        *maps.WORLD,
        (0.0, 0.30, 0.005, 0.415),
    ),
    "india": Part("", *maps.INDIA, (0.31, 0.435, 0.005, 0.415)),
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
        "map": _map(tonight.latency, tonight.pops, 0.7),
        "india": _map(tonight.latency, tonight.pops, 1.2),
        "stale": [_stale(tonight.staleness, "tonight"), _stale(held.staleness, "pinned")],
        "load": [_load(tonight.load, held.load)],
    }
    out = drawing.on_axes(PARTS, made)
    # The world map's places carry the one colour bar.
    coloured = next(t for t in out if "colorscale" in t.get("marker", {}))
    left, top = PARTS["india"].box[1], PARTS["map"].box[3]
    coloured["marker"] |= {"colorbar": maps.colorbar(x=left + 0.004, y=top, length=top - 0.01)}
    return out


def layout(tonight: CricStream, pinned: CricStream | None = None) -> dict:
    """Layout of the combined figure."""
    # Right of the title, left of the modebar.
    legend = {"x": 0.89, "y": 1.01, "xanchor": "right"}
    out = drawing.combined(PARTS, title(tonight, pinned), legend)
    blank = tonight.blank_panel_ms
    out["shapes"] = [
        rule("x", x0=blank, x1=blank),
        rule("x2", x0=blank, x1=blank),
        rule("x2", x0=LATER_MS[0], x1=LATER_MS[1], yref="y2", y0=0.01, y1=0.01),
        rule("x6", x0=1, x1=1),
    ]
    quiet = drawing.QUIET_SMALL
    out["shapes"] += _bands()
    at_home = tonight.ends_at != EDGE
    out["annotations"] += [
        note("blank", np.log10(blank), 1, xref="x", yref="y domain", yanchor="top", font=quiet),
        note(
            "no KV: nothing is stale" if at_home else "",
            *(0.5, 0.92),
            xref="x5 domain",
            yref="y5 domain",
            xanchor="center",
            font=quiet,
        ),
        note("p99", np.log10(LATER_MS[1]), -2, xref="x2", yref="y2", xanchor="right", font=quiet),
        note("India", 0.03, 0.01, xref="x4 domain", yref="y4 domain", font=quiet),
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


def settings(night: CricStream) -> tuple[str, str]:
    """What a night is set to: in short, and every other knob that was turned."""
    knobs = CricStream.knobs()
    said = {"pops", "origin_fetch_ratio", "kv_delay_ms", "ends_at"}
    if night.ends_at == EDGE:
        ratio = knobs["origin_fetch_ratio"].text(night.origin_fetch_ratio)
        delay = knobs["kv_delay_ms"].text(night.kv_delay_ms)
        pops = f"{night.pops} PoP{'s' * (night.pops != 1)}"
        first = f"{pops}, KV delay {delay}, {ratio} fetched"
    else:
        first = f"every request goes home to Mumbai, {night.origin_servers:,} servers"
        said.add("origin_servers")
    return first, telling.turned(night, without=said)


def settings_in_words(night: CricStream) -> str:
    """The same in one line."""
    return ", ".join(filter(None, settings(night)))


def title(night: CricStream, pinned: CricStream | None = None) -> str:
    """Every setting in two lines, so that an exported picture tells them."""
    first, more = settings(night)
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
    """One part as a figure of its own, with what an export tells of it."""
    more = [] if pops is None else [str(pops)]
    meta, below = telling.meta(about, frames, settings_in_words, KEYWORDS, more)
    return drawing.single(PARTS[part], made, meta, below, **layout)


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
        halo = word["textfont"] | {"shadow": drawing.HALO}
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
    p99 = note(
        "p99", np.log10(LATER_MS[1]), -2, xref="x", yref="y", xanchor="right", font=drawing.QUIET
    )
    return _single("later", made, frames, about, shapes=[rule("x", **ends)], annotations=[p99])


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
    made = _map(latency, pops, 0.9)
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
    made[1]["marker"] |= {"colorbar": maps.colorbar(x=1.0, y=1.0, length=1.0)}
    made += [t | {"xaxis": "x2", "yaxis": "y2"} for t in _map(latency, pops, 1.2)]
    about = {
        "name": "world_map",
        "title": "PoPs, and places by p99",
        "caption": caption,
        "alt": f"World map and map of India: {pops} PoP{'s' * (pops != 1)}, and {len(p99)} places "
        f"coloured by p99. {caption}",
    }
    axes = {
        "xaxis": PARTS["map"].x_axis | {"domain": [0, 0.65]},
        "xaxis2": PARTS["india"].x_axis | {"domain": [0.67, 0.995], "anchor": "y2"},
        "yaxis2": PARTS["india"].y_axis | {"anchor": "x2"},
        "legend": {"itemsizing": "constant", "orientation": "h", "y": 1.01, "yanchor": "bottom"},
    }
    india = note("India", 0.02, 0.01, xref="x2 domain", yref="y2 domain", font=drawing.QUIET)
    notes = {"annotations": [india]}
    return _single("map", made, {"tonight": latency}, about, pops=pops, **axes, **notes)


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
    remark = note(none, 0.5, 0.05, xref="x domain", yref="y domain", font=drawing.QUIET)
    return _single("stale", made, frames, about, annotations=[remark])


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
    return _single("load", made, frames, about, shapes=[rule("x", x0=1, x1=1)])
