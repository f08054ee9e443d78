"""The plots of endpoints draw what the frames say."""

import numpy as np
import plotly.graph_objects as go
import pytest

import edgelab as el
from edgelab.stage import theme
from edgelab.topics.endpoints import plots as figures
from edgelab.topics.endpoints.model import MAP_STALENESS_S, MAP_WRITES
from edgelab.topics.endpoints.ways import AT_HOME, BUCKETS, KV, OBJECT, PLACES, WAYS

PANEL = el.Endpoint()
ORDERS, CHAT = (el.Endpoint.examples()[name] for name in ("order matching", "chat"))
FAR = PANEL.replace(tolerated_staleness_s=0.1, kv_delay_ms=5000.0, pops=40, queries=5)
PLOTS = {name: getattr(el.figures, name) for name in figures.__all__}


def drawn(name, thing, pinned=None, at_rest=True):
    return PLOTS[name].plot.drawn(thing, pinned, at_rest)


@pytest.mark.parametrize("thing", [PANEL, ORDERS, FAR])
def test_the_ground_is_the_map(thing):
    ground = drawn("verdict_map", thing).traces[0]
    names = np.array(WAYS, object)[ground["z"].astype(int)]
    np.testing.assert_array_equal(names, thing.map().to_numpy())
    assert len(ground["x"]) == len(MAP_STALENESS_S) + 1
    assert len(ground["y"]) == len(MAP_WRITES) + 1
    assert ground["x"][0] < np.log10(MAP_STALENESS_S[0]) < ground["x"][1]
    colours = [colour for _, colour in ground["colorscale"]]
    assert len(set(colours)) == len(WAYS), "a ground of its own for each way"


def test_every_example_stands_at_its_own_needs_with_its_own_verdict():
    for thing in (PANEL, FAR):
        table = thing.twelve()
        seen = {}
        for trace in drawn("verdict_map", thing).traces[1:4]:
            for x, y, name in zip(trace["x"], trace["y"], trace["text"], strict=True):
                seen[name] = trace["name"]
                own = table.loc[name]
                assert x == pytest.approx(np.log10(own["tolerated_staleness_s"]))
                assert y == pytest.approx(np.log10(max(own["write_share"], 1e-6)))
        assert seen == table["bucket"].to_dict()
    symbols = {trace["marker"]["symbol"] for trace in drawn("verdict_map", PANEL).traces[1:4]}
    assert len(symbols) == 3, "never colour alone"
    assert set(figures.BESIDE) == set(PANEL.twelve().index)


def test_the_star_is_where_the_sliders_are():
    pin, star = drawn("verdict_map", FAR, CHAT).traces[-2:]
    assert star["x"][0] == pytest.approx(-1) and star["y"][0] == pytest.approx(-3)
    assert pin["x"][0] == pytest.approx(np.log10(0.2)) and pin["showlegend"]
    none = drawn("verdict_map", PANEL).traces[-2]
    assert np.isnan(none["x"][0]) and not none["showlegend"]
    lower = drawn("verdict_map", PANEL.replace(write_share=0.0)).traces[-1]
    assert lower["y"][0] == -6


def test_under_the_moving_hand_the_marks_are_open_until_they_are_known():
    edge = PANEL.replace(kv_delay_ms=777.0)
    moving = drawn("verdict_map", edge, at_rest=False).traces[1:4]
    assert all(trace["marker"]["symbol"].endswith("-open") for trace in moving)
    rest = drawn("verdict_map", edge, at_rest=True).traces[1:4]
    assert not any(trace["marker"]["symbol"].endswith("-open") for trace in rest)
    again = drawn("verdict_map", edge.replace(queries=2), at_rest=False).traces[1:4]
    assert not any(trace["marker"]["symbol"].endswith("-open") for trace in again)


