"""The edge KV as figures: stale reads, users on the move, lost updates, metadata; quorums."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from edgelab.figures import drawing, telling, theme
from edgelab.figures.drawing import Part, note, rule, scatter
from edgelab.figures.theme import COLOURS
from edgelab.models.edge_kv import EdgeKV

__all__ = ["consistency", "handoff", "kv", "lost_updates", "metadata", "stale_reads", "traces"]

TIMES_MS = (1.0, 120_000.0)
PINNED = "pinned"


def _look(colour: str, dash: str = "solid") -> dict:
    return {"color": COLOURS[colour], "dash": dash}


#: How a line looks, in letters.
STROKES = {"solid": "━━", "dash": "━ ━", "dashdot": "━·━", "dot": "····"}
#: Column, name, look and short name of the lines of each part, the main one first.
LINES = {
    "stale": [
        ("viewers", "viewers", _look("drawn", "dashdot"), "viewers"),
        ("same_continent", "PoPs in Asia", _look("tonight"), "PoPs in Asia"),
        ("elsewhere", "PoPs elsewhere", _look("old", "dash"), "elsewhere"),
    ],
    "handoff": [
        ("missed_share", "no sticky route", _look("old", "dash"), "no sticky route"),
        ("sticky_share", "with the sticky route", _look("tonight"), "with it"),
    ],
    "lost": [
        ("lww_lost_share", "last writer wins", _look("old", "dash"), "last writer wins"),
        ("crdt_lost_share", "CRDT counter", _look("tonight"), "CRDT counter"),
    ],
    "metadata": [
        ("g_counter_bytes", "G-counter", _look("tonight"), "G-counter"),
        ("pn_counter_bytes", "PN-counter", _look("old", "dash"), "PN-"),
        ("or_set_bytes", "OR-set", _look("plum", "dashdot"), "OR-set"),
        ("register_bytes", "LWW-register", _look("drawn") | {"width": 1.2}, "register"),
    ],
}
X = {
    "stale": "since_write_ms",
    "handoff": "since_write_ms",
    "lost": "writes_per_s",
    "metadata": "operations",
}
HOVER = {
    "stale": "%{y:.3~%} stale %{x:.3~s} ms after the write",
    "handoff": "%{y:.3~%} miss their own write %{x:.3~s} ms after it",
    "lost": "%{y:.3~%} lost at %{x:.3~s} writes a second",
    "metadata": "%{y:,.0f} bytes after %{x:,.0f} operations",
}


def _log_axis(title: str, low: int, high: int) -> dict:
    """A logarithmic axis of powers of ten."""
    ticks = [10.0**k for k in range(low, high + 1)]
    texts = [f"{t:g}" if t < 1000 else f"{t / 1000:g} k" for t in ticks]
    return {
        "type": "log",
        "range": [low - 0.05, high + 0.05],
        "tickvals": ticks,
        "ticktext": texts,
        "title": {"text": title, "standoff": 4},
    }


_SHARE = {"range": [-0.02, 1.04], "dtick": 0.25}
COMMIT_TICKS = {
    "tickvals": [0.1, 1, 10, 100, 1000, 10_000],
    "ticktext": ["0.1", "1", "10", "100", "1 s", "10 s"],
}
PARTS = {
    "stale": Part(
        "Who still reads the old value?",
        theme.ms_axis("time since the write, ms", *TIMES_MS, every=2),
        theme.share_axis("reads that are stale", **_SHARE),
        (0.05, 0.48, 0.575, 0.815),
    ),
    "handoff": Part(
        "Who misses their own write?",
        theme.ms_axis("time since the write, ms", *TIMES_MS, every=2),
        theme.share_axis("reads that miss it", **_SHARE),
        (0.56, 0.99, 0.575, 0.815),
    ),
    "lost": Part(
        "How many increments of a counter are lost?",
        _log_axis("writes a second to one key", -2, 2),
        theme.share_axis("increments lost", **_SHARE),
        (0.05, 0.48, 0.11, 0.355),
    ),
    "metadata": Part(
        "How large does one key get?",
        _log_axis("operations on it", 0, 4),
        _log_axis("bytes", 1, 5),
        (0.56, 0.99, 0.11, 0.355),
    ),
}
#: Heights of a line of type in the combined figure, as shares of it.
LINE = 0.045


# -- traces ---------------------------------------------------------------------------------------


def _curve(frame: pd.DataFrame | None, part: str, line: tuple, **about) -> dict:
    column, name, look, _ = line
    return scatter(
        np.empty(0) if frame is None else frame[X[part]].to_numpy(float),
        np.empty(0) if frame is None else frame[column].to_numpy(float),
        mode="lines",
        line={"width": 2.5} | look,
        name=name,
        showlegend=True,
        hovertemplate=f"{name}: {HOVER[part]}<extra></extra>",
        **about,
    )


def _held(frame: pd.DataFrame | None, part: str) -> dict:
    """The main line of a pinned store."""
    column, name, *_ = LINES[part][0]
    return _curve(frame, part, (column, f"{name}, {PINNED}", _look("pinned", "dot"), PINNED))


def _part(frame: pd.DataFrame, part: str, pinned: pd.DataFrame | None) -> list[dict]:
    return [*(_curve(frame, part, line) for line in LINES[part]), _held(pinned, part)]


def _now(store: EdgeKV) -> dict:
    """A dot at the present rate of writes."""
    lost = store.lost_updates((store.writes_per_s,)).iloc[0]
    return scatter(
        np.array([lost["writes_per_s"]]),
        np.array([lost["lww_lost_share"]]),
        mode="markers",
        marker={"color": COLOURS["old"], "size": 10, "line": {"color": COLOURS["ink"], "width": 1}},
        hovertemplate=f"now: {HOVER['lost']}<extra></extra>",
    )


def _frames(store: EdgeKV) -> dict[str, pd.DataFrame]:
    return {
        "stale": store.staleness(),
        "handoff": store.handoff(),
        "lost": store.lost_updates(),
        "metadata": store.metadata(),
    }


def traces(store: EdgeKV, pinned: EdgeKV | None = None) -> list[dict]:
    """Every trace of the combined figure, always the same number in the same order."""
    frames, held = _frames(store), _frames(pinned) if pinned else {}
    made = {part: _part(frame, part, held.get(part)) for part, frame in frames.items()}
    for drawn in made.values():
        for trace in drawn:
            trace["showlegend"] = False  # the key below each heading takes its place
    made["lost"].append(_now(store))
    return drawing.on_axes(PARTS, made)


# -- the combined figure --------------------------------------------------------------------------


def settings(store: EdgeKV) -> str:
    """What a store is set to, in one line."""
    knobs = EdgeKV.knobs()
    delay = knobs["kv_delay_ms"].text(store.kv_delay_ms)
    if store.copies == "fetched":
        first = f"fetched once in {store.kv_delay_ms / 500:g} s"
    else:
        first = f"pushed, {delay} between continents"
    more = telling.turned(store, without={"kv_delay_ms", "copies"})
    return ", ".join(filter(None, [first, more]))


def layout(store: EdgeKV, pinned: EdgeKV | None = None) -> dict:
    """Layout of the combined figure."""
    held = f"pinned: {settings(pinned)}" if pinned else ""
    small = f"<span style='font-size:11px'>{telling.cut(held, 150)}</span>"
    title = f"<b>Edge KV</b>: {telling.cut(settings(store), 130)}<br>{small}"
    out = drawing.combined(PARTS, title, {})
    for number, (name, part) in enumerate(PARTS.items(), start=1):
        left, _, _, top = part.box
        # The heading says what the axis would, and the key takes the place between the two.
        axis = f"yaxis{drawing.axis_of(PARTS, name)}"
        out[axis] = out[axis] | {"title": {"text": ""}}
        out["annotations"][number]["y"] = top + LINE
        out["annotations"].append(
            note(_key(name, pinned is not None), left, top + 0.003, font={"size": 11})
        )
    ends, words = _sticky_end(store)
    rate, quiet = store.writes_per_s, drawing.QUIET_SMALL
    lost = store.lost_updates((rate,))["lww_lost_share"].iloc[0]
    left, right = ends > 5_000, rate > 0.3
    out["shapes"] = [rule("x2", x0=ends, x1=ends), rule("x3", x0=rate, x1=rate)]
    out["annotations"] += [
        note(
            words,
            np.log10(ends),
            0.3,
            xref="x2",
            yref="y2 domain",
            xanchor="right" if left else "left",
            xshift=-4 if left else 4,
            font=quiet,
        ),
        # Where the curve is not: above it while it is low, below it where it is high.
        note(
            f"<b>{lost:.0%} lost</b>",
            np.log10(rate),
            lost,
            xref="x3",
            yref="y3",
            xanchor="right" if right else "left",
            xshift=-9 if right else 9,
            yanchor="bottom" if lost < 0.85 else "top",
            yshift=4 if lost < 0.85 else -6,
            font={"size": 11, "color": COLOURS["ink"]},
        ),
    ]
    return out


def _key(part: str, pinned: bool) -> str:
    """The lines of a part in words: in place of a legend, which would take room from the plots."""
    lines = [(look, short) for _, _, look, short in LINES[part]]
    lines += [(_look("pinned", "dot"), PINNED)] * pinned
    return "  ".join(
        f"<span style='color:{look['color']}'>{STROKES[look['dash']]}</span> {short}"
        for look, short in lines
    )


def _sticky_end(store: EdgeKV) -> tuple[float, str]:
    """When the sticky route ends, on the axis, and the word for it."""
    if 1000 * store.sticky_s < TIMES_MS[0]:
        return TIMES_MS[0], "no sticky route"
    return min(1000 * store.sticky_s, TIMES_MS[1]), f"sticky until {store.sticky_s:g} s"


def kv(store: EdgeKV, pinned: EdgeKV | None = None) -> go.Figure:
    """The whole page in one figure, as the live panel shows it.

    Parameters
    ----------
    store : EdgeKV
        The store to show.
    pinned : EdgeKV, optional
        A store to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    arguments = f"el.{store!r}" + (f", pinned=el.{pinned!r}" if pinned else "")
    parts = " ".join(part.title for part in PARTS.values())
    meta = {
        "name": "kv",
        "title": "What “eventually” costs",
        "caption": store.in_words(),
        "alt": f"Four plots: {parts} {store.in_words()}",
        "code": f"el.figures.kv({arguments})",
    }
    return theme.figure(traces(store, pinned), layout(store, pinned) | {"meta": meta})


