"""One warm request: what it pays on its way, and how that is spread over the viewers."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.fft import next_fast_len
from scipy.special import ndtri

from edgelab.core import datasets
from edgelab.kernels import draws, histogram, latency
from edgelab.world import geo, queue

__all__ = [
    "EDGE",
    "FINEST_MS",
    "HOME",
    "Route",
    "Settings",
    "Tables",
    "Ways",
    "exact",
    "grid_cdf",
    "middle",
    "of_place",
    "simulated",
    "tables",
    "ways",
]

#: Step of a grid whose span allows it.
FINEST_MS = 1 / 32
#: Where a request can end.
EDGE, HOME = "PoP", "Mumbai"


class Route(NamedTuple):
    """What round trips depend on, by the names of the night's knobs."""

    pops: int
    last_mile_ms: float
    access_factor: float
    transit_inflation: float
    chennai_detour: float


class Ways(NamedTuple):
    """Round trips of every place's viewers, in milliseconds."""

    #: Median between a viewer and the city's exchange, (places,).
    last_mile_ms: np.ndarray
    #: From there to the nearest PoP, to Mumbai, and on from the PoP to Mumbai, (places, POINTS).
    pop_ms: np.ndarray
    home_ms: np.ndarray
    pop_home_ms: np.ndarray


@lru_cache(maxsize=32)
def ways(route: Route) -> Ways:
    """The round trips of each point of each catchment.

    Returns
    -------
    Ways
        Read-only. A viewer's round trip across a border is longer than the backbone's by
        ``transit_inflation``; that of a PoP is not.
    """
    places = datasets.places()
    steps = places["access"].map(datasets.ACCESS.index).to_numpy()
    country = places["cca2"].to_numpy(str)[:, None]
    from_points, from_pops = geo.origin_rtt_ms()
    pop, rtt = geo.nearest_pop(route.pops)
    round_about = np.where(places["route"] == "detour", route.chennai_detour, 1.0)[:, None]
    abroad = country != datasets.pops()["cca2"].to_numpy(str)[pop]
    out = Ways(
        route.last_mile_ms * route.access_factor**steps,
        rtt * np.where(abroad, route.transit_inflation, 1.0),
        from_points * round_about * np.where(country != "IN", route.transit_inflation, 1.0),
        from_pops[pop],
    )
    for shared in out:
        shared.flags.writeable = False
    return out


