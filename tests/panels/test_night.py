"""The live panel in plain Python: every control at its ends, and the traces are the model's."""

import asyncio
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from ipywidgets import BoundedIntText, IntSlider, SelectionSlider, ToggleButtons
from plotly.graph_objects import Figure

import edgelab as el
from edgelab.browser import BrowserError
from edgelab.figures import cricstream, drawing
from edgelab.models import request
from edgelab.models.scenario import CricStream
from edgelab.panels import base
from edgelab.panels.controls import control

KNOBS = CricStream.knobs()


@pytest.fixture(scope="module")
def panel():
    return el.panels.night()


@pytest.fixture(autouse=True)
def calm(panel):
    panel.pin.value = False
    panel.show(panel.start)
    base.ERRORS.clear()
    yield
    assert base.ERRORS == []


def ends(name):
    widget = panel_control(name)
    if isinstance(widget, SelectionSlider | ToggleButtons):
        values = [v if not isinstance(v, tuple) else v[1] for v in widget.options]
        return [values[0], KNOBS[name].default, values[-1]]
    assert isinstance(widget, IntSlider | BoundedIntText)
    return [widget.min, KNOBS[name].default, widget.max]


def panel_control(name):
    return control(KNOBS[name], KNOBS[name].default)


def shown(panel):
    """The figure's data as arrays, to compare with what the figures room makes."""
    return [(t.x, t.y) for t in panel.figure.data]


def code_of(panel):
    return panel.code.value.split("<code>")[1].split("</code>")[0].replace("&#x27;", "'")


def assert_shows(panel, night):
    expected = cricstream.traces(
        cricstream.NightFrames.of(night),
        cricstream.NightFrames.of(night.baseline()),
        cricstream.NightFrames.of(panel.pinned) if panel.pinned else None,
        night.distribution(method="simulation"),
    )
    for (x, y), trace in zip(shown(panel), expected, strict=True):
        for have, want in ((x, trace["x"]), (y, trace["y"])):
            assert len(have) == len(want)
            if len(want) and not isinstance(want[0], str):
                np.testing.assert_array_equal(np.asarray(have, float), np.asarray(want, float))
                assert not np.isinf(np.asarray(have, float)).any()


@pytest.mark.parametrize("name", list(KNOBS))
def test_every_control_at_its_ends_shows_the_model(panel, name):
    for value in ends(name):
        panel.controls[name].value = value
        assert getattr(panel.model, name) == value
        assert panel.model == CricStream(**{name: value})
        assert_shows(panel, panel.model)
        assert "nan" not in panel.words.value.lower()
        if panel.model.saturated:
            assert "never empties" in panel.words.value


@pytest.mark.parametrize("name", list(KNOBS))
def test_a_control_reaches_the_whole_range_and_its_default(name):
    low, default, high = ends(name)
    about = KNOBS[name]
    if not about.choices:
        assert (low, high) == (about.low, about.high)
    assert default == about.default == panel_control(name).value


@pytest.mark.parametrize("name", [n for n, k in KNOBS.items() if not k.choices and n != "seed"])
def test_a_slider_has_stops_enough_and_round_ones(name):
    widget = panel_control(name)
    if isinstance(widget, SelectionSlider):
        assert len(widget.options) >= 13
        assert len({text for text, _ in widget.options}) == len(widget.options)


def test_a_value_between_the_stops_becomes_one(panel):
    night = CricStream(origin_fetch_ratio=0.0123, kv_delay_ms=777.7, origin_servers=777)
    other = el.panels.night(night)
    assert other.model == night
    assert other.controls["origin_fetch_ratio"].value == 0.0123
    panel.show(night)
    assert panel.model == night and panel.controls["kv_delay_ms"].value == 777.7


def test_the_kv_slider_moves_staleness_and_no_latency(panel):
    before = shown(panel)
    misses = request.exact.cache_info().misses, request.simulated.cache_info().misses
    panel.controls["kv_delay_ms"].value = 1000.0
    after = shown(panel)
    moved = [
        trace.xaxis
        for trace, (_, old), (_, new) in zip(panel.figure.data, before, after, strict=True)
        if list(map(str, old)) != list(map(str, new))
    ]
    assert moved == [f"x{drawing.axis_of(cricstream.PARTS, 'stale')}"]
    assert misses == (request.exact.cache_info().misses, request.simulated.cache_info().misses)


@pytest.mark.parametrize("name", ["pops", "origin_fetch_ratio", "kv_delay_ms"])
def test_each_main_slider_changes_the_sentence(panel, name):
    before = panel.words.value
    panel.controls[name].value = {"pops": 3, "origin_fetch_ratio": 0.02, "kv_delay_ms": 5000.0}[
        name
    ]
    assert panel.words.value != before


