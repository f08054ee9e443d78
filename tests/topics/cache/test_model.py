"""EdgeCache: its closed forms, the requests drawn one by one, and what goes back into the night."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config
from numpy.testing import assert_allclose

import edgelab as el
from edgelab.kernels import edge_cache
from edgelab.topics.cache import closed_form, match, replay
from edgelab.topics.cache.model import CONTINENT, DIRECT, PLACES
from edgelab.world import queue, request

CACHE = el.EdgeCache()
jit_only = pytest.mark.skipif(config.DISABLE_JIT, reason="millions of requests")
SOME = [
    CACHE,
    CACHE.replace(ttl_s=20.0, stale_while_revalidate_s=5.0),
    CACHE.replace(ttl_s=20.0, capacity_mb=40.0, stale_while_revalidate_s=1.0),
    CACHE.replace(ttl_s=20.0, ask=CONTINENT, stale_while_revalidate_s=5.0),
    CACHE.replace(ttl_s=5.0, coalescing="off", place="London"),
    CACHE.replace(admit_up_to_kb=20.0, place="Mumbai"),
    CACHE.replace(admit_up_to_kb=1.0, capacity_mb=1.0, objects=200_000, zipf_exponent=0.0),
    CACHE.replace(surge=1.0, pops=1, place="Delhi"),
]
each = pytest.mark.parametrize("cache", SOME, ids=repr)


@each
def test_shares_add_up(cache):
    for got in (cache.shares(), cache.shares(everyone=True)):
        served = [got[name] for name in ("fresh", "stale", "near", "fetched")]
        assert sum(served) == pytest.approx(1) and min(served) >= 0
        assert 0 <= got["behind"] <= got["asked"] <= 1
    frame = cache.by_popularity()
    assert_allclose(frame[["fresh", "stale", "waited"]].sum(axis=1), 1)
    assert frame["waited"].is_monotonic_increasing or cache.zipf_exponent == 0


@jit_only
def test_the_way_to_mumbai_is_part_of_a_copys_life():
    """RFC 9111, section 4.2.3: the response delay is part of the age. It once came on top."""
    cache = CACHE.replace(ttl_s=1.0, surge=1.0)
    delay_s = (closed_form.audience(cache.pops).origin_ms[cache.busiest] + 2.0) / 1000
    assert delay_s > 0.2
    top = cache.by_popularity().iloc[0]
    rate = top["requests_per_s"]
    assert top["fresh"] == pytest.approx(rate * (1 - delay_s) / (1 + rate), rel=1e-9)
    drawn = cache.drawn_by_popularity().iloc[0]
    assert drawn["fresh"] == pytest.approx(top["fresh"], abs=0.02)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.floats(1, 3600), st.floats(0, 600), st.floats(1, 1024), st.sampled_from([DIRECT, CONTINENT]),
    st.floats(1, 500), st.floats(0, 1.5), st.floats(1, 1e6), st.floats(0.01, 60), st.booleans(),
)  # fmt: skip
def test_every_share_is_a_share(ttl_s, window_s, mb, ask, kb, exponent, admit_kb, per_min, joins):
    most = CACHE.knobs()["requests_per_viewer_min"].high
    cache = CACHE.replace(
        ttl_s=ttl_s, stale_while_revalidate_s=window_s, capacity_mb=mb, ask=ask, object_kb=kb,
        zipf_exponent=exponent, admit_up_to_kb=admit_kb, pops=5, objects=1000,
        requests_per_viewer_min=min(per_min, most), coalescing="on" if joins else "off",
    )  # fmt: skip
    found = [
        np.array(list(cache.shares(everyone=True).values())),
        cache.by_pop()[list(closed_form.COLUMNS)].to_numpy(),
        cache.by_popularity()[["fresh", "stale", "waited"]].to_numpy(),
        cache.through_match()["fetched"].to_numpy(),
        cache.misses()["miss_share"].to_numpy(),
    ]
    assert all(((0 <= each) & (each <= 1)).all() for each in found)


def test_the_shares_are_those_of_the_textbook():
    """A steady rate, Mumbai next door: lT/(1+lT), (1-e^-lS)/(1+lT), e^-lS/(1+lT)."""
    cache = CACHE.replace(
        surge=1.0, pops=312, place="Mumbai", ttl_s=20.0, stale_while_revalidate_s=5.0
    )
    who = closed_form.audience(312)
    frame = cache.by_popularity()
    rate = frame["requests_per_s"].to_numpy()
    flying = rate * (who.origin_ms[cache.busiest] + 2.0) / 1000
    # At Mumbai's own PoP a fetch takes milliseconds: between none on its way and all orders.
    fresh, waits = rate * 20 / (1 + rate * 20), np.exp(-rate * 5) / (1 + rate * 20)
    assert_allclose(frame["fresh"], fresh, rtol=2e-4)
    assert (frame["waited"] <= waits * np.exp(flying) + 1e-12).all()
    assert_allclose(frame["waited"], waits, rtol=0.02, atol=1e-9)
    rarest = CACHE.replace(surge=1.0, requests_per_viewer_min=0.01).by_popularity().iloc[-1]
    assert rarest["waited"] == pytest.approx(1 / (1 + 300 * rarest["requests_per_s"]), rel=1e-3)


@jit_only
@pytest.mark.parametrize(
    "cache",
    [
        CACHE.replace(ttl_s=30.0),
        CACHE.replace(ttl_s=20.0, stale_while_revalidate_s=5.0, place="London"),
        CACHE.replace(ttl_s=20.0, stale_while_revalidate_s=0.1, coalescing="off"),
        CACHE.replace(ttl_s=20.0, objects=100, coalescing="off", zipf_exponent=0.0),
    ],
    ids=repr,
)
def test_drawn_shares_are_the_closed_forms_within_three_sigma(cache):
    """At a steady rate; a list's requests between two of its fetches are one draw."""
    cache = cache.replace(surge=1.0)
    drawn = cache._drawn().by_time.sum(axis=0)
    requests, asked = drawn[:-1].sum(), drawn[-1]
    got = closed_form.by_rate(cache)[cache.busiest, 0]
    expected = dict(zip(closed_form.COLUMNS, got, strict=True))
    # Waits and asks come in cycles: those on the way with one fetch are not independent.
    d = (closed_form.audience(cache.pops).origin_ms[cache.busiest] + 2.0) / 1000
    rate = cache.by_popularity()["requests_per_s"]
    clump = 1 + float(np.average(rate, weights=rate)) * d
    for count, share in (
        (drawn[edge_cache.STALE], expected["stale"]),
        (drawn[edge_cache.WAITED], expected["fetched"]),
        (asked, expected["asked"]),
    ):
        sigma = math.sqrt(max(requests * share, 1) * clump)
        assert abs(count - requests * share) < 3 * sigma


