"""The KV page's plots draw what the frames say."""

import numpy as np
import pytest

import edgelab as el
from edgelab.stage import theme
from edgelab.topics.kv import plots as edge_kv
from edgelab.topics.kv.model import EdgeKV
from edgelab.topics.kv.quorum import Quorum

STORE = EdgeKV()
CACHE = EdgeKV.of("Cloudflare Workers KV")
ALONE = EdgeKV(pops=1, sticky_s=0.0)
LINES = {
    "stale_reads": (EdgeKV.staleness, edge_kv.STALE),
    "handoff": (EdgeKV.handoff, edge_kv.MISSED),
    "lost_updates": (EdgeKV.lost_updates, edge_kv.LOST),
    "crdt_bytes": (EdgeKV.crdt_bytes, edge_kv.BYTES),
}


def drawn(name, store, pinned=None):
    return getattr(el.figures, name).plot.drawn(store, pinned, True)


@pytest.mark.parametrize("name", LINES)
def test_curves_are_the_frames_columns_and_the_pinned_one_is_the_main_one(name):
    method, lines = LINES[name]
    x = {"lost_updates": "writes_per_s", "crdt_bytes": "operations"}.get(name, "since_write_ms")
    traces = {trace.get("name"): trace for trace in drawn(name, STORE, CACHE).traces}
    for model, columns in ((STORE, lines), (CACHE, [(lines[0][0], "pinned", edge_kv.PINNED)])):
        frame = method(model)
        for column, called, look in columns:
            np.testing.assert_array_equal(traces[called]["x"], frame[x])
            np.testing.assert_array_equal(traces[called]["y"], frame[column])
            assert traces[called]["line"] == look and traces[called]["showlegend"]
    assert f"{lines[0][1]}, pinned: " in traces["pinned"]["hovertemplate"]
    assert len(drawn(name, STORE).traces) == len(traces) - 1


@pytest.mark.parametrize("name", LINES)
def test_no_line_is_told_by_its_colour_alone(name):
    looks = [look for *_, look in LINES[name][1]] + [edge_kv.PINNED]
    dashes = [(look.get("dash", "solid"), look["width"]) for look in looks]
    assert len(set(dashes)) == len(dashes)


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("store", [STORE, CACHE, ALONE], ids=["article", "cache", "one PoP"])
def test_captions_are_sentences_with_numbers_and_the_figure_is_made(name, store):
    figure = getattr(el.figures, name)(store, pinned=STORE)
    meta = figure.layout.meta
    assert "nan" not in meta["caption"] and "inf" not in meta["caption"]
    assert "pinned: pushed, 250 ms late" in figure.layout.title.subtitle.text
    slide = theme.slide(figure)
    assert (slide.layout.width, slide.layout.height) == (960, 540)


def test_captions_say_the_numbers_of_the_store():
    until = f"viewers {CACHE.seen_ms(by='viewers') / 1000:.3g} s"
    assert until in drawn("stale_reads", CACHE).caption
    assert f"{100 * CACHE.missed_share(30_000):.2f} % do" in drawn("handoff", CACHE).caption
    assert f"{100 * STORE.missed_share(100):.2f} % miss it" in drawn("handoff", STORE).caption
    assert drawn("handoff", STORE).caption.endswith("With one nobody does.")
    assert "With one" not in drawn("handoff", ALONE).caption
    lost = CACHE.lost_updates((10.0,))["lww_lost_share"].iloc[0]
    assert (
        f"At 10 writes a second {100 * lost:.1f} % are lost" in drawn("lost_updates", CACHE).caption
    )
    size = CACHE.crdt_bytes()["or_set_bytes"].iloc[-1]
    assert f"OR-set {size:,.0f}" in drawn("crdt_bytes", CACHE).caption


@pytest.mark.parametrize(
    ("rate", "side", "edge"), [(0.1, "left", "bottom"), (3, "right", "bottom")]
)
def test_the_dot_stands_at_the_present_rate(rate, side, edge):
    store = STORE.replace(writes_per_s=rate)
    said = drawn("lost_updates", store)
    lost = store.lost_updates((rate,))["lww_lost_share"].iloc[0]
    dot = said.traces[-1]
    assert (dot["mode"], dot["x"][0], dot["y"][0]) == ("markers", rate, lost)
    (label,), (line,) = said.notes, said.shapes
    assert label["text"] == {0.1: "<b>0.6 % lost</b>", 3: "<b>17 % lost</b>"}[rate]
    assert line["x0"] == line["x1"] == rate
    assert (label["xanchor"], label["yanchor"]) == (side, edge)
    (label,) = drawn("lost_updates", CACHE.replace(writes_per_s=rate * 30)).notes
    assert label["yanchor"] == "top", "below the curve where that is high"


@pytest.mark.parametrize(
    ("sticky_s", "at_ms", "word", "side"),
    [
        (0, 1, "no sticky route", "left"),
        (2, 2_000, "sticky until 2 s", "left"),
        (30, 30_000, "sticky until 30 s", "right"),
        (120, 120_000, "sticky until 120 s", "right"),
    ],
)
def test_a_line_stands_where_the_sticky_route_ends(sticky_s, at_ms, word, side):
    said = drawn("handoff", STORE.replace(sticky_s=sticky_s))
    (label,), (line,) = said.notes, said.shapes
    assert line["x0"] == line["x1"] == at_ms
    assert (label["text"], label["xanchor"]) == (word, side)
    assert label["x"] == pytest.approx(np.log10(at_ms))


def test_quorums_share_a_figure():
    stores = [Quorum(), Quorum(r=2, w=2), Quorum(network="WAN")]
    figure = el.figures.consistency(*stores)
    frames = [store.consistency() for store in stores]
    for trace, frame in zip(figure.data, frames, strict=True):
        kept = (frame["stale_share"] > 1e-5) & (frame["since_commit_ms"] > 0)
        np.testing.assert_array_equal(trace.y, frame["stale_share"].where(kept))
        np.testing.assert_array_equal(trace.x, frame["since_commit_ms"].where(kept))
    assert "never stale" in figure.data[1].name and np.isnan(figure.data[1].y).all()
    assert np.isfinite(figure.data[0].y).any()
    meta = figure.layout.meta
    stale = frames[2]["stale_share"].iloc[0]
    assert f"WAN N3 R1 W1: {100 * stale:.2f} % stale" in meta["caption"]
    assert eval(meta["code"], {"el": el}).to_json() == figure.to_json()
    assert theme.slide(figure).layout.width == 960


def test_too_few_too_many_or_other_quorums_are_refused():
    for bad in ([], [Quorum()] * 5):
        with pytest.raises(ValueError, match=f"quorums: got {len(bad)}, allowed one to four"):
            el.figures.consistency(*bad)
    for bad in (Quorum().k_staleness(), STORE):
        with pytest.raises(TypeError, match=r"quorums: got .*, allowed a Quorum"):
            el.figures.consistency(Quorum(), bad)
