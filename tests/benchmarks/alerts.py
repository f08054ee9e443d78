"""Nights a second: the alert rules' kernel beside the same in NumPy; run by hand.

    python tests/benchmarks/alerts.py

A night is 240 minutes. The kernel follows four rules at once, NumPy one: whether a minute has so
many bad requests. Both are timed in turn, and the best of five counts.
"""

import os
import time

import numpy as np

import edgelab as el
from edgelab.kernels import alerts as kernels
from edgelab.topics.observability import alerts
from edgelab.topics.observability.alerts import ALL, EACH, MINUTES


def kernel(fleet, scope, nights):
    watch = fleet._take(alerts.Watch)
    made, _ = alerts.drawn_nights(fleet._sight.quiet, watch, scope, nights, MINUTES)
    return made[:, 0].sum()


def in_numpy(fleet, scope, nights):
    rng = np.random.default_rng(fleet.seed)
    lines = fleet.requests_per_s * 60 * fleet.sampled * fleet._sight.traffic
    lines = np.array([lines.sum()]) if scope == ALL else lines
    alarms = 0
    for _ in range(0, nights, piece := max(1, 200_000 // (MINUTES * lines.size))):
        bad = rng.poisson(fleet.usual_errors * lines, (piece, MINUTES, lines.size))
        on = bad >= fleet.burn * fleet.budget * lines
        alarms += on[:, 0].sum() + (on[:, 1:] & ~on[:, :-1]).sum()
    return alarms


def main():
    fleet = el.Fleet(sampled=0.001, burn=6)
    for scope, nights in ((ALL, 100_000), (EACH, 1000)):
        best = {kernel: np.inf, in_numpy: np.inf}
        counts = {}
        for each in best:
            each(fleet, scope, 10)
        for _ in range(5):
            for each in best:
                alerts.drawn_nights.cache_clear()
                begun = time.perf_counter()
                counts[each.__name__] = each(fleet, scope, nights)
                best[each] = min(best[each], time.perf_counter() - begun)
        told = ", ".join(f"{each.__name__} {nights / s:,.0f} nights/s" for each, s in best.items())
        print(f"{scope}: {told}, {best[in_numpy] / best[kernel]:.1f} times; alarms {counts}")
    print(f"{os.cpu_count()} cores, {kernels.RULES} rules at once in the kernel")


if __name__ == "__main__":
    main()
