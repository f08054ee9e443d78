"""How many PoPs, as figures: curves over the count, what each PoP saves, the map, distances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from edgelab.figures import drawing, maps, telling, theme
from edgelab.figures.drawing import Part, note, rule, scatter
from edgelab.figures.theme import COLOURS
from edgelab.models.growth import ORDER_WORDS
from edgelab.models.placement import LINES, Placement

__all__ = [
    "PlacementFrames",
    "placement",
    "pop_curves",
    "pop_distances",
    "pop_gains",
    "pop_map",
    "pop_orders",
    "traces",
]

#: Colour, dash and width of a row's p99.
LOOKS = {
    "everyone": ("tonight", "solid", 3),
    "Bay Area": ("plum", "dash", 1.8),
    "London": ("amber", "dashdot", 1.8),
    "Delhi": ("sky", "longdash", 1.8),
    "p50": ("tonight", "dot", 1.8),
}
EVERYONE = (("everyone", "p50"), ("everyone", "p99"))
#: Dash of an order in which PoPs can be added.
ORDER_LOOKS = {
    "viewers": ("tonight", "solid", 3),
    "world": ("old", "dash", 2.5),
    "largest cities": ("plum", "dashdot", 2.5),
    "random": ("quiet", "dot", 2.5),
}
LATENCY_MS = (4.0, 800.0)
SAVED = (0.1, 50_000.0)
#: Where those stand that save nothing, which a logarithmic axis has no room for.
NOTHING = 0.14
NEAR_KM = (1.0, 20_000.0)
COUNTS = (0.93, 540)
#: Columns of `Placement.distances`.
WHICH = ("nearest", "reached")
TENS_KM = 30.0
#: How the map tells early PoPs from late ones: which, size and colour; the last lie on top.
STAGES = ((101, 337, 4.5, "stage_3"), (11, 100, 6.0, "stage_2"), (1, 10, 8.5, "stage_1"))
#: Characters that there is room for behind the title.
REST_CHARACTERS = 46
#: A PoP count that tells the orders apart.
AT = 40
#: The largest PoP count.
COUNTED = 500
#: So many have their number beside them.
NUMBERED = 9


class PlacementFrames(NamedTuple):
    """The frames of one placement that a figure draws."""

    curves: pd.DataFrame
    gains: pd.DataFrame
    sites: pd.DataFrame
    distances: pd.DataFrame
    pops: int

    @classmethod
    def of(cls, plan: Placement) -> PlacementFrames:
        """The frames of `plan`."""
        frames = plan.curves(LINES), plan.gains(), plan.sites(), plan.distances()
        return cls(*frames, plan.pops)


# -- traces: frames in, dictionaries out ----------------------------------------------------------


def _row(curves: pd.DataFrame, name: str, level: str) -> tuple[np.ndarray, np.ndarray]:
    some = curves[curves["place"] == name]
    return some["pops"].to_numpy(), some[level].to_numpy()


def _curves(curves: pd.DataFrame, pops: int | None, held: pd.DataFrame | None) -> list[dict]:
    """p99 of some places and of everyone, everyone's p50, and where the PoP count stands."""
    out = []
    for name, level in (*((row, "p99") for row in LINES[:0:-1]), *EVERYONE):
        colour, dash, width = LOOKS[name if level == "p99" else level]
        counts, ms = _row(curves, name, f"{level}_ms")
        hover = f"{name}: {level} %{{y:.1f}} ms from %{{x}} PoPs<extra></extra>"
        line = {"color": COLOURS[colour], "dash": dash, "width": width, "shape": "hv"}
        about = {"name": f"{name} {level}", "showlegend": True, "hovertemplate": hover}
        about["legendrank"] = 1 + [*EVERYONE[::-1], *((row, "p99") for row in LINES)].index(
            (name, level)
        )
        out.append(scatter(counts, ms, mode="lines", line=line, **about))
    none = np.empty(0), np.empty(0)
    hover = "pinned: p99 %{y:.1f} ms from %{x} PoPs<extra></extra>"
    line = {"color": COLOURS["pinned"], "dash": "dot", "width": 2.5, "shape": "hv"}
    about = {"name": "pinned p99", "showlegend": held is not None, "hovertemplate": hover}
    counts, ms = none if held is None else _row(held, "everyone", "p99_ms")
    out.append(scatter(counts, ms, mode="lines", line=line, legendrank=9, **about))
    return [*out, _mark(*_row(curves, "everyone", "p99_ms"), pops)]


