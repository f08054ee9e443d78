"""The plots of the night draw what the frames say."""

import re

import numpy as np
import plotly.graph_objects as go
import pytest

import edgelab as el
from edgelab.stage import theme
from edgelab.topics.night import plots as cricstream
from edgelab.topics.night.model import BASELINE, HEADLINE_PLACES, CricStream

FINAL = CricStream()
SATURATED = FINAL.replace(origin_fetch_ratio=0.05)
SLOW = CricStream(pops=40, origin_fetch_ratio=0.012)
PLOTS = (
    *("p99_by_place", "p99_by_ratio", "distribution", "world_map", "staleness", "origin_load"),
)


def drawn(name, night, pinned=None, at_rest=True):
    return getattr(el.figures, name).plot.drawn(night, pinned, at_rest)


def traces(name, night, pinned=None, at_rest=True):
    return drawn(name, night, pinned, at_rest).traces


def tonight_by_place(night):
    """Line, p50, p95, p99 and words of tonight; the old origin's stand before each."""
    made = traces("p99_by_place", night)
    assert [trace["name"] for trace in (made[0], made[4])] == [BASELINE, "tonight"]
    return [*made[4:8], made[9]]


def test_marks_stand_at_the_frames_quantiles():
    _, *marks, _ = tonight_by_place(FINAL)
    frame = FINAL.latency().loc[list(HEADLINE_PLACES)]
    for trace, level in zip(marks, ("p50_ms", "p95_ms", "p99_ms"), strict=True):
        np.testing.assert_array_equal(trace["x"], frame[level])


def test_what_never_comes_has_no_mark_and_a_word():
    line, _, _, last, words = tonight_by_place(SATURATED)
    assert np.isnan(last["x"]).all()
    assert set(words["text"]) == {"never ▶"}
    assert np.isfinite(words["x"]).all() and np.nanmax(line["x"]) == cricstream.NEVER_MS


def test_a_quantile_beyond_the_axis_says_how_far():
    slow = CricStream(last_mile_ms=100, access_factor=2.5, last_mile_sigma=1.0)
    line, *_, last, words = tonight_by_place(slow)
    bay = list(HEADLINE_PLACES).index("Bay Area")
    assert words["text"][bay] == f"{slow.latency().loc['Bay Area', 'p99_ms']:,.0f} ▶"
    assert np.isnan(last["x"][bay]) and np.nanmax(line["x"]) <= cricstream.LAST_MS


def test_the_bar_of_a_saturated_origin_says_so():
    (bar,) = traces("origin_load", SATURATED)
    assert bar["text"][1] == "never empties (32)" and bar["x"][1] == cricstream.FULL_BAR
    assert bar["customdata"][1] > 1.4


def test_every_viewer_is_drawn_once_the_hand_rests():
    fresh = FINAL.replace(pops=77)
    dots = traces("distribution", fresh, at_rest=False)[-1]
    assert dots["name"] == "every viewer drawn" and np.isnan(dots["x"]).all()
    dots = traces("distribution", fresh)[-1]
    frame = fresh.distribution(method="drawn").iloc[::3]
    shown = frame["later_share"].to_numpy() > 1e-7
    np.testing.assert_array_equal(dots["y"][shown], frame["later_share"].to_numpy()[shown])
    assert shown.any() and np.isnan(dots["y"][~shown]).all()


def test_the_map_shows_the_pops_in_use_and_every_place():
    _, places, real, hypothetical, *india = traces("world_map", FINAL.replace(pops=400))
    assert len(places["x"]) == 72 and len(real["x"]) == 337 and len(hypothetical["x"]) == 63
    assert {trace["xaxis"] for trace in india} == {"x2"} and len(india) == 4
    assert len(traces("world_map", FINAL.baseline())[2]["x"]) == 0


def test_the_world_map_asks_for_no_tiles_and_no_geography():
    figure = el.figures.world_map(FINAL).to_plotly_json()
    assert not [k for k in figure["layout"] if k.startswith(("geo", "map", "images"))]
    assert {trace["type"] for trace in figure["data"]} == {"scatter"}


