"""The live panel of the growing set: every control at its ends, and the traces are the model's."""

import numpy as np
import pytest
from ipywidgets import IntSlider, SelectionSlider, ToggleButtons

import edgelab as el
from edgelab.figures import pops as figures
from edgelab.models.growth import VIEWERS
from edgelab.models.placement import Placement
from edgelab.panels import base
from edgelab.panels.pops import PRESETS, PlacementPanel

KNOBS = Placement.knobs()


@pytest.fixture(scope="module")
def panel():
    return el.panels.placement()


@pytest.fixture(autouse=True)
def calm(panel):
    panel.pin.value = False
    panel.show(panel.start)
    base.ERRORS.clear()
    yield
    assert base.ERRORS == []


def ends(widget, name):
    if isinstance(widget, SelectionSlider):
        return [widget.options[0][1], KNOBS[name].default, widget.options[-1][1]]
    if isinstance(widget, ToggleButtons):
        return list(widget.options)
    return [widget.min, KNOBS[name].default, widget.max]


def assert_shows(panel, plan):
    made = figures.traces(plan, panel.pinned)
    for shown, trace in zip(panel.figure.data, made, strict=True):
        for axis in "xy":
            have, want = np.asarray(shown[axis], float), np.asarray(trace[axis], float)
            np.testing.assert_array_equal(have, want)
            assert not np.isinf(have).any()
    expected = figures.layout(plan, panel.pinned)
    for shown, note in zip(panel.figure.layout.annotations, expected["annotations"], strict=True):
        assert shown.text == note["text"] and shown.x == pytest.approx(note["x"])
    for shown, shape in zip(panel.figure.layout.shapes, expected["shapes"], strict=True):
        assert shown.x0 == pytest.approx(shape["x0"]) and shown.y0 == pytest.approx(shape["y0"])


@pytest.mark.parametrize("name", KNOBS)
def test_every_control_at_its_ends_shows_the_model(panel, name):
    for value in ends(panel.controls[name], name):
        panel.controls[name].value = value
        assert panel.model == Placement(**{name: value})
        assert_shows(panel, panel.model)
        assert panel.model.in_words().split(":")[0] in panel.words.value.replace("&#x27;", "'")
        assert panel.problem.value == ""


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_shows_what_it_makes_and_the_line_that_recreates_it(panel, name):
    panel.presets[name].click()
    assert panel.model == PRESETS[name](panel.start)
    assert_shows(panel, panel.model)
    again = eval(panel.line(), {"el": el})
    assert isinstance(again, PlacementPanel) and again.model == panel.model


def test_pinned_stays_while_the_rest_moves(panel):
    panel.pin.value = True
    panel.presets["Both"].click()
    assert panel.pinned == Placement() != panel.model
    assert_shows(panel, panel.model)
    assert "pinned=el.Placement()" in panel.line()
    assert eval(panel.line(), {"el": el}).pinned == panel.pinned
    panel.reset.click()
    assert panel.pinned is None and panel.model == panel.start


def test_a_slider_is_a_slider_and_an_order_a_row_of_buttons(panel):
    kinds = {name: type(panel.controls[name]) for name in PlacementPanel.main}
    assert kinds.pop("pops") is IntSlider and kinds.pop("order") is ToggleButtons
    assert set(kinds) == {"nearest_share", "pop_cost_viewers", "last_mile_ms"}
    assert set(kinds.values()) == {SelectionSlider}


def test_slides_are_the_single_figures_of_what_is_shown(panel):
    panel.show(Placement(order=VIEWERS, pops=40))
    deck = panel.slides()
    names = ["pop_curves", "pop_gains", "pop_map", "pop_distances", "pop_orders"]
    assert [figure.layout.meta["name"] for figure in deck] == names
    for figure in deck:
        assert "pops=40" in figure.layout.meta["code"]


@pytest.mark.parametrize("start", [el.CricStream(), 312, "all"])
def test_only_a_placement_can_be_shown(start):
    with pytest.raises(TypeError, match=r"start: got .*, allowed a Placement"):
        el.panels.placement(start)
