"""Endpoints: every figure is the pages' own, and verdicts follow from figures alone."""

import numpy as np
import pytest

import edgelab as el
from edgelab.core import datasets
from edgelab.kernels import histogram
from edgelab.topics.endpoints import timing, ways
from edgelab.topics.endpoints.demands import LASTING, SESSION, TRANSACTION
from edgelab.topics.endpoints.model import MAP_STALENESS_S, MAP_WRITES
from edgelab.topics.endpoints.timing import OWN
from edgelab.topics.endpoints.ways import (
    AT_HOME,
    BUCKETS,
    CACHE,
    EDGE_SLICE,
    HOME_SLICE,
    KV,
    NEAR,
    OBJECT,
    PART_SLICE,
    PLACES,
    SPLIT,
    WAYS,
)
from edgelab.world import geo

PANEL = el.Endpoint()
EXAMPLES = el.Endpoint.examples()
#: The names that the article's story, or page 8, has a verdict on already.
TOLD = {
    "Up Next panel": EDGE_SLICE,
    "transaction history": HOME_SLICE,
    "order matching": HOME_SLICE,
}


def placed(thing):
    return thing.placements().set_index(["way", "place"])


def digits(got, wanted):
    """To the last digit: page 1's night counts what is fetched in parts of 2 to the 32."""
    assert got == pytest.approx(wanted, rel=1e-8)


def some_endpoints(count, seed):
    """Endpoints at random, over all that a reader can turn."""
    rng = np.random.default_rng(seed)
    knobs = el.Endpoint.knobs()
    for _ in range(count):
        given = {}
        for name in (
            "needs",
            "answers",
            "audience",
            "connection",
            "stays_in",
            "platform",
            "copies",
        ):
            given[name] = rng.choice(knobs[name].choices, p=None).item()
        if rng.random() < 0.7:  # mostly what is not decided by these alone
            given |= {"connection": "one answer", "stays_in": "anywhere", "needs": "nothing"}
        given["requests_per_s"] = float(10 ** rng.uniform(0, 6))
        given["keys"] = int(10 ** rng.uniform(0, 7))
        given["kv_delay_ms"] = float(10 ** rng.uniform(1, 4.4))
        given["origin_fetch_ratio"] = float(rng.choice([0, 0.002, 0.02, 0.3]))
        given["memory_mb"] = float(rng.choice([30, 300]))
        given["worth"] = float(rng.uniform(0, 0.5))
        yield el.Endpoint(**given), rng


# -- the pages' own models -----------------------------------------------------------------------


def fleet_without_writes():
    """The old fleet of a night on which nobody writes: what an endpoint's fleet is sized by."""
    return el.CricStream(write_share=0.0).baseline()


@pytest.mark.parametrize("column", ["p50_ms", "p99_ms"])
def test_all_at_home_is_page_1s_old_origin_to_the_last_digit(column):
    table = placed(PANEL.replace(cpu_ms=0.0))[column]
    theirs = fleet_without_writes().latency()[column]
    for place in (*PLACES, "everyone"):
        digits(table[AT_HOME, place], theirs[place])


@pytest.mark.parametrize("ratio", [0.002, 0.05, 1.0])
def test_kv_and_split_are_page_1s_night_to_the_last_digit(ratio):
    table = placed(PANEL.replace(origin_fetch_ratio=ratio))
    call = el.WarmPool().costs().loc["isolate", "call_ms"]
    night = el.CricStream(
        origin_fetch_ratio=ratio,
        reads_per_fetch=1 / ratio,
        write_share=0.0,
        origin_servers=fleet_without_writes().origin_servers,
        function_ms=PANEL.cpu_ms + call + el.EdgeKV().read_ms,
    ).latency()
    for place in (*PLACES, "everyone"):
        for column in ("p50_ms", "p99_ms"):
            digits(table.loc[(KV, place), column], night.loc[place, column])
            if ratio == 1:
                digits(table.loc[(SPLIT, place), column], night.loc[place, column])


@pytest.mark.parametrize("audience", ["India", "diaspora"])
def test_an_audience_is_page_1s_group(audience):
    table = placed(PANEL.replace(audience=audience, cpu_ms=0.0, requests_per_s=1e5))
    night = fleet_without_writes()
    # Large fleets hardly wait, so that their size makes no difference that one could see.
    wanted = night.latency().loc[audience, "p99_ms"]
    assert table.loc[(AT_HOME, audience), "p99_ms"] == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize(("keys", "kb", "ttl"), [(10_000, 20.0, 30.0), (500, 2.0, 3600.0)])
