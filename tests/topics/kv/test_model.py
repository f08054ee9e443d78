"""The edge KV: readers, users on the move, writers, bytes, faults; closed forms and bad input."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

import edgelab as el
from edgelab.core import datasets
from edgelab.topics.kv import propagation
from edgelab.topics.kv.crdt import GCounter, LWWRegister, ORSet, PNCounter
from edgelab.topics.kv.model import EVERYWHERE, EdgeKV
from edgelab.world import delays

STORE = EdgeKV()
CACHE = EdgeKV.of("Cloudflare Workers KV")
SIGMA = np.log(2) / ndtri(0.99)


def lognormal_later(ms, median):
    return ndtr(-np.log(np.asarray(ms) / median) / SIGMA)


# -- readers -------------------------------------------------------------------------------


def test_near_and_far_pops_follow_the_designs_lognormals():
    frame = STORE.staleness()
    times = frame["since_write_ms"]
    assert np.abs(frame["same_continent"] - lognormal_later(times, 50)).max() < 0.004
    assert np.abs(frame["elsewhere"] - lognormal_later(times, 250)).max() < 0.004


def test_the_audience_is_served_by_its_pops_in_proportion():
    frame, night = STORE.staleness(), el.CricStream().staleness()
    np.testing.assert_array_equal(frame["viewers"], night["stale_share"])
    np.testing.assert_array_equal(frame["pops"], night["stale_pops"])


def test_a_hot_pop_with_a_ttl_of_60_s_sees_a_write_after_anything_up_to_60_s():
    frame = CACHE.staleness()
    times = frame["since_write_ms"].to_numpy()
    right = (1 - times / 60_000).clip(0)
    for whose in ("same_continent", "elsewhere"):
        assert np.abs(frame[whose] - right).max() < 0.004
    # The mean is 30 s: the integral of the share that is stale.
    later = np.append(1, frame["elsewhere"])
    mean = np.sum((later[1:] + later[:-1]) / 2 * np.diff(np.append(0, times)))
    assert mean == pytest.approx(30_000, rel=0.01)


def test_rebalancing_leaves_a_foot_of_minutes():
    share = 0.03
    frame = STORE.replace(rebalancing_share=share).staleness().set_index("since_write_ms")
    far = frame.loc[2048:, "elsewhere"]
    right = share * np.exp(-(far.index - 250) / 60_000)
    assert np.abs(far - right).max() < 0.003
    assert (STORE.staleness().set_index("since_write_ms").loc[2048:, "elsewhere"] == 0).all()


@pytest.mark.parametrize(("pops", "whose"), [(1, ["viewers", "elsewhere", "pops"]), (2, [])])
def test_where_there_is_no_other_pop_nothing_is_stale(pops, whose):
    frame = STORE.replace(pops=pops).staleness()
    for name in ["same_continent", *whose] if pops == 1 else whose:
        assert (frame[name] == 0).all()
    assert STORE.replace(pops=1).seen_ms() == 0
    assert (STORE.replace(pops=1).handoff()[["missed_share", "sticky_share"]] == 0).all(axis=None)


def test_seen_ms_inverts_the_curve():
    for whose in ("viewers", "pops", "same_continent", "elsewhere"):
        at = STORE.seen_ms(0.9, whose)
        frame = STORE.staleness()
        assert np.interp(at, frame["since_write_ms"], frame[whose]) == pytest.approx(0.1, abs=1e-6)
    assert STORE.seen_ms(0.01, "viewers") == 0  # the writer's own readers are more than that


def test_a_quantile_that_the_draws_do_not_tell_is_infinite():
    draws = 312 * delays.WRITES
    assert STORE.seen_ms(1 - 2 / draws) < np.inf == STORE.seen_ms(1 - 0.5 / draws)
    # One write in twenty comes minutes late, exponentially: 11 % of those after 131 s.
    slow = STORE.replace(rebalancing_share=0.05)
    assert slow.seen_ms() == pytest.approx(60_000 * np.log(5), rel=0.02)
    assert slow.seen_ms(0.999) == np.inf


# -- users on the move ---------------------------------------------------------------------


@pytest.mark.parametrize("roaming", [0.0, 0.05, 1.0])
def test_who_misses_their_own_write_is_a_mixture_of_near_and_far(roaming):
    store = STORE.replace(roaming_share=roaming)
    for ms in (30.0, 100.0, 300.0):
        right = (1 - roaming) * lognormal_later(ms, 50) + roaming * lognormal_later(ms, 250)
        assert store.missed_share(ms) == pytest.approx(right, abs=0.006)


@pytest.mark.parametrize("fetched", [False, True])
def test_nobody_elsewhere_has_seen_a_write_the_moment_it_is_made(fetched):
    """The bins start at a sixteenth of a millisecond; the model once started at a whole one."""
    quick = EdgeKV(kv_delay_ms=10, copies=datasets.COPIES[fetched])
    assert quick.missed_share(0) == EdgeKV().missed_share(0) == 1
    for ms in (0.03, 0.2, 0.5, 0.9, 1.5):
        right = 0.95 * lognormal_later(ms, 2) + 0.05 * lognormal_later(ms, 10)
        right = 1 - ms / 20 if fetched else right
        assert quick.missed_share(ms) == pytest.approx(right, abs=0.004)
    assert quick.seen_ms(0.005, "same_continent") == pytest.approx(
        0.1 if fetched else 2 * np.exp(SIGMA * ndtri(0.005)), rel=0.1
    )


def test_a_sticky_route_hides_it_until_it_ends_and_nothing_later():
    for store in (CACHE, CACHE.replace(sticky_s=0), CACHE.replace(sticky_s=120)):
        frame = store.handoff()
        during = frame["since_write_ms"] <= 1000 * store.sticky_s
        assert (frame.loc[during, "sticky_share"] == 0).all()
        after = frame[~during]
        assert (after["sticky_share"] == after["missed_share"]).all()
    assert CACHE.missed_share(30_000) == pytest.approx(0.5, abs=0.005)


def test_a_sticky_read_pays_the_way_back():
    reads = STORE.replace(read_ms=3).reads()["median_ms"]
    assert reads["local copy"] == 3
    pops, home = datasets.pops()[:312], delays.readers(312)[1]
    near = pops[(pops["continent"] == "Asia") & (pops.index != home)]
    rtt = [el.rtt_ms(*pops.loc[home, ["lat", "lon"]], *row) for row in near[["lat", "lon"]].values]
    assert reads["sticky, same continent"] == pytest.approx(3 + np.median(rtt))
    assert reads["sticky, another continent"] > reads["sticky, same continent"]
    assert STORE.replace(pops=1).reads()["median_ms"].isna().sum() == 2


# -- writers -------------------------------------------------------------------------------


def test_lost_is_rate_times_delay_over_one_more():
    """With PoPs alike the mean delay is known; a mixture loses a little less than its mean."""
    store = STORE.replace(writers=EVERYWHERE, kv_delay_ms=1000.0)
    continent = datasets.pops()["continent"][:312]
    share = (continent.value_counts() / 312).pow(2).sum()
    mean_s = np.exp(SIGMA**2 / 2) * (share * 0.2 + (1 - share) * 1.0)
    frame = store.lost_updates((0.01, 0.1, 0.3))
    right = frame["writes_per_s"] * mean_s / (1 + frame["writes_per_s"] * mean_s)
    assert np.abs(frame["lww_lost_share"] - right).max() < 0.03


def test_a_cache_loses_by_its_refreshes():
    """Once in 60 s: the mean wait is 30 s, far from PoP to PoP."""
    store = CACHE.replace(writers=EVERYWHERE)
    lost = store.lost_updates((0.003,))["lww_lost_share"].iloc[0]
    assert lost == pytest.approx(0.09 / 1.09, abs=0.02)


def test_more_writes_lose_more_and_a_crdt_nothing():
    for store in (STORE, STORE.replace(rebalancing_share=0.05), STORE.replace(pops=3)):
        frame = store.lost_updates()
        # Three PoPs soon lose all of the others' increments, and no more.
        assert store.pops == 3 or frame["lww_lost_share"].is_monotonic_increasing
        assert (frame["crdt_lost_share"] == 0).all()
    assert (STORE.replace(pops=1).lost_updates()["lww_lost_share"] == 0).all()


def test_the_same_seed_gives_the_same_bits_and_another_one_others():
    again = EdgeKV(seed=2026).lost_updates((7,))
    np.testing.assert_array_equal(again, STORE.lost_updates((7,)))
    assert (STORE.replace(seed=1).lost_updates((7,)) != again)["lww_lost_share"].all()


# -- bytes ---------------------------------------------------------------------------------


def test_bytes_are_those_of_states_that_grow_by_the_same_operations():
    store, stop = STORE.replace(writers=EVERYWHERE, pops=40), 300
    _, pop = propagation.writes(40, store.seed, propagation.OPERATIONS, False)
    rng = np.random.default_rng([store.seed, 3_000_003])
    up = rng.random(propagation.OPERATIONS) < 0.5
    element = rng.integers(0, propagation.ELEMENTS, propagation.OPERATIONS)
    frame = store.crdt_bytes().set_index("operations")
    counter, both, some = GCounter(), PNCounter(), ORSet()
    for k in range(stop):
        counter, both = counter.add(pop[k]), both.add(pop[k], 1 if up[k] else -1)
        some = some.remove(element[k]) if element[k] in some.value else some.add(element[k], pop[k])
        if k + 1 in frame.index:
            row = frame.loc[k + 1]
            assert row["writers"] == len(counter.counts)
            assert row["g_counter_bytes"] == counter.size_bytes
            assert row["pn_counter_bytes"] == both.size_bytes
            assert row["or_set_bytes"] == some.size_bytes
            assert row["register_bytes"] == LWWRegister().size_bytes


def test_at_312_pops_a_counter_takes_3_1_kilobytes():
    last = STORE.replace(writers=EVERYWHERE).crdt_bytes().iloc[-1]
    assert (last["g_counter_bytes"], last["pn_counter_bytes"]) == (3120, 6240)


# -- faults --------------------------------------------------------------------------------


def test_what_a_design_promises_survives_every_fault():
    frame = STORE.faults()
    assert set(frame.index.get_level_values("fault")) == {
        "none",
        "out of order",
        "every message twice",
        "one in five minutes late",
        "one in five dropped",
        "dropped, then repaired",
    }
    promised = frame.drop("LWW: counter", level="design")
    assert (promised["lost"] == 0).all() and (promised["acknowledged"] > 0).all()
    # An LWW counter promises nothing, and the frame shows what went.
    assert (frame.xs("LWW: counter", level="design")["lost"] > 0).all()
    whole = frame.drop("one in five dropped", level="fault")["agreeing_share"]
    assert (whole == 1).all()
    assert (frame.loc["one in five dropped", "agreeing_share"] < 1).all()
    assert (frame["kept"] + frame["lost"] == frame["acknowledged"]).all()


# -- vendors, words, bad input -------------------------------------------------------------


def test_vendors_stand_beside_the_article_with_their_sources():
    frame = EdgeKV.vendors()
    assert len(frame) == 5 and frame["source"].str.len().min() > 10
    assert EdgeKV.of("the article") == STORE
    assert frame.loc["Cloudflare Workers KV", "seen_s"] == pytest.approx(59.4, abs=0.2)
    assert frame.loc["Vercel Edge Config", "seen_s"] == pytest.approx(3, rel=0.06)
    assert frame.loc["Gcore FastEdge KV", "seen_s"] == pytest.approx(2, rel=0.06)
    assert frame.loc["Deno KV", "seen_s"] == 0


def test_words_say_the_models_numbers():
    words = STORE.in_words()
    lost = STORE.lost_updates((10,))["lww_lost_share"].iloc[0]
    assert f"{STORE.seen_ms():.0f} ms" in words and f"{100 * lost:.2g} % of a counter's" in words
    assert "No sticky route" in STORE.replace(sticky_s=0).in_words()
    assert (
        "; just after it none miss what" in words
        and "50 % miss what they wrote before" in CACHE.in_words()
    )
    assert "EdgeKV()" in STORE._repr_html_()


def test_settings_in_one_line():
    assert STORE.settings() == "pushed, 250 ms late, sticky 30 s, 10 writes/s"
    turned = CACHE.replace(sticky_s=0, rebalancing_share=0.02, pops=40)
    told = "fetched once in 60 s, 2 % rebalanced, not sticky, 10 writes/s, "
    assert turned.settings().startswith(told) and "40" in turned.settings()
    assert turned.settings(("copies", "sticky_s", "pops")) == "2 % rebalanced, 10 writes/s"


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: EdgeKV(kv_delay_ms=5), ValueError, "kv_delay_ms: got 5, allowed a number from 10"),
        (lambda: EdgeKV(kv_delay_ms=np.nan), ValueError, "kv_delay_ms: got nan"),
        (lambda: EdgeKV(copies="sent"), ValueError, "copies: got 'sent', allowed 'pushed' or"),
        (lambda: EdgeKV(sticky_s="long"), TypeError, "sticky_s: got 'long'"),
        (lambda: EdgeKV(delay=5), TypeError, "delay: got a name that EdgeKV does not know"),
        (lambda: EdgeKV.of("Upstash"), ValueError, "vendor: got 'Upstash', allowed 'the article'"),
        (lambda: STORE.seen_ms(1.0), ValueError, "share: got 1.0, allowed a number above 0"),
        (lambda: STORE.seen_ms(by="bots"), ValueError, "by: got 'bots', allowed 'viewers' or"),
        (lambda: STORE.missed_share(-1), ValueError, "since_write_ms: got -1"),
        (
            lambda: STORE.lost_updates((0,)),
            ValueError,
            "rates_per_s: got 0, allowed a number above",
        ),
        (lambda: STORE.lost_updates(5), TypeError, "rates_per_s: got 5, allowed a sequence"),
        (lambda: STORE.missed_share("1"), TypeError, "since_write_ms: got '1', allowed a number"),
        (lambda: STORE.lost_updates((np.inf,)), ValueError, "rates_per_s: got inf"),
    ],
)
def test_bad_input_is_named(make, error, text):
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value).startswith(text)
