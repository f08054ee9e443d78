"""The request chain as figures: a waterfall, what each further link saves, a DNS cut-over."""

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
from edgelab.models.chain import ENDS, RequestChain, duration
from edgelab.models.links import COLD, LINKS, PARTS

__all__ = ["ChainFrames", "cutover", "layout", "request_chain", "savings", "traces", "waterfall"]

#: What a part of a bar is called, and its colour and hatching.
PART_NAMES = {
    "last_mile_ms": ("last mile", "sky", "."),
    "pop_ms": ("on to the PoP", "tonight", ""),
    "mumbai_ms": ("to Mumbai", "old", "/"),
    "work_ms": ("work", "ink", ""),
}
#: Statistics of a cut-over: name to column and dash.
LEVELS = {
    "mean": ("mean_ms", "solid"),
    "median": ("median_ms", "dash"),
    "p99": ("p99_ms", "dot"),
}
#: Ground of a word that may stand on a line.
VEIL = "rgba(255,255,255,0.85)"
#: Room that a character takes beside a bar, as a share of the axis.
CHARACTER = 0.0158
#: Ends of an axis of milliseconds: it stands still while links move.
SPANS = (1, 1.2, 1.6, 2, 2.5, 3, 4, 5, 6, 8, 10)
#: Characters of the title's second line that the panel has room for.
SECOND_LINE = 165


class ChainFrames(NamedTuple):
    """The frames of one chain that a figure draws."""

    waterfall: pd.DataFrame | None
    savings: pd.DataFrame | None
    cutover: pd.DataFrame | None

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, chain: RequestChain) -> ChainFrames:
        """The frames of `chain`; remembered, so not to be changed."""
        return cls(chain.waterfall(), chain.savings(), chain.cutover())


NOTHING = ChainFrames(None, None, None)


# -- traces: a frame in, dictionaries out; the same ones make a figure and patch a live one -------


def span_ms(*most_ms: float) -> float:
    """End of the axes of milliseconds: room for every total, and for a word beyond it."""
    most = max(most_ms)
    wanted = max(1.1 * most, 1.0)
    ten = 10.0 ** np.floor(np.log10(wanted))
    return float(next(step * ten for step in SPANS if step * ten >= wanted * (1 - 1e-9)))


def _rows(frame: pd.DataFrame) -> np.ndarray:
    """Where each link stands, the first on top."""
    return np.arange(len(frame))[::-1].astype(float)


def _waterfall(frame: pd.DataFrame) -> list[dict]:
    """A bar a link, from when it begins, in parts."""
    y, start = _rows(frame), frame["start_ms"].to_numpy()
    out = []
    for part in PARTS:
        name, colour, shape = PART_NAMES[part]
        ms = frame[part].to_numpy()
        out.append(
            {
                "type": "bar",
                "orientation": "h",
                "y": y,
                "x": ms,
                "base": start,
                "width": 0.56,
                "name": name,
                "showlegend": True,
                "marker": {
                    "color": COLOURS[colour],
                    "pattern": {
                        "shape": shape,
                        "fillmode": "overlay",
                        "fgcolor": COLOURS["paper"],
                        "size": 7,
                        "solidity": 0.3,
                    },
                },
                "hovertemplate": f"{name}: %{{x:.1f}} ms<extra></extra>",
            }
        )
        start = start + ms
    return out


def _row_notes(frame: pd.DataFrame, span: float, size: int) -> list[dict]:
    """What each link does, to the right of its bar, or to its left, or at its end."""
    begins = frame["start_ms"].to_numpy()
    ends, gap = begins + frame["ms"].to_numpy(), 0.008 * span
    out = []
    for text, y, begin, end in zip(_words(frame), _rows(frame), begins, ends, strict=True):
        room = CHARACTER * len(text) * span
        x, anchor = end + gap, "left"
        if end + gap + room > span:
            x, anchor = (begin if begin > room else end) - gap, "right"
        about = {"xref": "x", "yref": "y", "xanchor": anchor, "yanchor": "middle"}
        about |= {"bgcolor": VEIL, "borderpad": 0, "font": {"size": size}}
        out.append(note(text, x, y, **about))
    return out


