"""What histories of an object, or of an edge KV in its place, lose: drawn as the knobs say."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from edgelab.core import datasets
from edgelab.topics.durable_object import histories, homes
from edgelab.topics.durable_object.homes import AT_ONCE, POPS, Copies, between_pops_ms, to_pops_ms
from edgelab.world import delays, geo
from edgelab.world.linearisable import linearisable

__all__ = [
    "IGNORED",
    "KEPT",
    "KV",
    "NEVER",
    "OBJECT",
    "ONCE",
    "WITNESSES",
    "History",
    "designs",
    "impossible_reads",
    "losses",
    "run",
]

KEPT, IGNORED = "kept", "ignored"
ONCE, NEVER = "in mid-match", "not"
#: Where a history can be kept.
OBJECT, KV = "object", "kv"
#: Places of the clients in a history.
WITNESSES = ("Mumbai", "Delhi", "Singapore", "London", "Bay Area")
#: Median KV propagation delay between continents; the article.
KV_DELAY_MS = 250.0


class History(NamedTuple):
    """All that a history depends on besides the seed, by the names of `edgelab.DurableObject`."""

    home: str
    followers: int
    followers_at: str
    acknowledge: str
    batch_s: float
    service_ms: float
    home_dies: str
    keys: str
    drop_share: float
    duplicate_share: float
    late_share: float


@cache
def _witnesses() -> np.ndarray:
    """Row of each client's place."""
    return pd.Index(datasets.places()["place"]).get_indexer(WITNESSES)


@lru_cache(maxsize=4096)
def run(thing: History, store: str, seed: int) -> histories.Run:
    """One drawn history, of the object or of an edge KV."""
    faults = thing.drop_share, thing.duplicate_share, thing.late_share
    at = _witnesses()
    if store == KV:
        pop = geo.nearest_pop(POPS)[0][at, 0]
        median_ms = [delays.median_delay_ms(POPS, int(home), KV_DELAY_MS)[pop] for home in pop]
        return histories.kv_run(np.array(median_ms), seed, *faults)
    where = homes.rows(Copies(thing.home, thing.followers, thing.followers_at))
    setting = histories.Setting(
        client_rtt_ms=to_pops_ms()[at][:, :, where].mean(axis=1),
        copy_rtt_ms=between_pops_ms()[np.ix_(where, where)],
        needed=0 if thing.acknowledge == AT_ONCE else homes.majority(thing.followers),
        service_ms=thing.service_ms,
        dies=thing.home_dies == ONCE,
        batch_ms=1000 * thing.batch_s,
        keys_kept=thing.keys == KEPT,
        drop_share=faults[0],
        duplicate_share=faults[1],
        late_share=faults[2],
    )
    return histories.object_run(setting, seed)


def impossible_reads(history: pd.DataFrame) -> pd.DataFrame:
    """Answered reads of a score that no order of the history explains.

    A read cannot give less than the adds that were acknowledged before it was asked for, nor more
    than those that were asked for before it was answered. (There are other ways to fail.)

    Returns
    -------
    pandas.DataFrame
        Those rows of the history, with ``least`` and ``most``, between which the value had to be.
    """
    adds = history[history["kind"] == "add"]
    least = np.searchsorted(np.sort(adds["returned_ms"]), history["invoked_ms"], side="left")
    most = np.searchsorted(np.sort(adds["invoked_ms"]), history["returned_ms"], side="right")
    read = (history["kind"] == "read") & np.isfinite(history["returned_ms"])
    wrong = (history["value"] < least) | (history["value"] > most)
    return history.assign(least=least, most=most)[read & wrong]


def losses(thing: History, store: str, seeds: Sequence[int]) -> pd.DataFrame:
    """The frame of `edgelab.DurableObject.histories`."""
    rows = {}
    for seed in seeds:
        drawn = run(thing, store, seed)
        rows[seed] = {
            "operations": len(drawn.history),
            "unanswered": int(np.isinf(drawn.history["returned_ms"]).sum()),
            "acknowledged": len(drawn.acknowledged),
            "lost": drawn.lost,
            "twice": drawn.twice,
            "linearisable": linearisable(drawn.history),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("seed")


def designs(own: History, seeds: Sequence[int]) -> pd.DataFrame:
    """The frame of `edgelab.DurableObject.designs`."""
    drawn = {
        "this object": (own, OBJECT),
        "answered at once": (own._replace(acknowledge=AT_ONCE), OBJECT),
        "no idempotency keys": (own._replace(keys=IGNORED), OBJECT),
        "no follower": (own._replace(followers=0), OBJECT),
        "edge KV, last writer wins": (own, KV),
    }
    told = ["acknowledged", "lost", "twice", "linearisable"]
    rows = {
        name: {"histories": len(seeds)} | losses(thing, store, seeds)[told].sum().to_dict()
        for name, (thing, store) in drawn.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("design")
