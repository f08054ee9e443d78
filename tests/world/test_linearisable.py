"""The linearisability check: against every order tried by hand, and on planted violations."""

import signal
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edgelab as el
from edgelab.world import linearisable as module
from edgelab.world.linearisable import (
    STEPS,
    Undecided,
    append,
    linearisable,
    register,
)

NEVER = np.inf
each_step = pytest.mark.parametrize("step", STEPS)


def history(*rows):
    """From (kind, value, invoked, returned) to a history."""
    return pd.DataFrame(rows, columns=["kind", "value", "invoked_ms", "returned_ms"])


def busy(name, seed, operations=200, clients=11, reads=0.5, never=0.0):
    """A history of clients who never rest, each operation done at a moment while it is open.

    A last read, after them all, tells the state at the end.
    """
    rng = np.random.default_rng(seed)
    step, (*changing, _), state = STEPS[name]
    free, open_ones = rng.random(clients), []
    for _ in range(operations):
        who = free.argmin()
        called, returned = free[who], free[who] + rng.uniform(0.5, 1.5)
        free[who] = returned + rng.uniform(0, 0.01)
        open_ones.append((rng.uniform(called, returned), called, returned))
    rows = []
    for number, (_, called, returned) in enumerate(sorted(open_ones)):
        kind, value = str(rng.choice(changing)), number
        if rng.random() < reads:
            kind, value = "read", state
        elif kind == "remove":
            value = max(state, default=0)
        _, state = step(state, kind, value)
        gone = kind != "read" and rng.random() < never
        rows.append((kind, value, called, NEVER if gone else returned))
    return history(*rows, ("read", state, free.max() + 1, free.max() + 2))


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
def small_histories(draw, kinds, seen):
    rows = []
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from([*kinds, "read"]))
        called = draw(st.integers(0, 8))
        took = draw(st.sampled_from([0, 1, 2, 5, NEVER]))
        value = draw(seen if kind == "read" else st.integers(0, 2))
        rows.append((kind, value, float(called), called + took))
    return rows


@each_step
@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data())
def test_the_verdict_is_the_definitions(step, data):
    whole = STEPS[step].start in (frozenset(), ())
    seen = st.lists(st.integers(0, 2), max_size=3).map(type(STEPS[step].start))
    rows = data.draw(small_histories(STEPS[step].kinds, seen if whole else st.integers(0, 2)))
    right = by_every_order(rows, *STEPS[step][::2])
    assert linearisable(history(*rows), step) == right
    # A callable is told of nothing but what it is given.
    assert linearisable(history(*rows), lambda *g: STEPS[step].step(*g), STEPS[step].start) == right


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


def test_published_histories_have_their_published_verdicts():
    """The quiz of MIT's course 6.824, 2017, section VII, as in the tests of Porcupine."""
    first = [("write", 100, 0, 100), ("read", 100, 25, 75), ("read", 0, 30, 60)]
    second = [("write", 200, 0, 100), ("read", 200, 10, 30), ("read", 0, 40, 90)]
    assert linearisable(history(*first), "register")
    assert not linearisable(history(*second), "register")


def test_a_write_of_what_is_there_may_be_needed_later():
    rows = [("write", 1, 0, 9), ("write", 2, 0, 4), ("read", 0, 1, 2), ("read", 1, 6, 9)]
    assert linearisable(history(*rows), "register", 1) is False
    assert linearisable(history(*rows[:2], *rows[3:]), "register", 1) is True


# -- long histories, the budget and the interrupt ------------------------------------------------


@each_step
@pytest.mark.parametrize("never", [0.0, 0.05])
def test_200_operations_with_eleven_at_once_are_decided(step, never):
    for seed in range(3):
        frame = busy(step, seed, never=never)
        assert linearisable(frame, step) is True
        # The last read does not tell of an early change that was acknowledged.
        kept = frame["kind"].isin(["write", "add", "append"]) & (frame["returned_ms"] < NEVER)
        early, state = frame["value"][kept].tolist(), frame["value"].iloc[-1]
        if step == "counter":
            wrong = len(early) - 1
        elif step == "register":
            wrong = early[5]
        else:
            wrong = type(state)(x for x in state if x != min(set(state) & set(early)))
        frame.at[len(frame) - 1, "value"] = wrong
        assert linearisable(frame, step) is False


