"""numba kernels: arrays and scalars in, arrays out; one short module a family."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgelab.kernels import corridors, histogram, latency, replication
from edgelab.kernels._jit import cache_dir

__all__ = ["cache_dir", "warm"]


def warm(progress: Callable[[int, int, str], None] | None = None) -> None:
    """Compile every kernel that a panel needs, or load it from the cache.

    Parameters
    ----------
    progress : callable, optional
        Called as ``progress(done, total, name)`` before each kernel and once at
        the end.
    """
    table = np.ones(latency.QUANTILES, np.float32)
    points = np.ones((1, latency.POINTS), np.float32)
    edges = histogram.bin_edges_ms()
    counts = np.zeros((1, histogram.BINS), np.int64)
    q = np.array([0.5])
    keys = np.zeros(1, np.uint64)
    one = np.ones(1)
    kept, weights = counts.copy(), counts + 1.0
    for shared in (kept, weights):
        shared.flags.writeable = False  # a type of its own to numba
    steps = {
        "simulation of every viewer": lambda: latency.simulate(
            np.ones(1, np.int64), 0, table[None], points, points, table, 1, threads=1
        ),
        "exact distribution": lambda: latency.add_mixture(
            1.0, edges[1:-1], one, np.ones(2), 0.0, 1.0, counts[0] + 1.0
        ),
        "histogram": lambda: histogram.quantiles(weights, edges, q),
        "stale reads": lambda: replication.weigh(one, kept),
        "cable corridors": _warm_corridors,
        "replication": lambda: replication.replicate(
            1, keys, one, table, table, counts[0, :1], counts
        ),
    }
    for done, (name, step) in enumerate(steps.items()):
        if progress:
            progress(done, len(steps), name)
        step()
    if progress:
        progress(len(steps), len(steps), "ready")


def _warm_corridors() -> None:
    none, start = np.zeros(1, np.int64), np.array([0, 1])
    reached = corridors.reach(start, none, np.ones(1), corridors.all_pairs(np.zeros((1, 1))))
    corridors.between(reached, none, start, none, np.ones(1), none)
