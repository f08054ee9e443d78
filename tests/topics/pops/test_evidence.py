"""The figures of the evidence draw what the frames say."""

import json

import numpy as np
import pytest

import edgelab as el
from edgelab.stage import theme


def named(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


@pytest.mark.parametrize(
    "make",
    [
        lambda: el.figures.rtt_errors(seed=1),
        lambda: el.figures.rtt_errors(),
        lambda: el.figures.anycast_detours(),
    ],
)
def test_a_figure_tells_its_title_caption_text_and_line_of_code(make):
    figure = make()
    meta = figure.layout.meta
    assert meta["name"] in meta["code"] and len(meta["alt"]) > 60
    assert 0 < len(meta["title"]) <= theme.TITLE_CHARACTERS
    assert meta["caption"].endswith(".") and "nan" not in meta["caption"]
    assert eval(meta["code"], {"el": el}).to_json() == figure.to_json()
    json.loads(theme.slide(figure).to_json())


def test_the_worst_routes_are_numbered_and_listed():
    frame = el.evidence.rtt_held_out(seed=1)
    figure = el.figures.rtt_errors(seed=1)
    listed = figure.layout.annotations[0].text
    for _, row in frame.head(5).iterrows():
        assert f"{row['region_a']} to {row['region_b']}" in listed
    dots, worst = named(figure, "predicted"), named(figure, "the worst")
    np.testing.assert_array_equal(dots.x, frame["rtt_ms"])
    np.testing.assert_array_equal(dots.y, frame["model_ms"])
    np.testing.assert_array_equal(worst.y, frame["model_ms"].head(5))
    light = named(figure, "light in fibre")
    assert (np.asarray(light.y) <= np.asarray(dots.x) + 0.5).all()
    within = 100 * (frame["error"].abs() <= 0.2).mean()
    assert f"{within:.0f} % within" in figure.layout.meta["caption"]


def test_a_readers_own_round_trips_are_drawn_without_a_line_of_code():
    mine = el.data.cloud_rtt().head(300).assign(rtt_ms=lambda table: table["rtt_ms"] * 1.5)
    figure = el.figures.rtt_errors(table=mine)
    frame = el.evidence.rtt_residuals(mine)
    np.testing.assert_array_equal(named(figure, "predicted").x, frame["rtt_ms"])
    assert figure.layout.meta["caption"].startswith(f"{len(frame)} round trips")
    assert not figure.layout.meta["code"]
    with pytest.raises(ValueError, match="table: got no column rtt_ms"):
        el.figures.rtt_errors(table=mine.drop(columns="rtt_ms"))


def test_points_of_anycast_are_the_published_ones_and_the_curve_the_models():
    figure = el.figures.anycast_detours()
    points, curve = named(figure, "measured in 2015"), named(figure, "the model")
    np.testing.assert_allclose(points.y, [0.55, 0.75, 0.90])
    np.testing.assert_allclose(np.square(points.x), [0, 400, 1375])
    frame = el.evidence.anycast_detours()
    np.testing.assert_array_equal(curve.customdata, frame["extra_km"])
    np.testing.assert_array_equal(curve.y, frame["share"])
