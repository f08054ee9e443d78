"""Figures of the ledger's rows that notebook 08 tests."""

from __future__ import annotations

from collections.abc import Callable

from edgelab.topics.durable_object.model import DurableObject

__all__ = ["FIGURES"]


def _lock_over_all_pops() -> float:
    """Least time in which one of 312 PoPs hears from a majority of them, in milliseconds."""
    return DurableObject().quorum()["majority_ms"].iloc[-1]


def _linearisable_share() -> float:
    """Drawn histories of an object whose home dies that are linearisable, in percent."""
    return 100 * DurableObject().histories(100)["linearisable"].mean()


def _farthest_at_best() -> float:
    """Round trip of the place that is worst off, at the home that is best for it."""
    return DurableObject().homes()["farthest_ms"].min()


#: Row of ``data/claims.csv`` to our figure, in that row's unit.
FIGURES: dict[str, Callable[[], float]] = {
    "global-lock-costs": _lock_over_all_pops,
    "object-linearisable": _linearisable_share,
    "far-users-pay": _farthest_at_best,
}
