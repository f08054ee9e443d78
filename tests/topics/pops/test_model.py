"""A growing set of PoPs: at each count it is page 1's night, and the rest found another way."""

import math

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from edgelab.core import datasets
from edgelab.core.sphere import great_circle_km
from edgelab.kernels import histogram
from edgelab.kernels.curves import rank_shares
from edgelab.topics.night.model import GROUPS, CricStream
from edgelab.topics.pops import growth
from edgelab.topics.pops.model import ENOUGH, LINES, Placement
from edgelab.world import geo

PLAN = Placement()
PLACES = datasets.places()
ROWS = [*PLACES["place"], *GROUPS]
LEVELS = ["p50_ms", "p95_ms", "p99_ms"]
COUNTS = (1, 2, 7, 41, 152, 312, 337, 500)
#: A page 1 quantile lies anywhere in a bin that is 1/128 of its value wide.
BIN = 1 / 128


# -- the curves ------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", COUNTS)
def test_with_everyone_at_the_nearest_it_is_the_night_of_page_1(count):
    ours = PLAN.replace(pops=count).latency()
    night = CricStream(pops=count).latency()
    assert_allclose(ours.loc[ROWS, LEVELS], night.loc[ROWS, LEVELS], rtol=BIN)


@pytest.mark.parametrize(
    "knobs",
    [
        {"origin_fetch_ratio": 0.0},
        {"origin_fetch_ratio": 0.008},
        {"origin_fetch_ratio": 0.03, "last_mile_ms": 1.0, "function_ms": 0.0},
        {"last_mile_ms": 50.0, "function_ms": 50.0},
    ],
)
def test_whatever_the_requests_it_is_page_1s_night(knobs):
    ours = PLAN.replace(pops=60, **knobs).latency()
    night = CricStream(pops=60, **knobs).latency()
    assert_allclose(ours.loc[ROWS, LEVELS], night.loc[ROWS, LEVELS], rtol=2 * BIN)


def test_mean_and_share_in_time_are_those_of_the_nights_histogram():
    mass, edges = CricStream(pops=100).histogram(), histogram.bin_edges_ms()
    middle = (edges[:-2] + edges[1:-1]) / 2
    ours = PLAN.replace(pops=100).latency().loc[PLACES["place"]]
    viewers = mass.sum(axis=1)
    assert_allclose(ours["mean_ms"], mass[:, :-1] @ middle / viewers, rtol=1e-3)
    until = np.cumsum(mass, axis=1)[:, np.searchsorted(edges, 10.0, side="right") - 2]
    assert_allclose(ours["in_time_share"], until / viewers, atol=0.01)


def test_a_draw_of_many_viewers_agrees_with_the_curve_where_anycast_misses():
    share, pops, place = 0.6, 90, "Bay Area"
    rng = np.random.default_rng(7)
    n = 400_000
    row = PLACES.index[PLACES["place"] == place][0]
    order = growth.order("viewers", 0)[:pops]
    rtt = geo.pop_rtt_ms()[order, row]
    ranked = np.argsort(rtt, axis=0, kind="stable")
    point = rng.integers(0, rtt.shape[1], n)
    rank = np.minimum(rng.geometric(share, n) - 1, pops - 1)
    pop = ranked[rank, point]
    abroad = datasets.pops()["cca2"].to_numpy()[order][pop] != "US"
    way = rtt[pop, point] * np.where(abroad, CricStream().transit_inflation, 1)
    night = CricStream()
    median = night.last_mile_ms * night.access_factor**2  # cable is two steps from fibre
    last_mile = median * np.exp(night.last_mile_sigma * rng.standard_normal(n))
    plan = PLAN.replace(order="viewers", nearest_share=share, pops=pops, origin_fetch_ratio=0.0)
    seen = plan.latency().loc[place]
    drawn = np.quantile(way + last_mile + night.function_ms, [0.5, 0.95, 0.99])
    assert_allclose(seen[LEVELS].to_numpy(float), drawn, rtol=0.01)


def test_curves_of_some_places_are_those_of_all_and_each_has_every_count():
    whole = PLAN.curves()
    assert len(whole) == len(ROWS) * 500
    for place, some in PLAN.curves(LINES).groupby("place"):
        assert_array_equal(some["pops"], np.arange(1, 501))
        every = whole[whole["place"] == place]
        assert_allclose(some[LEVELS], every[LEVELS], rtol=1e-9)
    assert np.isfinite(whole.drop(columns="place")).all(axis=None)


@pytest.mark.parametrize("share", [0.9, 0.55])
@pytest.mark.parametrize("order", ["world", "viewers"])
def test_a_worse_aim_never_helps(order, share):
    better, worse = (
        PLAN.replace(order=order, nearest_share=a).curves(["everyone"])["mean_ms"]
        for a in (share + 0.1, share)
    )
    # A viewer pays more across a border than the round trip by which the nearest is found.
    assert (worse >= better - 0.05).all()


