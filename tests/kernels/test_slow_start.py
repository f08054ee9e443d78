"""Slow start, against its closed form and against a sender that counts single segments."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config
from numpy.testing import assert_allclose

from edgelab.kernels.slow_start import BURSTS, send

EXAMPLES = 20 if config.DISABLE_JIT else 200
IW = 14_600


def bursts(ready, window, rtt_ms):
    """What `send` does with (ms, bytes) pairs, as a list of pairs, and the window at the end."""
    ms, size = (np.array(column) for column in zip(*ready, strict=True))
    sent = np.empty(BURSTS), np.empty(BURSTS, np.int64)
    count, window = send(ms.astype(float), size.astype(np.int64), window, rtt_ms, *sent)
    return [(float(t), int(n)) for t, n in zip(*(s[:count] for s in sent), strict=True)], window


def twin(ready, window, rtt_ms):
    """The same, byte by byte: when each one leaves, and the window at the end."""
    at = {}
    for ms, size in ready:
        at.setdefault(ms, []).append(("ready", size))
    left, flight, waiting = [], 0, 0
    while at:
        now = min(at)
        for kind, size in at.pop(now):
            if kind == "ready":
                waiting += size
            else:
                flight -= size
                window += size * (kind == "full")
        burst = 0
        while waiting and flight < window:
            waiting, flight, burst = waiting - 1, flight + 1, burst + 1
            left.append(now)
        if burst:
            kind = "full" if flight == window else "not full"
            at.setdefault(now + rtt_ms, []).append((kind, burst))
    return left, window


@pytest.mark.parametrize("rounds", range(1, 8))
def test_a_round_doubles_the_window_and_the_sum_is_exact(rounds):
    total = IW * (2**rounds - 1)
    out, _ = bursts([(0.0, total)], IW, 100.0)
    assert [size for _, size in out] == [IW * 2**k for k in range(rounds)]
    assert [ms for ms, _ in out] == [100.0 * k for k in range(rounds)]
    assert len(bursts([(0.0, total + 1)], IW, 100.0)[0]) == rounds + 1


def test_cumulative_bytes_by_round_at_an_mss_of_1460():
    out, _ = bursts([(0.0, 10_000_000)], IW, 1.0)
    sums = np.cumsum([size for _, size in out]).tolist()
    assert sums[:7] == [14_600, 43_800, 102_200, 219_000, 452_600, 919_800, 1_854_200]


def test_a_window_that_was_not_full_does_not_grow():
    assert bursts([(0.0, IW - 1)], IW, 10.0)[1] == IW
    assert bursts([(0.0, IW)], IW, 10.0)[1] == 2 * IW
    # The second burst of 14,601 bytes is one byte long.
    assert bursts([(0.0, IW + 1)], IW, 10.0)[1] == 2 * IW


def test_bytes_wait_for_the_window_and_the_window_for_bytes():
    # 10 ready at 0 fill the window of 10; of 30 more at 1, the acknowledgment at 4 lets 20 go.
    out, _ = bursts([(0.0, 10), (1.0, 30)], 10, 4.0)
    assert out == [(0.0, 10), (4.0, 20), (8.0, 10)]
    # Nothing is ready when the window is: it grows all the same, as it was full.
    assert bursts([(0.0, 10), (100.0, 20)], 10, 4.0)[0] == [(0.0, 10), (100.0, 20)]


def test_without_a_round_trip_all_goes_at_once():
    out, _ = bursts([(0.0, 1_000_000)], IW, 0.0)
    assert {ms for ms, _ in out} == {0.0} and sum(size for _, size in out) == 1_000_000


PARTS = st.lists(
    st.tuples(st.integers(0, 40).map(float), st.integers(1, 60)), min_size=1, max_size=6
).map(sorted)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(PARTS, st.integers(1, 30), st.integers(0, 30).map(float))
def test_every_byte_leaves_when_the_twin_says(ready, window, rtt_ms):
    out, after = bursts(ready, window, rtt_ms)
    left, again = twin(ready, window, rtt_ms)
    assert_allclose(np.repeat([ms for ms, _ in out], [size for _, size in out]), left)
    assert after == again


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(PARTS, st.integers(1, 30), st.integers(0, 30).map(float))
def test_nothing_is_lost_and_no_more_than_the_window_is_on_its_way(ready, window, rtt_ms):
    out, after = bursts(ready, window, rtt_ms)
    assert sum(size for _, size in out) == sum(size for _, size in ready)
    for now, _ in out:
        assert sum(size for ms, size in out if now - rtt_ms < ms <= now) <= after
