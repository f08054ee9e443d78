"""Frames that a notebook shows with their texts whole."""

from __future__ import annotations

import html

import numpy as np
import pandas as pd

__all__ = ["Table"]

STYLE = "text-align: left; vertical-align: top; padding: 4px 5px; "
#: What a column's cells have besides.
ALSO = {"verdict": "font-weight: bold"}
ALSO |= {"statement": "min-width: 11em", "because": "min-width: 13em"}
ALSO |= {"how": "min-width: 10em; overflow-wrap: anywhere"}
ALSO |= {"meaning": "min-width: 17em", "source": "min-width: 9em", "allowed": "min-width: 7em"}


class Table(pd.DataFrame):
    """A frame that a notebook shows with its texts whole, wrapped and aligned to the left.

    With ``attrs["folded"]`` it is folded below these words until they are pressed.
    """

    @property
    def _constructor(self) -> type[Table]:
        return Table

    def _repr_html_(self) -> str:
        rows = self.reset_index()
        names = [str(name) for name in rows.columns]
        head = "".join(f'<th style="{STYLE}">{html.escape(name)}</th>' for name in names)
        cells = [f'<td style="{STYLE}{ALSO.get(name, "")}">' for name in names]
        body = "".join(
            "<tr>"
            + "".join(f"{cell}{_text(value)}</td>" for cell, value in zip(cells, row, strict=True))
            for row in rows.itertuples(index=False, name=None)
        )
        # Columns as wide as their texts ask: JupyterLab's own layout makes all of them alike.
        table = f'<table style="table-layout: auto; width: 100%"><tr>{head}</tr>{body}</table>'
        folded = self.attrs.get("folded")
        if not folded:
            return table
        return f"<details><summary>{html.escape(folded)}</summary>{table}</details>"


def _text(cell: object) -> str:
    """A cell as text: a number to three digits, nothing for a missing one."""
    if isinstance(cell, float):
        return "" if np.isnan(cell) else f"{cell:.3g}" if abs(cell) < 1000 else f"{cell:,.0f}"
    return html.escape(str(cell)).replace("_", "_<wbr>")  # names may wrap