def test_a_cache_fetches_what_page_5s_fetches(keys, kb, ttl):
    thing = PANEL.replace(keys=keys, answer_kb=kb, tolerated_staleness_s=ttl)
    theirs = el.EdgeCache(objects=keys, object_kb=kb, ttl_s=ttl, surge=1.0).shares(everyone=True)
    fetched, asked = thing._cached
    digits(fetched, theirs["fetched"])
    digits(asked, theirs["asked"])
    home = placed(thing).loc[(CACHE, "everyone"), "home_per_s"]
    w = thing.write_share
    digits(home, thing.requests_per_s * ((1 - w) * theirs["asked"] + w))


def test_a_cache_keeps_an_answer_as_long_as_is_tolerated_between_a_second_and_an_hour():
    for staleness, ttl in ((0.01, 1.0), (7.0, 7.0), (80_000.0, 3600.0)):
        thing = PANEL.replace(tolerated_staleness_s=staleness)
        assert placed(thing).loc[(CACHE, "everyone"), "staleness_s"] == thing.ttl_s == ttl


@pytest.mark.parametrize("knobs", [{}, {"kv_delay_ms": 30_000.0, "copies": "fetched"}])
def test_staleness_and_missed_writes_are_page_6s(knobs):
    kv = el.EdgeKV(**knobs)
    thing = PANEL.replace(needs=SESSION, sticky_s=10.0, **knobs)
    assert placed(thing).loc[(KV, "everyone"), "staleness_s"] == kv.seen_ms() / 1000
    rows = thing.demands().set_index(["way", "demand"])["figure"]
    assert rows[KV, "share of own writes missed"] == kv.missed_share(10_000)


def test_an_object_is_page_8s():
    thing = PANEL.replace(keys=1000, write_share=0.3)
    theirs = el.DurableObject(requests_per_s=PANEL.requests_per_s / 1000)
    best = theirs.best_home("p99")
    mine = thing.durable_object
    assert mine.home == best and mine.requests_per_s == theirs.requests_per_s
    rows = thing.demands().set_index(["way", "demand"])["figure"]
    digits(rows[OBJECT, "times what it can do"], theirs.utilisation)
    parts = thing.waterfall().loc[OBJECT]
    wait = mine.at_object_ms + 0.3 * mine.write_wait_ms
    assert parts["waits there"] == pytest.approx(wait, rel=1e-3)
    rtt = mine.latency().loc["Bay Area", "rtt_ms"]
    # Page 8 has no border between a viewer and the PoP; in the Bay Area there is none.
    assert parts["to the PoP"] + parts["on from there"] == pytest.approx(rtt, rel=1e-8)


def test_an_objects_p99_is_that_of_requests_drawn_one_by_one():
    thing = PANEL.replace(keys=600, write_share=0.3)
    mine, rng, n = thing.durable_object, np.random.default_rng(1), 400_000
    night = el.CricStream()
    median = night.last_mile_ms * night.access_factor**2  # cable
    last = median * np.exp(night.last_mile_sigma * rng.standard_normal(n))
    from edgelab.topics.durable_object.homes import pop_row, to_pops_ms

    at = datasets.places()["place"].tolist().index("Bay Area")
    way = rng.choice(to_pops_ms()[at, :, pop_row(mine.home)], n)
    wait = rng.exponential(mine.at_object_ms, n) + (rng.random(n) < 0.3) * mine.write_wait_ms
    call = el.WarmPool().costs().loc["isolate", "call_ms"]
    drawn = np.quantile(last + way + wait + thing.cpu_ms + call, 0.99)
    assert placed(thing).loc[(OBJECT, "Bay Area"), "p99_ms"] == pytest.approx(drawn, rel=0.004)


@pytest.mark.parametrize("primitive", ["isolate", "container", "process"])
def test_starts_are_page_4s(primitive):
    thing = PANEL.replace(primitive=primitive)
    row = el.WarmPool(primitive=primitive).density().loc[primitive]
    costs = el.WarmPool().costs().loc[primitive]
    parts = thing.waterfall().loc[KV]
    # Page 4's mean has the call in it.
    assert parts["cold start"] == pytest.approx(row["mean_ms"] - costs["call_ms"], rel=5e-3)
    digits(parts["work"], costs["call_ms"] + thing.cpu_ms + el.EdgeKV().read_ms)


