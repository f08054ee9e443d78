"""How long the night takes: python tests/benchmarks/night.py

Prints medians of things that are run in turn in one process, of imports and first panels in
processes of their own, and of its panel (`board.py`, which has the other ones, too). Nothing is
asserted: times flake, ratios in one run tell more.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from time import perf_counter

import board
import numpy as np

from edgelab.core import datasets
from edgelab.core.sphere import great_circle_km
from edgelab.kernels import draws, histogram, latency, warm
from edgelab.kernels.placement import greedy_order
from edgelab.topics.night.model import CricStream
from edgelab.world import request

IMPORTS = {
    "edgelab with its panels": "import edgelab as el; el.panels",
    "its dependencies alone": (
        "import numba, numpy, pandas, scipy.fft, scipy.special, ipywidgets, IPython.display; "
        "import platformdirs, plotly.io; from plotly.graph_objects import Figure, FigureWidget"
    ),
}
FIRST_PANEL = """
from time import perf_counter
start = perf_counter()
import edgelab as el
el.panels
imported = perf_counter()
el.panels.night()
print(imported - start, perf_counter() - imported)
"""


CITIES, POPS = datasets.cities(), datasets.pops()
PEOPLE = np.concatenate([CITIES["population"], np.full(len(POPS), 1e5)])
ENDS = [[frame[c].to_numpy(float) for c in ("lat", "lon")] for frame in (CITIES, POPS)]
KM = great_circle_km(*(np.concatenate(both)[:, None] for both in zip(*ENDS, strict=True)), *ENDS[1])
WEIGHT = PEOPLE.astype(float)


def vectorised(tables: request.Tables, seed: int) -> list[np.ndarray]:
    """The kernel's model in NumPy: the same quantile tables, one place after the other."""
    edges = histogram.bin_edges_ms()[1:-1]
    out = []
    rng = np.random.Generator(np.random.SFC64(seed))
    for place, n in enumerate(tables.viewers):
        point = rng.integers(0, latency.POINTS, n, dtype=np.uint8)
        ms = tables.last_mile_ms[place][rng.integers(0, draws.QUANTILES, n, dtype=np.uint16)]
        ms += tables.near_ms[place][point]
        fetched = rng.random(n) * draws.ALWAYS < tables.fetch_below
        origin = tables.origin_ms[rng.integers(0, draws.QUANTILES, n, dtype=np.uint16)]
        ms += np.where(fetched, tables.far_ms[place][point] + origin, 0)
        out.append(np.bincount(np.searchsorted(edges, ms, side="right"), minlength=histogram.BINS))
    return out


def four_variates(tables: request.Tables, seed: int) -> None:
    """Merely draw what a request needs, for every viewer."""
    rng = np.random.Generator(np.random.SFC64(seed))
    for n in tables.viewers:
        for draw in (rng.random, rng.standard_normal, rng.standard_exponential, rng.random):
            draw(n)


def medians_s(jobs: dict[str, Callable], rounds: int) -> dict[str, float]:
    """Median seconds of each job, all of them in turn in every round."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            start = perf_counter()
            job()
            times[name].append(perf_counter() - start)
    return {name: statistics.median(t) for name, t in times.items()}


def first_panel_s(cache: str) -> tuple[float, float]:
    """Seconds of the imports, and of the first panel after them, in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", FIRST_PANEL],
        env=os.environ | {"EDGELAB_CACHE_DIR": cache},
        capture_output=True,
        text=True,
        check=True,
    )
    imports, panel = map(float, run.stdout.split())
    return imports, panel


def run_s(code: str, depth: int) -> float:
    """Seconds of a line of code in a process of its own, the interpreter's start left out.

    It runs `depth` calls deep: Python 3.11 gets a new piece of stack at certain depths, and an
    import whose inner loop happens to sit there takes three times as long.
    """
    timed = (
        "from time import perf_counter as t\n"
        f"def run(n): exec({code!r}, {{}}) if n == 0 else run(n - 1)\n"
        f"a = t(); run({depth}); print(t() - a)"
    )
    run = subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True)
    return float(run.stdout)


def greedy() -> None:
    """The order of 500 PoPs for the world's cities, and for each PoP's own metro."""
    greedy_order(KM, WEIGHT, 500)


def main() -> None:
    """Measure and print."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    times = {name: [run_s(code, d) for d in range(0, 25, 4)] for name, code in IMPORTS.items()}
    whole, bare = (statistics.median(seconds) for seconds in times.values())
    print(f"import: {whole:.2f} s, {bare:.2f} s for its dependencies alone, x{whole / bare:.2f}")

    with tempfile.TemporaryDirectory() as cache:
        cold = first_panel_s(cache)[1]
        warm_ones = [first_panel_s(cache)[1] for _ in range(5)]
    print(
        f"first panel after imports: cold {cold:.2f} s, warm {statistics.median(warm_ones):.2f} s"
    )

    greedy()
    print(f"greedy order of 500 PoPs: {medians_s({'order': greedy}, 5)['order']:.2f} s")

    warm()
    night = CricStream()
    tables = request.tables(night.latency_settings)
    viewers = int(tables.viewers.sum())
    jobs = {
        "kernel, 2 threads": lambda: latency.simulate(**tables._asdict(), seed=1, threads=2),
        "kernel, 1 thread": lambda: latency.simulate(**tables._asdict(), seed=1, threads=1),
        "the same in NumPy": lambda: vectorised(tables, 1),
        "NumPy, four draws a viewer": lambda: four_variates(tables, 1),
    }
    times = medians_s(jobs, 3)
    for name, seconds in times.items():
        ratio = seconds / times["kernel, 2 threads"]
        each = seconds / viewers * 1e9
        print(f"{name}: {seconds * 1e3:.0f} ms, {each:.1f} ns a viewer, x{ratio:.1f}")

    pops = iter(range(1, 500))
    exact = medians_s({"exact": lambda: night.replace(pops=next(pops)).latency()}, 50)
    print(f"exact distribution and frame, 72 places: {exact['exact'] * 1e3:.1f} ms")
    board.main(["night"])


if __name__ == "__main__":
    main()
