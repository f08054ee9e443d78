"""A durable object's plots draw what the frames say."""

import numpy as np
import plotly.graph_objects as go
import pytest

import edgelab as el
from edgelab.stage import theme
from edgelab.topics.durable_object import plots as figures
from edgelab.topics.durable_object.losses import impossible_reads
from edgelab.topics.durable_object.model import AROUND

MATCH = el.DurableObject()
FAR = MATCH.replace(home="Geneva", audience="India", followers=2, followers_at=AROUND)
BUSY = el.DurableObject.order_matching()
LOCK = MATCH.replace(followers=311, followers_at=AROUND)
PLOTS = {
    name: getattr(el.figures, name)
    for name in (
        "object_latency",
        "round_trips",
        "home_choice",
        "majorities",
        "lost_writes",
        "wait_by_load",
        "failed_history",
    )
}


def drawn(name, thing, pinned=None):
    return PLOTS[name].plot.drawn(thing, pinned, True)


def test_marks_stand_at_the_frames_times():
    made = drawn("object_latency", MATCH)
    frame = MATCH.latency().loc[list(figures.ROWS)]
    for trace, level in zip(made.traces[1:4], figures.LEVELS, strict=True):
        np.testing.assert_array_equal(trace["x"], frame[level])
    assert made.traces[4]["text"] == [f"{v:.0f}" for v in frame["write_p99_ms"]]
    assert made.notes == []
    assert f"a read takes up to {frame.loc['Bay Area', 'read_p99_ms']:.0f} ms" in made.caption


def test_what_never_comes_has_no_mark_and_a_word():
    made = drawn("object_latency", BUSY)
    line, rtt, read, write, words = made.traces
    assert np.isfinite(rtt["x"]).all()
    assert np.isnan(read["x"]).all() and np.isnan(write["x"]).all()
    assert set(words["text"]) == {"never ▶"} and np.nanmax(line["x"]) == figures.LAST_MS
    assert [note["text"] for note in made.notes] == ["its queue never empties: no time is true"]
    assert made.caption == "Its queue never empties: no time is true."


def test_the_maps_show_places_followers_and_home():
    made = drawn("round_trips", FAR)
    world, india = made.traces[:4], made.traces[4:]
    _, places, followers, home = world
    assert len(followers["x"]) == 2 and len(places["x"]) == 72
    np.testing.assert_allclose([home["x"][0], home["y"][0]], FAR.sites()[["lon", "lat"]].iloc[0])
    assert home["marker"]["symbol"] == "star" and "home: Geneva" in home["hovertemplate"]
    rtt = FAR.latency().loc["Mumbai", "rtt_ms"]
    assert places["text"][0] == f"Mumbai: {rtt:.0f} ms"
    assert len(india[3]["x"]) == 0
    for all_, some in zip(world[1:3], india[1:3], strict=True):
        inside = (abs(all_["x"] - 79) < 14) & (abs(all_["y"] - 21.25) < 16.25)
        np.testing.assert_array_equal(some["x"], all_["x"][inside])
        np.testing.assert_array_equal(some["text"], np.array(all_["text"])[inside])
    assert {trace["xaxis"] for trace in india} == {"x2"}
    assert made.title == "Round trips to Geneva ★, △ copies"
    rtt = FAR.latency().query("kind == 'place'")["rtt_ms"]
    assert f"{rtt.max():.0f} from {rtt.idxmax()}." in made.caption


@pytest.mark.parametrize("thing", [MATCH, FAR, LOCK])
def test_every_home_is_a_dot_and_four_have_a_role(thing):
    made = drawn("home_choice", thing)
    dots, home, stadium, mean, p99 = made.traces
    frame = thing.homes()
    np.testing.assert_array_equal(dots["x"], frame["mean_ms"])
    np.testing.assert_array_equal(dots["y"], frame["p99_ms"])
    assert len(frame) == 312
    for mark, name in ((home, thing.home), (stadium, thing.stadium)):
        assert [mark["x"][0], mark["y"][0]] == frame.loc[name, ["mean_ms", "p99_ms"]].tolist()
        assert name in mark["hovertemplate"]
    assert mean["x"][0] == frame["mean_ms"].min() and p99["y"][0] == frame["p99_ms"].min()
    assert len({mark["marker"]["symbol"] for mark in (home, stadium, mean, p99)}) == 4
    assert f"home: {thing.home}, {home['x'][0]:.0f} and {home['y'][0]:.0f}" in made.notes[0]["text"]
    # No home lies where the roles are written: a p99 is no less than its mean.
    left, top = 150, 170
    assert not ((frame["mean_ms"] > left) & (frame["p99_ms"] < top)).any()
    assert max(note["y"] for note in made.notes) < top


def test_majorities_end_at_the_numbers_that_are_written_there():
    made = drawn("majorities", MATCH)
    frame = MATCH.quorum()
    for trace, (column, *_) in zip(made.traces[:4], figures.CURVES, strict=True):
        np.testing.assert_array_equal(trace["x"], frame["regions"])
        np.testing.assert_array_equal(trace["y"], frame[column])
    assert len({trace["line"]["dash"] for trace in made.traces[:4]}) == 4
    for thing in (MATCH, LOCK, MATCH.replace(followers=0)):
        own = drawn("majorities", thing).traces[4]
        row = thing.quorum().dropna(subset="safe_ms")
        assert own["x"].tolist() == row["regions"].tolist() == [thing.followers + 1]
        assert own["y"].tolist() == row["safe_ms"].tolist()
    written = " ".join(note["text"] for note in made.notes)
    assert f"majority, best: {frame['majority_ms'].iloc[-1]:.0f}" in written