def middle(route: Route, place: str, among: int | None = None) -> dict[str, float]:
    """The round trips of the viewer in the middle of a place, in milliseconds.

    Parameters
    ----------
    route : Route
    place : str
    among : int, optional
        The viewer in the middle is that of so many PoPs; of the route's own if not given.

    Returns
    -------
    dict
        By the names of `Ways`: of the viewer at the median round trip from the PoP, with the
        median last mile.
    """
    way = ways(route)
    row = list(datasets.places()["place"]).index(place)
    to_pop = ways(route._replace(pops=among or route.pops)).pop_ms[row]
    point = np.argsort(to_pop, kind="stable")[len(to_pop) // 2]
    return {
        name: float(table[row] if table.ndim == 1 else table[row, point])
        for name, table in way._asdict().items()
    }


class Settings(NamedTuple):
    """All that the time of a request depends on, by the names of the night's knobs."""

    route: Route
    last_mile_sigma: float
    ends_at: str
    function_ms: float
    origin_fetch_ratio: float
    origin_servers: int
    origin_service_ms: float
    #: Busy servers that the origin's load takes on average.
    offered_erlang: float

    @property
    def saturated(self) -> bool:
        """Whether the origin's queue never empties."""
        return self.offered_erlang >= self.origin_servers


class Tables(NamedTuple):
    """What the latency kernels need; see `edgelab.kernels.latency`."""

    viewers: np.ndarray
    last_mile_ms: np.ndarray
    near_ms: np.ndarray
    far_ms: np.ndarray
    origin_ms: np.ndarray
    fetch_below: int


def tables(night: Settings) -> Tables:
    """What the kernels need of one night.

    Parameters
    ----------
    night : Settings

    Returns
    -------
    Tables
        ``viewers`` (places,), ``last_mile_ms`` (places, QUANTILES), ``near_ms`` and ``far_ms``
        (places, POINTS), ``origin_ms`` (QUANTILES,), all float32 milliseconds, and
        ``fetch_below``; see `edgelab.kernels.latency.simulate_block`.
    """
    way = ways(night.route)
    levels = (np.arange(draws.QUANTILES) + 0.5) / draws.QUANTILES
    last_mile = way.last_mile_ms[:, None] * np.exp(night.last_mile_sigma * ndtri(levels))
    if night.ends_at == HOME:
        near, far = way.home_ms, np.zeros_like(way.home_ms)
        below = draws.ALWAYS
    else:
        near, far = way.pop_ms + night.function_ms, way.pop_home_ms
        below = round(night.origin_fetch_ratio * draws.ALWAYS)
    origin = queue.sojourn_quantiles_ms(
        night.origin_servers, night.offered_erlang, night.origin_service_ms, draws.QUANTILES
    )
    single = np.float32
    return Tables(
        datasets.places()["viewers"].to_numpy(),
        last_mile.astype(single),
        near.astype(single),
        far.astype(single),
        origin.astype(single),
        below,
    )


@lru_cache(maxsize=16)
def simulated(night: Settings, seed: int) -> np.ndarray:
    """One request drawn for every viewer.

    Returns
    -------
    int64 ndarray, (places, BINS), read-only
        Viewers in each bin of `edgelab.kernels.histogram`.
    """
    counts = latency.simulate(seed=seed, **tables(night)._asdict())
    counts.flags.writeable = False
    return counts


@lru_cache(maxsize=64)
def exact(night: Settings) -> np.ndarray:
    """The distribution that the simulation draws from, times the viewers.

    The last mile, and the last mile plus the origin's time, are put on an even grid once for
    each kind of access; each place's distribution is theirs, shifted by each point's way.

    Returns
    -------
    float64 ndarray, (places, BINS), read-only
        Expected viewers in each bin of `edgelab.kernels.histogram`.
    """
    way = tables(night)
    edges = histogram.bin_edges_ms()[1:-1]
    ratio = way.fetch_below / draws.ALWAYS
    mass = np.zeros((len(way.viewers), histogram.BINS))
    for place, near in enumerate(way.near_ms.astype(float)):
        last_mile = way.last_mile_ms[place].tobytes()
        viewers = way.viewers[place]
        if ratio < 1:
            grid = grid_cdf(last_mile)
            latency.add_mixture(viewers * (1 - ratio), edges, near, *grid, mass[place])
        if ratio and night.saturated:
            mass[place, -1] += viewers * ratio
        elif ratio:
            grid = grid_cdf(last_mile, way.origin_ms.tobytes())
            latency.add_mixture(
                viewers * ratio, edges, near + way.far_ms[place], *grid, mass[place]
            )
    mass.flags.writeable = False
    return mass


def of_place(
    night: Settings, place: str, later_ms: np.ndarray | float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How the latencies of one place are spread, apart by what the PoP had to do.

    Parameters
    ----------
    night : Settings
    place : str
        Of `edgelab.data.places`.
    later_ms : array_like, (POINTS,), optional
        What a request that the PoP asks elsewhere for takes longer, but not from the origin.

    Returns
    -------
    at_the_pop, elsewhere, fetched : float64 ndarray, (BINS,)
        Each adds up to 1; the last is all in the last bin if the origin is saturated.
    """
    way = tables(night)
    at = list(datasets.places()["place"]).index(place)
    edges = histogram.bin_edges_ms()[1:-1]
    near, last_mile = way.near_ms[at].astype(float), way.last_mile_ms[at].tobytes()
    out = np.zeros((3, histogram.BINS))
    latency.add_mixture(1.0, edges, near, *grid_cdf(last_mile), out[0])
    latency.add_mixture(1.0, edges, near + later_ms, *grid_cdf(last_mile), out[1])
    if night.saturated:
        out[2, -1] = 1.0
    else:
        grid = grid_cdf(last_mile, way.origin_ms.tobytes())
        latency.add_mixture(1.0, edges, near + way.far_ms[at], *grid, out[2])
    return tuple(out)


@lru_cache(maxsize=32)
def grid_cdf(*tables: bytes, step_ms: float | None = None) -> tuple[np.ndarray, float, float]:
    """Distribution of the sum of independent terms, on an even grid.

    Parameters
    ----------
    *tables : bytes
        Each holds equally likely float32 values; as bytes, they can be remembered.
    step_ms : float, optional
        Of the grid; fine enough for the whole span if not given.

    Returns
    -------
    cdf : float64 ndarray
        P(sum <= start + j step), ending in 1.
    start_ms, step_ms : float
        The grid.
    """
    terms = [np.frombuffer(table, np.float32).astype(float) for table in tables]
    start = float(sum(term[0] for term in terms))
    span = float(sum(term[-1] - term[0] for term in terms))
    step = step_ms or max(span / 2**14, FINEST_MS)
    size = int(span / step) + 4
    length = next_fast_len(2 * size, real=True)
    spectrum = np.ones(length // 2 + 1)
    for term in terms:
        at = (term - term[0]) / step
        below = at.astype(int)
        part = at - below
        mass = np.bincount(below, 1 - part, size) + np.bincount(below + 1, part, size)
        spectrum = spectrum * np.fft.rfft(mass / len(term), length)
    mass = np.fft.irfft(spectrum, length)[:size].clip(0.0)
    total = np.cumsum(mass)
    # Each grid point's mass lies half to its left and half to its right.
    cdf = (total - mass / 2) / total[-1]
    return np.append(cdf, 1.0), start, step