@jit_only
def test_a_small_store_agrees_with_ches_time():
    cache = CACHE.replace(capacity_mb=50.0, surge=1.0)
    drawn = cache._drawn().by_time.sum(axis=0)
    waited = drawn[edge_cache.WAITED] / drawn[:-1].sum()
    assert waited == pytest.approx(cache.fetch_ratio, rel=0.02)


@jit_only
def test_the_ratio_through_the_match_is_the_drawn_one_but_for_its_haste():
    cache = CACHE.replace(ttl_s=60.0)
    drawn, curve = cache.drawn_through_match(), cache.through_match()
    fetched = np.average(drawn["fetched"], weights=drawn["requests"])
    meant = np.average(curve["fetched"][: len(drawn)], weights=drawn["requests"])
    assert fetched == pytest.approx(meant, rel=0.05)
    assert np.corrcoef(drawn["fetched"], curve["fetched"][: len(drawn)])[0, 1] > 0.8
    mean = np.average(curve["fetched"], weights=curve["requests_per_s"])
    assert mean == pytest.approx(cache.fetch_ratio, rel=1e-9)


def test_same_seed_same_bits():
    replay.trace.cache_clear()
    small = {"requests": 20_000 if not config.DISABLE_JIT else 2_000}
    first = CACHE._drawn(**small)
    replay.trace.cache_clear()
    for a, b in zip(first, CACHE._drawn(**small), strict=True):
        assert (a == b).all()
    other = CACHE.replace(seed=1)._drawn(**small)
    assert other.by_time.shape != first.by_time.shape or (other.by_time != first.by_time).any()


