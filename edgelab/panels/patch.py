"""What changed between two drawings of a panel: that alone goes to the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["changed"]


def changed(old: Any, new: Mapping) -> dict:
    """The entries of `new` that differ from `old`'s, at every depth."""
    out = {}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(value, Mapping):
            inner = changed(before or {}, value)
            if inner:
                out[key] = inner
        elif not _same(before, value):
            out[key] = value
    return out


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and bool(np.all((a == b) | ((a != a) & (b != b))))
    return type(a) is type(b) and a == b
