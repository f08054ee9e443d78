"""Round trips between points of the globe, along the corridors that cables take."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from edgelab import datasets
from edgelab.constants import value
from edgelab.kernels import corridors as kernel
from edgelab.sphere import great_circle_km, light_floor_ms

__all__ = ["FITTED_RTT", "PairsOfPoints", "rtt_ms"]

#: The fitted numbers of the round-trip model, in ``data/cricstream.toml``.
FITTED_RTT = ("rtt_fixed_ms", "rtt_sea_inflation", "rtt_land_inflation")


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
    neighbours in a city do not pay it. A point joins the corridors at the hubs that are at most
    ``rtt_loop_margin_km`` further than its nearest one, over land whose inflation grows with
    the length; two points may also be joined that way without a hub. The numbers are the
    entries ``rtt_*`` of ``data/cricstream.toml``; three of them are fitted to Microsoft's table
    of Azure round trips (CC BY 4.0). Errors are in ``data/README.md``.

    Examples
    --------
    >>> import edgelab as el
    >>> round(el.rtt_ms(19.07, 72.88, 51.51, -0.13))  # Mumbai to London
    126
    """
    pairs = PairsOfPoints.of(lat_a, lon_a, lat_b, lon_b)
    rtt = pairs.rtt_ms(*(value(name) for name in FITTED_RTT))
    return float(rtt) if rtt.ndim == 0 else rtt


class PairsOfPoints(NamedTuple):
    """Pairs of points with what does not depend on the fitted numbers, worked out once."""

    distance_km: np.ndarray
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
        ends = []
        for lat, lon in ((lat_a, lon_a), (lat_b, lon_b)):
            lat, lon = np.broadcast_arrays(np.asarray(lat, float), np.asarray(lon, float))
            number = np.arange(lat.size).reshape(lat.shape)
            ends.append((np.broadcast_to(number, distance.shape).flatten(), _joints(lat, lon)))
        (point_a, joints_a), (point_b, joints_b) = ends
        return cls(distance, point_a, point_b, joints_a, joints_b)

    def rtt_ms(self, fixed_ms: float, sea_inflation: float, land_inflation: float) -> np.ndarray:
        """Round trips of the pairs in milliseconds, for given fitted numbers."""
        ways = _ways_ms(sea_inflation, land_inflation)
        (start_a, hub_a, km_a), (start_b, hub_b, km_b) = self.joints_a, self.joints_b
        reached = kernel.reach(start_a, hub_a, _loop_ms(km_a, land_inflation), ways)
        by_hubs = kernel.between(
            reached, self.point_a, start_b, hub_b, _loop_ms(km_b, land_inflation), self.point_b
        ).reshape(self.distance_km.shape)
        local = value("rtt_local_ms")
        built_up = -np.expm1(-self.distance_km / value("rtt_ramp_km"))
        way = np.minimum(by_hubs, _loop_ms(self.distance_km, land_inflation))
        rtt = local + (fixed_ms - local) * built_up + way
        return np.maximum(rtt, light_floor_ms(self.distance_km))


def _loop_ms(km: np.ndarray, land_inflation: float) -> np.ndarray:
    """Round trip over land that no corridor covers: the longer, the more roundabout."""
    return light_floor_ms(km) * land_inflation * (1 + km / value("rtt_loop_km"))


def _joints(lat: np.ndarray, lon: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The hubs that each point is joined to, and the way there in kilometres."""
    hubs = datasets.hubs()
    hubs = hubs[hubs["kind"] != "passage"]
    row = hubs.index.to_numpy()
    km = great_circle_km(
        lat.reshape(-1, 1), lon.reshape(-1, 1), hubs["lat"].to_numpy(), hubs["lon"].to_numpy()
    )
    near = km <= km.min(axis=1, keepdims=True) + value("rtt_loop_margin_km")
    start = np.concatenate([[0], np.cumsum(near.sum(axis=1))])
    return start, row[np.nonzero(near)[1]], km[near]


@cache
def _corridors() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows of the hubs that each corridor joins, its light's floor in ms, and its kind."""
    hubs, corridors = datasets.hubs(), datasets.corridors()
    row = {hub: i for i, hub in enumerate(hubs["hub"])}
    a, b = (corridors[f"hub_{end}"].map(row).to_numpy() for end in ("a", "b"))
    lat, lon = hubs["lat"].to_numpy(), hubs["lon"].to_numpy()
    floor = light_floor_ms(great_circle_km(lat[a], lon[a], lat[b], lon[b]))
    return a, b, floor, corridors["kind"].to_numpy(str)


@lru_cache(maxsize=1)
def _ways_ms(sea_inflation: float, land_inflation: float) -> np.ndarray:
    """Round trip between every two hubs, (hubs, hubs)."""
    a, b, floor, kind = _corridors()
    inflation = np.select(
        [kind == "sea", kind == "land"],
        [sea_inflation, land_inflation],
        value("rtt_thin_inflation"),
    )
    direct = np.full((len(datasets.hubs()),) * 2, np.inf)
    direct[a, b] = direct[b, a] = floor * inflation
    return kernel.all_pairs(direct)
