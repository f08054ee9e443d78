"""The plots of the edge KV: stale reads, users on the move, lost updates, metadata; quorums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edgelab.core import allowed
from edgelab.core.words import percent
from edgelab.stage import drawing, theme
from edgelab.stage.drawing import note, rule, scatter
from edgelab.stage.drawn import Drawn
from edgelab.stage.plot import alone, frame, plot
from edgelab.stage.theme import COLOURS
from edgelab.topics.kv.model import EdgeKV, time_in_words
from edgelab.topics.kv.quorum import Quorum

if TYPE_CHECKING:
    from edgelab.stage.figure import Figure

__all__ = ["consistency", "crdt_bytes", "handoff", "lost_updates", "stale_reads"]

BLUE = {"color": COLOURS["tonight"], "width": 2.5}
ORANGE = {"color": COLOURS["old"], "width": 2.5, "dash": "dash"}
BLACK = {"color": COLOURS["drawn"], "width": 2.5, "dash": "dashdot"}
PLUM = {"color": COLOURS["plum"], "width": 2.5, "dash": "dashdot"}
AMBER = {"color": COLOURS["amber"], "width": 2.5, "dash": "5px,3px"}
THIN = {"color": COLOURS["drawn"], "width": 1.2}
PINNED = {"color": COLOURS["pinned"], "width": 2.5, "dash": "dot"}
#: Column, name and look of the lines of each plot, the main one first.
STALE = (
    ("viewers", "viewers", BLACK),
    ("same_continent", "PoPs in Asia", BLUE),
    ("elsewhere", "PoPs elsewhere", ORANGE),
)
# Without a sticky route both are one: then the dashes lie on the solid line.
MISSED = (
    ("missed_share", "no sticky route", ORANGE | {"dash": "solid"}),
    ("sticky_share", "sticky route", BLUE | {"dash": "dash"}),
)
LOST = (
    ("lww_lost_share", "last writer wins", ORANGE),
    ("crdt_lost_share", "CRDT counter", BLUE),
)
BYTES = (
    ("g_counter_bytes", "G-counter", BLUE),
    ("pn_counter_bytes", "PN-counter", ORANGE),
    ("or_set_bytes", "OR-set", PLUM),
    ("optimised_or_set_bytes", "optimised", AMBER),
    ("register_bytes", "register", THIN),
)
TIMES_MS = (1.0, 120_000.0)
SINCE_WRITE = theme.ms_axis("time since the write, ms", *TIMES_MS, every=2)
STALE_TICKS = {"type": "log", "tickvals": [1, 0.1, 0.01, 0.001, 0.0001]}
COMMIT_TICKS = {0.1: "0.1", 1: "1", 10: "10", 100: "100", 1000: "1 s", 10_000: "10 s"}


def _share(title: str) -> dict:
    return theme.share_axis(title, range=[-0.02, 1.04], dtick=0.25)


def _tens(title: str, low: int, high: int) -> dict:
    """A logarithmic axis of powers of ten."""
    ticks = {
        10.0**k: f"{10.0**k:g}" if k < 3 else f"{10**k / 1000:g} k" for k in range(low, high + 1)
    }
    return theme.log_axis(title, 10 ** (low - 0.05), 10 ** (high + 0.05), ticks)


def _line(x: pd.Series, y: pd.Series, name: str, look: dict, hover: str) -> dict:
    return scatter(
        x.to_numpy(float),
        y.to_numpy(float),
        mode="lines",
        line=look,
        name=name,
        showlegend=True,
        hovertemplate=f"{name}: {hover}<extra></extra>",
    )


def _lines(
    method: Callable,
    store: EdgeKV,
    pinned: EdgeKV | None,
    lines: Sequence[tuple[str, str, dict]],
    hover: str,
) -> list[dict]:
    """Columns over the first one of a frame, and the main one of a pinned store's."""
    found = frame(method, store)
    made = [_line(found.iloc[:, 0], found[y], name, look, hover) for y, name, look in lines]
    if pinned:
        held, (column, name, _) = frame(method, pinned), lines[0]
        line = _line(held.iloc[:, 0], held[column], f"{name}, pinned", PINNED, hover)
        made.append(line | {"name": "pinned"})  # the legend has little room
    return made


