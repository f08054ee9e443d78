"""Round trips between points of the globe, along the corridors that cables take."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.sparse.csgraph import floyd_warshall

from edgelab.core import datasets
from edgelab.core.constants import value
from edgelab.core.sphere import great_circle_km, light_floor_ms
from edgelab.kernels import corridors as kernel

__all__ = ["FITTED_RTT", "PairsOfPoints", "rtt_ms"]

#: The fitted numbers of the round-trip model, in ``data/cricstream.toml``.
FITTED_RTT = ("rtt_fixed_ms", "rtt_sea_inflation", "rtt_land_inflation")

#: Countries between which fibre crosses the border everywhere, and the land that they make.
OPEN_BORDERS = {
    country: land
    for land, countries in {
        "North America": "CA US",
        "Malaya": "MY SG",
        "Europe": "AL AT BA BE BG CH CZ DE DK EE ES FI FR GB GR HR HU IE IT LT LU LV ME MK NL NO "
        "PL PT RO RS SE SI SK",
    }.items()
    for country in countries.split()
}


def rtt_ms(
    lat_a: ArrayLike, lon_a: ArrayLike, lat_b: ArrayLike, lon_b: ArrayLike
) -> float | np.ndarray:
    """Backbone round-trip time between two points.

    Parameters
    ----------
    lat_a, lon_a, lat_b, lon_b : array_like
        Degrees; latitudes within 90, longitudes within 180; broadcast together.

    Returns
    -------
    float or ndarray
        Milliseconds: a float for four scalars, else of the broadcast shape. The same place
        gives the local round trip; nothing is faster than light in fibre.

    Raises
    ------
    TypeError, ValueError
        If a coordinate is not a number, not finite or out of range, or if the shapes do not
        broadcast.

    Notes
    -----
    Light in fibre along the shortest way over the corridors of ``data/corridors.csv``, each
    length times the inflation of its kind (sea, land, or thin: a crossing that carries little
    of others' traffic), plus a fixed part that builds up over the first kilometres, since
    neighbours in a city do not pay it. Cables are changed on land and not at sea. Off the
    corridors a point reaches every hub and point of its own land, over uncovered ground with an
    inflation of its own; no way leads into another land but a corridor. A land is a country, or
    several whose borders are open (`OPEN_BORDERS`). So no relay is quicker than the way itself.
    The numbers are the entries ``rtt_*`` of ``data/cricstream.toml``; three of them are fitted
    to Microsoft's table of Azure round trips (CC BY 4.0). Errors are in ``data/README.md``.

    Examples
    --------
    >>> import edgelab as el
    >>> round(el.rtt_ms(19.07, 72.88, 51.51, -0.13))  # Mumbai to London
    124
    """
    pairs = PairsOfPoints.of(lat_a, lon_a, lat_b, lon_b)
    rtt = pairs.rtt_ms(*(value(name) for name in FITTED_RTT))
    return float(rtt) if rtt.ndim == 0 else rtt


class PairsOfPoints(NamedTuple):
    """Pairs of points with what does not depend on the fitted numbers, worked out once."""

    distance_km: np.ndarray
    one_land: np.ndarray
    point_a: np.ndarray
    point_b: np.ndarray
    joints_a: tuple[np.ndarray, np.ndarray, np.ndarray]
    joints_b: tuple[np.ndarray, np.ndarray, np.ndarray]

    @classmethod
    def of(
        cls, lat_a: ArrayLike, lon_a: ArrayLike, lat_b: ArrayLike, lon_b: ArrayLike
    ) -> PairsOfPoints:
        """The pairs that four arrays of degrees make together; see `rtt_ms`."""
        distance = great_circle_km(lat_a, lon_a, lat_b, lon_b)
        points, lands, joints = [], [], []
        for lat, lon in ((lat_a, lon_a), (lat_b, lon_b)):
            lat, lon = np.broadcast_arrays(np.asarray(lat, float), np.asarray(lon, float))
            number = np.arange(lat.size).reshape(lat.shape)
            land, joint = _joints(lat, lon)
            points.append(np.broadcast_to(number, distance.shape).flatten())
            lands.append(np.broadcast_to(land.reshape(lat.shape), distance.shape))
            joints.append(joint)
        return cls(distance, lands[0] == lands[1], *points, *joints)

    def rtt_ms(self, fixed_ms: float, sea_inflation: float, land_inflation: float) -> np.ndarray:
        """Round trips of the pairs in milliseconds, for given fitted numbers."""
        ways = _ways_ms(sea_inflation, land_inflation)
        joints_a, joints_b = (_best(*joints, ways) for joints in (self.joints_a, self.joints_b))
        reached = kernel.reach(*joints_a, ways)
        by_hubs = kernel.between(reached, self.point_a, *joints_b, self.point_b)
        direct = np.where(self.one_land, _uncovered_ms(self.distance_km), np.inf)
        way = np.minimum(by_hubs.reshape(direct.shape), direct)
        local = value("rtt_local_ms")
        built_up = -np.expm1(-self.distance_km / value("rtt_ramp_km"))
        rtt = local + (fixed_ms - local) * built_up + way
        return np.maximum(rtt, light_floor_ms(self.distance_km))


def _uncovered_ms(km: np.ndarray) -> np.ndarray:
    """Round trip over land that no corridor covers: in proportion, or a relay would be quicker."""
    return light_floor_ms(km) * value("rtt_uncovered_inflation")


def _best(
    start: np.ndarray, hub: np.ndarray, km: np.ndarray, ways: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The joints that are worth having, with their cost in milliseconds."""
    loop = _uncovered_ms(km)
    worth = kernel.best_joints(start, hub, loop, ways)
    return np.concatenate([[0], np.cumsum(worth)])[start], hub[worth], loop[worth]


def _joints(
    lat: np.ndarray, lon: np.ndarray
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """The land of each point, that land's hubs, and the way to each of them in kilometres."""
    lat, lon = lat.reshape(-1, 1), lon.reshape(-1, 1)
    towns, hubs = _towns(), _landed()
    nearest = great_circle_km(lat, lon, *_degrees(towns)).argmin(axis=1)
    land = towns["land"].to_numpy(str)[nearest]
    point, hub = np.nonzero(land[:, None] == hubs["land"].to_numpy(str))
    start = np.searchsorted(point, np.arange(len(lat) + 1))
    km = great_circle_km(lat[point, 0], lon[point, 0], *_degrees(hubs.iloc[hub]))
    return land, (start, hub.copy(), km)  # a column of nonzero's is no array of its own


def _degrees(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return frame["lat"].to_numpy(), frame["lon"].to_numpy()


@cache
def _towns() -> pd.DataFrame:
    """Towns that tell which land a point is in: the hubs, the PoPs and the largest cities."""
    hubs = _landed()
    towns = pd.concat([hubs, datasets.pops(), datasets.cities()], ignore_index=True)
    land = towns["cca2"].replace(OPEN_BORDERS)
    there = great_circle_km(*(d[:, None] for d in _degrees(towns)), *_degrees(hubs))
    neighbour = hubs["land"].iloc[there.argmin(axis=1)].reset_index(drop=True)
    return towns.assign(land=land.where(land.isin(hubs["land"]), neighbour))


@cache
def _landed() -> pd.DataFrame:
    """The hubs on land: where cables can be changed, and where places are joined."""
    hubs = datasets.hubs()
    hubs = hubs[hubs["kind"] != "passage"].reset_index(drop=True)
    return hubs.assign(land=hubs["cca2"].replace(OPEN_BORDERS))


@cache
def _corridors() -> pd.DataFrame:
    """Rows of the nodes that each corridor joins, its light's floor in ms, and its kind.

    The first nodes are the hubs on land. A passage is a node for each of the cables that go
    through it, since a cable is not changed at sea.
    """
    hubs, landed = datasets.hubs().set_index("hub"), _landed()["hub"]
    frame = datasets.corridors()
    at = [hubs.loc[frame[f"hub_{end}"]] for end in "ab"]
    km = great_circle_km(*(at[e][axis].to_numpy() for e in (0, 1) for axis in ("lat", "lon")))
    frame = frame.assign(floor_ms=light_floor_ms(km), cable=frame["along"].str.split(", "))
    frame = frame.explode("cable")
    for end in "ab":
        hub = frame[f"hub_{end}"]
        frame[end] = hub.where(hub.isin(landed), hub + ", " + frame["cable"])
    node = pd.Index(landed).append(pd.Index(frame[["a", "b"]].to_numpy().ravel())).unique()
    return frame.assign(a=node.get_indexer(frame["a"]), b=node.get_indexer(frame["b"]))


@cache
def _uncovered_ways_ms() -> np.ndarray:
    """Round trip between every two hubs on land without a corridor, (hubs, hubs)."""
    hubs = _landed()
    km = great_circle_km(*(d[:, None] for d in _degrees(hubs)), *_degrees(hubs))
    one_land = np.equal.outer(*[hubs["land"].to_numpy(str)] * 2)
    return np.where(one_land, _uncovered_ms(km), np.inf)


@lru_cache(maxsize=1)
def _ways_ms(sea_inflation: float, land_inflation: float) -> np.ndarray:
    """Round trip between every two hubs on land, (hubs, hubs)."""
    corridors, count = _corridors(), len(_landed())
    a, b = corridors["a"].to_numpy(), corridors["b"].to_numpy()
    inflation = corridors["kind"].map(
        {"sea": sea_inflation, "land": land_inflation, "thin": value("rtt_thin_inflation")}
    )
    direct = np.full((max(a.max(), b.max()) + 1,) * 2, np.inf)
    direct[a, b] = direct[b, a] = corridors["floor_ms"] * inflation
    on_land = direct[:count, :count]
    np.minimum(on_land, _uncovered_ways_ms(), out=on_land)
    return np.ascontiguousarray(floyd_warshall(direct)[:count, :count])
