"""Delays of writes to PoPs, against plain Python and against closed forms."""

import math

import numpy as np
import pytest
from numba import config
from numpy.testing import assert_array_equal
from scipy.special import ndtr, ndtri

from edgelab.kernels.draws import ALWAYS, QUANTILES, draw, stream_key
from edgelab.kernels.histogram import BINS, bin_edges_ms, bin_of
from edgelab.kernels.replication import last_writer_values, propagation_delay_ms, replicate
from edgelab.world import delays

# Without the JIT an unsigned wrap warns.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in scalar")

WRITES = 3_000 if config.DISABLE_JIT else 200_000
POPS = 5 if config.DISABLE_JIT else 40
LEVELS = (np.arange(QUANTILES) + 0.5) / QUANTILES
EDGES = bin_edges_ms()
ONES = np.ones(QUANTILES, np.float32)


def run(writes, median_ms, spread, extra_ms, extra_below, seed=4):
    """`replicate` with a stream of its own for each PoP."""
    keys = np.array([stream_key(seed, pop) for pop in range(len(median_ms))])
    counts = np.zeros((len(median_ms), BINS), np.int64)
    replicate(writes, keys, np.array(median_ms), spread, extra_ms, np.array(extra_below), counts)
    return counts


def later(counts):
    """Share of the writes that take at least as long as each edge."""
    return np.append(1, 1 - np.cumsum(counts) / counts.sum())[: EDGES.size]


@pytest.mark.parametrize("extra_below", [0, 2**30, ALWAYS])
@pytest.mark.parametrize("median_ms", [0.0, 50.0, 250.0])
def test_delays_are_the_twins(median_ms, extra_below):
    rng = np.random.default_rng(3)
    spread, extra = rng.lognormal(0, 1, (2, QUANTILES)).astype(np.float32)
    key, n = stream_key(4, 0), 400
    expected = np.zeros(BINS, np.int64)
    for write in range(n):
        bits = int(draw(key, write))
        delay = np.float32(median_ms) * spread[bits % 4096]
        if bits >> 32 < extra_below:
            delay += extra[(bits >> 17) % 4096]
        expected[bin_of(delay)] += 1
        found = propagation_delay_ms(np.uint64(bits), median_ms, spread, extra, extra_below)
        assert found == delay
    assert_array_equal(run(n, [median_ms], spread, extra, [extra_below])[0], expected)


def test_a_lag_is_added_if_the_upper_bits_are_below_the_bound_and_not_at_it():
    bits = draw(stream_key(4, 0), 0)
    bound = int(bits) >> 32
    found = [propagation_delay_ms(bits, 50.0, ONES, ONES, bound + more) for more in (0, 1)]
    assert found == [50, 51]


@pytest.mark.parametrize(("median_ms", "sigma"), [(50.0, 0.3), (250.0, 0.3), (1000.0, 1.2)])
def test_share_of_later_writes_is_the_lognormals(median_ms, sigma):
    spread = np.exp(sigma * ndtri(LEVELS)).astype(np.float32)
    found = later(run(WRITES, [median_ms], spread, ONES, [0])[0])[1:-1]
    right = ndtr(-np.log(EDGES[1:-1] / median_ms) / sigma)
    error = np.sqrt(right * (1 - right) / WRITES)
    # Half a step is what a table of 4,096 values can be off.
    assert (np.abs(found - right) <= 4 * error + 0.5 / QUANTILES).all()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 1.0])
def test_a_rebalanced_pop_adds_an_exponential_lag_to_its_share(share):
    mean, median = 4000.0, 100.0
    lag = (-mean * np.log1p(-LEVELS)).astype(np.float32)
    found = later(run(WRITES, [median], ONES, lag, [round(share * ALWAYS)])[0])[1:-1]
    after = EDGES[1:-1] - median
    right = np.where(after <= 0, 1, share * np.exp(-np.maximum(after, 0) / mean))
    error = np.sqrt(right * (1 - right) / WRITES)
    apart = np.abs(after) > 1  # the step at the median lies within one bin
    assert (np.abs(found - right) <= 4 * error + 0.5 / QUANTILES)[apart].all()


@pytest.mark.parametrize("rebalancing_share", [0.0, 0.05])
def test_more_pops_leave_the_others_draws_alone(rebalancing_share):
    few = delays.delay_histogram(POPS, 1, 250.0, rebalancing_share, 7)
    more = delays.delay_histogram(POPS + 3, 1, 250.0, rebalancing_share, 7)
    assert_array_equal(more[:POPS], few)
    assert (few.sum(axis=1) == delays.WRITES).all()
    apart = np.delete(few, 1, axis=0)
    assert len(np.unique(apart, axis=0)) == len(apart)


@pytest.mark.parametrize("home", [0, POPS - 1])
def test_the_writers_own_pop_sees_a_write_at_once_and_no_other_does(home):
    counts = delays.delay_histogram(POPS, home, 250.0, 0.05, 7)
    assert counts[home, 0] == delays.WRITES
    assert (np.delete(counts, home, axis=0)[:, 0] == 0).all()
    assert delays.median_delay_ms(POPS, home, 250.0)[home] == 0


