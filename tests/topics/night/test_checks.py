"""The exercises' checks: three states, and the answer is never given away."""

import numpy as np
import pytest

from edgelab import check
from edgelab.topics.night.model import CricStream

FINAL = CricStream()
GIVEN = FINAL.replace(origin_fetch_ratio=0.02, origin_service_ms=8)


@pytest.mark.parametrize(
    ("judge", "answer", "state"),
    [
        (check.in_time_viewers, None, check.UNANSWERED),
        (check.in_time_viewers, "many", check.WORKING),
        (check.in_time_viewers, np.nan, check.WORKING),
        (check.in_time_viewers, 0.34, check.WORKING),
        (check.in_time_viewers, 660_000, check.WORKING),
        (check.in_time_viewers, 340_000, check.RIGHT),
        (check.in_time_viewers, 27_340_000, check.WORKING),
        (check.in_time_viewers, 100_000, check.WORKING),
        (check.cliff, None, check.UNANSWERED),
        (check.cliff, 101, check.WORKING),
        (check.cliff, 0.01, check.WORKING),
        (check.cliff, 0.06, check.WORKING),
        (check.cliff, 5.0, check.WORKING),
        (check.cliff, 0.05, check.RIGHT),
        (check.slow_database, None, check.UNANSWERED),
        (check.slow_database, 121, check.WORKING),
        (check.slow_database, FINAL, check.WORKING),
        (check.slow_database, GIVEN, check.WORKING),
        (check.slow_database, GIVEN.replace(origin_servers=5000), check.WORKING),
        (check.slow_database, GIVEN.replace(origin_servers=121, pops=40), check.WORKING),
        (check.slow_database, GIVEN.replace(origin_servers=121, write_share=0.0), check.WORKING),
        (check.slow_database, GIVEN.replace(origin_servers=121), check.RIGHT),
        (check.cliff_guess, None, check.UNANSWERED),
        (check.cliff_guess, check.cliff_guess.choices[0], check.MISSED),
        (check.cliff_guess, check.cliff_guess.choices[1], check.MISSED),
        (check.cliff_guess, check.cliff_guess.choices[2], check.RIGHT),
    ],
)
def test_states(judge, answer, state):
    verdict = judge(answer)
    assert verdict.state == state
    assert verdict.reason
    assert state in verdict._repr_html_() and repr(verdict).startswith(state)


def test_right_answers_found_by_search_are_right():
    bay_area = FINAL.baseline().latency().loc["Bay Area"]
    in_time = (1 - bay_area["blank_share"]) * bay_area["viewers"]
    assert check.in_time_viewers(in_time).state == check.RIGHT
    right = [r for r in np.arange(0, 0.07, 0.0005) if check.cliff(r).state == check.RIGHT]
    assert right and max(right) - min(right) <= 0.001


def test_near_misses_are_told_apart():
    assert "the others are asked" in check.in_time_viewers(658_284).reason
    assert "looks like a share" in check.in_time_viewers(0.34).reason
    assert "5 % is 0.05" in check.cliff(5.0).reason
    assert "is not a p99" in check.cliff(0.01).reason


def test_a_hint_does_not_hold_the_answer():
    hints = [check.slow_database(GIVEN.replace(origin_servers=n)).reason for n in (10, 90, 200)]
    assert not any("121" in hint for hint in hints)
