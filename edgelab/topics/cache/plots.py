"""The plots of the edge cache: the cliff, by popularity, through the match, size, PoPs, outage."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgelab.core.words import in_ms, percent
from edgelab.stage import drawing, theme
from edgelab.stage.drawing import note, rule, scatter
from edgelab.stage.drawn import Drawn
from edgelab.stage.plot import frame, plot
from edgelab.stage.theme import COLOURS
from edgelab.topics.cache import match
from edgelab.topics.cache.closed_form import reads_by_life
from edgelab.topics.cache.model import DIRECT, DOWN_FROM_S, EdgeCache

__all__ = [
    "cache_misses",
    "cache_shares",
    "dilution",
    "fetch_ratio",
    "origin_reads",
    "outage",
    "p99_cliff",
]

#: Of the first half-hour: later it is alike.
MINUTES = 30
LEAST, CLIFF = 1e-4, 0.01
FAR_MS = (5.0, 1000.0)
SHARES = {
    "fresh": ("fresh", "tonight", "solid", "circle"),
    "stale": ("stale at once", "amber", "dash", "diamond"),
    "waited": ("waits", "old", "solid", "square"),
}
OUTCOMES = {
    "fresh": ("fresh", "tonight", ""),
    "stale": ("stale at once", "amber", "/"),
    "waited": ("waits for a fetch", "old", "\\"),
    "instead": ("stale, instead of an error", "plum", "x"),
    "failed": ("an error", "drawn", "."),
}
#: Whom the PoPs ask, in `dilution`.
ASKED = {
    "direct": ("every PoP asks Mumbai", "old", "solid"),
    "tier": ("only a continent's tier does", "tonight", "dash"),
}
DRAWN = "drawn one by one"
READS = (20.0, 900_000.0)
READ_TICKS = {100: "100", 1000: "1,000", 10_000: "10,000", 100_000: "100,000"}
SHARE_TICKS = {"type": "log", "tickvals": [1, 0.1, 0.01, 0.001, 0.0001]}
#: What `cache_misses`, `origin_reads` and `dilution` do not depend on, or show.
NOT_A_SIZE = ("place", "ttl_s", "stale_while_revalidate_s", "ask")
NOT_A_LOAD = ("place",)
NOT_A_PATH = ("place", "ask", "pops")


def _xy(rows: pd.DataFrame | None, x: str, y: str, least: float = 0.0) -> tuple:
    """Two columns as arrays, without what a logarithmic axis has no room for."""
    if rows is None:
        return np.empty(0), np.empty(0)
    values = rows[y].to_numpy(float)
    return rows[x].to_numpy(), np.where(values >= least, values, np.nan)


def _line(xy: tuple, key: str, hover: str, dash: str = "solid", **about) -> dict:
    line = {"color": COLOURS[key], "width": 2.5, "dash": dash}
    return scatter(*xy, mode="lines", line=line, hovertemplate=f"{hover}<extra></extra>") | about


def _pinned(xy: tuple, hover: str, **about) -> dict:
    named = {"name": "pinned", "showlegend": True}
    return _line(xy, "pinned", f"pinned{hover}", "dot") | named | about


def _dots(xy: tuple, hover: str, symbol: str = "circle", colour: str = "drawn") -> dict:
    """What was drawn one by one."""
    mark = {"symbol": f"{symbol}-open", "color": COLOURS[colour], "size": 5, "line": {"width": 1.3}}
    hover = f"{DRAWN}{hover}<extra></extra>"
    return scatter(*xy, mode="markers", marker=mark, hovertemplate=hover)


def _axis(title: str, **about) -> dict:
    return {"title": {"text": title, "standoff": 4}} | about


# -- the cliff ------------------------------------------------------------------------------------


@plot(EdgeCache, "The cliff: p50 ● and p99 ■", span=6, height_px=250)
def p99_cliff(cache: EdgeCache, pinned: EdgeCache | None, at_rest: bool) -> Drawn:
    """p50 and p99 over the fetch ratio, and where the cache stands."""
    rows = frame(EdgeCache.cliff, cache)
    (now,) = rows[rows["now"]].to_dict("records")
    traces = _levels(rows, "tonight")
    if pinned:
        traces = _levels(frame(EdgeCache.cliff, pinned), "pinned") + traces
    return Drawn(
        traces,
        _axis(
            "fetch ratio",
            type="log",
            range=[-4.1, 0.02],
            tickvals=[0.0001, 0.001, 0.01, 0.1, 1],
            tickformat=".4~%",
        ),
        theme.ms_axis("latency, ms", *FAR_MS),
        caption=f"At a fetch ratio of {percent(now['fetch_ratio'])} the p50 is "
        f"{in_ms(now['p50_ms'])}, the p99 {in_ms(now['p99_ms'])}.",
        alt="Two curves over the fetch ratio: the p50 stays flat, the p99 leaps at 1 %.",
        shapes=[rule("x", x0=CLIFF, x1=CLIFF)],
        layout={"margin": {"r": 24}},
    )


def _levels(rows: pd.DataFrame, key: str) -> list[dict]:
    """Both levels as curves, and where they are now; what never comes is a word at the top."""
    lines, marks, held = [], [], key == "pinned"
    for level, symbol in (("p50_ms", "circle"), ("p99_ms", "square")):
        at, ms = _xy(rows, "fetch_ratio", level)
        ms = np.where(np.isfinite(ms) & (at >= LEAST), ms, np.nan)
        hover = " at a ratio of %{x:.3~%}: %{y:.0f} ms"
        if held:
            lines.append(_pinned((at, ms), f", {level[:3]}{hover}", showlegend=symbol == "square"))
        else:
            lines.append(_line((at, ms), key, level[:3] + hover))
        at, ms = _xy(rows[rows["now"]], "fetch_ratio", level)
        said = in_ms(ms[0])
        mark = scatter(
            np.maximum(at, LEAST),
            np.where(np.isinf(ms), FAR_MS[1] * 0.8, ms),
            mode="markers" if held else "markers+text",
            marker={
                "symbol": symbol,
                "size": 11,
                "color": COLOURS[key],
                "line": {"color": COLOURS["paper"], "width": 1.5},
            },
            hovertemplate=f"{'pinned' if held else 'now'}: {level[:3]} {said}<extra></extra>",
        )
        if not held:
            mark |= {
                "text": [said],
                "textposition": _side(level, at[0], ms[0]),
                "textfont": {"size": 12, "color": COLOURS[key], "shadow": drawing.HALO},
            }
        marks.append(mark)
    return lines + marks


def _side(level: str, ratio: float, ms: float) -> str:
    """Where beside a mark there is room for a word."""
    side = "left" if 0.002 < ratio < 0.01 or ratio > 0.2 else "right"
    if level == "p50_ms":
        return f"bottom {side}"
    return f"{'middle' if np.isinf(ms) else 'top'} {side}"


# -- by popularity, and through the match ---------------------------------------------------------


@plot(EdgeCache, "What becomes of a request, list by list", span=6, height_px=250)
def cache_shares(cache: EdgeCache, pinned: EdgeCache | None, at_rest: bool) -> Drawn:
    """Shares of the requests that are fresh, stale, or wait, by the rank of the list.

    Of a pinned cache the waiting share is drawn.
    """
    rows = frame(EdgeCache.by_popularity, cache)
    drawn = None
    if cache.ask == DIRECT:
        drawn = frame(EdgeCache.drawn_by_popularity, cache, wait=at_rest)
    traces, words = [], []
    if pinned:
        held = _xy(frame(EdgeCache.by_popularity, pinned), "rank", "waited", LEAST)
        if held[1][-1] >= LEAST:
            words.append((held[0][-1], held[1][-1], "waits, pinned", "middle right"))
        traces.append(_pinned(held, ", list %{x:,.0f}: %{y:.3~%} wait"))
    for column, (name, colour, dash, symbol) in SHARES.items():
        hover = f"list %{{x:,.0f}}: %{{y:.3~%}} {name}"
        traces.append(_line(_xy(rows, "rank", column, LEAST), colour, hover, dash))
        dots = _xy(drawn, "rank", column, LEAST)
        traces.append(_dots(dots, f": {hover}", symbol, colour))
        # A word stands where its curve comes into the plot, though not at its very edge.
        seen = rows[2:][rows[column][2:] >= LEAST]
        if len(seen):
            words.append((seen["rank"].iloc[0], 1.2 * seen[column].iloc[0], name, "top right"))
    x, y, text, side = (list(each) for each in zip(*words, strict=True))
    font = {"size": 11, "color": COLOURS["ink"], "shadow": drawing.HALO}
    words = scatter(x, y, mode="text", text=text, textposition=side, textfont=font)
    first, last = rows["waited"].iloc[0], rows["waited"].iloc[-1]
    return Drawn(
        [*traces, words | {"hoverinfo": "skip"}],
        _axis(
            "rank of the list",
            type="log",
            range=[-0.05, 5.35],
            tickvals=[1, 10, 100, 1000, 10_000, 100_000],
            ticktext=["1", "10", "100", "1,000", "10,000", "100,000"],
        ),
        theme.share_axis("requests", range=[-4.1, 0.6], **SHARE_TICKS),
        caption=f"Of the requests for the most popular list {100 * first:.2f} % wait, for the "
        f"least popular {100 * last:.2f} %.",
        alt="Curves on two logarithmic axes: shares by the rank of the list.",
    )


@plot(EdgeCache, "Waiting for Mumbai, first half-hour", span=6, height_px=215)
def fetch_ratio(cache: EdgeCache, pinned: EdgeCache | None, at_rest: bool) -> Drawn:
    """The origin fetch ratio through the first half-hour of the match."""
    rows = frame(EdgeCache.through_match, cache)
    drawn = None
    if cache.ask == DIRECT:
        drawn = frame(EdgeCache.drawn_through_match, cache, wait=at_rest)
    hover = "minute %{x:.0f}: %{y:.3~%} wait for Mumbai"
    traces = [_line(_first(rows), "tonight", hover), _dots(_first(drawn), f": {hover}")]
    if pinned:
        held = _first(frame(EdgeCache.through_match, pinned))
        traces.insert(0, _pinned(held, f": {hover}"))
    low, high = rows["fetched"].min(), rows["fetched"].max()
    at = {"xref": "x domain", "yref": "y domain", "xanchor": "center", "font": drawing.QUIET}
    none = note("less than 0.01 % at any time", 0.5, 0.06, **at)
    return Drawn(
        [*traces, *_events(cache.seed)],
        _axis("minutes since the first ball: | over, × wicket", range=[-0.5, MINUTES], dtick=5),
        theme.share_axis("fetch ratio", range=[-4.1, 0.1], **SHARE_TICKS),
        caption=f"Through the match the ratio runs between {percent(low)} and {percent(high)}.",
        alt="A curve that falls after each over and wicket and climbs again.",
        notes=[none] if high < LEAST else [],
        shapes=[rule("x", x0=-0.5, x1=MINUTES, yref="y", y0=CLIFF, y1=CLIFF)],
    )


def _first(rows: pd.DataFrame | None) -> tuple:
    """The fetch ratio of the first half-hour."""
    part = None if rows is None else rows[rows["minute"] <= MINUTES]
    return _xy(part, "minute", "fetched", LEAST)


def _events(seed: int) -> list[dict]:
    """Marks at the ends of overs and at wickets."""
    over_s, wicket_s = (at[at <= 60 * MINUTES] / 60 for at in match.events(seed))
    made = []
    for at, name, symbol, colour in (
        (over_s, "an over ends", "line-ns-open", "quiet"),
        (wicket_s, "a wicket falls", "x-thin-open", "ink"),
    ):
        mark = {"symbol": symbol, "color": COLOURS[colour], "size": 8, "line": {"width": 1.6}}
        made.append(
            scatter(at, np.full(len(at), 0.72), mode="markers", marker=mark, name=name)
            | {"hovertemplate": f"{name}: minute %{{x:.0f}}<extra></extra>"}
        )
    return made


# -- Mumbai ---------------------------------------------------------------------------------------


@plot(EdgeCache, "What Mumbai has to answer", span=6, height_px=215, untold=NOT_A_LOAD)
def origin_reads(cache: EdgeCache, pinned: EdgeCache | None, at_rest: bool) -> Drawn:
    """Reads that Mumbai gets a second over the time to live, and what its servers can do."""
    hover = "%{x:.3~s} s: %{y:,.0f} reads a second"
    rows = frame(reads_by_life, cache.life_settings, wait=at_rest)
    traces = [_line(_xy(rows, "ttl_s", "asked_per_s"), "tonight", hover)]
    if pinned:
        held = frame(reads_by_life, pinned.life_settings, wait=at_rest)
        traces.insert(0, _pinned(_xy(held, "ttl_s", "asked_per_s"), f": {hover}"))
    marks = [(pinned, "pinned")] * (pinned is not None) + [(cache, "tonight")]
    for each, key in marks:
        reads = frame(EdgeCache.headline, each)["asked_per_s"]
        mark = {"symbol": "square", "size": 11, "color": COLOURS[key]}
        mark |= {"line": {"color": COLOURS["paper"], "width": 1.5}}
        x, y = np.array([each.ttl_s]), np.clip([reads], *READS)
        traces.append(scatter(x, y, mode="markers", marker=mark) | {"hovertemplate": hover})
        traces[-1]["hovertemplate"] += "<extra></extra>"
    most = cache.origin_reads_per_s
    level = max(most, READS[0])
    side = "left" if reads < most and cache.ttl_s > 4 else "center"
    traces[-1] |= {
        "mode": "markers+text",
        "text": [f"{reads:,.0f}"],
        "textposition": f"{'top' if reads > most else 'bottom'} {side}",
        "textfont": {"size": 12, "color": COLOURS["tonight"], "shadow": drawing.HALO},
    }
    word = note(
        f"{cache.origin_servers} servers can do {most:,.0f}", 0.99, np.log10(level),
        xref="x domain", yref="y", xanchor="right", font=drawing.QUIET,
    )  # fmt: skip
    ticks = {1: "1 s", 10: "10 s", 60: "60 s", 300: "300 s", 3600: "1 h"}
    return Drawn(
        traces,
        theme.log_axis("time to live", 0.9, 4000, ticks),
        theme.log_axis("reads a second", *READS, READ_TICKS),
        caption=f"With {cache.ttl_s:,.4g} s Mumbai gets {reads:,.0f} reads a second, and can "
        f"answer {most:,.0f}.",
        alt="A falling curve over the time to live, and the most that Mumbai's servers can do.",
        notes=[word],
        shapes=[rule("x domain", x0=0, x1=1, yref="y", y0=level, y1=level)],
    )


# -- size and number of the stores ----------------------------------------------------------------


@plot(EdgeCache, "A store without expiry: misses by size", span=6, height_px=215, untold=NOT_A_SIZE)
def cache_misses(cache: EdgeCache, pinned: EdgeCache | None, at_rest: bool) -> Drawn:
    """Misses of a plain LRU store over its size: Che's curve, and replayed requests."""
    rows = frame(EdgeCache.misses, cache)
    drawn = frame(EdgeCache.misses, cache, "drawn", wait=at_rest)
    here, of = rows[rows["now"]], ("capacity_mb", "miss_share")
    hover = "%{x:.3~s} MB: %{y:.3~%} missed"
    mark = {"symbol": "square", "size": 11, "color": COLOURS["tonight"]}
    traces = [
        _line(_xy(rows, *of), "tonight", f"Che: {hover}"),
        _dots(_xy(drawn, *of), f": {hover}"),
        scatter(*_xy(here, *of), mode="markers", marker=mark)
        | {"hovertemplate": f"now: {hover}<extra></extra>"},
    ]
    if pinned:
        traces.insert(0, _pinned(_xy(frame(EdgeCache.misses, pinned), *of), f": {hover}"))
    missed = here["miss_share"].iloc[0]
    return Drawn(
        traces,
        _axis(
            "store at each PoP, MB",
            type="log",
            range=[-0.03, 3.03],
            tickvals=[1, 4, 16, 64, 256, 1024],
        ),
        theme.share_axis("requests that miss", range=[-0.03, 1.03], dtick=0.25),
        caption=f"With {cache.capacity_mb:.4g} MB, {100 * missed:.1f} % of the requests miss.",
        alt="A falling curve over the size of the store, and dots near it.",
    )