def test_all_orders_are_one_set_at_337_and_beyond():
    p99 = [
        PLAN.replace(order=order, nearest_share=0.7, seed=5).curves(["everyone"])["p99_ms"]
        for order in growth.ORDERS
    ]
    for other in p99[1:]:
        assert_allclose(other[336:], p99[0][336:], rtol=1e-6)
        assert not np.allclose(other[:336], p99[0][:336], rtol=0.01)


# -- the orders ------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", growth.ORDERS)
def test_every_order_has_each_pop_once_and_the_hypothetical_ones_last(order):
    sites = PLAN.replace(order=order).sites()
    assert sorted(sites["code"]) == sorted(datasets.pops()["code"])
    assert_array_equal(sites["added"], np.arange(1, 501))
    assert_array_equal(sites["hypothetical"], sites["added"] > 337)


def test_the_worlds_order_is_page_1s():
    assert_array_equal(PLAN.sites()["code"], datasets.pops()["code"])


def test_largest_cities_go_by_the_people_near_them():
    sites = PLAN.replace(order="largest cities").sites()[:337]
    cities = datasets.cities()
    km = great_circle_km(
        *(cities[axis].to_numpy()[:, None] for axis in ("lat", "lon")), sites["lat"], sites["lon"]
    )
    people = np.zeros(337)
    for row, population in zip(km, cities["population"], strict=True):
        if row.min() <= 80:
            people[row.argmin()] += population
    assert (np.diff(people) <= 0).all() and people[0] > 2e7


def test_each_next_pop_for_the_viewers_saves_them_more_than_any_other_would():
    order = growth.order("viewers", 0)
    abroad = datasets.pops()["cca2"].to_numpy()[:, None] != PLACES["cca2"].to_numpy()
    more = np.where(abroad, CricStream().transit_inflation, 1.0)[:, :, None]
    paid = (geo.pop_rtt_ms() * more).reshape(500, -1)[:337]
    viewers = np.repeat(PLACES["viewers"].to_numpy(float), 32)
    best = np.full(paid.shape[1], 1e9)
    for chosen in order[:12]:
        saved = (np.maximum(best - paid, 0) * viewers).sum(axis=1)
        assert saved[chosen] >= saved.max() * (1 - 1e-12)
        best = np.minimum(best, paid[chosen])


def test_a_random_order_is_the_seeds():
    one, again, other = (PLAN.replace(order="random", seed=s).sites()["code"] for s in (1, 1, 2))
    assert one.equals(again) and not one.equals(other)
    assert PLAN.replace(seed=1).sites()["code"].equals(PLAN.sites()["code"])


def test_the_frame_of_orders_holds_each_orders_own_curve_and_a_band():
    frame = PLAN.orders(seeds=3)
    for order in growth.ORDERS[:3]:
        some = frame[frame["order"] == order]
        own = PLAN.replace(order=order).curves(["everyone"])["p99_ms"]
        assert_array_equal(some["p99_ms"], own)
        assert (some["low_ms"] == some["high_ms"]).all()
    chance = frame[frame["order"] == "random"]
    assert (chance["low_ms"] <= chance["p99_ms"]).all()
    assert (chance["p99_ms"] <= chance["high_ms"]).all()
    assert (chance["low_ms"] < chance["high_ms"]).sum() > 200
    for seeds in (0, True, 1.5):
        with pytest.raises(
            (TypeError, ValueError), match=r"seeds: got .*, allowed a whole number from 1"
        ):
            PLAN.orders(seeds=seeds)


# -- what a PoP is worth ---------------------------------------------------------------------------


def test_gains_add_up_to_the_whole_way_and_little_counts_who_waits():
    gains = PLAN.gains()
    mean = PLAN.curves(["everyone"])["mean_ms"].to_numpy()
    assert_array_equal(gains["pops"], np.arange(2, 501))
    assert gains["saved_ms"].sum() == pytest.approx(mean[0] - mean[-1])
    # 28 million ask once a minute.
    assert_allclose(gains["saved_viewers"], 28e6 / 60 * gains["saved_ms"] / 1000)
    assert_array_equal(gains["city"], PLAN.sites()["city"][1:])


def test_a_pop_pays_if_it_saves_its_cost():
    cheap, dear = (PLAN.replace(pop_cost_viewers=c).gains() for c in (0.1, 1000.0))
    assert_array_equal(dear["pays"], dear["saved_viewers"] >= 1000)
    assert cheap["pays"].sum() > 5 * dear["pays"].sum() > 0


def test_what_moves_nobody_saves_exactly_nothing():
    gains = PLAN.gains()
    moved = [(geo.nearest_pop(n)[0] != geo.nearest_pop(n - 1)[0]).any() for n in range(2, 501)]
    assert_array_equal(gains["saved_viewers"] == 0, ~np.array(moved))


