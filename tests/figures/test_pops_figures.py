"""The figures of a growing set of PoPs, and of the evidence, draw what the frames say."""

import json

import numpy as np
import pytest

import edgelab as el
from edgelab.figures import drawing, pops, theme
from edgelab.figures.theme import COLOURS
from edgelab.models.growth import ORDER_WORDS
from edgelab.models.placement import LINES, Placement

PLAN = Placement()
WORSE = PLAN.replace(order="viewers", nearest_share=0.55, pops=40, pop_cost_viewers=100.0)


def on(made, part):
    return [t for t in made if t["xaxis"] == f"x{drawing.axis_of(pops.PARTS, part)}"]


def named(traces, name):
    return next(t for t in traces if t.get("name") == name)


@pytest.mark.parametrize("plan", [PLAN, WORSE])
def test_each_curve_is_the_frames(plan):
    made = on(pops.traces(plan), "curves")
    frame = plan.curves(LINES)
    for place in LINES:
        some = frame[frame["place"] == place]
        trace = named(made, f"{place} p99")
        np.testing.assert_array_equal(trace["x"], some["pops"])
        np.testing.assert_array_equal(trace["y"], some["p99_ms"])
        assert trace["line"]["shape"] == "hv", "between two counts nothing happens"
    mark = made[-1]
    p99 = plan.latency().loc["everyone", "p99_ms"]
    assert mark["x"].tolist() == [plan.pops] and mark["y"][0] == pytest.approx(p99)
    assert f"{p99:.0f} ms" in mark["text"][0]


def test_every_pop_is_one_dot_and_its_symbol_says_what_it_is_worth():
    made = on(pops.traces(WORSE), "gains")
    gains = WORSE.gains()
    assert sum(len(t["x"]) for t in made) == len(gains) == 499
    assert len({t["marker"]["symbol"] for t in made}) == 4
    paying = named(made, "worth their cost")
    assert set(paying["x"]) == set(gains.loc[gains["pays"], "pops"])
    assert (paying["y"] >= 100).all()
    worse = named(made, "making it worse")
    assert set(worse["x"]) == set(gains.loc[gains["saved_viewers"] <= -pops.SAVED[0], "pops"])
    assert 2 in worse["x"], "with misses, a second PoP in California harms"
    for trace in made:
        assert np.isfinite(trace["y"]).all() and (np.asarray(trace["y"]) > 0).all()


@pytest.mark.parametrize("count", [1, 9, 312, 337, 400, 500])
def test_the_map_has_every_pop_once_and_the_next_one(count):
    plan = PLAN.replace(pops=count)
    made = on(pops.traces(plan), "map")
    stages = [t for t in made if t.get("name", "")[:1].isdigit()]
    assert sum(len(t["x"]) for t in stages) == min(count, 337)
    assert len(named(made, "hypothetical")["x"]) == max(count - 337, 0)
    assert len(named(made, "the next one")["x"]) == (count < 500)
    sizes = [t["marker"]["size"] for t in stages]
    assert sizes == sorted(sizes), "early ones are larger, and drawn last"
    words = [note["text"] for note in pops.layout(plan)["annotations"]]
    assert any("next: " in text for text in words) == (count < 500)


def test_numbers_of_traces_notes_and_shapes_never_change():
    one = pops.traces(PLAN), pops.layout(PLAN)
    for plan in (WORSE, PLAN.replace(pops=1), PLAN.replace(pops=500, order="random")):
        other = pops.traces(plan, PLAN), pops.layout(plan, PLAN)
        assert len(one[0]) == len(other[0])
        for kind in ("annotations", "shapes"):
            assert len(one[1][kind]) == len(other[1][kind])
        assert set(one[1]) == set(other[1])


def test_what_is_pinned_is_drawn_and_named():
    made = on(pops.traces(WORSE, PLAN), "curves")
    pinned = named(made, "pinned p99")
    np.testing.assert_array_equal(pinned["y"], PLAN.curves(["everyone"])["p99_ms"])
    assert pinned["showlegend"] and not named(pops.traces(WORSE), "pinned p99")["showlegend"]
    assert "pinned: 312 PoPs" in pops.title(PLAN.replace(pops=40), PLAN)


