"""A durable object as figures: round trips on the map and by place, homes, majorities, losses."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from edgelab import datasets
from edgelab.figures import drawing, maps, telling, theme
from edgelab.figures.drawing import Part, note, scatter
from edgelab.figures.theme import COLOURS
from edgelab.models.durable_object import DurableObject
from edgelab.models.homes import POPS

__all__ = [
    "ObjectFrames",
    "home_choice",
    "layout",
    "lost_writes",
    "majorities",
    "object_latency",
    "round_trips",
    "traces",
]

ROWS = ("Mumbai", "Delhi", "Chennai", "Singapore", "Dubai", "London", "Bay Area")
LEVELS = {"rtt_ms": "circle", "read_p99_ms": "diamond", "write_p99_ms": "square"}
SAID = {"rtt_ms": "round trip", "read_p99_ms": "read, p99", "write_p99_ms": "write, p99"}
#: From so many followers on they are small marks.
MANY = 15
BY_PLACE_MS = (1.0, 5000.0)
#: A time beyond the axis is a line to here, with an arrow.
LAST_MS = 1400.0
#: Where the names of the curves of majorities stand: right of the last region.
AFTER = np.log10(POPS) + 0.1


class ObjectFrames(NamedTuple):
    """The frames of one object that a figure draws."""

    latency: pd.DataFrame
    sites: pd.DataFrame
    homes: pd.DataFrame
    quorum: pd.DataFrame

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, thing: DurableObject) -> ObjectFrames:
        """The frames of `thing`; remembered, so not to be changed."""
        return cls(thing.latency(), thing.sites(), thing.homes(), thing.quorum())


# -- traces ------------------------------------------------------------------------------------


def _map(latency: pd.DataFrame, sites: pd.DataFrame, scale: float) -> list[dict]:
    """Coastline, places by their round trip, the followers, and the home."""
    rtt = latency["rtt_ms"]
    places = maps.places_by_p99(latency.assign(p99_ms=rtt), scale)
    places["text"] = [f"{p}: {rtt[p]:.0f} ms" for p in datasets.places()["place"]]
    followers = sites[sites["role"] == "follower"]
    home = sites[sites["role"] == "home"]
    many = len(followers) > MANY
    return [
        maps.coast(),
        scatter(
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
        ),
        places,
        scatter(
            home["lon"].to_numpy(),
            home["lat"].to_numpy(),
            mode="markers",
            marker={
                "symbol": "star",
                "size": 16 * scale,
                "color": COLOURS["old"],
                "line": {"width": 1.2, "color": COLOURS["ink"]},
            },
            text=[f"home: {home['city'].iloc[0]}"],
            hovertemplate="%{text}<extra></extra>",
        ),
    ]


def _by_place(latency: pd.DataFrame | None, key: str, shift: float) -> list[dict]:
    """Round trip, p99 of a read and of a write as a line with three marks, and a word after it."""
    colour = COLOURS[key]
    y = np.arange(len(ROWS))[::-1] + shift
    levels = np.full((len(y), 3), np.nan)
    if latency is not None:
        levels = latency.loc[list(ROWS), list(LEVELS)].to_numpy()
    shown = np.where(levels > LAST_MS, np.nan, levels)
    end = np.where(levels[:, 2] > LAST_MS, LAST_MS, levels[:, 2])
    words = [
        "" if np.isnan(v) else "never ▶" if np.isinf(v) else f"{v:,.0f}" + " ▶" * bool(v > LAST_MS)
        for v in levels[:, 2]
    ]
    mark = {"color": COLOURS["paper"], "line": {"color": colour, "width": 1.5}, "size": 7}
    line = scatter(
        np.column_stack([levels[:, 0], end, np.full(len(y), np.nan)]).ravel(),
        np.repeat(y, 3),
        mode="lines",
        line={"color": colour, "width": 2},
        hoverinfo="skip",
    )
    marks = [
        scatter(
            shown[:, column],
            y,
            mode="markers",
            marker=mark | {"symbol": symbol} | ({"color": colour} if column == 2 else {}),
            hovertemplate=f"{SAID[level]}: %{{x:.0f}} ms<extra></extra>",
        )
        for column, (level, symbol) in enumerate(LEVELS.items())
    ]
    label = scatter(
        end * 1.12,
        y,
        mode="text",
        text=words,
        textposition="middle right",
        textfont={"size": 11, "color": colour, "shadow": drawing.HALO},
        hoverinfo="skip",
    )
    return [line, *marks, label]


#: What the home of each role is marked with: symbol, the same as a letter, size, colour.
ROLES = {
    "home": ("star", "★", 15, "old"),
    "at the stadium": ("diamond", "◆", 9, "pinned"),
    "least mean": ("triangle-left", "◀", 11, "tonight"),
    "least p99": ("triangle-down", "▼", 11, "tonight"),
}


def _in_role(homes: pd.DataFrame) -> dict[str, str]:
    """Name of the home in each role."""
    return {
        "home": homes.index[homes["here"]][0],
        "at the stadium": homes.index[homes["stadium"]][0],
        "least mean": homes["mean_ms"].idxmin(),
        "least p99": homes["p99_ms"].idxmin(),
    }


def _homes(homes: pd.DataFrame, pinned: pd.DataFrame | None) -> list[dict]:
    """Every home by its mean and p99; this one, the stadium's and the best ones marked."""
    hover = "%{text}: mean %{x:.0f} ms, p99 %{y:.0f} ms<extra></extra>"
    dots = scatter(
        homes["mean_ms"].to_numpy(),
        homes["p99_ms"].to_numpy(),
        mode="markers",
        marker={"size": 5, "color": COLOURS["quiet"], "symbol": "circle-open"},
        text=homes.index.to_numpy(),
        hovertemplate=hover,
    )
    # The smaller on the larger, where one home has several roles.
    named = _in_role(homes)
    symbol, _, size, colour = zip(*(ROLES[role] for role in named), strict=True)
    marks = scatter(
        homes.loc[list(named.values()), "mean_ms"].to_numpy(),
        homes.loc[list(named.values()), "p99_ms"].to_numpy(),
        mode="markers",
        marker={
            "symbol": symbol,
            "size": size,
            "color": [COLOURS[name] for name in colour],
            "opacity": 1,
            "line": {"color": COLOURS["ink"], "width": 1},
        },
        text=[f"{role}, {name}" for role, name in named.items()],
        hovertemplate=hover,
    )
    held = homes.iloc[:0] if pinned is None else pinned[pinned["here"]]
    pin = scatter(
        held["mean_ms"].to_numpy(),
        held["p99_ms"].to_numpy(),
        mode="markers",
        marker={
            "symbol": "star-open",
            "size": 15,
            "color": COLOURS["pinned"],
            "line": {"width": 2},
        },
        text=[f"pinned, {name}" for name in held.index],
        hovertemplate=hover,
    )
    return [dots, marks, pin]


