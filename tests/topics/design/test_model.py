"""A design asks the pages' models and says what they say; costs are added up by hand."""

import numpy as np
import pytest

import edgelab as el
from edgelab.core import datasets
from edgelab.topics.design import goals
from edgelab.topics.design.goals import GOALS
from edgelab.topics.design.model import ENDPOINTS, PLACED

ARTICLE = el.Design()
LEGS = el.Design.three_legs()
CACHED = el.Design(panel="at the PoP, from cache", ttl_s=60.0, pops=100)


def test_a_report_has_every_goal_with_who_said_so():
    report = ARTICLE.report()
    assert list(report.index) == list(GOALS) and len(report) >= 15
    assert list(report.columns) == ["value", "target", "met", "model"]
    assert (report["met"] == (report["value"] <= report["target"])).all()
    for model in set(report["model"]) - {"regions", "prices.csv", "EdgeKV or EdgeCache"}:
        assert model in el.__all__
    missed = set(report.index[~report["met"]])
    assert missed == {
        "errors without the home region, %", "let through, times", "a dead PoP is seen, min",
    }  # fmt: skip


def test_goals_of_places_are_the_articles_figures_and_a_tenth():
    for place, figure in (("Delhi", 38), ("Singapore", 19), ("London", 22), ("Bay Area", 31)):
        assert GOALS[f"p99 {place}, ms"].target == pytest.approx(1.1 * figure)
    assert GOALS["origin busy, %"].target == 10
    assert GOALS["a dead PoP is seen, min"].target == 2


@pytest.mark.parametrize("design", [ARTICLE, LEGS, CACHED, ARTICLE.baseline()])
def test_each_figure_is_the_pages_own(design):
    found = design.report()["value"]
    pops = min(design._quiet.roads.pops, el.RateLimit().pops)
    limit = el.RateLimit(design=design.limiter, kv_delay_ms=design.kv_delay_ms, pops=pops).designs()
    assert found["let through, times"] == limit.loc[design.limiter, "through"]
    score = el.DurableObject(home=design.object_home, followers=design.followers)
    assert found["live score p99, ms"] == score.latency().loc["everyone", "read_p99_ms"]
    if design.panel == "at the PoP, from KV":
        kv = el.EdgeKV(pops=design.pops, kv_delay_ms=design.kv_delay_ms, copies=design.copies)
        assert found["staleness, s"] == pytest.approx(kv.seen_ms(by="viewers") / 1000, rel=1e-9)


def test_a_cache_decides_what_is_fetched():
    cache = el.EdgeCache(pops=100, ttl_s=60.0)
    fetched, asked = CACHED._quiet.fetched, CACHED._quiet.asked
    for place, share in zip(goals.PLACES, fetched, strict=False):
        assert share == cache.replace(place=place).fetch_ratio
    assert (fetched[-1], asked) == (cache.shares(True)["fetched"], cache.shares(True)["asked"])
    load = 466_666.67 * (asked + 0.001) * 0.002 / 32
    assert CACHED._seen.busy == pytest.approx(load, rel=1e-6)


def test_who_is_served_abroad_is_page_9s():
    frame = el.evidence.residency()
    share = (frame["nearest_abroad"] * frame["viewers"]).sum() / frame["viewers"].sum()
    assert ARTICLE.values(["served abroad, %"])["served abroad, %"] == pytest.approx(100 * share)
    old = ARTICLE.baseline().values(["served abroad, %"])["served abroad, %"]
    assert old == pytest.approx(100 * 4 / 28), "all four places abroad"


def test_page_9s_verdicts_are_in_place_and_others_are_not():
    examples = el.Endpoint.examples()
    assert ARTICLE.endpoints == {n: examples[n].verdict().way for n in ENDPOINTS.values()}
    assert goals.out_of_place(ARTICLE) == []
    assert goals.out_of_place(ARTICLE.replace(history_runs="at the PoP, from KV")) == [
        "transaction history"
    ]
    assert goals.out_of_place(ARTICLE.replace(cart_runs="all at home")) == ["cart"]


