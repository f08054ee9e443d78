"""The KV page's checks: three states, and the answer is never given away."""

import numpy as np
import pytest

from edgelab import check
from edgelab.topics.kv.model import EdgeKV
from edgelab.topics.kv.quorum import Quorum

CLOUDFLARE = EdgeKV.of("Cloudflare Workers KV")


@pytest.mark.parametrize(
    ("judge", "answer", "state"),
    [
        (check.lost_guess, None, check.UNANSWERED),
        (check.lost_guess, "all", check.WORKING),
        (check.lost_guess, check.lost_guess.choices[0], check.WORKING),
        (check.lost_guess, check.lost_guess.choices[1], check.RIGHT),
        (check.lost_guess, check.lost_guess.choices[2], check.WORKING),
        (check.missed_own_write, None, check.UNANSWERED),
        (check.missed_own_write, "few", check.WORKING),
        (check.missed_own_write, 3.9, check.WORKING),
        (check.missed_own_write, 0, check.WORKING),
        (check.missed_own_write, 0.5, check.WORKING),
        (check.missed_own_write, np.nan, check.WORKING),
        (check.sticky_enough, None, check.UNANSWERED),
        (check.sticky_enough, 60, check.WORKING),
        (check.sticky_enough, EdgeKV(sticky_s=60), check.WORKING),
        (check.sticky_enough, CLOUDFLARE, check.WORKING),
        (check.sticky_enough, CLOUDFLARE.replace(sticky_s=90), check.WORKING),
        (check.sticky_enough, CLOUDFLARE.replace(sticky_s=60, pops=40), check.WORKING),
        (check.first_passage, None, check.UNANSWERED),
        (check.first_passage, "early", check.WORKING),
        (check.first_passage, 46.0, check.WORKING),
        (check.first_passage, -0.5, check.WORKING),
    ],
)
def test_states(judge, answer, state):
    verdict = judge(answer)
    assert verdict.state == state and verdict.reason


def test_right_answers_found_by_search_are_right_and_few():
    right = [
        s
        for s in range(0, 121)
        if check.sticky_enough(CLOUDFLARE.replace(sticky_s=s)).state == check.RIGHT
    ]
    assert right and max(right) - min(right) <= 2
    shares = [s for s in np.arange(0, 1, 0.002) if check.missed_own_write(s).state == check.RIGHT]
    assert shares and max(shares) - min(shares) <= 0.01
    t = Quorum().t_visibility((0.999,), 4_000_000)["t_ms"].iloc[0]
    bias = Quorum().first_passage()["t_ms"].median() / t - 1
    assert check.first_passage(bias).state == check.RIGHT
    wrong_way = check.first_passage(-bias)
    assert wrong_way.state == check.WORKING and "size is right" in wrong_way.reason


def test_a_hint_does_not_hold_the_answer():
    hints = [check.sticky_enough(CLOUDFLARE.replace(sticky_s=s)).reason for s in (10, 50, 90)]
    hints += [check.first_passage(x).reason for x in (-0.5, 0.3)]
    hints += [check.missed_own_write(x).reason for x in (0.5, 0.0)]
    assert not any(word in hint for hint in hints for word in ("59", "60 s", "12", "3.9", "0.039"))
