"""N, R and W: how soon a read sees a write, held against the published figures of PBS.

Bailis, Venkataraman, Franklin, Hellerstein and Stoica, "Probabilistically Bounded Staleness for
Practical Partial Quorums", VLDB 2012; `edgelab.kernels.quorum` has the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import comb

import numpy as np
import pandas as pd

from edgelab.core import allowed
from edgelab.core.knobs import Model, knob, shared
from edgelab.kernels import draws, histogram, quorum
from edgelab.topics.night.model import CricStream

__all__ = ["NETWORKS", "Quorum", "QuorumNetwork"]

#: A part of a mixture: its share, its kind, and the kind's numbers.
Part = tuple
KINDS = {
    "pareto": "(share, 'pareto', least_ms, alpha)",
    "exponential": "(share, 'exponential', rate_per_ms)",
}
WAYS = ("write", "ack", "request", "reply")
#: The most trials, reads and searches.
MOST_TRIALS, MOST_READS, MOST_REPEATS = 10**10, 10**9, 10**4


def _checked(way: str, parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts of one way as tuples, or what is wrong with them."""
    try:
        out = tuple((_positive(share), kind, *map(_positive, more)) for share, kind, *more in parts)
        right = all(len(part) == {"pareto": 4, "exponential": 3}[part[1]] for part in out)
    except (TypeError, ValueError, KeyError):
        right = False
    if not right or abs(sum(part[0] for part in out) - 1) > 1e-6:
        parts_in_words = f"a sequence of {' or '.join(KINDS.values())} whose shares add up to 1"
        allowed.refuse(way, parts, f"{parts_in_words}, every number above 0")
    return out


def _positive(value: float) -> float:
    return float(allowed.number("number", value, above=0))


@dataclass(frozen=True)
class QuorumNetwork:
    """How long the four messages of a write and a read take.

    Parameters
    ----------
    write : sequence of (share, kind, numbers)
        Mixture of the time of a write's message to a replica: parts such as
        ``(0.38, "pareto", 1.05, 1.51)`` (share, least value in ms, alpha) and
        ``(0.62, "exponential", 0.183)`` (share, rate a ms). The shares add up to 1.
    ack, request, reply : sequence of the same, optional
        The same of a write's acknowledgement, a read's request and its reply; as `write` if not
        given.
    apart_ms : float
        Added to each message between different places; each replica is in a place of its own,
        and writer and reader are each at one of them, drawn anew for every trial.

    Raises
    ------
    TypeError, ValueError
        If a part is none, the shares do not add up to 1, or `apart_ms` is no such number.
    """

    write: Sequence[Part]
    ack: Sequence[Part] | None = None
    request: Sequence[Part] | None = None
    reply: Sequence[Part] | None = None
    apart_ms: float = 0.0

    def __post_init__(self) -> None:
        for way in WAYS:
            parts = self.write if getattr(self, way) is None else getattr(self, way)
            object.__setattr__(self, way, _checked(way, parts))
        object.__setattr__(self, "apart_ms", float(allowed.number("apart_ms", self.apart_ms, 0)))

    def median_ms(self, way: str) -> float:
        """Median of one of write, ack, request, reply, within one place."""
        parts = getattr(self, allowed.one_of("way", way, WAYS))
        ends = [float(tail(part, np.array(0.5))) for part in parts]
        if min(ends) == max(ends):
            return ends[0]
        from scipy.optimize import brentq  # slow to load

        return brentq(lambda ms: _later(parts, ms) - 0.5, min(ends), max(ends))


def tail(part: Part, level: np.ndarray) -> np.ndarray:
    """The value of a part that a share `level` of its values exceeds."""
    _, kind, *more = part
    if kind == "pareto":
        least, alpha = more
        return least * level ** (-1 / alpha)
    return -np.log(level) / more[0]


def _later(parts: Sequence[Part], ms: float) -> float:
    """Share of a mixture's values above `ms`."""
    out = 0.0
    for share, kind, *more in parts:
        if kind == "pareto":
            out += share * min((ms / more[0]) ** -more[1], 1.0)
        else:
            out += share * np.exp(-more[0] * ms)
    return out


