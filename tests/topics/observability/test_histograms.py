"""Histograms: error by scale, merging, Prometheus's example, and three other libraries."""

import os
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgelab.kernels import histogram
from edgelab.topics.observability import fleet

RNG = np.random.default_rng(7)
#: Latencies of 40 PoPs, in ms.
POPS = [20 * np.exp(0.5 * m + 0.4 * RNG.standard_normal(5000)) for m in RNG.standard_normal(40)]
LEVELS = (0.5, 0.9, 0.99, 0.999)


def oracle(name):
    """A library that is no dependency; where it is missing a skip, and in CI a failure."""
    try:
        return import_module(name)
    except ImportError as error:
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say(f"{name} does not load: {error}")


def test_scales_have_their_error_and_reach():
    errors = [100 * error for error, _ in fleet.scale_table().values()]
    assert errors == pytest.approx([33.333, 17.157, 8.643, 4.329, 2.166, 1.083, 0.542], abs=5e-4)
    assert fleet.scale_table()[3][1] == 1_048_576 and fleet.scale_table()[4][1] == 1024


values = st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=50)


@given(values, st.integers(1, 6))
def test_merging_down_a_scale_is_what_the_smaller_scale_would_have_had(some, scale):
    some = np.array(some)
    fine = fleet.scale_index(some, scale)
    coarse = fleet.scale_index(some, scale - 1)
    # At an edge the logarithm's rounding may choose either neighbour.
    at = np.log2(some) * 2.0**scale
    apart = np.abs(at - np.rint(at)) > 1e-9
    np.testing.assert_array_equal(fleet.merged_down(fine)[apart], coarse[apart])


@given(st.floats(1e-3, 1e6), st.integers(0, 6))
def test_the_middle_of_a_bucket_is_within_the_error(x, scale):
    base = 2.0 ** (2.0**-scale)
    i = int(fleet.scale_index(np.array([x]), scale)[0])
    middle = 2 * base ** (i + 1) / (base + 1)
    assert abs(middle - x) / x <= fleet.relative_error(scale) * (1 + 1e-6)


@pytest.mark.parametrize(
    ("spike_ms", "native", "classic", "edges"),
    [(220, 228, 295, (100, 200, 300, 450)), (320, 323, 443, (100, 200, 300, 450))],
)
def test_prometheus_s_example(spike_ms, native, classic, edges):
    """prometheus/docs, docs/practices/histograms.md @ c105550a: the p95 of a sharp spike."""
    i = int(fleet.scale_index(np.array([spike_ms / 1000]), 3)[0])
    around = 1000 * 2.0 ** (np.array([i, i + 1]) / 8)
    assert around[0] < spike_ms <= around[1]
    assert fleet.interpolated(0.95, around, np.ones(1)) == pytest.approx(native, abs=0.6)
    counts = np.histogram([spike_ms], edges)[0]
    assert fleet.interpolated(0.95, np.array(edges), counts) == pytest.approx(classic, abs=0.6)


def merged(level):
    """The workbook's own histogram, of every PoP, added."""
    counts = np.zeros((1, histogram.BINS))
    for ms in POPS:
        at = [histogram.bin_of(np.float32(x)) for x in ms]
        np.add.at(counts[0], at, 1)
    return histogram.quantiles(counts, histogram.bin_edges_ms(), np.array([level]))[0, 0]


def exact(level):
    return np.sort(np.concatenate(POPS))[int(level * (sum(map(len, POPS)) - 1))]


@pytest.mark.parametrize("level", LEVELS)
def test_merged_histograms_are_right_within_the_stated_error_and_means_are_not(level):
    assert merged(level) == pytest.approx(exact(level), rel=1 / 128)
    mean = np.mean([np.quantile(ms, level) for ms in POPS])
    if level >= 0.99:
        assert abs(mean / exact(level) - 1) > 0.1


@pytest.mark.oracle
@pytest.mark.parametrize("level", LEVELS)
def test_ddsketch_agrees(level):
    sketches = oracle("ddsketch")
    total = sketches.DDSketch(0.01)
    for ms in POPS:
        one = sketches.DDSketch(0.01)
        for x in ms:
            one.add(float(x))
        total.merge(one)
    theirs = total.get_quantile_value(level)
    assert theirs == pytest.approx(exact(level), rel=0.01 + 1e-9)
    assert merged(level) == pytest.approx(theirs, rel=0.01 + 1 / 128)


@pytest.mark.oracle
@pytest.mark.parametrize("level", LEVELS)
def test_hdrhistogram_agrees(level):
    hdr = oracle("hdrh.histogram")
    total = hdr.HdrHistogram(1, 10_000_000, 3)
    for ms in POPS:
        one = hdr.HdrHistogram(1, 10_000_000, 3)
        for x in ms:
            one.record_value(round(1000 * x))  # microseconds
        total.add(one)
    theirs = total.get_value_at_percentile(100 * level) / 1000
    assert theirs == pytest.approx(exact(level), rel=2e-3)
    assert merged(level) == pytest.approx(theirs, rel=2e-3 + 1 / 128)


@pytest.mark.oracle
@pytest.mark.parametrize("scale", range(1, 7))
def test_opentelemetry_puts_values_into_the_same_buckets(scale):
    home = "opentelemetry.sdk.metrics._internal.exponential_histogram.mapping.logarithm_mapping"
    mapping = oracle(home).LogarithmMapping(scale)
    some = np.concatenate(POPS)[::97]
    ours = fleet.scale_index(some, scale)
    assert [mapping.map_to_index(float(x)) for x in some] == ours.tolist()
