"""The cache's panel: what its presets tell, and what follows when the hand is at rest."""

import asyncio

import numpy as np
import pytest

import edgelab as el
from edgelab.stage import panel as base
from edgelab.topics.cache import match
from edgelab.topics.cache import plots as caching
from edgelab.topics.cache.closed_form import audience
from page_text import answers, prose


@pytest.fixture(scope="module")
def panel():
    return el.panels.cache()


def one_by_one(panel):
    """How many points of each plot were drawn one by one."""
    return {
        name: sum(
            len(trace["x"])
            for trace in plot["data"]
            if caching.DRAWN in trace.get("hovertemplate", "")
        )
        for name, plot in panel.live.plots.items()
    }


def test_presets_tell_their_stories_whatever_was_pressed_before(panel):
    said = {}
    for name, button in panel.buttons.items():
        panel.buttons["A herd"].click()
        panel.buttons["A tier on each continent"].click()
        button.click()
        said[name] = panel.model.headline()
        panel.show(panel.start)
        button.click()
        assert said[name] == panel.model.headline()
    short, swr = said["A short life"], said["Serve stale, then refresh"]
    tier, herd = said["A tier on each continent"], said["A herd"]
    assert said["Barely warm"] == el.EdgeCache().headline()
    assert short["p99_ms"] > 200 > 50 > swr["p99_ms"]
    assert swr["asked_per_s"] == pytest.approx(short["asked_per_s"], rel=0.01)
    assert tier["asked_per_s"] < short["asked_per_s"] / 5
    assert said["A small store"]["p99_ms"] == float("inf")
    joined = panel.start.replace(objects=100, ttl_s=10.0).headline()
    assert herd["asked_per_s"] > 5 * joined["asked_per_s"]
    assert herd["fetched share"] == pytest.approx(joined["fetched share"])


def test_a_preset_keeps_the_place_from_which_one_looks(panel):
    panel.controls["place"].value = "Delhi"
    panel.buttons["A short life"].click()
    assert panel.model == el.EdgeCache(place="Delhi", ttl_s=60.0)


def test_in_a_loop_requests_are_drawn_once_the_hand_rests(panel):
    async def drag():
        for ttl_s in (100.0, 120.0, 150.0):
            panel.controls["ttl_s"].value = ttl_s
            await asyncio.sleep(0)
        moving = panel.below.value, one_by_one(panel)
        await asyncio.sleep(base.REST_S * 5)
        return moving

    text, points = asyncio.run(drag())
    assert "Drawing requests" in text
    assert points["cache_shares"] == points["fetch_ratio"] == 0
    assert "Drawn one by one" in panel.below.value
    at_rest = one_by_one(panel)
    assert all(at_rest[name] for name in ("cache_shares", "fetch_ratio"))


def test_with_a_tier_nothing_is_claimed_to_be_drawn(panel):
    panel.controls["ask"].value = "continent"
    assert "formulas only" in panel.below.value
    points = one_by_one(panel)
    assert points["cache_shares"] == points["fetch_ratio"] == 0


def test_the_deck_has_two_plots_more_than_the_board(panel):
    names = [figure.layout.meta["name"] for figure in panel.slides()[1:]]
    assert names == [*panel.live.plots, "cache_misses", "dilution"]


