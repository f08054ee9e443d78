"""A design of the night, made of the models of pages 1 to 10, and of one to four regions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from edgelab.core import allowed
from edgelab.core.knobs import Model, knob, shared
from edgelab.core.table import Table
from edgelab.core.words import counted
from edgelab.topics.cache.model import EdgeCache
from edgelab.topics.design import designs, goals, night
from edgelab.topics.design.goals import CHEAP, GOALS
from edgelab.topics.design.night import EVENTS, MINUTES, Minute, Served
from edgelab.topics.design.regions import (
    CONVERGE,
    HOME_REGION,
    INDIA,
    LAST_WRITER,
    PLACES,
    QUORUM,
    REGIONS,
    WORLD,
    Agreement,
    Roads,
    agree,
    ways,
)
from edgelab.topics.durable_object.model import DurableObject
from edgelab.topics.endpoints.model import Endpoint
from edgelab.topics.endpoints.ways import AT_HOME, CACHE, KV, NEAR, SPLIT, WAYS
from edgelab.topics.kv.model import EdgeKV
from edgelab.topics.night.model import CricStream
from edgelab.topics.observability.model import Fleet
from edgelab.topics.pops.model import Placement
from edgelab.topics.rate_limit.model import RateLimit
from edgelab.topics.runtimes.model import WarmPool

__all__ = ["Design"]

#: Knobs that run an endpoint of page 9's twelve.
ENDPOINTS = {
    "score_runs": "live scoreboard", "cart_runs": "cart", "login_runs": "login",
    "search_runs": "search", "history_runs": "transaction history",
}  # fmt: skip
#: Knobs that place an event.
PLACED = {
    "wicket_at": "wicket", "pop_lost_at": "PoP lost", "rebalancing_at": "rebalancing",
    "attack_at": "attack", "bad_release_at": "bad release", "region_lost_at": "region lost",
}  # fmt: skip


def _runs(endpoint: str, way: str) -> Any:
    """A knob that says how one of page 9's endpoints is run."""
    return knob(
        way, label=endpoint.capitalize(), symbol="", unit="", choices=WAYS,
        meaning=f"How the endpoint “{endpoint}” of page 9 is run.",
        source="page 9's verdict at the article's edge",
    )  # fmt: skip