def test_presets_and_reset(panel):
    for name, button in panel.presets.items():
        button.click()
        assert_shows(panel, panel.model)
        assert {n: w.value for n, w in panel.controls.items()} == {
            n: getattr(panel.model, n) for n in KNOBS
        }, name
    panel.reset.click()
    assert panel.model == panel.start


def test_a_preset_draws_once(panel, monkeypatch):
    drawn = []
    monkeypatch.setattr(type(panel), "_patch", lambda self: drawn.append(self.model))
    panel.presets["The old Mumbai origin"].click()
    assert len(drawn) == 2  # the exact curves, then every viewer
    assert set(drawn) == {CricStream().baseline()}


def test_a_pinned_curve_stays_while_the_night_moves(panel):
    panel.controls["pops"].value = 20
    panel.pin.value = True
    panel.controls["pops"].value = 400
    assert panel.pinned == CricStream(pops=20)
    assert_shows(panel, CricStream(pops=400))
    assert panel.pin.description == "Unpin"
    assert "pinned: CricStream(pops=20)" in panel.figure.layout.annotations[0].text
    again = eval(code_of(panel), {"el": el})
    assert (again.model, again.pinned) == (panel.model, panel.pinned)
    assert_shows(again, CricStream(pops=400))
    panel.pin.value = False
    assert_shows(panel, CricStream(pops=400))


def test_reset_also_unpins(panel):
    panel.controls["pops"].value = 20
    panel.pin.value = True
    panel.reset.click()
    assert panel.pinned is None and panel.pin.value is False
    assert_shows(panel, CricStream())


def test_a_picture_tells_every_setting():
    night = CricStream(origin_servers=64, function_ms=4.0)
    assert "Origin servers 64 servers, Function time 4 ms" in cricstream.title(night)
    homes = [CricStream(ends_at="Mumbai"), CricStream().baseline()]
    assert len({cricstream.title(home) for home in homes}) == 2


def test_the_line_of_code_recreates_the_screen(panel):
    panel.controls["pops"].value = 40
    panel.controls["origin_fetch_ratio"].value = 0.05
    again = eval(code_of(panel), {"el": el})
    assert again.model == panel.model
    for (x, y), (x2, y2) in zip(shown(panel), shown(again), strict=True):
        np.testing.assert_array_equal(x, x2)
        np.testing.assert_array_equal(y, y2)


def test_an_error_in_a_callback_is_told_in_words(panel, monkeypatch):
    def broken(self):
        raise RuntimeError("the frame <is> gone")

    with monkeypatch.context() as patch:
        patch.setattr(CricStream, "in_words", broken)
        panel.controls["pops"].value = 77
    assert (
        "the frame &lt;is&gt; gone" in panel.problem.value and 'role="alert"' in panel.problem.value
    )
    assert [str(e) for e in base.ERRORS] == ["the frame <is> gone"]
    base.ERRORS.clear()
    panel.controls["pops"].value = 78
    assert panel.problem.value == ""


def test_in_a_loop_every_viewer_is_drawn_once_the_hand_rests(panel):
    async def drag():
        for pops in (50, 60, 70):
            panel.controls["pops"].value = pops
            await asyncio.sleep(0)
        between = panel.below.value, panel._simulated
        misses = request.simulated.cache_info().misses
        await asyncio.sleep(base.REST_S * 3)
        return between, request.simulated.cache_info().misses - misses

    (text, simulated), runs = asyncio.run(drag())
    assert "Drawing every viewer" in text and simulated is None
    assert runs <= 1  # the nights that the hand only passed were never drawn
    assert "28,000,000 viewers" in panel.below.value
    assert_shows(panel, CricStream(pops=70))


def test_only_what_changed_is_sent(panel):
    sent = []
    panel.figure.observe(lambda change: sent.append(change["new"]), "_py2js_update")
    panel.controls["kv_delay_ms"].value = 800.0
    messages = [message for message in sent if message]
    panel.figure.unobserve_all("_py2js_update")
    # One for the drag; a second, when the hand rests, finds nothing left to send.
    assert len(messages) == 1, [m.keys() for m in messages]
    assert len(messages[0]["style_traces"]) == 1


def test_a_panel_of_something_else_is_refused():
    with pytest.raises(TypeError, match="start: got 312, allowed a CricStream"):
        el.panels.night(312)
    with pytest.raises(TypeError, match="pinned: got 312"):
        el.panels.night(pinned=312)


def test_a_prediction_is_kept_and_not_before_it_is_made():
    with pytest.raises(ValueError, match="choices"):
        el.panels.predict("Which?", ["only one"])
    guess = el.panels.predict("Which <one>?", ["a", "b"])
    assert guess.choice is None and guess.commit.disabled
    guess.options.value = "b"
    assert guess.choice is None and not guess.commit.disabled
    guess.commit.click()
    assert guess.choice == "b" and guess.options.disabled and guess.commit.disabled


