"""What is particular to the panel of notebook 03."""

import pytest
from ipywidgets import IntSlider, SelectionSlider, ToggleButtons

import edgelab as el
from edgelab.core.constants import value
from edgelab.topics.pops.model import Placement

NEAREST = {year: value(f"anycast_{year}nearest_share") for year in ("", "2021_")}
PRESETS = {
    "As on page 1": Placement(),
    "Anycast of 2015": Placement(nearest_share=NEAREST[""]),
    "Anycast of 2021": Placement(nearest_share=NEAREST["2021_"]),
    "PoPs where viewers are": Placement(order="viewers"),
    "Both": Placement(order="viewers", nearest_share=NEAREST[""]),
}


@pytest.fixture(scope="module")
def panel():
    return el.panels.pops()


def test_presets_make_the_same_whatever_was_pressed_before(panel):
    assert list(panel.presets) == list(PRESETS)
    for first in panel.presets.values():
        for name, make in panel.presets.items():
            assert make(first(Placement())) == PRESETS[name]


def test_presets_keep_what_a_teacher_set():
    panel = el.panels.pops(Placement(pops=40, last_mile_ms=40.0, pop_cost_viewers=50.0))
    panel.buttons["Both"].click()
    assert panel.model == panel.start.replace(order="viewers", nearest_share=NEAREST[""])
    panel.buttons["As on page 1"].click()
    assert panel.model == Placement(pop_cost_viewers=50.0), "page 1 has no such price"


def test_a_slider_is_a_slider_and_an_order_a_row_of_buttons(panel):
    kinds = {name: type(panel.controls[name]) for name in Placement.main}
    assert kinds.pop("pops") is IntSlider and kinds.pop("order") is ToggleButtons
    assert set(kinds) == {"nearest_share", "pop_cost_viewers", "last_mile_ms"}
    assert set(kinds.values()) == {SelectionSlider}


def test_the_count_moves_a_mark_and_no_curve(panel, monkeypatch):
    sent = []
    panel.show(Placement(pops=311))
    monkeypatch.setattr(panel.live, "send", lambda content, buffers=None: sent.append(content))
    panel.controls["pops"].value = 312
    (content,) = sent
    mark = len(panel.live.plots["pop_curves"]["data"]) - 1
    assert content["plots"]["pop_curves"]["data"].keys() == {str(mark)}
    assert "data" not in content["plots"]["pop_gains"], "each dot is there whatever the count"


def test_settings_tell_the_order_and_what_was_turned():
    assert Placement().settings() == "312 PoPs, in the world's order, 100 % reach the nearest"
    plan = Placement(pops=1, order="random", last_mile_ms=40.0, seed=3)
    told = "1 PoP, in random order, 100 % reach the nearest, Last mile 40 ms, Seed 3"
    assert plan.settings() == told
    plan = plan.replace(pop_cost_viewers=50.0)
    assert plan.settings().endswith("A PoP has to save 50 viewers, Last mile 40 ms, Seed 3")
    untold = el.figures.pop_orders.plot.untold
    assert plan.settings(untold) == "100 % reach the nearest, Last mile 40 ms, Seed 3"