def test_stale_share_and_its_mean_are_the_lognormals():
    sigma = math.log(2) / ndtri(0.99)
    drawn = delays.delay_histogram(POPS, 0, 250.0, 0.0, 11)
    median = delays.median_delay_ms(POPS, 0, 250.0)
    assert set(median) == {0.0, 50.0, 250.0}
    for pop in range(1, POPS):
        right = ndtr(-np.log(delays.TIMES_MS / median[pop]) / sigma)
        found = delays.stale_share(drawn, np.eye(POPS)[pop])
        error = np.sqrt(right * (1 - right) / delays.WRITES)
        assert (np.abs(found - right) <= 4 * error + 0.5 / QUANTILES).all()
    every = 30_000.0  # far beyond every delay, so that the mean share is E[delay] / every
    mean = median * math.exp(sigma**2 / 2)
    spread = mean * math.sqrt(math.expm1(sigma**2))
    found = every * np.array([delays.mean_stale_share(drawn, one, every) for one in np.eye(POPS)])
    assert (np.abs(found - mean) <= 4 * spread / math.sqrt(delays.WRITES) + mean / 256).all()


def test_readers_weigh_the_pops():
    drawn = np.zeros((2, BINS), np.int64)
    drawn[0, 0] = drawn[1, bin_of(np.float32(100))] = delays.WRITES
    found = delays.stale_share(drawn, np.array([1.0, 3.0]))
    assert_array_equal(found, np.where(delays.TIMES_MS < 101, 0.75, 0.0))
    for weight, share in (([1.0, 0.0], 0), ([0.0, 2.0], 1), ([1.0, 3.0], 0.75)):
        assert delays.mean_stale_share(drawn, np.array(weight), 50.0) == pytest.approx(share)
    late = delays.mean_stale_share(drawn, np.array([0.0, 1.0]), 400.0)
    assert late == pytest.approx(0.25, rel=1 / 128)


# -- lost updates --------------------------------------------------------------------------

LAG = (-4000.0 * np.log1p(-LEVELS)).astype(np.float32)
SPREAD = np.exp(0.3 * ndtri(LEVELS)).astype(np.float32)


def seen(times, pops, group, near, far, period, phase, spread, lag, below, key):
    """The value that each write leaves, from a table of who sees what when."""
    values = []
    for i, (now, here) in enumerate(zip(times, pops, strict=True)):
        newest = 0
        for j in range(i):
            delay = 0.0
            if pops[j] != here:
                bits = int(draw(key, j * len(phase) + here))
                median = near if group[pops[j]] == group[here] else far
                delay = np.float32(median) * spread[bits % 4096]
                if period:
                    cycle = times[j] / period - phase[here]
                    delay = np.float32((math.ceil(cycle) - cycle) * period)
                if bits >> 32 < below:
                    delay += lag[(bits >> 17) % 4096]
            if times[j] + delay <= now:
                newest = values[j]
        values.append(newest + 1)
    return values


@pytest.mark.parametrize("period", [0.0, 500.0])
@pytest.mark.parametrize("below", [0, 2**30])
def test_the_last_writers_values_are_the_twins(period, below):
    rng = np.random.default_rng(8)
    times, pops = np.cumsum(rng.exponential(40, 200)), rng.integers(0, 6, 200)
    group, phase, key = np.array([0, 0, 0, 1, 1, 2]), rng.random(6), stream_key(8, 0)
    law = (group, 50.0, 250.0, period, phase)
    found = last_writer_values(times, pops, *law, key, SPREAD, LAG, below)
    assert found.tolist() == seen(times, pops, *law, SPREAD, LAG, below, key)


def test_kept_is_one_in_one_plus_rate_times_delay():
    """All delays alike and no two writes at one PoP: the chain of useful writes is a renewal."""
    writes = 2_000 if config.DISABLE_JIT else 40_000
    rng = np.random.default_rng(9)
    for per_ms, delay in ((0.001, 100.0), (0.01, 100.0), (0.01, 500.0)):
        times = np.cumsum(rng.exponential(1 / per_ms, writes))
        pops, one = np.arange(writes), np.zeros(writes, np.int64)
        law = (one, delay, delay, 0.0, np.zeros(writes), stream_key(9, 0))
        kept = last_writer_values(times, pops, *law, ONES, ONES, 0)[-1] / writes
        right = 1 / (1 + per_ms * delay)
        assert kept == pytest.approx(right, abs=4 * math.sqrt(right * (1 - right) / writes))


def test_at_one_pop_or_without_a_delay_nothing_is_lost():
    times, key = np.arange(50.0), stream_key(9, 0)
    here = np.zeros(50, np.int64)
    everywhere = here, 250.0, 250.0, 0.0, np.zeros(50), key, ONES, ONES, 0
    assert last_writer_values(times, here, *everywhere)[-1] == 50
    at_once = here, 0.0, 0.0, 0.0, np.zeros(50), key, ONES, ONES, 0
    assert last_writer_values(times, np.arange(50), *at_once)[-1] == 50
