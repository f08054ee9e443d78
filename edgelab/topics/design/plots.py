"""The plots of design: the night, the goals, what is given up, the bill."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from edgelab.core.words import counted, percent
from edgelab.stage import theme
from edgelab.stage.drawing import NOT_YET, QUIET, note, rule, scatter
from edgelab.stage.drawn import Drawn
from edgelab.stage.plot import frame, plot
from edgelab.stage.theme import COLOURS
from edgelab.topics.design import designs
from edgelab.topics.design.goals import GOALS
from edgelab.topics.design.model import PLACED, Design
from edgelab.topics.design.night import MINUTES, STALE_S, UNSEEN_MIN, WRONG, sunk

__all__ = ["bill", "goals_met", "night_events", "trade_offs"]

#: The slides of a defence, in their order.
DEFENCE = ("goals_met", "night_events", "trade_offs", "bill")
#: Strips of the night, from the top: column, title, ends of the axis, ticks, what is minded.
STRIPS = (
    ("errors", "errors", (1e-5, 400.0), {1e-5: "0", 1e-3: "0.1 %", 0.03: "3 %", 1.0: "all"}, WRONG),
    ("p99_ms", "p99", (8.0, 16e3), {10: "10 ms", 300: "0.3 s", 1e4: "never"}, 300.0),
    ("stale_s", "stale", (0.02, 6000.0), {0.1: "0.1 s", 10: "10 s", 1800: "30 min"}, STALE_S),
    ("origin_busy", "busy", (0.02, 50.0), {0.1: "10 %", 1.0: "100 %", 10: "10 times"}, 1.0),
)  # fmt: skip
#: The uppermost has room for the events' names; and the gap below a strip.
HEIGHTS, GAP = (1.5, 1.0, 1.0, 1.0), 0.045
#: Designs that are tried for the front; another reader's knobs do not change them.
TRIED = 128
NAMES = X, _, Y = designs.NAMES
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


@plot(Design, "The night, minute by minute", height_px=330, untold=tuple(PLACED))
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
        shapes.append(
            rule("x", type="rect", yref="paper", x0=event.minute, y0=0, y1=1,
                 x1=min(event.minute + event.lasts_min, MINUTES))
            | {"fillcolor": COLOURS["band"], "line": {"width": 0}, "layer": "below"}
        )  # fmt: skip
        notes.append(
            note(event.kind, event.minute, 1 - 0.055 * (number % 2), xref="x", yanchor="top",
                 font=QUIET)
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
    bad = sunk(night)
    count = len(design.events)
    if not count:
        return "A night without an event", "Nothing happens, so nothing goes wrong."
    gone = float(night["errors"].sum()) * 60 * design._quiet.requests_per_s
    share = gone / (design._quiet.requests_per_s * 60 * MINUTES)
    title = f"{len(bad)} of {counted(count, 'event')} sink{'s' * (len(bad) == 1)} the night"
    if not bad:
        title = f"None of {counted(count, 'event')} sinks the night"
    said = f"Too much went wrong for more than {UNSEEN_MIN:g} minutes: {', '.join(bad)}. "
    said = said if bad else f"Nothing went wrong for more than {UNSEEN_MIN:g} minutes. "
    alerts = int(night["alert"].sum())
    return title, (
        f"{said}{percent(share)} of the night's requests had no right answer; the alert rule fired "
        f"in {counted(alerts, 'minute')}."
    )


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

    A circle is met, a cross is missed; a diamond is the pinned design.
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
    mark = {"symbol": "diamond-open", "size": 10, "color": COLOURS["pinned"], "line": {"width": 2}}
    traces.append(
        scatter(
            NOT_YET if held is None else _ratio(held["value"].to_dict()),
            NOT_YET if held is None else rows, mode="markers", marker=mark, name="pinned",
            showlegend=held is not None, hoverinfo="skip",
        )
    )  # fmt: skip
    said = [
        f"{name}: {_digits(values[name])} (≤ {_digits(goal.target)})" if name in values else name
        for name, goal in GOALS.items()
    ]
    ticks = {0.01: "1 %", 0.1: "10 %", 1: "target", 10: "10 times", 100: "100"}
    names = [name for name, bad in zip(GOALS, missed, strict=True) if bad]
    count = int((ratio <= 1).sum())
    title = f"{count} of {len(values)} goals are met"
    return Drawn(
        traces,
        theme.log_axis("value over its target", LEAST * 0.8, MOST * 1.25, ticks),
        {"tickvals": rows.tolist(), "ticktext": said, "range": [-0.7, len(GOALS) - 0.3]},
        caption=f"Missed: {'; '.join(names)}." if names else "No goal is missed.",
        alt=f"A mark for each of {len(GOALS)} goals, over its target.",
        shapes=[rule("x", x0=1, x1=1) | {"line": {"color": COLOURS["ink"], "width": 1.2}}],
        title=title,
    )


def _digits(number: float) -> str:
    if np.isinf(number):
        return "never"
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


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

    Beaten is who is worse in cost, p99 or staleness and better in none.
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
    title, caption = _beaten(design, tried)
    return Drawn(
        traces,
        theme.ms_axis("the Bay Area's p99, ms", 20, 6000, 2),
        {"range": [14_000, 30_000], "tickformat": ",", "title": {"text": "US dollars"}},
        caption=caption,
        alt="Marks of many designs over p99 and cost: the reader's, the article's, the old.",
        title=title,
    )


def _at(design: Design) -> tuple[float, float]:
    """Where a design stands, within the axes."""
    told = frame(Design.values, design, NAMES)
    return float(np.clip(told[X], 20, 6000)), float(np.clip(told[Y], 14_000, 30_000))


def _beaten(design: Design, tried: tuple[np.ndarray, np.ndarray] | None) -> tuple[str, str]:
    """Whether another design beats the reader's, and what the cheapest as quick one costs."""
    if tried is None:
        return "", "The other designs are tried when the hand is at rest."
    rows, mine = tried[0], np.array([*frame(Design.values, design, NAMES).values()])
    better = (rows <= mine).all(axis=1) & (rows < mine).any(axis=1)
    if not better.any():
        return "No tried design beats yours", (
            f"Of {counted(len(rows), 'design')} tried, none is as quick, as fresh and as cheap."
        )
    best = float(rows[better, -1].min())
    count = int(better.sum())
    return f"{counted(count, 'design')} {'beat' if count > 1 else 'beats'} yours", (
        f"Of {counted(len(rows), 'design')} tried, as quick, as fresh and as cheap are "
        f"{count}, and better in one of the three; the cheapest of them costs {best:,.0f} dollars."
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
    mine, old = float(usd["yours"].sum()), float(usd["old Mumbai"].sum())
    guessed = frame(Design.costs, design).query("assumed")["usd"].sum() / mine
    return Drawn(
        traces,
        {"tickformat": ",", "title": {"text": "US dollars", "standoff": 4}, "rangemode": "tozero"},
        {},
        caption=f"The night costs {mine:,.0f} dollars, the old Mumbai origin {old:,.0f}; "
        f"{percent(guessed)} of it hangs on a price that is assumed.",
        alt="Stacked bars, one a design, by what the money is for.",
        layout={"barmode": "stack", "legend": {"traceorder": "normal"}},
        title=f"The night costs {mine:,.0f} dollars",
    )