def _mark(counts: np.ndarray, ms: np.ndarray, pops: int | None) -> dict:
    """Where the PoP count stands on everyone's p99, and a word beside it."""
    here = counts == pops
    return scatter(
        counts[here],
        ms[here],
        mode="markers+text",
        marker={"color": COLOURS["tonight"], "size": 10, "line": {"width": 1.5}},
        text=[f"<b>{telling.in_ms(v)}</b>" for v in ms[here]],
        textposition="top right" if (pops or 0) < 20 else "top left",
        textfont={"size": 13, "color": COLOURS["ink"], "shadow": drawing.HALO},
        hoverinfo="skip",
    )


def _gains(gains: pd.DataFrame) -> list[dict]:
    """One dot a PoP: those worth their cost, those that are not, and those that bring nothing."""
    saved, pays = gains["saved_viewers"], gains["pays"]
    none = saved.abs() < SAVED[0]
    kinds = {
        "worth their cost": (pays, "circle", "tonight", 7),
        "not worth it": ((saved >= SAVED[0]) & ~pays, "circle-open", "quiet", 6),
        "saving nothing": (none & ~pays, "line-ns-open", "quiet", 7),
        "making it worse": (saved <= -SAVED[0], "x-thin-open", "old", 7),
    }
    out = []
    for name, (which, symbol, colour, size) in kinds.items():
        some = gains[which]
        out.append(
            scatter(
                some["pops"].to_numpy(),
                np.where(some["saved_viewers"] < SAVED[0], NOTHING, some["saved_viewers"]),
                mode="markers",
                marker={
                    "symbol": symbol,
                    "size": size,
                    "color": COLOURS[colour],
                    "line": {"width": 1.2},
                },
                name=name,
                text=some["city"].to_numpy(),
                customdata=some["saved_viewers"].to_numpy(),
                hovertemplate=f"PoP %{{x}}, %{{text}}: {name}, %{{customdata:,.3~g}} fewer "
                "viewers wait<extra></extra>",
            )
        )
    return out


def _map(sites: pd.DataFrame, pops: int, scale: float) -> list[dict]:
    """Coastline, the PoPs by when they came, the first nine's numbers, and the next one."""
    added, made_up = sites["added"], sites["hypothetical"]
    later = sites[(added > pops) & ~made_up]
    out = [
        maps.coast(),
        _sites(later, "not yet there", "circle", 2.0 * scale, "coast"),
        _sites(sites[(added <= pops) & made_up], "hypothetical", "triangle-up-open", 5, "stage_3"),
    ]
    for first, last, size, colour in STAGES:
        some = sites[added.between(first, min(last, pops)) & ~made_up]
        out.append(_sites(some, f"{first} to {last}", "circle", size * scale, colour))
    numbered = sites[added <= min(pops, NUMBERED)]
    gap = "\u2002" * (1 if scale < 1.2 else 2)  # beside the mark, and not under it
    out.append(
        scatter(
            numbered["lon"].to_numpy(),
            numbered["lat"].to_numpy(),
            mode="text",
            text=[f"{gap}{n}" for n in numbered["added"]],
            textposition="middle right",
            textfont={"size": 11, "color": COLOURS["ink"], "shadow": drawing.HALO},
            hoverinfo="skip",
        )
    )
    star = {"line": {"width": 1, "color": COLOURS["ink"]}}
    following = _sites(sites[added == pops + 1], "the next one", "star", 13 * scale, "amber")
    return [*out, following | {"marker": following["marker"] | star}]


