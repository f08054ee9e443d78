"""An attacker on M PoPs: the published table, closed forms, and what failing messages leave."""

import math

import numpy as np
import pandas as pd
import pytest

import edgelab as el
from edgelab import ledger
from edgelab.kernels import token_bucket
from edgelab.topics.rate_limit import messages, replay
from edgelab.topics.rate_limit import model as rate_limit
from edgelab.topics.rate_limit.limiters import (
    ALONE,
    COARSE,
    COUNTERS,
    DESIGNS,
    GCRA,
    HASHED,
    ISOLATE,
    KV,
    LATE,
    LEASED,
    OBJECT,
    POP,
    SHARED,
    WINDOW,
)
from edgelab.topics.rate_limit.model import RateLimit

ATTACK = RateLimit()
#: A run of another program: PoPs, requests a second, lag in ms, and requests let through by the
#: last writer and by grow-only counters over the ideal 700; one seed, bucket of 100, 10 a second.
TABLE = [
    (2, 20, 50, 1.37, 1.00),
    (2, 20, 250, 1.66, 1.00),
    (2, 20, 500, 1.66, 0.99),
    (2, 200, 50, 2.00, 1.00),
    (2, 200, 250, 2.00, 1.00),
    (2, 200, 500, 2.00, 1.00),
    (10, 200, 50, 6.65, 1.00),
    (10, 200, 250, 9.99, 1.00),
    (10, 200, 500, 9.98, 1.02),
    (312, 200, 50, 10.89, 1.00),
    (312, 200, 250, 17.27, 1.05),
    (312, 200, 500, 17.27, 1.00),
]


@pytest.mark.parametrize(("pops", "per_s", "lag_ms", "last", "counters"), TABLE)
def test_the_table_within_five_percent_or_three_standard_errors(
    pops, per_s, lag_ms, last, counters
):
    found = RateLimit(pops=pops, rate_per_s=per_s, kv_delay_ms=lag_ms).designs()
    assert ATTACK.seeds >= 20
    for design, right in ((KV, last), (COUNTERS, counters)):
        through, error = found.loc[design, ["through", "error"]]
        assert abs(through - right) <= max(0.05 * right, 3 * error), design


def runs(model, design):
    """Requests let through in each run, and the model's bound."""
    one = model.replace(design=design)
    return np.array([one.let_through(one.requests(k))[0].sum() for k in range(one.seeds)])


@pytest.mark.parametrize("pops", [1, 2, 10, 312])
@pytest.mark.parametrize("per_s", [5, 200, 1000])
def test_every_run_keeps_to_its_bound(pops, per_s):
    model = RateLimit(pops=pops, rate_per_s=per_s)
    limit = model.capacity + model.refill_per_s * model.attack_s
    times = dict.fromkeys(DESIGNS, 1) | {POP: pops, WINDOW: pops, COUNTERS: pops}
    times |= {ISOLATE: 4 * pops, KV: math.inf if pops > 1 else 1}
    for design in DESIGNS:
        bound = model.replace(design=design).bound
        assert bound == times[design] * limit
        assert runs(model, design).max() <= bound


def test_one_exact_bucket_is_one_and_the_same_in_every_exact_design():
    for model in (ATTACK, RateLimit(pops=312, rate_per_s=1000), RateLimit(rate_per_s=3)):
        exact = runs(model, OBJECT)
        for design in (GCRA, HASHED):
            assert (runs(model, design) == exact).all()
        assert (runs(model.replace(lease=1), LEASED) == exact).all()
        assert abs(runs(model, COARSE) - exact).max() <= 1


def test_separate_designs_get_m_times_the_limit_when_asked_often_enough():
    found = RateLimit(pops=5, rate_per_s=1000).designs()["through"]
    assert found[POP] == pytest.approx(5, rel=0.01)
    assert found[ISOLATE] == pytest.approx(20, rel=0.01)
    assert found[WINDOW] == pytest.approx(5 * 600 / 700, rel=0.01)  # starts with no burst to spare
    idle = RateLimit(pops=312, rate_per_s=5).designs()["through"]
    # Whoever keeps to the limit meets it nowhere, but where tokens lie in other PoPs.
    assert (idle.drop(LEASED) == 1).all() and idle[LEASED] < 0.5


