"""The panel of notebook 07 in plain Python: every control at its ends, and what it draws."""

import asyncio

import numpy as np
import pytest
from ipywidgets import BoundedIntText, Dropdown, IntSlider, SelectionSlider

import edgelab as el
from edgelab.figures import rate_limit
from edgelab.models.rate_limit import COUNTERS, DESIGNS, KV, RateLimit
from edgelab.panels import base
from edgelab.panels.rate_limit import PRESETS, QUICK_RUNS

#: Few runs, so that the tests are quick.
START = RateLimit(seeds=3)
KNOBS = RateLimit.knobs()


@pytest.fixture(scope="module")
def panel():
    return el.panels.rate_limit(START)


@pytest.fixture(autouse=True)
def calm(panel):
    panel.pin.value = False
    panel.show(panel.start)
    base.ERRORS.clear()
    yield
    assert base.ERRORS == []


def assert_shows(panel, model):
    frames = rate_limit.RateLimitFrames.of
    wanted = rate_limit.traces(frames(model), frames(panel.pinned) if panel.pinned else None)
    for trace, want in zip(panel.figure.data, wanted, strict=True):
        for key in ("x", "y", "z"):
            if key in want:
                have = np.asarray(trace[key], float)
                np.testing.assert_array_equal(have, np.asarray(want[key], float))


def ends(panel, name):
    widget = panel.controls[name]
    if isinstance(widget, Dropdown):
        return [DESIGNS[0], DESIGNS[-1]]
    if isinstance(widget, SelectionSlider):
        return [widget.options[0][1], widget.options[-1][1]]
    assert isinstance(widget, IntSlider | BoundedIntText)
    return [widget.min, widget.max]


@pytest.mark.parametrize("name", [n for n in KNOBS if n != "seeds"])
def test_every_control_at_its_ends_shows_the_model(panel, name):
    for value in ends(panel, name):
        panel.controls[name].value = value
        assert panel.model == START.replace(**{name: value})
        assert_shows(panel, panel.model)
        assert panel.problem.value == "" and "nan" not in panel.words.value
        assert "3 runs" in panel.below.value


def test_presets_reset_and_the_line_of_code(panel):
    for name, make in PRESETS.items():
        panel.presets[name].click()
        assert panel.model == make(START)
        assert_shows(panel, panel.model)
        again = eval(panel.line(), {"el": el})
        assert again.model == panel.model
    panel.reset.click()
    assert panel.model == START


def test_a_pinned_attack_stays_while_another_moves(panel):
    panel.presets["312 PoPs"].click()
    panel.pin.value = True
    panel.controls["design"].value = COUNTERS
    panel.controls["pops"].value = 5
    assert panel.pinned == PRESETS["312 PoPs"](START)
    assert_shows(panel, panel.model)
    assert "pinned (□): KV, last writer wins; 312 PoPs" in panel.figure.layout.annotations[0].text
    assert len(panel.slides()) == 6
    assert "pinned=el.RateLimit(pops=312" in panel.slides()[0].layout.meta["code"]


def test_the_band_follows_the_chosen_design(panel):
    rows = []
    for design in (KV, COUNTERS):
        panel.controls["design"].value = design
        rows.append(panel.figure.layout.shapes[0].y0)
    assert rows[0] > rows[1]


def test_few_runs_under_the_hand_and_all_of_them_at_rest(panel):
    async def drag():
        for pops in (20, 30):
            panel.controls["pops"].value = pops
            await asyncio.sleep(0)
        quick, text = panel._shown, panel.below.value
        assert_shows(panel, START.replace(pops=30, seeds=QUICK_RUNS))
        for _ in range(100):
            await asyncio.sleep(0.05)
            if panel.resting:
                break
        return quick, text

    quick, text = asyncio.run(drag())
    assert quick.seeds == QUICK_RUNS < START.seeds and f"{QUICK_RUNS} runs so far" in text
    assert panel._shown == START.replace(pops=30)
    assert_shows(panel, panel.model)
    assert START.replace(pops=30).in_words() in panel.words.value.replace("&#x27;", "'")


def test_dragging_the_delay_moves_the_ring_and_not_the_map(panel):
    sent = []
    panel.figure.observe(lambda change: sent.append(change["new"]), "_py2js_update")
    panel.controls["kv_delay_ms"].value = 500.0
    panel.figure.unobserve_all("_py2js_update")
    assert panel.figure.data[0].type == "heatmap"
    assert panel.figure.data[3].x == (np.log10(500.0),)
    messages = [message for message in sent if message]
    assert messages and all(0 not in message["style_traces"] for message in messages)


def test_something_else_is_refused():
    with pytest.raises(TypeError, match="start: got 10, allowed a RateLimit"):
        el.panels.rate_limit(10)
    with pytest.raises(TypeError, match="pinned: got 'x'"):
        el.panels.rate_limit(pinned="x")
