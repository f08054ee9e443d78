"""numba kernels: arrays and scalars in, arrays out; one short module a family."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from edgelab.kernels import corridors, histogram, latency, messages, replication, token_bucket
from edgelab.kernels._jit import cache_dir

__all__ = ["STEPS", "WARMED", "cache_dir", "warm"]


#: Steps of `STEPS` that this process has taken.
WARMED: set[str] = set()


def warm(
    progress: Callable[[int, int, str], None] | None = None, names: Iterable[str] | None = None
) -> None:
    """Compile kernels that panels need, or load them from the cache.

    Parameters
    ----------
    progress : callable, optional
        Called as ``progress(done, total, name)`` before each step and once at
        the end.
    names : iterable of str, optional
        Names in `STEPS`; all of them if not given.

    Raises
    ------
    KeyError
        If there is no step of such a name.
    """
    names = list(STEPS if names is None else names)
    for done, name in enumerate(names):
        if progress:
            progress(done, len(names), name)
        STEPS[name]()
        WARMED.add(name)
    if progress:
        progress(len(names), len(names), "ready")


_TABLE = np.ones(latency.QUANTILES, np.float32)
_POINTS = np.ones((1, latency.POINTS), np.float32)
_ONE = np.ones(1)


def _counts(kind: type = np.int64, shared: bool = False) -> np.ndarray:
    """A histogram; one that nobody may write to is a type of its own to numba."""
    counts = np.ones((1, histogram.BINS), kind)
    counts.flags.writeable = not shared
    return counts


def _simulation() -> None:
    viewers = np.ones(1, np.int64)
    latency.simulate(viewers, 0, _TABLE[None], _POINTS, _POINTS, _TABLE, 1, threads=1)


def _exact() -> None:
    edges = histogram.bin_edges_ms()[1:-1]
    latency.add_mixture(1.0, edges, _ONE, np.ones(2), 0.0, 1.0, _counts(np.float64)[0])


def _histogram() -> None:
    edges = histogram.bin_edges_ms()
    histogram.quantiles(_counts(np.float64, shared=True), edges, np.array([0.5]))


def _stale() -> None:
    replication.weigh(_ONE, _counts(shared=True))


def _corridors() -> None:
    none, start = np.zeros(1, np.int64), np.array([0, 1])
    reached = corridors.reach(start, none, np.ones(1), corridors.all_pairs(np.zeros((1, 1))))
    corridors.between(reached, none, start, none, np.ones(1), none)


def _replication() -> None:
    keys, counts = np.zeros(1, np.uint64), _counts()
    replication.replicate(1, keys, _ONE, _TABLE, _TABLE, counts[0, :1], counts)


def _rate_limiters() -> None:
    times_s, *_ = token_bucket.arrivals(np.uint64(0), 1)
    at, none = np.zeros(1, np.int64), np.zeros(0, np.uint64)
    token_bucket.bucket(times_s, at, 1, 1.0, 1.0)
    token_bucket.sliding_window(times_s, at, 1, 1.0, 1.0)
    token_bucket.gcra(times_s, 1.0, 1.0)
    for limiter in (token_bucket.last_writer, token_bucket.grow_only):
        limiter(times_s, at, 1, 1.0, 1.0, 1.0)
    token_bucket.too_soon(times_s, at, 1, 1.0)
    messages.deliveries_ms(none, 0, 1.0, _TABLE, _TABLE, 0, 0, 0)


#: What a panel can ask to be compiled, by the name that its progress line shows.
STEPS: dict[str, Callable[[], object]] = {
    "simulation of every viewer": _simulation,
    "exact distribution": _exact,
    "histogram": _histogram,
    "stale reads": _stale,
    "cable corridors": _corridors,
    "replication": _replication,
    "rate limiters": _rate_limiters,
}
