"""A durable object in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from edgelab.core.words import counted, in_digits, percent, the
from edgelab.topics.durable_object.homes import AT_ONCE
from edgelab.topics.durable_object.losses import ONCE

__all__ = ["Told", "histories_in_words", "in_words"]


class Told(NamedTuple):
    """All that the sentences speak of, by the names of the object's knobs and properties."""

    home: str
    audience: str
    followers: int
    acknowledge: str
    requests_per_s: float
    utilisation: float
    saturated: bool
    confirmations: int
    safe_ms: float
    at_risk_writes: float


def in_words(thing: Told, homes: pd.DataFrame, latency: pd.DataFrame) -> str:
    """Two or three sentences that say what the numbers mean.

    Parameters
    ----------
    thing : Told
    homes, latency : pandas.DataFrame
        `edgelab.DurableObject.homes` and `edgelab.DurableObject.latency` of the object.
    """
    told = f"{_where(thing, homes)} {_queue(thing, latency)}"
    return told if thing.saturated else f"{told} {_safety(thing)}"


def _where(thing: Told, homes: pd.DataFrame) -> str:
    """How far the audience is from the home."""
    here = homes.loc[thing.home]
    whose = "Viewers" if thing.audience == "everyone" else f"Viewers of {thing.audience}"
    where = f"{whose} are {here['mean_ms']:.0f} ms from {thing.home} on average, p99 "
    return f"{where}{here['p99_ms']:.0f}."


def _queue(thing: Told, latency: pd.DataFrame) -> str:
    """How busy the object is, and how long its reads take."""
    if thing.saturated:
        times = in_digits(thing.utilisation)
        what = "all that" if times == "1" else f"{times} times what"
        return (
            f"{thing.requests_per_s:,.0f} requests a second are {what} one object can do: its "
            "queue never empties."
        )
    p99 = latency.loc[latency["kind"] == "place", "read_p99_ms"]
    far = p99.idxmax()
    return (
        f"The object is {percent(thing.utilisation, 3)} busy; 99 of 100 reads take at most "
        f"{p99['Mumbai']:.0f} ms from Mumbai and {p99[far]:.0f} from {the(far)}."
    )


def _safety(thing: Told) -> str:
    """What dies with the home."""
    followers = counted(thing.followers, "follower")
    if not thing.followers:
        return "There is no copy: if the home dies, everything is lost."
    if thing.acknowledge == AT_ONCE:
        return (
            f"Writes wait for none of {followers}: a home that dies takes "
            f"{counted(f'{thing.at_risk_writes:.3g}', 'acknowledged write')} with it, on average."
        )
    return (
        f"A write waits {thing.safe_ms:.0f} ms more for {thing.confirmations} of {followers}, "
        "and is then safe from the home's death."
    )


def histories_in_words(drawn: Mapping[str, pd.DataFrame], home_dies: str) -> str:
    """What drawn histories lost.

    Parameters
    ----------
    drawn : mapping of str to pandas.DataFrame
        `edgelab.DurableObject.histories` by the name of who keeps the score, all as many.
    home_dies : str
        The knob.
    """
    parts = []
    for name, frame in drawn.items():
        count, sums = len(frame), frame.sum()
        lost = f"{sums['lost']} of {counted(sums['acknowledged'], 'acknowledged run')} lost"
        twice = f", {sums['twice']} counted twice" if sums["twice"] else ""
        asked = sums["unanswered"]
        never = f", {counted(asked, 'request')} never answered" if asked else ""
        right = f"{sums['linearisable']} of {count} linearisable"
        parts.append(f"{name}: {lost}{twice}{never}, {right}")
    died = "the home dying once" if home_dies == ONCE else "no death"
    drawn_of = f"{counted(count, 'history')} of five clients drawn"
    return f"{drawn_of}, with {died}: {'; '.join(parts)}."
