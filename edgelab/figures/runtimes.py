"""Isolates, Wasm, containers and processes in a PoP: what they cost, and which of them fit."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from edgelab import remembered
from edgelab.datasets import PRIMITIVES
from edgelab.figures import drawing, telling, theme
from edgelab.figures import primitives as costs
from edgelab.figures.drawing import Part, note, rule, scatter
from edgelab.figures.theme import COLOURS
from edgelab.models import runtimes
from edgelab.models.primitives import primitives
from edgelab.models.runtimes import MEMORY_GB, TENANTS, WAIT_MS, WarmPool

__all__ = ["PoolFrames", "cold_starts", "layout", "tenants_memory", "traces", "waits"]

#: What a colour says, a dash says too.
DASHES = {"isolate": "solid", "Wasm": "dashdot", "container": "dot", "process": "dash"}
PINNED = {"color": COLOURS["ink"], "width": 2.5, "dash": "longdashdot"}
#: Shares below the axis, and nobody at all, are not drawn.
LEAST = 1e-5
BOLD, THIN = 4.0, 1.6


class PoolFrames(NamedTuple):
    """The frames of one pool that a figure draws."""

    cold_starts: pd.DataFrame
    waits: pd.DataFrame
    memory: pd.DataFrame
    density: pd.DataFrame
    primitive: str

    @classmethod
    def of(cls, pool: WarmPool) -> PoolFrames:
        """The frames of `pool`; remembered, so not to be changed."""
        return _pool_frames(pool, remembered.stamp())


@lru_cache(maxsize=8)
def _pool_frames(pool: WarmPool, _: tuple[str, int, int]) -> PoolFrames:
    return PoolFrames(
        pool.cold_starts(), pool.waits(), pool.memory(), pool.density(), pool.primitive
    )


# -- traces ---------------------------------------------------------------------------------------


def _lines(frame: pd.DataFrame, chosen: str | None, hover: str, least: float = 0.0) -> list[dict]:
    """One line a primitive, the chosen one bold."""
    x = frame.index.to_numpy()
    return [
        scatter(
            x,
            _falling(frame[name], least),
            mode="lines",
            line={
                "color": COLOURS[name],
                "width": BOLD if name == chosen else THIN,
                "dash": DASHES[name],
            },
            name=name,
            hovertemplate=f"{name}: {hover}<extra></extra>",
        )
        for name in PRIMITIVES
    ]


def _falling(share: pd.Series, least: float) -> np.ndarray:
    """A curve that a logarithmic axis can hold: where it falls out of it, down to below it."""
    y = share.to_numpy(float)
    gone = y <= least
    first = gone & ~np.append(False, gone[:-1])
    return np.where(first, least / 10, np.where(gone, np.nan, y))


def _pinned(frame: pd.DataFrame | None, chosen: str, hover: str, least: float = 0.0) -> dict:
    """The chosen primitive of a pool that is kept to compare with."""
    y = np.empty(0) if frame is None else _falling(frame[chosen], least)
    return scatter(
        np.empty(0) if frame is None else frame.index.to_numpy(),
        y,
        mode="lines",
        line=PINNED,
        name=f"pinned ({chosen})",
        hovertemplate=f"pinned, {chosen}: {hover}<extra></extra>",
    )


HOVERS = {
    "cold_starts": "%{y:.3~%} start cold with %{x:.3~s} GB",
    "waits": "%{y:.3~%} still wait after %{x:.3~g} ms",
    "memory": "%{y:,.3~g} GB for %{x:,.0f} tenants",
}


def _simulated(frame: pd.DataFrame | None) -> dict:
    """Circles on a curve: what came of replaying requests."""
    x, y = np.empty(0), np.empty(0)
    if frame is not None:
        x, y = frame.index.to_numpy(), frame["cold_share"].to_numpy()
        y = np.where(y > LEAST, y, np.nan)
    return scatter(
        x,
        y,
        mode="markers",
        marker={
            "symbol": "circle-open",
            "size": 9,
            "color": COLOURS["ink"],
            "line": {"width": 1.6},
        },
        name="replayed",
        hovertemplate="replayed: %{y:.3~%} start cold with %{x:.3~s} GB<extra></extra>",
    )


def _limits(fit: pd.Series, memory_gb: float) -> dict:
    """Crosses where a PoP's memory is full: from there on not every tenant can be kept."""
    inside = fit.between(TENANTS[0], TENANTS[-1])
    x = np.where(inside, fit, np.nan).astype(float)
    return scatter(
        x,
        np.where(inside, memory_gb, np.nan),
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


# -- parts ----------------------------------------------------------------------------------------

_SHARES = {1: "100%", 0.1: "10%", 0.01: "1%", 1e-3: "0.1%", 1e-4: "0.01%", 1e-5: "0.001%"}
_GB = {1: "1 GB", 1e3: "1 TB", 1e6: "1 PB", 1e-3: "1 MB"}
PARTS = {
    "cold_starts": Part(
        "Who starts cold",
        theme.log_axis(
            "memory of a PoP, GB", *MEMORY_GB[[0, -1]], {k: f"{k:,g}" for k in (1, 10, 100, 1000)}
        ),
        theme.log_axis("requests", LEAST, 1.4, _SHARES),
        (0.055, 0.315, 0.535, 0.81),
        heading_at=0.0,
    ),
    "waits": Part(
        "Who still waits",
        theme.log_axis(
            "since the request came, ms",
            *WAIT_MS[[0, -1]],
            costs.TENS | {1e4: "10 s", 1e3: "1 s"},
        ),
        theme.log_axis("requests", LEAST, 1.4, _SHARES),
        (0.395, 0.655, 0.535, 0.81),
        heading_at=0.34,
    ),
    "memory": Part(
        "Memory to keep all warm",
        theme.log_axis(
            "tenants", *TENANTS[[0, -1]], {100: "100", 1e3: "1,000", 1e4: "10,000", 1e5: "100,000"}
        ),
        theme.log_axis("", 1e-4, 1e6, _GB),
        (0.735, 0.99, 0.535, 0.81),
        heading_at=0.69,
    ),
    **costs.PARTS,
}


# -- figures --------------------------------------------------------------------------------------


def traces(
    pool: WarmPool, pinned: WarmPool | None = None, simulated: pd.DataFrame | None = None
) -> list[dict]:
    """Every trace of the combined figure, always the same number in the same order."""
    now = PoolFrames.of(pool)
    held = PoolFrames.of(pinned) if pinned else PoolFrames(None, None, None, None, pool.primitive)
    chosen = now.primitive
    said = primitives()
    shown = {"showlegend": True, "visible": True if pinned else "legendonly"}
    made = {
        "cold_starts": [
            *(
                line | {"showlegend": True}
                for line in _lines(now.cold_starts, chosen, HOVERS["cold_starts"], LEAST)
            ),
            _pinned(held.cold_starts, held.primitive, HOVERS["cold_starts"], LEAST) | shown,
            _simulated(simulated),
        ],
        "waits": [
            *_lines(now.waits, chosen, HOVERS["waits"], LEAST),
            _pinned(held.waits, held.primitive, HOVERS["waits"], LEAST),
        ],
        "memory": [
            *_lines(now.memory, chosen, HOVERS["memory"]),
            _pinned(held.memory, held.primitive, HOVERS["memory"]),
            _limits(now.density["fit"], pool.pop_memory_gb),
        ],
        **{name: costs.marks(said, name, pool.figures, 9) for name in costs.PARTS},
    }
    return drawing.on_axes(PARTS, made)


def layout(pool: WarmPool, pinned: WarmPool | None = None) -> dict:
    """Layout of the combined figure."""
    legend = {"x": 0.0, "y": 0.915, "xanchor": "left"}
    out = drawing.combined(PARTS, title(pool, pinned), legend)
    room, tenants = pool.pop_memory_gb, pool.tenants
    quiet = drawing.QUIET_SMALL
    out["shapes"] = [
        rule("x", x0=room, x1=room),
        _across("x", MEMORY_GB, 0.01),
        _across("x2", WAIT_MS, 0.01),
        _across("x3", TENANTS, room),
        rule("x3", x0=tenants, x1=tenants),
        *costs.bands("x4", "x5", "x6"),
    ]
    out["annotations"] += [
        note(
            "1 in 100", np.log10(WAIT_MS[-1]), -2, xref="x2", yref="y2", xanchor="right", font=quiet
        ),
        _room(room, "3", quiet),
    ]
    return out


def _room(memory_gb: float, axis: str, font: Mapping) -> dict:
    """What the line across the memories is."""
    at = {"xref": f"x{axis}", "yref": f"y{axis}", "xanchor": "right", "yanchor": "top"}
    halo = {"shadow": drawing.HALO}
    return note("a PoP's memory", 6, np.log10(memory_gb), font=font | halo, **at)


def _across(xref: str, over: np.ndarray, y: float) -> dict:
    """A dotted line across the width of a part."""
    return rule(xref, x0=over[0], x1=over[-1], yref=f"y{xref[1:]}", y0=y, y1=y)


def settings(pool: WarmPool) -> tuple[str, str]:
    """What a pool is set to: in short, and every other knob that was turned."""
    knobs = WarmPool.knobs()
    first = (
        f"{pool.tenants:,} tenants, {knobs['pop_memory_gb'].text(pool.pop_memory_gb)} a PoP, "
        f"figures from {costs.NAMES[pool.figures]}"
    )
    said = {"primitive", "figures", "tenants", "pop_memory_gb"}
    return first, telling.turned(pool, without=said)


def settings_in_words(pool: WarmPool) -> str:
    """The same in one line."""
    return ", ".join(filter(None, settings(pool)))


def title(pool: WarmPool, pinned: WarmPool | None = None) -> str:
    """Every setting in one line or two, so that an exported picture tells them."""
    first, more = settings(pool)
    second = "; ".join([more] * bool(more) + [f"pinned: {pinned!r}"] * bool(pinned))
    small = f"<br><span style='font-size:11px'>{telling.cut(second, 150)}</span>" if second else ""
    return f"<b>{pool.primitive.capitalize()}</b>: {first}{small}"


# -- single figures -------------------------------------------------------------------------------

KEYWORDS = {"now": "", "simulation": "simulation=", "pinned": "pinned="}


def _frames(**given: pd.DataFrame | None) -> dict[str, pd.DataFrame]:
    return {key: frame for key, frame in given.items() if frame is not None}


def _pool_of(frame: pd.DataFrame | None) -> WarmPool:
    """The pool that made a frame; the default one where nobody can tell."""
    found = telling.source(frame) if frame is not None else None
    return found[0] if found and isinstance(found[0], WarmPool) else WarmPool()


def _single(part: str, made: list[dict], frames: Mapping, about: Mapping, **layout) -> go.Figure:
    """One part as a figure of its own; every line is named in the legend."""
    told = {key: frame for key, frame in frames.items() if key != "simulation"}
    meta, below = telling.meta(about, told, settings_in_words, KEYWORDS)
    if "simulation" in frames and "code" in meta:
        found = telling.source(frames["simulation"])
        if found:
            meta["code"] = f"{meta['code'][:-1]}, simulation={found[1]})"
        else:
            del meta["code"]
    for trace in made:
        trace |= {"showlegend": bool(trace["name"] != "full")}
    return drawing.single(PARTS[part], made, meta, below, **layout)


def cold_starts(
    frame: pd.DataFrame,
    simulation: pd.DataFrame | None = None,
    pinned: pd.DataFrame | None = None,
) -> go.Figure:
    """Share of requests that start cold over the memory of a PoP, by primitive.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `WarmPool.cold_starts`.
    simulation : pandas.DataFrame, optional
        From `WarmPool.simulation`: circles of requests that were replayed.
    pinned : pandas.DataFrame, optional
        `WarmPool.cold_starts` of a pool to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
        Where nobody starts cold a line ends.
    """
    pool = _pool_of(frame)
    made = _lines(frame, pool.primitive, HOVERS["cold_starts"], LEAST)
    if simulation is not None:
        made.append(_simulated(simulation))
    if pinned is not None:
        chosen = _pool_of(pinned).primitive
        made.append(_pinned(pinned, chosen, HOVERS["cold_starts"], LEAST))
    at = (np.abs(frame.index - pool.pop_memory_gb)).argmin()
    gb = frame.index[at]
    each = [f"{name} {telling_share(frame.iloc[at][name])}" for name in PRIMITIVES]
    about = {
        "name": "cold_starts",
        "title": "Who starts cold",
        "caption": f"Requests that start cold with {gb:.3g} GB: {', '.join(each)}.",
        "alt": "Falling curves on two logarithmic axes, one a primitive: the share of requests "
        f"that start cold, over the memory of a PoP. With {gb:.3g} GB: {', '.join(each)}.",
    }
    room = pool.pop_memory_gb
    shapes = [rule("x", x0=room, x1=room), _across("x", MEMORY_GB, 0.01)]
    frames = _frames(now=frame, simulation=simulation, pinned=pinned)
    return _single("cold_starts", made, frames, about, shapes=shapes)


def telling_share(share: float) -> str:
    """A share as a caption says it."""
    return f"{100 * share:.2g} %" if share > LEAST else "none"


def waits(frame: pd.DataFrame, pinned: pd.DataFrame | None = None) -> go.Figure:
    """Share of requests whose function has not begun, over the time since they came.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `WarmPool.waits`.
    pinned : pandas.DataFrame, optional
        The same of a pool to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    made = _lines(frame, _pool_of(frame).primitive, HOVERS["waits"], LEAST)
    if pinned is not None:
        made.append(_pinned(pinned, _pool_of(pinned).primitive, HOVERS["waits"], LEAST))
    each = [f"{name} {_until(frame[name])}" for name in PRIMITIVES]
    caption = f"Time until only 1 request in 100 still waits: {', '.join(each)}."
    about = {
        "name": "waits",
        "title": "Who still waits for the function",
        "caption": caption,
        "alt": "Falling curves on two logarithmic axes, one a primitive: the share of requests "
        f"that still wait, over the time. {caption}",
    }
    label = note(
        "1 in 100",
        np.log10(WAIT_MS[-1]),
        -2,
        xref="x",
        yref="y",
        xanchor="right",
        font=drawing.QUIET,
    )
    shapes = [_across("x", WAIT_MS, 0.01)]
    frames = _frames(now=frame, pinned=pinned)
    return _single("waits", made, frames, about, shapes=shapes, annotations=[label])


def _until(share: pd.Series) -> str:
    """When a curve has fallen to one in a hundred."""
    ms = share.index[share <= 0.01].min()
    if ms == share.index[0]:
        return "at once"
    return f"{ms:.3g} ms" if ms < 1000 else f"{ms / 1000:.3g} s"


def tenants_memory(frame: pd.DataFrame, pinned: pd.DataFrame | None = None) -> go.Figure:
    """Memory that keeps every tenant in a PoP, over the tenants, and where it is full.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `WarmPool.memory`.
    pinned : pandas.DataFrame, optional
        The same of a pool to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
        A cross marks how many tenants fit into the memory of a PoP.
    """
    pool = _pool_of(frame)
    room = pool.pop_memory_gb
    # The lines are straight ones through the origin.
    fit = np.floor(room / (frame.iloc[-1] / frame.index[-1]) * (1 + 1e-12))
    made = [*_lines(frame, pool.primitive, HOVERS["memory"]), _limits(fit, room)]
    if pinned is not None:
        made.append(_pinned(pinned, _pool_of(pinned).primitive, HOVERS["memory"]))
    each = [f"{fit[name]:,.0f} as {runtimes.PLURAL[name]}" for name in PRIMITIVES]
    caption = f"{room:,.4g} GB keep {', '.join(each)}."
    about = {
        "name": "tenants_memory",
        "title": "Memory to keep every tenant in a PoP",
        "caption": caption,
        "alt": "Rising lines on two logarithmic axes, one a primitive: the memory of all idle "
        f"tenants, over their number. {caption}",
    }
    label = _room(room, "", drawing.QUIET)
    shapes = [_across("x", TENANTS, room), rule("x", x0=pool.tenants, x1=pool.tenants)]
    frames = _frames(now=frame, pinned=pinned)
    return _single("memory", made, frames, about, shapes=shapes, annotations=[label])
