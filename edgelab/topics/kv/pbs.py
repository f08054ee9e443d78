"""The published figures of PBS beside the model's."""

from __future__ import annotations

import pandas as pd

from edgelab.core import allowed, datasets
from edgelab.topics.kv.quorum import MOST_TRIALS, Quorum

__all__ = ["MEASURES", "published"]

#: A figure of the paper's tables, and how the model gives it.
MEASURES = {
    "read_p999_ms": lambda store, n: store.latencies(n).loc["read", "p999_ms"],
    "write_p999_ms": lambda store, n: store.latencies(n).loc["write", "p999_ms"],
    "t_p999_ms": lambda store, n: store.t_visibility((0.999,), n)["t_ms"].iloc[0],
    "seen_at_once": lambda store, n: store.seen_share(0.0, n),
}


def published(trials: int = 1_000_000) -> pd.DataFrame:
    """The published figures of PBS, those of an independent simulation, and ours.

    Parameters
    ----------
    trials : int
        Writes, each with a read, for every configuration.

    Returns
    -------
    pandas.DataFrame
        One row per figure: ``network``, ``n``, ``r``, ``w``, ``measure`` (latency of reads and of
        writes at the 99.9th percentile, t-visibility at 99.9 %, share of reads that see the write
        at once), ``paper``, ``independent``, ``ours``, ``off_paper`` and ``off_independent``
        (ours over theirs, less 1).
    """
    frame, trials = datasets.pbs(), allowed.whole("trials", trials, 1, MOST_TRIALS)
    stores = [Quorum(network=x, n=n, r=r, w=w) for x, n, r, w in frame.iloc[:, :4].to_numpy()]
    ours = [
        MEASURES[name](store, trials) for name, store in zip(frame["measure"], stores, strict=True)
    ]
    frame["ours"] = ours
    for theirs in ("paper", "independent"):
        both = frame[theirs].where(frame[theirs] > 0)
        frame[f"off_{theirs}"] = frame["ours"] / both - 1
    return frame
