"""What a plot draws, before a theme gives it its colours and sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

__all__ = ["Drawn"]


class Drawn(NamedTuple):
    """What a plot draws: traces and axes for plotly, in the sizes of a panel, and words.

    Where a second pair of axes is needed, `layout` has it, as ``xaxis2`` and ``yaxis2``.
    """

    traces: list[dict]
    x: Mapping
    y: Mapping
    #: What the plot says of these models, in a sentence or two.
    caption: str
    #: What kind of picture it is, for whoever does not see it; the caption follows it.
    alt: str
    notes: Sequence[Mapping] = ()
    shapes: Sequence[Mapping] = ()
    #: In place of the plot's own, where that depends on the model.
    title: str = ""
    layout: Mapping = {}
    #: In a panel, in place of the plot's own; 0 for that.
    height_px: int = 0
