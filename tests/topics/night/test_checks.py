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
        (check.blank_viewers, None, check.UNANSWERED),
        (check.blank_viewers, "many", check.WORKING),
        (check.blank_viewers, np.nan, check.WORKING),
        (check.blank_viewers, 0.0245, check.WORKING),
        (check.blank_viewers, 4_000_000, check.WORKING),
        (check.blank_viewers, 10, check.WORKING),
        (check.cliff, None, check.UNANSWERED),
        (check.cliff, 1.1, check.WORKING),
        (check.cliff, 0.002, check.WORKING),
        (check.cliff, 0.02, check.WORKING),
        (check.cliff, 1.0, check.WORKING),
        (check.slow_database, None, check.UNANSWERED),
        (check.slow_database, 121, check.WORKING),
        (check.slow_database, FINAL, check.WORKING),
        (check.slow_database, GIVEN, check.WORKING),
        (check.slow_database, GIVEN.replace(origin_servers=5000), check.WORKING),
        (check.slow_database, GIVEN.replace(origin_servers=121, pops=40), check.WORKING),
        (check.slow_database, GIVEN.replace(origin_servers=121, write_share=0.0), check.WORKING),
        (check.slow_database, GIVEN.replace(origin_servers=121), check.RIGHT),
        (check.cliff_guess, None, check.UNANSWERED),
        (check.cliff_guess, check.cliff_guess.choices[0], check.WORKING),
        (check.cliff_guess, check.cliff_guess.choices[1], check.WORKING),
        (check.cliff_guess, check.cliff_guess.choices[2], check.RIGHT),
    ],
)
def test_states(judge, answer, state):
    verdict = judge(answer)
    assert verdict.state == state
    assert verdict.reason
    assert state in verdict._repr_html_() and repr(verdict).startswith(state)


def test_right_answers_found_by_search_are_right():
    everyone = FINAL.baseline().latency().loc["everyone"]
    blank = everyone["blank_share"] * everyone["viewers"]
    assert check.blank_viewers(blank).state == check.RIGHT
    right = [r for r in np.arange(0, 0.03, 0.0005) if check.cliff(r).state == check.RIGHT]
    assert right and max(right) - min(right) <= 0.001


def test_a_hint_does_not_hold_the_answer():
    hints = [check.slow_database(GIVEN.replace(origin_servers=n)).reason for n in (10, 90, 200)]
    assert not any("121" in hint for hint in hints)
