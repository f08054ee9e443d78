"""Quorum reads and writes, against plain Python, NumPy, and closed forms."""

import heapq
import math

import numpy as np
import pytest
from numba import config
from numpy.testing import assert_allclose, assert_array_equal

from edgelab.kernels import draws, quorum
from edgelab.kernels.draws import draw, stream_key
from edgelab.kernels.histogram import BINS, bin_edges_ms, bin_of, quantiles

# Without the JIT an unsigned wrap warns.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in scalar")

SLOW = bool(config.DISABLE_JIT)
TRIALS = 2_000 if SLOW else 400_000
LEVELS = quorum.tail_levels()
EDGES = bin_edges_ms()
KEY = stream_key(3, 2_000_000)


def laws(*parts):
    """`below` and `tails` of four ways that are alike, from shares and quantiles of the rest."""
    shares = np.cumsum([share for share, _ in parts[:-1]])
    below = np.full((4, len(parts)), draws.ALWAYS, np.uint64)
    below[:, : len(shares)] = np.round(shares * draws.ALWAYS)
    tails = np.array([[tail(LEVELS) for _, tail in parts]] * 4, np.float32)
    return below, tails


def pareto(least, alpha):
    return lambda level: least * level ** (-1 / alpha)


def exponential(rate):
    return lambda level: -np.log(level) / rate


DISK = laws((0.38, pareto(1.05, 1.51)), (0.62, exponential(0.183)))


def test_levels_are_log_linear_from_the_least_draw_to_all():
    assert LEVELS[0] == 2.0**-32 and LEVELS[-1] == 1.0 and len(LEVELS) == quorum.TAIL
    steps = np.diff(LEVELS) / LEVELS[:-1]
    assert 1 / 128 < steps.min() and steps.max() == pytest.approx(1 / 64)


@pytest.mark.parametrize(
    "tail", [pareto(1.05, 1.51), pareto(0.235, 10), exponential(0.183)], ids=["1.51", "10", "exp"]
)
def test_a_value_is_its_quantile_within_a_ten_thousandth(tail):
    below, tails = laws((1, tail))
    lower = [0, 1, 5, 1000, 123_456_789, 2**31, 2**32 - 2, 2**32 - 1]
    for low in lower:
        found = quorum.mixture(np.uint64(low), below[0], tails[0])
        right = tail((low + 1) / 2**32)
        assert found == pytest.approx(right, rel=2e-4, abs=1e-6)


def test_the_upper_half_of_the_bits_chooses_the_part():
    below, tails = laws((0.25, lambda level: 1 + 0 * level), (0.75, lambda level: 2 + 0 * level))
    for high, value in ((0, 1), (2**30 - 1, 1), (2**30, 2), (2**32 - 1, 2)):
        assert quorum.mixture(np.uint64(high << 32), below[0], tails[0]) == value


def twin(first, count, n, r, w, apart, scale):
    """The model in plain Python with heaps: what `simulate_block` does, told another way."""
    below, tails = DISK
    reads, writes, waits = (np.zeros(BINS, np.int64) for _ in range(3))
    at_once = 0
    for trial in range(first, first + count):
        index = trial * (4 * n + 1)
        bits = int(draw(KEY, index))
        writer, reader = (bits >> 32) % n, (bits & (2**32 - 1)) % n
        acks, replies = [], []
        for k in range(n):
            each = [draw(KEY, index + 1 + 4 * k + way) for way in range(4)]
            ms = [
                float(quorum.mixture(np.uint64(b), below[way], tails[way]))
                for way, b in enumerate(each)
            ]
            for way, client in enumerate((writer, writer, reader, reader)):
                ms[way] += apart * (k != client)
            heapq.heappush(acks, ms[0] + ms[1])
            heapq.heappush(replies, (ms[2] + ms[3], ms[0] - ms[2]))
        commit = [heapq.heappop(acks) for _ in range(w)][-1]
        asked = [heapq.heappop(replies) for _ in range(r)]
        wait = min(ahead for _, ahead in asked) - commit
        writes[bin_of(np.float32(commit * scale))] += 1
        reads[bin_of(np.float32(asked[-1][0] * scale))] += 1
        if wait > 0:
            waits[bin_of(np.float32(wait * scale))] += 1
        else:
            at_once += 1
    return at_once, reads, writes, waits


@pytest.mark.parametrize("apart", [0.0, 75.0])
@pytest.mark.parametrize(("n", "r", "w"), [(1, 1, 1), (3, 1, 1), (3, 2, 1), (5, 2, 3), (16, 7, 4)])
def test_trials_are_the_twins(n, r, w, apart):
    count, found = 60, [np.zeros(BINS, np.int64) for _ in range(3)]
    at_once = quorum.simulate_block(1000, count, KEY, n, r, w, *DISK, apart, 8.0, *found)
    right = twin(1000, count, n, r, w, apart, 8.0)
    assert at_once == right[0]
    assert_array_equal(found, right[1:])


@pytest.mark.parametrize("threads", [1, 3])
def test_the_same_bits_on_any_number_of_threads(threads, monkeypatch):
    monkeypatch.setattr(quorum, "BLOCK", 64)
    given = (1000, 3, 3, 1, 1, *DISK, 0.0, 8.0)
    counts, at_once = quorum.simulate(*given, threads=threads)
    whole = [np.zeros(BINS, np.int64) for _ in range(3)]
    assert at_once == quorum.simulate_block(0, 1000, KEY, 3, 1, 1, *DISK, 0.0, 8.0, *whole)
    assert_array_equal(counts, whole)
    assert counts[0].sum() == counts[1].sum() == counts[2].sum() + at_once == 1000


@pytest.mark.parametrize(("r", "w"), [(1, 3), (2, 2), (3, 1)])
def test_quorums_that_meet_are_never_stale(r, w):
    counts, at_once = quorum.simulate(TRIALS // 10, 5, 3, r, w, *DISK, 0.0, 8.0)
    assert at_once == TRIALS // 10 and counts[2].sum() == 0


def test_one_replica_and_exponential_ways_are_a_gamma():
    counts, at_once = quorum.simulate(TRIALS, 5, 1, 1, 1, *laws((1, exponential(1.0))), 0.0, 8.0)
    assert at_once == TRIALS
    # Two exponential ways in a row: P(later than x) = (1 + x) e^-x.
    for row in counts[:2]:
        later = 1 - np.cumsum(row)[:-1] / TRIALS
        x = EDGES[1:-1] / 8
        right = (1 + x) * np.exp(-x)
        assert (np.abs(later - right) <= 4.5 * np.sqrt(right * (1 - right) / TRIALS) + 2e-4).all()


def test_one_of_two_with_constant_acks_is_the_closed_form():
    """W exponential, the other ways of no length: the read asks either replica at once.

    Both replies come at once and the first one is asked. The commit is at the quicker write, so
    that replica is behind in half of the trials, by an exponential time.
    """
    below, tails = laws((1, exponential(1.0)))
    tails[1:] = 1e-9
    counts, at_once = quorum.simulate(TRIALS, 5, 2, 1, 1, below, tails, 0.0, 8.0)
    error = 4 * math.sqrt(0.25 / TRIALS)
    assert at_once / TRIALS == pytest.approx(0.5, abs=error)
    t99 = quantiles(counts[2:].astype(float), EDGES / 8, np.array([0.5, 0.9]))[0]
    assert_allclose(t99, -np.log([0.5, 0.1]), rtol=0.1 if SLOW else 0.02)