def _sites(some: pd.DataFrame, name: str, symbol: str, size: float, colour: str) -> dict:
    edge = {"width": 0.6, "color": COLOURS["paper"]} if symbol == "circle" else {"width": 1}
    return scatter(
        some["lon"].to_numpy(),
        some["lat"].to_numpy(),
        mode="markers",
        marker={
            "symbol": symbol,
            "size": size,
            "color": COLOURS[colour],
            "opacity": 1,
            "line": edge,
        },
        name=name,
        text=[f"{n}: {city}" for n, city in zip(some["added"], some["city"], strict=True)],
        hovertemplate="PoP %{text}<extra></extra>",
    )


def _near(distances: pd.DataFrame) -> list[dict]:
    """Share of the world's city dwellers within a distance of the nearest PoP, and of theirs."""
    looks = {
        "nearest_share": ("the nearest PoP", "tonight", "solid", 3),
        "reached_share": ("the PoP reached", "old", "dash", 2),
    }
    return [
        scatter(
            distances["km"].to_numpy(),
            distances[column].to_numpy(),
            mode="lines",
            line={"color": COLOURS[colour], "dash": dash, "width": width},
            name=name,
            hovertemplate=f"{name} is at most %{{x:,.3~r}} km away for %{{y:.0%}}<extra></extra>",
        )
        for column, (name, colour, dash, width) in looks.items()
    ]


# -- parts ----------------------------------------------------------------------------------------

_COUNTS = [1, 2, 5, 10, 20, 50, 100, 200, 500]
_COUNT_AXIS = {
    "type": "log",
    "range": [np.log10(n) for n in COUNTS],
    "tickvals": _COUNTS,
    "ticktext": [str(n) for n in _COUNTS],
    "tickangle": 0,
    "title": {"text": "PoPs", "standoff": 4},
}
_SAVED_AXIS = {
    "type": "log",
    "range": [np.log10(v) for v in SAVED],
    "tickvals": [NOTHING, 1, 10, 100, 1000, 10_000],
    "ticktext": ["none", "1", "10", "100", "1k", "10k"],
    "title": {"text": "viewers", "standoff": 4},
}
_KM = [1, 10, 100, 1000, 10_000]
_KM_AXIS = {
    "type": "log",
    "range": [np.log10(v) for v in NEAR_KM],
    "tickvals": _KM,
    "ticktext": [f"{km:,}" for km in _KM],
    "title": {"text": "km to the PoP", "standoff": 4},
}
PARTS = {
    "curves": Part(
        "What viewers see, over the PoP count",
        _COUNT_AXIS | {"title": {"text": ""}},
        theme.ms_axis("latency, ms", *LATENCY_MS),
        (0.055, 0.555, 0.455, 0.865),
        heading_at=0.0,
    ),
    "gains": Part(
        "One more PoP saves: ● its cost, ○ less, | 0, × worse",
        _COUNT_AXIS,
        _SAVED_AXIS,
        (0.055, 0.555, 0.095, 0.355),
        heading_at=0.0,
    ),
    "map": Part("", *maps.WORLD, (0.6, 0.995, 0.455, 0.865), heading_at=0.6),
    "near": Part(
        "",
        _KM_AXIS,
        theme.share_axis("city dwellers", range=[0, 1.02], dtick=0.25),
        (0.655, 0.995, 0.095, 0.355),
        heading_at=0.6,
    ),
}


def traces(plan: Placement, pinned: Placement | None = None) -> list[dict]:
    """Every trace of the combined figure, always the same number in the same order."""
    now = PlacementFrames.of(plan)
    held = pinned.curves(LINES) if pinned else None
    made = {
        "curves": _curves(now.curves, now.pops, held),
        "gains": _gains(now.gains),
        "map": _map(now.sites, now.pops, 1.0),
        "near": _near(now.distances),
    }
    return drawing.on_axes(PARTS, made)


def _next(sites: pd.DataFrame, pops: int) -> str:
    """Where the next PoP stands, in words."""
    following = sites.loc[sites["added"] == pops + 1, "city"]
    return f"; ★ next: {following.iloc[0].partition('/')[0]}" if len(following) else ""


