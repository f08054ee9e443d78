"""CRDTs: merges commute, associate and are idempotent; replicas converge whatever comes when."""

import copy
import pickle
from datetime import datetime
from functools import reduce
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgelab.topics.kv.crdt import GCounter, LWWRegister, Network, ORSet, PNCounter, exchange

REPLICAS = range(4)
ELEMENTS = "abc"
#: One step: which replica does something, which one it may hear from, what it does.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(REPLICAS), st.sampled_from(REPLICAS), st.integers(-3, 3), st.booleans()
    ),
    max_size=25,
)


def g_step(state, replica, amount, time):
    return state.add(replica, abs(amount))


def pn_step(state, replica, amount, time):
    return state.add(replica, amount)


def lww_step(state, replica, amount, time):
    return state.write(amount, time, replica)


def or_step(state, replica, amount, time):
    element = ELEMENTS[amount % 3]
    return state.remove(element) if amount < 0 else state.add(element, replica)


KINDS = {
    "g": (GCounter(), g_step),
    "pn": (PNCounter(), pn_step),
    "lww": (LWWRegister(), lww_step),
    "or": (ORSet(), or_step),
}
each_kind = pytest.mark.parametrize("kind", KINDS)


def reachable(kind, steps):
    """The states of four replicas after steps in which some hear from others."""
    start, step = KINDS[kind]
    states = [start] * len(REPLICAS)
    for time, (replica, other, amount, hears) in enumerate(steps):
        if hears:
            states[replica] = states[replica].merge(states[other])
        states[replica] = step(states[replica], replica, amount, float(time))
    return states


@each_kind
@given(steps=STEPS)
def test_merges_commute_associate_and_are_idempotent(kind, steps):
    a, b, c, _ = reachable(kind, steps)
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(a) == a and a.merge(b).merge(b) == a.merge(b)
    assert a.merge(KINDS[kind][0]) == a