@pytest.mark.parametrize("pops", [2, 10, 312])
@pytest.mark.parametrize("per_delay", [0.02, 0.05, 0.1])
def test_while_few_requests_come_per_delay_their_number_is_what_leaks(pops, per_delay):
    model = RateLimit(pops=pops, kv_delay_ms=1000 * per_delay / 20, rate_per_s=20)
    model = model.replace(kv_delay_ms=max(model.kv_delay_ms, 1.0))
    leak = model.designs().loc[KV, "through"] - 1
    assert leak == pytest.approx(per_delay * (1 - 1 / pops), rel=0.15)


def test_a_leak_of_a_few_percent_needs_few_requests_per_delay():
    frame = pd.concat([RateLimit(pops=m).leak_map() for m in (2, 10, 312)])
    inside = frame[frame["requests_per_delay"] <= 0.1]
    assert len(inside) > 20 and inside["through"].max() <= 1.1 + 0.005  # and noise
    attacked = frame[frame["rate_per_s"] > 2 * ATTACK.refill_per_s]
    assert attacked.loc[attacked["requests_per_delay"] >= 1, "through"].min() > 1.3
    assert frame.loc[frame["rate_per_s"] < ATTACK.refill_per_s / 2, "through"].max() == 1


def test_what_the_ledger_says_of_two_pops():
    found = [
        RateLimit(pops=2, rate_per_s=per_s, kv_delay_ms=50).designs().loc[KV, "through"]
        for per_s in (5, 20, 200)
    ]
    assert found == [1.0, pytest.approx(1.4, abs=0.03), pytest.approx(2.0, abs=0.02)]
    far = RateLimit(pops=312, kv_delay_ms=50).designs().loc[KV, "through"]
    assert ledger.FIGURES["leak-of-a-few-percent"]() == pytest.approx(100 * (found[2] - 1))
    assert 9 < far < 12
    assert ledger.FIGURES["one-request-too-many"]() == 1
    assert ledger.FIGURES["coarse-then-precise"]() == pytest.approx(0, abs=0.1)
    assert ledger.FIGURES["pops-times-limit"]() == pytest.approx(10 * 700, rel=0.01)


def test_an_innocent_user_is_refused_for_the_attackers_sake_alone():
    found = ATTACK.designs()
    assert (found["refused_own"] == 0).all()
    # An exact bucket serves both alike: of 202 requests a second about 700 in a minute pass.
    assert found.loc[OBJECT, "refused_shared"] == pytest.approx(1 - 700 / 12_120, abs=0.015)
    assert found.loc[ISOLATE, "refused_shared"] < found.loc[POP, "refused_shared"]
    calm = RateLimit(rate_per_s=1, user_per_s=1).designs()
    assert (calm["refused_shared"] == 0).all()
    # A user beyond the limit is rightly refused.
    greedy = RateLimit(user_per_s=20, rate_per_s=1, pops=1, attack_s=120)
    asked = greedy.requests(0, ALONE)
    assert not greedy.replace(design=OBJECT).let_through(asked)[0].all()
    assert greedy.designs().loc[OBJECT, "refused_own"] == 0


def test_an_exact_decision_costs_the_way_to_mumbai():
    found = RateLimit(pops=312).designs()
    assert found.loc[ISOLATE, "wait_ms"] == 0
    assert (found.loc[[POP, WINDOW, KV, COUNTERS], "wait_ms"] == 1).all()
    away = el.data.pops()[:312]
    rtt = el.rtt_ms(away["lat"], away["lon"], 19.07283, 72.88261)
    assert found.loc[OBJECT, "wait_ms"] == pytest.approx(rtt.mean(), rel=1e-6)
    assert found.loc[COARSE, "worst_wait_ms"] == pytest.approx(rtt.max() + 1, rel=1e-6)


def test_one_pop_per_key_is_no_nearer_than_mumbai_on_average():
    found = RateLimit(pops=10).designs().loc[HASHED]
    pops = el.data.pops()[:312]
    lat, lon = pops["lat"].to_numpy(), pops["lon"].to_numpy()
    rtt = el.rtt_ms(lat[:10, None], lon[:10, None], lat, lon)
    assert found["wait_ms"] == pytest.approx(rtt.mean(), rel=1e-6)
    assert found["worst_wait_ms"] == pytest.approx(rtt.max(), rel=1e-6)


