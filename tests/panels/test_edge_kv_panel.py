"""The KV page's panel in plain Python: every control at its ends shows the model."""

import numpy as np
import pytest
from ipywidgets import BoundedIntText, IntSlider, SelectionSlider, ToggleButtons

import edgelab as el
from edgelab.figures import edge_kv
from edgelab.models.edge_kv import EdgeKV
from edgelab.panels import base

KNOBS = EdgeKV.knobs()


@pytest.fixture(scope="module")
def panel():
    return el.panels.kv()


@pytest.fixture(autouse=True)
def calm(panel):
    panel.pin.value = False
    panel.show(panel.start)
    base.ERRORS.clear()
    yield
    assert base.ERRORS == []


def assert_shows(panel, store):
    assert panel.model == store and panel.problem.value == ""
    for trace, want in zip(panel.figure.data, edge_kv.traces(store, panel.pinned), strict=True):
        for have, right in ((trace.x, want["x"]), (trace.y, want["y"])):
            np.testing.assert_array_equal(have, right)
            assert np.isfinite(right).all()
    for word in ("nan", "inf"):
        assert word not in panel.words.value.lower().split()


@pytest.mark.parametrize("name", list(KNOBS))
def test_every_control_at_its_ends_shows_the_model(panel, name):
    widget = panel.controls[name]
    if isinstance(widget, ToggleButtons):
        ends = widget.options
    elif isinstance(widget, SelectionSlider):
        ends = [widget.options[0][1], widget.options[-1][1]]
        assert (ends[0], ends[1]) == (KNOBS[name].low, KNOBS[name].high)
    else:
        assert isinstance(widget, IntSlider | BoundedIntText)
        ends = [widget.min, widget.max]
    for value in ends:
        widget.value = value
        assert_shows(panel, EdgeKV(**{name: value}))


def test_presets_pin_and_reset(panel):
    moved = set()
    panel.pin.value = True
    for button in panel.presets.values():
        button.click()
        moved.add(panel.model)
        assert_shows(panel, panel.model)
    assert len(moved) == len(panel.presets) and panel.pinned == EdgeKV()
    assert "pinned: pushed" in panel.figure.layout.annotations[0].text
    panel.reset.click()
    assert panel.pinned is None
    assert_shows(panel, EdgeKV())


def test_presets_keep_what_a_teacher_set():
    panel = el.panels.kv(EdgeKV(pops=40))
    panel.presets["Cloudflare 60 s"].click()
    assert panel.model == EdgeKV(pops=40, copies="fetched", kv_delay_ms=30_000)


def test_the_line_of_code_recreates_the_screen(panel):
    panel.controls["kv_delay_ms"].value = 1000.0
    panel.pin.value = True
    panel.controls["sticky_s"].value = 0.0
    again = eval(panel.line(), {"el": el})
    assert (again.model, again.pinned) == (panel.model, panel.pinned)
    assert_shows(again, panel.model)


def test_the_sticky_slider_moves_one_curve_and_sends_nothing_else(panel):
    sent = []
    panel.figure.observe(lambda change: sent.append(change["new"]), "_py2js_update")
    panel.controls["sticky_s"].value = 0.0
    messages = [message for message in sent if message]
    panel.figure.unobserve_all("_py2js_update")
    assert len(messages) == 1 and len(messages[0]["style_traces"]) == 1


def test_four_slides_of_the_present_store(panel):
    panel.pin.value = True
    panel.controls["kv_delay_ms"].value = 1000.0
    figures = panel.slides()
    assert len(figures) == 4
    for figure in figures:
        assert "el.EdgeKV(kv_delay_ms=1000.0)." in figure.layout.meta["code"]
        assert "pinned=el.EdgeKV()." in figure.layout.meta["code"]
        assert figure.layout.meta["caption"]


def test_something_else_is_refused():
    with pytest.raises(TypeError, match="start: got 312, allowed a EdgeKV"):
        el.panels.kv(312)
