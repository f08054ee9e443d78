"""Figures of the ledger's rows that notebook 09 tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgelab.topics.endpoints import motives
from edgelab.topics.endpoints.demands import TRANSACTION
from edgelab.topics.endpoints.model import MAP_WRITES, Endpoint
from edgelab.topics.endpoints.ways import BUCKETS, CACHE, EDGE_SLICE, HOME_SLICE, KV

__all__ = ["FIGURES"]


def _edge_share(thing: Endpoint, writes: float) -> float:
    """Share of the map's staleness axis at which an endpoint like this belongs at the edge."""
    row = thing.map().iloc[int(np.abs(np.log(MAP_WRITES / writes)).argmin())]
    return float((row.map(BUCKETS) == EDGE_SLICE).mean())


def _readers_gain() -> float:
    """How much more of the axis is at the edge for readers than for writers, in points."""
    panel = Endpoint()
    return 100 * (_edge_share(panel, 0.001) - _edge_share(panel, 0.5))


def _as_the_article_says() -> int:
    """Of the panel and the transaction history, how many belong where the article has them."""
    told = Endpoint().twelve()["bucket"]
    return int(told["Up Next panel"] == EDGE_SLICE) + int(told["transaction history"] == HOME_SLICE)


def _kinds_in_order() -> int:
    """Of transforming, reading and transactions, how many stand in the article's order."""
    panel = Endpoint()
    # What depends on the request alone may be of any age: a day here.
    pure = panel.replace(tolerated_staleness_s=86_400.0, write_share=0.0).verdict().bucket
    shares = (
        float(pure == EDGE_SLICE),
        _edge_share(panel, 0.001),
        _edge_share(panel.replace(needs=TRANSACTION), 0.001),
    )
    return 1 + sum(np.diff(shares) < 0)


def _test_decides() -> int:
    """For how many of the twelve a good answer from KV or cache decides the verdict."""
    return sum(
        ({KV, CACHE} <= set(thing._refused)) == (thing.verdict().bucket != EDGE_SLICE)
        for thing in Endpoint.examples().values()
    )


def _busiest() -> float:
    """Share of an attack from where the viewers are that the busiest PoP gets, in percent."""
    return 100 * motives.attack().loc["where the viewers are", "busiest_share"]


def _saved() -> float:
    """What traffic served where the viewers are saves against Mumbai's price, in percent."""
    row = motives.price(Endpoint()).loc["all"]
    return 100 * (1 - row["there_first_usd"] / row["mumbai_first_usd"])


#: Row of ``data/claims.csv`` to our figure, in that row's unit.
FIGURES: dict[str, Callable[[], float]] = {
    "gains-for-reads": _readers_gain,
    "panel-fits": _as_the_article_says,
    "three-buckets": _kinds_in_order,
    "endpoint-test": _test_decides,
    "attack-is-spread": _busiest,
    "regional-prices": _saved,
}