def _words(frame: pd.DataFrame) -> list[str]:
    """What stands beside each bar."""
    return [
        f"{what}: {ms:,.0f} ms" if ms else what
        for what, ms in zip(frame["what"], frame["ms"], strict=True)
    ]


def _held(frame: pd.DataFrame | None) -> dict:
    """The pinned chain's links as thin bars below the others."""
    none = np.empty(0)
    return {
        "type": "bar",
        "orientation": "h",
        "y": none if frame is None else _rows(frame) - 0.38,
        "x": none if frame is None else frame["ms"].to_numpy(),
        "base": none if frame is None else frame["start_ms"].to_numpy(),
        "width": 0.12,
        "name": "pinned",
        "showlegend": frame is not None,
        "marker": {"color": COLOURS["pinned"]},
        "hovertemplate": "pinned: %{x:.1f} ms<extra></extra>",
    }


def _savings(frame: pd.DataFrame) -> dict:
    """A bar for each number of links at the PoP; the present one is full."""
    here = frame["now"].to_numpy()
    total = frame["total_ms"].to_numpy()
    return {
        "type": "bar",
        "x": frame.index.to_numpy(),
        "y": total,
        "width": 0.66,
        "text": [
            f"<b>{ms:,.0f}</b>" if now else f"{ms:,.0f}"
            for ms, now in zip(total, here, strict=True)
        ],
        "textposition": "outside",
        "textfont": {"size": 11},
        "textangle": 0,
        "cliponaxis": False,
        "marker": {
            "color": np.where(here, COLOURS["tonight"], COLOURS["paper"]).tolist(),
            "line": {"color": COLOURS["tonight"], "width": 1.5},
        },
        "hovertemplate": "%{x} links at the PoP: %{y:.1f} ms<extra></extra>",
        "showlegend": False,
    }


def _held_savings(frame: pd.DataFrame | None) -> dict:
    none = np.empty(0)
    return scatter(
        # Beside the number, on the bar's right edge.
        none if frame is None else frame.index.to_numpy() + 0.33,
        none if frame is None else frame["total_ms"].to_numpy(),
        mode="markers",
        marker={
            "symbol": "diamond",
            "size": 10,
            "color": COLOURS["pinned"],
            "line": {"color": COLOURS["paper"], "width": 1.5},
        },
        name="pinned",
        hovertemplate="pinned: %{y:.1f} ms<extra></extra>",
    )


def _ttl_s(frame: pd.DataFrame) -> float:
    """The TTL of a cut-over, which goes a quarter beyond it."""
    return frame["since_s"].iloc[-1] / TIMES[-1]


def _cutover(frame: pd.DataFrame) -> list[dict]:
    """Three statistics over the time; below the mean, the viewers who still go home."""
    x = frame["since_s"].to_numpy() / _ttl_s(frame)
    told = [
        f"{duration(s)} after the move, {share:.0%} still go home"
        for s, share in zip(frame["since_s"], frame["old_share"], strict=True)
    ]
    new_ms = np.full(len(x), frame["mean_ms"].iloc[-1])
    out = [scatter(x, new_ms, mode="lines", line={"width": 0}, hoverinfo="skip")]
    for name, (column, dash) in LEVELS.items():
        shape = "linear" if name == "mean" else "hv"
        out.append(
            scatter(
                x,
                frame[column].to_numpy(),
                mode="lines",
                line={"color": COLOURS["ink"], "width": 1.8, "dash": dash, "shape": shape},
                text=told,
                name=name,
                hovertemplate=f"{name} %{{y:,.0f}} ms, %{{text}}<extra></extra>",
            )
        )
    out[1] |= {"fill": "tonexty", "fillcolor": COLOURS["grid"]}
    return out


def _held_cutover(frame: pd.DataFrame | None) -> dict:
    """The pinned chain's mean, over the same share of its own TTL."""
    none = np.empty(0)
    return scatter(
        none if frame is None else frame["since_s"].to_numpy() / _ttl_s(frame),
        none if frame is None else frame["mean_ms"].to_numpy(),
        mode="lines",
        line={"color": COLOURS["pinned"], "width": 2},
        hovertemplate="pinned, mean: %{y:,.0f} ms<extra></extra>",
    )


