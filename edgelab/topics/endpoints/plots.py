"""The plots of endpoints: a map of verdicts, where time goes, what rules a way out, who gains."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import log10

import numpy as np
from scipy.ndimage import distance_transform_edt

from edgelab.core.words import in_ms, percent, the
from edgelab.stage import drawing, theme
from edgelab.stage.drawing import note, scatter
from edgelab.stage.drawn import Drawn
from edgelab.stage.plot import frame, plot
from edgelab.stage.theme import COLOURS, TINTS
from edgelab.topics.endpoints.demands import age, complaint
from edgelab.topics.endpoints.model import MAP_STALENESS_S, MAP_WRITES, Endpoint, on_map, twelve
from edgelab.topics.endpoints.ways import (
    AT_HOME,
    BUCKETS,
    CACHE,
    EDGE_SLICE,
    HOME_SLICE,
    KV,
    NEAR,
    OBJECT,
    PART_SLICE,
    PLACES,
    SPLIT,
    WAYS,
)

__all__ = ["ruled_out", "time_by_way", "verdict_map", "who_gains"]

#: Colour and symbol of what is at the edge.
LOOKS = {
    EDGE_SLICE: ("tonight", "circle"),
    PART_SLICE: ("amber", "diamond"),
    HOME_SLICE: ("old", "square"),
}
GROUNDS = {
    AT_HOME: TINTS["old"][0],
    NEAR: TINTS["old"][1],
    SPLIT: TINTS["amber"][1],
    OBJECT: TINTS["amber"][0],
    CACHE: TINTS["tonight"][1],
    KV: TINTS["tonight"][0],
}
#: A way's name in two lines.
IN_TWO = {way: way.replace(", ", ",<br>").replace(": ", ":<br>") for way in WAYS}
IN_TWO |= {NEAR: "next to its<br>back end", OBJECT: "in a durable<br>object"}
#: Where the name of an example stands beside its mark.
BESIDE = {
    "Up Next panel": "bottom right",
    "transaction history": "bottom right",
    "login": "bottom right",
    "A/B routing": "top center",
    "image resize": "top left",
    "live scoreboard": "top center",
    "chat": "bottom right",
    "order matching": "middle right",
    "search": "top right",
    "cart": "top right",
    "push token": "bottom left",
    "ad beacon": "bottom right",
}
AGES = {
    0.001: "1 ms", 0.01: "10 ms", 0.1: "0.1 s", 1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min",
    3600: "1 h", 86_400: "1 day",
}  # fmt: skip
SHARES = {1e-6: "1 in a million", 1e-4: "0.01 %", 1e-2: "1 %", 0.1: "10 %", 1: "all"}
#: Ends of the map's axes, as powers of ten.
ENDS_X, ENDS_Y = (-3.12, 5.06), (-6.25, 0.22)
#: Parts of a mean time: its columns in `Endpoint.waterfall`, colour and pattern.
LAYERS = {
    "last mile": (("last mile",), "stage_3", ""),
    "to the PoP": (("to the PoP",), "stage_2", ""),
    "start, work": (("cold start", "work"), "stage_1", ""),
    "on from there": (("on from there",), "amber", "/"),
    "waits there": (("waits there",), "old", ""),
}
#: The waterfall's axis ends at the first of these that holds every time that comes.
SCALES_MS = (150, 300, 450, 800, 1500, 2500, 5000, 10_000, 20_000)
LEAST, MOST = 1e-3, 1e3  # of a figure over its limit


def _at(thing: Endpoint) -> tuple[float, float]:
    """Where an endpoint stands on the map; without a write at its lower edge."""
    x = log10(thing.tolerated_staleness_s)
    return x, log10(max(thing.write_share, MAP_WRITES[0]))


def _edges(values: np.ndarray) -> np.ndarray:
    """Edges of cells around points, as powers of ten: halfway between them."""
    at = np.log10(values)
    between = (at[1:] + at[:-1]) / 2
    return np.concatenate([[2 * at[0] - between[0]], between, [2 * at[-1] - between[-1]]])


@plot(
    Endpoint, "Where it belongs", span=7, height_px=408,
    untold=("tolerated_staleness_s", "write_share", "place"),
)  # fmt: skip
def verdict_map(thing: Endpoint, pinned: Endpoint | None, at_rest: bool) -> Drawn:
    """Where an endpoint like this one belongs, over tolerated staleness and share of writes.

    Twelve others stand at their own staleness and writes; a mark's form and colour are its own
    verdict, at the same edge.
    """
    ground = frame(on_map, thing.map_settings)
    others = frame(twelve, thing.edge_settings, wait=at_rest)
    known = others is not None
    if not known:
        others = frame(twelve, Endpoint().edge_settings)
    made = [
        {
            "type": "heatmap",
            "x": _edges(MAP_STALENESS_S),
            "y": _edges(MAP_WRITES),
            "z": ground.astype(np.int8),
            "zmin": -0.5,
            "zmax": len(WAYS) - 0.5,
            "colorscale": [
                [(k + end) / len(WAYS), GROUNDS[way]]
                for k, way in enumerate(WAYS)
                for end in (0, 1)
            ],
            "showscale": False,
            "hoverinfo": "skip",
        }
    ]
    for bucket, (colour, symbol) in LOOKS.items():
        some = others[others["bucket"] == bucket]
        made.append(
            scatter(
                np.log10(some["tolerated_staleness_s"].to_numpy()),
                np.log10(np.maximum(some["write_share"].to_numpy(), MAP_WRITES[0])),
                mode="markers+text",
                marker={
                    "symbol": symbol if known else f"{symbol}-open",
                    "size": 10,
                    "color": COLOURS[colour],
                    "line": {"color": COLOURS["ink"], "width": 1},
                },
                text=some.index.to_list(),
                textposition=[BESIDE[name] for name in some.index],
                textfont={"size": 11.5, "color": COLOURS["ink"], "shadow": drawing.HALO},
                name=bucket,
                showlegend=True,
                hovertext=[f"{n}: {w}, p99 {in_ms(t)}" for n, w, t in
                           zip(some.index, some["way"], some["p99_ms"], strict=True)],
                hovertemplate="%{hovertext}<extra></extra>",
            )
        )  # fmt: skip
    for model, name, colour, size in (
        (pinned, "pinned", "pinned", 15),
        (thing, "yours", "ink", 18),
    ):
        x, y = _at(model) if model else (np.nan, np.nan)
        made.append(
            scatter(
                np.array([x]),
                np.array([y]),
                mode="markers",
                marker={
                    "symbol": "star",
                    "size": size,
                    "color": COLOURS[colour],
                    "line": {"color": COLOURS["paper"], "width": 1.5},
                },
                name=name,
                showlegend=model is not None,
                hovertemplate=f"{name}<extra></extra>",
            )
        )
    told = thing.verdict()
    share = {bucket: 0.0 for bucket in LOOKS}
    for number, way in enumerate(WAYS):
        share[BUCKETS[way]] += float(np.mean(ground == number))
    counts = others["bucket"].value_counts()
    seen = ", ".join(f"{counts.get(bucket, 0)} {bucket}" for bucket in LOOKS)
    return Drawn(
        made,
        _axis("tolerated staleness", AGES, ENDS_X),
        _axis("share of writes", SHARES, ENDS_Y),
        caption=f"An endpoint like yours, {age(thing.tolerated_staleness_s)} old at most and "
        f"{percent(thing.write_share)} of it writes, belongs {_where(told.way)}. Of twelve others: "
        f"{seen}.",
        alt="A map of verdicts over tolerated staleness and the share of writes: "
        + ", ".join(f"{percent(part)} of the ground {bucket}" for bucket, part in share.items())
        + ".",
        notes=_names(thing.map_settings),
        title=f"Yours belongs {_where(told.way)}",
    )


def _where(way: str) -> str:
    return {SPLIT: "in two: the PoP asks home"}.get(way, way)


def _axis(title: str, ticks: Mapping[float, str], ends: tuple[float, float]) -> dict:
    """An axis of powers of ten that are drawn evenly."""
    return {
        "range": list(ends),
        "tickvals": [log10(tick) for tick in ticks],
        "ticktext": list(ticks.values()),
        "tickangle": 0,
        "showgrid": False,
        "title": {"text": title, "standoff": 4},
    }


@lru_cache(maxsize=32)
def _names(settings: tuple) -> list[dict]:
    """The name of each way in the middle of its ground, away from the twelve and their names."""
    ground = frame(on_map, settings)
    x, y = np.log10(MAP_STALENESS_S), np.log10(MAP_WRITES)
    taken = np.zeros(ground.shape, bool)
    for other in Endpoint.examples().values():
        at_x, at_y = _at(other)
        taken |= (abs(x[None, :] - at_x) < 1.3) & (abs(y[:, None] - at_y) < 0.35)
    out = []
    for number, way in enumerate(WAYS):
        free = np.pad((ground == number) & ~taken, 1)
        room = distance_transform_edt(free)[1:-1, 1:-1] if free.any() else np.zeros(ground.shape)
        row, column = np.unravel_index(room.argmax(), room.shape)
        out.append(
            note(
                IN_TWO[way] if room[row, column] > 8 else "",
                float(np.clip(x[column], ENDS_X[0] + 1.1, ENDS_X[1] - 1.1)),
                float(y[row]),
                xref="x",
                yref="y",
                xanchor="center",
                yanchor="middle",
                font={"size": 12, "color": COLOURS["quiet"]},
            )
        )
    return out


# -- where the time goes -------------------------------------------------------------------------


def _rows(thing: Endpoint) -> list[str]:
    """Names of the ways as the rows of a plot, the chosen one and those ruled out marked."""
    chosen, refused = thing.verdict().way, thing._refused
    marks = {way: "✗ " if way in refused else "" for way in WAYS} | {chosen: "★ "}
    return [f"{marks[way]}{way} " for way in WAYS]


@plot(Endpoint, "Where its time goes", span=5, height_px=408, pins=False)
def time_by_way(thing: Endpoint, pinned: Endpoint | None, at_rest: bool) -> Drawn:
    """The mean time of a request from one place, taken apart, in each way to run it.

    A diamond is the p99 there; ways that are ruled out have a cross.
    """
    table = frame(Endpoint.waterfall, thing)
    parts = {name: table[list(some)].to_numpy().sum(axis=1) for name, (some, *_) in LAYERS.items()}
    p99 = thing._levels_ms[:, PLACES.index(thing.place), 1]
    total = sum(parts.values())
    finite = np.append(total, p99)
    finite = finite[np.isfinite(finite)]
    end = next((ms for ms in SCALES_MS if ms >= 1.16 * finite.max()), SCALES_MS[-1])
    rows = np.arange(len(WAYS))
    made = [
        {
            "type": "bar",
            "orientation": "h",
            "x": np.where(np.isfinite(ms), ms, 0.0),
            "y": rows,
            "width": 0.55,
            "name": part,
            "marker": {"color": COLOURS[colour], "pattern": {"shape": shape}},
            "hovertemplate": f"{part}: %{{x:.1f}} ms<extra></extra>",
            "showlegend": True,
        }
        for (part, ms), (_, colour, shape) in zip(parts.items(), LAYERS.values(), strict=True)
    ]
    made.append(
        scatter(
            np.where(np.isfinite(p99), p99, np.nan),
            rows,
            mode="markers",
            marker={"symbol": "diamond", "size": 10, "color": COLOURS["ink"]}
            | {"line": {"color": COLOURS["paper"], "width": 1}},
            name="p99",
            showlegend=True,
            hovertemplate="p99: %{x:.0f} ms<extra></extra>",
        )
    )
    words = [
        f"mean {in_ms(mean)}, p99 {in_ms(late)}" if np.isfinite(mean) else "its queue never empties"
        for mean, late in zip(total, p99, strict=True)
    ]
    made.append(
        scatter(
            np.zeros(len(WAYS)),
            rows + 0.42,
            mode="text",
            text=[f"<b>{name}</b>{word}" for name, word in zip(_rows(thing), words, strict=True)],
            textposition="middle right",
            textfont={"size": 12, "color": COLOURS["ink"]},
            hoverinfo="skip",
            cliponaxis=False,
        )
    )
    told = "; ".join(f"{way} {word}" for way, word in zip(WAYS, words, strict=True))
    chosen = WAYS.index(thing.verdict().way)
    return Drawn(
        made,
        {"range": [0, end], "title": {"text": f"ms, from {the(thing.place)}", "standoff": 4}},
        {"range": [-0.45, len(WAYS) - 0.25], "showticklabels": False, "showgrid": False}
        | {"ticks": ""},
        caption=f"From {the(thing.place)}, {WAYS[chosen]}: {words[chosen]}; all at home: "
        f"{words[WAYS.index(AT_HOME)]}.",
        alt=f"Stacked bars, one a way, from the simplest at the bottom: {told}.",
        layout={"barmode": "stack", "legend": {"traceorder": "normal"}},
        title=f"Where its time goes, from {the(thing.place)}",
    )


@plot(Endpoint, "What rules a way out", span=6, height_px=300, untold=("place",), pins=False)
def ruled_out(thing: Endpoint, pinned: Endpoint | None, at_rest: bool) -> Drawn:
    """Every demand on every way, as its figure over its limit; right of the line it is too much.

    A way that is ruled out has a cross; of the others, what is nearest to its limit is named.
    """
    ways = WAYS[1:]
    rows = thing._demands
    ratio = np.array([_over(float(row.figure), float(row.limit)) for row in rows])
    y = np.array([ways.index(row.way) for row in rows], float)
    met = ratio <= 1
    made = [
        scatter(
            np.where(some, ratio, np.nan),
            y,
            mode="markers",
            marker={
                "symbol": symbol,
                "size": 9,
                "color": COLOURS[colour],
                "line": {"color": COLOURS["ink"], "width": 1},
            },
            name=name,
            showlegend=True,
            text=[complaint(row) for row in rows],
            hovertemplate="%{text}<extra></extra>",
        )
        for some, symbol, colour, name in (
            (met, "circle-open", "tonight", "allowed"),
            (~met, "x", "old", "too much"),
        )
    ]
    # Of an allowed way, what is nearest to its limit is named.
    nearest = {way: "allowed" for way in ways}
    for k in np.argsort(ratio, kind="stable"):
        if rows[k].figure:
            nearest[rows[k].way] = complaint(rows[k])
    words = [thing._refused.get(way, nearest[way]) for way in ways]
    made.append(
        scatter(
            np.full(len(ways), LEAST * 0.75),
            np.arange(len(ways)) + 0.36,
            mode="text",
            text=[
                f"{'✗ ' * (way in thing._refused)}<b>{way.removeprefix('at the PoP, ')}</b>: {word}"
                for way, word in zip(ways, words, strict=True)
            ],
            textposition="middle right",
            textfont={"size": 11.5, "color": COLOURS["ink"], "shadow": drawing.HALO},
            hoverinfo="skip",
        )
    )
    out = [f"{way}: {thing._refused[way]}" for way in ways if way in thing._refused]
    caption = f"Ruled out: {'; '.join(out)}." if out else "Nothing rules any way out."
    ticks = {10.0**k: f"{10.0**k:g}" for k in range(-3, 4)}
    # A piece for each row: a whole line would go through the words.
    line = {"type": "line", "x0": 1, "x1": 1, "line": {"color": COLOURS["ink"], "width": 2}}
    limits = [line | {"y0": row - 0.24, "y1": row + 0.18} for row in range(len(ways))]
    return Drawn(
        made,
        theme.log_axis("times the limit", LEAST * 0.6, MOST * 1.6, ticks),
        {"range": [-0.4, len(ways) - 0.3], "showticklabels": False, "showgrid": False, "ticks": ""},
        caption=caption,
        alt=f"Marks on a logarithmic axis, a row for each way: {'; '.join(words)}.",
        shapes=limits,
    )


def _over(figure: float, limit: float) -> float:
    """A figure over its limit, within the axis."""
    if figure <= limit:
        return float(np.clip(figure / limit if limit else LEAST, LEAST, 1.0))
    return float(np.clip(figure / limit if limit else MOST, 1.0 + 1e-9, MOST))


@plot(Endpoint, "Who gains", span=6, height_px=300, untold=("place",))
def who_gains(thing: Endpoint, pinned: Endpoint | None, at_rest: bool) -> Drawn:
    """p99 by place, as the verdict has it and all at home."""
    names = [*PLACES, thing.audience]
    y = np.arange(len(names))[::-1].astype(float)
    chosen = thing.verdict().way
    now, home = (thing._levels_ms[WAYS.index(way), :, 1] for way in (chosen, AT_HOME))
    colour, symbol = LOOKS[BUCKETS[chosen]]
    series = [(f"now: {chosen}", now, colour, symbol, 11, 0.0)]
    if chosen != AT_HOME:
        series.insert(0, (AT_HOME, home, "old", "square-open", 9, 0.0))
    if pinned:
        way = pinned.verdict().way
        held = pinned._levels_ms[WAYS.index(way), :, 1]
        series.append((f"pinned: {way}", held, "pinned", "star", 11, -0.28))
    made = [
        scatter(
            np.where(np.isfinite(p99), p99, np.nan),
            y + shift,
            mode="markers",
            marker={"symbol": mark, "size": size, "color": COLOURS[look]}
            | {"line": {"color": COLOURS["ink"], "width": 1}},
            name=name,
            showlegend=True,
            hovertemplate=f"{name}, %{{y}}: %{{x:.0f}} ms<extra></extra>",
        )
        for name, p99, look, mark, size, shift in series
    ]
    saved = (home - now)[: len(PLACES)]
    best, worst = int(saved.argmax()), int(saved.argmin())
    if chosen == AT_HOME:
        caption = f"Nobody gains: the p99 for {thing.audience} is {in_ms(home[-1])}."
    else:
        more = "least" if saved[worst] >= 0 else "nothing"
        caption = f"{names[best]} gains most, from {in_ms(home[best])} to {in_ms(now[best])}; "
        caption += f"{names[worst]} gains {more}, from {in_ms(home[worst])} to {in_ms(now[worst])}."
    told = "; ".join(f"{name} {in_ms(ms)}" for name, ms in zip(names, now, strict=True))
    return Drawn(
        made,
        theme.ms_axis("p99, ms", 8.0, 6000.0),
        {
            "tickvals": y,
            "ticktext": names,
            "range": [-0.7, len(names) - 0.4],
        },
        caption=caption,
        alt=f"Marks, a row for each place, on a logarithmic axis: {told}.",
    )
