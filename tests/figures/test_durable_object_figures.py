"""A durable object's figures draw what the frames say."""

import numpy as np
import plotly.graph_objects as go
import pytest

import edgelab as el
from edgelab.figures import drawing, theme
from edgelab.figures import durable_object as figures
from edgelab.models.durable_object import AROUND

MATCH = el.DurableObject()
FAR = MATCH.replace(home="Geneva", audience="India", followers=2, followers_at=AROUND)
BUSY = el.DurableObject.order_matching()
LOCK = MATCH.replace(followers=311, followers_at=AROUND)


def on(thing, part, pinned=None):
    made = figures.traces(
        figures.ObjectFrames.of(thing), pinned and figures.ObjectFrames.of(pinned)
    )
    return [t for t in made if t["xaxis"] == f"x{drawing.axis_of(figures.PARTS, part)}"]


def test_marks_stand_at_the_frames_times():
    marks = on(MATCH, "by_place")[1:4]
    frame = MATCH.latency().loc[list(figures.ROWS)]
    for trace, level in zip(marks, figures.LEVELS, strict=True):
        np.testing.assert_array_equal(trace["x"], frame[level])


def test_what_never_comes_has_no_mark_and_a_word():
    line, rtt, read, write, words = on(BUSY, "by_place")[:5]
    assert np.isfinite(rtt["x"]).all()
    assert np.isnan(read["x"]).all() and np.isnan(write["x"]).all()
    assert set(words["text"]) == {"never ▶"} and np.nanmax(line["x"]) == figures.LAST_MS
    texts = [note["text"] for note in figures.layout(BUSY)["annotations"]]
    assert any("never empties" in text for text in texts)


def test_the_map_shows_places_followers_and_home():
    for part in ("map", "india"):
        _, followers, places, home = on(FAR, part)
        assert len(followers["x"]) == 2 and len(places["x"]) == 72
        np.testing.assert_allclose(
            [home["x"][0], home["y"][0]], FAR.sites()[["lon", "lat"]].iloc[0]
        )
        rtt = FAR.latency().loc["Mumbai", "rtt_ms"]
        assert places["text"][0] == f"Mumbai: {rtt:.0f} ms"


@pytest.mark.parametrize("thing", [MATCH, FAR, LOCK])
def test_every_home_is_a_dot_and_four_have_a_role(thing):
    dots, marks, pin = on(thing, "homes")
    frame = thing.homes()
    assert len(dots["x"]) == 312 and len(marks["x"]) == 4 and len(pin["x"]) == 0
    assert marks["x"][0] == frame.loc[thing.home, "mean_ms"]
    assert marks["x"][2] == frame["mean_ms"].min() and marks["y"][3] == frame["p99_ms"].min()
    # No home lies where the roles are written: a p99 is no less than its mean.
    left, top = 150, 170
    assert not ((frame["mean_ms"] > left) & (frame["p99_ms"] < top)).any()


def test_majorities_end_at_the_numbers_that_are_written_there():
    lines = on(MATCH, "quorum")[:4]
    last = MATCH.quorum().iloc[-1]
    for trace, (column, *_) in zip(lines, figures.CURVES, strict=True):
        assert trace["y"][-1] == last[column] and len(trace["x"]) == 312
    assert len({trace["line"]["dash"] for trace in lines}) == 4
    own = on(LOCK, "quorum")[4]
    assert own["x"].tolist() == [312] and own["y"].tolist() == [LOCK.safe_ms]
    written = " ".join(note["text"] for note in figures.layout(MATCH)["annotations"])
    assert f"majority, best: {last['majority_ms']:.0f}" in written


@pytest.mark.parametrize("thing", [MATCH, FAR, BUSY, LOCK, MATCH.replace(home="Sydney")])
def test_names_of_curves_keep_their_distance(thing):
    notes = figures._ends(thing.quorum(), "x", "y", 11)
    heights = sorted(note["y"] for note in notes)
    assert min(np.diff(heights)) >= 20


def test_the_numbers_of_traces_and_notes_never_change():
    every = [figures.traces(figures.ObjectFrames.of(x)) for x in (MATCH, FAR, BUSY, LOCK)]
    every.append(
        figures.traces(figures.ObjectFrames.of(MATCH), figures.ObjectFrames.of(FAR)),
    )
    assert len({len(traces) for traces in every}) == 1
    layouts = [figures.layout(MATCH), figures.layout(BUSY), figures.layout(FAR, MATCH)]
    assert len({len(layout["annotations"]) for layout in layouts}) == 1


def test_a_pinned_object_is_drawn_beside():
    made = on(MATCH, "homes", FAR)
    assert made[2]["x"].tolist() == [FAR.homes().loc["Geneva", "mean_ms"]]
    assert len(on(MATCH, "quorum", FAR)[5]["x"]) == 1
    frame = FAR.latency().loc[list(figures.ROWS), "rtt_ms"]
    np.testing.assert_array_equal(on(MATCH, "by_place", FAR)[6]["x"], frame)


def test_lost_writes_are_the_frames():
    frame = MATCH.designs(3)
    lost, twice = el.figures.lost_writes(frame).data
    np.testing.assert_allclose(lost["x"], frame["lost"] / frame["acknowledged"])
    np.testing.assert_allclose(twice["x"], frame["twice"] / frame["acknowledged"])
    assert twice["marker"]["pattern"]["shape"]
    assert f"{frame['lost'].iloc[-1]} lost" in twice["text"][-1]


SINGLE = {
    "round_trips": lambda t, p: el.figures.round_trips(t.latency(), t.sites()),
    "object_latency": lambda t, p: el.figures.object_latency(t.latency(), p and p.latency()),
    "home_choice": lambda t, p: el.figures.home_choice(t.homes(), p and p.homes()),
    "majorities": lambda t, p: el.figures.majorities(t.quorum(), p and p.quorum()),
    "lost_writes": lambda t, p: el.figures.lost_writes(t.designs(2)),
}


@pytest.mark.parametrize("pinned", [None, FAR], ids=["alone", "pinned"])
@pytest.mark.parametrize("thing", [MATCH, BUSY, FAR], ids=["match", "busy", "far"])
@pytest.mark.parametrize("name", SINGLE)
def test_a_single_figure_tells_itself_and_its_code_draws_it_again(name, thing, pinned):
    figure = SINGLE[name](thing, pinned)
    assert isinstance(figure, go.Figure)
    assert figure.layout.paper_bgcolor == theme.COLOURS["paper"]
    meta = figure.layout.meta
    assert meta["name"] == name and meta["title"] and meta["alt"]
    assert "nan" not in meta["caption"] and meta["caption"].endswith(".")
    # Each object's settings are told once.
    assert meta["caption"].count("Now:") == 1 and "Sites:" not in meta["caption"]
    again = eval(meta["code"], {"el": el})
    assert again.to_json() == figure.to_json()