def test_a_lost_element_is_found_among_many_that_were_only_added():
    frame = busy("set", 1, reads=0.0)
    frame = frame[frame["kind"] != "remove"].reset_index(drop=True)
    everything = set(frame["value"][:-1])
    for lost in (set(), {frame.at[50, "value"]}):
        frame.at[len(frame) - 1, "value"] = everything - lost
        assert linearisable(frame, "set") is not bool(lost)


def test_a_spent_budget_is_no_verdict():
    frame, took = busy("register", 2), []

    def counted(*given):
        took.append(given)
        return register(*given)

    assert linearisable(frame, counted)
    needed = len(took)
    assert linearisable(frame, counted, budget_steps=needed) is True
    took.clear()
    with pytest.raises(Undecided, match=f"undecided after {needed - 1:,} steps: .*may be linea"):
        assert not linearisable(frame, counted, budget_steps=needed - 1)
    assert len(took) == needed - 1


def test_progress_is_told_and_an_interrupt_ends_the_search(monkeypatch, capsys):
    monkeypatch.setattr(module, "TOLD_STEPS", 100)
    frame, said = busy("register", 2), []
    with pytest.raises(Undecided):
        linearisable(frame, register, budget_steps=250, progress=said.append)
    assert said == [f"linearisable: {n} of at most 250 steps" for n in (100, 200)]
    linearisable(frame[:3], register)
    assert capsys.readouterr().out == ""

    def interrupted(*given):
        steps.append(given)
        if len(steps) == 50:
            signal.raise_signal(signal.SIGINT)
        return register(*given)

    steps = []
    with pytest.raises(KeyboardInterrupt):
        linearisable(frame, interrupted)
    assert len(steps) == 50


def test_each_key_is_an_object_of_its_own():
    one = history(("write", 1, 0, 1), ("read", 1, 4, 5)).assign(key="a")
    other = history(("write", 2, 2, 3), ("read", 2, 6, 7)).assign(key="b")
    both = pd.concat([one, other], ignore_index=True)
    assert linearisable(both, register)
    assert not linearisable(both.drop(columns="key"), register)
    assert linearisable(both.assign(key=both["key"].replace("b", None)), register)
    # The small one says no before the large one spends the budget.
    large = busy("register", 2).assign(key="c")
    wrong = history(("read", 7, 0, 1)).assign(key="d")
    assert not linearisable(pd.concat([large, wrong]), register, budget_steps=5)
    with pytest.raises(Undecided):
        linearisable(pd.concat([large, one]), register, budget_steps=5)


# -- what the table holds ------------------------------------------------------------------------


@pytest.mark.parametrize(("step", "known"), [(s, k.kinds) for s, k in STEPS.items()])
def test_a_kind_that_is_not_known_is_refused_with_those_that_are(step, known):
    for kind in ("Read", "put", ""):
        rows = [("read", None, 0, 1), (kind, 1, 9, 10)]
        for each in (step, STEPS[step].step):
            with pytest.raises(ValueError, match=f"kind: got {kind!r}, allowed '{known[0]}' or"):
                linearisable(history(*rows), each)
        with pytest.raises(ValueError, match=f"kind: got {kind!r}"):
            STEPS[step].step(STEPS[step].start, kind, 1)
    with pytest.raises(ValueError, match="'register': write, read"):
        linearisable(history(("write", 1, 0, 1), ("read", 1, 2, 3)))


NOW_NS = 1_700_000_000_000_000_000


@pytest.mark.parametrize(
    "times",
    [
        lambda ns: ns,
        pd.to_datetime,
        lambda ns: pd.to_datetime(ns, utc=True),
        lambda ns: pd.to_timedelta(ns - NOW_NS),
        lambda ns: ns.astype("Int64"),
        lambda ns: ns.astype(object),
    ],
    ids=["int64", "datetime64", "with a zone", "timedelta64", "Int64", "object"],
)
def test_times_100_ns_apart_keep_their_order(times):
    for seen in (1, 2):
        rows = [("write", 1, 0, 50), ("write", 2, 100, 150), ("read", seen, 200, 250)]
        frame = history(*rows)
        for column in ("invoked_ms", "returned_ms"):
            frame[column] = times(frame[column] + NOW_NS)
        assert linearisable(frame, register) == (seen == 2)
        if frame["returned_ms"].dtype != "int64":
            never = {"O": np.inf, "i": pd.NA}.get(frame["returned_ms"].dtype.kind, pd.NaT)
            frame.loc[1, "returned_ms"] = never
            assert linearisable(frame, register)


