"""The checks of notebook 07, rate limiting."""

from __future__ import annotations

from edgelab.core.allowed import number
from edgelab.stage.verdict import RIGHT, WORKING, Verdict, as_given, exercise, guess
from edgelab.topics.rate_limit.limiters import COUNTERS, KV, OBJECT
from edgelab.topics.rate_limit.model import RateLimit

__all__ = ["few_percent", "leak_guess", "safe_limiter", "shared_address"]

#: What each exercise gives.
CALM = {"rate_per_s": 50.0}
SLOW = {"pops": 10, "rate_per_s": 20.0}
FAST = {"pops": 312, "rate_per_s": 1000.0}


def _through(**knobs) -> float:
    model = RateLimit(**knobs)
    return model.designs().loc[model.design, "through"]


@guess(
    "a few percent too many",
    "about 5 times the limit",
    "about 10 times the limit",
    "about 17 times: all of it",
    because="While a write is under way, each PoP spends tokens that another has spent already.",
    ask="How many requests come in while one write is under way?",
)
def leak_guess() -> tuple[int, str]:
    """Look back at notebook 07's prediction: ten PoPs, one bucket in KV, 250 ms late."""
    times = _through(design=KV)
    which = sum(times > least for least in (2, 7, 13))
    return which, f"the model lets {times:.3g} times the limit through"


@exercise("set a share, for instance 0.5", number, 0, 100, allowed="a number from 0 to 1, a share")
def shared_address(answer: float) -> Verdict:
    """Notebook 07, exercise 1: how often one exact bucket refuses an innocent user.

    Parameters
    ----------
    answer : float or None
        A share from 0 to 1; right within 0.025, as what the panel prints and a count of the tokens
        are.
    """
    if answer > 1:
        return Verdict(WORKING, "that looks like percent; which share is that, from 0 to 1?")
    row, fast = (RateLimit(**knobs).designs().loc[OBJECT] for knobs in (CALM, {}))
    if abs(answer - row["refused_own"]) <= 0.01:
        return Verdict(
            WORKING, "that is a user with a key of her own; this one shares the attacker's"
        )
    if abs(answer - row["refused_shared"]) <= 0.025:
        return Verdict(
            RIGHT,
            "the tokens are shared by all who ask: the more the attacker asks, the less is left "
            "for the owner. An exact count does not mend a badly chosen key.",
        )
    if abs(answer - fast["refused_shared"]) <= 0.025:
        return Verdict(WORKING, "that is at 200 a second; here the attacker sends 50")
    if abs(answer - (1 - row["refused_shared"])) <= 0.025:
        return Verdict(WORKING, "that share gets through; which one is refused?")
    return Verdict(
        WORKING,
        "not that one: b + r t tokens for all requests of the minute, the owner's too; or read "
        "the panel's sentence for the Durable Object",
    )


@exercise("set a delay in ms", number, high=60_000, above=0)
def few_percent(answer: float) -> Verdict:
    """Notebook 07, exercise 2: the longest delay that keeps the leak to a tenth.

    Parameters
    ----------
    answer : float or None
        Milliseconds, for 10 PoPs and 20 requests a second; right if the leak is at most 10 %
        there, and more at a delay half as long again.
    """
    if answer < 1:
        return Verdict(WORKING, "that looks like seconds, or too short for the slider; in ms?")
    here, longer = (
        _through(design=KV, kv_delay_ms=min(ms, 60_000.0), **SLOW) for ms in (answer, 1.5 * answer)
    )
    if here > 1.1:
        return Verdict(
            WORKING, f"at {answer:g} ms it is {100 * (here - 1):.0f} % too many; go lower"
        )
    if longer <= 1.1:
        return Verdict(
            WORKING,
            f"at {answer:g} ms it is {100 * (here - 1):.1f} %, and half as much delay again "
            "still keeps it under 10 %; go higher",
        )
    return Verdict(
        RIGHT,
        f"{100 * (here - 1):.1f} % too many, at {SLOW['rate_per_s'] * answer / 1000:.2g} requests "
        "in each delay: a few percent leak while this number is far below one. No store in the "
        "world is that quick.",
    )


@exercise(
    "set a RateLimit: attack.replace(...)", as_given, RateLimit, FAST, "design", "kv_delay_ms"
)
def safe_limiter(answer: RateLimit) -> Verdict:
    """Notebook 07, exercise 3: nearly exact, and nobody waits.

    Parameters
    ----------
    answer : RateLimit or None
        With 312 PoPs and 1,000 requests a second.
    """
    if answer.kv_delay_ms < 50:
        return Verdict(
            WORKING,
            f"{answer.kv_delay_ms:g} ms is below the 50 ms of the exercise: light in fibre takes "
            "longer around the world",
        )
    row = answer.designs().loc[answer.design]
    if row["wait_ms"] >= 10:
        return Verdict(WORKING, f"a decision takes {row['wait_ms']:.0f} ms; that is too long")
    if row["through"] > 1.05:
        over = 100 * (row["through"] - 1)
        hint = "; let its PoPs hear of each other sooner" if answer.design == COUNTERS else ""
        return Verdict(WORKING, f"{over:,.0f} % too many get through{hint}")
    return Verdict(
        RIGHT,
        "what each PoP has spent is added up and never overwritten, so that only the requests "
        "of about one delay leak, and they are paid back.",
    )
