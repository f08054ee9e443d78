"""The request chain: arithmetic done by hand, what the RFCs say, and page 01's request."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config

import edgelab as el
from edgelab.topics.chain import links
from edgelab.topics.chain.links import LINKS, REST, RoundTrips, handshakes
from edgelab.topics.chain.model import ENDS, WHY, RequestChain
from edgelab.topics.night.model import CricStream
from edgelab.world import request

EXAMPLES = 20 if config.DISABLE_JIT else 100
HOME = RequestChain()
#: Viewer to PoP 15, to Mumbai 110 straight and 112 by way of the PoP.
TRIPS = RoundTrips(last_mile_ms=10, pop_ms=5, home_ms=100, pop_home_ms=97)
NEXT_DOOR = RoundTrips(last_mile_ms=0, pop_ms=0, home_ms=300, pop_home_ms=300)

BY_HAND = [
    # links moved, knobs, milliseconds: look-up 10, round trips, function 1, origin 2
    (0, {}, 10 + 110 + 110 + 110 + 2),
    (0, {"tls": "TLS 1.2"}, 10 + 110 + 220 + 110 + 2),
    (0, {"tls": "TLS 1.3 0-RTT"}, 10 + 110 + 110 + 2),
    (0, {"http": "HTTP/3"}, 10 + 110 + 110 + 2),
    (0, {"http": "HTTP/3", "tls": "TLS 1.3 0-RTT"}, 10 + 110 + 2),
    (0, {"dns_answer": "on device"}, 110 + 110 + 110 + 2),
    (0, {"dns_answer": "nowhere"}, 10 + 100 + 110 + 110 + 110 + 2),
    (1, {}, 10 + 110 + 110 + 110 + 2),
    (1, {"dns_answer": "nowhere"}, 10 + 5 + 110 + 110 + 110 + 2),
    (2, {}, 10 + 112 + 112 + 112 + 2),
    (2, {"http": "HTTP/3"}, 10 + 112 + 112 + 2),
    (3, {}, 10 + 15 + 112 + 112 + 2),
    (3, {"origin_connection": "opened each time"}, 10 + 15 + 97 + 112 + 112 + 2),
    (3, {"tls": "TLS 1.2"}, 10 + 15 + 224 + 112 + 2),
    (3, {"http": "HTTP/3"}, 10 + 112 + 112 + 2),
    (4, {}, 10 + 15 + 15 + 112 + 1 + 2),
    (4, {"origin_connection": "opened each time"}, 10 + 15 + 15 + 97 + 97 + 112 + 1 + 2),
    (
        4,
        {"origin_connection": "opened each time", "tls": "TLS 1.2"},
        10 + 15 + 30 + 97 + 194 + 112 + 1 + 2,
    ),
    (4, {"http": "HTTP/3", "tls": "TLS 1.3 0-RTT"}, 10 + 112 + 1 + 2),
    (5, {}, 10 + 15 + 15 + 15 + 1),
    (5, {"tls": "TLS 1.2"}, 10 + 15 + 30 + 15 + 1),
    (5, {"http": "HTTP/3", "tls": "TLS 1.3 0-RTT"}, 10 + 15 + 1),
    # an open connection
    (0, {"connection": "warm"}, 110 + 2),
    (1, {"connection": "warm", "dns_answer": "nowhere"}, 110 + 2),
    (2, {"connection": "warm"}, 112 + 2),
    (3, {"connection": "warm", "origin_connection": "opened each time"}, 112 + 2),
    (4, {"connection": "warm"}, 112 + 1 + 2),
    (4, {"connection": "warm", "origin_connection": "opened each time"}, 97 + 97 + 112 + 1 + 2),
    (5, {"connection": "warm"}, 15 + 1),
    # long answers on an open connection: a window of 14,600 bytes, 43,800 in two rounds
    (0, {"connection": "warm", "response_bytes": 14_600}, 110 + 2),
    (0, {"connection": "warm", "response_bytes": 14_601}, 110 + 2 + 110),
    (0, {"connection": "warm", "response_bytes": 43_800}, 110 + 2 + 110),
    (2, {"connection": "warm", "response_bytes": 43_801}, 112 + 2 + 112 + 112),
    (5, {"connection": "warm", "response_bytes": 43_801}, 15 + 1 + 15 + 15),
    # the busy connection home delivers all at once, a new one in three bursts 97 ms apart
    (4, {"connection": "warm", "response_bytes": 43_801}, 112 + 3 + 15 + 15),
    (
        4,
        {"connection": "warm", "response_bytes": 43_801, "origin_connection": "opened each time"},
        97 + 97 + 112 + 3 + 97 + 97,
    ),
    (3, {"connection": "warm", "response_bytes": 43_801}, 112 + 2 + 97 + 97),
    # QUIC's window is 14,720 bytes
    (0, {"connection": "warm", "response_bytes": 14_720, "http": "HTTP/3"}, 110 + 2),
    (0, {"connection": "warm", "response_bytes": 14_721, "http": "HTTP/3"}, 110 + 2 + 110),
    # three answers of 10,000 bytes: one after the other, or at once in 14,600 and 15,400
    (0, {"connection": "warm", "requests": 3, "http": "HTTP/1.1"}, 3 * (110 + 2)),
    (0, {"connection": "warm", "requests": 3, "http": "HTTP/2"}, 110 + 2 + 110),
    (0, {"connection": "warm", "requests": 3, "http": "HTTP/3"}, 110 + 2 + 110),
    # two answers of 14,601: the second finds a window of 29,200
    (
        5,
        {"connection": "warm", "requests": 2, "http": "HTTP/1.1", "response_bytes": 14_601},
        2 * (15 + 1) + 15,
    ),
]


@pytest.mark.parametrize(("moved", "knobs", "ms"), BY_HAND)
def test_arithmetic_done_by_hand(moved, knobs, ms):
    chain = RequestChain(**knobs, trips=TRIPS).move(moved)
    assert chain.total_ms() == pytest.approx(ms, abs=1e-9)


@pytest.mark.parametrize(
    ("tls", "http", "before", "cold"),
    [
        ("TLS 1.2", "HTTP/1.1", (1, 2), 4),
        ("TLS 1.2", "HTTP/2", (1, 2), 4),
        ("TLS 1.3", "HTTP/2", (1, 1), 3),
        ("TLS 1.3 0-RTT", "HTTP/2", (1, 0), 2),
        ("TLS 1.3", "HTTP/3", (0, 1), 2),
        ("TLS 1.3 0-RTT", "HTTP/3", (0, 0), 1),
    ],
)
def test_round_trips_are_whole_numbers(tls, http, before, cold):
    assert handshakes(tls, http) == before
    chain = RequestChain(tls=tls, http=http, dns_answer="on device", trips=TRIPS)
    for moved in range(6):
        frame = chain.move(moved).waterfall()
        assert frame["round_trips"].dtype == frame["mumbai_trips"].dtype == np.int64
        assert frame["round_trips"].tolist() == [0, 0, *before, 1, 0]
        assert chain.replace(connection="warm").move(moved).waterfall()["round_trips"].sum() == 1
    assert frame["round_trips"].sum() == cold
    assert chain.waterfall()["mumbai_trips"].sum() == cold


def test_trips_to_mumbai_count_what_the_pop_pays_too():
    fresh = RequestChain(origin_connection="opened each time", tls="TLS 1.2")
    assert fresh.move(4).waterfall()["mumbai_trips"].to_dict() == {
        "DNS": 0, "IP": 0, "TCP": 0, "TLS": 0, "HTTP": 1 + 2 + 1, REST: 0,
    }  # fmt: skip
    assert fresh.move(3).waterfall()["mumbai_trips"]["TCP"] == 1
    asked = RequestChain(dns_answer="nowhere")
    assert asked.waterfall().loc["DNS", ["round_trips", "mumbai_trips"]].tolist() == [2, 1]
    assert asked.move(1).waterfall().loc["DNS", ["round_trips", "mumbai_trips"]].tolist() == [2, 0]


def test_a_link_says_in_words_what_it_does():
    said = HOME.replace(dns_answer="nowhere").waterfall()["what"]
    assert said.tolist() == [
        *("2 round trips: resolver, name server", "says where the packets go"),
        *("1 round trip", "1 round trip", "1 round trip", "fits into one window"),
    ]
    quic = HOME.replace(http="HTTP/3", tls="TLS 1.3 0-RTT", dns_answer="on device").waterfall()
    assert quic["what"][["DNS", "TCP", "TLS"]].tolist() == [
        *("known on the device", "none: QUIC opens with TLS", "none: the request goes along"),
    ]
    warm = HOME.replace(connection="warm", response_bytes=50_000).waterfall()["what"]
    assert set(warm[["DNS", "TCP", "TLS"]]) == {"none: already open"}
    assert warm[REST] == "2 round trips"
    fresh = HOME.replace(origin_connection="opened each time", tls="TLS 1.2")
    assert fresh.move(4).waterfall()["what"]["HTTP"] == "1 + 3 round trips"
    assert fresh.move(3).waterfall()["what"]["TCP"] == "1 + 1 round trips"


def test_slow_start_is_exact():
    frame = HOME.slow_start()
    assert frame["total_bytes"].tolist() == [
        14_600, 43_800, 102_200, 219_000, 452_600, 919_800, 1_854_200,
    ]  # fmt: skip
    assert frame["window_bytes"].dtype == frame["total_bytes"].dtype == np.int64
    quic = HOME.replace(http="HTTP/3").slow_start(3)
    assert quic["total_bytes"].tolist() == [14_720, 44_160, 103_040]
    for size, rounds in ((14_600, 0), (14_601, 1), (452_600, 4), (452_601, 5)):
        row = HOME.replace(response_bytes=size).waterfall().loc[REST]
        assert row["round_trips"] == row["mumbai_trips"] == rounds


@pytest.mark.parametrize(
    ("mss", "tcp", "quic"),
    [
        (536, 5_360, 5_480),
        (1_460, 14_600, 14_720),
        (2_000, 14_600, 14_720),
        (8_960, 17_920, 17_944),
    ],
)
def test_the_first_window_has_its_two_limits(mss, tcp, quic):
    chain = HOME.replace(mss_bytes=mss)
    assert chain.initial_window_bytes == chain.tcp_window_bytes == tcp
    assert chain.replace(http="HTTP/3").initial_window_bytes == quic


@pytest.mark.parametrize("rounds", [0, 21, 1.5, True, "7"])
def test_slow_start_wants_a_number_of_rounds(rounds):
    with pytest.raises(
        (TypeError, ValueError), match=r"rounds: got .*, allowed a whole number from 1 to 20"
    ):
        HOME.slow_start(rounds)


# -- what fits together ------------------------------------------------------------------------


@pytest.mark.parametrize("link", LINKS[1:])
def test_a_link_moves_only_after_those_before_it(link):
    before = LINKS[LINKS.index(link) - 1]
    moved = HOME.move(LINKS.index(link) - 1)
    with pytest.raises(ValueError) as caught:
        moved.replace(**{ENDS[link]: "PoP"})
    text = str(caught.value)
    assert text.startswith(
        f"{ENDS[link]}: got 'PoP' with {ENDS[before]}='Mumbai', allowed 'Mumbai'"
    )
    assert text.endswith(f"while {before} ends in Mumbai: {WHY[link]}.")
    with pytest.raises(ValueError, match=f"{ENDS[link]}: got 'PoP' with {ENDS[before]}='Mumbai'"):
        HOME.move(5).replace(**{ENDS[before]: "Mumbai"})


def test_quic_takes_no_old_handshake():
    with pytest.raises(ValueError, match=r"tls: got 'TLS 1.2' with http='HTTP/3'.*RFC 9001"):
        RequestChain(tls="TLS 1.2", http="HTTP/3")


@pytest.mark.parametrize(
    ("bad", "error", "words"),
    [
        ({"place": "Atlantis"}, ValueError, "place: got 'Atlantis', allowed one of 72: 'Mumbai'"),
        ({"tls": "TLS 1.1"}, ValueError, "tls: got 'TLS 1.1', allowed 'TLS 1.2' or 'TLS 1.3' or"),
        ({"response_bytes": 99}, ValueError, "response_bytes: got 99, allowed a whole number from"),
        ({"requests": "many"}, TypeError, "requests: got 'many'"),
        ({"dns_ttl_s": np.nan}, ValueError, "dns_ttl_s: got nan"),
        ({"http_at": None}, ValueError, "http_at: got None, allowed 'Mumbai' or 'PoP'"),
        ({"link": 1}, TypeError, "link"),
    ],
)
def test_bad_knobs_are_refused(bad, error, words):
    with pytest.raises(error) as caught:
        RequestChain(**bad)
    assert words in str(caught.value)


@pytest.mark.parametrize("count", [-1, 6, 2.5, True, "two"])
def test_move_wants_a_number_of_links(count):
    with pytest.raises(
        (TypeError, ValueError), match=r"count: got .*, allowed a whole number from 0 to 5"
    ):
        HOME.move(count)


@pytest.mark.parametrize("bad", [-1.0, np.inf, np.nan, 2001])
def test_round_trips_by_hand_are_checked_too(bad):
    with pytest.raises(ValueError, match=r"pop_ms: got .*, allowed a number from 0 to 2000"):
        RoundTrips(pop_ms=bad)


def test_round_trips_of_ones_own_are_part_of_the_chain():
    chain = HOME.replace(trips=TRIPS).move(4)
    assert chain.round_trips() is chain.trips is TRIPS
    assert "trips" not in RequestChain.knobs()
    assert repr(chain).endswith(
        "trips={'last_mile_ms': 10.0, 'pop_ms': 5.0, 'home_ms': 100.0, 'pop_home_ms': 97.0})"
    )
    again = eval(f"el.{chain!r}", {"el": el})
    assert again == chain and hash(again) == hash(chain) != hash(HOME.move(4))
    assert again.replace(tls="TLS 1.2").trips == TRIPS
    assert chain.replace(trips=None) == HOME.move(4)
    assert "over your own round trips" in chain.in_words() and "Bay Area" not in chain.in_words()
    # Every other place has its own.
    assert chain.by_place().equals(HOME.move(4).by_place())


@pytest.mark.parametrize("bad", [8, (8, 4, 130, 125), "London"])
def test_round_trips_of_another_kind_are_refused(bad):
    with pytest.raises(TypeError, match=r"trips: got .*, allowed a RoundTrips or None, or a"):
        RequestChain(trips=bad)
    with pytest.raises(ValueError, match="home_ms: got -1"):
        RequestChain(trips={"home_ms": -1})


@pytest.mark.parametrize(
    "chain", [HOME, HOME.replace(place="Chennai"), HOME.move(4).replace(trips=TRIPS)]
)
def test_what_is_called_idle_moves_nothing(chain):
    idle = chain.idle()
    assert len(idle) == (6 if chain.trips else chain.place != "Chennai")
    for name in idle:
        about = chain.knobs()[name]
        for value in about.choices[::20] or (about.low, about.high):
            other = chain.replace(**{name: value})
            for method in ("waterfall", "savings", "cutover"):
                assert getattr(other, method)().equals(getattr(chain, method)())


# -- what has to hold whatever the knobs -------------------------------------------------------

CHAINS = st.builds(
    lambda moved, http, tls, **knobs: RequestChain(
        http=http, tls="TLS 1.3" if (http, tls) == ("HTTP/3", "TLS 1.2") else tls, **knobs
    ).move(moved),
    moved=st.integers(0, 5),
    **{
        name: st.sampled_from(RequestChain.knobs()[name].choices)
        for name in ("http", "tls", "connection", "dns_answer", "origin_connection")
    },
    response_bytes=st.sampled_from([100, 14_600, 30_000, 1_000_000]),
    requests=st.integers(1, 5),
    function_ms=st.sampled_from([0.0, 1.0, 7.5]),
)
MS = st.integers(0, 4000).map(lambda n: n / 10)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(CHAINS)
def test_next_door_to_the_pop_only_the_work_is_left(chain):
    edge = chain.move(5).replace(trips=NEXT_DOOR)
    answers = chain.requests if chain.http == "HTTP/1.1" else 1
    assert edge.total_ms() == pytest.approx(answers * chain.function_ms, abs=1e-9)


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(CHAINS, MS, MS, MS, MS)
def test_the_parts_add_up_and_never_run_backwards(chain, last_mile, pop, home, pop_home):
    trips = RoundTrips(last_mile_ms=last_mile, pop_ms=pop, home_ms=home, pop_home_ms=pop_home)
    chain = chain.replace(trips=trips)
    frame = chain.waterfall()
    parts = frame[list(links.PARTS)]
    assert (parts >= -1e-9).all(axis=None) and np.isfinite(parts).all(axis=None)
    np.testing.assert_allclose(parts.sum(axis=1), frame["ms"])
    np.testing.assert_allclose((frame["start_ms"] + frame["ms"])[:-1], frame["start_ms"][1:])
    total = chain.total_ms()
    assert total == pytest.approx(frame["ms"].sum())
    savings = chain.savings()
    assert savings["total_ms"][chain.moved] == pytest.approx(total)
    np.testing.assert_allclose(
        savings["total_ms"][0] - savings["saved_ms"].cumsum(), savings["total_ms"], atol=1e-6
    )
    # A longer way takes no less.
    further = trips.replace(last_mile_ms=last_mile + 1, home_ms=home + 1)
    assert chain.replace(trips=further).total_ms() >= total - 1e-6


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(CHAINS, MS, MS, MS)
def test_an_open_connection_gains_nothing_by_a_fetch(chain, last_mile, pop, pop_home):
    # The straight way is no longer than the one by the PoP: then asking home costs the detour.
    trips = RoundTrips(
        last_mile_ms=last_mile, pop_ms=pop, home_ms=pop + pop_home, pop_home_ms=pop_home
    )
    warm = chain.replace(connection="warm", response_bytes=100, requests=1, trips=trips)
    edge, home = (warm.move(moved).total_ms() for moved in (4, 0))
    assert edge >= home + warm.function_ms - 1e-9


def test_what_azure_gives_an_edge_that_keeps_its_connections_home_open():
    # Round trips to Central India (Pune) in data/rtt_azure.csv, with a PoP 5 ms from the viewer.
    bare = HOME.replace(dns_answer="on device", function_ms=0.0, origin_service_ms=0.1)
    fetched, fresh = bare.move(4), bare.move(4).replace(origin_connection="opened each time")
    for ocean, direct, edge in ((56, 168, 71), (40, 120, 55), (129, 387, 144), (228, 684, 243)):
        trips = RoundTrips(pop_ms=5, home_ms=ocean, pop_home_ms=ocean)
        assert bare.replace(trips=trips).total_ms() == pytest.approx(direct + 0.1)
        assert fetched.replace(trips=trips).total_ms() == pytest.approx(edge + 0.1)
        assert fresh.replace(trips=trips).total_ms() == pytest.approx(direct + 3 * 5 + 0.1)
    # The edge with pooled connections breaks even where 3 p + q = 3 o.
    even = {"trips": RoundTrips(pop_ms=60, home_ms=90, pop_home_ms=90)}
    assert fetched.replace(**even).total_ms() == pytest.approx(bare.replace(**even).total_ms())


def test_the_default_round_trips_are_azures():
    table = el.data.cloud_rtt()
    pair = table.query("region_a == 'Central India' and region_b == 'West US'")
    assert RoundTrips().home_ms == RoundTrips().pop_home_ms == pair["rtt_ms"].squeeze()


# -- page 01's request -------------------------------------------------------------------------


@pytest.mark.parametrize("place", el.data.places()["place"])
def test_an_open_connection_is_page_01s_request(place):
    night, row = CricStream(), list(el.data.places()["place"]).index(place)
    edge = HOME.replace(place=place, connection="warm").move(5)
    tables = request.tables(night.latency_settings)
    way = request.ways(night.route_settings)
    middle = np.sort(tables.near_ms[row])[16]
    assert edge.total_ms() == pytest.approx(way.last_mile_ms[row] + middle, rel=1e-6)
    # A median of sums is not quite the sum of medians.
    assert edge.total_ms() == pytest.approx(night.latency().loc[place, "p50_ms"], rel=0.05)
    home, old = edge.move(0), night.baseline()
    assert home.total_ms() == pytest.approx(old.latency().loc[place, "p50_ms"], rel=0.05)
    fetched = edge.move(4).total_ms()
    point = np.argsort(tables.near_ms[row], kind="stable")[16]
    assert fetched == pytest.approx(edge.total_ms() + tables.far_ms[row, point] + 2.0, rel=1e-6)


def test_from_every_place():
    frame = HOME.replace(connection="warm").move(5).by_place()
    assert list(frame.index) == list(el.data.places()["place"])
    assert frame.loc["London", "total_ms"] == pytest.approx(
        HOME.replace(connection="warm", place="London").move(5).total_ms()
    )
    assert frame.loc["London", "home_ms"] == pytest.approx(
        HOME.replace(connection="warm", place="London").total_ms()
    )


# -- a DNS cut-over ----------------------------------------------------------------------------


def test_the_old_record_dies_with_its_ttl():
    chain = HOME.move(5).replace(dns_ttl_s=600)
    frame = chain.cutover().set_index("since_s")
    old, new = HOME.total_ms(), chain.total_ms()
    assert frame.loc[0, "old_share"] == 1 and frame.loc[0, "mean_ms"] == pytest.approx(old)
    assert frame.loc[150, "old_share"] == pytest.approx(0.75)
    assert frame.loc[150, "mean_ms"] == pytest.approx(0.75 * old + 0.25 * new)
    for column, until in (("median_ms", 300), ("p99_ms", 594)):
        assert (frame.loc[: until - 1, column] == old).all()
        assert (frame.loc[until:, column] == new).all()
    assert (frame.loc[600:, "old_share"] == 0).all() and frame.index[-1] == 750
    np.testing.assert_allclose(frame.loc[600:, "mean_ms"], new)


def test_the_share_is_that_of_resolvers_drawn_at_random():
    left = np.random.default_rng(7).uniform(0, 600, 200_000)
    frame = HOME.move(1).replace(dns_ttl_s=600).cutover()
    for row in frame[::10].itertuples():
        assert row.old_share == pytest.approx((left > row.since_s).mean(), abs=0.005)


def test_where_the_new_way_is_slower_the_quantiles_still_are_quantiles():
    near = RoundTrips(last_mile_ms=10, pop_ms=20, home_ms=1, pop_home_ms=15)
    frame = HOME.move(5).replace(trips=near).cutover()
    assert frame["p99_ms"].is_monotonic_increasing and frame["median_ms"].is_monotonic_increasing
    assert (frame["p99_ms"] >= frame["median_ms"]).all()
    assert frame["p99_ms"][2] == frame["mean_ms"].max()


def test_nothing_is_cut_over_while_dns_points_home_and_open_connections_do_not_count():
    frame = HOME.cutover()
    assert (frame["old_share"] == 1).all() and frame["mean_ms"].nunique() == 1
    warm = HOME.move(5).replace(connection="warm")
    np.testing.assert_array_equal(warm.cutover(), HOME.move(5).cutover())


# -- words and tables --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chain", "words"),
    [
        (
            HOME,
            [
                "A new connection from the Bay Area: the answer takes 909 ms. 866 ms of",
                "3 round trips",
            ],
        ),
        (HOME, ["DNS at the PoP would save nothing", "DNS points home"]),
        (HOME.move(4), ["1 round trip.", "HTTP at the PoP would save 224 ms"]),
        (HOME.move(5), ["nothing goes to Mumbai", "All five links at the PoP save 855 ms"]),
        (HOME.move(1).replace(place="Delhi"), ["IP at the PoP would cost 9 ms"]),
        (
            HOME.move(5).replace(dns_ttl_s=100),
            ["the median follows in 50 s, the p99 in 99 s"],
        ),
        (
            HOME.move(5).replace(dns_ttl_s=172_800),
            ["median follows in 24 h, the p99 in 47.5 h"],
        ),
        (
            HOME.replace(connection="warm"),
            ["An open connection from the Bay Area", "in 1 round trip."],
        ),
    ],
)
def test_the_sentence_says_what_the_numbers_mean(chain, words):
    text = chain.in_words()
    assert all(word in text for word in words), text
    assert chain.in_words() in chain._repr_html_()


@pytest.mark.parametrize(
    ("chain", "line"),
    [
        (HOME, "Bay Area, new connection; at the PoP: nothing; TLS 1.3, HTTP/2"),
        (
            HOME.move(5).replace(connection="warm", response_bytes=60_000, dns_ttl_s=600),
            "Bay Area, open connection; at the PoP: all five; TLS 1.3, HTTP/2, "
            "Answer size 60,000 bytes, TTL of the record 600 s",
        ),
        (
            HOME.move(2).replace(trips=TRIPS, place="London"),
            "round trips of 10, 5, 100 and 97 ms, new connection; at the PoP: DNS, IP; "
            "TLS 1.3, HTTP/2",
        ),
    ],
)
def test_a_line_tells_the_settings(chain, line):
    assert chain.settings() == line


def test_a_line_leaves_out_what_is_not_to_be_told():
    assert "TTL" not in HOME.replace(dns_ttl_s=600).settings(untold=("dns_ttl_s",))


def test_symbols_are_one_of_a_kind():
    assert RequestChain.glossary()["symbol"].is_unique
    assert RoundTrips.glossary()["symbol"].is_unique
