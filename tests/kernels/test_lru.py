"""The LRU store against an OrderedDict, and requests against the popularity they follow."""

from collections import OrderedDict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from edgelab.kernels import lru, zipf
from edgelab.kernels.draws import draw, stream_key

EXAMPLES = 20 if config.DISABLE_JIT else 200
REQUESTS = 2_000 if config.DISABLE_JIT else 200_000


def twin(ids, sizes, capacity):
    """`replay` on an empty store, with an OrderedDict whose first entry is the oldest."""
    store, hits = OrderedDict(), []
    for i in ids:
        hits.append(i in store)
        if i in store:
            store.move_to_end(i)
        elif sizes[i] <= capacity:
            while sum(store.values()) + sizes[i] > capacity:
                store.popitem(last=False)
            store[i] = sizes[i]
    return hits, list(store)


def order_of(links):
    """The objects that are there, the one used longest ago first."""
    ring, out = len(links) - 1, []
    i = links[ring, 0]
    while i != ring:
        out.append(int(i))
        i = links[i, 0]
    return out


def replayed(ids, sizes, capacity, pieces=1):
    sizes = np.asarray(sizes, np.int64)
    links, used = lru.empty(len(sizes))
    hits = np.zeros(len(ids), np.bool_)
    for at in np.array_split(np.arange(len(ids)), pieces):
        part = np.asarray(ids, np.int32)[at]
        found = np.zeros(len(at), np.bool_)
        lru.replay(part, sizes, capacity, links, used, found)
        hits[at] = found
    return hits, links, used


@st.composite
def traces(draw):
    sizes = draw(st.lists(st.integers(1, 5), min_size=1, max_size=8))
    ids = draw(st.lists(st.integers(0, len(sizes) - 1), max_size=60))
    return ids, sizes, draw(st.integers(0, 20)), draw(st.integers(1, 4))


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(traces())
def test_every_hit_and_what_is_left_are_the_twins(trace):
    ids, sizes, capacity, pieces = trace
    hits, links, used = replayed(ids, sizes, capacity, pieces)
    expected, left = twin(ids, sizes, capacity)
    assert hits.tolist() == expected
    assert order_of(links) == left
    assert used[0] == sum(sizes[i] for i in left) <= capacity
    present = [i for i in range(len(sizes)) if links[i, 0] != lru.ABSENT]
    assert sorted(left) == present


def test_a_long_trace_agrees_to_the_last_miss():
    rng = np.random.default_rng(5)
    ids = (rng.zipf(1.3, REQUESTS // 10) % 500).astype(np.int32)
    sizes = rng.integers(1, 100, 500)
    hits, _, _ = replayed(ids, sizes, 2_000)
    assert hits.tolist() == twin(ids.tolist(), sizes.tolist(), 2_000)[0]
    assert 0.05 < hits.mean() < 0.95


def test_a_larger_store_hits_whatever_a_smaller_one_does():
    ids = np.random.default_rng(1).integers(0, 40, 3_000)
    hits = [replayed(ids, np.ones(40), capacity)[0] for capacity in range(0, 45, 5)]
    assert all((small <= large).all() for small, large in pairwise(hits))
    assert not hits[0].any() and (~hits[-1]).sum() == 40


def test_a_store_filled_in_an_order_holds_its_end():
    links, used = lru.fill(np.array([3, 1, 4, 0, 2]), np.ones(5, np.int64), 3)
    assert order_of(links) == [4, 0, 2] and used[0] == 3
    links, used = lru.fill(np.array([], np.int64), np.ones(5, np.int64), 3)
    assert order_of(links) == [] and used[0] == 0


def test_requests_since_the_last_one():
    last = np.array([-np.inf, -2.5, -np.inf])
    since = np.empty(4)
    lru.since_last(np.array([0, 1, 0, 1]), last, since)
    assert since.tolist() == [np.inf, 3.5, 2.0, 2.0]
    assert last.tolist() == [2.0, 3.0, -np.inf]


# -- requests ------------------------------------------------------------------------------


@pytest.mark.parametrize("exponent", [0.0, 0.8, 1.0, 2.0])
def test_weights_are_zipfs(exponent):
    share = zipf.weights(50, exponent)
    assert share.sum() == pytest.approx(1)
    assert_allclose(share / share[0], [rank**-exponent for rank in range(1, 51)])


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30).filter(lambda x: sum(x) > 1e-3))
def test_the_aliases_give_back_the_shares(weights):
    share = np.array(weights) / sum(weights)
    keep, other = zipf.aliases(share)
    got = np.zeros(len(share))
    for i, kept in enumerate(np.clip(keep, 0, 1)):
        got[i] += kept / len(share)
        got[other[i]] += (1 - kept) / len(share)
    assert_allclose(got, share, atol=1e-12)
    assert (keep <= 1 + 1e-12).all() and (keep > -1e-12).all()


def plain(number, key, keep, other):
    """One draw in plain Python's whole numbers, which do not wrap."""
    with np.errstate(over="ignore"):
        bits = int(draw(key, number))
    i = (bits >> 32) * len(keep) >> 32
    return i if (bits & 0xFFFFFFFF) / 2**32 < keep[i] else int(other[i])


def sampled(first, count, share, seed=7):
    keep, other = zipf.aliases(share)
    ids = np.empty(count, np.int32)
    with np.errstate(over="ignore"):
        zipf.sample(first, stream_key(seed, 0), keep, other, ids)
    return ids


def test_draws_are_the_twins_and_the_same_in_any_pieces():
    share = zipf.weights(1_000, 0.9)
    keep, other = zipf.aliases(share)
    ids = sampled(0, 500, share)
    assert ids.tolist() == [plain(k, stream_key(7, 0), keep, other) for k in range(500)]
    assert_array_equal(ids[200:], sampled(200, 300, share))
    assert (ids != sampled(0, 500, share, seed=8)).any()


def test_objects_come_as_often_as_they_should():
    share = zipf.weights(200, 1.0)
    ids = sampled(0, REQUESTS, share)
    found = np.bincount(ids, minlength=200)
    assert stats.chisquare(found, REQUESTS * share).pvalue > 1e-3
