"""The plots of observability: one PoP among all, what is seen globally, rules, clocks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgelab.core.words import counted, in_digits, percent
from edgelab.stage import theme
from edgelab.stage.drawing import note, rule, scatter
from edgelab.stage.drawn import Drawn
from edgelab.stage.plot import frame, plot
from edgelab.stage.theme import COLOURS
from edgelab.topics.observability import alerts
from edgelab.topics.observability.alerts import MINUTES, RULES
from edgelab.topics.observability.fleet import POPS, limits
from edgelab.topics.observability.model import Fleet
from edgelab.topics.observability.words import a_month

__all__ = [
    "global_figures", "percentile_ways", "pop_funnel", "rule_costs", "time_to_fire", "wrong_order",
]  # fmt: skip

NOW, PINNED = "now", "pinned"
#: The funnel's limits: what chance exceeds once in a thousand windows.
CHANCES = "chance, one PoP", "chance, the fleet"
#: The axes of the funnel, which stand still; a PoP without a bad line lies in a lane of its own.
TRAFFIC, SHARE, NONE = (4e-5, 0.6), (4e-7, 4.0), 1e-6
SHARES = {NONE: "none", **{10.0**e: f"{100 * 10.0**e:g} %" for e in range(-5, 1)}}
GRID = np.geomspace(*TRAFFIC, 61)
#: Minutes of the rules' plot: what does not fire lies beyond a night; false alarms a month.
NEVER, FEWEST, MOST = 700.0, 0.02, 3e6
#: A usual figure has ratio 1 on the axis of the global ones.
RATIOS = {r: f"{r:g}" for r in (1, 2, 5, 10, 20, 50, 100, 1000, 10_000)}


# -- the funnel -----------------------------------------------------------------------------------


def _chance(lines: float, usual_errors: float) -> tuple[np.ndarray, list[np.ndarray]]:
    """Where a window of so many lines has at least one, and the limits there."""
    count = lines * GRID
    inside = count >= 1
    shares = limits(np.rint(count[inside]), usual_errors)
    return GRID[inside], [np.minimum(each, 1.0) for each in shares]


def _limits(fleet: Fleet, colour: str, dashes: tuple[str, str]) -> list[dict]:
    """The shares that chance exceeds now and then: of one PoP, and of the whole fleet."""
    lines = fleet.requests_per_s * fleet.window_s * fleet.sampled
    traffic, shares = frame(_chance, lines, fleet.usual_errors)
    return [
        scatter(
            traffic,
            share,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 1.6},
            hoverinfo="skip",
            name=name,
            showlegend=True,
        )
        for share, dash, name in zip(shares, dashes, CHANCES, strict=True)
    ]


def _dots(pops: pd.DataFrame, some: np.ndarray, name: str, **mark) -> dict:
    """Some of the PoPs as marks; where there are none, no entry in the legend either."""
    return scatter(
        pops["traffic"].to_numpy()[some],
        np.maximum(pops["share"].to_numpy()[some], NONE),
        mode="markers",
        marker=mark,
        name=name,
        showlegend=bool(some.any()),
        text=pops["city"].to_numpy()[some],
        customdata=np.column_stack([pops[c].to_numpy()[some] for c in ("lines", "bad", "share")]),
        hovertemplate="%{text}: %{customdata[1]:,.0f} of %{customdata[0]:,.0f} lines bad "
        "(%{customdata[2]:.3%})<extra></extra>",
    )


def _ring(symbol: str, colour: str, count: int) -> dict:
    """The mark around each of so many PoPs: a large one around one, small ones around many."""
    size, width = (17, 2) if count == 1 else (10, 1.2)
    return {"symbol": symbol, "size": size, "color": COLOURS[colour], "line": {"width": width}}


def _finding(pops: pd.DataFrame) -> str:
    """Who stands out, in a title."""
    shown = pops["above"] | pops["silent"]
    right, wrong = int((shown & pops["faulty"]).sum()), int((shown & ~pops["faulty"]).sum())
    if not shown.any():
        return f"None of {POPS} PoPs stands out"
    if right == shown.sum() == 1:
        one = pops.loc[shown, "city"].iloc[0]
        if pops.loc[shown, "silent"].all():  # dead, cut off or by another clock: nobody knows
            return f"Lines of {one} are missing in the window"
        return f"{one} stands out among {POPS} PoPs"
    return f"{counted(right, 'faulty PoP')} called out, {wrong} by mistake, of {POPS}"


@plot(Fleet, "One PoP among 312", span=8, height_px=365, untold=("bad_share", "rule", "burn"))
def pop_funnel(fleet: Fleet, pinned: Fleet | None, at_rest: bool) -> Drawn:
    """Every PoP as a mark: its share of bad requests over its traffic, with control limits.

    Two logarithmic axes. A quiet PoP may be noisy without being bad: the limits are as wide as
    chance is where few lines are seen.
    """
    pops = frame(Fleet.by_pop, fleet)
    above, silent, faulty = (pops[c].to_numpy() for c in ("above", "silent", "faulty"))
    made = _limits(fleet, COLOURS["quiet"], ("dot", "solid"))
    if pinned:
        held = _limits(pinned, COLOURS["pinned"], ("dot", "dash"))[1]
        made.append(held | {"showlegend": False})
        before = frame(Fleet.by_pop, pinned)
        some = before["faulty"].to_numpy()
        ring = _ring("square-open", "pinned", int(some.sum()))
        made.append(_dots(before, some, PINNED, **ring))
    dot = {"symbol": "circle", "size": 5, "color": COLOURS["tonight"], "opacity": 0.6}
    ring = _ring("circle-open", "ink", int(faulty.sum()))
    size = 0.65 * ring["size"]
    made += [
        _dots(pops, ~above & ~silent, "PoP", **dot),
        _dots(pops, faulty, "faulty", **ring),
        _dots(pops, above, "too many bad", symbol="diamond", size=size, color=COLOURS["old"]),
        _dots(pops, silent, "too few lines", symbol="x", size=size, color=COLOURS["plum"]),
    ]
    notes = []
    if faulty.sum() == 1:
        one = pops.iloc[int(faulty.argmax())]
        at = np.log10(one["traffic"]), np.log10(max(one["share"], NONE))
        font = {"size": 12, "color": COLOURS["ink"]}
        about = {"xanchor": "left", "yanchor": "middle", "xshift": 13, "font": font}
        notes = [note(one["city"], *at, xref="x", yref="y", bgcolor=COLOURS["paper"], **about)]
    seen, mistaken = (int(((above | silent) & who).sum()) for who in (faulty, ~faulty))
    return Drawn(
        made,
        theme.log_axis(
            "the PoP's share of all requests", *TRAFFIC,
            {1e-4: "0.01 %", 1e-3: "0.1 %", 1e-2: "1 %", 0.1: "10 %"},
        ),
        theme.log_axis("bad, of the lines seen", *SHARE, SHARES),
        caption=f"{counted(seen, 'PoP')} of {faulty.sum()} that are faulty called out, and "
        f"{counted(mistaken, 'healthy one')}; a PoP has {in_digits(pops['expected'].min())} to "
        f"{in_digits(pops['expected'].max())} lines in the window.",
        alt="Funnel plot: a mark for each PoP, share of bad requests over traffic, with two "
        "curves that chance stays below.",
        notes=notes,
        title=_finding(pops),
    )  # fmt: skip


# -- what is seen globally ------------------------------------------------------------------------


def _figure_text(name: str, value: float) -> str:
    return percent(value, 3) if name == "bad" else f"{value:,.{0 if value >= 100 else 1}f} ms"


@plot(Fleet, "All PoPs as one", span=4, height_px=365, untold=(
    *("bad_share", "rule", "burn"), "window_s", "sampled",
))  # fmt: skip
def global_figures(fleet: Fleet, pinned: Fleet | None, at_rest: bool) -> Drawn:
    """What one dashboard for all PoPs shows: each figure over what it usually is."""
    found = frame(Fleet.global_figures, fleet)
    names = ["p50", "p99", "p99.9", "bad"]
    y = np.arange(4)[::-1].astype(float)

    def ratios(figures):
        usual = np.maximum(figures["usual"].to_numpy(), 1e-6)
        return np.clip(figures["now"].to_numpy() / usual, 0.55, 2e4)

    now = ratios(found)
    texts = [f"{_figure_text(k, v['usual'])} → {_figure_text(k, v['now'])}"
             for k, v in found.iterrows()]  # fmt: skip
    ends = np.column_stack([np.ones(4), now, np.full(4, np.nan)]).ravel()
    line = {"color": COLOURS["tonight"], "width": 4}
    made = [scatter(ends, np.repeat(y, 3), mode="lines", line=line, hoverinfo="skip")]
    mark = {"symbol": "circle", "size": 11, "color": COLOURS["tonight"]}
    hover = "%{x:.3g} times the usual<extra></extra>"
    made.append(
        scatter(now, y, mode="markers", marker=mark, name=NOW, showlegend=pinned is not None,
                hovertemplate=hover)
    )  # fmt: skip
    if pinned:
        held = {"symbol": "square-open", "size": 12, "color": COLOURS["pinned"]}
        before = ratios(frame(Fleet.global_figures, pinned))
        made.append(
            scatter(before, y - 0.16, mode="markers", marker=held | {"line": {"width": 2}},
                    name=PINNED, showlegend=True, hovertemplate=f"pinned: {hover}")
        )  # fmt: skip
    notes = [
        note(text, np.log10(1.15), row + 0.24, xref="x", yref="y", yanchor="middle",
             font={"size": 11.5, "color": COLOURS["ink"]})
        for text, row in zip(texts, y, strict=True)
    ]  # fmt: skip
    rise = found.loc["p99_ms", "now"] / found.loc["p99_ms", "usual"]
    title = "Globally p99 hardly moves" if 0.8 < rise < 1.25 else "Globally p99 shows it"
    return Drawn(
        made,
        theme.log_axis("times the usual", 0.5, 3e4, {r: RATIOS[r] for r in (1, 10, 100, 1000)}),
        {"tickvals": list(y), "ticktext": names, "range": [-0.5, 3.6], "showgrid": False,
         "ticks": ""},
        caption="Usual and now: "
        + "; ".join(f"{name} {text}" for name, text in zip(names, texts, strict=True))
        + ".",
        alt="Four marks on lines from 1: p50, p99, p99.9 and the share of bad requests.",
        notes=notes,
        shapes=[rule("x", x0=1, x1=1)],
        title=title,
    )  # fmt: skip


# -- rules ----------------------------------------------------------------------------------------


def _rule_marks(
    rows: pd.DataFrame, nights: int, shift: float, mark: dict, key: str, legend: bool
) -> list[dict]:
    """Two marks for each rule: time to detect on the left, false alarms on the right."""
    y = np.arange(len(RULES))[::-1] + shift
    took = rows["detect_min"].to_numpy()
    often = rows["false_alarms"].to_numpy()
    words = [f"{t:,.3g} min" if np.isfinite(t) else "not in 4 h" for t in took]
    size = {"size": 11}
    out = [
        scatter(np.minimum(took, NEVER * 0.45), y, mode="markers+text", marker=mark, text=words,
                textposition="middle right", textfont=size, name=key, showlegend=legend,
                hovertemplate=f"{key}: %{{text}} until it fires<extra></extra>"),
        scatter(np.clip(often, FEWEST * 3, MOST), y, mode="markers+text", marker=mark,
                text=[a_month(n, nights).replace("fewer than", "<") for n in often],
                textposition="middle right",
                textfont=size, xaxis="x2",
                hovertemplate=f"{key}: %{{text}} false alarms a month<extra></extra>"),
    ]  # fmt: skip
    if key == PINNED:  # its marks without a number, which would cover the others'
        for each in out:
            each["mode"] = "markers"
    return out


@plot(Fleet, "What a rule finds, and what it cries", span=8, height_px=300, untold=("window_s",))
def rule_costs(fleet: Fleet, pinned: Fleet | None, at_rest: bool) -> Drawn:
    """How soon each rule finds the fault, and how often it fires for nothing.

    A row for each rule over all PoPs as one, and below for the same over each PoP; the tint is
    behind the chosen one. Two logarithmic axes side by side.
    """
    rows = frame(Fleet.rules, fleet)
    made = []
    if pinned:
        held = {"symbol": "square-open", "size": 8, "color": COLOURS["pinned"]}
        before = frame(Fleet.rules, pinned)
        made += _rule_marks(
            before, pinned.nights, -0.33, held | {"line": {"width": 2}}, PINNED, True
        )
    mark = {"symbol": "circle", "size": 10, "color": COLOURS["tonight"]}
    made += _rule_marks(rows, fleet.nights, 0.0, mark, NOW, pinned is not None)
    chosen = len(RULES) - 1 - RULES.index(fleet.rule)
    band = rule("paper", type="rect", x0=0, x1=1, yref="y", y0=chosen - 0.46, y1=chosen + 0.46) | {
        "line": {"width": 0}, "fillcolor": "#FFF1D6", "layer": "below",
    }  # fmt: skip
    here = rows.loc[fleet.rule]
    took = here["detect_min"]
    when = f"fires after {took:,.3g} min" if np.isfinite(took) else "does not fire in four hours"
    fast = np.isfinite(rows["detect_min"])
    alarms = theme.log_axis(
        "false alarms a month", FEWEST, 5e7,
        {3 * FEWEST: "none", 1: "1", 100: "100", 1e4: "10,000", 1e6: "1 M"},
    )  # fmt: skip
    return Drawn(
        made,
        theme.log_axis(
            "minutes until it fires", 0.7, NEVER * 12, {m: f"{m}" for m in (1, 10, 60, MINUTES)}
        )
        | {"domain": [0, 0.47]},
        {"tickvals": list(range(len(RULES)))[::-1], "ticktext": list(RULES), "showgrid": False,
         "range": [-0.6, len(RULES) - 0.4], "ticks": ""},
        caption=f"“{fleet.rule}” {when}, and "
        f"{a_month(here['false_alarms'], fleet.nights)} false alarms a month; in "
        f"{fleet.nights} drawn nights.",
        alt="Two columns of marks, a row for each rule: time to detect and false alarms.",
        shapes=[band, rule("x", x0=MINUTES, x1=MINUTES)],
        title=f"{fast.sum()} of {len(RULES)} rules find it within four hours",
        layout={"xaxis2": alarms | {"domain": [0.53, 1.0], "anchor": "y"}},
    )  # fmt: skip


@plot(
    Fleet, "The smaller the share, the later the budget's rules",
    untold=("bad_share", "rule", "burn", "window_s", "sampled"),
)  # fmt: skip
def time_to_fire(fleet: Fleet, pinned: Fleet | None, at_rest: bool) -> Drawn:
    """How long the budget's four rules take, over the share of all requests that is bad.

    Two logarithmic axes; left of where a line ends its rule never fires.
    """
    shares = np.geomspace(1e-4, 1, 241)
    made, told = [], []
    for k, each in enumerate(alerts.WORKBOOK):
        bad = fleet.usual_errors + (1 - fleet.usual_errors) * shares
        hours = np.array([each.fires_after_h(b, fleet.usual_errors, fleet.budget) for b in bad])
        name = f"{each.burn:g} in {each.long_h:g} h"
        inside = np.isfinite(hours) & (hours > 0)
        made.append(
            scatter(
                shares[inside],
                60 * hours[inside],
                mode="lines",
                line={"color": theme.SERIES[k], "width": 4.4 - 0.6 * k,
                      "dash": ("solid", "dash", "dot", "dashdot")[k]},
                name=name,
                showlegend=True,
                hovertemplate=f"{name}: %{{y:.3g}} min at %{{x:.3%}}<extra></extra>",
            )
        )  # fmt: skip
        after = each.fires_after_h(fleet.bad_requests, fleet.usual_errors, fleet.budget)
        told.append(f"{name}: {f'{after:.2f} h' if np.isfinite(after) else 'never'}")
    shapes, notes = [], []
    looks = (PINNED, pinned, "pinned", "right"), ("this fault", fleet, "ink", "left")
    for word, model, colour, side in looks:
        usual = model.usual_errors if model else 0.0
        at = (model.bad_requests - usual) / (1 - usual) if model else 0.0
        if at > 1e-4:
            line = {"color": COLOURS[colour], "width": 2}
            shapes.append(rule("x", x0=at, x1=at) | {"line": line})
            font = {"size": 12, "color": COLOURS[colour]}
            notes.append(note(word, np.log10(at), 0.01, xref="x", xanchor=side, font=font))
    return Drawn(
        made,
        theme.log_axis(
            "share of all requests that is bad by the fault", 1e-4, 1,
            {1e-4: "0.01 %", 1e-3: "0.1 %", 1e-2: "1 %", 0.1: "10 %", 1: "100 %"},
        ),
        theme.log_axis(
            "time until it fires", 0.02, 60 * 24 * 4,
            {1 / 60 * 5: "5 s", 1: "1 min", 10: "10 min", 60: "1 h", 600: "10 h", 4320: "3 days"},
        ),
        caption=f"{'; '.join(told)}. The last two lie on one line, as 3 · 24 = 1 · 72.",
        alt="Falling lines on two logarithmic axes, one for each rule of the budget.",
        notes=notes,
        shapes=shapes,
    )  # fmt: skip


# -- percentiles and clocks -----------------------------------------------------------------------


@plot(
    Fleet, "Averages of percentiles are no percentiles", pins=False,
    untold=("rule", "burn", "window_s", "sampled"),
)  # fmt: skip
def percentile_ways(fleet: Fleet, pinned: Fleet | None, at_rest: bool) -> Drawn:
    """The p99 over all PoPs, found in five ways."""
    found = frame(Fleet.percentiles, fleet)
    y = np.arange(len(found))[::-1].astype(float)
    bars = {
        "type": "bar", "orientation": "h", "x": found["ms"].to_numpy(), "y": y, "width": 0.5,
        "marker": {"color": [COLOURS["tonight"]] * 2 + [COLOURS["old"]] * 3},
        "text": [f"{ms:,.1f} ms ({100 * error:+.1f} %)" for ms, error in found.to_numpy()],
        "textposition": "outside", "textangle": 0, "constraintext": "none", "cliponaxis": False,
        "hoverinfo": "skip", "showlegend": False,
    }  # fmt: skip
    worst = found["error"].iloc[2:]
    return Drawn(
        [bars],
        theme.ms_axis("p99, ms", 10, 60_000, every=2),
        {"tickvals": list(y), "ticktext": list(found.index), "showgrid": False, "ticks": ""},
        caption="Off by {:+.1f} % (mean), {:+.1f} % (weighted) and {:+.1f} % (largest); merged "
        "histograms by {:+.2f} %.".format(*(100 * worst), 100 * found["error"].iloc[1]),
        alt="Bars, one for each way to find the p99 of all requests.",
    )


@plot(Fleet, "Effects seen before their causes", span=4, height_px=300, untold=(
    *("fault", "bad_share", "rule", "burn", "window_s", "sampled", "gap_ms"), "depth",
))  # fmt: skip
def wrong_order(fleet: Fleet, pinned: Fleet | None, at_rest: bool) -> Drawn:
    """Share of effects that two PoPs' clocks put before their causes, over the true gap."""
    made = []
    looks = ((PINNED, pinned, COLOURS["pinned"], "dash", "square-open"),
             (NOW, fleet, COLOURS["tonight"], "solid", "circle"))  # fmt: skip
    here = 0.0
    for key, model, colour, dash, symbol in looks:
        if model is None:
            continue
        curve = frame(Fleet.wrong_order, model)
        here = float(model.wrong_order([model.gap_ms])["wrong"].iloc[0])
        made.append(
            scatter(curve["gap_ms"].to_numpy(), curve["wrong"].to_numpy(), mode="lines",
                    line={"color": colour, "dash": dash, "width": 3}, name=key,
                    showlegend=pinned is not None,
                    hovertemplate=f"{key}: %{{y:.2%}} at %{{x:.3g}} ms<extra></extra>")
        )  # fmt: skip
        mark = {"symbol": symbol, "size": 11, "color": colour, "line": {"width": 2}}
        made.append(scatter(np.array([model.gap_ms]), np.array([here]), mode="markers",
                            marker=mark, hoverinfo="skip"))  # fmt: skip
    word = note(
        f"{percent(here, 3)}", np.log10(fleet.gap_ms), here, xref="x", yref="y", xanchor="left",
        yanchor="bottom", xshift=8, font={"size": 12.5, "color": COLOURS["tonight"]},
    )  # fmt: skip
    off = fleet.knobs()["clock_error_ms"].text(fleet.clock_error_ms)
    return Drawn(
        made,
        theme.ms_axis("true gap, ms", 0.1, 1000)
        | {"tickvals": [0.1, 1, 10, 100, 1000], "ticktext": ["0.1", "1", "10", "100", "1 s"]},
        theme.share_axis("seen in the wrong order", range=[0, 0.55], dtick=0.1),
        caption=f"Clocks off by {off} (standard deviation each) put {percent(here, 3)} of the "
        f"effects {fleet.gap_ms:g} ms after their cause before it.",
        alt="A falling curve: pairs in the wrong order over the true gap, on a logarithmic axis.",
        notes=[word],
        title=f"{percent(here, 2)} of effects before their cause",
    )
