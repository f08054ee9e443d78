"""The store with a clock against a plain twin, its cycles against closed forms, and arrivals."""

import math
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config
from numpy.testing import assert_allclose
from scipy import stats
from scipy.integrate import solve_ivp

from edgelab.kernels import cycles, edge_cache, lru, zipf
from edgelab.kernels.draws import stream_key
from edgelab.kernels.edge_cache import FAILED, FRESH, INSTEAD, STALE, WAITED, Life
from edgelab.world import che

EXAMPLES = 30 if config.DISABLE_JIT else 300
REQUESTS = 4_000 if config.DISABLE_JIT else 2_000_000
#: Objects, and requests a second for them, so that the trace lasts for many lives of a copy.
MANY, RATE = (10, 20.0) if config.DISABLE_JIT else (1000, 1000.0)
NEVER = (np.inf, np.inf)


def twin(times, ids, sizes, capacity, largest, life, down):
    """`serve` on an empty store, with dictionaries: the store, the copies, what is on its way."""
    store, came, coming, out = OrderedDict(), {}, {}, []
    for now, i in zip(times, ids, strict=True):
        if coming.get(i, math.inf) + life.fetch_s <= now:
            came[i] = coming.pop(i)
        age = now - came.get(i, -math.inf) if i in store else math.inf
        up = not down[0] <= now < down[1]
        asks = False
        if age < life.ttl_s:
            what = FRESH
        else:
            asks = not (i in coming and life.coalesce)
            if age < life.ttl_s + life.stale_while_revalidate_s:
                what = STALE
            elif up or not asks:
                what = WAITED
            elif age < life.ttl_s + life.stale_if_error_s:
                what = INSTEAD
            else:
                what = FAILED
            if up and i not in coming and not (sizes[i] > largest and life.fetch_s == 0):
                coming[i] = now
        out.append((what, asks))
        if i in store:
            store.move_to_end(i)
        elif what == WAITED and sizes[i] <= min(largest, capacity):
            came.pop(i, None)
            while sum(store.values()) + sizes[i] > capacity:
                store.popitem(last=False)
            store[i] = sizes[i]
    return out, list(store)


@st.composite
def traces(draw):
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=6))
    n = draw(st.integers(0, 50))
    ids = draw(st.lists(st.integers(0, len(sizes) - 1), min_size=n, max_size=n))
    gaps = draw(st.lists(st.integers(0, 4), min_size=n, max_size=n))
    ttl_s, window_s, error_s = (float(draw(st.integers(0, 6))) for _ in range(3))
    fetch_s, coalesce = draw(st.sampled_from([0.0, 1.5])), draw(st.booleans())
    life = Life(ttl_s + 1, window_s, error_s, fetch_s, coalesce)
    start = draw(st.integers(0, 60))
    down = (float(start), float(start + draw(st.integers(0, 20))))
    capacity = draw(st.integers(1, 20))
    return np.cumsum(gaps).astype(float), ids, sizes, capacity, draw(st.integers(1, 20)), life, down


def served(times, ids, sizes, capacity, largest, life, down=NEVER, pieces=1):
    state = edge_cache.empty(len(sizes))
    outcome, asked = np.zeros(len(ids), np.uint8), np.zeros(len(ids), np.bool_)
    sizes = np.asarray(sizes, np.int64)
    for at in np.array_split(np.arange(len(ids)), pieces):
        a, b = np.empty(len(at), np.uint8), np.empty(len(at), np.bool_)
        edge_cache.serve(
            np.asarray(times, float)[at], np.asarray(ids, np.int32)[at], sizes, capacity, largest,
            life, down, *state, a, b,
        )  # fmt: skip
        outcome[at], asked[at] = a, b
    return outcome, asked, state


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(traces(), st.integers(1, 3))
def test_every_outcome_is_the_twins(trace, pieces):
    sizes, capacity = trace[2:4]
    outcome, asked, (links, used, _) = served(*trace, pieces=pieces)
    expected, left = twin(*trace)
    assert list(zip(outcome.tolist(), asked.tolist(), strict=True)) == expected
    present = [i for i in range(len(sizes)) if links[i, 0] != lru.ABSENT]
    assert sorted(left) == present
    assert used[0] == sum(sizes[i] for i in left) <= capacity


