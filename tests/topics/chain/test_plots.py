"""The request chain's plots draw what the frames say."""

from itertools import product

import numpy as np
import pytest

import edgelab as el
from edgelab.core.words import in_ms
from edgelab.stage import theme
from edgelab.stage.drawing import end_ms
from edgelab.topics.chain.journey import journey
from edgelab.topics.chain.links import PARTS, Protocols
from edgelab.topics.chain.model import RequestChain

HOME = RequestChain()
FETCH = HOME.move(4).replace(place="London", response_bytes=60_000)
EDGE = HOME.move(5).replace(tls="TLS 1.2", dns_ttl_s=600)
MINE = el.RoundTrips(last_mile_ms=8, pop_ms=4, home_ms=130, pop_home_ms=125)
NAMES = ("waterfall", "link_by_link", "savings", "cutover")


def drawn(name, chain, pinned=None):
    return getattr(el.figures, name).plot.drawn(chain, pinned, True)


@pytest.mark.parametrize("chain", [HOME, FETCH, EDGE, FETCH.replace(trips=MINE)])
def test_the_bars_are_the_parts_of_each_link_end_to_end(chain):
    made, frame = drawn("waterfall", chain), chain.waterfall()
    at = frame["start_ms"].to_numpy()
    for bar, part in zip(made.traces, PARTS, strict=True):
        np.testing.assert_allclose(bar["base"], at)
        np.testing.assert_array_equal(bar["x"], frame[part])
        at = at + bar["x"]
    np.testing.assert_allclose(at[-1], chain.total_ms())
    assert [word["y"] for word in made.notes] == [5, 4, 3, 2, 1, 0]
    for word, (_, row) in zip(made.notes, frame.iterrows(), strict=True):
        assert row["what"] in word["text"]
        assert (f"{row['ms']:,.0f} ms" in word["text"]) == bool(row["ms"])


@pytest.mark.parametrize("connection", ["cold", "warm"])
@pytest.mark.parametrize("moved", range(6))
def test_a_request_is_on_its_way_as_long_as_its_links_take(moved, connection):
    knobs = ("tls", "http", "dns_answer", "origin_connection")
    choices = [RequestChain.knobs()[name].choices for name in knobs]
    for *picked, size, count in product(*choices, (1000, 100_000), (1, 3)):
        settings = dict(zip(knobs, picked, strict=True)) | {"connection": connection}
        if settings["http"] == "HTTP/3" and settings["tls"] == "TLS 1.2":
            continue
        chain = HOME.move(moved).replace(response_bytes=size, requests=count, **settings)
        way, links = journey(chain._take(Protocols), chain.round_trips()), chain.waterfall()
        assert way["since_ms"].is_monotonic_increasing
        assert way["at"].iloc[-1] == "viewer"
        for link, legs in way.groupby("link"):
            if link:
                end = links.loc[link, "start_ms"] + links.loc[link, "ms"]
                assert legs["since_ms"].iloc[-1] == pytest.approx(end)
                trips = links.loc[link, "mumbai_trips"]
                arrivals = (legs["at"] == "Mumbai") & (legs["at"].shift() != "Mumbai")
                assert arrivals.sum() == trips or (link.startswith("rest") and size > 1000)
        assert way["since_ms"].iloc[-1] == pytest.approx(chain.total_ms())
    away = links["mumbai_ms"].sum()
    told = drawn("link_by_link", chain).caption
    assert f"takes {in_ms(chain.total_ms())}" in told and (in_ms(away) in told or not away)


