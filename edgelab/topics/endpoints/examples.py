"""Twelve endpoints of a streaming service: what each does is assumed, where it belongs is not."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["EXAMPLES"]

#: Knobs of `edgelab.Endpoint` that do not stand at their default, by the endpoint's name.
EXAMPLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        # The article's: a list for each taste, made anew every 30 s.
        "Up Next panel": {},
        # Balance and list must be of one moment; asked for from India.
        "transaction history": {
            "tolerated_staleness_s": 0.01, "write_share": 1e-4, "needs": "a transaction",
            "queries": 3, "requests_per_s": 500.0, "answers": "one per viewer",
            "audience": "India", "stays_in": "India", "cpu_ms": 5.0,
        },
        # A slow password hash, a count of failures, a session that has to be there at once.
        "login": {
            "tolerated_staleness_s": 0.01, "write_share": 0.3, "needs": "a transaction",
            "queries": 2, "requests_per_s": 2000.0, "answers": "one per viewer",
            "cpu_ms": 100.0, "answer_kb": 1.0,
        },
        # Which half of an experiment a viewer is in, by a rule that changes once a day.
        "A/B routing": {
            "tolerated_staleness_s": 300.0, "write_share": 0.0, "keys": 1, "answer_kb": 1.0,
        },
        # A poster in the size of the screen.
        "image resize": {
            "tolerated_staleness_s": 86_400.0, "write_share": 1e-6, "requests_per_s": 50_000.0,
            "keys": 20_000, "cpu_ms": 200.0, "memory_mb": 100.0, "answer_kb": 50.0,
        },
        # One score for all, which changes every other second.
        "live scoreboard": {
            "tolerated_staleness_s": 2.0, "write_share": 1e-6, "keys": 1, "answer_kb": 2.0,
        },
        # Rooms of friends, each with a connection that stays open.
        "chat": {
            "tolerated_staleness_s": 0.2, "write_share": 0.1, "needs": "own writes",
            "requests_per_s": 100_000.0, "keys": 50_000, "connection": "stays open",
            "answer_kb": 1.0,
        },
        # One share's order book at an exchange, as on page 8.
        "order matching": {
            "tolerated_staleness_s": 0.001, "write_share": 1.0, "needs": "a transaction",
            "requests_per_s": 20_000.0, "keys": 1, "audience": "India", "stays_in": "India",
            "answer_kb": 1.0,
        },
        # An index of all that was ever shown, too large for a PoP's function.
        "search": {
            "tolerated_staleness_s": 60.0, "write_share": 1e-5, "requests_per_s": 20_000.0,
            "keys": 200_000, "cpu_ms": 20.0, "memory_mb": 4000.0,
        },
        # One viewer reads and writes it; what they put in must stay in.
        "cart": {
            "tolerated_staleness_s": 1.0, "write_share": 0.2, "needs": "own writes",
            "requests_per_s": 3000.0, "answers": "one per viewer", "answer_kb": 4.0,
        },
        # A phone tells where to send its messages.
        "push token": {
            "tolerated_staleness_s": 600.0, "write_share": 1.0, "requests_per_s": 1000.0,
            "answers": "one per viewer", "answer_kb": 0.5,
        },
        # A line that an advertisement was seen; nobody reads it today.
        "ad beacon": {
            "tolerated_staleness_s": 3600.0, "write_share": 1.0, "requests_per_s": 200_000.0,
            "answers": "one per viewer", "cpu_ms": 0.5, "answer_kb": 0.1,
        },
    }
)  # fmt: skip
