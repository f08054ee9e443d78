"""The checks of notebook 06, KV consistency."""

from __future__ import annotations

from edgelab.core.allowed import instance, number
from edgelab.stage.verdict import RIGHT, WORKING, Verdict, exercise, guess
from edgelab.topics.kv.model import EdgeKV
from edgelab.topics.kv.quorum import Quorum

__all__ = ["first_passage", "lost_guess", "missed_own_write", "sticky_enough"]


@guess(
    "fewer than one in twenty",
    "about one in three",
    "more than half",
    because="A write that is made before the last one has come overwrites it, and ten a second "
    "leave little time.",
    ask="How many writes are made while one is still on its way?",
)
def lost_guess() -> tuple[int, str]:
    """Look back at notebook 06's prediction: increments lost at ten writes a second."""
    lost = EdgeKV().lost_updates((10,))["lww_lost_share"].iloc[0]
    return int(lost > 0.05) + int(lost > 0.5), f"the model loses {lost:.0%}"


@exercise("set a share, for instance 0.25 for 25 %", number, 0, 1)
def missed_own_write(answer: float) -> Verdict:
    """Notebook 06, exercise 1: reads at another PoP 200 ms after the write that miss it.

    Parameters
    ----------
    answer : float or None
        A share between 0 and 1; right within half a percentage point.
    """
    true = EdgeKV().missed_share(200.0)
    if abs(answer - true) <= 0.005:
        return Verdict(
            RIGHT,
            "nearly all who still miss it went to another continent: on their own one the "
            "write has long been there.",
        )
    if answer == 0:
        return Verdict(WORKING, "that is with the sticky route; take the column without it")
    return Verdict(
        WORKING,
        f"{answer:.2%} is too {'many' if answer > true else 'few'}; read missed_share in the "
        "row of kv.handoff() nearest 200 ms",
    )


@exercise("set a store: cloudflare.replace(sticky_s=...)", instance, EdgeKV)
def sticky_enough(answer: EdgeKV) -> Verdict:
    """Notebook 06, exercise 2: the shortest sticky route that is enough for a 60 s cache.

    Parameters
    ----------
    answer : EdgeKV or None
        Cloudflare's setting with a sticky route; right if at most 1 % miss their write after it,
        and two seconds less would not do.
    """
    given = EdgeKV.of("Cloudflare Workers KV")
    if answer.replace(sticky_s=given.sticky_s) != given:
        return Verdict(WORKING, "turn sticky_s of `cloudflare` and nothing else")
    missed = answer.missed_share(1000 * answer.sticky_s)
    if missed > 0.01:
        return Verdict(
            WORKING,
            f"just after {answer.sticky_s:g} s {missed:.1%} still miss their write; go longer",
        )
    if answer.missed_share(1000 * max(answer.sticky_s - 2, 0)) <= 0.01:
        return Verdict(WORKING, f"{answer.sticky_s:g} s is enough, and less would be; go shorter")
    return Verdict(
        RIGHT,
        "a sticky route has to outlast the longest delay, not the usual one. Who wants less "
        "has to carry the write along, in a cookie say.",
    )


@exercise("set a share, for instance -0.05 for 5 % too early", number, -1, 1)
def first_passage(answer: float) -> Verdict:
    """Notebook 06, exercise 3: how far a search that stops at its first success falls short.

    Parameters
    ----------
    answer : float or None
        Median of the searches over the converged t, less 1; right within three points.
    """
    store = Quorum()
    converged = store.t_visibility((0.999,), 4_000_000)["t_ms"].iloc[0]
    true = store.first_passage()["t_ms"].median() / converged - 1
    if abs(answer - true) <= 0.03:
        return Verdict(
            RIGHT,
            "every step is another chance to pass by luck, and luck ends the search. The "
            "published t column was made this way; its latencies were not.",
        )
    if abs(answer + true) <= 0.03:
        return Verdict(WORKING, "the size is right; is the search too early, or too late?")
    return Verdict(
        WORKING,
        f"{answer:+.1%} is not it; divide the median of searches by the converged t and take "
        "1 away",
    )
