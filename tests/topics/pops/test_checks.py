"""The checks of notebook 03: three states, and the answer is never given away."""

import numpy as np
import pytest

from edgelab import check
from edgelab.topics.pops import checks as pops
from edgelab.topics.pops.model import Placement

SENT = Placement(nearest_share=0.55)
BEST = SENT.replace(order="viewers", pops=pops._fewest("viewers"))
IDLE = int((Placement().gains().query("pops <= 337")["saved_viewers"] == 0).sum())


@pytest.mark.parametrize(
    ("judge", "answer", "state"),
    [
        (check.enough_guess, None, check.UNANSWERED),
        (check.enough_guess, "about 5", check.WORKING),
        (check.enough_guess, 80, check.MISSED),
        (check.enough_guess, 200, check.MISSED),
        (check.enough_guess, 20, check.RIGHT),
        (check.idle_pops, None, check.UNANSWERED),
        (check.idle_pops, "most", check.WORKING),
        (check.idle_pops, np.nan, check.WORKING),
        (check.idle_pops, 400, check.WORKING),
        (check.idle_pops, 336 - IDLE, check.WORKING),
        (check.idle_pops, IDLE - 2, check.WORKING),
        (check.idle_pops, IDLE, check.RIGHT),
        (check.least_share, 80, check.WORKING),
        (check.least_share, None, check.UNANSWERED),
        (check.least_share, True, check.WORKING),
        (check.least_share, 80, check.WORKING),
        (check.least_share, 0.75, check.WORKING),
        (check.least_share, 0.85, check.WORKING),
        (check.least_share, 0.77, check.WORKING),
        (check.least_share, 0.8, check.RIGHT),
        (check.few_pops, None, check.UNANSWERED),
        (check.few_pops, 128, check.WORKING),
        (check.few_pops, Placement(), check.WORKING),
        (check.few_pops, SENT, check.WORKING),
        (check.few_pops, SENT.replace(order="random"), check.WORKING),
        (check.few_pops, SENT.replace(pops=pops._fewest("world")), check.WORKING),
        (check.few_pops, BEST.replace(pops=BEST.pops - 1), check.WORKING),
        (check.few_pops, BEST.replace(pops=BEST.pops + 1), check.WORKING),
        (check.few_pops, BEST.replace(last_mile_ms=3.0), check.WORKING),
        (check.few_pops, BEST, check.RIGHT),
    ],
)
def test_an_answer_is_judged(judge, answer, state):
    verdict = judge(answer)
    assert verdict.state == state and len(verdict.reason) > 10


@pytest.mark.parametrize(
    ("judge", "answer", "wrong"),
    [
        (check.idle_pops, f"{IDLE}", (1, 200, 335, 336 - IDLE)),
        (check.least_share, "80", (0.3, 0.55, 0.9, 1.0)),
        (check.few_pops, f"{BEST.pops}", (SENT, SENT.replace(pops=9), BEST.replace(pops=300))),
    ],
)
def test_the_answer_is_not_given_away(judge, answer, wrong):
    for attempt in wrong:
        assert answer not in judge(attempt).reason


@pytest.mark.parametrize("order", ["world", "viewers", "largest cities", "random"])
def test_the_fewest_are_those_of_the_curve(order):
    plan = SENT.replace(order=order)
    fewest = pops._fewest(order)
    for count, under in ((fewest, True), (fewest - 1, False)):
        mean = plan.replace(pops=count).latency().loc["diaspora", "mean_ms"]
        assert (mean < pops.ABROAD_MS) == under


def test_the_lesson_of_exercise_3_holds_against_chance():
    """What the right answer's words say, with 20 random orders."""
    orders = [SENT.replace(order="random", seed=2026 + k) for k in range(20)]
    chance = [plan.curves(["diaspora"]) for plan in orders]
    ours = BEST.curves(["diaspora"])
    first = {
        name: [int(np.argmax(frame[name] < most)) + 1 for frame in (ours, *chance)]
        for name, most in (("mean_ms", pops.ABROAD_MS), ("p99_ms", 60.0))
    }
    own, *others = first["mean_ms"]
    assert own == BEST.pops and min(others) > 1.3 * own
    assert min(pops._fewest(order) for order in ("world", "largest cities")) > 2 * own
    own, *others = first["p99_ms"]
    assert 8 <= sum(count <= own for count in others) <= 12


def test_percent_and_share_are_told_apart():
    assert "75 % is 0.75" in check.least_share(75).reason
    assert "allowed" in check.least_share(0.2).reason
