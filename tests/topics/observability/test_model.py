"""The fleet: its traffic and fault, the funnel's limits, what is seen globally, percentiles."""

import numpy as np
import pytest
from scipy import stats

import edgelab as el
from edgelab.core import datasets
from edgelab.core.constants import value
from edgelab.topics.observability import words
from edgelab.topics.observability.fleet import (
    CLOCK,
    DEAD,
    FAULTS,
    POPS,
    REGION,
    SLOW,
    VERSION,
)

FLEET = el.Fleet()


# -- traffic and fault ----------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("share", [0.0002, 1 / 312, 0.1])
def test_the_bad_pop_has_its_share_and_all_together_one(fault, share):
    traffic = el.Fleet(fault=fault, bad_share=share).by_pop()["traffic"]
    assert traffic.sum() == pytest.approx(1) and (traffic > 0).all()
    assert traffic["SIN"] == pytest.approx(share if fault in (DEAD, SLOW, CLOCK) else 1 / 312)
    equal = el.Fleet(skew=0).by_pop()["traffic"]
    assert equal.to_numpy() == pytest.approx(np.full(312, 1 / 312))


def test_who_is_faulty():
    faulty = {f: el.Fleet(fault=f).by_pop()["faulty"] for f in FAULTS}
    for one in (DEAD, SLOW, CLOCK):
        assert faulty[one].index[faulty[one]].tolist() == ["SIN"]
    pops = datasets.pops().iloc[:POPS].set_index("code")
    assert (faulty[REGION] == (pops["continent"] == "Oceania")).all()
    assert faulty[VERSION].sum() == 31
    all_of_them = el.Fleet(fault=VERSION, version_share=1.0).by_pop()["faulty"]
    assert all_of_them.all()
    # A larger share only adds PoPs.
    assert (el.Fleet(fault=VERSION, version_share=0.3).by_pop()["faulty"] >= faulty[VERSION]).all()


@pytest.mark.parametrize(("fault", "depth"), [(f, d) for f in FAULTS for d in (0.05, 1.0)])
def test_bad_requests_are_the_weighted_mean_of_the_pops(fault, depth):
    fleet = el.Fleet(fault=fault, depth=depth)
    pops = fleet.by_pop()
    fails = pops["faulty"] * (depth if fault in (DEAD, SLOW, VERSION) else 0)
    bad = 1 - (1 - fleet.usual_errors) * (1 - fails)
    seen = pops["traffic"] * (1 - pops["faulty"] * (depth if fault in (REGION, CLOCK) else 0))
    right = (seen * bad).sum() / seen.sum()
    assert fleet.bad_requests == pytest.approx(right)
    assert fleet.burn_rate == pytest.approx(right / 0.001)
    assert fleet.global_figures().loc["bad", "now"] == fleet.bad_requests


# -- the funnel -----------------------------------------------------------------------------------


def test_the_funnel_counts_what_it_should():
    many = el.Fleet(sampled=1.0, window_s=3600.0)
    pops = many.by_pop()
    assert pops["expected"].sum() == pytest.approx(28e6 / 60 * 3600)
    off = (pops["lines"] - pops["expected"]) / np.sqrt(pops["expected"])
    assert abs(off).max() < 5 and 0.8 < off.std() < 1.2
    healthy = pops[~pops["faulty"]]
    mean = healthy["lines"] * many.usual_errors
    off = (healthy["bad"] - mean) / np.sqrt(mean)
    assert abs(off).max() < 5 and 0.8 < off.std() < 1.2
    assert pops.loc["SIN", "bad"] == pops.loc["SIN", "lines"]


@pytest.mark.parametrize("usual", [1e-5, 1e-4, 5e-3])
def test_limits_are_where_chance_is_as_rare_as_they_say(usual):
    count = np.array([50, 700, 4487, 221_000, 10_000_000])
    fleet = el.Fleet(usual_errors=usual)
    for limit, chance in zip(fleet.limits(count), (0.001, 0.001 / 312), strict=True):
        # On a whole number the tail just above the limit is rarer than the chance; one below, not.
        most = np.floor(limit * count - 1e-9)
        assert (stats.binom.sf(most, count, usual) <= chance * (1 + 1e-6)).all()
        assert (stats.binom.sf(most - 2, count, usual) >= chance * (1 - 1e-6)).all()


def test_quiet_healthy_pops_are_seldom_called_out_though_noisy():
    called = noisy = 0
    for seed in range(20):
        pops = el.Fleet(seed=seed, sampled=0.001, window_s=60.0).by_pop()
        healthy = pops[~pops["faulty"]]
        called += int(healthy["above"].sum())
        noisy += int((healthy["share"] > 50 * FLEET.usual_errors).sum())
    assert noisy > 20 and called <= 1  # once in 1,000 fleets


def test_a_region_that_is_cut_off_is_silent_and_a_clock_too():
    for fault in (REGION, CLOCK):
        pops = el.Fleet(fault=fault).by_pop()
        assert (pops["silent"] == pops["faulty"]).all() and not pops["above"].any()
        assert (pops.loc[pops["faulty"], "lines"] == 0).all()


