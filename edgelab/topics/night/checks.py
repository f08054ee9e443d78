"""The checks of notebook 01, the night of the final."""

from __future__ import annotations

from edgelab.core.allowed import number
from edgelab.core.words import counted, percent
from edgelab.stage.verdict import RIGHT, WORKING, Verdict, as_given, exercise, guess
from edgelab.topics.night.model import CricStream

__all__ = ["cliff", "cliff_guess", "in_time_viewers", "slow_database"]

#: A slower database, after the match.
SLOW = {"pops": 312, "origin_fetch_ratio": 0.02, "origin_service_ms": 8.0}


@guess(
    "hardly at all",
    "by about half",
    "to more than five times as much",
    because="At a ratio above 1 % the slowest hundredth is made of fetches, and the p99 is their "
    "time.",
    ask="Which requests make up the slowest hundredth?",
)
def cliff_guess() -> tuple[int, str]:
    """Look back at notebook 01's prediction: the Bay Area's p99 from 0.8 % to 1.2 % fetched."""
    before, after = (
        CricStream(origin_fetch_ratio=r).latency().loc["Bay Area", "p99_ms"] for r in (0.008, 0.012)
    )
    times = after / before
    return int(times > 1.25) + int(times > 5), f"the model goes from {before:.0f} to {after:.0f} ms"


@exercise("set the number of viewers", number, 0, 28e6)
def in_time_viewers(answer: float) -> Verdict:
    """Notebook 01, exercise 1: Bay Area viewers who saw the old origin's panel in time.

    Parameters
    ----------
    answer : float or None
        A number of viewers; right within 3 %.
    """
    rows = CricStream().baseline().latency()
    late, viewers = (rows.loc["Bay Area", name] for name in ("blank_share", "viewers"))
    true = (1 - late) * viewers
    if abs(answer / true - 1) <= 0.03:
        return Verdict(
            RIGHT,
            "and all the blank panels were here: a figure for everyone hides whom it hits.",
        )
    if answer <= 100:
        return Verdict(WORKING, "that looks like a share; how many viewers are that?")
    if abs(answer / (late * viewers) - 1) <= 0.03:
        return Verdict(WORKING, "so many got a blank panel; the others are asked")
    if answer > viewers:
        return Verdict(WORKING, f"{answer:,.0f} are more than watch from the Bay Area")
    return Verdict(
        WORKING,
        f"{answer:,.0f} is too {'many' if answer > true else 'few'}; read blank_share and "
        "viewers in the row “Bay Area” of final.baseline().latency()",
    )


@exercise("set a ratio, for instance 0.004 for 0.4 %", number, 0, 100)
def cliff(answer: float) -> Verdict:
    """Notebook 01, exercise 2: the largest fetch ratio that keeps the Bay Area's p95 under 50 ms.

    Parameters
    ----------
    answer : float or None
        A ratio between 0 and 1, with the old fleet's servers; right within a tenth of a
        percentage point.
    """
    if answer > 0.5:
        return Verdict(
            WORKING, f"{answer:g} is {percent(answer)}; {answer:g} % is {answer / 100:g}"
        )
    night = CricStream().replace(origin_servers=CricStream().baseline().origin_servers)
    here, next_step = (
        night.replace(origin_fetch_ratio=r).latency().loc["Bay Area", "p95_ms"]
        for r in (answer, answer + 0.001)
    )
    if here >= 50:
        return Verdict(
            WORKING, f"at {percent(answer)} the Bay Area's p95 is {here:.0f} ms; go lower"
        )
    if next_step < 50:
        return Verdict(
            WORKING,
            f"at {percent(answer)} it is {here:.0f} ms, and a tenth of a point more still keeps it "
            "under 50; go higher. A p95 is not a p99",
        )
    return Verdict(
        RIGHT,
        "a p95 can hide the fetches as long as they are no more than one request in twenty.",
    )


@exercise("set a night: final.replace(...)", as_given, CricStream, SLOW, "origin_servers")
def slow_database(answer: CricStream) -> Verdict:
    """Notebook 01, exercise 3: fewest servers that keep a slow origin at most 65 % busy.

    Parameters
    ----------
    answer : CricStream or None
        A night with 312 PoPs, 2 % fetched and 8 ms of service.
    """
    busy = answer.origin_load().loc["tonight", "utilisation"]
    servers = counted(answer.origin_servers, "server")
    if busy > 0.65:
        word = "it is saturated" if busy >= 1 else f"it is {100 * busy:.1f} % busy"
        return Verdict(WORKING, f"with {servers} {word}; add some")
    fewer = answer.replace(origin_servers=max(answer.origin_servers - 1, 1))
    if fewer.origin_load().loc["tonight", "utilisation"] <= 0.65 and fewer != answer:
        return Verdict(WORKING, f"{100 * busy:.1f} % busy with {servers}; fewer would do")
    return Verdict(
        RIGHT,
        "the origin's size follows the load that misses the edge, and not the 28 million.",
    )