@pytest.mark.parametrize(("pops", "lease"), [(1, 10), (10, 10), (312, 5), (312, 50)])
def test_a_lease_saves_trips_and_writes_and_strands_tokens(pops, lease):
    model = RateLimit(pops=pops, rate_per_s=1000, lease=lease)
    found = model.designs()
    leased, exact = found.loc[LEASED], found.loc[OBJECT]
    share = leased["writes_per_s"] * model.attack_s / leased["admitted"]
    assert share >= 1 / lease - 1e-12
    assert leased["wait_ms"] == pytest.approx(1 + exact["wait_ms"] * share, rel=0.01)
    assert leased["worst_wait_ms"] == 1 + exact["worst_wait_ms"]
    asked = model.replace(design=LEASED).requests(0)
    through, ((times_s, key, keys),) = model.replace(design=LEASED).let_through(asked)
    assert keys == 1 and (key == 0).all() and np.isin(times_s, asked.times_s[through]).all()
    # What an exact bucket would have let through lies in it, or unspent in the PoPs.
    stranded = len(times_s) * lease - through.sum()
    assert 0 <= stranded <= pops * (lease - 1)
    missing = runs(model, OBJECT)[0] - through.sum()
    assert stranded <= missing <= stranded + lease


def test_a_lease_is_no_larger_than_the_bucket():
    small = RateLimit(capacity=5, lease=10, seeds=2)
    pd.testing.assert_frame_equal(small.designs(), small.replace(lease=5).designs())


def test_a_slow_stream_over_many_pops_spends_few_of_the_tokens_that_it_waited_for():
    found = RateLimit(pops=312, rate_per_s=5).designs()["wait_ms"]
    assert found[OBJECT] / 2 < found[LEASED] < found[OBJECT]


def test_writes_that_a_store_refuses():
    found = ATTACK.designs()
    assert found.loc[KV, "writes_per_s"] == pytest.approx(found.loc[KV, "admitted"] / 60)
    # One write a second of 116: the store can take no more than 61 in the minute.
    assert found.loc[KV, "writes_refused"] >= 1 - 61 / found.loc[KV, "admitted"]
    assert found.loc[COUNTERS, "writes_refused"] < found.loc[KV, "writes_refused"]
    assert (ATTACK.replace(store_write_s=0).designs()["writes_refused"] == 0).all()
    asked = ATTACK.requests(0)
    through, ((times_s, key, keys),) = ATTACK.let_through(asked)
    taken = [times_s[0]]
    for at in times_s:
        if at - taken[-1] >= 1:
            taken.append(at)
    refused = token_bucket.too_soon(times_s, key, keys, 1.0)
    assert (keys, refused) == (1, through.sum() - len(taken))


# -- frames ----------------------------------------------------------------------------------------


def test_frames_are_tidy_and_agree():
    attack = RateLimit(pops=20, rate_per_s=100, kv_delay_ms=600, seeds=3)
    designs, leak, pops = attack.designs(), attack.leak_map(), attack.by_pops()
    assert list(designs.index) == list(DESIGNS)
    assert len(leak) == len(rate_limit.MAP_RATES_PER_S) * len(rate_limit.MAP_DELAYS_MS)
    assert np.isfinite(leak.to_numpy()).all()
    here = pops[pops["pops"] == 20].set_index("design")["through"]
    assert here[list(DESIGNS)].tolist() == pytest.approx(designs["through"].tolist())
    cell = leak[(leak["rate_per_s"] == 100) & (leak["kv_delay_ms"] == 600)]
    assert cell["through"].item() == pytest.approx(designs.loc[KV, "through"])
    curve = attack.by_delay(pops=(20,))
    assert curve["through"].is_monotonic_increasing or curve["through"].diff().min() > -0.1


def test_settings_in_one_line():
    assert ATTACK.settings() == "“KV, last writer wins”, 10 PoPs, 200 requests/s, 250 ms late"
    turned = ATTACK.replace(pops=1, seeds=7).settings(("design", "kv_delay_ms"))
    assert turned.startswith("1 PoP, 200 requests/s, ") and turned.endswith("7 runs")


def test_callers_own_the_frames():
    first = ATTACK.leak_map()
    first["through"] = 0.0
    assert ATTACK.leak_map()["through"].min() >= 1