def test_without_expiry_it_is_the_lru_store():
    share = zipf.weights(300, 0.9)
    ids = np.random.default_rng(1).choice(300, 5_000, p=share).astype(np.int32)
    sizes = np.random.default_rng(2).integers(1, 50, 300)
    outcome, asked, (links, _, _) = served(
        np.arange(5_000.0), ids, sizes, 2_000, 10**9, Life(np.inf)
    )
    plain, used = lru.empty(300)
    hits = np.empty(5_000, np.bool_)
    lru.replay(ids, sizes, 2_000, plain, used, hits)
    assert ((outcome == FRESH) == hits).all() and (asked == ~hits).all()
    assert (links == plain).all()


def test_the_rules_of_the_rfcs():
    """max-age=600, stale-while-revalidate=30 (RFC 5861, section 3.1), and 1200 s if error."""
    life = Life(600.0, 30.0, 1200.0)
    times = [0, 599.9, 600, 629.9, 700, 1299.9, 1330.1]
    outcome, asked, _ = served(times, [0] * 7, [1], 9, 9, life)
    assert outcome.tolist() == [WAITED, FRESH, STALE, FRESH, FRESH, WAITED, FRESH]
    assert asked.tolist() == [True, False, True, False, False, True, False]
    down = (600.0, 2000.0)
    outcome, asked, _ = served([0, 599, 610, 640, 1799, 1801, 2000], [0] * 7, [1], 9, 9, life, down)
    assert outcome.tolist() == [WAITED, FRESH, STALE, INSTEAD, INSTEAD, FAILED, WAITED]
    assert asked.tolist() == [True, False, True, True, True, True, True]


def test_coalescing_joins_those_who_wait():
    for coalesce, asks in ((True, [1, 0, 0, 0]), (False, [1, 1, 1, 0])):
        life = Life(10.0, fetch_s=1.0, coalesce=coalesce)
        outcome, asked, _ = served([0, 0.4, 0.9, 1.0], [0] * 4, [1], 9, 9, life)
        assert outcome.tolist() == [WAITED] * 3 + [FRESH]
        assert asked.tolist() == asks


class Response:
    """A stored response, by the names of RFC 9111, section 4.2.3: no clock is off, no Age came."""

    def __init__(self, request_time, response_time):
        date_value, age_value = request_time + (response_time - request_time) / 2, 0.0
        apparent_age = max(0.0, response_time - date_value)
        corrected_age_value = age_value + (response_time - request_time)
        self.response_time = response_time
        self.corrected_initial_age = max(apparent_age, corrected_age_value)

    def current_age(self, now):
        return self.corrected_initial_age + (now - self.response_time)


def by_the_rfcs(times, life):
    """One object in a cache that coalesces: RFC 9111, 4.2 and 4.2.3, and RFC 5861, 3."""
    stored = request_time = None
    out = []
    for now in times:
        if request_time is not None and request_time + life.fetch_s <= now:
            stored, request_time = Response(request_time, request_time + life.fetch_s), None
        age = math.inf if stored is None else stored.current_age(now)
        if life.ttl_s > age:
            out.append((FRESH, False))
            continue
        stale = age < life.ttl_s + life.stale_while_revalidate_s
        out.append((STALE if stale else WAITED, request_time is None))
        if request_time is None:
            request_time = now
    return out


#: Lives, the last five of a copy that is as old as T when it comes, or older.
LIVES = [
    Life(2.0, 0.0, fetch_s=0.25),
    Life(2.0, 1.0, fetch_s=0.75),
    Life(2.0, 0.25, fetch_s=1.5),
    Life(1.0, 0.0, fetch_s=1.0),
    Life(1.0, 0.0, fetch_s=1.25),
    Life(1.0, 2.0, fetch_s=1.25),
    Life(1.0, 0.5, fetch_s=1.25),
    Life(1.0, 0.125, fetch_s=1.25),
]