@plot(
    EdgeKV, "Who still reads the old value?", span=6, height_px=240,
    untold=("sticky_s", "writes_per_s"),
)  # fmt: skip
def stale_reads(store: EdgeKV, pinned: EdgeKV | None, at_rest: bool) -> Drawn:
    """Share of reads that miss a write, over the time since it: viewers, PoPs near and far."""
    until = [f"{name} {time_in_words(store.seen_ms(by=column))}" for column, name, _ in STALE]
    hover = "%{y:.3~%} stale %{x:,.3~r} ms after the write"
    return Drawn(
        _lines(EdgeKV.staleness, store, pinned, STALE, hover),
        SINCE_WRITE,
        theme.share_axis("reads that are stale", range=[-4.05, 0.15], **STALE_TICKS),
        caption=f"Until 99 of 100 reads see the write: {', '.join(until)}.",
        alt="Falling curves on two logarithmic axes: the share of reads that are stale, over the "
        "time since the write.",
    )


@plot(EdgeKV, "Who misses their own write?", span=6, height_px=240, untold=("writes_per_s",))
def handoff(store: EdgeKV, pinned: EdgeKV | None, at_rest: bool) -> Drawn:
    """Share of reads at another PoP that miss their user's own write, over the time since it."""
    soon = store.missed_share(100.0)
    caption = f"Read 100 ms after the write without a sticky route: {100 * soon:.2f} % miss it."
    ends, word = TIMES_MS[0], "no sticky route"
    if 1000 * store.sticky_s >= TIMES_MS[0]:
        ends, word = min(1000 * store.sticky_s, TIMES_MS[1]), f"sticky until {store.sticky_s:g} s"
        worst = store.missed_share(1000 * store.sticky_s)
        late = (
            f", {100 * worst:.2f} % do just after it has ended" if worst >= 5e-5 else " nobody does"
        )
        caption += f" With one{late}."
    side = -1 if ends > 5_000 else 1
    label = note(
        word, np.log10(ends), 0.3, xref="x", yref="y domain",
        xanchor="right" if side < 0 else "left", xshift=4 * side, font=drawing.QUIET,
    )  # fmt: skip
    return Drawn(
        _lines(
            EdgeKV.handoff, store, pinned, MISSED, "%{y:.3~%} miss their own write %{x:,.3~r} ms "
            "after it",
        ),
        SINCE_WRITE,
        _share("reads that miss it"),
        caption=caption,
        alt="Falling curves: the share of reads that miss the write, over the time since it, "
        "without and with a sticky route.",
        notes=[label],
        shapes=[rule("x", x0=ends, x1=ends)],
    )  # fmt: skip


@plot(
    EdgeKV, "How many increments are lost?", span=6, height_px=240,
    untold=("sticky_s",),
)  # fmt: skip
def lost_updates(store: EdgeKV, pinned: EdgeKV | None, at_rest: bool) -> Drawn:
    """Share of a counter's increments that are lost, over the rate at which they are made."""
    hover = "%{y:.3~%} lost at %{x:.3~s} writes a second"
    found = frame(EdgeKV.lost_updates, store)
    rate = store.writes_per_s
    now = frame(EdgeKV.lost_updates, store, (rate,))["lww_lost_share"].iloc[0]
    dot = scatter(
        np.array([rate]),
        np.array([now]),
        mode="markers",
        marker={"color": COLOURS["old"], "size": 10, "line": {"color": COLOURS["ink"], "width": 1}},
        hovertemplate=f"now: {hover}<extra></extra>",
    )
    # Where the curve is not: above it while it is low, below it where it is high.
    side, above = -1 if rate > 0.3 else 1, now < 0.85
    word = percent(now, 1 if now < 0.1 else 2)
    label = note(
        f"<b>{word} lost</b>", np.log10(rate), now, xref="x", yref="y",
        xanchor="right" if side < 0 else "left", xshift=9 * side,
        yanchor="bottom" if above else "top", yshift=4 if above else -6,
        font={"size": 11, "color": COLOURS["ink"], "shadow": drawing.HALO},
    )  # fmt: skip
    crdt = found["crdt_lost_share"].max()
    return Drawn(
        [*_lines(EdgeKV.lost_updates, store, pinned, LOST, hover), dot],
        _tens("writes a second to one key", -2, 2),
        _share("increments lost"),
        caption=f"At {rate:.4g} writes a second {100 * now:.1f} % are lost where the last writer "
        f"wins; of a CRDT counter {100 * crdt:.0f} %.",
        alt="A rising curve, last writer wins, and a flat one, the CRDT counter: the share of "
        "increments that are lost, over the rate of writes.",
        notes=[label],
        shapes=[rule("x", x0=rate, x1=rate)],
    )


