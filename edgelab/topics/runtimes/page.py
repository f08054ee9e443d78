"""The live panel of notebook 04: tenants' functions in a PoP's memory."""

from __future__ import annotations

from edgelab.stage.panel import Panel
from edgelab.stage.step import Step
from edgelab.topics.runtimes import plots as figures
from edgelab.topics.runtimes.model import WarmPool

__all__ = ["OneMemory", "PoolPanel"]

#: What every preset's story starts from.
USUAL = {
    name: WarmPool.knobs()[name].default
    for name in ("primitive", "tenants", "pop_memory_gb", "requests_per_s")
}


class PoolPanel(Panel):
    """Tenants in a PoP live: Che's curves under the moving hand, the LRU when it rests."""

    topic = "runtimes"
    scenario = WarmPool
    board = (figures.cold_starts, figures.cold_waits, figures.tenants_memory, figures.costs)
    presets = {
        "The article's isolates": lambda now: now.replace(**USUAL, figures="article"),
        "A process for every tenant": lambda now: now.replace(**USUAL | {"primitive": "process"}),
        "Half the isolates fit": lambda now: now.replace(
            **USUAL | {"figures": "article", "tenants": 40_000, "pop_memory_gb": 60.0}
        ),
        "Millions of tenants": lambda now: now.replace(**USUAL | {"tenants": 1_000_000}),
        "A quiet platform": lambda now: now.replace(**USUAL | {"requests_per_s": 10_000.0}),
    }
    kernels = ("least recently used", "requests by popularity")
    waiting = "Replaying requests …"

    def _rested(self, model: WarmPool) -> str:
        return model.drawn_in_words()


class OneMemory(Step):
    """Who starts cold, by the memory of a PoP alone."""

    topic = "one_memory"
    scenario, kernels = WarmPool, PoolPanel.kernels
    board, only = (figures.cold_starts,), ("pop_memory_gb",)
    waiting = PoolPanel.waiting
