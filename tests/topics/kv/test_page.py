"""What is particular to the panel of notebook 06."""

import numpy as np
import pytest

import edgelab as el
from edgelab.topics.kv.model import EVERYWHERE, EdgeKV

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
