"""The linearisability check: against every order tried by hand, and on planted violations."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgelab as el
from edgelab.models.linearisable import counter, linearisable, register

NEVER = np.inf


def history(*rows):
    """From (kind, value, invoked, returned) to a history."""
    return pd.DataFrame(rows, columns=["kind", "value", "invoked_ms", "returned_ms"])


def by_every_order(rows, step, start=0):
    """Herlihy and Wing's definition, word for word: try each order of each completion."""
    sure = [r for r in rows if r[3] != NEVER]
    maybe = [r for r in rows if r[3] == NEVER and r[0] != "read"]
    for chosen in range(2 ** len(maybe)):
        some = sure + [r for i, r in enumerate(maybe) if chosen >> i & 1]
        for order in permutations(some):
            ordered = all(
                not order[j][3] < order[i][2]
                for i in range(len(order))
                for j in range(i, len(order))
            )
            state, possible = start, ordered
            for kind, value, *_ in order:
                allowed, state = step(state, kind, value)
                possible = possible and allowed
            if possible:
                return True
    return False


@st.composite
def small_histories(draw, changing, values):
    rows = []
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from([changing, "read", "read"]))
        called = draw(st.integers(0, 8))
        took = draw(st.sampled_from([0, 1, 2, 5, NEVER]))
        rows.append((kind, float(draw(values)), float(called), called + took))
    return rows


@settings(max_examples=400, deadline=None, derandomize=True)
@given(small_histories("add", st.integers(0, 3)))
def test_a_counters_verdict_is_the_definitions(rows):
    assert linearisable(history(*rows)) == by_every_order(rows, counter)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(small_histories("write", st.integers(0, 2)))
def test_a_registers_verdict_is_the_definitions(rows):
    assert linearisable(history(*rows), register) == by_every_order(rows, register)


def test_both_verdicts_occur_in_what_hypothesis_tries():
    assert linearisable(history())
    assert linearisable(history(("add", 0, 0, 5), ("read", 1, 1, 2)))
    assert not linearisable(history(("add", 0, 0, 1), ("read", 0, 2, 3)))


PLANTED = {
    "a stale read": [("write", 1, 0, 1), ("read", 0, 2, 3)],
    "a value from nowhere": [("write", 1, 0, 1), ("read", 7, 2, 3)],
    "back in time": [("write", 1, 0, 9), ("read", 1, 1, 2), ("read", 0, 3, 4)],
    "a read before the write is called": [("read", 1, 0, 1), ("write", 1, 2, 3)],
    "two readers in two orders": [
        ("write", 1, 0, 9),
        ("write", 2, 0, 9),
        ("read", 1, 1, 2),
        ("read", 2, 3, 4),
        ("read", 1, 5, 6),
    ],
    "an unanswered write that comes and goes": [
        ("write", 1, 0, NEVER),
        ("read", 1, 1, 2),
        ("read", 0, 3, 4),
    ],
}


@pytest.mark.parametrize("rows", PLANTED.values(), ids=PLANTED)
def test_a_planted_violation_is_rejected(rows):
    assert not linearisable(history(*rows), register)


ALLOWED = {
    "a read of a write under way": [("write", 1, 0, 9), ("read", 1, 1, 2)],
    "or not yet": [("write", 1, 0, 9), ("read", 0, 1, 2)],
    "an unanswered write that happened": [("write", 1, 0, NEVER), ("read", 1, 5, 6)],
    "one that never did": [("write", 1, 0, NEVER), ("read", 0, 5, 6)],
    "one that happened late": [
        ("write", 1, 0, NEVER),
        ("read", 0, 1, 2),
        ("read", 1, 5, 6),
    ],
    "a read that nobody heard of": [("write", 1, 0, 1), ("read", 0, 2, NEVER)],
}


@pytest.mark.parametrize("rows", ALLOWED.values(), ids=ALLOWED)
def test_what_is_linearisable_passes(rows):
    assert linearisable(history(*rows), register)


def test_the_order_of_the_rows_does_not_matter():
    rows = PLANTED["back in time"]
    for order in permutations(rows):
        assert not linearisable(history(*order), register)


def test_a_planted_violation_is_found_in_a_long_history():
    run = el.DurableObject(late_share=0.1).run()
    assert el.linearisable(run.history)
    reads = run.history.index[run.history["kind"] == "read"]
    late = run.history.loc[reads, "returned_ms"].idxmax()
    for wrong in (-1, 1):
        spoilt = run.history.copy()
        spoilt.loc[late, "value"] += wrong * len(run.history)
        assert not el.linearisable(spoilt)


@pytest.mark.parametrize(
    "row", [("read", 0, 2.0, 1.0), ("read", 0, np.nan, 1.0), ("read", 0, 0.0, np.nan)]
)
def test_times_that_cannot_be_are_refused(row):
    with pytest.raises(ValueError, match="history: got an answer before its call"):
        linearisable(history(row))


def test_a_missing_column_is_named():
    with pytest.raises(KeyError, match="returned_ms"):
        linearisable(history(("read", 0, 0, 1)).drop(columns="returned_ms"))
