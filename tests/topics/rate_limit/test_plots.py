"""Rate limiting's plots: what is drawn is the frame's, and each says what it shows."""

import numpy as np
import pytest

import edgelab as el
from edgelab.stage import theme
from edgelab.topics.rate_limit import plots as figures
from edgelab.topics.rate_limit.limiters import COUNTERS, DESIGNS, KV
from edgelab.topics.rate_limit.model import RateLimit

FEW = RateLimit(seeds=2)
OTHER = FEW.replace(pops=312, rate_per_s=1000, kv_delay_ms=500, design=COUNTERS)
NAMES = figures.__all__


def drawn(name, attack, pinned=None, at_rest=True):
    return getattr(el.figures, name).plot.drawn(attack, pinned, at_rest)


def by_name(drawn):
    return {trace["name"]: trace for trace in drawn.traces if "name" in trace}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("pinned", [None, OTHER], ids=["alone", "pinned"])
def test_a_figure_tells_what_it_is_and_goes_on_a_slide(name, pinned):
    figure = getattr(el.figures, name)(FEW, pinned)
    meta = figure.layout.meta
    assert len(meta["title"]) <= theme.TITLE_CHARACTERS
    assert "nan" not in meta["caption"] + meta["alt"]
    slide = theme.slide(figure)
    assert (slide.layout.width, slide.layout.height) == (960, 540)


def test_cells_are_the_frame_s():
    leak = FEW.leak_map()
    heat = drawn("leak_map", FEW).traces[0]
    for row, rate in enumerate(heat["y"]):
        rows = leak[np.isclose(np.log10(leak["rate_per_s"]), rate)]
        np.testing.assert_allclose(10 ** heat["z"][row], rows["through"])
        np.testing.assert_array_equal(heat["customdata"][row][:, 3], rows["through"])
        assert heat["text"][row] == [figures._in_cell(ratio) for ratio in rows["through"]]
        np.testing.assert_allclose(10 ** heat["x"], rows["kv_delay_ms"])
    assert [figures._in_cell(r) for r in (1.001, 1.04, 1.93, 9.96, 85.9)] == [
        "1", "1.0", "1.9", "10", "86",
    ]  # fmt: skip
    worst = f"Worst on this map: {leak['through'].max():.3g} times."
    assert worst in drawn("leak_map", FEW).caption


def test_rings_stand_at_the_attacks():
    near = FEW.replace(rate_per_s=20, kv_delay_ms=50, user_per_s=1)
    alone, both = by_name(drawn("leak_map", FEW)), by_name(drawn("leak_map", FEW, near))
    assert "pinned" not in alone and not alone["now"]["showlegend"]
    for ring, attack in ((both["now"], FEW), (both["pinned"], near)):
        assert (*ring["x"], *ring["y"]) == (
            np.log10(attack.kv_delay_ms),
            np.log10(attack.rate_per_s),
        )
        assert ring["showlegend"]
    assert both["now"]["marker"]["symbol"] != both["pinned"]["marker"]["symbol"]
    for other in (OTHER, near.replace(pops=11), near.replace(design=COUNTERS)):
        assert "pinned" not in by_name(drawn("leak_map", FEW, other)), "its map is another one"


@pytest.mark.parametrize("knobs", [{}, {"rate_per_s": 20, "kv_delay_ms": 50}])
def test_the_cell_under_the_ring_says_what_the_sentence_says(knobs):
    attack = FEW.replace(**knobs)
    leak = attack.leak_map().set_index(["rate_per_s", "kv_delay_ms"])["through"]
    here = leak[(attack.rate_per_s, attack.kv_delay_ms)]
    assert here == pytest.approx(attack.designs().loc[attack.design, "through"])


def test_the_map_of_few_runs_gives_way_to_a_known_one_while_the_hand_moves():
    many = RateLimit(capacity=90, seeds=3)
    few = many.replace(seeds=2)

    def cells(attack, at_rest):
        return drawn("leak_map", attack, at_rest=at_rest).traces[0]["z"]

    quick, whole = cells(few, True), np.log10(many.leak_map()["through"]).to_numpy().reshape(10, 13)
    np.testing.assert_array_equal(cells(few, False), quick)
    np.testing.assert_array_equal(cells(many, True), whole)
    assert not np.array_equal(quick, whole)
    for moved in (few, few.replace(rate_per_s=7, kv_delay_ms=3)):
        np.testing.assert_array_equal(cells(moved, False), whole)
        np.testing.assert_array_equal(cells(moved, True), quick)
    other = few.replace(pops=11)
    np.testing.assert_array_equal(cells(other, False), cells(other, True))


