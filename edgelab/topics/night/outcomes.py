"""What a night comes to, as tables: waiting by place, stale lists, the load on the origin."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from edgelab.core import datasets
from edgelab.kernels import histogram
from edgelab.world import delays, queue, request
from edgelab.world.request import EDGE, HOME

__all__ = [
    "GROUPS",
    "HEADLINE_PLACES",
    "SATURATED",
    "STEADY",
    "Lists",
    "Origin",
    "by_place",
    "by_ratio",
    "counts",
    "journey",
    "origin_load",
    "spread",
    "stale_viewers",
    "staleness",
    "viewers",
]

#: Names of the rows that follow the places.
GROUPS = ("diaspora", "India", "everyone")
#: Rows that stand for the night where there is no room for all.
HEADLINE_PLACES = (
    "Mumbai", "Delhi", "Chennai", "Singapore", "Dubai", "London", "Bay Area", "diaspora",
)  # fmt: skip
LEVELS = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
#: Fetch ratios of `by_ratio`, close together where a p99 leaps.
RATIOS = np.union1d(np.geomspace(0.001, 1, 61), np.linspace(0.0095, 0.0105, 11))
STEADY, SATURATED = "steady", "saturated"


@cache
def viewers() -> int:
    """Viewers of all places together."""
    return int(datasets.places()["viewers"].sum())


def counts(settings: request.Settings, seed: int | None) -> np.ndarray:
    """Viewers by place and bin: in closed form, or drawn with a seed."""
    return request.exact(settings) if seed is None else request.simulated(settings, seed)


@lru_cache(maxsize=8)
def _with_groups(settings: request.Settings, seed: int | None) -> np.ndarray:
    """The places' histograms with those of the groups below them: merging is adding."""
    places = counts(settings, seed)
    diaspora = (datasets.places()["group"] == "diaspora").to_numpy()
    groups = [places[some].sum(axis=0) for some in (diaspora, ~diaspora, slice(None))]
    out = np.vstack([places, groups]).astype(float)
    out.flags.writeable = False
    return out


@lru_cache(maxsize=32)
def by_place(settings: request.Settings, seed: int | None, blank_panel_ms: float) -> pd.DataFrame:
    """The frame of `edgelab.CricStream.latency`, remembered."""
    waiting = _with_groups(settings, seed)
    places = datasets.places()
    frame = pd.DataFrame(
        {
            "place": [*places["place"], *GROUPS],
            "kind": ["place"] * len(places) + ["group"] * len(GROUPS),
            "group": [*places["group"], *GROUPS],
            "viewers": waiting.sum(axis=1).round().astype(np.int64),
        }
    ).set_index("place")
    edges = histogram.bin_edges_ms()
    frame[[*LEVELS]] = histogram.quantiles(waiting, edges, np.array([*LEVELS.values()]))
    seen = np.cumsum(waiting, axis=1) / waiting.sum(axis=1, keepdims=True)
    in_time = [np.interp(blank_panel_ms, edges[1:-1], row[:-1]) for row in seen]
    frame["blank_share"] = (1 - np.array(in_time)).clip(0, 1)
    return frame.assign(state=SATURATED if settings.saturated else STEADY)


def spread(settings: request.Settings, seed: int | None, row: int = -1) -> pd.DataFrame:
    """The frame of `edgelab.CricStream.distribution`, for a row of that of `latency`."""
    waiting = _with_groups(settings, seed)[row]
    edges = histogram.bin_edges_ms()[:-1]
    coarse = 8
    share = np.append(waiting[:-1].reshape(-1, coarse).sum(axis=1), waiting[-1]) / waiting.sum()
    later = np.cumsum(share[::-1])[::-1][1:]
    return pd.DataFrame(
        {
            "from_ms": edges[:-1:coarse],
            "to_ms": edges[coarse::coarse],
            "share": share[:-1],
            "later_share": later,
        }
    )


def by_ratio(settings: request.Settings, places: tuple[str, ...]) -> pd.DataFrame:
    """p99 of some places over the origin fetch ratio, with the origin as busy as `settings` say.

    Parameters
    ----------
    settings : request.Settings
        Their own ratio plays no part.
    places : tuple of str

    Returns
    -------
    pandas.DataFrame
        Indexed by ``fetch_ratio``, a column of milliseconds for each place.
    """
    ratio, edges, columns = RATIOS[:, None], histogram.bin_edges_ms(), {}
    for place in places:
        at_the_pop, _, fetched = request.of_place(settings, place)
        mass = (1 - ratio) * at_the_pop + ratio * fetched
        columns[place] = histogram.quantiles(mass, edges, np.array([LEVELS["p99_ms"]]))[:, 0]
    return pd.DataFrame(columns, pd.Index(RATIOS, name="fetch_ratio"))


