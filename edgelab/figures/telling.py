"""Numbers of a figure in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from edgelab.models.scenario import BASELINE

__all__ = ["falls_to", "in_ms", "said"]

#: How a caption calls the nights.
IN_WORDS = {"tonight": "tonight", "old": f"from {BASELINE}", "pinned": "with the pinned night"}


def said(values: Mapping[str, str]) -> str:
    """One value a night, as the end of a sentence."""
    return ", ".join(f"{value} {IN_WORDS[key]}" for key, value in values.items()) + "."


def in_ms(ms: float) -> str:
    """A latency, or that it never comes."""
    if not np.isfinite(ms):
        return "never"
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.3g} s"


def falls_to(frame: pd.DataFrame, x: str, y: str, share: float) -> str:
    """When a curve of shares has fallen to `share`."""
    return in_ms(frame.loc[frame[y] <= share, x].min() if frame[y].any() else 0.0)