# -- single figures -------------------------------------------------------------------------------


def _single(
    part: str,
    frame: pd.DataFrame,
    pinned: pd.DataFrame | None,
    about: Mapping[str, str],
) -> go.Figure:
    frames = {"now": frame} | ({PINNED: pinned} if pinned is not None else {})
    meta, below = telling.meta(about, frames, settings)
    made = _part(frame, part, pinned)
    if pinned is None:
        made.pop()
    return drawing.single(PARTS[part], made, meta, below)


def stale_reads(frame: pd.DataFrame, pinned: pd.DataFrame | None = None) -> go.Figure:
    """Share of reads that miss a write, over the time since it: viewers, PoPs near and far.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `EdgeKV.staleness`.
    pinned : pandas.DataFrame, optional
        The same of a store to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    late_first = frame[::-1]
    until = {
        name: telling.in_ms(np.interp(0.01, late_first[column], late_first[X["stale"]]))
        for column, name, *_ in LINES["stale"]
    }
    caption = "Until 99 of 100 reads see the write: "
    caption += ", ".join(f"{name} {when}" for name, when in until.items()) + "."
    about = {
        "name": "stale_reads",
        "title": "Who still reads the old value?",
        "caption": caption,
        "alt": "Falling curves: the share of reads that are stale, over the time since the write. "
        f"{caption}",
    }
    return _single("stale", frame, pinned, about)


def handoff(frame: pd.DataFrame, pinned: pd.DataFrame | None = None) -> go.Figure:
    """Share of reads at another PoP that miss their user's own write, over the time since it.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `EdgeKV.handoff`.
    pinned : pandas.DataFrame, optional
        The same of a store to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    worst = frame["sticky_share"].max()
    at = frame.loc[frame["since_write_ms"] >= 100, "missed_share"].iloc[0]
    caption = f"Read 100 ms after the write without a sticky route: {at:.2%} miss it. With one, "
    caption += f"at worst {worst:.2%} do, just after it has ended."
    about = {
        "name": "handoff",
        "title": "Who misses their own write?",
        "caption": caption,
        "alt": "Falling curves: the share of reads that miss the write, over the time since it, "
        f"without and with a sticky route. {caption}",
    }
    return _single("handoff", frame, pinned, about)


