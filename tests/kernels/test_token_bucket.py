"""The limiters' kernels: plain twins, closed forms, and GCRA against the bucket."""

import heapq
import os
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from edgelab.kernels import messages, token_bucket
from edgelab.kernels.draws import ALWAYS, QUANTILES, stream_key
from edgelab.topics.rate_limit.token_bucket import TokenBucket

# Without the JIT an unsigned wrap warns.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in scalar")

PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"
SECONDS = 5 if PLAIN else 30
ONE = np.ones(QUANTILES, np.float32)


def stream(seed, per_s, pops, seconds=SECONDS):
    """Poisson requests at PoPs chosen uniformly, by NumPy's generator and not by the kernel."""
    random = np.random.default_rng(seed)
    count = random.poisson(per_s * seconds)
    return np.sort(random.uniform(0, seconds, count)), random.integers(0, pops, count)


# -- twins, written anew from the description --------------------------------------------------


def separate(times_s, which, capacity, per_s):
    buckets = {}
    return [
        buckets.setdefault(w, TokenBucket(capacity, per_s)).allow(t)
        for t, w in zip(times_s, which, strict=True)
    ]


def leased(times_s, pop, capacity, per_s, lease):
    bucket, held, out = TokenBucket(capacity, per_s), {}, []
    for now, p in zip(times_s, pop, strict=True):
        if not held.get(p) and bucket.allow(now, cost=lease):
            held[p] = lease
        out.append(bool(held.get(p)))
        held[p] = max(held.get(p, 0) - 1, 0)
    return out


def last_writer(times_s, pop, pops, capacity, per_s, lag_s):
    """Every write travels to every PoP by itself, and is taken there if it is the newest."""
    kept, under_way, out = [None] * pops, [], []
    for now, p in zip(times_s, pop, strict=True):
        while under_way and under_way[0][0] <= now:
            written, tokens = heapq.heappop(under_way)[1:]
            for other in range(pops):
                if kept[other] is None or kept[other][0] < written:
                    kept[other] = written, tokens
        written, tokens = kept[p] or (now, capacity)
        level = min(capacity, tokens + (now - written) * per_s)
        out.append(level >= 1)
        if level >= 1:
            kept[p] = now, level - 1
            heapq.heappush(under_way, (now + lag_s, now, level - 1))
    return out


def grow_only(times_s, pop, pops, capacity, per_s, lag_s):
    """Every PoP deducts a spend when it hears of it; events in order of time."""
    level, since = [float(capacity)] * pops, [0.0] * pops
    news, out = [], []

    def refill(p, now):
        level[p] = min(capacity, level[p] + (now - since[p]) * per_s)
        since[p] = now

    for now, p in zip(times_s, pop, strict=True):
        while news and news[0][0] <= now:
            at, spender = heapq.heappop(news)
            for other in range(pops):
                if other != spender:
                    refill(other, at)
                    level[other] -= 1
        refill(p, now)
        out.append(level[p] >= 1)
        if out[-1]:
            level[p] -= 1
            heapq.heappush(news, (now + lag_s, p))
    return out


