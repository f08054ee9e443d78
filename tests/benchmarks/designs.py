"""How many designs a second a search looks at: python tests/benchmarks/designs.py

First with nothing remembered, then again with another seed; on the three goals that a search
has by default, and on all that need no draws. Nothing is asserted.
"""

from __future__ import annotations

import os
import platform
from time import perf_counter, process_time

import edgelab as el
from edgelab.topics.design.designs import NAMES
from edgelab.topics.design.goals import CHEAP

COUNT = 2048


def main() -> None:
    """Print the rates."""
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    start = el.Design()
    start.values()
    for names in (NAMES, CHEAP):
        for seed in (1, 2):
            wall, cpu = perf_counter(), process_time()
            start.search(names, COUNT, seed)
            wall, cpu = perf_counter() - wall, process_time() - cpu
            print(
                f"{len(names):2d} goals, seed {seed}: {COUNT / wall:,.0f} designs a second, "
                f"{COUNT / cpu:,.0f} a second of one core"
            )


if __name__ == "__main__":
    main()
