"""The plots of the request chain: a waterfall, what each further link saves, a DNS cut-over."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgelab.core.words import counted, in_ms
from edgelab.stage import drawing
from edgelab.stage.drawing import end_ms, note, rule, scatter, travels, way_axes
from edgelab.stage.drawn import Drawn
from edgelab.stage.plot import frame, plot
from edgelab.stage.theme import COLOURS
from edgelab.topics.chain.journey import journey
from edgelab.topics.chain.links import LINKS, PARTS, Protocols
from edgelab.topics.chain.model import RequestChain, duration

__all__ = ["cutover", "link_by_link", "savings", "waterfall"]

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
#: Rows of a request's way.
STOPS = {"Mumbai": 0, "PoP": 1, "exchange": 2, "viewer": 3}
#: Ground of a word that may stand on a line.
VEIL = "rgba(255,255,255,0.85)"
#: Room that a character takes beside a bar, as a share of the axis.
CHARACTER = 0.0145
#: Room for the last label of an axis, which stands at its very end.
LAST_LABEL = {"r": 24}
#: Marks of the time axis of a cut-over, as shares of the TTL.
TIMES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25)


def _end_ms(chain: RequestChain, pinned: RequestChain | None) -> float:
    """One end for the axes of all plots: it stands still while links move."""
    chains = [chain, pinned] if pinned else [chain]
    return end_ms(
        max(
            *(frame(RequestChain.savings, each)["total_ms"].max() for each in chains),
            *(frame(RequestChain.cutover, each)["mean_ms"].max() for each in chains),
        )
    )


# -- where the time goes --------------------------------------------------------------------------


@plot(RequestChain, "Where the time goes", height_px=250)
def waterfall(chain: RequestChain, pinned: RequestChain | None, at_rest: bool) -> Drawn:
    """What each link of a chain takes, one after the other."""
    links, end = frame(RequestChain.waterfall, chain), _end_ms(chain, pinned)
    words = [
        f"{what}: {ms:,.0f} ms" if ms else what
        for what, ms in zip(links["what"], links["ms"], strict=True)
    ]
    traces, total = _bars(links), links["ms"].sum()
    held = ""
    if pinned:
        before = frame(RequestChain.waterfall, pinned)
        traces.append(_thin_bars(before))
        held = f" (pinned: {in_ms(before['ms'].sum())})"
    rows = [f"<b>{link}</b> · {at}" for link, at in zip(LINKS, links["ends_at"], strict=False)]
    told = "; ".join(f"{link} {word}" for link, word in zip(links.index, words, strict=True))
    return Drawn(
        traces,
        {
            "title": {"text": "ms since the request began", "standoff": 4},
            "range": [0, end],
            "nticks": 8,
        },
        {
            "tickvals": _rows(links).tolist(),
            "ticktext": [*rows, "rest of answer"],
            "range": [-0.62, 5.5],
            "showgrid": False,
            "ticks": "",
        },
        caption=f"The whole answer is there after {in_ms(total)}{held}.",
        alt=f"Horizontal bars, one a link, each from where the last one ends: {told}.",
        notes=_beside(links, words, end),
        shapes=[rule("x", x0=total, x1=total, layer="below")],
        layout={"barmode": "overlay", "margin": LAST_LABEL},
    )


def _rows(links: pd.DataFrame) -> np.ndarray:
    """Where each link stands, the first on top."""
    return np.arange(len(links))[::-1].astype(float)


def _bars(links: pd.DataFrame) -> list[dict]:
    """One bar per link, from when it begins, in parts."""
    start, out = links["start_ms"].to_numpy(), []
    look = {"fillmode": "overlay", "fgcolor": COLOURS["paper"], "size": 7, "solidity": 0.3}
    for part in PARTS:
        name, colour, shape = PART_NAMES[part]
        ms = links[part].to_numpy()
        mark = {"color": COLOURS[colour], "pattern": look | {"shape": shape}}
        hover = f"{name}: %{{x:.1f}} ms<extra></extra>"
        about = {"width": 0.56, "marker": mark, "hovertemplate": hover}
        out.append(_bar(_rows(links), ms, start, name) | about)
        start = start + ms
    return out


def _thin_bars(links: pd.DataFrame) -> dict:
    """The pinned chain's links, below the others."""
    hover = "pinned: %{x:.1f} ms<extra></extra>"
    about = {"width": 0.12, "marker": {"color": COLOURS["pinned"]}, "hovertemplate": hover}
    ms, start = links["ms"].to_numpy(), links["start_ms"].to_numpy()
    return _bar(_rows(links) - 0.38, ms, start, "pinned") | about


def _bar(y: np.ndarray, x: np.ndarray, base: np.ndarray, name: str) -> dict:
    return {"type": "bar", "orientation": "h", "y": y, "x": x, "base": base, "name": name} | {
        "showlegend": True
    }


