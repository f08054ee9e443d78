"""Lists that the KV still gives though they were replaced: which reads see them, and how many."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from edgelab.world import delays
from edgelab.world.request import EDGE, HOME

__all__ = ["Lists", "after_a_write", "viewers"]


class Lists(NamedTuple):
    """All that the age of a list depends on, by the names of the night's knobs."""

    ends_at: str
    pops: int
    kv_delay_ms: float
    rebalancing_share: float
    seed: int
    list_refresh_s: float

    def delays(self) -> np.ndarray:
        """Delays of the writes by PoP; see `edgelab.world.delays.delay_histogram`."""
        home = delays.readers(self.pops)[1]
        return delays.delay_histogram(
            self.pops, home, self.kv_delay_ms, self.rebalancing_share, self.seed
        )


def after_a_write(lists: Lists) -> pd.DataFrame:
    """The frame of `edgelab.CricStream.staleness`."""
    stale = np.zeros((2, len(delays.TIMES_MS)))
    if lists.ends_at == EDGE:
        weights = delays.readers(lists.pops)[0], np.ones(lists.pops)
        stale = [delays.stale_share(lists.delays(), weight) for weight in weights]
    return pd.DataFrame(
        {"since_write_ms": delays.TIMES_MS, "stale_share": stale[0], "stale_pops": stale[1]}
    )


def viewers(lists: Lists) -> float:
    """Viewers with an old list at a random moment; see `edgelab.CricStream.stale_viewers`."""
    if lists.ends_at == HOME:
        return 0.0
    readers, _ = delays.readers(lists.pops)
    share = delays.mean_stale_share(lists.delays(), readers, 1000 * lists.list_refresh_s)
    return share * readers.sum()
