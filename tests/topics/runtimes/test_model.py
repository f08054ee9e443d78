"""Warm functions in a PoP: what they cost, what fits, what starts cold, how long it waits."""

import re

import numpy as np
import pytest
from numba import config
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

import edgelab as el
import made_up
from edgelab.core import datasets
from edgelab.kernels import zipf
from edgelab.topics.runtimes import model as runtimes
from edgelab.topics.runtimes import primitives, replay
from edgelab.topics.runtimes.model import MEMORY_GB, PRIMITIVES, WarmPool
from edgelab.world import che

pytestmark = pytest.mark.usefixtures("nothing_measured")

POOL = WarmPool()
ARTICLE = {"isolate": (5, 3, 0.05), "process": (10, 50, 10)}


@pytest.fixture
def measured(tmp_path, monkeypatch):
    made_up.remember(tmp_path, monkeypatch)


@pytest.fixture
def fewer(monkeypatch):
    """Without numba, fewer requests."""
    if config.DISABLE_JIT:
        monkeypatch.setattr(replay, "REQUESTS", 5_000)
        replay._drawn.cache_clear()
        replay.replayed.cache_clear()


# -- costs ---------------------------------------------------------------------------------


def test_costs_are_the_articles_and_say_who_stands_in():
    costs = POOL.costs()
    for name, figures in ARTICLE.items():
        assert costs.loc[name, list(primitives.QUANTITIES)].tolist() == list(figures)
        assert (costs.loc[name, ["start_from", "memory_from", "call_from"]] == "article").all()
    assert costs.loc["Wasm", "memory_from"] == costs.loc["container", "memory_from"] == "public"
    assert costs.loc["Wasm", "call_from"] == "nobody" and costs.loc["Wasm", "call_ms"] == 0
    assert WarmPool(figures="public").costs().loc["process", "start_from"] == "article"


def test_what_was_measured_is_used_as_soon_as_it_is(measured):
    costs = WarmPool(figures="measured").costs()
    assert costs.loc["isolate", list(primitives.QUANTITIES)].tolist() == [2.0, 0.8, 0.04]
    assert costs.loc["process", "memory_mb"] == 40.0  # Node's, where there is Node
    assert costs.loc["container", "start_from"] == "article"
    assert (costs.drop("container")[["start_from", "memory_from"]] == "measured").all(axis=None)


def test_without_node_python_stands_for_a_process(tmp_path, monkeypatch):
    made_up.remember(tmp_path, monkeypatch, without=["Node process"])
    assert WarmPool(figures="measured").costs().loc["process", "memory_mb"] == 9.0


def test_memory_too_small_to_measure_is_not_nothing(tmp_path, monkeypatch):
    monkeypatch.setitem(made_up.MEDIANS, "Wasm instance", {"start": 0.02, "memory": 0.0})
    made_up.remember(tmp_path, monkeypatch)
    pool = WarmPool(figures="measured")
    assert pool.costs().loc["Wasm", "memory_mb"] == primitives.LEAST_MB
    assert np.isfinite(pool.density()["fit"]).all()


def test_without_a_measurement_others_stand_in_and_it_is_said():
    pool = WarmPool(figures="measured")
    assert "nothing was measured here: others stand in" in pool.in_words()
    assert pool.costs()["start_ms"].equals(POOL.costs()["start_ms"])
    assert "stand in" not in POOL.in_words()


def test_who_says_what_side_by_side(measured):
    frame = el.evidence.runtimes()
    assert frame.index.names == ["primitive", "quantity"] and len(frame) == 12
    assert frame.loc[("isolate", "start_ms")].tolist() == [5, 5, 2, 0.001, 5, 5_000]
    row = frame.loc[("process", "memory_mb")]
    assert (row["article"], row["public"], row["measured"]) == (50, 35, 40)
    assert row["disagree"] == pytest.approx(50 / 35)
    assert frame.loc[("container", "start_ms"), "most"] == 10_000
    assert frame.loc[("container", "call_ms")].isna().all()
    said = frame.dropna(subset=["least"])
    for source in ("article", "public", "measured"):
        inside = said[source].isna() | said[source].between(said["least"], said["most"])
        assert inside.all(), source


