"""The edge KV in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

__all__ = ["Told", "in_words", "time_in_words"]


class Told(NamedTuple):
    """All that the sentences speak of."""

    #: The knobs.
    sticky_s: float
    writes_per_s: float
    #: Times until 99 of 100 viewers, and PoPs, see a write.
    viewers_ms: float
    pops_ms: float
    #: Shares who miss their own write after 100 ms, and when the sticky route ends.
    soon: float
    late: float


def in_words(store: Told, lost: Mapping[str, float], size: Mapping[str, float]) -> str:
    """Three sentences that say what the numbers mean.

    Parameters
    ----------
    store : Told
    lost, size : mapping of str to float
        The row of `edgelab.EdgeKV.lost_updates` at the store's rate, and the last one of
        `edgelab.EdgeKV.crdt_bytes`.
    """
    seen = (
        f"99 of 100 viewers see a write after {time_in_words(store.viewers_ms)}, 99 of 100 PoPs "
        f"after {time_in_words(store.pops_ms)}."
    )
    moved = f"Of users who change PoP, {_share(store.soon)} miss what they wrote 100 ms ago; "
    if store.sticky_s >= 0.1:
        moved += f"the sticky route prevents that for {time_in_words(1000 * store.sticky_s)}, "
        moved += f"and then {_share(store.late)} miss it."
    else:
        moved += "no sticky route prevents that."
    counter = (
        f"At {store.writes_per_s:.3g} writes a second to a counter the last writer wins and "
        f"{_share(lost['lww_lost_share'])} are lost; a CRDT loses "
        f"{_share(lost['crdt_lost_share'])}, in {size['g_counter_bytes']:,.0f} bytes instead of "
        f"{size['register_bytes']:.0f}."
    )
    return f"{seen} {moved} {counter}"


def time_in_words(ms: float) -> str:
    """A time until a write is seen."""
    if np.isinf(ms):
        return "more than two minutes"
    return f"{ms:.0f} ms" if ms < 995 else f"{ms / 1000:.3g} s"


def _share(share: float) -> str:
    if share == 0:
        return "none"
    if share < 0.00095:
        return "less than 0.1 %"
    return f"{100 * share:.2g} %" if share < 0.995 else "more than 99 %"
