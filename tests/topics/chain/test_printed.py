"""What notebook 02 prints: its formulas and its answers have the model's numbers."""

from itertools import product

import pytest

import edgelab as el
from edgelab.topics.chain.model import RequestChain
from edgelab.topics.chain.page import ChainPanel
from page_text import answers, prose

TEXT, (_, *ANSWERS) = prose(2), answers(2)
HOME = RequestChain()
PRESETS = {name: make(HOME) for name, make in ChainPanel.presets.items()}
#: Round trips of a handshake, as the page has them: of TLS, and of TCP by HTTP's version.
KEYS = {"TLS 1.2": 2, "TLS 1.3": 1, "TLS 1.3 0-RTT": 0}
TRANSPORT = {"HTTP/2": 1, "HTTP/3": 0}


def by_the_formula(chain):
    """T from the four round trips and the knobs, in plain Python."""
    trips, moved = chain.round_trips(), chain.moved
    near = trips.last_mile_ms + trips.pop_ms
    far = near + trips.pop_home_ms if moved >= 2 else trips.last_mile_ms + trips.home_ms
    tls, http = (near if moved >= n else far for n in (4, 5))
    tcp = near if moved >= 3 and (chain.http != "HTTP/3" or moved >= 4) else far
    asked = trips.pop_ms if moved else trips.home_ms
    look_up = {"on device": 0, "at resolver": trips.last_mile_ms}
    look_up["nowhere"] = trips.last_mile_ms + asked
    work = chain.function_ms * (moved >= 4) + chain.origin_service_ms * (moved < 5)
    k = 0
    while 10 * 1460 * (2 ** (k + 1) - 1) < chain.response_bytes:
        k += 1
    opening = look_up[chain.dns_answer] + TRANSPORT[chain.http] * tcp + KEYS[chain.tls] * tls
    return opening * (chain.connection == "cold") + http + work + k * tcp


def test_the_printed_formulas_give_what_the_screen_shows():
    told = 0
    for moved, tls, http, dns, kind, size, place in product(
        range(6), KEYS, TRANSPORT, ("on device", "at resolver", "nowhere"), ("cold", "warm"),
        (10_000, 60_000), ("Bay Area", "Delhi"),
    ):  # fmt: skip
        if (tls, http) == ("TLS 1.2", "HTTP/3"):
            continue
        if moved == 3 and size > 14_600:  # a proxy of bytes: Mumbai's window grows too
            continue
        chain = HOME.move(moved).replace(
            tls=tls, http=http, dns_answer=dns, connection=kind, response_bytes=size, place=place
        )
        assert chain.total_ms() == pytest.approx(by_the_formula(chain), abs=1e-6), chain
        told += 1
    assert told > 500
    trips = HOME.round_trips()
    far = trips.last_mile_ms + trips.home_ms
    assert f"{trips.last_mile_ms:.1f} + {far:.1f} + {far:.1f} + {far:.1f} + 2 = " in TEXT
    assert f"= {HOME.total_ms():.1f} ms" in TEXT and f"takes {HOME.total_ms():.0f} ms" in (
        HOME.in_words()
    )


def test_the_printed_law_of_the_cut_over_is_the_plot_s():
    chain = PRESETS["All five at the PoP"]
    rows, ttl_s = chain.cutover(), chain.dns_ttl_s
    left = (1 - rows["since_s"] / ttl_s).clip(lower=0)
    assert rows["old_share"].to_numpy() == pytest.approx(left.to_numpy(), abs=1e-12)
    for column, share in (("median_ms", 0.5), ("p99_ms", 0.99)):
        first = rows.loc[rows[column] < rows[column].iloc[0], "since_s"].iloc[0]
        assert first == pytest.approx(share * ttl_s)
        assert f"after {share:g} TTL" in TEXT


def test_the_answers_have_the_model_s_numbers():
    assert len(ANSWERS) == 6
    saved = HOME.savings().set_index("link")["saved_ms"]
    least, *_, most = sorted(saved[["TCP", "TLS", "HTTP"]])
    assert saved["DNS"] == 0 and f"{least:.0f} to {most:.0f} ms" in ANSWERS[0]
    fetch, anew = PRESETS["Fetch on every request"], PRESETS["… connecting anew"]
    assert [*fetch.waterfall().query("mumbai_ms > 0").index] == ["HTTP"]
    assert f"{fetch.total_ms():.0f} ms in all" in ANSWERS[1]
    assert f"not once: {anew.total_ms():.0f} ms" in ANSWERS[1]
    assert [c.waterfall()["mumbai_trips"].sum() for c in (fetch, anew)] == [1, 3]
    warm = fetch.replace(connection="warm")
    saved = {p: warm.replace(place=p).savings().set_index("link")["saved_ms"] for p in ("Delhi",)}
    own = warm.savings().set_index("link")["saved_ms"]
    assert f"HTTP, {own['HTTP']:.0f} ms" in ANSWERS[2] and own["IP"] > 1
    assert (own[["DNS", "TCP", "TLS"]] <= 0).all() and saved["Delhi"]["IP"] < -1
    assert warm.replace(place="Mumbai").savings()["saved_ms"][2] < -1
    long = HOME.replace(response_bytes=60_000)
    rest = [c.waterfall().loc["rest of the answer"] for c in (long, long.move(5))]
    assert [row["round_trips"] for row in rest] == [2, 2]
    assert f"{rest[0]['ms']:.0f} ms to Mumbai or {rest[1]['ms']:.0f} ms to the PoP" in ANSWERS[3]
    five, back = PRESETS["All five at the PoP"], PRESETS["A returning client"]
    assert [c.waterfall()["round_trips"].sum() for c in (five, back)] == [4, 1]
    assert f"Four, {five.total_ms():.0f} ms; then one, {back.total_ms():.0f} ms" in ANSWERS[4]
    assert "the median follows in 30 min, the p99 in 59.4 min" in five.in_words()
    assert "After 30 min" in ANSWERS[5] and "after 59.4 min" in ANSWERS[5]


def test_a_task_s_size_is_a_stop_and_no_preset_resets_it():
    panel = el.panels.chain()
    assert 60_000 in [value for _, value in panel.controls["response_bytes"].options]
    panel.controls["response_bytes"].value = 60_000
    panel.buttons["All five at the PoP"].click()
    assert panel.model.response_bytes == 60_000
    panel.retire()