def layout(plan: Placement, pinned: Placement | None = None) -> dict:
    """Layout of the combined figure."""
    # A row of its own between title and headings.
    out = drawing.combined(PARTS, title(plan, pinned), {"x": 0, "xanchor": "left", "y": 0.972})
    quiet, ink = drawing.QUIET_SMALL, {"color": COLOURS["ink"], "width": 1}
    enough, pops, cost = plan.enough(), plan.pops, plan.pop_cost_viewers
    out["shapes"] = [
        rule("x", x0=pops, x1=pops, line=ink),
        rule("x2", x0=pops, x1=pops, line=ink),
        rule("x", x0=enough, x1=enough),
        rule("x2", x0=COUNTS[0], x1=COUNTS[1], yref="y2", y0=cost, y1=cost),
        rule("x4", x0=TENS_KM, x1=TENS_KM),
    ]
    at_left = {"xanchor": "right" if enough > 12 else "left"}
    inside = {"xref": "x4", "yref": "y4 domain", "xanchor": "right", "align": "left"}
    heading, (_, _, _, low), (_, _, _, high) = 0.6, PARTS["near"].box, PARTS["map"].box
    out["annotations"] += [
        note(f"<b>PoPs in order{_next(plan.sites(), pops)}</b>", heading, high + 0.01),
        note(f"<b>{_tens(plan)}</b>", heading, low + 0.01),
        note(
            f" {enough} do as well as all 337 ",
            np.log10(enough),
            1,
            xref="x",
            yref="y domain",
            yanchor="top",
            font=quiet,
            **at_left,
        ),
        note("its cost", 0, np.log10(cost), xref="x2", yref="y2", font=quiet),
        note(
            "━ the nearest<br>╍ the one reached", np.log10(NEAR_KM[1]), 0.04, font=quiet, **inside
        ),
    ]
    return out


def _tens(plan: Placement) -> str:
    """How many have a PoP within tens of kilometres, and theirs."""
    frame = plan.distances()
    near, own = (np.interp(TENS_KM, frame["km"], frame[f"{name}_share"]) for name in WHICH)
    theirs = f" (reached: {own:.0%})" if own < near - 5e-3 else ""
    return f"Within 30 km of a PoP: {near:.0%}{theirs}"


def settings(plan: Placement) -> tuple[str, str]:
    """What a placement is set to: in short, and every other knob that was turned."""
    said = {"pops", "order", "nearest_share"}
    share = plan.knobs()["nearest_share"].text(plan.nearest_share)
    pops = f"{plan.pops} PoP{'s' * (plan.pops != 1)}"
    first = f"{pops} {ORDER_WORDS[plan.order]}, {share} reach the nearest"
    return first, telling.turned(plan, without=said)


def settings_in_words(plan: Placement) -> str:
    """The same in one line."""
    return ", ".join(filter(None, settings(plan)))


def title(plan: Placement, pinned: Placement | None = None) -> str:
    """Every setting in a line, so that an exported picture tells them."""
    first, more = settings(plan)
    rest = "; ".join(
        [more] * bool(more) + [f"pinned: {settings_in_words(p)}" for p in [pinned] if p]
    )
    small = telling.cut(rest, REST_CHARACTERS)
    return f"<b>{first}</b> <span style='font-size:11px'>{small}</span>"


