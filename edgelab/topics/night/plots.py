"""The plots of the night of the final: by place and by ratio, waiting, map, staleness, origin."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from edgelab.core.words import counted, in_ms
from edgelab.stage import drawing, maps, theme
from edgelab.stage.drawing import NOT_YET, note, rule, scatter
from edgelab.stage.drawn import Drawn
from edgelab.stage.plot import frame, plot
from edgelab.stage.theme import COLOURS
from edgelab.topics.night.model import BASELINE, EDGE, HEADLINE_PLACES, CricStream, spread
from edgelab.topics.night.outcomes import by_ratio
from edgelab.topics.night.travel import one_request

__all__ = [
    "distribution",
    "one_request",
    "origin_load",
    "p99_by_place",
    "p99_by_ratio",
    "staleness",
    "world_map",
]

TONIGHT = "tonight"
NAMES = {"tonight": TONIGHT, "old": BASELINE, "pinned": "pinned", "drawn": "every viewer drawn"}
DASHES = {"tonight": "solid", "old": "dash", "pinned": "dot", "drawn": "solid"}
BARS = {"old": "old fleet", "tonight": "tonight", "pinned": "pinned"}
LABELS = {"diaspora": "all four abroad"}
BY_PLACE_MS = (3.0, 2000.0)
#: A line that runs on beyond the last quantile with room for its label is cut short, for the word.
LAST_MS, NEVER_MS = 1500.0, 900.0
LATER_MS = (2.0, 5000.0)
STALE_MS = (1.0, 120_000.0)
FULL_BAR = 1.25
#: Places whose p99 leaps, one or hardly; colour and dash, as on page 3.
CLIFFS = {
    "Bay Area": ("plum", "dash"),
    "London": ("amber", "dashdot"),
    "Delhi": ("sky", "longdash"),
    "Mumbai": ("quiet", "dot"),
}
RATIO, CLIFF_MS = (0.0009, 1.1), (10.0, 500.0)

#: How a caption calls the nights.
IN_WORDS = {"tonight": "tonight", "old": f"from {BASELINE}", "pinned": "with the pinned night"}


def _by_night(values: Mapping[str, str]) -> str:
    """One value per night, as the end of a sentence."""
    return ", ".join(f"{value} {IN_WORDS[key]}" for key, value in values.items()) + "."


def _all_but_one(stale: pd.DataFrame) -> str:
    """When only one read in a hundred still sees the old list."""
    late_first = stale[::-1]
    there = stale["stale_share"].any()
    return in_ms(np.interp(0.01, late_first["stale_share"], late_first["since_write_ms"]) * there)


def _nights(night: CricStream, pinned: CricStream | None, old: bool = True) -> dict:
    """The nights to draw, by key, as `theme.COLOURS` has them."""
    out = {"tonight": night}
    if old:
        out["old"] = night.baseline()
    return out if pinned is None else out | {"pinned": pinned}


# -- traces: a frame in, dictionaries out -----------------------------------------------------


def _by_place(latency: pd.DataFrame, key: str, shift: float) -> list[dict]:
    """p50, p95 and p99 of the headline places as a line with three marks, and a word after it."""
    colour, name = COLOURS[key], NAMES[key]
    y = np.arange(len(HEADLINE_PLACES))[::-1] + shift
    levels = latency.loc[list(HEADLINE_PLACES), list(theme.SYMBOLS)].to_numpy()
    never, beyond = np.isinf(levels[:, 2]), levels[:, 2] > LAST_MS
    shown = np.where(levels > LAST_MS, np.nan, levels)
    end = np.where(beyond, NEVER_MS, levels[:, 2])
    start = np.where(levels[:, 0] > NEVER_MS, BY_PLACE_MS[0], levels[:, 0])
    words = [
        "never ▶" if n else f"{v:,.0f} ▶" if b else f"{v:.0f}"
        for n, b, v in zip(never, beyond, levels[:, 2], strict=True)
    ]
    mark = {"color": COLOURS["paper"], "line": {"color": colour, "width": 1.5}, "size": 7}
    out = [
        scatter(
            np.column_stack([start, end, np.full(len(y), np.nan)]).ravel(),
            np.repeat(y, 3),
            mode="lines",
            line={"color": colour, "width": 2},
            name=name,
            showlegend=True,
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
        end * 1.07,
        y,
        mode="text",
        text=words,
        textposition="middle right",
        textfont={"size": 11, "color": colour, "shadow": drawing.HALO},
        hoverinfo="skip",
    )
    return [*out, label]


def _curve(frame: pd.DataFrame | None, x: str, y: str, key: str, hover: str, **about) -> dict:
    """One column of a frame over another, in the colour and dash of its night."""
    return scatter(
        NOT_YET if frame is None else frame[x].to_numpy(),
        NOT_YET if frame is None else frame[y].to_numpy(),
        mode="lines",
        line={"color": COLOURS[key], "width": 2.5, "dash": DASHES[key]},
        name=NAMES[key],
        hovertemplate=f"{NAMES[key]}: {hover}<extra></extra>",
        **about,
    )


def _somebody(frame: pd.DataFrame | None) -> pd.DataFrame | None:
    """The frame without those for whom a logarithmic axis has no room: nobody."""
    return None if frame is None else frame.where(frame["later_share"] > 1e-7)


def _later(frame: pd.DataFrame, key: str) -> dict:
    hover = "%{y:.3~%} still wait after %{x:.3~s} ms"
    return _curve(_somebody(frame), "to_ms", "later_share", key, hover, showlegend=True)


def _simulated(frame: pd.DataFrame | None) -> dict:
    """Dots on the exact curve: what came of drawing every viewer."""
    dots = None if frame is None else _somebody(frame).iloc[::3]
    return _curve(dots, "to_ms", "later_share", "drawn", "%{y:.3~%} after %{x:.3~s} ms") | {
        "mode": "markers",
        "marker": {"symbol": "circle-open", "size": 6, "color": COLOURS["drawn"]},
    }


def _stale(frame: pd.DataFrame, key: str) -> dict:
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
        return "> 99 %"
    return f"{100 * share:.0f} %" if share > 0.0995 else f"{100 * share:.1f} %"


# -- plots ----------------------------------------------------------------------------------------


@plot(CricStream, "What each place sees: p50 ○, p95 ◇, p99 ■", span=7, height_px=270)
def p99_by_place(night: CricStream, pinned: CricStream | None, at_rest: bool) -> Drawn:
    """p50, p95 and p99 of the headline places; what never comes is a line with the word "never"."""
    frames = {key: frame(CricStream.latency, each) for key, each in _nights(night, pinned).items()}
    shifts = {"old": 0.31, "tonight": 0.0, "pinned": -0.31}
    if pinned is None:
        shifts = {"old": 0.22, "tonight": -0.22}
    lines, words, told = [], [], []
    for key in shifts:
        *drawn, word = _by_place(frames[key], key, shifts[key])
        lines += drawn
        words.append(word)
    for key, each in frames.items():
        rows = each.loc[list(HEADLINE_PLACES), list(theme.SYMBOLS)]
        seen = [
            f"{LABELS.get(place, place)} {', '.join(in_ms(v) for v in row)}"
            for place, row in zip(rows.index, rows.to_numpy(), strict=True)
        ]
        told.append(f"{NAMES[key].capitalize()}: {'; '.join(seen)}.")
    bay = {key: in_ms(each.loc["Bay Area", "p99_ms"]) for key, each in frames.items()}
    blank = night.blank_panel_ms
    late = note(
        "blank", np.log10(blank), 1, xref="x", yref="y domain", yanchor="top", font=drawing.QUIET
    )
    return Drawn(
        lines + words,
        theme.ms_axis("latency, ms", *BY_PLACE_MS),
        {
            "tickvals": list(range(len(HEADLINE_PLACES)))[::-1],
            "ticktext": [LABELS.get(name, name) for name in HEADLINE_PLACES],
            "range": [-0.6, len(HEADLINE_PLACES) - 0.4],
            "showgrid": False,
        },
        caption=f"Bay Area viewers: p99 {_by_night(bay)}",
        alt=f"Dots on lines, one row per place: p50, p95 and p99. {' '.join(told)}",
        notes=[late],
        shapes=[rule("x", x0=blank, x1=blank), *_bands()],
        height_px=350 if pinned else 0,
    )


@plot(CricStream, "When fetches take over the p99", span=5, height_px=270)
def p99_by_ratio(night: CricStream, pinned: CricStream | None, at_rest: bool) -> Drawn:
    """p99 of four places over the origin fetch ratio, and where the night stands.

    The marks are the night's own. The curves have no queue in Mumbai: it stays short until they
    end, where it never empties.
    """
    p99 = frame(CricStream.latency, night)["p99_ms"]
    told = ", ".join(f"{place} {in_ms(p99[place])}" for place in CLIFFS)
    shapes, notes, full = [], [], np.inf
    word = {"yref": "y domain", "font": drawing.QUIET}
    said = f"p99 with every request sent home: {told}."
    if night.ends_at == EDGE:
        said, full = (
            f"p99 with {100 * night.origin_fetch_ratio:.3g} % fetched: {told}.",
            _full(night),
        )
    if RATIO[0] < full < 1:
        said += f" Mumbai is full at {100 * full:.2g} %; the curves leave its queue out."
        shapes.append(rule("x", x0=full, x1=full))
        notes.append(note(" Mumbai is full", np.log10(full), 0, xref="x", **word))
    if night.ends_at != EDGE:
        notes.append(note("every request goes home", 0.05, 0.5, xref="x domain", **word))
    traces = [_cliff(night, place, full, *look) for place, look in CLIFFS.items()]
    if pinned:
        traces.append(_stands(pinned, "pinned"))
    return Drawn(
        [*traces, _stands(night, "tonight")],
        theme.share_axis(
            "origin fetch ratio",
            type="log",
            range=np.log10(RATIO).tolist(),
            tickvals=[0.001, 0.01, 0.1, 1],
        ),
        theme.ms_axis("p99, ms", *CLIFF_MS),
        caption=said,
        alt="Rising curves over the origin fetch ratio, one a place: the further from Mumbai, "
        "the higher the leap at 1 %.",
        notes=notes,
        shapes=shapes,
        layout={"margin": {"r": 24}},
    )


def _full(night: CricStream) -> float:
    """The fetch ratio at which the origin's servers are all busy."""
    none, all_ = (night.replace(origin_fetch_ratio=r).offered_erlang for r in (0.0, 1.0))
    return (night.origin_servers - none) / (all_ - none) if all_ > none else np.inf


