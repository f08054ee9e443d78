"""What is particular to the panel of notebook 07."""

import asyncio
import html

import numpy as np
import pytest

import edgelab as el
from edgelab.stage.live import changed
from edgelab.stage.plot import frame
from edgelab.topics.rate_limit.limiters import (
    COUNTERS,
    DESIGNS,
    HASHED,
    KV,
    LEASED,
    LIMITERS,
    OBJECT,
    POP,
)
from edgelab.topics.rate_limit.model import RateLimit, leaks
from edgelab.topics.rate_limit.page import QUICK_RUNS
from page_text import answers

#: Few runs, so that the tests are quick; of a bucket that no other test has.
START = RateLimit(seeds=3, capacity=95)
PRESETS = {
    "Two PoPs, 50 ms apart": {"pops": 2, "rate_per_s": 20.0, "kv_delay_ms": 50.0},
    "312 PoPs": {"pops": 312, "rate_per_s": 1000.0},
    "KV at 60 s": {"kv_delay_ms": 60_000.0},
    "Counters instead": {"design": COUNTERS},
    "One object decides": {"design": OBJECT},
}


@pytest.fixture(scope="module")
def panel():
    return el.panels.rate_limit(START)


def test_presets_make_the_same_whatever_was_pressed_before(panel):
    assert list(panel.presets) == list(PRESETS)
    for first in panel.presets.values():
        for name, make in panel.presets.items():
            assert make(first(START)) == START.replace(**PRESETS[name])


def wanted(panel, model, at_rest):
    return {each.plot.name: each.plot.live(model, panel.pinned, at_rest) for each in panel.board}


def test_few_runs_under_the_hand_and_all_of_them_at_rest(panel):
    async def drag():
        for pops in (20, 30):
            panel.controls["pops"].value = pops
            await asyncio.sleep(0)
        quick = START.replace(pops=30, seeds=QUICK_RUNS)
        assert changed(dict(panel.live.plots), wanted(panel, quick, at_rest=False)) == {}
        assert quick.in_words() in html.unescape(panel.words.value)
        text = panel.below.value
        for _ in range(100):
            await asyncio.sleep(0.05)
            if panel.resting:
                break
        return text

    text = asyncio.run(drag())
    assert QUICK_RUNS < START.seeds and "Few runs so far" in text
    assert changed(dict(panel.live.plots), wanted(panel, panel.model, at_rest=True)) == {}
    assert START.replace(pops=30).in_words() in html.unescape(panel.words.value)
    assert "3 runs: " in panel.below.value


def test_no_more_runs_than_there_are_and_all_of_them_where_they_are_known(panel):
    fresh = START.replace(capacity=96)
    assert panel._moving(fresh) == fresh.replace(seeds=QUICK_RUNS)
    assert panel._moving(fresh.replace(seeds=1)).seeds == 1
    frame(RateLimit.designs, fresh)
    assert panel._moving(fresh).seeds == QUICK_RUNS, "its map is not known yet"
    frame(leaks, *fresh.map_settings)
    assert panel._moving(fresh) == fresh


def test_dragging_the_delay_moves_the_ring_and_not_the_map(panel, monkeypatch):
    sent = []
    monkeypatch.setattr(panel.live, "send", lambda content, buffers=None: sent.append(content))

    async def drag():
        panel.controls["kv_delay_ms"].value = 500.0
        while not panel.resting:
            await asyncio.sleep(0.05)

    asyncio.run(drag())
    heat, _, ring = panel.live.plots["leak_map"]["data"]
    assert heat["type"] == "heatmap" and ring["x"] == [np.log10(500.0)]
    maps = [content["plots"]["leak_map"].get("data", {}) for content in sent]
    assert [list(data) for data in maps] == [["2"], []], "at rest at most the line below it"


def test_a_pinned_attack_stays_while_another_moves(panel):
    panel.buttons["312 PoPs"].click()
    panel.pin.value = True
    panel.controls["design"].value = COUNTERS
    panel.controls["pops"].value = 5
    assert panel.pinned == START.replace(**PRESETS["312 PoPs"])
    below = panel.live.plots["leak_map"]["below"]
    assert below.startswith("“grow-only counters”, 5 PoPs")
    assert "pinned: “KV, last writer wins”, 312 PoPs" in below
    below = panel.live.plots["let_through"]["below"]
    assert "; pinned: 312 PoPs, 1,000 requests/s, 250 ms late" in below


