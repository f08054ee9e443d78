"""The checks of notebook 02: three states, and the answer is never given away."""

import numpy as np
import pytest

from edgelab import check
from edgelab.topics.chain.model import RequestChain


@pytest.mark.parametrize(
    ("judge", "answer", "state"),
    [
        (check.fetch_guess, None, check.UNANSWERED),
        (check.fetch_guess, "shorter", check.WORKING),
        (check.fetch_guess, check.fetch_guess.choices[0], check.MISSED),
        (check.fetch_guess, check.fetch_guess.choices[1], check.MISSED),
        (check.fetch_guess, check.fetch_guess.choices[2], check.RIGHT),
        (check.trips_home, None, check.UNANSWERED),
        (check.trips_home, "five", check.WORKING),
        (check.trips_home, np.nan, check.WORKING),
        (check.trips_home, 3, check.WORKING),
        (check.trips_home, 6, check.WORKING),
        (check.trips_home, 7, check.WORKING),
        (check.trips_home, 1 + 1 + 2 + 1, check.RIGHT),
        (check.cutover_ttl, None, check.UNANSWERED),
        (check.cutover_ttl, 1, check.WORKING),
        (check.cutover_ttl, 3600, check.WORKING),
        (check.cutover_ttl, 2520, check.WORKING),
        (check.cutover_ttl, 300, check.WORKING),
        (check.cutover_ttl, 2540, check.RIGHT),
        (check.cutover_ttl, 42, check.WORKING),
        (check.far_pop, None, check.UNANSWERED),
        (check.far_pop, 2.5, check.WORKING),
        (check.far_pop, 1, check.WORKING),
        (check.far_pop, 14, check.WORKING),
        (check.far_pop, 13, check.RIGHT),
    ],
)
def test_states(judge, answer, state):
    verdict = judge(answer)
    assert verdict.state == state
    assert verdict.reason
    assert state in verdict._repr_html_() and repr(verdict).startswith(state)


def test_right_answers_found_by_search_are_right():
    right = [ttl for ttl in range(60, 7200) if check.cutover_ttl(ttl).state == check.RIGHT]
    assert right and max(right) / min(right) < 1.011
    late = RequestChain(dns_ttl_s=max(right)).move(5).cutover()
    share = np.interp(42 * 60, late["since_s"], late["old_share"])
    assert share == pytest.approx(0.01, abs=1e-3)
    assert [n for n in range(20) if check.trips_home(n).state == check.RIGHT] == [5]


def test_a_hint_does_not_hold_the_answer():
    hints = [check.trips_home(n).reason for n in (0, 3, 6, 9)]
    hints += [check.cutover_ttl(ttl).reason for ttl in (60, 600, 3600, 86_400)]
    assert not any(word in hint for hint in hints for word in ("5", "five", "2545", "0.99"))
    hints = [check.far_pop(ms).reason for ms in (0, 1, 5, 12, 14, 40)]
    assert not any("13" in hint for hint in hints)


def test_near_misses_are_told_apart():
    assert "minutes" in check.cutover_ttl(42.4).reason
    assert "minutes" not in check.cutover_ttl(600).reason
    assert "resolver stands in London" in check.trips_home(6).reason
    assert "no handshake" in check.far_pop(1).reason
    assert "no handshake" not in check.far_pop(2).reason


def test_how_far_a_pop_may_be_by_hand():
    """Straight: 5 + 3 (5 + 20) + 2; fetched: 5 + 2 (5 + p) + 5 + p + 18 + 1 + 2."""
    right = [ms for ms in range(60) if check.far_pop(ms).state == check.RIGHT]
    assert right == [int((5 + 3 * 25 + 2 - (5 + 10 + 5 + 18 + 3)) / 3)]
