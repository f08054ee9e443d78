"""Compiled kernels on disk: an edit anywhere is seen, and nothing depends on the cache."""

import hashlib
import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import FunctionType

import numpy as np
import pytest
from numba import config

from edgelab.kernels import (
    _jit,
    corridors,
    draws,
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
    draws.draw,
    latency.simulate_block,
    latency.add_mixture,
    placement.greedy_order,
    replication.propagation_delay_ms,
    replication.replicate,
    replication.weigh,
    replication.last_writer_values,
    quorum.mixture,
    quorum.simulate_block,
    corridors.best_joints,
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
from edgelab.kernels import cache_dir, draws, latency, replication
assert edgelab.__file__.startswith(sys.argv[1]), edgelab.__file__
counts = np.zeros((2, latency.BINS), np.int64)
table, points = np.ones(draws.QUANTILES, np.float32), np.ones(latency.POINTS, np.float32)
key = np.array([1], np.uint64)
latency.simulate_block(0, 9, key[0], table, points, points, table, 2**31, counts[0])
replication.replicate(9, key, np.ones(1), table, table, np.array([2**31]), counts[1:])
print([np.flatnonzero(row).tolist() for row in counts])
print(cache_dir())
print(sum(replication.replicate.stats.cache_hits.values()))
"""
LARGE = np.arange(10**6)
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
night.latency(), night.latency("drawn"), night.baseline().latency()
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

    def run(cache=tmp_path / "cache", said="", before=""):
        env = os.environ | {"EDGELAB_CACHE_DIR": str(cache), "PYTHONPATH": str(tmp_path)}
        found = subprocess.run(
            [sys.executable, "-W", "error", "-c", before + SCRIPT, str(tmp_path)],
            capture_output=True, text=True, cwd=tmp_path, env=env,
        )  # fmt: skip
        assert found.returncode == 0, found.stderr
        assert len(found.stderr.splitlines()) == bool(said) and said in found.stderr
        return found.stdout.splitlines()

    return run


def kept(cache):
    """Files and folders of a cache, and when each was last changed."""
    found = {path: path.stat().st_mtime_ns for path in (cache, *cache.rglob("*"))}
    assert found
    return found


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} no longer says {old!r}"
    path.write_text(text.replace(old, new), encoding="utf-8")


@compiles
def test_an_edit_of_a_callee_in_another_file_is_seen(ask, tmp_path):
    before = ask()
    assert before[0] == ANSWER and before[2] == "0"
    compiled = kept(tmp_path / "cache")
    assert ask() == [*before[:2], "1"]
    assert compiled == kept(tmp_path / "cache")

    callee = tmp_path / "edgelab" / "kernels" / "histogram.py"
    edit(callee, "return min(max(bin_number, 0), BINS - 1)", "return 77")
    after = ask()
    assert after[0] == "[[77], [77]]"
    assert after[1] != before[1]


@compiles
def test_kernels_work_where_no_cache_can_be_written_and_say_it_once(ask, tmp_path):
    (tmp_path / "file").touch()
    assert ask(tmp_path / "file" / "below", said="file/below")[0] == ANSWER


def emptied(path):
    path.write_bytes(b"")


def cut(path):
    path.write_bytes(path.read_bytes()[:-7])


def altered(path):
    text = bytearray(path.read_bytes())
    text[len(text) // 2] ^= 1
    path.write_bytes(text)


def signed_nonsense(path):
    path.write_bytes(hashlib.sha256(b"nonsense").digest() + b"nonsense")


@compiles
def test_damaged_files_are_told_once_and_compiled_anew(ask, tmp_path):
    before = ask()
    files = [path for path in kept(tmp_path / "cache") if path.is_file()]
    damages = [emptied, cut, altered, signed_nonsense]
    assert len(files) >= len(damages)
    for path, damage in zip(files, itertools.cycle(damages), strict=False):
        damage(path)
    assert ask(said=before[1]) == before
    assert ask() == [*before[:2], "1"]


FULL = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
"""


@compiles
@pytest.mark.skipif(sys.platform == "win32", reason="no such limit")
def test_a_full_disk_is_told_once_and_leaves_no_part(ask, tmp_path):
    assert ask(said="File too large", before=FULL)[0] == ANSWER
    assert not [path for path in kept(tmp_path / "cache") if path.is_file()]


@compiles
def test_a_warm_cache_is_read_where_nobody_may_write(ask, tmp_path):
    """As a class shares one. For root nothing is closed: it is seen that nothing was written."""
    before, compiled = ask(), kept(tmp_path / "cache")
    folders = [path for path in compiled if path.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    try:
        assert ask() == [*before[:2], "1"]
        assert kept(tmp_path / "cache") == compiled
    finally:
        for folder in folders:
            folder.chmod(0o755)


@compiles
@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="nothing is closed to root")
def test_a_cache_that_is_closed_to_the_reader_is_told_once(ask, tmp_path):
    before = ask()
    (tmp_path / "cache").chmod(0)
    try:
        assert ask(said="Permission denied") == before
    finally:
        (tmp_path / "cache").chmod(0o755)


@compiles
def test_a_night_needs_nothing_that_was_not_warmed():
    found = subprocess.run([sys.executable, "-c", NIGHT], capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (0, "")
    warmed, used = found.stdout.splitlines()
    assert used == warmed


@compiles
def test_what_holds_addresses_of_this_process_is_never_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("EDGELAB_CACHE_DIR", str(tmp_path))
    assert _jit.kernel(lambda x: x + 1)(41) == 42
    (one,) = tmp_path.rglob("*.kernel")
    assert _jit.kernel(lambda x: LARGE[x])(41) == 41
    assert list(tmp_path.rglob("*.kernel")) == [one]


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
