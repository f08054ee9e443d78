"""How long the curves over the PoP count take: python tests/benchmarks/growth.py

All quantiles of 72 places and three groups for 1 to 500 PoPs, for several shares that reach their
nearest PoP, beside page 1's exact distribution for one count times 500; in turn in one process.
Nothing is asserted: times flake, ratios in one run tell more.
"""

from __future__ import annotations

import os
import platform
import statistics
from time import perf_counter

from edgelab.topics.night.model import CricStream
from edgelab.topics.pops import growth
from edgelab.topics.pops.model import LINES, Placement

ROUNDS = 9
SHARES = (1.0, 0.9, 0.65, 0.55, 0.3)


def seconds(work) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def main() -> None:
    """Measure and print."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    plan, counts = Placement(), iter(range(101, 401))
    plan.curves()

    def curves(share: float, places=None) -> None:
        growth.curves.cache_clear()
        plan.replace(nearest_share=share).curves(places)

    times: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for share in SHARES:
            for name, places in (("all curves", None), ("the panel's", LINES)):
                key = f"{name}, {share:.0%} at the nearest"
                times.setdefault(key, []).append(seconds(lambda s=share, p=places: curves(s, p)))
        one = seconds(lambda: CricStream(pops=next(counts)).latency())
        times.setdefault("page 1's distribution, times 500", []).append(500 * one)
    whole = statistics.median(times["all curves, 100% at the nearest"])
    for name, each in times.items():
        took = statistics.median(each)
        print(f"{name}: {1e3 * took:,.0f} ms, x{took / whole:.1f}")


if __name__ == "__main__":
    main()
