"""The checks of notebook 07: three states, and the answer is never given away."""

import pytest

from edgelab import check
from edgelab.topics.rate_limit.limiters import COUNTERS, KV, OBJECT
from edgelab.topics.rate_limit.model import RateLimit

ATTACK = RateLimit()
FAST = ATTACK.replace(pops=312, rate_per_s=1000)
MENDED = FAST.replace(design=COUNTERS, kv_delay_ms=100)


@pytest.mark.parametrize(
    ("judge", "answer", "state", "word"),
    [
        (check.leak_guess, None, check.UNANSWERED, "commit"),
        (check.leak_guess, "lots", check.WORKING, "allowed "),
        (check.leak_guess, check.leak_guess.choices[0], check.MISSED, "you said"),
        (check.leak_guess, check.leak_guess.choices[1], check.MISSED, "you said"),
        (check.leak_guess, check.leak_guess.choices[2], check.RIGHT, "spent already"),
        (check.leak_guess, check.leak_guess.choices[3], check.MISSED, "you said"),
        (check.shared_address, None, check.UNANSWERED, "share"),
        (check.shared_address, "all", check.WORKING, "number"),
        (check.shared_address, float("nan"), check.WORKING, "allowed a number from"),
        (check.shared_address, -1, check.WORKING, "allowed a number from 0 to 1, a share"),
        (check.shared_address, 94.5, check.WORKING, "percent"),
        (check.shared_address, 0.0, check.WORKING, "of her own"),
        (check.shared_address, 0.47, check.WORKING, "tokens for all"),
        (check.shared_address, 0.945, check.WORKING, "at 200 a second"),
        (check.shared_address, 0.224, check.WORKING, "gets through"),
        (check.shared_address, 1 - 700 / (52 * 60), check.RIGHT, "key"),
        (
            check.shared_address,
            ATTACK.replace(rate_per_s=50).designs().loc[OBJECT, "refused_shared"],
            check.RIGHT,
            "key",
        ),
        (check.few_percent, None, check.UNANSWERED, "delay"),
        (check.few_percent, 0, check.WORKING, "allowed a number above 0"),
        (check.few_percent, 0.005, check.WORKING, "seconds"),
        (check.few_percent, 1, check.WORKING, "go higher"),
        (check.few_percent, 50, check.WORKING, "go lower"),
        (check.few_percent, 60_000, check.WORKING, "go lower"),
        (check.few_percent, 5, check.RIGHT, "0.1 requests"),
        (check.safe_limiter, None, check.UNANSWERED, "RateLimit"),
        (check.safe_limiter, 3, check.WORKING, "allowed a RateLimit"),
        (check.safe_limiter, ATTACK, check.WORKING, "pops is 10"),
        (check.safe_limiter, FAST.replace(capacity=10), check.WORKING, "leave these"),
        (
            check.safe_limiter,
            FAST.replace(design=KV, kv_delay_ms=50),
            check.WORKING,
            "% too many",
        ),
        (check.safe_limiter, FAST.replace(design=COUNTERS), check.WORKING, "sooner"),
        (check.safe_limiter, FAST.replace(design=COUNTERS, kv_delay_ms=1), check.WORKING, "light"),
        (check.safe_limiter, FAST.replace(design=OBJECT), check.WORKING, "too long"),
        (check.safe_limiter, MENDED, check.RIGHT, "never overwritten"),
    ],
)
def test_a_check_says_its_state_and_why(judge, answer, state, word):
    verdict = judge(answer)
    assert verdict.state == state and word in verdict.reason
    if state != check.RIGHT:
        assert "0.7" not in verdict.reason and COUNTERS not in verdict.reason
    assert verdict.state in verdict._repr_html_()