@pytest.mark.parametrize("ratio", [0.002, 0.008, 0.012, 0.03])
def test_the_curves_over_the_ratio_go_through_the_night_s_own_marks(ratio):
    """A curve leaves the queue out, and up to 3 % the queue adds less than a millisecond."""
    night = FINAL.replace(origin_fetch_ratio=ratio)
    *curves, marks = traces("p99_by_ratio", night)
    assert [curve["name"] for curve in curves] == [*cricstream.CLIFFS]
    np.testing.assert_array_equal(marks["y"], night.latency().loc[[*cricstream.CLIFFS], "p99_ms"])
    for curve, ms in zip(curves, marks["y"], strict=True):
        assert np.interp(ratio, curve["x"], curve["y"]) == pytest.approx(ms, rel=0.02, abs=1)


def test_the_curves_end_where_the_servers_are_all_busy():
    for night in (FINAL, FINAL.replace(origin_servers=100), FINAL.replace(reads_per_fetch=2.0)):
        curve = traces("p99_by_ratio", night)[0]
        last = curve["x"][np.isfinite(curve["y"])].max()
        beyond = curve["x"][np.isnan(curve["y"])].min()
        assert not night.replace(origin_fetch_ratio=last).saturated
        assert night.replace(origin_fetch_ratio=beyond).saturated
    for night in (FINAL.baseline(), FINAL.replace(origin_servers=1)):
        assert not any(np.isfinite(t["y"]).any() for t in traces("p99_by_ratio", night)[:-1])
    night = FINAL.replace(origin_servers=1558)
    assert np.isfinite(traces("p99_by_ratio", night)[0]["y"]).all()
    assert "Mumbai is full at 3.3 %" in drawn("p99_by_ratio", FINAL).caption
    assert "full" not in drawn("p99_by_ratio", night).caption


def test_nothing_stale_is_a_line_at_zero():
    for night in (FINAL.baseline(), FINAL.replace(pops=1)):
        said = drawn("staleness", night)
        assert (said.traces[0]["y"] == 0).all()
        assert said.notes[0]["text"] == "tonight nothing is stale"
    assert drawn("staleness", FINAL).notes[0]["text"] == ""


def test_a_pinned_night_is_drawn_from_its_own_frames():
    pinned = next(t for t in traces("distribution", FINAL, SLOW) if t["name"] == "pinned")
    frame = SLOW.distribution()
    shown = frame["later_share"].to_numpy() > 1e-7
    np.testing.assert_array_equal(pinned["y"][shown], frame["later_share"].to_numpy()[shown])
    pinned = next(t for t in traces("staleness", FINAL, SLOW) if t["name"] == "pinned")
    np.testing.assert_array_equal(pinned["y"], SLOW.staleness()["stale_share"])
    (bar,) = traces("origin_load", FINAL, SLOW)
    assert bar["customdata"][2] == SLOW.origin_load().loc["tonight", "utilisation"]
    pinned = next(t for t in traces("p99_by_ratio", FINAL, SLOW) if t["name"] == "pinned")
    np.testing.assert_array_equal(pinned["y"], SLOW.latency().loc[[*cricstream.CLIFFS], "p99_ms"])
    for name in ("p99_by_place", "p99_by_ratio", "distribution", "staleness"):
        assert "pinned" not in {trace.get("name") for trace in traces(name, FINAL)}


def test_what_a_colour_says_a_dash_says_too():
    dashes = [trace["line"]["dash"] for trace in traces("distribution", FINAL, FINAL)[:3]]
    assert len(set(dashes)) == 3


@pytest.mark.parametrize("name", PLOTS)
def test_every_figure_is_in_the_one_style(name):
    figure = getattr(el.figures, name)(FINAL)
    assert isinstance(figure, go.Figure)
    assert figure.layout.paper_bgcolor == theme.COLOURS["paper"]
    assert figure.layout.font.family == theme.FONT["family"]
    assert any(t.x is not None and len(t.x) for t in figure.data)


