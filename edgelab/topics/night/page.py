"""The live panel of notebook 01: the night of the final."""

from __future__ import annotations

from edgelab.kernels import FIRST
from edgelab.stage.panel import Panel
from edgelab.stage.step import Step
from edgelab.topics.night import plots as figures
from edgelab.topics.night.model import EDGE, HOME, CricStream

__all__ = ["NightPanel", "OneRequest"]

#: Tonight's, where the old origin had a fleet for everybody.
FLEET = {"origin_servers": CricStream.knobs()["origin_servers"].default}


class NightPanel(Panel):
    """The night live: the exact curves under the moving hand, every viewer when it rests."""

    topic = "night"
    scenario = CricStream
    board = (
        *(figures.p99_by_place, figures.p99_by_ratio),
        *(figures.distribution, figures.world_map),
        *(figures.staleness, figures.origin_load),
    )
    presets = {
        "The night of the final": lambda now: now.replace(
            pops=312, kv_delay_ms=250.0, origin_fetch_ratio=0.002, ends_at=EDGE, **FLEET
        ),
        "The old Mumbai origin": lambda now: now.baseline(),
        "DNS still points home": lambda now: now.replace(ends_at=HOME, **FLEET),
        "Fetch on every request": lambda now: now.replace(
            ends_at=EDGE, origin_fetch_ratio=1.0, **FLEET
        ),
        "KV at 60 s": lambda now: now.replace(ends_at=EDGE, kv_delay_ms=60_000.0, **FLEET),
    }
    kernels = FIRST
    waiting = "Drawing every viewer …"

    def _rested(self, model: CricStream) -> str:
        return model.drawn_in_words()


class OneRequest(Step):
    """One request on its way: answered at the PoP, fetched, and from the old origin."""

    topic = "one_request"
    scenario = CricStream
    board = (figures.one_request,)
    only = ("pops",)
    kernels = ("cable corridors",)
