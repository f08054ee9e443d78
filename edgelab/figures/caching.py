"""The edge cache as figures: by popularity, through the match, the cliff, size, number, outage."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from edgelab.figures import drawing, telling, theme
from edgelab.figures.drawing import Part, note, rule, scatter
from edgelab.figures.theme import COLOURS
from edgelab.models import match
from edgelab.models.cache import DIRECT, EdgeCache

__all__ = [
    "CacheFrames",
    "cache_misses",
    "cache_shares",
    "dilution",
    "edge_cache",
    "fetch_ratio",
    "outage",
    "p99_cliff",
]

#: Of the first half-hour: later it is alike.
MINUTES = 30
LEAST, CLIFF = 1e-4, 0.01
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
DRAWN = "drawn one by one"
_SHARE_TICKS = {"type": "log", "tickvals": [1, 0.1, 0.01, 0.001, 0.0001]}


class CacheFrames(NamedTuple):
    """The frames of one cache that a panel draws."""

    popularity: pd.DataFrame
    through: pd.DataFrame
    cliff: pd.DataFrame
    misses: pd.DataFrame

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, cache: EdgeCache) -> CacheFrames:
        """The closed forms of `cache`; remembered, so not to be changed."""
        return cls(cache.by_popularity(), cache.through_match(), cache.cliff(), cache.misses())

    @classmethod
    @lru_cache(maxsize=8)
    def drawn(cls, cache: EdgeCache) -> CacheFrames:
        """What is drawn one by one; with a tier, only what does not depend on it."""
        direct = cache.ask == DIRECT
        return cls(
            cache.drawn_by_popularity() if direct else None,
            cache.drawn_through_match() if direct else None,
            None,
            cache.misses("simulation"),
        )


NOTHING = CacheFrames(None, None, None, None)


# -- traces ---------------------------------------------------------------------------------------


def _xy(frame: pd.DataFrame | None, x: str, y: str, least: float = 0.0) -> tuple:
    """Two columns as arrays, without what a logarithmic axis has no room for."""
    if frame is None:
        return np.empty(0), np.empty(0)
    values = frame[y].to_numpy(float)
    return frame[x].to_numpy(), np.where(values >= least, values, np.nan)


def _line(frame, x, y, key, hover, least=0.0, dash="solid", **about) -> dict:
    at, values = _xy(frame, x, y, least)
    line = {"color": COLOURS[key], "width": 2.5, "dash": dash}
    hover = f"{hover}<extra></extra>"
    return scatter(at, values, mode="lines", line=line, hovertemplate=hover) | about


def _dots(frame, x, y, hover, least=0.0, symbol="circle", colour="drawn", **about) -> dict:
    at, values = _xy(frame, x, y, least)
    mark = {"symbol": f"{symbol}-open", "color": COLOURS[colour], "size": 5}
    mark["line"] = {"width": 1.3}
    hover = f"{hover}<extra></extra>"
    return scatter(at, values, mode="markers", marker=mark, hovertemplate=hover) | about


def _popularity(now, drawn, pinned) -> list[dict]:
    hover = "pinned, list %{x}: %{y:.3~%} wait"
    made = [_line(pinned, "rank", "waited", "pinned", hover, LEAST, "dot")]
    for column, (name, colour, dash, symbol) in SHARES.items():
        hover = f"list %{{x}}: %{{y:.3~%}} {name}"
        made.append(_line(now, "rank", column, colour, hover, LEAST, dash))
        made.append(_dots(drawn, "rank", column, f"{DRAWN}: {hover}", LEAST, symbol, colour))
    # A word stands where its curve comes into the plot, though not at its very edge.
    ends: list[list] = [[], [], []]
    for column, (name, *_) in SHARES.items() if now is not None else ():
        seen = now[2:][now[column][2:] >= LEAST]
        if len(seen):
            first = seen.iloc[0]
            for into, value in zip(ends, (first["rank"], 1.2 * first[column], name), strict=True):
                into.append(value)
    words = scatter(
        ends[0], ends[1], mode="text", text=ends[2], textposition="top right", hoverinfo="skip",
        textfont={"size": 11, "color": COLOURS["ink"], "shadow": drawing.HALO},
    )  # fmt: skip
    return [*made, words]


def _through(now, drawn, pinned, seed: int) -> list[dict]:
    def first(frame):
        return None if frame is None else frame[frame["minute"] <= MINUTES]

    hover = "minute %{x:.0f}: %{y:.3~%} wait for Mumbai"
    over_s, wicket_s = (at[at <= 60 * MINUTES] / 60 for at in match.events(seed))
    marks = []
    for at, name, symbol, colour in (
        (over_s, "an over ends", "line-ns-open", "quiet"),
        (wicket_s, "a wicket falls", "x-thin-open", "ink"),
    ):
        mark = {"symbol": symbol, "color": COLOURS[colour], "size": 8, "line": {"width": 1.6}}
        marks.append(
            scatter(at, np.full(len(at), 0.72), mode="markers", marker=mark, name=name)
            | {"hovertemplate": f"{name}: minute %{{x:.0f}}<extra></extra>"}
        )
    return [
        _line(first(pinned), "minute", "fetched", "pinned", f"pinned: {hover}", LEAST, "dot"),
        _line(first(now), "minute", "fetched", "tonight", hover, LEAST),
        _dots(first(drawn), "minute", "fetched", f"{DRAWN}: {hover}", LEAST),
        *marks,
    ]


def _cliff(now, pinned) -> list[dict]:
    made = []
    for frame, key, dash in ((pinned, "pinned", "dot"), (now, "tonight", "solid")):
        for level in ("p50_ms", "p99_ms"):
            at, ms = _xy(frame, "fetch_ratio", level)
            ms = np.where(np.isfinite(ms) & (at >= LEAST), ms, np.nan)
            line = {"color": COLOURS[key], "width": 2.5 if key == "tonight" else 2, "dash": dash}
            hover = f"{level[:3]} at a ratio of %{{x:.3~%}}: %{{y:.0f}} ms<extra></extra>"
            made.append(scatter(at, ms, mode="lines", line=line, hovertemplate=hover))
        here = None if frame is None else frame[frame["now"]]
        for level in ("p50_ms", "p99_ms"):
            at, ms = _xy(here, "fetch_ratio", level)
            never = np.isinf(ms)
            words = ["never" if n else f"{m:.0f} ms" for n, m in zip(never, ms, strict=True)]
            mark = {"symbol": theme.SYMBOLS[level], "size": 11, "color": COLOURS[key]}
            mark["line"] = {"color": COLOURS["paper"], "width": 1.5}
            made.append(
                scatter(
                    np.maximum(at, LEAST), np.where(never, FAR_MS[1] * 0.8, ms),
                    mode="markers+text", marker=mark,
                    text=words if key == "tonight" else [""] * len(words),
                    textposition=[_beside(level, *here) for here in zip(at, ms, strict=True)],
                    textfont={"size": 12, "color": COLOURS[key], "shadow": drawing.HALO},
                    hovertemplate=f"now: {level[:3]} %{{text}}<extra></extra>",
                )
            )  # fmt: skip
    return made


def _beside(level: str, ratio: float, ms: float) -> str:
    """Where there is room for a word."""
    if level == "p50_ms":
        return "bottom right" if ratio < 5e-4 else "bottom center"
    side = "left" if 0.002 < ratio < 0.01 or ratio > 0.2 else "right"
    return f"{'middle' if np.isinf(ms) else 'top'} {side}"


def _misses(now, drawn, pinned) -> list[dict]:
    hover = "%{x:.3~s} MB: %{y:.3~%} missed"
    here = None if now is None else now[now["now"]]
    mark = {"symbol": "square", "size": 11, "color": COLOURS["tonight"]}
    return [
        _line(pinned, "capacity_mb", "miss_share", "pinned", f"pinned: {hover}", 0, "dot"),
        _line(now, "capacity_mb", "miss_share", "tonight", f"Che: {hover}"),
        _dots(drawn, "capacity_mb", "miss_share", f"{DRAWN}: {hover}"),
        scatter(*_xy(here, "capacity_mb", "miss_share"), mode="markers", marker=mark)
        | {"hovertemplate": f"now: {hover}<extra></extra>"},
    ]


# -- parts ----------------------------------------------------------------------------------------

FAR_MS = (5.0, 1000.0)
PARTS = {
    "popularity": Part(
        "What becomes of a request, by the list's popularity",
        {
            "type": "log",
            "range": [-0.05, 5.35],
            "tickvals": [1, 10, 100, 1000, 10_000, 100_000],
            "ticktext": ["1", "10", "100", "1,000", "10,000", "100,000"],
            "title": {"text": "rank of the list", "standoff": 4},
        },
        theme.share_axis("requests", range=[-4.1, 0.6], **_SHARE_TICKS),
        (0.06, 0.475, 0.575, 0.855),
    ),
    "through": Part(
        "Waiting for Mumbai, in the match's first half-hour",
        {
            "range": [-0.5, MINUTES],
            "dtick": 5,
            "title": {"text": "minutes since the first ball: | over, × wicket", "standoff": 4},
        },
        theme.share_axis("fetch ratio", range=[-4.1, 0.1], **_SHARE_TICKS),
        (0.565, 0.99, 0.575, 0.855),
    ),
    "cliff": Part(
        "The cliff: p50 ● and p99 ■ by fetch ratio",
        {
            "type": "log",
            "range": [-4.1, 0.02],
            "tickvals": [0.0001, 0.001, 0.01, 0.1, 1],
            "tickformat": ".4~%",
            "title": {"text": "fetch ratio", "standoff": 4},
        },
        theme.ms_axis("latency, ms", *FAR_MS),
        (0.06, 0.475, 0.105, 0.41),
    ),
    "misses": Part(
        "A store without expiry: misses by size",
        {
            "type": "log",
            "range": [-0.03, 3.03],
            "tickvals": [1, 4, 16, 64, 256, 1024],
            "title": {"text": "store at each PoP, MB", "standoff": 4},
        },
        theme.share_axis("requests that miss", range=[-0.03, 1.03], dtick=0.25),
        (0.565, 0.99, 0.105, 0.41),
    ),
}


def traces(
    now: CacheFrames, drawn: CacheFrames, pinned: CacheFrames, seed: int = 2026
) -> list[dict]:
    """Every trace of the combined figure, always the same number in the same order."""
    made = {
        "popularity": _popularity(now.popularity, drawn.popularity, pinned.popularity),
        "through": _through(now.through, drawn.through, pinned.through, seed),
        "cliff": _cliff(now.cliff, pinned.cliff),
        "misses": _misses(now.misses, drawn.misses, pinned.misses),
    }
    return drawing.on_axes(PARTS, made)


def settings(cache: EdgeCache) -> str:
    """What a cache is set to, in one line: the main knobs, and what else was turned."""
    knobs = cache.knobs()
    main = ("place", "ttl_s", "stale_while_revalidate_s", "capacity_mb", "ask")
    first = (
        f"seen from {cache.place}, fresh for {knobs['ttl_s'].text(cache.ttl_s)}, stale for "
        f"{knobs['ttl_s'].text(cache.stale_while_revalidate_s)} more, "
        f"{knobs['capacity_mb'].text(cache.capacity_mb)}, asks {cache.ask}"
    )
    return ", ".join(filter(None, [first, telling.turned(cache, without=main)]))


def layout(cache: EdgeCache, pinned: EdgeCache | None = None) -> dict:
    """Layout of the combined figure."""
    below = f"pinned: {settings(pinned)}" if pinned else " "
    small = f"<span style='font-size:11px'>{telling.cut(below, 150)}</span>"
    title = f"<b>Edge cache</b>: {telling.cut(settings(cache), 135)}<br>{small}"
    out = drawing.combined(PARTS, title, {"x": 0.9, "y": 1.01})
    out["showlegend"] = False
    out["shapes"] = [
        rule("x2", x0=-0.5, x1=MINUTES, yref="y2", y0=CLIFF, y1=CLIFF),
        rule("x3", x0=CLIFF, x1=CLIFF),
    ]
    quiet = drawing.QUIET_SMALL
    least = CacheFrames.of(cache).through["fetched"].max() < LEAST
    out["annotations"] += [
        note(
            "less than 0.01 % at any time" if least else "", 0.5, 0.06, xref="x2 domain",
            yref="y2 domain", xanchor="center", font=quiet,
        ),
        note("1 %", 0.3, np.log10(CLIFF), xref="x2", yref="y2", yanchor="top", font=quiet),
        note(" 1 %", np.log10(CLIFF), 0.99, xref="x3", yref="y3 domain", yanchor="top", font=quiet),
    ]  # fmt: skip
    return out


def edge_cache(
    cache: EdgeCache, pinned: EdgeCache | None = None, widget: bool = False
) -> go.Figure:
    """A cache in one figure, as the live panel shows it.

    Parameters
    ----------
    cache : EdgeCache
    pinned : EdgeCache, optional
        One to compare with.
    widget : bool
        Whether to make a live FigureWidget.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    held = CacheFrames.of(pinned) if pinned else NOTHING
    made = traces(CacheFrames.of(cache), CacheFrames.drawn(cache), held, cache.seed)
    arguments = f"el.{cache!r}" + (f", pinned=el.{pinned!r}" if pinned else "")
    meta = {
        "name": "edge_cache",
        "title": "The edge cache at a glance",
        "caption": cache.in_words(),
        "alt": f"Four plots: {'; '.join(part.title for part in PARTS.values())}. "
        f"{cache.in_words()}",
        "code": f"el.figures.edge_cache({arguments})",
    }
    return theme.figure(made, layout(cache, pinned) | {"meta": meta}, widget)


