"""The plots of design: the night, the goals, what is given up, the bill."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from edgelab.core.words import counted, in_digits, in_ms, percent
from edgelab.stage import theme
from edgelab.stage.drawing import NOT_YET, QUIET, note, rule, scatter
from edgelab.stage.drawn import Drawn
from edgelab.stage.plot import frame, plot
from edgelab.stage.theme import COLOURS
from edgelab.topics.design import designs
from edgelab.topics.design.goals import GOALS
from edgelab.topics.design.model import PLACED, Design
from edgelab.topics.design.night import MINUTES, STALE_S, WRONG, sunk

__all__ = ["bill", "goals_met", "night_events", "trade_offs"]

#: The slides of a defence, in their order.
DEFENCE = ("night_events", "goals_met", "trade_offs", "bill")
#: Strips of the night, from the top: column, title, ends of the axis, ticks, what is minded.
STRIPS = (
    ("errors", "errors", (1e-5, 400.0), {1e-5: "0", 1e-3: "0.1 %", 0.03: "3 %", 1.0: "all"}, WRONG),
    ("p99_ms", "p99", (8.0, 16e3), {10: "10 ms", 300: "0.3 s", 1e4: "never"}, 300.0),
    ("stale_s", "stale", (0.02, 6000.0), {0.1: "0.1 s", 10: "10 s", 1800: "30 min"}, STALE_S),
    ("origin_busy", "busy", (0.02, 160.0), {0.1: "10 %", 1.0: "100 %", 100: "dead"}, 1.0),
)  # fmt: skip
SINKS = "sinks", "does not sink"
#: The uppermost has room for the events' names; and the gap below a strip.
HEIGHTS, GAP = (2.0, 1.0, 1.0, 1.0), 0.045
#: Designs that are tried for the front; another reader's knobs do not change them.
TRIED = 128
NAMES = X, _, Y = designs.NAMES
#: What a reader's design is told to have more of than the article's.
GIVEN_UP = (X, "write's wait, ms", "lost writes, %", "writes lost with a region", Y)
ENDS_MS = 20, 1000
#: A goal's bar ends here, as a multiple of its target; what is 0 begins at the first.
LEAST, MOST = 0.003, 300.0
ITEMS = ("traffic", "functions", "KV", "PoPs", "regions", "rest")
LOOKS = dict(zip(ITEMS, ("stage_2", "sky", "amber", "plum", "old", "quiet"), strict=True))
SHAPES = dict(zip(ITEMS, ("", "/", "", "x", "\\", "."), strict=True))


# -- the night ------------------------------------------------------------------------------------


def _lines(night: pd.DataFrame | None, name: str, **line) -> list[dict]:
    """A line in each strip, cut off at the ends of its axis; what is not known yet has none."""
    out = []
    for number, (column, _, (low, high), _, _) in enumerate(STRIPS):
        y = NOT_YET if night is None else np.clip(night[column], low * 1.15, high / 1.6)
        x = NOT_YET if night is None else night.index.to_numpy(float)
        own = {"yaxis": f"y{number + 1}"} if number else {}
        trace = scatter(
            x, np.asarray(y, float), mode="lines", line={"shape": "hv"} | line, name=name,
            showlegend=number == 0 and night is not None, hoverinfo="skip", **own,
        )  # fmt: skip
        out.append(trace)
    return out


def _alerts(night: pd.DataFrame | None) -> dict:
    """Marks below the errors while the alert rule fires."""
    low = STRIPS[0][2][0] * 2.2
    on = np.zeros(0) if night is None else night.index[night["alert"]].to_numpy(float)
    some = on if len(on) else NOT_YET
    mark = {"symbol": "square", "size": 6, "color": COLOURS["plum"]}
    return scatter(
        some, np.where(np.isnan(some), np.nan, low), mode="markers", marker=mark,
        name="the alert rule fires", showlegend=bool(len(on)), hoverinfo="skip",
    )  # fmt: skip


@plot(Design, "The night, minute by minute", height_px=285, untold=tuple(PLACED))
def night_events(design: Design, pinned: Design | None, at_rest: bool) -> Drawn:
    """The four hours: errors, the p99 where it is worst, staleness, the busiest region's load.

    Each event has a shade from its beginning to its end. A dotted line is what is minded.
    """
    now = frame(Design.night, design, wait=at_rest)
    held = frame(Design.night, pinned, wait=at_rest) if pinned else None
    traces = [
        *_lines(held, "pinned", color=COLOURS["pinned"], width=1.8, dash="dash"),
        *_lines(now, "now", color=COLOURS["tonight"], width=2.4),
        _alerts(now),
    ]
    shapes, notes, axes = [], [], {}
    ends_at = np.cumsum([0.0, *HEIGHTS]) / sum(HEIGHTS)
    for number, (_, title, ends, ticks, minded) in enumerate(STRIPS):
        low, top = 1 - ends_at[number + 1] + GAP * (number < len(STRIPS) - 1), 1 - ends_at[number]
        axis = theme.log_axis(title, *ends, ticks) | {"domain": [max(float(low), 0.0), float(top)]}
        key = f"y{number + 1}" if number else "y"
        axes[f"yaxis{number + 1}" if number else "yaxis"] = axis
        shapes.append(
            rule("x domain", x0=0, x1=1, yref=key, y0=minded, y1=minded)
            | {"line": {"color": COLOURS["old"], "width": 1.2, "dash": "dot"}}
        )
    for number, event in enumerate(design.events):
        late = event.minute > 0.8 * MINUTES  # no room to the right
        end = min(event.minute + event.lasts_min, MINUTES)
        shapes.append(
            rule("x", type="rect", yref="paper", x0=event.minute, y0=0, y1=1, x1=end)
            | {"fillcolor": COLOURS["band"], "line": {"width": 0}, "layer": "below"}
        )  # fmt: skip
        notes.append(
            note(event.kind, end if late else event.minute, 1 - 0.055 * (number % 3), xref="x",
                 xanchor="right" if late else "left", yanchor="top", font=QUIET)
        )  # fmt: skip
    y = axes.pop("yaxis")
    x = {"range": [0, MINUTES], "title": {"text": "minute of the night", "standoff": 4}}
    x |= {"anchor": f"y{len(STRIPS)}", "tickvals": list(range(0, MINUTES + 1, 30))}
    title, caption = _told(design, now)
    return Drawn(
        traces, x, y, caption,
        "Four strips over the minutes of the night, from the top: share of requests without a "
        "right answer, the worst place's p99, how old lists are, the load of the busiest region.",
        notes, shapes, title, axes,
    )  # fmt: skip


def _told(design: Design, night: pd.DataFrame | None) -> tuple[str, str]:
    """The finding, and a sentence with its figures."""
    if night is None:
        return "", "The night is drawn when the hand is at rest."
    bad, kinds = sunk(night), [event.kind for event in design.events]
    if not kinds:
        return "A night without an event", "Nothing happens, so nothing goes wrong."
    title = f"{len(bad) or 'None'} of {len(kinds)} events sink{'s' * (len(bad) < 2)} the night"
    if len(kinds) == 1:
        title = f"{kinds[0][:1].upper()}{kinds[0][1:]}: it {SINKS[not bad]} the night"
    worst = night[["errors", "stale_s", "origin_busy"]].max()
    said = f"Sunk by: {', '.join(bad)}. " if bad and len(kinds) > 1 else ""
    said += (
        f"At worst {percent(worst['errors'])} of the requests get no right answer, "
        f"lists are {_age(worst['stale_s'])} old, and {_load(worst['origin_busy'])}"
    )
    on = night.index[night["alert"]]
    fires = f"fires for {counted(len(on), 'minute')}, first in minute {on[0]}" if len(on) else ""
    return title, f"{said}. The alert rule {fires or 'does not fire'}."


def _load(busy: float) -> str:
    if np.isinf(busy):
        return "no region answers"
    if busy >= 1:
        return f"a region has {busy:.2g} times as much to do as it can"
    return f"the busiest region is {percent(busy)} busy"


def _age(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 600 else in_ms(1000 * seconds)


# -- goals ----------------------------------------------------------------------------------------


def _ratio(values: dict[str, float]) -> np.ndarray:
    """What each goal comes to over its target; NaN where it is not known yet."""
    out = []
    for name, goal in GOALS.items():
        ours = values.get(name, np.nan)
        # A goal of nothing at all is met, or is as far off as the axis goes.
        out.append(ours / goal.target if goal.target else (1e9 if ours > 0 else 0.0 * ours))
    return np.clip(np.array(out), LEAST, MOST)


@plot(Design, "The goals", span=7, height_px=430, untold=tuple(PLACED))
def goals_met(design: Design, pinned: Design | None, at_rest: bool) -> Drawn:
    """Every goal over its target: what is right of the line is missed.

    A circle is met, a cross is missed; the diamond below is the pinned design's, with a cross in it
    if that one misses.
    """
    known = frame(Design.report, design, wait=at_rest)
    values = frame(Design.values, design) if known is None else known["value"].to_dict()
    ratio = _ratio(values)
    rows = np.arange(len(GOALS))[::-1]
    missed = ~(ratio <= 1) & ~np.isnan(ratio)
    traces = []
    for name, some, colour, symbol in (
        ("met", (ratio <= 1), "tonight", "circle"), ("missed", missed, "old", "x"),
    ):  # fmt: skip
        traces.append(
            scatter(
                np.where(some, ratio, np.nan), rows, mode="markers", name=name, showlegend=True,
                marker={"symbol": symbol, "size": 10, "color": COLOURS[colour]},
                hoverinfo="skip",
            )
        )  # fmt: skip
    held = frame(Design.report, pinned, wait=at_rest) if pinned else None
    there = NOT_YET if held is None else _ratio(held["value"].to_dict())
    symbols = np.where(there <= 1, "diamond-open", "diamond-x-open").tolist()
    mark = {"symbol": symbols, "size": 8, "color": COLOURS["pinned"], "line": {"width": 1.5}}
    traces.append(
        scatter(
            there, NOT_YET if held is None else rows - 0.3, mode="markers", marker=mark,
            name="pinned", showlegend=held is not None, hoverinfo="skip",
        )
    )  # fmt: skip
    said = [
        f"{name}: {in_digits(values[name])} (≤ {in_digits(goal.target)})"
        if name in values
        else name
        for name, goal in GOALS.items()
    ]
    ticks = {0.01: "1 %", 0.1: "10 %", 1: "target", 10: "10 times", 100: "100"}
    names = [f"“{name.split(',')[0]}”" for name, bad in zip(GOALS, missed, strict=True) if bad]
    count = int((ratio <= 1).sum())
    title = f"{count} of {len(values)} goals are met"
    return Drawn(
        traces,
        theme.log_axis("value over its target", LEAST * 0.8, MOST * 1.25, ticks),
        {"tickvals": rows.tolist(), "ticktext": said, "range": [-0.7, len(GOALS) - 0.3]},
        caption=f"Missed: {', '.join(names)}." if names else "No goal is missed.",
        alt=f"A mark for each of {len(GOALS)} goals, over its target.",
        shapes=[rule("x", x0=1, x1=1) | {"line": {"color": COLOURS["ink"], "width": 1.2}}],
        title=title,
    )


# -- trade-offs -----------------------------------------------------------------------------------


def _tried(names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Designs tried around the article's, whatever a reader's is; and who is not beaten."""
    made = Design().search(names, TRIED)
    rows = made[list(names)].to_numpy()
    known = np.isfinite(rows).all(axis=1)
    return rows[known], made["on_front"].to_numpy()[known]