# -- parts ----------------------------------------------------------------------------------------

#: Marks of the time axis, as shares of the TTL.
TIMES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25)
PARTS_OF_FIGURE = {
    "waterfall": Part(
        "Where the time goes",
        {"title": {"text": "ms since the request began", "standoff": 4}, "nticks": 8},
        {"range": [-0.62, 5.5], "showgrid": False, "ticks": ""},
        (0.105, 0.575, 0.115, 0.845),
        0.0,
    ),
    "savings": Part(
        "What each further link saves: ms in all",
        {"range": [-0.55, 5.55], "showgrid": False, "ticks": ""},
        {"nticks": 4},
        (0.645, 0.985, 0.6, 0.845),
        0.605,
    ),
    "cutover": Part(
        "DNS cut-over: new connections",
        {
            "title": {"text": "since the record moved", "standoff": 4},
            "range": [0, TIMES[-1]],
            "tickvals": list(TIMES),
        },
        {"nticks": 4, "title": {"text": "ms", "standoff": 2}},
        (0.645, 0.975, 0.115, 0.4),
        0.605,
    ),
}


def _span_ms(now: ChainFrames, held: ChainFrames) -> float:
    """One end for all three parts."""
    frames = [frame.savings for frame in (now, held) if frame.savings is not None]
    return span_ms(*(frame["total_ms"].max() for frame in frames), now.cutover["mean_ms"].max())


def traces(now: ChainFrames, pinned: ChainFrames | None = None) -> list[dict]:
    """Every trace of the combined figure, always the same number in the same order."""
    held = pinned or NOTHING
    made = {
        "waterfall": [*_waterfall(now.waterfall), _held(held.waterfall)],
        "savings": [_savings(now.savings), _held_savings(held.savings)],
        "cutover": [_held_cutover(held.cutover), *_cutover(now.cutover)],
    }
    return drawing.on_axes(PARTS_OF_FIGURE, made)


def layout(chain: RequestChain, pinned: RequestChain | None = None) -> dict:
    """Layout of the combined figure."""
    now, held = ChainFrames.of(chain), ChainFrames.of(pinned) if pinned else NOTHING
    span = _span_ms(now, held)
    # A waterfall leaves its top right corner empty.
    legend = {"orientation": "v", "x": 0.575, "y": 0.845, "xanchor": "right"}
    legend |= {"traceorder": "normal", "tracegroupgap": 0, "bgcolor": VEIL}
    out = drawing.combined(PARTS_OF_FIGURE, title(chain, pinned), legend)
    out["barmode"] = "overlay"
    out["xaxis"] |= {"range": [0, span]}
    out["yaxis"] |= _links_axis(now.waterfall)
    out["xaxis2"] |= _moved_axis(now.savings)
    out["yaxis2"] |= {"range": [0, 1.12 * span]}
    out["xaxis3"] |= {"ticktext": _times(chain.dns_ttl_s)}
    out["yaxis3"] |= {"range": [0, 1.12 * span]}
    total = now.waterfall["ms"].sum()
    out["shapes"] = [rule("x", x0=total, x1=total, layer="below")]
    out["annotations"] += _row_notes(now.waterfall, span, 11)
    out["annotations"] += _labels(now.cutover, span, "x3", "y3", 11)
    return out


def _times(ttl_s: float) -> list[str]:
    return ["0", *(duration(part * ttl_s) for part in TIMES[1:])]


def _labels(frame: pd.DataFrame, span: float, x: str, y: str, size: int) -> list[dict]:
    """Words on the curves of a cut-over: those of its steps above all curves."""
    quiet = {"size": size, "color": COLOURS["quiet"]}
    first, last = frame["mean_ms"].iloc[0], frame["mean_ms"].iloc[-1]
    moved = frame["old_share"].iloc[-1] == 0
    falls = moved and first - last > 0.4 * span
    at = {"xref": x, "yref": y, "font": quiet, "borderpad": 0}
    below = {"xanchor": "right", "yanchor": "top"}
    above = {"xanchor": "left", "yanchor": "bottom"}
    top = {"yref": f"{y} domain", "yanchor": "top", "xanchor": "center"}
    mean = "mean" if falls else "" if moved else "nothing has moved"
    return [
        note(mean, 0.27, first - 0.28 * (first - last), **at | (below if moved else above)),
        note("median" if moved else "", 0.5, 1.0, **at | top),
        note("p99" if moved else "", 0.99, 1.0, **at | top),
        note("still go home" if falls else "", 0.03, last, **at | above),
    ]