def test_an_error_leaves_nothing_of_an_earlier_night(panel, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(type(panel), "make_traces", lambda self: 1 / 0)
        panel.presets["Fetch on every request"].click()
    assert "ZeroDivisionError" in panel.problem.value
    assert panel.words.value == panel.code.value == panel.below.value == ""
    base.ERRORS.clear()
    panel.reset.click()
    assert panel.problem.value == "" and "312 PoPs" in panel.words.value


def test_an_error_of_a_button_is_told(panel, monkeypatch):
    monkeypatch.setattr(CricStream, "baseline", lambda self: None)
    panel._press(lambda start: start.baseline())
    assert "model: got None, allowed a CricStream" in panel.problem.value
    base.ERRORS.clear()
    with pytest.raises(TypeError, match="model: got 3"):
        panel.show(3)


def test_presets_keep_what_a_teacher_set():
    night = el.panels.night(CricStream(function_ms=4.0))
    night.presets["DNS still points home"].click()
    assert night.model == CricStream(function_ms=4.0, ends_at="Mumbai")
    night.presets["The night of the final"].click()
    assert night.model == CricStream()


def test_values_that_read_alike_keep_apart(panel):
    panel.show(CricStream(kv_delay_ms=250.01))
    texts = [text for text, _ in panel.controls["kv_delay_ms"].options]
    assert len(set(texts)) == len(texts) and "250.01" in texts


def saved(panel):
    """Wait for the deck to be written; return what the card tells of it."""
    for _ in range(600):
        if not panel.deck.disabled:
            break
        time.sleep(0.05)
    assert not panel.deck.disabled
    return panel.saved.value


def test_the_slides_button_writes_the_present_night_while_the_sliders_move(panel, monkeypatch):
    asked, go_on = [], threading.Event()

    def export(figures, path, progress):
        asked.append((figures, path))
        progress("1 of 5: <first>")
        assert go_on.wait(10)
        return Path("exports") / path

    monkeypatch.setattr(base, "export", export)
    panel.controls["pops"].value = 40
    panel.pin.value = True
    panel.controls["pops"].value = 50
    panel.deck.click()
    assert panel.deck.disabled
    panel.deck.click()  # once more does nothing
    panel.controls["pops"].value = 60
    assert_shows(panel, CricStream(pops=60))
    assert panel.saved.layout.display is None and "1 of 5: &lt;first&gt;" in panel.saved.value
    go_on.set()
    assert "5 slides are in exports/cricstream-night.pptx" in saved(panel)
    assert 'role="status"' in panel.saved.value
    ((figures, path),) = asked
    assert path == "cricstream-night.pptx"
    codes = [figure.layout.meta["code"] for figure in figures]
    assert all("el.CricStream(pops=50)" in code for code in codes)
    assert "pinned=el.CricStream(pops=40).latency()" in codes[0]


def test_an_error_while_the_slides_are_written_is_told(panel, monkeypatch):
    def export(figures, path, progress):
        raise BrowserError("no <browser>\n    get one")

    monkeypatch.setattr(base, "export", export)
    panel.deck.click()
    assert (
        "no &lt;browser&gt;<br>    get one" in saved(panel) and 'role="alert"' in panel.saved.value
    )
    panel.controls["pops"].value = 77
    assert panel.problem.value == "" and "get one" in panel.saved.value
    monkeypatch.setattr(type(panel), "slides", lambda self: 1 / 0)
    panel.deck.click()
    assert "division by zero" in saved(panel)
    assert [type(error) for error in base.ERRORS] == [BrowserError, ZeroDivisionError]
    base.ERRORS.clear()


def test_a_panel_offers_its_one_figure_unless_it_says_otherwise(panel):
    (figure,) = base.Panel.slides(panel)
    assert type(figure) is Figure and len(figure.data) == len(panel.figure.data)
    assert figure.layout.meta["code"] == code_of(panel)
    assert figure.layout.meta["caption"] == panel.model.in_words()


def test_no_patch_is_lost_to_a_message_from_the_browser(panel):
    """JupyterLab hands the figure's messages to another thread than the sliders'."""
    sent, stop = [], threading.Event()
    panel.figure.observe(lambda change: sent.append(change["new"]), "_py2js_update")

    def browser():
        while not stop.is_set():
            panel.figure.set_state({"_js2py_traceDeltas": {"trace_deltas": [], "trace_edit_id": 0}})

    thread = threading.Thread(target=browser)
    thread.start()
    try:
        for k in range(25):
            panel.controls["kv_delay_ms"].value = (300.0, 400.0)[k % 2]
    finally:
        stop.set()
        thread.join()
        panel.figure.unobserve_all("_py2js_update")
    assert len([message for message in sent if message]) == 25
