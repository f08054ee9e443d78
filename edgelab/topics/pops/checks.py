"""The checks of notebook 03, how many PoPs."""

from __future__ import annotations

import numpy as np

from edgelab.core.allowed import number, whole
from edgelab.core.constants import value
from edgelab.core.words import counted, percent
from edgelab.stage.verdict import RIGHT, WORKING, Verdict, as_given, exercise, guess
from edgelab.topics.pops.growth import ORDERS, VIEWERS, operators
from edgelab.topics.pops.model import Placement

__all__ = ["enough_guess", "few_pops", "idle_pops", "least_share"]

#: Most that everyone's p99 may be in exercise 2, and the mean of the four places abroad in 3.
AIM_MS, ABROAD_MS = 28.0, 22.0
ABOUT = Placement.knobs()["nearest_share"]
#: Of the third exercise.
GIVEN = {"nearest_share": value("anycast_nearest_share")}


@guess(
    unit="PoPs",
    upto=337,
    within=1.5,
    because="What is left of a request then is mostly the last mile, which no PoP shortens.",
    ask="How many cities hold most of the 28 million?",
)
def enough_guess() -> tuple[float, str]:
    """Look back at notebook 03's prediction: how few PoPs do as well as all 337."""
    enough = Placement(order=VIEWERS).enough()
    return enough, f"{enough} PoPs do, chosen for these viewers, if all of them reach their nearest"


@exercise("set how many of the operator's PoPs save nothing", whole, 0, operators())
def idle_pops(answer: int) -> Verdict:
    """Notebook 03, exercise 1: PoPs of the operator's that save these viewers nothing.

    Parameters
    ----------
    answer : int or None
        How many of PoPs 2 to 337, in the world's order; right within 1.
    """
    gains = Placement().gains().query(f"pops <= {operators()}")
    idle = int((gains["saved_viewers"] == 0).sum())
    if abs(answer - idle) <= 1:
        return Verdict(
            RIGHT,
            "the operator's PoPs stand where all of its customers' viewers live. Yours live "
            "near few of them.",
        )
    if abs(answer - (len(gains) - idle)) <= 1:
        return Verdict(WORKING, f"{answer:g} is how many save something; the others are asked")
    return Verdict(
        WORKING,
        f"{answer:g} is too {'many' if answer > idle else 'few'}; count the rows up to PoP "
        f"{operators()} in which saved_viewers is 0",
    )


@exercise("set a share, for instance 0.9 for 90 %", number, ABOUT.low, 100)
def least_share(answer: float) -> Verdict:
    """Notebook 03, exercise 2: the least share at the nearest that keeps the p99 under 28 ms.

    Parameters
    ----------
    answer : float or None
        A share in steps of 0.05, for 312 PoPs in the world's order.
    """
    if answer > ABOUT.high:
        return Verdict(
            WORKING, f"{answer:g} is {percent(answer)}; {answer:g} % is {answer / 100:g}"
        )
    if abs(20 * answer - round(20 * answer)) > 1e-6:
        return Verdict(WORKING, f"{answer:g} lies between two steps of 0.05")
    here, less = (
        Placement(nearest_share=max(share, ABOUT.low)).latency().loc["everyone", "p99_ms"]
        for share in (answer, answer - 0.05)
    )
    if here >= AIM_MS:
        return Verdict(
            WORKING,
            f"at {percent(answer)} everyone's p99 is {here:.1f} ms, and that is too much; more "
            "have to reach their nearest",
        )
    if less < AIM_MS:
        return Verdict(
            WORKING, f"at {percent(answer)} it is {here:.1f} ms, and 5 points less still keep it"
        )
    return Verdict(
        RIGHT,
        "with many PoPs the second nearest is a good one too: anycast may miss often.",
    )


@exercise("set a placement: plan.replace(...)", as_given, Placement, GIVEN, "pops", "order")
def few_pops(answer: Placement) -> Verdict:
    """Notebook 03, exercise 3: fewest PoPs for those abroad, with the anycast of 2015.

    Parameters
    ----------
    answer : Placement or None
        With 55 % at their nearest; its number of PoPs and their order are asked.
    """
    mean = _abroad(answer.order)[answer.pops - 1]
    if mean >= ABROAD_MS:
        return Verdict(
            WORKING,
            f"from {counted(answer.pops, 'PoP')} they wait {mean:.1f} ms on the mean; it has to "
            f"be under {ABROAD_MS:g}",
        )
    if answer.pops > _fewest(answer.order):
        return Verdict(WORKING, f"{mean:.1f} ms from {counted(answer.pops, 'PoP')}; fewer would do")
    if answer.pops > min(map(_fewest, ORDERS)):
        return Verdict(WORKING, "no fewer in this order; in another one fewer would do")
    return Verdict(
        RIGHT,
        "an order made for the viewers' mean needs far fewer PoPs than any other, and none of 20 "
        "random ones needs so few. For their p99 under 60 ms, about 10 of the 20 random need "
        "no more PoPs than the viewers' order.",
    )


def _abroad(order: str) -> np.ndarray:
    """Mean of the four places abroad with 1, 2, ... PoPs and the anycast of 2015."""
    plan = Placement(order=order, nearest_share=value("anycast_nearest_share"))
    return plan.curves(["diaspora"])["mean_ms"].to_numpy()


def _fewest(order: str) -> int:
    return int(np.argmax(_abroad(order) < ABROAD_MS)) + 1