@lru_cache(maxsize=16)
def _old(requests_per_viewer_min: float, write_share: float) -> Design:
    """The old Mumbai origin of such a night."""
    night = Design(requests_per_viewer_min=requests_per_viewer_min, write_share=write_share)
    return night.baseline()


@plot(Design, "What is given up", span=5, height_px=430, untold=tuple(PLACED))
def trade_offs(design: Design, pinned: Design | None, at_rest: bool) -> Drawn:
    """Cost and the Bay Area's p99 of many designs, those that no other beats marked.

    Beaten is who is worse in cost, p99 or staleness and better in none. Rings are around those that
    beat yours.
    """
    tried = frame(_tried, NAMES, wait=at_rest)
    traces = []
    for name, on, mark in (
        ("tried", False, {"size": 4, "color": COLOURS["coast"]}),
        ("no other beats it", True, {"size": 8, "color": COLOURS["sky"], "symbol": "circle"}),
    ):
        some = NOT_YET[:, None] + np.zeros(3) if tried is None else tried[0][tried[1] == on]
        traces.append(
            scatter(
                some[:, 0], some[:, 2], mode="markers", marker=mark, name=name,
                showlegend=True, hoverinfo="skip",
            )
        )  # fmt: skip
    beat = NOT_YET[:, None] + np.zeros(3)
    if tried is not None and (better := _as_good(design, tried[0])).any():
        beat = tried[0][better]
    ring = {"symbol": "circle-open", "size": 15, "color": COLOURS["ink"], "line": {"width": 1.5}}
    traces.append(
        scatter(
            beat[:, 0], beat[:, 2], mode="markers", marker=ring, name="beats yours",
            showlegend=True, hoverinfo="skip",
        )
    )  # fmt: skip
    marks = {
        "old Mumbai": (_old(design.requests_per_viewer_min, design.write_share), "old", "square"),
        "the article's": (Design(), "amber", "diamond"),
        "pinned": (pinned, "pinned", "triangle-up"),
        "yours": (design, "ink", "star"),
    }
    for name, (model, colour, symbol) in marks.items():
        x, y = _at(model) if model else (np.nan, np.nan)
        traces.append(
            scatter(
                np.array([x]), np.array([y]), mode="markers", name=name,
                showlegend=model is not None, hoverinfo="skip",
                marker={"symbol": symbol, "size": 11 if name == "yours" else 17,
                        "color": COLOURS[colour],
                        "line": {"color": COLOURS["paper"], "width": 1.2}},
            )
        )  # fmt: skip
    title, caption = _given_up(design, None if tried is None else tried[0])
    return Drawn(
        traces,
        theme.ms_axis("the Bay Area's p99, ms", *ENDS_MS, 2),
        {"range": [14_000, 30_000], "tickformat": ",", "title": {"text": "US dollars"}},
        caption=caption,
        alt="Marks of many designs over p99 and cost: the reader's, the article's, the old.",
        title=title,
    )