def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads(monkeypatch):
    model = RateLimit(rate_per_s=50, seeds=4)
    before = model.designs()
    for threads in (1, 7):
        replay.figures.cache_clear()
        monkeypatch.setattr(replay.threads, "lent", lambda lent=threads: lent)
        pd.testing.assert_frame_equal(model.designs(), before)
    assert not model.replace(seed=1).designs().equals(before)


def test_the_requests_are_what_they_are_said_to_be():
    model = RateLimit(pops=7, rate_per_s=500)
    attack = model.requests(0)
    assert len(attack.times_s) == pytest.approx(500 * 60, abs=4 * np.sqrt(30_000))
    assert (np.diff(attack.times_s) > 0).all() and attack.times_s[-1] < 60
    assert np.bincount(attack.pop).min() > 0.9 * 30_000 / 7 and attack.pop.max() == 6
    assert not attack.innocent.any()
    both = model.requests(0, SHARED)
    assert both.innocent.sum() == pytest.approx(120, abs=45)
    assert (both.pop[both.innocent] == 0).all()
    alone = model.requests(0, ALONE)
    assert alone.innocent.all() and len(alone.times_s) == pytest.approx(120, abs=45)


def test_the_window_s_error_lies_near_the_published_one():
    error = ATTACK.window_error()
    ours, published = error["mean_difference"]
    assert published == 0.06
    # About the mean over the window of sqrt(2 f (1 - f) n) sqrt(2 / pi) / n, at n = 50.
    f = np.linspace(0, 1, 1001)
    right = np.mean(np.sqrt(f * (1 - f) * 50)) * np.sqrt(2 / np.pi) / 50
    assert ours == pytest.approx(right, rel=0.15)
    assert error.loc["ours, at random", "wrong"] == 0
    assert error.loc["published, real traffic", "wrong"] == 3e-5
    assert el.RateLimit.window_count(42, 18, 15, 60) == 49.5


# -- messages that fail ----------------------------------------------------------------------------


@pytest.mark.parametrize(("pops", "per_s", "delay_ms"), [(1, 30, 250), (5, 60, 100), (30, 90, 700)])
def test_where_nothing_fails_messages_and_kernels_decide_alike(pops, per_s, delay_ms):
    model = RateLimit(pops=pops, rate_per_s=per_s)
    asked = model.requests(0)
    given = asked.times_s, asked.pop, pops
    for slow, fast in (
        (messages.last_writer, token_bucket.last_writer),
        (messages.grow_only, token_bucket.grow_only),
    ):
        through, remembered = slow(*given, 100, 10.0, float(delay_ms), messages.Faults(), 1)
        found = fast(*given, 100.0, 10.0, delay_ms / 1000)
        if isinstance(found, tuple):
            assert remembered == found[1]
            found = found[0]
        assert (through == found).all()


FAULTS = [
    {"lost": 0.5},
    {"twice": 1.0},
    {"late": 0.5},
    {"lost": 0.3, "twice": 0.5, "late": 0.5},
    {"lost": 1.0},
]


@pytest.mark.parametrize("failing", FAULTS, ids=str)
def test_nothing_acknowledged_is_lost_where_the_design_promises_it(failing):
    model = RateLimit(pops=6, rate_per_s=60)
    none = {"lost": 0.0, "twice": 0.0, "late": 0.0}
    found = model.faults(**none | failing, runs=2)
    assert found.loc[COUNTERS, "remembered"] == found.loc[COUNTERS, "acknowledged"] > 0
    assert found.loc[OBJECT, "remembered"] >= found.loc[OBJECT, "acknowledged"]
    assert (found.loc[[COUNTERS, OBJECT], "lost"] == 0).all()
    assert found.loc[KV, "lost"] > 0.3 * found.loc[KV, "acknowledged"]
    assert found.loc[KV, "promise"] == "none"
    limit = model.limit
    assert found.loc[OBJECT, "remembered"] <= limit + model.refill_per_s
    assert found.loc[COUNTERS, "acknowledged"] <= 6 * limit


def test_a_second_copy_changes_nothing():
    asked = RateLimit(pops=6, rate_per_s=60).requests(0)
    given = asked.times_s, asked.pop, 6, 100, 10.0, 250.0
    for simulate in (messages.last_writer, messages.grow_only):
        once, known = simulate(*given, messages.Faults(), 3)
        twice, still = simulate(*given, messages.Faults(twice=1.0), 3)
        assert (once == twice).all() and known == still