def _links_axis(frame: pd.DataFrame) -> dict:
    """Each link with its end."""
    ends = frame["ends_at"].tolist()
    text = [f"<b>{link}</b> · {end}" for link, end in zip(LINKS, ends, strict=False)]
    return {"tickvals": _rows(frame).tolist(), "ticktext": [*text, "rest of answer"]}


def _moved_axis(frame: pd.DataFrame) -> dict:
    """Each link with what it saves."""
    saved = [f"{-ms:+,.0f}".replace("-", "−") for ms in frame["saved_ms"][1:].round()]
    saved = ["±0" if text in ("+0", "−0") else text for text in saved]
    text = ["none", *(f"+{link}<br>{change}" for link, change in zip(LINKS, saved, strict=True))]
    return {"tickvals": frame.index.tolist(), "ticktext": text}


def title(chain: RequestChain, pinned: RequestChain | None = None) -> str:
    """Every setting in two lines, so that an exported picture tells them."""
    first, more = settings(chain)
    held = [f"pinned: {settings_in_words(pinned)}"] if pinned else []
    second = "; ".join([more] * bool(more) + held)
    small = f"<span style='font-size:11px'>{telling.cut(second, SECOND_LINE)}</span>"
    return f"<b>{chain.total_ms():,.0f} ms</b>: {first}<br>{small}"


def settings(chain: RequestChain) -> tuple[str, str]:
    """What a chain is set to: in short, and all that is left."""
    kind = "new" if chain.connection == COLD else "open"
    at = ", ".join(LINKS[: chain.moved]) or "nothing"
    at = "all five" if chain.moved == len(LINKS) else at
    first = f"{chain.place}, {kind} connection; at the PoP: {at}; {chain.tls}, {chain.http}"
    said = {"place", "connection", "tls", "http", *ENDS.values()}
    return first, telling.turned(chain, without=said)


def settings_in_words(chain: RequestChain) -> str:
    """The same in one line."""
    return ", ".join(filter(None, settings(chain)))


def request_chain(
    chain: RequestChain, pinned: RequestChain | None = None, widget: bool = False
) -> go.Figure:
    """The whole chain in one figure, as the live panel shows it.

    Parameters
    ----------
    chain : RequestChain
        The chain to show.
    pinned : RequestChain, optional
        A chain to compare with.
    widget : bool
        Whether to make a live FigureWidget.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    now, held = ChainFrames.of(chain), ChainFrames.of(pinned) if pinned else None
    made = traces(now, held)
    parts = "; ".join(part.title for part in PARTS_OF_FIGURE.values())
    arguments = f"el.{chain!r}" + (f", pinned=el.{pinned!r}" if pinned else "")
    meta = {
        "name": "request_chain",
        "title": "The request chain at a glance",
        "caption": chain.in_words(),
        "alt": f"Three plots: {parts}. {chain.in_words()}",
        "code": f"el.figures.request_chain({arguments})",
    }
    return theme.figure(made, layout(chain, pinned) | {"meta": meta}, widget)


# -- single figures: each tells its title, caption, alternative text and line of code -------------


def _frames(now: pd.DataFrame, pinned: pd.DataFrame | None) -> dict[str, pd.DataFrame]:
    return {"now": now} if pinned is None else {"now": now, "pinned": pinned}


def _single(
    part: str,
    made: list[dict],
    frames: Mapping[str, pd.DataFrame],
    about: Mapping[str, str],
    **layout,
) -> go.Figure:
    """One part as a figure of its own, with what an export tells of it."""
    meta, below = telling.meta(about, frames, settings_in_words)
    return drawing.single(PARTS_OF_FIGURE[part], made, meta, below, **layout)


def _wide(part: str, **axes: dict) -> dict:
    """A part's axes with more on them, and room for their labels."""
    about = PARTS_OF_FIGURE[part]
    base = {"xaxis": about.x_axis, "yaxis": about.y_axis}
    return {name: axis | axes.get(name, {}) | {"automargin": True} for name, axis in base.items()}


