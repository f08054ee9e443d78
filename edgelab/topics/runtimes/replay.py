"""Requests drawn one by one and replayed through the store of warm functions."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from edgelab.kernels import lru, zipf
from edgelab.kernels.draws import stream_key

__all__ = ["REQUESTS", "replayed"]

#: Requests that are drawn for each size of memory.
REQUESTS = 1_000_000


@lru_cache(maxsize=4)
def _drawn(tenants: int, exponent: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Requests, how long ago each tenant was asked for before them, and how long before each.

    All in requests. Tenants are numbered by rank.
    """
    share = zipf.weights(tenants, exponent)
    ids = np.empty(REQUESTS, np.int32)
    with np.errstate(over="ignore"):  # without numba, draws wrap with a warning
        zipf.sample(0, stream_key(seed, 4_000_000), *zipf.aliases(share), ids)
    rng = np.random.default_rng([seed, 4_000_001])
    ago = rng.exponential(1 / share)
    since = np.empty(REQUESTS)
    lru.since_last(ids, -ago, since)
    return ids, np.argsort(-ago), since


@lru_cache(maxsize=8)
def replayed(
    tenants: int, exponent: float, idle_requests: float, seed: int, fits: tuple[int, ...]
) -> tuple[float, ...]:
    """Share of cold starts at each size of the store, in tenants."""
    ids, order, since = _drawn(tenants, exponent, seed)
    kept = since <= idle_requests
    sizes = np.ones(tenants, np.int64)
    hits = np.empty(len(ids), np.bool_)
    out = []
    for fit in fits:
        # Of those that were used longer ago nothing is left.
        links, used = lru.fill(order[max(len(order) - fit, 0) :], sizes, fit)
        lru.replay(ids, sizes, fit, links, used, hits)
        out.append(1 - float(np.mean(hits & kept)))
    return tuple(out)
