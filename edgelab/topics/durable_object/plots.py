"""The plots of a durable object: times by place, round trips, homes, majorities, losses."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgelab.core import datasets
from edgelab.core.words import in_digits, in_ms
from edgelab.stage import drawing, maps, theme
from edgelab.stage.drawing import note, rule, scatter
from edgelab.stage.drawn import Drawn
from edgelab.stage.plot import frame, plot
from edgelab.stage.theme import COLOURS
from edgelab.topics.durable_object.homes import POPS, TO_P99, by_load
from edgelab.topics.durable_object.losses import WITNESSES, impossible_reads
from edgelab.topics.durable_object.model import DurableObject

__all__ = [
    *("failed_history", "home_choice", "lost_writes", "majorities", "object_latency"),
    *("round_trips", "wait_by_load"),
]

ROWS = ("Mumbai", "Delhi", "Chennai", "Singapore", "Dubai", "London", "Bay Area")
LEVELS = {"rtt_ms": "circle", "read_p99_ms": "diamond", "write_p99_ms": "square"}
SAID = {"rtt_ms": "round trip", "read_p99_ms": "read, p99", "write_p99_ms": "write, p99"}
#: From so many followers on they are small marks.
MANY = 15
BY_PLACE_MS = (1.0, 5000.0)
#: A time beyond the axis is a line to here, with an arrow.
LAST_MS = 1400.0
#: What the home of each role is marked with: symbol, the same as a letter, size, colour.
ROLES = {
    "home": ("star", "★", 15, "old"),
    "at the stadium": ("diamond", "◆", 9, "drawn"),
    "least mean": ("triangle-left", "◀", 11, "tonight"),
    "least p99": ("triangle-down", "▼", 11, "tonight"),
}
#: The curves of majorities: column, colour, dash, name.
CURVES = (
    ("all_ms", "drawn", "dash", "all, best"),
    ("here_ms", "old", "dashdot", "majority, here"),
    ("majority_ms", "tonight", "solid", "majority, best"),
    ("light_ms", "quiet", "dot", "majority, light"),
)
#: Histories of each design that are drawn.
HISTORIES = 5


def _dot(x: float, y: float, symbol: str, size: float, colour: str, hover: str) -> dict:
    """One mark; an open one in its own colour, a filled one with a dark edge."""
    edge, width = (colour, 2) if symbol.endswith("open") else ("ink", 1.2)
    return scatter(
        np.array([x]),
        np.array([y]),
        mode="markers",
        marker={
            "symbol": symbol,
            "size": size,
            "color": COLOURS[colour],
            "line": {"color": COLOURS[edge], "width": width},
        },
        hovertemplate=f"{hover}<extra></extra>",
    )


def _word(text: str, x: float, y: float, colour: str, **about) -> dict:
    """A word at a point of the plot, in the colour of what it names."""
    font = {"size": 11, "color": COLOURS[colour]}
    return note(text, x, y, xref="x", yref="y", yanchor="middle", font=font, **about)


@plot(DurableObject, "Round trip ○, p99 of reads ◇, writes ■", span=6, height_px=250)
def object_latency(thing: DurableObject, pinned: DurableObject | None, at_rest: bool) -> Drawn:
    """Round trip, p99 of a read and of a write from seven places.

    A time that never comes is a line to the edge with the word "never".
    """
    latency = frame(DurableObject.latency, thing)
    made = _by_place(latency, "now", "tonight", 0.16 if pinned else 0.0)
    if pinned:
        made += _by_place(frame(DurableObject.latency, pinned), "pinned", "pinned", -0.25)
        for line in (made[0], made[5]):
            line["showlegend"] = True
    told = "; ".join(
        f"{place} {', '.join(in_ms(v) for v in latency.loc[place, list(LEVELS)])}" for place in ROWS
    )
    far = latency.loc["Bay Area"]
    caption = f"From the Bay Area a read takes up to {in_ms(far['read_p99_ms'])} (p99), "
    caption += f"a write up to {in_ms(far['write_p99_ms'])}."
    never = "its queue never empties: no time is true"
    font = {"size": 12, "color": COLOURS["old"]}
    word = note(never, 0.5, 0.02, xref="x domain", yref="y domain", xanchor="center", font=font)
    return Drawn(
        made,
        theme.ms_axis("ms", *BY_PLACE_MS, every=2) | {"tickangle": 0},
        {
            "tickvals": list(range(len(ROWS)))[::-1],
            "ticktext": list(ROWS),
            "range": [-1.5, len(ROWS) - 0.4],
            "showgrid": False,
        },
        caption=f"{never[0].upper()}{never[1:]}." if thing.saturated else caption,
        alt=f"Dots on lines, one row per place: round trip, p99 of a read and of a write: {told}.",
        notes=[word] * thing.saturated,
    )


def _by_place(latency: pd.DataFrame, name: str, look: str, shift: float) -> list[dict]:
    """Round trip, p99 of a read and of a write as a line with three marks, and a word after it."""
    colour = COLOURS[look]
    y = np.arange(len(ROWS))[::-1] + shift
    levels = latency.loc[list(ROWS), list(LEVELS)].to_numpy()
    shown = np.where(levels > LAST_MS, np.nan, levels)
    end = np.where(levels[:, 2] > LAST_MS, LAST_MS, levels[:, 2])
    words = [
        "never ▶" if np.isinf(v) else f"{v:,.0f}" + " ▶" * bool(v > LAST_MS) for v in levels[:, 2]
    ]
    mark = {"color": COLOURS["paper"], "line": {"color": colour, "width": 1.5}, "size": 7}
    line = scatter(
        np.column_stack([levels[:, 0], end, np.full(len(y), np.nan)]).ravel(),
        np.repeat(y, 3),
        mode="lines",
        line={"color": colour, "width": 2},
        name=name,
        hoverinfo="skip",
    )
    marks = [
        scatter(
            shown[:, column],
            y,
            mode="markers",
            marker=mark | {"symbol": symbol} | ({"color": colour} if column == 2 else {}),
            text=list(ROWS),
            zorder=3 - column,  # a read is not hidden by a write
            hovertemplate=f"%{{text}}, {name}, {SAID[level]}: %{{x:.0f}} ms<extra></extra>",
        )
        for column, (level, symbol) in enumerate(LEVELS.items())
    ]
    label = scatter(
        end * 1.16,
        y,
        mode="text",
        text=words,
        textposition="middle right",
        textfont={"size": 11, "color": colour, "shadow": drawing.HALO},
        hoverinfo="skip",
    )
    return [line, *marks, label] if name == "now" else [line, *marks]


@plot(DurableObject, "Round trips to the home", span=6, height_px=250, pins=False)
def round_trips(thing: DurableObject, pinned: DurableObject | None, at_rest: bool) -> Drawn:
    """The places by their round trip to the home, the home and its followers, and India larger.

    Plain lines: nothing is fetched from the network.
    """
    latency, sites = frame(DurableObject.latency, thing), frame(DurableObject.sites, thing)
    rtt = latency.loc[datasets.places()["place"], "rtt_ms"]
    near, far = rtt.idxmin(), rtt.idxmax()
    return maps.with_india(_marks(latency, sites, 0.8), _marks(latency, sites, 1.0))._replace(
        caption=f"Round trip to {thing.home}: {rtt[near]:.0f} ms from {near}, {rtt[far]:.0f} from "
        f"{far}.",
        alt=f"World map and map of India: {len(rtt)} places coloured by round trip, "
        "the larger the more viewers.",
        title=f"Round trips to {thing.home} ★, △ copies",
    )


def _marks(latency: pd.DataFrame, sites: pd.DataFrame, scale: float) -> list[dict]:
    """Places by their round trip, the followers, and the home."""
    rtt = latency["rtt_ms"]
    places = maps.places_by_p99(latency.assign(p99_ms=rtt), scale)
    places["text"] = [f"{p}: {rtt[p]:.0f} ms" for p in datasets.places()["place"]]
    home, followers = sites.iloc[0], sites[sites["role"] == "follower"]
    many = len(followers) > MANY
    copies = scatter(
        followers["lon"].to_numpy(),
        followers["lat"].to_numpy(),
        mode="markers",
        marker={
            "symbol": "triangle-up-open",
            "size": (5 if many else 10) * scale,
            "color": COLOURS["tonight"],
            "line": {"width": 1 if many else 2},
        },
        text=[
            f"follower {city}: {ms:.0f} ms from the home"
            for city, ms in zip(followers["city"], followers["rtt_ms"], strict=True)
        ],
        hovertemplate="%{text}<extra></extra>",
    )
    star = _dot(home["lon"], home["lat"], "star", 16 * scale, "old", f"home: {home['city']}")
    return [places, copies, star]


@plot(DurableObject, "Every home it could have", span=6, height_px=270)
def home_choice(thing: DurableObject, pinned: DurableObject | None, at_rest: bool) -> Drawn:
    """Every home by the mean and the p99 of the audience's round trips."""
    homes = frame(DurableObject.homes, thing)
    best, tail = homes["mean_ms"].idxmin(), homes["p99_ms"].idxmin()
    place = "mean %{x:.0f} ms, p99 %{y:.0f} ms"
    made = [
        scatter(
            homes["mean_ms"].to_numpy(),
            homes["p99_ms"].to_numpy(),
            mode="markers",
            marker={"size": 5, "color": COLOURS["quiet"], "symbol": "circle-open"},
            text=homes.index.to_numpy(),
            hovertemplate=f"%{{text}}: {place}<extra></extra>",
        )
    ]
    # One line per role, where no home can lie: its p99 would be less than its mean.
    words = []
    named = {
        "home": thing.home,
        "at the stadium": thing.stadium,
        "least mean": best,
        "least p99": tail,
    }
    # The smaller mark on the larger, where one home has several roles.
    for number, (role, name) in enumerate(named.items()):
        symbol, letter, size, colour = ROLES[role]
        x, y = homes.loc[name, ["mean_ms", "p99_ms"]]
        made.append(_dot(x, y, symbol, size, colour, f"{role}, {name}: {place}"))
        words.append(
            _word(
                f"{letter} {role}: {name}, {x:.0f} and {y:.0f} ms",
                365,
                150 - 43 * number,
                colour,
                xanchor="right",
            )
        )
    if pinned:
        held = frame(DurableObject.homes, pinned).loc[pinned.home, ["mean_ms", "p99_ms"]]
        made.append(_dot(*held, "star-open", 15, "pinned", f"pinned, {pinned.home}: {place}"))
    return Drawn(
        made,
        {
            "range": [0, 370],
            "title": {"text": "mean round trip of the audience, ms", "standoff": 4},
        },
        {"range": [0, 410], "title": {"text": "p99, ms", "standoff": 4}},
        caption=f"Least mean: {best}, {homes.loc[best, 'mean_ms']:.0f} ms. "
        f"Least p99: {tail}, {homes.loc[tail, 'p99_ms']:.0f} ms.",
        alt="Dots, one a home, mean round trip to the right and p99 upwards.",
        notes=words,
    )