def _roles(homes: pd.DataFrame, xref: str, yref: str, size: float) -> list[dict]:
    """A line a role, where no home can lie: its p99 would be less than its mean."""
    return [
        note(
            f"{ROLES[role][1]} {role}: {name}, {homes.loc[name, 'mean_ms']:.0f} and "
            f"{homes.loc[name, 'p99_ms']:.0f} ms",
            365,
            150 - 43 * number,
            xref=xref,
            yref=yref,
            xanchor="right",
            yanchor="middle",
            font={"size": size, "color": COLOURS[ROLES[role][3]]},
        )
        for number, (role, name) in enumerate(_in_role(homes).items())
    ]


#: The curves of majorities: column, colour, dash, name.
CURVES = (
    ("all_ms", "drawn", "dash", "all, best"),
    ("here_ms", "old", "dashdot", "majority, here"),
    ("majority_ms", "tonight", "solid", "majority, best"),
    ("light_ms", "quiet", "dot", "majority, light"),
)


def _quorum(quorum: pd.DataFrame, pinned: pd.DataFrame | None) -> list[dict]:
    """Waits over the number of regions, and what the object's own copies take."""
    lines = [
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
    marks = []
    for frame, colour, symbol, word in (
        (quorum, "old", "star", "this object"),
        (pinned, "pinned", "star-open", "pinned"),
    ):
        own = quorum.iloc[:0] if frame is None else frame.dropna(subset="safe_ms")
        marks.append(
            scatter(
                own["regions"].to_numpy(),
                own["safe_ms"].to_numpy(),
                mode="markers",
                marker={
                    "symbol": symbol,
                    "size": 14,
                    "color": COLOURS[colour],
                    "line": {"width": 1.2, "color": COLOURS["ink" if symbol == "star" else colour]},
                },
                hovertemplate=f"{word}: %{{x}} copies, safe after %{{y:.0f}} ms<extra></extra>",
            )
        )
    return [*lines, *marks]


# -- parts ---------------------------------------------------------------------------------------

_PLACES_AXIS = {
    "tickvals": list(range(len(ROWS)))[::-1],
    "ticktext": list(ROWS),
    "range": [-1.5, len(ROWS) - 0.4],
    "showgrid": False,
}
_MS = {"title": {"text": "ms", "standoff": 4}}
PARTS = {
    "map": Part(
        "Round trip to the home ★ (△ followers)",
        *maps.WORLD,
        (0.0, 0.33, 0.5, 0.875),
    ),
    "india": Part("", *maps.INDIA, (0.34, 0.475, 0.5, 0.875)),
    "by_place": Part(
        "Round trip ○, p99 of reads ◇, writes ■",
        theme.ms_axis("ms", *BY_PLACE_MS, every=2) | {"tickangle": 0},
        _PLACES_AXIS,
        (0.64, 0.99, 0.575, 0.875),
        heading_at=0.565,
    ),
    "homes": Part(
        "Every home it could have",
        {
            "range": [0, 370],
            "title": {"text": "mean round trip of the audience, ms", "standoff": 4},
        },
        {"range": [0, 410], "title": {"text": "p99, ms", "standoff": 4}},
        (0.05, 0.475, 0.105, 0.425),
        heading_at=0.0,
    ),
    "quorum": Part(
        "What k regions wait for to agree",
        {
            "type": "log",
            "range": [0, np.log10(POPS) + 1.5],
            "tickvals": [1, 3, 10, 30, 100, 312],
            "tickangle": 0,
            "title": {"text": "regions that hold a copy (★ this object)", "standoff": 4},
        },
        {"range": [0, 300], "title": {"text": "wait, ms", "standoff": 4}},
        (0.61, 0.99, 0.105, 0.425),
        heading_at=0.565,
    ),
}


def traces(now: ObjectFrames, pinned: ObjectFrames | None = None) -> list[dict]:
    """Every trace of the combined figure, always the same number in the same order."""
    made = {
        "map": _map(now.latency, now.sites, 0.75),
        "india": _map(now.latency, now.sites, 1.0),
        "by_place": [
            *_by_place(now.latency, "tonight", 0.16 if pinned else 0.0),
            *_by_place(pinned.latency if pinned else None, "pinned", -0.25),
        ],
        "homes": _homes(now.homes, pinned.homes if pinned else None),
        "quorum": _quorum(now.quorum, pinned.quorum if pinned else None),
    }
    out = drawing.on_axes(PARTS, made)
    coloured = next(t for t in out if "colorscale" in t.get("marker", {}))
    left, top = PARTS["india"].box[1], PARTS["map"].box[3]
    bar = maps.colorbar(x=left + 0.004, y=top, length=top - PARTS["map"].box[2])
    coloured["marker"] |= {"colorbar": bar}
    return out


def _ends(quorum: pd.DataFrame, xref: str, yref: str, size: float) -> list[dict]:
    """The name of each curve at its end, moved apart where two would overlap."""
    last = quorum.iloc[-1]
    heights = {column: last[column] for column, *_ in CURVES}
    room = 21.0 * size / 11
    out, top = [], np.inf
    for column, colour, _, name in sorted(CURVES, key=lambda c: -heights[c[0]]):
        top = min(heights[column], top - room)
        out.append(
            note(
                f"{name}: {heights[column]:.0f}",
                AFTER,
                top,
                xref=xref,
                yref=yref,
                yanchor="middle",
                font={"size": size, "color": COLOURS[colour]},
            )
        )
    return out


def title(thing: DurableObject, pinned: DurableObject | None = None) -> str:
    """Every setting in two lines, so that an exported picture tells them."""
    first, more = settings(thing)
    second = "; ".join([more] * bool(more) + [f"pinned: {pinned!r}"] * bool(pinned))
    small = f"<span style='font-size:11px'>{telling.cut(second, 150)}</span>"
    return f"<b>Durable object</b>: {first}<br>{small}"


def settings(thing: DurableObject) -> tuple[str, str]:
    """What an object is set to: in short, and every other knob that was turned."""
    copies = f"{thing.followers} follower{'s' * (thing.followers != 1)} {thing.followers_at}"
    rate = thing.knobs()["requests_per_s"].text(thing.requests_per_s)
    first = f"home {thing.home}, {copies}, {rate}"
    return first, telling.turned(
        thing, without={"home", "followers", "followers_at", "requests_per_s"}
    )


def settings_in_words(thing: DurableObject) -> str:
    """The same in one line."""
    return ", ".join(filter(None, settings(thing)))


def layout(thing: DurableObject, pinned: DurableObject | None = None) -> dict:
    """Layout of the combined figure."""
    frames = ObjectFrames.of(thing)
    out = drawing.combined(PARTS, title(thing, pinned), {"x": 0.89, "y": 1.01, "xanchor": "right"})
    quiet = drawing.QUIET_SMALL
    out["annotations"] += [
        note("India", 0.03, 0.01, xref="x2 domain", yref="y2 domain", font=quiet),
        note(
            "its queue never empties: no time is true" if thing.saturated else "",
            *(0.5, 0.02),
            xref="x3 domain",
            yref="y3 domain",
            xanchor="center",
            font={"size": 12, "color": COLOURS["old"]},
        ),
        *_roles(frames.homes, "x4", "y4", 11),
        *_ends(frames.quorum, "x5", "y5", 11),
    ]
    return out


# -- single figures ------------------------------------------------------------------------------


def _single(
    part: str, made: list[dict], frames: Mapping[str, pd.DataFrame], about: Mapping, **more
) -> go.Figure:
    meta, below = telling.meta(about, frames, settings_in_words, more.pop("keywords", KEYWORDS))
    return drawing.single(PARTS[part], made, meta, below, **more)


KEYWORDS = {"now": "", "sites": "", "pinned": "pinned="}


def _given(now: pd.DataFrame, pinned: pd.DataFrame | None) -> dict[str, pd.DataFrame]:
    return {"now": now} if pinned is None else {"now": now, "pinned": pinned}


def round_trips(latency: pd.DataFrame, sites: pd.DataFrame) -> go.Figure:
    """The places by their round trip to the home, the home and its followers, and India larger.

    Parameters
    ----------
    latency : pandas.DataFrame
        From `DurableObject.latency`, in milliseconds.
    sites : pandas.DataFrame
        From `DurableObject.sites`.

    Returns
    -------
    plotly.graph_objects.Figure
        Plain lines: nothing is fetched from the network.
    """
    rtt = latency.loc[datasets.places()["place"], "rtt_ms"]
    home = sites.loc[sites["role"] == "home", "city"].iloc[0]
    near, far = rtt.idxmin(), rtt.idxmax()
    caption = f"Round trip to {home}: {rtt[near]:.0f} ms from {near}, {rtt[far]:.0f} from {far}."
    made = _map(latency, sites, 1.1)
    names = ("follower", "place, the larger the more viewers", "home")
    for trace, name in zip(made[1:], names, strict=True):
        trace |= {"name": name, "showlegend": len(trace["x"]) > 0}
    made[2]["marker"] |= {"colorbar": maps.colorbar(x=1.0, y=1.0, length=1.0)}
    made += [t | {"xaxis": "x2", "yaxis": "y2"} for t in _map(latency, sites, 1.3)]
    about = {
        "name": "round_trips",
        "title": f"Round trips to {home}",
        "caption": caption,
        "alt": f"World map and map of India: {len(rtt)} places coloured by round trip. {caption}",
    }
    axes = {
        "xaxis": PARTS["map"].x_axis | {"domain": [0, 0.65]},
        "xaxis2": PARTS["india"].x_axis | {"domain": [0.67, 0.995], "anchor": "y2"},
        "yaxis2": PARTS["india"].y_axis | {"anchor": "x2"},
        "legend": {"itemsizing": "constant", "orientation": "h", "y": 1.01, "yanchor": "bottom"},
    }
    india = note("India", 0.02, 0.01, xref="x2 domain", yref="y2 domain", font=drawing.QUIET)
    frames = {"now": latency, "sites": sites}
    return _single("map", made, frames, about, annotations=[india], **axes)


def object_latency(latency: pd.DataFrame, pinned: pd.DataFrame | None = None) -> go.Figure:
    """Round trip, p99 of a read and of a write from seven places.

    Parameters
    ----------
    latency : pandas.DataFrame
        From `DurableObject.latency`, in milliseconds.
    pinned : pandas.DataFrame, optional
        The same of an object to compare with.

    Returns
    -------
    plotly.graph_objects.Figure
        A time that never comes is a line to the edge with the word "never".
    """
    frames = _given(latency, pinned)
    shifts = {"now": ("tonight", 0.0 if pinned is None else 0.2), "pinned": ("pinned", -0.2)}
    made = []
    for key, frame in frames.items():
        line, *marks, word = _by_place(frame, *shifts[key])
        named = {"showlegend": pinned is not None, "name": {"now": "now"}.get(key, key)}
        made += [line | named, *marks, word]
    told = "; ".join(
        f"{place} {', '.join(telling.in_ms(v) for v in latency.loc[place, list(LEVELS)])}"
        for place in ROWS
    )
    far = latency.loc["Bay Area"]
    caption = f"From the Bay Area a read takes up to {telling.in_ms(far['read_p99_ms'])} "
    caption += f"(p99), a write up to {telling.in_ms(far['write_p99_ms'])}."
    about = {
        "name": "object_latency",
        "title": "What the object costs each place",
        "caption": caption,
        "alt": f"Dots on lines, a row a place: round trip, p99 of a read and of a write: {told}.",
    }
    axes = {
        "xaxis": theme.ms_axis("ms: ○ round trip, ◇ read p99, ■ write p99", *BY_PLACE_MS),
        "yaxis": _PLACES_AXIS,
    }
    axes = {name: axis | {"automargin": True} for name, axis in axes.items()}
    return _single("by_place", made, frames, about, **axes)


def home_choice(homes: pd.DataFrame, pinned: pd.DataFrame | None = None) -> go.Figure:
    """Every home by the mean and the p99 of the audience's round trips.

    Parameters
    ----------
    homes : pandas.DataFrame
        From `DurableObject.homes`, in milliseconds.
    pinned : pandas.DataFrame, optional
        The same of an object to compare with; its home is marked.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    best, tail = homes["mean_ms"].idxmin(), homes["p99_ms"].idxmin()
    caption = (
        f"Least mean: {best}, {homes.loc[best, 'mean_ms']:.0f} ms. "
        f"Least p99: {tail}, {homes.loc[tail, 'p99_ms']:.0f} ms."
    )
    about = {
        "name": "home_choice",
        "title": "Every home it could have",
        "caption": caption,
        "alt": f"Dots, one a home, mean round trip to the right and p99 upwards. {caption}",
    }
    roles = _roles(homes, "x", "y", 14)
    return _single("homes", _homes(homes, pinned), _given(homes, pinned), about, annotations=roles)


def majorities(quorum: pd.DataFrame, pinned: pd.DataFrame | None = None) -> go.Figure:
    """What a majority of k regions waits for, over k.

    Parameters
    ----------
    quorum : pandas.DataFrame
        From `DurableObject.quorum`, in milliseconds.
    pinned : pandas.DataFrame, optional
        The same of an object to compare with; what its copies take is marked.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    last = quorum.iloc[-1]
    caption = (
        f"A majority of {POPS} PoPs answers its best leader, {last['leader']}, after "
        f"{last['majority_ms']:.0f} ms at the soonest, all of them after {last['all_ms']:.0f}."
    )
    about = {
        "name": "majorities",
        "title": "Agreement without a home",
        "caption": caption,
        "alt": "Steps over the number of regions on a logarithmic axis: waits for a majority and "
        f"for all. {caption}",
    }
    ends = _ends(quorum, "x", "y", 14)
    return _single(
        "quorum", _quorum(quorum, pinned), _given(quorum, pinned), about, annotations=ends
    )


def lost_writes(designs: pd.DataFrame) -> go.Figure:
    """Acknowledged writes that each design lost, and those that it counted twice.

    Parameters
    ----------
    designs : pandas.DataFrame
        From `DurableObject.designs`.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    names = [f"{name}  " for name in designs.index]
    words = [
        f"{row.lost:.0f} lost, {row.twice:.0f} twice; {row.linearisable:.0f} of "
        f"{row.histories:.0f} linearisable"
        for row in designs.itertuples()
    ]
    made = []
    for column, colour, pattern in (("lost", "old", ""), ("twice", "tonight", "/")):
        made.append(
            {
                "type": "bar",
                "orientation": "h",
                "y": names,
                "x": (designs[column] / designs["acknowledged"]).to_numpy(),
                "name": {"lost": "lost", "twice": "counted twice"}[column],
                "marker": {"color": COLOURS[colour], "pattern": {"shape": pattern}},
                "text": words if column == "twice" else None,
                "textposition": "outside",
                "textfont": {"size": 14},
                "cliponaxis": False,
                "hovertemplate": "%{y}%{x:.1%}<extra></extra>",
                "showlegend": True,
            }
        )
    caption = "; ".join(f"{name}: {word}" for name, word in zip(designs.index, words, strict=True))
    about = {
        "name": "lost_writes",
        "title": "What each promise lost",
        "caption": f"{caption[0].upper()}{caption[1:]}.",
        "alt": f"Bars, one a design: the share of acknowledged writes that was lost. {caption}.",
    }
    meta, below = telling.meta(about, {"now": designs}, settings_in_words, KEYWORDS)
    part = Part(
        "",
        theme.share_axis(
            "of the acknowledged writes", range=[0, 1.6], tickvals=[0, 0.25, 0.5, 0.75, 1]
        ),
        {"showgrid": False, "categoryorder": "array", "categoryarray": names[::-1]},
        (0, 1, 0, 1),
    )
    return drawing.single(part, made, meta, below, barmode="stack")
