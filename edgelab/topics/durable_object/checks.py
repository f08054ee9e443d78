"""The checks of notebook 08, durable objects."""

from __future__ import annotations

from edgelab.core.allowed import number
from edgelab.stage.verdict import RIGHT, WORKING, Verdict, as_given, exercise, guess
from edgelab.topics.durable_object.model import CONFIRMED, DurableObject

__all__ = ["busiest_object", "compromise", "home_for_india", "lock_guess"]

#: What a compromise may turn.
FREE = ("home", "followers", "followers_at", "acknowledge")


@guess(
    unit="times a second",
    upto=1000,
    within=1.5,
    because="Every turn waits until half of the world has answered, and the world is as wide as "
    "it is.",
    ask="What does each turn wait for?",
)
def lock_guess() -> tuple[float, str]:
    """Look back at notebook 08's prediction: how often a lock over 312 PoPs changes hands."""
    turns = DurableObject().quorum()["turns_per_s"].iloc[-1]
    return turns, f"the model says {turns:.1f} times a second"


@exercise("set the difference, in milliseconds", number, -400, 400)
def home_for_india(answer: float) -> Verdict:
    """Notebook 08, exercise 1: what the best p99 of India's round trips gains over Mumbai's.

    Parameters
    ----------
    answer : float or None
        Milliseconds; right within 0.6, as what the panel prints without decimals is.
    """
    india, everyone = (DurableObject(audience=who) for who in ("India", "everyone"))
    gain, all_gain, cost = (
        abs(thing.homes().loc["Mumbai", f"{what}_ms"] - thing.homes().loc[best, f"{what}_ms"])
        for thing, what, best in (
            *((india, "p99", india.best_home("p99")), (everyone, "p99", everyone.best_home("p99"))),
            (india, "mean", india.best_home("p99")),
        )
    )
    if abs(answer - gain) <= 0.6:
        return Verdict(
            RIGHT,
            "hardly anything, and the mean moves as little: where nobody lives across an ocean, "
            "the homes that are best for the mean and for the p99 are neighbours.",
        )
    if abs(answer + gain) <= 0.6:
        return Verdict(WORKING, "the size is right; the question is by how much it is shorter")
    if abs(answer - all_gain) <= 1:
        return Verdict(WORKING, "that is for everyone; the Bay Area does not watch here")
    if abs(answer - cost) <= 0.6:
        return Verdict(WORKING, "that is what the mean loses; the question is the p99")
    return Verdict(
        WORKING,
        f"{answer:.3g} ms is too {'much' if answer > gain else 'little'}; subtract p99_ms in two "
        "rows of india.homes(), Mumbai's and the least",
    )


@exercise("set a rate, for instance 400", number, 0.1, 1e6)
def busiest_object(answer: float) -> Verdict:
    """Notebook 08, exercise 2: most requests a second with Mumbai's read p99 within 20 ms.

    Parameters
    ----------
    answer : float or None
        Requests a second; right within 10 of the largest.
    """
    here, more = (
        DurableObject(requests_per_s=min(rate, 1e6)).latency().loc["Mumbai", "read_p99_ms"]
        for rate in (float(answer), float(answer) + 10)
    )
    if here > 20:
        shown = f"{here:.2f} ms" if here < 1e6 else "infinite: the queue never empties"
        return Verdict(
            WORKING,
            f"at {answer:,.0f} a second Mumbai's read p99 is {shown}; go "
            "lower: the answer is a multiple of ten",
        )
    if more <= 20:
        return Verdict(
            WORKING,
            f"at {answer:,.0f} a second it is {here:.1f} ms, and ten more still keep it within "
            "20; go higher",
        )
    return Verdict(
        RIGHT,
        "the object is not full, and yet the wait is already several times the service time: "
        "one thing at a time needs idle time in between.",
    )


@exercise("set an object: match.replace(...)", as_given, DurableObject, {}, *FREE)
def compromise(answer: DurableObject) -> Verdict:
    """Notebook 08, exercise 3: a home within reach of India and of the Bay Area that loses nothing.

    Parameters
    ----------
    answer : DurableObject or None
        With the live match's load.
    """
    p99 = answer.latency()["read_p99_ms"]
    for place, limit in (("Bay Area", 200), ("India", 100)):
        if p99[place] > limit:
            return Verdict(
                WORKING,
                f"from {answer.home} 99 of 100 reads from {place} take up to "
                f"{p99[place]:.0f} ms; at most {limit} are allowed",
            )
    if not answer.followers or answer.acknowledge != CONFIRMED:
        return Verdict(
            WORKING, "the home stands well, but what is lost of the acknowledged if it dies?"
        )
    around = answer.sites().query("role == 'follower'")["rtt_ms"].max()
    if around < 100:
        return Verdict(
            WORKING,
            "nothing is lost if the home dies; what if all PoPs near it fail together? Put a "
            "follower far away, 100 ms or more",
        )
    if answer.safe_ms > 65:
        return Verdict(
            WORKING,
            f"a write waits {answer.safe_ms:.0f} ms for its copies; at most 65 are allowed. "
            "Which follower does it wait for?",
        )
    return Verdict(
        RIGHT,
        "neither the nearest nor the fairest home, and far copies that a write need not wait "
        "for: it waits for the half that answers first.",
    )
