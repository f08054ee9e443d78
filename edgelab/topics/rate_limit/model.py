"""Rate limiting at the edge: an attacker on M PoPs against ten designs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from edgelab.core import allowed
from edgelab.core.knobs import Model, knob, shared
from edgelab.core.words import counted
from edgelab.kernels import token_bucket
from edgelab.topics.night.model import CricStream
from edgelab.topics.rate_limit import messages, replay
from edgelab.topics.rate_limit.limiters import (
    ALONE,
    ATTACK,
    DESIGNS,
    KV,
    LATE,
    LIMITERS,
    Attack,
    Requests,
    drawn,
)
from edgelab.topics.rate_limit.replay import MAP_DELAYS_MS, MAP_RATES_PER_S, leaks

__all__ = ["MAP_DELAYS_MS", "MAP_RATES_PER_S", "RateLimit", "leaks"]


class _Told(NamedTuple):
    """All that the sentences speak of, by the names of the knobs and properties."""

    design: str
    pops: int
    rate_per_s: float
    attack_s: float
    requests_per_delay: float
    store_write_s: float


def _in_words(attack: _Told, row: Mapping[str, float]) -> str:
    """What the figures mean, in one or two sentences.

    Parameters
    ----------
    attack : _Told
    row : mapping of str to float
        Of the design, as in `edgelab.RateLimit.designs`.
    """
    times, late = row["through"], attack.design in LATE
    said = (
        f"Of {counted(f'{attack.rate_per_s:,.4g}', 'request')} a second at random "
        f"for {attack.attack_s:g} s at {counted(attack.pops, 'PoP')}, "
        f"“{attack.design}” lets {row['admitted']:,.0f} through: "
    )
    if times < 0.995:
        said += f"{100 * (1 - times):.1f} % fewer than one exact bucket. "
    elif times < 1.005:
        said += "no more than one exact bucket. "
    elif times < 1.1:
        said += f"{100 * (times - 1):.1f} % more than one exact bucket. "
    else:
        said += f"{times:.3g} times as many as one exact bucket. "
    if late:
        each = attack.requests_per_delay
        number = f"{each:,.0f}" if each >= 100 else f"{each:.2g}"
        comes = "comes" if number == "1" else "come"
        said += f"On average {counted(number, 'request')} {comes} in per delay. "
    said += (
        f"An innocent user of the same key is wrongly refused "
        f"{100 * row['refused_shared']:.0f} % of the time; a decision takes "
        f"{row['wait_ms']:.3g} ms"
    )
    if late and row["writes_refused"] > 0:
        gap = "second" if attack.store_write_s == 1 else f"{attack.store_write_s:g} s"
        said += f"; a store that takes one write every {gap} to a key would refuse "
        said += f"{100 * row['writes_refused']:.0f} % of its writes"
    return said + "."


def _runs_in_words(seeds: int, buckets: float, row: Mapping[str, float]) -> str:
    """How many runs stand behind the figures, and how sure a design's row is."""
    said = f"{counted(seeds, 'run')}: {row['through']:.3f}"
    if seeds > 1:
        said += f" ± {row['error']:.3f} (standard error)"
    said += " times the limit. "
    if np.isinf(row["bound"]):
        return said + f"Nothing bounds it; a bucket in each PoP would give at most {buckets:,.0f}."
    return said + f"Whatever is asked, it lets at most {row['bound']:,.0f} through."


