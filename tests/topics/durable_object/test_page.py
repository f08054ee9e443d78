"""What is particular to the panel of notebook 08."""

import numpy as np
import pandas as pd
import pytest

import edgelab as el
from edgelab.topics.durable_object import plots as figures
from edgelab.topics.durable_object.homes import TO_P99
from edgelab.topics.durable_object.model import AROUND, AT_ONCE, DurableObject
from edgelab.topics.durable_object.plots import ROWS
from page_text import answers, prose

PRESETS = {
    "Live match": DurableObject(),
    "Near the stadium": DurableObject(home="Ahmedabad"),
    "Least p99": DurableObject(home="Geneva"),
    "Answered at once": DurableObject(acknowledge=AT_ONCE),
    "A lock over 312 PoPs": DurableObject(followers=311, followers_at=AROUND),
    "Order matching": DurableObject.order_matching(),
}


@pytest.fixture(scope="module")
def panel():
    return el.panels.durable_object()


def test_presets_make_the_same_whatever_was_pressed_before(panel):
    assert list(panel.presets) == list(PRESETS)
    for first in panel.presets.values():
        for name, make in panel.presets.items():
            assert make(first(DurableObject())) == PRESETS[name]


def test_presets_keep_what_a_teacher_set():
    panel = el.panels.durable_object(DurableObject(audience="India", stadium="Chennai"))
    panel.buttons["Near the stadium"].click()
    assert panel.model == panel.start.replace(home="Chennai")
    panel.buttons["Least p99"].click()
    assert panel.model == panel.start.replace(home=panel.start.best_home("p99"))
    assert panel.model.home != "Geneva", "which is best for everyone"


def test_the_sentence_tells_what_a_death_costs(panel):
    assert "safe from the home" in panel.words.value
    assert "0 of " in panel.below.value and "5 of 5 linearisable" in panel.below.value
    panel.buttons["Answered at once"].click()
    assert "takes 3.12 acknowledged writes" in panel.words.value
    panel.controls["followers"].value = 0
    assert "everything is lost" in panel.words.value
    panel.buttons["Order matching"].click()
    assert "never empties" in panel.words.value
    assert "more for" not in panel.words.value, "no wait is true where the queue grows"
    panel.controls["requests_per_s"].value = 1000.0
    assert "1,000 requests a second are all that one object can do" in panel.words.value


def said(thing):
    """The small panel's sentence."""
    return figures.wait_by_load.plot.drawn(thing, None, False).caption


def test_the_answers_have_the_model_s_numbers():
    queue, *told = answers(8)
    match = DurableObject()
    home = match.replace(home="Ahmedabad")
    here, there, far = (
        thing.latency().loc[list(ROWS), "read_p99_ms"]
        for thing in (match, home, match.replace(home="Geneva"))
    )
    assert list(there.index[there < here]) == ["Delhi"]
    assert f"{there['Delhi']:.0f} ms instead of {here['Delhi']:.0f} (p99)" in told[0]
    assert list(far.index[far < here]) == ["London", "Bay Area"]
    assert f"{far['Mumbai']:.0f} ms instead of {here['Mumbai']:.0f} (p99)" in told[1]
    homes = match.homes()
    for what, answer in (("p99", told[1]), ("mean", told[1])):
        first, then = (homes.loc[each, f"{what}_ms"] for each in ("Mumbai", "Geneva"))
        assert f"from {first:.0f} to {then:.0f}" in answer
    for rate in (312, 600, 800, 950):
        busy = match.replace(requests_per_s=float(rate))
        assert f"{TO_P99 * busy.at_object_ms:.3g} at {rate}" in queue
        assert f"p99 {TO_P99 * busy.at_object_ms:.3g}; at 1,000" in said(busy)
    assert "its queue never empties" in said(match.replace(requests_per_s=1000.0))
    orders = DurableObject.order_matching()
    assert not orders.replace(service_ms=0.049).saturated and "Below 0.05 ms" in told[4]
    assert orders.replace(service_ms=0.05).saturated
    assert f"{orders.replace(service_ms=0.04).utilisation:.0%}" == "80%"
    assert f"still leaves {homes['farthest_ms'].min():.0f} ms" in prose(8)
    assert homes["farthest_ms"].idxmin() == "Marseille"
    assert f"{1000 / match.quorum()['light_ms'].iloc[-1]:.0f} times a second" in prose(8)


