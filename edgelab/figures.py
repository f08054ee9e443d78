"""Models in, plotly figures out: the plots of every topic, and the ledger's, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from edgelab.core.words import counted
from edgelab.ledger import TOO_CLOSE, UNMEASURED, claims
from edgelab.stage.drawn import Drawn
from edgelab.stage.plot import alone
from edgelab.stage.theme import COLOURS
from edgelab.topics import public

if TYPE_CHECKING:
    from edgelab.stage.figure import Figure

globals().update(public("plots"))
__all__ = sorted([*public("plots"), "scoreboard"])

#: Verdict to colour, hatching and colour of type, in the order in which they are drawn.
LOOKS = {
    "holds": ("tonight", "", "paper"),
    "holds when": ("sky", "/", "ink"),
    "contradicted": ("old", "", "ink"),
    "not testable here": ("grid", ".", "ink"),
    TOO_CLOSE: ("amber", "\\", "ink"),
    UNMEASURED: ("paper", "x", "ink"),
}


def scoreboard() -> Figure:
    """How many statements have which verdict, by page.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    ledger = claims()
    counts = pd.crosstab(ledger["page"], ledger["verdict"])
    names = [f"page {page}" for page in counts.index]
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": verdict,
            "y": names,
            "x": counts[verdict].to_numpy(),
            "text": [f"{n}" if n else "" for n in counts[verdict]],
            "textposition": "inside",
            "textangle": 0,
            "insidetextfont": {"color": COLOURS[ink], "size": 14},
            "marker": {
                "color": COLOURS[colour],
                "line": {"color": COLOURS["quiet"], "width": 1},
                "pattern": {
                    **{"shape": shape, "fgcolor": COLOURS["quiet"], "solidity": 0.15},
                    "fillmode": "overlay",
                },
            },
            "hovertemplate": f"%{{y}}: %{{x}} {verdict}<extra></extra>",
        }
        for verdict, (colour, shape, ink) in LOOKS.items()
        if verdict in counts
    ]
    told = ledger["verdict"].value_counts()
    said = ", ".join(f"{told[verdict]} {verdict}" for verdict in LOOKS if verdict in told)
    drawn = Drawn(
        traces,
        {"title": {"text": "statements", "standoff": 4}, "showgrid": True},
        {"categoryorder": "array", "categoryarray": names[::-1], "ticks": "", "showgrid": False},
        caption=f"Of {counted(len(ledger), 'statement')}: {said}.",
        alt="Horizontal bars, one a page, in parts by verdict.",
        title=f"{told['holds']} of {len(ledger)} statements hold, "
        f"{told['contradicted']} are contradicted",
        layout={
            **{"barmode": "stack", "uniformtext": {"mode": "show", "minsize": 12}},
            "legend": {"traceorder": "normal"},
        },
    )
    return alone(drawn, "scoreboard", code="el.figures.scoreboard()")
