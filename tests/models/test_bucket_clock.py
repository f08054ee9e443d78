"""The token bucket on a virtual clock, the article's run, and the race between its two locks."""

import threading
from fractions import Fraction

import pytest

import edgelab as el
from edgelab.models.token_bucket import last_token_orders

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
        (lambda: el.TokenBucket(5, 1).replay([1, 0.5]), ValueError, "now_s: got 0.5, allowed"),
    ],
)
def test_bad_input_is_told(make, error, text):
    with pytest.raises(error, match=text.replace("(", r"\(")):
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
