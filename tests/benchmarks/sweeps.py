"""Sweeps on a cluster: python tests/benchmarks/sweeps.py

The rate at which nights are worked out by 1 and by 2 workers of a local cluster and by threads of
this process, and what a task costs that does nothing. Nothing is asserted.
"""

from time import perf_counter

import distributed

import edgelab as el

NIGHTS, EMPTY = 300, 1000


def nothing(night):
    """No work."""
    return 0


def rate(seeds, ask, executor=None):
    """Models a second."""
    start = perf_counter()
    el.sweep(el.CricStream(), {"seed": range(seeds)}, ask, executor)
    return seeds / (perf_counter() - start)


def nights(executor=None, first=0):
    """Nights a second, each with another p99."""
    over = {"last_mile_ms": [5 + (first + k) / 1000 for k in range(NIGHTS)]}
    start = perf_counter()
    el.sweep(el.CricStream(), over, el.CricStream.headline, executor)
    return NIGHTS / (perf_counter() - start)


def main():
    """Measure and print."""
    el.CricStream().headline()  # kernels are warm
    print(f"threads: {nights():.0f} nights a second, {1e3 / rate(EMPTY, nothing):.2f} ms a task")
    for workers in (1, 2):
        with (
            distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=None
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            where = client.get_executor()
            nights(where, NIGHTS * workers)  # imports and kernels are warm
            each = nights(where, 10 * NIGHTS * workers), rate(EMPTY, nothing, where)
            print(
                f"{workers} workers: {each[0]:.0f} nights a second, {1e3 / each[1]:.2f} ms a task"
            )


if __name__ == "__main__":
    main()