def test_rows_are_the_frame_s_and_beyond_the_axis_is_said():
    extreme = RateLimit(seeds=1, capacity=1, refill_per_s=0.1, rate_per_s=1000, pops=500)
    frame = extreme.designs()
    mark = by_name(drawn("let_through", extreme))["now"]
    assert mark["customdata"].tolist() == frame["through"].tolist()
    assert max(mark["x"]) == figures.MOST < frame["through"].max()
    assert mark["text"][DESIGNS.index(KV)].endswith("▶") and mark["text"][5] == "1"
    np.testing.assert_array_equal(mark["y"], figures.ROWS)


def test_every_plot_of_rows_shows_both_attacks_in_the_same_rows():
    frames = {"now": FEW.designs(), "pinned": OTHER.designs()}
    columns = {
        "let_through": ("through", "customdata"),
        "decision_time": ("wait_ms", "x"),
    }
    for name, (column, key) in columns.items():
        traces = by_name(drawn(name, FEW, OTHER))
        for which, frame in frames.items():
            np.testing.assert_array_equal(traces[which][key], frame[column])
            assert traces[which]["showlegend"]
            np.testing.assert_array_equal(np.rint(traces[which]["y"]), figures.ROWS)
        assert "pinned" not in by_name(drawn(name, FEW))
    traces = drawn("refusals", FEW, OTHER).traces
    for each, (which, (column, _, rows, _)) in zip(
        traces, [(w, c) for w in ("now", "pinned") for c in figures.REFUSED], strict=True
    ):
        assert which in each["name"] and each["showlegend"] == (column == "refused_shared")
        seen = ~np.isnan(each["x"])
        assert list(frames[which].index[seen]) == [name for name in DESIGNS if name in rows]
        np.testing.assert_array_equal(each["x"][seen], frames[which].loc[list(rows), column])
        np.testing.assert_array_equal(np.rint(each["y"]), figures.ROWS)
    assert len(drawn("refusals", FEW).traces) == 2
    bar = by_name(drawn("decision_time", FEW))["now"]
    last = frames["now"].iloc[-1]
    assert bar["text"][-1] == f"{last['wait_ms']:.0f} ({last['worst_wait_ms']:.0f})"


@pytest.mark.parametrize("name", ["let_through", "refusals", "decision_time"])
@pytest.mark.parametrize("design", [KV, COUNTERS])
def test_rows_are_labelled_and_the_chosen_one_has_a_band(name, design):
    said = drawn(name, FEW.replace(design=design))
    rows = dict(zip(said.y["ticktext"], said.y["tickvals"], strict=True))
    assert list(rows) == list(DESIGNS) and list(rows.values()) == figures.ROWS.tolist()
    band = said.shapes[0]
    assert band["y0"] < rows[design] < band["y1"] < band["y0"] + 1


def test_curves_are_the_frames():
    frame = FEW.by_pops()
    for design, trace in zip(figures.LINES, drawn("leak_by_pops", FEW).traces, strict=True):
        assert trace["name"].startswith(design)
        rows = frame[frame["design"] == design]
        np.testing.assert_array_equal(trace["x"], rows["pops"])
        np.testing.assert_array_equal(trace["y"], rows["through"])
    frame = FEW.by_delay()
    traces = by_name(drawn("leak_by_delay", FEW))
    assert list(traces) == ["2 PoPs", "10 PoPs", "312 PoPs", "here"]
    assert (*traces["here"]["x"], *traces["here"]["y"]) == (
        *(50, FEW.designs()["through"][FEW.design]),
    )
    for pops in (2, 10, 312):
        rows = frame[frame["pops"] == pops]
        np.testing.assert_array_equal(traces[f"{pops} PoPs"]["x"], rows["requests_per_delay"])
        np.testing.assert_array_equal(traces[f"{pops} PoPs"]["y"], rows["through"])
    times = FEW.designs()["through"]
    said = f"50 requests per delay and 10 PoPs, {times[FEW.design]:.2f} times the limit"
    assert said in drawn("leak_by_delay", FEW).caption
    assert f"Here {times[FEW.design]:.2f} times the limit" in drawn("leak_map", FEW).caption
    assert f"At 10 PoPs, times the limit: {DESIGNS[0]} 17;" in drawn("leak_by_pops", FEW).caption
    looks = [
        (trace["line"]["dash"], trace["marker"]["symbol"])
        for trace in drawn("leak_by_pops", FEW).traces
    ]
    assert len(set(looks)) == len(figures.LINES) == len(DESIGNS) - 2
