"""What is particular to the panel of notebook 06."""

import numpy as np
import pytest

import edgelab as el
from edgelab.core import datasets
from edgelab.topics.kv.model import EVERYWHERE, EdgeKV
from edgelab.world import delays
from page_text import answers, prose

PRESETS = {
    "The article": EdgeKV(),
    "Rebalancing": EdgeKV(rebalancing_share=0.02),
    "Not sticky": EdgeKV(sticky_s=0.0),
    "Cloudflare 60 s": EdgeKV.of("Cloudflare Workers KV"),
    "Vercel 3 s": EdgeKV.of("Vercel Edge Config"),
    "Gcore 2 s": EdgeKV.of("Gcore FastEdge KV"),
    "All PoPs write": EdgeKV(writers=EVERYWHERE),
}


@pytest.fixture(scope="module")
def panel():
    return el.panels.kv()


def test_presets_make_the_same_whatever_was_pressed_before(panel):
    assert list(panel.presets) == list(PRESETS)
    for first in panel.presets.values():
        for name, make in panel.presets.items():
            assert make(first(EdgeKV())) == PRESETS[name]


def test_presets_keep_what_a_teacher_set():
    panel = el.panels.kv(EdgeKV(pops=40, writes_per_s=2.0))
    panel.buttons["Cloudflare 60 s"].click()
    given = EdgeKV(pops=40, writes_per_s=2.0, copies="fetched", kv_delay_ms=30_000)
    assert panel.model == given
    panel.buttons["The article"].click()
    assert panel.model == EdgeKV(pops=40)


def test_the_sticky_slider_moves_one_curve_and_its_end_and_sends_nothing_else(panel, monkeypatch):
    sent = []
    monkeypatch.setattr(panel.live, "send", lambda content, buffers=None: sent.append(content))
    panel.controls["sticky_s"].value = 0.0
    (content,) = sent
    told = {name: plot.get("data") for name, plot in content["plots"].items()}
    assert told.pop("handoff").keys() == {"1"}
    assert not any(told.values()), "of the others at most the line below the heading"


def test_one_pop_alone_waits_for_nobody(panel):
    panel.controls["pops"].value = 1
    assert "KV propagation delay, Rebalancing share: one PoP alone" in panel.idle.value
    assert panel.controls["roaming_share"].disabled and not panel.controls["sticky_s"].disabled
    for trace in panel.live.plots["stale_reads"]["data"]:
        assert not np.any(trace["y"])
    panel.controls["pops"].value = 2
    assert panel.idle.value == "" and panel.controls["roaming_share"].disabled
    panel.controls["pops"].value = 312
    assert [name for name, widget in panel.controls.items() if widget.disabled] == ["read_ms"]


def apart(weight):
    """Shares of the pairs of writers at one PoP, on one continent, and on two."""
    share = weight / weight.sum()
    continent = datasets.pops()["continent"].to_numpy(str)[: len(share)]
    here = float((share**2).sum())
    near = sum(share[continent == one].sum() ** 2 for one in set(continent)) - here
    return here, near, 1 - here - near


