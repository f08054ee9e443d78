"""The live panel of notebook 06: what "eventually" costs."""

from __future__ import annotations

from plotly.graph_objects import Figure

from edgelab.figures import edge_kv as figures
from edgelab.models.edge_kv import EdgeKV
from edgelab.panels.base import Panel

__all__ = ["PRESETS", "KVPanel", "kv"]


def _of(vendor: str, start: EdgeKV) -> EdgeKV:
    """The start, with a vendor's propagation."""
    given = EdgeKV.of(vendor)
    return start.replace(copies=given.copies, kv_delay_ms=given.kv_delay_ms)


PRESETS = {
    "The article": lambda start: EdgeKV(),
    "Rebalancing": lambda start: start.replace(rebalancing_share=0.02),
    "Not sticky": lambda start: start.replace(sticky_s=0.0),
    "Cloudflare 60 s": lambda start: _of("Cloudflare Workers KV", start),
    "Vercel 3 s": lambda start: _of("Vercel Edge Config", start),
    "Gcore 2 s": lambda start: _of("Gcore FastEdge KV", start),
    "All PoPs write": lambda start: start.replace(writers="at every PoP alike"),
}


class KVPanel(Panel):
    """A key-value store at the edge: readers, users on the move, writers, and the bytes."""

    name = "kv-consistency"
    call = "el.panels.kv"
    scenario = EdgeKV
    main = ("kv_delay_ms", "rebalancing_share", "sticky_s", "writes_per_s")
    made = PRESETS
    height_px = 430
    kernels = ("cable corridors", "replication", "stale reads", "lost updates")

    def make_traces(self) -> list[dict]:
        return figures.traces(self.model, self.pinned)

    def make_layout(self) -> dict:
        return figures.layout(self.model, self.pinned)

    def make_words(self) -> str:
        return self.model.in_words()

    def slides(self) -> list[Figure]:
        """The single figures of the present store, beside the pinned one."""
        now, pinned = self.model, self.pinned
        return [
            figures.stale_reads(now.staleness(), pinned and pinned.staleness()),
            figures.handoff(now.handoff(), pinned and pinned.handoff()),
            figures.lost_updates(now.lost_updates(), pinned and pinned.lost_updates()),
            figures.metadata(now.metadata(), pinned and pinned.metadata()),
        ]


def kv(start: EdgeKV | None = None, pinned: EdgeKV | None = None) -> KVPanel:
    """The live panel of the edge KV, with sliders bound to one figure.

    Parameters
    ----------
    start : EdgeKV, optional
        Where the knobs stand at first; the article's KV if not given.
    pinned : EdgeKV, optional
        A store to compare with from the start.

    Returns
    -------
    KVPanel
        An ipywidget; let it be the last line of a cell.

    Raises
    ------
    TypeError
        If `start` or `pinned` is something else.
    """
    return KVPanel(start, pinned)
