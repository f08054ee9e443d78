"""Drawn histories: the object keeps its promise under every fault, and broken promises are seen."""

import numpy as np
import pandas as pd
import pytest

import edgelab as el
from edgelab.kernels.draws import stream_key
from edgelab.topics.durable_object import histories
from edgelab.topics.durable_object.histories import Network
from edgelab.topics.durable_object.model import AROUND, AT_ONCE, IGNORED, KV, NEAR, NEVER
from edgelab.world.linearisable import linearisable

HARSH = {"drop_share": 0.3, "duplicate_share": 0.3, "late_share": 0.3}
CALM = {"drop_share": 0.0, "duplicate_share": 0.0, "late_share": 0.0}


def fresh(monkeypatch):
    """Runs are remembered; a patched protocol must not be."""
    from edgelab.topics.durable_object import losses

    monkeypatch.setattr(losses, "run", losses.run.__wrapped__)


# -- what the design promises holds ------------------------------------------------------------


@pytest.mark.parametrize("faults", [{}, HARSH, CALM, {"late_share": 0.3}], ids=str)
@pytest.mark.parametrize(
    "copies",
    [
        *({"followers": f, "followers_at": w} for f in (1, 2, 4, 5) for w in (NEAR, AROUND)),
        {"home": "Tokyo"},
        {"home_dies": NEVER},
        {"followers": 0, "home_dies": NEVER},
    ],
    ids=str,
)
def test_nothing_acknowledged_is_lost_or_counted_twice(copies, faults):
    drawn = el.DurableObject(**copies, **faults).histories(15)
    assert drawn[["lost", "twice"]].to_numpy().sum() == 0
    assert drawn["linearisable"].all()
    assert (drawn["acknowledged"] > 5).all() and (drawn["unanswered"] == 0).all()


def test_a_home_that_dies_is_taken_over_and_everyone_waits_for_it():
    dies, lives = (el.DurableObject(home_dies=x, **CALM).run() for x in ("in mid-match", NEVER))
    waits = [(r.history["returned_ms"] - r.history["invoked_ms"]).max() for r in (dies, lives)]
    assert waits[0] > histories.NOTICED_MS > waits[1]


# -- what promises less loses ------------------------------------------------------------------


def test_answers_before_the_copies_lose_the_last_batch():
    drawn = el.DurableObject(acknowledge=AT_ONCE).histories(40)
    assert drawn["lost"].sum() > 40 and drawn["twice"].sum() == 0
    assert not drawn.loc[drawn["lost"] > 3, "linearisable"].any()
    slower = el.DurableObject(acknowledge=AT_ONCE, batch_s=60.0).histories(40)
    assert slower["lost"].sum() > 2 * drawn["lost"].sum()
    safe = el.DurableObject(acknowledge=AT_ONCE, home_dies=NEVER).histories(40)
    assert safe["lost"].sum() == 0 and safe["linearisable"].all()


def test_without_a_follower_a_death_loses_all_that_was_acknowledged():
    thing = el.DurableObject(followers=0, **CALM)
    for seed in range(5):
        run = thing.run(seed=seed)
        kept = run.history.loc[list(run.left), "returned_ms"]
        early = run.history.loc[run.acknowledged, "returned_ms"] < histories.DIES_MS[0]
        assert (kept > histories.DIES_MS[0]).all() and run.lost >= early.sum() > 0


def test_without_keys_what_is_repeated_counts_twice():
    drawn = el.DurableObject(keys=IGNORED).histories(20)
    assert drawn["twice"].sum() > 10 and drawn["lost"].sum() == 0
    assert drawn["linearisable"].sum() < 10
    calm = el.DurableObject(keys=IGNORED, home_dies=NEVER, **CALM).histories(20)
    assert calm["twice"].sum() == 0


@pytest.mark.parametrize("faults", [CALM, {}, HARSH], ids=["calm", "default", "harsh"])
def test_the_kvs_histories_fail_as_they_should(faults):
    drawn = el.DurableObject(**faults).histories(20, KV)
    assert drawn["linearisable"].sum() == 0
    assert (drawn["lost"] > 0).all() and (drawn["unanswered"] == 0).all()


def test_a_kv_whose_writes_are_seen_at_once_loses_nothing():
    calm = histories.kv_run(np.zeros((1, 1)), 3)
    assert calm.lost == 0 and linearisable(calm.history)


# -- bugs planted in the protocol are seen -------------------------------------------------------


def failures(count=60, **knobs):
    drawn = el.DurableObject(**knobs).histories(count)
    return drawn["lost"].sum(), (~drawn["linearisable"]).sum()


