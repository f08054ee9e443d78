"""The plots of notebook 04: what is drawn is the frame, and it says so in words."""

import re

import numpy as np
import pytest

import edgelab as el
import made_up
from edgelab.stage import theme
from edgelab.topics.runtimes import plots as figures
from edgelab.topics.runtimes.model import PRIMITIVES, WarmPool

pytestmark = pytest.mark.usefixtures("nothing_measured")

POOL = WarmPool(tenants=40_000)
OTHER = WarmPool(primitive="process", tenants=5_000, figures="public")
LINES = {"cold_starts": "cold_starts", "cold_waits": "cold_waits", "tenants_memory": "memory"}


def drawn(name, pool, pinned=None, at_rest=True):
    return getattr(el.figures, name).plot.drawn(pool, pinned, at_rest)


def by_name(drawn):
    return {trace["name"]: trace for trace in drawn.traces}


def assert_is(trace, curve):
    y = np.asarray(trace["y"], float)
    shown = curve.to_numpy() > figures.LEAST
    np.testing.assert_array_equal(y[shown], curve.to_numpy()[shown])
    assert not (y[~shown] > figures.LEAST).any()
    np.testing.assert_array_equal(trace["x"], curve.index)


@pytest.mark.parametrize("name", LINES)
def test_lines_are_the_frames_and_the_pinned_one_that_of_its_own_primitive(name):
    traces = by_name(drawn(name, POOL, OTHER))
    frame = getattr(POOL, LINES[name])()
    for primitive in PRIMITIVES:
        assert_is(traces[primitive], frame[primitive])
    assert_is(traces["pinned"], getattr(OTHER, LINES[name])()["process"])
    assert "pinned, process" in traces["pinned"]["hovertemplate"]
    assert "pinned" not in by_name(drawn(name, POOL))
    dashes = {traces[line]["line"]["dash"] for line in (*PRIMITIVES, "pinned")}
    assert len(dashes) == 5, "what a colour says, a dash says too"


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("chosen", PRIMITIVES)
def test_the_chosen_primitive_is_bold(name, chosen):
    traces = by_name(drawn(name, POOL.replace(primitive=chosen)))
    assert traces[chosen]["line"]["width"] == figures.BOLD
    others = {traces[each]["line"]["width"] for each in PRIMITIVES if each != chosen}
    assert others == {figures.THIN}


def test_a_curve_that_ends_falls_below_the_axis():
    y = figures._falling(WarmPool(tenants=1_000).cold_starts()["isolate"], figures.LEAST)
    gone = np.flatnonzero(~np.isfinite(y))
    assert gone.size and y[gone[0] - 1] == figures.LEAST / 10
    assert (y[: gone[0] - 1] > figures.LEAST).all() and gone[0] + gone.size == len(y)


def test_circles_are_the_replayed_requests_and_wait_for_the_hand():
    fresh = WarmPool(tenants=7_654)
    moving = by_name(drawn("cold_starts", fresh, at_rest=False))
    assert np.isnan(moving["replayed"]["x"]).all() and np.isnan(moving["replayed"]["y"]).all()
    circles = by_name(drawn("cold_starts", fresh))["replayed"]
    frame = fresh.simulation()
    np.testing.assert_array_equal(circles["x"], frame.index)
    kept = frame["cold_share"].to_numpy() > figures.LEAST
    np.testing.assert_array_equal(circles["y"][kept], frame["cold_share"].to_numpy()[kept])
    assert np.isnan(circles["y"][~kept]).all() and kept.any() and not kept.all()
    known = by_name(drawn("cold_starts", fresh, at_rest=False))["replayed"]
    np.testing.assert_array_equal(known["x"], frame.index)


def test_crosses_stand_where_memory_is_full():
    said = drawn("tenants_memory", POOL)
    crosses, fit = by_name(said)["full"], POOL.density()["fit"]
    inside = fit.between(100, 1e6).to_numpy()
    assert inside.any() and not inside.all()
    np.testing.assert_array_equal(crosses["x"][inside], fit[inside])
    assert np.isnan(crosses["x"][~inside]).all()
    assert set(crosses["y"][inside]) == {64.0}
    assert "64 GB keep 21,333 as isolates" in said.caption


