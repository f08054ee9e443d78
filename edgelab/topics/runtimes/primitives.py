"""What an isolate, a Wasm instance, a container and a process cost, by who says so."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from edgelab.core import datasets, remembered
from edgelab.core.datasets import PRIMITIVES
from edgelab.core.table import Table

__all__ = ["QUANTITIES", "SOURCES", "costs", "runtimes"]

SOURCES = ("article", "public", "measured")
QUANTITIES = ("start_ms", "memory_mb", "call_ms")
#: Which measurement stands for a primitive, the first that there is; a container has none.
MEASURED_AS = {
    "isolate": ("V8 isolate",),
    "Wasm": ("Wasm instance",),
    "process": ("Node process", "Python process"),
}
MEASURED_QUANTITIES = dict(zip(("start", "memory", "call"), QUANTITIES, strict=True))
#: Memory that a measurement cannot tell from nothing, in MB.
LEAST_MB = 0.001


def runtimes() -> Table:
    """What each primitive costs, by everyone who says so, the reader's own machine included.

    Returns
    -------
    Table
        A pandas frame, indexed by ``primitive`` and ``quantity`` (start_ms, memory_mb,
        call_ms): for each of ``article``, ``public`` and ``measured`` the figure; NaN where
        there is none. ``least`` and ``most`` of all that is said, ranges included, and how many
        times they ``disagree``.
    """
    return Table(_runtimes(remembered.stamp()).copy())


@lru_cache(maxsize=2)
def _runtimes(_: tuple[str, int, int]) -> pd.DataFrame:
    """The frame of `runtimes`; what was measured may change."""
    said = datasets.runtimes().set_index(["primitive", "quantity", "said_by"])
    index = pd.MultiIndex.from_product([PRIMITIVES, QUANTITIES], names=["primitive", "quantity"])
    out = said["value"].unstack("said_by").reindex(index, columns=list(SOURCES))
    here = _measured()
    out["measured"] = [here.get(key, np.nan) for key in index]
    for name, end, pick in (("least", "low", "min"), ("most", "high", "max")):
        ends = said[end].unstack("said_by").reindex(index).assign(here=out["measured"])
        out[name] = getattr(ends, pick)(axis=1)
    out["disagree"] = out["most"] / out["least"]
    out.columns.name = None
    return out


def _measured() -> dict[tuple[str, str], float]:
    """What was measured on this machine, by primitive and quantity."""
    rows = remembered.read().rows
    known = dict(zip(zip(rows["what"], rows["quantity"], strict=True), rows["median"], strict=True))
    out = {}
    for primitive, names in MEASURED_AS.items():
        for quantity, column in MEASURED_QUANTITIES.items():
            found = [known[name, quantity] for name in names if (name, quantity) in known]
            if found:
                out[primitive, column] = max(found[0], LEAST_MB * (quantity == "memory"))
    return out


def costs(source: str) -> pd.DataFrame:
    """What each primitive costs by one source; where it says nothing, the others stand in.

    Parameters
    ----------
    source : str
        One of `SOURCES`.

    Returns
    -------
    pandas.DataFrame
        See `edgelab.WarmPool.costs`; remembered, so not to be changed.
    """
    return _costs(source, remembered.stamp())


@lru_cache(maxsize=4)
def _costs(source: str, _: tuple[str, int, int]) -> pd.DataFrame:
    said = runtimes()
    order = list(dict.fromkeys((source, *SOURCES[:2])))
    rows = {}
    for primitive in PRIMITIVES:
        row = {}
        for quantity in QUANTITIES:
            values = said.loc[(primitive, quantity), order].dropna()
            row[quantity] = float(values.iloc[0]) if len(values) else 0.0
            name = f"{quantity.partition('_')[0]}_from"
            row[name] = values.index[0] if len(values) else "nobody"
        rows[primitive] = row
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("primitive")
