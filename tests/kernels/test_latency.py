"""Every viewer drawn, against plain Python; and the mixture of the exact distribution."""

import math

import numpy as np
import pytest
from numba import config
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chi2

from edgelab.kernels import latency
from edgelab.kernels.draws import ALWAYS, QUANTILES, draw, stream_key
from edgelab.kernels.histogram import BINS, bin_of
from edgelab.kernels.latency import POINTS

# Without the JIT an unsigned wrap warns; np.errstate would not reach the worker threads.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in scalar")

DRAWS = 3_000 if config.DISABLE_JIT else 100_000
BLOCK = 32 if config.DISABLE_JIT else latency.BLOCK
MASK = 2**64 - 1
# The first outputs of SplitMix64 from state 0, as its reference implementation prints them.
PUBLISHED = [
    0xE220A8397B1DCDAF,
    0x6E789E6AA1B965F4,
    0x06C45D188009454F,
    0xF88BB8A8724C81EC,
    0x1B39896A51A8749B,
]


def splitmix64(key, index):
    """`draw` in whole numbers of any length."""
    z = (key + (index + 1) * 0x9E3779B97F4A7C15) & MASK
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


def block_twin(first, count, key, last_mile_ms, near_ms, far_ms, origin_ms, fetch_below):
    """`simulate_block` in plain Python."""
    counts = np.zeros(BINS, np.int64)
    for i in range(first, first + count):
        bits = splitmix64(int(key), i)
        point = (bits >> 12) % 32
        ms = last_mile_ms[bits % 4096] + near_ms[point]
        if bits >> 32 < fetch_below:
            ms += far_ms[point] + origin_ms[(bits >> 17) % 4096]
        counts[bin_of(ms)] += 1
    return counts


def tables(seed=1, places=None):
    """Last mile, near, far and origin tables with something different in every cell."""
    rng = np.random.default_rng(seed)
    rows = () if places is None else (places,)
    sizes = {2: (*rows, QUANTILES), 3: (*rows, POINTS), 5: (*rows, POINTS), 1: QUANTILES}
    return [rng.lognormal(mu, 1, size).astype(np.float32) for mu, size in sizes.items()]


def block(first, count, key, *rest):
    counts = np.zeros(BINS, np.int64)
    latency.simulate_block(first, count, key, *rest, counts)
    return counts


def test_draws_from_state_0_are_splitmix64s_published_outputs():
    assert [int(draw(np.uint64(0), i)) for i in range(len(PUBLISHED))] == PUBLISHED


@pytest.mark.parametrize("key", [0, 1, 2**63, MASK, 0x123456789ABCDEF])
@pytest.mark.parametrize("index", [0, 1, 2**31, 2**32 + 5, 2**40])
def test_draw_is_the_twins(key, index):
    assert int(draw(np.uint64(key), index)) == splitmix64(key, index)


def test_streams_are_the_seeds_and_the_places_own():
    keys = {int(stream_key(seed, stream)) for seed in range(20) for stream in range(50)}
    assert len(keys) == 1000
    assert stream_key(7, 3) == stream_key(7, 3) and isinstance(stream_key(7, 3), np.uint64)


def fields(key):
    """The four parts of `DRAWS` draws: last mile, point, origin, fetched."""
    bits = np.array([int(draw(key, i)) for i in range(DRAWS)], np.uint64)
    shifts = zip((0, 12, 17, 32), (4096, 32, 4096, 2**32), strict=True)
    return [((bits >> np.uint64(s)) % np.uint64(n)).astype(float) / n for s, n in shifts]


