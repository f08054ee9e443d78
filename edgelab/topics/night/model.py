"""CricStream: the night of the final, as one object whose knobs can be turned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from edgelab.core import allowed, datasets
from edgelab.core.constants import constant, value
from edgelab.core.knobs import Model, knob
from edgelab.topics.night import outcomes, words
from edgelab.topics.night.outcomes import GROUPS, HEADLINE_PLACES, SATURATED, STEADY, spread
from edgelab.world import request
from edgelab.world.request import EDGE, HOME

__all__ = ["BASELINE", "EDGE", "GROUPS", "HEADLINE_PLACES", "HOME", "CricStream", "spread"]

BASELINE = "the old Mumbai origin"
#: How a distribution can be found.
METHODS = ("closed form", "drawn")


def _from_data(name: str, **about):
    """A knob whose default and source stand in cricstream.toml."""
    entry = constant(name)
    return knob(entry.value, source=entry.source.replace("; ", ", "), **about)


@dataclass(frozen=True, kw_only=True, repr=False)
class CricStream(Model):
    """The night of the final: 28 million viewers, and the way their panel takes to them.

    A request pays its last mile, the round trip to the place where it ends, and the function's
    time there; one that is fetched from the origin also pays the round trip between the PoP and
    Mumbai and the origin's time, its queue included. Writes go home behind the viewer's back:
    they load the origin and nobody waits for them.

    Examples
    --------
    >>> import edgelab as el
    >>> final = el.CricStream(pops=312, kv_delay_ms=250, origin_fetch_ratio=0.002)
    >>> final.replace(pops=40)
    CricStream(pops=40)
    """

    main = ("pops", "kv_delay_ms", "origin_fetch_ratio")

    pops: int = knob(
        312,
        label="PoP count",
        symbol="P",
        unit="PoPs",
        low=1,
        high=500,
        meaning="How many points of presence run the function. They are added in the order in "
        "which they help the world's cities most; from 338 on they are hypothetical.",
        source="the article",
    )
    kv_delay_ms: float = knob(
        250.0,
        label="KV propagation delay",
        symbol="D",
        unit="ms",
        low=10.0,
        high=60_000.0,
        log=True,
        meaning="Median time until a write is seen on another continent. On the same continent "
        "it is a fifth of that, and one write in a hundred takes twice as long or longer.",
        source="the article; Cloudflare documents 60 s or more",
    )
    origin_fetch_ratio: float = knob(
        0.002,
        label="Origin fetch ratio",
        symbol="r",
        unit="share",
        low=0.0,
        high=1.0,
        stops=(
            *(0, 0.001, 0.002, 0.005, 0.008, 0.01, 0.012, 0.02, 0.03, 0.033, 0.04),
            *(0.05, 0.1, 0.2, 0.5, 1.0),
        ),
        meaning="Share of requests that the PoP cannot answer and fetches from Mumbai while "
        "the viewer waits.",
        source="assumption, below which the Bay Area's p99 stays near the article's",
    )
    reads_per_fetch: float = knob(
        1.0,
        label="Reads per fetch",
        symbol="k",
        unit="reads",
        low=0.0,
        high=1e6,
        stops=(0.0, 0.1, 0.2, 0.5, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 10.0, 20.0, 50.0, 100.0, 1e6),
        meaning="How many reads Mumbai gets for each request that waits for it: fewer than one "
        "where several wait for the same fetch, more where a cache also refreshes behind the "
        "viewers' backs.",
        source="one, as without a cache that does either; notebook 5 has such a cache",
    )
    ends_at: str = knob(
        EDGE,
        label="Requests end at",
        symbol="E",
        unit="",
        choices=(EDGE, HOME),
        meaning="Where DNS sends a viewer: to the nearest PoP, or home to Mumbai.",
        source="the article",
    )
    requests_per_viewer_min: float = knob(
        1.0,
        label="Requests per viewer",
        symbol="q",
        unit="a minute",
        low=0.1,
        high=6.0,
        log=True,
        meaning="How often a viewer's app asks for the panel.",
        source="assumption",
    )
    write_share: float = knob(
        0.001,
        label="Share of writes",
        symbol="w",
        unit="share",
        low=0.0,
        high=0.05,
        meaning="Writes per panel request. They flow home and load the origin.",
        source="assumption",
    )
    origin_servers: int = knob(
        32,
        label="Origin servers",
        symbol="c",
        unit="servers",
        low=1,
        high=1_000_000,
        log=True,
        meaning="How many requests the origin works on at once.",
        source="assumption, a fleet that the night leaves barely warm",
    )
    origin_service_ms: float = knob(
        2.0,
        label="Origin service time",
        symbol="s",
        unit="ms",
        low=0.1,
        high=50.0,
        log=True,
        meaning="Mean time that a server works on one request, without waiting.",
        source="assumption",
    )
    function_ms: float = knob(
        1.0,
        label="Function time",
        symbol="f",
        unit="ms",
        low=0.0,
        high=50.0,
        meaning="What the function and its KV read take at the PoP.",
        source="the article's local KV read of about 1 ms",
    )
    last_mile_ms: float = _from_data(
        "last_mile_ms",
        label="Last mile",
        symbol="m",
        unit="ms",
        low=1.0,
        high=100.0,
        log=True,
        meaning="Median round trip between a fibre subscriber and the city's exchange.",
    )
    last_mile_sigma: float = _from_data(
        "last_mile_sigma",
        label="Last-mile spread",
        symbol="g",
        unit="",
        low=0.05,
        high=1.0,
        meaning="Standard deviation of the last mile's natural logarithm (it is lognormal).",
    )
    access_factor: float = _from_data(
        "access_factor",
        label="Access step",
        symbol="b",
        unit="times",
        low=1.0,
        high=2.5,
        meaning="How much longer the last mile gets from fibre (India, Singapore, Dubai) to mixed "
        "(London), and from there to cable (Bay Area).",
    )
    transit_inflation: float = _from_data(
        "transit_inflation",
        label="Transit inflation",
        symbol="i",
        unit="times",
        low=1.0,
        high=2.0,
        meaning="How much longer a viewer's round trip across a border is than the backbone's.",
    )
    chennai_detour: float = _from_data(
        "chennai_detour",
        label="Chennai's detour",
        symbol="h",
        unit="times",
        low=1.0,
        high=4.0,
        meaning="How much longer the round trip between Chennai's viewers and Mumbai is than "
        "the model's.",
    )
    list_refresh_s: float = knob(
        30.0,
        label="List refresh",
        symbol="u",
        unit="s",
        low=1.0,
        high=3600.0,
        log=True,
        meaning="Time between two writes of the list that a viewer's panel shows.",
        source="assumption",
    )
    rebalancing_share: float = knob(
        0.0,
        label="Rebalancing share",
        symbol="z",
        unit="share",
        low=0.0,
        high=0.05,
        meaning="Share of writes that reach a PoP while its keys move to other machines "
        "(rebalancing), a minute late on average.",
        source="the article calls it occasional and gives no share",
    )
    blank_panel_ms: float = knob(
        300.0,
        label="Blank after",
        symbol="B",
        unit="ms",
        low=50.0,
        high=5000.0,
        log=True,
        meaning="A panel that comes later than this is a blank one.",
        source="assumption, just under the 312 ms that the article calls visible",
    )
    seed: int = knob(
        2026,
        label="Seed",
        symbol="n",
        unit="",
        low=0,
        high=2**32 - 1,
        meaning="Chooses the random draws; the same seed gives the same bits.",
        source="the year of the night",
    )

    # -- where the requests go -------------------------------------------------------------

    @property
    def fetched_share(self) -> float:
        """Share of panel requests that reach the origin, 1 if DNS points home."""
        return self.origin_fetch_ratio if self.ends_at == EDGE else 1.0

    @property
    def read_share(self) -> float:
        """Reads that the origin gets per panel request."""
        return self.fetched_share * (self.reads_per_fetch if self.ends_at == EDGE else 1.0)

    @property
    def requests_per_s(self) -> float:
        """Panel requests a second of all viewers."""
        return outcomes.viewers() * self.requests_per_viewer_min / 60

    @property
    def offered_erlang(self) -> float:
        """Load on the origin: busy servers that it takes on average."""
        arrivals = self.requests_per_s * (self.read_share + self.write_share)
        return arrivals * self.origin_service_ms / 1000

    @property
    def saturated(self) -> bool:
        """Whether the origin's queue never empties."""
        return self.offered_erlang >= self.origin_servers

    def idle(self) -> dict[str, str]:
        """The knobs that move nothing as the others stand, and why."""
        if self.ends_at == EDGE:
            return {}
        names = ("pops", "kv_delay_ms", "origin_fetch_ratio", "reads_per_fetch", "function_ms")
        names += ("list_refresh_s", "rebalancing_share")
        return dict.fromkeys(names, "every request goes home to Mumbai")

    def baseline(self) -> CricStream:
        """The old architecture: every request goes to Mumbai, to a fleet sized for that.

        The fleet is as large as keeps it at ``baseline_utilisation`` of
        ``data/cricstream.toml``; every other knob stays as it is.
        """
        home = self.replace(ends_at=HOME)
        servers = int(np.ceil(home.offered_erlang / value("baseline_utilisation")))
        return home.replace(origin_servers=max(servers, 1))

    # -- latency ---------------------------------------------------------------------------

    @property
    def route_settings(self) -> request.Route:
        """What round trips depend on."""
        return self._take(request.Route)

    @property
    def latency_settings(self) -> request.Settings:
        """What the time of a request depends on, and nothing else."""
        route = self.route_settings
        if self.ends_at == EDGE:
            route = route._replace(chennai_detour=1.0)
            return self._take(request.Settings, route=route)
        alike = {"function_ms": 0.0, "origin_fetch_ratio": 1.0}
        return self._take(request.Settings, route=route._replace(pops=1), **alike)

    def histogram(self, method: str = "closed form") -> np.ndarray:
        """Viewers by place and by bin of latency.

        Parameters
        ----------
        method : {"closed form", "drawn"}
            The exact distribution, or one request drawn for every viewer with `seed`.

        Returns
        -------
        ndarray, (places, bins)
            Viewers of each place of `edgelab.data.places` in each bin of the one log-linear
            histogram (0.8 % wide); the last bin holds those who never get an answer.
        """
        return outcomes.counts(self.latency_settings, self._drawn(method))

    def latency(self, method: str = "closed form") -> pd.DataFrame:
        """What the viewers of each place see.

        Parameters
        ----------
        method : {"closed form", "drawn"}
            As for `histogram`.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``place``: every place, then the groups diaspora, India and everyone.
            ``kind`` (place or group), ``group``, ``viewers``, ``p50_ms``, ``p95_ms``,
            ``p99_ms`` (infinite where so many viewers never get an answer, because the origin
            is saturated), ``blank_share`` (later than `blank_panel_ms`) and ``state`` (steady
            or saturated). A quantile on a flat piece of the distribution, such as a p99 where
            exactly 1 % is fetched, may stand at either end of it.
        """
        drawn = self._drawn(method)
        return outcomes.by_place(self.latency_settings, drawn, self.blank_panel_ms).copy()

    def _drawn(self, method: str) -> int | None:
        """The seed to draw with, or None for the closed form."""
        return None if allowed.one_of("method", method, METHODS) == METHODS[0] else self.seed

    @property
    def state(self) -> str:
        """The origin's state: steady, or saturated."""
        return SATURATED if self.saturated else STEADY

    def distribution(self, group: str = "everyone", method: str = "closed form") -> pd.DataFrame:
        """How the latencies of one place or group are spread.

        Parameters
        ----------
        group : str
            A place of `edgelab.data.places`, or diaspora, India or everyone.
        method : {"closed form", "drawn"}
            As for `histogram`.

        Returns
        -------
        pandas.DataFrame
            ``from_ms``, ``to_ms``, ``share`` of the viewers in between, and ``later_share`` of
            those who still wait at ``to_ms``. The bins are sixteenths of an octave, merged
            from the finer ones; those who never get an answer are in no bin.
        """
        names = [*datasets.places()["place"], *GROUPS]
        row = names.index(allowed.one_of("group", group, names))
        return spread(self.latency_settings, self._drawn(method), row)

    # -- stale lists -----------------------------------------------------------------------

    def staleness(self) -> pd.DataFrame:
        """Share of KV reads that still see the old list, by the time since it was written.

        Returns
        -------
        pandas.DataFrame
            ``since_write_ms``, ``stale_share`` of the viewers' reads, ``stale_pops`` (share of
            the PoPs that hold the old list). With DNS pointing home there is no KV to be stale,
            and both are 0.
        """
        return outcomes.staleness(self._take(outcomes.Lists))

    @property
    def stale_viewers(self) -> float:
        """Viewers whose panel, at a random moment, is made from a replaced list; no fetched one."""
        return (1 - self.fetched_share) * outcomes.stale_viewers(self._take(outcomes.Lists))

    # -- the origin ------------------------------------------------------------------------

    def origin_load(self) -> pd.DataFrame:
        """Load on the origin, beside the old architecture's.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``night`` (tonight, the old Mumbai origin): ``reads_per_s``,
            ``writes_per_s``, ``offered_erlang``, ``servers``, ``utilisation`` (offered load
            over servers; 1 or more is saturated), ``wait_share`` (requests that find every
            server busy), ``p99_ms`` of the origin's time (infinite if saturated), ``state``.
        """
        nights = {"tonight": self, BASELINE: self.baseline()}
        rows = [outcomes.origin_load(night._take(outcomes.Origin)) for night in nights.values()]
        return pd.DataFrame(rows, index=pd.Index([*nights], name="night"))

    # -- in short --------------------------------------------------------------------------

    def headline(self) -> dict[str, float]:
        """The night in eleven numbers: p99 by place, blank panels, the origin, stale lists."""
        frame = self.latency()
        row = {f"{name} p99_ms": frame.loc[name, "p99_ms"] for name in HEADLINE_PLACES}
        return row | {
            "blank_share": frame.loc["everyone", "blank_share"],
            "origin utilisation": self.offered_erlang / self.origin_servers,
            "stale viewers": self.stale_viewers,
        }

    def in_words(self) -> str:
        """Two or three sentences that say what the numbers mean."""
        old = self.baseline()
        alike = self.latency_settings == old.latency_settings
        before = None if alike else old.latency()
        return words.in_words(self._take(words.Told), self.latency(), before)

    def drawn_in_words(self) -> str:
        """How well the draw of every viewer agrees with the exact distribution."""
        exact, drawn = (self.latency(method).loc["everyone"] for method in METHODS)
        return words.drawn_in_words(exact, drawn)

    def _table(self) -> pd.DataFrame:
        """A small table for the notebook: this night beside the old Mumbai origin."""
        nights = {BASELINE: self.baseline(), "this night": self}
        return words.table({name: night.headline() for name, night in nights.items()})
