"""The cache in sentences, and its numbers as a reader would write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from edgelab.core.words import counted, percent
from edgelab.topics.cache import match

__all__ = ["Told", "cell", "drawn_in_words", "in_words"]


class Told(NamedTuple):
    """What the sentences speak of besides the headline, by the names of the cache's knobs."""

    place: str
    ttl_s: float
    stale_while_revalidate_s: float
    origin_servers: int


def in_words(cache: Told, row: Mapping[str, float], most_per_s: float) -> str:
    """Two or three sentences that say what the numbers mean.

    Parameters
    ----------
    cache : Told
    row : mapping of str to float
        `edgelab.EdgeCache.headline`.
    most_per_s : float
        Reads that the origin can answer a second.
    """
    seen = f"{cache.place}: {percent(row['fetched share'])} of the requests wait for Mumbai"
    if row["near share"] > 5e-5:
        seen += f", {percent(row['near share'])} for the continent's tier"
    if row["stale share"] > 5e-5:
        seen += f", {percent(row['stale share'])} get a stale copy at once"
    if np.isfinite(row["p99_ms"]):
        seen += f". p50 {row['p50_ms']:.0f} ms, p99 {row['p99_ms']:.0f} ms"
    elif np.isfinite(row["p50_ms"]):
        seen += f". p50 {row['p50_ms']:.0f} ms, and the p99 never comes"
    else:
        seen += ". Neither the p50 nor the p99 ever comes"
    origin = f"Mumbai gets {counted(round(row['asked_per_s']), 'read')} a second"
    servers = counted(cache.origin_servers, "server")
    if row["origin utilisation"] < 1:
        origin += f" and has {servers}, {percent(row['origin utilisation'])} busy"
    else:
        origin += (
            f"; beside the writes its {servers} can do {most_per_s:,.0f}: its queue never empties"
        )
    old_s = cache.ttl_s + cache.stale_while_revalidate_s
    return f"{seen}. {origin}. No copy served is more than {old_s:,.4g} s old."


def drawn_in_words(drawn: pd.DataFrame, curve: pd.DataFrame, city: str, whole: float) -> str:
    """How well the requests that were drawn agree with the closed form.

    Parameters
    ----------
    drawn, curve : pandas.DataFrame
        `edgelab.EdgeCache.drawn_through_match` and `edgelab.EdgeCache.through_match`.
    city : str
        Of the PoP.
    whole : float
        The place's fetch ratio over the whole match.
    """
    waited = np.average(drawn["fetched"], weights=drawn["requests"])
    meant = np.average(curve["fetched"][: len(drawn)], weights=drawn["requests"])
    return (
        f"○ Drawn one by one: {drawn['requests'].sum():,} requests at {city}. In these first "
        f"{len(drawn) * match.STEP_S / 60:.1f} minutes {percent(waited)} wait for Mumbai, "
        f"{percent(meant)} by the curve, which takes each moment's rate as if it never changed; "
        f"in the whole match {percent(whole)}."
    )


def cell(row: str, number: float) -> str:
    """One number of the headline as text."""
    if not row.endswith(("ms", "per_s")):
        return percent(number)
    return f"{number:.0f}" if np.isfinite(number) else "never"
