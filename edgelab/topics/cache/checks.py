"""The checks of notebook 05, the cache and the origin."""

from __future__ import annotations

from edgelab.core.allowed import instance, number, whole
from edgelab.stage.verdict import RIGHT, WORKING, Verdict, exercise, guess
from edgelab.topics.cache.model import EdgeCache

__all__ = ["cold_pops", "life_guess", "not_older", "shortest_life"]

#: What the exercises ask for.
UNDER_MS, CALM_MS, OLDEST_S, BUSY = 50.0, 35.0, 60.0, 0.4


@guess(
    "the p50 and the p99 about double",
    "the p50 stays, the p99 grows by about half",
    "the p50 stays, the p99 grows more than fivefold",
    because="More than one request in a hundred waits for Mumbai now, and the p99 is one of them. "
    "The median never was.",
    ask="Which request is the p99?",
)
def life_guess() -> tuple[int, str]:
    """Look back at notebook 05's prediction: copies that live 60 s instead of 300 s."""
    before, after = (EdgeCache(ttl_s=ttl_s).latency() for ttl_s in (300.0, 60.0))
    times = after / before
    return 2 if times["p99_ms"] > 5 else int(times["p50_ms"] < 1.5), (
        f"the p50 goes from {before['p50_ms']:.0f} to {after['p50_ms']:.0f} ms, the p99 from "
        f"{before['p99_ms']:.0f} to {after['p99_ms']:.0f}"
    )


@exercise("set the number of PoPs", whole, 0, EdgeCache.knobs()["pops"].high)
def cold_pops(answer: int) -> Verdict:
    """Notebook 05, exercise 1: PoPs where more than 1 % of the requests wait for Mumbai.

    Parameters
    ----------
    answer : int or None
        How many.
    """
    frame = EdgeCache().by_pop()
    true = int((frame["fetched"] > 0.01).sum())
    if answer == true:
        return Verdict(
            RIGHT,
            "and they are those with the fewest viewers: where a list is asked for less often, "
            "it is more often past its time. The figure for everyone hides them.",
        )
    return Verdict(
        WORKING,
        f"{answer:g} is too {'many' if answer > true else 'few'}; look for 0.01 and more in "
        "the column fetched of cache.by_pop()",
    )


@exercise("set a time to live in seconds, for instance 200", number, 1, 3600)
def shortest_life(answer: float) -> Verdict:
    """Notebook 05, exercise 2: the shortest life that keeps the Bay Area's p99 under 50 ms.

    Parameters
    ----------
    answer : float or None
        Seconds, in steps of ten, without serving stale copies.
    """
    here, shorter = (
        EdgeCache(ttl_s=max(ttl_s, 1.0)).latency()["p99_ms"] for ttl_s in (answer, answer - 10)
    )
    if here >= UNDER_MS:
        return Verdict(WORKING, f"with {answer:g} s the Bay Area's p99 is {here:.0f} ms; go higher")
    if shorter < UNDER_MS:
        return Verdict(
            WORKING, f"with {answer:g} s it is {here:.0f} ms, and 10 s less would still do"
        )
    return Verdict(
        RIGHT,
        "just there the fetch ratio crosses one in a hundred. Ten seconds make the difference "
        "of an ocean.",
    )


@exercise("set a cache: cache.replace(...)", instance, EdgeCache)
def not_older(answer: EdgeCache) -> Verdict:
    """Notebook 05, exercise 3: no copy older than 60 s, a calm p99 and a calm origin.

    Parameters
    ----------
    answer : EdgeCache or None
        With other times T and S than the default, and all else as it is.
    """
    other = sorted(set(answer.turned) - {"ttl_s", "stale_while_revalidate_s"})
    if other:
        return Verdict(WORKING, f"{', '.join(other)}: leave these as they are")
    oldest = answer.ttl_s + answer.stale_while_revalidate_s
    if oldest > OLDEST_S:
        return Verdict(WORKING, f"a copy may be {oldest:g} s old before it is served last")
    row = answer.headline()
    if row["p99_ms"] >= CALM_MS:
        return Verdict(
            WORKING,
            f"the Bay Area's p99 is {row['p99_ms']:.0f} ms: too many still wait; give the "
            "refresh more room",
        )
    if row["origin utilisation"] > BUSY:
        return Verdict(
            WORKING,
            f"Mumbai is {row['origin utilisation']:.0%} busy: copies are refreshed too often",
        )
    return Verdict(
        RIGHT,
        "the time to live decides what Mumbai has to do, the window who has to wait for it.",
    )