def _cliff(night: CricStream, place: str, full: float, colour: str, dash: str) -> dict:
    """p99 of a place over the fetch ratio, up to where the origin is full."""
    x = y = NOT_YET
    idle = night.replace(origin_fetch_ratio=0.0)
    if night.ends_at == EDGE and not idle.saturated:
        p99 = frame(by_ratio, idle.latency_settings, tuple(CLIFFS))[place]
        x, y = p99.index.to_numpy(), np.where(p99.index <= full, p99, np.nan)
    return scatter(
        x,
        y,
        mode="lines",
        line={"color": COLOURS[colour], "dash": dash, "width": 2},
        name=place,
        showlegend=True,
        hovertemplate=f"{place}: %{{y:.0f}} ms at a ratio of %{{x:.3~%}}<extra></extra>",
    )


def _stands(night: CricStream, key: str) -> dict:
    """Where a night stands in each place; the Bay Area with its number."""
    p99 = frame(CricStream.latency, night).loc[[*CLIFFS], "p99_ms"].to_numpy()
    at = max(night.fetched_share, RATIO[0])
    side = "left" if key == "pinned" or at > 0.2 else "right"
    return scatter(
        np.full(len(p99), at),
        np.minimum(p99, CLIFF_MS[1]),
        mode="markers+text",
        marker={
            "symbol": np.where(np.isfinite(p99), theme.SYMBOLS["p99_ms"], "triangle-up"),
            "size": 7,
            "color": COLOURS[key],
            "line": {"color": COLOURS["paper"], "width": 1},
        },
        text=[in_ms(p99[0]), *[""] * (len(p99) - 1)],
        textposition=f"{'top' if np.isfinite(p99[0]) else 'middle'} {side}",
        cliponaxis=False,
        textfont={"size": 12, "color": COLOURS[key], "shadow": drawing.HALO},
        name=NAMES[key],
        showlegend=key == "pinned",
        customdata=[in_ms(each) for each in p99],
        hovertemplate=f"{NAMES[key]}: %{{customdata}}<extra></extra>",
    )


