"""The checks of notebook 04, tenants' functions in a PoP."""

from __future__ import annotations

from edgelab.core.allowed import number, whole
from edgelab.core.words import counted
from edgelab.stage.verdict import RIGHT, WORKING, Verdict, as_given, exercise, guess
from edgelab.topics.runtimes.model import WarmPool

__all__ = ["cold_per_second", "half_guess", "memory_enough", "quiet_platform"]

#: Its pool: exactly half of the tenants fit as isolates.
HALF = {"tenants": 40_000, "pop_memory_gb": 60.0}
CROWDED = {"tenants": 100_000}
QUIET = {"requests_per_s": 10_000.0}
#: A p99 does not see what fewer requests than this do.
UNSEEN = 0.01
MEMORY = WarmPool.knobs()["pop_memory_gb"]


def _cold(pool: WarmPool) -> float:
    """Share of the requests that start cold in the primitive that is chosen."""
    return float(pool.density().loc[pool.primitive, "cold_share"])


@guess(
    unit="%",
    upto=100,
    within=1.25,
    because="What fits is not any half of the tenants: it is the half that was asked for last, "
    "and that one gets most of the requests.",
    ask="If a PoP kept the most popular half, it would be 6.2 %. It keeps the half used last: "
    "why is that worse?",
)
def half_guess() -> tuple[float, str]:
    """Look back at notebook 04's prediction: cold starts where half of the isolates fit."""
    cold = 100 * _cold(WarmPool(**HALF))
    return cold, f"in the model {cold:.1f} % of the requests start cold"


@exercise("set a number of requests a second", number, 0, WarmPool(**CROWDED).requests_per_s)
def cold_per_second(answer: float) -> Verdict:
    """Notebook 04, exercise 1: cold starts a second in one PoP, with 100,000 tenants' isolates.

    Parameters
    ----------
    answer : float or None
        Requests a second; right within 3 %.
    """
    pool = WarmPool(**CROWDED)
    true = pool.per_pop * _cold(pool)
    if abs(answer / true - 1) <= 0.03:
        return Verdict(
            RIGHT,
            "each of them is 5 ms for a viewer and CPU for the PoP: at that rate they keep "
            "several cores busy with nothing but starting.",
        )
    if 0 < answer <= 1:
        return Verdict(WORKING, "that looks like a share; of how many requests a second?")
    if abs(answer / (true * pool.pops) - 1) <= 0.03:
        return Verdict(WORKING, "that is all PoPs together; how many are there in one?")
    return Verdict(
        WORKING,
        f"{answer:,.0f} is too {'many' if answer > true else 'few'}; take cold_share in the "
        "row “isolate”, and the requests that one PoP gets",
    )


@exercise("set a memory in whole GB, for instance 200", whole, MEMORY.low, MEMORY.high)
def memory_enough(answer: int) -> Verdict:
    """Notebook 04, exercise 2: least memory at which the p99 of 100,000 isolates pays no start.

    Parameters
    ----------
    answer : int or None
        Whole GB.
    """
    pool = WarmPool(**CROWDED, pop_memory_gb=answer)
    cold = _cold(pool)
    if cold > UNSEEN:
        fit = pool.density().loc["isolate", "fit"]
        return Verdict(
            WORKING,
            f"with {answer:g} GB {counted(fit, 'tenant')} fit and {100 * cold:.2f} % of the "
            "requests start cold; the p99 still pays a start",
        )
    if answer > MEMORY.low and _cold(pool.replace(pop_memory_gb=answer - 1)) <= UNSEEN:
        return Verdict(
            WORKING, f"with {answer:g} GB only {100 * cold:.2f} % start cold; less would do"
        )
    return Verdict(
        RIGHT,
        "nearly all of them have to fit: with Zipf's law the many rare tenants together still "
        "ask often enough to be seen.",
    )


@exercise(
    "set a pool: el.WarmPool(requests_per_s=..., pops=...)", as_given, WarmPool, QUIET, "pops"
)
def quiet_platform(answer: WarmPool) -> Verdict:
    """Notebook 04, exercise 3: most PoPs at which a quiet platform's p99 pays no start.

    Parameters
    ----------
    answer : WarmPool or None
        A pool with 10,000 requests a second, else at its defaults.
    """
    cold, pops = _cold(answer), counted(answer.pops, "PoP")
    if cold > UNSEEN:
        return Verdict(
            WORKING,
            f"with {pops} {100 * cold:.3f} % of the requests start cold; each PoP gets too few",
        )
    if answer.pops < 500 and _cold(answer.replace(pops=answer.pops + 1)) <= UNSEEN:
        return Verdict(
            WORKING,
            f"with {pops} {100 * cold:.2f} % of the requests start cold, and the p99 pays no "
            "start; it can spread over more",
        )
    return Verdict(
        RIGHT,
        "every PoP more is one more place where a rare tenant is forgotten before it is asked "
        "for again: nearer and colder.",
    )
