"""What becomes of the requests, as tables: over the match, by PoP, by popularity, by the minute."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgelab.core import datasets
from edgelab.kernels import cycles
from edgelab.topics.cache import match
from edgelab.topics.cache.closed_form import COLUMNS, Settings, audience, by_rate, levels, store

__all__ = ["by_pop", "by_popularity", "over_match", "serves", "through_match"]


def serves(pops: int, place: str) -> np.ndarray:
    """Share of a place's requests that each PoP of the audience gets."""
    return audience(pops).serves[list(datasets.places()["place"]).index(place)]


def over_match(cache: Settings, place: str | None) -> dict[str, float]:
    """The shares of `edgelab.EdgeCache.shares`: of one place, or of everyone if it is None."""
    viewers = audience(cache.pops).viewers
    over_pops = viewers / viewers.sum() if place is None else serves(cache.pops, place)
    mean = np.einsum("p,l,plc->c", over_pops, levels(cache)[1], by_rate(cache))
    return dict(zip(COLUMNS, mean.clip(0, 1).tolist(), strict=True))


def by_pop(cache: Settings) -> pd.DataFrame:
    """The frame of `edgelab.EdgeCache.by_pop`."""
    who = audience(cache.pops)
    table = datasets.pops().loc[who.pop]
    mean = np.einsum("l,plc->pc", levels(cache)[1], by_rate(cache)).clip(0, 1)
    frame = pd.DataFrame(
        {
            "pop": table["city"].to_numpy(),
            "continent": table["continent"].to_numpy(),
            "viewers": who.viewers.round().astype(np.int64),
            "requests_per_s": who.viewers * cache.requests_per_viewer_min / 60,
        }
        | dict(zip(COLUMNS, mean.T, strict=True))
    )
    frame["asked_per_s"] = frame["asked"] * frame["requests_per_s"]
    return frame.sort_values("viewers", ascending=False, kind="stable").set_index("pop")


def by_popularity(cache: Settings, pop: int) -> pd.DataFrame:
    """The frame of `edgelab.EdgeCache.by_popularity`, at one PoP of the audience."""
    who, kept = audience(cache.pops), store(cache)
    total = who.viewers[pop] * cache.requests_per_viewer_min / 60
    rank = np.unique(np.geomspace(1, cache.objects, 80).round())
    share = rank**-cache.zipf_exponent * kept.share[0]
    fetch_s = (who.origin_ms[pop] + cache.origin_service_ms) / 1000
    life = cache.ttl_s, cache.stale_while_revalidate_s
    rows = [
        cycles.object_shares(r, *life, kept.memory / total, fetch_s, cache.coalescing == "on")
        for r in total * share
    ]
    fresh, stale, waited, _, _ = np.array(rows).T
    return pd.DataFrame(
        {"rank": rank.astype(int), "requests_per_s": total * share, "fresh": fresh}
        | {"stale": stale, "waited": waited}
    )


def through_match(cache: Settings, place: str, origin_servers: int) -> pd.DataFrame:
    """The frame of `edgelab.EdgeCache.through_match`."""
    rates = by_rate(cache)
    since_s, times = match.demand(cache.surge, cache.seed)
    at, _ = levels(cache)
    fetched = serves(cache.pops, place) @ rates[..., COLUMNS.index("fetched")]
    total = audience(cache.pops).viewers * cache.requests_per_viewer_min / 60
    asked = np.interp(times, at, total @ rates[..., COLUMNS.index("asked")]) * times
    viewers = datasets.places().set_index("place").loc[place, "viewers"]
    return pd.DataFrame(
        {
            "minute": since_s / 60,
            "requests_per_s": viewers * cache.requests_per_viewer_min / 60 * times,
            "fetched": np.interp(times, at, fetched),
            "asked_per_s": asked,
            "utilisation": asked * cache.origin_service_ms / 1000 / origin_servers,
        }
    )