def test_every_figure_has_its_source():
    frame = datasets.runtimes()
    assert set(frame["primitive"]) == set(PRIMITIVES)
    assert frame["source"].str.len().min() > 10
    article = frame["said_by"] == "article"
    assert (frame.loc[article, "source"].str.startswith("The article")).all()
    assert not frame.loc[~article, "source"].str.contains("article").any()


# -- density and cold starts ---------------------------------------------------------------


def test_density_by_hand():
    rows = POOL.density()
    assert rows["fit"].tolist() == [21_333, 16_000_000, 500, 1_280]
    assert rows["pop_gb"].tolist() == [30, 0.04, 1280, 500]
    assert rows.loc["isolate", "all_pops_tb"] == pytest.approx(30 * 312 / 1000)
    assert rows.loc["isolate", "cold_share"] == 0
    assert rows.loc["isolate", "p99_ms"] == 0.05


def test_a_tenant_that_just_fits_is_not_lost_to_rounding():
    for tenants in (100, 1_000, 33_333):
        pool = WarmPool(tenants=tenants, pop_memory_gb=max(tenants * 0.05, 1.0))
        assert pool.density().loc["process", "fit"] >= tenants


@pytest.mark.parametrize("exponent", [0.0, 0.8, 1.0, 1.6])
def test_cold_share_is_ches_over_every_tenant(exponent):
    pool = WarmPool(tenants=5_000, pop_memory_gb=32.0, zipf_exponent=exponent, idle_limit_s=1e6)
    share = zipf.weights(5_000, exponent)
    time = che.characteristic_time(640, share)
    expected = float(che.miss_share(time, share))
    assert pool.density().loc["process", "cold_share"] == pytest.approx(expected, rel=1e-3)


def test_an_idle_limit_alone_drops_the_rare():
    pool = WarmPool(requests_per_s=10_000.0, idle_limit_s=600.0, tenants=1_000)
    share = zipf.weights(1_000, 1.0)
    expected = np.sum(share * np.exp(-share * 10_000 / 312 * 600))
    assert pool.density().loc["isolate", "cold_share"] == pytest.approx(expected, rel=1e-3)
    assert pool.density().loc["process", "fit"] >= 1_000


@pytest.mark.parametrize(
    "pool",
    [
        POOL,
        WarmPool(tenants=1_000_000, zipf_exponent=0.6),
        WarmPool(tenants=100, zipf_exponent=2.0),
        WarmPool(zipf_exponent=0.0, idle_limit_s=1.0),
        WarmPool(tenants=300_000, requests_per_s=1e8, pops=1),
    ],
)
def test_the_curve_is_the_same_approximation(pool):
    curve = pool.cold_starts()
    assert list(curve.columns) == list(PRIMITIVES) and len(curve) == len(MEMORY_GB)
    assert ((curve >= 0) & (curve <= 1)).all(axis=None)
    assert (np.diff(curve.to_numpy(), axis=0) <= 1e-12).all()
    for gb in MEMORY_GB[::12]:
        exact = pool.replace(pop_memory_gb=float(gb)).density()["cold_share"]
        # The grid between 1 and 4,096 GB may round its first and last memory.
        assert_allclose(curve.loc[gb], exact, rtol=0.01, atol=1e-9)


def test_a_container_that_does_not_fit_at_all_is_always_cold(monkeypatch):
    monkeypatch.setattr(runtimes, "MEMORY_GB", np.array([0.1, 1.0]))
    curve = POOL.cold_starts()
    assert curve.loc[0.1, "container"] == 1.0 and curve.loc[1.0, "container"] < 1


