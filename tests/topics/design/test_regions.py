"""Who fetches from which region, what that takes, and how regions agree: by other ways."""

import numpy as np
import pytest

import edgelab as el
from edgelab.core import datasets
from edgelab.topics.design import regions
from edgelab.topics.design.regions import INDIA, PLACES, REGIONS, WORLD, Roads, agree, ways
from edgelab.world import geo, request

ALL = tuple(REGIONS[WORLD].values())
ONE = Roads(True, 312, "world", (), ("BOM",))


def test_one_region_is_the_night_of_page_1():
    way, old = ways(ONE), request.ways(el.CricStream().route_settings)
    np.testing.assert_array_equal(way.pop, geo.nearest_pop(312)[0])
    np.testing.assert_allclose(way.near_ms, old.pop_ms, rtol=1e-12)
    np.testing.assert_allclose(way.far_ms, old.pop_home_ms, rtol=1e-12)
    home = ways(ONE._replace(at_pop=False))
    np.testing.assert_allclose(home.near_ms, old.home_ms, rtol=1e-12)
    assert not home.far_ms.any()


@pytest.mark.parametrize("ratio", [0.0, 0.002, 0.009, 0.05])
@pytest.mark.parametrize("pops", [12, 312])
def test_the_p99_is_page_1s(ratio, pops):
    design = el.Design(origin_fetch_ratio=ratio, pops=pops)
    call = el.WarmPool().costs().loc["isolate", "call_ms"]
    night = el.CricStream(origin_fetch_ratio=ratio, pops=pops, function_ms=1 + call).latency()
    np.testing.assert_allclose(design._seen.p99_ms, night.loc[list(PLACES), "p99_ms"], rtol=1e-3)
    assert design._seen.blank == pytest.approx(night.loc["everyone", "blank_share"], abs=2e-5)


def test_the_old_origin_is_page_1s_baseline():
    old = el.Design().baseline()
    frame = el.CricStream().baseline().latency()
    np.testing.assert_allclose(old._seen.p99_ms, frame.loc[list(PLACES), "p99_ms"], rtol=1e-3)
    assert old._seen.blank == pytest.approx(frame.loc["everyone", "blank_share"], rel=1e-3)
    load = el.CricStream().origin_load().loc["the old Mumbai origin", "utilisation"]
    assert old._seen.busy == pytest.approx(load)


@pytest.mark.parametrize("living", [ALL, ALL[1:], ALL[2:], ("SIN",)])
def test_each_fetch_goes_to_the_nearest_living_region(living):
    way, pops = ways(ONE._replace(living=living)), el.data.pops()
    at = pops.set_index("code")
    rng = np.random.default_rng(len(living))
    for place, point in zip(rng.integers(72, size=30), rng.integers(32, size=30), strict=True):
        pop = pops.loc[way.pop[place, point]]
        each = []
        for code in living:
            there = at.loc[code]
            spot = (there["lat"], there["lon"])
            if code == "BOM":
                spot = 19.07283, 72.88261  # the night's origin, not the PoP of the same city
            each.append(el.rtt_ms(pop["lat"], pop["lon"], *spot))
        assert way.region[place, point] == int(np.argmin(each))
        assert way.far_ms[place, point] == pytest.approx(min(each))
    assert way.share.sum() == pytest.approx(1)


@pytest.mark.parametrize("at", REGIONS)
def test_a_lost_region_brings_nobody_nearer(at):
    codes = tuple(REGIONS[at].values())
    before = ways(ONE._replace(living=codes))
    for lost in range(4):
        left = codes[:lost] + codes[lost + 1 :]
        after = ways(ONE._replace(living=left))
        assert (after.far_ms >= before.far_ms - 1e-12).all()
        stays = before.region != lost
        assert (after.far_ms[stays] == before.far_ms[stays]).all()
    assert np.isinf(ways(ONE._replace(living=())).far_ms).all()


def test_a_lost_pop_hands_its_viewers_to_the_next():
    dead = regions.first_dead(312, "world")
    before, after = ways(ONE), ways(ONE._replace(lost=(dead,)))
    assert (before.pop == dead).any() and not (after.pop == dead).any()
    assert (after.near_ms >= before.near_ms - 1e-12).all()
    same = before.pop != dead
    assert (after.pop[same] == before.pop[same]).all()