def test_a_successor_that_asks_too_few_followers_is_caught(monkeypatch):
    fresh(monkeypatch)
    counted = histories._Object.counted

    def hasty(self, to, held):
        if not self.serving and not self.promises:
            self.promises[to] = held
            self.start(held[2])

    harsh = HARSH | {"followers": 5, "followers_at": AROUND}
    assert failures(**harsh) == (0, 0)
    monkeypatch.setattr(histories._Object, "counted", hasty)
    lost, wrong = failures(**harsh)
    assert lost > 0 and wrong > 0
    monkeypatch.setattr(histories._Object, "counted", counted)


def test_reads_that_do_not_wait_for_the_copies_are_caught(monkeypatch):
    fresh(monkeypatch)
    serve = histories._Object.serve

    def eager(self, home, client, number, kind):
        if kind == "read" and home == self.home and self.serving:
            self.reply(home, client, number, len(self.log))
        else:
            serve(self, home, client, number, kind)

    monkeypatch.setattr(histories._Object, "serve", eager)
    lost, wrong = failures(150, followers=1, followers_at=AROUND, drop_share=0.3)
    assert lost == 0 and wrong > 0


def test_an_old_homes_late_copy_that_is_taken_is_caught(monkeypatch):
    """Followers that ignore promises confirm what a later home has replaced."""
    fresh(monkeypatch)
    take = histories._Object.take

    def forgetful(self, home, to, new):
        self.copies[to].promised = 0
        self.copies[to].held = (-1, 0, ())
        take(self, home, to, new)
        self.copies[to].held = (-1, 0, ())

    monkeypatch.setattr(histories._Object, "take", forgetful)
    lost, wrong = failures()
    assert lost > 0 and wrong > 0


# -- the network ---------------------------------------------------------------------------------


def test_messages_are_dropped_and_duplicated_as_often_as_said():
    net = Network(stream_key(1, 2), drop_share=0.2, duplicate_share=0.1)
    came, n = [], 20_000
    for number in range(n):
        net.send(10.0, came.append, number)
    net.run(1e12, lambda: False)
    times = pd.Series(came).value_counts().value_counts()
    assert abs(1 - len(set(came)) / n - 0.2) < 4 * np.sqrt(0.2 * 0.8 / n)
    assert abs(times[2] / n - 0.1) < 4 * np.sqrt(0.1 * 0.9 / n)
    assert net.sent == n and net.dropped == n - len(set(came))
    assert came != sorted(came)  # some overtake others


def test_delays_have_their_median_tail_and_lag():
    net = Network(stream_key(1, 3))
    delays = np.array([net.delay_ms(50.0) for _ in range(20_000)])
    assert np.median(delays) == pytest.approx(50, rel=0.01)
    assert np.quantile(delays, 0.99) == pytest.approx(100, rel=0.04)
    late = Network(stream_key(1, 3), late_share=0.1)
    slow = np.array([late.delay_ms(50.0) for _ in range(20_000)])
    assert np.mean(slow > 1000) == pytest.approx(0.1 * np.exp(-1 / 60), abs=0.01)
    assert slow[slow > 1000].mean() == pytest.approx(61_000, rel=0.1)


def test_time_never_runs_backwards():
    net, seen = Network(stream_key(4, 4), drop_share=0.1, duplicate_share=0.2), []
    for _ in range(200):
        net.send(30.0, lambda: seen.append(net.now_ms))
    net.run(1e12, lambda: False)
    assert seen == sorted(seen)


# -- runs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("store", ["object", "kv"])
def test_the_same_seed_gives_the_same_run_and_another_another(store, monkeypatch):
    fresh(monkeypatch)
    thing = el.DurableObject()
    first, again, other = (thing.run(store, seed) for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(first.history, again.history)
    assert first.left == again.left
    assert not first.history.equals(other.history)


@pytest.mark.parametrize("store", ["object", "kv"])
def test_a_client_makes_one_operation_at_a_time(store):
    frame = el.DurableObject(**HARSH).run(store).history
    assert len(frame) == 5 * histories.OPERATIONS
    for _, own in frame.groupby("client"):
        own = own.sort_values("invoked_ms")
        assert (own["invoked_ms"].to_numpy()[1:] >= own["returned_ms"].to_numpy()[:-1]).all()
    answered = np.isfinite(frame["returned_ms"])
    assert (frame["value"].notna() == ((frame["kind"] == "read") & answered)).all()


def test_a_score_at_the_end_is_the_adds_that_count():
    run = el.DurableObject(home_dies=NEVER, **CALM).run()
    adds = run.history.index[run.history["kind"] == "add"]
    assert sorted(run.left) == list(adds) and run.lost == run.twice == 0
    last = run.history.sort_values("returned_ms").query("kind == 'read'").iloc[-1]
    assert last["value"] <= len(adds)


def test_an_idle_knob_moves_no_history():
    thing = el.DurableObject()
    for other in (
        thing.replace(requests_per_s=50_000.0),
        thing.replace(audience="India", stadium="Kolkata"),
        thing.replace(write_share=0.9),
    ):
        assert other.run(seed=1) is thing.run(seed=1)