# -- the tier ------------------------------------------------------------------------------


def test_dilution_and_the_tier_that_repairs_it():
    cache = CACHE.replace(ttl_s=60.0)
    frame = cache.dilution().set_index("pops")
    assert frame["direct"].is_monotonic_increasing
    assert frame["direct"][312] / frame["direct"][1] > 20
    assert (frame["tier"] <= frame["direct"] + 1e-12).all()
    # One PoP, or the one of its continent, has nothing to repair.
    assert frame["tier"][1] == frame["direct"][1]
    assert frame["tier"][312] / frame["tier"][10] == pytest.approx(1, abs=0.01)


def tier_by_hand(rates, ttl_s, fetch_s, near_s, seconds, seed):
    """PoPs that share a tier, one object; all ages count from when the tier asked."""
    draw = np.random.default_rng(seed)
    times = np.sort(draw.uniform(0, seconds, draw.poisson(rates.sum() * seconds)))
    pops = draw.choice(len(rates), len(times), p=rates / rates.sum())
    asked = -np.inf  # by the tier
    came, born = np.full((2, len(rates)), -np.inf)  # each PoP's copy, that may be on its way
    fresh, fetched = np.zeros(len(rates)), 0
    for now, pop in zip(times, pops, strict=True):
        if now < born[pop] + ttl_s and came[pop] <= now:
            fresh[pop] += 1
            continue
        if now >= asked + max(ttl_s, fetch_s):
            asked = now
        fetched += now < asked + fetch_s or now == asked
        if came[pop] <= now:  # it asks again
            came[pop], born[pop] = max(now, asked + fetch_s) + near_s[pop], asked
    return np.bincount(pops, minlength=len(rates)), fresh, fetched


@pytest.mark.parametrize(
    ("ttl_s", "fetch_s", "near_s"),
    [(10.0, 0.0, 0.0), (1.0, 0.0, 0.0), (1.0, 0.4, 0.2), (1.0, 0.9, 0.2), (1.0, 1.5, 0.2)],
)
def test_the_tiers_closed_form_is_the_simulated_one(ttl_s, fetch_s, near_s):
    from edgelab.kernels import cycles

    rates, near_s = np.array([0.5, 0.1, 0.02]), np.array([0.0, near_s, near_s])
    by_pop, fresh, fetched = tier_by_hand(rates, ttl_s, fetch_s, near_s, 60_000, 3)
    one, out, whole = np.ones(1), np.empty((3, 3)), np.empty((1, 5))
    pooled = np.full(3, rates.sum())
    cycles.tiered(
        rates, pooled, one, one, ttl_s, 0.0, np.inf, np.full(3, fetch_s), near_s, 1.0, out
    )
    cycles.shares(pooled[:1], one, one, ttl_s, 0.0, np.inf, np.array([fetch_s]), True, 1.0, whole)
    clump = 1 + pooled[0] * max(ttl_s, fetch_s)  # a cycle is one draw
    meant = by_pop.sum() * whole[0, 2]
    assert abs(fetched - meant) < 3 * math.sqrt(meant * clump)
    for pop in range(3):
        meant = by_pop[pop] * out[pop, 0]
        assert abs(fresh[pop] - meant) <= 3 * math.sqrt(max(meant, 1e-9) * clump), pop
    assert (fresh == 0)[near_s + fetch_s >= ttl_s].all()
    assert (out[:, 0] + out[:, 2] == pytest.approx(1)) and (out[:, 1] == 0).all()


