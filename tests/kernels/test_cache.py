"""Compiled kernels on disk: an edit anywhere is seen, and nothing depends on the cache."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import FunctionType

import pytest
from numba import config

from edgelab.kernels import (
    _jit,
    corridors,
    histogram,
    latency,
    placement,
    quorum,
    replication,
    slow_start,
)

PROJECT = Path(_jit.__file__).resolve().parents[2]
KERNELS = [
    histogram.bin_of,
    histogram.quantiles,
    latency.draw,
    latency.simulate_block,
    latency.add_mixture,
    placement.greedy_order,
    replication.propagation_delay_ms,
    replication.replicate,
    replication.weigh,
    replication.last_writer_values,
    quorum.mixture,
    quorum.simulate_block,
    corridors.all_pairs,
    corridors.reach,
    corridors.between,
    slow_start.send,
]
# Where nothing is compiled these would compile all the same, and the last would start itself.
compiles = pytest.mark.skipif(bool(config.DISABLE_JIT), reason="says nothing without the JIT")

SCRIPT = """
import sys
import numpy as np
import edgelab
from edgelab.kernels import cache_dir, latency, replication
assert edgelab.__file__.startswith(sys.argv[1]), edgelab.__file__
counts = np.zeros((2, latency.BINS), np.int64)
table, points = np.ones(latency.QUANTILES, np.float32), np.ones(latency.POINTS, np.float32)
key = np.array([1], np.uint64)
latency.simulate_block(0, 9, key[0], table, points, points, table, 2**31, counts[0])
replication.replicate(9, key, np.ones(1), table, table, np.array([2**31]), counts[1:])
print([np.flatnonzero(row).tolist() for row in counts])
print(cache_dir())
"""
# The bins of 2 and 4 ms, of 1 and 2 ms: with and without a fetch, with and without a lag.
ANSWER = "[[640, 768], [512, 640]]"

NIGHT = """
import edgelab as el
from edgelab import kernels
from edgelab.kernels import corridors, histogram, latency, placement, quorum, replication
from edgelab.kernels import slow_start
rooms = corridors, histogram, latency, placement, quorum, replication, slow_start
compiled = lambda: sorted(
    (name, str(signature))
    for room in rooms
    for name, kernel in vars(room).items()
    for signature in getattr(kernel, "signatures", ())
)
kernels.warm()
print(compiled())
night = el.CricStream()
night.latency(), night.latency("simulation"), night.baseline().latency()
night.replace(origin_fetch_ratio=1.0, origin_servers=1).latency()
night.staleness(), night.stale_viewers, night.origin_load(), night.distribution()
el.EdgeKV().lost_updates(), el.EdgeKV(copies="fetched", rebalancing_share=0.01).lost_updates()
el.EdgeKV().staleness(), el.Quorum().latencies(10), el.Quorum(network="WAN").consistency(10)
print(compiled())
"""


@pytest.fixture
def ask(tmp_path):
    """A function that runs two kernels of a copy of the project and gives answer and cache."""
    for room in ("edgelab", "data"):
        ignored = shutil.ignore_patterns("__pycache__", "sources")
        shutil.copytree(PROJECT / room, tmp_path / room, ignore=ignored)

    def run(cache=tmp_path / "cache"):
        env = os.environ | {"EDGELAB_CACHE_DIR": str(cache), "PYTHONPATH": str(tmp_path)}
        found = subprocess.run(
            [sys.executable, "-W", "error", "-c", SCRIPT, str(tmp_path)],
            capture_output=True, text=True, cwd=tmp_path, env=env,
        )  # fmt: skip
        assert (found.returncode, found.stderr) == (0, "")
        return found.stdout.splitlines()

    return run


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} no longer says {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")


@compiles
def test_an_edit_of_a_callee_in_another_file_is_seen(ask, tmp_path):
    before = ask()
    assert before[0] == ANSWER
    compiled = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.nb?")}
    assert compiled
    assert ask() == before
    assert compiled == {p: p.stat().st_mtime_ns for p in (tmp_path / "cache").rglob("*.nb?")}

    callee = tmp_path / "edgelab" / "kernels" / "histogram.py"
    edit(callee, "return min(max(bin_number, 0), BINS - 1)", "return 77")
    after = ask()
    assert after[0] == "[[77], [77]]"
    assert after[1] != before[1]


@compiles
def test_kernels_work_where_no_cache_can_be_written(ask, tmp_path):
    (tmp_path / "file").touch()
    assert ask(tmp_path / "file" / "below") == [ANSWER, "None"]


def test_cache_dir_is_none_where_it_cannot_be_written_and_else_a_place_that_can(
    monkeypatch, tmp_path
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("EDGELAB_CACHE_DIR", str(tmp_path / "file"))
    assert _jit.cache_dir.__wrapped__() is None
    monkeypatch.setenv("EDGELAB_CACHE_DIR", str(tmp_path / "new"))
    found = _jit.cache_dir.__wrapped__()
    assert found.is_dir() and found.is_relative_to(tmp_path / "new")


@compiles
def test_a_night_needs_nothing_that_was_not_warmed():
    found = subprocess.run([sys.executable, "-c", NIGHT], capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (0, "")
    warmed, used = found.stdout.splitlines()
    assert used == warmed


def test_decorating_leaves_numbas_own_settings_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(_jit, "cache_dir", lambda: tmp_path)
    before = config.CACHE_DIR
    assert _jit.kernel(lambda x: x + 1)(41) == 42
    assert config.CACHE_DIR == before


@pytest.mark.parametrize("function", KERNELS, ids=lambda k: k.__name__)
def test_every_kernel_is_compiled_unless_the_jit_is_off(function):
    assert isinstance(function, FunctionType) == bool(config.DISABLE_JIT)


@compiles
def test_the_kernels_tests_pass_without_the_jit():
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/kernels", "-q", "-x", "-p", "no:cacheprovider"],
        capture_output=True, text=True, cwd=PROJECT, env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
    )  # fmt: skip
    assert found.returncode == 0, found.stdout
    assert "passed" in found.stdout
