"""The plots of the edge cache: what they draw is in the frames, and they tell what they show."""

import numpy as np
import pytest

import edgelab as el
from edgelab.stage.plot import frame
from edgelab.topics.cache import plots as caching
from edgelab.topics.cache.closed_form import reads_by_life
from edgelab.topics.cache.model import EdgeCache

CACHE = el.EdgeCache(ttl_s=60.0)
OTHER = el.EdgeCache()
BOARD = ("p99_cliff", "cache_shares", "fetch_ratio", "origin_reads")


def drawn(name, cache=CACHE, pinned=None, at_rest=True):
    return getattr(el.figures, name).plot.drawn(cache, pinned, at_rest)


def dots(made):
    return [t for t in made.traces if caching.DRAWN in t.get("hovertemplate", "")]


def assert_is(trace, frame, x, y, least=0.0):
    """A trace is a frame's columns, but for what its axis has no room for."""
    np.testing.assert_array_equal(trace["x"], frame[x])
    wanted = frame[y].to_numpy(float)
    np.testing.assert_array_equal(trace["y"], np.where(wanted >= least, wanted, np.nan))
    assert np.isfinite(trace["y"]).any()


@pytest.mark.parametrize("name", [*BOARD, "cache_misses", "dilution", "outage"])
def test_each_tells_title_caption_alt_and_the_code_that_draws_it_again(name):
    figure = getattr(el.figures, name)(CACHE, pinned=OTHER)
    meta = figure.layout.meta
    assert meta["title"] in figure.layout.title.text
    assert CACHE.settings(getattr(el.figures, name).plot.untold)[1:] in meta["caption"]
    assert meta["caption"] in meta["alt"] and "nan" not in meta["alt"]
    assert meta["alt"].startswith(tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    assert eval(meta["code"], {"el": el}).to_json() == figure.to_json()
    for trace in figure.data:
        assert not np.isinf(np.asarray(trace.y, float)).any()


def test_shares_by_popularity_are_the_frames_and_have_their_words():
    cache = CACHE.replace(stale_while_revalidate_s=60.0)
    pinned, *traces, words = drawn("cache_shares", cache, OTHER).traces
    assert_is(pinned, OTHER.by_popularity(), "rank", "waited", caching.LEAST)
    rows, one_by_one = cache.by_popularity(), cache.drawn_by_popularity()
    for column, curve, circles in zip(caching.SHARES, traces[::2], traces[1::2], strict=True):
        wanted = np.where(rows[column] >= caching.LEAST, rows[column], np.nan)
        np.testing.assert_array_equal(curve["y"], wanted)
        np.testing.assert_array_equal(circles["x"], one_by_one["rank"])
        assert circles["marker"]["color"] == curve["line"]["color"]
    told = ["waits, pinned", "fresh", "stale at once"]
    assert words["text"] == told, "with stale copies hardly anybody waits"
    assert words["y"][0] == OTHER.by_popularity()["waited"].iloc[-1]
    looks = {(t["line"]["dash"], t["line"]["color"]) for t in (pinned, *traces[::2])}
    assert len(looks) == 4


def test_the_first_half_hour_is_drawn_and_what_lies_below_the_axis_is_said():
    made = drawn("fetch_ratio", CACHE, OTHER)
    for trace, cache in zip(made.traces[:2], (OTHER, CACHE), strict=True):
        rows = cache.through_match().query("minute <= 30")
        assert_is(trace, rows, "minute", "fetched", caching.LEAST)
    assert_is(dots(made)[0], CACHE.drawn_through_match(), "minute", "fetched", caching.LEAST)
    over, wicket = made.traces[-2:]
    assert len(over["x"]) > 4 and len(wicket["x"]) > 4 and max(over["x"]) <= 30
    assert made.notes == []
    calm = drawn("fetch_ratio", el.EdgeCache(ttl_s=60.0, stale_while_revalidate_s=60.0))
    assert [note["text"] for note in calm.notes] == ["less than 0.01 % at any time"]


def test_the_cliff_is_the_frame_with_the_present_ratio_marked():
    held_p50, held_p99, *_, p50, p99, here_p50, here_p99 = drawn("p99_cliff", CACHE, OTHER).traces
    for cache, curves in ((OTHER, (held_p50, held_p99)), (CACHE, (p50, p99))):
        for curve, column in zip(curves, ("p50_ms", "p99_ms"), strict=True):
            rows = cache.cliff()
            assert_is(curve, rows, "fetch_ratio", column)
    seen = CACHE.latency()
    for mark, column in ((here_p50, "p50_ms"), (here_p99, "p99_ms")):
        assert mark["x"] == pytest.approx([CACHE.fetch_ratio])
        assert mark["y"] == pytest.approx([seen[column]])
        assert mark["text"] == [f"{seen[column]:.0f} ms"]
    assert here_p50["marker"]["symbol"] != here_p99["marker"]["symbol"]


def test_what_never_comes_is_a_word():
    short = el.EdgeCache(ttl_s=2.0)
    made = drawn("p99_cliff", short)
    words = [text for trace in made.traces for text in trace.get("text", ())]
    assert "never" in words and "never" in made.caption
    assert made.traces[-1]["y"] < caching.FAR_MS[1]
    for trace in made.traces:
        assert not np.isinf(trace["y"]).any()


def test_misses_are_ches_and_those_replayed():
    made = drawn("cache_misses", CACHE, OTHER.replace(objects=100))
    pinned, curve, circles, here = made.traces
    assert_is(pinned, OTHER.replace(objects=100).misses(), "capacity_mb", "miss_share")
    assert_is(curve, CACHE.misses(), "capacity_mb", "miss_share")
    assert_is(circles, CACHE.misses("drawn"), "capacity_mb", "miss_share")
    assert here["x"] == [CACHE.capacity_mb]


def test_mumbais_reads_are_the_frame_and_the_squares_are_the_models():
    made = drawn("origin_reads", CACHE, OTHER)
    held, curve, was, here = made.traces
    for trace, cache in ((held, OTHER), (curve, CACHE)):
        assert_is(trace, reads_by_life(cache.life_settings), "ttl_s", "asked_per_s")
    for mark, cache in ((was, OTHER), (here, CACHE)):
        assert mark["x"] == [cache.ttl_s]
        assert mark["y"] == pytest.approx([cache.headline()["asked_per_s"]])
    assert here["text"] == [f"{CACHE.headline()['asked_per_s']:,.0f}"]
    (line,) = made.shapes
    assert line["y0"] == CACHE.origin_reads_per_s
    for ttl_s in (15.0, 12.0):  # a read more a second than it can answer, and none
        busy = CACHE.replace(ttl_s=ttl_s)
        over = busy.headline()["asked_per_s"] > busy.origin_reads_per_s
        assert over == busy.night().saturated
    writes_alone = CACHE.replace(origin_servers=1, origin_service_ms=50.0)
    assert "can answer 0." in drawn("origin_reads", writes_alone).caption
    moving = drawn("origin_reads", CACHE.replace(ttl_s=77.0, seed=12), at_rest=False)
    assert not len(moving.traces[0]["x"]) and len(moving.traces[-1]["x"]) == 1
    drawn("origin_reads", CACHE.replace(seed=12))
    moving = drawn("origin_reads", CACHE.replace(ttl_s=77.0, seed=12), at_rest=False)
    assert len(moving.traces[0]["x"]), "the curve is the same for every life"


def test_dilution_is_the_frame():
    direct, tier = drawn("dilution").traces
    assert_is(direct, CACHE.dilution(), "pops", "direct")
    assert_is(tier, CACHE.dilution(), "pops", "tier")
    assert direct["name"] != tier["name"] and direct["line"]["dash"] != tier["line"]["dash"]


def test_an_outage_lasts_five_minutes_and_an_empty_outcome_is_no_area():
    made = drawn("outage")
    assert [t["name"] for t in made.traces] == ["fresh", "waits for a fetch", "an error"]
    rows = CACHE.outage()
    for trace, column in zip(made.traces, ("fresh", "waited", "failed"), strict=True):
        assert_is(trace, rows, "minute", column)
    kept = drawn("outage", CACHE.replace(stale_if_error_s=600.0))
    assert "stale, instead of an error" in [t["name"] for t in kept.traces]
    assert kept.caption == "Nobody gets an error."
    assert [(note["x"], note["text"]) for note in made.notes] == [(5, "down"), (10, "up again")]


@pytest.mark.parametrize("name", [*BOARD[1:3], "cache_misses"])
def test_while_the_hand_moves_nothing_is_drawn_one_by_one_that_is_not_known(name):
    cache = CACHE.replace(ttl_s=73.0, seed=len(name))
    assert not any(len(trace["x"]) for trace in dots(drawn(name, cache, at_rest=False)))
    assert all(len(trace["x"]) for trace in dots(drawn(name, cache)))
    assert all(len(trace["x"]) for trace in dots(drawn(name, cache, at_rest=False)))


def test_with_a_tier_only_what_does_not_depend_on_it_is_drawn_one_by_one():
    tier = CACHE.replace(ask="continent")
    for name in ("cache_shares", "fetch_ratio"):
        assert not any(len(trace["x"]) for trace in dots(drawn(name, tier)))
    assert all(len(trace["x"]) for trace in dots(drawn("cache_misses", tier)))
    assert frame(EdgeCache.drawn_by_popularity, tier, wait=False) is None


def test_settings_name_every_knob_that_was_turned():
    text = el.EdgeCache(objects=100, coalescing="off", place="London").settings()
    assert text == ("seen from London, fresh for 300 s, 256 MB, 100 lists, Coalescing off")
    other = CACHE.replace(stale_while_revalidate_s=30.0, ask="continent").settings()
    assert (
        other
        == "seen from the Bay Area, fresh for 60 s, stale for 30 s more, 256 MB, asks its continent"
    )
    assert el.figures.dilution.plot.settings(CACHE, None).startswith("fresh for 60 s")