@pytest.mark.parametrize("life", LIVES, ids=repr)
@pytest.mark.parametrize("rate", [0.3, 2.0])
def test_kernel_and_closed_form_are_what_the_rfcs_rules_give(rate, life):
    n = 4_000 if config.DISABLE_JIT else 200_000
    gaps = np.random.default_rng(9).exponential(1 / rate, n)
    times = np.ceil(np.cumsum(gaps) * 2**20) / 2**20  # sums and differences are exact
    rules = by_the_rfcs(times.tolist(), life)
    outcome, asked, _ = served(times, np.zeros(n, int), [1], 9, 9, life)
    assert list(zip(outcome.tolist(), asked.tolist(), strict=True)) == rules
    got = np.array([*(np.mean(outcome == k) for k in (FRESH, STALE, WAITED)), asked.mean()])
    expected = np.array(cycles.object_shares(rate, *life[:2], np.inf, life.fetch_s, True)[:4])
    clump = 1 + rate * max(life.ttl_s, life.fetch_s)  # a cycle is one draw
    sigma = np.sqrt(np.maximum(expected * (1 - expected), 1e-9) * clump / n)
    assert (np.abs(got - expected) < 3.5 * sigma).all(), (got, expected)
    assert (expected[0] == got[0] == 0) == (life.fetch_s >= life.ttl_s)


def test_what_is_too_large_is_never_kept():
    outcome, asked, (_, used, _) = served([0, 1, 2], [0, 1, 0], [5, 2], 9, 4, Life(10.0))
    assert outcome.tolist() == [WAITED] * 3 and asked.all() and used[0] == 2


# -- cycles --------------------------------------------------------------------------------