def _beside(links: pd.DataFrame, words: list[str], end: float) -> list[dict]:
    """What each link does, to the right of its bar, or to its left, or at its end."""
    begins = links["start_ms"].to_numpy()
    ends, gap = begins + links["ms"].to_numpy(), 0.008 * end
    out = []
    for text, y, start, stop in zip(words, _rows(links), begins, ends, strict=True):
        room = CHARACTER * len(text) * end
        x, anchor = stop + gap, "left"
        if stop + gap + room > end:
            x, anchor = (start if start > room else stop) - gap, "right"
        about = {"xref": "x", "yref": "y", "xanchor": anchor, "yanchor": "middle"}
        about |= {"bgcolor": VEIL, "borderpad": 0, "font": {"size": 11}}
        out.append(note(text, x, y, **about))
    return out


# -- one request on its way -----------------------------------------------------------------------


@plot(RequestChain, "One request on its way", height_px=190)
def link_by_link(chain: RequestChain, pinned: RequestChain | None, at_rest: bool) -> Drawn:
    """Where one request is at each moment: between viewer, exchange, PoP and Mumbai."""
    chains = {"tonight": chain} | ({"pinned": pinned} if pinned else {})
    ways = {
        key: frame(journey, each._take(Protocols), each.round_trips())
        for key, each in chains.items()
    }
    names = {"tonight": "this chain", "pinned": "pinned"}
    traces = [
        travels(
            way["since_ms"].to_numpy(),
            way["at"].map(STOPS).to_numpy(),
            key,
            names[key],
            dash="solid" if key == "tonight" else "dot",
        )
        | {"showlegend": bool(pinned)}
        for key, way in ways.items()
    ]
    seen = {name for way in ways.values() for name in way["at"]}
    now, links = ways["tonight"], frame(RequestChain.waterfall, chain)
    total, away = links["ms"].sum(), links["mumbai_ms"].sum()
    end = end_ms(max(way["since_ms"].iloc[-1] for way in ways.values()))
    words, walls = [], []
    for link, each in now[now["link"] != ""].groupby("link", sort=False):
        starts, stops = links.loc[link, "start_ms"], each["since_ms"].iloc[-1]
        walls.append(rule("x", x0=stops, x1=stops, layer="below"))
        if stops - starts > CHARACTER * len(link) * end:
            at = {"xref": "x", "yref": "y", "xanchor": "center", "font": drawing.QUIET}
            words.append(note(link, (starts + stops) / 2, STOPS["viewer"] + 0.15, **at))
    crossed = counted(int(links["mumbai_trips"].sum()), "round trip")
    said = f"{in_ms(away)} of that is travel to Mumbai, in {crossed}." if away else ""
    return Drawn(
        traces,
        *way_axes({name: row for name, row in STOPS.items() if name in seen}, end, above=0.6),
        caption=f"The answer takes {in_ms(total)}. {said or 'Nothing of it goes to Mumbai.'}",
        alt="A line that goes down from the viewer to where each link ends, and up again, over "
        "the time.",
        notes=words,
        shapes=walls,
        layout={"margin": LAST_LABEL},
    )


# -- what each further link saves -----------------------------------------------------------------