_SSD = ((0.9122, "pareto", 0.235, 10), (0.0878, "exponential", 1.66))
_DISK = ((0.38, "pareto", 1.05, 1.51), (0.62, "exponential", 0.183))
# The paper prints 3.35; the simulator that made its tables has 3.5.
_YMMR_WRITE = ((0.939, "pareto", 3, 3.5), (0.061, "exponential", 0.0028))
_YMMR = ((0.982, "pareto", 1.5, 3.8), (0.018, "exponential", 0.0217))
#: The networks of the paper, fitted by its authors to production: LinkedIn on SSD and on disk,
#: Yammer's Riak, and LinkedIn's disks over three data centres 75 ms apart; and an exponential one.
NETWORKS = {
    "LNKD-SSD": QuorumNetwork(_SSD),
    "LNKD-DISK": QuorumNetwork(_DISK, _SSD, _SSD, _SSD),
    "YMMR": QuorumNetwork(_YMMR_WRITE, _YMMR, _YMMR, _YMMR),
    "WAN": QuorumNetwork(_DISK, _SSD, _SSD, _SSD, apart_ms=75.0),
    "exponential": QuorumNetwork(((1, "exponential", 0.1),), *[((1, "exponential", 1.0),)] * 3),
}


@dataclass(frozen=True, kw_only=True, repr=False)
class Quorum(Model):
    """A store with N replicas, of which a read asks R and a write waits for W.

    An edge KV that answers from the PoP at hand is the extreme: 312 replicas, R = W = 1.

    Raises
    ------
    TypeError, ValueError
        If a knob is unknown, of the wrong kind or out of range, or if R or W is more than N.

    Examples
    --------
    >>> import edgelab as el
    >>> el.Quorum(network="LNKD-DISK", w=2).k_staleness(2)["seen_share"].round(2).tolist()
    [0.67, 0.89]
    """

    n: int = knob(
        3,
        label="Replicas",
        symbol="N",
        unit="replicas",
        low=1,
        high=16,
        meaning="How many copies there are.",
        source="the paper's most common case",
    )
    r: int = knob(
        1,
        label="Replies of a read",
        symbol="R",
        unit="replicas",
        low=1,
        high=16,
        meaning="For how many replicas a read waits; it takes the newest of their values.",
        source="the default of the stores in the paper",
    )
    w: int = knob(
        1,
        label="Acknowledgements of a write",
        symbol="W",
        unit="replicas",
        low=1,
        high=16,
        meaning="For how many replicas a write waits before it counts as done.",
        source="the default of the stores in the paper",
    )
    network: str = knob(
        "LNKD-DISK",
        label="Network",
        symbol="X",
        unit="",
        choices=tuple(NETWORKS),
        meaning="How long a message takes; one's own as a QuorumNetwork.",
        source="the paper's fits to production, table 3",
    )
    seed: int = shared(CricStream, "seed", default=2012, source="the year of the paper")

    def __post_init__(self) -> None:
        """Check every knob; R and W are at most N."""
        for name, about in self.knobs().items():
            value = getattr(self, name)
            if name != "network" or not isinstance(value, QuorumNetwork):
                object.__setattr__(self, name, about.check(value))
        for name in ("r", "w"):
            if getattr(self, name) > self.n:
                most = f"a whole number from 1 to n, here {self.n}"
                allowed.refuse(name, getattr(self, name), most)

    @property
    def messages(self) -> QuorumNetwork:
        """The network, also where it was given by name."""
        return self.network if isinstance(self.network, QuorumNetwork) else NETWORKS[self.network]

    def latencies(self, trials: int = 1_000_000) -> pd.DataFrame:
        """How long reads and writes take.

        Parameters
        ----------
        trials : int
            Writes, each with a read.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``operation`` (read, write): ``p50_ms``, ``p99_ms``, ``p999_ms``; infinite
            beyond about 16,000 times the median message, and where so few trials do not tell:
            fewer than one of them is beyond.
        """
        found, asked = _simulated(self, _trials(trials)), np.array([0.5, 0.99, 0.999])
        levels = histogram.quantiles(found.counts[:2], found.edges_ms, asked)
        levels[:, ~histogram.resolved(asked, found.trials)] = np.inf
        index = pd.Index(["read", "write"], name="operation")
        return pd.DataFrame(levels, index=index, columns=["p50_ms", "p99_ms", "p999_ms"])

    def t_visibility(
        self, levels: Sequence[float] = (0.9, 0.99, 0.999), trials: int = 1_000_000
    ) -> pd.DataFrame:
        """How long after its commit a write is seen by so many of the reads.

        Parameters
        ----------
        levels : sequence of float
            Shares of the reads, above 0 and below 1.
        trials : int
            Writes, each with a read.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``level``: ``t_ms``, and ``low_ms`` to ``high_ms``, three standard errors
            to either side; infinite where so few trials do not tell: fewer than one of them is
            beyond. With R + W > N every read sees the write at once.
        """
        levels = allowed.several("levels", levels, allowed.number, above=0, below=1)
        found = _simulated(self, _trials(trials))
        level = np.array(levels, float)
        error = 3 * np.sqrt(level * (1 - level) / found.trials)
        rows = [found.wait_ms(at) for at in (level, level - error, level + error)]
        return pd.DataFrame(
            np.transpose(rows),
            index=pd.Index(level, name="level"),
            columns=["t_ms", "low_ms", "high_ms"],
        )

    def consistency(self, trials: int = 1_000_000) -> pd.DataFrame:
        """Share of the reads that see a write, by the time since its commit.

        Parameters
        ----------
        trials : int
            Writes, each with a read.

        Returns
        -------
        pandas.DataFrame
            ``since_commit_ms``, 0 first, ``seen_share`` of the reads, and ``stale_share``, the
            rest.
        """
        found = _simulated(self, _trials(trials))
        some = np.flatnonzero(found.counts[2, :-1])
        first, last = (some[0], some[-1] + 1) if some.size else (0, 1)
        edges = np.unique(np.append(np.arange(first, last, 8), last))
        seen = found.at_once + np.append(0, np.cumsum(found.counts[2]))
        times = np.append(0.0, found.edges_ms[edges])
        share = np.append(found.at_once, seen[edges]) / found.trials
        keep = np.append(True, np.diff(times) > 0)
        frame = pd.DataFrame({"since_commit_ms": times, "seen_share": share}).loc[keep]
        return frame.assign(stale_share=1 - frame["seen_share"]).reset_index(drop=True)

    def seen_share(self, since_commit_ms: float, trials: int = 1_000_000) -> float:
        """Share of the reads so long after a write's commit that see it.

        Parameters
        ----------
        since_commit_ms : float
            Not negative.
        trials : int
            Writes, each with a read.
        """
        since = float(allowed.number("since_commit_ms", since_commit_ms, 0))
        return float(_simulated(self, _trials(trials)).seen_share(np.array(since)))

    def first_passage(
        self,
        step_ms: float = 0.1,
        level: float = 0.999,
        reads: int = 50_000,
        repeats: int = 200,
        trials: int = 4_000_000,
    ) -> pd.DataFrame:
        """The t at which a search stops that draws anew at every step, as the paper's did.

        It asks `reads` new reads at t = 0, one step later, two steps later, and stops at the
        first t at which the share that sees the write reaches `level`.

        Parameters
        ----------
        step_ms, level : float
            Above 0; `level` below 1.
        reads, repeats : int
            Reads at every step, up to 1e9, and how often the whole search is made, up to 10,000.
        trials : int
            Draws behind the true shares.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``search``: ``t_ms`` at which it stopped.
        """
        step_ms = float(allowed.number("step_ms", step_ms, above=0))
        level = float(allowed.number("level", level, above=0, below=1))
        reads = allowed.whole("reads", reads, 1, MOST_READS)
        repeats = allowed.whole("repeats", repeats, 1, MOST_REPEATS)
        found = _simulated(self, _trials(trials))
        wait = found.wait_ms(np.array([level]))[0]
        if np.isinf(wait):
            allowed.refuse("level", level, f"what {found.trials:,} trials can tell")
        steps = np.ceil(2 * wait / step_ms) + 2
        if not steps * repeats <= 1e8:
            allowed.refuse("step_ms", step_ms, "at least a ten thousandth of t")
        times = step_ms * np.arange(int(steps))
        shares = found.seen_share(times)
        rng = np.random.default_rng(self.seed)
        stops = [
            times[np.argmax(rng.binomial(reads, shares) >= level * reads)] for _ in range(repeats)
        ]
        index = pd.RangeIndex(1, repeats + 1, name="search")
        return pd.DataFrame({"t_ms": stops}, index=index)

    def k_staleness(self, k: int = 5) -> pd.DataFrame:
        """Share of the reads that see one of the last versions, if nothing but the quorums helps.

        Parameters
        ----------
        k : int
            Versions, 1 to 1,000.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``versions``: ``seen_share``, 1 - (C(N - W, R) / C(N, R)) ** versions.
        """
        k = allowed.whole("k", k, 1, 1000)
        missed = comb(self.n - self.w, self.r) / comb(self.n, self.r)
        versions = pd.RangeIndex(1, k + 1, name="versions")
        return pd.DataFrame({"seen_share": 1 - missed ** versions.to_numpy()}, index=versions)