def simulated(rate, life, objects, exponent, capacity):
    """Shares of the last three quarters of a trace, and how many requests these are."""
    share = zipf.weights(objects, exponent)
    ids, times = np.empty(REQUESTS, np.int32), np.empty(REQUESTS)
    with np.errstate(over="ignore"):
        zipf.sample(0, stream_key(3, 1), *zipf.aliases(share), ids)
        came = edge_cache.arrive(0, stream_key(3, 2), 0.0, 1e9, np.array([rate]), times)
    assert came == REQUESTS
    outcome, asked, _ = served(times, ids, np.ones(objects), capacity, capacity, life)
    part = slice(REQUESTS // 4, None)
    outcome, asked = outcome[part], asked[part]
    got = [(outcome == k).mean() for k in (FRESH, STALE, WAITED)]
    return np.array([*got, asked.mean(), (asked & (outcome == STALE)).mean()]), len(outcome)


def closed(rate, life, objects, exponent, capacity):
    share = zipf.weights(objects, exponent)
    memory = che.characteristic_time(capacity, share)
    out = np.empty((1, 5))
    cycles.shares(
        np.array([rate]), share, share, life.ttl_s, life.stale_while_revalidate_s, memory,
        np.array([life.fetch_s]), life.coalesce, 1.0, out,
    )  # fmt: skip
    return out[0]


@pytest.mark.parametrize(
    ("rate", "ttl_s", "window_s", "stated"),
    [(0.1, 10, 5, (0.5, 0.1967, 0.3033)), (1.0, 10, 5, (0.9091, 0.0903, 0.0006))],
)
def test_one_object_as_in_the_textbook(rate, ttl_s, window_s, stated):
    got = cycles.object_shares(rate, ttl_s, window_s, np.inf, 0.0, True)
    assert_allclose(got[:3], stated, atol=1e-4)
    total = 1 + rate * ttl_s
    assert_allclose(
        got[:3],
        [rate * ttl_s / total, -math.expm1(-rate * window_s) / total,
         math.exp(-rate * window_s) / total],
    )  # fmt: skip
    assert got[3] == pytest.approx(1 / total)


@pytest.mark.parametrize(
    "life",
    [Life(10.0, 5.0), Life(10.0), Life(10.0, 5.0, fetch_s=0.3), Life(4.0, 0.1, 0.0, 0.3, False)],
    ids=repr,
)
def test_the_shares_of_a_store_with_room_within_three_sigma(life):
    got, requests = simulated(RATE, life, MANY, 0.9, MANY)
    expected = closed(RATE, life, MANY, 0.9, MANY)
    # Requests that meet one fetch on its way come in clumps, as large as the popular objects'.
    share = zipf.weights(MANY, 0.9)
    clump = 1 + RATE * (share**2).sum() * life.fetch_s
    sigma = np.sqrt(np.maximum(expected * (1 - expected), 1e-6) * clump / requests)
    assert (np.abs(got - expected) < 3 * sigma).all(), (got, expected)


@pytest.mark.skipif(config.DISABLE_JIT, reason="a small store takes long to settle")
@pytest.mark.parametrize("capacity", [30, 100, 300])
@pytest.mark.parametrize(
    "life", [Life(3.0), Life(3.0, 1.0), Life(3.0, 0.05), Life(3.0, 0.1, 0.0, 0.01, False)], ids=repr
)
def test_the_shares_of_a_small_store_as_near_as_ches_time(life, capacity):
    got, _ = simulated(1000.0, life, 1000, 0.9, capacity)
    assert_allclose(got, closed(1000.0, life, 1000, 0.9, capacity), atol=0.002)


@pytest.mark.parametrize("rate", [0.05, 0.7, 3.0])
@pytest.mark.parametrize("memory_s", [0.4, 2.0, 9.0])
def test_requests_of_a_cycle_solve_their_equation(rate, memory_s):
    """M' = rate (1 - a M(x - C)), step by step with a dense solution of each interval."""
    gap = math.exp(-rate * memory_s)
    start, past = 1.0, None
    for k in range(8):

        def slope(x, _, past=past):
            return [rate * (1 - gap * (past(x - memory_s)[0] if past else 0.0))]

        span = k * memory_s, (k + 1) * memory_s
        solution = solve_ivp(slope, span, [start], rtol=1e-9, atol=1e-11, dense_output=True)
        start, past = solution.y[0, -1], solution.sol
        for x in np.linspace(*span, 4)[:-1]:
            assert cycles.started(x, rate, memory_s) == pytest.approx(past(x)[0], rel=1e-6)
    assert cycles.started(100 / rate / gap, rate, memory_s) == pytest.approx(1 / gap)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(
    st.floats(1e-6, 1e4), st.floats(0.5, 3600), st.floats(0, 600), st.floats(1e-3, 1e5),
    st.floats(0, 2), st.booleans(),
)  # fmt: skip
def test_shares_are_shares_whatever_comes(rate, ttl_s, window_s, memory_s, fetch_s, coalesce):
    got = np.array(cycles.object_shares(rate, ttl_s, window_s, memory_s, fetch_s, coalesce))
    assert np.isfinite(got).all()
    assert (got >= 0).all() and (got <= 1).all()
    assert got[:3].sum() == pytest.approx(1)
    assert got[4] <= got[3]
    assert fetch_s < ttl_s or got[0] == 0
    longer = cycles.object_shares(rate, 2 * ttl_s, window_s, memory_s, fetch_s, coalesce)
    assert longer[0] >= got[0] - 1e-6


# -- arrivals and counting -----------------------------------------------------------------


def test_arrivals_follow_the_rate_and_any_pieces_give_the_same():
    rates = np.array([50.0, 0.0, 200.0, 10.0])
    times = np.empty(5_000)
    with np.errstate(over="ignore"):
        key = stream_key(5, 0)
        came = edge_cache.arrive(0, key, 0.0, 10.0, rates, times)
        first = np.empty(100)
        edge_cache.arrive(0, key, 0.0, 10.0, rates, first)
        rest = np.empty(5_000)
        more = edge_cache.arrive(100, key, first[-1], 10.0, rates, rest)
    assert_allclose(np.append(first, rest[:more]), times[:came])
    assert (np.diff(times[:came]) >= 0).all() and times[came - 1] < 40
    counts = np.histogram(times[:came], np.arange(0, 41, 10))[0]
    assert counts[1] == 0
    for count, mean in zip(counts, 10 * rates, strict=True):
        assert abs(count - mean) <= 4 * math.sqrt(mean)
    inside = times[:came][times[:came] < 10] / 10
    assert stats.kstest(inside, "uniform").pvalue > 1e-3


def test_counts_are_what_was_counted():
    outcome, asked = np.array([0, 2, 2, 1], np.uint8), np.array([0, 1, 0, 1], np.bool_)
    by_time, by_group = np.zeros((2, 6), np.int64), np.zeros((2, 6), np.int64)
    edge_cache.tally(
        np.array([0.0, 4.0, 5.0, 99.0]), np.array([0, 1, 2, 2], np.int32), outcome, asked, 5.0,
        np.array([0, 0, 1]), by_time, by_group,
    )  # fmt: skip
    assert by_time.tolist() == [[1, 0, 1, 0, 0, 1], [0, 1, 1, 0, 0, 1]]
    assert by_group.tolist() == [[1, 0, 1, 0, 0, 1], [0, 1, 1, 0, 0, 1]]
