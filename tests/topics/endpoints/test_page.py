"""What is particular to the panel of notebook 09, and that its formulas give what it shows."""

import re

import numpy as np
import pytest

import edgelab as el
from edgelab.topics.endpoints.model import MAP_WRITES
from edgelab.topics.endpoints.ways import KV, OBJECT
from page_text import prose

EXAMPLES = el.Endpoint.examples()
START = el.Endpoint()


@pytest.fixture(scope="module")
def panel():
    return el.panels.endpoints()


def test_presets_are_the_examples_whatever_was_pressed_before(panel):
    for first in panel.presets.values():
        for name, make in panel.presets.items():
            made = make(first(START))
            if name in EXAMPLES:
                edge = {n: getattr(made, n) for n in ("copies", "kv_delay_ms")}
                assert made == EXAMPLES[name].replace(**edge)
            else:
                assert (made.copies, made.kv_delay_ms) == ("fetched", 30_000)


def test_presets_keep_the_edge_that_a_teacher_set():
    panel = el.panels.endpoints(el.Endpoint(pops=40, worth=0.2, place="London"))
    panel.buttons["chat"].click()
    assert panel.model == EXAMPLES["chat"].replace(pops=40, worth=0.2, place="London")


def test_the_sentence_says_where_and_why(panel):
    assert "It belongs at the PoP, with its KV: 99 of 100" in panel.words.value
    panel.buttons["order matching"].click()
    assert "It belongs all at home" in panel.words.value
    assert "KV is ruled out: 0.477 s until a write is seen (must be 0)" in panel.words.value
    assert "20 times what it can do" in panel.below.value
    panel.buttons["Reset"].click() if "Reset" in panel.buttons else panel.reset.click()
    panel.controls["origin_fetch_ratio"].value = 0.5
    assert "in its cache" in panel.words.value


def test_idle_knobs():
    assert "keys" in el.Endpoint(answers="one per viewer").idle()
    assert set(el.Endpoint(pops=1).idle()) == {"kv_delay_ms", "copies"}
    assert START.idle() == {}


# -- what is printed is what is shown ------------------------------------------------------------


@pytest.fixture(scope="module", name="prose")
def words():
    return prose(9)


def test_the_printed_time_is_the_waterfalls(prose):
    sum_, total = re.search(r"From the Bay Area: (.+?) = ([\d.]+) ms", prose).groups()
    m, near, work, read, share, far, queue = map(float, re.findall(r"[\d.]+", sum_))
    parts = START.waterfall().loc[KV]
    home = START.waterfall().loc["split: PoP asks home"]
    assert (m, near) == (round(parts["last mile"], 2), round(parts["to the PoP"], 2))
    assert work + read == pytest.approx(parts["work"])
    assert share == START.origin_fetch_ratio
    assert (far, queue) == (round(home["on from there"], 1), round(home["waits there"], 1))
    assert float(total) == round(parts.sum(), 2)
    assert m + near + work + read + share * (far + queue) == pytest.approx(float(total), abs=0.011)


def test_the_printed_borders_are_the_maps(prose):
    times, seen = map(float, re.search(r"after ([\d.]+) \*D\*, ([\d.]+) s", prose).groups())
    assert times == round(START.kv.seen_ms() / START.kv_delay_ms, 1)
    assert seen == round(START.kv.seen_ms() / 1000, 2)
    for delay in (100.0, 1000.0):
        kv = START.replace(kv_delay_ms=delay).kv.seen_ms()
        assert kv == pytest.approx(times * delay, rel=0.03)
    border = float(re.search(r"requests a second that is ([\d.]+) %", prose)[1])
    limit = START.keys / START.requests_per_s
    assert border == round(100 * limit, 1)
    ground = START.map()
    rows = (ground == KV).any(axis=1)
    highest = MAP_WRITES[np.flatnonzero(rows)[-1]]
    assert highest <= limit < highest * MAP_WRITES[1] / MAP_WRITES[0] * (1 + 1e-9)
    columns = (ground == KV).any(axis=0)
    assert ground.columns[columns][0] >= START.kv.seen_ms() / 1000


def test_every_answer_under_a_task_is_true(prose):
    """The stops are the sliders' own, and what the folded text says is what the model says."""
    controls = el.panels.endpoints().controls
    names = ("tolerated_staleness_s", "write_share")
    stops = {name: [value for _, value in controls[name].options] for name in names}
    way = lambda **knobs: START.replace(**knobs).verdict().way  # noqa: E731
    ages = [a for a in stops["tolerated_staleness_s"] if a <= 30]
    leaves = max(a for a in ages if way(tolerated_staleness_s=a) == OBJECT)
    assert leaves == 0.3 and way(tolerated_staleness_s=0.5) == KV
    assert {0.05, 0.2, 0.3} <= set(stops["write_share"])
    told = START.replace(write_share=0.05)._refused[KV]
    assert told == "2.33 writes a second to a key (limit 1)"
    assert "cache" in way(write_share=0.05) and "cache" in way(write_share=0.2)
    assert way(write_share=0.3) == OBJECT
    slow = START.replace(copies="fetched", kv_delay_ms=30_000.0)
    before, after = START.twelve(), slow.twelve()
    moved = before.index[before["way"] != after["way"]]
    assert set(moved) == {"Up Next panel", "live scoreboard", "cart"}
    assert list(before.index[before["bucket"] != after["bucket"]]) == ["cart"]
    history = EXAMPLES["transaction history"]
    three, six = (history.replace(queries=n).waterfall().sum(axis=1) for n in (3, 6))
    more = (six - three) / 3
    printed = int(re.search(r"adds a round trip, (\d+) ms", prose)[1])
    assert round(more["split: PoP asks home"]) == printed
    assert round(more["next to its back end"]) == 3
    assert len(EXAMPLES["chat"]._refused) == 4
    assert EXAMPLES["chat"].durable_object.home == "Geneva"
    many = START.replace(needs="a transaction", queries=2)
    assert not (many.map() == OBJECT).any(axis=None)
    assert (START.replace(needs="a transaction").map() == OBJECT).all(axis=None)
    assert prose.count("<details>") == 6
