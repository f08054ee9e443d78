"""A set of PoPs that grows: in which order, and what the viewers see with every count of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from edgelab.core import datasets
from edgelab.core.constants import value
from edgelab.core.sphere import great_circle_km
from edgelab.kernels import curves as kernel
from edgelab.kernels.latency import POINTS
from edgelab.kernels.placement import greedy_order
from edgelab.kernels.threads import each
from edgelab.topics.night.model import GROUPS, CricStream
from edgelab.world import geo, request
from edgelab.world.corridors import rtt_ms

__all__ = [
    "CHANCE",
    "DEADLINE_MS",
    "ORDERS",
    "ORDER_WORDS",
    "VIEWERS",
    "WORLD",
    "city_ways",
    "curves",
    "operators",
    "order",
]

#: In which order PoPs can be added.
WORLD, VIEWERS, LARGEST, CHANCE = ORDERS = (
    "world",
    "viewers",
    "largest cities",
    "random",
)
#: How a sentence says so.
ORDER_WORDS = {
    WORLD: "in the world's order",
    VIEWERS: "in these viewers' order",
    LARGEST: "largest cities first",
    CHANCE: "in random order",
}
LEVELS = np.array([0.5, 0.95, 0.99])
#: The article's "within about 10 ms".
DEADLINE_MS = 10.0
#: Places in one unit of work.
CHUNK = 12


@cache
def operators() -> int:
    """How many PoPs the operator has; the hypothetical ones follow them."""
    return int((~datasets.pops()["hypothetical"]).sum())


@cache
def city_ways() -> tuple[np.ndarray, np.ndarray]:
    """Kilometres and round trips between cities and PoPs, (cities, PoPs), read-only."""
    cities, pops = datasets.cities(), datasets.pops()
    here = [cities[axis].to_numpy()[:, None] for axis in ("lat", "lon")]
    there = [pops[axis].to_numpy() for axis in ("lat", "lon")]
    ways = great_circle_km(*here, *there), rtt_ms(*here, *there)
    for shared in ways:
        shared.flags.writeable = False
    return ways


@lru_cache(maxsize=64)
def order(name: str, seed: int) -> np.ndarray:
    """Rows of `edgelab.data.pops` in the order in which they are added.

    Parameters
    ----------
    name : str
        One of `ORDERS`.
    seed : int
        Of the random order.

    Returns
    -------
    int64 ndarray, (PoPs,), read-only
        The operator's come first, in that order, the hypothetical ones follow in their own.
    """
    own, every = operators(), np.arange(len(datasets.pops()))
    if name == WORLD:
        first = every[:own]
    elif name == VIEWERS:
        first = greedy_order(np.ascontiguousarray(_paid_ms()[:own].T), _viewers(), own)
    elif name == LARGEST:
        km = city_ways()[0][:, :own]
        near = km.min(axis=1) <= value("served_km")
        people = datasets.cities()["population"].to_numpy(float)
        served = np.bincount(km.argmin(axis=1)[near], people[near], minlength=own)
        first = np.argsort(-served, kind="stable")
    else:
        first = np.random.default_rng(seed).permutation(own)
    out = np.concatenate([first, every[own:]])
    out.flags.writeable = False
    return out


@cache
def _paid_ms() -> np.ndarray:
    """What a viewer pays for the way to each PoP, (PoPs, points), read-only."""
    pops, places = datasets.pops(), datasets.places()
    abroad = pops["cca2"].to_numpy(str)[:, None] != places["cca2"].to_numpy(str)
    more = np.where(abroad, CricStream().transit_inflation, 1.0)
    paid = (geo.pop_rtt_ms() * more[:, :, None]).reshape(len(pops), -1)
    paid.flags.writeable = False
    return paid


@cache
def _viewers() -> np.ndarray:
    """Viewers at each point of each catchment, (points,)."""
    return np.repeat(datasets.places()["viewers"].to_numpy() / POINTS, POINTS)


class _Job(NamedTuple):
    """Rows that are worked out in one go."""

    rows: list[str]
    #: Which places, and in which slot each.
    places: np.ndarray
    slot: np.ndarray
    #: Which slots make a row.
    groups: np.ndarray


def _jobs(rows: Sequence[str]) -> Iterator[_Job]:
    """The groups together, since they share their points; places by the dozen."""
    frame = datasets.places()
    groups = [row for row in rows if row in GROUPS]
    if groups:
        kinds = frame["group"] + " " + frame["access"]
        names, slot = np.unique(kinds.to_numpy(str), return_inverse=True)
        members = [
            [row == "everyone" or name.startswith(f"{row} ") for name in names] for row in groups
        ]
        yield _Job(groups, frame.index.to_numpy(), slot, np.array(members))
    number = dict(zip(frame["place"], frame.index, strict=True))
    single = [row for row in rows if row not in GROUPS]
    for first in range(0, len(single), CHUNK):
        some = single[first : first + CHUNK]
        own = np.arange(len(some))
        yield _Job(some, np.array([number[row] for row in some]), own, own[:, None] == own)


@lru_cache(maxsize=64)
def curves(
    night: CricStream, order_name: str, seed: int, nearest_share: float, rows: tuple[str, ...]
) -> pd.DataFrame:
    """What the viewers see with 1, 2, ... 500 PoPs; remembered, so not to be changed.

    Parameters
    ----------
    night : CricStream
        Its requests end at a PoP.
    order_name, seed
        As for `order`.
    nearest_share : float
        See `edgelab.kernels.curves.rank_shares`.
    rows : tuple of str
        Places, or groups of them.

    Returns
    -------
    pandas.DataFrame
        As `edgelab.Placement.curves`.
    """
    way = request.tables(night.latency_settings)
    span = float(np.ptp(way.last_mile_ms, axis=1).max())
    step = max(span / 2**11, request.FINEST_MS)
    origin = way.origin_ms.tobytes()
    pops = order(order_name, seed)
    shares, paid, viewers = kernel.rank_shares(nearest_share), _paid_ms(), _viewers()
    cost = geo.pop_rtt_ms().reshape(paid.shape)
    far_ms = geo.origin_rtt_ms()[1]

    def run(job: _Job) -> tuple[np.ndarray, ...]:
        first = np.unique(job.slot, return_index=True)[1]
        last_mile = [way.last_mile_ms[place].tobytes() for place in job.places[first]]
        near = _grids([(table,) for table in last_mile], step)
        far = _grids([(table, origin) for table in last_mile], step)
        points = (job.places[:, None] * POINTS + np.arange(POINTS)).ravel()
        return kernel.quantile_curves(
            pops, cost, paid, far_ms, points, viewers[points], np.repeat(job.slot, POINTS), shares,
            near[0], far[0], near[1], far[1], step, night.origin_fetch_ratio, job.groups, LEVELS,
            DEADLINE_MS - night.function_ms,
        )  # fmt: skip

    jobs = list(_jobs(rows))
    results = list(each(run, jobs))
    found = {
        row: parts
        for job, result in zip(jobs, results, strict=True)
        for row, *parts in zip(job.rows, *result, strict=True)
    }
    rest = _rest_ms(night, way)
    parts = zip(*(found[row] for row in rows), strict=True)
    quantile_ms, way_ms, in_time = map(np.concatenate, parts)
    p50_ms, p95_ms, p99_ms = quantile_ms.T + night.function_ms
    return pd.DataFrame(
        {
            "place": np.repeat(rows, len(pops)),
            "pops": np.tile(np.arange(1, len(pops) + 1), len(rows)),
            "p50_ms": p50_ms,
            "p95_ms": p95_ms,
            "p99_ms": p99_ms,
            "mean_ms": way_ms + np.repeat([rest[row] for row in rows], len(pops)),
            "in_time_share": in_time.clip(0, 1),
        }
    )


def _grids(tables: Sequence[tuple[bytes, ...]], step_ms: float) -> tuple[np.ndarray, np.ndarray]:
    """Distributions of sums, all of one length, and where they start."""
    grids = [request.grid_cdf(*each, step_ms=step_ms) for each in tables]
    longest = max(len(cdf) for cdf, _, _ in grids)
    padded = [np.append(cdf, np.ones(longest - len(cdf))) for cdf, _, _ in grids]
    return np.array(padded), np.array([start for _, start, _ in grids])


def _rest_ms(night: CricStream, way: request.Tables) -> dict[str, float]:
    """Mean of what a request pays besides its ways, for every place and group."""
    places = datasets.places()
    last_mile = way.last_mile_ms.mean(axis=1, dtype=float)
    more = night.function_ms + night.origin_fetch_ratio * way.origin_ms.mean(dtype=float)
    rest = dict(zip(places["place"], last_mile + more, strict=True))
    for row in GROUPS:
        inside = (places["group"] == row) | (row == "everyone")
        rest[row] = np.average(last_mile, weights=places["viewers"] * inside) + more
    return rest
