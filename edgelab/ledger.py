"""The ledger: every checkable statement of the article, how it is tested, and the verdict.

The rows stand in ``data/claims.csv``. A figure that a model answers is computed here, never typed
in, and its verdict follows from the range in which the statement holds. Each notebook's figures
stand in a module of their own.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd

from edgelab.core import allowed, datasets
from edgelab.core.constants import DataError
from edgelab.topics import modules

__all__ = ["FIGURES", "UNMEASURED", "Ledger", "claims"]

#: Row of ``data/claims.csv`` to our figure, in that row's unit.
FIGURES: dict[str, Callable[[], float]] = {
    row: figure for topic in modules("claims") for row, figure in topic.FIGURES.items()
}
#: Verdict of a row whose figure has yet to be measured on this machine.
UNMEASURED = "not measured on this machine"


STYLE = "text-align: left; vertical-align: top; padding: 4px 5px; "
#: What a column's cells have besides.
ALSO = {"verdict": "font-weight: bold"}
ALSO |= {"statement": "min-width: 11em", "because": "min-width: 13em"}
ALSO |= {"how": "min-width: 10em; overflow-wrap: anywhere"}


class Ledger(pd.DataFrame):
    """A frame that a notebook shows with its texts whole, wrapped and aligned to the left."""

    @property
    def _constructor(self) -> type[Ledger]:
        return Ledger

    def _repr_html_(self) -> str:
        names = [str(self.index.name or ""), *map(str, self.columns)]
        head = "".join(f'<th style="{STYLE}">{html.escape(name)}</th>' for name in names)
        cells = [f'<td style="{STYLE}{ALSO.get(name, "")}">' for name in names]
        body = "".join(
            "<tr>"
            + "".join(f"{cell}{_text(value)}</td>" for cell, value in zip(cells, row, strict=True))
            for row in self.itertuples(name=None)
        )
        # Columns as wide as their texts ask: JupyterLab's own layout makes all of them alike.
        return f'<table style="table-layout: auto; width: 100%"><tr>{head}</tr>{body}</table>'


def _text(cell: object) -> str:
    """A cell as text: a number to three digits, nothing for a missing one."""
    if isinstance(cell, float):
        return "" if np.isnan(cell) else f"{cell:.3g}" if abs(cell) < 1000 else f"{cell:,.0f}"
    return html.escape(str(cell))


@cache
def _modelled(figure: Callable[[], float]) -> float:
    """A figure that a model answers, remembered."""
    return float(figure())


def _ledger(page: int | None = None) -> Ledger:
    rows = datasets.claims().set_index("id")
    computed = rows["verdict"].isin(datasets.COMPUTED)
    odd = sorted(set(rows.index[computed]) ^ set(FIGURES))
    if odd:
        raise DataError(
            f"claims.csv, column id: got {', '.join(odd)} with a computed verdict and no figure "
            f"in edgelab.ledger, or the other way round; allowed the same {len(FIGURES)} in both"
        )
    if page is not None:
        rows = rows[rows["page"] == page]
        computed = computed[rows.index]
    # A measurement may be made, or made again, at any time.
    ours = {
        name: FIGURES[name]() if test == "measured" else _modelled(FIGURES[name])
        for name, test in rows.loc[computed, "test"].items()
    }
    rows["ours"] = pd.Series(ours, dtype=float)
    inside = rows["ours"].between(rows["low"], rows["high"])
    held = rows["verdict"].replace(dict(zip(datasets.COMPUTED, datasets.VERDICTS, strict=False)))
    verdict = held.mask(computed & ~inside, "contradicted")
    rows["verdict"] = verdict.mask(computed & rows["ours"].isna(), UNMEASURED)
    shown = "section statement figure unit ours test verdict because how page".split()
    return Ledger(rows[shown])


def claims(page: int | None = None) -> Ledger:
    """The article's checkable statements, each with its test and its verdict.

    Parameters
    ----------
    page : int, optional
        Only the statements that this notebook tests, 1 to 11.

    Returns
    -------
    Ledger
        A pandas frame, a copy, indexed by ``id``: ``section`` of the article, ``statement`` in
        our words, the article's ``figure`` and its ``unit``, ``ours`` (computed; NaN where no
        model or measurement answers), ``test`` (model, measured, public source, reasoning),
        ``verdict`` (holds, holds when, contradicted, not testable here, not yet tested, not
        measured on this machine), ``because``, ``how``, and the notebook's number, ``page``.

    Raises
    ------
    TypeError, ValueError
        If `page` is no notebook's number.

    Examples
    --------
    >>> import edgelab as el
    >>> el.claims().loc["first-output-4-10", "verdict"]
    'contradicted'
    """
    first, *_, last = datasets.PAGES
    return _ledger(None if page is None else allowed.whole("page", page, first, last))
