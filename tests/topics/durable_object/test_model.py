"""Homes, majorities and waits, each found another way."""

from itertools import combinations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import edgelab as el
from edgelab.core import datasets
from edgelab.core.sphere import great_circle_km, light_floor_ms
from edgelab.topics.durable_object import homes
from edgelab.topics.durable_object.homes import HOMES, POPS
from edgelab.topics.durable_object.model import AROUND, AT_ONCE, NEAR
from edgelab.world import geo, queue

MATCH = el.DurableObject()
KNOBS = el.DurableObject.knobs()
PLACES = datasets.places()


# -- geography -----------------------------------------------------------------------------------


def test_every_home_stands_at_the_city_it_is_named_after():
    cities = {p.place: (p.lat, p.lon) for p in PLACES.itertuples()}
    hubs = {h.hub: (h.lat, h.lon) for h in datasets.hubs().itertuples()}
    known = hubs | cities
    named = 0
    for name in HOMES:
        pop = datasets.pops().iloc[homes.pop_row(name)]
        assert pop["rank"] <= POPS and not pop["hypothetical"]
        if name in known:
            named += 1
            assert great_circle_km(*known[name], pop["lat"], pop["lon"]) < 80, name
    assert named >= 20 and set(homes.STADIUMS) <= set(cities) & set(HOMES)


def test_a_round_trip_is_that_to_the_pop_and_on_to_the_home():
    rows, points, home = (0, 40, 71), (0, 31), homes.pop_row("London")
    lat, lon = geo.catchment_points(PLACES)
    pops = datasets.pops()[:POPS]
    for row in rows:
        for point in points:
            here = lat[row, point], lon[row, point]
            to_pops = el.rtt_ms(*here, pops["lat"], pops["lon"])
            pop = int(np.argmin(to_pops))
            on = el.rtt_ms(*pops.iloc[pop][["lat", "lon"]], *pops.iloc[home][["lat", "lon"]])
            expected = to_pops[pop] + (0 if pop == home else on)
            assert homes.to_pops_ms()[row, point, home] == pytest.approx(expected)


def viewers_one_by_one(audience, home, every=2000):
    """Round trips of the audience, one entry for so many viewers, and the exact mean."""
    some = np.flatnonzero(homes.members(audience))
    rtt = homes.to_pops_ms()[some][..., home]
    people = PLACES["viewers"].to_numpy()[some]
    sample = np.concatenate(
        [np.repeat(r, round(v / len(r) / every)) for r, v in zip(rtt, people, strict=True)]
    )
    return sample, np.average(rtt.mean(axis=1), weights=people)


@pytest.mark.parametrize("audience", ["everyone", "India", "diaspora"])
@pytest.mark.parametrize("name", ["Mumbai", "Geneva", "Tokyo"])
def test_mean_and_p99_are_those_of_the_viewers_counted_one_by_one(audience, name):
    sample, mean = viewers_one_by_one(audience, homes.pop_row(name))
    row = MATCH.replace(audience=audience).homes().loc[name]
    assert row["mean_ms"] == pytest.approx(mean)
    low, high = np.quantile(sample, [0.988, 0.992])
    assert low <= row["p99_ms"] <= high


@pytest.mark.parametrize("audience", ["everyone", "India", "diaspora"])
def test_the_best_home_is_the_best_of_all_tried(audience):
    thing = MATCH.replace(audience=audience)
    some = homes.members(audience)
    rtt = homes.to_pops_ms()[some].mean(axis=1)
    means = np.average(rtt, axis=0, weights=PLACES["viewers"][some])
    names = thing.homes().index
    assert thing.best_home() == names[min(range(POPS), key=lambda h: means[h])]
    assert thing.best_home("farthest") == names[min(range(POPS), key=lambda h: rtt[:, h].max())]
    frame = thing.homes()
    assert frame.loc[thing.best_home("p99"), "p99_ms"] == frame["p99_ms"].min()
    # A preset may choose it.
    assert {thing.best_home(by) for by in ("mean", "p99")} <= set(HOMES)


def test_the_mean_the_p99_and_the_stadium_choose_three_homes():
    chosen = MATCH.best_home(), MATCH.best_home("p99"), MATCH.stadium
    assert len(set(chosen)) == 3
    frame = MATCH.homes()
    assert frame.loc[chosen[0], "mean_ms"] < frame.loc[chosen[2], "mean_ms"]
    assert frame["here"].sum() == frame["stadium"].sum() == 1


# -- agreement -------------------------------------------------------------------------------------


