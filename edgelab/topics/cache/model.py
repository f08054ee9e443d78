"""EdgeCache: a cache at every PoP, whose origin fetch ratio is an outcome and no knob."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from edgelab.core import allowed, datasets
from edgelab.core.knobs import Model, knob, shared
from edgelab.core.words import the
from edgelab.topics.cache import closed_form, replay, words
from edgelab.topics.cache.closed_form import CONTINENT, DIRECT, RATIOS
from edgelab.topics.night.model import CricStream

__all__ = ["CONTINENT", "DIRECT", "PLACES", "RATIOS", "EdgeCache"]

PLACES = ("Bay Area", "London", "Singapore", "Dubai", "Mumbai", "Delhi", "Chennai")
#: When the origin goes down in `EdgeCache.outage`, in seconds since the first ball.
DOWN_FROM_S = 300.0
#: More requests than an outage has.
MANY = 10**9
#: Sizes of the store in `EdgeCache.misses`, drawn.
DRAWN_MB = tuple(np.geomspace(2, 256, 8))
#: PoP counts of `EdgeCache.dilution`.
COUNTS = (1, 2, 5, 10, 20, 40, 70, 100, 150, 200, 250, 312, 400, 500)


@dataclass(frozen=True, kw_only=True, repr=False)
class EdgeCache(Model):
    """A cache at every PoP that keeps the panel's lists, in place of the KV of the night.

    A copy younger than `ttl_s` is fresh (RFC 9111, section 4.2); its age counts from when it was
    asked for. Then, and for `stale_while_revalidate_s`, it is served stale, and refreshed behind
    the viewer's back (RFC 5861, section 3). Later, or if there is none, the viewer waits for a
    fetch. What was used longest ago makes room. While Mumbai is down, a copy may be served
    `stale_if_error_s` past its time (RFC 5861, section 4).

    Examples
    --------
    >>> import edgelab as el
    >>> cache = el.EdgeCache(ttl_s=60, stale_while_revalidate_s=0)
    >>> cache.night()  # doctest: +SKIP
    """

    main = ("ttl_s", "stale_while_revalidate_s", "capacity_mb", "ask", "place")

    ttl_s: float = knob(
        300.0,
        label="Time to live",
        symbol="T",
        unit="s",
        low=1.0,
        high=3600.0,
        log=True,
        meaning="How long a copy is fresh, counted from when it was asked for (RFC 9111, 4.2.3).",
        source="assumption, with which Mumbai is barely warm, as the article has it",
    )
    stale_while_revalidate_s: float = knob(
        0.0,
        label="Serve stale for",
        symbol="S",
        unit="s",
        low=0.0,
        high=600.0,
        stops=(0, 1, 2, 3, 5, 8, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 450, 600),
        meaning="How long after its time a copy is still served, while a new one is fetched behind "
        "the viewer's back.",
        source="off, as in HTTP unless a response allows it (RFC 5861)",
    )
    capacity_mb: float = knob(
        256.0,
        label="Store size",
        symbol="B",
        unit="MB",
        low=1.0,
        high=1024.0,
        log=True,
        meaning="Bytes that a PoP keeps of these lists; what was used longest ago makes room.",
        source="assumption, with room for all lists",
    )
    ask: str = knob(
        DIRECT,
        label="A PoP asks",
        symbol="A",
        unit="",
        choices=(DIRECT, CONTINENT),
        meaning="Whom a PoP asks for what it lacks: Mumbai, or the tier of its continent, the PoP "
        "there with the most viewers, which alone asks Mumbai.",
        source="assumption; a continent's tier is what operators call tiered caching",
    )
    place: str = knob(
        "Bay Area",
        label="Seen from",
        symbol="V",
        unit="",
        choices=PLACES,
        meaning="Whose fetch ratio and latency are shown.",
        source="the article's places",
    )
    pops: int = shared(
        CricStream,
        "pops",
        meaning="How many points of presence there are; the more, the fewer requests each sees.",
    )
    requests_per_viewer_min: float = shared(
        CricStream,
        "requests_per_viewer_min",
        meaning="How often a viewer's app asks for a list, on average over the match.",
        source="assumption, as in the night",
        low=0.01,
    )
    surge: float = knob(
        4.0,
        label="Surge",
        symbol="g",
        unit="times",
        low=1.0,
        high=20.0,
        log=True,
        meaning="How many times as often viewers ask right after an over or a wicket as while a "
        "ball is bowled.",
        source="assumption",
    )
    objects: int = knob(
        10_000,
        label="Different lists",
        symbol="N",
        unit="lists",
        low=100,
        high=200_000,
        log=True,
        meaning="How many different lists there are, one for each taste and language.",
        source="assumption",
    )
    zipf_exponent: float = knob(
        0.9,
        label="Zipf exponent",
        symbol="a",
        unit="",
        low=0.0,
        high=1.5,
        meaning="How uneven the lists' popularity is: the list of rank k is asked for in "
        "proportion to 1 / k to this power.",
        source="assumption; Breslau et al., INFOCOM 1999, found Zipf-like requests at web proxies, "
        "with an exponent that varies from trace to trace",
    )
    object_kb: float = knob(
        20.0,
        label="Mean size",
        symbol="b",
        unit="kB",
        low=1.0,
        high=500.0,
        log=True,
        meaning="Mean size of a list; sizes are lognormal.",
        source="assumption",
    )
    admit_up_to_kb: float = knob(
        1e6,
        label="Admit up to",
        symbol="x",
        unit="kB",
        low=1.0,
        high=1e6,
        log=True,
        meaning="Larger objects are not kept. At the top every object is admitted.",
        source="off",
    )
    coalescing: str = knob(
        "on",
        label="Coalescing",
        symbol="o",
        unit="",
        choices=("on", "off"),
        meaning="Whether requests for a list that is on its way wait for that one, or each fetch "
        "it too.",
        source="on, as RFC 9111 (section 4) allows",
    )
    stale_if_error_s: float = knob(
        0.0,
        label="Stale if error",
        symbol="F",
        unit="s",
        low=0.0,
        high=3600.0,
        stops=(0, 10, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 2400, 3600),
        meaning="How long after its time a copy may be served when its fetch fails; seen in "
        "the plot of an outage.",
        source="off, as in HTTP unless a response allows it (RFC 5861)",
    )
    origin_servers: int = shared(
        CricStream,
        "origin_servers",
        meaning="How many requests Mumbai works on at once.",
        source="assumption, as in the night",
    )
    origin_service_ms: float = shared(
        CricStream, "origin_service_ms", source="assumption, as in the night"
    )
    seed: int = shared(
        CricStream,
        "seed",
        meaning="Chooses the balls at which wickets fall, the sizes and the requests that are "
        "drawn; the same seed gives the same bits.",
    )

    def _short(self) -> dict[str, str]:
        more_s = self.stale_while_revalidate_s
        return {
            "place": f"seen from {the(self.place)}",
            "ttl_s": f"fresh for {self.ttl_s:,.4g} s",
            "stale_while_revalidate_s": f"stale for {more_s:,.4g} s more" if more_s else "",
            "capacity_mb": f"{self.capacity_mb:,.4g} MB",
            "ask": f"asks its {self.ask}" if self.ask == CONTINENT else "",
        }

    # -- shares ----------------------------------------------------------------------------

    @property
    def share_settings(self) -> closed_form.Settings:
        """What becomes of the requests depends on this, and on nothing else."""
        return self._take(closed_form.Settings)

    @property
    def busiest(self) -> int:
        """The PoP, a row of the audience, that serves most of the place's viewers."""
        return int(np.argmax(closed_form.serves(self.pops, self.place)))

    def shares(self, everyone: bool = False) -> dict[str, float]:
        """What becomes of the requests of the whole match, from the place or from everyone.

        Returns
        -------
        dict
            ``fresh``, ``stale``, ``near`` (waits for the tier) and ``fetched`` (waits for Mumbai),
            which add up to 1; ``asked``, how often Mumbai is asked per request, and ``behind``,
            how often of that nobody waits.
        """
        everyone = allowed.flag("everyone", everyone)
        return closed_form.over_match(self.share_settings, None if everyone else self.place)

    @property
    def fetch_ratio(self) -> float:
        """Share of the place's requests that wait for Mumbai: the night's origin fetch ratio."""
        return self.shares()["fetched"]

    def night(self) -> CricStream:
        """The night of notebook 1 with this cache, as viewers at `place` see it.

        Its origin fetch ratio is theirs, and the reads that Mumbai gets are everyone's. Requests
        that wait for a tier are not among them.
        """
        asked = self.shares(everyone=True)["asked"]
        ratio = min(max(self.fetch_ratio, asked / 1e6), 1.0)
        alike = ("pops", "requests_per_viewer_min", "origin_servers", "origin_service_ms")
        given = {name: getattr(self, name) for name in alike}
        given["requests_per_viewer_min"] = max(self.requests_per_viewer_min, 0.1)
        # Below what the night's knob allows, its origin still gets this cache's load.
        thinner = self.requests_per_viewer_min / given["requests_per_viewer_min"]
        # Five digits are more than enough to read.
        share, reads = (float(f"{x:.5g}") for x in (ratio, asked * thinner / ratio))
        return CricStream(**given, origin_fetch_ratio=share, reads_per_fetch=reads)

    def by_pop(self) -> pd.DataFrame:
        """Shares at every PoP that anyone uses, over the whole match.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``pop``, its city: ``continent``, ``viewers``, ``requests_per_s``, the
            columns of `shares`, and ``asked_per_s``, from the most viewers to the fewest.
        """
        return closed_form.by_pop(self.share_settings)

    def by_popularity(self) -> pd.DataFrame:
        """Shares by the rank of the list, at the place's busiest PoP and its mean rate.

        Returns
        -------
        pandas.DataFrame
            ``rank``, ``requests_per_s`` for that list, ``fresh``, ``stale`` and ``waited``, which
            add up to 1. What is too large to be admitted is left out.
        """
        return closed_form.by_popularity(self.share_settings, self.busiest)

    def through_match(self) -> pd.DataFrame:
        """The fetch ratio as it follows the match, as if every rate had lasted for long.

        Returns
        -------
        pandas.DataFrame
            A row for each 10 s: ``minute`` since the first ball; ``requests_per_s`` of the place's
            viewers; ``fetched``, their share that waits for Mumbai; ``asked_per_s``, reads that
            Mumbai gets from everyone; ``utilisation`` of its servers by these.
        """
        return closed_form.through_match(self.share_settings, self.place, self.origin_servers)

    # -- the cliff -------------------------------------------------------------------------

    def cliff(self) -> pd.DataFrame:
        """What the place would see at other fetch ratios, with Mumbai as busy as it is.

        Returns
        -------
        pandas.DataFrame
            ``fetch_ratio``, ``p50_ms`` and ``p99_ms``, infinite where so many never get an answer,
            and ``now``, true in the one row of the present ratio.
        """
        return closed_form.cliff(self.night().latency_settings, self.place, self.shares())

    @property
    def life_settings(self) -> closed_form.Settings:
        """All that the shares depend on but the time to live."""
        return self.share_settings._replace(ttl_s=0.0)

    @property
    def origin_reads_per_s(self) -> float:
        """Reads that Mumbai can answer a second, beside its writes: more never end."""
        night = self.night()
        idle = night.origin_servers - night.offered_erlang
        most = 1000 * idle / night.origin_service_ms + self.headline()["asked_per_s"]
        return max(most, 0.0)

    def latency(self) -> pd.Series:
        """What viewers at the place see: ``p50_ms`` and ``p99_ms``."""
        got = self.shares()
        waits = [got["fetched"]], [got["near"]]
        p50, p99 = closed_form.quantiles(self.night().latency_settings, self.place, *waits)[0]
        return pd.Series({"p50_ms": p50, "p99_ms": p99}, name=self.place)

    # -- size and number of the stores -----------------------------------------------------

    def misses(self, method: str = "closed form") -> pd.DataFrame:
        """Requests that a plain LRU store misses, by its size: no copy ever grows stale here.

        Parameters
        ----------
        method : {"closed form", "drawn"}
            Che's approximation, or 400,000 requests replayed for each of eight sizes.

        Returns
        -------
        pandas.DataFrame
            ``capacity_mb``, ``miss_share`` and ``now``, true in the one row of the present size.
        """
        method = allowed.one_of("method", method, ("closed form", "drawn"))
        about = self.objects, self.zipf_exponent, self.object_kb
        if method == "closed form":
            return closed_form.misses(*about, self.capacity_mb)
        drawn = replay.misses(*about, self.seed, DRAWN_MB)
        return pd.DataFrame({"capacity_mb": DRAWN_MB, "miss_share": drawn, "now": False})

    def dilution(self) -> pd.DataFrame:
        """Reads that Mumbai gets per request, for more and more PoPs.

        Returns
        -------
        pandas.DataFrame
            ``pops``; ``in_use``, PoPs that anyone uses; ``direct``, how often Mumbai is asked per
            request if every PoP asks it; ``tier``, if only the continents' tiers do.
        """
        rows = []
        for pops in COUNTS:
            each = [self.replace(pops=pops, ask=ask) for ask in (DIRECT, CONTINENT)]
            asked = [one.shares(everyone=True)["asked"] for one in each]
            rows.append((pops, len(closed_form.audience(pops).pop), *asked))
        return pd.DataFrame(rows, columns=["pops", "in_use", "direct", "tier"])

    # -- requests one by one ---------------------------------------------------------------

    def _drawn(self, **given) -> replay.Trace:
        return replay.trace(self.share_settings, self.busiest, **given)

    def drawn_through_match(self) -> pd.DataFrame:
        """The first eight million requests at the place's busiest PoP, drawn and served one by one.

        Returns
        -------
        pandas.DataFrame
            A row for each 10 s: ``minute``, its middle, since the first ball; ``requests``;
            ``fetched``, the share that waits for Mumbai. Without a tier, whatever `ask` says.
        """
        return replay.through_match(self._drawn(requests=2 * replay.REQUESTS))

    def drawn_by_popularity(self) -> pd.DataFrame:
        """Four million requests there at the mean rate, by the rank of the list.

        Returns
        -------
        pandas.DataFrame
            ``rank``, the middle of a group of ranks; ``requests``; the shares ``fresh``, ``stale``
            and ``waited``, as in `by_popularity`, though what is not admitted is among them.
        """
        return replay.by_popularity(self.replace(surge=1.0)._drawn())

    def outage(self, minutes: float = 5.0) -> pd.DataFrame:
        """What viewers get while Mumbai is down, drawn and served one by one.

        Parameters
        ----------
        minutes : float
            How long it is down, from five minutes after the first ball on; 0.1 to 30.

        Returns
        -------
        pandas.DataFrame
            A row for each 10 s, at the place's busiest PoP: ``minute`` and the shares of the
            requests that are ``fresh``, ``stale``, ``waited``, answered by a stale copy
            ``instead`` of an error, and ``failed``.
        """
        until = DOWN_FROM_S + 60 * float(allowed.number("minutes", minutes, 0.1, 30))
        drawn = self._drawn(
            requests=MANY,
            until_s=until + 120,
            down_s=(DOWN_FROM_S, until),
            stale_if_error_s=self.stale_if_error_s,
        )
        return replay.outcomes(drawn)

    # -- in short --------------------------------------------------------------------------

    def headline(self) -> dict[str, float]:
        """The cache in eight numbers: shares and latency at the place, and Mumbai's load."""
        got, seen, night = self.shares(), self.latency(), self.night()
        busy = night.offered_erlang / night.origin_servers
        named = {f"{name} share": got[name] for name in ("fresh", "stale", "near", "fetched")}
        asked_per_s = night.requests_per_s * night.read_share
        return named | seen.to_dict() | {"asked_per_s": asked_per_s, "origin utilisation": busy}

    def in_words(self) -> str:
        """Two or three sentences that say what the numbers mean."""
        return words.in_words(self._take(words.Told), self.headline(), self.origin_reads_per_s)

    def drawn_in_words(self) -> str:
        """How well the requests that were drawn agree with the closed form."""
        drawn, curve = self.drawn_through_match(), self.through_match()
        return words.drawn_in_words(drawn, curve, self.busiest_city(), self.fetch_ratio)

    def busiest_city(self) -> str:
        """City of the PoP that serves most of the place's viewers."""
        row = closed_form.audience(self.pops).pop[self.busiest]
        return str(datasets.pops().loc[row, "city"])

    def _table(self) -> pd.DataFrame:
        """A small table for the notebook."""
        row = self.headline()
        told = {name: words.cell(name, number) for name, number in row.items()}
        return pd.DataFrame({self.place: told})
