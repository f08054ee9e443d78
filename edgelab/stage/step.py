"""A small panel with which a page begins: a knob or two, one plot, and what that plot says."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from edgelab.stage.controls import CARD, columns
from edgelab.stage.panel import Panel

__all__ = ["Step"]


class Step(Panel):
    """A small panel to begin with: the knobs that it names, and a plot whose caption is said."""

    def _card(self) -> list[widgets.Widget]:
        knobs, side = columns([*self.controls.values()], (1,)), widgets.VBox([self.reset])
        knobs.layout.flex, side.layout.width = "1 1 auto", "170px"
        row = widgets.HBox([knobs, side.add_class("edgelab-side")])
        head = widgets.VBox([row.add_class("edgelab-controls"), self.problem, self.words])
        head.add_class("edgelab-head")
        self._folded = widgets.VBox([self.pin, self.deck, self.below, self.saved, self.idle])
        return [widgets.HTML(CARD), head, self.live, self.code]

    @classmethod
    def _told(cls, model: Any, pinned: Any) -> str:
        """The caption of its first plot."""
        return cls.board[0].plot.drawn(model, pinned, at_rest=False).caption
