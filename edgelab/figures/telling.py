"""What a figure tells of itself: where its frames come from, and their numbers in words."""

from __future__ import annotations

import ast
from collections.abc import Mapping

import numpy as np
import pandas as pd

from edgelab.models.scenario import BASELINE, EDGE, CricStream

__all__ = ["cut", "falls_to", "in_ms", "said", "settings", "source"]

#: How a caption calls the nights.
IN_WORDS = {"tonight": "tonight", "old": f"from {BASELINE}", "pinned": "with the pinned night"}


def source(frame: pd.DataFrame) -> tuple[CricStream, str] | None:
    """The night that made `frame` and the line that did, if that line gives this very frame.

    pandas keeps `attrs` through filtering and arithmetic, so the line is read and tried.
    """
    line = frame.attrs.get("code")
    try:
        call = ast.parse(line.removeprefix("el."), mode="eval").body
        knobs, given = (
            {word.arg: ast.literal_eval(word.value) for word in each.keywords}
            for each in (call.func.value, call)
        )
        night = CricStream(**knobs)
        again = getattr(night, call.func.attr)(**given)
    except (AttributeError, SyntaxError, TypeError, ValueError):  # somebody else's attrs
        return None
    return (night, line) if frame.equals(again) else None


def settings(night: CricStream) -> tuple[str, str]:
    """What a night is set to: in short, and every other knob that was turned."""
    knobs = CricStream.knobs()
    said = {"pops", "origin_fetch_ratio", "kv_delay_ms", "ends_at"}
    if night.ends_at == EDGE:
        ratio = knobs["origin_fetch_ratio"].text(night.origin_fetch_ratio)
        delay = knobs["kv_delay_ms"].text(night.kv_delay_ms)
        pops = f"{night.pops} PoP{'s' * (night.pops != 1)}"
        first = f"{pops}, KV delay {delay}, {ratio} fetched"
    else:
        first = f"every request goes home to Mumbai, {night.origin_servers:,} servers"
        said.add("origin_servers")
    more = [
        f"{knobs[name].label} {knobs[name].text(value)}"
        for name, value in night.turned.items()
        if name not in said
    ]
    return first, ", ".join(more)


def cut(text: str, characters: int) -> str:
    """A text that fits."""
    return text if len(text) <= characters else text[: characters - 1] + "…"


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