def test_the_printed_formulas_give_what_the_screen_shows(panel):
    """Plain Python from the knobs: waits, fresh and asked of a list, and the mean over all."""
    rank = np.arange(1, panel.model.objects + 1)
    popular = rank**-panel.model.zipf_exponent
    popular /= popular.sum()
    times = match.demand(panel.model.surge, panel.model.seed)[1]
    d = 0.2237  # seconds, as the page prints it: San Jose's round trip and Mumbai's time

    def waits(rate, T, S):
        return (1 + rate * d if S == 0 else np.exp(-rate * (S - d))) / (1 + rate * T)

    for T, S in ((300.0, 0.0), (60.0, 0.0), (60.0, 10.0), (300.0, 1.0)):
        panel.show(panel.start.replace(ttl_s=T, stale_while_revalidate_s=S))
        seen = panel.model.by_popularity()
        rate = seen["requests_per_s"]
        np.testing.assert_allclose(seen["waited"], waits(rate, T, S), rtol=1e-3, atol=1e-12)
        np.testing.assert_allclose(seen["fresh"], rate * (T - d) / (1 + rate * T), rtol=1e-4)
        each = 8333.333 * times[:, None] * popular
        mean = (times * (popular * waits(each, T, S)).sum(axis=1)).sum() / times.sum()
        assert panel.model.fetch_ratio == pytest.approx(mean, rel=0.005)
        by_pop = panel.model.by_pop().loc["San Jose"]
        asked = (times * (popular / (1 + each * T)).sum(axis=1)).sum() / times.sum()
        assert by_pop["asked"] == pytest.approx(asked, rel=0.005)
    # The example of the page: the ends of the curve, and the ratio.
    panel.show(panel.start)
    caption = el.figures.cache_shares(panel.model).layout.meta["caption"]
    first, last = waits(531.2, 300, 0), waits(0.1334, 300, 0)
    assert (
        f"popular list {100 * first:.2f} % wait, for the least popular {100 * last:.2f} %."
        in caption
    )
    assert f"{first:.2%} {last:.1%}" == "0.08% 2.5%"
    assert "0.47 % of the requests wait" in panel.words.value
    printed = 1 + 531.2 * d, 1 + 531.2 * 300, 1 + 0.1334 * d, 1 + 0.1334 * 300
    assert [f"{x:.4g}" for x in printed] == ["119.8", "1.594e+05", "1.03", "41.02"]


def test_the_answers_say_what_the_presets_show(panel):
    jump, lowest, stale, tier, small, herd = answers(5)
    at = {ttl_s: panel.start.replace(ttl_s=ttl_s) for ttl_s in (150.0, 120.0)}
    before, after = (each.latency()["p99_ms"] for each in at.values())
    assert f"from {before:.0f} to {after:.0f} ms" in jump
    ratios = [f"{100 * each.fetch_ratio:.2g}" for each in at.values()]
    assert "({}, then {} %)".format(*ratios) in jump
    said = {name: make(panel.start) for name, make in panel.presets.items()}
    run = said["A short life"].through_match()["fetched"]
    assert f"between {100 * run.min():.1f} and {100 * run.max():.1f} %" in lowest
    reads = {name: f"{each.headline()['asked_per_s']:,.0f}" for name, each in said.items()}
    assert f"same {reads['A short life']} reads" in stale
    assert reads["Serve stale, then refresh"] == reads["A short life"]
    behind = said["A tier on each continent"]
    assert f"{reads['A tier on each continent']} reads instead of {reads['A short life']}" in tier
    shares = behind.shares()
    assert f"{shares['near']:.2%}".replace("%", " %") in tier
    assert f"{100 * shares['fetched']:.1f} % still" in tier
    who = audience(312)
    assert behind.busiest_city() == "San Jose" and who.tier_ms[behind.busiest] == 0
    lists = said["A small store"].by_popularity()["waited"]
    assert f"{lists.iloc[0]:.2%}".replace("%", " %") in small
    assert f"{100 * lists.iloc[-1]:.0f} %" in small
    longer = said["A small store"].replace(ttl_s=3600.0).headline()["asked_per_s"]
    assert longer == pytest.approx(said["A small store"].headline()["asked_per_s"], rel=1e-3)
    joined = said["A herd"].replace(coalescing="on").headline()["asked_per_s"]
    assert f"from {reads['A herd']} to {joined:.0f} a second" in herd


def test_the_other_printed_numbers_are_the_models(panel):
    page, cache = prose(5), panel.start
    assert f"they can do {cache.origin_reads_per_s:,.0f} reads a second" in page
    assert f"gets {cache.by_pop().loc['San Jose', 'requests_per_s']:,.0f} requests" in page
    rows = cache.dilution().set_index("pops")
    assert f"tonight {rows.loc[312, 'in_use']:.0f} of the 312" in page
    assert rows.loc[312, "direct"] == pytest.approx(26 * rows.loc[1, "direct"], rel=0.02)
    alone = cache.replace(coalescing="off").shares()
    assert alone["asked"] == pytest.approx(alone["fetched"])
    down = cache.replace(ttl_s=60.0, stale_if_error_s=180.0).outage().set_index("minute")
    assert (down.loc[5.1:7.5, "failed"] == 0).all() and (down.loc[9.1:9.9, "failed"] == 1).all()
    assert down.loc[10.9:11.2, "waited"].max() > 0.1 > down.loc[10.5:11.0, "waited"].max()
