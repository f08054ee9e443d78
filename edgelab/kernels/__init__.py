"""numba kernels: arrays and scalars in, arrays out; one short module a family."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from edgelab.kernels import (
    alerts,
    corridors,
    curves,
    cycles,
    draws,
    edge_cache,
    histogram,
    latency,
    lru,
    messages,
    placement,
    quorum,
    replication,
    slow_start,
    token_bucket,
    zipf,
)
from edgelab.kernels._jit import TROUBLES, cache_dir

__all__ = ["FIRST", "STEPS", "TROUBLES", "WARMED", "cache_dir", "warm"]


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


_TABLE = np.ones(draws.QUANTILES, np.float32)
_POINTS = np.ones((1, latency.POINTS), np.float32)
_ONE = np.ones(1)


def _shared(array: np.ndarray) -> np.ndarray:
    """The same, but nobody may write to it: a type of its own to numba."""
    array.flags.writeable = False
    return array


def _counts(kind: type = np.int64, shared: bool = False) -> np.ndarray:
    """A histogram."""
    counts = np.ones((1, histogram.BINS), kind)
    return _shared(counts) if shared else counts


def _simulation() -> None:
    viewers = np.ones(1, np.int64)
    latency.simulate(viewers, 0, _TABLE[None], _POINTS, _POINTS, _TABLE, 1, threads=1)


def _exact() -> None:
    edges = histogram.bin_edges_ms()[1:-1]
    latency.add_mixture(1.0, edges, _ONE, np.ones(2), 0.0, 1.0, _counts(np.float64)[0])


def _histogram() -> None:
    edges = histogram.bin_edges_ms()
    for shared in (True, False):
        histogram.quantiles(_counts(np.float64, shared), edges, np.array([0.5]))


def _stale() -> None:
    replication.weigh(_ONE, _counts(shared=True))


def _corridors() -> None:
    none, start = np.zeros(1, np.int64), np.array([0, 1])
    ways = np.zeros((1, 1))
    corridors.best_joints(start, none, np.ones(1), ways)
    reached = corridors.reach(start, none, np.ones(1), ways)
    corridors.between(reached, none, start, none, np.ones(1), none)


def _replication() -> None:
    keys, counts = np.zeros(1, np.uint64), _counts()
    replication.replicate(1, keys, _ONE, _TABLE, _TABLE, counts[0, :1], counts)


def _slow_start() -> None:
    sent = np.empty(slow_start.BURSTS), np.empty(slow_start.BURSTS, np.int64)
    slow_start.send(np.zeros(1), np.ones(1, np.int64), 1, 1.0, *sent)


def _messages() -> None:
    bits = np.uint64(draws.draw(np.uint64(1), 1))
    replication.propagation_delay_ms(bits, 1.0, _TABLE, _TABLE, 1)


def _lost_updates() -> None:
    none, key = np.zeros(1, np.int64), np.uint64(0)
    law = (key, _TABLE, _TABLE, 0)
    replication.last_writer_values(_ONE, none, none, 1.0, 1.0, 0.0, _ONE, *law)


def _quorums() -> None:
    below = np.full((quorum.WAYS, 1), draws.ALWAYS, np.uint64)
    tails = np.ones((quorum.WAYS, 1, quorum.TAIL), np.float32)
    quorum.simulate(1, 0, 1, 1, 1, below, tails, 0.0, 1.0, threads=1)


def _lru() -> None:
    lru.fill(np.zeros(1, np.int64), np.ones(1, np.int64), 1)
    lru.fill(np.zeros(1, np.int32), np.ones(1, np.int64), 1)
    lru.since_last(np.zeros(1, np.int32), np.zeros(1), np.zeros(1))


def _popularity() -> None:
    zipf.sample(0, np.uint64(1), *zipf.aliases(_ONE), np.zeros(1, np.int32))


def _curves() -> None:
    order, ways = _shared(np.zeros(1, np.int64)), _shared(np.ones((1, 1)))
    index, cdf = np.zeros(1, np.int64), np.array([[0.5, 1.0]])
    curves.quantile_curves(
        order, ways, ways, _shared(np.ones(1)), index, _ONE, index, curves.rank_shares(1.0),
        cdf, cdf, _ONE, _ONE, 1.0, 0.5, np.ones((1, 1), np.bool_), np.array([0.5]), 1.0,
    )  # fmt: skip


def _nearest() -> None:
    curves.nearest_few(_shared(np.ones((1, 1))), _shared(np.zeros(1, np.int64)), 1)


def _cycles() -> None:
    out, admitted = np.empty((1, 5)), (1.0, 1.0)
    cycles.shares(_ONE, _ONE, _ONE, *admitted, np.inf, _ONE, True, 1.0, out)
    cycles.tiered(*[_ONE] * 4, *admitted, np.inf, _ONE, _ONE, 1.0, out[:, :3].copy())
    cycles.object_shares(1.0, 1.0, 1.0, 1.0, 1.0, True)


def _edge_cache() -> None:
    times, ids, outcome = np.zeros(1), np.zeros(1, np.int32), np.zeros(1, np.uint8)
    links, used, copies = edge_cache.empty(1)
    asked, sizes = np.zeros(1, np.bool_), np.ones(1, np.int64)
    edge_cache.arrive(0, np.uint64(1), 0.0, 1.0, _ONE, times)
    edge_cache.serve(
        times, ids, sizes, 1, 1, edge_cache.Life(1.0), (np.inf, np.inf), links, used, copies,
        outcome, asked,
    )  # fmt: skip
    counts = np.zeros((1, 6), np.int64)
    edge_cache.tally(times, ids, outcome, asked, 1.0, np.zeros(1, np.int64), counts, counts.copy())


def _rate_limiters() -> None:
    times_s, *_ = token_bucket.arrivals(np.uint64(0), 1)
    at, none = np.zeros(1, np.int64), np.zeros(0, np.uint64)
    token_bucket.bucket(times_s, at, 1, 1.0, 1.0)
    token_bucket.sliding_window(times_s, at, 1, 1.0, 1.0)
    token_bucket.gcra(times_s, 1.0, 1.0)
    token_bucket.spend(1.0, 1.0, 1.0, 1.0)
    for limiter in (token_bucket.last_writer, token_bucket.grow_only):
        limiter(times_s, at, 1, 1.0, 1.0, 1.0)
    token_bucket.leased(times_s, at, 1, 1.0, 1.0, 1)
    token_bucket.too_soon(times_s, at, 1, 1.0)
    messages.deliveries_ms(none, 0, 1.0, _TABLE, _TABLE, 0, 0, 0)


def _alerts() -> None:
    tables, spans = np.array([[[0, 1, 0]]] * 2), np.ones(2, np.int64)
    series = np.zeros(1, np.bool_), 0, _ONE, _ONE, spans, np.ones((1, 3))
    made = alerts.alias_tables(_ONE, np.zeros(1, np.int64))
    alerts.simulate(1, 1, np.uint64(0), tables, *made, *series, threads=1)
    alerts.run_lengths(np.uint64(0), 1.0, 0.5, 1.0, 0.0, True, np.zeros(1, np.int64))


#: What a panel can ask to be compiled, by the name that its progress line shows.
STEPS: dict[str, Callable[[], object]] = {
    "simulation of every viewer": _simulation,
    "exact distribution": _exact,
    "histogram": _histogram,
    "stale reads": _stale,
    "cable corridors": _corridors,
    "replication": _replication,
    "slow start": _slow_start,
    "lost updates": _lost_updates,
    "quorums": _quorums,
    "least recently used": _lru,
    "requests by popularity": _popularity,
    "curves over the PoP count": _curves,
    "nearest PoPs": _nearest,
    "greedy order": lambda: placement.greedy_order(np.ones((1, 1)), _ONE, 1),
    "cycles of a cached copy": _cycles,
    "edge cache": _edge_cache,
    "drawn messages": _messages,
    "rate limiters": _rate_limiters,
    "alert rules": _alerts,
}

#: What the first page needs; the rest can follow.
FIRST = (
    *("simulation of every viewer", "exact distribution", "histogram"),
    *("stale reads", "cable corridors", "replication"),
)
