"""What was measured is remembered whole, and what is damaged is refused in words."""

import json
import threading

import numpy as np
import pytest

import edgelab as el
import made_up
from edgelab.core import remembered


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGELAB_DATA_DIR", str(tmp_path / "new"))
    return tmp_path / "new"


def test_nothing_is_remembered_at_first(folder):
    rows, about, problem = remembered.read()
    assert rows.empty and list(rows.columns) == list(remembered.FIELDS) and not about
    assert problem == remembered.NOT_YET
    assert "el.bench.measure()" in el.bench.measured()._repr_html_()


def test_what_is_written_comes_back(folder, monkeypatch):
    file = made_up.remember(folder, monkeypatch)
    assert file == folder / "measured.json" == remembered.path()
    rows, about, problem = remembered.read()
    assert problem == "" and about["machine"] == "a test"
    assert rows.to_dict("records") == made_up.rows()
    assert [path.name for path in folder.iterdir()] == ["measured.json"]


def test_the_place_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv("EDGELAB_DATA_DIR")
    monkeypatch.setattr(remembered.platformdirs, "user_data_dir", lambda *_: str(tmp_path))
    assert remembered.path() == tmp_path / "measured.json"


def test_a_new_measurement_is_seen_at_once(folder, monkeypatch):
    made_up.remember(folder, monkeypatch)
    assert remembered.read().rows["median"].iloc[0] == 2.0
    rows = made_up.rows()
    rows[0]["median"] = 3.25
    remembered.write(rows, {})
    assert remembered.read().rows["median"].iloc[0] == 3.25


def row(**changes):
    return made_up.rows()[0] | changes


@pytest.mark.parametrize(
    ("kept", "wrong"),
    [
        ("", "damaged"),
        ("{", "damaged"),
        (b"\xff\xfe", "damaged"),
        ("[]", "no measurements of version 1"),
        ({"version": 2, "rows": [row()], "about": {}}, "no measurements of version 1"),
        ({"version": 1, "about": {}}, "rows or about is missing"),
        ({"version": 1, "rows": [], "about": {}}, "rows or about is missing"),
        ({"version": 1, "rows": [row()], "about": {"when": 3}}, "something else than texts"),
        ({"version": 1, "rows": [3], "about": {}}, "row 1 has other columns"),
        ({"version": 1, "rows": [row(more=1)], "about": {}}, "row 1 has other columns"),
        ({"version": 1, "rows": [row(median="2")], "about": {}}, "row 1, median: got '2'"),
        ({"version": 1, "rows": [row(median=-1.0)], "about": {}}, "row 1, median: got -1.0"),
        ({"version": 1, "rows": [row(high=float("nan"))], "about": {}}, "row 1, high: got nan"),
        ({"version": 1, "rows": [row(repeats=1.5)], "about": {}}, "row 1, repeats: got 1.5"),
        ({"version": 1, "rows": [row(repeats=True)], "about": {}}, "row 1, repeats: got True"),
        ({"version": 1, "rows": [row(what="")], "about": {}}, "row 1, what: got ''"),
        ({"version": 1, "rows": [row(unit="s")], "about": {}}, "row 1: got 'start' in 's'"),
        ({"version": 1, "rows": [row(low=5.0)], "about": {}}, "not between low and high"),
        ({"version": 1, "rows": [row(), row()], "about": {}}, "row 2: V8 isolate start stands"),
    ],
)
def test_a_damaged_file_is_told_and_not_used(folder, kept, wrong):
    folder.mkdir()
    data = kept if isinstance(kept, bytes) else kept if isinstance(kept, str) else json.dumps(kept)
    remembered.path().write_bytes(data if isinstance(data, bytes) else data.encode())
    rows, _, problem = remembered.read()
    assert rows.empty and "is damaged and not used" in problem and wrong in problem
    assert str(remembered.path()) in problem
    assert "is damaged" in el.bench.measured()._repr_html_()
    # A ledger and a pool go on without it.
    assert el.claims(page=4).loc["idle-3-mb", "verdict"] == "not measured on this machine"
    assert el.WarmPool(figures="measured").density().notna().all(axis=None)


def test_what_could_not_be_read_again_is_not_written(folder, monkeypatch):
    made_up.remember(folder, monkeypatch)
    before = remembered.path().read_bytes()
    for bad in ([], [row(median=np.nan)], [row(low=9.0)]):
        with pytest.raises(ValueError):
            remembered.write(bad, {})
    assert remembered.path().read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["measured.json"]


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EDGELAB_DATA_DIR", str(tmp_path / "file"))
    with pytest.raises(OSError, match="file"):
        remembered.write(made_up.rows(), {})
    assert "damaged" in remembered.read().problem or remembered.read().problem == remembered.NOT_YET


def test_a_reader_never_sees_half_a_file(folder, monkeypatch):
    made_up.remember(folder, monkeypatch)
    stop, problems = threading.Event(), []

    def read():
        while not stop.is_set():
            problems.append(remembered.read().problem)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(50):
            remembered.write(made_up.rows(), {})
    finally:
        stop.set()
        reader.join()
    assert problems and set(problems) == {""}
