"""EdgeCache: a cache at every PoP, whose origin fetch ratio is an outcome and no knob."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from edgelab.core import allowed, datasets
from edgelab.core.knobs import Model, knob, shared
from edgelab.core.words import counted, percent
from edgelab.kernels import cycles, edge_cache, histogram
from edgelab.topics.cache import closed_form, match, replay
from edgelab.topics.cache.closed_form import COLUMNS, CONTINENT, DIRECT
from edgelab.topics.night.model import CricStream
from edgelab.world import che, geo, request

__all__ = ["CONTINENT", "DIRECT", "PLACES", "RATIOS", "EdgeCache"]

PLACES = ("Bay Area", "London", "Singapore", "Dubai", "Mumbai", "Delhi", "Chennai")
#: Fetch ratios of `EdgeCache.cliff`.
RATIOS = np.append(np.geomspace(1e-4, 1, 81), np.linspace(0.008, 0.013, 21))
#: When the origin goes down in `EdgeCache.outage`, in seconds since the first ball.
DOWN_FROM_S = 300.0
#: More requests than an outage has.
MANY = 10**9
#: Sizes of the store in `EdgeCache.misses`: so many as a curve, so few by simulation.
CURVE_MB, DRAWN_MB = np.geomspace(1, 1024, 60), tuple(np.geomspace(2, 256, 8))
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
        meaning="How long after its time a copy may be served when its fetch fails.",
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
        return {
            "place": f"seen from {self.place}",
            "ttl_s": f"fresh for {self.ttl_s:,.4g} s",
            "stale_while_revalidate_s": f"stale for {self.stale_while_revalidate_s:,.4g} s more",
            "capacity_mb": f"{self.capacity_mb:,.4g} MB",
            "ask": f"asks {self.ask}",
        }

    # -- shares ----------------------------------------------------------------------------

    @property
    def share_settings(self) -> closed_form.Settings:
        """What becomes of the requests depends on this, and on nothing else."""
        return self._take(closed_form.Settings)

    @property
    def _serves(self) -> np.ndarray:
        """Share of the place's requests that each PoP of the audience gets."""
        at = list(datasets.places()["place"]).index(self.place)
        return closed_form.audience(self.pops).serves[at]

    @property
    def busiest(self) -> int:
        """The PoP, a row of the audience, that serves most of the place's viewers."""
        return int(np.argmax(self._serves))

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
        viewers = closed_form.audience(self.pops).viewers
        over_pops = viewers / viewers.sum() if everyone else self._serves
        mean = np.einsum(
            "p,l,plc->c",
            over_pops,
            closed_form.levels(self.share_settings)[1],
            closed_form.by_rate(self.share_settings),
        )
        return dict(zip(COLUMNS, mean.clip(0, 1).tolist(), strict=True))

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
        who = closed_form.audience(self.pops)
        table = datasets.pops().loc[who.pop]
        mean = np.einsum(
            "l,plc->pc",
            closed_form.levels(self.share_settings)[1],
            closed_form.by_rate(self.share_settings),
        )
        mean = mean.clip(0, 1)
        frame = pd.DataFrame(
            {
                "pop": table["city"].to_numpy(),
                "continent": table["continent"].to_numpy(),
                "viewers": who.viewers.round().astype(np.int64),
                "requests_per_s": who.viewers * self.requests_per_viewer_min / 60,
            }
            | dict(zip(COLUMNS, mean.T, strict=True))
        )
        frame["asked_per_s"] = frame["asked"] * frame["requests_per_s"]
        return frame.sort_values("viewers", ascending=False, kind="stable").set_index("pop")

    def by_popularity(self) -> pd.DataFrame:
        """Shares by the rank of the list, at the place's busiest PoP and its mean rate.

        Returns
        -------
        pandas.DataFrame
            ``rank``, ``requests_per_s`` for that list, ``fresh``, ``stale`` and ``waited``, which
            add up to 1. What is too large to be admitted is left out.
        """
        who, kept = closed_form.audience(self.pops), closed_form.store(self.share_settings)
        pop = self.busiest
        total = who.viewers[pop] * self.requests_per_viewer_min / 60
        rank = np.unique(np.geomspace(1, self.objects, 80).round())
        share = rank**-self.zipf_exponent * kept.share[0]
        fetch_s = (who.origin_ms[pop] + self.origin_service_ms) / 1000
        life = self.ttl_s, self.stale_while_revalidate_s
        rows = [
            cycles.object_shares(r, *life, kept.memory / total, fetch_s, self.coalescing == "on")
            for r in total * share
        ]
        fresh, stale, waited, _, _ = np.array(rows).T
        return pd.DataFrame(
            {"rank": rank.astype(int), "requests_per_s": total * share, "fresh": fresh}
            | {"stale": stale, "waited": waited}
        )

    def through_match(self) -> pd.DataFrame:
        """The fetch ratio as it follows the match, as if every rate had lasted for long.

        Returns
        -------
        pandas.DataFrame
            A row for each 10 s: ``minute`` since the first ball; ``requests_per_s`` of the place's
            viewers; ``fetched``, their share that waits for Mumbai; ``asked_per_s``, reads that
            Mumbai gets from everyone; ``utilisation`` of its servers by these.
        """
        who, by_rate = closed_form.audience(self.pops), closed_form.by_rate(self.share_settings)
        since_s, times = match.demand(self.surge, self.seed)
        at, _ = closed_form.levels(self.share_settings)
        fetched = self._serves @ by_rate[..., COLUMNS.index("fetched")]
        total = who.viewers * self.requests_per_viewer_min / 60
        asked = np.interp(times, at, total @ by_rate[..., COLUMNS.index("asked")]) * times
        viewers = datasets.places().set_index("place").loc[self.place, "viewers"]
        return pd.DataFrame(
            {
                "minute": since_s / 60,
                "requests_per_s": viewers * self.requests_per_viewer_min / 60 * times,
                "fetched": np.interp(times, at, fetched),
                "asked_per_s": asked,
                "utilisation": asked * self.origin_service_ms / 1000 / self.origin_servers,
            }
        )

    # -- the cliff -------------------------------------------------------------------------

    def _spread(self) -> np.ndarray:
        """Latency at the place, apart by where a request ends: at the PoP, the tier, in Mumbai."""
        nearest, _ = geo.nearest_pop(self.pops)
        who = closed_form.audience(self.pops)
        at = list(datasets.places()["place"]).index(self.place)
        later = who.tier_ms[np.searchsorted(who.pop, nearest[at])]
        return _of_place(self.night().latency_settings, self.place, later.tobytes())

    def cliff(self) -> pd.DataFrame:
        """What the place would see at other fetch ratios, with Mumbai as busy as it is.

        Returns
        -------
        pandas.DataFrame
            ``fetch_ratio``, ``p50_ms`` and ``p99_ms``, infinite where so many never get an answer,
            and ``now``, true in the one row of the present ratio.
        """
        got = self.shares()
        ratio = np.append(RATIOS, got["fetched"])
        order = np.argsort(ratio, kind="stable")
        frame = pd.DataFrame({"fetch_ratio": ratio[order]})
        near = np.minimum(got["near"], 1 - frame["fetch_ratio"])
        frame[["p50_ms", "p99_ms"]] = self._quantiles(frame["fetch_ratio"], near)
        frame["now"] = order == len(RATIOS)
        return frame

    def _quantiles(self, fetched: np.ndarray, near: np.ndarray) -> np.ndarray:
        """p50 and p99 for shares that wait for Mumbai and for the tier: (rows, 2) milliseconds."""
        at_the_pop, elsewhere, in_mumbai = self._spread()
        fetched, near = np.asarray(fetched)[:, None], np.asarray(near)[:, None]
        mass = (1 - fetched - near) * at_the_pop + near * elsewhere + fetched * in_mumbai
        return histogram.quantiles(mass, histogram.bin_edges_ms(), np.array([0.5, 0.99]))

    def latency(self) -> pd.Series:
        """What viewers at the place see: ``p50_ms`` and ``p99_ms``."""
        got = self.shares()
        p50, p99 = self._quantiles(np.array([got["fetched"]]), np.array([got["near"]]))[0]
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
            now = self.capacity_mb
            order = np.argsort(np.append(CURVE_MB, now), kind="stable")
            missed = np.append(
                _che(*about, CURVE_MB.tobytes()), _che(*about, np.array([now]).tobytes())
            )
            frame = pd.DataFrame({"capacity_mb": np.append(CURVE_MB, now), "miss_share": missed})
            return frame.iloc[order].assign(now=order == len(CURVE_MB)).reset_index(drop=True)
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
        counts = self._drawn(requests=2 * replay.REQUESTS).by_time
        requests = counts[:, :-1].sum(axis=1)
        return pd.DataFrame(
            {
                "minute": (np.arange(len(counts)) + 0.5) * match.STEP_S / 60,
                "requests": requests,
                "fetched": counts[:, edge_cache.WAITED] / requests,
            }
        )

    def drawn_by_popularity(self) -> pd.DataFrame:
        """Four million requests there at the mean rate, by the rank of the list.

        Returns
        -------
        pandas.DataFrame
            ``rank``, the middle of a group of ranks; ``requests``; the shares ``fresh``, ``stale``
            and ``waited``, as in `by_popularity`, though what is not admitted is among them.
        """
        drawn = self.replace(surge=1.0)._drawn()
        counts = drawn.by_group[:, [edge_cache.FRESH, edge_cache.STALE, edge_cache.WAITED]]
        frame = pd.DataFrame({"rank": drawn.rank, "requests": counts.sum(axis=1)})
        frame = frame.join(
            pd.DataFrame(
                counts / np.maximum(counts.sum(axis=1, keepdims=True), 1),
                columns=["fresh", "stale", "waited"],
            )
        )
        return frame[frame["requests"] > 0].reset_index(drop=True)

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
        counts = drawn.by_time[:, :-1]
        frame = pd.DataFrame(
            counts / counts.sum(axis=1, keepdims=True), columns=list(edge_cache.OUTCOMES)
        )
        frame.insert(0, "minute", (np.arange(len(counts)) + 0.5) * match.STEP_S / 60)
        return frame

    # -- in short --------------------------------------------------------------------------

    def headline(self) -> dict[str, float]:
        """The cache in eight numbers: shares and latency at the place, and Mumbai's load."""
        got, seen, night = self.shares(), self.latency(), self.night()
        busy = night.offered_erlang / night.origin_servers
        named = {f"{name} share": got[name] for name in ("fresh", "stale", "near", "fetched")}
        return (
            named
            | seen.to_dict()
            | {
                "asked_per_s": night.requests_per_s * night.read_share,
                "origin utilisation": busy,
            }
        )

    def in_words(self) -> str:
        """Two or three sentences that say what the numbers mean."""
        row, night = self.headline(), self.night()
        old_s = self.ttl_s + self.stale_while_revalidate_s
        seen = f"{self.place}: {percent(row['fetched share'])} of the requests wait for Mumbai"
        if row["near share"] > 5e-5:
            seen += f", {percent(row['near share'])} for the continent's tier"
        if row["stale share"] > 5e-5:
            seen += f", {percent(row['stale share'])} get a stale copy at once"
        if np.isfinite(row["p99_ms"]):
            seen += f". p50 {row['p50_ms']:.0f} ms, p99 {row['p99_ms']:.0f} ms"
        elif np.isfinite(row["p50_ms"]):
            seen += f". p50 {row['p50_ms']:.0f} ms, and the p99 never comes"
        else:
            seen += ". Neither the p50 nor the p99 ever comes"
        origin = f"Mumbai gets {counted(round(row['asked_per_s']), 'read')} a second"
        servers, load = counted(self.origin_servers, "server"), row["origin utilisation"]
        if night.saturated:
            origin += f", {load:.3g} times what its {servers} can take: its queue never empties"
        else:
            origin += f" and has {servers}, {percent(load)} busy"
        return f"{seen}. {origin}. No copy served is more than {old_s:,.4g} s old."

    def drawn_in_words(self) -> str:
        """How well the requests that were drawn agree with the closed form."""
        drawn, curve = self.drawn_through_match(), self.through_match()
        waited = np.average(drawn["fetched"], weights=drawn["requests"])
        meant = np.average(curve["fetched"][: len(drawn)], weights=drawn["requests"])
        city = self.busiest_city()
        return (
            f"○ Drawn one by one: {drawn['requests'].sum():,} requests at {city}, the first "
            f"{len(drawn) * match.STEP_S / 60:.1f} minutes; {percent(waited)} wait for Mumbai, "
            f"{percent(meant)} by the curve, which takes every rate for a lasting one."
        )

    def busiest_city(self) -> str:
        """City of the PoP that serves most of the place's viewers."""
        row = closed_form.audience(self.pops).pop[self.busiest]
        return str(datasets.pops().loc[row, "city"])

    def _table(self) -> pd.DataFrame:
        """A small table for the notebook."""
        row = self.headline()
        told = {
            name: _number(number) if name.endswith(("ms", "per_s")) else percent(number)
            for name, number in row.items()
        }
        return pd.DataFrame({self.place: told})


def _number(number: float) -> str:
    return f"{number:.0f}" if np.isfinite(number) else "never"


@lru_cache(maxsize=64)
def _of_place(night: request.Settings, place: str, later_ms: bytes) -> np.ndarray:
    """`request.of_place`, remembered."""
    return np.array(request.of_place(night, place, np.frombuffer(later_ms)))


@lru_cache(maxsize=32)
def _che(objects: int, exponent: float, object_kb: float, megabytes: bytes) -> np.ndarray:
    """Che's miss share at every size."""
    share, count = che.popularity(objects, exponent, closed_form.ALONE, closed_form.TOGETHER)
    out = []
    for mb in np.frombuffer(megabytes):
        part, size = closed_form.admitted(object_kb, 1e6, mb)
        time = che.characteristic_time(1e6 * mb, share, count, part * size)
        out.append(1 - part * (1 - float(che.miss_share(time, share, count))))
    return np.array(out)