def test_counters_that_hear_nothing_are_separate_buckets():
    asked = RateLimit(pops=6, rate_per_s=200).requests(0)
    through, _ = messages.grow_only(
        asked.times_s, asked.pop, 6, 100, 10.0, 250.0, messages.Faults(lost=1.0), 3
    )
    apart = token_bucket.bucket(asked.times_s, asked.pop, 6, 100.0, 10.0)
    assert (through == apart).all()


# -- bad input -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (
            lambda: RateLimit(pops=0),
            ValueError,
            "pops: got 0, allowed a whole number from 1 to 500",
        ),
        (lambda: RateLimit(pops=2.5), ValueError, "pops: got 2.5"),
        (lambda: RateLimit(rate_per_s=float("nan")), ValueError, "rate_per_s: got nan, allowed"),
        (lambda: RateLimit(kv_delay_ms=0), ValueError, "kv_delay_ms: got 0, allowed a number"),
        (lambda: RateLimit(kv_delay_ms="late"), TypeError, "kv_delay_ms: got 'late'"),
        (lambda: RateLimit(design="magic"), ValueError, "design: got 'magic', allowed"),
        (lambda: RateLimit(attack_s=float("inf")), ValueError, "attack_s: got inf"),
        (lambda: RateLimit(speed=1), TypeError, "speed"),
        (lambda: ATTACK.faults(lost=1.5), ValueError, "lost: got 1.5, allowed a share from 0 to 1"),
        (lambda: ATTACK.faults(late=math.nan), ValueError, "late: got nan, allowed a share"),
        (lambda: ATTACK.faults(twice="often"), TypeError, "twice: got 'often', allowed a share"),
        (lambda: ATTACK.faults(runs=0), ValueError, "runs: got 0, allowed a whole number"),
        (lambda: ATTACK.by_delay(pops=(0,)), ValueError, "pops: got 0, allowed a whole number"),
        (lambda: ATTACK.window_count(-1, 0, 0, 60), ValueError, "previous: got -1, allowed"),
        (lambda: ATTACK.window_count(1, 1, math.nan, 60), ValueError, "elapsed_s: got nan"),
        (lambda: ATTACK.window_count(1, 1, 60, 60), ValueError, "window_s: got 60, allowed more"),
        (lambda: ATTACK.window_count("42", 18, 15, 60), TypeError, "previous: got '42', allowed"),
        (lambda: ATTACK.requests(-1), ValueError, "run: got -1, allowed a whole number from 0"),
        (lambda: ATTACK.let_through([1.0]), TypeError, "asked: got"),
        (
            lambda: RateLimit(pops=2).let_through(RateLimit(pops=500).requests(0)),
            ValueError,
            "asked: got",
        ),
    ],
)
def test_bad_input_is_told(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_two_runs_may_be_a_float_and_half_a_run_may_not():
    attack = RateLimit(pops=2, rate_per_s=20, attack_s=10)
    assert attack.faults(runs=2.0).equals(attack.faults(runs=2))
    with pytest.raises(ValueError, match=r"runs: got 0\.5, allowed a whole number"):
        attack.faults(runs=0.5)


def test_the_sentence_says_what_the_figures_are():
    for design in DESIGNS:
        model = ATTACK.replace(design=design)
        row = model.designs().loc[design]
        text = model.in_words()
        assert f"{row['admitted']:,.0f} through" in text and "nan" not in text
        assert ("per delay" in text) == (design in LATE)
        assert ("a store that takes" in text) == (design in LATE)
    assert "9.99 times as many" in ATTACK.in_words()
    assert "no more than one exact bucket" in ATTACK.replace(design=OBJECT).in_words()
    assert "1.3 % fewer than one" in ATTACK.replace(design=LEASED).in_words()
    assert "1.5 % more" in ATTACK.replace(design=COUNTERS).in_words()
    assert "Nothing bounds it" in ATTACK.runs_in_words() and "7,000." in ATTACK.runs_in_words()
    assert "at most 700 through" in ATTACK.replace(pops=1).runs_in_words()
    one = ATTACK.replace(kv_delay_ms=5.0)
    assert "1 request comes in per delay" in one.in_words()
    assert "at most 700" in ATTACK.replace(design=OBJECT).runs_in_words()
    assert "1 run:" in ATTACK.replace(seeds=1).runs_in_words()