def test_names_of_the_ground_stand_on_their_own_ground():
    for thing in (PANEL, FAR, CHAT, ORDERS, PANEL.replace(pops=3)):
        ground = thing.map()
        for way, note in zip(WAYS, drawn("verdict_map", thing).notes, strict=True):
            if note["text"]:
                row = abs(np.log10(MAP_WRITES) - note["y"]).argmin()
                column = abs(np.log10(MAP_STALENESS_S) - note["x"]).argmin()
                assert ground.iloc[row, column] == way, way


@pytest.mark.parametrize("thing", [PANEL, FAR, ORDERS])
def test_bars_are_the_waterfall_and_diamonds_the_p99(thing):
    made = drawn("time_by_way", thing)
    table = thing.waterfall()
    table.insert(2, "start, work", table.pop("cold start") + table.pop("work"))
    for trace, part in zip(made.traces[:5], table, strict=True):
        assert trace["name"] == part
        finite = np.isfinite(table[part])
        np.testing.assert_allclose(np.array(trace["x"])[finite], table[part][finite])
    p99 = thing.placements().query("place == @thing.place")["p99_ms"].to_numpy()
    seen = made.traces[5]["x"]
    np.testing.assert_allclose(seen[np.isfinite(p99)], p99[np.isfinite(p99)])
    words = made.traces[6]["text"]
    for way, word in zip(WAYS, words, strict=True):
        assert way in word
        assert ("★" in word) == (way == thing.verdict().way)
        assert ("✗" in word) == (way in thing._refused)
    assert ("never empties" in words[WAYS.index(OBJECT)]) == thing.durable_object.saturated
    assert made.x["range"][1] >= np.nanmax(seen)


def test_what_is_right_of_the_line_is_not_met():
    for thing in (PANEL, ORDERS, CHAT, FAR):
        made = drawn("ruled_out", thing)
        good, bad, words = made.traces
        rows = thing.demands()
        assert np.isfinite(good["x"]).sum() == rows["met"].sum()
        assert np.isfinite(bad["x"]).sum() == (~rows["met"]).sum()
        assert np.nanmax(good["x"]) <= 1 and not (bad["x"] <= 1).any()
        for way, word in zip(WAYS[1:], words["text"], strict=True):
            assert f"</b>: {thing._refused.get(way, '')}" in word
            assert word.startswith("✗") == (way in thing._refused)


def test_who_gains_is_the_verdicts_p99_beside_homes():
    made = drawn("who_gains", PANEL, CHAT)
    table = PANEL.placements().set_index(["way", "place"])["p99_ms"]
    home, now, pin = made.traces
    np.testing.assert_array_equal(home["x"], table[AT_HOME])
    np.testing.assert_array_equal(now["x"], table[KV])
    assert now["name"] == f"now: {KV}" and pin["name"] == f"pinned: {OBJECT}"
    assert len(now["x"]) == len(PLACES) + 1
    alone = drawn("who_gains", ORDERS)
    assert len(alone.traces) == 1 and alone.caption.startswith("Nobody gains")
    assert "Mumbai gains nothing" in drawn("who_gains", CHAT).caption


def test_buckets_have_one_look():
    assert set(figures.LOOKS) == set(BUCKETS.values()) and set(figures.GROUNDS) == set(WAYS)


@pytest.mark.parametrize("pinned", [None, CHAT], ids=["alone", "pinned"])
@pytest.mark.parametrize("thing", [PANEL, ORDERS, FAR], ids=["panel", "orders", "far"])
@pytest.mark.parametrize("name", PLOTS)
def test_each_plot_is_made_alone_and_as_a_slide(name, thing, pinned):
    figure = PLOTS[name](thing, pinned)
    assert isinstance(figure, go.Figure)
    meta = figure.layout.meta
    assert len(meta["title"]) <= theme.TITLE_CHARACTERS and meta["alt"]
    assert "nan" not in meta["caption"] and meta["caption"].endswith(".")
    assert eval(meta["code"], {"el": el}) == figure
    assert theme.slide(figure).layout.width == 960
