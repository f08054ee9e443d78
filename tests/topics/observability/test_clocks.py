"""Clocks: how often they put an effect first, and two that never do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import edgelab as el
from edgelab.topics.observability.lines import HybridClock, LamportClock, wrong_order


@pytest.mark.parametrize(
    ("error_ms", "gap_ms", "right"), [(10, 10, 0.240), (5, 10, 0.079), (10, 1, 0.472)]
)
def test_the_closed_form_and_drawn_pairs(error_ms, gap_ms, right):
    share = float(wrong_order(gap_ms, error_ms))
    assert share == pytest.approx(right, abs=5e-4)
    off = np.random.default_rng(2).normal(0, error_ms, (2, 400_000))
    drawn = (gap_ms + off[1] < off[0]).mean()
    assert abs(drawn - share) < 4 * np.sqrt(share * (1 - share) / 400_000)


def test_perfect_clocks_keep_the_order():
    assert el.Fleet(clock_error_ms=0).wrong_order([1, 10])["wrong"].tolist() == [0, 0]
    assert not el.Fleet(clock_error_ms=0).trace(50)["before_its_cause"].any()


def test_traces_show_effects_before_causes_as_often_as_the_closed_form():
    fleet = el.Fleet(gap_ms=5.0)
    seen = [fleet.replace(seed=seed).trace(3)["before_its_cause"].iloc[1:] for seed in range(800)]
    share = fleet.wrong_order([5])["wrong"][0]
    assert np.mean(seen) == pytest.approx(share, abs=4 * np.sqrt(share / 800))


#: Events of three processes: where, whether it is a message's arrival from an earlier event, and
#: how far time went on.
events = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 30), st.booleans(), st.floats(0, 5)),
    min_size=1,
    max_size=40,
)
offsets = st.tuples(*[st.floats(-20, 20)] * 3)


@given(events, offsets)
def test_both_clocks_keep_cause_before_effect_and_the_hybrid_one_its_bound(some, off):
    true = [0.0]
    lamport = [LamportClock() for _ in range(3)]
    hybrid = [HybridClock(lambda p=p: true[0] + off[p]) for p in range(3)]
    apart = max(off) - min(off)
    stamps, before = [], []
    for where, back, hears, passed in some:
        true[0] += passed
        causes = [i for i, (place, *_) in enumerate(some[: len(stamps)]) if place == where][-1:]
        count, stamp = 0, (-np.inf, 0)
        if hears and len(stamps) > back:
            cause = len(stamps) - 1 - back
            causes.append(cause)
            count, stamp = stamps[cause]
        stamps.append((lamport[where].tick(count), hybrid[where].tick(stamp)))
        before.append(causes)
        ms = stamps[-1][1][0]
        own = true[0] + off[where]
        assert own <= ms <= own + apart + 1e-9
    for effect, causes in enumerate(before):
        for cause in causes:
            assert stamps[cause][0] < stamps[effect][0]
            assert stamps[cause][1] < stamps[effect][1]
