"""Che's approximation against sums written out, closed forms, and the LRU kernel."""

import numpy as np
import pytest
from numba import config
from numpy.testing import assert_allclose

from edgelab.kernels import lru, zipf
from edgelab.kernels.draws import stream_key
from edgelab.world import che


@pytest.mark.parametrize("exponent", [0.0, 0.7, 1.0, 1.3, 2.0])
@pytest.mark.parametrize("objects", [1, 37, 1024, 1025, 5_000, 300_000])
def test_groups_are_zipfs_law(objects, exponent):
    share, count = che.popularity(objects, exponent)
    exact = zipf.weights(objects, exponent)
    assert count.sum() == objects and (count >= 1).all()
    assert share @ count == pytest.approx(1)
    ends = np.cumsum(count).astype(int)
    assert_allclose(np.cumsum(share * count), np.cumsum(exact)[ends - 1], rtol=1e-6)
    assert len(share) < 1024 + 600


@pytest.mark.parametrize("exponent", [0.0, 0.8, 1.0, 1.5])
@pytest.mark.parametrize("capacity", [10, 1_000, 9_000])
def test_grouping_changes_no_figure(exponent, capacity):
    exact = zipf.weights(10_000, exponent)
    groups = che.popularity(10_000, exponent)
    time = che.characteristic_time(capacity, *groups)
    assert time == pytest.approx(che.characteristic_time(capacity, exact), rel=1e-4)
    assert che.miss_share(time, *groups) == pytest.approx(che.miss_share(time, exact), rel=1e-4)


def test_the_sums_are_those_of_the_definition():
    share, size, time = np.array([0.6, 0.3, 0.1]), np.array([2.0, 1.0, 5.0]), 4.0
    held = [1 - np.exp(-p * time) for p in share]
    assert che.filled(time, share, size=size) == pytest.approx(np.dot(held, size))
    assert che.miss_share(time, share) == pytest.approx(1 - np.dot(held, share))
    at = che.characteristic_time(6.5, share, size=size)
    assert che.filled(at, share, size=size) == pytest.approx(6.5)


def test_equally_popular_objects_have_a_closed_form():
    share = np.full(500, 1 / 500)
    assert che.characteristic_time(200, share) == pytest.approx(-500 * np.log(1 - 200 / 500))
    assert che.miss_share(che.characteristic_time(200, share), share) == pytest.approx(0.6)


def test_the_ends():
    share = zipf.weights(100, 1.0)
    assert che.characteristic_time(0, share) == 0.0
    assert che.characteristic_time(100, share) == che.characteristic_time(1e9, share) == np.inf
    assert che.miss_share([0.0, np.inf], share).tolist() == [1.0, 0.0]
    tiny = che.characteristic_time(1e-6, share)
    assert che.filled(tiny, share) == pytest.approx(1e-6)
    near = che.characteristic_time(100 - 1e-9, share)
    assert near > 1e4


def test_objects_that_nobody_asks_for_take_no_room():
    share = np.array([0.5, 0.5, 0.0])
    assert che.characteristic_time(2, share) == np.inf


def test_figures_known_from_elsewhere():
    """100,000 objects by Zipf(0.8) in a store of 5,000: T 6921.3, hits 0.36917."""
    groups = che.popularity(100_000, 0.8)
    time = che.characteristic_time(5_000, *groups)
    assert time == pytest.approx(6921.3, abs=0.5)
    assert 1 - che.miss_share(time, *groups) == pytest.approx(0.36917, abs=2e-5)


@pytest.mark.parametrize("sized", [False, True])
@pytest.mark.parametrize("exponent", [0.6, 1.0, 1.4])
@pytest.mark.parametrize("room", [0.02, 0.2, 0.7])
def test_the_lru_kernel_agrees(exponent, room, sized):
    objects, requests = (300, 4_000) if config.DISABLE_JIT else (2_000, 400_000)
    share = zipf.weights(objects, exponent)
    rng = np.random.default_rng(4)
    sizes = rng.integers(1, 50, objects) if sized else np.ones(objects, np.int64)
    capacity = int(room * sizes.sum())
    ids = np.empty(requests, np.int32)
    with np.errstate(over="ignore"):
        zipf.sample(0, stream_key(3, 0), *zipf.aliases(share), ids)
    links, used = lru.empty(objects)
    hits = np.empty(requests, np.bool_)
    lru.replay(ids, sizes, capacity, links, used, hits)
    time = che.characteristic_time(capacity, share, size=sizes)
    within = 0.04 if config.DISABLE_JIT else 0.01
    assert 1 - hits[requests // 2 :].mean() == pytest.approx(
        che.miss_share(time, share), abs=within
    )
