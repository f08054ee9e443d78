"""The checks of notebook 04: three states, a reason each, and never the answer."""

import re

import pytest

import edgelab as el
from edgelab.check import MISSED, RIGHT, UNANSWERED, WORKING
from edgelab.topics.runtimes import checks as pool

CROWDED = el.WarmPool(tenants=100_000)
QUIET = el.WarmPool(requests_per_s=10_000.0)


def cold(some):
    return some.density().loc["isolate", "cold_share"]


RATE = CROWDED.per_pop * cold(CROWDED)
ENOUGH = next(gb for gb in range(200, 301) if cold(CROWDED.replace(pop_memory_gb=gb)) <= 0.01)
MOST = max(n for n in range(200, 313) if cold(QUIET.replace(pops=n)) <= 0.01)

CASES = [
    (el.check.half_guess, None, UNANSWERED, "commit"),
    (el.check.half_guess, "a third", WORKING, "allowed "),
    (el.check.half_guess, 50, MISSED, "you said"),
    (el.check.half_guess, 6.2, MISSED, "you said"),
    (el.check.half_guess, 10, RIGHT, "8.9 %"),
    (el.check.cold_per_second, None, UNANSWERED, "a number"),
    (el.check.cold_per_second, "many", WORKING, "allowed a "),
    (el.check.cold_per_second, -1, WORKING, "allowed a"),
    (el.check.cold_per_second, cold(CROWDED), WORKING, "looks like a share"),
    (el.check.cold_per_second, RATE * 312, WORKING, "all PoPs together"),
    (el.check.cold_per_second, RATE * 1.1, WORKING, "too many"),
    (el.check.cold_per_second, RATE * 0.9, WORKING, "too few"),
    (el.check.cold_per_second, RATE, RIGHT, "each of them"),
    (el.check.cold_per_second, RATE * 1.02, RIGHT, "each of them"),
    (el.check.memory_enough, None, UNANSWERED, "whole GB"),
    (el.check.memory_enough, True, WORKING, "allowed a "),
    (el.check.memory_enough, 5000, WORKING, "allowed a"),
    (el.check.memory_enough, ENOUGH - 0.5, WORKING, "whole number"),
    (el.check.memory_enough, ENOUGH - 1, WORKING, "still pays"),
    (el.check.memory_enough, ENOUGH + 1, WORKING, "less would do"),
    (el.check.memory_enough, 300, WORKING, "less would do"),
    (el.check.memory_enough, ENOUGH, RIGHT, "nearly all"),
    (el.check.memory_enough, float(ENOUGH), RIGHT, "nearly all"),
    (el.check.quiet_platform, None, UNANSWERED, "set a pool"),
    (el.check.quiet_platform, 250, WORKING, "allowed a WarmPool"),
    (el.check.quiet_platform, el.WarmPool(pops=MOST), WORKING, "the exercise gives 10,000"),
    (el.check.quiet_platform, QUIET.replace(tenants=100), WORKING, "leave these"),
    (el.check.quiet_platform, QUIET, WORKING, "gets too few"),
    (el.check.quiet_platform, QUIET.replace(pops=MOST - 1), WORKING, "spread over more"),
    (el.check.quiet_platform, QUIET.replace(pops=MOST), RIGHT, "nearer and colder"),
]


@pytest.mark.parametrize(("check", "answer", "state", "reason"), CASES)
def test_a_check_says_its_state_and_why(check, answer, state, reason):
    verdict = check(answer)
    assert verdict.state == state and reason in verdict.reason
    assert state in repr(verdict) and state in verdict._repr_html_()


def test_a_check_never_gives_the_answer_away():
    told = {el.check.memory_enough: ENOUGH, el.check.quiet_platform: MOST}
    told[el.check.cold_per_second] = round(RATE)
    for check, answer, state, _ in CASES:
        if check in told and state != RIGHT:
            given = getattr(answer, "pops", answer)
            shown = set(re.findall(r"[\d.]+", check(answer).reason.replace(",", "")))
            assert str(told[check]) not in shown - {str(given)}


def test_exactly_half_of_the_predictions_tenants_fit():
    half = el.WarmPool(**pool.HALF)
    assert half.density().loc["isolate", "fit"] * 2 == half.tenants
