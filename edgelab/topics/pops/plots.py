"""The plots of a growing set of PoPs: curves over the count, map, what each saves, distances."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgelab.core.words import counted, in_ms, percent
from edgelab.stage import drawing, maps, theme
from edgelab.stage.drawing import note, rule, scatter
from edgelab.stage.drawn import Drawn
from edgelab.stage.plot import frame, plot
from edgelab.stage.theme import COLOURS
from edgelab.topics.pops.evidence import anycast_detours, rtt_errors
from edgelab.topics.pops.growth import ORDER_WORDS, operators
from edgelab.topics.pops.model import LINES, Placement

__all__ = [
    "anycast_detours",
    "pop_curves",
    "pop_distances",
    "pop_gains",
    "pop_map",
    "pop_orders",
    "rtt_errors",
]

#: Row, level, name, colour, dash and width of each curve, as the legend lists them.
CURVES = (
    ("everyone", "p99_ms", "everyone", "tonight", "solid", 3),
    ("everyone", "p50_ms", "their p50", "tonight", "dot", 1.8),
    ("Bay Area", "p99_ms", "Bay Area", "plum", "dash", 1.8),
    ("London", "p99_ms", "London", "amber", "dashdot", 1.8),
    ("Delhi", "p99_ms", "Delhi", "sky", "12px,4px", 2.2),
)
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
TENS_KM = 30.0
#: How the map tells early PoPs from late ones: which, size and colour; the last lie on top.
STAGES = ((101, 337, 4.5, "stage_3"), (11, 100, 6.0, "stage_2"), (1, 10, 8.5, "stage_1"))
#: A PoP count that tells the orders apart.
AT = 40
#: So many have their number beside them.
NUMBERED = 10
#: Nearer than this share of a map's width and height, one number would lie on another mark.
CROWDED = np.array([0.07, 0.06])
#: Its marks are as large as they can be told apart.
LEGEND = {"itemsizing": "constant"}


def _steps(some: pd.DataFrame, level: str, name: str, colour: str, dash: str, width: float) -> dict:
    """A level over the PoP count: between two counts nothing happens."""
    return scatter(
        some["pops"].to_numpy(),
        some[level].to_numpy(),
        mode="lines",
        line={"color": COLOURS[colour], "dash": dash, "width": width, "shape": "hv"},
        name=name,
        showlegend=True,
        hovertemplate=f"{name}: {level[:3]} %{{y:.1f}} ms from %{{x}} PoPs<extra></extra>",
    )


def _count_axis() -> dict:
    ticks = {n: f"{n}" for n in (1, 2, 5, 10, 20, 50, 100, 200, 500)}
    return theme.log_axis("PoPs", *COUNTS, ticks) | {"tickangle": 0}


@plot(Placement, "p99 and p50 over the PoP count", span=6, height_px=270)
def pop_curves(plan: Placement, pinned: Placement | None, at_rest: bool) -> Drawn:
    """p99 of some places and of everyone over the PoP count, and everyone's p50."""
    rows = dict(list(frame(Placement.curves, plan, LINES).groupby("place")))
    made = [
        _steps(rows[row], *look) | {"legendrank": rank}
        for rank, (row, *look) in enumerate(CURVES, 1)
    ][::-1]  # everyone's lies on top
    if pinned:
        held = frame(Placement.curves, pinned, LINES[:1])
        made.append(_steps(held, "p99_ms", "pinned", "pinned", "dot", 2.5) | {"legendrank": 9})
    p99 = rows["everyone"].set_index("pops")["p99_ms"]
    here, enough = p99[plan.pops], plan.enough()
    mark = scatter(
        np.array([plan.pops]),
        np.array([here]),
        mode="markers+text",
        marker={"color": COLOURS["tonight"], "size": 10, "line": {"width": 1.5}},
        text=[f"<b>{in_ms(here)}</b>"],
        textposition="top right" if plan.pops < 20 else "top left",
        textfont={"size": 13, "color": COLOURS["ink"], "shadow": drawing.HALO},
        hoverinfo="skip",
    )
    seen = ", ".join(f"{in_ms(p99[n])} with {n}" for n in (1, 10, 40, 100, 337))
    word = note(
        f" {enough} do as well as all 337 ", np.log10(enough), 0, xref="x", yref="y domain",
        xanchor="right" if enough > 12 else "left", yanchor="bottom", font=drawing.QUIET,
        bgcolor=COLOURS["paper"],
    )  # fmt: skip
    return Drawn(
        [*made, mark],
        _count_axis(),
        theme.ms_axis("latency, ms", *LATENCY_MS),
        caption=f"With {counted(plan.pops, 'PoP')} everyone's p99 is {in_ms(here)}. By "
        f"their number: {seen}.",
        alt="Falling steps over a logarithmic PoP count: everyone's p99 and p50, and the p99 "
        "of Bay Area, London and Delhi.",
        notes=[word],
        shapes=[_line(plan.pops), rule("x", x0=enough, x1=enough)],
    )


