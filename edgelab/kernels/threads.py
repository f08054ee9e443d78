"""Kernels let go of Python's lock: blocks of work on as many threads as the machine lends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

__all__ = ["MOST", "each", "lent"]

#: More threads than this are not started, on any machine.
MOST = 8


@cache
def lent() -> int:
    """How many processors this process may use; a container or a shared server lends few."""
    from loky import cpu_count  # counts what affinity and cgroups allow; slow to import

    return min(cpu_count(), MOST)


def each(run: Callable[[Any], Any], blocks: Iterable, threads: int | None = None) -> Iterator:
    """What `run` makes of each block, in their order, as it comes."""
    with ThreadPoolExecutor(threads or lent()) as pool:
        yield from pool.map(run, blocks)
