"""What becomes of writes: when reads see them, how many a counter loses, the bytes they take."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce
from typing import NamedTuple

import numpy as np
import pandas as pd

from edgelab.core import datasets
from edgelab.core.constants import value
from edgelab.core.datasets import COPIES
from edgelab.kernels import replication
from edgelab.kernels.draws import ALWAYS, stream_key
from edgelab.topics.kv.crdt import GCounter, LWWRegister, ORSet
from edgelab.world import delays
from edgelab.world.corridors import rtt_ms

__all__ = [
    "FETCHED", "PUSHED", "RATES_PER_S", "Propagation",
    "crdt_bytes", "lost_updates", "reads", "seen_ms", "shares",
]  # fmt: skip

PUSHED, FETCHED = COPIES
#: Increments of one counter in `lost_updates`, the last of them at which it may end, and the rates
#: at which they are made.
UPDATES, ENDS = 4000, 400
RATES_PER_S = tuple(float(f"{10 ** (k / 4):.3g}") for k in range(-8, 9))
#: Operations up to which `crdt_bytes` follows a key, and elements of its set.
OPERATIONS, ELEMENTS = 10_000, 20


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
    return delays.until_ms(shares(given)[by], weights(given.pops)[by], share)


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


@lru_cache(maxsize=8)
def writes(pops: int, seed: int, count: int, by_viewers: bool) -> tuple[np.ndarray, np.ndarray]:
    """When writes are made, at one a second, and at which PoP."""
    rng = np.random.default_rng([seed, 3_000_000])
    at_s = np.cumsum(rng.exponential(size=count))
    weight = delays.readers(pops)[0] if by_viewers else np.ones(pops)
    pop = np.searchsorted(np.cumsum(weight) / weight.sum(), rng.random(count))
    return at_s, np.minimum(pop, pops - 1)


@lru_cache(maxsize=512)
def _last_writer_lost(rate_per_s: float, given: Propagation, by_viewers: bool) -> float:
    """Share of `UPDATES` increments that a counter lacks in the end."""
    pops, kv_delay_ms, rebalancing_share, seed, copies = given
    at_s, pop = writes(pops, seed, UPDATES, by_viewers)
    continent = np.unique(datasets.pops()["continent"].to_numpy(str)[:pops], return_inverse=True)[1]
    spread, lag = delays.delay_tables()
    near = value("kv_same_continent_share") * kv_delay_ms
    values = replication.last_writer_values(
        1000 / rate_per_s * at_s,
        pop,
        continent,
        near,
        kv_delay_ms,
        2 * kv_delay_ms if copies == FETCHED else 0.0,
        np.random.default_rng([seed, 3_000_001]).random(len(datasets.pops()))[:pops],
        stream_key(seed, 3_000_002),
        spread,
        lag,
        round(rebalancing_share * ALWAYS),
    )
    made = np.arange(1, UPDATES + 1)
    return 1 - float(np.mean((values / made)[-ENDS:]))


@lru_cache(maxsize=8)
def _counted(pops: int, seed: int, by_viewers: bool) -> int:
    """What a G-counter shows in the end of the same increments, all PoPs' states merged."""
    states: dict[int, GCounter] = {}
    for pop in writes(pops, seed, UPDATES, by_viewers)[1].tolist():
        states[pop] = states.get(pop, GCounter()).add(pop)
    return reduce(GCounter.merge, states.values()).value


def lost_updates(
    given: Propagation, by_viewers: bool, rates_per_s: Sequence[float]
) -> pd.DataFrame:
    """The frame of `edgelab.EdgeKV.lost_updates`."""
    lost = [_last_writer_lost(float(rate), given, by_viewers) for rate in rates_per_s]
    kept = _counted(given.pops, given.seed, by_viewers) / UPDATES
    return pd.DataFrame(
        {
            "writes_per_s": np.array(rates_per_s, float),
            "lww_lost_share": lost,
            "crdt_lost_share": 1 - kept,
        }
    )


@lru_cache(maxsize=8)
def crdt_bytes(pops: int, seed: int, by_viewers: bool) -> pd.DataFrame:
    """The frame of `edgelab.EdgeKV.crdt_bytes`: states grow as the types of `crdt` do."""
    _, pop = writes(pops, seed, OPERATIONS, by_viewers)
    rng = np.random.default_rng([seed, 3_000_003])
    up, element = rng.random(OPERATIONS) < 0.5, rng.integers(0, ELEMENTS, OPERATIONS)
    stops = np.unique(np.geomspace(1, OPERATIONS, 41).astype(int))

    def writers(some: np.ndarray) -> np.ndarray:
        """How many PoPs are among the first operations of some, at each stop."""
        first = np.full(pops, OPERATIONS)
        np.minimum.at(first, pop[some], np.flatnonzero(some))
        return (first[:, None] < stops).sum(axis=0)

    entry = GCounter().add(0).size_bytes
    every = writers(np.full(OPERATIONS, True))
    # Every other operation on an element adds it, the next one takes it away.
    turn = np.zeros(OPERATIONS, int)
    for each in range(ELEMENTS):
        turn[element == each] = np.arange((element == each).sum())
    adding = turn % 2 == 0
    adds = np.cumsum(adding)[stops - 1]
    live = np.cumsum(np.where(adding, 1, -1))[stops - 1]
    added = ORSet().add(0, 0)
    tag = added.remove(0).size_bytes
    return pd.DataFrame(
        {
            "operations": stops,
            "writers": every,
            "register_bytes": LWWRegister().size_bytes,
            "g_counter_bytes": entry * every,
            "pn_counter_bytes": entry * (writers(up) + writers(~up)),
            "or_set_bytes": tag * adds + (added.size_bytes - tag) * live,
            "optimised_or_set_bytes": added.size_bytes * live + entry * writers(adding),
        }
    )
