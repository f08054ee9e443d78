"""Sweeps: nothing lost, nothing twice, whatever ends them."""

import os
import sqlite3
import sys
import threading
import time
from contextlib import closing
from itertools import product

import pandas as pd
import pytest

import edgelab as el
from edgelab import sweeps
from edgelab.sweeps import Unanswered, sweep

OVER = {"pops": [10, 50, 312], "kv_delay_ms": [100, 250]}
BEFORE = el.CricStream()


class Asked:
    """A question that remembers how often it was asked, and what it does instead of an answer."""

    def __init__(self, instead=None):
        self.times, self.instead, self.lock = [], instead or {}, threading.Lock()

    def __call__(self, night):
        with self.lock:
            self.times.append(night)
        if night.pops in self.instead:
            raise self.instead[night.pops]
        return {"pops twice": 2 * night.pops, "delay": night.kv_delay_ms}

    def __repr__(self):
        return "asked"


def test_rows_come_in_the_order_asked_with_the_models_own_answer():
    found = sweep(BEFORE, OVER, el.CricStream.headline)
    points = list(product(*OVER.values()))
    assert list(found[["pops", "kv_delay_ms"]].itertuples(index=False, name=None)) == points
    for row, (pops, delay) in zip(found.to_dict("records"), points, strict=True):
        own = BEFORE.replace(pops=pops, kv_delay_ms=delay).headline()
        assert {name: row[name] for name in own} == own


@pytest.mark.parametrize(
    ("ask", "column", "first"),
    [(lambda n: n.pops, "answer", 10), (lambda n: pd.Series({"a": f"{n.pops}"}), "a", "10")],
    ids=["number", "series"],
)
def test_an_answer_may_be_a_number_a_text_or_a_series(ask, column, first):
    assert sweep(BEFORE, OVER, ask)[column].iloc[0] == first


def test_what_is_asked_twice_is_worked_out_once_and_told_twice():
    ask = Asked()
    found = sweep(BEFORE, {"pops": [10, 10, 20]}, ask)
    assert found["pops twice"].tolist() == [20, 20, 40]
    assert len(ask.times) == 2


def test_a_stopped_sweep_goes_on_where_it_was(tmp_path, monkeypatch):
    file, write, first = tmp_path / "sweep.sqlite", sweeps._add, Asked()

    def add(*given):
        if rows(file) == 3:
            raise KeyboardInterrupt
        write(*given)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(sweeps, "_add", add)
        sweep(BEFORE, OVER, first, keep=file)
    rest = Asked()
    found = sweep(BEFORE, OVER, rest, keep=file)
    assert found.equals(sweep(BEFORE, OVER, Asked()))
    assert len(rest.times) == 3
    none = Asked()
    assert sweep(BEFORE, OVER, none, keep=file).equals(found)
    assert none.times == []


def rows(file):
    with closing(sqlite3.connect(file)) as database:
        return database.execute("SELECT count(*) FROM sweep").fetchone()[0]


def test_another_question_or_a_changed_one_is_asked_anew(tmp_path):
    file = tmp_path / "sweep.sqlite"
    assert sweep(BEFORE, OVER, lambda n: n.pops, keep=file)["answer"].iloc[0] == 10
    assert sweep(BEFORE, OVER, lambda n: 3 * n.pops, keep=file)["answer"].iloc[0] == 30


def test_a_task_that_raises_is_told_and_the_others_are_kept(tmp_path):
    file = tmp_path / "sweep.sqlite"
    with pytest.raises(Unanswered, match=r"2 of 6 .* ZeroDivisionError: by nought") as caught:
        sweep(BEFORE, OVER, Asked({50: ZeroDivisionError("by nought")}), keep=file)
    assert caught.value.answers["pops"].tolist() == [10, 10, 312, 312]
    assert rows(file) == 4
    rest = Asked()
    assert len(sweep(BEFORE, OVER, rest, keep=file)) == 6
    assert [night.pops for night in rest.times] == [50, 50]


def test_a_full_disk_is_told_and_what_was_written_stays(tmp_path, monkeypatch):
    file = tmp_path / "sweep.sqlite"
    sweep(BEFORE, {"pops": [10]}, Asked(), keep=file)
    connect = sqlite3.connect

    def small(path):
        database = connect(path)
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count = {pages}")
        return database

    over = {"pops": [10, *range(20, 120)]}
    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", small)
        with pytest.raises(OSError, match=r"sweep\.sqlite: .*full; it keeps \d+ answers"):
            sweep(BEFORE, over, Asked(), keep=file)
    kept = rows(file)
    assert 1 < kept < 101
    rest = Asked()
    assert sweep(BEFORE, over, rest, keep=file)["pops twice"].tolist() == [
        2 * p for p in over["pops"]
    ]
    assert len(rest.times) == 101 - kept


def test_another_file_is_refused_and_left_as_it_is(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("dear diary\n" * 100)
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as database, database:
        database.execute("CREATE TABLE mine (a)")
    for file in (text, other):
        before = file.read_bytes()
        with pytest.raises(ValueError, match=r"keep: got .*allowed a new file"):
            sweep(BEFORE, OVER, Asked(), keep=file)
        assert file.read_bytes() == before


def test_a_refused_setting_is_told_before_anything_is_asked():
    ask = Asked()
    with pytest.raises(ValueError, match="pops"):
        sweep(BEFORE, {"pops": [10, -1]}, ask)
    with pytest.raises(TypeError, match=r"popz.*did you mean 'pops'"):
        sweep(BEFORE, {"popz": [10]}, ask)
    assert ask.times == []


@pytest.mark.parametrize("answer", [float("nan"), [1, 2], {"a": object()}, {"a": [1]}])
def test_an_answer_of_another_kind_is_refused(answer):
    with pytest.raises((TypeError, ValueError)):
        sweep(BEFORE, {"pops": [10]}, lambda night: answer)


def slowly(night):
    """A question that takes a while, and says in which process it was asked."""
    folder = os.environ["SWEPT"]
    with open(os.path.join(folder, f"{os.getpid()}"), "a", encoding="utf-8") as file:
        file.write(f"{night.pops}\n")
    time.sleep(0.05)
    return night.pops


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="workers are killed by a signal of POSIX")
def test_a_cluster_loses_a_worker_and_nothing_else(tmp_path, monkeypatch):
    import distributed  # slow to load

    swept = tmp_path / "swept"
    swept.mkdir()
    monkeypatch.setenv("SWEPT", str(swept))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([os.path.dirname(__file__), *sys.path]))
    file, over = tmp_path / "sweep.sqlite", {"pops": list(range(1, 201))}
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=str(tmp_path)
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        where = client.get_executor()

        def kill():
            while len(found := [*swept.iterdir()]) < 2:
                time.sleep(0.01)
            os.kill(int(found[0].name), 9)

        killer = threading.Thread(target=kill)
        killer.start()
        found = sweep(BEFORE, over, slowly, where, file)
        killer.join()
    assert found["answer"].tolist() == over["pops"]
    assert rows(file) == 200
    assert len(list(swept.iterdir())) >= 3, "one was killed, and another came in its place"
