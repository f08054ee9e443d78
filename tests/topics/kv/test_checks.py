"""The KV page's checks: three states, and the answer is never given away."""

import numpy as np
import pytest

from edgelab import check
from edgelab.topics.kv.model import EdgeKV
from edgelab.topics.kv.quorum import Quorum

VERCEL = EdgeKV.of("Vercel Edge Config")


@pytest.mark.parametrize(
    ("judge", "answer", "state"),
    [
        (check.lost_guess, None, check.UNANSWERED),
        (check.lost_guess, "all", check.WORKING),
        (check.lost_guess, 5, check.MISSED),
        (check.lost_guess, 36, check.RIGHT),
        (check.lost_guess, 70, check.MISSED),
        (check.missed_own_write, None, check.UNANSWERED),
        (check.missed_own_write, "few", check.WORKING),
        (check.missed_own_write, 3.9, check.WORKING),
        (check.missed_own_write, 0, check.WORKING),
        (check.missed_own_write, 0.5, check.WORKING),
        (check.missed_own_write, np.nan, check.WORKING),
        (check.sticky_enough, None, check.UNANSWERED),
        (check.sticky_enough, 60, check.WORKING),
        (check.sticky_enough, EdgeKV(sticky_s=60), check.WORKING),
        (check.sticky_enough, VERCEL.replace(sticky_s=1), check.WORKING),
        (check.sticky_enough, VERCEL.replace(sticky_s=3), check.WORKING),
        (check.sticky_enough, VERCEL.replace(sticky_s=2, pops=40), check.WORKING),
        (check.quorum_for_likes, None, check.UNANSWERED),
        (check.quorum_for_likes, 3, check.WORKING),
        (check.quorum_for_likes, Quorum(network="WAN", r=3), check.WORKING),
        (check.quorum_for_likes, Quorum(network="YMMR", n=5, r=5), check.WORKING),
        (check.quorum_for_likes, Quorum(network="YMMR"), check.WORKING),
    ],
)
def test_states(judge, answer, state):
    verdict = judge(answer)
    assert verdict.state == state and verdict.reason


def test_right_answers_found_by_search_are_right_and_few():
    right = [
        s
        for s in np.arange(0, 4, 0.05).round(2)
        if check.sticky_enough(VERCEL.replace(sticky_s=s)).state == check.RIGHT
    ]
    assert right and max(right) - min(right) <= 0.1
    shares = [s for s in np.arange(0, 1, 0.002) if check.missed_own_write(s).state == check.RIGHT]
    assert shares and max(shares) - min(shares) <= 0.02
    # What the page's table and its 5 % give is right, and so is the curve of the panel.
    table, curve = EdgeKV().handoff(), EdgeKV().staleness()
    by_table = np.interp(200, table["since_write_ms"], table["missed_share"]) / 0.05
    by_curve = np.interp(200, curve["since_write_ms"], curve["elsewhere"])
    assert check.missed_own_write(by_table).state == check.RIGHT
    assert check.missed_own_write(by_curve).state == check.RIGHT
    both = [(r, w) for r in (1, 2, 3) for w in (1, 2, 3)]
    fits = [(r, w) for r, w in both if likes(r, w).state == check.RIGHT]
    assert fits == [(3, 1)]


def likes(r, w):
    return check.quorum_for_likes(Quorum(network="YMMR", r=r, w=w))


def test_near_misses_are_told_apart():
    assert "all who change PoP" in check.missed_own_write(EdgeKV().missed_share(200.0)).reason
    assert "percent" in check.missed_own_write(77).reason
    assert "sticky" in check.missed_own_write(0).reason
    assert "99 of 100 PoPs" in check.sticky_enough(VERCEL.replace(sticky_s=2.87)).reason
    assert "stale" in likes(1, 2).reason and "one write" in likes(2, 2).reason


def test_a_hint_does_not_hold_the_answer():
    hints = [check.sticky_enough(VERCEL.replace(sticky_s=s)).reason for s in (0.5, 1.5, 2.8)]
    hints += [check.missed_own_write(x).reason for x in (0.5, 0.0, 0.039, 77)]
    hints += [likes(*both).reason for both in ((1, 1), (2, 2), (1, 3))]
    assert not any(word in hint for hint in hints for word in ("1.9", "2 s", "0.77", "R = 3"))
