"""The checks of notebook 05, the cache and the origin."""

from __future__ import annotations

from edgelab.core.allowed import number, whole
from edgelab.core.words import percent
from edgelab.stage.verdict import RIGHT, WORKING, Verdict, as_given, exercise, guess
from edgelab.topics.cache.model import EdgeCache

__all__ = ["cold_pops", "life_guess", "not_older", "shortest_life"]

#: What the exercises ask for.
QUICK_S, SLOWEST, RARE = 20.0, 0.05, 0.5
UNDER_MS, CALM_MS, OLDEST_S, BUSY = 50.0, 35.0, 60.0, 0.4


@guess(
    "the p50 and the p99 about double",
    "the p50 hardly moves, the p99 grows by about half",
    "the p50 hardly moves, the p99 grows more than fivefold",
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
    """Notebook 05, exercise 1: PoPs whose p95 waits for Mumbai, if copies live for 20 s.

    Parameters
    ----------
    answer : int or None
        How many.
    """
    fetched = EdgeCache(ttl_s=QUICK_S).by_pop()["fetched"]
    true = int((fetched > SLOWEST).sum())
    if answer == true:
        return Verdict(
            RIGHT,
            "and they are those with the fewest viewers: where a list is asked for less often, "
            "it is more often past its time. The figure for everyone hides them.",
        )
    if answer == int((fetched > 0.01).sum()):
        return Verdict(WORKING, "at so many the p99 waits; the p95 needs more that wait")
    if answer == len(fetched):
        return Verdict(WORKING, "that is every PoP that has viewers; which share waits at each?")
    return Verdict(
        WORKING,
        f"{answer:g} is too {'many' if answer > true else 'few'}; what share has to wait before "
        "the p95 is one that does? Look for it in the column fetched of quick.by_pop()",
    )


@exercise("set a time to live in seconds, for instance 200", number, 1, 3600)
def shortest_life(answer: float) -> Verdict:
    """Notebook 05, exercise 2: the shortest life for half as many requests, p99 under 50 ms.

    Parameters
    ----------
    answer : float or None
        Seconds, in steps of ten, without serving stale copies.
    """

    def does(ttl_s: float, each_min: float) -> float:
        store = EdgeCache(ttl_s=max(ttl_s, 1.0), requests_per_viewer_min=each_min)
        return store.latency()["p99_ms"]

    here, shorter = (does(ttl_s, RARE) for ttl_s in (answer, answer - 10))
    if here >= UNDER_MS and does(answer, 1.0) < UNDER_MS <= does(answer - 10, 1.0):
        return Verdict(WORKING, "that is for viewers who ask every minute; these ask half as often")
    if here >= UNDER_MS:
        return Verdict(WORKING, f"with {answer:g} s the Bay Area's p99 is {here:.0f} ms; go higher")
    if shorter < UNDER_MS:
        return Verdict(WORKING, f"with {answer:g} s it is {here:.0f} ms; a shorter life would do")
    return Verdict(
        RIGHT,
        "just there the fetch ratio crosses one in a hundred. Rate and life count as a product: "
        "half the requests take about twice the life, and ten seconds are an ocean.",
    )


@exercise(
    "set a cache: cache.replace(...)", as_given, EdgeCache, {}, "ttl_s", "stale_while_revalidate_s"
)
def not_older(answer: EdgeCache) -> Verdict:
    """Notebook 05, exercise 3: no copy older than 60 s, a calm p99 and a calm origin.

    Parameters
    ----------
    answer : EdgeCache or None
        With other times T and S than the default, and all else as it is.
    """
    oldest = answer.ttl_s + answer.stale_while_revalidate_s
    if oldest > OLDEST_S:
        return Verdict(WORKING, f"a copy may be {oldest:g} s old before it is served last")
    row = answer.headline()
    if row["p99_ms"] >= CALM_MS:
        return Verdict(
            WORKING,
            f"the Bay Area's p99 is {row['p99_ms']:.0f} ms: too many still wait; a "
            "larger S lets fewer wait",
        )
    if row["origin utilisation"] > BUSY:
        return Verdict(
            WORKING,
            f"Mumbai is {percent(row['origin utilisation'])} busy: copies are refreshed too often",
        )
    return Verdict(
        RIGHT,
        "the time to live decides what Mumbai has to do, the window who has to wait for it.",
    )