@plot(RequestChain, "What each further link saves", span=6, height_px=215)
def savings(chain: RequestChain, pinned: RequestChain | None, at_rest: bool) -> Drawn:
    """The total with none to all five links at the PoP, and what each changed.

    The bar of the present number is full.
    """
    rows = frame(RequestChain.savings, chain)
    here, total = rows["now"].to_numpy(), rows["total_ms"].to_numpy()
    bars = {
        "type": "bar",
        "x": rows.index.to_numpy(),
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
    traces = [bars]
    if pinned:
        before = frame(RequestChain.savings, pinned)
        edge = {"color": COLOURS["paper"], "width": 1.5}
        traces.append(
            scatter(
                # Beside the number, on the bar's right edge.
                before.index.to_numpy() + 0.33,
                before["total_ms"].to_numpy(),
                mode="markers",
                marker={"symbol": "diamond", "size": 10, "color": COLOURS["pinned"], "line": edge},
                name="pinned",
                showlegend=True,
                hovertemplate="pinned: %{y:.1f} ms<extra></extra>",
            )
        )
    saved = rows["saved_ms"][1:].round() + 0.0
    changes = [f"{-ms:+,.0f}".replace("-", "−") if ms else "±0" for ms in saved]
    assumed = _ip_by_a_factor(chain)
    changes[1] += "*" * assumed
    below = ["none", *(f"+{link}<br>{ms}" for link, ms in zip(LINKS, changes, strict=True))]
    why = "by a fitted factor: the PoP's way home is taken to be better" * assumed
    told = ", ".join(f"{link} {ms:,.0f}" for link, ms in zip(LINKS, saved, strict=True))
    return Drawn(
        traces,
        {
            "tickvals": rows.index.tolist(),
            "ticktext": below,
            "range": [-0.55, 5.55],
            "showgrid": False,
            "ticks": "",
        },
        {
            "title": {"text": "ms in all", "standoff": 4},
            "range": [0, 1.12 * _end_ms(chain, pinned)],
            "nticks": 4,
        },
        caption=f"Saved by each further link, in ms: {told}." + f" IP's is {why}." * assumed,
        alt="Bars, one for each number of links at the PoP.",
        notes=[
            note(
                "* assumed" * assumed, 1, 1, xref="x domain", yref="y domain", xanchor="right",
                yanchor="top", font=drawing.QUIET,
            )
        ],
    )  # fmt: skip


def _ip_by_a_factor(chain: RequestChain) -> bool:
    """Whether the viewer's own way home is longer than the model's by a fitted factor."""
    plain = chain.replace(transit_inflation=1.0, chennai_detour=1.0)
    return chain.round_trips().home_ms > plain.round_trips().home_ms


# -- a DNS cut-over -------------------------------------------------------------------------------


@plot(RequestChain, "DNS cut-over: new connections", span=6, height_px=215)
def cutover(chain: RequestChain, pinned: RequestChain | None, at_rest: bool) -> Drawn:
    """What new connections take after a DNS record has moved, over the share of its TTL.

    The grey ground is the viewers who still go home. A pinned chain's mean is over its own TTL.
    """
    rows, end = frame(RequestChain.cutover, chain), _end_ms(chain, pinned)
    first, last = (in_ms(rows["mean_ms"].iloc[at]) for at in (0, -1))
    caption = "Nothing has moved: DNS points home."
    if chain.moved:
        half, most = (duration(part * chain.dns_ttl_s) for part in (0.5, 0.99))
        caption = f"From {first} to {last}: the median after {half}, the p99 after {most}."
    traces = _curves(rows, chain.dns_ttl_s)
    if pinned:
        before = frame(RequestChain.cutover, pinned)
        held = scatter(
            before["since_s"].to_numpy() / pinned.dns_ttl_s,
            before["mean_ms"].to_numpy(),
            mode="lines",
            line={"color": COLOURS["pinned"], "width": 3, "dash": "dot"},
            name="pinned, mean",
            showlegend=True,
            hovertemplate="pinned, mean: %{y:,.0f} ms<extra></extra>",
        )
        traces.append(held)
    return Drawn(
        traces,
        {
            "title": {"text": "since the record moved", "standoff": 4},
            "range": [0, TIMES[-1]],
            "tickvals": list(TIMES),
            "ticktext": ["0", *(duration(part * chain.dns_ttl_s) for part in TIMES[1:])],
        },
        {"title": {"text": "ms in all", "standoff": 4}, "range": [0, 1.12 * end], "nticks": 4},
        caption=caption,
        alt="Over the time since the record moved: the mean, which falls evenly, and median and "
        "p99, which fall in one step each.",
        notes=_on_curves(rows, chain.moved > 0, end),
        layout={"margin": LAST_LABEL},
    )


def _curves(rows: pd.DataFrame, ttl_s: float) -> list[dict]:
    """Three statistics over the time; below the mean, the viewers who still go home."""
    x = rows["since_s"].to_numpy() / ttl_s
    told = [
        f"{duration(s)} after the move, {100 * share:.0f} % still go home"
        for s, share in zip(rows["since_s"], rows["old_share"], strict=True)
    ]
    new_ms = np.full(len(x), rows["mean_ms"].iloc[-1])
    out = [scatter(x, new_ms, mode="lines", line={"width": 0}, hoverinfo="skip")]
    for name, (column, dash) in LEVELS.items():
        shape = "linear" if name == "mean" else "hv"
        out.append(
            scatter(
                x,
                rows[column].to_numpy(),
                mode="lines",
                line={"color": COLOURS["ink"], "width": 1.8, "dash": dash, "shape": shape},
                text=told,
                name=name,
                hovertemplate=f"{name} %{{y:,.0f}} ms, %{{text}}<extra></extra>",
            )
        )
    out[1] |= {"fill": "tonexty", "fillcolor": COLOURS["grid"]}
    return out


def _on_curves(rows: pd.DataFrame, moved: bool, end: float) -> list[dict]:
    """Words on the curves of a cut-over: those of its steps above all curves."""
    first, last = rows["mean_ms"].iloc[0], rows["mean_ms"].iloc[-1]
    at = {"xref": "x", "yref": "y", "font": drawing.QUIET, "borderpad": 0}
    if not moved:
        return [note("nothing has moved", 0.27, first, **at)]
    top = at | {"yref": "y domain", "yanchor": "top", "xanchor": "center"}
    words = [note("median", 0.5, 1.0, **top), note("p99", 0.99, 1.0, **top)]
    if first - last > 0.25 * end:
        below = at | {"xanchor": "right", "yanchor": "top"}
        words += [
            note("mean", 0.27, first - 0.28 * (first - last), **below),
            note("still go home", 0.03, last, **at),
        ]
    return words