@pytest.mark.parametrize("knobs", [{}, {"order": "viewers"}, {"nearest_share": 0.65}])
def test_enough_is_the_first_count_from_which_on_it_stays_good(knobs):
    plan = PLAN.replace(**knobs)
    p99 = plan.curves(["everyone"])["p99_ms"].to_numpy()
    good = p99[:337] <= (1 + ENOUGH) * p99[336]
    n = plan.enough()
    assert good[n - 1 :].all() and not good[n - 2]


def test_the_orders_that_know_the_viewers_need_few_and_a_bad_aim_needs_many():
    viewers = PLAN.replace(order="viewers")
    assert viewers.enough() < 30 < 120 < PLAN.enough()
    assert viewers.replace(nearest_share=0.55).enough() > 180


# -- distances -------------------------------------------------------------------------------------


def nearest_km(pops):
    cities, some = datasets.cities(), datasets.pops()[:pops]
    return great_circle_km(
        *(cities[axis].to_numpy()[:, None] for axis in ("lat", "lon")), some["lat"], some["lon"]
    )


def test_distances_are_the_great_circles_to_the_nearest_and_to_the_one_reached():
    km = np.sort(nearest_km(312), axis=1)
    people = datasets.cities()["population"].to_numpy(float)
    law = rank_shares(0.55)[-1]
    frame = PLAN.replace(nearest_share=0.55).distances()
    for at in (20, 80, 120):
        row = frame.iloc[at]
        near = np.average(km[:, 0] <= row["km"], weights=people)
        own = sum(s * np.average(km[:, k] <= row["km"], weights=people) for k, s in enumerate(law))
        assert row["nearest_share"] == pytest.approx(near)
        assert row["reached_share"] == pytest.approx(own)
    assert (frame["reached_share"] <= frame["nearest_share"] + 1e-12).all()
    assert frame["nearest_share"].iloc[-1] == pytest.approx(1)
    everyone = PLAN.distances()
    assert_allclose(everyone["reached_share"], everyone["nearest_share"], atol=1e-12)


def test_nearness_says_how_far_within_tens_of_kilometres_holds():
    frame = PLAN.replace(nearest_share=0.55).nearness()
    km = nearest_km(312).min(axis=1)
    people = datasets.cities()["population"]
    near = people[km <= 30].sum() / people.sum()
    assert frame.loc["within 30 km", "cities"] == pytest.approx((km <= 30).mean())
    assert frame.loc["within 30 km", "people"] == pytest.approx(near)
    assert frame.loc["median km", "cities"] == pytest.approx(np.median(km), rel=0.02)
    within = ["within 30 km", "within 100 km", "round trip within 10 ms"]
    assert (frame.loc[within, "reached"] < frame.loc[within, "people"]).all()
    assert frame.loc["median km", "reached"] > frame.loc["median km", "people"]


# -- knobs, words, sources -------------------------------------------------------------------------

BAD = {
    "pops": [0, 501, 3.5, "many", True, math.nan],
    "order": ["greedy", "World", 1, None],
    "nearest_share": [0.29, 1.01, "all", math.nan, math.inf, None],
    "pop_cost_viewers": [0.0, 1e5, -1, "ten"],
    "last_mile_ms": [0.9, 51.0, math.nan],
    "origin_fetch_ratio": [-0.001, 0.031, math.nan],
    "function_ms": [-0.1, 51.0],
    "seed": [-1, 2**32, 1.5],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, each in BAD.items() for v in each])
def test_a_bad_knob_is_named_with_what_came_and_what_is_allowed(name, value):
    with pytest.raises((TypeError, ValueError)) as error:
        Placement(**{name: value})
    assert str(error.value).startswith(f"{name}: got {value!r}, allowed ")


def test_every_knob_is_tried():
    assert set(BAD) == set(Placement.knobs())


@pytest.mark.parametrize("places", [["Atlantis"], [], ["Delhi", "nowhere"]])
def test_an_unknown_place_is_named(places):
    with pytest.raises(ValueError, match=r"places: got .*, allowed "):
        PLAN.curves(places)


@pytest.mark.parametrize("count", [1, 2, 312, 500])
@pytest.mark.parametrize("knobs", [{}, {"order": "random", "nearest_share": 0.3}])
def test_the_words_hold_the_numbers(count, knobs):
    plan = PLAN.replace(pops=count, **knobs)
    words = plan.in_words()
    assert f"within {plan.latency().loc['everyone', 'p99_ms']:.0f} ms" in words
    assert f"{plan.enough()} PoPs do nearly as well" in words
    assert words.startswith(f"{count} PoP{'s' * (count != 1)} in ") and "nan" not in words
    assert ("save their cost" in words) == (count > 1)


def test_a_frame_is_the_callers_own():
    for make in (PLAN.curves, PLAN.gains, PLAN.sites, PLAN.distances, PLAN.latency):
        mine, before = make(), make()
        mine[mine.columns[-1]] = 0
        pd.testing.assert_frame_equal(make(), before)