@each_kind
@given(steps=STEPS, data=st.data())
def test_replicas_converge_in_any_order_with_duplicates_and_old_messages(kind, steps, data):
    """Every replica gets every state that any of them ever had, in an order of its own."""
    start, step = KINDS[kind]
    states, sent = [start] * len(REPLICAS), []
    for time, (replica, other, amount, hears) in enumerate(steps):
        if hears:
            states[replica] = states[replica].merge(states[other])
        states[replica] = step(states[replica], replica, amount, float(time))
        sent.append(states[replica])
    ends = []
    for state in states:
        order = data.draw(st.permutations(sent + sent[: len(sent) // 2]))
        ends.append(reduce(lambda a, b: a.merge(b), order, state))
    assert all(end == ends[0] for end in ends)
    assert all(end.value == ends[0].value for end in ends)


@given(steps=STEPS)
def test_counters_count_and_the_last_write_wins(steps):
    def end(kind):
        states = reachable(kind, steps)
        return reduce(lambda a, b: a.merge(b), states)

    amounts = [amount for _, _, amount, _ in steps]
    assert end("g").value == sum(map(abs, amounts))
    assert end("pn").value == sum(amounts)
    assert end("lww").value == (amounts[-1] if amounts else None)
    tags = sum(amount >= 0 for amount in amounts)
    assert len(end("or").tags) == tags


def test_an_element_added_and_removed_at_once_stays_and_a_late_message_revives_nothing():
    old = ORSet().add("x", 1)
    removed, added = old.remove("x"), old.add("x", 2)
    assert removed.value == frozenset() and removed.merge(added).value == {"x"}
    assert removed.merge(old).value == frozenset()
    assert removed.add("x", 1).merge(old).value == {"x"}


def test_two_writes_at_one_time_are_decided_alike_everywhere():
    a, b = LWWRegister().write("a", 1, "DEL"), LWWRegister().write("b", 1, "LHR")
    assert a.merge(b) == b.merge(a) == b
    with pytest.raises(ValueError, match=r"time: got two values, 'a' and 'c', by replica 'DEL'"):
        a.merge(LWWRegister().write("c", 1, "DEL"))


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (lambda: GCounter().add("a", -1), ValueError, "amount: got -1, allowed a whole number"),
        (lambda: GCounter().add("a", 1.5), ValueError, "amount: got 1.5"),
        (lambda: PNCounter().add("a", True), TypeError, "amount: got True"),
        (lambda: PNCounter().add("a", float("nan")), ValueError, "amount: got nan"),
        (lambda: GCounter({"A": np.nan}), ValueError, "counts['A']: got nan, allowed a whole"),
        (lambda: GCounter({"A": 1, "B": -1}), ValueError, "counts['B']: got -1"),
        (lambda: GCounter({"A": 0.5}), ValueError, "counts['A']: got 0.5"),
        (lambda: GCounter({"A": True}), TypeError, "counts['A']: got True"),
        (lambda: GCounter([1]), TypeError, "counts: got [1], allowed a Mapping"),
        (lambda: PNCounter({"A": 1}), TypeError, "up: got {'A': 1}, allowed a GCounter"),
        (lambda: PNCounter(down=3), TypeError, "down: got 3, allowed a GCounter"),
        (lambda: LWWRegister().write(1, np.nan, "a"), ValueError, "time: got nan, allowed a fin"),
        (lambda: LWWRegister().write(1, -np.inf, "a"), ValueError, "time: got -inf"),
        (lambda: LWWRegister().write(1, None, "a"), TypeError, "time: got None"),
        (lambda: LWWRegister().write(1, True, "a"), TypeError, "time: got True"),
        (lambda: LWWRegister().write(1, pd.NaT, "a"), TypeError, "time: got NaT"),
        (lambda: LWWRegister(1, np.datetime64("NaT")), TypeError, "time: got np.datetime64('NaT"),
        (lambda: LWWRegister(1, datetime(9999, 1, 1)), TypeError, "time: got datetime.datetime(99"),
        (lambda: ORSet(5), TypeError, "tags: got 5, allowed a Set of (element, replica, number)"),
        (lambda: ORSet({"x"}), ValueError, "tags: got frozenset({'x'}), allowed a Set of"),
        (lambda: ORSet(removed={("x", "A", 1)}), ValueError, "removed: got frozenset("),
        (lambda: LWWRegister(1, np.inf), ValueError, "time: got inf"),
        (lambda: GCounter().merge(PNCounter()), TypeError, "other: got PNCounter"),
        (lambda: ORSet().merge({"x"}), TypeError, "other: got {'x'}, allowed an ORSet"),
        (lambda: Network(delay_ms=None, dropped_share=1.1), ValueError, "dropped_share: got 1.1"),
    ],
)
def test_bad_input_is_named(change, error, text):
    with pytest.raises(error) as caught:
        change()
    assert str(caught.value).startswith(text)


@each_kind
def test_states_are_copied_and_sent_at_once_and_later(kind):
    """A replica may send its state in bytes, before it did anything and after."""
    for state in reachable(kind, [(0, 1, 2, False), (1, 0, -1, True), (0, 1, 1, True)]):
        for same in (copy.deepcopy(state), copy.copy(state), pickle.loads(pickle.dumps(state))):
            assert same == state and same.value == state.value and same.merge(state) == state
    first = KINDS[kind][0]
    assert pickle.loads(pickle.dumps(first)) == copy.deepcopy(first) == first


def test_numpys_numbers_are_taken_without_overflow():
    assert PNCounter().add("a", np.int8(-128)).value == -128
    assert GCounter({"a": np.int8(127)}).add("a", np.int8(127)).value == 254


@pytest.mark.parametrize("value", [float("nan"), np.zeros(3)])
def test_a_value_that_is_not_equal_to_itself_may_come_twice(value):
    state = LWWRegister().write(value, 1, "DEL")
    assert state.merge(state) is state


def test_what_a_state_was_made_from_is_not_shared():
    counts, tags = {"A": np.int64(1)}, {("x", "A", 1)}
    counter, some = GCounter(counts), ORSet(tags)
    counts["A"], counts["B"] = 7, 7
    tags.clear()
    assert counter == GCounter({"A": 1}) and type(counter.value) is int
    assert some.value == {"x"}
    PNCounter().up.counts["A"] = 5
    assert PNCounter().value == 0


def test_a_replica_that_forgets_must_take_a_new_name():
    """Shapiro and others ask that a replica's state survives; this is what happens if not."""
    known = GCounter().add("DEL", 5)
    assert GCounter().add("DEL", 2).merge(known).value == 5  # two are lost
    assert GCounter().add("DEL again", 2).merge(known).value == 7
    assert known.merge(GCounter()).add("DEL", 2).value == 7


NOW_NS = 1_700_000_000_000_000_000


@pytest.mark.parametrize(
    "at",
    [
        lambda ns: ns,
        np.int64,
        pd.Timestamp,
        lambda ns: pd.Timestamp(ns, tz="Asia/Kolkata"),
        lambda ns: np.datetime64(ns, "ns"),
    ],
    ids=["int", "numpy", "Timestamp", "with a zone", "datetime64"],
)
def test_writes_100_ns_apart_keep_their_order(at):
    first = LWWRegister().write("old", at(NOW_NS), "LHR")
    second = LWWRegister().write("new", at(NOW_NS + 100), "DEL")
    assert first.merge(second) == second.merge(first) == second
    assert second.time - first.time == 100
    assert LWWRegister(time=datetime(1970, 1, 1, 0, 0, 1)).time == 1_000_000_000


def test_sizes_are_counted_by_construction():
    """At 312 PoPs a counter takes 3.1 kB, twice that with a way down; a set grows for ever."""
    counter, both, register, some = GCounter(), PNCounter(), LWWRegister(), ORSet()
    for pop in range(312):
        for _ in range(2):
            counter = counter.add(pop)
        both = both.add(pop).add(pop, -1)
        register = register.write(pop, pop, pop)
        some = some.add("x", pop).remove("x")
    assert (counter.size_bytes, both.size_bytes, register.size_bytes) == (3120, 6240, 18)
    assert some.value == frozenset() and some.size_bytes == 3120


def sent_after(delays):
    """A delay that takes the next of a list each time, and 0 at its end."""
    left = iter(delays)
    return lambda rng, count: np.array([next(left, 0.0) for _ in range(count)])


def test_messages_travel_as_the_network_says():
    def update(state, where, now, number):
        return state.add(where)

    given = (np.array([0.0, 1.0]), np.array([0, 0]), 2)

    def after(**network):
        network.setdefault("delay_ms", lambda rng, count: np.full(count, 5.0))
        states = exchange(GCounter(), update, Network(**network), *given, np.random.default_rng(1))
        return [state.value for state in states]

    assert after() == [2, 2]
    assert after(dropped_share=1.0) == [2, 0]
    assert after(duplicated_share=1.0) == [2, 2]
    for order in permutations((1.0, 7.0, 90_000.0), 2):
        assert after(delay_ms=sent_after(order)) == [2, 2]
