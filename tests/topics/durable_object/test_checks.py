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
        (check.lock_guess, 2, check.MISSED),
        (check.lock_guess, 30, check.MISSED),
        (check.lock_guess, 8, check.RIGHT),
        (check.home_for_india, None, check.UNANSWERED),
        (check.home_for_india, "3", check.WORKING),
        (check.home_for_india, np.nan, check.WORKING),
        (check.home_for_india, -5, check.WORKING),
        (check.home_for_india, 40, check.WORKING),
        (check.home_for_india, 0.0, check.WORKING),
        (check.home_for_india, 5, check.RIGHT),
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
    p99 = MATCH.replace(audience="India").homes()["p99_ms"]
    gain = p99["Mumbai"] - p99.min()
    printed = round(p99["Mumbai"]) - round(p99.min())
    assert all(check.home_for_india(x).state == check.RIGHT for x in (gain, printed))
    assert "size is right" in check.home_for_india(-gain).reason
    everyone = MATCH.homes()
    far = everyone.loc["Mumbai", "p99_ms"] - everyone["p99_ms"].min()
    assert "everyone" in check.home_for_india(far).reason
    mean = MATCH.replace(audience="India").homes()["mean_ms"]
    assert "mean" in check.home_for_india(mean[p99.idxmin()] - mean["Mumbai"]).reason
    right = [r for r in range(600, 800) if check.busiest_object(r).state == check.RIGHT]
    assert 5 <= len(right) <= 15 and right == list(range(right[0], right[-1] + 1))
    # The formula's 20 = 3.0 + 4.6 / (1 - rho) gives the same multiple of ten.
    (ten,) = (rate for rate in right if rate % 10 == 0)
    assert ten == 10 * int(1000 * (1 - 4.6 / 17) / 10)
    homes = [h for h in HOMES if check.compromise(FAIR.replace(home=h)).state == check.RIGHT]
    assert homes == ["Singapore"]


def test_a_hint_does_not_hold_the_answer():
    hints = [check.busiest_object(r).reason for r in (300, 700, 800)]
    assert not any("73" in hint for hint in hints)
    hints = [check.home_for_india(x).reason for x in (0.0, 1.5, 66.0, 20.0)]
    assert not any(word in hint for hint in hints for word in ("5.5", "Nagpur"))
    assert not any(
        "Singapore" in check.compromise(MATCH.replace(home=h)).reason for h in ("Kochi", "London")
    )