def test_the_answers_have_the_model_s_numbers():
    pulled, alone, pair, mend, lease, minute = answers(7)

    def row(design=KV, **knobs):
        return RateLimit(**knobs).designs().loc[design]

    left, line, right = (
        row(rate_per_s=100.0, kv_delay_ms=delay_ms)["through"] for delay_ms in (1.0, 10.0, 250.0)
    )
    assert f"{line:.3g} times the limit" in pulled and f"{right:.3g} times" in pulled
    assert f"{100 * (left - 1):.1f} % too many" in pulled
    fast = {name: row(name, pops=312, rate_per_s=1000.0)["through"] for name in DESIGNS}
    assert [name for name in fast if LIMITERS[name].asks_home] == list(DESIGNS[-5:])
    assert {f"{fast[name]:.2f}" for name in DESIGNS[-5:-1]} == {"1.00"}
    assert f"last five: 1.00 times, and leases {fast[LEASED]:.2f}" in alone
    assert f"hardly: {fast[COUNTERS]:.2f} times" in alone
    assert {f"{fast[name]:.0f}" for name in DESIGNS[:4]} == {"86"} and "others let 86" in alone
    two = {"pops": 2, "rate_per_s": 20.0, "kv_delay_ms": 50.0}
    many, right = row(**two), row(OBJECT, **two)["admitted"]
    said = f"{round(many['admitted']) - round(right)}: {many['admitted']:.0f} get through"
    assert f"{said}, against {right:.0f} ({many['through']:.2f} times)" in pair
    waits = row(OBJECT)
    assert f"{100 * (row(COUNTERS)['through'] - 1):.1f} % too many" in mend
    assert f"takes {waits['wait_ms']:.0f} ms" in mend
    assert f"it is {waits['worst_wait_ms']:.0f}" in mend
    leased = row(LEASED)
    assert f"{leased['wait_ms']:.0f} ms instead of {waits['wait_ms']:.0f}" in lease
    assert f"{100 * (1 - leased['through']):.1f} % fewer" in lease
    for design in (KV, COUNTERS):
        assert f"{row(design, kv_delay_ms=60_000.0)['through']:.2f} times" in minute


def test_the_printed_formulas_give_what_the_screen_shows():
    panel = el.panels.rate_limit()
    # Bounds: b + r t for one exact bucket, M times that for M of them.
    for design, most in ((OBJECT, 100 + 10 * 60), (POP, 10 * (100 + 10 * 60))):
        panel.controls["design"].value = design
        assert f"at most {most:,} through" in panel.below.value
    # The article's bucket, b = 5 and r = 1: a request passes if min(b, x + r t) is at least 1.
    tokens, seen = 5.0, el.TokenBucket(capacity=5, refill_per_s=1).replay(k / 10 for k in range(8))
    for k, (before, allowed) in enumerate(zip(seen["before"], seen["allowed"], strict=True)):
        tokens = min(5.0, tokens + 0.1 * (k > 0))
        assert before == pytest.approx(tokens) and allowed == (tokens >= 1)
        tokens -= allowed
    # KV leaks about a D (1 - 1 / M), if that is far below one and the attack far above the limit.
    for rate, pops in ((200.0, 10), (100.0, 10), (100.0, 2), (100.0, 312)):
        model = RateLimit(rate_per_s=rate, pops=pops, kv_delay_ms=1.0)
        leaked = model.designs()["through"][model.design] - 1
        assert leaked == pytest.approx(rate * 0.001 * (1 - 1 / pops), rel=0.05)
    panel.show(RateLimit(rate_per_s=100.0, kv_delay_ms=1.0))
    assert f"{100 * 0.001 * (1 - 1 / 10):.0%}" == "9%"
    assert "9.0 % more than" in panel.words.value
    # A lease of q tokens waits for Mumbai once in q requests.
    waits = RateLimit().designs()["wait_ms"].round()
    assert round(1 + waits[OBJECT] / 10, 1) == 16.1
    assert round(RateLimit().designs().loc[LEASED, "wait_ms"], 1) == 16.1
    assert waits[OBJECT] == 151 and waits[HASHED] == 169
    # Counters: at most about one delay's requests too many, a D.
    for delay_ms in (50.0, 250.0, 1000.0, 10_000.0):
        model = RateLimit(design=COUNTERS, kv_delay_ms=delay_ms)
        row = model.designs().loc[COUNTERS]
        assert row["admitted"] * (1 - 1 / row["through"]) <= 200 * delay_ms / 1000
    assert 200 * 0.25 == 50
    assert 42 * 45 / 60 + 18 == RateLimit.window_count(42, 18, 15, 60)
