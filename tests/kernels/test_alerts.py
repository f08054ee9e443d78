"""The kernel of alert rules: a plain twin, its counts, and the same bits in any pieces."""

import os

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from edgelab.kernels import alerts
from edgelab.kernels.draws import draw, stream_key

# Without the JIT an unsigned wrap warns.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in scalar")

PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"
NIGHTS = 3 if PLAIN else 40
TICKS, ONSET = 50, 20
MEANS = np.array([0.3, 4.0, 11.0, 2.0, 15.0, 11.0])  # usual of three series, then with the fault
FAULTY = np.array([True, True, False])


def tables(means=MEANS):
    """Poisson counts from 0 to 60, and for the last from 2 on, of which it has hardly any below."""
    size = np.full(len(means), 60)
    first = np.arange(len(means)) // (len(means) - 1) * 2
    start = np.append(0, np.cumsum(size)[:-1])
    share = np.concatenate([stats.poisson.pmf(f + np.arange(60), m)
                            for f, m in zip(first, means, strict=True)])  # fmt: skip
    found = np.column_stack([start, size, first]).reshape(2, -1, 3)
    return found, *alerts.alias_tables(share, start)


def given(least=9.0, spans=(6, 2)):
    mean = MEANS[:3]
    scheme = np.column_stack([np.full(3, 0.9), 2 * mean, np.full(3, 5.0)])
    return (
        stream_key(3, 1), *tables(), FAULTY, ONSET, mean, np.full(3, least),
        np.array(spans), scheme,
    )  # fmt: skip


def test_a_table_gives_each_count_its_share():
    found, keep, other = tables()
    for start, size, first in found.reshape(-1, 3)[:4]:
        part = slice(start, start + size)
        share = keep[part] / size
        np.add.at(share, other[part], (1 - keep[part]) / size)
        right = stats.poisson.pmf(first + np.arange(size), MEANS[start // 60])
        assert_allclose(share, right / right.sum(), atol=1e-12)


def twin(night, key, found, keep, other, faulty, onset, mean, least, spans, scheme):
    """One night, written anew from the description: windows as plain sums."""
    alarms, took = np.zeros(4, int), np.full(4, -1)
    for s in range(3):
        stream = np.uint64(draw(key, night * 3 + s))
        counts, fired = [], []
        evidence = 0.0
        for t in range(TICKS):
            start, size, first = found[int(faulty[s] and t >= onset), s]
            bits = int(draw(stream, t))
            i = ((bits >> 32) * int(size)) >> 32
            stays = (bits & 0xFFFFFFFF) / 2**32 < keep[start + i]
            counts.append(first + (i if stays else other[start + i]))
            before = [mean[s]] * max(spans)

            def window(span, seen=counts, before=before):
                return np.mean((before + seen)[-span:])

            evidence = max(0.0, evidence + counts[-1] * scheme[s, 0] - scheme[s, 1])
            one = window(spans[0]) >= least[s] - 1e-9
            both = one and window(spans[1]) >= least[s] - 1e-9
            fired.append([counts[-1] >= least[s], one, both, evidence > scheme[s, 2]])
            if fired[-1][3]:
                evidence = 0.0
        for rule in range(4):
            on = [False, *(each[rule] for each in fired)]
            for t in range(TICKS):
                if faulty[s] and t >= onset:
                    if on[t + 1] and not 0 <= took[rule] <= t - onset + 1:
                        took[rule] = t - onset + 1
                elif on[t + 1] and not on[t]:
                    alarms[rule] += 1
    return alarms, took


def test_every_night_is_the_twin_s():
    alarms, found = alerts.simulate(NIGHTS, TICKS, *given())
    for night in range(NIGHTS):
        right = twin(night, *given())
        assert_array_equal(alarms[night], right[0])
        assert_array_equal(found[night], right[1])
    assert alarms.sum() > 0 and (found > 0).any()


def test_the_same_bits_in_any_pieces():
    one = alerts.simulate(NIGHTS, TICKS, *given(), threads=1)
    many = alerts.simulate(NIGHTS, TICKS, *given(), threads=3)
    for a, b in zip(one, many, strict=True):
        assert_array_equal(a, b)


def test_counts_have_the_mean_that_they_should():
    key, *rest = given(least=np.inf)
    # A CUSUM that takes nothing away and fires at 1 fires at the first tick with a bad request.
    rest[-1] = np.column_stack([np.ones(3), np.zeros(3), np.full(3, 0.5)])
    rest[3] = np.array([True, False, False])
    rest[4] = 0
    nights = 50 if PLAIN else 20_000
    _, found = alerts.simulate(nights, TICKS, key, *rest)
    fired = found[:, 3] == 1
    share = 1 - np.exp(-MEANS[3])
    assert abs(fired.mean() - share) < 4 * np.sqrt(share * (1 - share) / nights)


def test_a_run_is_the_twin_s():
    out = np.zeros(5, np.int64)
    alerts.run_lengths(stream_key(1, 2), 0.5, 0.5, 3.0, 1.0, True, out)
    for run, length in enumerate(out):
        stream, high, low, steps = np.uint64(draw(stream_key(1, 2), run)), 1.0, 1.0, 0
        while max(high, low) <= 3:
            bits = int(draw(stream, steps))
            u, v = ((bits >> 32) + 0.5) / 2**32, (bits & 0xFFFFFFFF) / 2**32
            z = np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)
            high, low = max(0, high + 0.5 + z - 0.5), max(0, low - 0.5 - z - 0.5)
            steps += 1
        assert steps == length
