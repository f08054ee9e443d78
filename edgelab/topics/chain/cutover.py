"""A DNS record that moves: what new connections take while copies of the old one still live."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["after_the_move", "duration", "in_words"]


def after_the_move(moved: bool, ttl_s: float, old_ms: float, new_ms: float) -> pd.DataFrame:
    """The frame of `edgelab.RequestChain.cutover`.

    Parameters
    ----------
    moved : bool
        Whether the record moves at all.
    ttl_s : float
        How long a resolver may keep it.
    old_ms, new_ms : float
        What a connection takes by the old address and by the new one.
    """
    part = np.arange(126) / 100
    share = np.minimum(part, 1.0) if moved else np.zeros(part.size)
    return pd.DataFrame(
        {
            "since_s": part * ttl_s,
            "old_share": 1 - share,
            "mean_ms": old_ms + share * (new_ms - old_ms),
            "median_ms": _quantile(0.5, share, old_ms, new_ms),
            "p99_ms": _quantile(0.99, share, old_ms, new_ms),
        }
    )


def _quantile(level: float, moved: np.ndarray, old_ms: float, new_ms: float) -> np.ndarray:
    """A quantile over viewers of whom a share has `moved` from `old_ms` to `new_ms`."""
    below = moved if new_ms <= old_ms else 1 - moved
    return np.where(below >= level, min(old_ms, new_ms), max(old_ms, new_ms))


def in_words(moved: bool, ttl_s: float) -> str:
    """How long the old record lives."""
    if not moved:
        return "DNS points home, so every viewer goes there."
    half, last = (duration(part * ttl_s) for part in (0.5, 0.99))
    return f"Once the record moves, the median follows in {half}, the p99 in {last}."


def duration(seconds: float) -> str:
    """Seconds in the unit that a reader would use."""
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
