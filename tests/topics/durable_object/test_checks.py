"""The checks of notebook 08: three states, and the answer is never given away."""

import numpy as np
import pytest

import edgelab as el
from edgelab import check
from edgelab.topics.durable_object.homes import HOMES
from edgelab.topics.durable_object.model import AROUND, AT_ONCE

MATCH = el.DurableObject()
FAIR = MATCH.replace(home="Singapore", followers=2, followers_at=AROUND)


@pytest.mark.parametrize(
    ("judge", "answer", "state"),
    [
        (check.lock_guess, None, check.UNANSWERED),
        (check.lock_guess, "never", check.WORKING),
        (check.lock_guess, check.lock_guess.choices[1], check.WORKING),
        (check.lock_guess, check.lock_guess.choices[2], check.WORKING),
        (check.lock_guess, check.lock_guess.choices[0], check.RIGHT),
        (check.stadium_cost, None, check.UNANSWERED),
        (check.stadium_cost, "3", check.WORKING),
        (check.stadium_cost, np.nan, check.WORKING),
        (check.stadium_cost, -3, check.WORKING),
        (check.stadium_cost, 40, check.WORKING),
        (check.stadium_cost, 0.0, check.WORKING),
        (check.busiest_object, None, check.UNANSWERED),
        (check.busiest_object, 0, check.WORKING),
        (check.busiest_object, 312, check.WORKING),
        (check.busiest_object, 990, check.WORKING),
        (check.busiest_object, 5000, check.WORKING),
        (check.busiest_object, 1e6, check.WORKING),
        (check.compromise, None, check.UNANSWERED),
        (check.compromise, "Singapore", check.WORKING),
        (check.compromise, MATCH, check.WORKING),
        (check.compromise, MATCH.replace(home="Tokyo"), check.WORKING),
        (check.compromise, MATCH.replace(home="Singapore"), check.WORKING),
        (check.compromise, FAIR.replace(followers=0), check.WORKING),
        (check.compromise, FAIR.replace(acknowledge=AT_ONCE), check.WORKING),
        (check.compromise, FAIR.replace(followers=5), check.WORKING),
        (check.compromise, FAIR.replace(requests_per_s=1.0), check.WORKING),
        (check.compromise, FAIR, check.RIGHT),
    ],
)
def test_states(judge, answer, state):
    verdict = judge(answer)
    assert verdict.state == state
    assert verdict.reason
    assert state in verdict._repr_html_() and repr(verdict).startswith(state)


def test_right_answers_found_by_search_are_right():
    mean = MATCH.homes()["mean_ms"]
    assert check.stadium_cost(mean["Ahmedabad"] - mean.min()).state == check.RIGHT
    right = [r for r in range(600, 800) if check.busiest_object(r).state == check.RIGHT]
    assert 5 <= len(right) <= 15 and right == list(range(right[0], right[-1] + 1))
    homes = [h for h in HOMES if check.compromise(FAIR.replace(home=h)).state == check.RIGHT]
    assert homes == ["Singapore"]


def test_a_hint_does_not_hold_the_answer():
    hints = [check.busiest_object(r).reason for r in (300, 700, 800)]
    assert not any("73" in hint for hint in hints)
    assert not any(
        "Singapore" in check.compromise(MATCH.replace(home=h)).reason for h in ("Kochi", "London")
    )