def _trials(trials: int) -> int:
    return allowed.whole("trials", trials, 1, MOST_TRIALS)


@dataclass(frozen=True)
class _Found:
    """What a simulation gave."""

    counts: np.ndarray
    at_once: int
    edges_ms: np.ndarray
    #: Whether every read is sure to see the write at once.
    sure: bool

    @property
    def trials(self) -> int:
        return int(self.counts[0].sum())

    def wait_ms(self, level: np.ndarray) -> np.ndarray:
        """How long a reader has to wait so that a share `level` sees the write."""
        if self.sure:
            return np.zeros(level.shape)
        told = histogram.resolved(level, self.trials)
        out = np.where(told & (level * self.trials <= self.at_once), 0.0, np.inf)
        later = self.trials - self.at_once
        rank = (level * self.trials - self.at_once) / max(later, 1)
        inside = (out > 0) & told
        if inside.any():
            out[inside] = histogram.quantiles(self.counts[2:], self.edges_ms, rank[inside])[0]
        return out

    def seen_share(self, since_commit_ms: np.ndarray) -> np.ndarray:
        """Share of the reads that see the write so long after its commit."""
        seen = self.at_once + np.append(0, np.cumsum(self.counts[2, :-1]))
        return np.interp(since_commit_ms, self.edges_ms[:-1], seen) / self.trials


