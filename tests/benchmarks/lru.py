"""LRU misses and speed beside libCacheSim's, in one run: `python tests/benchmarks/lru.py`.

Both replay the same trace on one core: libCacheSim by `process_trace` over a binary trace file, its
fastest way from Python, the kernel over an array. Then the store with a clock, which libCacheSim's
wheel does not have (it was built without TTL), beside libCacheSim's plain one. The best of three.
"""

import os
import platform
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import oracle_lru
from edgelab.kernels import edge_cache

REQUESTS, REPEATS = 10_000_000, 3
#: A life of so many requests' time, and a window.
TTL_S, WINDOW_S, A_SECOND = 20.0, 5.0, 1000


def with_a_clock(ids, sizes, capacity, life):
    """Share of requests that are not fresh, and the seconds that `serve` took."""
    state = edge_cache.empty(len(sizes))
    outcome, asked = np.empty(len(ids), np.uint8), np.empty(len(ids), np.bool_)
    times = np.arange(len(ids)) / A_SECOND
    start = time.perf_counter()
    edge_cache.serve(
        times, ids, sizes, capacity, capacity, life, (np.inf, np.inf), *state, outcome, asked
    )
    return np.mean(outcome != edge_cache.FRESH), time.perf_counter() - start


def main():
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS
    print(f"{platform.machine()}, {os.cpu_count()} cores, {requests:,} requests, best of {REPEATS}")
    print("million requests a second, and in brackets the ratio to libCacheSim's plain LRU")
    head = f"{'trace':26}{'misses':>11}{'theirs':>11}{'equal':>7}{'theirs/s':>10}{'plain':>14}"
    print(f"{head}{'TTL':>14}{'TTL + SWR':>14}")
    lives = edge_cache.Life(TTL_S), edge_cache.Life(TTL_S, WINDOW_S)
    gains = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (ids, sizes, capacity) in oracle_lru.traces(requests).items():
            path = oracle_lru.written(Path(folder) / "trace.oracleGeneral", ids, sizes)
            mine, their = [], []
            clock = [[], []]
            for _ in range(REPEATS):
                misses, seconds = oracle_lru.ours(ids, sizes, capacity)
                mine.append(seconds)
                missed, seconds = oracle_lru.theirs(path, len(ids), capacity)
                their.append(seconds)
                for k, life in enumerate(lives):
                    clock[k].append(with_a_clock(ids, sizes, capacity, life)[1])
            best = min(their)
            each = [min(mine), *map(min, clock)]
            gains.append([best / seconds for seconds in each])
            rates = "".join(f"{requests / s / 1e6:8.1f} ({best / s:3.0f})" for s in each)
            print(
                f"{name:26}{misses:11,}{missed:11,}{'yes' if misses == missed else 'NO':>7}"
                f"{requests / best / 1e6:10.1f}{rates}"
            )
    middle = np.median(gains, axis=0)
    print("median ratios: " + ", ".join(f"{g:.1f}" for g in middle) + " (plain, TTL, TTL + SWR)")


if __name__ == "__main__":
    main()
