"""The checks of notebook 02, the request chain."""

from __future__ import annotations

from edgelab.core.allowed import number, whole
from edgelab.stage.verdict import RIGHT, WORKING, Verdict, exercise, guess
from edgelab.topics.chain.links import NOWHERE, TLS_12, WARM, RoundTrips
from edgelab.topics.chain.model import RequestChain

__all__ = ["cutover_ttl", "far_pop", "fetch_guess", "trips_home"]

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
            WORKING,
            f"when the match begins, {100 * left:.2f} % of the resolvers hold the old address",
        )
    if longer <= 0.01:
        if abs(60 * answer / BEGINS_S - 1) <= 0.03:
            return Verdict(WORKING, f"{answer:g} are seconds here; did you count minutes?")
        return Verdict(WORKING, f"with {answer:g} s there is time to spare; a longer TTL would do")
    return Verdict(
        RIGHT,
        "the p99 moves last, almost a whole TTL after the record. And the short TTL has to "
        "be set one old TTL before the move: resolvers keep what they have.",
    )


@exercise("set a round trip in whole ms", whole, 0, 1000)
def far_pop(answer: int) -> Verdict:
    """Notebook 02, exercise 3: how far away a PoP that fetches may be for a first request.

    Parameters
    ----------
    answer : int or None
        Whole milliseconds between exchange and PoP.
    """
    cold, open_ = _behind(answer), _behind(answer, connection=WARM)
    if cold > 0:
        return Verdict(
            WORKING, f"with {answer} ms a first request is {cold:.0f} ms late; go nearer"
        )
    if _behind(answer + 1) <= 0:
        only = "; an open connection has no handshake to save" if open_ <= 0 else ""
        return Verdict(
            WORKING,
            f"with {answer} ms a first request wins by {-cold:.0f} ms; it may stand further away"
            f"{only}",
        )
    return Verdict(
        RIGHT,
        "a first request goes to the PoP three times and on to Mumbai once, where it would have "
        "gone to Mumbai three times: so it saves two ways there and pays three to the PoP.",
    )


def _behind(pop_ms: float, **knobs: str) -> float:
    """By how many ms a fetch by the PoP of exercise 3 is later than Mumbai alone."""
    trips = RoundTrips(last_mile_ms=5, pop_ms=pop_ms, home_ms=20, pop_home_ms=18)
    home = RequestChain(trips=trips, **knobs)
    return home.move(4).total_ms() - home.total_ms()