def placement(plan: Placement, pinned: Placement | None = None, widget: bool = False) -> go.Figure:
    """A placement in one figure, as the live panel shows it.

    Parameters
    ----------
    plan : Placement
        The one to show.
    pinned : Placement, optional
        One to compare with.
    widget : bool
        Whether to make a live FigureWidget.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    made = traces(plan, pinned)
    arguments = f"el.{plan!r}" + (f", pinned=el.{pinned!r}" if pinned else "")
    parts = "; ".join(part.title for part in PARTS.values() if part.title)
    meta = {
        "name": "placement",
        "title": "How many PoPs",
        "caption": plan.in_words(),
        "alt": f"Four plots: {parts}; a world map of the PoPs. {plan.in_words()}",
        "code": f"el.figures.placement({arguments})",
    }
    return theme.figure(made, layout(plan, pinned) | {"meta": meta}, widget)


# -- single figures: each tells its title, caption, alternative text and line of code -------------


def _single(
    part: str,
    made: list[dict],
    about: Mapping[str, str],
    frame: pd.DataFrame,
    pinned: pd.DataFrame | None = None,
    more: Sequence[str] = (),
    **layout,
) -> go.Figure:
    """One part as a figure of its own, with what an export tells of it."""
    frames = {"now": frame} | ({} if pinned is None else {"pinned": pinned})
    meta, below = telling.meta(about, frames, settings_in_words, more=more)
    return drawing.single(PARTS[part], made, meta, below, **layout)


def _check_count(pops: int) -> None:
    if pops not in range(1, COUNTED + 1):
        raise ValueError(f"pops: got {pops!r}, allowed a whole number from 1 to {COUNTED}")


def pop_curves(
    curves: pd.DataFrame, pinned: pd.DataFrame | None = None, *, pops: int = 312
) -> go.Figure:
    """p99 of some places and of everyone over the PoP count.

    Parameters
    ----------
    curves : pandas.DataFrame
        From `Placement.curves`, with everyone, Bay Area, London and Delhi among its places.
    pinned : pandas.DataFrame, optional
        The same of a placement to compare with.
    pops : int
        The PoP count to mark, 1 to 500.

    Returns
    -------
    plotly.graph_objects.Figure

    Raises
    ------
    ValueError
        If `pops` is out of range.
    """
    _check_count(pops)
    p99 = curves[curves["place"] == "everyone"].set_index("pops")["p99_ms"]
    seen = ", ".join(f"{telling.in_ms(p99[n])} from {n}" for n in (1, 10, 40, 100, 337))
    about = {
        "name": "pop_curves",
        "title": "What viewers see, over the PoP count",
        "caption": f"Everyone's p99 by the number of PoPs: {seen}.",
        "alt": "Falling steps over a logarithmic PoP count: everyone's p99 and p50, and the p99 "
        f"of Bay Area, London and Delhi. Everyone's p99 is {seen}.",
    }
    made = _curves(curves, pops, pinned)
    line = {"color": COLOURS["ink"], "width": 1}
    axes = {"xaxis": _COUNT_AXIS | {"automargin": True}}
    shapes = [rule("x", x0=pops, x1=pops, line=line)]
    more = [f"pops={pops}"]
    return _single("curves", made, about, curves, pinned, more, shapes=shapes, **axes)


def pop_gains(gains: pd.DataFrame) -> go.Figure:
    """What each further PoP saves, one dot a PoP.

    Parameters
    ----------
    gains : pandas.DataFrame
        From `Placement.gains`.

    Returns
    -------
    plotly.graph_objects.Figure
        Both axes are logarithmic; PoPs that save nothing stand at the bottom.
    """
    made = _gains(gains)
    for trace in made:
        trace |= {"showlegend": len(trace["x"]) > 0}
    kinds = ", ".join(f"{len(trace['x'])} {trace['name']}" for trace in made if len(trace["x"]))
    best = gains.loc[gains["saved_viewers"].idxmax()]
    caption = f"Of {len(gains)} further PoPs: {kinds}. Most was saved by number {best['pops']}, "
    caption += f"{best['city']}: {best['saved_viewers']:,.0f} viewers fewer wait at any moment."
    about = {
        "name": "pop_gains",
        "title": "What one more PoP saves",
        "caption": caption,
        "alt": f"Dots over the PoP count, both logarithmic. {caption}",
    }
    axis = _SAVED_AXIS | {"title": {"text": "fewer viewers waiting", "standoff": 4}}
    legend = {"itemsizing": "constant", "orientation": "h", "y": 1.01, "yanchor": "bottom"}
    return _single("gains", made, about, gains, yaxis=axis | {"automargin": True}, legend=legend)


def pop_map(sites: pd.DataFrame, *, pops: int = 312) -> go.Figure:
    """The PoPs on Natural Earth's coastline, the earlier the larger and darker.

    Parameters
    ----------
    sites : pandas.DataFrame
        From `Placement.sites`.
    pops : int
        How many there are, 1 to 500.

    Returns
    -------
    plotly.graph_objects.Figure
        Plain lines: nothing is fetched from the network.

    Raises
    ------
    ValueError
        If `pops` is out of range.
    """
    _check_count(pops)
    made = _map(sites, pops, 1.4)
    for trace in made[1:]:
        trace |= {"showlegend": len(trace["x"]) > 0 and "name" in trace}
    first = ", ".join(sites["city"][:5])
    caption = f"The first five: {first}{_next(sites, pops).replace('★ ', 'the ')}."
    about = {
        "name": "pop_map",
        "title": f"Where {pops} PoP{'s' * (pops != 1)} stand{'s' * (pops == 1)}",
        "caption": caption,
        "alt": f"World map with {pops} PoPs, larger the earlier they were added. {caption}",
    }
    legend = {"itemsizing": "constant", "orientation": "h", "y": 1.01, "yanchor": "bottom"}
    return _single("map", made, about, sites, more=[f"pops={pops}"], legend=legend)


def pop_distances(distances: pd.DataFrame) -> go.Figure:
    """How far the world's city dwellers are from the nearest PoP, and from the one they reach.

    Parameters
    ----------
    distances : pandas.DataFrame
        From `Placement.distances`.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    km = distances["km"].to_numpy()
    near, own = (np.interp(TENS_KM, km, distances[f"{name}_share"]) for name in WHICH)
    caption = f"Within 30 km: the nearest PoP of {near:.0%} of the world's city dwellers, "
    caption += f"and the one that anycast sends them to for {own:.0%}."
    about = {
        "name": "pop_distances",
        "title": "How near the world's city dwellers are to a PoP",
        "caption": caption,
        "alt": f"Two rising curves over a logarithmic distance. {caption}",
    }
    made = [trace | {"showlegend": True} for trace in _near(distances)]
    tens = note(
        "30 km", np.log10(TENS_KM), 0.98, xref="x", yref="y domain", xanchor="right", yanchor="top"
    )
    shapes = [rule("x", x0=TENS_KM, x1=TENS_KM)]
    notes = [tens | {"font": drawing.QUIET}]
    return _single("near", made, about, distances, shapes=shapes, annotations=notes)