# -- single figures -------------------------------------------------------------------------------

KEYWORDS = {"now": "", "drawn": "drawn=", "pinned": "pinned="}


def _single(
    part: Part, made, about, frames: Mapping[str, pd.DataFrame | None], **more
) -> go.Figure:
    given = {name: frame for name, frame in frames.items() if frame is not None}

    def said(cache: EdgeCache) -> str:
        return settings(cache)

    meta, below = telling.meta(about, given, said, KEYWORDS)
    return drawing.single(part, made, meta, below, **more)


def cache_shares(
    frame: pd.DataFrame, drawn: pd.DataFrame | None = None, pinned: pd.DataFrame | None = None
) -> go.Figure:
    """Shares of the requests that are fresh, stale, or wait, by the rank of the list.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `EdgeCache.by_popularity`.
    drawn : pandas.DataFrame, optional
        From `EdgeCache.drawn_by_popularity`.
    pinned : pandas.DataFrame, optional
        Like `frame`, of a cache to compare with; its waiting share is drawn.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    first, last = frame.iloc[0], frame.iloc[-1]
    caption = (
        f"Of the requests for the most popular list {first['waited']:.2%} wait, for the least "
        f"popular {last['waited']:.2%}."
    )
    about = {
        "name": "cache_shares",
        "title": "What becomes of a request",
        "caption": caption,
        "alt": f"Curves on two logarithmic axes: shares by the rank of the list. {caption}",
    }
    part = PARTS["popularity"]
    frames = {"now": frame, "drawn": drawn, "pinned": pinned}
    return _single(part, _popularity(frame, drawn, pinned), about, frames)


def fetch_ratio(
    frame: pd.DataFrame, drawn: pd.DataFrame | None = None, pinned: pd.DataFrame | None = None
) -> go.Figure:
    """The origin fetch ratio through the first half-hour of the match.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `EdgeCache.through_match`.
    drawn : pandas.DataFrame, optional
        From `EdgeCache.drawn_through_match`.
    pinned : pandas.DataFrame, optional
        Like `frame`, of a cache to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    low, high = frame["fetched"].min(), frame["fetched"].max()
    caption = f"Through the match the ratio runs between {low:.3%} and {high:.3%}."
    about = {
        "name": "fetch_ratio",
        "title": "Waiting for Mumbai, through the match",
        "caption": caption,
        "alt": f"A curve that falls after each over and wicket and climbs again. {caption}",
    }
    found = telling.source(frame)
    made = _through(frame, drawn, pinned, found[0].seed if found else 2026)
    ends = {"x0": -0.5, "x1": MINUTES, "yref": "y", "y0": CLIFF, "y1": CLIFF}
    frames = {"now": frame, "drawn": drawn, "pinned": pinned}
    return _single(PARTS["through"], made, about, frames, shapes=[rule("x", **ends)])


