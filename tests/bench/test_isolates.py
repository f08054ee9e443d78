"""Real isolates in child processes: whatever they do is told in words, and nothing else ends."""

import os
import subprocess
import sys
import textwrap
import time

import numpy as np
import psutil
import pytest

import edgelab as el
from edgelab.bench import process
from edgelab.bench.process import Child, ChildEnded, ChildError

run = el.bench.isolates.run


def children():
    return [child.pid for child in psutil.Process().children(recursive=True)]


@pytest.fixture(autouse=True)
def nothing_left_behind():
    before = set(children())
    yield
    assert set(children()) <= before


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("6 * 7", "42"),
        ("'a' + 1", "a1"),
        ("true", "true"),
        ("null", "null"),
        ("undefined", "undefined"),
        ("0.5", "0.5"),
        ("'ü—☃'", "ü—☃"),
        ("JSON.stringify({a: [1, 2]})", '{"a":[1,2]}'),
        ("({a: 1})", "an object; JSON.stringify shows it"),
        ("typeof WebAssembly", "object"),
    ],
)
def test_a_script_gives_its_last_value(code, value):
    outcome = run(code, cpu_ms=2_000)
    assert (outcome.value, outcome.ended, outcome.fits) == (value, "", True)
    assert outcome.ms > 0 and value in repr(outcome)


@pytest.mark.parametrize(
    ("code", "ended", "value"),
    [
        ("throw new Error('no such match')", "an error", "Error: no such match"),
        ("throw 7", "an error", "7"),
        ("(() => { const f = () => f() + 1; f(); })()", "an error", "RangeError"),
        ("while (true) {}", "too much CPU time", "terminated by timeout"),
        ("/(a+)+$/.test('a'.repeat(40) + 'b')", "too much CPU time", "terminated by timeout"),
        ("let 1", "not JavaScript", "SyntaxError"),
        ("import fs from 'fs'", "not JavaScript", "SyntaxError"),
        ("require('fs')", "an error", "ReferenceError: require is not defined"),
        ("process.dlopen({}, 'x.node')", "an error", "ReferenceError: process is not defined"),
        ("Deno.readTextFile('x')", "an error", "ReferenceError: Deno is not defined"),
    ],
)
def test_what_goes_wrong_is_told_in_words(code, ended, value):
    outcome = run(code, cpu_ms=1_000)
    assert outcome.ended == ended and value in outcome.value and not outcome.fits
    assert "\n" not in outcome.value
    assert f"ended by {ended}" in repr(outcome) and "◐" in outcome._repr_html_()


@pytest.mark.parametrize(
    "code",
    [
        "const kept = []; while (true) kept.push(new Array(1000).fill(kept.length))",
        "const kept = []; while (true) kept.push('x'.repeat(1000) + kept.length)",
        "const kept = []; while (true) kept.push(new Uint8Array(1e7).fill(1))",
        "new Uint8Array(2e9).fill(1).length",
    ],
)
def test_too_much_memory_ends_the_script_and_not_this_process(code):
    outcome = run(code, cpu_ms=10_000, memory_mb=32)
    assert outcome.ended == "too much memory" and not outcome.fits


def test_a_script_that_takes_v8_with_it_leaves_this_process_alive():
    outcome = run("'x'.repeat(5e8).split('').length", cpu_ms=10_000, memory_mb=1_000)
    assert outcome.ended in {"the end of its process", "too much memory", "an error"}
    assert not outcome.fits and outcome.value
    assert run("1 + 1").value == "2"


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"code": 3}, TypeError, "code: got 3, allowed a text"),
        ({"code": "  "}, ValueError, "code: got '  ', allowed a text that is not"),
        ({"code": "1", "cpu_ms": 0.5}, ValueError, "cpu_ms: got 0.5, allowed a number from 1 to"),
        ({"code": "1", "cpu_ms": "1"}, TypeError, "cpu_ms: got '1'"),
        ({"code": "1", "cpu_ms": np.nan}, ValueError, "cpu_ms: got nan"),
        ({"code": "1", "memory_mb": 7}, ValueError, "memory_mb: got 7, allowed a number from 8 to"),
    ],
)
def test_bad_arguments_are_refused_before_anything_starts(given, error, text, monkeypatch):
    monkeypatch.setattr(process.subprocess, "Popen", None)
    with pytest.raises(error, match=text):
        run(**given)


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"isolates": 0}, ValueError, "isolates: got 0, allowed a whole number from 1 to 50"),
        ({"requests": 2.5}, ValueError, r"requests: got 2\.5"),
        ({"evictions": True}, TypeError, "evictions: got True"),
        (
            {"requests": 3, "evictions": 4},
            ValueError,
            "evictions: got 4, allowed a whole number from 0 to 3",
        ),
        ({"seed": -1}, ValueError, "seed: got -1"),
    ],
)
def test_a_count_of_nothing_sensible_is_refused(given, error, text):
    with pytest.raises(error, match=text):
        el.bench.isolates.count(**given)
    with pytest.raises(ValueError, match=r"cpu_ms: got 0, allowed"):
        el.bench.isolates.budget(0)


def stand(frame):
    """What the counters stand at, from the sentence."""
    text = frame.attrs["said"][0].partition("stand at ")[2].partition(", together")[0]
    return [int(number) for number in text.split(", ")]


def test_a_module_level_counter_is_wrong_over_several_isolates():
    frame = el.bench.isolates.count(isolates=4, requests=60, evictions=0)
    assert list(frame.index) == [56, 57, 58, 59, 60]
    assert (frame["says"] < frame.index).all()
    assert sum(stand(frame)) == 60 and len(stand(frame)) == 4
    frame = el.bench.isolates.count(isolates=4, requests=60, evictions=3)
    assert sum(stand(frame)) < 60 and "3 times an isolate was evicted" in frame.attrs["said"][0]
    again = el.bench.isolates.count(isolates=4, requests=60, evictions=3)
    assert again.equals(frame) and stand(again) == stand(frame)


