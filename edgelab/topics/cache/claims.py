"""Figures of the ledger's rows that notebook 05 tests."""

from __future__ import annotations

from collections.abc import Callable

from edgelab.topics.cache.model import EdgeCache

__all__ = ["FIGURES"]

#: A minute's life, and a minute more in which a stale copy may be served.
MINUTE_S = 60.0


def _still_waits() -> float:
    """Requests of everyone that wait for Mumbai though stale copies may be served, in percent."""
    cache = EdgeCache(ttl_s=MINUTE_S, stale_while_revalidate_s=MINUTE_S)
    return 100 * cache.shares(everyone=True)["fetched"]


#: Row of ``data/claims.csv`` to our figure, in that row's unit.
FIGURES: dict[str, Callable[[], float]] = {"swr-hides-the-fetch": _still_waits}
