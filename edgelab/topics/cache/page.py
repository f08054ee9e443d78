"""The live panel of notebook 05: a cache at every PoP, and the cliff that its misses can reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from edgelab.stage.panel import Panel
from edgelab.stage.step import Step
from edgelab.topics.cache import plots as figures
from edgelab.topics.cache.model import CONTINENT, DIRECT, EdgeCache

__all__ = ["CachePanel", "OneLife"]

#: What every preset's story starts from.
USUAL = {
    name: EdgeCache.knobs()[name].default
    for name in ("ttl_s", "stale_while_revalidate_s", "capacity_mb", "ask", "objects", "coalescing")
}


def _usual(**changes: Any) -> Callable[[EdgeCache], EdgeCache]:
    """A preset: the usual cache but for `changes`."""
    return lambda now: now.replace(**USUAL | changes)


class CachePanel(Panel):
    """The cache live: closed forms under the moving hand, requests one by one when it rests."""

    topic = "cache"
    scenario = EdgeCache
    board = (figures.p99_cliff, figures.cache_shares, figures.fetch_ratio, figures.origin_reads)
    more_slides = (figures.cache_misses, figures.dilution)
    columns, across = (1, 1), ("ttl_s",)
    presets = {
        "Barely warm": _usual(),
        "A short life": _usual(ttl_s=60.0),
        "Serve stale, then refresh": _usual(ttl_s=60.0, stale_while_revalidate_s=60.0),
        "A tier on each continent": _usual(ttl_s=60.0, ask=CONTINENT),
        "A small store": _usual(capacity_mb=50.0),
        "A herd": _usual(objects=100, ttl_s=10.0, coalescing="off"),
    }
    kernels = (
        *("exact distribution", "histogram", "cable corridors", "least recently used"),
        *("requests by popularity", "cycles of a cached copy", "edge cache"),
    )
    waiting = "Drawing requests one by one …"

    def _rested(self, model: EdgeCache) -> str:
        if model.ask == DIRECT:
            return model.drawn_in_words()
        return "○ With a tier the shares are shown by their formulas only."


class OneLife(Step):
    """The cliff of the p99, by the time to live alone."""

    topic = "one_life"
    scenario, kernels = EdgeCache, CachePanel.kernels
    board, only = (figures.p99_cliff,), ("ttl_s",)
