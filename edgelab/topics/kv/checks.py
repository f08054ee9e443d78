"""The checks of notebook 06, KV consistency."""

from __future__ import annotations

from edgelab.core.allowed import instance, number
from edgelab.core.words import percent
from edgelab.stage.verdict import RIGHT, WORKING, Verdict, exercise, guess
from edgelab.topics.kv.model import EdgeKV
from edgelab.topics.kv.quorum import Quorum

__all__ = ["lost_guess", "missed_own_write", "quorum_for_likes", "sticky_enough"]

#: What exercise 3 allows, at the 99.9th percentile.
QUICK_MS = {"read": 250, "write": 50}


@guess(
    unit="%",
    upto=100,
    within=1.25,
    because="A write that is made before the last one has come overwrites it, and ten a second "
    "leave little time.",
    ask="How many writes are made while one is still on its way?",
)
def lost_guess() -> tuple[float, str]:
    """Look back at notebook 06's prediction: increments lost at ten writes a second."""
    lost = EdgeKV().lost_updates((10,))["lww_lost_share"].iloc[0]
    return 100 * lost, f"the model loses {100 * lost:.0f} %"


@exercise("set a share, for instance 0.25 for 25 %", number, 0, 100, allowed="a share from 0 to 1")
def missed_own_write(answer: float) -> Verdict:
    """Notebook 06, exercise 1: reads on another continent 200 ms after the write that miss it.

    Parameters
    ----------
    answer : float or None
        A share between 0 and 1; right within one percentage point.
    """
    true, all_of_them = (EdgeKV(**m).missed_share(200.0) for m in ({"roaming_share": 1.0}, {}))
    if abs(answer - true) <= 0.01:
        return Verdict(
            RIGHT,
            "nearly all who still miss it went to another continent: on their own one the "
            "write has long been there. Few go so far, and the usual figure hides them.",
        )
    if answer > 1:
        return Verdict(WORKING, "that looks like percent; which share is that, from 0 to 1?")
    if answer == 0:
        return Verdict(WORKING, "that is with the sticky route; take the column without it")
    if abs(answer - all_of_them) <= 0.002:
        return Verdict(WORKING, "that is of all who change PoP; few of them cross an ocean")
    return Verdict(
        WORKING,
        f"{percent(answer, 3)} is too {'many' if answer > true else 'few'}; start from "
        "missed_share at 200 ms, and ask of how many users it is a share",
    )


@exercise("set a store: vercel.replace(sticky_s=...)", instance, EdgeKV)
def sticky_enough(answer: EdgeKV) -> Verdict:
    """Notebook 06, exercise 2: the shortest sticky route that is enough for a store of seconds.

    Parameters
    ----------
    answer : EdgeKV or None
        Vercel's setting with a sticky route; right if at most 1 % miss their write after it,
        and a tenth of a second less would not do.
    """
    given = EdgeKV.of("Vercel Edge Config")
    if answer.replace(sticky_s=given.sticky_s) != given:
        return Verdict(WORKING, "turn sticky_s of `vercel` and nothing else")
    missed = answer.missed_share(1000 * answer.sticky_s)
    if missed > 0.01:
        return Verdict(
            WORKING,
            f"just after {answer.sticky_s:g} s too many still miss their write; see "
            "vercel.handoff().query('missed_share < 0.02')",
        )
    if answer.missed_share(1000 * max(answer.sticky_s - 0.1, 0)) <= 0.01:
        more = ""
        if abs(1000 * answer.sticky_s - given.seen_ms()) < 100:
            more = ": that is when 99 of 100 PoPs show a write, and most users change PoP near by"
        return Verdict(
            WORKING, f"{answer.sticky_s:g} s is enough, and less would be; go shorter{more}"
        )
    return Verdict(
        RIGHT,
        "a sticky route has to outlast the longest delay of your users, not the usual one. Who "
        "wants less has to carry the write along, in a cookie say.",
    )


@exercise("set a store: el.Quorum(network=..., r=..., w=...)", instance, Quorum)
def quorum_for_likes(answer: Quorum) -> Verdict:
    """Notebook 06, exercise 3: R and W without a stale read, and with quick writes.

    Parameters
    ----------
    answer : Quorum or None
        Three replicas on the network YMMR; reads within 250 ms, writes within 50, at the 99.9th
        percentile.
    """
    if answer.replace(r=1, w=1) != Quorum(network="YMMR", r=1, w=1):
        return Verdict(WORKING, "take the network YMMR with three replicas, and turn R and W only")
    stale = 1 - answer.seen_share(0.0)
    if stale > 0:
        return Verdict(WORKING, f"right after the commit {percent(stale)} of the reads are stale")
    for what, most_ms in QUICK_MS.items():
        ms = answer.latencies().loc[what, "p999_ms"]
        if ms > most_ms:
            return Verdict(
                WORKING,
                f"no read is stale, but one {what} in a thousand takes over {ms:,.0f} ms; at most "
                f"{most_ms} are allowed. Which of R and W makes it wait?",
            )
    return Verdict(
        RIGHT,
        "who writes often lets the readers wait for all replicas. The price besides: a write is "
        "on few machines when it is confirmed, and one that is down stops every read.",
    )