@plot(
    EdgeKV, "How large does one key get?", span=6, height_px=240,
    untold=("rebalancing_share", "sticky_s"),
)  # fmt: skip
def crdt_bytes(store: EdgeKV, pinned: EdgeKV | None, at_rest: bool) -> Drawn:
    """Bytes of one key, over the operations on it: three CRDTs and a register.

    Both axes are logarithmic.
    """
    last = frame(EdgeKV.crdt_bytes, store).iloc[-1]
    sizes = [f"{name} {last[column]:,.0f}" for column, name, _ in BYTES]
    hover = "%{y:,.0f} bytes after %{x:,.0f} operations"
    return Drawn(
        _lines(EdgeKV.crdt_bytes, store, pinned, BYTES, hover),
        _tens("operations on it", 0, 4),
        _tens("bytes", 1, 5),
        caption=f"Bytes after {last['operations']:,.0f} operations at {last['writers']:,.0f} "
        f"PoPs: {', '.join(sizes)}.",
        alt="Curves on two logarithmic axes: bytes of one key, over operations.",
    )


def consistency(*quorums: Quorum) -> Figure:
    """Share of stale reads of quorum stores, over the time since a write's commit.

    Parameters
    ----------
    *quorums : Quorum
        One to four stores.

    Returns
    -------
    plotly.graph_objects.Figure
        Both axes are logarithmic; where no read is stale there is no curve, and the legend tells.

    Raises
    ------
    ValueError
        If there are none, or more than four.
    TypeError
        If one is something else than a Quorum.
    """
    for store in quorums:
        allowed.instance("quorums", store, Quorum)
    if not 1 <= len(quorums) <= 4:
        raise ValueError(f"quorums: got {len(quorums)}, allowed one to four")
    made, told = [], []
    for store, (_, _, look) in zip(quorums, BYTES, strict=False):
        found, name = frame(Quorum.consistency, store), _in_short(store)
        stale = found["stale_share"]
        told.append(f"{name}: {100 * stale.iloc[0]:.2f} % stale at once")
        drawn = found.where((stale > 1e-5) & (found["since_commit_ms"] > 0))
        known = name if (stale > 0).any() else f"{name} (never stale)"
        hover = "%{y:.3~%} stale %{x:,.3~r} ms after the commit"
        made.append(_line(drawn["since_commit_ms"], drawn["stale_share"], known, look, hover))
    legend = {"orientation": "v", "x": 1, "xanchor": "right", "y": 1, "yanchor": "top"}
    drawn = Drawn(
        made,
        theme.log_axis("time since the commit, ms", 0.1, 10_000, COMMIT_TICKS),
        theme.share_axis(
            "reads that are stale",
            type="log",
            range=[-5, 0.05],
            tickvals=[1, 0.1, 0.01, 0.001, 0.0001, 0.00001],
        ),
        caption=f"{'; '.join(told)}.",
        alt="Falling curves on two logarithmic axes: the share of stale reads, over the time "
        "since the commit.",
        notes=[note("99.9 % fresh", 0.01, -3, xref="x domain", yref="y", font=drawing.QUIET)],
        shapes=[rule("x domain", x0=0, x1=1, yref="y", y0=0.001, y1=0.001)],
        title="How soon does a quorum read see a write?",
        layout={"legend": legend},
    )
    arguments = ", ".join(f"el.{store!r}" for store in quorums)
    below = "N replicas; a read takes the newest of R answers, a write waits for W"
    return alone(drawn, "consistency", below, f"el.figures.consistency({arguments})")


def _in_short(store: Quorum) -> str:
    """A quorum store in a few letters."""
    network = store.network if isinstance(store.network, str) else "own"
    return f"{network.removeprefix('LNKD-')} N{store.n} R{store.r} W{store.w}"
