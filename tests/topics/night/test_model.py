"""The night of the final."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import edgelab as el
from edgelab.topics.night import outcomes
from edgelab.topics.night.model import BASELINE, CricStream
from edgelab.world import delays, request

FINAL = CricStream()


def p99(night, place="Bay Area"):
    return night.latency().loc[place, "p99_ms"]


def test_latency_has_a_row_for_each_place_and_group_and_adds_up():
    frame = FINAL.latency()
    places = frame[frame["kind"] == "place"]
    assert list(places.index) == list(el.data.places()["place"])
    assert list(places["viewers"]) == list(el.data.places()["viewers"])
    assert frame.loc["everyone", "viewers"] == places["viewers"].sum() == 28_000_000
    assert frame.loc["diaspora", "viewers"] == 4_000_000
    assert (frame["p50_ms"] < frame["p95_ms"]).all() and (frame["p95_ms"] < frame["p99_ms"]).all()
    assert np.isfinite(frame[["p50_ms", "p95_ms", "p99_ms"]].to_numpy()).all()


def test_a_groups_distribution_is_the_sum_of_its_places():
    share = FINAL.distribution("diaspora")["share"].to_numpy()
    parts = [FINAL.distribution(p)["share"] for p in ("Singapore", "Dubai", "London", "Bay Area")]
    np.testing.assert_allclose(share, np.mean(parts, axis=0), atol=1e-12)


def test_later_share_is_what_is_left_of_the_shares():
    frame = FINAL.distribution()
    np.testing.assert_allclose(1 - frame["share"].cumsum(), frame["later_share"], atol=1e-9)


def test_the_baseline_goes_home_to_a_fleet_sized_for_it():
    old = FINAL.baseline()
    assert old.ends_at == "Mumbai"
    busy = old.origin_load().loc["tonight", "utilisation"]
    assert 0.55 < busy <= 0.6
    assert old.baseline() == old
    # Every request pays at least the backbone's way to Mumbai.
    assert old.latency().loc["Bay Area", "p50_ms"] > el.rtt_ms(37.56, -122.1, 19.07, 72.88)


def test_more_pops_only_help():
    medians = [p99(FINAL.replace(pops=n)) for n in (1, 5, 20, 50, 147, 312, 500)]
    assert medians == sorted(medians, reverse=True)
    assert medians[0] > 2 * medians[-1]


def test_the_pop_count_still_moves_something_beyond_one_hundred():
    frames = [FINAL.replace(pops=n).latency()["p99_ms"] for n in (100, 150, 250, 337, 400, 500)]
    for fewer, more in pairwise(frames):
        assert (more < fewer - 0.1).any()


def test_the_fetch_ratio_has_its_cliff_at_one_percent():
    below, at, above = (p99(FINAL.replace(origin_fetch_ratio=r)) for r in (0.005, 0.0095, 0.012))
    assert below < 35 < at < 60
    assert above > 200


def test_a_saturated_origin_is_infinite_and_says_so():
    night = FINAL.replace(origin_fetch_ratio=0.05)
    frame = night.latency()
    assert night.saturated and set(frame["state"]) == {"saturated"}
    assert np.isinf(frame["p99_ms"]).all()
    assert np.isfinite(frame["p50_ms"]).all()  # 95 of 100 are still answered at the PoP
    np.testing.assert_allclose(frame["blank_share"], 0.05, atol=1e-6)
    assert not frame.isna().any().any()
    assert "never empties" in night.in_words()
    assert np.isinf(night.origin_load().loc["tonight", "p99_ms"])
    assert np.isinf(FINAL.replace(origin_fetch_ratio=1.0).latency()["p50_ms"]).all()


def test_the_origin_load_is_reads_that_miss_and_every_write():
    load = FINAL.replace(origin_fetch_ratio=0.01, write_share=0.002).origin_load()
    requests = 28e6 / 60
    assert load.loc["tonight", "reads_per_s"] == pytest.approx(requests * 0.01)
    assert load.loc["tonight", "writes_per_s"] == pytest.approx(requests * 0.002)
    assert load.loc["tonight", "offered_erlang"] == pytest.approx(requests * 0.012 * 0.002)
    assert load.loc[BASELINE, "reads_per_s"] == pytest.approx(requests)


def test_the_kv_delay_never_runs_the_latency_again():
    FINAL.latency()
    before = request.exact.cache_info().misses, outcomes.by_place.cache_info().misses
    for delay in (10, 123, 60_000):
        moved = FINAL.replace(kv_delay_ms=delay)
        pd.testing.assert_frame_equal(moved.latency(), FINAL.latency())
    after = request.exact.cache_info().misses, outcomes.by_place.cache_info().misses
    assert before == after


def test_the_kv_delay_moves_the_stale_viewers():
    stale = [FINAL.replace(kv_delay_ms=d).stale_viewers for d in (10, 250, 1000, 60_000)]
    assert stale == sorted(stale) and stale[0] < 5_000 and stale[-1] > 5e6


def test_staleness_falls_from_those_who_do_not_read_where_it_is_written_to_none():
    frame = FINAL.staleness()
    assert frame["stale_share"].is_monotonic_decreasing
    assert 0.5 < frame["stale_share"].iloc[0] < 1  # Mumbai's own readers see a write at once
    assert frame["stale_share"].iloc[-1] == 0
    at = frame.set_index("since_write_ms")["stale_pops"]
    abroad = (el.data.pops().iloc[:312]["continent"] != "Asia").mean()
    # At 128 ms the same continent (median 50 ms) has the write and hardly any other has.
    assert at.loc[128.0] == pytest.approx(abroad, abs=0.01)
    assert at.loc[256.0] == pytest.approx(abroad * 0.47, abs=0.03)


def test_rebalancing_leaves_a_tail_of_minutes():
    frame = FINAL.replace(rebalancing_share=0.02).staleness().set_index("since_write_ms")
    assert frame.loc[2048.0, "stale_pops"] == pytest.approx(0.02, abs=0.002)


def test_at_home_nothing_is_stale():
    home = FINAL.baseline()
    assert home.stale_viewers == 0
    assert (home.staleness()[["stale_share", "stale_pops"]] == 0).all().all()


def test_mean_staleness_is_the_capped_mean_of_the_delays():
    drawn = delays.delay_histogram(40, 3, 250.0, 0.0, 1)
    each = np.eye(40)
    shares = np.array([delays.mean_stale_share(drawn, one, 30_000.0) for one in each])
    assert shares[3] == 0
    sigma = np.log(2) / 2.3263
    means = delays.median_delay_ms(40, 3, 250.0) * np.exp(sigma**2 / 2)
    np.testing.assert_allclose(shares * 30_000, means, rtol=0.03)
    assert delays.mean_stale_share(drawn, each[4], 1.0) == pytest.approx(1)


def test_the_blank_share_follows_its_limit():
    shares = [
        FINAL.baseline().replace(blank_panel_ms=b).latency().loc["Bay Area", "blank_share"]
        for b in (250.0, 300.0, 400.0)
    ]
    assert shares[0] > 0.99 and 0.5 < shares[1] < 0.9 and shares[2] < 0.001


def test_same_seed_same_bits_and_another_seed_others():
    one = FINAL.histogram("drawn").copy()
    request.simulated.cache_clear()
    assert (FINAL.histogram("drawn") == one).all()
    assert (FINAL.replace(seed=7).histogram("drawn") != one).any()
    assert one.sum() == 28_000_000


def test_remembered_results_cannot_be_spoilt():
    frame = FINAL.latency()
    frame.loc[:, "p99_ms"] = 0.0
    assert p99(FINAL) > 1
    with pytest.raises(ValueError, match="read-only"):
        FINAL.histogram()[0, 0] = 1


def test_compare_tells_nights_apart():
    frame = el.compare([FINAL.baseline(), FINAL, FINAL.replace(pops=40)])
    assert list(frame.index)[1:] == ["CricStream()", "CricStream(pops=40)"]
    assert frame.loc["CricStream(pops=40)", "Bay Area p99_ms"] > frame.loc["CricStream()"].iloc[6]
    with pytest.raises(ValueError, match=r"nights: got \[\], allowed a sequence of 1 or more"):
        el.compare([])
    with pytest.raises(TypeError, match="nights: got 3"):
        el.compare([FINAL, 3])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: FINAL.latency("guess"), "method: got 'guess', allowed 'closed form' or 'drawn'"),
        (lambda: FINAL.distribution("Atlantis"), "group: got 'Atlantis'"),
    ],
)
def test_unknown_words_are_refused(call, words):
    with pytest.raises(ValueError) as caught:
        call()
    assert words in str(caught.value)


def test_the_table_shows_both_nights_and_what_never_comes():
    text = FINAL.replace(origin_fetch_ratio=0.05)._repr_html_()
    assert "never" in text and BASELINE in text and "Bay Area" in text
    assert "nan" not in text.lower()


def test_the_old_fleet_fits_into_its_range_at_the_heaviest_night():
    knobs = CricStream.knobs()
    heaviest = {
        n: knobs[n].high for n in ("requests_per_viewer_min", "origin_service_ms", "write_share")
    }
    night = CricStream(**heaviest)
    assert night.baseline().origin_servers > 100_000
    assert night.in_words() and not night.latency().isna().any().any()


def test_the_origins_p99_is_one():
    # Nobody waits: the time is the exponential service alone, whose p99 is its mean times ln 100.
    load = FINAL.origin_load()
    np.testing.assert_allclose(load["p99_ms"], 2.0 * np.log(100), rtol=1e-3)


@pytest.mark.parametrize(
    ("servers", "words"), [(32, "8.8 % busy"), (3, "93 % busy"), (2, "1.4 times what its 2")]
)
def test_how_busy_is_said_in_whole_numbers(servers, words):
    assert words in FINAL.replace(origin_servers=servers).in_words()


def test_the_blank_share_falls_without_steps():
    old = FINAL.baseline()
    limits = np.linspace(298, 312, 57)
    shares = [
        old.replace(blank_panel_ms=b).latency().loc["Bay Area", "blank_share"] for b in limits
    ]
    assert (np.diff(shares) < 0).all() and np.abs(np.diff(shares)).max() < 0.05


def test_the_detour_moves_nothing_that_ends_at_a_pop():
    turned = FINAL.replace(chennai_detour=4.0)
    assert turned.latency_settings == FINAL.latency_settings
    assert p99(turned.baseline(), "Chennai") > p99(FINAL.baseline(), "Chennai") + 30
