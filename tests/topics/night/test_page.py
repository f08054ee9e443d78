"""What notebook 01 prints: its formulas and its answers have the model's numbers."""

import re

import numpy as np
import pytest

import edgelab as el
from edgelab.topics.night.model import CricStream
from edgelab.topics.night.page import NightPanel, OneRequest
from page_text import answers, prose

TEXT, (SENT, *ANSWERS) = prose(1), answers(1)
FINAL = CricStream()
PRESETS = {name: make(FINAL) for name, make in NightPanel.presets.items()}


def p99(night, place="Bay Area"):
    return night.latency().loc[place, "p99_ms"]


def test_the_printed_formulas_give_what_the_screen_shows():
    # T, for the viewer in the middle of the Bay Area: about the p50, and the p99 past the cliff.
    trips, f = el.RequestChain(place="Bay Area").round_trips(), FINAL.function_ms
    near = trips.last_mile_ms + trips.pop_ms + f
    far = near + trips.pop_home_ms + FINAL.origin_service_ms
    assert f"{trips.last_mile_ms:.1f} + {trips.pop_ms:.1f} + {f:g} = {near:.1f} ms" in TEXT
    told = f"{trips.pop_home_ms:.1f} + {FINAL.origin_service_ms:g}: {far:.1f} ms"
    assert told in TEXT
    assert FINAL.latency().loc["Bay Area", "p50_ms"] == pytest.approx(near, rel=0.02)
    for ratio in (0.012, 0.02):
        assert p99(FINAL.replace(origin_fetch_ratio=ratio)) == pytest.approx(far, rel=0.02)
    # rho, tonight and at other settings: exactly the bar of "How busy Mumbai is".
    requests_per_s, writes, service_s, servers = 28e6 / 60, 0.001, 0.002, 32
    assert f"{requests_per_s:,.0f} requests a second: 8.75 % tonight" in TEXT
    for ratio in (0.002, 0.008, 0.03, 0.05):
        busy = requests_per_s * (ratio + writes) * service_s / servers
        row = FINAL.replace(origin_fetch_ratio=ratio).origin_load().loc["tonight"]
        assert row["utilisation"] == pytest.approx(busy, rel=1e-9)
        assert row["offered_erlang"] == pytest.approx(busy * servers, rel=1e-9)
        assert (row["state"] == "saturated") == (busy >= 1)
        assert ratio != 0.002 or busy == pytest.approx(0.0875)
    full = servers / (requests_per_s * service_s) - writes
    assert f"From $r$ = {full:.2%}".replace("%", " %") in TEXT
    assert FINAL.replace(origin_fetch_ratio=full * 1.001).saturated
    assert not FINAL.replace(origin_fetch_ratio=full * 0.999).saturated


def test_one_request_seen_takes_what_the_formula_says():
    def took(pops):
        told = OneRequest._told(CricStream(pops=pops), None)
        return [float(ms) for ms in re.findall(r"(\d+) ms", told)]

    assert took(312) == [15, 239, 301] and "15.5 ms" in TEXT and "239.2 ms" in TEXT
    for pops in (100, 10):
        near, fetched, old = took(pops)
        assert 15 < near < fetched < old == 301
    assert took(1)[1:] == [325, 301] and "and 325 with 1" in SENT and "301 ms" in SENT
    assert round(FINAL.stale_viewers / 28e6, 3) == 0.002 and "0.2 % of 28 million" in TEXT
    full = CricStream(origin_fetch_ratio=0.05)
    assert "for ever if it fetches" in OneRequest._told(full, None)
    ways = el.figures.one_request(full).data
    assert all(np.isfinite(way.x).all() for way in ways), "cut at the plot's end"


def test_the_answers_have_the_model_s_numbers():
    assert len(ANSWERS) == 5
    names = ("The old Mumbai origin", "KV at 60 s", "DNS still points home")
    old, kv, home = map(PRESETS.get, names)
    late = old.latency().query(f"p99_ms > {old.blank_panel_ms}")["p99_ms"]
    assert {*late.index} == {"Bay Area", "diaspora", "everyone"}
    trips = el.RequestChain(place="Bay Area").round_trips()
    for ms in (*late[["Bay Area", "diaspora"]], trips.home_ms):
        assert f"{ms:.0f} ms" in ANSWERS[0]
    one = FINAL.replace(pops=1).latency()["p99_ms"]
    grown = (one - FINAL.latency()["p99_ms"])[["Mumbai", "Delhi", "London", "Bay Area", "Dubai"]]
    assert grown.idxmax() == "London"
    assert f"from {p99(FINAL, 'London'):.0f} to {one['London']:.0f} ms" in ANSWERS[1]
    before = old.latency().query("kind == 'place'")
    worse = before[one[before.index] > before["p99_ms"]]
    assert {*worse.index} - {"Dubai", "London"} == {*before.query("group == 'India'").index}
    assert el.data.pops()["city"].iloc[0].startswith("Chengdu") and "Chengdu" in ANSWERS[1]
    at = {r: FINAL.replace(origin_fetch_ratio=r) for r in (0.01, 0.012, 0.033, 0.04)}
    assert f"1 % ({p99(at[0.01]):.0f} ms) and 1.2 % ({p99(at[0.012]):.0f} ms)" in ANSWERS[2]
    assert f"{at[0.033].offered_erlang / 32:.0%} busy".replace("%", " %") in ANSWERS[2]
    assert at[0.04].saturated and not at[0.033].saturated
    assert f"{kv.stale_viewers / 1e6:.0f} million" in ANSWERS[3]
    assert round(FINAL.stale_viewers, -3) == 56_000 and "not 56,000" in ANSWERS[3]
    assert kv.latency_settings == FINAL.latency_settings
    fetch = PRESETS["Fetch on every request"]
    assert fetch.offered_erlang == home.offered_erlang
    assert f"{home.offered_erlang / home.origin_servers:.0f} times" in ANSWERS[4]
    assert "467,000" in ANSWERS[4] and round(FINAL.requests_per_s, -3) == 467_000


def test_every_stop_that_a_task_names_is_there():
    stops = FINAL.knobs()["origin_fetch_ratio"].stops
    assert {0.005, 0.008, 0.01, 0.012, 0.02, 0.033, 0.04} <= {*stops}
