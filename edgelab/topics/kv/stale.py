"""How long reads of an edge KV stay stale after a write, by whose they are, and what they take."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from edgelab.core import datasets
from edgelab.core.datasets import COPIES
from edgelab.kernels.histogram import resolved
from edgelab.world import delays
from edgelab.world.corridors import rtt_ms

__all__ = ["FETCHED", "PUSHED", "Propagation", "reads", "seen_ms", "shares", "weights"]

PUSHED, FETCHED = COPIES


class Propagation(NamedTuple):
    """How a write reaches the PoPs, by the names of `edgelab.EdgeKV`."""

    pops: int
    kv_delay_ms: float
    rebalancing_share: float
    seed: int
    copies: str


@lru_cache(maxsize=32)
def shares(given: Propagation) -> dict[str, np.ndarray]:
    """Stale shares at `delays.GRID_MS`, by whose reads they are."""
    pops, kv_delay_ms, rebalancing_share, seed, copies = given
    _, home = delays.readers(pops)
    fetched = copies == FETCHED
    drawn = delays.delay_histogram(pops, home, kv_delay_ms, rebalancing_share, seed, fetched)
    none = np.zeros(len(delays.GRID_MS))
    return {
        name: delays.stale_share(drawn, each, delays.GRID_MS) if each.any() else none
        for name, each in weights(pops).items()
    }


@lru_cache(maxsize=8)
def weights(pops: int) -> dict[str, np.ndarray]:
    """How much each PoP's reads count, by whose they are."""
    weight, home = delays.readers(pops)
    continent = datasets.pops()["continent"].to_numpy(str)[:pops]
    near, others = continent == continent[home], np.arange(pops) != home
    return {
        "viewers": weight,
        "same_continent": (near & others).astype(float),
        "elsewhere": (~near).astype(float),
        "pops": np.ones(pops),
    }


def seen_ms(given: Propagation, share: float, by: str) -> float:
    """Time after a write at which a share of some reads sees it; see `edgelab.EdgeKV.seen_ms`."""
    late = shares(given)[by][::-1]
    if late[-1] <= 1 - share:
        return 0.0
    weight = weights(given.pops)[by]
    draws = delays.WRITES * weight.sum() ** 2 / (weight**2).sum()
    if not resolved(share, draws):
        return np.inf
    return float(np.interp(1 - share, late, delays.GRID_MS[::-1], left=np.inf))


def reads(pops: int, read_ms: float) -> pd.DataFrame:
    """The frame of `edgelab.EdgeKV.reads`."""
    _, home = delays.readers(pops)
    places = datasets.pops()[:pops]
    at = places.loc[home, ["lat", "lon"]].to_numpy(float)
    rtt = rtt_ms(places["lat"].to_numpy(), places["lon"].to_numpy(), *at)
    weight = weights(pops)
    back = {"same continent": "same_continent", "another continent": "elsewhere"}
    rows = {"local copy": read_ms}
    for name, by in back.items():
        some = rtt[weight[by] > 0]
        rows[f"sticky, {name}"] = read_ms + np.median(some) if some.size else np.nan
    return pd.DataFrame({"median_ms": rows}).rename_axis("read")
