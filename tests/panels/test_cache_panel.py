"""The cache's panel in plain Python: every control at its ends, and what follows when at rest."""

import asyncio

import numpy as np
import pytest
from ipywidgets import Dropdown, ToggleButtons

import edgelab as el
from edgelab.figures import caching
from edgelab.figures.caching import CacheFrames
from edgelab.panels import base

KNOBS = el.EdgeCache.knobs()


@pytest.fixture(scope="module")
def panel():
    return el.panels.cache()


@pytest.fixture(autouse=True)
def calm(panel):
    panel.pin.value = False
    panel.show(panel.start)
    base.ERRORS.clear()
    yield
    assert base.ERRORS == []


def assert_shows(panel, cache):
    held = CacheFrames.of(panel.pinned) if panel.pinned else caching.NOTHING
    drawn = CacheFrames.drawn(cache)
    expected = caching.traces(CacheFrames.of(cache), drawn, held, cache.seed)
    for trace, want in zip(panel.figure.data, expected, strict=True):
        for have, made in ((trace.x, want["x"]), (trace.y, want["y"])):
            have, made = np.asarray(have, float), np.asarray(made, float)
            np.testing.assert_array_equal(have, made)
            assert not np.isinf(have).any()


@pytest.mark.parametrize("name", [n for n in KNOBS if n != "requests_per_viewer_min"])
def test_every_control_at_its_ends_shows_the_model(panel, name):
    widget, about = panel.controls[name], KNOBS[name]
    for value in about.choices[::6] or (about.low, about.high):
        widget.value = int(value) if about.integer else value
        assert_shows(panel, panel.model)
        assert panel.model == el.EdgeCache(**{name: value})
        assert "nan" not in panel.words.value.lower()


def test_controls_are_of_the_right_kind(panel):
    assert isinstance(panel.controls["place"], Dropdown)
    assert isinstance(panel.controls["ask"], ToggleButtons)


def test_presets_tell_their_stories(panel):
    said = {}
    for name, button in panel.presets.items():
        button.click()
        assert_shows(panel, panel.model)
        said[name] = panel.model.headline()
    short, swr = said["A short life"], said["Serve stale, then refresh"]
    tier, herd = said["A tier on each continent"], said["A herd"]
    assert short["p99_ms"] > 200 > 50 > swr["p99_ms"]
    assert swr["asked_per_s"] == pytest.approx(short["asked_per_s"], rel=0.01)
    assert tier["asked_per_s"] < short["asked_per_s"] / 5
    assert not np.isfinite(said["A small store"]["p99_ms"])
    joined = panel.start.replace(objects=100, ttl_s=10.0).headline()
    assert herd["asked_per_s"] > 5 * joined["asked_per_s"]
    assert herd["fetched share"] == pytest.approx(joined["fetched share"])


def test_in_a_loop_requests_are_drawn_once_the_hand_rests(panel):
    async def drag():
        for ttl_s in (100.0, 120.0, 150.0):
            panel.controls["ttl_s"].value = ttl_s
            await asyncio.sleep(0)
        moving = panel.below.value, panel._shown
        await asyncio.sleep(base.REST_S * 5)
        return moving

    text, shown = asyncio.run(drag())
    assert "Drawing requests" in text and shown == caching.NOTHING
    assert "Drawn one by one" in panel.below.value
    assert_shows(panel, el.EdgeCache(ttl_s=150.0))


def test_with_a_tier_nothing_is_claimed_to_be_drawn(panel):
    panel.controls["ask"].value = "continent"
    assert "closed form only" in panel.below.value
    assert panel._shown.through is None and panel._shown.misses is not None


def test_a_pinned_cache_stays_and_the_line_recreates_both(panel):
    panel.controls["ttl_s"].value = 60.0
    panel.pin.value = True
    panel.controls["ttl_s"].value = 200.0
    assert "pinned: seen from Bay Area, fresh for 60 s" in panel.figure.layout.annotations[0].text
    code = panel.code.value.split("<code>")[1].split("</code>")[0].replace("&#x27;", "'")
    again = eval(code, {"el": el})
    assert (again.model, again.pinned) == (panel.model, panel.pinned)
    assert_shows(again, el.EdgeCache(ttl_s=200.0))


def test_slides_tell_their_code(panel):
    panel.controls["ttl_s"].value = 60.0
    figures = panel.slides()
    assert len(figures) == 5
    for figure in figures:
        meta = figure.layout.meta
        again = eval(meta["code"], {"el": el})
        assert [t.type for t in again.data] == [t.type for t in figure.data]
        assert meta["title"] and meta["alt"] and meta["caption"]


def test_a_panel_of_something_else_is_refused():
    with pytest.raises(TypeError, match="start: got 312, allowed a EdgeCache"):
        el.panels.cache(312)