def test_histories_are_drawn_when_the_hand_rests(panel, monkeypatch):
    asked = []
    monkeypatch.setattr(DurableObject, "histories_in_words", lambda self: asked.append(self) or "")
    panel._redraw()
    assert asked == [panel.model], "once, and not for what is drawn under the moving hand"


def test_settings_tell_the_copies_and_what_was_turned():
    assert DurableObject().settings() == "home Mumbai, 5 followers near the home, 312 a second"
    thing = DurableObject(home="Tokyo", followers=1, followers_at=AROUND, write_share=0.5, seed=2)
    told = "home Tokyo, 1 follower around the world, 312 a second, Seed 2"
    assert thing.settings() == told, "no word of the writes, which move nothing"
    asked = thing.replace(acknowledge=AT_ONCE)
    assert asked.settings().endswith("Writes are answered at once, Share of writes 50 %, Seed 2")
    assert thing.settings(el.figures.lost_writes.plot.untold) == told.replace(", 312 a second", "")


def all_frames(thing):
    return [
        *(thing.latency(), thing.sites(), thing.homes(), thing.quorum()),
        *(thing.designs(2), thing.histories(2, "kv")),
    ]


@pytest.mark.parametrize("thing", [DurableObject(), DurableObject(followers=0)])
def test_what_is_idle_moves_no_frame_and_no_sentence(thing):
    idle, before = thing.idle(), all_frames(thing)
    assert idle
    for name in idle:
        about = thing.knobs()[name]
        ends = about.choices or (about.low, about.high)
        for value in ends:
            other = thing.replace(**{name: value})
            for old, new in zip(before, all_frames(other), strict=True):
                assert old.equals(new), name
            assert other.in_words() == thing.in_words()


def test_where_every_pop_has_a_copy_they_are_the_same_ones():
    near = DurableObject(followers=311)
    around = near.replace(followers_at=AROUND)
    assert "followers_at" in near.idle() and "followers_at" not in DurableObject().idle()
    pd.testing.assert_frame_equal(near.sites(), around.sites())
    assert near.in_words() == around.in_words()


def test_the_printed_formulas_give_what_the_screen_shows(panel):
    match = panel.model
    # Q = s / (1 - rho), rho = lambda s; waits are exponential, so that the p99 is ln 100 times it.
    q = 1 / (1 - 312 * 0.001)
    assert match.at_object_ms == pytest.approx(q) and f"{q:.2f}" == "1.45"
    assert f"{1 - 312 * 0.001:.3f}" == "0.688"
    mumbai = match.latency().loc["Mumbai"]
    assert f"{mumbai['rtt_ms']:.1f} {3.0 + 4.6 * 1.45:.1f}" == "3.0 9.7"
    assert "at most 10 ms from Mumbai" in panel.words.value and round(9.7) == 10
    for rate, home in ((312.0, "Mumbai"), (800.0, "Mumbai"), (950.0, "Geneva"), (500.0, "Tokyo")):
        thing = match.replace(requests_per_s=rate, home=home)
        seen = thing.latency().loc[list(ROWS)]
        about = seen["rtt_ms"] + 4.605 * 1 / (1 - rate / 1000)
        # A place is not one point: its own round trips differ by a millisecond or so.
        np.testing.assert_allclose(seen["read_p99_ms"], about, atol=1.5)
        # A write waits besides for the third-nearest of five followers.
        third = thing.sites().query("role == 'follower'")["rtt_ms"].sort_values().iloc[2]
        waits = seen["write_p99_ms"] - seen["read_p99_ms"]
        np.testing.assert_allclose(waits, third)
    assert "A write waits 15 ms more for 3 of 5 followers" in panel.words.value
    # Lost with the home: lambda w b / 2.
    panel.buttons["Answered at once"].click()
    assert f"takes {312 * 0.02 * 1 / 2:.3g} acknowledged writes" in panel.words.value
    assert round(28e6 / 60, -3) == 467_000
    turns = match.quorum()["turns_per_s"].iloc[-1]
    assert turns == pytest.approx(1000 / match.quorum()["majority_ms"].iloc[-1]) and 7 < turns < 9
