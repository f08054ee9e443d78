"""The live panel of notebook 05: a cache at every PoP, and the cliff that its misses can reach."""

from __future__ import annotations

from plotly.graph_objects import Figure

from edgelab.figures import caching as figures
from edgelab.figures.caching import NOTHING, CacheFrames
from edgelab.models.cache import CONTINENT, DIRECT, EdgeCache
from edgelab.panels.base import Panel

__all__ = ["PRESETS", "CachePanel", "cache"]

PRESETS = {
    "Barely warm": lambda start: EdgeCache(),
    "A short life": lambda start: start.replace(ttl_s=60.0, stale_while_revalidate_s=0.0),
    "Serve stale, then refresh": lambda start: start.replace(
        ttl_s=60.0, stale_while_revalidate_s=60.0
    ),
    "A tier on each continent": lambda start: start.replace(ttl_s=60.0, ask=CONTINENT),
    "A small store": lambda start: start.replace(capacity_mb=50.0),
    "A herd": lambda start: start.replace(objects=100, ttl_s=10.0, coalescing="off"),
}


class CachePanel(Panel):
    """The cache live: closed forms under the moving hand, requests one by one when it rests."""

    name = "edge-cache"
    call = "el.panels.cache"
    scenario = EdgeCache
    main = ("ttl_s", "stale_while_revalidate_s", "capacity_mb", "ask", "place")
    columns = (1, 1)
    made = PRESETS
    kernels = (
        *("exact distribution", "histogram", "cable corridors", "least recently used"),
        *("requests by popularity", "cycles of a cached copy", "edge cache"),
    )

    def __init__(self, start: EdgeCache | None = None, pinned: EdgeCache | None = None) -> None:
        self._shown = NOTHING
        super().__init__(start, pinned)

    def make_traces(self) -> list[dict]:
        held = CacheFrames.of(self.pinned) if self.pinned else NOTHING
        return figures.traces(CacheFrames.of(self.model), self._shown, held, self.model.seed)

    def make_layout(self) -> dict:
        return figures.layout(self.model, self.pinned)

    def make_words(self) -> str:
        return self.model.in_words()

    def slides(self) -> list[Figure]:
        """The single figures of the present cache, beside the pinned one."""
        cache, pinned = self.model, self.pinned
        now, held = CacheFrames.of(cache), CacheFrames.of(pinned) if pinned else NOTHING
        drawn = CacheFrames.drawn(cache)
        return [
            figures.p99_cliff(now.cliff, held.cliff),
            figures.cache_shares(now.popularity, drawn.popularity, held.popularity),
            figures.fetch_ratio(now.through, drawn.through, held.through),
            figures.cache_misses(now.misses, drawn.misses, held.misses),
            figures.dilution(cache.dilution()),
        ]

    def _redraw(self) -> None:
        self._shown = NOTHING
        self.below.value = "<p>Drawing requests one by one …</p>"
        super()._redraw()

    def settle(self) -> None:
        cache = self.model
        self._shown = CacheFrames.drawn(cache)
        if cache.ask == DIRECT:
            said = f"<p>{cache.drawn_in_words()}</p>"
        else:
            said = "<p>○ With a tier the shares are shown by their closed form only.</p>"
        self.below.value = said
        self._patch()


def cache(start: EdgeCache | None = None, pinned: EdgeCache | None = None) -> CachePanel:
    """The live panel of the edge cache, with sliders bound to one figure.

    Parameters
    ----------
    start : EdgeCache, optional
        Where the knobs stand at first; the defaults if not given.
    pinned : EdgeCache, optional
        A cache to compare with from the start.

    Returns
    -------
    CachePanel
        An ipywidget; let it be the last line of a cell.

    Raises
    ------
    TypeError
        If `start` or `pinned` is something else.
    """
    return CachePanel(start, pinned)
