"""Several nights side by side."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from edgelab.core import allowed
from edgelab.topics.night.model import CricStream

__all__ = ["compare"]


def compare(nights: Sequence[CricStream]) -> pd.DataFrame:
    """Several nights side by side.

    Parameters
    ----------
    nights : sequence of CricStream
        At least one.

    Returns
    -------
    pandas.DataFrame
        One row per night, indexed by the line of code that makes it: p99 by place in
        milliseconds, share of blank panels, utilisation of the origin, viewers with a stale
        list.

    Raises
    ------
    TypeError, ValueError
        If something else than a CricStream is among them, or nothing.
    """
    nights = allowed.several("nights", nights, allowed.instance, CricStream)
    index = pd.Index([repr(night) for night in nights], name="night")
    return pd.DataFrame([night.headline() for night in nights], index=index)