def _bands() -> list[dict]:
    """A tint behind every other place."""
    tint = {"line": {"width": 0}, "fillcolor": COLOURS["band"], "layer": "below"}
    return [
        rule("x domain", type="rect", x0=0, x1=1, yref="y", y0=row - 0.5, y1=row + 0.5) | tint
        for row in range(0, len(HEADLINE_PLACES), 2)
    ]


@plot(CricStream, "Who still waits, of 28 million viewers", span=5, height_px=230)
def distribution(night: CricStream, pinned: CricStream | None, at_rest: bool) -> Drawn:
    """Share of the viewers who still wait, over the latency; both axes are logarithmic."""
    frames = {
        key: frame(spread, each.latency_settings, None)
        for key, each in _nights(night, pinned).items()
    }
    every = frame(spread, night.latency_settings, night.seed, wait=at_rest)
    until = {
        key: in_ms(frame(CricStream.latency, each).loc["everyone", "p99_ms"])
        for key, each in _nights(night, pinned).items()
    }
    blank = night.blank_panel_ms
    return Drawn(
        [*(_later(each, key) for key, each in frames.items()), _simulated(every)],
        theme.ms_axis("latency, ms", *LATER_MS),
        theme.share_axis(
            "viewers still waiting",
            type="log",
            range=[-4.3, 0.1],
            tickvals=[1, 0.1, 0.01, 0.001, 0.0001],
        ),
        caption=f"Time until only 1 viewer in 100 still waits: {_by_night(until)}",
        alt="Falling curves on two logarithmic axes: the share of viewers who still wait, over "
        "the latency.",
        notes=[
            note(
                "p99", np.log10(LATER_MS[1]), -2, xref="x", yref="y", xanchor="right",
                font=drawing.QUIET,
            )
        ],
        shapes=[
            rule("x", x0=blank, x1=blank),
            rule("x", x0=LATER_MS[0], x1=LATER_MS[1], yref="y", y0=0.01, y1=0.01),
        ],
    )  # fmt: skip


