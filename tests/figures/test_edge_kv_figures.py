"""The KV page's figures draw what the frames say."""

import numpy as np
import pytest

import edgelab as el
from edgelab.figures import drawing, edge_kv, theme
from edgelab.models.edge_kv import EdgeKV
from edgelab.models.quorum import Quorum

STORE = EdgeKV()
CACHE = EdgeKV.of("Cloudflare Workers KV")
SINGLE = {
    "stale_reads": (EdgeKV.staleness, "stale"),
    "handoff": (EdgeKV.handoff, "handoff"),
    "lost_updates": (EdgeKV.lost_updates, "lost"),
    "metadata": (EdgeKV.metadata, "metadata"),
}


def on(made, part):
    return [t for t in made if t["xaxis"] == f"x{drawing.axis_of(edge_kv.PARTS, part)}"]


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("pinned", [None, CACHE])
def test_curves_are_the_frames_columns(name, pinned):
    frame_of, part = SINGLE[name]
    drawn = on(edge_kv.traces(STORE, pinned), part)
    frame = frame_of(STORE)
    for (column, *_), trace in zip(edge_kv.LINES[part], drawn, strict=False):
        np.testing.assert_array_equal(trace["x"], frame[edge_kv.X[part]])
        np.testing.assert_array_equal(trace["y"], frame[column])
    held = drawn[len(edge_kv.LINES[part])]
    assert len(held["x"]) == (len(frame) if pinned else 0)
    assert len(edge_kv.traces(STORE, pinned)) == len(edge_kv.traces(CACHE))


def test_the_dot_stands_at_the_present_rate():
    store = STORE.replace(writes_per_s=3)
    *_, dot = on(edge_kv.traces(store), "lost")
    lost = store.lost_updates((3,))["lww_lost_share"].iloc[0]
    assert (dot["x"][0], dot["y"][0]) == (3, lost)
    words = [note["text"] for note in edge_kv.layout(store)["annotations"]]
    assert f"<b>{lost:.0%} lost</b>" in words


def test_annotations_and_shapes_keep_their_number():
    stores = [
        STORE,
        CACHE,
        STORE.replace(sticky_s=0),
        STORE.replace(sticky_s=120, writes_per_s=100),
    ]
    layouts = [edge_kv.layout(a, b) for a in stores for b in (None, CACHE)]
    for kind in ("annotations", "shapes"):
        assert len({len(layout[kind]) for layout in layouts}) == 1
    assert "no sticky route" in [n["text"] for n in layouts[4]["annotations"]]


def test_no_line_is_told_by_its_colour_alone():
    for part, lines in edge_kv.LINES.items():
        looks = [(look["dash"], look.get("width")) for _, _, look, _ in lines]
        assert len(set(looks)) == len(looks), part
        key = edge_kv._key(part, True)
        assert all(short in key for *_, short in lines) and "pinned" in key


@pytest.mark.parametrize("name", SINGLE)
def test_a_single_figure_tells_its_source_and_goes_on_a_slide(name):
    frame_of, _ = SINGLE[name]
    figure = getattr(el.figures, name)(frame_of(STORE), frame_of(CACHE))
    told = figure.layout.meta
    assert f"pinned=el.{CACHE!r}.{frame_of.__name__}()" in told["code"]
    assert told["caption"] and told["alt"] and "nan" not in told["caption"]
    again = eval(told["code"], {"el": el})
    assert again.to_json() == figure.to_json()
    slide = theme.slide(figure)
    assert (slide.layout.width, slide.layout.height) == (960, 540)


def test_the_whole_page_in_one_figure():
    figure = el.figures.kv(STORE, CACHE)
    assert eval(figure.layout.meta["code"], {"el": el}).to_json() == figure.to_json()
    assert figure.layout.meta["caption"] == STORE.in_words()


def test_quorums_share_a_figure():
    stores = [Quorum(), Quorum(r=2, w=2), Quorum(network="WAN")]
    frames = [store.consistency(20_000) for store in stores]
    figure = el.figures.consistency(*frames)
    assert [len(t.x) for t in figure.data] == [len(frame) for frame in frames]
    assert "never stale" in figure.data[1].name and np.isnan(figure.data[1].y).all()
    assert eval(figure.layout.meta["code"], {"el": el}).to_json() == figure.to_json()
    for bad in ([], frames * 2):
        with pytest.raises(ValueError, match=f"frames: got {len(bad)}, allowed one to four"):
            el.figures.consistency(*bad)
