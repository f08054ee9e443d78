"""What a place sees of a cache: p50 and p99 for any share of its requests that must be fetched."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from edgelab.core import datasets
from edgelab.kernels import histogram
from edgelab.topics.cache.closed_form import audience
from edgelab.world import geo, request

__all__ = ["RATIOS", "cliff", "quantiles"]

#: Fetch ratios of `cliff`.
RATIOS = np.append(np.geomspace(1e-4, 1, 81), np.linspace(0.008, 0.013, 21))


@lru_cache(maxsize=64)
def _spread(night: request.Settings, place: str) -> np.ndarray:
    """Latency at the place, apart by where a request ends: at the PoP, the tier, in Mumbai."""
    nearest, _ = geo.nearest_pop(night.route.pops)
    who = audience(night.route.pops)
    at = list(datasets.places()["place"]).index(place)
    later_ms = who.tier_ms[np.searchsorted(who.pop, nearest[at])]
    return np.array(request.of_place(night, place, later_ms))


def quantiles(
    night: request.Settings, place: str, fetched: np.ndarray, near: np.ndarray
) -> np.ndarray:
    """p50 and p99 for shares that wait for Mumbai and for the tier: (rows, 2) milliseconds."""
    at_the_pop, elsewhere, in_mumbai = _spread(night, place)
    fetched, near = np.asarray(fetched)[:, None], np.asarray(near)[:, None]
    mass = (1 - fetched - near) * at_the_pop + near * elsewhere + fetched * in_mumbai
    return histogram.quantiles(mass, histogram.bin_edges_ms(), np.array([0.5, 0.99]))


def cliff(night: request.Settings, place: str, shares: Mapping[str, float]) -> pd.DataFrame:
    """The frame of `edgelab.EdgeCache.cliff`, for the place's shares."""
    ratio = np.append(RATIOS, shares["fetched"])
    order = np.argsort(ratio, kind="stable")
    frame = pd.DataFrame({"fetch_ratio": ratio[order]})
    near = np.minimum(shares["near"], 1 - frame["fetch_ratio"])
    frame[["p50_ms", "p99_ms"]] = quantiles(night, place, frame["fetch_ratio"], near)
    frame["now"] = order == len(RATIOS)
    return frame
