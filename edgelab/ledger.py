"""The ledger: every checkable statement of the article, how it is tested, and the verdict.

The rows stand in ``data/claims.csv``. A figure that a model answers is computed here, never typed
in, and its verdict follows from the range in which the statement holds. A measurement comes as its
median with the least and the most of nine in ten, and all three have to lie on one side. Each
topic's figures stand in its ``claims.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd

from edgelab.core import allowed, datasets
from edgelab.core.constants import DataError
from edgelab.core.table import Table
from edgelab.topics import modules

__all__ = ["FIGURES", "TOO_CLOSE", "UNMEASURED", "claims"]

#: Row of ``data/claims.csv`` to our figure, in that row's unit.
FIGURES: dict[str, Callable[[], float | np.ndarray]] = {
    row: figure for topic in modules("claims") for row, figure in topic.FIGURES.items()
}
#: Verdict of a row whose figure has yet to be measured on this machine.
UNMEASURED = "not measured on this machine"
#: Verdict of a row whose measurements lie on both sides of an end of its range.
TOO_CLOSE = "too close to tell"


@cache
def _modelled(figure: Callable[[], float]) -> float:
    """A figure that a model answers, remembered."""
    return float(figure())


def _ledger(page: int | None = None) -> Table:
    rows = datasets.claims().set_index("id")
    computed = rows["verdict"].isin(datasets.COMPUTED)
    odd = sorted(set(rows.index[computed]) ^ set(FIGURES))
    if odd:
        raise DataError(
            f"claims.csv, column id: got {', '.join(odd)} with a computed verdict and no figure "
            f"in a topic's claims.py, or the other way round; allowed the same {len(FIGURES)}"
        )
    if page is not None:
        rows = rows[rows["page"] == page]
        computed = computed[rows.index]
    # A measurement may be made, or made again, at any time.
    ours = {
        name: FIGURES[name]() if test == "measured" else _modelled(FIGURES[name])
        for name, test in rows.loc[computed, "test"].items()
    }
    spread = {name: np.broadcast_to(figure, 3) for name, figure in ours.items()}
    spread = pd.DataFrame(spread, index=range(3), dtype=float).T.reindex(rows.index)
    rows["ours"], least, most = spread[0], spread[1], spread[2]
    held = rows["verdict"].replace(dict(zip(datasets.COMPUTED, datasets.VERDICTS, strict=False)))
    inside = (rows["low"] <= least) & (most <= rows["high"])
    outside = (most < rows["low"]) | (rows["high"] < least)
    verdict = held.mask(computed & ~inside, TOO_CLOSE).mask(computed & outside, "contradicted")
    rows["verdict"] = verdict.mask(computed & rows["ours"].isna(), UNMEASURED)
    shown = "section statement figure unit ours low high test verdict because how page".split()
    return Table(rows[shown])


def claims(page: int | None = None) -> Table:
    """The article's checkable statements, each with its test and its verdict.

    Parameters
    ----------
    page : int, optional
        Only the statements that this notebook tests, 1 to 11.

    Returns
    -------
    Table
        A pandas frame, a copy, indexed by ``id``: ``section`` of the article, ``statement`` in
        our words, the article's ``figure`` and its ``unit``, ``ours`` (computed; NaN where no
        model or measurement answers), ``low`` and ``high`` (between them the statement holds),
        ``test`` (model, measured, public source, reasoning),
        ``verdict`` (holds, holds when, contradicted, not testable here, not yet tested, too close
        to tell, not measured on this machine), ``because``, ``how``, and the notebook's number,
        ``page``.

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