@dataclass(frozen=True, kw_only=True, repr=False)
class RateLimit(Model):
    """One limit for one key, and an attacker who spreads requests over many PoPs.

    Requests come at random (Poisson), each to a PoP chosen uniformly. The limit is a token
    bucket's: so many at once, so many a second after that. What gets through is told as a
    multiple of what one exact bucket lets through of the same requests.

    Examples
    --------
    >>> import edgelab as el
    >>> attack = el.RateLimit(pops=2, kv_delay_ms=50)
    >>> attack.replace(rate_per_s=20)
    RateLimit(pops=2, rate_per_s=20.0, kv_delay_ms=50.0)
    """

    main = ("design", "pops", "rate_per_s", "kv_delay_ms")

    design: str = knob(
        KV,
        label="Limiter",
        symbol="X",
        unit="",
        choices=DESIGNS,
        meaning="Where the count is kept, and how the places that keep it agree.",
        source="the article's is a bucket in KV",
    )
    pops: int = knob(
        10,
        label="PoPs attacked",
        symbol="M",
        unit="PoPs",
        low=1,
        high=500,
        log=True,
        stops=(
            *(1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200, 250),
            *(312, 400, 500),
        ),
        meaning="How many PoPs the attacker's requests come in at.",
        source="assumption, the article leaves M open",
    )
    rate_per_s: float = knob(
        200.0,
        label="Attack rate",
        symbol="a",
        unit="requests/s",
        low=1.0,
        high=1000.0,
        log=True,
        meaning="Requests a second that the attacker sends, over all PoPs together.",
        source="assumption, 20 times the default limit",
    )
    kv_delay_ms: float = shared(
        CricStream,
        "kv_delay_ms",
        label="Propagation delay",
        meaning="How old a write is when the other PoPs see it; the same for every write.",
        low=1.0,
    )
    capacity: int = knob(
        100,
        label="Bucket size, tokens",
        symbol="b",
        unit="",
        low=1,
        high=1000,
        log=True,
        meaning="Requests that may come at once.",
        source="the article's program",
    )
    refill_per_s: float = knob(
        10.0,
        label="Refill, tokens",
        symbol="r",
        unit="/s",
        low=0.1,
        high=100.0,
        log=True,
        meaning="Requests a second that may come in the long run.",
        source="the article's program",
    )
    lease: int = knob(
        10,
        label="Lease",
        symbol="q",
        unit="tokens",
        low=1,
        high=1000,
        log=True,
        meaning="Tokens that a PoP fetches at once if it has none left; at most the bucket's.",
        source="assumption, a tenth of the bucket; for leases see Elhemali et al., USENIX ATC 2022",
    )
    attack_s: float = knob(
        60.0,
        label="Length of the attack",
        symbol="t",
        unit="s",
        low=10.0,
        high=120.0,
        meaning="How long the requests are counted.",
        source="assumption",
    )
    isolates_per_pop: int = knob(
        4,
        label="Isolates in a PoP",
        symbol="i",
        unit="isolates",
        low=1,
        high=50,
        meaning="Copies of the function that share a PoP's requests; memory belongs to one copy.",
        source="assumption",
    )
    user_per_s: float = knob(
        2.0,
        label="Innocent user's rate",
        symbol="u",
        unit="/s",
        low=0.1,
        high=20.0,
        log=True,
        meaning="Requests a second of one user at one PoP, who shares the attacker's key.",
        source="assumption, a fifth of the limit",
    )
    local_read_ms: float = knob(
        1.0,
        label="Local read",
        symbol="l",
        unit="ms",
        low=0.0,
        high=50.0,
        meaning="Time that a look at what the PoP has takes.",
        source="the article's local KV read of about 1 ms",
    )
    store_write_s: float = knob(
        1.0,
        label="Store's write gap",
        symbol="w",
        unit="s",
        low=0.0,
        high=10.0,
        meaning="A store refuses a write that follows the last one to the same key sooner.",
        source="Cloudflare docs, Workers KV limits: one write a second to a key",
    )
    seeds: int = knob(
        20,
        label="Runs",
        symbol="k",
        unit="runs",
        low=1,
        high=100,
        meaning="How many independent runs a figure is the mean of.",
        source="assumption, keeps the standard error below a percent",
    )
    seed: int = shared(CricStream, "seed")

    @property
    def requests_per_delay(self) -> float:
        """Requests that come in while one write is under way."""
        return self.rate_per_s * self.kv_delay_ms / 1000

    @property
    def limit(self) -> float:
        """The most that one exact bucket can let through in the whole attack: b + r t."""
        return self._attack.limit

    # -- runs ----------------------------------------------------------------------------------

    @property
    def _attack(self) -> Attack:
        return self._take(Attack)

    def requests(self, run: int, kind: int = ATTACK) -> Requests:
        """The requests of one run: of the attacker, of both, or of the innocent user alone."""
        run = allowed.whole("run", run, 0, self.knobs()["seeds"].high - 1)
        return drawn(self._attack, run, allowed.whole("kind", kind, ATTACK, ALONE))

    def let_through(self, asked: Requests) -> tuple[np.ndarray, list[tuple]]:
        """What the design lets through, and what it writes: times, keys and number of keys."""
        allowed.instance("asked", asked, Requests, more=" of `requests`")
        most = asked.pop.max(initial=0), asked.isolate.max(initial=0)
        if most[0] >= self.pops or most[1] >= self.isolates_per_pop:
            allowed.refuse("asked", asked, "what comes to no more PoPs and isolates than here")
        return LIMITERS[self.design].decide(asked, self._attack)

    def _row(self, design: str) -> dict[str, float]:
        return replay.row(design, self._take(replay.Settings, attack=self._attack))

    # -- frames --------------------------------------------------------------------------------

    def designs(self) -> pd.DataFrame:
        """Every design under this attack.

        Returns
        -------
        pandas.DataFrame
            Indexed by design: ``through``, requests let through over those that one exact bucket
            lets through, with its standard error over the runs, ``error``; ``admitted``, the
            requests let through; ``bound``, what the design cannot exceed whatever is asked;
            ``refused_shared`` and ``refused_own``, the share of an innocent user's requests that
            is wrongly refused, with the attacker's key and with one of the user's own (a
            refusal is wrong if the user alone keeps to the limit); ``wait_ms`` and
            ``worst_wait_ms``, what a request that is let through waits for the decision, over the
            PoPs; ``writes_per_s``, and ``writes_refused``, the share of the writes that a store
            would refuse if each count were a key in it.
        """
        rows = [self._row(design) for design in DESIGNS]
        return pd.DataFrame(rows, index=pd.Index(DESIGNS, name="design"))

    @property
    def bound(self) -> float:
        """What the design lets through at most, whatever is asked.

        One exact bucket: b + r t. As many buckets, windows or counters as know nothing, or too
        little, of each other: as many times that. The last writer in a KV of several PoPs has no
        bound: a PoP that has spent its tokens may see them again in another's later write.
        """
        return LIMITERS[self.design].bound(self._attack)

    def leak_map(self) -> pd.DataFrame:
        """What the design lets through, over the attack's rate and the propagation delay.

        Returns
        -------
        pandas.DataFrame
            ``rate_per_s``, ``kv_delay_ms``, ``requests_per_delay`` and ``through`` as in
            `designs`; the rates and delays of `MAP_RATES_PER_S` and `MAP_DELAYS_MS`.
        """
        return leaks(*self.map_settings).copy()

    @property
    def map_settings(self) -> tuple[Attack, str, int]:
        """What `leak_map` depends on: all of an attack but its rate, user and delay."""
        anyone = self._attack._replace(rate_per_s=0.0, user_per_s=0.0, kv_delay_ms=0.0)
        return anyone, self.design, self.seeds

    def by_pops(self) -> pd.DataFrame:
        """What each design lets through, over the number of PoPs that are attacked.

        Returns
        -------
        pandas.DataFrame
            ``design``, ``pops``, ``through`` as in `designs`.
        """
        return replay.by_pops(self._attack, self.seeds)

    def by_delay(self, pops: Sequence[int] = (2, 10, 312)) -> pd.DataFrame:
        """What the design lets through, over the requests that come in per propagation delay.

        Parameters
        ----------
        pops : sequence of int
            PoP counts to compare, each 1 to 500.

        Returns
        -------
        pandas.DataFrame
            ``pops``, ``requests_per_delay``, ``kv_delay_ms``, ``through`` as in `designs`: the
            rate stays, the delay varies.
        """
        known = self.knobs()["pops"]
        counts = allowed.several("pops", pops, allowed.whole, known.low, known.high)
        anyone = self._attack._replace(kv_delay_ms=0.0)
        return replay.by_delay(anyone, self.design, self.seeds, tuple(counts)).copy()

    def faults(
        self, lost: float = 0.1, twice: float = 0.1, late: float = 0.1, runs: int = 3
    ) -> pd.DataFrame:
        """What the designs that send messages remember when messages fail.

        Parameters
        ----------
        lost, twice, late : float
            Shares of the messages that never come, that come twice, and that come late by an
            exponential time with the mean ``kv_rebalancing_s`` of ``data/cricstream.toml``.
        runs : int
            How many runs to average, 1 to 100; each takes up to a second.

        Returns
        -------
        pandas.DataFrame
            Indexed by design: ``through`` as in `designs`; ``acknowledged``, the requests that
            were let through; ``remembered``, the deductions that stand when the attack is over
            and every PoP has heard of every other once more; ``lost``, what of the acknowledged
            is not remembered; ``promise``, what the design says about that.

        Raises
        ------
        TypeError, ValueError
            If a share is none, or `runs` is out of range.
        """
        failing = messages.Faults(lost, twice, late)
        return replay.faults(self._attack, failing, allowed.whole("runs", runs, 1, 100))

    def window_error(self) -> pd.DataFrame:
        """How far two numbers are off the true count of the last window, on requests at random.

        Returns
        -------
        pandas.DataFrame
            Indexed by who counts: ``mean_difference``, between the estimate and the true count
            as a share of the latter, and ``wrong``, the share of requests on which the two
            decide differently. Ours is for requests at half the limit's rate that come to one
            PoP; the published ones stand in ``data/cricstream.toml``.
        """
        return replay.window_error(self._attack, self.seeds)

    @staticmethod
    def window_count(previous: float, current: float, elapsed_s: float, window_s: float) -> float:
        """Requests of the last window, estimated from two numbers.

        Parameters
        ----------
        previous, current : float
            Requests of the window before and of the present one, not negative.
        elapsed_s, window_s : float
            How old the present window is, and how long a window is.

        Raises
        ------
        TypeError, ValueError
            If a number is none or negative, or the window is not longer than it is old.

        Examples
        --------
        >>> import edgelab as el
        >>> el.RateLimit.window_count(previous=42, current=18, elapsed_s=15, window_s=60)
        49.5
        """
        given = {"previous": previous, "current": current, "elapsed_s": elapsed_s}
        given = [float(allowed.number(name, number, 0)) for name, number in given.items()]
        more = f"more than elapsed_s, here {given[-1]:.10g}"
        window_s = allowed.number("window_s", window_s, above=given[-1], allowed=more)
        return float(token_bucket.window_count(*given, float(window_s)))

    def _short(self) -> dict[str, str]:
        return {
            "design": f"“{self.design}”",
            "pops": counted(self.pops, "PoP"),
            "rate_per_s": self.knobs()["rate_per_s"].text(self.rate_per_s),
            "kv_delay_ms": f"{self.knobs()['kv_delay_ms'].text(self.kv_delay_ms)} late",
        }

    def in_words(self) -> str:
        """What the figures mean, in one or two sentences."""
        return _in_words(self._take(_Told), self._row(self.design))

    def runs_in_words(self) -> str:
        """How many runs stand behind the figures, and how sure the chosen design's is."""
        return _runs_in_words(self.seeds, self.pops * self.limit, self._row(self.design))