def _at(event: str, minute: int) -> Any:
    """A knob that places one event of the night."""
    return knob(
        minute, label=f"{event[:1].upper()}{event[1:]} at", symbol="", unit="min", low=0,
        high=MINUTES - 1, meaning=f"From which minute on there is: {event}. It lasts "
        f"{EVENTS[event]} min; 0 is not at all.",
        source="assumption",
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, repr=False)
class Design(Model):
    """How the final is served: where each thing runs, which regions stand behind, who watches.

    It builds the models of pages 1 to 10 from its knobs and asks them; its own are the regions and
    the prices. Viewers reach the nearest living PoP.

    Examples
    --------
    >>> import edgelab as el
    >>> mine = el.Design(regions=4, rule="2 windows, each")
    >>> bool(mine.report().loc["a dead PoP is seen, min", "met"])
    True
    """

    main = (
        *("pops", "order", "panel", "ttl_s", "kv_delay_ms", "limiter"),
        *("object_home", "regions", "regions_at", "converge", "rule"),
    )

    pops: int = shared(CricStream, "pops")
    order: str = shared(Placement, "order", choices=Placement.knobs()["order"].choices[:3])
    primitive: str = shared(WarmPool, "primitive")
    panel: str = knob(
        KV, label="Up Next panel", symbol="", unit="", choices=(AT_HOME, SPLIT, CACHE, KV),
        meaning="How the panel is answered.", source="the article",
    )  # fmt: skip
    ttl_s: float = shared(EdgeCache, "ttl_s", meaning="How long a copy in the cache is fresh.")
    kv_delay_ms: float = shared(Endpoint, "kv_delay_ms")
    limiter: str = shared(RateLimit, "design")
    object_home: str = shared(DurableObject, "home", label="Score's home")
    regions: int = knob(
        1, label="Active regions", symbol="A", unit="regions", low=1, high=4,
        meaning="How many regions answer fetches and take writes. Each fetch goes to the nearest "
        "living one.",
        source="the article's one origin",
    )  # fmt: skip
    regions_at: str = knob(
        WORLD, label="Regions in", symbol="", unit="", choices=(WORLD, INDIA),
        meaning=f"In this order: {', '.join(REGIONS[WORLD])}; or {', '.join(REGIONS[INDIA])}.",
        source="assumption, where the viewers are",
    )  # fmt: skip
    converge: str = knob(
        HOME_REGION, label="Agree by", symbol="", unit="", choices=CONVERGE,
        meaning="Writes go to the first region; or each region takes them and the last writer "
        "wins, or they are merged (CRDT), or a majority must have them.",
        source="the article's list, and quorums of page 6",
    )  # fmt: skip
    rule: str = shared(Fleet, "rule")
    origin_fetch_ratio: float = shared(CricStream, "origin_fetch_ratio")
    stale_while_revalidate_s: float = shared(EdgeCache, "stale_while_revalidate_s")
    copies: str = shared(EdgeKV, "copies")
    origin_servers: int = shared(CricStream, "origin_servers", label="Servers in a region")
    batch_s: float = shared(
        DurableObject, "batch_s", label="Regions copy every",
        meaning="How often copies of writes leave a region. The bill has no line for it.",
    )  # fmt: skip
    hot_writes_per_s: float = shared(
        EdgeKV, "writes_per_s",
        meaning="Writes to the key that is written most, from all viewers together.",
    )  # fmt: skip
    write_share: float = shared(CricStream, "write_share")
    requests_per_viewer_min: float = shared(CricStream, "requests_per_viewer_min")
    followers: int = shared(DurableObject, "followers")
    acknowledge: str = shared(DurableObject, "acknowledge", label="Score answers")
    score_runs: str = _runs("live scoreboard", KV)
    cart_runs: str = _runs("cart", KV)
    login_runs: str = _runs("login", NEAR)
    search_runs: str = _runs("search", SPLIT)
    history_runs: str = _runs("transaction history", AT_HOME)
    burn: float = shared(Fleet, "burn")
    sampled: float = shared(Fleet, "sampled")
    version_share: float = shared(
        Fleet, "version_share",
        meaning="Share of each PoP's requests that a new version gets; all if it runs at home.",
    )  # fmt: skip
    bots: int = knob(
        1000, label="Attackers", symbol="", unit="bots", low=0, high=100_000, log=True,
        stops=(0, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000),
        meaning="Addresses of an attack, each as page 7's attacker; what the limiter lets through "
        "are writes.",
        source="assumption",
    )  # fmt: skip
    wicket_at: int = _at("wicket", 30)
    pop_lost_at: int = _at("PoP lost", 55)
    rebalancing_at: int = _at("rebalancing", 125)
    attack_at: int = _at("attack", 145)
    bad_release_at: int = _at("bad release", 170)
    region_lost_at: int = _at("region lost", 205)

    # -- designs by name ---------------------------------------------------------------------------

    @classmethod
    def three_legs(cls) -> Design:
        """The article's last idea: the edge, active regions, and writes that merge."""
        return cls(regions=4, converge="CRDT", rule="2 windows, each", limiter="grow-only counters")

    def baseline(self) -> Design:
        """The old Mumbai origin, at this design's requests, its fleet sized as on page 1."""
        alike = ("requests_per_viewer_min", "write_share", "hot_writes_per_s", "bots", *PLACED)
        kept = {name: getattr(self, name) for name in alike}
        servers = self._match.baseline().origin_servers
        home = dict.fromkeys(("panel", *ENDPOINTS), AT_HOME)
        return type(self)(pops=1, origin_servers=servers, **home, **kept)

    @property
    def _match(self) -> CricStream:
        """Page 1's night with as many requests and writes."""
        names = "requests_per_viewer_min", "write_share"
        return CricStream(**{name: getattr(self, name) for name in names})

    # -- what it is made of ------------------------------------------------------------------------

    @property
    def cities(self) -> dict[str, str]:
        """Its regions, the home of all keys first, with the codes of their PoPs."""
        return dict(list(REGIONS[self.regions_at].items())[: self.regions])

    @property
    def endpoints(self) -> dict[str, str]:
        """How each of five endpoints of page 9 is run; the panel is the sixth."""
        return {name: getattr(self, knob) for knob, name in ENDPOINTS.items()}

    @cached_property
    def _agreement(self) -> Agreement:
        """How its regions agree on writes, and what that costs."""
        share = ways(self._quiet.roads._replace(majority_of=0)).share
        codes = tuple(self.cities.values())
        return agree(codes, share, self.converge, self.hot_writes_per_s, self.batch_s)

    @cached_property
    def _quiet(self) -> Minute:
        """A minute without events."""
        at_pop = self.panel != AT_HOME
        roads = Roads(
            at_pop, self.pops if at_pop else 1, self.order, (), tuple(self.cities.values()),
            self.regions if self.converge == QUORUM and self.regions > 1 else 0,
        )  # fmt: skip
        match = self._match
        start, call = goals.in_pool(self.primitive, self.pops) if at_pop else ((), 0.0)
        fetched, asked = self._fetched
        return Minute(
            roads=roads, work_ms=call + match.function_ms * at_pop, start=start, fetched=fetched,
            asked=asked, requests_per_s=match.requests_per_s, write_share=self.write_share,
            attack_per_s=0.0, servers=self.origin_servers, service_ms=match.origin_service_ms,
            blank_ms=match.blank_panel_ms,
        )  # fmt: skip

    @property
    def _fetched(self) -> tuple[tuple[float, ...], float]:
        """Share of the requests that are fetched, by place and of everyone; reads for each."""
        if self.panel == CACHE:
            about = ("pops", "ttl_s", "stale_while_revalidate_s", "requests_per_viewer_min")
            return goals.cache_shares(tuple((name, getattr(self, name)) for name in about))
        ratio = self.origin_fetch_ratio if self.panel == KV else 1.0
        return (ratio,) * (len(PLACES) + 1), ratio

    @cached_property
    def _seen(self) -> Served:
        """What comes of a minute without events."""
        return night.served(self._quiet)

    def stale_s(self, rebalancing: bool = False) -> float:
        """Time until 99 of 100 viewers see a new list.

        Parameters
        ----------
        rebalancing : bool
            Whether as many writes as page 6 allows reach a PoP while it is rebalanced.
        """
        rebalancing = allowed.flag("rebalancing", rebalancing)
        if self.panel == KV:
            return goals.seen_s(self.pops, self.order, self.kv_delay_ms, self.copies, rebalancing)
        kept = self.ttl_s + self.stale_while_revalidate_s if self.panel == CACHE else 0.0
        return kept + self._agreement.copy_s

    # -- what is asked of it -----------------------------------------------------------------------

    def values(self, names: Sequence[str] = CHEAP) -> dict[str, float]:
        """What some goals come to.

        Parameters
        ----------
        names : sequence of str
            Rows of `report`; by default those that need no draws.
        """
        given = allowed.several("names", names, allowed.one_of, [*GOALS])
        return {name: float(GOALS[name].ask(self)) for name in given}

    def report(self) -> Table:
        """Every goal, whether it is met, and which model said so.

        Returns
        -------
        Table
            A frame, indexed by ``goal``: ``value``, ``target`` (at most), ``met`` and ``model``.
        """
        return Table(goals.report(self))

    def compare(self, other: Design | None = None) -> Table:
        """Every goal beside another design's, by default the old Mumbai origin's.

        Parameters
        ----------
        other : Design, optional
            What to compare with.

        Returns
        -------
        Table
            A pandas frame, indexed by ``goal``: ``before``, ``now``, ``target``, and ``saved``,
            the share of ``before`` that is gone (below 0 if it grew, NaN if it was 0).
        """
        other = allowed.instance("other", other, Design, True) or self.baseline()
        return Table(goals.compare(other, self))

    def costs(self) -> Table:
        """What the night costs, by what it is for.

        Returns
        -------
        Table
            A pandas frame, indexed by ``item``: ``usd``, and whether a price in it is ``assumed``.
        """
        return Table(goals.bill(self))

    @property
    def events(self) -> tuple[night.Event, ...]:
        """The events that its knobs place, in order of time."""
        at = {kind: getattr(self, name) for name, kind in PLACED.items()}
        some = [night.Event(kind, minute, EVENTS[kind]) for kind, minute in at.items() if minute]
        return tuple(sorted(some, key=lambda event: event.minute))

    def night(self, events: Sequence | None = None) -> pd.DataFrame:
        """The four hours, minute by minute.

        When the alert rule fires, a dead PoP's viewers go to the next one, and a bad release is
        taken back. A lost region comes back by itself, with its data.

        Parameters
        ----------
        events : sequence of (kind, minute) or (kind, minute, minutes), optional
            What happens; the kinds are wicket, PoP lost, rebalancing, attack, bad release and
            region lost. By default those that the knobs place.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``minute``: ``p99_ms`` at the place that is worst off (infinite where more
            than one request in a hundred gets no answer), ``worst_place``, ``stale_s`` (after so
            long 99 of 100 viewers see a new list), ``origin_busy`` (load of the busiest region over
            its servers), ``errors`` (share of the requests without a right answer), ``alert``
            (whether the rule has seen an event that goes on), ``events``, and ``... p99_ms`` of
            every place.
        """
        return night.night(self, self.events if events is None else night.placed(events))

    def sunk_by(self) -> pd.DataFrame:
        """What each kind of event does to it when it comes alone.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``event``: the worst ``p99_ms``, ``stale_s``, ``origin_busy``, ``errors`` of
            any minute, ``lost_requests``, how many got no right answer, ``alert_min``, minutes
            until the rule fires, and ``sunk``: whether for more than two minutes errors were above
            page 10's budget, lists older than their goal, or the busiest region overloaded.
        """
        return night.sunk_by(self)

    def search(
        self, names: Sequence[str] = designs.NAMES, count: int = 512, seed: int = 2026
    ) -> Table:
        """Other designs near which no other is better: a Sobol sequence, then mutated best ones.

        Parameters
        ----------
        names : sequence of str
            Goals to make small, of those that need no draws.
        count, seed : int
            Designs to try, 8 to 100,000; the same seed gives the same ones.

        Returns
        -------
        Table
            As `front` gives it, over all that were tried and this one.
        """
        names = allowed.several("names", names, allowed.one_of, CHEAP)
        count = allowed.whole("count", count, 8, 100_000)
        seed = allowed.whole("seed", seed, 0, 2**32 - 1)
        return designs.frame([self, *designs.search(self, names, count, seed)], names)

    def slides(self) -> list:
        """The figures of its defence, for `edgelab.export`: goals, night, trade-offs, bill."""
        # By name, since models know no pictures.
        plots = import_module(f"{__package__}.plots")
        return [getattr(plots, name)(self) for name in plots.DEFENCE]

    # -- files -------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike) -> Path:
        """Write the design to a small file of text that can be read, and mended, by hand.

        Parameters
        ----------
        path : str or path
            Such as ``mine.toml``. A file that is there is left as it is.

        Raises
        ------
        TypeError, ValueError
            If `path` is no name of a file, or there is one of this name.
        OSError
            If it cannot be written.
        """
        return designs.write(path, {name: getattr(self, name) for name in self.knobs()})

    @classmethod
    def load(cls, path: str | os.PathLike) -> Design:
        """Read a design that `save` wrote; nothing in the file is executed.

        Parameters
        ----------
        path : str or path

        Raises
        ------
        TypeError, ValueError
            If there is no such file, it is no design, a newer edgelab wrote it, or a knob in it is
            unknown or out of range.
        """
        return cls(**designs.read(path))

    # -- in words ----------------------------------------------------------------------------------

    def idle(self) -> dict[str, str]:
        """The knobs that move nothing as the others stand, and why."""
        out = {}
        if self.panel != CACHE:
            out = dict.fromkeys(("ttl_s", "stale_while_revalidate_s"), "the panel uses no cache")
        if self.panel != KV:
            out["origin_fetch_ratio"] = "the panel uses no KV"
        if self.panel == AT_HOME:
            out |= dict.fromkeys(("order", "version_share"), "the panel uses no PoP")
        if self.regions == 1 or self.converge != LAST_WRITER:
            out["hot_writes_per_s"] = "no write is overwritten"
        if self.regions == 1:
            out |= dict.fromkeys(("converge", "batch_s", "regions_at"), "there is one region")
        elif self.converge == QUORUM:
            out["batch_s"] = "a quorum waits for no batch"
        return out

    def _short(self) -> dict[str, str]:
        at = ", ".join(f"{event.kind} at {event.minute}" for event in self.events)
        return {
            **dict.fromkeys(PLACED, ""),
            "wicket_at": at or "no event",
            "panel": f"panel {self.panel}",
            "limiter": f"limiter “{self.limiter}”",
            "object_home": f"score in {self.object_home}",
            "regions": f"{counted(self.regions, 'region')}: {', '.join(self.cities)}",
            "regions_at": "",
            "rule": f"rule “{self.rule}”",
        }

    def in_words(self) -> str:
        """What a minute without an event is like, and what the night costs, in a sentence."""
        return goals.in_words(self)

    def _table(self) -> pd.DataFrame:
        return self.report()