def _line(pops: int) -> dict:
    """Where the PoP count stands."""
    return rule("x", x0=pops, x1=pops, line={"color": COLOURS["ink"], "width": 1})


@plot(Placement, "Where the PoPs stand", span=6, height_px=270, pins=False)
def pop_map(plan: Placement, pinned: Placement | None, at_rest: bool) -> Drawn:
    """The PoPs on Natural Earth's coastline, the earlier the larger and darker, and the next one.

    Beside the world stands India, where most of the viewers are. Plain lines: nothing is fetched
    from the network.
    """
    sites, pops = frame(Placement.sites, plan), plan.pops
    added, made_up = sites["added"], sites["hypothetical"]
    later, more = sites[(added > pops) & ~made_up], sites[(added <= pops) & made_up]
    made = [
        _sites(later, "not yet there", "circle", 2.5, "coast"),
        _sites(more, "hypothetical", "triangle-up-open", 5, "amber"),
    ]
    for first, last, size, colour in STAGES:
        some = sites[added.between(first, min(last, pops)) & ~made_up]
        made.append(_sites(some, f"{first} to {last}", "circle", size, colour))
    numbered = sites[(added <= min(pops, NUMBERED)) | (added == pops)]
    following = _sites(sites[added == pops + 1], "the next one", "star", 13, "amber")
    following["showlegend"] = False  # the heading tells
    following["marker"]["line"] = {"width": 1, "color": COLOURS["ink"]}
    newest, city = (sites["city"].get(n, "").partition("/")[0] for n in (pops - 1, pops))
    caption = f"The first five: {', '.join(sites['city'][:5])}"
    both = maps.with_india(
        *([*made, _numbers(numbered, window), following] for window in (maps.WORLD, maps.INDIA))
    )
    return both._replace(
        caption=f"{caption}; the next: {city}." if city else f"{caption}.",
        alt=f"Maps of the world and of India with {counted(pops, 'PoP')}, larger the earlier they "
        "were added.",
        title=f"Newest: {newest}" + f"; ★ next: {city}" * bool(city),
        layout={**both.layout, "legend": LEGEND | {"traceorder": "reversed"}},
    )


def _numbers(some: pd.DataFrame, window: tuple[dict, dict]) -> dict:
    """Numbers to the right of their marks, or to the left where another mark is near on the right.

    None where marks are near on both sides: the other map has room.
    """
    span = [np.ptp(axis["range"]) for axis in window]
    at = some[["lon", "lat"]].to_numpy() / span
    away = at[None] - at[:, None]
    near = (np.abs(away) < CROWDED).all(axis=2) & ~np.eye(len(at), dtype=bool)
    right, left = ((near & side).any(axis=1) for side in (away[..., 0] >= 0, away[..., 0] < 0))
    return scatter(
        some["lon"].to_numpy(),
        some["lat"].to_numpy(),
        mode="text",
        # Beside the mark, and not under it.
        text=np.where(right & left, "", [f"\u2002{n}\u2002" for n in some["added"]]),
        textposition=np.where(right, "middle left", "middle right"),
        textfont={"size": 11, "color": COLOURS["ink"], "shadow": drawing.HALO},
        hoverinfo="skip",
    )


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
        showlegend=len(some) > 0,
        text=[f"{n}: {city}" for n, city in zip(some["added"], some["city"], strict=True)],
        hovertemplate="PoP %{text}<extra></extra>",
    )


@plot(Placement, "What one more PoP saves", span=6, height_px=270, pins=False)
def pop_gains(plan: Placement, pinned: Placement | None, at_rest: bool) -> Drawn:
    """What each further PoP saves, one dot a PoP.

    Both axes are logarithmic; PoPs that save nothing stand at the bottom.
    """
    gains = frame(Placement.gains, plan)
    saved, pays = gains["saved_viewers"], gains["pays"]
    kinds = {
        "worth their cost": (pays, "circle", "tonight", 7),
        "not worth it": ((saved > 0) & ~pays, "circle-open", "quiet", 6),
        "saving nothing": (saved == 0, "line-ns-open", "quiet", 7),
        "making it worse": (saved < 0, "x-thin-open", "old", 7),
    }
    made = []
    for name, (which, symbol, colour, size) in kinds.items():
        some = gains[which]
        made.append(
            scatter(
                some["pops"].to_numpy(),
                np.where(some["saved_viewers"] < SAVED[0], NOTHING, some["saved_viewers"]),
                mode="markers",
                marker={
                    "symbol": symbol,
                    "size": size,
                    "color": np.where(
                        some["pops"] > operators(), COLOURS["amber"], COLOURS[colour]
                    ),
                    "line": {"width": 1.2},
                },
                name=name,
                showlegend=len(some) > 0,
                text=some["city"].to_numpy(),
                customdata=some["saved_viewers"].to_numpy(),
                hovertemplate=f"PoP %{{x}}, %{{text}}: {name}, %{{customdata:,.3~g}} fewer "
                "viewers wait<extra></extra>",
            )
        )
    best, cost = gains.loc[saved.idxmax()], plan.pop_cost_viewers
    ticks = {NOTHING: "none", 1: "1", 10: "10", 100: "100", 1000: "1k", 10_000: "10k"}
    return Drawn(
        made,
        _count_axis(),
        theme.log_axis("fewer viewers waiting", *SAVED, ticks),
        caption=f"{plan.worth()}Most saves number {best['pops']}, {best['city']}: "
        f"{best['saved_viewers']:,.0f} viewers fewer wait at any moment.",
        alt="Dots over the PoP count, both logarithmic.",
        notes=[
            note("its cost", 0, np.log10(cost), xref="x", yref="y", font=drawing.QUIET),
            note(
                "hypothetical", np.log10(COUNTS[1]), 1, xref="x", yref="y domain", xanchor="right",
                yanchor="top", font=drawing.QUIET, bgcolor=COLOURS["paper"],
            ),
        ],
        shapes=[
            _line(plan.pops),
            rule("x", x0=operators() + 0.5, x1=operators() + 0.5),
            rule("x", x0=COUNTS[0], x1=COUNTS[1], yref="y", y0=cost, y1=cost),
        ],
        layout={"legend": LEGEND},
    )  # fmt: skip


