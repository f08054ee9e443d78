"""The checks of notebook 03, how many PoPs."""

from __future__ import annotations

import numpy as np

from edgelab.allowed import instance, number, one_of, whole
from edgelab.check.verdict import COMMIT, RIGHT, WORKING, Verdict, judged
from edgelab.constants import value
from edgelab.models.growth import CHANCE, ORDERS, VIEWERS, operators
from edgelab.models.placement import Placement
from edgelab.words import counted

__all__ = ["ENOUGH_CHOICES", "aim", "enough_guess", "few_pops", "idle_pops"]

#: The choices of notebook 03's prediction.
ENOUGH_CHOICES = ("about 20", "about 80", "about 200")
#: Most that everyone's p99 may be in exercise 2, and that of the four places abroad in exercise 3.
AIM_MS, ABROAD_MS = 28.0, 60.0


def enough_guess(choice: str | None) -> Verdict:
    """Look back at notebook 03's prediction: how few PoPs do as well as all 337.

    Parameters
    ----------
    choice : str or None
        One of `ENOUGH_CHOICES`.
    """

    def judge(choice: str) -> Verdict:
        enough = Placement(order=VIEWERS).enough()
        sizes = [float(words.rpartition(" ")[2]) for words in ENOUGH_CHOICES]
        happened = ENOUGH_CHOICES[int(np.abs(np.log(np.array(sizes) / enough)).argmin())]
        seen = f"{enough} PoPs do, chosen for these viewers, if all of them reach their nearest"
        if choice == happened:
            return Verdict(
                RIGHT,
                f"{seen}. What is left of a request then is mostly the last mile, which no PoP "
                "shortens.",
            )
        return Verdict(
            WORKING,
            f"not what happened: you said “{choice}”, and {seen}. How many cities hold most of "
            "the 28 million?",
        )

    return judged(choice, COMMIT, judge, one_of, ENOUGH_CHOICES)


def idle_pops(answer: int | None) -> Verdict:
    """Notebook 03, exercise 1: PoPs of the operator's that save these viewers nothing.

    Parameters
    ----------
    answer : int or None
        How many of PoPs 2 to 337, in the world's order; right within 1.
    """

    def judge(answer: int) -> Verdict:
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

    return judged(
        answer, "set how many of the operator's PoPs save nothing", judge, whole, 0, operators()
    )


def aim(answer: float | None) -> Verdict:
    """Notebook 03, exercise 2: the least share at the nearest that keeps the p99 under 28 ms.

    Parameters
    ----------
    answer : float or None
        A share in steps of 0.05, for 312 PoPs in the world's order.
    """
    about = Placement.knobs()["nearest_share"]

    def judge(answer: float) -> Verdict:
        here, less = (
            Placement(nearest_share=max(share, about.low)).latency().loc["everyone", "p99_ms"]
            for share in (answer, answer - 0.05)
        )
        if here >= AIM_MS:
            return Verdict(WORKING, f"at {answer:.0%} everyone's p99 is {here:.1f} ms; aim better")
        if less < AIM_MS:
            return Verdict(
                WORKING, f"at {answer:.0%} it is {here:.1f} ms, and 5 points less still keep it"
            )
        return Verdict(
            RIGHT,
            "with many PoPs the second nearest is a good one too: anycast may miss often.",
        )

    return judged(
        answer, "set a share, for instance 0.9 for 90 %", judge, number, about.low, about.high
    )


def few_pops(answer: Placement | None) -> Verdict:
    """Notebook 03, exercise 3: fewest PoPs for those abroad, with the anycast of 2015.

    Parameters
    ----------
    answer : Placement or None
        With 55 % at their nearest; its number of PoPs and their order are asked.
    """

    def judge(answer: Placement) -> Verdict:
        share = value("anycast_nearest_share")
        if answer.nearest_share != share:
            return Verdict(
                WORKING, f"nearest_share is {answer.nearest_share:g}; the exercise gives {share:g}"
            )
        other = sorted(set(answer.turned) - {"pops", "order", "nearest_share"})
        if other:
            return Verdict(WORKING, f"{', '.join(other)}: leave these as they are")
        if answer.order == CHANCE:
            return Verdict(WORKING, "chance is no plan; try an order that follows the viewers")
        p99 = _abroad(answer.order)
        if p99[answer.pops - 1] >= ABROAD_MS:
            return Verdict(
                WORKING,
                f"from {counted(answer.pops, 'PoP')} their p99 is {p99[answer.pops - 1]:.0f} ms; "
                f"it has to be under {ABROAD_MS:g}",
            )
        if answer.pops > _fewest(answer.order):
            return Verdict(
                WORKING,
                f"{p99[answer.pops - 1]:.0f} ms from {counted(answer.pops, 'PoP')}; fewer would do",
            )
        if answer.pops > min(_fewest(order) for order in ORDERS if order != CHANCE):
            return Verdict(WORKING, "no fewer in this order; in another one fewer would do")
        return Verdict(
            RIGHT,
            "an order that knows the viewers saves PoPs, and yet it takes many: whoever misses "
            "the nearest needs good neighbours too.",
        )

    return judged(answer, "set a placement: plan.replace(...)", judge, instance, Placement)


def _abroad(order: str) -> np.ndarray:
    """p99 of the four places abroad with 1, 2, ... PoPs and the anycast of 2015."""
    plan = Placement(order=order, nearest_share=value("anycast_nearest_share"))
    return plan.curves(["diaspora"])["p99_ms"].to_numpy()


def _fewest(order: str) -> int:
    return int(np.argmax(_abroad(order) < ABROAD_MS)) + 1
