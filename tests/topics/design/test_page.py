"""What is particular to the panel of notebook 11, and that its page prints what it shows."""

import re

import pytest

import edgelab as el
from edgelab.topics.design import night
from edgelab.topics.design.checks import MOST_ALARMS, MOST_USD, WATCH_USD
from edgelab.topics.design.model import PLACED
from page_text import prose

START, LEGS = el.Design(), el.Design.three_legs()
EACH = START.replace(rule="2 windows, each")


@pytest.fixture(scope="module")
def panel():
    return el.panels.design()


def test_designs_keep_the_events_and_events_keep_the_design(panel):
    first = EACH.replace(wicket_at=77)
    for name, make in panel.presets.items():
        made = make(first)
        placed = {n: getattr(made, n) for n in PLACED}
        if name.startswith("A"):
            assert made == first.replace(**placed)
            assert sum(minute > 0 for minute in placed.values()) == (6 if "All" in name else 1)
        else:
            assert placed == {n: getattr(first, n) for n in PLACED}


def test_the_page_opens_without_what_the_guess_asks():
    made = el.panels.design()
    assert made.live.plots["night_events"]["title"] == "Wicket: it does not sink the night"


def test_the_panel_tells_the_night_when_at_rest(panel):
    panel.buttons["A lost region"].click()
    assert panel.live.plots["night_events"]["title"] == "Region lost: it sinks the night"
    assert "Region lost: it sinks the night." in panel.words.value
    assert "Missed: “errors without the home region”" in panel.words.value
    panel.controls["regions"].value = 2
    assert panel.model.regions == 2


# -- what is printed is what is shown ------------------------------------------------------------


@pytest.fixture(scope="module", name="prose")
def words():
    return prose(11)


