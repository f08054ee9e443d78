"""Figures of the ledger's rows that notebook 11 tests."""

from __future__ import annotations

from collections.abc import Callable

from edgelab.topics.design.model import Design

__all__ = ["FIGURES"]


def _legs_that_matter() -> float:
    """How many more events the article's design survives with all of its last idea's legs."""
    before, after = (design.sunk_by()["sunk"].sum() for design in (Design(), Design.three_legs()))
    return float(before - after)


#: Row of ``data/claims.csv`` to our figure, in that row's unit.
FIGURES: dict[str, Callable[[], float]] = {"edge-is-one-leg": _legs_that_matter}
