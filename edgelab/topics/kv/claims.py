"""Figures of the ledger's rows that notebook 06 tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgelab.topics.kv.model import EVERYWHERE, EdgeKV

__all__ = ["FIGURES"]


def _sees_own_write_s() -> float:
    """Seconds until 99 of 100 reads at another PoP see their user's write, under a TTL of 60 s."""
    late_first = EdgeKV.of("Cloudflare Workers KV").handoff()[::-1]
    return np.interp(0.01, late_first["missed_share"], late_first["since_write_ms"]) / 1000


def _price_of_merging() -> float:
    """How many times a register's bytes a counter of all PoPs takes; 0 if it loses anything."""
    store = EdgeKV(writers=EVERYWHERE)
    lost = store.lost_updates()["crdt_lost_share"].any()
    lost |= store.faults().xs("G-counter", level="design")["lost"].any()
    last = store.crdt_bytes().iloc[-1]
    return 0.0 if lost else last["g_counter_bytes"] / last["register_bytes"]


#: Row of ``data/claims.csv`` to our figure, in that row's unit.
FIGURES: dict[str, Callable[[], float]] = {
    "handoff-misses-write": lambda: 100 * EdgeKV(sticky_s=0).missed_share(100),
    "sticky-30-s": _sees_own_write_s,
    "crdt-metadata": _price_of_merging,
}