def test_the_whole_figure_tells_of_itself_and_asks_for_nothing():
    figure = el.figures.placement(WORSE, pinned=PLAN)
    meta = figure.layout.meta
    assert meta["caption"] == WORSE.in_words()
    assert eval(meta["code"], {"el": el}).to_json() == figure.to_json()
    assert not [k for k in figure.to_plotly_json()["layout"] if k.startswith(("geo", "map", "im"))]


SINGLES = {
    "pop_curves": lambda: el.figures.pop_curves(
        WORSE.curves(LINES), PLAN.curves(LINES), pops=WORSE.pops
    ),
    "pop_gains": lambda: el.figures.pop_gains(WORSE.gains()),
    "pop_map": lambda: el.figures.pop_map(WORSE.sites(), pops=40),
    "pop_distances": lambda: el.figures.pop_distances(WORSE.distances()),
    "pop_orders": lambda: el.figures.pop_orders(PLAN.orders(seeds=3)),
    "anycast_detours": lambda: el.figures.anycast_detours(
        el.anycast_detours(), el.anycast_residuals()
    ),
    "rtt_errors": lambda: el.figures.rtt_errors(el.rtt_held_out(seed=1)),
}


@pytest.mark.parametrize("name", SINGLES)
def test_a_single_figure_tells_its_title_caption_text_and_line_of_code(name):
    figure = SINGLES[name]()
    meta = figure.layout.meta
    assert meta["name"] == name and meta["title"] and len(meta["alt"]) > 60
    assert len(meta["title"]) <= theme.TITLE_CHARACTERS
    assert meta["caption"].endswith(".") and "nan" not in meta["caption"]
    assert eval(meta["code"], {"el": el}).to_json() == figure.to_json()
    json.loads(theme.slide(figure).to_json())


def test_frames_that_were_changed_have_no_line_of_code():
    detours = el.anycast_detours()
    detours["share"] /= 2
    figure = el.figures.anycast_detours(detours, el.anycast_residuals())
    assert "code" not in figure.layout.meta
    assert "code" not in el.figures.pop_gains(PLAN.gains().head(50)).layout.meta


@pytest.mark.parametrize("count", [0, 501, 3.5, "all"])
def test_a_pop_count_out_of_range_is_refused(count):
    for draw, frame in ((el.figures.pop_map, PLAN.sites()), (el.figures.pop_curves, PLAN.curves())):
        with pytest.raises(ValueError, match=r"pops: got .*, allowed a whole number from 1 to 500"):
            draw(frame, pops=count)


def test_orders_are_told_by_dash_and_word_too():
    lines = [t for t in SINGLES["pop_orders"]().data if t.name]
    assert {t.name for t in lines} == set(ORDER_WORDS.values())
    assert len({t.line.dash for t in lines}) == 4


def test_the_worst_routes_are_numbered_and_listed():
    frame = el.rtt_held_out(seed=1)
    figure = el.figures.rtt_errors(frame)
    listed = figure.layout.annotations[0].text
    for _, row in frame.head(5).iterrows():
        assert f"{row['region_a']} to {row['region_b']}" in listed
    dots = next(t for t in figure.data if t.name == "predicted")
    np.testing.assert_array_equal(dots.x, frame["rtt_ms"])
    np.testing.assert_array_equal(dots.y, frame["model_ms"])
    light = next(t for t in figure.data if t.name == "light in fibre")
    assert (np.asarray(light.y) <= np.asarray(dots.x) + 0.5).all()
    assert f"{(frame['error'].abs() <= 0.2).mean():.0%}" in figure.layout.meta["caption"]


def test_measured_points_of_anycast_are_the_published_ones():
    points = next(t for t in SINGLES["anycast_detours"]().data if t.name == "measured in 2015")
    np.testing.assert_allclose(points.y, [0.55, 0.75, 0.90])
    np.testing.assert_allclose(np.square(points.x), [0, 400, 1375])


def test_colours_of_this_page_are_in_the_theme():
    looks = {colour for colour, *_ in (*pops.LOOKS.values(), *pops.ORDER_LOOKS.values())}
    assert looks <= set(COLOURS)
