"""The checks of notebook 02, the request chain."""

from __future__ import annotations

from edgelab.core.allowed import instance, number, whole
from edgelab.stage.verdict import RIGHT, WORKING, Verdict, exercise, guess
from edgelab.topics.chain.links import COLD, LINKS, NOWHERE, TLS_12, WARM
from edgelab.topics.chain.model import RequestChain

__all__ = ["cold_as_warm", "cutover_ttl", "fetch_guess", "trips_home"]

#: Exercise 2: seconds between the move and the first ball.
BEGINS_S = 42 * 60


@guess(
    "longer",
    "about as long",
    "less than half as long",
    because="The answer still crosses the ocean, but the handshakes no longer do.",
    ask="How often does a first request cross the ocean, and what for?",
    commit="choose and commit above, before you move a link; then run this cell again",
)
def fetch_guess() -> tuple[int, str]:
    """Look back at notebook 02's prediction: a PoP that fetches, against Mumbai alone."""
    alone, fetched = (RequestChain().move(count).total_ms() for count in (0, 4))
    return int(fetched < 1.1 * alone) + int(
        fetched < 0.5 * alone
    ), f"it is {alone:.0f} ms from Mumbai alone, {fetched:.0f} ms by the PoP"


@exercise("set a number of round trips", whole, 0, 100)
def trips_home(answer: int) -> Verdict:
    """Notebook 02, exercise 1: round trips to Mumbai of an old-fashioned first request.

    Parameters
    ----------
    answer : int or None
        A whole number.
    """
    chain = RequestChain(place="London", tls=TLS_12, dns_answer=NOWHERE)
    links = chain.waterfall()["mumbai_trips"]
    if answer == links.sum():
        return Verdict(
            RIGHT,
            "only one of them carries the request; the others introduce the two to each other.",
        )
    if answer == links.sum() + 1:
        return Verdict(WORKING, "one too many: the resolver stands in London")
    few = "few" if answer < links.sum() else "many"
    return Verdict(
        WORKING, f"{answer:g} is too {few}; add up the column mumbai_trips, link by link"
    )


@exercise("set a TTL in seconds", number, 30, 172_800)
def cutover_ttl(answer: float) -> Verdict:
    """Notebook 02, exercise 2: the longest TTL that has moved 99 of 100 viewers in time.

    Parameters
    ----------
    answer : float or None
        Seconds; right within 1 %.
    """
    left, longer = (max(1 - BEGINS_S / ttl, 0) for ttl in (answer, answer * 1.01))
    if left > 0.01 + 1e-9:
        return Verdict(
            WORKING, f"when the match begins, {left:.1%} of the resolvers hold the old address"
        )
    if longer <= 0.01:
        return Verdict(WORKING, f"with {answer:g} s there is time to spare; a longer TTL would do")
    return Verdict(
        RIGHT,
        "the p99 moves last, almost a whole TTL after the record. And the short TTL has to "
        "be set one old TTL before the move: resolvers keep what they have.",
    )


@exercise("set a chain: RequestChain(place='London', ...).move(4)", instance, RequestChain)
def cold_as_warm(answer: RequestChain) -> Verdict:
    """Notebook 02, exercise 3: a new connection that is as quick as an open one.

    Parameters
    ----------
    answer : RequestChain or None
        From London, with HTTP in Mumbai and the other links at the PoP.
    """
    if answer.place != "London" or answer.moved != len(LINKS) - 1:
        return Verdict(
            WORKING, "the exercise gives London, with HTTP in Mumbai and the others at the PoP"
        )
    if answer.connection != COLD:
        return Verdict(WORKING, "that connection is open already; the answer is a new one")
    given = RequestChain(place="London").move(answer.moved)
    free = {"tls", "http", "dns_answer"}
    other = [name for name in answer.turned if name not in free | set(given.turned)]
    if other:
        return Verdict(WORKING, f"{', '.join(other)}: leave these as they are")
    late = answer.total_ms() - answer.replace(connection=WARM).total_ms()
    if late > 0.01:
        taken = answer.waterfall()["ms"]
        slow = [link for link in ("DNS", "TCP", "TLS") if taken[link]]
        return Verdict(
            WORKING, f"{late:.1f} ms behind an open one: {' and '.join(slow)} still take time"
        )
    return Verdict(
        RIGHT,
        "what both sides remember of each other replaces every handshake. The price: early "
        "data can be replayed (RFC 8446, section 8), so it is for requests that may arrive "
        "twice.",
    )