def test_captions_have_the_numbers_of_the_pool():
    rows = OTHER.density()
    cold = drawn("cold_starts", OTHER).caption
    assert f"process {100 * rows.loc['process', 'cold_share']:.2g} %" in cold
    assert "with 64 GB" in cold and "isolate none" in cold
    waits = drawn("cold_waits", OTHER).caption
    assert f"process {rows.loc['process', 'p99_ms']:.3g} ms" in waits and "Wasm no figure" in waits


@pytest.mark.parametrize("name", ["cold_starts", "cold_waits"])
def test_a_primitive_without_a_line_is_named_and_no_other(name):
    why = {"cold_starts": "none", "cold_waits": "no figure for a call"}[name]
    assert [note["text"] for note in drawn(name, POOL).notes][-1] == f"Wasm: {why}"
    many = WarmPool(tenants=1_000_000, primitive="Wasm")
    assert not any("Wasm" in note["text"] for note in drawn(name, many).notes)


def test_rules_stand_at_the_knobs():
    pool = POOL.replace(pop_memory_gb=200.0)
    upright, _ = drawn("cold_starts", pool).shapes
    assert upright["x0"] == upright["x1"] == 200.0
    across, upright = drawn("tenants_memory", pool).shapes
    assert across["y0"] == 200.0 and upright["x0"] == 40_000


@pytest.mark.parametrize("chosen", figures.MARKS)
def test_costs_show_every_source_and_fill_the_chosen_one(tmp_path, monkeypatch, chosen):
    made_up.remember(tmp_path, monkeypatch)
    said = drawn("costs", POOL.replace(figures=chosen))
    frame = el.evidence.runtimes()
    for axis, quantity in (("x", "start_ms"), ("x2", "memory_mb"), ("x3", "call_ms")):
        rows = frame.xs(quantity, level="quantity").loc[list(PRIMITIVES)]
        for source, name in figures.NAMES.items():
            (trace,) = (t for t in said.traces if t["xaxis"] == axis and t["name"] == name)
            np.testing.assert_array_equal(trace["x"], rows[source])
            filled = not trace["marker"]["symbol"].endswith("-open")
            assert filled == (source == chosen)
    assert len({symbol.removesuffix("-open") for symbol in figures.MARKS.values()}) == 3
    assert "5,000 times the smallest" in said.caption


def test_without_a_measurement_its_marks_are_missing_and_then_they_are_there(tmp_path, monkeypatch):
    def here():
        return [t for t in drawn("costs", POOL).traces if t["name"] == "this machine"]

    assert len(here()) == 3 and all(np.isnan(trace["x"]).all() for trace in here())
    made_up.remember(tmp_path, monkeypatch)
    assert all(np.isfinite(trace["x"]).any() for trace in here())


def test_a_new_measurement_moves_the_lines_of_a_pool_that_takes_its_figures(tmp_path, monkeypatch):
    pool = POOL.replace(figures="measured")
    before = by_name(drawn("tenants_memory", pool))["process"]["y"]
    made_up.remember(tmp_path, monkeypatch)
    after = by_name(drawn("tenants_memory", pool))["process"]["y"]
    assert_is({"x": pool.memory().index, "y": after}, pool.memory()["process"])
    assert not np.array_equal(before, after)


@pytest.mark.parametrize("name", [*LINES, "costs"])
@pytest.mark.parametrize("pinned", [None, OTHER])
def test_a_figure_alone_tells_of_itself_in_words_and_by_its_line_of_code(name, pinned):
    figure = getattr(el.figures, name)(POOL, pinned)
    meta = figure.layout.meta
    assert meta["name"] == name and len(meta["title"]) <= theme.TITLE_CHARACTERS
    for text in meta.values():
        assert text and not re.search(r"\b(nan|inf)\b|  ", text)
    assert ("40,000 tenants" in meta["caption"]) == (name != "costs")
    assert ("Pinned: " in meta["caption"]) == (pinned is not None and name != "costs")
    assert eval(meta["code"], {"el": el}).to_json() == figure.to_json()


def test_the_line_below_a_title_has_room_for_two_pools():
    other = OTHER.replace(start_tail=5.0)
    below = el.figures.cold_waits(POOL, OTHER).layout.title.subtitle.text
    assert below.startswith("isolate, 40,000 tenants, 64 GB, figures from article; pinned: process")
    below = el.figures.cold_waits(other).layout.title.subtitle.text
    assert below == "process, 5,000 tenants, 64 GB, figures from public, Tail of a start 5 times"
    assert el.figures.costs(other).layout.title.subtitle.text == "figures from public"