def test_a_frame_can_be_changed_without_harm():
    pops = FLEET.by_pop()
    pops["bad"] = -1
    assert (FLEET.by_pop()["bad"] >= 0).all()


# -- what is seen globally ------------------------------------------------------------------------


def simulated(fleet, requests=400_000):
    """Latencies of drawn requests, from the description."""
    rng = np.random.default_rng(8)
    pops = fleet.by_pop()
    pop = rng.choice(POPS, requests, p=pops["traffic"] / pops["traffic"].sum())
    spread = np.random.default_rng(10_000_009).standard_normal(POPS)
    median = value("fleet_median_ms") * np.exp(value("fleet_between_pops") * spread)
    ms = median[pop] * np.exp(value("fleet_within_pop") * rng.standard_normal(requests))
    hit = pops["faulty"].to_numpy()[pop] & (rng.random(requests) < fleet.depth)
    if fleet.fault == DEAD:
        ms[hit] = value("fleet_timeout_ms")
    if fleet.fault == SLOW:
        ms[hit] += value("fleet_slow_ms")
    return ms


@pytest.mark.parametrize("fault", [DEAD, SLOW, VERSION])
def test_quantiles_are_those_of_drawn_requests(fault):
    fleet = el.Fleet(fault=fault, depth=0.5, bad_share=0.02)
    ms = simulated(fleet)
    figures = fleet.global_figures()["now"]
    for name, level in (("p50_ms", 0.5), ("p99_ms", 0.99), ("p99.9_ms", 0.999)):
        low, high = np.quantile(ms, level + np.array([-4, 4]) * np.sqrt(level * (1 - level) / 4e5))
        assert low * (1 - 1e-7) <= figures[name] <= high * (1 + 1e-7)


def test_the_global_p99_does_not_see_it_until_its_share_passes_one_percent():
    def p99(share):
        return el.Fleet(bad_share=share).global_figures().loc["p99_ms", "now"]

    assert p99(1 / 312) < 1.1 * p99(0.0002)
    assert p99(0.0099) < 300 and p99(0.0101) == pytest.approx(3000)
    one = el.Fleet(skew=0).global_figures()
    assert one.loc["p99.9_ms", "now"] == pytest.approx(3000)
    assert one.loc["bad", "now"] - 0.0001 == pytest.approx(0.0032, abs=1e-5)


def test_averages_of_percentiles_are_wrong_and_merged_histograms_right():
    for fleet in (FLEET, el.Fleet(fault=SLOW, depth=0.2), el.Fleet(skew=0, fault=VERSION)):
        for level in (0.5, 0.99, 0.999):
            found = fleet.percentiles(level)
            right = np.quantile(simulated(fleet, 100_000), level)
            assert found.loc["exact", "ms"] == pytest.approx(right, rel=0.1)
            assert abs(found["error"].iloc[1]) <= 1 / 256
    wrong = el.Fleet(fault=VERSION).percentiles()["error"].iloc[2:]
    assert wrong.iloc[0] < -0.1 and wrong.iloc[1] < -0.1 and wrong.iloc[2] > 0.1


# -- words ----------------------------------------------------------------------------------------


def test_the_sentence_tells_what_the_frames_hold():
    said = FLEET.in_words()
    assert "0.321 % of the requests" in said and "3.3 times as fast" in said
    assert "does not fire in four hours" in said
    each = FLEET.replace(rule="2 windows, each")
    assert "fires after 1 minute, and gives fewer than 0.6 false alarms a month" in each.in_words()
    assert "14.4 in 1 h never" in FLEET.nights_in_words()
    assert "300 drawn nights" in FLEET.nights_in_words()


@pytest.mark.parametrize(
    ("alarms", "nights", "said"),
    [
        (0, 2, "fewer than 90"),
        (0, 300, "fewer than 0.6"),
        (0.6, 300, "0.6"),
        (1234.5, 300, "1,230"),
    ],
)
def test_no_false_alarm_in_some_nights_is_not_none_in_a_month(alarms, nights, said):
    assert words.a_month(alarms, nights) == said


def test_formulas_of_the_page_give_the_numbers_on_the_screen():
    share, budget = 1 / 312, 0.001
    fleet = el.Fleet(usual_errors=0)
    assert round(fleet.burn_rate, 3) == round(share / budget, 3) == 3.205
    hours = [24 * 3 * budget / share, 72 * 1 * budget / share]
    assert fleet.alerts()["fires_after_h"][2:].tolist() == pytest.approx(hours)
    assert round(hours[0], 2) == 22.46
    usual, now = FLEET.usual_errors, FLEET.bad_requests
    t = 24 * (3 * budget - usual) / (now - usual)
    assert FLEET.alerts()["fires_after_h"][2] == pytest.approx(t)
    wrong = FLEET.wrong_order([10])["wrong"][0]
    assert round(wrong, 2) == round(stats.norm.cdf(-10 / (10 * np.sqrt(2))), 2) == 0.24
    assert round(1 - 0.99**100, 2) == 0.63
    assert FLEET.collector()["late_min"].max() == pytest.approx(57, abs=0.5)
