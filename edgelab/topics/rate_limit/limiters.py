"""The designs of a rate limiter, each declared once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from edgelab.kernels import token_bucket
from edgelab.kernels.draws import stream_key
from edgelab.topics.rate_limit import messages
from edgelab.world import geo

__all__ = [
    "ALONE",
    "ATTACK",
    "COARSE",
    "COUNTERS",
    "DESIGNS",
    "GCRA",
    "HASHED",
    "ISOLATE",
    "KV",
    "LATE",
    "LEASED",
    "LIMITERS",
    "OBJECT",
    "POP",
    "SHARED",
    "WINDOW",
    "Attack",
    "Limiter",
    "Requests",
    "drawn",
    "exact",
]

ISOLATE = "memory of an isolate"
POP = "bucket per PoP"
WINDOW = "sliding window per PoP"
KV = "KV, last writer wins"
COUNTERS = "grow-only counters"
OBJECT = "Durable Object"
GCRA = "Durable Object, GCRA"
COARSE = "coarse, then precise"
HASHED = "one PoP per key"
LEASED = "leased tokens"
#: The PoPs of the article, one of which a key's hash names.
NETWORK = 312
#: Whose requests: the attacker's, those of both, the innocent user's alone.
ATTACK, SHARED, ALONE = range(3)
_STREAM = 7_000_000


class Attack(NamedTuple):
    """All that a run depends on, by the names of `edgelab.RateLimit`."""

    pops: int
    isolates_per_pop: int
    rate_per_s: float
    user_per_s: float
    attack_s: float
    capacity: int
    refill_per_s: float
    kv_delay_ms: float
    lease: int
    seed: int

    @property
    def bucket(self) -> tuple[float, float]:
        """How many at once, and how many a second after that."""
        return float(self.capacity), self.refill_per_s

    @property
    def at_once(self) -> int:
        """Tokens of one lease: no more than the bucket holds."""
        return min(self.lease, self.capacity)

    @property
    def limit(self) -> float:
        """The most that one exact bucket can let through: b + r t."""
        return self.capacity + self.refill_per_s * self.attack_s


class Requests(NamedTuple):
    """A stream of requests, in order."""

    times_s: np.ndarray
    pop: np.ndarray
    isolate: np.ndarray
    innocent: np.ndarray

    def only(self, kept: np.ndarray) -> Requests:
        """Some of them."""
        return Requests(*(each[kept] for each in self))


def drawn(attack: Attack, run: int, kind: int) -> Requests:
    """The requests of one run, of a `kind` such as `ATTACK`."""
    innocent = attack.user_per_s * (kind != ATTACK)
    rate = attack.rate_per_s * (kind != ALONE) + innocent
    size = 1024
    while (stream := _stream(attack.seed, run, kind, size))[0][-1] < rate * attack.attack_s:
        size *= 2
    count = int(np.searchsorted(stream[0], rate * attack.attack_s))
    unit_s, place, isolate, mark = (each[:count] for each in stream)
    innocent = mark < innocent / rate * 2**32
    pop = np.where(innocent, 0, _one_of(place, attack.pops))
    return Requests(unit_s / rate, pop, _one_of(isolate, attack.isolates_per_pop), innocent)


@lru_cache(maxsize=64)
def _stream(seed: int, run: int, kind: int, size: int) -> tuple[np.ndarray, ...]:
    """Requests of one stream at one a second; a longer stream begins with a shorter one."""
    out = token_bucket.arrivals(stream_key(seed, _STREAM + 3 * run + kind), size)
    for each in out:
        each.flags.writeable = False
    return out


def _one_of(uniform: np.ndarray, count: int) -> np.ndarray:
    """Turn 32 random bits into a number below `count`."""
    return (uniform * np.uint64(count) >> np.uint64(32)).astype(np.int64)


def exact(asked: Requests, attack: Attack) -> np.ndarray:
    """What one exact bucket lets through."""
    return token_bucket.bucket(asked.times_s, np.zeros_like(asked.pop), 1, *attack.bucket)


#: What is let through, and what is written: times, keys and number of keys.
Decision = tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray, int]]]


def _written(through: np.ndarray, asked: Requests, key: np.ndarray, keys: int) -> Decision:
    return through, [(asked.times_s[through], key[through], keys)]


def _by_isolate(asked: Requests, attack: Attack) -> Decision:
    key = asked.pop * attack.isolates_per_pop + asked.isolate
    keys = attack.pops * attack.isolates_per_pop
    return _written(token_bucket.bucket(asked.times_s, key, keys, *attack.bucket), asked, key, keys)


def _by_pop(asked: Requests, attack: Attack) -> Decision:
    key, keys = asked.pop, attack.pops
    return _written(token_bucket.bucket(asked.times_s, key, keys, *attack.bucket), asked, key, keys)


def _window(asked: Requests, attack: Attack) -> Decision:
    b, r = attack.bucket
    through = token_bucket.sliding_window(asked.times_s, asked.pop, attack.pops, b, b / r)
    return _written(through, asked, asked.pop, attack.pops)


def _in_kv(asked: Requests, attack: Attack) -> Decision:
    through, _ = token_bucket.last_writer(
        asked.times_s, asked.pop, attack.pops, *attack.bucket, attack.kv_delay_ms / 1000
    )
    return _written(through, asked, np.zeros_like(asked.pop), 1)


def _counters(asked: Requests, attack: Attack) -> Decision:
    through = token_bucket.grow_only(
        asked.times_s, asked.pop, attack.pops, *attack.bucket, attack.kv_delay_ms / 1000
    )
    return _written(through, asked, asked.pop, attack.pops)


def _object(asked: Requests, attack: Attack) -> Decision:
    return _written(exact(asked, attack), asked, np.zeros_like(asked.pop), 1)


def _gcra(asked: Requests, attack: Attack) -> Decision:
    b, r = attack.bucket
    through = token_bucket.gcra(asked.times_s, 1 / r, (b - 1) / r)
    return _written(through, asked, np.zeros_like(asked.pop), 1)


def _coarse(asked: Requests, attack: Attack) -> Decision:
    passed, written = _by_pop(asked, attack)
    through = passed.copy()
    through[passed], more = _object(asked.only(passed), attack)
    return through, written + more


def _leased(asked: Requests, attack: Attack) -> Decision:
    given = attack.pops, *attack.bucket, attack.at_once
    through, fetched = token_bucket.leased(asked.times_s, asked.pop, *given)
    return through, [(asked.times_s[fetched], np.zeros(fetched.sum(), np.int64), 1)]


def _to_mumbai_ms(pops: int) -> np.ndarray:
    return geo.origin_rtt_ms()[1][:pops]


def _to_a_home_ms(pops: int) -> np.ndarray:
    return geo.between_pops_ms()[:pops, :NETWORK]


class Limiter(NamedTuple):
    """One way to keep a limit."""

    decide: Callable[[Requests, Attack], Decision]
    #: Buckets, windows or counters that know nothing, or too little, of each other.
    separate: Callable[[Attack], float] = lambda _: 1
    #: Whether a decision reads what the PoP keeps.
    reads: bool = True
    #: Whether it waits for one place, whose writes are the last ones, and the round trips to it.
    asks_home: bool = False
    rtt_ms: Callable[[int], np.ndarray] = _to_mumbai_ms
    #: Whether decisions depend on how late PoPs hear of each other.
    late: bool = False
    #: What becomes of an acknowledged deduction when messages fail: a simulation, and the promise.
    failing: Callable | None = None
    promise: str = ""

    def bound(self, attack: Attack) -> float:
        """What gets through at most, whatever is asked."""
        return self.separate(attack) * attack.limit

    def wait_ms(self, pops: int, local_read_ms: float, asked: float) -> tuple[float, float]:
        """Mean and worst time that a request which is let through waits for the decision.

        `asked` is the share of them that waits for the one place.
        """
        at_edge = local_read_ms * self.reads
        if not self.asks_home:
            return at_edge, at_edge
        rtt = self.rtt_ms(pops)
        return at_edge + asked * rtt.mean(), at_edge + rtt.max()


#: From the loosest to the strictest.
LIMITERS = {
    ISOLATE: Limiter(_by_isolate, lambda at: at.pops * at.isolates_per_pop, reads=False),
    POP: Limiter(_by_pop, lambda at: at.pops),
    WINDOW: Limiter(_window, lambda at: at.pops),
    KV: Limiter(
        _in_kv,
        lambda at: np.inf if at.pops > 1 else 1,
        late=True,
        failing=messages.last_writer,
        promise="none",
    ),
    COUNTERS: Limiter(
        _counters,
        lambda at: at.pops,
        late=True,
        failing=messages.grow_only,
        promise="each counts in the end",
    ),
    OBJECT: Limiter(
        _object,
        reads=False,
        asks_home=True,
        failing=messages.one_object,
        promise="each counts at once",
    ),
    GCRA: Limiter(_gcra, reads=False, asks_home=True),
    COARSE: Limiter(_coarse, asks_home=True),
    HASHED: Limiter(_object, reads=False, asks_home=True, rtt_ms=_to_a_home_ms),
    LEASED: Limiter(_leased, asks_home=True),
}
DESIGNS = tuple(LIMITERS)
#: The designs whose decisions depend on how late PoPs hear of each other.
LATE = tuple(name for name, limiter in LIMITERS.items() if limiter.late)
