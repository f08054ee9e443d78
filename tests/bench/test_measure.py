"""The bench: what it measures has the right shape; nothing here is about speed."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pandas as pd
import pytest

import edgelab as el
import made_up
from edgelab.bench import measuring as bench
from edgelab.bench import process
from edgelab.core import remembered

HAVE = {"V8 isolate", "Wasm instance", "empty process", "Python process"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGELAB_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A real run with next to no repeats, its lines of progress and its file."""
    lines = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGELAB_DATA_DIR", str(tmp_path_factory.mktemp("small")))
        start = time.monotonic()
        frame = el.bench.measure(0.1, lines.append)
        took = time.monotonic() - start
        return frame, lines, took, remembered.read()


def test_a_small_run_has_every_figure(small):
    frame, lines, took, kept = small
    assert took < bench.LIMIT_S + 60
    assert set(frame["what"]) >= HAVE
    for what, rows in frame.groupby("what"):
        wanted = {"start"} if what == "empty process" else set(remembered.UNITS)
        assert set(rows["quantity"]) == wanted, what
    assert (frame["unit"] == frame["quantity"].map(remembered.UNITS)).all()
    assert (frame["low"] <= frame["median"]).all() and (frame["median"] <= frame["high"]).all()
    assert (frame["repeats"] >= 3).all() and frame["how"].str.len().min() > 20
    assert (frame.loc[frame["quantity"] != "memory", "median"] > 0).all()
    assert kept.problem == "" and pd.DataFrame(frame).equals(kept.rows)
    assert lines[0].startswith("Measuring V8 isolates") and len(lines) > 8
    assert lines[-1].startswith(f"Measured {len(frame)} figures in ")


def test_the_table_shows_medians_and_spread_a_row_a_runtime(small):
    frame, *_ = small
    shown = frame.table()
    assert list(shown.columns) == ["start, ms", "memory, MB", "call, ms"]
    assert list(shown.index) == list(dict.fromkeys(frame["what"]))
    assert shown.loc["empty process", "memory, MB"] == ""
    assert " to " in shown.loc["V8 isolate", "start, ms"]
    assert "Measured 20" in frame._repr_html_() and "cores" in frame._repr_html_()
    assert type(frame.head(2)) is pd.DataFrame


def test_a_process_takes_more_than_an_isolate_and_an_isolate_than_wasm(small):
    """True by far on any machine: memory is no speed."""
    frame = small[0].set_index(["what", "quantity"])["median"]
    assert frame["V8 isolate", "memory"] > frame["Wasm instance", "memory"]
    assert frame["Python process", "memory"] > frame["V8 isolate", "memory"]


def test_numbers_are_written_plainly():
    written = [bench._number(x) for x in (1234.5, 123.4, 12.34, 0.00123, 0.00001, 0.0)]
    assert written == ["1,234", "123", "12.3", "0.00123", "0.0000", "0.0000"]


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ((0,), ValueError, r"budget_s: got 0, allowed a number from 0\.1 to 14"),
        ((15,), ValueError, "budget_s: got 15"),
        (("1",), TypeError, "budget_s: got '1'"),
        ((1, "loud"), TypeError, "progress: got 'loud', allowed a callable"),
    ],
)
def test_bad_arguments_are_refused(given, error, text, monkeypatch):
    monkeypatch.setattr(process.subprocess, "Popen", None)
    with pytest.raises(error, match=text):
        el.bench.measure(*given)


@pytest.fixture
def scripted(tmp_path, monkeypatch):
    """A function that gives the bench another child."""

    def make(code, rest=True):
        script = tmp_path / "child.py"
        start = f"import runpy\nrunpy.run_path({str(process.SCRIPT)!r}, run_name='__main__')\n"
        script.write_text(textwrap.dedent(code) + start * rest, encoding="utf-8")
        monkeypatch.setattr(process, "SCRIPT", script)

    return make


def test_missing_runtimes_are_told_and_the_rest_is_measured(scripted, monkeypatch):
    scripted(
        "import sys, shutil\n"
        "sys.modules['py_mini_racer'] = sys.modules['wasmtime'] = None\n"
        "find = shutil.which\n"
        "shutil.which = lambda name: None if name == 'node' else find(name)\n"
    )
    frame = el.bench.measure(0.1, lambda line: None)
    assert "Python process" in set(frame["what"])
    assert not {"V8 isolate", "Wasm instance", "Node process"} & set(frame["what"])
    said = " ".join(frame.attrs["said"])
    for text in ("V8 isolates: not measured", "py_mini_racer", "Wasm instances: not", "wasmtime"):
        assert text in said
    assert "Node process: not measured, no program node was found." in said
    assert el.bench.measured().attrs["said"] == frame.attrs["said"]
    verdicts = el.claims(page=4)["verdict"]
    assert verdicts["idle-3-mb"] == verdicts["start-order"] == "not measured on this machine"
    assert verdicts["process-boot-10-ms"] != "not measured on this machine"


def test_where_nothing_can_be_measured_the_old_figures_stay(scripted, folder, monkeypatch):
    before = made_up.remember(folder, monkeypatch).read_bytes()
    scripted("import os; os._exit(3)\n", rest=False)
    frame = el.bench.measure(0.1, lambda line: None)
    assert remembered.path().read_bytes() == before and not frame.empty
    assert sum("its process ended with code 3" in line for line in frame.attrs["said"]) == 3


def test_a_run_that_hangs_is_ended_and_told(scripted, monkeypatch):
    scripted("import time; time.sleep(60)\n", rest=False)
    monkeypatch.setattr(bench, "LIMIT_S", 0.6)
    frame = el.bench.measure(0.1, lambda line: None)
    assert frame.empty and all("did not answer within" in s for s in frame.attrs["said"][1:])


def test_figures_that_came_before_the_end_are_kept(scripted):
    row = made_up.rows()[0]
    scripted(
        f"import json, os, sys; sys.stdin.readline(); print(json.dumps({{'row': {row!r}}}), "
        "flush=True); os._exit(9)\n",
        rest=False,
    )
    with pytest.raises(ValueError, match="stands twice"):
        el.bench.measure(0.1, lambda line: None)  # this child says the same for each family
    assert not remembered.path().exists()


def test_an_interrupt_ends_the_run_and_keeps_what_was_remembered(folder, monkeypatch):
    if sys.platform == "win32":
        pytest.skip("sends signals as POSIX does")
    before = made_up.remember(folder, monkeypatch).read_bytes()
    program = (
        "import edgelab as el\n"
        "try:\n"
        "    el.bench.measure(14, lambda line: print(line, flush=True))\n"
        "except KeyboardInterrupt:\n"
        "    import psutil\n"
        "    print(len(psutil.Process().children(recursive=True)), flush=True)\n"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert running.stdout.readline().startswith("Measuring")
    os.killpg(running.pid, signal.SIGINT)
    assert running.communicate(timeout=300)[0].splitlines()[-1] == "0"
    assert remembered.path().read_bytes() == before


def test_the_line_of_progress_replaces_itself(capsys):
    bench._line("Measuring this …")
    bench._line("Measured 3 figures in 0.1 s.")
    out = capsys.readouterr().out
    assert out.count("\r") == 2 and out.count("\n") == 1 and out.endswith("\n")
