"""The copies of an object: where they are, and how long a write waits for them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from edgelab.core import datasets
from edgelab.topics.durable_object.homes import POPS, between_pops_ms, pop_row

__all__ = [
    "AROUND",
    "AT_ONCE",
    "CONFIRMED",
    "NEAR",
    "Copies",
    "idle",
    "majority",
    "rows",
    "safe_ms",
    "sites",
]

NEAR, AROUND = "near the home", "around the world"
CONFIRMED, AT_ONCE = "when copies are safe", "at once"


class Copies(NamedTuple):
    """Where the copies are, by the names of `edgelab.DurableObject`."""

    home: str
    followers: int
    followers_at: str


def majority(followers: int) -> int:
    """Followers that, with the home, are more than half of all copies."""
    return (followers + 1) // 2


def idle(followers: int, acknowledge: str) -> dict[str, str]:
    """The knobs of the copies that move nothing, and why."""
    out = {}
    if acknowledge == CONFIRMED:
        out["write_share"] = "only writes that are answered at once are at risk"
    if not followers:
        names = ("followers_at", "acknowledge", "batch_s", "write_share")
        out |= dict.fromkeys(names, "there is no follower")
    elif followers == POPS - 1:
        out["followers_at"] = "a follower is in every PoP"
    return out


def rows(copies: Copies) -> np.ndarray:
    """Rows of `edgelab.data.pops`: the home, then its followers, the nearest first."""
    row = pop_row(copies.home)
    rtt = between_pops_ms()[row].copy()
    rtt[row] = -1.0
    near = np.argsort(rtt, kind="stable")
    if copies.followers_at == NEAR:
        return near[: copies.followers + 1]
    chosen = np.flatnonzero(np.arange(POPS) != row)[: copies.followers]
    return np.concatenate([[row], chosen[np.argsort(rtt[chosen], kind="stable")]])


def safe_ms(copies: Copies) -> float:
    """Round trips until a write is confirmed by as many followers as it needs."""
    if not copies.followers:
        return 0.0
    home, *others = rows(copies)
    return float(np.sort(between_pops_ms()[home, others])[majority(copies.followers) - 1])


def sites(copies: Copies, stadium: str) -> pd.DataFrame:
    """The frame of `edgelab.DurableObject.sites`."""
    home, at = pop_row(copies.home), np.append(rows(copies), pop_row(stadium))
    frame = datasets.pops().iloc[at][["city", "lat", "lon"]].reset_index(drop=True)
    frame.insert(0, "role", ["home", *["follower"] * copies.followers, "stadium"])
    frame.loc[[0, len(at) - 1], "city"] = [copies.home, stadium]
    return frame.assign(rtt_ms=np.where(at == home, 0.0, between_pops_ms()[home, at]))
