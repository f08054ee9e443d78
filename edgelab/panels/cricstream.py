"""The live panel of notebook 01: the night of the final."""

from __future__ import annotations

from plotly.graph_objects import Figure

from edgelab.figures import cricstream
from edgelab.models.scenario import EDGE, HOME, CricStream
from edgelab.panels.base import Panel

__all__ = ["PRESETS", "NightPanel", "night"]

PRESETS = {
    "The night of the final": lambda start: CricStream(),
    "The old Mumbai origin": lambda start: start.baseline(),
    "DNS still points home": lambda start: start.replace(ends_at=HOME),
    "Fetch on every request": lambda start: start.replace(origin_fetch_ratio=1.0),
    "KV at 60 s": lambda start: start.replace(kv_delay_ms=60_000.0),
}


class NightPanel(Panel):
    """The night live: the exact curves under the moving hand, every viewer when it rests."""

    name = "cricstream-night"
    call = "el.panels.night"
    scenario = CricStream
    main = ("pops", "kv_delay_ms", "origin_fetch_ratio")
    made = PRESETS
    kernels = (
        *("simulation of every viewer", "exact distribution", "histogram"),
        *("stale reads", "cable corridors", "replication"),
    )

    def __init__(self, start: CricStream | None = None, pinned: CricStream | None = None) -> None:
        self._simulated = self._simulated_for = None
        super().__init__(start, pinned)

    def make_traces(self) -> list[dict]:
        frames = cricstream.NightFrames.of
        return cricstream.traces(
            frames(self.model),
            # One entry in memory, whatever slider moves that the old origin does not have.
            frames(self.model.baseline().latency_only()),
            frames(self.pinned) if self.pinned else None,
            self._simulated,
        )

    def make_layout(self) -> dict:
        return cricstream.layout(self.model, self.pinned)

    def make_words(self) -> str:
        return self.model.in_words()

    def slides(self) -> list[Figure]:
        """The single figures of the present night, beside its baseline and the pinned night."""
        night, old, pinned = self.model, self.model.baseline(), self.pinned
        latency, pops = night.latency(), night.pops if night.ends_at == EDGE else 0
        return [
            cricstream.p99_by_place(latency, old.latency(), pinned and pinned.latency()),
            cricstream.distribution(
                night.distribution(), old.distribution(), pinned and pinned.distribution()
            ),
            cricstream.world_map(latency, pops),
            cricstream.staleness(night.staleness(), pinned and pinned.staleness()),
            cricstream.origin_load(night.origin_load(), pinned and pinned.origin_load()),
        ]

    def _redraw(self) -> None:
        if self._simulated_for != self.model.latency_only():
            self._simulated = self._simulated_for = None
            self.below.value = "<p>Drawing every viewer …</p>"
        super()._redraw()

    def settle(self) -> None:
        night = self.model
        self._simulated = night.distribution(method="simulation")
        self._simulated_for = night.latency_only()
        # The words first: the browser shows them at once, and the dots take a repaint.
        self.below.value = f"<p>{night.simulation_in_words()}</p>"
        self._patch()


def night(start: CricStream | None = None, pinned: CricStream | None = None) -> NightPanel:
    """The live panel of the night, with sliders bound to one figure.

    Parameters
    ----------
    start : CricStream, optional
        Where the knobs stand at first; the night of the final if not given.
    pinned : CricStream, optional
        A night to compare with from the start.

    Returns
    -------
    NightPanel
        An ipywidget; let it be the last line of a cell.

    Raises
    ------
    TypeError
        If `start` or `pinned` is something else.
    """
    return NightPanel(start, pinned)
