"""What is particular to the panel of notebook 08."""

import pandas as pd
import pytest

import edgelab as el
from edgelab.topics.durable_object.model import AROUND, AT_ONCE, DurableObject

PRESETS = {
    "Live match": DurableObject(),
    "Near the stadium": DurableObject(home="Ahmedabad"),
    "Best for the far": DurableObject(home="Geneva"),
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
    panel.buttons["Best for the far"].click()
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
