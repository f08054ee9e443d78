"""Figures of the ledger's rows that notebook 07 tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgelab.kernels import token_bucket
from edgelab.topics.rate_limit.limiters import COARSE, KV, POP
from edgelab.topics.rate_limit.model import RateLimit
from edgelab.topics.rate_limit.token_bucket import TokenBucket, last_token_orders

__all__ = ["FIGURES"]


def _printed_run():
    """The article's demonstration: eight requests, a tenth of a second apart."""
    return TokenBucket(capacity=5, refill_per_s=1).replay(k / 10 for k in range(8))


def _too_many(design: str, **knobs) -> float:
    """What a design lets through above one exact bucket, in percent of that."""
    return 100 * (RateLimit(**knobs).designs().loc[design, "through"] - 1)


def _two_at_once() -> float:
    """Requests too many if two PoPs take a token of five within one delay, and others follow."""
    times_s = np.array([0.0, 0.02, *np.arange(1.0, 10.0)])
    pop = np.array([0, 1] + 9 * [0])
    given = (5.0, 0.0)
    shared, _ = token_bucket.last_writer(times_s, pop, 2, *given, 0.05)
    return shared.sum() - token_bucket.bucket(times_s, np.zeros_like(pop), 1, *given).sum()


#: Row of ``data/claims.csv`` to our figure, in that row's unit.
FIGURES: dict[str, Callable[[], float]] = {
    "pops-times-limit": lambda: RateLimit().designs().loc[POP, "admitted"],
    "first-output-4-10": lambda: _printed_run().loc[1, "after"],
    "five-of-eight-pass": lambda: _printed_run()["allowed"].sum(),
    "locked-store-is-safe": lambda: last_token_orders()["let_through"].max(),
    "leak-of-a-few-percent": lambda: _too_many(KV, pops=2, kv_delay_ms=50),
    "one-request-too-many": _two_at_once,
    "coarse-then-precise": lambda: _too_many(COARSE),
}
