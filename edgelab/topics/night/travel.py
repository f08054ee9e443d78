"""One request of the night, seen on its way."""

from __future__ import annotations

import numpy as np

from edgelab.core.words import in_ms
from edgelab.stage.drawing import end_ms, note, travels, way_axes
from edgelab.stage.drawn import Drawn
from edgelab.stage.plot import frame, plot
from edgelab.stage.theme import COLOURS
from edgelab.topics.night.model import BASELINE, EDGE, CricStream
from edgelab.topics.night.outcomes import journey

__all__ = ["one_request"]

PLACE = "Bay Area"
STOPS = {"Mumbai": 0, "PoP": 1, "viewer": 2}
#: Colour, dash and name of each way that a request can take.
AT_THE_POP = ("tonight", "solid", "the PoP answers")
FETCHED = ("plum", "dash", "the PoP fetches from Mumbai")
OLD = ("old", "dot", BASELINE)
#: How a caption tells them.
TOLD = ("if the PoP answers", "if it fetches from Mumbai", f"from {BASELINE}")


@plot(CricStream, "One request from the Bay Area, on its way", height_px=230, pins=False)
def one_request(night: CricStream, pinned: CricStream | None, at_rest: bool) -> Drawn:
    """Where a request is at each moment, between viewer, PoP and Mumbai, by who answers it."""
    ways = {OLD: (night.baseline(), True)}
    if night.ends_at == EDGE:
        ways = {AT_THE_POP: (night, False), FETCHED: (night, True)} | ways
    # The same viewer, whoever answers, and from however many PoPs.
    usual = CricStream.knobs()["pops"].default
    made = {
        look: frame(journey, each.route_settings, each.latency_settings, PLACE, fetched, usual)
        for look, (each, fetched) in ways.items()
    }
    took = {look: each["since_ms"].iloc[-1] for look, each in made.items()}
    end = end_ms(max(v for v in took.values() if np.isfinite(v)))
    traces, words = [], []
    for row, ((colour, dash, name), each) in enumerate(made.items()):
        since = each["since_ms"].to_numpy()
        ends = np.isfinite(since[-1])
        rows = each["at"].map(STOPS).to_numpy()
        traces.append(travels(np.minimum(since, end), rows, colour, name, dash=dash))
        text = f"{since[-1]:.0f} ms" if ends else "waits for ever"
        look = {"font": {"size": 12.5, "color": COLOURS[colour]}, "xref": "x", "yref": "y"}
        # Each on a line of its own: two may end together.
        at = (since[-1], STOPS["viewer"] + 0.2 + 0.3 * row) if ends else (end, STOPS["Mumbai"])
        words.append(note(text, *at, xanchor="center" if ends else "right", **look))
    told = [
        f"{in_ms(ms) if np.isfinite(ms) else 'for ever'} {how}"
        for ms, how in zip(took.values(), TOLD[-len(took) :], strict=True)
    ]
    return Drawn(
        traces,
        *way_axes(STOPS, end, above=1.2),
        caption=f"The answer takes {', '.join(told)}.",
        alt="Lines that go down from the viewer to the PoP or to Mumbai, and up again, over the "
        "time.",
        notes=words,
        layout={"margin": {"r": 24}},
    )
