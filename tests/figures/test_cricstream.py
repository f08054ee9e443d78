"""The night's figures draw what the frames say."""

import numpy as np
import plotly.graph_objects as go
import pytest

import edgelab as el
from edgelab.figures import cricstream, drawing, theme
from edgelab.models.scenario import BASELINE, HEADLINE_PLACES, CricStream

FINAL = CricStream()
SATURATED = FINAL.replace(origin_fetch_ratio=0.05)


def traces(night, pinned=None, simulated=None):
    of = cricstream.NightFrames.of
    return cricstream.traces(of(night), of(night.baseline()), pinned and of(pinned), simulated)


def on(made, part):
    return [t for t in made if t["xaxis"] == f"x{drawing.axis_of(cricstream.PARTS, part)}"]


def test_marks_stand_at_the_frames_quantiles():
    marks = on(traces(FINAL), "by_place")[6:9]  # line, p50, p95, p99, words; old before tonight
    frame = FINAL.latency().loc[list(HEADLINE_PLACES)]
    for trace, level in zip(marks, ("p50_ms", "p95_ms", "p99_ms"), strict=True):
        np.testing.assert_array_equal(trace["x"], frame[level])


def test_what_never_comes_has_no_mark_and_a_word():
    line, _, _, last, words = on(traces(SATURATED), "by_place")[5:10]
    assert np.isnan(last["x"]).all()
    assert set(words["text"]) == {"never ▶"}
    assert np.isfinite(words["x"]).all() and np.nanmax(line["x"]) == cricstream.NEVER_MS


def test_the_bar_of_a_saturated_origin_says_so():
    bar = on(traces(SATURATED), "load")[0]
    assert bar["text"][1] == "never empties (32)" and bar["x"][1] == cricstream.FULL_BAR
    assert bar["customdata"][1] > 1.4


def test_the_number_of_traces_never_changes():
    many = traces(FINAL, pinned=SATURATED, simulated=FINAL.distribution())
    assert len(many) == len(traces(SATURATED)) == len(traces(FINAL.baseline()))


def test_the_map_shows_the_pops_in_use_and_every_place():
    _, places, real, hypothetical = on(traces(FINAL.replace(pops=400)), "map")
    assert len(places["x"]) == 72 and len(real["x"]) == 337 and len(hypothetical["x"]) == 63
    assert len(on(traces(FINAL.baseline()), "map")[2]["x"]) == 0


def test_the_world_map_asks_for_no_tiles_and_no_geography():
    figure = el.figures.night(FINAL).to_plotly_json()
    assert not [k for k in figure["layout"] if k.startswith(("geo", "map", "images"))]
    assert {trace["type"] for trace in figure["data"]} == {"scatter", "bar"}


@pytest.mark.parametrize(
    "figure",
    [
        el.figures.p99_by_place(FINAL.latency(), FINAL.baseline().latency()),
        el.figures.distribution(FINAL.distribution(), FINAL.baseline().distribution()),
        el.figures.world_map(FINAL.latency(), 312),
        el.figures.staleness(FINAL.staleness()),
        el.figures.origin_load(FINAL.origin_load()),
        el.figures.night(FINAL, pinned=FINAL.replace(pops=40)),
    ],
)
def test_every_figure_is_in_the_one_style(figure):
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


def test_what_a_colour_says_a_dash_says_too():
    dashes = [t["line"]["dash"] for t in on(traces(FINAL, pinned=FINAL), "later")[:3]]
    assert len(set(dashes)) == 3


def test_the_camera_saves_a_slide():
    assert theme.CAMERA["width"] * theme.CAMERA["scale"] == 1920
    assert theme.CAMERA["height"] * theme.CAMERA["scale"] == 1080
    assert "sendChartToCloud" in theme.config("x")["modeBarButtonsToRemove"]
    assert BASELINE in cricstream.NAMES.values()


def test_nothing_stale_is_a_line_at_zero():
    for night in (FINAL.baseline(), FINAL.replace(pops=1)):
        assert (on(traces(night), "stale")[0]["y"] == 0).all()