@plot(DurableObject, "What k regions wait for to agree", span=6, height_px=270)
def majorities(thing: DurableObject, pinned: DurableObject | None, at_rest: bool) -> Drawn:
    """What a majority of k regions waits for without a home, over k, and this object's copies."""
    quorum = frame(DurableObject.quorum, thing)
    last = quorum.iloc[-1]
    made = [
        scatter(
            quorum["regions"].to_numpy(),
            quorum[column].to_numpy(),
            mode="lines",
            line={"color": COLOURS[colour], "width": 2.2, "dash": dash, "shape": "hv"},
            name=name,
            hovertemplate=f"{name}, %{{x}} regions: %{{y:.0f}} ms<extra></extra>",
        )
        for column, colour, dash, name in CURVES
    ]
    hover = "%{x} copies, safe after %{y:.0f} ms"
    own = thing.followers + 1, thing.safe_ms
    made.append(_dot(*own, "star", 14, "old", f"this object: {hover}"))
    if pinned:
        held = pinned.followers + 1, pinned.safe_ms
        made.append(_dot(*held, "star-open", 14, "pinned", f"pinned: {hover}"))
    return Drawn(
        made,
        {
            "type": "log",
            "range": [-0.1, np.log10(POPS) + 1.5],  # with room for a star at no follower
            "tickvals": [1, 3, 10, 30, 100, 312],
            "tickangle": 0,
            "title": {"text": "regions that hold a copy (★ this object)", "standoff": 4},
        },
        {"range": [-12, 300], "title": {"text": "wait, ms", "standoff": 4}},
        caption=f"A majority of {POPS} PoPs answers its best leader, {last['leader']}, after "
        f"{last['majority_ms']:.0f} ms at the soonest, all of them after {last['all_ms']:.0f}.",
        alt="Steps over the number of regions on a logarithmic axis: waits for a majority and "
        "for all.",
        notes=_ends(last),
    )