def test_a_tier_spares_the_origin_and_hardly_the_viewer():
    direct = CACHE.replace(ttl_s=60.0)
    tier = direct.replace(ask=CONTINENT)
    a, b = direct.headline(), tier.headline()
    assert b["asked_per_s"] < a["asked_per_s"] / 5
    assert b["fetched share"] < a["fetched share"] < b["fetched share"] + b["near share"] + 0.01


# -- the cliff and the night ---------------------------------------------------------------


def test_the_cliff_is_at_one_in_a_hundred_and_the_median_stays():
    frame = CACHE.cliff()
    below = frame[frame["fetch_ratio"].between(0.001, 0.0095)]
    above = frame[frame["fetch_ratio"].between(0.0105, 0.1)]
    assert below["p99_ms"].max() < 50 < 200 < above["p99_ms"].min()
    assert above["p50_ms"].max() - below["p50_ms"].min() < 1
    assert frame["now"].sum() == 1
    assert frame["fetch_ratio"].is_monotonic_increasing


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("ttl_s", [30.0, 300.0])
def test_the_night_sees_what_the_cache_says(place, ttl_s):
    cache = CACHE.replace(place=place, ttl_s=ttl_s)
    night = cache.night()
    assert night.origin_fetch_ratio == pytest.approx(cache.fetch_ratio, rel=1e-4)
    reads = cache.shares(everyone=True)["asked"] * night.requests_per_s
    assert night.origin_load().loc["tonight", "reads_per_s"] == pytest.approx(reads, rel=1e-4)
    row, mine = night.latency().loc[place], cache.latency()
    assert mine["p50_ms"] == pytest.approx(row["p50_ms"], rel=2e-3)
    assert mine["p99_ms"] == pytest.approx(row["p99_ms"], rel=2e-3)


def test_the_origin_is_a_queue_that_can_saturate():
    night = CACHE.night()
    assert not night.saturated
    load = night.offered_erlang
    table = night.origin_load().loc["tonight"]
    assert table["wait_share"] == queue.erlang_c(32, load)
    short = CACHE.replace(ttl_s=2.0)
    assert short.night().saturated and math.isinf(short.latency()["p99_ms"])
    assert "its queue never empties" in short.in_words() and "never comes" in short.in_words()
    assert "nan" not in short.in_words()
    fewer = CACHE.replace(origin_servers=2)
    assert fewer.night().saturated


def test_a_night_without_a_cache_is_as_it_was():
    assert el.CricStream().offered_erlang == el.CricStream(reads_per_fetch=1.0).offered_erlang
    more = el.CricStream(reads_per_fetch=3.0)
    assert more.origin_load().loc["tonight", "reads_per_s"] == pytest.approx(
        3 * el.CricStream().origin_load().loc["tonight", "reads_per_s"]
    )
    home = more.replace(ends_at="Mumbai")
    assert (
        home.read_share == 1.0
        and home.latency_settings == home.replace(reads_per_fetch=3.0).latency_settings
    )


def test_parts_of_a_place_are_its_whole():
    night = el.CricStream(origin_fetch_ratio=0.02)
    parts = request.of_place(night.latency_settings, "Bay Area")
    assert_allclose([part.sum() for part in parts], 1)
    whole = night.histogram()[list(el.data.places()["place"]).index("Bay Area")]
    assert_allclose(whole / whole.sum(), 0.98 * parts[0] + 0.02 * parts[2], atol=1e-9)
    lost = request.of_place(night.replace(origin_fetch_ratio=1.0).latency_settings, "London")
    assert lost[2][-1] == 1 and lost[0][-1] == 0


# -- errors --------------------------------------------------------------------------------