def test_next_to_its_back_end_a_query_takes_what_the_nearest_pop_is_away():
    pops = datasets.pops()[:312]
    rtt = el.rtt_ms(pops["lat"], pops["lon"], 19.07283, 72.88261).min()
    one, six = (PANEL.replace(queries=n, requests_per_s=3e5).waterfall().loc[NEAR] for n in (1, 6))
    service = el.CricStream().origin_service_ms
    more = (six["waits there"] - one["waits there"]) / 5
    assert more == pytest.approx(rtt + service, rel=0.02)
    assert six["on from there"] == one["on from there"]
    split = PANEL.replace(queries=6).waterfall().loc[SPLIT]
    digits(split["on from there"], 6 * one["on from there"])


def test_sydney_asks_frankfurt_in_turn():
    sydney, frankfurt = (-33.87, 151.21), (50.11, 8.68)
    frame = el.evidence.queries_in_turn(*sydney, *frankfurt)
    per_query = frame.diff().iloc[1:]
    assert per_query["beside_back_end_ms"].between(1, 3).all()
    straight = float(el.rtt_ms(*sydney, *frankfurt))
    assert per_query["beside_user_ms"].iloc[0] == pytest.approx(straight, rel=2e-3)
    assert frame["beside_back_end_ms"].iloc[0] > frame["beside_user_ms"].iloc[0], "one query"
    assert frame["beside_back_end_ms"].iloc[1] < 0.6 * frame["beside_user_ms"].iloc[1], "two"
    # The vendor's 20 to 30 ms are of a back end some 500 to 2,000 km away, and not of this one.
    near = el.rtt_ms(*frankfurt, 50.11, 8.68 + np.array([7.0, 28.0]))
    assert near[0] < 20 < 30 < near[1]


@pytest.mark.parametrize("thing", [PANEL, *EXAMPLES.values()])
def test_a_waterfall_adds_up_to_the_mean_of_the_times(thing):
    edges = histogram.bin_edges_ms()
    middle = (edges[:-2] + edges[1:-1]) / 2
    row = PLACES.index("Bay Area")
    for way in (KV, CACHE, SPLIT, NEAR, AT_HOME):
        given = thing.origin_fetch_ratio, thing._cached[0], thing.write_share
        first, second, share = timing.mix(way, *given)
        early, later = (
            np.diff(ways.spread(timing.legs(thing.work)[k], thing.audience)[row])
            for k in (first, second)
        )
        mass = (1 - share) * early + share * later
        assert thing.waterfall().loc[way].sum() == pytest.approx(mass[:-1] @ middle, rel=2e-3)


# -- small things that all rests on ----------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_a_quantile_of_a_mixture_is_the_histograms(seed):
    rng = np.random.default_rng(seed)
    mass = np.zeros((2, histogram.BINS))
    mass[0, 800:1500] = rng.random(700) * (rng.random(700) < 0.5)
    mass[1, 1200:2400] = rng.random(1200)
    mass /= mass.sum(axis=1, keepdims=True)
    early, later = np.concatenate([np.zeros((2, 1)), np.cumsum(mass, axis=1)], axis=1)
    share = np.append(rng.random(50) ** 3, [0.0, 1.0, 0.01])
    for level in (0.5, 0.99):
        got = ways.quantiles_ms(early, later, share, level)
        mixed = (1 - share)[:, None] * mass[0] + share[:, None] * mass[1]
        wanted = histogram.quantiles(mixed, histogram.bin_edges_ms(), np.array([level]))[:, 0]
        np.testing.assert_allclose(got, wanted, rtol=1e-7)


def test_own_answers_are_fetched_as_a_renewal_process_says():
    thing = PANEL.replace(answers=OWN, answer_kb=0.1, requests_per_s=280_000.0)
    settings = timing.cache_settings(thing.work)._replace(capacity_mb=1e6)
    (fetched,) = ways.own_cached(settings, "everyone", (300.0,))[:1]
    # One request in 100 s of a viewer, each fetch a fraction of a second: 1 / (1 + 3).
    assert fetched[0] == pytest.approx(1 / (1 + 0.01 * 300), rel=2e-3)


def test_own_answers_that_do_not_fit_are_fetched_nearly_always():
    """Of answers that are asked for alike, at random, a store hits the share that it holds."""
    thing = PANEL.replace(answers=OWN, tolerated_staleness_s=3600)
    fetched = thing._cached[0]
    settings = timing.cache_settings(thing.work)
    at = geo.nearest_pop(312)[0]
    viewers = np.bincount(at.ravel(), np.repeat(datasets.places()["viewers"] / 32, 32))
    from edgelab.topics.cache.closed_form import admitted

    part, size = admitted(20.0, 1e6, settings.capacity_mb)
    room = 1e6 * settings.capacity_mb / (part * size)  # answers, in each PoP
    used = viewers[viewers > 0]
    hits = part * np.minimum(room / used, 1.0)
    assert fetched == pytest.approx(1 - np.average(hits, weights=used), abs=0.01)