def lost_updates(frame: pd.DataFrame, pinned: pd.DataFrame | None = None) -> go.Figure:
    """Share of a counter's increments that are lost, over the rate at which they are made.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `EdgeKV.lost_updates`.
    pinned : pandas.DataFrame, optional
        The same of a store to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    lost = frame.set_index("writes_per_s")["lww_lost_share"]
    told = [f"{share:.1%} at {rate:.3g} a second" for rate, share in lost.iloc[::4].items()]
    crdt = frame["crdt_lost_share"].max()
    caption = f"Lost where the last writer wins: {', '.join(told)}. Of a CRDT counter: {crdt:.0%}."
    about = {
        "name": "lost_updates",
        "title": "How many increments of a counter are lost?",
        "caption": caption,
        "alt": "A rising curve, last writer wins, and a flat one, the CRDT counter: the share of "
        f"increments that are lost, over the rate of writes. {caption}",
    }
    return _single("lost", frame, pinned, about)


def metadata(frame: pd.DataFrame, pinned: pd.DataFrame | None = None) -> go.Figure:
    """Bytes of one key, over the operations on it: three CRDTs and a register.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `EdgeKV.metadata`.
    pinned : pandas.DataFrame, optional
        The same of a store to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
        Both axes are logarithmic.
    """
    last = frame.iloc[-1]
    sizes = [f"{name} {last[column]:,.0f}" for column, name, *_ in LINES["metadata"]]
    caption = f"Bytes after {last['operations']:,.0f} operations at {last['writers']:,.0f} PoPs: "
    caption += f"{', '.join(sizes)}."
    about = {
        "name": "metadata",
        "title": "How large does one key get?",
        "caption": caption,
        "alt": f"Curves on two logarithmic axes: bytes of one key, over operations. {caption}",
    }
    return _single("metadata", frame, pinned, about)


def consistency(*frames: pd.DataFrame) -> go.Figure:
    """Share of stale reads of quorum stores, over the time since a write's commit.

    Parameters
    ----------
    *frames : pandas.DataFrame
        From `Quorum.consistency`, one to four.

    Returns
    -------
    plotly.graph_objects.Figure
        Both axes are logarithmic; where no read is stale there is no curve, and the legend tells.

    Raises
    ------
    ValueError
        If there are none, or more than four.
    """
    if not 1 <= len(frames) <= 4:
        raise ValueError(f"frames: got {len(frames)}, allowed one to four")
    looks = [look for _, _, look, _ in LINES["metadata"]]
    made, told = [], []
    for number, (frame, look) in enumerate(zip(frames, looks, strict=False), start=1):
        found = telling.source(frame)
        name = _store(found[0]) if found else f"store {number}"
        none = not (frame["stale_share"] > 0).any()
        drawn = frame.where((frame["stale_share"] > 1e-5) & (frame["since_commit_ms"] > 0))
        at_once = frame["stale_share"].iloc[0]
        told.append(f"{name}: {at_once:.2%} stale at once")
        made.append(
            scatter(
                drawn["since_commit_ms"].to_numpy(),
                drawn["stale_share"].to_numpy(),
                mode="lines",
                line={"width": 2.5} | look,
                name=f"{name}{' (never stale)' if none else ''}",
                showlegend=True,
                hovertemplate=f"{name}: %{{y:.3~%}} stale %{{x:.3~s}} ms after the commit"
                "<extra></extra>",
            )
        )
    caption = f"{'; '.join(told)}."
    about = {
        "name": "consistency",
        "title": "How soon does a quorum read see a write?",
        "caption": caption,
        "alt": "Falling curves on two logarithmic axes: the share of stale reads, over the time "
        f"since the commit. {caption}",
    }
    keys = {f"store {k}": frame for k, frame in enumerate(frames, start=1)}
    meta, _ = telling.meta(about, keys, lambda _: "", dict.fromkeys(keys, ""))
    part = Part(
        "",
        theme.ms_axis("time since the commit, ms", 0.1, 10_000) | COMMIT_TICKS,
        theme.share_axis(
            "reads that are stale",
            type="log",
            range=[-5, 0.05],
            tickvals=[1, 0.1, 0.01, 0.001, 0.0001, 0.00001],
        ),
        (0, 1, 0, 1),
    )
    level = rule("x domain", x0=0, x1=1, yref="y", y0=0.001, y1=0.001)
    line = note("99.9 % fresh", 0.01, -3, xref="x domain", yref="y", font=drawing.QUIET)
    legend = {"x": 1, "y": 1, "xanchor": "right", "yanchor": "top"}
    more = {"shapes": [level], "annotations": [line], "legend": legend}
    return drawing.single(part, made, meta, **more)


def _store(store) -> str:
    """A quorum store in short."""
    network = store.network if isinstance(store.network, str) else "own"
    return f"{network.removeprefix('LNKD-')} N{store.n} R{store.r} W{store.w}"
