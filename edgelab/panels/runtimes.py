"""The live panel of notebook 04: tenants' functions in a PoP's memory."""

from __future__ import annotations

from plotly.graph_objects import Figure

from edgelab.figures import runtimes as figures
from edgelab.figures.primitives import costs
from edgelab.models.primitives import primitives
from edgelab.models.runtimes import WarmPool
from edgelab.panels.base import Panel

__all__ = ["PRESETS", "PoolPanel", "tenants"]

PRESETS = {
    "The article's isolates": lambda start: WarmPool(),
    "A process for every tenant": lambda start: start.replace(primitive="process"),
    "Half the isolates fit": lambda start: start.replace(
        primitive="isolate", figures="article", tenants=40_000, pop_memory_gb=60.0
    ),
    "Millions of tenants": lambda start: start.replace(tenants=1_000_000),
    "A quiet platform": lambda start: start.replace(requests_per_s=10_000.0),
}


class PoolPanel(Panel):
    """Tenants in a PoP live: Che's curves under the moving hand, the LRU when it rests."""

    name = "tenants-in-a-pop"
    call = "el.panels.tenants"
    scenario = WarmPool
    main = ("primitive", "figures", "tenants", "pop_memory_gb")
    made = PRESETS
    kernels = ("least recently used", "requests by popularity")

    def __init__(self, start: WarmPool | None = None, pinned: WarmPool | None = None) -> None:
        self._simulated = self._simulated_for = None
        super().__init__(start, pinned)

    def make_traces(self) -> list[dict]:
        return figures.traces(self.model, self.pinned, self._simulated)

    def make_layout(self) -> dict:
        return figures.layout(self.model, self.pinned)

    def make_words(self) -> str:
        return self.model.in_words()

    def slides(self) -> list[Figure]:
        """The single figures of the present pool, beside the pinned one."""
        pool, pinned = self.model, self.pinned
        return [
            costs(primitives()),
            figures.tenants_memory(pool.memory(), pinned and pinned.memory()),
            figures.cold_starts(
                pool.cold_starts(), pool.simulation(), pinned and pinned.cold_starts()
            ),
            figures.waits(pool.waits(), pinned and pinned.waits()),
        ]

    def _redraw(self) -> None:
        if self._simulated_for != self.model:
            self._simulated = self._simulated_for = None
            self.below.value = "<p>Replaying requests …</p>"
        super()._redraw()

    def settle(self) -> None:
        pool = self.model
        self._simulated, self._simulated_for = pool.simulation(), pool
        # The words first: the browser shows them at once, and the circles take a repaint.
        self.below.value = f"<p>{pool.simulation_in_words()}</p>"
        self._patch()


def tenants(start: WarmPool | None = None, pinned: WarmPool | None = None) -> PoolPanel:
    """The live panel of tenants' functions in a PoP, with sliders bound to one figure.

    Parameters
    ----------
    start : WarmPool, optional
        Where the knobs stand at first; the defaults if not given.
    pinned : WarmPool, optional
        A pool to compare with from the start.

    Returns
    -------
    PoolPanel
        An ipywidget; let it be the last line of a cell.

    Raises
    ------
    TypeError
        If `start` or `pinned` is something else.
    """
    return PoolPanel(start, pinned)
