"""What the models answer to: measured beside predicted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from edgelab.figures import drawing, telling, theme
from edgelab.figures.drawing import Part, note, scatter
from edgelab.figures.theme import COLOURS
from edgelab.sphere import light_floor_ms

__all__ = ["anycast_detours", "rtt_errors"]

RTT_MS = (4.0, 500.0)
#: With room for the list of the worst above the dots.
RTT_HEIGHT_PX = 500
#: Around the line of equals.
BAND = 0.2
#: So many of the worst routes are named.
WORST = 5
EXTRA_KM = [0, 100, 400, 1000, 2000, 5000, 10_000]


def _named(row: pd.Series) -> str:
    return f"{row['region_a']} to {row['region_b']}"


def rtt_errors(frame: pd.DataFrame) -> go.Figure:
    """Predicted round trips over measured ones, with light's floor and the worst routes' names.

    Parameters
    ----------
    frame : pandas.DataFrame
        From `edgelab.rtt_held_out` or `edgelab.rtt_residuals`, worst first.

    Returns
    -------
    plotly.graph_objects.Figure
        Both axes are logarithmic; the band is 20 % to either side of the line of equals.
    """
    error = frame["error"].abs()
    worst = frame[:WORST]
    ends = np.array(RTT_MS)
    shade = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    mark = {"size": 7, "line": {"width": 1, "color": COLOURS["paper"]}}
    made = [
        scatter(ends, ends * (1 - BAND), **shade),
        scatter(ends, ends * (1 + BAND), **shade, fill="tonexty", fillcolor=COLOURS["grid"]),
        scatter(
            ends, ends, mode="lines", line={"color": COLOURS["quiet"], "width": 1}, hoverinfo="skip"
        ),
        scatter(
            frame["rtt_ms"].to_numpy(),
            light_floor_ms(frame["distance_km"]),
            mode="markers",
            marker={"size": 4, "color": COLOURS["coast"], "symbol": "line-ew-open"},
            name="light in fibre",
            showlegend=True,
            hoverinfo="skip",
        ),
        scatter(
            frame["rtt_ms"].to_numpy(),
            frame["model_ms"].to_numpy(),
            mode="markers",
            marker=mark | {"color": COLOURS["tonight"]},
            name="predicted",
            showlegend=True,
            text=[_named(row) for _, row in frame.iterrows()],
            hovertemplate="%{text}: %{x:.0f} ms measured, %{y:.0f} predicted<extra></extra>",
        ),
        scatter(
            worst["rtt_ms"].to_numpy(),
            worst["model_ms"].to_numpy(),
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
    notes = [note("<br>".join(listed), 0.02, 0.99, **inside, font={"size": 13})]
    far = "; ".join(
        f"{_named(row)} {row['rtt_ms']:.0f} ms measured, {row['model_ms']:.0f} predicted"
        for _, row in worst.iterrows()
    )
    caption = f"{len(frame)} round trips: median error {error.median():.1%}, "
    caption += f"{(error <= BAND).mean():.0%} within {BAND:.0%}. The worst: {far}."
    about = {
        "name": "rtt_errors",
        "title": "Round trips, predicted and measured",
        "caption": caption,
        "alt": f"Dots along the line of equals, both axes logarithmic. {caption}",
    }
    meta, _ = telling.meta(about, {"now": frame})
    below = f"{len(frame)} pairs: median error {error.median():.1%}, {(error <= BAND).mean():.0%} "
    below += f"in the band of {BAND:.0%}"
    part = Part(
        "",
        theme.ms_axis("measured, ms", *RTT_MS),
        theme.ms_axis("predicted, ms", *RTT_MS),
        (0, 1, 0, 1),
    )
    return drawing.single(part, made, meta, below, annotations=notes, height=RTT_HEIGHT_PX)


def anycast_detours(detours: pd.DataFrame, residuals: pd.DataFrame) -> go.Figure:
    """How much further than the nearest front-end anycast sends people, and what was measured.

    Parameters
    ----------
    detours : pandas.DataFrame
        From `edgelab.anycast_detours`.
    residuals : pandas.DataFrame
        From `edgelab.anycast_residuals`, of the same front-ends.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    given, *predicted = residuals.index[:3]
    at = [0.0, 400.0, 1375.0]
    published = residuals["published"].iloc[:3]
    line = {"color": COLOURS["tonight"], "width": 3}
    mark = {"symbol": "diamond", "size": 12, "color": COLOURS["old"], "line": {"width": 1}}
    # An axis that begins at 0 and bends: the root of the distance.
    root = np.sqrt(detours["extra_km"].to_numpy())
    made = [
        scatter(
            root,
            detours["share"].to_numpy(),
            mode="lines",
            line=line,
            name="the model",
            showlegend=True,
            customdata=detours["extra_km"].to_numpy(),
            hovertemplate="%{y:.0%} at most %{customdata:,.0f} km beyond<extra></extra>",
        ),
        scatter(
            np.sqrt(at),
            published.to_numpy(),
            mode="markers",
            marker=mark,
            name="measured in 2015",
            showlegend=True,
            hovertemplate="%{y:.0%}<extra></extra>",
        ),
    ]
    words = [
        f"{who}: {p:.0%} measured" + f", {m:.0%} by the model" * (km > 0)
        for who, km, p, m in zip(
            ("at the nearest", "+400 km", "+1,375 km"),
            *(at, published, residuals["model"][: len(at)]),
            strict=True,
        )
    ]
    notes = [
        note(
            word,
            np.sqrt(km),
            share,
            xref="x",
            yref="y",
            xanchor="left",
            yanchor="top",
            xshift=12,
            font={"size": 13, "color": COLOURS["ink"], "shadow": drawing.HALO},
        )
        for word, km, share in zip(words, at, published, strict=True)
    ]
    said = "; ".join(
        f"{who}: {residuals.loc[who, 'published']:.0%} measured, "
        f"{residuals.loc[who, 'model']:.0%} by the model"
        for who in predicted
    )
    caption = f"With {published.iloc[0]:.0%} {given}, as was measured: {said}."
    about = {
        "name": "anycast_detours",
        "title": "How far beyond the nearest front-end",
        "caption": caption,
        "alt": f"A rising curve with three measured points. {caption}",
    }
    meta, _ = telling.meta(
        about, {"now": detours, "more": residuals}, keywords={"now": "", "more": ""}
    )
    part = Part(
        "",
        {
            "range": [-1, np.sqrt(EXTRA_KM[-1])],
            "tickvals": np.sqrt(EXTRA_KM),
            "ticktext": [f"{km:,}" for km in EXTRA_KM],
            "title": {"text": "km beyond the nearest front-end", "standoff": 4},
        },
        theme.share_axis("city dwellers", range=[0, 1.02], dtick=0.25),
        (0, 1, 0, 1),
    )
    below = "Microsoft's CDN: front-ends of 2018, clients as measured in 2015 (Calder et al.)"
    return drawing.single(part, made, meta, below, annotations=notes)