def _ends(last: pd.Series) -> list[dict]:
    """The name of each curve right of its end, moved apart where two would overlap."""
    out, top = [], np.inf
    for column, colour, _, name in sorted(CURVES, key=lambda curve: -last[curve[0]]):
        top = min(last[column], top - 21)
        out.append(_word(f"{name}: {last[column]:.0f}", np.log10(POPS) + 0.1, top, colour))
    return out


@plot(DurableObject, "The fuller, the longer the wait", pins=False)
def wait_by_load(thing: DurableObject, pinned: DurableObject | None, at_rest: bool) -> Drawn:
    """Time that a request spends at the object, mean and p99, by the requests a second."""
    rows = by_load(thing.service_ms)
    full = 1000 / thing.service_ms
    now = {"mean_ms": thing.at_object_ms, "p99_ms": TO_P99 * thing.at_object_ms}
    made = []
    for level, name, dash, symbol in (
        ("mean_ms", "mean", "solid", "circle"),
        ("p99_ms", "p99", "dash", "square"),
    ):
        line = scatter(
            rows["requests_per_s"].to_numpy(),
            rows[level].to_numpy(),
            mode="lines",
            line={"color": COLOURS["tonight"], "width": 2.5, "dash": dash},
            name=name,
            showlegend=True,
            hovertemplate=f"{name} at %{{x:.0f}} a second: %{{y:.3g}} ms<extra></extra>",
        )
        made.append(line)
        if not thing.saturated:
            said = f"now: {name} {now[level]:.3g} ms"
            made.append(_dot(thing.requests_per_s, now[level], symbol, 11, "tonight", said))
    told = "its queue never empties"
    if not thing.saturated:
        told = f"a request spends {now['mean_ms']:.3g} ms there on average, p99 {now['p99_ms']:.3g}"
    return Drawn(
        made,
        {
            "range": [0, 1.02 * full],
            "title": {"text": "requests a second that reach the object", "standoff": 4},
        },
        {"range": [0, 100 * thing.service_ms], "title": {"text": "time there, ms", "standoff": 4}},
        caption=f"At {in_digits(thing.requests_per_s)} requests a second {told}; at "
        f"{in_digits(full)} it is full.",
        alt="Two curves that climb ever more steeply over the requests a second.",
        shapes=[rule("x", x0=full, x1=full)],
    )