def p99_cliff(frame: pd.DataFrame, pinned: pd.DataFrame | None = None) -> go.Figure:
    """p50 and p99 over the fetch ratio, and where the cache stands.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `EdgeCache.cliff`.
    pinned : pandas.DataFrame, optional
        The same of a cache to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    (now,) = frame[frame["now"]].to_dict("records")
    caption = (
        f"At {now['fetch_ratio']:.2%} the p50 is {telling.in_ms(now['p50_ms'])}, the p99 "
        f"{telling.in_ms(now['p99_ms'])}."
    )
    about = {
        "name": "p99_cliff",
        "title": "The cliff: p50 ● and p99 ■ by fetch ratio",
        "caption": caption,
        "alt": "Two curves over the fetch ratio: the p50 stays flat, the p99 leaps at 1 %. "
        f"{caption}",
    }
    frames = {"now": frame, "pinned": pinned}
    shapes = [rule("x", x0=CLIFF, x1=CLIFF)]
    return _single(PARTS["cliff"], _cliff(frame, pinned), about, frames, shapes=shapes)


def cache_misses(
    frame: pd.DataFrame, drawn: pd.DataFrame | None = None, pinned: pd.DataFrame | None = None
) -> go.Figure:
    """Misses of a plain LRU store over its size: Che's curve, and replayed requests.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `EdgeCache.misses`.
    drawn : pandas.DataFrame, optional
        From ``EdgeCache.misses(method="simulation")``.
    pinned : pandas.DataFrame, optional
        Like `frame`, of a cache to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    (now,) = frame[frame["now"]].to_dict("records")
    caption = f"With {now['capacity_mb']:.4g} MB, {now['miss_share']:.1%} of the requests miss."
    about = {
        "name": "cache_misses",
        "title": "A store without expiry: misses by size",
        "caption": caption,
        "alt": f"A falling curve over the size of the store, and dots near it. {caption}",
    }
    frames = {"now": frame, "drawn": drawn, "pinned": pinned}
    return _single(PARTS["misses"], _misses(frame, drawn, pinned), about, frames)


