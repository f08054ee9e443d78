"""The one histogram: which bin a duration falls in, what quantiles come back, how it merges."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config
from numpy.testing import assert_array_equal

from edgelab.kernels.histogram import BINS, bin_edges_ms, bin_of, quantiles

EDGES = bin_edges_ms()
EXAMPLES = 10 if config.DISABLE_JIT else 60
DURATION = st.floats(0, 2e5, width=32)
# Multiples of powers of two, so that q times a count is exact here and in NumPy.
LEVELS = np.array([0, 1 / 64, 1 / 4, 1 / 2, 7 / 8, 127 / 128, 1])


def twin(ms):
    """`bin_of` by the exponent and the mantissa that the mathematics library gives."""
    if ms == math.inf:
        return BINS - 1
    mantissa, exponent = math.frexp(ms)  # ms = mantissa 2^exponent, mantissa from 1/2 to 1
    lowest = -4  # the first octave begins at 2^-4 ms
    number = 128 * (exponent - 1 - lowest) + math.floor((2 * mantissa - 1) * 128)
    return min(max(number, 0), BINS - 1) if ms else 0


def filled(samples):
    """Histogram of some samples, one row."""
    samples = np.asarray(samples, np.float32)
    return np.bincount([bin_of(ms) for ms in samples], minlength=BINS)[None]


def merged_with(samples, *others):
    """The histogram of `samples` with those of `others` added."""
    return sum(map(filled, others), start=filled(samples))


@pytest.mark.parametrize(
    "ms",
    [
        *(0.0, -0.0, 1e-45, 1e-30, 0.06, 2**-4, 0.0629, 0.0630),
        *(1 / 3, 1.0, 1.0078, 1.0079, 31.0, 312.0),
        *(131_071.0, 131_072.0, 131_073.0, 1e9, 3e38, math.inf),
    ],
)
def test_bin_is_the_twins(ms):
    assert bin_of(np.float32(ms)) == twin(float(np.float32(ms)))


@settings(max_examples=20 * EXAMPLES, deadline=None, derandomize=True)
@given(st.floats(0, width=32))
def test_any_duration_lies_in_its_bin(ms):
    number = bin_of(np.float32(ms))
    assert number == twin(ms)
    assert EDGES[number] <= ms < EDGES[number + 1] or ms == EDGES[-1] == math.inf


def test_a_bin_begins_at_its_edge():
    begin = EDGES[1:-1].astype(np.float32)
    assert_array_equal(begin, EDGES[1:-1])
    just_below = np.nextafter(begin, np.float32(0))
    assert [bin_of(ms) for ms in begin] == list(range(1, BINS))
    assert [bin_of(ms) for ms in just_below] == list(range(BINS - 1))


def test_bins_reach_from_nothing_to_infinity_and_are_narrow():
    assert EDGES.shape == (BINS + 1,) and EDGES[0] == 0 and EDGES[-1] == math.inf
    assert EDGES[-2] == 131_072
    width = np.diff(EDGES[1:-1]) / EDGES[1:-2]
    assert (width > 1 / 257).all() and (width <= 1 / 128).all()


@pytest.mark.parametrize("kind", [np.int64, np.float64])
@pytest.mark.parametrize("sigma", [0.0, 0.3, 2.0])
def test_quantiles_lie_in_the_bin_of_numpys(sigma, kind):
    n = 300 if config.DISABLE_JIT else 20_000
    samples = np.random.default_rng(5).lognormal(3, sigma, n).astype(np.float32)
    found = quantiles(filled(samples).astype(kind), EDGES, LEVELS)[0]
    right = np.quantile(samples, LEVELS, method="inverted_cdf")
    numbers = np.array([bin_of(ms) for ms in right])
    assert (EDGES[numbers] <= found).all() and (found <= EDGES[numbers + 1]).all()
    assert (np.diff(found) >= 0).all()


def test_quantiles_are_linear_within_a_bin_and_rows_are_apart():
    counts = np.zeros((2, BINS), np.int64)
    counts[0, 700] = 4
    counts[1, [900, 901]] = 1, 3
    low, high, top = EDGES[700], EDGES[701], EDGES[902]
    found = quantiles(counts, EDGES, np.array([0.25, 0.5, 1.0]))
    expected = [[low + (high - low) / 4, (low + high) / 2, high]]
    expected += [[EDGES[901], EDGES[901] + (top - EDGES[901]) / 3, top]]
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("never", "infinite"), [(0, []), (1e-12, []), (0.5, [1.0]), (2, [0.99, 1.0]), (100, [0.5])]
)
def test_a_quantile_is_infinite_where_the_answer_never_comes(never, infinite):
    counts = np.zeros((1, BINS))
    counts[0, [800, -1]] = 100 - never, never
    levels = np.array([0.5, 0.98, 0.99, 1.0])
    found = quantiles(counts, EDGES, levels)[0]
    first = min(infinite, default=2)
    assert_array_equal(np.isinf(found), levels >= first)
    assert ((found[levels < first] >= EDGES[800]) & (found[levels < first] <= EDGES[801])).all()


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(
    st.lists(DURATION, min_size=1, max_size=40),
    st.lists(DURATION | st.just(math.inf), max_size=40),
    st.lists(DURATION, max_size=5),
)
def test_merging_is_adding(a, b, c):
    merged = merged_with(a, b, c)
    assert_array_equal(merged, filled([*c, *a, *b]))
    found = quantiles(merged, EDGES, LEVELS)[0]
    right = np.quantile([*a, *b, *c], LEVELS, method="inverted_cdf")
    numbers = np.array([bin_of(np.float32(ms)) for ms in right])
    inside = (EDGES[numbers] <= found) & (found <= EDGES[numbers + 1])
    assert inside.all()


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(st.lists(DURATION, min_size=1, max_size=30), st.integers(1, 2**40))
def test_quantiles_do_not_depend_on_the_scale_of_the_counts(samples, times):
    counts = filled(samples)
    levels = np.array([0.1, 0.5, 0.95, 0.99])
    np.testing.assert_allclose(
        quantiles(counts * times, EDGES, levels), quantiles(counts, EDGES, levels), rtol=1e-5
    )