def windows(times_s, which, limit, window_s):
    let, out = {}, []
    for t, w in zip(times_s, which, strict=True):
        mine, number = let.setdefault(w, []), t // window_s
        counts = [sum(1 for m in mine if m // window_s == k) for k in (number - 1, number)]
        share = 1 - (t - number * window_s) / window_s
        out.append(counts[0] * share + counts[1] + 1 <= limit)
        if out[-1]:
            mine.append(t)
    return out


CASES = [(1, 8, 0.05), (2, 20, 0.05), (3, 40, 0.5), (7, 40, 2.0), (40, 60, 0.2), (5, 3, 10.0)]


@pytest.mark.parametrize(("pops", "per_s", "lag_s"), CASES)
def test_each_limiter_decides_as_its_plain_twin(pops, per_s, lag_s):
    for seed in range(3):
        times_s, pop = stream(seed, per_s, pops)
        limit = 20.0, 5.0
        found = token_bucket.bucket(times_s, pop, pops, *limit)
        assert found.tolist() == separate(times_s, pop, *limit)
        found, _ = token_bucket.last_writer(times_s, pop, pops, *limit, lag_s)
        assert found.tolist() == last_writer(times_s, pop, pops, *limit, lag_s)
        found = token_bucket.grow_only(times_s, pop, pops, *limit, lag_s)
        assert found.tolist() == grow_only(times_s, pop, pops, *limit, lag_s)
        found = token_bucket.sliding_window(times_s, pop, pops, 20.0, 4.0)
        assert found.tolist() == windows(times_s, pop, 20.0, 4.0)
        for lease in (1, 7, 20):
            found, _ = token_bucket.leased(times_s, pop, pops, *limit, lease)
            assert found.tolist() == leased(times_s, pop, *limit, lease)


def test_a_pop_that_was_idle_pays_in_the_order_in_which_it_hears():
    # PoP 1 is full until it hears of 15 spends late: what came before is capped, not saved up.
    times_s = np.array([*np.linspace(0, 1, 6), *np.linspace(9.0, 9.5, 15), 9.9, 10.0, 10.1])
    pop = np.array([0] * 21 + [1, 1, 1])
    for lag_s in (0.01, 0.3, 5.0):
        found = token_bucket.grow_only(times_s, pop, 2, 16.0, 1.0, lag_s)
        assert found.tolist() == grow_only(times_s, pop, 2, 16.0, 1.0, lag_s)


@pytest.mark.parametrize("lag_s", [0.0, 0.1, 1000.0])
def test_at_one_pop_every_shared_design_is_the_exact_bucket(lag_s):
    times_s, pop = stream(5, 30, 1)
    exact = token_bucket.bucket(times_s, pop, 1, 20.0, 5.0)
    through, remembered = token_bucket.last_writer(times_s, pop, 1, 20.0, 5.0, lag_s)
    assert_array_equal(through, exact)
    assert remembered == exact.sum()
    assert_array_equal(token_bucket.grow_only(times_s, pop, 1, 20.0, 5.0, lag_s), exact)


def test_without_a_delay_the_shared_designs_are_exact_and_without_news_they_are_separate():
    times_s, pop = stream(6, 60, 8)
    limit = 20.0, 5.0
    exact = token_bucket.bucket(times_s, np.zeros_like(pop), 1, *limit)
    apart = token_bucket.bucket(times_s, pop, 8, *limit)
    for lag_s, right in ((0.0, exact), (1e6, apart)):
        through, remembered = token_bucket.last_writer(times_s, pop, 8, *limit, lag_s)
        assert_array_equal(through, right)
        assert_array_equal(token_bucket.grow_only(times_s, pop, 8, *limit, lag_s), right)
    last = pop[np.flatnonzero(through)[-1]]
    assert remembered == through[pop == last].sum() < through.sum()


# -- bounds, in every run ----------------------------------------------------------------------


@given(
    seed=st.integers(0, 2**32 - 1),
    per_s=st.floats(0.5, 50),
    pops=st.integers(1, 12),
    capacity=st.integers(1, 40),
    refill=st.floats(0.1, 20),
    lag_s=st.floats(0, 20),
)
@settings(max_examples=10 if PLAIN else 80, deadline=None)
def test_no_run_exceeds_capacity_plus_refill_times_time(seed, per_s, pops, capacity, refill, lag_s):
    times_s, pop = stream(seed, per_s, pops, 5)
    one, b = np.zeros_like(pop), float(capacity)
    most = b + refill * 5 + 1e-9
    exact = token_bucket.bucket(times_s, one, 1, b, refill)
    assert exact.sum() <= most
    # In any stretch of time, not only in the whole.
    spent = times_s[exact]
    for first in range(0, len(spent), 7):
        count = np.arange(first, len(spent)) - first + 1
        assert (count <= b + refill * (spent[first:] - spent[first]) + 1e-6).all()
    for through in (
        token_bucket.bucket(times_s, pop, pops, b, refill),
        token_bucket.grow_only(times_s, pop, pops, b, refill, lag_s),
        token_bucket.sliding_window(times_s, pop, pops, b, b / refill),
    ):
        assert through.sum() <= pops * most
    assert token_bucket.gcra(times_s, 1 / refill, (b - 1) / refill).sum() <= most
    assert token_bucket.leased(times_s, pop, pops, b, refill, 1 + capacity // 3)[0].sum() <= most


def test_the_last_writer_may_let_more_through_than_separate_buckets():
    """PoP 1 writes what it has left after PoP 0 has spent all: PoP 0 gets tokens back."""
    times_s, pop = np.array([0.0, 0.1, 0.2, 0.3, 0.6]), np.array([0, 0, 0, 1, 0])
    through, remembered = token_bucket.last_writer(times_s, pop, 2, 3.0, 0.0, 0.25)
    assert through.tolist() == last_writer(times_s, pop, 2, 3.0, 0.0, 0.25) == [True] * 5
    assert remembered == 3  # PoP 0's first, PoP 1's, and PoP 0's last
    runs = [stream(seed, 200, 2, 60) for seed in range(20)]
    found = [token_bucket.last_writer(t, p, 2, 100.0, 10.0, 0.09)[0].sum() for t, p in runs]
    assert max(found) > 2 * 700


# -- GCRA ----------------------------------------------------------------------------------------


@given(
    gaps=st.lists(st.integers(0, 300), min_size=1, max_size=120),
    capacity=st.integers(1, 40),
    power=st.integers(-3, 5),
)
@settings(max_examples=30 if PLAIN else 300, deadline=None)
def test_gcra_decides_as_the_bucket_ties_included(gaps, capacity, power):
    """Times, rate and interval are sums of powers of two: floats hold them exactly."""
    times_s, refill = np.cumsum(gaps) / 64.0, 2.0**power
    which = np.zeros(len(gaps), np.int64)
    ours = token_bucket.bucket(times_s, which, 1, float(capacity), refill)
    assert_array_equal(token_bucket.gcra(times_s, 1 / refill, (capacity - 1) / refill), ours)


@given(
    gaps=st.lists(st.integers(0, 60), min_size=1, max_size=60),
    costs=st.lists(st.integers(1, 6), min_size=60, max_size=60),
    per_s=st.integers(1, 50),
    capacity=st.integers(1, 9),
    refill=st.fractions("1/9", 9, max_denominator=50),
)
@settings(max_examples=100, deadline=None)
def test_bucket_and_gcra_decide_as_in_fractions(gaps, costs, per_s, capacity, refill):
    """No two times are nearer than a 50th of a second, no rate is a float's: rounding shows."""
    exact = [Fraction(t, per_s) for t in np.cumsum(gaps).tolist()]
    right = TokenBucket(capacity, refill).replay(exact, costs[: len(gaps)])["allowed"]
    assert right.tolist() == scheduled(exact, costs, 1 / refill, (capacity - 1) / refill)
    times_s, cost, r = np.array(exact, float), np.array(costs[: len(gaps)], float), float(refill)
    assert TokenBucket(capacity, r).replay(times_s, cost)["allowed"].tolist() == right.tolist()
    which = np.zeros(len(gaps), np.int64)
    found = token_bucket.bucket(times_s, which, 1, float(capacity), r, cost)
    assert_array_equal(found, right)
    found = token_bucket.gcra(times_s, 1 / r, (capacity - 1) / r, cost)
    assert_array_equal(found, right)


def scheduled(times, costs, interval, tolerance):
    """I.371's virtual scheduling in fractions; more tokens are worth more time, and come later."""
    due, out = 0, []
    for now, cost in zip(times, costs, strict=False):
        out.append(now >= max(due, now) - tolerance + (cost - 1) * interval)
        if out[-1]:
            due = max(due, now) + cost * interval
    return out


@pytest.mark.parametrize("refill", [0.1, 1 / 3, 0.7, 7.3, 10.0, 97.0])
def test_gcra_decides_as_the_bucket_over_a_long_time(refill):
    """A clock of milliseconds, so that many requests come at once; one to three tokens each."""
    random, n = np.random.default_rng(11), 2_000 if PLAIN else 1_000_000
    times_s = np.sort(random.integers(0, int(1000 * n / refill), n)) / 1000
    cost = random.integers(1, 4, n).astype(float)
    for capacity in (1.0, 3.0, 10.0, 1000.0):
        ours = token_bucket.bucket(times_s, np.zeros(n, np.int64), 1, capacity, refill, cost)
        found = token_bucket.gcra(times_s, 1 / refill, (capacity - 1) / refill, cost)
        assert_array_equal(found, ours)


def test_all_tokens_can_be_taken_at_once():
    for capacity in range(1, 40):
        for refill in (0.1, 0.3, 1 / 3, 7.0, 10.0):
            for at in (0.0, 0.1, 1.0, 7.7, 1e6 / 3):
                times_s, one = np.full(capacity + 1, at), np.zeros(capacity + 1, np.int64)
                found = token_bucket.gcra(times_s, 1 / refill, (capacity - 1) / refill)
                assert found.tolist() == capacity * [True] + [False]
                found = token_bucket.bucket(times_s, one, 1, float(capacity), refill)
                assert found.tolist() == capacity * [True] + [False]


@pytest.mark.parametrize("refill", [1e-3, 0.1, 1 / 3, 0.7, 3.0, 7.3, 10.0, 97.0, 12_345.678, 1e6])
def test_a_million_requests_at_the_very_rate_pass(refill):
    n = 2_000 if PLAIN else 1_000_000
    k, one = np.arange(n), np.zeros(n, np.int64)
    for times_s in (k / refill, k * (1 / refill), np.cumsum(np.full(n, 1 / refill))):
        for capacity in (1.0, 3.0):
            limit = capacity, refill
            assert token_bucket.gcra(times_s, 1 / refill, (capacity - 1) / refill).all()
            assert token_bucket.bucket(times_s, one, 1, *limit).all()
            assert token_bucket.last_writer(times_s, one, 1, *limit, 0.0)[0].all()
            assert token_bucket.grow_only(times_s, one, 1, *limit, 0.0).all()
    late = 1.7e9 + k / refill
    assert token_bucket.bucket(late, one, 1, 1.0, refill).all()
    assert token_bucket.gcra(late, 1 / refill, 0.0).all()


# -- the rest --------------------------------------------------------------------------------------


def test_the_published_windows_count():
    assert token_bucket.window_count(42.0, 18.0, 15.0, 60.0) == 49.5
    times_s = np.array([*np.linspace(0, 59, 42), *np.linspace(70, 75, 18), 75.0, 75.8])
    through = token_bucket.sliding_window(times_s, np.zeros(62, np.int64), 1, 50.0, 60.0)
    # One more than 49.5 is beyond the limit, until less of the minute before counts.
    assert through[:60].all() and through[60:].tolist() == [False, True]
    quiet = np.append(np.linspace(0, 1, 50), 130.0)  # two windows on, nothing counts any more
    assert token_bucket.sliding_window(quiet, np.zeros(51, np.int64), 1, 50.0, 60.0).all()


def test_a_store_refuses_what_follows_too_soon():
    times_s = np.array([0.0, 0.5, 0.99, 1.0, 1.2, 3.0, 3.5])
    one, two = np.zeros(7, np.int64), np.array([0, 1, 0, 1, 0, 1, 0])
    assert token_bucket.too_soon(times_s, one, 1, 1.0) == 4
    # Key 0 at 0, 0.99, 1.2, 3.5 and key 1 at 0.5, 1, 3.
    assert token_bucket.too_soon(times_s, two, 2, 1.0) == 2
    assert token_bucket.too_soon(times_s, one, 1, 0.0) == 0
    assert token_bucket.too_soon(np.arange(1000) / 10, np.zeros(1000, np.int64), 1, 0.1) == 0


def test_arrivals_are_poisson_and_their_places_uniform():
    count = 2000 if PLAIN else 200_000
    times_s, *uniform = token_bucket.arrivals(stream_key(3, 7_000_000), count)
    gaps = np.diff(times_s, prepend=0.0)
    assert (gaps > 0).all()
    assert gaps.mean() == pytest.approx(1, abs=4 / np.sqrt(count))
    assert (gaps > 1).mean() == pytest.approx(np.exp(-1), abs=4 * 0.49 / np.sqrt(count))
    for bits in uniform:
        share = bits / 2**32
        assert share.mean() == pytest.approx(0.5, abs=4 * 0.29 / np.sqrt(count))
        assert abs(np.corrcoef(share, gaps)[0, 1]) < 4 / np.sqrt(count)
    shorter = token_bucket.arrivals(stream_key(3, 7_000_000), 100)
    for long, short in zip((times_s, *uniform), shorter, strict=True):
        assert_array_equal(long[:100], short)


def test_messages_meet_their_fate_as_often_as_asked():
    keys = np.array([stream_key(1, pop) for pop in range(20)])
    below = [round(share * ALWAYS) for share in (0.1, 0.2, 0.3)]
    late = np.full(QUANTILES, 1000, np.float32)
    count = 20 if PLAIN else 400
    seen = np.array(
        [messages.deliveries_ms(keys, w, 250.0, ONE, late, *below) for w in range(count)]
    )
    came = np.isfinite(seen)
    error = 4 * 0.5 / np.sqrt(20 * count)
    assert came[:, 0].mean() == pytest.approx(0.8, abs=error)
    assert not (came[:, 1] & ~came[:, 0]).any()
    assert came[:, 1].sum() / came[:, 0].sum() == pytest.approx(0.3, abs=error)
    assert set(seen[came]) == {250.0, 1250.0}
    assert (seen[came] > 1000).mean() == pytest.approx(0.1, abs=error)
    sure = messages.deliveries_ms(keys, 0, 250.0, ONE, late, 0, 0, ALWAYS)
    assert (sure == 250.0).all()
