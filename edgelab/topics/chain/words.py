"""What a request pays, and what the next link would save, in sentences."""

from __future__ import annotations

import pandas as pd

from edgelab.core.words import counted
from edgelab.topics.chain.links import COLD, LINKS, Steps

__all__ = ["answer", "next_link"]


def answer(taken: Steps, connection: str, where: str) -> str:
    """After how long the answer is there, and how much of that is the way to Mumbai.

    Parameters
    ----------
    taken : Steps
    connection : str
        As the knob of `RequestChain`.
    where : str
        Whose round trips these are.
    """
    total, ocean = taken.ms.sum(), taken.ms[:, 2].sum()
    count = int(taken.mumbai_trips.sum())
    kind = "A new connection" if connection == COLD else "An open connection"
    said = f"{kind} {where}: the answer takes {total:,.0f} ms"
    if not count:
        return f"{said}, and nothing goes to Mumbai."
    trips = counted(count, "round trip")
    return f"{said}. {ocean:,.0f} ms of that is travel to Mumbai, in {trips}."


def next_link(savings: pd.DataFrame) -> str:
    """What the next link would save, or all five have.

    Parameters
    ----------
    savings : pandas.DataFrame
        `edgelab.RequestChain.savings`.
    """
    moved = int(savings.index[savings["now"]][0])
    if moved == len(LINKS):
        change = round(savings["total_ms"][0] - savings["total_ms"][moved])
        word = "save" if change >= 0 else "cost"
        return f"All five links at the PoP {word} {abs(change):,} ms."
    link, saved = savings["link"][moved + 1], round(savings["saved_ms"][moved + 1])
    if not saved:
        return f"{link} at the PoP would save nothing."
    word = "save" if saved > 0 else "cost"
    return f"{link} at the PoP would {word} {abs(saved):,} ms."
