"""LRU misses and speed beside libCacheSim's, in one run: `python tests/benchmarks/lru.py`.

Both replay the same trace on one core: libCacheSim by `process_trace` over a binary trace file, its
fastest way from Python, the kernel over an array. Its hash table has the size that it has by
default (2 to the 24) and, in a column of its own, the fastest of several sizes. Then the store with
a clock, which libCacheSim's wheel does not have (it was built without TTL), beside libCacheSim's
plain one. The best of three.
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
#: Sizes of libCacheSim's hash table, its own first.
HASH_BITS = (24, 20, 17, 14)


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
    print("million requests a second; in brackets: over libCacheSim as it comes, and tuned")
    print(
        f"{'trace':26}{'misses':>11}{'theirs':>11}{'equal':>6}{'theirs':>8}{'tuned':>7}"
        f"{'plain':>18}{'TTL':>18}{'TTL + SWR':>18}"
    )
    lives = edge_cache.Life(TTL_S), edge_cache.Life(TTL_S, WINDOW_S)
    gains = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (ids, sizes, capacity) in oracle_lru.traces(requests).items():
            path = oracle_lru.written(Path(folder) / "trace.oracleGeneral", ids, sizes)
            seconds = {key: [] for key in ("plain", *lives, *HASH_BITS)}
            for _ in range(REPEATS):
                misses, taken = oracle_lru.ours(ids, sizes, capacity)
                seconds["plain"].append(taken)
                for life in lives:
                    seconds[life].append(with_a_clock(ids, sizes, capacity, life)[1])
                for bits in HASH_BITS:
                    missed, taken = oracle_lru.theirs(path, len(ids), capacity, bits)
                    seconds[bits].append(taken)
            best = {key: min(taken) for key, taken in seconds.items()}
            default, tuned = best[HASH_BITS[0]], min(best[bits] for bits in HASH_BITS)
            mine = [best[key] for key in ("plain", *lives)]
            gains.append([[default / s for s in mine], [tuned / s for s in mine]])
            rates = "".join(
                f"{requests / s / 1e6:8.1f} ({default / s:3.0f},{tuned / s:3.0f})" for s in mine
            )
            print(
                f"{name:26}{misses:11,}{missed:11,}{'yes' if misses == missed else 'NO':>6}"
                f"{requests / default / 1e6:8.1f}{requests / tuned / 1e6:7.1f}{rates}"
            )
    for of, row in zip(("as it comes", "tuned"), np.median(gains, axis=0), strict=True):
        said = ", ".join(f"{g:.1f}" for g in row)
        print(f"median over libCacheSim {of}: {said} times (plain, TTL, TTL + SWR)")


if __name__ == "__main__":
    main()