def dilution(frame: pd.DataFrame) -> go.Figure:
    """How often Mumbai is asked per request, for more and more PoPs, with and without a tier.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `EdgeCache.dilution`.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    first, last = frame.iloc[0], frame.iloc[-1]
    caption = (
        f"From {first['pops']:.0f} PoP to {last['pops']:.0f}, reads per request are multiplied by "
        f"{last['direct'] / first['direct']:.1f}; with a tier on each continent by "
        f"{last['tier'] / first['tier']:.1f}."
    )
    about = {
        "name": "dilution",
        "title": "More PoPs, thinner traffic",
        "caption": caption,
        "alt": f"Two curves over the number of PoPs, one that climbs, one nearly flat. {caption}",
    }
    part = Part(
        "",
        {"range": [0, 510], "title": {"text": "PoPs", "standoff": 4}},
        theme.share_axis("reads in Mumbai per request", rangemode="tozero"),
        (0, 1, 0, 1),
    )
    hover = "%{x} PoPs: %{y:.3~%}"
    lines = [
        ("direct", "every PoP asks Mumbai", "old", "solid"),
        ("tier", "only a continent's tier does", "tonight", "dash"),
    ]
    made = [
        _line(frame, "pops", column, key, hover, 0, dash, mode="lines+markers")
        | {"name": name, "showlegend": True}
        for column, name, key, dash in lines
    ]
    return _single(part, made, about, {"now": frame})


def outage(frame: pd.DataFrame) -> go.Figure:
    """What viewers get while Mumbai is down, minute by minute.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `EdgeCache.outage`.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    failed = frame["failed"].max()
    caption = "Nobody gets an error." if failed == 0 else f"At worst {failed:.0%} get an error."
    about = {
        "name": "outage",
        "title": "While Mumbai is down",
        "caption": caption,
        "alt": f"Stacked areas over time: what the requests get. {caption}",
    }
    part = Part(
        "",
        {
            "range": [0, float(frame["minute"].max())],
            "title": {"text": "minutes since the first ball", "standoff": 4},
        },
        theme.share_axis("requests", range=[0, 1], dtick=0.25),
        (0, 1, 0, 1),
    )
    made = [
        scatter(frame["minute"].to_numpy(), frame[column].to_numpy(), mode="lines", stackgroup="a")
        | {"line": {"width": 0.5, "color": COLOURS[key]}, "name": name, "showlegend": True}
        | {"fillpattern": {"shape": shape, "fgopacity": 0.5}, "fillcolor": COLOURS[key]}
        | {"hovertemplate": f"minute %{{x:.1f}}: %{{y:.2~%}} {name}<extra></extra>"}
        for column, (name, key, shape) in OUTCOMES.items()
        if frame[column].any()
    ]
    return _single(part, made, about, {"now": frame})