def numbers(text):
    return [float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*\.?\d*", text)]


def test_the_printed_loss_is_the_dead_pops(prose):
    rate, share, seconds, millions = numbers(re.search(r"fail: (466.+?) million", prose)[1])
    row = START.sunk_by().loc["PoP lost"]
    assert rate == round(START._quiet.requests_per_s)
    assert share == round(row["errors"], 4) and seconds == 60 * row["alert_min"]
    assert rate * share * seconds / 1e6 == pytest.approx(millions, abs=0.05)
    assert row["lost_requests"] / 1e6 == pytest.approx(millions, abs=0.05)
    minutes, least, usual, more, seen = numbers(re.search(r"0.1 % after (.+?) minutes", prose)[1])
    fleet = el.Fleet()
    assert (least, usual) == (pytest.approx(fleet.burn * fleet.budget), fleet.usual_errors)
    assert more == START.version_share and minutes * (least - usual) / more == pytest.approx(
        seen, abs=0.05
    )


def test_the_printed_load_is_the_attacks(prose):
    line = re.search(r"= (1,000 × .+ the usual [\d.]+)\.", prose)[1]
    bots, limit, length, through, service, servers, more, usual = numbers(line)
    attack = el.RateLimit()
    assert bots == START.bots and servers == START.origin_servers
    assert (limit, length) == (attack.limit, attack.attack_s)
    assert through == round(attack.designs().loc[attack.design, "through"], 2)
    by_hand = bots * limit / length * through * service / servers
    assert by_hand == pytest.approx(more, abs=0.005)
    seen = START.sunk_by().loc["attack", "origin_busy"] - START._seen.busy
    assert seen == pytest.approx(more, abs=0.01)
    assert START._seen.busy == pytest.approx(usual, abs=0.005)


def test_the_printed_share_is_the_last_writers(prose):
    line = re.search(r"For Mumbai .+", prose)[0]
    mumbai, bay, rate, delay, batch, way, lost = numbers(line)[:7]
    assert (batch, batch + way) == (START.batch_s / 2, pytest.approx(delay))
    two = START.replace(regions=2, converge="last writer")
    p, q = mumbai / 100, bay / 100
    by_hand = p * (1 - 2.718281828 ** (-rate * q * delay))
    by_hand += q * (1 - 2.718281828 ** (-rate * p * delay))
    assert 100 * by_hand == pytest.approx(lost, abs=0.1)
    assert 100 * two._agreement.lost_share == pytest.approx(lost, abs=0.05)
    assert delay == round(two._agreement.copy_s, 3) and rate == two.hot_writes_per_s


def test_every_answer_under_a_task_is_true(prose):
    assert prose.count("<details>") == 6
    only = {n: 0 for n in PLACED}
    alone = START.sunk_by()
    assert alone.loc["PoP lost", "alert_min"] == 25
    assert EACH.sunk_by().loc["PoP lost", "alert_min"] == 1
    assert round(100 * alone.loc["PoP lost", "errors"], 1) == 3.6
    fleet = el.Fleet()
    assert 100 * fleet.burn * fleet.budget == pytest.approx(1.44)
    exact = START.replace(limiter="grow-only counters")
    assert round(alone.loc["attack", "origin_busy"], 1) == 7.4
    assert round(exact.sunk_by().loc["attack", "origin_busy"], 2) == 0.83
    two = START.replace(regions=2, **only | {"region_lost_at": 60})
    one, missed = two.replace(regions=1), "errors without the home region, %"
    assert round((one.night()["stale_s"].max() - one.stale_s()) / 60) == 30
    assert two.night()["errors"].max() == 0
    gone, more = (set(d.report().query("not met").index) for d in (one, two))
    assert (gone - more, more - gone) == ({missed}, {"writes lost with a region"})
    assert round(two.values(["writes lost with a region"])["writes lost with a region"]) == 285
    last = two.replace(converge="last writer")
    assert round(100 * last._agreement.lost_share) == 22
    assert set(last.report().query("not met").index) - more == {"lost writes, %"}
    quorum = two.replace(converge="quorum")
    assert set(quorum.report().query("not met").index) - more == {missed}
    assert quorum.night()["errors"].max() > 0 and quorum._agreement.lost_share == 0
    cache = START.replace(panel="at the PoP, from cache")
    assert set(START.report().query("met").index) - set(cache.report().query("met").index) == {
        "staleness, s"
    }
    assert cache.stale_s() == 300
    saved = START.costs()["usd"].sum() - cache.costs()["usd"].sum()
    assert f"{saved:,.0f} dollars" in prose
    legs = LEGS.sunk_by()
    assert list(legs.query("sunk").index) == ["rebalancing", "bad release"]
    assert [each.loc["bad release", "alert_min"] for each in (legs, alone)] == [7, 9]


def test_the_defence_can_be_done_and_every_goal_be_met():
    mine = LEGS.replace(burn=3.0)
    assert mine.report()["met"].sum() >= 17 and mine.sunk_by()["sunk"].sum() == 1
    whole = LEGS.replace(batch_s=0.3)
    assert whole.report()["met"].all() and whole.sunk_by()["sunk"].sum() == 2
    assert whole.costs()["usd"].sum() > START.costs()["usd"].sum()


def test_a_wicket_is_as_large_as_printed(prose):
    most, first = numbers(re.search(r"\*\*wicket\*\* \((.+?)\)", prose.replace("four", "4"))[1])
    assert most == el.EdgeCache().surge and round(night.surge(0), 1) == first


@pytest.mark.slow
def test_the_printed_shares_of_ten_thousand_nights(prose):
    """Those of the nights with 1,000 bots: ten limiters, five servers, requests and delays."""
    exact, kv = numbers(re.search(r"at 1,000 bots (.+)\.", prose)[1])
    over = {
        "limiter": ["Durable Object", "KV, last writer wins"],
        "origin_servers": [16, 32, 64, 128, 256],
        "requests_per_viewer_min": [0.5, 1, 2, 3, 4],
        "kv_delay_ms": [50, 100, 250, 1000, 30_000],
    }
    busy = el.sweep(START, over, lambda design: design.night([("attack", 60)])["origin_busy"].max())
    shares = (busy["answer"] >= 1).groupby(busy["limiter"], sort=False).mean()
    assert list(shares) == pytest.approx([exact / 100, kv / 100], abs=0.005)


def test_old_mumbai_is_as_the_summary_says(prose):
    old = START.baseline()
    assert (~old.report()["met"]).sum() == 9 and "Old Mumbai misses nine" in prose
    assert old.sunk_by()["sunk"].sum() == 1


def test_the_sums_of_the_exercises_are_the_checks_own(prose):
    assert f"at most {MOST_USD:,.0f} dollars" in prose
    assert f"at most {WATCH_USD:,.0f} dollars" in prose
    assert f"at most {MOST_ALARMS} false alarms" in prose
