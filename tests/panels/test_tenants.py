"""The panel of notebook 04 in plain Python: every control at its ends shows the model."""

import asyncio
import re

import numpy as np
import pytest
from ipywidgets import SelectionSlider, ToggleButtons

import edgelab as el
import made_up
from edgelab.figures import primitives as costs
from edgelab.figures import runtimes as figures
from edgelab.models.runtimes import WarmPool
from edgelab.panels import base

KNOBS = WarmPool.knobs()


@pytest.fixture(scope="module")
def panel():
    return el.panels.tenants()


@pytest.fixture(autouse=True)
def calm(panel, nothing_measured):
    panel.pin.value = False
    panel.show(panel.start)
    base.ERRORS.clear()
    yield
    assert base.ERRORS == []


def ends(name, panel):
    widget = panel.controls[name]
    if isinstance(widget, ToggleButtons):
        return list(widget.options)
    if isinstance(widget, SelectionSlider):
        return [widget.options[0][1], KNOBS[name].default, widget.options[-1][1]]
    return [widget.min, KNOBS[name].default, widget.max]


def assert_shows(panel, pool):
    expected = figures.traces(pool, panel.pinned, pool.simulation())
    for trace, wanted in zip(panel.figure.data, expected, strict=True):
        for have, want in ((trace.x, wanted["x"]), (trace.y, wanted["y"])):
            np.testing.assert_array_equal(np.asarray(have, float), np.asarray(want, float))
            assert not np.isinf(np.asarray(have, float)).any()
    for have, want in zip(
        panel.figure.layout.shapes, figures.layout(pool, panel.pinned)["shapes"], strict=True
    ):
        assert (have.x0, have.y0) == (want["x0"], want["y0"])


@pytest.mark.parametrize("name", list(KNOBS))
def test_every_control_at_its_ends_shows_the_model(panel, name):
    found = ends(name, panel)
    if not KNOBS[name].choices:
        assert (found[0], found[-1]) == (KNOBS[name].low, KNOBS[name].high)
    for value in found:
        panel.controls[name].value = value
        assert panel.model == WarmPool(**{name: value})
        assert_shows(panel, panel.model)
        assert not re.search(r"\b(nan|inf)\b", panel.words.value)
        assert "went through the LRU" in panel.below.value


def test_presets_and_reset(panel):
    moved = set()
    for name, button in panel.presets.items():
        button.click()
        assert_shows(panel, panel.model)
        moved.add(panel.model)
        assert {n: w.value for n, w in panel.controls.items()} == {
            n: getattr(panel.model, n) for n in KNOBS
        }, name
    assert len(moved) == len(panel.presets)
    panel.reset.click()
    assert panel.model == panel.start


def test_presets_do_what_they_are_called(panel):
    made = {name: make(WarmPool()) for name, make in panel.made.items()}
    half = made["Half the isolates fit"]
    assert half.density().loc["isolate", "fit"] * 2 == half.tenants
    assert made["A process for every tenant"].primitive == "process"
    quiet = made["A quiet platform"].density().loc["isolate"]
    assert quiet["fit"] > 10_000 and quiet["cold_share"] > 0.01
    assert made["Millions of tenants"].tenants >= 1_000_000


def test_a_pinned_pool_stays_while_the_other_moves(panel):
    panel.controls["tenants"].value = 40_000
    panel.pin.value = True
    panel.controls["primitive"].value = "process"
    assert panel.pinned == WarmPool(tenants=40_000)
    assert_shows(panel, WarmPool(tenants=40_000, primitive="process"))
    code = panel.code.value.split("<code>")[1].split("</code>")[0].replace("&#x27;", "'")
    again = eval(code, {"el": el})
    assert (again.model, again.pinned) == (panel.model, panel.pinned)
    pinned = next(t for t in panel.figure.data if t.name == "pinned (isolate)")
    assert pinned.visible is True and len(pinned.x)


def test_the_chosen_primitive_is_bold(panel):
    panel.controls["primitive"].value = "container"
    widths = {t.name: t.line.width for t in panel.figure.data if t.name in figures.PRIMITIVES}
    assert widths["container"] == figures.BOLD
    assert {w for n, w in widths.items() if n != "container"} == {figures.THIN}


def test_the_chosen_source_is_filled(panel):
    panel.controls["figures"].value = "public"
    symbols = {t.name: t.marker.symbol for t in panel.figure.data if t.name in costs.NAMES.values()}
    assert symbols["public sources"] == "diamond"
    assert symbols["article"] == "circle-open" and symbols["this machine"] == "square-open"


def test_a_new_measurement_shows_at_the_next_move(panel, tmp_path, monkeypatch):
    panel.controls["figures"].value = "measured"
    assert "nothing was measured here" in panel.words.value
    made_up.remember(tmp_path, monkeypatch)
    panel.controls["tenants"].value = 20_000
    assert "0.8 MB a tenant" in panel.words.value
    assert_shows(panel, panel.model)


def test_in_a_loop_requests_are_replayed_once_the_hand_rests(panel):
    async def drag():
        for tenants in (2_000, 3_000, 5_000):
            panel.controls["tenants"].value = tenants
            await asyncio.sleep(0)
        between = panel.below.value, panel._simulated
        await asyncio.sleep(base.REST_S * 3)
        return between

    text, simulated = asyncio.run(drag())
    assert "Replaying requests" in text and simulated is None
    assert "went through the LRU" in panel.below.value
    assert_shows(panel, WarmPool(tenants=5_000))


def test_a_tail_moves_the_waits_and_nothing_else(panel):
    panel.controls["primitive"].value = "process"
    before = [np.array(t.y, float) for t in panel.figure.data]
    panel.controls["start_tail"].value = panel.controls["start_tail"].options[-1][1]
    moved = {
        trace.xaxis
        for trace, old in zip(panel.figure.data, before, strict=True)
        if not np.array_equal(np.array(trace.y, float), old, equal_nan=True)
    }
    assert moved == {"x2"}


def test_a_panel_of_something_else_is_refused():
    with pytest.raises(TypeError, match="start: got 3, allowed a WarmPool"):
        el.panels.tenants(3)
    with pytest.raises(TypeError, match="pinned: got"):
        el.panels.tenants(pinned=el.CricStream())


def test_slides_tell_what_they_show(panel):
    panel.controls["tenants"].value = 40_000
    panel.pin.value = True
    panel.controls["tenants"].value = 50_000
    slides = panel.slides()
    names = [figure.layout.meta["name"] for figure in slides]
    assert names == ["costs", "tenants_memory", "cold_starts", "waits"]
    for figure in slides:
        again = eval(figure.layout.meta["code"], {"el": el})
        assert len(again.data) == len(figure.data)
        for one, other in zip(again.data, figure.data, strict=True):
            np.testing.assert_array_equal(np.array(one.y, float), np.array(other.y, float))