@plot(
    DurableObject, f"What each promise lost in {HISTORIES} histories", pins=False,
    untold=("audience", "stadium", "requests_per_s", "write_share"),
)  # fmt: skip
def lost_writes(thing: DurableObject, pinned: DurableObject | None, at_rest: bool) -> Drawn:
    """Acknowledged writes that each design lost, and those that it counted twice.

    Of the first few histories of each design.
    """
    designs = frame(DurableObject.designs, thing, HISTORIES)
    names = [f"{name}  " for name in designs.index]
    words = [
        f"{row.lost:.0f} lost, {row.twice:.0f} twice; {row.linearisable:.0f} of "
        f"{row.histories:.0f} linearisable"
        for row in designs.itertuples()
    ]
    made = [
        {
            "type": "bar",
            "orientation": "h",
            "y": names,
            "x": (designs[column] / designs["acknowledged"]).to_numpy(),
            "name": name,
            "marker": {"color": COLOURS[colour], "pattern": {"shape": pattern}},
            "text": text,
            "textposition": "outside",
            "textfont": {"size": 12},
            "cliponaxis": False,
            "hovertemplate": "%{y}%{x:.1%}<extra></extra>",
            "showlegend": True,
        }
        for column, name, colour, pattern, text in (
            ("lost", "lost", "old", "", None),
            ("twice", "counted twice", "tonight", "/", words),
        )
    ]
    told = "; ".join(f"{name}: {word}" for name, word in zip(designs.index, words, strict=True))
    return Drawn(
        made,
        theme.share_axis(
            "of the acknowledged writes", range=[0, 1.6], tickvals=[0, 0.25, 0.5, 0.75, 1]
        ),
        {"showgrid": False, "categoryorder": "array", "categoryarray": names[::-1]},
        caption=f"{told[0].upper()}{told[1:]}.",
        alt="Bars, one a design: the share of acknowledged writes that was lost.",
        layout={"barmode": "stack"},
    )


