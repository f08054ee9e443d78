"""Figures of the ledger's rows that notebook 03 tests."""

from __future__ import annotations

from collections.abc import Callable

from edgelab.core.constants import value
from edgelab.topics.pops.model import Placement

__all__ = ["FIGURES"]


def _gain_kept() -> float:
    """How much of what the edge won at the diaspora's p99 anycast leaves, in percent."""
    nearest = Placement()
    sent = nearest.replace(nearest_share=value("anycast_nearest_share"))
    edge, anycast = (plan.latency().loc["diaspora", "p99_ms"] for plan in (nearest, sent))
    old = nearest.night.baseline().latency().loc["diaspora", "p99_ms"]
    return 100 * (old - anycast) / (old - edge)


#: Row of ``data/claims.csv`` to our figure, in that row's unit.
FIGURES: dict[str, Callable[[], float]] = {"anycast-cures-it": _gain_kept}
