"""The night minute by minute, against sums made by hand and the pages' own models."""

import numpy as np
import pytest

import edgelab as el
from edgelab.topics.design import goals, night
from edgelab.topics.design.night import EVENTS, MINUTES
from edgelab.world import geo

ARTICLE = el.Design()
EACH = ARTICLE.replace(rule="2 windows, each")
LEGS = el.Design.three_legs()


def test_a_quiet_night_is_the_same_in_every_minute():
    frame = ARTICLE.night([])
    assert len(frame) == MINUTES == 240
    assert len(frame.drop_duplicates()) == 1 and not frame["alert"].any()
    row = frame.iloc[0]
    assert row["p99_ms"] == max(ARTICLE._seen.p99_ms)
    assert row["stale_s"] == ARTICLE.stale_s()
    assert row["origin_busy"] == pytest.approx(2.8 / 32)
    assert row["errors"] == 0


def test_a_dead_pop_costs_its_share_until_it_is_seen():
    frame = EACH.night([("PoP lost", 50, 30)])
    share = 1e6 / 28e6  # Singapore's viewers, all of them at this PoP
    seen = int(EACH.values(["a dead PoP is seen, min"])["a dead PoP is seen, min"])
    assert 1 <= seen <= 2
    before, after = frame.loc[50 : 49 + seen], frame.loc[50 + seen : 79]
    np.testing.assert_allclose(before["errors"], share, rtol=1e-9)
    assert (
        np.isinf(before["Singapore p99_ms"]).all() and (before["worst_place"] == "Singapore").all()
    )
    assert (after["errors"] == 0).all() and after["alert"].all()
    later, usual = after["Singapore p99_ms"].iloc[0], frame["Singapore p99_ms"].iloc[0]
    assert usual < later < usual + 40
    assert frame.loc[80:].drop(columns="events").drop_duplicates().shape[0] == 1


def test_the_time_until_it_is_seen_is_page_10s():
    share = 1e6 / 28e6
    for design in (ARTICLE, EACH, LEGS.replace(burn=6.0)):
        fleet = el.Fleet(bad_share=share, rule=design.rule, burn=design.burn, nights=night.NIGHTS)
        ours = design.values(["a dead PoP is seen, min"])["a dead PoP is seen, min"]
        assert ours == fleet.chosen["detect_min"]
    exact = el.Fleet(bad_share=share).alerts().loc[0, "fires_after_h"]
    assert ARTICLE.values(["a dead PoP is seen, min"])["a dead PoP is seen, min"] == pytest.approx(
        60 * exact, abs=1.5
    )


def test_a_lost_region_of_one_ages_the_lists_and_loses_what_would_be_fetched():
    frame = ARTICLE.night([("region lost", 10, 20)])
    during = frame.loc[10:29]
    usual = ARTICLE.stale_s()
    np.testing.assert_allclose(during["stale_s"], usual + 60 * np.arange(1, 21))
    np.testing.assert_allclose(during["errors"], ARTICLE.origin_fetch_ratio + ARTICLE.write_share)
    assert np.isinf(during["origin_busy"]).all()
    assert frame.loc[30, "stale_s"] == usual


def test_other_regions_take_over():
    frame = LEGS.night([("region lost", 10, 20)])
    assert (frame["errors"] == 0).all() and (frame["stale_s"] == LEGS.stale_s()).all()
    assert frame.loc[10, "origin_busy"] > frame.loc[9, "origin_busy"]
    quorum = LEGS.replace(regions=2, converge="quorum")
    lost = quorum.night([("region lost", 10, 20)]).loc[10]
    assert lost["errors"] > 0, "one of two is no majority"


def test_a_few_servers_are_too_few_for_those_that_are_left():
    tight = LEGS.replace(origin_servers=2, origin_fetch_ratio=0.01)
    row = tight.night([("region lost", 10, 1)]).loc[10]
    assert row["origin_busy"] > 1
    refused = (0.01 + 0.001) * (1 - 1 / row["origin_busy"])
    assert row["errors"] == pytest.approx(refused)


def test_an_attacks_load_is_what_the_limiter_lets_through():
    frame = ARTICLE.night([("attack", 10, 5)])
    limit = el.RateLimit()
    through = limit.designs().loc[limit.design, "admitted"] / limit.attack_s
    exact = limit.limit / limit.attack_s
    more = 1000 * exact * limit.designs().loc[limit.design, "through"] * 0.002 / 32
    assert frame.loc[10, "origin_busy"] == pytest.approx(frame.loc[9, "origin_busy"] + more)
    assert exact * limit.designs().loc[limit.design, "through"] == pytest.approx(through, rel=0.02)
    assert ARTICLE.replace(bots=0).night([("attack", 10, 5)])["origin_busy"].nunique() == 1