def test_one_isolate_that_is_never_evicted_counts_right():
    frame = el.bench.isolates.count(isolates=1, requests=7, evictions=0)
    assert frame["says"].tolist() == list(frame.index) and stand(frame) == [7]
    assert "Never an isolate was evicted" in frame.attrs["said"][0]
    assert len(el.bench.isolates.count(isolates=2, requests=2, evictions=0)) == 2


def test_work_grows_and_a_small_budget_is_passed():
    frame = el.bench.isolates.budget(cpu_ms=25)
    assert list(frame.columns) == ["ms", "fits"]
    assert frame.index.get_level_values("work").unique().tolist() == ["recommendations", "picture"]
    ms = frame["ms"].fillna(np.inf)  # given up after 0.5 s
    for work in ("recommendations", "picture"):
        assert ms[work].iloc[-1] > ms[work].iloc[0]
    assert not frame["fits"].all()
    assert (frame["fits"] == (ms <= 25)).all()
    assert "within 25 ms" in frame._repr_html_()


# -- a missing or broken runtime ---------------------------------------------------------------


@pytest.fixture
def child_script(tmp_path, monkeypatch):
    """A function that lets the child begin with some code of its own."""

    def make(code):
        script = tmp_path / "child.py"
        start = f"import runpy\nrunpy.run_path({str(process.SCRIPT)!r}, run_name='__main__')\n"
        script.write_text(textwrap.dedent(code) + start, encoding="utf-8")
        monkeypatch.setattr(process, "SCRIPT", script)

    return make


def test_a_missing_v8_is_told_in_words(child_script):
    child_script("import sys; sys.modules['py_mini_racer'] = None\n")
    outcome = run("1")
    assert outcome.ended == "a missing runtime" and "py_mini_racer" in outcome.value
    for frame in (el.bench.isolates.count(), el.bench.isolates.budget()):
        assert frame.empty and "py_mini_racer" in frame._repr_html_()


def test_a_library_that_does_not_load_is_told_in_words(child_script):
    child_script(
        """
        import sys, types
        broken = types.ModuleType("py_mini_racer")
        def init(*_):
            raise OSError("libmini_racer.so: wrong kind of processor")
        broken.MiniRacer = init
        sys.modules["py_mini_racer"] = broken
        """
    )
    assert "wrong kind of processor" in run("1").value
    assert "wrong kind of processor" in el.bench.isolates.count()._repr_html_()


def test_a_child_that_dies_at_its_start_is_told_in_words(child_script):
    child_script("import os; os._exit(5)\n")
    outcome = run("1")
    assert outcome.ended == "a runtime that does not start" and "code 5" in outcome.value
    assert "code 5" in el.bench.isolates.budget()._repr_html_()


def test_a_child_that_reads_nothing_and_dies_is_told_in_words(child_script):
    for code in ("os.close(0); os._exit(5)", "os.close(0); time.sleep(0.5); os._exit(5)"):
        child_script(f"import os, time; {code}\n")
        outcome = run("'" + "x" * 500_000 + "'")
        assert "code 5" in outcome.value


def test_a_child_that_is_cut_off_in_the_middle_of_an_answer_is_told(child_script):
    child_script("import os; os.write(1, b'{\"done\": tr'); os._exit(6)\n")
    assert "code 6" in run("1").value
    child_script("import os, time; os.write(1, b'{'); os.close(1); time.sleep(60)\n")
    assert not run("1").fits


def test_a_child_that_never_answers_is_ended(child_script):
    child_script("import time; time.sleep(60)\n")
    with Child() as child, pytest.raises(ChildEnded, match=r"within 0\.3 s") as ended:
        list(child.ask("run", 0.3))
    assert ended.value.code is None


def test_what_a_child_started_ends_with_it(child_script):
    child_script(
        """
        import json, subprocess, sys
        other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        print(json.dumps({"done": True, "pid": other.pid}), flush=True)
        """
    )
    with Child() as child:
        (answer,) = child.ask("anything", 20)
    for _ in range(6000):
        if not psutil.pid_exists(answer["pid"]) or (
            psutil.Process(answer["pid"]).status() == psutil.STATUS_ZOMBIE
        ):
            break
        time.sleep(0.05)
    else:
        pytest.fail("it still runs")


def test_an_unknown_order_is_an_error_and_no_end():
    with Child() as child:
        with pytest.raises(ChildError, match="KeyError"):
            list(child.ask("dance", 20))
        answers = list(child.ask("run", 20, code="2 + 3", cpu_ms=1_000, memory_mb=64, grown_mb=500))
    assert answers[-1]["value"] == "5"


def test_an_interrupt_leaves_no_process_behind():
    """As a kernel does it: the whole group of processes gets the signal."""
    if sys.platform == "win32":
        pytest.skip("sends signals as POSIX does")
    program = (
        "import edgelab as el\n"
        "try:\n"
        "    el.bench.isolates.run('while (true) {}', cpu_ms=10_000)\n"
        "except KeyboardInterrupt:\n"
        "    import psutil\n"
        "    left = psutil.Process().children(recursive=True)\n"
        # A signal while it was being started: it reads no order, and ends by itself.
        "    print(len(psutil.wait_procs(left, timeout=5)[1]), flush=True)\n"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    while running.poll() is None and not psutil.Process(running.pid).children():
        time.sleep(0.05)
    os.killpg(running.pid, 2)
    assert running.communicate(timeout=300)[0] == "0\n"
