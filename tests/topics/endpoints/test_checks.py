"""The checks of notebook 09: three states, and the answer is never given away."""

import numpy as np
import pytest

import edgelab as el
from edgelab import check

EXAMPLES = el.Endpoint.examples()
ORDERS = EXAMPLES["order matching"]
MARKET = ORDERS.replace(keys=100, stays_in="anywhere", audience="everyone")


@pytest.mark.parametrize(
    ("judge", "answer", "state", "hint"),
    [
        (check.home_guess, None, check.UNANSWERED, "commit"),
        (check.home_guess, "all", check.WORKING, "allowed"),
        (check.home_guess, 6, check.MISSED, "3 of 12"),
        (check.home_guess, 9, check.MISSED, "for more than one key"),
        (check.home_guess, 3, check.RIGHT, "3 of 12"),
        (check.six_confusions, None, check.UNANSWERED, "six letters"),
        (check.six_confusions, "TFTF", check.WORKING, "six letters"),
        (check.six_confusions, "yes, no", check.WORKING, "six letters"),
        (check.six_confusions, 3, check.WORKING, "your answer: got 3"),
        (check.six_confusions, "TTTFFF", check.WORKING, "2 of 6 will meet figures"),
        (check.six_confusions, "f f t f f T", check.WORKING, "1 of 6 will meet a figure"),
        (check.six_confusions, "FTTFFT", check.RIGHT, "figure"),
        (check.cart_comes_home, None, check.UNANSWERED, "share"),
        (check.cart_comes_home, "much", check.WORKING, "got 'much'"),
        (check.cart_comes_home, np.nan, check.WORKING, "got nan"),
        (check.cart_comes_home, 20.16, check.WORKING, "percent"),
        (check.cart_comes_home, 20, check.WORKING, "percent"),
        (check.cart_comes_home, "20 %", check.WORKING, "allowed a number from 0 to 1"),
        (check.cart_comes_home, 604.8, check.WORKING, "in a second"),
        (check.cart_comes_home, 0.2, check.WORKING, "what of the reads"),
        (check.cart_comes_home, 0.002, check.WORKING, "flows behind"),
        (check.cart_comes_home, 600, check.WORKING, "in a second"),
        (check.cart_comes_home, 0.9, check.WORKING, "all that reaches"),
        (check.cart_comes_home, 0.2016, check.RIGHT, "origin"),
        (check.score_delay, None, check.UNANSWERED, "delay"),
        (check.score_delay, -1, check.WORKING, "allowed"),
        (check.score_delay, 1.05, check.WORKING, "seconds"),
        (check.score_delay, 250, check.WORKING, "go higher"),
        (check.score_delay, 2000, check.WORKING, "go lower"),
        (check.score_delay, 1e6, check.WORKING, "go lower"),
        (check.score_delay, 1030, check.RIGHT, "half of what is tolerated"),
        (check.score_delay, 2000 / 1.9, check.RIGHT, "half of what is tolerated"),
        (check.score_delay, 1000, check.RIGHT, "half of what is tolerated"),
        (check.market, None, check.UNANSWERED, "orders.replace"),
        (check.market, "chat", check.WORKING, "allowed an Endpoint"),
        (check.market, ORDERS, check.WORKING, "20 times"),
        (check.market, EXAMPLES["chat"], check.WORKING, "leave as"),
        (check.market, ORDERS.replace(keys=100), check.WORKING, "no vendor"),
        (check.market, MARKET.replace(audience="India"), check.WORKING, "not save enough"),
        (check.market, MARKET.replace(keys=20), check.WORKING, "do not keep up"),
        (check.market, MARKET.replace(queries=2), check.WORKING, "queries: leave as it is"),
        (check.market, MARKET, check.RIGHT, "many objects"),
    ],
)
def test_states(judge, answer, state, hint):
    verdict = judge(answer)
    assert verdict.state == state
    assert hint in verdict.reason
    assert state in verdict._repr_html_() and repr(verdict).startswith(state)


def test_a_hint_does_not_hold_the_answer():
    near = [check.cart_comes_home(x).reason for x in (0.2, 0.002, 20.16, 604.8, 0.9)]
    assert not any("0.2016" in text or "604" in text for text in near)
    delays = [check.score_delay(x).reason for x in (500, 1500)]
    assert not any("10" in text for text in delays)


def test_what_is_right_is_a_small_range():
    right = [d for d in range(700, 1400, 5) if check.score_delay(d).state == check.RIGHT]
    assert 15 <= len(right) <= 25 and right == list(range(right[0], right[-1] + 1, 5))
    assert check.score_delay(right[0]).state == check.RIGHT
