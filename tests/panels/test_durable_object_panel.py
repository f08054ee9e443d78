"""The durable object's live panel in plain Python: every control, preset and pin."""

import numpy as np
import pytest
from ipywidgets import BoundedIntText, Dropdown, SelectionSlider, ToggleButtons

import edgelab as el
from edgelab.figures import durable_object as figures
from edgelab.models.durable_object import DurableObject
from edgelab.panels import base
from edgelab.panels.durable_object import PRESETS

KNOBS = DurableObject.knobs()


@pytest.fixture(scope="module")
def panel():
    return el.panels.durable_object()


@pytest.fixture(autouse=True)
def calm(panel):
    panel.pin.value = False
    panel.show(panel.start)
    base.ERRORS.clear()
    yield
    assert base.ERRORS == []


def ends(widget):
    if isinstance(widget, SelectionSlider | ToggleButtons | Dropdown):
        values = [v[1] if isinstance(v, tuple) else v for v in widget.options]
        return [values[0], values[-1]]
    assert isinstance(widget, BoundedIntText)
    return [widget.min, widget.max]


def assert_shows(panel, thing):
    held = panel.pinned and figures.ObjectFrames.of(panel.pinned)
    expected = figures.traces(figures.ObjectFrames.of(thing), held)
    for trace, wanted in zip(panel.figure.data, expected, strict=True):
        for have, want in ((trace.x, wanted["x"]), (trace.y, wanted["y"])):
            np.testing.assert_array_equal(np.asarray(have, float), np.asarray(want, float))
            assert not np.isinf(np.asarray(have, float)).any()


@pytest.mark.parametrize("name", list(KNOBS))
def test_every_control_at_its_ends_shows_the_model(panel, name):
    for value in ends(panel.controls[name]):
        panel.controls[name].value = value
        assert panel.model == DurableObject(**{name: value})
        assert_shows(panel, panel.model)
        assert "nan" not in panel.words.value.lower() + panel.below.value.lower()
        assert "drawn" in panel.below.value


@pytest.mark.parametrize("name", [n for n, k in KNOBS.items() if not k.choices])
def test_a_control_reaches_the_whole_range(panel, name):
    assert ends(panel.controls[name]) == [KNOBS[name].low, KNOBS[name].high]


def test_presets_pin_and_reset(panel):
    panel.pin.value = True
    seen = set()
    for name, button in panel.presets.items():
        button.click()
        assert panel.model == PRESETS[name](panel.start)
        assert panel.pinned == panel.start
        assert_shows(panel, panel.model)
        assert f"pinned=el.{panel.start!r}" in panel.line()
        seen.add(panel.model)
    assert len(seen) == len(PRESETS)
    panel.reset.click()
    assert panel.model == panel.start and panel.pinned is None
    assert_shows(panel, panel.start)


def test_the_sentence_tells_what_a_death_costs(panel):
    assert "safe from the home" in panel.words.value
    assert "0 of " in panel.below.value and "5 of 5 linearisable" in panel.below.value
    panel.presets["Answered at once"].click()
    assert "takes 3.12 acknowledged writes" in panel.words.value
    panel.controls["followers"].value = 0
    assert "everything is lost" in panel.words.value
    panel.presets["Order matching"].click()
    assert "never empties" in panel.words.value


def test_the_line_of_code_recreates_the_screen(panel):
    panel.controls["home"].value = "Tokyo"
    again = eval(panel.line(), {"el": el})
    assert again.model == panel.model
    assert_shows(again, panel.model)


def test_slides_are_the_single_figures(panel):
    slides = panel.slides()
    names = ["round_trips", "object_latency", "home_choice", "majorities", "lost_writes"]
    assert [slide.layout.meta["name"] for slide in slides] == names


@pytest.mark.parametrize("wrong", [3, el.CricStream()])
def test_a_panel_of_something_else_is_refused(wrong):
    with pytest.raises(TypeError, match=r"start: got .*, allowed a DurableObject"):
        el.panels.durable_object(wrong)
