"""The token bucket on a virtual clock, the article's run, and the race between its two locks."""

import re
import threading
from fractions import Fraction

import numpy as np
import pytest

import edgelab as el
from edgelab.topics.rate_limit.token_bucket import last_token_orders

PRINTED = ["4.10", "3.20", "2.30", "1.40", "0.50"]


def test_the_printed_run_leaves_4_00_and_not_4_10():
    run = el.TokenBucket(capacity=5, refill_per_s=1).replay(k / 10 for k in range(8))
    assert run["allowed"].tolist() == [True] * 5 + [False] * 3
    assert [f"{x:.2f}" for x in run["after"][:5]] == ["4.00", "3.10", "2.20", "1.30", "0.40"]
    # What is printed is what the next request finds, one pause later.
    assert [f"{x:.2f}" for x in run["before"][1:6]] == PRINTED
    exact = el.TokenBucket(5, 1).replay(Fraction(k, 10) for k in range(8))
    assert exact["after"].tolist()[:5] == [Fraction(40 - 9 * k, 10) for k in range(5)]
    assert run.index.tolist() == list(range(1, 9))


def test_after_a_request_a_bucket_never_holds_more_than_its_size_less_one():
    bucket = el.TokenBucket(5, 1000)
    for k in range(50):
        assert bucket.allow(k * 0.37)
        assert bucket.tokens(k * 0.37) <= 4


def test_it_fills_up_to_its_size_and_looking_takes_nothing():
    bucket = el.TokenBucket(capacity=3, refill_per_s=2)
    assert [bucket.allow(10) for _ in range(4)] == [True, True, True, False]
    assert bucket.tokens(10.25) == bucket.tokens(10.25) == 0.5
    assert bucket.tokens(1e6) == 3
    assert not bucket.allow(10.4) and bucket.allow(10.5)
    assert repr(bucket) == "TokenBucket(capacity=3, refill_per_s=2)"


@pytest.mark.parametrize("rate", [0.001, 0.1, 1 / 3, 0.7, 3, 7.3, 10, 97, 12_345.678, 1e6])
def test_who_comes_exactly_at_its_rate_is_always_let_through(rate):
    """A tenth of a second is no float: 35 % of these were refused at ten a second."""
    for start_s in (0, 0.1, 1_700_000_000.5):
        times_s = [start_s + k / rate for k in range(2000)]
        assert el.TokenBucket(1, rate).replay(times_s)["allowed"].all()
    now_s, bucket = 0.0, el.TokenBucket(1, rate)
    for _ in range(2000):
        assert bucket.allow(now_s)
        now_s += 1 / rate


def test_who_comes_a_little_too_soon_is_refused():
    bucket = el.TokenBucket(1, 10)
    assert [bucket.allow(t) for t in (0.0, 0.0999999, 0.1)] == [True, False, True]
    exact = el.TokenBucket(1, 10)
    almost = Fraction(1, 10) - Fraction(1, 10**30)
    assert [exact.allow(t) for t in (0, almost, Fraction(1, 10))] == [True, False, True]
    # What is let through early is not given twice: one millionth too quick is too quick.
    quick = el.TokenBucket(1, 10).replay(k / 10.00001 for k in range(2000))
    assert not quick["allowed"].all()


def test_a_request_can_cost_several_tokens():
    run = el.TokenBucket(capacity=10, refill_per_s=2).replay([0, 0, 0, 1, 2.5], [4, 7, 6, 2, 3])
    assert run["allowed"].tolist() == [True, False, True, True, True]
    assert run["after"].tolist() == [6, 6, 0, 0, 0]
    bucket = el.TokenBucket(3, 1)
    assert not bucket.allow(0, 3.5) and bucket.allow(0, 0.5) and bucket.allow(0, cost=2.5)
    assert not bucket.allow(0, 1) and bucket.allow(0, 0)
    paced = el.TokenBucket(3, 0.7).replay((k * 3 / 0.7 for k in range(2000)), cost=3)
    assert paced["allowed"].all()


def test_numpys_small_integers_do_not_overflow():
    bucket = el.TokenBucket(np.int8(100), np.int8(1))
    assert all(bucket.allow(t, np.int8(100)) for t in np.array([-128, 100], np.int8))


def test_a_replay_leaves_the_bucket_alone():
    bucket = el.TokenBucket(2, 0)
    assert bucket.replay([0, 0, 0])["allowed"].tolist() == [True, True, False]
    assert bucket.allow(0) and bucket.allow(0) and not bucket.allow(0)
    assert bucket.replay([]).empty


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: el.TokenBucket(0.5, 1), ValueError, "capacity: got 0.5, allowed a number from 1"),
        (lambda: el.TokenBucket(5, -1), ValueError, "refill_per_s: got -1, allowed a number from"),
        (lambda: el.TokenBucket(float("nan"), 1), ValueError, "capacity: got nan"),
        (lambda: el.TokenBucket(float("inf"), 1), ValueError, "capacity: got inf"),
        (lambda: el.TokenBucket("5", 1), TypeError, "capacity: got '5'"),
        (lambda: el.TokenBucket(True, 1), TypeError, "capacity: got True"),
        (lambda: el.TokenBucket(5, 1).allow(float("nan")), ValueError, "now_s: got nan"),
        (lambda: el.TokenBucket(5, 1).allow(None), TypeError, "now_s: got None"),
        (
            lambda: el.TokenBucket(5, 1).replay([1, 0.5]),
            ValueError,
            "times_s: got [1, 0.5], allowed",
        ),
        (lambda: el.TokenBucket(5, 1).allow(0, -1), ValueError, "cost: got -1, allowed a number"),
        (lambda: el.TokenBucket(5, 1).allow(0, "1"), TypeError, "cost: got '1', allowed a number"),
        (lambda: el.TokenBucket(5, 1).replay([], "1"), TypeError, "cost: got '1', allowed"),
        (
            lambda: el.TokenBucket(5, 1).replay([0, 1], [1]),
            ValueError,
            "cost: got [1], allowed one",
        ),
    ],
)
def test_bad_input_is_told(make, error, text):
    with pytest.raises(error, match=re.escape(text)):
        make()


def test_of_six_orders_only_those_without_an_overlap_keep_the_limit():
    table = last_token_orders()
    assert len(table) == 6 and table["order"].is_unique
    assert table["let_through"].tolist() == [1, 2, 2, 2, 2, 1]
    assert table["order"][0].endswith("B is refused") and table["order"][5].endswith("A is refused")


def test_locks_around_each_access_let_two_real_threads_take_the_last_token():
    lock, both_have_read, state, left = threading.Lock(), threading.Barrier(2), [1], []

    def one():
        with lock:
            tokens = state[0]
        both_have_read.wait(timeout=300)
        if tokens >= 1:
            with lock:
                state[0] = tokens - 1
            left.append(tokens - 1)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert left == [0, 0]
