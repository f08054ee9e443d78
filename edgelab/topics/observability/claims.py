"""Figures of the ledger's rows that notebook 10 tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgelab.topics.observability.model import Fleet

__all__ = ["FIGURES"]


def _p99_rise() -> float:
    """By how many percent the p99 over all PoPs rises when one of 312 equal ones is dead."""
    p99 = Fleet(skew=0).global_figures().loc["p99_ms"]
    return 100 * (p99["now"] / p99["usual"] - 1)


def _pages_that_fire() -> float:
    """How many of the budget's two pages over all PoPs see one dead of 312."""
    rules = Fleet(usual_errors=0).alerts()
    return (np.isfinite(rules["fires_after_h"]) & (rules["kind"] == "page")).sum()


#: Row of ``data/claims.csv`` to our figure, in that row's unit.
FIGURES: dict[str, Callable[[], float]] = {
    "clocks-disagree": lambda: 100 * Fleet().wrong_order([10.0])["wrong"].iloc[0],
    "bad-pop-hides": _p99_rise,
    "dashboards-by-pop": _pages_that_fire,
}