def test_floats_too_large_to_keep_an_order_are_refused():
    frame = history(("write", 1, NOW_NS, NOW_NS + 50), ("read", 1, NOW_NS, NEVER))
    assert frame["returned_ms"].dtype == float  # pandas made floats of them
    with pytest.raises(ValueError, match=r"returned_ms: got 1.7e\+18, allowed floats below"):
        linearisable(frame, register)


def test_none_is_a_value_like_others():
    rows = [("read", None, 0, 1), ("write", 5, 2, 3), ("read", 5, 4, 5), ("write", None, 6, 7)]
    frame = history(*rows, ("read", None, 8, 9))
    assert frame["value"].dtype == float  # pandas made NaN of None
    for values in (frame["value"], frame["value"].astype("Int64"), frame["value"].astype(object)):
        assert linearisable(frame.assign(value=values), "register", None)
        assert not linearisable(frame.assign(value=values), "register", 0)


def test_what_was_never_filled_reads_as_nothing_and_lists_do_for_states():
    rows = [("read", None, 0, 1), ("append", 1, 2, 3), ("read", [1], 4, 5)]
    assert linearisable(history(*rows), "append")
    assert linearisable(history(*rows[1:], ("read", [1, 0], 6, 7), ("append", 0, 5, 6)), append)
    assert linearisable(history(("read", [2, 1, 0], 0, 1)), "set", start=[0, 1, 2])
    assert not linearisable(history(("read", [2, 1, 0], 0, 1)), "append", start=[0, 1, 2])


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"history": [1]}, TypeError, "history: got [1], allowed a frame with the columns kind"),
        ({"step": "queue"}, ValueError, "step: got 'queue', allowed 'register' or 'counter'"),
        ({"step": 5}, ValueError, "step: got 5"),
        ({"step": list}, TypeError, "step: got <class 'list'>, allowed a callable that takes 3"),
        ({"start": [1]}, TypeError, "start: got [1], allowed what is hashable"),
        ({"start": "x"}, TypeError, "start: got 'x', allowed a whole number"),
        ({"step": lambda *s: s[:2], "start": [1]}, TypeError, "start: got [1], allowed what is"),
        ({"step": "set", "start": 0}, TypeError, "start: got 0, allowed a sequence"),
        ({"budget_steps": 0}, ValueError, "budget_steps: got 0, allowed a whole number from 1"),
        ({"budget_steps": True}, TypeError, "budget_steps: got True"),
        ({"progress": None}, TypeError, "progress: got None, allowed a callable"),
        ({"step": lambda s, k, v: (True, s + 1)}, ValueError, "step: got a read that changes 0"),
        (
            {"history": history(("read", [0], 0, 1))},
            TypeError,
            "value: got [0], allowed what is hash",
        ),
        ({"history": history(("read", 0, "0", "1"))}, TypeError, "invoked_ms: got '0', allowed"),
        ({"history": history(("read", 0, 0, True))}, TypeError, "returned_ms: got True"),
        (
            {"history": history(("read", 0, 0, 1)).astype({"returned_ms": "datetime64[ns]"})},
            TypeError,
            "invoked_ms, returned_ms: got int64 and datetime64[ns], allowed times of one sort",
        ),
    ],
)
def test_bad_input_is_named(given, error, text):
    with pytest.raises(error) as caught:
        linearisable(**{"history": history(("read", 0, 0, 1)), **given})
    assert str(caught.value).startswith(text)


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
    ("called", "returned", "text"),
    [
        (2.0, 1.0, "history: got an answer before its call"),
        (NEVER, NEVER, "history: got an answer before its call, or no time"),
        (np.nan, 1.0, "invoked_ms: got nan, allowed a number"),
        (0.0, np.nan, "returned_ms: got nan, allowed a number"),
        (0.0, pd.Timestamp(9999, 1, 1), "returned_ms: got Timestamp"),
    ],
)
def test_times_that_cannot_be_are_refused(called, returned, text):
    with pytest.raises((TypeError, ValueError), match=text):
        linearisable(history(("read", 0, called, returned)).astype(object))


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="history: got no column returned_ms, allowed a frame"):
        linearisable(history(("read", 0, 0, 1)).drop(columns="returned_ms"))
