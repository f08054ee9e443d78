"""The plots of a growing set of PoPs draw what the frames say."""

import json

import numpy as np
import plotly.graph_objects as go
import pytest

import edgelab as el
from edgelab.core.words import percent
from edgelab.stage import theme
from edgelab.stage.theme import COLOURS
from edgelab.topics.pops import plots as pops
from edgelab.topics.pops.growth import ORDER_WORDS
from edgelab.topics.pops.model import LINES, Placement

PLAN = Placement()
WORSE = PLAN.replace(order="viewers", nearest_share=0.55, pops=40, pop_cost_viewers=100.0)
PLOTS = {
    name: getattr(el.figures, name)
    for name in ("pop_curves", "pop_map", "pop_gains", "pop_distances", "pop_orders")
}


def drawn(name, plan, pinned=None):
    return PLOTS[name].plot.drawn(plan, pinned, True)


def named(traces, name):
    (one,) = [trace for trace in traces if trace.get("name") == name]
    return one


@pytest.mark.parametrize("plan", [PLAN, WORSE])
def test_each_curve_is_the_frames(plan):
    made = drawn("pop_curves", plan)
    frame = plan.curves(LINES)
    for place, level, name, *_ in pops.CURVES:
        some = frame[frame["place"] == place]
        trace = named(made.traces, name)
        np.testing.assert_array_equal(trace["x"], some["pops"])
        np.testing.assert_array_equal(trace["y"], some[level])
        assert trace["line"]["shape"] == "hv", "between two counts nothing happens"
    drawn_are = {(place, level) for place, level, *_ in pops.CURVES}
    assert drawn_are == {(place, "p99_ms") for place in LINES} | {("everyone", "p50_ms")}
    assert len({trace["line"]["dash"] for trace in made.traces[:-1]}) == len(pops.CURVES)
    mark = made.traces[-1]
    p99 = plan.latency().loc["everyone", "p99_ms"]
    assert mark["x"].tolist() == [plan.pops] and mark["y"][0] == pytest.approx(p99)
    assert mark["text"] == [f"<b>{p99:.0f} ms</b>"]
    assert [line["x0"] for line in made.shapes] == [plan.pops, plan.enough()]
    (word,) = made.notes
    assert f"{plan.enough()} do as well" in word["text"]
    assert word["x"] == pytest.approx(np.log10(plan.enough()))
    everyone = frame[frame["place"] == "everyone"].set_index("pops")["p99_ms"]
    assert f"{everyone[40]:.0f} ms with 40" in made.caption


def test_every_pop_is_one_dot_and_its_symbol_says_what_it_is_worth():
    made = drawn("pop_gains", WORSE)
    gains = WORSE.gains()
    assert sum(len(t["x"]) for t in made.traces) == len(gains) == 499
    assert len({t["marker"]["symbol"] for t in made.traces}) == 4
    paying = named(made.traces, "worth their cost")
    assert set(paying["x"]) == set(gains.loc[gains["pays"], "pops"])
    assert (paying["y"] >= 100).all()
    worse = named(made.traces, "making it worse")
    assert set(worse["x"]) == set(gains.loc[gains["saved_viewers"] < 0, "pops"])
    assert 2 in worse["x"], "with misses, a second PoP in California harms"
    for trace in made.traces:
        assert np.isfinite(trace["y"]).all() and (np.asarray(trace["y"]) > 0).all()
        assert trace["showlegend"] == (len(trace["x"]) > 0)
    real = gains.loc[gains["pops"] <= 337, "pops"]
    for trace in made.traces:
        amber = np.asarray(trace["marker"]["color"]) == COLOURS["amber"]
        np.testing.assert_array_equal(amber, ~np.isin(trace["x"], real))
    count, own, cost = made.shapes
    assert own["x0"] == own["x1"] == 337.5
    assert count["x0"] == 40 and cost["y0"] == cost["y1"] == 100
    best = gains.loc[gains["saved_viewers"].idxmax()]
    used = gains[gains["pops"] <= 40]
    assert f"Of the 39 after the first, {used['pays'].sum()} save their cost" in made.caption
    assert f"{(used['saved_viewers'] < 0).sum()} makes things worse. " in made.caption
    assert made.caption.startswith(WORSE.worth()) and WORSE.worth() in WORSE.in_words()
    assert f"number {best['pops']}, {best['city']}" in made.caption