@pytest.mark.parametrize("thing", [MATCH, FAR, BUSY, LOCK, MATCH.replace(home="Sydney")])
def test_names_of_curves_keep_their_distance(thing):
    heights = sorted(note["y"] for note in drawn("majorities", thing).notes)
    assert len(heights) == 4 and min(np.diff(heights)) >= 20


def test_a_pinned_object_is_drawn_beside():
    pin = drawn("home_choice", MATCH, FAR).traces[-1]
    assert pin["x"].tolist() == [FAR.homes().loc["Geneva", "mean_ms"]]
    pin = drawn("majorities", MATCH, FAR).traces[-1]
    assert (pin["x"].tolist(), pin["y"].tolist()) == ([3], [FAR.safe_ms])
    made = drawn("object_latency", MATCH, FAR).traces
    frame = FAR.latency().loc[list(figures.ROWS), "rtt_ms"]
    np.testing.assert_array_equal(made[6]["x"], frame)
    assert [trace["name"] for trace in made if trace["showlegend"]] == ["now", "pinned"]
    for name in ("home_choice", "majorities"):
        assert len(drawn(name, MATCH).traces) == len(drawn(name, MATCH, FAR).traces) - 1
    assert not any(trace["showlegend"] for trace in drawn("object_latency", MATCH).traces)


def test_the_wait_is_the_queues_and_the_marks_are_the_objects():
    for thing in (MATCH, MATCH.replace(service_ms=2.0)):
        mean, here, p99, here_p99 = drawn("wait_by_load", thing).traces
        rate = mean["x"]
        np.testing.assert_allclose(mean["y"], 1 / (1 / thing.service_ms - rate / 1000))
        np.testing.assert_allclose(p99["y"], -mean["y"] * np.log(0.01))
        assert (here["x"][0], here["y"][0]) == (thing.requests_per_s, thing.at_object_ms)
        assert here_p99["y"][0] == pytest.approx(4.605 * thing.at_object_ms, rel=1e-3)
        assert here["marker"]["symbol"] != here_p99["marker"]["symbol"]
    busy = drawn("wait_by_load", BUSY)
    assert len(busy.traces) == 2 and "never empties" in busy.caption


def test_a_pinned_object_has_no_words_of_its_own():
    pinned = drawn("object_latency", MATCH, FAR).traces
    assert sum(trace["mode"] == "text" for trace in pinned) == 1


def test_an_impossible_read_is_one_that_the_search_refuses_too():
    quick = MATCH.replace(acknowledge="at once")
    found = 0
    for seed in range(30):
        history = quick.run(seed=seed).history
        bad = impossible_reads(history)
        assert not (len(bad) and el.linearisable(history)), "the search for an order is the oracle"
        for row in bad.itertuples():
            adds = history[history["kind"] == "add"]
            before = (adds["returned_ms"] < row.invoked_ms).sum()
            begun = (adds["invoked_ms"] <= row.returned_ms).sum()
            assert (row.least, row.most) == (before, begun)
            assert row.value < before or row.value > begun
        found += len(bad) > 0
    assert found > 5
    assert not any(len(impossible_reads(MATCH.run(seed=seed).history)) for seed in range(30))


def test_a_failed_history_is_drawn_with_the_read_that_is_wrong():
    quick = MATCH.replace(acknowledge="at once")
    made = drawn("failed_history", quick)
    adds, reads, bad = made.traces
    runs = (quick.run(seed=quick.seed + k) for k in range(figures.HISTORIES))
    run = next(run for run in runs if len(impossible_reads(run.history)))
    history = run.history
    assert made.shapes[0]["x0"] == made.notes[-1]["x"] == run.dies_ms / 1000
    lives = drawn("failed_history", quick.replace(home_dies="not"))
    assert lives.shapes == lives.notes == []
    assert sum(len(trace["x"]) for trace in made.traces) == len(history)
    wrong = impossible_reads(history)
    np.testing.assert_array_equal(bad["base"], wrong["invoked_ms"] / 1000)
    np.testing.assert_array_equal(bad["y"], wrong["client"])
    assert len({trace["marker"]["pattern"]["shape"] for trace in (adds, reads, bad)}) == 3
    first = wrong.iloc[0]
    assert f"reads {first['value']:.0f}; only {first['least']:.0f} to" in made.title
    assert made.notes[0]["text"] == f"<b>{first['value']:.0f}</b>"
    assert "No read" in drawn("failed_history", MATCH).caption


def test_lost_writes_are_the_frames():
    made = drawn("lost_writes", MATCH)
    frame = MATCH.designs(figures.HISTORIES)
    lost, twice = made.traces
    np.testing.assert_array_equal(lost["x"], frame["lost"] / frame["acknowledged"])
    np.testing.assert_array_equal(twice["x"], frame["twice"] / frame["acknowledged"])
    assert lost["x"].any() and twice["x"].any()
    assert twice["marker"]["pattern"]["shape"]
    assert f"{frame['lost'].iloc[-1]} lost" in twice["text"][-1]
    assert f"{figures.HISTORIES} histories" in made.title


@pytest.mark.parametrize("pinned", [None, FAR], ids=["alone", "pinned"])
@pytest.mark.parametrize("thing", [MATCH, BUSY, FAR], ids=["match", "busy", "far"])
@pytest.mark.parametrize("name", PLOTS)
def test_each_plot_is_made_alone_and_as_a_slide(name, thing, pinned):
    figure = PLOTS[name](thing, pinned)
    assert isinstance(figure, go.Figure)
    meta = figure.layout.meta
    assert len(meta["title"]) <= theme.TITLE_CHARACTERS and meta["alt"]
    assert "nan" not in meta["caption"] and meta["caption"].endswith(".")
    assert f"Home {thing.home}, " in meta["caption"]
    assert eval(meta["code"], {"el": el}) == figure
    assert theme.slide(figure).layout.width == 960
