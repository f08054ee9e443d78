"""How long the viewers of each place wait: histograms, quantiles and spread of one night."""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
import pandas as pd

from edgelab.core import datasets
from edgelab.kernels import histogram
from edgelab.world import request

__all__ = [
    "GROUPS",
    "HEADLINE_PLACES",
    "SATURATED",
    "STEADY",
    "by_place",
    "counts",
    "spread",
    "viewers",
]

#: Names of the rows that follow the places.
GROUPS = ("diaspora", "India", "everyone")
#: Rows that stand for the night where there is no room for all.
HEADLINE_PLACES = (
    "Mumbai", "Delhi", "Chennai", "Singapore", "Dubai", "London", "Bay Area", "diaspora",
)  # fmt: skip
LEVELS = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
STEADY, SATURATED = "steady", "saturated"


@cache
def viewers() -> int:
    """Viewers of all places together."""
    return int(datasets.places()["viewers"].sum())


def counts(settings: request.Settings, seed: int | None) -> np.ndarray:
    """Viewers by place and bin: in closed form, or drawn with a seed."""
    return request.exact(settings) if seed is None else request.simulated(settings, seed)


@lru_cache(maxsize=8)
def _with_groups(settings: request.Settings, seed: int | None) -> np.ndarray:
    """The places' histograms with those of the groups below them: merging is adding."""
    places = counts(settings, seed)
    diaspora = (datasets.places()["group"] == "diaspora").to_numpy()
    groups = [places[some].sum(axis=0) for some in (diaspora, ~diaspora, slice(None))]
    out = np.vstack([places, groups]).astype(float)
    out.flags.writeable = False
    return out


@lru_cache(maxsize=32)
def by_place(settings: request.Settings, seed: int | None, blank_panel_ms: float) -> pd.DataFrame:
    """The frame of `edgelab.CricStream.latency`, remembered."""
    waiting = _with_groups(settings, seed)
    places = datasets.places()
    frame = pd.DataFrame(
        {
            "place": [*places["place"], *GROUPS],
            "kind": ["place"] * len(places) + ["group"] * len(GROUPS),
            "group": [*places["group"], *GROUPS],
            "viewers": waiting.sum(axis=1).round().astype(np.int64),
        }
    ).set_index("place")
    edges = histogram.bin_edges_ms()
    frame[[*LEVELS]] = histogram.quantiles(waiting, edges, np.array([*LEVELS.values()]))
    seen = np.cumsum(waiting, axis=1) / waiting.sum(axis=1, keepdims=True)
    in_time = [np.interp(blank_panel_ms, edges[1:-1], row[:-1]) for row in seen]
    frame["blank_share"] = (1 - np.array(in_time)).clip(0, 1)
    return frame.assign(state=SATURATED if settings.saturated else STEADY)


def spread(settings: request.Settings, seed: int | None, row: int = -1) -> pd.DataFrame:
    """The frame of `edgelab.CricStream.distribution`, for a row of that of `latency`."""
    waiting = _with_groups(settings, seed)[row]
    edges = histogram.bin_edges_ms()[:-1]
    coarse = 8
    share = np.append(waiting[:-1].reshape(-1, coarse).sum(axis=1), waiting[-1]) / waiting.sum()
    later = np.cumsum(share[::-1])[::-1][1:]
    return pd.DataFrame(
        {
            "from_ms": edges[:-1:coarse],
            "to_ms": edges[coarse::coarse],
            "share": share[:-1],
            "later_share": later,
        }
    )