def _at(design: Design) -> tuple[float, float]:
    """Where a design stands, within the axes."""
    told = frame(Design.values, design, NAMES)
    return float(np.clip(told[X], *ENDS_MS)), float(np.clip(told[Y], 14_000, 30_000))


def _as_good(design: Design, tried: np.ndarray) -> np.ndarray:
    """Which of those that were tried are worse in no goal, and better in one."""
    mine = np.array([*frame(Design.values, design, NAMES).values()])
    return (tried <= mine).all(axis=1) & (tried < mine).any(axis=1)


def _given_up(design: Design, tried: np.ndarray | None) -> tuple[str, str]:
    """Who is as good in all three goals, and what the reader's has more of than the article's."""
    if tried is None:
        return "", "The other designs are tried when the hand is at rest."
    usd = tried[_as_good(design, tried), -1]
    title = f"{len(usd) or 'None'} of {len(tried)} beat{'s' * (len(usd) < 2)} yours: p99, age, cost"
    said = f"The cheapest that beats yours costs {usd.min():,.0f} dollars. " if len(usd) else ""
    ours, article = (frame(Design.values, each, GIVEN_UP) for each in (design, Design()))
    more = {name: ours[name] - article[name] for name in GIVEN_UP}
    more = [
        f"{'+' * (gap > 0)}{in_digits(gap)} in “{name}”"
        for name, gap in more.items()
        if abs(gap) > 1e-9  # and not rounding
    ]
    return title, (
        f"{said}Beside the article's design, yours has {', '.join(more) or 'no more and no less'}."
    )