@jit_only
def test_stale_if_error_serves_what_an_outage_would_fail():
    cache = CACHE.replace(ttl_s=30.0, place="Dubai")
    plain = cache.outage(minutes=2)
    down = plain[plain["minute"].between(5.1, 6.9)]
    assert down["failed"].max() > 0.9 and (down[["waited", "instead"]] == 0).all().all()
    before = plain[plain["minute"] < 4.9]
    assert (before["failed"] == 0).all()
    kept = cache.replace(stale_if_error_s=600).outage(minutes=2)
    # What no copy is kept of cannot be served: lists nobody asked for before.
    assert kept["failed"].max() < 0.001 and kept["instead"].max() > 0.9
    assert_allclose(kept.iloc[:, 1:].sum(axis=1), 1)
    half = cache.replace(stale_if_error_s=60).outage(minutes=2)
    assert half["failed"].max() > 0.5 and half["instead"].max() > 0.5


# -- the store ------------------------------------------------------------------------------


@jit_only
def test_che_beside_the_simulation():
    drawn, curve = CACHE.misses("drawn"), CACHE.misses()
    meant = np.interp(drawn["capacity_mb"], curve["capacity_mb"], curve["miss_share"])
    assert_allclose(drawn["miss_share"], meant, atol=0.01)
    assert curve["now"].sum() == 1 and curve["miss_share"].is_monotonic_decreasing


def test_the_match():
    over_s, wicket_s = match.events(2026)
    assert len(over_s) == 40 and len(wicket_s) == 14 and len(set(wicket_s)) == 14
    assert_allclose(np.diff(over_s)[:19], 240)
    since_s, times = match.demand(4.0, 2026)
    assert times.mean() == pytest.approx(1) and len(since_s) == 1080
    calm, peak = times.min(), times.max()
    assert 3 < peak / calm < 4
    # The rate leaps where an over has just ended.
    at = np.searchsorted(since_s, over_s[0])
    assert times[at + 1] > 1.5 * times[at - 2]
    assert (match.demand(1.0, 7)[1] == 1).all()
    assert (match.events(1)[1] != wicket_s).any()


# -- bad input -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({"ttl_s": 0}, "ttl_s: got 0, allowed a number from 1 to 3600"),
        ({"ttl_s": math.nan}, "ttl_s: got nan"),
        ({"capacity_mb": math.inf}, "capacity_mb: got inf"),
        ({"objects": 99}, "objects: got 99, allowed a whole number from 100 to 200000"),
        ({"ask": "nobody"}, "ask: got 'nobody', allowed 'Mumbai' or 'continent'"),
        ({"place": "Pune"}, "place: got 'Pune'"),
        ({"coalescing": True}, "coalescing: got True, allowed 'on' or 'off'"),
        ({"stale_while_revalidate_s": -1}, "stale_while_revalidate_s: got -1"),
    ],
)
def test_bad_knobs_are_refused(knobs, words):
    with pytest.raises((TypeError, ValueError), match=words):
        el.EdgeCache(**knobs)


def test_bad_arguments_are_refused():
    with pytest.raises(TypeError, match="ttl"):
        el.EdgeCache(ttl=3)
    with pytest.raises(TypeError, match="ttl_s: got '60'"):
        el.EdgeCache(ttl_s="60")
    with pytest.raises(ValueError, match="method: got 'lru', allowed 'closed form' or 'drawn'"):
        CACHE.misses("lru")
    for minutes in (0, -1, 31, math.nan, True, "5"):
        with pytest.raises((TypeError, ValueError), match="minutes: got "):
            CACHE.outage(minutes)


def test_every_knob_at_its_ends_gives_numbers():
    for name, about in CACHE.knobs().items():
        for value in about.choices or (about.low, about.high):
            cache = CACHE.replace(**{name: int(value) if about.integer else value})
            row = cache.headline()
            assert not any(math.isnan(v) for v in row.values()), (name, value)
            assert all(np.isfinite(v) for k, v in row.items() if k != "p99_ms" and k != "p50_ms")
            frame = cache.through_match()
            assert np.isfinite(frame.to_numpy()).all(), (name, value)
            assert "nan" not in cache.in_words()


def test_the_table_of_the_notebook():
    html = CACHE._repr_html_()
    assert "EdgeCache()" in html and "fetched share" in html and CACHE.in_words() in html
    assert eval(repr(SOME[2]), {"EdgeCache": el.EdgeCache}) == SOME[2]