@pytest.mark.parametrize("key", [0, 99])
def test_parts_of_a_draw_are_uniform_and_independent(key):
    parts = fields(stream_key(key, 0))
    cells = [parts[i] * 16 // 1 for i in range(4)]
    pairs = [16 * cells[i] + cells[j] for i in range(4) for j in range(i)]
    consecutive = [16 * cell[1:] + cell[:-1] for cell in cells]
    for cell, kinds in [(c, 16) for c in cells] + [(c, 256) for c in pairs + consecutive]:
        seen = np.bincount(cell.astype(int), minlength=kinds)
        expected = cell.size / kinds
        p = chi2.sf(((seen - expected) ** 2 / expected).sum(), kinds - 1)
        assert 1e-5 < p < 1 - 1e-5


@pytest.mark.parametrize("fetch_below", [0, 1, 2**31, ALWAYS // 500, ALWAYS])
@pytest.mark.parametrize("first", [0, 12_345, 2**33])
def test_a_block_is_the_twins(first, fetch_below):
    key = stream_key(3, 1)
    n = 300 if config.DISABLE_JIT else 3_000
    found = block(first, n, key, *tables(), fetch_below)
    assert_array_equal(found, block_twin(first, n, key, *tables(), fetch_below))
    assert found.sum() == n


def test_a_request_is_fetched_if_its_upper_bits_are_below_the_bound_and_not_at_it():
    upper = int(draw(np.uint64(5), 0)) >> 32
    never = np.full(QUANTILES, math.inf, np.float32)
    for fetch_below, fetched in ((upper, 0), (upper + 1, 1)):
        assert block(0, 1, np.uint64(5), *tables()[:3], never, fetch_below)[-1] == fetched


@pytest.mark.parametrize("cut", [0, 1, 137, 500])
def test_blocks_add_up_in_one_histogram(cut):
    rest = (stream_key(8, 0), *tables(), ALWAYS // 4)
    parts = np.zeros(BINS, np.int64)
    latency.simulate_block(0, cut, *rest, parts)
    latency.simulate_block(cut, 500 - cut, *rest, parts)
    assert_array_equal(parts, block(0, 500, *rest))


@pytest.mark.parametrize(("fetch_below", "share"), [(0, 0), (ALWAYS, 1), (2**30, 0.25)])
def test_those_who_are_fetched_from_a_saturated_origin_never_get_an_answer(fetch_below, share):
    last_mile, near, far, _ = tables()
    never = np.full(QUANTILES, math.inf, np.float32)
    found = block(0, DRAWS, stream_key(1, 1), last_mile, near, far, never, fetch_below)
    error = math.sqrt(share * (1 - share) / DRAWS)
    assert abs(found[-1] / DRAWS - share) <= 4 * error
    assert found[:-1].sum() == DRAWS - found[-1]


def test_every_point_of_the_catchment_is_equally_likely():
    zeros = np.zeros(QUANTILES, np.float32)
    near = np.float32(1.1) ** np.arange(20, 20 + POINTS, dtype=np.float32)
    found = block(0, DRAWS, stream_key(1, 2), zeros, near, near, zeros, 0)[[*map(bin_of, near)]]
    assert found.sum() == DRAWS
    expected = DRAWS / POINTS
    assert chi2.sf(((found - expected) ** 2 / expected).sum(), POINTS - 1) > 1e-5


@pytest.fixture(scope="module")
def places():
    """Viewers at the blocks' boundaries, their tables, and the histograms without any threads."""
    viewers = np.array([BLOCK - 1, BLOCK, 0, BLOCK + 1, 1, 2 * BLOCK + 3])
    *ways, origin = tables(2, len(viewers))
    below = ALWAYS // 3
    expected = [
        block(0, n, stream_key(2026, place), *(way[place] for way in ways), origin, below)
        for place, n in enumerate(viewers)
    ]
    return viewers, (*ways, origin, below), np.array(expected)


@pytest.mark.parametrize("threads", [1, 2, 8, None])
def test_the_same_bits_on_any_number_of_threads(places, threads, monkeypatch):
    monkeypatch.setattr(latency, "BLOCK", BLOCK)
    viewers, rest, expected = places
    assert_array_equal(latency.simulate(viewers, 2026, *rest, threads=threads), expected)
    assert_array_equal(expected.sum(axis=1), viewers)


def test_another_seed_draws_others(places):
    viewers, rest, _ = places
    few = np.minimum(viewers, 1000)
    assert (latency.simulate(few, 1, *rest, 1) != latency.simulate(few, 2, *rest, 1)).any()


@pytest.mark.parametrize("step", [0.031, 1.7])
@pytest.mark.parametrize("start", [0.0, 3.3])
@pytest.mark.parametrize("points", [1, 32])
def test_mixture_is_the_mean_of_the_shifted_distributions(points, start, step):
    rng = np.random.default_rng(points)
    cdf = np.append(np.sort(rng.uniform(0.1, 1, 50)), 1.0)
    offsets = rng.uniform(5, 40, points)
    edges = np.sort(rng.uniform(0, 150, 200))
    grid = start + step * np.arange(cdf.size)
    expected = np.mean(
        [np.interp(edges - x, grid, cdf, left=0.0, right=1.0) for x in offsets], axis=0
    )
    mass = np.full(edges.size + 1, 2.0)
    latency.add_mixture(3.0, edges, offsets, cdf, start, step, mass)
    found = np.cumsum(mass - 2) / 3
    assert_allclose(found[:-1], expected, atol=1e-12)
    assert found[-1] == pytest.approx(1, abs=1e-12) and (mass >= 2 - 1e-15).all()
