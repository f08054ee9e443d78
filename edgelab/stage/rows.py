"""A table that a reader narrows down to the rows of a choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets
import pandas as pd

from edgelab.core import allowed
from edgelab.core.table import Table
from edgelab.core.words import counted
from edgelab.stage import again
from edgelab.stage.controls import CARD

__all__ = ["Rows", "rows"]

ALL = "all"


class Rows(widgets.VBox):
    """A table with a list of choices for some of its columns; `shown` has the rows chosen.

    At first those of the first column's first value: a whole table may be long.
    """

    def __init__(self, frame: pd.DataFrame, by: Sequence[str]) -> None:
        self.frame = frame
        self.lists = {
            name: widgets.Dropdown(
                options=[ALL, *sorted(frame[name].unique().tolist())], description=name
            )
            for name in by
        }
        self.told, self.table = widgets.HTML(), widgets.HTML()
        first, *_ = self.lists.values()
        first.value = first.options[1]
        for each in self.lists.values():
            each.observe(lambda _: self._show(), "value")
        self._show()
        super().__init__(
            [widgets.HTML(CARD), widgets.HBox([*self.lists.values()]), self.told, self.table]
        )
        self.add_class("edgelab-panel")
        again.earlier(self)

    @property
    def shown(self) -> pd.DataFrame:
        """The rows that are chosen."""
        frame = self.frame
        for name, each in self.lists.items():
            if each.value != ALL:
                frame = frame[frame[name] == each.value]
        return frame

    def retire(self) -> None:
        """Let go of all that it holds in the browser."""
        again.retire(self)

    def _show(self) -> None:
        told = f"{len(self.shown) or 'None'} of {counted(len(self.frame), 'row')}"
        self.told.value = f'<p class="edgelab-words" aria-live="polite">{told}</p>'
        told = [name for name, each in self.lists.items() if each.value != ALL]
        table = Table(self.shown.drop(columns=told))._repr_html_()
        self.table.value = f'<div style="overflow-x: auto">{table}</div>'

    def _repr_mimebundle_(self, **about: Any) -> dict[str, Any]:
        """With the table, for where no kernel is."""
        bundle = super()._repr_mimebundle_(**about) or {}
        return bundle | {"text/html": Table(self.frame)._repr_html_()}


def rows(frame: pd.DataFrame, by: Sequence[str]) -> Rows:
    """Show a table, with a list for each column whose rows a reader may choose.

    Parameters
    ----------
    frame : pandas.DataFrame
    by : sequence of str
        Columns with few different values.

    Returns
    -------
    Rows
        An ipywidget.

    Raises
    ------
    TypeError, ValueError
        If `frame` is no frame, or has no such column.
    """
    columns = [*allowed.instance("frame", frame, pd.DataFrame).columns]
    more = ", the columns of frame"
    return Rows(frame, allowed.several("by", by, allowed.one_of, columns, more))