def waterfall(frame: pd.DataFrame, pinned: pd.DataFrame | None = None) -> go.Figure:
    """What each link of a chain takes, one after the other.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `RequestChain.waterfall`.
    pinned : pandas.DataFrame, optional
        The same of a chain to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    frames = _frames(frame, pinned)
    span = span_ms(*(each["ms"].sum() for each in frames.values()))
    told = [f"{link} {word}" for link, word in zip(frame.index, _words(frame), strict=True)]
    total = {key: telling.in_ms(each["ms"].sum()) for key, each in frames.items()}
    held = f" (pinned: {total['pinned']})" if "pinned" in total else ""
    caption = f"The whole answer is there after {total['now']}{held}."
    about = {
        "name": "waterfall",
        "title": "Where the time goes",
        "caption": caption,
        "alt": "Horizontal bars, one a link, each from where the last one ends: "
        f"{'; '.join(told)}. {caption}",
    }
    axes = _wide("waterfall", xaxis={"range": [0, span]}, yaxis=_links_axis(frame))
    made = [*_waterfall(frame), _held(pinned)]
    axes |= {"annotations": _row_notes(frame, span, 14), "barmode": "overlay"}
    return _single("waterfall", made, frames, about, **axes)


def savings(frame: pd.DataFrame, pinned: pd.DataFrame | None = None) -> go.Figure:
    """What each further link saves when it moves to the PoP.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `RequestChain.savings`.
    pinned : pandas.DataFrame, optional
        The same of a chain to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    frames = _frames(frame, pinned)
    span = span_ms(*(each["total_ms"].max() for each in frames.values()))
    rows = frame.iloc[1:]
    told = ", ".join(
        f"{link} {ms:,.0f}" for link, ms in zip(rows["link"], rows["saved_ms"] + 0.0, strict=True)
    )
    caption = f"Saved by each further link, in ms: {told}."
    about = {
        "name": "savings",
        "title": "What each further link saves",
        "caption": caption,
        "alt": f"Bars, one for each number of links at the PoP. {caption}",
    }
    y = {"range": [0, 1.12 * span], "title": {"text": "ms until the answer is there"}}
    axes = _wide("savings", xaxis=_moved_axis(frame), yaxis=y)
    made = [_savings(frame), _held_savings(pinned) | {"showlegend": pinned is not None}]
    return _single("savings", made, frames, about, **axes)


def cutover(frame: pd.DataFrame, pinned: pd.DataFrame | None = None) -> go.Figure:
    """What new connections take after a DNS record has moved.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `RequestChain.cutover`.
    pinned : pandas.DataFrame, optional
        The same of a chain to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    frames = _frames(frame, pinned)
    span = span_ms(*(each["mean_ms"].max() for each in frames.values()))
    first, last = (telling.in_ms(frame["mean_ms"].iloc[at]) for at in (0, -1))
    caption = "Nothing has moved: DNS points home."
    if frame["old_share"].iloc[-1] == 0:
        half, most = (duration(part * _ttl_s(frame)) for part in (0.5, 0.99))
        caption = f"From {first} to {last}: the median after {half}, the p99 after {most}."
    about = {
        "name": "cutover",
        "title": "A DNS cut-over: new connections",
        "caption": caption,
        "alt": "Over the time since the record moved: the mean, which falls evenly, and median and "
        f"p99, which fall in one step each. {caption}",
    }
    axes = _wide(
        "cutover",
        xaxis={"ticktext": _times(_ttl_s(frame))},
        yaxis={"range": [0, 1.12 * span]},
    )
    made = [_held_cutover(pinned), *_cutover(frame)]
    made[0] |= {"name": "pinned, mean", "showlegend": pinned is not None}
    notes = _labels(frame, span, "x", "y", 14)
    return _single("cutover", made, frames, about, annotations=notes, **axes)
