"""The live panel of notebook 07: an attacker on M PoPs against eight limiters."""

from __future__ import annotations

import pandas as pd
from plotly.graph_objects import Figure

from edgelab.figures import rate_limit as figures
from edgelab.models.rate_limit import COUNTERS, KV, OBJECT, RateLimit
from edgelab.panels.base import Panel

__all__ = ["PRESETS", "RateLimitPanel", "rate_limit"]

#: Runs behind a figure while the hand moves.
QUICK_RUNS = 2
PRESETS = {
    "Two PoPs, 50 ms apart": lambda start: start.replace(
        design=KV, pops=2, rate_per_s=20.0, kv_delay_ms=50.0
    ),
    "312 PoPs": lambda start: start.replace(design=KV, pops=312, rate_per_s=1000.0),
    "A trickle": lambda start: start.replace(design=KV, rate_per_s=12.0, kv_delay_ms=10.0),
    "KV at 60 s": lambda start: start.replace(design=KV, kv_delay_ms=60_000.0),
    "The counters' mend": lambda start: start.replace(design=COUNTERS),
    "One object decides": lambda start: start.replace(design=OBJECT),
}


class RateLimitPanel(Panel):
    """The attack live: two runs under the moving hand, all of them when it rests."""

    name = "rate-limit"
    call = "el.panels.rate_limit"
    scenario = RateLimit
    main = ("design", "pops", "rate_per_s", "kv_delay_ms")
    made = PRESETS
    kernels = ("rate limiters", "cable corridors")
    height_px = 430

    def __init__(self, start: RateLimit | None = None, pinned: RateLimit | None = None) -> None:
        self._settled: RateLimit | None = None
        # The last whole map, and for which attacks it is the map.
        self._map: tuple[RateLimit, pd.DataFrame] | None = None
        super().__init__(start, pinned)

    @property
    def _shown(self) -> RateLimit:
        """The present attack, with as many runs as there is time for."""
        attack = self.model
        if self._settled == attack:
            return attack
        return attack.replace(seeds=min(attack.seeds, QUICK_RUNS))

    def make_traces(self) -> list[dict]:
        frames = figures.RateLimitFrames.of
        now = frames(self._shown)
        if self._map and self._map[0] == self.model.mapped():
            now = now._replace(leak=self._map[1])
        return figures.traces(now, frames(self.pinned) if self.pinned else None)

    def make_layout(self) -> dict:
        return figures.layout(self.model, self.pinned)

    def make_words(self) -> str:
        return self._shown.in_words()

    def slides(self) -> list[Figure]:
        """The single figures of the present attack, beside the pinned one."""
        now, pinned = self.model.designs(), self.pinned and self.pinned.designs()
        return [
            figures.let_through(now, pinned),
            figures.leak_map(self.model.leak_map()),
            figures.leak_by_delay(self.model.by_delay()),
            figures.leak_by_pops(self.model.by_pops()),
            figures.refusals(now),
            figures.decision_time(now),
        ]

    def _redraw(self) -> None:
        if self._settled != self.model:
            self._settled = None
            self.below.value = f"<p>{min(self.model.seeds, QUICK_RUNS)} runs so far …</p>"
        super()._redraw()

    def settle(self) -> None:
        self._settled = self.model
        self._map = self.model.mapped(), figures.RateLimitFrames.of(self.model).leak
        self._patch()
        self._say()
        self.below.value = f"<p>{self.model.runs_in_words()}</p>"


def rate_limit(start: RateLimit | None = None, pinned: RateLimit | None = None) -> RateLimitPanel:
    """The live panel of an attack on a rate limit, with sliders bound to one figure.

    Parameters
    ----------
    start : RateLimit, optional
        Where the knobs stand at first; the defaults if not given.
    pinned : RateLimit, optional
        An attack to compare with from the start.

    Returns
    -------
    RateLimitPanel
        An ipywidget; let it be the last line of a cell.

    Raises
    ------
    TypeError
        If `start` or `pinned` is something else.
    """
    return RateLimitPanel(start, pinned)