def test_more_memory_and_fewer_tenants_never_start_more_cold():
    cold = [WarmPool(pop_memory_gb=gb).density()["cold_share"] for gb in (1.0, 8.0, 64.0, 512.0)]
    assert (np.diff(cold, axis=0) <= 0).all()
    cold = [WarmPool(tenants=n).density()["cold_share"] for n in (100, 3_000, 50_000, 10**6)]
    assert (np.diff(cold, axis=0) >= 0).all()
    quiet = WarmPool(requests_per_s=10_000.0)
    cold = [quiet.replace(pops=n).density()["cold_share"] for n in (1, 30, 312, 500)]
    assert (np.diff(cold, axis=0) >= 0).all()


# -- waits ---------------------------------------------------------------------------------


def draws(pool, name, n=400_000):
    """Waits drawn one by one."""
    rng = np.random.default_rng(1)
    cost, cold = pool.costs().loc[name], pool.density().loc[name, "cold_share"]
    sigma = np.log(pool.start_tail) / stats.norm.ppf(0.99)
    start = cost["start_ms"] * np.exp(sigma * rng.standard_normal(n))
    return cost["call_ms"] + (rng.random(n) < cold) * start


@pytest.mark.parametrize("name", ["isolate", "container", "process"])
def test_waits_and_quantiles_are_those_of_draws(name):
    pool = WarmPool(tenants=60_000, start_tail=3.0)
    waits = draws(pool, name)
    row = pool.density().loc[name]
    assert row["mean_ms"] == pytest.approx(waits.mean(), rel=0.02)
    assert row["p99_ms"] == pytest.approx(np.quantile(waits, 0.99), rel=0.02)
    assert row["p999_ms"] == pytest.approx(np.quantile(waits, 0.999), rel=0.05)
    curve = pool.cold_waits()
    for ms in curve.index[10::25]:
        assert curve.loc[ms, name] == pytest.approx((waits > ms).mean(), abs=0.004), ms


def test_a_p99_pays_a_start_only_beyond_one_request_in_a_hundred():
    pools = [WarmPool(tenants=n) for n in range(21_000, 24_001, 250)]
    rows = [pool.density().loc["isolate"] for pool in pools]
    for row in rows:
        assert (row["p99_ms"] > 0.05) == (row["cold_share"] > 0.01)
    assert rows[0]["p99_ms"] == 0.05 and rows[-1]["p99_ms"] > 2


def test_starts_without_a_tail_take_one_time():
    pool = WarmPool(tenants=60_000, start_tail=1.0)
    assert pool.density().loc["isolate", ["p99_ms", "p999_ms"]].tolist() == [5.05, 5.05]
    curve = pool.cold_waits()["isolate"]
    assert set(np.round(curve.unique(), 9)) == {
        0.0, 1.0, round(pool.density().loc["isolate", "cold_share"], 9)
    }  # fmt: skip


def test_memory_is_tenants_times_a_tenants():
    frame = POOL.memory()
    assert frame.loc[frame.index[4], "process"] == pytest.approx(frame.index[4] * 0.05)
    assert len(frame) == 9 and frame.index[-1] == 1e6


# -- the replay ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pool",
    [
        WarmPool(tenants=20_000, primitive="process"),
        WarmPool(tenants=3_000, primitive="container", zipf_exponent=0.7),
        WarmPool(requests_per_s=10_000.0, idle_limit_s=300.0),
        WarmPool(tenants=100, primitive="process", pop_memory_gb=1.0),
    ],
)
def test_replayed_requests_agree_with_the_approximation(pool, fewer):
    frame = pool.simulation()
    near = 0.06 if config.DISABLE_JIT else 0.005
    assert_allclose(frame["cold_share"], frame["closed_form"], atol=near)
    assert frame["own"].sum() == 1 and frame["fit"].is_monotonic_increasing
    own = frame[frame["own"]].iloc[0]
    row = pool.density().loc[pool.primitive]
    assert own["fit"] == row["fit"] and own["closed_form"] == row["cold_share"]
    assert "requests went through the LRU" in pool.drawn_in_words()


