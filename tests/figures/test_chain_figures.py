"""The request chain's figures draw what the frames say."""

import numpy as np
import plotly.graph_objects as go
import pytest

import edgelab as el
from edgelab.figures import chain as figures
from edgelab.figures import drawing, theme
from edgelab.figures.chain import PARTS_OF_FIGURE, ChainFrames
from edgelab.models.chain import RequestChain
from edgelab.models.links import PARTS

HOME = RequestChain()
FETCH = HOME.move(4).replace(place="London", response_bytes=60_000)
EDGE = HOME.move(5).replace(tls="TLS 1.2", dns_ttl_s=600)


def traces(chain, pinned=None):
    return figures.traces(ChainFrames.of(chain), pinned and ChainFrames.of(pinned))


def on(made, part):
    return [t for t in made if t["xaxis"] == f"x{drawing.axis_of(PARTS_OF_FIGURE, part)}"]


def words_of(chain):
    """The notes beside the bars."""
    notes = [n for n in figures.layout(chain)["annotations"] if n["xref"] == "x"]
    assert [n["y"] for n in notes] == [5, 4, 3, 2, 1, 0]
    return notes


@pytest.mark.parametrize("chain", [HOME, FETCH, EDGE])
def test_the_bars_are_the_parts_of_each_link_end_to_end(chain):
    *bars, _ = on(traces(chain), "waterfall")
    frame = chain.waterfall()
    at = frame["start_ms"].to_numpy()
    for bar, part in zip(bars, PARTS, strict=True):
        np.testing.assert_allclose(bar["base"], at)
        np.testing.assert_array_equal(bar["x"], frame[part])
        at = at + bar["x"]
    np.testing.assert_allclose(at[-1], chain.total_ms())
    for word, (_, row) in zip(words_of(chain), frame.iterrows(), strict=True):
        assert row["what"] in word["text"]
        assert (f"{row['ms']:,.0f} ms" in word["text"]) == bool(row["ms"])