def pop_orders(orders: pd.DataFrame) -> go.Figure:
    """Everyone's p99 over the PoP count, for every order in which PoPs can be added.

    Parameters
    ----------
    orders : pandas.DataFrame
        From `Placement.orders`.

    Returns
    -------
    plotly.graph_objects.Figure
        At random: the median, in a band of nine tenths.
    """
    made, told = [], []
    for order in orders["order"].unique()[::-1]:  # what is at random lies below the others
        some = orders[orders["order"] == order]
        colour, dash, width = ORDER_LOOKS[order]
        counts = some["pops"].to_numpy()
        line = {"color": COLOURS[colour], "dash": dash, "width": width, "shape": "hv"}
        if (some["low_ms"] < some["high_ms"]).any():
            edge = {"mode": "lines", "line": {"width": 0, "shape": "hv"}, "hoverinfo": "skip"}
            made.append(scatter(counts, some["high_ms"].to_numpy(), **edge))
            fill = {"fill": "tonexty", "fillcolor": COLOURS["grid"]}
            made.append(scatter(counts, some["low_ms"].to_numpy(), **edge, **fill))
        name = ORDER_WORDS[order]
        hover = f"{name}: %{{y:.1f}} ms from %{{x}} PoPs<extra></extra>"
        about = {"name": name, "showlegend": True, "hovertemplate": hover}
        made.append(scatter(counts, some["p99_ms"].to_numpy(), mode="lines", line=line, **about))
        told.append(f"{name} {telling.in_ms(some['p99_ms'].iloc[AT - 1])}")
    caption = f"Everyone's p99 from {AT} PoPs, by the order in which they came: {', '.join(told)}."
    about = {
        "name": "pop_orders",
        "title": "Which PoPs come first",
        "caption": f"{caption} With all 337 of the operator's they are one set.",
        "alt": f"Falling steps over a logarithmic PoP count, one an order. {caption}",
    }
    axes = {"xaxis": _COUNT_AXIS | {"automargin": True}}
    axes["yaxis"] = theme.ms_axis("everyone's p99, ms", 15, 500) | {"automargin": True}
    return _single("curves", made, about, orders, **axes)