def test_a_wicket_brings_page_5s_surge():
    s = (np.arange(600_000) + 0.5) / 10_000  # seconds of a minute
    for since in (0, 1, 2):
        wanted = 1 + 3 * np.exp(-(60 * since + s) / 30).mean()
        assert night.surge(since) == pytest.approx(wanted, rel=1e-6)
    frame = ARTICLE.night([("wicket", 10)])
    busy = frame["origin_busy"]
    assert busy[10] / busy[9] == pytest.approx(night.surge(0))
    assert busy[9] == busy[13]


def test_rebalancing_ages_the_kv_and_not_the_cache():
    event = [("rebalancing", 10, 5)]
    most = el.EdgeKV.knobs()["rebalancing_share"].high
    wanted = el.EdgeKV(rebalancing_share=most).seen_ms(by="viewers") / 1000
    assert ARTICLE.night(event).loc[10, "stale_s"] == pytest.approx(wanted, rel=1e-9)
    cache = ARTICLE.replace(panel="at the PoP, from cache")
    assert cache.night(event)["stale_s"].unique().tolist() == [300.0]


def test_a_bad_release_is_taken_back_when_it_is_seen():
    frame = EACH.night([("bad release", 10, 30)])
    wrong = frame["errors"] > 0
    assert wrong.sum() == frame["alert"].to_numpy().argmax() - 10
    assert frame.loc[10, "errors"] == pytest.approx(EACH.version_share)
    assert ARTICLE.night([("bad release", 10, 30)])["errors"].sum() > frame["errors"].sum()


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1, 0.5])
def test_a_bad_release_is_seen_when_page_10s_formula_says(share):
    usual, least = el.Fleet().usual_errors, el.Fleet().burn * el.Fleet().budget
    wanted = 60 * (least - usual) / (share * (1 - usual))
    frame = ARTICLE.replace(version_share=share).night([("bad release", 10, 100)])
    assert frame["errors"].max() == pytest.approx(share)
    assert (frame["errors"] > 0).sum() == pytest.approx(wanted, abs=1.01)


def test_an_old_origin_has_one_counter():
    old = ARTICLE.baseline()
    assert night.let_through(old) == pytest.approx(1.0)
    few = ARTICLE.replace(pops=3)
    assert night.let_through(few) == el.RateLimit(pops=3).designs().loc[few.limiter, "through"]


def test_rebalancing_hangs_on_who_reads_where_lists_are_written():
    world, viewers = (ARTICLE.replace(pops=20, order=order) for order in ("world", "viewers"))
    shares = [goals._shares(each._quiet.roads) for each in (world, viewers)]
    at_home = [each[min(each, key=geo.origin_rtt_ms()[1].__getitem__)] for each in shares]
    assert 0.05 * (1 - at_home[0]) < 0.01 < 0.05 * (1 - at_home[1])
    assert world.stale_s(True) < 1 < 60 < viewers.stale_s(True)


def test_knobs_place_events_and_a_list_overrules_them():
    quiet = ARTICLE.replace(region_lost_at=0, attack_at=0, wicket_at=0)
    kinds = {event.kind for event in quiet.events}
    assert kinds == set(EVENTS) - {"region lost", "attack", "wicket"}
    both = ARTICLE.night([("wicket", 10), ("attack", 11)])
    assert both.loc[11, "events"] == "wicket, attack"
    assert set(", ".join(ARTICLE.night()["events"]).split(", ")) - {""} == set(EVENTS)


@pytest.mark.parametrize(
    ("events", "wrong"),
    [
        ("wicket", "events: got 'wicket'"),
        ([("storm", 3)], "events, kind: got 'storm', allowed 'wicket' or"),
        ([("wicket", 240)], "events, minute: got 240"),
        ([("wicket", 3, 0)], "events, minutes: got 0"),
        ([("wicket",)], "events: got"),
        ([("wicket", 1.5)], "events, minute: got 1.5"),
    ],
)
def test_bad_events_are_named(events, wrong):
    with pytest.raises((TypeError, ValueError)) as error:
        ARTICLE.night(events)
    assert wrong in str(error.value) and "allowed" in str(error.value)


def test_what_sinks_the_articles_design_and_not_three_legs():
    article, legs = ARTICLE.sunk_by(), LEGS.sunk_by()
    assert list(article.index) == list(EVENTS)
    sunk = set(article.index[article["sunk"]])
    assert sunk == {"PoP lost", "rebalancing", "attack", "bad release", "region lost"}
    assert set(legs.index[legs["sunk"]]) == {"rebalancing", "bad release"}
    assert article.loc["attack", "origin_busy"] > 1 > legs.loc["attack", "origin_busy"]
    by_hand = 466_666.67 * 60 * 25 / 28
    assert article.loc["PoP lost", "lost_requests"] == pytest.approx(by_hand, rel=1e-4)