def test_colours_keep_their_distance_for_every_eye():
    """Simulated protanopia, deuteranopia and tritanopia (Vienot, Brettel and Mollon 1999)."""
    linear = {}
    for key in ("tonight", "old", "pinned"):
        rgb = np.array([int(theme.COLOURS[key][i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear[key] = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    protan = np.array([[0.112, 0.888, 0], [0.112, 0.888, 0], [0.004, -0.004, 1]])
    deutan = np.array([[0.293, 0.707, 0], [0.293, 0.707, 0], [-0.021, 0.021, 1]])
    for eye in (np.eye(3), protan, deutan):
        seen = {key: eye @ colour for key, colour in linear.items()}
        for a, b in (("tonight", "old"), ("tonight", "pinned"), ("old", "pinned")):
            assert np.linalg.norm(seen[a] - seen[b]) > 0.1, (a, b)


def test_the_camera_saves_a_slide():
    assert theme.CAMERA["width"] * theme.CAMERA["scale"] == 1920
    assert theme.CAMERA["height"] * theme.CAMERA["scale"] == 1080
    assert "sendChartToCloud" in theme.config("x")["modeBarButtonsToRemove"]


@pytest.mark.parametrize("name", PLOTS)
@pytest.mark.parametrize("pinned", [None, FINAL])
def test_the_line_of_code_makes_the_very_figure(name, pinned):
    figure = getattr(el.figures, name)(SLOW, pinned)
    again = eval(figure.layout.meta["code"], {"el": el})
    assert again.to_json() == figure.to_json()


@pytest.mark.parametrize("name", PLOTS)
@pytest.mark.parametrize("night", [FINAL, SATURATED, FINAL.replace(pops=1), FINAL.baseline()])
def test_every_figure_tells_of_itself_in_words(name, night):
    meta = getattr(el.figures, name)(night, pinned=SLOW).layout.meta
    assert {"name", "title", "caption", "alt", "code"} == set(meta) and meta["name"] == name
    for text in meta.values():
        assert text and not re.search(r"\b(nan|inf)\b|  ", text)
    assert len(meta["caption"]) < 420 and meta["caption"].endswith(".")
    assert ("Pinned: 40 PoPs" in meta["caption"]) == (name != "world_map")


def test_a_caption_has_the_numbers_of_its_frames():
    night, old = FINAL.latency(), FINAL.baseline().latency()
    meta = el.figures.p99_by_place(FINAL).layout.meta
    tonight, before = (frame.loc["Bay Area", "p99_ms"] for frame in (night, old))
    said = f"p99 {tonight:.0f} ms tonight, {before:.0f} ms from the old Mumbai origin."
    assert said in meta["caption"] and "312 PoPs" in meta["caption"]
    assert f"Bay Area {night.loc['Bay Area', 'p50_ms']:.0f} ms" in meta["alt"]
    said = f"{night.loc['everyone', 'p99_ms']:.0f} ms tonight"
    assert said in el.figures.distribution(FINAL).layout.meta["caption"]
    stale = FINAL.staleness().set_index("since_write_ms")["stale_share"]
    told = float(re.search(r"(\d+) ms", el.figures.staleness(FINAL).layout.meta["caption"])[1])
    assert stale[stale.index < told].min() > 0.01 > stale[stale.index > told].max()
    assert "never tonight" in el.figures.distribution(SATURATED).layout.meta["caption"]


@pytest.mark.parametrize("name", PLOTS)
def test_something_else_than_a_night_is_refused_in_words(name):
    draw = getattr(el.figures, name)
    with pytest.raises(
        TypeError, match=r"model: got a DataFrame of .*, allowed a CricStream; a fig"
    ):
        draw(FINAL.latency())
    with pytest.raises(TypeError, match="pinned: got 3, allowed a CricStream"):
        draw(FINAL, 3)
