"""The live panel of notebook 06: what "eventually" costs."""

from __future__ import annotations

from edgelab.stage.panel import Panel
from edgelab.stage.step import Step
from edgelab.topics.kv import plots as figures
from edgelab.topics.kv.model import EVERYWHERE, PUSHED, VIEWERS, EdgeKV

__all__ = ["KVPanel", "OneWrite"]

#: What the presets turn, as the article has it.
ARTICLE = {
    "kv_delay_ms": 250.0,
    "rebalancing_share": 0.0,
    "sticky_s": 30.0,
    "copies": PUSHED,
    "writers": VIEWERS,
}


def _of(vendor: str) -> dict:
    """A vendor's propagation, and the rest as in the article."""
    given = EdgeKV.of(vendor)
    return ARTICLE | {"copies": given.copies, "kv_delay_ms": given.kv_delay_ms}


class KVPanel(Panel):
    """A key-value store at the edge: readers, users on the move, writers, and the bytes."""

    topic = "kv"
    scenario = EdgeKV
    board = (figures.stale_reads, figures.handoff, figures.lost_updates, figures.crdt_bytes)
    presets = {
        "The article": lambda now: now.replace(**ARTICLE, writes_per_s=10.0),
        "Rebalancing": lambda now: now.replace(**ARTICLE | {"rebalancing_share": 0.02}),
        "Not sticky": lambda now: now.replace(**ARTICLE | {"sticky_s": 0.0}),
        "Cloudflare 60 s": lambda now: now.replace(**_of("Cloudflare Workers KV")),
        "Vercel 3 s": lambda now: now.replace(**_of("Vercel Edge Config")),
        "Gcore 2 s": lambda now: now.replace(**_of("Gcore FastEdge KV")),
        "All PoPs write": lambda now: now.replace(**ARTICLE | {"writers": EVERYWHERE}),
    }
    kernels = ("cable corridors", "replication", "stale reads", "lost updates")


class OneWrite(Step):
    """Who still misses a write, by the delay alone."""

    topic = "one_write"
    scenario, kernels = EdgeKV, KVPanel.kernels
    board, only = (figures.stale_reads,), ("kv_delay_ms",)