def test_what_a_colour_says_a_hatching_or_a_word_says_too():
    bars = on(traces(FETCH), "waterfall")[:4]
    looks = {(bar["marker"]["pattern"]["shape"], bar["marker"]["color"]) for bar in bars}
    assert len({shape for shape, _ in looks}) == 3 and len(looks) == 4
    assert all(bar["name"] for bar in bars)
    # The two without a pattern are far apart in lightness too.
    plain = [colour for shape, colour in looks if not shape]
    light = [sum(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in plain]
    assert abs(light[0] - light[1]) > 150
    ends = figures.layout(FETCH)["yaxis"]["ticktext"]
    assert ends[:5] == [
        *("<b>DNS</b> · PoP", "<b>IP</b> · PoP", "<b>TCP</b> · PoP"),
        *("<b>TLS</b> · PoP", "<b>HTTP</b> · Mumbai"),
    ]
    dashes = [t["line"].get("dash") for t in on(traces(EDGE), "cutover")[2:]]
    assert len(set(dashes)) == 3


def test_the_present_number_of_links_stands_out():
    bar, _ = on(traces(FETCH), "savings")
    np.testing.assert_array_equal(bar["y"], FETCH.savings()["total_ms"])
    full = [colour != theme.COLOURS["paper"] for colour in bar["marker"]["color"]]
    assert full == [False, False, False, False, True, False]
    assert [text.startswith("<b>") for text in bar["text"]] == full
    changes = figures.layout(HOME)["xaxis2"]["ticktext"]
    assert changes[0] == "none" and changes[1] == "+DNS<br>±0" and changes[2] == "+IP<br>−195"
    assert "+IP<br>+9" in figures.layout(HOME.replace(place="Delhi"))["xaxis2"]["ticktext"]


def test_the_cut_over_is_drawn_over_the_share_of_its_ttl_and_told_in_times():
    _, new, *curves = on(traces(EDGE), "cutover")
    frame = EDGE.cutover()
    for curve, column in zip(curves, ("mean_ms", "median_ms", "p99_ms"), strict=True):
        np.testing.assert_allclose(curve["x"], frame["since_s"] / 600)
        np.testing.assert_array_equal(curve["y"], frame[column])
    assert set(new["y"]) == {EDGE.total_ms()}
    assert curves[0]["text"][50] == "5 min after the move, 50% still go home"
    ticks = figures.layout(EDGE)["xaxis3"]["ticktext"]
    assert ticks == ["0", "2.5 min", "5 min", "7.5 min", "10 min", "12.5 min"]


def test_the_number_of_traces_notes_and_shapes_never_changes():
    for chain, pinned in ((HOME, None), (EDGE, HOME), (FETCH, EDGE)):
        assert len(traces(chain, pinned)) == len(traces(HOME))
        for kind in ("annotations", "shapes"):
            made = figures.layout(chain, pinned)[kind]
            assert len(made) == len(figures.layout(HOME)[kind])


@pytest.mark.parametrize(
    ("most", "end"), [(0.0, 1.0), (54, 60), (910, 1200), (91, 120), (5e3, 6e3)]
)
def test_an_axis_ends_at_a_round_number_beyond_the_longest_bar(most, end):
    assert figures.span_ms(most) == pytest.approx(end)


def test_the_axes_stand_still_while_links_move():
    spans = {tuple(figures.layout(HOME.move(n))["xaxis"]["range"]) for n in range(6)}
    assert len(spans) == 1
    wide = figures.layout(HOME.replace(place="Mumbai"), pinned=HOME)["xaxis"]["range"]
    assert wide == figures.layout(HOME)["xaxis"]["range"]


@pytest.mark.parametrize("origin", ["pooled", "opened each time"])
@pytest.mark.parametrize("size", [10_000, 400_000])
def test_no_word_leaves_its_plot(size, origin):
    for place in ("Bay Area", "Delhi", "Mumbai"):
        for moved in range(6):
            chain = HOME.move(moved).replace(
                place=place, response_bytes=size, origin_connection=origin, dns_answer="nowhere"
            )
            end = figures.layout(chain)["xaxis"]["range"][1]
            for word in words_of(chain):
                # A character of 11 px is about 5.6 px wide, and the plot 370 px.
                room = len(word["text"]) * 5.6 / 370
                x = word["x"] / end
                assert x + room < 1.02 if word["xanchor"] == "left" else x - room > -0.02, word


SINGLE = {
    "waterfall": lambda c, p: el.figures.waterfall(c.waterfall(), p and p.waterfall()),
    "savings": lambda c, p: el.figures.savings(c.savings(), p and p.savings()),
    "cutover": lambda c, p: el.figures.cutover(c.cutover(), p and p.cutover()),
    "request_chain": lambda c, p: el.figures.request_chain(c, p),
}


@pytest.mark.parametrize("pinned", [None, HOME])
@pytest.mark.parametrize("make", SINGLE.values(), ids=SINGLE)
def test_a_figure_tells_itself_and_the_line_that_makes_it(make, pinned):
    figure = make(FETCH, pinned)
    assert isinstance(figure, go.Figure)
    about = figure.layout.meta
    assert set(about) == {"name", "title", "caption", "alt", "code"}
    assert about["caption"] in about["alt"] or "London" in about["caption"]
    assert "nan" not in about["alt"].lower()
    again = eval(about["code"], {"el": el})
    assert again.to_json() == figure.to_json()


def test_captions_say_the_figures():
    assert "after 910 ms" in el.figures.waterfall(HOME.waterfall()).layout.meta["caption"]
    assert "TCP 220" in el.figures.savings(HOME.savings()).layout.meta["caption"]
    told = el.figures.cutover(EDGE.cutover()).layout.meta["caption"]
    assert "the median after 5 min, the p99 after 9.9 min" in told
    assert "DNS points home" in el.figures.cutover(HOME.cutover()).layout.meta["caption"]


def test_round_trips_by_hand_can_be_drawn_too():
    mine = el.RoundTrips(last_mile_ms=8, pop_ms=4, home_ms=130, pop_home_ms=125)
    figure = el.figures.waterfall(HOME.move(4).waterfall(mine))
    # 8 + 12 + 12 + 137 + 1 + 2
    assert "after 172 ms" in figure.layout.meta["caption"]
    assert sum(figure.data[0].x) == pytest.approx(4 * 8)