def test_the_platforms_limits_hold():
    heavy = PANEL.replace(cpu_ms=20.0)
    assert KV in heavy.replace(platform="Workers, free")._refused
    assert "20 ms of CPU (limit 10)" in heavy.replace(platform="Workers, free")._refused[KV]
    assert KV not in heavy._refused
    assert (
        "kB in an answer"
        in PANEL.replace(platform="Lambda@Edge, viewer", answer_kb=50.0)._refused[KV]
    )
    big = PANEL.replace(memory_mb=129.0)
    assert set(big._refused) == {KV, CACHE, OBJECT, NEAR}, "what asks home runs there"
    assert set(PANEL.replace(connection=LASTING)._refused) == {KV, CACHE, SPLIT, NEAR}
    assert AT_HOME not in PANEL.demands()["way"].unique()


# -- verdicts --------------------------------------------------------------------------------------


def test_where_the_twelve_belong():
    buckets = {name: thing.verdict().bucket for name, thing in EXAMPLES.items()}
    assert len(buckets) == 12 and set(buckets.values()) == {EDGE_SLICE, PART_SLICE, HOME_SLICE}
    assert {name: buckets[name] for name in TOLD} == TOLD
    assert EXAMPLES["chat"].verdict().way == OBJECT


def test_the_articles_honest_test():
    """Request, KV and cache are enough: then it goes to the edge; else it stays."""
    assert PANEL.verdict().bucket == EDGE_SLICE
    live = PANEL.replace(needs=TRANSACTION)
    assert live.verdict().bucket != EDGE_SLICE
    always = PANEL.replace(origin_fetch_ratio=1.0, keys=100_000_000)
    assert always.verdict().bucket != EDGE_SLICE


@pytest.mark.parametrize("thing", EXAMPLES.values(), ids=EXAMPLES)
def test_a_verdict_is_reckoned_and_says_so(thing):
    told, table = thing.verdict(), placed(thing)
    allowed = table[table["allowed"]].xs(thing.audience, level="place")["p99_ms"]
    best = allowed.min()
    simplest = next(way for way in WAYS if allowed.get(way, np.inf) <= (1 + thing.worth) * best)
    assert told.way == simplest and told.bucket == BUCKETS[simplest]
    digits(told.p99_ms, allowed[simplest])
    for way in WAYS:
        assert way == told.way or f"{way}: " in told.because
    for row in thing.demands().query("not met").drop_duplicates("way").itertuples():
        assert not table.loc[(row.way, "Mumbai"), "allowed"]
        assert table.loc[(row.way, "Mumbai"), "refused"] in told.because
    assert table["verdict"].groupby("way").all().sum() == 1
    assert told.stays_home.endswith(".")


def test_a_name_decides_nothing():
    for thing in EXAMPLES.values():
        assert eval(repr(thing), {"Endpoint": el.Endpoint}).verdict() == thing.verdict()


def test_the_map_is_the_verdict_at_every_point():
    rng = np.random.default_rng(3)
    for thing in (PANEL, EXAMPLES["chat"], EXAMPLES["cart"], PANEL.replace(keys=100)):
        ground = thing.map()
        assert ground.shape == (len(MAP_WRITES), len(MAP_STALENESS_S))
        for row, column in zip(rng.integers(73, size=12), rng.integers(96, size=12), strict=True):
            here = thing.replace(
                write_share=MAP_WRITES[row], tolerated_staleness_s=MAP_STALENESS_S[column]
            )
            assert ground.iloc[row, column] == here.verdict().way


SCATTERED = {HOME_SLICE: 0, PART_SLICE: 1, EDGE_SLICE: 2}


def test_more_tolerance_never_turns_edge_into_home():
    for thing, rng in some_endpoints(60, seed=11):
        ages = np.sort(10 ** rng.uniform(-3, np.log10(86_400), 6))
        told = [thing.replace(tolerated_staleness_s=a).verdict() for a in ages]
        levels = [SCATTERED[each.bucket] for each in told]
        assert levels == sorted(levels), thing
        p99 = [min(thing.replace(tolerated_staleness_s=a)._p99_now.values()) for a in ages]
        assert (np.diff(p99) <= 1e-9).all(), "what is best only gets better"


