"""What is particular to the panel of notebook 04."""

import asyncio

import numpy as np
import pytest

import edgelab as el
import made_up
from edgelab.stage import panel as base
from edgelab.topics.runtimes.model import WarmPool

PRESETS = {
    "The article's isolates": WarmPool(),
    "A process for every tenant": WarmPool(primitive="process"),
    "Half the isolates fit": WarmPool(tenants=40_000, pop_memory_gb=60.0),
    "Millions of tenants": WarmPool(tenants=1_000_000),
    "A quiet platform": WarmPool(requests_per_s=10_000.0),
}


@pytest.fixture(scope="module")
def panel():
    return el.panels.runtimes()


@pytest.fixture(autouse=True)
def calm(panel, nothing_measured):
    panel.pin.value = False
    panel.show(panel.start)
    base.ERRORS.clear()
    yield
    assert base.ERRORS == []


def circles(panel):
    return next(t for t in panel.live.plots["cold_starts"]["data"] if t["name"] == "replayed")


def test_presets_make_the_same_whatever_was_pressed_before(panel):
    assert list(panel.presets) == list(PRESETS)
    for first in panel.presets.values():
        for name, make in panel.presets.items():
            assert make(first(WarmPool())) == PRESETS[name]


def test_presets_keep_what_they_do_not_speak_of():
    mine = WarmPool(pops=40, zipf_exponent=0.7, figures="measured")
    make = el.panels.runtimes.presets
    spread = make["A quiet platform"](mine)
    assert spread == mine.replace(requests_per_s=10_000.0)
    half = make["Half the isolates fit"](mine)
    assert (half.figures, half.pops, half.zipf_exponent) == ("article", 40, 0.7)


def test_presets_do_what_they_are_called():
    half = PRESETS["Half the isolates fit"]
    assert half.density().loc["isolate", "fit"] * 2 == half.tenants
    quiet = PRESETS["A quiet platform"].density().loc["isolate"]
    assert quiet["fit"] > 10_000 and quiet["cold_share"] > 0.01


def test_a_new_measurement_shows_at_the_next_move(panel, tmp_path, monkeypatch):
    panel.controls["figures"].value = "measured"
    assert "nothing was measured here" in panel.words.value
    made_up.remember(tmp_path, monkeypatch)
    panel.controls["tenants"].value = 20_000
    assert "0.8 MB a tenant" in panel.words.value
    lines = {t["name"]: t for t in panel.live.plots["tenants_memory"]["data"]}
    memory = WarmPool(figures="measured").memory()["isolate"]
    np.testing.assert_array_equal(lines["isolate"]["y"], memory)


def test_in_a_loop_requests_are_replayed_once_the_hand_rests(panel):
    async def drag():
        for tenants in (2_000, 3_000, 20_000):
            panel.controls["tenants"].value = tenants
            await asyncio.sleep(0)
        between = panel.below.value, np.isfinite(circles(panel)["x"]).sum()
        await asyncio.sleep(base.REST_S * 3)
        return between

    assert asyncio.run(drag()) == ("<p>Replaying requests …</p>", 0)
    assert "went through the LRU" in panel.below.value
    np.testing.assert_array_equal(circles(panel)["x"], WarmPool(tenants=20_000).simulation().index)


def test_a_tail_moves_the_waits_and_nothing_else(panel):
    panel.controls["primitive"].value = "process"
    before = dict(panel.live.plots)
    panel.controls["start_tail"].value = panel.controls["start_tail"].options[-1][1]

    def moved(name):
        pairs = zip(before[name]["data"], panel.live.plots[name]["data"], strict=True)
        return any(not np.array_equal(a["y"], b["y"], equal_nan=True) for a, b in pairs)

    assert [name for name in before if moved(name)] == ["cold_waits"]