@plot(EdgeCache, "More PoPs, thinner traffic", untold=NOT_A_PATH, pins=False)
def dilution(cache: EdgeCache, pinned: EdgeCache | None, at_rest: bool) -> Drawn:
    """How often Mumbai is asked per request, for more and more PoPs, with and without a tier."""
    rows = frame(EdgeCache.dilution, cache)
    first, last = rows.iloc[0], rows.iloc[-1]
    return Drawn(
        [
            _line(_xy(rows, "pops", column), key, "%{x} PoPs: %{y:.3~%}", dash)
            | {"mode": "lines+markers", "name": name, "showlegend": True}
            for column, (name, key, dash) in ASKED.items()
        ],
        _axis("PoPs", range=[0, 510]),
        theme.share_axis("reads in Mumbai per request", rangemode="tozero"),
        caption=f"From {first['pops']:.0f} PoP to {last['pops']:.0f}, reads per request are "
        f"multiplied by {last['direct'] / first['direct']:.1f}; with a tier on each continent by "
        f"{last['tier'] / first['tier']:.1f}.",
        alt="Two curves over the number of PoPs, one that climbs, one nearly flat.",
    )


# -- an outage ------------------------------------------------------------------------------------


@plot(EdgeCache, "While Mumbai is down", pins=False)
def outage(cache: EdgeCache, pinned: EdgeCache | None, at_rest: bool) -> Drawn:
    """What viewers get while Mumbai is down for five minutes."""
    rows = frame(EdgeCache.outage, cache)
    failed = rows["failed"].max()
    ends = {DOWN_FROM_S / 60: "down", DOWN_FROM_S / 60 + 5: "up again"}
    at = {"xref": "x", "yref": "y domain", "bgcolor": COLOURS["paper"]}
    return Drawn(
        [
            scatter(rows["minute"].to_numpy(), rows[column].to_numpy(), mode="lines")
            | {"stackgroup": "a", "name": name, "showlegend": True}
            | {"line": {"width": 0.5, "color": COLOURS[key]}, "fillcolor": COLOURS[key]}
            | {"fillpattern": {"shape": shape, "fgopacity": 0.5}}
            | {"hovertemplate": f"minute %{{x:.1f}}: %{{y:.2~%}} {name}<extra></extra>"}
            for column, (name, key, shape) in OUTCOMES.items()
            if rows[column].any()
        ],
        _axis("minutes since the first ball", range=[0, float(rows["minute"].max())]),
        theme.share_axis("requests", range=[0, 1], dtick=0.25),
        caption=f"At worst {percent(failed)} get an error." if failed else "Nobody gets an error.",
        alt="Stacked areas over time: what the requests get.",
        notes=[note(word, minute, 0.03, **at) for minute, word in ends.items()],
        shapes=[rule("x", x0=minute, x1=minute) for minute in ends],
    )
