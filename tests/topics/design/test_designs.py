"""Fronts against moocore's, a search against a known front, files against bad ones."""

import tomllib

import numpy as np
import pytest
from moocore import is_nondominated

import edgelab as el
from edgelab.topics.design import designs
from edgelab.topics.design.goals import CHEAP, GOALS

MANY = [
    el.Design(),
    el.Design(regions=4, converge="CRDT", sampled=0.05),
    el.Design.three_legs(),
    el.Design().baseline(),
    el.Design(panel="at the PoP, from cache", ttl_s=37.0, object_home="São Paulo"),
]


# -- fronts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_the_front_is_that_of_another_library(seed):
    rng = np.random.default_rng(seed)
    values = rng.random((int(rng.integers(1, 120)), int(rng.integers(2, 5))))
    if seed % 3 == 0:
        values = np.round(4 * values)  # many alike
    if seed % 4 == 0:
        values[rng.random(values.shape) < 0.1] = np.inf
    right = is_nondominated(values, keep_weakly=True)
    np.testing.assert_array_equal(designs.non_dominated(values), right)


def test_the_front_does_not_hang_on_the_order():
    rng = np.random.default_rng(3)
    values, order = rng.random((200, 3)), rng.permutation(200)
    np.testing.assert_array_equal(
        designs.non_dominated(values)[order], designs.non_dominated(values[order])
    )


def zdt1(point):
    """Zitzler, Deb and Thiele's first problem; its front is f2 = 1 - sqrt(f1)."""
    g = 1 + 9 * point[1:].mean()
    return point[0], g * (1 - np.sqrt(point[0] / g))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_zdt1s_front_is_found_and_is_where_it_should_be(seed):
    f1 = np.linspace(0, 1, 101)
    right = np.column_stack([f1, 1 - np.sqrt(f1)])
    worse = right + np.random.default_rng(0).random((101, 2))
    found = designs.non_dominated(np.vstack([worse, right]))
    assert found[101:].all() and not found[:101].any()
    _, values = designs.tried(zdt1, 5, 2000, seed)
    front = values[designs.non_dominated(values)]
    off = front[:, 1] - (1 - np.sqrt(front[:, 0]))
    assert (off > -1e-12).all(), "nothing is better than the best"
    assert np.median(off) < 0.05
    assert np.diff(np.sort(front[:, 0]), prepend=0, append=1).max() < 0.3, "no large gap"
    half = values[:1000]
    first = half[designs.non_dominated(half)]
    assert np.median(off) < np.median(first[:, 1] - (1 - np.sqrt(first[:, 0]))) / 3, "it learns"


def test_a_search_is_the_same_for_the_same_seed():
    one, two, other = (designs.tried(zdt1, 3, 200, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one[0], two[0])
    assert not np.array_equal(one[0], other[0])
    assert one[0].shape == (200, 3) and (one[0] >= 0).all() and (one[0] <= 1).all()


def test_every_setting_of_the_search_is_one_that_a_design_takes():
    for name, some in designs.SPACE.items():
        for value in some:
            assert getattr(el.Design(**{name: value}), name) == value
    first = {name: some[0] for name, some in designs.SPACE.items()}
    assert designs.at(el.Design(), np.zeros(len(first))) == el.Design(**first)
    last = {name: some[-1] for name, some in designs.SPACE.items()}
    assert designs.at(el.Design(), np.ones(len(last))) == el.Design(**last)


def test_what_is_searched_is_what_the_report_says():
    found = el.Design().search(count=64, seed=5)
    assert found["design"][0] == el.Design()
    assert found["on_front"].any() and not found["on_front"].all()
    for _, row in found.sample(5, random_state=1).iterrows():
        report = row["design"].report()["value"]
        for name in designs.NAMES:
            assert row[name] == report[name]
    again = el.Design().search(count=64, seed=5)
    assert list(again["design"]) == list(found["design"])


def test_what_each_gives_up_is_counted_from_the_least():
    names = ["p99 Bay Area, ms", "cost of the night, USD"]
    frame = el.front(MANY, names)
    right = is_nondominated(frame[names].to_numpy(), keep_weakly=True)
    np.testing.assert_array_equal(frame["on_front"], right)
    cheapest = frame[names[1]].idxmin()
    said = frame.loc[cheapest, "gives_up"]
    assert names[1] not in said and names[0] in said
    with pytest.raises(ValueError, match=r"names: got .*allowed a sequence of 2 or more"):
        el.front(MANY, names[:1])


def test_dear_goals_are_not_searched():
    assert set(CHEAP) < set(GOALS)
    with pytest.raises(ValueError, match="names"):
        el.Design().search(["let through, times"])


# -- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("design", MANY)
def test_a_design_is_read_as_it_was_written(design, tmp_path):
    file = design.save(tmp_path / "mine.toml")
    assert el.Design.load(file) == design
    assert el.Design.load(str(file)) == design
    kept = tomllib.loads(file.read_text(encoding="utf-8"))
    assert kept["version"] == designs.VERSION and set(kept["design"]) == set(design.knobs())


def test_a_file_that_is_there_is_left(tmp_path):
    file = el.Design().save(tmp_path / "mine.toml")
    before = file.read_bytes()
    with pytest.raises(ValueError, match=r"path: got .*mine\.toml.*not there yet"):
        el.Design(pops=5).save(file)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("version = 2\n[design]\n", "version: got 2, allowed 1 to 1; a newer edgelab wrote"),
        ("[design]\npops = 3\n", "version: got None"),
        ("version = true\n[design]\n", "version: got True"),
        ("version = 1\n", "path: got"),
        ("version = 1\n[design]\n[more]\n", "path: got"),
        ("version = 1\n[design]\nchairs = 3\n", "chairs"),
        ("version = 1\n[design]\npops = 0\n", "pops: got 0, allowed a whole number from 1 to 500"),
        ("version = 1\n[design]\npops = '7'\n", "pops: got '7'"),
        ("version = 1\n[design]\nrule = 'none'\n", "rule: got 'none'"),
        ("import os; os.system('true')", "path: got"),
        ("version = 1\n[design\n", "path: got"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_in_words(text, wrong, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises((TypeError, ValueError)) as error:
        el.Design.load(file)
    assert wrong in str(error.value) and "allowed" in str(error.value)


def test_no_text_and_no_file_are_refused(tmp_path):
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "bad.toml", tmp_path / "none.toml", tmp_path, "", "\0"):
        with pytest.raises(ValueError, match="path: got"):
            el.Design.load(path)
    for path in (None, 3, b"x.toml"):
        with pytest.raises(TypeError, match="path: got"):
            el.Design().save(path)


def test_a_file_with_some_knobs_leaves_the_others(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("version = 1\n[design]\npops = 40\n", encoding="utf-8")
    assert el.Design.load(file) == el.Design(pops=40)


def test_a_defence_is_a_deck(tmp_path, monkeypatch):
    from contextlib import nullcontext

    from edgelab.stage import export

    picture = bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
        "606060000000050001a5f645400000000049454e44ae426082"
    )
    monkeypatch.setattr(export, "browser", lambda: nullcontext(lambda *_: picture))
    path = el.export(el.Design(), tmp_path / "mine.pptx")
    from pptx import Presentation

    slides = Presentation(path).slides
    titles = [slide.shapes.title.text_frame.text for slide in slides]
    assert titles[1] == "16 of 19 goals are met" and titles[0] == "5 of 6 events sink the night"
    assert len(titles) == 4
    assert "el.Design()" in slides[0].notes_slide.notes_text_frame.text
