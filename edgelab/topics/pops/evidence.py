"""What the models answer to: measured beside predicted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from edgelab.core import allowed
from edgelab.core.sphere import light_floor_ms
from edgelab.core.words import percent
from edgelab.stage import drawing, theme
from edgelab.stage.drawing import note, scatter
from edgelab.stage.drawn import Drawn
from edgelab.stage.plot import alone
from edgelab.stage.theme import COLOURS
from edgelab.topics.pops import anycast
from edgelab.world.calibration import rtt_held_out, rtt_residuals

if TYPE_CHECKING:
    from edgelab.stage.figure import Figure

__all__ = ["anycast_detours", "rtt_errors"]

RTT_MS = (4.0, 500.0)
#: With room for the list of the worst above the dots.
RTT_HEIGHT_PX = 500
#: Around the line of equals.
BAND = 0.2
#: So many of the worst routes are named.
WORST = 5
EXTRA_KM = [0, 100, 400, 1000, 2000, 5000, 10_000]


def rtt_errors(seed: int = 0, table: pd.DataFrame | None = None) -> Figure:
    """Predicted round trips over measured ones, with light's floor and the worst routes' names.

    Parameters
    ----------
    seed : int
        Of the regions that `edgelab.evidence.rtt_held_out` keeps out of the fit.
    table : pandas.DataFrame, optional
        Measured round trips of your own, for `edgelab.evidence.rtt_residuals`, in place of those.

    Returns
    -------
    plotly.graph_objects.Figure
        Both axes are logarithmic; the band is 20 % to either side of the line of equals.

    Raises
    ------
    TypeError, ValueError
        If `seed` is none, `table` lacks a column, or a round trip in it is not positive.
    """
    seed = allowed.whole("seed", seed, 0, 2**32 - 1)
    frame = rtt_held_out(seed) if table is None else rtt_residuals(table)
    code = f"el.figures.rtt_errors({f'seed={seed!r}' * bool(seed)})" if table is None else ""
    error = frame["error"].abs()
    measured, predicted = frame["rtt_ms"].to_numpy(), frame["model_ms"].to_numpy()
    worst = frame[:WORST]
    ends = np.array(RTT_MS)
    shade = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    mark = {"size": 7, "line": {"width": 1, "color": COLOURS["paper"]}}
    made = [
        scatter(ends, ends * (1 - BAND), **shade),
        scatter(ends, ends * (1 + BAND), **shade, fill="tonexty", fillcolor=COLOURS["grid"]),
        scatter(ends, ends, **shade | {"line": {"color": COLOURS["quiet"], "width": 1}}),
        scatter(
            measured,
            light_floor_ms(frame["distance_km"]),
            mode="markers",
            marker={"size": 6, "color": COLOURS["quiet"], "symbol": "line-ew-open"},
            name="light in fibre",
            showlegend=True,
            hoverinfo="skip",
        ),
        scatter(
            measured,
            predicted,
            mode="markers",
            marker=mark | {"color": COLOURS["tonight"]},
            name="predicted",
            showlegend=True,
            text=[_named(row) for _, row in frame.iterrows()],
            hovertemplate="%{text}: %{x:.0f} ms measured, %{y:.0f} predicted<extra></extra>",
        ),
        scatter(
            measured[:WORST],
            predicted[:WORST],
            mode="markers+text",
            marker=mark | {"color": COLOURS["old"], "symbol": "diamond", "size": 10},
            text=[f"<b>{n}</b>" for n in range(1, len(worst) + 1)],
            textposition=["top left" if e > 0 else "bottom right" for e in worst["error"]],
            textfont={"size": 14, "color": COLOURS["ink"], "shadow": drawing.HALO},
            name="the worst",
            showlegend=True,
            hoverinfo="skip",
        ),
    ]
    listed = [
        f"<b>{n}</b> {_named(row)}: {row['rtt_ms']:.0f} ms, predicted {row['model_ms']:.0f}"
        for n, (_, row) in enumerate(worst.iterrows(), start=1)
    ]
    inside = {"xref": "x domain", "yref": "y domain", "yanchor": "top", "align": "left"}
    far = "; ".join(
        f"{_named(row)} {row['rtt_ms']:.0f} ms measured, {row['model_ms']:.0f} predicted"
        for _, row in worst.iterrows()
    )
    median, within = f"median error {percent(error.median())}", percent((error <= BAND).mean())
    drawn = Drawn(
        made,
        theme.ms_axis("measured, ms", *RTT_MS),
        theme.ms_axis("predicted, ms", *RTT_MS),
        caption=f"{len(frame)} round trips: {median}, {within} within {percent(BAND)}. "
        f"The worst: {far}.",
        alt="Dots along the line of equals, both axes logarithmic.",
        notes=[note("<br>".join(listed), 0.02, 0.99, **inside, font={"size": 13})],
        title="Round trips, predicted and measured",
        layout={"height": RTT_HEIGHT_PX},
    )
    below = f"{len(frame)} pairs: {median}, {within} in the band of {percent(BAND)}"
    return alone(drawn, "rtt_errors", below, code)


def _named(row: pd.Series) -> str:
    return f"{row['region_a']} to {row['region_b']}"


def anycast_detours() -> Figure:
    """How much further than the nearest front-end anycast sends people, and what was measured.

    Returns
    -------
    plotly.graph_objects.Figure
        Of `edgelab.evidence.anycast_detours`, beside what
        `edgelab.evidence.anycast_residuals` holds it against.
    """
    detours, residuals = anycast.anycast_detours(), anycast.anycast_residuals()
    given, *predicted = residuals.index[:3]
    at = [0.0, 400.0, 1375.0]
    published = residuals["published"].iloc[:3]
    # An axis that begins at 0 and bends: the root of the distance.
    made = [
        scatter(
            np.sqrt(detours["extra_km"].to_numpy()),
            detours["share"].to_numpy(),
            mode="lines",
            line={"color": COLOURS["tonight"], "width": 3},
            name="the model",
            showlegend=True,
            customdata=detours["extra_km"].to_numpy(),
            hovertemplate="%{y:.0%} at most %{customdata:,.0f} km beyond<extra></extra>",
        ),
        scatter(
            np.sqrt(at),
            published.to_numpy(),
            mode="markers",
            marker={"symbol": "diamond", "size": 12, "color": COLOURS["old"], "line": {"width": 1}},
            name="measured in 2015",
            showlegend=True,
            hovertemplate="%{y:.0%}<extra></extra>",
        ),
    ]
    words = [
        f"{who}: {100 * p:.0f} % measured" + f", {100 * m:.0f} % by the model" * (km > 0)
        for who, km, p, m in zip(
            ("at the nearest", "+400 km", "+1,375 km"),
            *(at, published, residuals["model"][: len(at)]),
            strict=True,
        )
    ]
    font = {"size": 13, "color": COLOURS["ink"], "shadow": drawing.HALO}
    notes = [
        note(
            *(word, np.sqrt(km), share),
            **{"xref": "x", "yref": "y", "yanchor": "top", "xshift": 12, "font": font},
        )
        for word, km, share in zip(words, at, published, strict=True)
    ]
    said = "; ".join(
        f"{who}: {100 * residuals.loc[who, 'published']:.0f} % measured, "
        f"{100 * residuals.loc[who, 'model']:.0f} % by the model"
        for who in predicted
    )
    drawn = Drawn(
        made,
        {
            "range": [-1, np.sqrt(EXTRA_KM[-1])],
            "tickvals": np.sqrt(EXTRA_KM),
            "ticktext": [f"{km:,}" for km in EXTRA_KM],
            "title": {"text": "km beyond the nearest front-end", "standoff": 4},
        },
        theme.share_axis("city dwellers", range=[0, 1.02], dtick=0.25),
        caption=f"With {100 * published.iloc[0]:.0f} % {given}, as was measured: {said}.",
        alt="A rising curve with three measured points.",
        notes=notes,
        title="How far beyond the nearest front-end",
    )
    below = "Microsoft's CDN: front-ends of 2018, clients as measured in 2015 (Calder et al.)"
    return alone(drawn, "anycast_detours", below, "el.figures.anycast_detours()")
