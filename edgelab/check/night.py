"""The checks of notebook 01, the night of the final."""

from __future__ import annotations

import numpy as np

from edgelab.allowed import instance, number, one_of
from edgelab.check.verdict import COMMIT, RIGHT, WORKING, Verdict, judged
from edgelab.models.scenario import CricStream
from edgelab.words import counted

__all__ = ["CLIFF_CHOICES", "blank_viewers", "cliff", "cliff_guess", "slow_database"]

#: The choices of notebook 01's prediction.
CLIFF_CHOICES = ("hardly at all", "by about half", "to more than five times as much")


def cliff_guess(choice: str | None) -> Verdict:
    """Look back at notebook 01's prediction: the Bay Area's p99 from 0.8 % to 1.2 % fetched.

    Parameters
    ----------
    choice : str or None
        One of `CLIFF_CHOICES`.
    """

    def judge(choice: str) -> Verdict:
        before, after = (
            CricStream(origin_fetch_ratio=r).latency().loc["Bay Area", "p99_ms"]
            for r in (0.008, 0.012)
        )
        times = after / before
        happened = CLIFF_CHOICES[int(times > 1.25) + int(times > 5)]
        seen = f"the model goes from {before:.0f} to {after:.0f} ms"
        if choice == happened:
            return Verdict(
                RIGHT,
                f"{seen}. At a ratio above 1 % the slowest hundredth is made of fetches, and the "
                "p99 is their time.",
            )
        return Verdict(
            WORKING,
            f"not what happened: you said “{choice}”, and {seen}. Which requests make up the "
            "slowest hundredth?",
        )

    return judged(choice, COMMIT, judge, one_of, CLIFF_CHOICES)


def blank_viewers(answer: float | None) -> Verdict:
    """Notebook 01, exercise 1: viewers with a blank panel from the old Mumbai origin.

    Parameters
    ----------
    answer : float or None
        A number of viewers; right within 3 %.
    """

    def judge(answer: float) -> Verdict:
        row = CricStream().baseline().latency().loc["everyone"]
        true = row["blank_share"] * row["viewers"]
        if abs(answer / true - 1) <= 0.03:
            return Verdict(
                RIGHT,
                "a small share of everyone, and all of them in one place: a figure for everyone "
                "hides whom it hits.",
            )
        if answer <= 100:
            return Verdict(WORKING, "that looks like a share; how many viewers are that?")
        return Verdict(
            WORKING,
            f"{answer:,.0f} is too {'many' if answer > true else 'few'}; read blank_share and "
            "viewers in the row “everyone” of final.baseline().latency()",
        )

    return judged(answer, "set the number of viewers", judge, number, 0, 28e6)


def cliff(answer: float | None) -> Verdict:
    """Notebook 01, exercise 2: the largest fetch ratio that keeps the Bay Area under 50 ms.

    Parameters
    ----------
    answer : float or None
        A ratio between 0 and 1; right within a tenth of a percentage point.
    """

    def judge(answer: float) -> Verdict:
        here, next_step = (
            CricStream(origin_fetch_ratio=min(r, 1.0)).latency().loc["Bay Area", "p99_ms"]
            for r in (answer, answer + 0.001)
        )
        if here >= 50:
            shown = f"{here:.0f} ms" if np.isfinite(here) else "infinite: the origin is saturated"
            return Verdict(WORKING, f"at {answer:.2%} the Bay Area's p99 is {shown}; go lower")
        if next_step < 50:
            return Verdict(
                WORKING,
                f"at {answer:.2%} it is {here:.0f} ms, and a tenth of a point more still keeps it "
                "under 50; go higher",
            )
        return Verdict(
            RIGHT,
            "a p99 can hide the fetches as long as they are no more than one request in a hundred.",
        )

    return judged(answer, "set a ratio, for instance 0.004 for 0.4 %", judge, number, 0, 1)


def slow_database(answer: CricStream | None) -> Verdict:
    """Notebook 01, exercise 3: fewest servers that keep a slow origin at most 65 % busy.

    Parameters
    ----------
    answer : CricStream or None
        A night with 312 PoPs, 2 % fetched and 8 ms of service.
    """

    def judge(answer: CricStream) -> Verdict:
        given = {"pops": 312, "origin_fetch_ratio": 0.02, "origin_service_ms": 8.0}
        for name, value in given.items():
            if getattr(answer, name) != value:
                came = getattr(answer, name)
                return Verdict(WORKING, f"{name} is {came:g}; the exercise gives {value:g}")
        other = sorted(set(answer.turned) - set(given) - {"origin_servers"})
        if other:
            return Verdict(WORKING, f"{', '.join(other)}: leave these as they are")
        busy = answer.origin_load().loc["tonight", "utilisation"]
        servers = counted(answer.origin_servers, "server")
        if busy > 0.65:
            word = "it is saturated" if busy >= 1 else f"it is {busy:.1%} busy"
            return Verdict(WORKING, f"with {servers} {word}; add some")
        fewer = answer.replace(origin_servers=max(answer.origin_servers - 1, 1))
        if fewer.origin_load().loc["tonight", "utilisation"] <= 0.65 and fewer != answer:
            return Verdict(WORKING, f"{busy:.1%} busy with {servers}; fewer would do")
        return Verdict(
            RIGHT,
            "the origin's size follows the load that misses the edge, and not the 28 million.",
        )

    return judged(answer, "set a night: final.replace(...)", judge, instance, CricStream)