@plot(
    DurableObject, "What no single object could answer", pins=False,
    untold=("audience", "stadium", "requests_per_s", "write_share"),
)  # fmt: skip
def failed_history(thing: DurableObject, pinned: DurableObject | None, at_rest: bool) -> Drawn:
    """The first of a few drawn histories with an impossible read: a row a client, time across."""
    runs = [thing.run(seed=(thing.seed + k) % 2**32) for k in range(HISTORIES)]
    wrong = [impossible_reads(run.history) for run in runs]
    which = next((k for k, rows in enumerate(wrong) if len(rows)), 0)
    history, bad, dies_s = runs[which].history, wrong[which], runs[which].dies_ms / 1000
    told, until = f"No read of {HISTORIES} histories is impossible", 6.0
    if len(bad):
        first = bad.iloc[0]
        until = first["returned_ms"] / 1000 + 1.0
        told = f"{WITNESSES[int(first['client'])]} reads {first['value']:.0f}; only "
        told += f"{first['least']:.0f} to {first['most']:.0f} were possible"
    good = history.drop(bad.index)
    dead = int(dies_s < until)
    death = [note(" home dies", dies_s, 0, xref="x", yref="y domain", font=drawing.QUIET)]
    made = []
    for name, colour, pattern, rows in (
        ("adds a run", "tonight", "", good[good["kind"] == "add"]),
        ("reads", "quiet", "/", good[good["kind"] == "read"]),
        ("impossible read", "old", "x", bad),
    ):
        begun = rows["invoked_ms"].to_numpy() / 1000
        ended = np.minimum(rows["returned_ms"] / 1000, 2 * until).to_numpy()
        bars = {"type": "bar", "orientation": "h", "base": begun, "name": name, "width": 0.6}
        bars |= {"x": ended - begun, "y": rows["client"].to_numpy(), "showlegend": len(rows) > 0}
        bars |= {"marker": {"color": COLOURS[colour], "pattern": {"shape": pattern}}}
        bars |= {"customdata": rows["value"].to_numpy()}
        hover = name if name == "adds a run" else f"{name}: %{{customdata:.0f}}"
        made.append(bars | {"hovertemplate": f"{hover}<extra></extra>"})
    return Drawn(
        made,
        {"range": [0, until], "title": {"text": "seconds", "standoff": 4}},
        {
            "tickvals": list(range(len(WITNESSES))),
            "ticktext": list(WITNESSES),
            "range": [len(WITNESSES) - 0.1, -0.6],
            "showgrid": False,
        },
        caption=f"{told}.",
        alt="Bars over time, one row a client: each from its call to its answer.",
        notes=[
            note(
                f"<b>{row.value:.0f}</b>", row.returned_ms / 1000, row.client, xref="x", yref="y",
                yanchor="middle", xshift=4, font={"size": 12, "color": COLOURS["old"]},
            )
            for row in bad.itertuples()
            if row.returned_ms / 1000 < until
        ] + death * dead,
        shapes=[rule("x", x0=dies_s, x1=dies_s)] * dead,
        title=told,
        layout={"barmode": "overlay"},
    )  # fmt: skip
