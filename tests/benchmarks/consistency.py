"""How fast the KV page's kernels are: python tests/benchmarks/consistency.py

The same models in SimPy (one event a message), in vectorised NumPy and in the kernels, in turn in
one process; then what a tick of the panel takes on Python's side. Times are those of the wall, and
nothing is asserted.
"""

from __future__ import annotations

import os
import platform
import statistics
from time import perf_counter

import numpy as np
import simpy

from edgelab.kernels import quorum as kernel
from edgelab.kernels import warm
from edgelab.kernels.draws import stream_key
from edgelab.kernels.histogram import BINS, bin_edges_ms
from edgelab.kernels.replication import replicate
from edgelab.topics.kv import quorum
from edgelab.topics.kv.quorum import Quorum
from edgelab.world import delays

ROUNDS = 5
#: Trials of a quorum, and writes to 312 PoPs, for each way.
TRIALS = {
    "SimPy": 2_000,
    "NumPy": 200_000,
    "kernel, 1 thread": 2_000_000,
    "kernel, every core": 4_000_000,
}
WRITES = {"SimPy": 20, "NumPy": 2_000, "kernel, 1 thread": 20_000}
EDGES = bin_edges_ms()[1:-1]
STORE = Quorum(network="LNKD-DISK")
LAW = quorum.law(STORE)


def draw(parts, rng, shape) -> np.ndarray:
    """One way's times by the inverse of each part, in NumPy."""
    level, which = rng.random(shape), rng.random(shape)
    out, below = np.empty(shape), 0.0
    for part in parts:
        some = (which >= below) & (which < below + part[0])
        below += part[0]
        out[some] = quorum.tail(part, 1 - level[some])
    return out


def quorums_numpy(trials: int, seed: int = 1) -> list[np.ndarray]:
    """Histograms of latencies and waits, as the kernel's."""
    rng, net = np.random.default_rng(seed), STORE.messages
    w, a, r, s = (draw(getattr(net, way), rng, (trials, STORE.n)) for way in quorum.WAYS)
    commit = np.partition(w + a, STORE.w - 1, axis=1)[:, STORE.w - 1]
    order = np.argpartition(r + s, STORE.r - 1, axis=1)[:, : STORE.r]
    answer = np.take_along_axis(r + s, order, axis=1).max(axis=1)
    wait = np.take_along_axis(w - r, order, axis=1).min(axis=1) - commit
    return [
        np.bincount(np.searchsorted(EDGES, 8 * ms, side="right"), minlength=BINS)
        for ms in (answer, commit, wait[wait > 0])
    ]


def quorums_simpy(trials: int, seed: int = 1) -> list[float]:
    """Write, wait for W, then read and wait for R: each message an event of its own."""
    rng, net, n = np.random.default_rng(seed), STORE.messages, STORE.n
    w, a, r, s = (draw(getattr(net, way), rng, (trials, n)).tolist() for way in quorum.WAYS)
    env = simpy.Environment()
    told = []

    def message(there: float, back: float, inbox: simpy.Store, k: int, arrivals: dict):
        yield env.timeout(there)
        arrivals[k] = env.now
        yield env.timeout(back)
        yield inbox.put(k)

    def trial(i: int):
        start, acks, wrote = env.now, simpy.Store(env), {}
        for k in range(n):
            env.process(message(w[i][k], a[i][k], acks, k, wrote))
        for _ in range(STORE.w):
            yield acks.get()
        commit, replies, asked = env.now, simpy.Store(env), {}
        for k in range(n):
            env.process(message(r[i][k], s[i][k], replies, k, asked))
        first = []
        for _ in range(STORE.r):
            first.append((yield replies.get()))
        wait = min(start + w[i][k] - asked[k] for k in first)
        told.append((commit - start, env.now - commit, max(wait, 0.0)))

    def one_after_the_other():
        for i in range(trials):
            yield env.process(trial(i))

    env.process(one_after_the_other())
    env.run()
    return told


def quorums_kernel(trials: int, threads: int | None = None) -> None:
    """The kernel, by default on every core."""
    kernel.simulate(trials, 1, *LAW, threads=threads)


MEDIAN = delays.median_delay_ms(312, delays.readers(312)[1], 250.0)
SPREAD, LAG = delays.delay_tables()
KEYS = np.array([stream_key(1, pop) for pop in range(312)])


def writes_numpy(writes: int, seed: int = 1) -> np.ndarray:
    """Delays of so many writes to each of 312 PoPs, as histograms."""
    rng = np.random.default_rng(seed)
    delay = MEDIAN[:, None] * SPREAD[rng.integers(0, SPREAD.size, (312, writes))]
    at = np.searchsorted(EDGES, delay, side="right") + BINS * np.arange(312)[:, None]
    return np.bincount(at.ravel(), minlength=312 * BINS).reshape(312, BINS)


def writes_simpy(writes: int, seed: int = 1) -> list[float]:
    """Each copy of each write on its way as an event."""
    rng = np.random.default_rng(seed)
    delays = (MEDIAN[:, None] * SPREAD[rng.integers(0, SPREAD.size, (312, writes))]).tolist()
    env, seen = simpy.Environment(), []

    def copy(ms: float):
        yield env.timeout(ms)
        seen.append(env.now)

    for pop in range(312):
        for write in range(writes):
            env.process(copy(delays[pop][write]))
    env.run()
    return seen


def writes_kernel(writes: int) -> None:
    """The one sampler of propagation delays."""
    counts = np.zeros((312, BINS), np.int64)
    replicate(writes, KEYS, MEDIAN, SPREAD, LAG, np.zeros(312, np.int64), counts)


def compare(title: str, unit: str, jobs: dict, sizes: dict) -> None:
    """Print nanoseconds a unit of each job, and how many times the quickest one's."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(ROUNDS):
        for name, job in jobs.items():
            start = perf_counter()
            job(sizes[name])
            times[name].append((perf_counter() - start) / sizes[name])
    medians = {name: statistics.median(each) for name, each in times.items()}
    best = list(medians.values())[-1]
    print(title)
    for name, seconds in medians.items():
        print(f"  {name}: {seconds * 1e9:,.0f} ns a {unit}, x{seconds / best:,.1f}")


def main() -> None:
    """Measure and print."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    warm()
    jobs = (quorums_simpy, quorums_numpy, lambda n: quorums_kernel(n, 1), quorums_kernel)
    compare(f"write and read of {STORE!r}", "trial", dict(zip(TRIALS, jobs, strict=True)), TRIALS)
    jobs = (writes_simpy, writes_numpy, writes_kernel)
    compare("a write to 312 PoPs", "write", dict(zip(WRITES, jobs, strict=True)), WRITES)


if __name__ == "__main__":
    main()