def brute_majority(rtt):
    """Least time in which some leader and some majority of all hear of each other."""
    k = len(rtt)
    return min(
        max(rtt[leader, other] if other != leader else 0.0 for other in majority)
        for leader in range(k)
        for majority in combinations(range(k), k // 2 + 1)
        if leader in majority
    )


@pytest.mark.parametrize("k", range(1, 9))
def test_the_floor_of_a_majority_is_the_best_of_all_majorities(k):
    row = MATCH.quorum().set_index("regions").loc[k]
    rtt = homes.between_pops_ms()[:k, :k]
    assert row["majority_ms"] == pytest.approx(brute_majority(rtt))
    away = rtt.copy()
    np.fill_diagonal(away, 0)
    assert row["all_ms"] == pytest.approx(min(max(line) for line in away))


def test_the_lock_over_312_pops_by_plain_sorting():
    rtt = homes.between_pops_ms()
    waits = {}
    for leader in range(POPS):
        others = sorted(rtt[leader, o] for o in range(POPS) if o != leader)
        waits[leader] = others[POPS // 2 - 1], others[-1]
    last = MATCH.quorum().iloc[-1]
    best = min(waits, key=lambda leader: waits[leader][0])
    assert last["majority_ms"] == pytest.approx(waits[best][0])
    assert last["leader"] == datasets.pops()["city"][best]
    assert last["all_ms"] == pytest.approx(min(wait for _, wait in waits.values()))
    assert last["turns_per_s"] == pytest.approx(1000 / waits[best][0])


def test_no_agreement_is_faster_than_light_or_slower_than_all():
    frame = MATCH.quorum()
    assert frame["regions"].tolist() == list(range(1, POPS + 1))
    assert (frame["light_ms"] <= frame["majority_ms"]).all()
    assert (frame["majority_ms"] <= frame["all_ms"]).all()
    pops = datasets.pops()[:POPS]
    km = great_circle_km(
        pops.lat.to_numpy()[:, None], pops.lon.to_numpy()[:, None], pops.lat, pops.lon
    )
    straight = np.sort(light_floor_ms(km), axis=1)[:, POPS // 2]
    assert frame["light_ms"].iloc[-1] == pytest.approx(straight.min())


@pytest.mark.parametrize("home", ["Mumbai", "London", "Sydney"])
def test_with_every_pop_a_follower_a_write_waits_for_the_majority(home):
    thing = MATCH.replace(home=home, followers=POPS - 1, followers_at=AROUND)
    frame = thing.quorum()
    assert thing.confirmations + 1 == POPS // 2 + 1
    assert thing.safe_ms == pytest.approx(frame["here_ms"].iloc[-1])
    assert frame["safe_ms"].iloc[-1] == thing.safe_ms and frame["safe_ms"].notna().sum() == 1
    assert thing.safe_ms >= frame["majority_ms"].iloc[-1]


@pytest.mark.parametrize("followers", [0, 1, 2, 5, 9])
@pytest.mark.parametrize("where", [NEAR, AROUND])
def test_the_wait_is_that_of_the_last_follower_that_is_needed(followers, where):
    thing = MATCH.replace(followers=followers, followers_at=where, home="Dubai")
    sites = thing.sites()
    own = sites[sites["role"] == "follower"]["rtt_ms"]
    assert len(own) == followers and own.is_monotonic_increasing
    assert thing.confirmations == -(-followers // 2)
    assert thing.safe_ms == (own.iloc[thing.confirmations - 1] if followers else 0)
    home = homes.pop_row("Dubai")
    rtt = np.delete(homes.between_pops_ms()[home], home)
    expected = np.sort(rtt)[:followers] if where == NEAR else np.sort(rtt[:followers])
    assert_allclose(own, expected)
    assert sites["role"].iloc[[0, -1]].tolist() == ["home", "stadium"]
    assert sites["city"].iloc[[0, -1]].tolist() == ["Dubai", "Ahmedabad"]


def test_what_is_at_risk_is_what_has_not_left_yet():
    assert MATCH.at_risk_writes == 0 == MATCH.replace(home_dies="not").at_risk_writes
    late = MATCH.replace(acknowledge=AT_ONCE, batch_s=10.0, requests_per_s=100.0, write_share=0.5)
    assert late.at_risk_writes == pytest.approx(100 * 0.5 * 10 / 2)
    assert late.write_wait_ms == 0 < late.safe_ms
    assert np.isinf(MATCH.replace(followers=0).at_risk_writes)
    assert MATCH.replace(followers=0, write_share=0.0).at_risk_writes == 0


# -- the queue ------------------------------------------------------------------------------------


@pytest.mark.parametrize("requests_per_s", [0.1, 312.0, 900.0, 999.0])
def test_quantiles_are_those_of_drawn_requests(requests_per_s):
    thing = MATCH.replace(requests_per_s=requests_per_s)
    at_object = queue.sojourn_quantiles_ms(1, thing.utilisation, thing.service_ms, 20_000)
    frame = thing.latency()
    for place in ("Mumbai", "Bay Area"):
        row = PLACES["place"].tolist().index(place)
        rtt = homes.to_pops_ms()[row][:, homes.pop_row("Mumbai")]
        every = (rtt[:, None] + at_object).ravel()
        found = frame.loc[place, ["read_p50_ms", "read_p99_ms"]].to_numpy(float)
        assert_allclose(found, np.quantile(every, [0.5, 0.99]), rtol=2e-3)
    weight = np.repeat(PLACES["viewers"].to_numpy(), 32)
    rtt = homes.to_pops_ms()[..., homes.pop_row("Mumbai")].ravel()
    for level, column in ((0.5, "read_p50_ms"), (0.99, "read_p99_ms")):
        gone = np.maximum(frame.loc["everyone", column] - rtt, 0)
        later = np.average(np.exp(-gone / thing.at_object_ms), weights=weight)
        assert later == pytest.approx(1 - level, rel=1e-6)


def test_a_write_takes_a_reads_time_and_the_wait_for_copies():
    frame = MATCH.latency()
    assert_allclose(frame["write_p99_ms"] - frame["read_p99_ms"], MATCH.safe_ms)
    once = MATCH.replace(acknowledge=AT_ONCE).latency()
    assert_allclose(once["write_p99_ms"], once["read_p99_ms"])


@pytest.mark.parametrize(("rate", "service_ms"), [(1000.0, 1.0), (20_000.0, 1.0), (20.0, 50.0)])
def test_a_saturated_object_says_so_and_gives_no_time(rate, service_ms):
    thing = MATCH.replace(requests_per_s=rate, service_ms=service_ms)
    assert thing.saturated and thing.state == "saturated" and np.isinf(thing.at_object_ms)
    frame = thing.latency()
    assert np.isinf(frame[["read_p50_ms", "read_p99_ms", "write_p99_ms"]]).all(axis=None)
    assert np.isfinite(frame["rtt_ms"]).all()
    assert "never empties" in thing.in_words() and "inf" not in thing.in_words()


@pytest.mark.parametrize("name", [n for n, k in KNOBS.items() if not k.choices])
def test_every_end_of_every_knob_makes_finite_words(name):
    for value in (KNOBS[name].low, KNOBS[name].high):
        words = MATCH.replace(**{name: value}).in_words()
        assert "nan" not in words and "inf" not in words


# -- two endpoints ---------------------------------------------------------------------------------


def test_the_live_match_fits_and_the_order_book_does_not():
    live, orders = el.DurableObject.live_match(), el.DurableObject.order_matching()
    assert live.headline()["utilisation"] < 0.5 and live.state == "steady"
    assert orders.headline()["utilisation"] > 10 and orders.state == "saturated"
    # Even an object without a queue would let who is near be first.
    assert orders.headline()["head_start_ms"] > 100
    # 28 million viewers who ask once a minute are hundreds of objects' work.
    crowd = live.replace(requests_per_s=PLACES["viewers"].sum() / 60)
    assert crowd.utilisation > 400


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("knob", "value", "error"),
    [
        ("home", "Atlantis", ValueError),
        ("followers", 312, ValueError),
        ("followers", -1, ValueError),
        ("followers", 2.5, ValueError),
        ("followers", "5", TypeError),
        ("requests_per_s", 0, ValueError),
        ("requests_per_s", np.nan, ValueError),
        ("drop_share", 1.0, ValueError),
        ("audience", "nobody", ValueError),
    ],
)
def test_a_bad_knob_is_refused_by_name(knob, value, error):
    with pytest.raises(error, match=f"^{knob}: got .*, allowed "):
        el.DurableObject(**{knob: value})


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: MATCH.best_home("median"), "by"),
        (lambda: MATCH.run("cache"), "store"),
        (lambda: MATCH.histories(0), "count"),
        (lambda: MATCH.histories(True), "count"),
        (lambda: MATCH.histories(1001), "count"),
        (lambda: MATCH.designs(0), "count"),
    ],
)
def test_a_bad_argument_is_refused_by_name(call, name):
    with pytest.raises((TypeError, ValueError), match=f"^{name}: got .*, allowed "):
        call()