def test_more_writes_never_turn_home_into_edge():
    for thing, rng in some_endpoints(60, seed=12):
        thing = thing.replace(tolerated_staleness_s=float(10 ** rng.uniform(-2, 4)))
        shares = np.sort(np.append(10 ** rng.uniform(-6, 0, 5), [0.0, 1.0]))
        told = [thing.replace(write_share=w).verdict().bucket for w in shares]
        home = [k for k, bucket in enumerate(told) if bucket == HOME_SLICE]
        assert not home or EDGE_SLICE not in told[home[0] :], thing


def test_there_is_always_a_way():
    for thing, _ in some_endpoints(30, seed=13):
        told = thing.verdict()
        assert np.isfinite(told.p99_ms)
        assert "nan" not in thing.in_words()


# -- other reasons ---------------------------------------------------------------------------------


def test_who_is_served_abroad():
    frame = el.evidence.residency()
    assert frame["viewers"].sum() == pytest.approx(28e6)
    assert (frame["anycast_abroad"] >= frame["nearest_abroad"] - 1e-12).all()
    lands = datasets.pops()["cca2"].to_numpy(str)
    pop, near = geo.nearest_pop(312)
    places = datasets.places()
    mine = (places["cca2"] == "IN").to_numpy()
    weight = places["viewers"].to_numpy()[mine]
    abroad = np.average((lands[pop[mine]] != "IN").mean(axis=1), weights=weight)
    digits(frame.loc["IN", "nearest_abroad"], abroad)
    inside = geo.pop_rtt_ms()[:312][lands[:312] == "IN"][:, mine].min(axis=0)
    costs = np.average((inside - near[mine]).mean(axis=1), weights=weight)
    assert frame.loc["IN", "costs_ms"] == pytest.approx(costs, abs=1e-9)
    assert np.isinf(el.evidence.residency(1)["inside_ms"]).any()


def test_an_attack_spread_evenly_is_641_thousand_a_second_for_each_pop():
    frame = el.evidence.attack()["busiest_per_s"]
    assert frame["evenly over the PoPs"] == pytest.approx(641_026, abs=1)
    assert frame["one origin"] == 2e8
    assert frame["where the viewers are"] > 10 * frame["evenly over the PoPs"]


def test_the_nights_traffic_and_its_price():
    frame = el.evidence.price(PANEL)
    assert frame.loc["all", "gb"] == pytest.approx(28e6 * 240 * 20e3 / 1e9)
    assert frame.loc["GB", "there_first_usd"] == pytest.approx(frame.loc["GB", "gb"] * 0.085)
    assert frame.loc["GB", "mumbai_last_usd"] == pytest.approx(frame.loc["GB", "gb"] * 0.072)
    assert (frame["there_first_usd"] >= frame["there_last_usd"]).all()
    assert el.evidence.price(PANEL.replace(audience="India")).loc["US", "gb"] == 0


def test_under_every_stop_the_map_has_the_verdict():
    ground, knobs = PANEL.map(), el.Endpoint.knobs()
    stops = [(age, 0.001) for age in knobs["tolerated_staleness_s"].stops]
    stops += [(30.0, writes) for writes in knobs["write_share"].stops if writes]
    for age, writes in stops:
        thing = PANEL.replace(tolerated_staleness_s=age, write_share=writes)
        assert ground.loc[writes, age] == thing.verdict().way


def test_each_confusion_has_a_figure():
    frame = el.evidence.confusions()
    assert len(frame) == 6 and np.isfinite(frame["ours"]).all()
    ours = frame["ours"].to_numpy()
    assert ours[0] < 50, "a cache hardly helps an answer of one's own"
    assert ours[1] > 10 and ours[4] > 10
    assert 5 < ours[2] < 12 and ours[3] > 0 and ours[5] < 50
    assert "".join(frame["true"]) == "FTTFFT"


def test_what_platforms_document_is_there_with_its_source():
    limits = datasets.edge_limits()
    assert limits.loc["Workers, free", ["cpu_ms", "memory_mb", "queries"]].tolist() == [10, 128, 50]
    assert limits.loc["Workers, paid", ["cpu_ms", "queries"]].tolist() == [30_000, 10_000]
    assert limits.loc["Lambda@Edge, viewer", "answer_kb"] == 40
    assert np.isnan(limits.loc["Lambda@Edge, origin", "memory_mb"]), "nothing is documented"
    assert limits["source"].str.contains("developers|guide").all()
    assert datasets.egress_prices().loc["India"].tolist()[:2] == [0.109, 0.072]