@plot(CricStream, "PoPs (+; △ hypothetical), places (●) by p99", span=7, height_px=230, pins=False)
def world_map(night: CricStream, pinned: CricStream | None, at_rest: bool) -> Drawn:
    """The places by p99 and the PoPs on Natural Earth's coastline, and India larger.

    Plain lines: nothing is fetched from the network.
    """
    latency = frame(CricStream.latency, night)
    pops = night.pops if night.ends_at == EDGE else 0
    p99 = latency[latency["kind"] == "place"]["p99_ms"]
    lost = int(np.isinf(p99).sum())
    caption = f"The p99 of {lost} of {len(p99)} places never comes."
    if not lost:
        best, worst = p99.idxmin(), p99.idxmax()
        caption = f"p99 by place: {in_ms(p99[best])} in {best} at best, "
        caption += f"{in_ms(p99[worst])} in {worst} at worst."
    world = [maps.places_by_p99(latency, 0.8), *maps.pop_marks(pops, 0.8)]
    india = [maps.places_by_p99(latency, 1.2), *maps.pop_marks(pops, 1.2)]
    return maps.with_india(world, india)._replace(
        caption=caption,
        alt=f"World map and map of India: {counted(pops, 'PoP')}, and {len(p99)} places "
        "coloured by p99, ✕ where it never comes.",
    )


@plot(CricStream, "Stale KV reads", span=6, height_px=215)
def staleness(night: CricStream, pinned: CricStream | None, at_rest: bool) -> Drawn:
    """Share of stale KV reads over the time since the write."""
    frames = {
        key: frame(CricStream.staleness, each).assign(
            **{"stale_share": 0.0} if each.fetched_share == 1 else {}
        )
        for key, each in _nights(night, pinned, old=False).items()
    }
    until = {key: _all_but_one(each) for key, each in frames.items()}
    none = "" if frames["tonight"]["stale_share"].any() else "tonight nothing is stale"
    word = {"xref": "x domain", "yref": "y domain", "font": drawing.QUIET}
    return Drawn(
        [_stale(each, key) | {"showlegend": pinned is not None} for key, each in frames.items()],
        theme.ms_axis("time since the write, ms", *STALE_MS, every=3),
        theme.share_axis("reads that are stale", range=[0, 1.02], dtick=0.25),
        caption=f"Time until 99 of 100 reads see the new list: {_by_night(until)}",
        alt="Falling curve: the share of reads that are stale, over the time since the write.",
        notes=[note(none, 0.5, 0.05, xanchor="center", **word)],
    )


@plot(CricStream, "How busy Mumbai is", span=6, height_px=215)
def origin_load(night: CricStream, pinned: CricStream | None, at_rest: bool) -> Drawn:
    """How busy the origin is, beside the old fleet; the bar of a saturated one is cut."""
    tonight = frame(CricStream.origin_load, night)
    held = frame(CricStream.origin_load, pinned) if pinned else None
    busy = {
        key: f"{BARS[key]} {'a queue that ' * bool(row['utilisation'] >= 1)}{_busy(row)}"
        for key, row in _fleets(tonight, held).items()
    }
    return Drawn(
        [_load(tonight, held)],
        theme.share_axis("servers in use", range=[0, FULL_BAR], dtick=0.5),
        {"showgrid": False, "categoryorder": "array", "categoryarray": [*BARS.values()][::-1]},
        caption=f"Servers in use in Mumbai: {', '.join(busy.values())}.",
        alt="Bars, one a fleet.",
        shapes=[rule("x", x0=1, x1=1)],
    )
