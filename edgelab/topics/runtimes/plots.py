"""The plots of isolates, Wasm, containers and processes: which fit into a PoP, what they cost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from edgelab.core.datasets import PRIMITIVES
from edgelab.stage import drawing, theme
from edgelab.stage.drawing import NOT_YET, note, rule, scatter
from edgelab.stage.drawn import Drawn
from edgelab.stage.plot import frame, plot
from edgelab.stage.theme import COLOURS
from edgelab.topics.runtimes.model import MEMORY_GB, PLURAL, TENANTS, WAIT_MS, WarmPool, in_ms
from edgelab.topics.runtimes.primitives import SOURCES, runtimes

__all__ = ["cold_starts", "cold_waits", "costs", "tenants_memory"]

#: What a colour says, a dash says too.
DASHES = {"isolate": "solid", "Wasm": "dashdot", "container": "dot", "process": "dash"}
PINNED = {"color": COLOURS["pinned"], "width": 2.5, "dash": "longdashdot"}
#: Shares below the axis, and nobody at all, are not drawn.
LEAST = 1e-5
BOLD, THIN = 4.0, 1.6
MARKS = {"article": "circle", "public": "diamond", "measured": "square"}
NAMES = {"article": "article", "public": "public sources", "measured": "this machine"}
#: Ticks of logarithmic axes.
TENS = {1e-3: "0.001", 1e-2: "0.01", 0.1: "0.1", 1: "1", 10: "10", 100: "100", 1e3: "1,000"}
EVERY_OTHER = {1e-3: "0.001", 0.1: "0.1", 10: "10", 1e3: "1,000"}
SHARES = {1: "100%", 0.1: "10%", 0.01: "1%", 1e-3: "0.1%", 1e-4: "0.01%", 1e-5: "0.001%"}
GB = {1: "1 GB", 1e3: "1 TB", 1e6: "1 PB", 1e-3: "1 MB"}
#: All that `costs` does not show.
NOT_A_COST = [name for name in WarmPool.knobs() if name != "figures"]


def _lines(
    pool: WarmPool, pinned: WarmPool | None, method: Callable, hover: str, least: float = 0.0
) -> list[dict]:
    """One line per primitive, the chosen one bold, and the chosen one of a pinned pool."""
    lines = {}
    for name, curve in frame(method, pool).items():
        width = BOLD if name == pool.primitive else THIN
        lines[name] = curve, {"color": COLOURS[name], "width": width, "dash": DASHES[name]}
    if pinned:
        lines["pinned"] = frame(method, pinned)[pinned.primitive], PINNED
    return [
        scatter(
            curve.index.to_numpy(),
            _falling(curve, least),
            mode="lines",
            line=look,
            name=name,
            showlegend=True,
            hovertemplate=f"{name}{f', {curve.name}' * (name == 'pinned')}: {hover}<extra></extra>",
        )
        for name, (curve, look) in lines.items()
    ]


def _falling(share: pd.Series, least: float) -> np.ndarray:
    """A curve that a logarithmic axis can hold: where it falls out of it, down to below it."""
    y = share.to_numpy(float)
    gone = y <= least
    first = gone & ~np.append(False, gone[:-1])
    return np.where(first, least / 10, np.where(gone, np.nan, y))


def _without(curves: pd.DataFrame, untold: tuple[str, ...] = ()) -> list[dict]:
    """A note of the primitives that have no line: nobody waits there, or a call has no figure."""
    none = curves.columns[(curves <= LEAST).all()]
    why = {"none": none.difference(untold), "no figure for a call": none.intersection(untold)}
    words = "<br>".join(f"{', '.join(names)}: {word}" for word, names in why.items() if len(names))
    word = note(
        words, 1, 1, xref="x domain", yref="y domain", xanchor="right", yanchor="top",
        font=drawing.QUIET | {"shadow": drawing.HALO},
    )  # fmt: skip
    return [word] * bool(words)


def _across(over: np.ndarray, y: float) -> dict:
    """A dotted line across the width of a plot."""
    return rule("x", x0=over[0], x1=over[-1], yref="y", y0=y, y1=y)


def _by_primitive(values: pd.Series, say) -> str:
    return ", ".join(f"{name} {say(value)}" for name, value in values.items())


@plot(WarmPool, "Who starts cold", span=7, height_px=280)
def cold_starts(pool: WarmPool, pinned: WarmPool | None, at_rest: bool) -> Drawn:
    """Share of requests that start cold over the memory of a PoP, by primitive.

    The circles are requests that were replayed. Where nobody starts cold a line ends.
    """
    replayed = frame(WarmPool.simulation, pool, wait=at_rest)
    share = NOT_YET if replayed is None else replayed["cold_share"].to_numpy()
    circles = scatter(
        NOT_YET if replayed is None else replayed.index.to_numpy(),
        np.where(share > LEAST, share, np.nan),
        mode="markers",
        marker={
            "symbol": "circle-open",
            "size": 9,
            "color": COLOURS["ink"],
            "line": {"width": 1.6},
        },
        name="replayed",
        showlegend=True,
        hovertemplate="replayed: %{y:.3~%} start cold with %{x:.3~s} GB<extra></extra>",
    )
    hover = "%{y:.3~%} start cold with %{x:.3~s} GB"
    room = pool.pop_memory_gb
    cold = _by_primitive(
        frame(WarmPool.density, pool)["cold_share"],
        lambda share: f"{100 * share:.2g} %" if share > LEAST else "none",
    )
    return Drawn(
        [*_lines(pool, pinned, WarmPool.cold_starts, hover, LEAST), circles],
        theme.log_axis(
            "memory of a PoP, GB", *MEMORY_GB[[0, -1]], {k: f"{k:,g}" for k in (1, 10, 100, 1000)}
        ),
        theme.log_axis("requests", LEAST, 1.4, SHARES),
        caption=f"Requests that start cold with {room:,.4g} GB: {cold}.",
        alt="Falling curves on two logarithmic axes, one a primitive: the share of requests that "
        "start cold, over the memory of a PoP.",
        notes=_without(frame(WarmPool.cold_starts, pool)),
        shapes=[rule("x", x0=room, x1=room), _across(MEMORY_GB, 0.01)],
    )


@plot(WarmPool, "Who still waits for the function", span=5, height_px=280)
def cold_waits(pool: WarmPool, pinned: WarmPool | None, at_rest: bool) -> Drawn:
    """Share of requests whose function has not begun, over the time since they came."""
    until = _by_primitive(frame(WarmPool.density, pool)["p99_ms"], in_ms)
    untold = tuple(pool.costs().query("call_from == 'nobody'").index)
    at_the_end = note(
        "1 in 100", np.log10(WAIT_MS[-1]), -2, xref="x", yref="y", xanchor="right",
        font=drawing.QUIET,
    )  # fmt: skip
    return Drawn(
        _lines(pool, pinned, WarmPool.cold_waits, "%{y:.3~%} still wait after %{x:.3~g} ms", LEAST),
        theme.log_axis(
            "since the request came, ms", *WAIT_MS[[0, -1]], TENS | {1e4: "10 s", 1e3: "1 s"}
        ),
        theme.log_axis("requests", LEAST, 1.4, SHARES),
        caption=f"Time until only 1 request in 100 still waits: {until}.",
        alt="Falling curves on two logarithmic axes, one a primitive: the share of requests that "
        "still wait, over the time.",
        notes=[at_the_end, *_without(frame(WarmPool.cold_waits, pool), untold)],
        shapes=[_across(WAIT_MS, 0.01)],
    )


@plot(WarmPool, "Memory to keep every tenant in a PoP", span=5, height_px=265)
def tenants_memory(pool: WarmPool, pinned: WarmPool | None, at_rest: bool) -> Drawn:
    """Memory that keeps every tenant in a PoP, over the tenants.

    A cross marks how many tenants fit into the memory of a PoP.
    """
    fit, room = frame(WarmPool.density, pool)["fit"], pool.pop_memory_gb
    inside = fit.between(TENANTS[0], TENANTS[-1])
    crosses = scatter(
        np.where(inside, fit, np.nan).astype(float),
        np.where(inside, room, np.nan),
        mode="markers",
        marker={
            "symbol": "x",
            "size": 10,
            "color": [COLOURS[name] for name in fit.index],
            "line": {"color": COLOURS["paper"], "width": 1},
        },
        text=list(fit.index),
        name="full",
        hovertemplate="%{text}: full with %{x:,.0f} tenants<extra></extra>",
    )
    kept = [f"{fit[name]:,} as {PLURAL[name]}" for name in PRIMITIVES]
    across = note(
        "a PoP's memory", np.log10(TENANTS[-1]), np.log10(room), xref="x", yref="y",
        xanchor="right", yanchor="top", font=drawing.QUIET | {"shadow": drawing.HALO},
    )  # fmt: skip
    hover = "%{y:,.3~g} GB for %{x:,.0f} tenants"
    return Drawn(
        [*_lines(pool, pinned, WarmPool.memory, hover), crosses],
        theme.log_axis(
            "tenants", *TENANTS[[0, -1]], {100: "100", 1e3: "1,000", 1e4: "10,000", 1e5: "100,000"}
        ),
        theme.log_axis("", 1e-4, 1e6, GB),
        caption=f"{room:,.4g} GB keep {', '.join(kept)}.",
        alt="Rising lines on two logarithmic axes, one a primitive: the memory of all idle "
        "tenants, over their number.",
        notes=[across],
        shapes=[_across(TENANTS, room), rule("x", x0=pool.tenants, x1=pool.tenants)],
    )


@plot(
    WarmPool,
    "What each costs: ○ article, ◇ public, □ here",
    span=7,
    height_px=265,
    untold=NOT_A_COST,
    pins=False,
)
def costs(pool: WarmPool, pinned: WarmPool | None, at_rest: bool) -> Drawn:
    """What isolates, Wasm, containers and processes are said to cost, and do on this machine.

    One mark per source, filled where the pool takes its figures from; a thin line
    spans all that is said.
    """
    said = runtimes()
    gaps = said["disagree"].dropna()
    name, quantity = gaps.idxmax()
    word = {"start_ms": "start", "memory_mb": "memory", "call_ms": "overhead"}[quantity]
    starts, memory, calls = (
        theme.log_axis(title, low, high, ticks) | {"domain": domain, "anchor": "y"}
        for title, low, high, ticks, domain in (
            ("start, ms", 0.0006, 20_000, EVERY_OTHER, [0, 0.32]),
            ("memory, idle, MB", 0.0015, 400, TENS, [0.34, 0.66]),
            ("each further call, ms", 0.002, 40, TENS, [0.68, 1]),
        )
    )
    bands = [
        rule("paper", type="rect", x0=0, x1=1, yref="y", y0=row - 0.5, y1=row + 0.5)
        | {"line": {"width": 0}, "fillcolor": COLOURS["band"], "layer": "below"}
        for row in (1, 3)
    ]
    return Drawn(
        [
            *_said(said, "start_ms", "x", pool.figures),
            *_said(said, "memory_mb", "x2", pool.figures),
            *_said(said, "call_ms", "x3", pool.figures),
        ],
        starts,
        {
            "tickvals": list(range(len(PRIMITIVES)))[::-1],
            "ticktext": list(PRIMITIVES),
            "range": [-0.55, len(PRIMITIVES) - 0.45],
            "showgrid": False,
        },
        caption=f"They disagree most about the {word} of {PLURAL[name]}: "
        f"the largest figure is {gaps.max():,.0f} times the smallest.",
        alt="Marks in rows, one per primitive, on logarithmic axes of start, memory and overhead.",
        shapes=bands,
        layout={"xaxis2": memory, "xaxis3": calls},
    )


def _said(said: pd.DataFrame, quantity: str, axis: str, chosen: str) -> list[dict]:
    """What is said of one quantity: one mark per source, in rows by primitive."""
    rows = np.arange(len(PRIMITIVES))[::-1]
    values = said.xs(quantity, level="quantity").loc[list(PRIMITIVES)]
    out = [
        scatter(
            values[["least", "most"]].assign(gap=np.nan).to_numpy().ravel(),
            np.repeat(rows, 3),
            xaxis=axis,
            mode="lines",
            line={"color": COLOURS["quiet"], "width": 1},
            name="all that is said",
            hoverinfo="skip",
        )
    ]
    for source, shift in zip(SOURCES, (0.24, 0.0, -0.24), strict=True):
        marker = {
            "symbol": MARKS[source] + "-open" * (source != chosen),
            "size": 9,
            "color": [COLOURS[name] for name in PRIMITIVES],
            "line": {"width": 1.6},
        }
        out.append(
            scatter(
                values[source].to_numpy(),
                rows + shift,
                xaxis=axis,
                mode="markers",
                marker=marker,
                name=NAMES[source],
                text=list(PRIMITIVES),
                hovertemplate=f"%{{text}}, {NAMES[source]}: %{{x:.3~g}}<extra></extra>",
            )
        )
    return out
