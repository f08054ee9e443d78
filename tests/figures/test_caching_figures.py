"""The figures of the edge cache: what they draw is in the frames, and they tell what they show."""

import numpy as np
import pytest

import edgelab as el
from edgelab.figures import caching

CACHE = el.EdgeCache(ttl_s=60.0)


def singles():
    other = el.EdgeCache().cliff()
    return [
        el.figures.p99_cliff(CACHE.cliff(), pinned=other),
        el.figures.cache_shares(CACHE.by_popularity()),
        el.figures.fetch_ratio(CACHE.through_match()),
        el.figures.cache_misses(CACHE.misses()),
        el.figures.dilution(CACHE.dilution()),
        el.figures.outage(CACHE.outage(minutes=0.5)),
    ]


@pytest.mark.parametrize("figure", singles(), ids=lambda f: f.layout.meta["name"])
def test_each_tells_title_caption_alt_and_the_code_that_draws_it_again(figure):
    meta = figure.layout.meta
    assert meta["title"] in figure.layout.title.text
    assert "seen from Bay Area, fresh for 60 s" in meta["caption"]
    assert meta["alt"].startswith(tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    again = eval(meta["code"], {"el": el})
    for a, b in zip(again.data, figure.data, strict=True):
        np.testing.assert_array_equal(np.asarray(a.y, float), np.asarray(b.y, float))


def test_the_combined_figure_draws_what_the_panel_does():
    figure = el.figures.edge_cache(CACHE)
    assert figure.layout.meta["caption"] == CACHE.in_words()
    parts = {trace.xaxis for trace in figure.data}
    assert parts == {"x", "x2", "x3", "x4"}
    assert len(figure.data) == len(el.figures.edge_cache(CACHE, pinned=el.EdgeCache()).data)


def test_what_never_comes_is_a_word():
    short = el.EdgeCache(ttl_s=2.0)
    words = [text for t in caching._cliff(short.cliff(), None) for text in t.get("text") or ()]
    assert "never" in words
    figure = el.figures.p99_cliff(short.cliff())
    assert "never" in figure.layout.meta["caption"]
    for trace in figure.data:
        assert not np.isinf(np.asarray(trace.y, float)).any()


def test_what_lies_below_the_axis_is_said():
    calm = el.EdgeCache(ttl_s=60.0, stale_while_revalidate_s=60.0)
    texts = [note["text"] for note in caching.layout(calm)["annotations"]]
    assert "less than 0.01 % at any time" in texts
    assert len(texts) == len(caching.layout(CACHE)["annotations"])


def test_settings_name_every_knob_that_was_turned():
    text = caching.settings(el.EdgeCache(objects=100, coalescing="off"))
    assert "Different lists 100 lists" in text and "Coalescing off" in text


def test_an_empty_outcome_is_no_area():
    names = [trace.name for trace in el.figures.outage(CACHE.outage(minutes=0.5)).data]
    assert names == ["fresh", "waits for a fetch", "an error"]