def test_the_replay_is_that_of_plain_dictionaries(fewer):
    """The same requests, the same beginning, an ordered dictionary with times."""
    pool = WarmPool(tenants=300, primitive="process", pop_memory_gb=4.0, requests_per_s=10_000.0)
    ids, order, _ = replay._drawn(300, 1.0, pool.seed)
    ago = np.random.default_rng([pool.seed, 4_000_001]).exponential(1 / zipf.weights(300, 1.0))
    last = dict(enumerate(-ago))
    store, cold, fit = dict.fromkeys(order[-80:].tolist()), 0, 80
    some = ids[:20_000].tolist()
    for k, i in enumerate(some):
        cold += i not in store or k - last[i] > pool.idle_requests
        store.pop(i, None)
        store[i] = None
        if len(store) > fit:
            del store[next(iter(store))]
        last[i] = k
    replay.REQUESTS, before = len(some), replay.REQUESTS
    try:
        replay._drawn.cache_clear()
        replay.replayed.cache_clear()
        frame = pool.simulation()
    finally:
        replay.REQUESTS = before
        replay._drawn.cache_clear()
        replay.replayed.cache_clear()
    assert frame.loc[frame["own"], "fit"].item() == fit
    assert frame.loc[frame["own"], "cold_share"].item() == pytest.approx(cold / len(some))


def test_a_seed_chooses_the_draws_and_nothing_else_does(fewer):
    pool = WarmPool(primitive="process", tenants=2_000)
    again = pool.replace(figures="public", start_tail=5.0)
    first = pool.simulation()["cold_share"].tolist()
    assert pool.simulation()["cold_share"].tolist() == first
    replay._drawn.cache_clear()
    replay.replayed.cache_clear()
    assert pool.simulation()["cold_share"].tolist() == first
    assert pool.replace(seed=1).simulation()["cold_share"].tolist() != first
    assert len(again.simulation()) >= 2


# -- knobs and words -----------------------------------------------------------------------


@pytest.mark.parametrize("name", [n for n, k in WarmPool.knobs().items() if not k.choices])
def test_every_knob_is_checked_and_works_at_its_ends(name):
    about = WarmPool.knobs()[name]
    for value in (about.low, about.high):
        pool = POOL.replace(**{name: value})
        for frame in (pool.density(), pool.cold_starts(), pool.cold_waits(), pool.memory()):
            assert np.isfinite(frame.to_numpy(float)).all(), name
        assert not re.search(r"\b(nan|inf)\b", pool.in_words())
    for bad in (about.low - 1, about.high * 2 + 1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=f"{name}: got .*allowed"):
            POOL.replace(**{name: bad})
    for bad in ("many", None, True):
        with pytest.raises(TypeError, match=f"{name}: got"):
            POOL.replace(**{name: bad})


@pytest.mark.parametrize("name", ["primitive", "figures"])
def test_choices_are_checked(name):
    with pytest.raises(ValueError, match=f"{name}: got 'thread', allowed"):
        WarmPool(**{name: "thread"})


def test_the_words_tell_the_numbers():
    words = WarmPool(tenants=40_000).in_words()
    assert "64 GB hold 21,333 of 40,000 isolates (3 MB a tenant): 8 % of requests" in words
    assert "64 GB hold 1,280 of 40,000 processes" in words
    assert "37.4 TB as isolates, 624 TB as processes" in words
    assert "hardly a request starts cold" in POOL.in_words()
    assert "in the one PoP" in WarmPool(pops=1).in_words()
    assert "kB a tenant" in WarmPool(primitive="Wasm").in_words()
    assert "and 99 in 100 wait at most 50 µs." in POOL.in_words()
    assert "What a warm call costs nobody says." in WarmPool(primitive="Wasm").in_words()
    rare = WarmPool(requests_per_s=10_000.0, pops=150).in_words()
    assert "1 request in 370 starts cold" in rare
    html = POOL._repr_html_()
    assert "<code>WarmPool()</code>" in html and "tenants that fit" in html and "none" in html
    assert html.count("no figure") == 1, "for a warm Wasm instance"


def test_the_groups_are_ranked_shares():
    share, count = runtimes._popularity(10_000, 1.0)
    assert_array_equal(count[:3], 1)
    assert share[0] == pytest.approx(1 / np.sum(1 / np.arange(1, 10_001)), rel=1e-6)