def test_a_quantile_beyond_the_axis_says_how_far():
    slow = CricStream(last_mile_ms=100, access_factor=2.5, last_mile_sigma=1.0)
    line, *_, last, words = on(traces(slow), "by_place")[5:10]
    bay = list(HEADLINE_PLACES).index("Bay Area")
    assert words["text"][bay] == f"{slow.latency().loc['Bay Area', 'p99_ms']:,.0f} ▶"
    assert np.isnan(last["x"][bay]) and np.nanmax(line["x"]) <= cricstream.LAST_MS


SLOW = CricStream(pops=40, origin_fetch_ratio=0.012)
SINGLE = {
    "p99_by_place": lambda n, o, p: el.figures.p99_by_place(n.latency(), o.latency(), p.latency()),
    "distribution": lambda n, o, p: el.figures.distribution(
        n.distribution(), o.distribution(), p.distribution()
    ),
    "of one place": lambda n, o, p: el.figures.distribution(
        n.distribution("London", "simulation"), pinned=p.distribution(method="simulation")
    ),
    "world_map": lambda n, o, p: el.figures.world_map(n.latency("simulation"), 40),
    "staleness": lambda n, o, p: el.figures.staleness(n.staleness(), p.staleness()),
    "origin_load": lambda n, o, p: el.figures.origin_load(n.origin_load(), p.origin_load()),
    "night": lambda n, o, p: el.figures.night(n, pinned=p),
}


@pytest.mark.parametrize("make", SINGLE.values(), ids=SINGLE)
def test_the_line_of_code_makes_the_very_figure(make):
    figure = make(SLOW, SLOW.baseline(), FINAL)
    again = eval(figure.layout.meta["code"], {"el": el})
    assert again.to_json() == figure.to_json()


@pytest.mark.parametrize("make", SINGLE.values(), ids=SINGLE)
@pytest.mark.parametrize("night", [FINAL, SATURATED, FINAL.replace(pops=1), FINAL.baseline()])
def test_every_figure_tells_of_itself_in_words(make, night):
    meta = make(night, night.baseline(), SLOW).layout.meta
    assert {"name", "title", "caption", "alt", "code"} == set(meta)
    for text in meta.values():
        assert text and "nan" not in text and "inf " not in text and "  " not in text
    assert len(meta["caption"]) < 420 and meta["caption"].endswith(".")


def test_a_caption_has_the_numbers_of_its_frames():
    night, old = FINAL.latency(), FINAL.baseline().latency()
    meta = el.figures.p99_by_place(night, old).layout.meta
    tonight, before = (frame.loc["Bay Area", "p99_ms"] for frame in (night, old))
    said = f"p99 {tonight:.0f} ms tonight, {before:.0f} ms from the old Mumbai origin."
    assert said in meta["caption"] and "Tonight: 312 PoPs, KV delay 250 ms" in meta["caption"]
    assert f"Bay Area {night.loc['Bay Area', 'p50_ms']:.0f} ms" in meta["alt"]
    assert (
        "never tonight" in el.figures.distribution(SATURATED.distribution()).layout.meta["caption"]
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame * 2,
        lambda frame: frame.iloc[::-1],
        lambda frame: frame[frame["stale_share"] < 0.5],
        lambda frame: frame.assign(stale_share=0.5),
    ],
)
def test_a_changed_frame_claims_no_line_of_code(change):
    frame = FINAL.staleness()
    assert "code" in el.figures.staleness(frame.copy()).layout.meta
    changed = change(frame)
    assert changed.attrs == frame.attrs  # pandas keeps them
    for meta in (
        el.figures.staleness(changed).layout.meta,
        el.figures.staleness(frame, changed).layout.meta,
    ):
        assert "code" not in meta and meta["caption"]
    assert "312 PoPs" not in el.figures.staleness(changed).layout.title.subtitle.text


@pytest.mark.parametrize(
    "code", [None, 3, "", "1 +", "print(1)", "el.CricStream(pops=0).staleness()", "x.y.z"]
)
def test_attrs_of_somebody_else_are_no_line_of_code(code):
    frame = FINAL.staleness()
    frame.attrs["code"] = code
    assert "code" not in el.figures.staleness(frame).layout.meta


def test_a_figure_without_a_baseline_has_no_legend_entry_for_it():
    names = [t.name for t in el.figures.distribution(FINAL.distribution()).data]
    assert names == ["tonight"]


def test_a_map_of_too_many_pops_is_refused():
    with pytest.raises(ValueError, match="pops: got 501, allowed 0 to 500"):
        el.figures.world_map(FINAL.latency(), 501)