@plot(Placement, "How near a PoP is", span=6, height_px=270, pins=False)
def pop_distances(plan: Placement, pinned: Placement | None, at_rest: bool) -> Drawn:
    """How far the world's city dwellers are from the nearest PoP, and from the one they reach."""
    distances, made, within = frame(Placement.distances, plan), [], []
    looks = {
        "nearest_share": ("the nearest PoP", "tonight", "solid", 3),
        "reached_share": ("the PoP reached", "old", "dash", 2),
    }
    for column, (name, colour, dash, width) in looks.items():
        km, share = distances["km"].to_numpy(), distances[column].to_numpy()
        within.append(np.interp(TENS_KM, km, share))
        made.append(
            scatter(
                km,
                share,
                mode="lines",
                line={"color": COLOURS[colour], "dash": dash, "width": width},
                name=name,
                showlegend=True,
                hovertemplate=f"{name} is at most %{{x:,.3~r}} km away for %{{y:.0%}}"
                "<extra></extra>",
            )
        )
    near, own = within
    theirs = f", reached {percent(own)}" if own < near - 5e-3 else ""
    ticks = {km: f"{km:,}" for km in (1, 10, 100, 1000, 10_000)}
    tens = note(
        "30 km ", np.log10(TENS_KM), 0.98, xref="x", yref="y domain", xanchor="right",
        yanchor="top", font=drawing.QUIET,
    )  # fmt: skip
    return Drawn(
        made,
        theme.log_axis("km to the PoP", *NEAR_KM, ticks),
        theme.share_axis("city dwellers", range=[0, 1.02], dtick=0.25),
        caption=f"Within 30 km: the nearest PoP of {percent(near)} of the world's city dwellers, "
        f"and the one that anycast sends them to for {percent(own)}.",
        alt="Two rising curves over a logarithmic distance.",
        notes=[tens],
        shapes=[rule("x", x0=TENS_KM, x1=TENS_KM)],
        title=f"Within 30 km: {percent(near)}{theirs}",
    )


@plot(
    Placement, "Which PoPs come first", pins=False, untold=("pops", "order", "pop_cost_viewers")
)  # fmt: skip
def pop_orders(plan: Placement, pinned: Placement | None, at_rest: bool) -> Drawn:
    """Everyone's p99 over the PoP count, for every order in which PoPs can be added.

    At random: the median of twenty, in a band of nine tenths.
    """
    orders, made, told = frame(Placement.orders, plan), [], []
    for order in orders["order"].unique()[::-1]:  # what is at random lies below the others
        some = orders[orders["order"] == order]
        if (some["low_ms"] < some["high_ms"]).any():
            edge = {"mode": "lines", "line": {"width": 0, "shape": "hv"}, "hoverinfo": "skip"}
            fill = {"fill": "tonexty", "fillcolor": COLOURS["grid"]}
            counts = some["pops"].to_numpy()
            made.append(scatter(counts, some["high_ms"].to_numpy(), **edge))
            made.append(scatter(counts, some["low_ms"].to_numpy(), **edge, **fill))
        made.append(_steps(some, "p99_ms", order, *ORDER_LOOKS[order]))
        told.append(f"{ORDER_WORDS[order]} {in_ms(some['p99_ms'].iloc[AT - 1])}")
    return Drawn(
        made,
        _count_axis(),
        theme.ms_axis("everyone's p99, ms", 15, 500),
        caption=f"Everyone's p99 from {AT} PoPs, by the order in which they came: "
        f"{', '.join(told)}. With all 337 of the operator's they are one set.",
        alt="Falling steps over a logarithmic PoP count, one an order.",
    )
