"""Figures of the ledger's rows that notebook 04 tests; NaN where nothing was measured here yet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgelab.core import remembered
from edgelab.topics.runtimes.model import WarmPool

__all__ = ["FIGURES"]

RUNTIME_PROCESSES = ("Node process", "Python process")


def _measured(quantity: str, *what: str, times: float = 1.0) -> np.ndarray:
    """Median, least and most of the first of these that was measured, in the row's unit."""
    rows = remembered.read().rows
    rows = rows[rows["quantity"] == quantity].set_index("what")[["median", "low", "high"]]
    found = (times * rows.loc[name].to_numpy(float) for name in what if name in rows.index)
    return next(found, np.full(3, np.nan))


def _start_order() -> np.ndarray:
    """Start of an isolate over that of a Wasm instance, the least over the most and so on."""
    wasm = _measured("start", "Wasm instance")[[0, 2, 1]]
    return _measured("start", "V8 isolate") / np.where(wasm > 0, wasm, np.nan)


def _processes_over_memory() -> float:
    """Memory of every tenant's process over a PoP's."""
    pool = WarmPool()
    return pool.density().loc["process", "pop_gb"] / pool.pop_memory_gb


#: Row of ``data/claims.csv`` to our figure, in that row's unit.
FIGURES: dict[str, Callable[[], float | np.ndarray]] = {
    "no-cold-start-tax": lambda: 100 * WarmPool().density().loc["isolate", "cold_share"],
    "sandbox-in-microseconds": lambda: _measured("start", "Wasm instance", times=1e3),
    "start-order": _start_order,
    "process-boot-10-ms": lambda: _measured("start", "empty process"),
    "process-50-mb": lambda: _measured("memory", "minimal process"),
    "isolate-boot-5-ms": lambda: _measured("start", "V8 isolate"),
    "process-each-too-dear": _processes_over_memory,
    "idle-3-mb": lambda: _measured("memory", "V8 isolate"),
    "overhead-50-us": lambda: _measured("call", "V8 isolate", times=1e3),
    "overhead-10-ms": lambda: _measured("call", *RUNTIME_PROCESSES),
}
