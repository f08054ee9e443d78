"""The figures of notebook 04: what is drawn is the frame, and it says so in words."""

import numpy as np
import pytest

import edgelab as el
import made_up
from edgelab.figures import primitives as costs
from edgelab.figures import runtimes as figures
from edgelab.models.runtimes import PRIMITIVES, WarmPool

pytestmark = pytest.mark.usefixtures("nothing_measured")

POOL = WarmPool(tenants=40_000)


def lines(figure):
    return {trace.name: trace for trace in figure.data}


@pytest.mark.parametrize("name", ["cold_starts", "waits", "memory"])
def test_lines_are_the_frames(name):
    frame = getattr(POOL, name)()
    draw = getattr(el.figures, {"memory": "tenants_memory"}.get(name, name))
    figure = draw(frame)
    drawn = lines(figure)
    for primitive in PRIMITIVES:
        y = np.asarray(drawn[primitive].y, float)
        shown = np.isfinite(y) & (y > figures.LEAST)
        np.testing.assert_allclose(y[shown], frame[primitive].to_numpy()[shown])
        np.testing.assert_array_equal(drawn[primitive].x, frame.index)
    assert len({trace.line.dash for n, trace in drawn.items() if n in PRIMITIVES}) == 4
    meta = figure.layout.meta
    assert meta["code"] == f"el.figures.{draw.__name__}(el.{POOL!r}.{name}())"
    assert all(word in meta["alt"] for word in ("isolate", "Wasm", "container", "process"))
    assert (
        "40,000 tenants" in meta["caption"]
        and "40,000 tenants" in figure.layout.title.subtitle.text
    )


def test_a_curve_that_ends_falls_below_the_axis():
    y = figures._falling(WarmPool(tenants=1_000).cold_starts()["isolate"], figures.LEAST)
    gone = np.flatnonzero(~np.isfinite(y))
    assert gone.size and y[gone[0] - 1] == figures.LEAST / 10
    assert (y[: gone[0] - 1] > figures.LEAST).all() and gone[0] + gone.size == len(y)


def test_circles_are_the_replayed_requests():
    frame = POOL.simulation()
    figure = el.figures.cold_starts(POOL.cold_starts(), frame)
    circles = lines(figure)["replayed"]
    np.testing.assert_array_equal(circles.x, frame.index)
    shown = np.asarray(circles.y, float)
    kept = np.isfinite(shown)
    np.testing.assert_allclose(shown[kept], frame["cold_share"].to_numpy()[kept])
    assert f"simulation=el.{POOL!r}.simulation()" in figure.layout.meta["code"]


def test_crosses_stand_where_memory_is_full():
    figure = el.figures.tenants_memory(POOL.memory())
    crosses = lines(figure)["full"]
    fit = POOL.density()["fit"]
    inside = fit.between(100, 1e6)
    np.testing.assert_array_equal(np.asarray(crosses.x)[inside], fit[inside])
    assert np.isnan(np.asarray(crosses.x, float)[~inside]).all()
    assert set(np.asarray(crosses.y)[inside]) == {64.0}
    assert "64 GB keep 21,333 as isolates" in figure.layout.meta["caption"]


def test_a_pinned_pool_is_drawn_by_its_own_primitive():
    other = WarmPool(primitive="process", tenants=5_000)
    figure = el.figures.waits(POOL.waits(), pinned=other.waits())
    assert "pinned (process)" in lines(figure)
    assert f"pinned=el.{other!r}.waits()" in figure.layout.meta["code"]


def test_a_frame_of_ones_own_is_drawn_without_code():
    frame = POOL.cold_starts() * 0.5
    figure = el.figures.cold_starts(frame)
    assert "code" not in figure.layout.meta
    figure = el.figures.cold_starts(POOL.cold_starts(), POOL.simulation() * 1.0)
    assert "code" not in figure.layout.meta


def test_costs_show_every_source_and_the_widest_disagreement(tmp_path, monkeypatch):
    made_up.remember(tmp_path, monkeypatch)
    frame = el.primitives()
    figure = el.figures.costs(frame)
    for axis, quantity in (("x", "start_ms"), ("x2", "memory_mb"), ("x3", "call_ms")):
        rows = frame.xs(quantity, level="quantity").loc[list(PRIMITIVES)]
        for source, name in costs.NAMES.items():
            (trace,) = (t for t in figure.data if t.xaxis == axis and t.name == name)
            np.testing.assert_array_equal(np.asarray(trace.x, float), rows[source])
    assert len({costs.MARKS[source] for source in costs.NAMES}) == 3
    assert "5,000 times the smallest" in figure.layout.meta["caption"]


def test_without_a_measurement_its_marks_are_missing():
    figure = el.figures.costs(el.primitives())
    here = [trace for trace in figure.data if trace.name == "this machine"]
    assert len(here) == 3
    assert all(np.isnan(np.asarray(trace.x, float)).all() for trace in here)


def test_the_title_tells_every_setting():
    title = figures.title(WarmPool(tenants=500, pops=3), WarmPool(zipf_exponent=0.5))
    for text in ("500 tenants", "PoP count 3", "pinned: WarmPool(zipf_exponent=0.5)"):
        assert text in title
    assert "<br>" not in figures.title(WarmPool())
    small, large = (figures.layout(pool) for pool in (WarmPool(), POOL))
    for kind in ("annotations", "shapes"):
        assert len(small[kind]) == len(large[kind])