def test_the_printed_formulas_give_what_the_screen_shows(panel):
    """Kept is 1 / (1 + w d), with the mean delay of two writers; at high rates more is kept."""
    # A lognormal delay whose 99th percentile is twice its median.
    mean = np.exp((np.log(2) / 2.326348) ** 2 / 2)
    here, near, far = apart(delays.readers(312)[0])
    assert [f"{100 * x:.3g}" for x in (here, near, far)] == ["6.1", "80.4", "13.5"]
    assert [f"{mean * ms:.3g}" for ms in (50, 250)] == ["52.3", "261"]
    assert round(0.804 * 52.3 + 0.135 * 261) == 77 == round(mean * (50 * near + 250 * far))

    def lost(rate, d):
        return 1 - 1 / (1 + rate * d)

    rates, shown = (1.0, 10.0, 20.0, 100.0), ("7 %", "36 %", "50 %", "78 %")
    assert [f"{lost(rate, 0.077):.0%}" for rate in rates] == ["7%", "44%", "61%", "89%"]
    assert "7, 44, 61 and 89 % by the formula, 7, 36, 50 and 78 % on the screen" in prose(6)
    for rate, said in zip(rates, shown, strict=True):
        panel.controls["writes_per_s"].value = rate
        (word,) = panel.live.plots["lost_updates"]["layout"]["annotations"]
        assert word["text"] == f"<b>{said} lost</b>"
    for store, weight in (
        (EdgeKV(), delays.readers(312)[0]),
        (EdgeKV(writers=EVERYWHERE), np.ones(312)),
        (EdgeKV(kv_delay_ms=1000.0), delays.readers(312)[0]),
    ):
        _, near, far = apart(weight)
        d = mean * store.kv_delay_ms / 1000 * (near / 5 + far)
        found = store.lost_updates()
        most = lost(found["writes_per_s"], d)
        # Nearby writes overtake; 4,000 drawn increments are good to two in a thousand.
        assert (found["lww_lost_share"] <= most + 0.002).all()
        seldom = found["writes_per_s"] * d < 0.3
        share = found["lww_lost_share"][seldom]
        np.testing.assert_allclose(share, most[seldom], rtol=0.12, atol=0.004)


def test_the_answers_say_what_the_presets_show(panel):
    flat, sticky, rebalancing, half, everywhere = answers(6)
    viewers = EdgeKV().staleness().set_index("since_write_ms")["viewers"]
    assert f"{viewers.iloc[0]:.0%}".replace("%", " %") in flat
    assert f"{1 - viewers.iloc[0]:.0%}" == "14%" and "14 of 100 read at Mumbai's PoP" in flat
    assert datasets.pops().loc[delays.readers(312)[1], "city"] == "Mumbai"
    assert f"{viewers[96.0:192.0].median():.0%}" == "7%"
    fetched = PRESETS["Cloudflare 60 s"].missed_share(30_000)
    assert f"{100 * fetched:.0f} % still miss" in sticky and EdgeKV().missed_share(30_000) == 0
    late = PRESETS["Rebalancing"]
    halves = [store.seen_ms(0.5, "viewers") for store in (late, EdgeKV())]
    assert "after {:.0f} ms, instead of {:.0f}".format(*halves) in prose(6)
    rows = late.staleness()
    second, minute = np.interp([1000, 60_000], rows["since_write_ms"], rows["viewers"])
    assert f"{100 * second:.1f} %, and still {100 * minute:.1f} %" in rebalancing
    few, some, many = EdgeKV().lost_updates((0.01, 20, 100))["lww_lost_share"]
    assert few < 0.001 and abs(some - 0.5) < 0.01 and f"at 100 it is {100 * many:.0f} %" in half
    here, there = (PRESETS[n].lost_updates((10,)) for n in ("The article", "All PoPs write"))
    told = [f"{100 * frame['lww_lost_share'].iloc[0]:.0f} %" for frame in (there, here)]
    assert "{} instead of {}".format(*told) in everywhere
    every, some = (
        PRESETS[n].crdt_bytes()["writers"].iloc[-1] for n in ("All PoPs write", "The article")
    )
    assert f"{every}, instead of the {some} with viewers" in everywhere


def test_the_printed_faults_and_ways_are_the_models():
    page, faults = prose(6), EdgeKV().faults()
    counter = faults.xs("LWW: counter", level="design")
    none = counter.loc["none"]
    assert f"{none['lost']:.0f} of {none['acknowledged']:.0f}, 78 %" in page
    assert f"{none['lost'] / none['acknowledged']:.0%}" == "78%"
    helped = counter["lost"][["out of order", "every message twice"]]
    assert (helped < none["lost"]).all()
    crdts = faults.loc["one in five dropped", "agreeing_share"].filter(regex="counter|set")
    assert crdts.drop("LWW: counter").between(0.4, 0.6).all()
    forgot = el.crdt.GCounter().add("Delhi", 5).merge(el.crdt.GCounter().add("Delhi", 2))
    assert forgot.value == 5
