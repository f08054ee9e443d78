"""The checks of notebook 05: three states each, right answers found by search."""

import pytest

import edgelab as el
from edgelab import check

CACHE = el.EdgeCache()
RIGHT_CACHE = CACHE.replace(ttl_s=50, stale_while_revalidate_s=10)


@pytest.mark.parametrize(
    ("judge", "answer", "state"),
    [
        (check.life_guess, None, check.UNANSWERED),
        (check.life_guess, "who knows", check.WORKING),
        (check.life_guess, check.life_guess.choices[0], check.MISSED),
        (check.life_guess, check.life_guess.choices[1], check.MISSED),
        (check.life_guess, check.life_guess.choices[2], check.RIGHT),
        (check.cold_pops, None, check.UNANSWERED),
        (check.cold_pops, "three", check.WORKING),
        (check.cold_pops, -1, check.WORKING),
        (check.cold_pops, 3, check.WORKING),
        (check.cold_pops, 28, check.WORKING),
        (check.shortest_life, None, check.UNANSWERED),
        (check.shortest_life, True, check.WORKING),
        (check.shortest_life, 0, check.WORKING),
        (check.shortest_life, 60, check.WORKING),
        (check.shortest_life, 300, check.WORKING),
        (check.not_older, None, check.UNANSWERED),
        (check.not_older, 60, check.WORKING),
        (check.not_older, CACHE, check.WORKING),
        (check.not_older, RIGHT_CACHE.replace(pops=100), check.WORKING),
        (check.not_older, CACHE.replace(ttl_s=60), check.WORKING),
        (check.not_older, CACHE.replace(ttl_s=20, stale_while_revalidate_s=40), check.WORKING),
        (check.not_older, RIGHT_CACHE, check.RIGHT),
    ],
)
def test_states(judge, answer, state):
    verdict = judge(answer)
    assert verdict.state == state and verdict.reason
    assert state in verdict._repr_html_()


def test_right_answers_are_few_and_found_by_search():
    right = [n for n in range(29) if check.cold_pops(n).state == check.RIGHT]
    fetched = CACHE.replace(ttl_s=20).by_pop()["fetched"]
    assert right == [int((fetched > 0.05).sum())]
    assert "p99" in check.cold_pops(int((fetched > 0.01).sum())).reason
    assert "every PoP" in check.cold_pops(len(fetched)).reason
    tens = [t for t in range(10, 400, 10) if check.shortest_life(t).state == check.RIGHT]
    assert len(tens) == 1
    usual = [t for t in range(10, 400, 10) if "every minute" in check.shortest_life(t).reason]
    assert len(usual) == 1 and usual[0] < tens[0] < 2 * usual[0]
    fits = [
        t
        for t in range(5, 60, 5)
        if check.not_older(CACHE.replace(ttl_s=t, stale_while_revalidate_s=60 - t)).state
        == check.RIGHT
    ]
    assert fits and max(fits) < 60 and min(fits) > 30


def test_a_hint_does_not_hold_the_answer():
    true = str(int((CACHE.replace(ttl_s=20).by_pop()["fetched"] > 0.05).sum()))
    hints = [check.cold_pops(n).reason for n in (1, 9, 26)]
    assert not any(true in hint.replace("p95", "") for hint in hints)
    hints = [check.shortest_life(t).reason for t in (100, 140, 300)]
    assert not any(word in hint for hint in hints for word in ("260", "280"))
