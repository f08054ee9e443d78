"""The night in sentences, and its numbers as a reader would write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from edgelab.core.words import counted, in_digits, percent
from edgelab.world.request import EDGE

__all__ = ["Told", "drawn_in_words", "in_words", "table"]


class Told(NamedTuple):
    """All that the sentences speak of, by the names of the night's knobs and properties."""

    pops: int
    ends_at: str
    fetched_share: float
    origin_servers: int
    offered_erlang: float
    saturated: bool
    stale_viewers: float


def in_words(night: Told, latency: pd.DataFrame, before: pd.DataFrame | None) -> str:
    """Two or three sentences that say what the numbers mean.

    Parameters
    ----------
    night : Told
    latency, before : pandas.DataFrame
        `edgelab.CricStream.latency` of the night, and of the old origin unless it is alike.
    """
    edge = night.ends_at == EDGE
    where = f"From {counted(night.pops, 'PoP')}," if edge else "Every request goes home to Mumbai:"
    p99_ms = latency.loc["Bay Area", "p99_ms"]
    if np.isfinite(p99_ms):
        seen = f"99 of 100 Bay Area viewers see the panel within {p99_ms:.0f} ms"
        if before is not None:
            seen += f" (from the old origin: {before.loc['Bay Area', 'p99_ms']:.0f} ms)"
    else:
        seen = f"{100 * night.fetched_share:.3g} % of the viewers never see the panel"
    load = night.offered_erlang / night.origin_servers
    servers = counted(night.origin_servers, "server")
    origin = f"has {servers}, {percent(load)} busy"
    if night.saturated:
        origin = (
            f"gets {in_digits(load)} times what its {servers} can take: its queue never empties"
        )
    stale = "No list is stale, since no KV is asked."
    if edge:
        stale = f"Out-of-date lists, at any moment: {_people(night.stale_viewers)}."
    blank = _people(latency.loc["everyone", "blank_share"] * latency.loc["everyone", "viewers"])
    return f"{where} {seen}. Blank panels: {blank}. Mumbai {origin}. {stale}"


def drawn_in_words(exact: pd.Series, drawn: pd.Series) -> str:
    """How well a draw of every viewer agrees with the exact distribution.

    Parameters
    ----------
    exact, drawn : pandas.Series
        Everyone's row of `edgelab.CricStream.latency` by either method.
    """
    said = f"○ One request was drawn for each of {drawn['viewers']:,} viewers: "
    if np.isfinite(exact["p99_ms"]):
        p99 = f"everyone's p99 is {drawn['p99_ms']:.1f} ms"
        return f"{said}{p99}, the exact curve's {exact['p99_ms']:.1f} ms."
    return f"{said}more than 1 in 100 never get an answer, as the exact curve says."


def table(headlines: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Headlines of `edgelab.CricStream` as text, a column each."""
    return pd.DataFrame(
        {
            name: {row: _cell(row, number) for row, number in headline.items()}
            for name, headline in headlines.items()
        }
    )


def _cell(row: str, number: float) -> str:
    """One number of a headline as text."""
    if row == "stale viewers":
        return _people(number)
    if row.endswith("ms"):
        return f"{number:.0f}" if np.isfinite(number) else "never"
    return f"{100 * number:.3g} %"


def _people(number: float) -> str:
    """A number of viewers, to two digits."""
    if number < 0.5:
        return "none"
    if number >= 1e6:
        return f"{number / 1e6:.2g} million viewers"
    digits = max(0, int(np.floor(np.log10(number))) - 1)
    return counted(round(number / 10**digits) * 10**digits, "viewer")