def law(store: Quorum) -> tuple:
    """What `edgelab.kernels.quorum.simulate` has to know of a store, after trials and seed."""
    net = store.messages
    parts = max(len(getattr(net, way)) for way in WAYS)
    below = np.full((len(WAYS), parts), draws.ALWAYS, np.uint64)
    tails = np.zeros((len(WAYS), parts, quorum.TAIL), np.float32)
    for row, way in enumerate(WAYS):
        mixture = getattr(net, way)
        for k, part in enumerate(mixture):
            tails[row, k] = tail(part, quorum.tail_levels())
        shares = np.cumsum([part[0] for part in mixture[:-1]])
        below[row, : shares.size] = np.round(shares * draws.ALWAYS)
    # The histogram spans 21 octaves: 7 below the quickest way's median, 14 above it.
    quick = max(min(net.median_ms(way) for way in WAYS), net.apart_ms / 1000)
    scale = 2.0 ** np.round(np.log2(8 / quick))
    return store.n, store.r, store.w, below, tails, net.apart_ms, scale


@lru_cache(maxsize=64)
def _simulated(store: Quorum, trials: int) -> _Found:
    """The histograms of so many trials, remembered."""
    *given, scale = law(store)
    counts, at_once = quorum.simulate(trials, store.seed, *given, scale)
    counts = counts.astype(float)
    counts.flags.writeable = False
    sure = store.r + store.w > store.n
    return _Found(counts, at_once, histogram.bin_edges_ms() / scale, sure)
