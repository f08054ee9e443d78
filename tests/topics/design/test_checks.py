"""The checks of notebook 11: three states, hints that do not give away, answers that are few."""

import pytest

import edgelab as el
from edgelab import check
from edgelab.topics.design.checks import MOST_USD, SIX, WATCH_USD

ARTICLE = el.Design()
NEAR = ARTICLE.replace(order="viewers", pops=16)
QUORUM = ARTICLE.replace(regions=3, converge="quorum")
WATCHED = ARTICLE.replace(rule="2 windows, each", sampled=0.001)


@pytest.mark.parametrize(
    ("judge", "answer", "state", "hint"),
    [
        (check.sink_guess, None, check.UNANSWERED, "commit"),
        (check.sink_guess, 0, check.MISSED, "5 of 6"),
        (check.sink_guess, 5, check.RIGHT, "who is let through"),
        (check.six_goals, None, check.UNANSWERED, "set a Design"),
        (check.six_goals, 3, check.WORKING, "allowed a Design"),
        (check.six_goals, ARTICLE, check.WORKING, "too many"),
        (check.six_goals, ARTICLE.replace(pops=16), check.WORKING, "missed: p99 Bay Area"),
        (check.six_goals, NEAR.replace(bots=0), check.WORKING, "bots: leave"),
        (check.six_goals, NEAR, check.RIGHT, "order decides"),
        (check.lost_region, None, check.UNANSWERED, "set a Design"),
        (check.lost_region, ARTICLE, check.WORKING, "one region"),
        (
            check.lost_region,
            ARTICLE.replace(regions=2, converge="quorum"),
            check.WORKING,
            "too few",
        ),
        (check.lost_region, ARTICLE.replace(regions=4), check.WORKING, "writes lost with a region"),
        (
            check.lost_region,
            ARTICLE.replace(regions=4, converge="last writer", batch_s=0.1),
            check.WORKING,
            "lost writes",
        ),
        (check.lost_region, QUORUM, check.RIGHT, "no price for such copies"),
        (
            check.lost_region,
            QUORUM.replace(region_lost_at=0),
            check.WORKING,
            "region_lost_at: leave",
        ),
        (check.two_minutes, None, check.UNANSWERED, "set a Design"),
        (check.two_minutes, ARTICLE, check.WORKING, "how soon"),
        (check.two_minutes, WATCHED.replace(pops=40), check.WORKING, "pops: leave"),
        (check.two_minutes, WATCHED.replace(sampled=0.01), check.WORKING, "too many"),
        (check.two_minutes, WATCHED.replace(burn=1.0), check.WORKING, "false alarms"),
        (check.two_minutes, WATCHED, check.RIGHT, "no rare event"),
        (check.left_out, None, check.UNANSWERED, "write one sentence"),
        (check.left_out, "traffic", check.WORKING, "1 word"),
        (check.left_out, "   ", check.WORKING, "your answer"),
        (
            check.left_out,
            "A cable cut would lengthen the way of a whole country for weeks.",
            check.RIGHT,
            "how to measure it",
        ),
    ],
)
def test_states(judge, answer, state, hint):
    verdict = judge(answer)
    assert verdict.state == state, verdict
    assert hint in verdict.reason


def test_what_is_asked_can_be_done_and_not_by_chance():
    assert set(SIX) <= set(el.Design().report().index)
    cost = ["cost of the night, USD"]
    assert ARTICLE.values(cost)[cost[0]] > MOST_USD
    right = [n for n in (8, 12, 16, 20, 25, 30, 40)
             if check.six_goals(NEAR.replace(pops=n)).state == check.RIGHT]  # fmt: skip
    assert 1 <= len(right) <= 4
    assert WATCHED.values(cost)[cost[0]] < WATCH_USD < ARTICLE.values(cost)[cost[0]]


def test_the_dead_pop_is_as_large_as_the_verdict_says():
    share = ARTICLE.sunk_by().loc["PoP lost", "errors"]
    said = check.two_minutes(WATCHED).reason
    assert f"one viewer in {1 / share:.0f} " in said
    assert f"{share * ARTICLE.pops:.0f} times an average PoP" in said
    seen = ["a dead PoP is seen, min"]
    fast, slow = (ARTICLE.replace(rule=r).values(seen) for r in ("1 minute, all", "1 window, all"))
    assert fast[seen[0]] == 1 and slow[seen[0]] > 2


def test_hints_do_not_hold_the_answer():
    for judge, answers in (
        (check.six_goals, (ARTICLE, ARTICLE.replace(pops=16))),
        (check.lost_region, (ARTICLE, ARTICLE.replace(regions=4))),
        (check.two_minutes, (ARTICLE, WATCHED.replace(sampled=0.01))),
    ):
        for answer in answers:
            text = judge(answer).reason
            assert not any(word in text for word in ("viewers", "quorum", "each", "sampled"))