# -- the bill -------------------------------------------------------------------------------------


@plot(Design, "The bill of the night", span=12, height_px=260, untold=tuple(PLACED))
def bill(design: Design, pinned: Design | None, at_rest: bool) -> Drawn:
    """What the night costs and what for: old Mumbai, the article's, the pinned, yours."""
    rows = {"old Mumbai": design.baseline(), "the article's": Design(), "pinned": pinned}
    rows = {name: each for name, each in rows.items() if each} | {"yours": design}
    usd = {name: frame(Design.costs, each)["usd"] for name, each in rows.items()}
    traces = []
    for item in ITEMS:
        x = [
            float(each.drop(list(ITEMS[:-1])).sum()) if item == "rest" else float(each[item])
            for each in usd.values()
        ]
        traces.append(
            {
                "type": "bar", "orientation": "h", "x": np.array(x), "y": list(usd), "name": item,
                "marker": {"color": COLOURS[LOOKS[item]], "pattern": {"shape": SHAPES[item]}},
                "hovertemplate": f"{item}: %{{x:,.0f}}<extra></extra>",
                "showlegend": True,
            }
        )  # fmt: skip
    mine, old, article = (
        float(usd[name].sum()) for name in ("yours", "old Mumbai", "the article's")
    )
    guessed = frame(Design.costs, design).query("assumed")["usd"].sum() / mine
    return Drawn(
        traces,
        {"tickformat": ",", "title": {"text": "US dollars", "standoff": 4}, "rangemode": "tozero"},
        {},
        caption=f"The old Mumbai origin costs {old:,.0f} dollars, the article's design "
        f"{article:,.0f}. Of yours {percent(guessed)} hang on a price that is assumed.",
        alt="Stacked bars, one a design, by what the money is for.",
        layout={"barmode": "stack", "legend": {"traceorder": "normal"}},
        title=f"The night costs {mine:,.0f} dollars",
    )