def test_what_a_colour_says_a_hatching_or_a_word_says_too():
    made = drawn("waterfall", FETCH)
    looks = {(bar["marker"]["pattern"]["shape"], bar["marker"]["color"]) for bar in made.traces}
    assert len({shape for shape, _ in looks}) == 3 and len(looks) == 4
    assert all(bar["name"] and bar["showlegend"] for bar in made.traces)
    # The two without a pattern are far apart in lightness too.
    plain = [colour for shape, colour in looks if not shape]
    light = [sum(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in plain]
    assert abs(light[0] - light[1]) > 150
    assert made.y["ticktext"][:5] == [
        *("<b>DNS</b> · PoP", "<b>IP</b> · PoP", "<b>TCP</b> · PoP"),
        *("<b>TLS</b> · PoP", "<b>HTTP</b> · Mumbai"),
    ]
    dashes = [trace["line"].get("dash") for trace in drawn("cutover", EDGE).traces[1:]]
    assert len(set(dashes)) == 3


def test_the_present_number_of_links_stands_out():
    made = drawn("savings", FETCH)
    (bar,) = made.traces
    np.testing.assert_array_equal(bar["y"], FETCH.savings()["total_ms"])
    full = [colour != theme.COLOURS["paper"] for colour in bar["marker"]["color"]]
    assert full == [False, False, False, False, True, False]
    assert [text.startswith("<b>") for text in bar["text"]] == full
    changes = drawn("savings", HOME).x["ticktext"]
    assert changes[0] == "none" and changes[1] == "+DNS<br>±0" and changes[2] == "+IP<br>−188*"
    assert "+IP<br>+9" in drawn("savings", HOME.replace(place="Delhi")).x["ticktext"]


@pytest.mark.parametrize(
    ("chain", "assumed"),
    [
        (HOME, True),
        (HOME.replace(place="Chennai"), True),
        (HOME.replace(place="Delhi"), False),
        (HOME.replace(transit_inflation=1.0), False),
        (HOME.replace(trips=MINE), False),
    ],
)
def test_what_ip_saves_by_a_fitted_factor_is_called_assumed(chain, assumed):
    made = drawn("savings", chain)
    assert ("*" in made.x["ticktext"][2]) == (made.notes[0]["text"] == "* assumed") == assumed
    assert ("fitted factor" in made.caption) == assumed
    plain = chain.replace(transit_inflation=1.0, chennai_detour=1.0)
    gone = chain.savings()["saved_ms"][2] - plain.savings()["saved_ms"][2]
    assert (gone > 1) == assumed


def test_the_cut_over_is_drawn_over_the_share_of_its_ttl_and_told_in_times():
    made, frame = drawn("cutover", EDGE), EDGE.cutover()
    new, *curves = made.traces
    for curve, column in zip(curves, ("mean_ms", "median_ms", "p99_ms"), strict=True):
        np.testing.assert_allclose(curve["x"], frame["since_s"] / 600)
        np.testing.assert_array_equal(curve["y"], frame[column])
    np.testing.assert_allclose(new["y"], EDGE.total_ms())
    assert curves[0]["fill"] == "tonexty", "what lies between mean and new way still goes home"
    assert curves[0]["text"][50] == "5 min after the move, 50 % still go home"
    assert made.x["ticktext"] == ["0", "2.5 min", "5 min", "7.5 min", "10 min", "12.5 min"]
    assert [word["text"] for word in made.notes] == ["median", "p99", "mean", "still go home"]
    assert [word["text"] for word in drawn("cutover", HOME).notes] == ["nothing has moved"]


def test_a_pinned_chain_is_drawn_beside_with_its_own_numbers():
    pinned = EDGE.replace(place="Delhi")
    bar = drawn("waterfall", FETCH, pinned).traces[-1]
    np.testing.assert_array_equal(bar["x"], pinned.waterfall()["ms"])
    np.testing.assert_array_equal(bar["base"], pinned.waterfall()["start_ms"])
    marks = drawn("savings", FETCH, pinned).traces[-1]
    np.testing.assert_array_equal(marks["y"], pinned.savings()["total_ms"])
    mean = drawn("cutover", FETCH, pinned).traces[-1]
    np.testing.assert_array_equal(mean["y"], pinned.cutover()["mean_ms"])
    np.testing.assert_allclose(mean["x"], pinned.cutover()["since_s"] / 600)
    for name in NAMES:
        names = [trace.get("name", "") for trace in drawn(name, FETCH, pinned).traces]
        assert sum("pinned" in each for each in names) == 1


@pytest.mark.parametrize(
    ("most", "end"), [(0.0, 1.0), (54, 60), (910, 1200), (91, 120), (5e3, 6e3)]
)
def test_an_axis_ends_at_a_round_number_beyond_the_longest_bar(most, end):
    assert end_ms(most) == pytest.approx(end)


def test_the_axes_stand_still_while_links_move():
    spans = {tuple(drawn("waterfall", HOME.move(n)).x["range"]) for n in range(6)}
    spans |= {tuple(drawn("waterfall", HOME.replace(place="Mumbai"), pinned=HOME).x["range"])}
    assert spans == {(0, 1200)}
    assert drawn("savings", HOME).y["range"] == drawn("cutover", HOME).y["range"]


@pytest.mark.parametrize("origin", ["pooled", "opened each time"])
@pytest.mark.parametrize("size", [10_000, 400_000])
def test_no_word_leaves_its_plot(size, origin):
    for place in ("Bay Area", "Delhi", "Mumbai"):
        for moved in range(6):
            chain = HOME.move(moved).replace(
                place=place, response_bytes=size, origin_connection=origin, dns_answer="nowhere"
            )
            made = drawn("waterfall", chain)
            for word in made.notes:
                # A character of 11 px is about 5.6 px wide, and the plot at least 400 px.
                room = len(word["text"]) * 5.6 / 400
                x = word["x"] / made.x["range"][1]
                assert x + room < 1.02 if word["xanchor"] == "left" else x - room > -0.02, word


@pytest.mark.parametrize("chain", [FETCH, FETCH.replace(trips=MINE)], ids=["London", "mine"])
@pytest.mark.parametrize("pinned", [None, HOME])
@pytest.mark.parametrize("name", NAMES)
def test_a_figure_tells_itself_and_the_line_that_makes_it(name, pinned, chain):
    figure = getattr(el.figures, name)(chain, pinned)
    about = figure.layout.meta
    assert set(about) == {"name", "title", "caption", "alt", "code"}
    assert ("London" in about["caption"]) == (chain.trips is None)
    assert about["caption"] in about["alt"] and "nan" not in about["alt"].lower()
    assert eval(about["code"], {"el": el}).to_json() == figure.to_json()


def test_captions_say_the_figures():
    assert "after 909 ms" in drawn("waterfall", HOME).caption
    assert "TCP 222" in drawn("savings", HOME).caption
    told = drawn("cutover", EDGE).caption
    assert "the median after 5 min, the p99 after 9.9 min" in told
    assert "DNS points home" in drawn("cutover", HOME).caption


def test_round_trips_by_hand_are_drawn():
    figure = el.figures.waterfall(HOME.move(4).replace(trips=MINE))
    # 8 + 12 + 12 + 137 + 1 + 2
    assert "after 172 ms" in figure.layout.meta["caption"]
    assert "round trips of 8, 4, 130 and 125 ms" in figure.layout.title.subtitle.text
    assert sum(figure.data[0].x) == pytest.approx(4 * 8)
    # 8 + 12 + 12 + 12 + 1
    assert el.figures.savings(HOME.replace(trips=MINE)).data[0].y[5] == pytest.approx(45)
