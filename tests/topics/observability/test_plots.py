"""Observability's plots: what is drawn is the frame's, and each says what it shows."""

import numpy as np
import pytest

import edgelab as el
from edgelab.stage import theme
from edgelab.topics.observability import plots as figures
from edgelab.topics.observability.alerts import WORKBOOK

FLEET = el.Fleet(nights=20)
OTHER = FLEET.replace(fault="version bad", depth=0.05, clock_error_ms=50, sampled=0.001)
CUT = FLEET.replace(fault="region cut off", gap_ms=3)


def drawn(name, fleet, pinned=None):
    return getattr(el.figures, name).plot.drawn(fleet, pinned, True)


def by_name(drawn):
    return {trace["name"]: trace for trace in drawn.traces if "name" in trace}


@pytest.mark.parametrize("name", figures.__all__)
@pytest.mark.parametrize("fleet", [FLEET, OTHER, CUT], ids=["dead", "version", "region"])
@pytest.mark.parametrize("pinned", [None, OTHER], ids=["alone", "pinned"])
def test_a_figure_tells_what_it_is_and_goes_on_a_slide(name, fleet, pinned):
    figure = getattr(el.figures, name)(fleet, pinned)
    meta = figure.layout.meta
    assert 0 < len(meta["title"]) <= theme.TITLE_CHARACTERS
    assert "nan" not in meta["caption"] + meta["alt"] and " ." not in meta["caption"]
    slide = theme.slide(figure)
    assert (slide.layout.width, slide.layout.height) == (960, 540)


@pytest.mark.parametrize("fleet", [FLEET, OTHER, CUT], ids=["dead", "version", "region"])
def test_every_pop_is_one_mark_and_every_faulty_one_has_a_ring(fleet):
    pops = fleet.by_pop()
    marks = by_name(drawn("pop_funnel", fleet))
    counts = {
        name: int(np.isfinite(marks[name]["x"]).sum()) for name in marks if "chance" not in name
    }
    shown = pops["above"] | pops["silent"]
    assert counts == {
        "PoP": (~shown).sum(), "too many bad": pops["above"].sum(),
        "too few lines": pops["silent"].sum(), "faulty": pops["faulty"].sum(),
    }  # fmt: skip
    ring = marks["faulty"]
    np.testing.assert_array_equal(ring["x"], pops.loc[pops["faulty"], "traffic"])
    symbols = {marks[name]["marker"]["symbol"] for name in counts}
    assert len(symbols) == 4, "never by colour alone"
    low, high = (10**each for each in drawn("pop_funnel", fleet).x["range"])
    assert pops["traffic"].between(low, high).all()


def test_rings_around_many_are_small():
    one, many = (by_name(drawn("pop_funnel", each))["faulty"]["marker"] for each in (FLEET, OTHER))
    assert one["size"] > 1.5 * many["size"]


@pytest.mark.parametrize("name", figures.__all__)
def test_what_differs_from_the_pinned_one_is_told_and_not_cut(name):
    made = [make(el.Fleet()) for make in el.panels.observability.presets.values()]
    for fleet in made:
        for pinned in made:
            subtitle = getattr(el.figures, name)(fleet, pinned).layout.title.subtitle.text
            assert "…" not in subtitle, subtitle


def test_the_limits_are_the_model_s_and_a_pop_called_out_lies_above():
    said = drawn("pop_funnel", FLEET)
    one, fleet = (trace for trace in said.traces if "chance" in trace.get("name", ""))
    assert one["name"] != fleet["name"] and one["showlegend"] and fleet["showlegend"]
    assert (fleet["y"] >= one["y"]).all()
    pops = FLEET.by_pop()
    above = pops[pops["above"]]
    assert (above["share"] >= FLEET.limits(above["lines"])[1] * 0.999).all()
    lines = FLEET.requests_per_s * FLEET.window_s * FLEET.sampled * fleet["x"]
    np.testing.assert_allclose(fleet["y"], np.minimum(FLEET.limits(lines)[1], 1))
    assert said.title == "Singapore stands out among 312 PoPs"
    assert drawn("pop_funnel", FLEET.replace(depth=0.001)).title == "None of 312 PoPs stands out"
    late = drawn("pop_funnel", FLEET.replace(fault="clock off")).title
    assert late == "Lines of Singapore are missing in the window"
    assert drawn("pop_funnel", CUT).title.startswith("14 faulty PoPs called out, 0 by mistake")


def test_global_figures_are_ratios_to_the_usual():
    found = FLEET.global_figures()
    now = by_name(drawn("global_figures", FLEET, OTHER))["now"]
    np.testing.assert_allclose(now["x"], found["now"] / found["usual"])
    assert "p99 hardly" in drawn("global_figures", FLEET).title
    assert "shows it" in drawn("global_figures", FLEET.replace(bad_share=0.02)).title


def test_rules_have_a_row_each_and_the_chosen_one_a_band():
    rows = FLEET.rules()
    said = drawn("rule_costs", FLEET, OTHER)
    left, right = said.traces[-2:]
    seen = np.isfinite(rows["detect_min"])
    np.testing.assert_array_equal(left["x"][seen], rows.loc[seen, "detect_min"])
    assert [t == "not in 4 h" for t in left["text"]] == (~seen).tolist()
    often = rows["false_alarms"] > 0.1
    np.testing.assert_array_equal(right["x"][often], rows.loc[often, "false_alarms"])
    labels = dict(zip(said.y["ticktext"], said.y["tickvals"], strict=True))
    band = said.shapes[0]
    assert band["y0"] < labels["2 windows, all"] < band["y1"] < band["y0"] + 1
    assert said.title == f"{seen.sum()} of 8 rules find it within four hours"


def test_curves_are_the_closed_forms():
    lines = by_name(drawn("time_to_fire", FLEET.replace(usual_errors=0)))
    for rule, trace in zip(WORKBOOK, lines.values(), strict=True):
        hours = [rule.fires_after_h(share, 0, 0.001) for share in trace["x"]]
        np.testing.assert_allclose(trace["y"], 60 * np.array(hours))
        assert trace["x"].min() >= rule.burn * 0.001
    curve, mark = drawn("wrong_order", CUT).traces
    np.testing.assert_array_equal(curve["y"], CUT.wrong_order()["wrong"])
    assert mark["y"][0] == CUT.wrong_order([3])["wrong"][0]
    bars = drawn("percentile_ways", FLEET).traces[0]
    np.testing.assert_array_equal(bars["x"], FLEET.percentiles()["ms"])