@pytest.mark.parametrize("count", [1, 9, 312, 337, 400, 500])
def test_the_map_has_every_pop_once_and_the_next_one(count):
    made = drawn("pop_map", PLAN.replace(pops=count))
    world = [t for t in made.traces if "xaxis" not in t]
    stages = [t for t in world if t.get("name", "")[:1].isdigit()]
    assert sum(len(t["x"]) for t in stages) == min(count, 337)
    assert len(named(world, "hypothetical")["x"]) == max(count - 337, 0)
    assert len(named(world, "not yet there")["x"]) == max(337 - count, 0)
    india = [t for t in made.traces if "xaxis" in t]
    assert len(india) == len(world) and not any(t.get("showlegend") for t in india)
    inset = {name for t in india if t.get("name", "")[:1].isdigit() for name in t["text"]}
    assert inset < {name for t in stages for name in t["text"]} or count == 1
    sizes = [t["marker"]["size"] for t in stages]
    assert sizes == sorted(sizes), "early ones are larger, and drawn last"
    sites = PLAN.sites().set_index("added")["city"]
    following = named(world, "the next one")
    assert following["text"] == [f"{count + 1}: {city}" for city in sites[count : count + 1]]
    city = sites.get(count + 1, "").partition("/")[0]
    newest = sites[count].partition("/")[0]
    assert made.title == f"Newest: {newest}" + f"; ★ next: {city}" * (count < 500)
    assert made.caption.endswith(f"; the next: {city}." if count < 500 else f"{sites[5]}.")


def test_numbers_on_a_map_stand_beside_their_marks_and_not_on_another():
    some = PLAN.sites()[:2].assign(lon=[100.0, 110.0], lat=[30.0, 31.0])
    alone = pops._numbers(some[:1], pops.maps.WORLD)
    assert alone["textposition"].tolist() == ["middle right"]
    two = pops._numbers(some, pops.maps.WORLD)
    assert two["textposition"].tolist() == ["middle left", "middle right"]
    middle = some.iloc[[0, 0, 1]].assign(lon=[100.0, 105.0, 110.0])
    three = pops._numbers(middle, pops.maps.WORLD)["text"].tolist()
    assert three[1] == "" and three[0] and three[2]


@pytest.mark.parametrize("plan", [PLAN, WORSE])
def test_how_near_the_pops_are_is_the_frames(plan):
    made = drawn("pop_distances", plan)
    frame = plan.distances()
    for name, column in (
        ("the nearest PoP", "nearest_share"),
        ("the PoP reached", "reached_share"),
    ):
        trace = named(made.traces, name)
        np.testing.assert_array_equal(trace["x"], frame["km"])
        np.testing.assert_array_equal(trace["y"], frame[column])
    near, own = plan.nearness().loc["within 30 km", ["people", "reached"]]
    assert f"Within 30 km: {percent(near)}" in made.title
    assert ("reached" in made.title) == (plan.nearest_share < 1)
    assert f"for {percent(own)}." in made.caption


def test_what_is_pinned_is_drawn_and_named():
    made = PLOTS["pop_curves"](WORSE, pinned=PLAN)
    pinned = next(trace for trace in made.data if (trace.name or "").startswith("pinned"))
    np.testing.assert_array_equal(pinned.y, PLAN.curves(["everyone"])["p99_ms"])
    assert pinned.showlegend and pinned.line.color == COLOURS["pinned"]
    assert "pinned: " in made.layout.title.subtitle.text
    assert "Pinned: 312 PoPs, in the world's order" in made.layout.meta["caption"]
    assert len(PLOTS["pop_curves"](WORSE).data) == len(made.data) - 1


def test_orders_are_the_frames_and_told_by_dash_and_word_too():
    made = drawn("pop_orders", PLAN)
    frame = PLAN.orders()
    lines = [trace for trace in made.traces if "name" in trace]
    assert {trace["name"] for trace in lines} == set(ORDER_WORDS)
    assert len({trace["line"]["dash"] for trace in lines}) == 4
    for trace in lines:
        some = frame[frame["order"] == trace["name"]].set_index("pops")
        np.testing.assert_array_equal(trace["y"], some["p99_ms"])
        assert f"{ORDER_WORDS[trace['name']]} {some['p99_ms'][40]:.0f} ms" in made.caption
    high, low = made.traces[:2]
    random = frame[frame["order"] == "random"]
    np.testing.assert_array_equal(high["y"], random["high_ms"])
    np.testing.assert_array_equal(low["y"], random["low_ms"])
    assert low["fill"] == "tonexty"


@pytest.mark.parametrize("name", PLOTS)
@pytest.mark.parametrize("plan", [PLAN, WORSE, PLAN.replace(pops=1), PLAN.replace(pops=500)])
def test_each_plot_is_made_alone_and_as_a_slide(name, plan):
    figure = PLOTS[name](plan, pinned=WORSE)
    meta = figure.layout.meta
    assert meta["title"] and len(meta["title"]) <= theme.TITLE_CHARACTERS
    assert meta["caption"].endswith(".") and "nan" not in meta["caption"]
    assert eval(meta["code"], {"el": el}) == figure
    json.loads(theme.slide(figure).to_json())
    assert isinstance(figure, go.Figure) and len(meta["alt"]) > 60
    assert not [k for k in figure.to_plotly_json()["layout"] if k.startswith(("geo", "map", "im"))]