def test_the_bill_by_hand():
    usd = ARTICLE.costs()["usd"]
    requests = 28e6 / 60 * 4 * 3600
    assert usd["functions"] == pytest.approx(requests * (0.30 + 0.02) / 1e6)
    assert usd["KV"] == pytest.approx(requests * 0.5 / 1e6 + 480 * 10_000 * 5 / 1e6)
    assert usd["PoPs"] == 5 * 312
    assert usd["regions"] == pytest.approx(150 + 32 * 4 * 0.1)
    assert usd["log lines"] == pytest.approx((requests * 0.01 - 20e6) / 1e6 * 0.6)
    gb = requests * 20 / 1e6
    price = datasets.egress_prices()["first_usd_gb"]
    least, most = gb * price.min(), gb * price.max()
    assert least < usd["traffic"] < most
    assert usd["traffic"] == pytest.approx(gb * price["India"], rel=0.03), "24 of 28 are there"
    assert ARTICLE.values(["cost of the night, USD"])["cost of the night, USD"] == usd.sum()
    assert ARTICLE.costs().query("assumed").index.tolist() == ["PoPs", "regions"]


def test_what_is_not_used_costs_nothing():
    old = ARTICLE.baseline().costs()["usd"]
    assert not old[["functions", "PoPs", "KV", "limiter", "log lines"]].any()
    assert CACHED.costs().loc["KV", "usd"] == 0
    assert LEGS.costs().loc["regions", "usd"] == 4 * ARTICLE.costs().loc["regions", "usd"]
    assert ARTICLE.replace(primitive="process").costs().loc["functions", "assumed"]
    assert ARTICLE.replace(limiter="bucket per PoP").costs().loc["limiter", "usd"] == 0


def test_prices_say_which_are_assumed():
    table = datasets.prices()
    assert table["assumed"].sum() == 5
    assert (table.loc[table["assumed"], "source"] == "assumption").all()
    assert (table.loc[~table["assumed"], "source"] != "assumption").all()


def test_improvements_are_computed():
    frame = ARTICLE.compare()
    assert list(frame.index) == list(GOALS)
    row = frame.loc["p99 Bay Area, ms"]
    assert row["saved"] == pytest.approx(1 - row["now"] / row["before"])
    assert frame["before"].to_dict() == ARTICLE.baseline().report()["value"].to_dict()
    assert np.isnan(frame.loc["staleness, s", "saved"]), "there was none before"
    assert (ARTICLE.compare(ARTICLE)["saved"] == 0).all()
    with pytest.raises(TypeError, match="other: got"):
        ARTICLE.compare(el.CricStream())


def test_the_old_origin_has_the_same_night():
    busy = ARTICLE.replace(requests_per_viewer_min=2.0, wicket_at=99, bots=5)
    old = busy.baseline()
    assert (old.wicket_at, old.bots, old.requests_per_viewer_min) == (99, 5, 2.0)
    assert old.baseline() == old
    assert set(old.endpoints.values()) == {"all at home"}
    assert old._seen.busy == pytest.approx(0.6, abs=0.01)


def test_more_regions_make_nobody_slower_and_cost_more():
    before = None
    for count in (1, 2, 3, 4):
        now = ARTICLE.replace(regions=count, origin_fetch_ratio=0.02)
        p99 = np.array(now._seen.p99_ms)
        cost = now.values(["cost of the night, USD"])["cost of the night, USD"]
        if before:
            assert (p99 <= before[0] + 1e-6).all() and cost > before[1]
        before = p99, cost


def test_idle_knobs_move_no_goal():
    for design in (ARTICLE, CACHED, LEGS, ARTICLE.replace(regions=3, converge="quorum")):
        names = [name for name, goal in GOALS.items() if goal.cheap]
        usual = design.values(names)
        for name in design.idle():
            about = design.knobs()[name]
            for value in about.choices or (about.low, about.high):
                assert design.replace(**{name: value}).values(names) == usual, name


def test_sentences():
    assert "p99 is 30 ms, and the night costs 21,808 dollars" in ARTICLE.in_words()
    assert "1 region: Mumbai" in ARTICLE.settings() and "attack at 145" in ARTICLE.settings()
    assert "no event" in ARTICLE.replace(**dict.fromkeys(PLACED, 0)).settings()
    assert "p99 is never" in ARTICLE.replace(panel="all at home").in_words()
