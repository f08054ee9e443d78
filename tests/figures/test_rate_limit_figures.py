"""Rate limiting as figures: what is drawn is the frame's, and each says how it is made."""

import numpy as np
import pytest

import edgelab as el
from edgelab.figures import rate_limit, theme
from edgelab.models.rate_limit import DESIGNS, KV, RateLimit

FEW = RateLimit(seeds=2)
OTHER = FEW.replace(pops=312, rate_per_s=1000)


def made():
    designs, other = FEW.designs(), OTHER.designs()
    return {
        "let_through": el.figures.let_through(designs),
        "let_through, pinned": el.figures.let_through(designs, other),
        "leak_map": el.figures.leak_map(FEW.leak_map()),
        "leak_by_delay": el.figures.leak_by_delay(FEW.by_delay()),
        "leak_by_pops": el.figures.leak_by_pops(FEW.by_pops()),
        "refusals": el.figures.refusals(designs),
        "decision_time": el.figures.decision_time(designs),
    }


@pytest.fixture(scope="module")
def figures():
    return made()


@pytest.mark.parametrize("name", made())
def test_a_figure_tells_what_it_is_and_the_line_that_draws_it(figures, name):
    figure = figures[name]
    meta = figure.layout.meta
    assert meta["name"] == name.partition(",")[0]
    assert len(meta["title"]) <= theme.TITLE_CHARACTERS
    assert meta["caption"] and meta["alt"] and "nan" not in meta["caption"] + meta["alt"]
    again = eval(meta["code"], {"el": el})
    assert again.to_dict() == figure.to_dict()
    slide = theme.slide(figure)
    assert (slide.layout.width, slide.layout.height) == (960, 540)


def test_rows_are_the_frame_s_and_beyond_the_axis_is_said():
    frame = RateLimit(seeds=1, capacity=1, refill_per_s=0.1, rate_per_s=1000, pops=500).designs()
    *_, mark = rate_limit._rows(frame, "now", 0.0, words=True)
    assert mark["customdata"].tolist() == frame["through"].tolist()
    assert max(mark["x"]) == rate_limit.MOST < frame["through"].max()
    assert mark["text"][DESIGNS.index(KV)].endswith("▶") and mark["text"][5] == "1"
    nothing = rate_limit._rows(None, "pinned", 0.0, words=False)
    assert np.isnan(nothing[1]["x"]).all() and set(nothing[1]["text"]) == {""}


def test_cells_are_the_frame_s():
    leak = FEW.leak_map()
    heat = rate_limit._heat(leak, 10, {})
    for row, rate in enumerate(heat["y"]):
        rows = leak[np.isclose(np.log10(leak["rate_per_s"]), rate)]
        np.testing.assert_allclose(10 ** heat["z"][row], rows["through"])
        assert heat["text"][row] == [rate_limit._in_cell(ratio) for ratio in rows["through"]]
    assert [rate_limit._in_cell(r) for r in (1.001, 1.04, 1.93, 9.96, 85.9)] == [
        "1", "1.0", "1.9", "10", "86",
    ]  # fmt: skip


def test_the_combined_figure_keeps_its_number_of_traces_and_says_its_settings():
    frames = rate_limit.RateLimitFrames.of
    alone, both = rate_limit.traces(frames(FEW)), rate_limit.traces(frames(FEW), frames(OTHER))
    assert len(alone) == len(both)
    assert [t["xaxis"] for t in alone] == [t["xaxis"] for t in both]
    for model, pinned in ((FEW, None), (FEW, OTHER)):
        out = rate_limit.layout(model, pinned)
        assert (len(out["annotations"]), len(out["shapes"])) == (6, 2)
    assert "312 PoPs, 1,000 requests/s" in out["annotations"][0]["text"]
    assert "Runs 2 runs" in out["annotations"][0]["text"]