def test_pops_come_in_page_3s_order():
    for order in ("viewers", "largest cities"):
        codes = el.Placement(order=order).sites()["code"][:20]
        used = set(el.data.pops()["code"][np.unique(ways(ONE._replace(pops=20, order=order)).pop)])
        assert used <= set(codes)


# -- agreement ------------------------------------------------------------------------------------


def drawn_lost(codes, share, rate, batch_s, seed):
    """Share of drawn writes that another region overwrites before it has heard of them."""
    rng = np.random.default_rng(seed)
    at = np.cumsum(rng.exponential(1 / rate, 40_000))
    where = rng.choice(len(codes), size=len(at), p=np.asarray(share) / np.sum(share))
    delay = regions.between_ms(tuple(codes)) / 2000 + batch_s / 2
    np.fill_diagonal(delay, 0.0)
    lost = 0
    for k in range(len(at)):
        later = k + 1
        while later < len(at) and at[later] - at[k] < delay[where[k]].max():
            if where[later] != where[k] and at[later] - at[k] < delay[where[k], where[later]]:
                lost += 1
                break
            later += 1
    return lost / len(at)


@pytest.mark.parametrize(("rate", "batch_s"), [(0.5, 1.0), (10.0, 0.1), (3.0, 0.5)])
def test_the_last_writer_loses_what_drawn_writes_lose(rate, batch_s):
    share = ways(ONE._replace(living=ALL)).share
    ours = agree(ALL, share, "last writer", rate, batch_s).lost_share
    drawn = drawn_lost(ALL, share, rate, batch_s, 11)
    assert ours == pytest.approx(drawn, abs=4 * np.sqrt(ours / 40_000) + 1e-4)


def test_what_each_way_to_agree_loses_and_waits():
    share = np.full(4, 0.25)
    by = {how: agree(ALL, share, how, 10.0, 1.0) for how in regions.CONVERGE}
    assert [by[how].lost_share > 0 for how in regions.CONVERGE] == [False, True, False, False]
    assert by["last writer"].wait_ms == by["CRDT"].wait_ms == 0
    rtt = regions.between_ms(ALL)
    assert by["home region"].wait_ms == rtt[0].max()
    # With itself, more than half of four are three.
    assert by["quorum"].wait_ms == max(np.sort(row)[2] for row in rtt)
    assert by["quorum"].at_risk_s == 0 and by["CRDT"].at_risk_s > 0.5
    assert by["quorum"].copy_s == 0


@pytest.mark.parametrize(("count", "goes_on"), [(1, False), (2, False), (3, True), (4, True)])
def test_a_quorum_of_two_stops_with_one(count, goes_on):
    share = np.full(count, 1 / count)
    assert agree(ALL[:count], share, "quorum", 1.0, 1.0).goes_on is goes_on
    assert agree(ALL[:count], share, "CRDT", 1.0, 1.0).goes_on is (count > 1)


def test_regions_are_where_they_say():
    pops = datasets.pops().set_index("code")
    for name, code in (REGIONS[WORLD] | REGIONS[INDIA]).items():
        city = pops.loc[code, "city"]
        assert name.split()[0] in city or (name == "Bay Area" and city == "San Francisco")
    assert all(pops.loc[code, "cca2"] == "IN" for code in REGIONS[INDIA].values())


def test_a_quorum_counts_those_that_are_lost_too():
    three = ALL[:3]
    both = ways(ONE._replace(living=three[1:], majority_of=3))
    alone = ways(ONE._replace(living=three[1:]))
    # Two of three must answer, and only two live: each waits for the other.
    wait = regions.between_ms(three[1:]).max(axis=1)
    np.testing.assert_allclose(both.far_ms - alone.far_ms, wait[both.region])
    whole = ways(ONE._replace(living=ALL, majority_of=4)).far_ms
    usual = ways(ONE._replace(living=ALL))
    rtt = regions.between_ms(ALL)
    wanted = np.array([sorted(row)[2] for row in rtt])
    np.testing.assert_allclose(whole - usual.far_ms, wanted[usual.region])