def journey(
    route: request.Route, settings: request.Settings, place: str, fetched: bool, among: int
) -> pd.DataFrame:
    """Where the request of the viewer in the middle of a place is, from leaving to being answered.

    Parameters
    ----------
    route : request.Route
        The round trips that the viewer has.
    settings : request.Settings
    place : str
    fetched : bool
        Whether the PoP asks the origin; a night without PoPs has no other.
    among : int
        The viewer is the one in the middle with so many PoPs, however many there are.

    Returns
    -------
    pandas.DataFrame
        A row for each arrival and each departure: ``at`` (viewer, PoP or Mumbai) and
        ``since_ms``. The origin takes its mean time, its queue included; where that never empties
        the last row is a departure at infinity.
    """
    trip = request.middle(route, place, among)
    fleet = settings.origin_servers, settings.offered_erlang, settings.origin_service_ms
    legs = [("Mumbai", queue.sojourn_mean_ms(*fleet))]
    near, far = trip["last_mile_ms"] + trip["home_ms"], 0.0
    if settings.ends_at == EDGE:
        near, far = trip["last_mile_ms"] + trip["pop_ms"], trip["pop_home_ms"]
        legs = [("PoP", settings.function_ms), *(legs if fetched else ())]
    there = [near / 2, far / 2][: len(legs)]
    steps = [("viewer", 0.0)]
    for (at, stays_ms), way_ms in zip(legs, there, strict=True):
        steps += [(at, way_ms), (at, stays_ms)]
    steps += [("PoP", far / 2)] * (len(legs) == 2) + [("viewer", near / 2)]
    at, takes_ms = zip(*steps, strict=True)
    made = pd.DataFrame({"at": at, "since_ms": np.cumsum(takes_ms)})
    return made[: 1 + int(np.isfinite(made["since_ms"]).sum())]


# -- stale lists ----------------------------------------------------------------------------------


class Lists(NamedTuple):
    """All that the age of a list depends on, by the names of the night's knobs."""

    ends_at: str
    pops: int
    kv_delay_ms: float
    rebalancing_share: float
    seed: int
    list_refresh_s: float

    def delays(self) -> np.ndarray:
        """Delays of the writes by PoP; see `edgelab.world.delays.delay_histogram`."""
        home = delays.readers(self.pops)[1]
        return delays.delay_histogram(
            self.pops, home, self.kv_delay_ms, self.rebalancing_share, self.seed
        )


def staleness(lists: Lists) -> pd.DataFrame:
    """The frame of `edgelab.CricStream.staleness`."""
    stale = np.zeros((2, len(delays.TIMES_MS)))
    if lists.ends_at == EDGE:
        weights = delays.readers(lists.pops)[0], np.ones(lists.pops)
        stale = [delays.stale_share(lists.delays(), weight) for weight in weights]
    return pd.DataFrame(
        {"since_write_ms": delays.TIMES_MS, "stale_share": stale[0], "stale_pops": stale[1]}
    )


def stale_viewers(lists: Lists) -> float:
    """Viewers with an old list at a random moment; see `edgelab.CricStream.stale_viewers`."""
    if lists.ends_at == HOME:
        return 0.0
    readers, _ = delays.readers(lists.pops)
    share = delays.mean_stale_share(lists.delays(), readers, 1000 * lists.list_refresh_s)
    return share * readers.sum()


# -- the origin -----------------------------------------------------------------------------------


class Origin(NamedTuple):
    """All that the origin's load depends on, by the names of the night's knobs and properties."""

    requests_per_s: float
    read_share: float
    write_share: float
    offered_erlang: float
    origin_servers: int
    origin_service_ms: float
    state: str


def origin_load(fleet: Origin) -> dict[str, float | str]:
    """One row of `edgelab.CricStream.origin_load`."""
    servers, offered = fleet.origin_servers, fleet.offered_erlang
    # The last of 50 equally likely values is the quantile at 49.5 / 50 = 0.99.
    time_ms = queue.sojourn_quantiles_ms(servers, offered, fleet.origin_service_ms, 50)
    return {
        "reads_per_s": fleet.requests_per_s * fleet.read_share,
        "writes_per_s": fleet.requests_per_s * fleet.write_share,
        "offered_erlang": offered,
        "servers": servers,
        "utilisation": offered / servers,
        "wait_share": queue.erlang_c(servers, offered),
        "p99_ms": time_ms[49],
        "state": fleet.state,
    }
