"""Round trips between points of the globe, where viewers live, and the PoP that serves them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from edgelab import datasets
from edgelab.constants import value
from edgelab.kernels.latency import POINTS
from edgelab.sphere import great_circle_km, light_floor_ms

__all__ = ["catchment_points", "fit_straight_line", "nearest_pop", "origin_rtt_ms", "rtt_ms"]

#: Round trips of pairs closer than this are not fitted: buildings and not cables.
FIT_FROM_KM = 50.0


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
    A straight line in the great-circle distance whose fixed part builds up over the first
    kilometres, since neighbours in a city do not pay it. Its numbers are the entries ``rtt_*``
    of ``data/cricstream.toml``, fitted to Microsoft's table of Azure round trips (CC BY 4.0).

    Examples
    --------
    >>> import edgelab as el
    >>> round(el.rtt_ms(19.07, 72.88, 51.51, -0.13))  # Mumbai to London
    116
    """
    distance = great_circle_km(lat_a, lon_a, lat_b, lon_b)
    rtt = np.maximum(
        _straight_line_ms(distance, value("rtt_fixed_ms"), value("rtt_per_1000_km_ms")),
        light_floor_ms(distance),
    )
    return float(rtt) if rtt.ndim == 0 else rtt


def _straight_line_ms(distance_km: np.ndarray, fixed_ms: float, per_1000_km_ms: float):
    local = value("rtt_local_ms")
    built_up = -np.expm1(-distance_km / value("rtt_ramp_km"))
    return local + (fixed_ms - local) * built_up + per_1000_km_ms * distance_km / 1000


def fit_straight_line() -> dict[str, float]:
    """Fit the round-trip model to the cloud table by least relative absolute deviations.

    Returns
    -------
    dict
        ``rtt_fixed_ms`` and ``rtt_per_1000_km_ms`` as they go into ``cricstream.toml``, and
        ``pairs``, ``median_error`` and ``within_20_percent`` of the fit. Both directions of a
        pair count as one, with their mean.
    """
    from scipy.optimize import minimize  # slow to import, and only a rebuild needs it

    table = datasets.cloud_rtt()
    ends = np.sort(table[["region_a", "region_b"]].to_numpy(str), axis=1)
    pairs = table.groupby([ends[:, 0], ends[:, 1]])[["rtt_ms", "distance_km"]].mean()
    pairs = pairs[pairs["distance_km"] >= FIT_FROM_KM]
    measured, distance = pairs["rtt_ms"].to_numpy(), pairs["distance_km"].to_numpy()

    def errors(numbers: np.ndarray) -> np.ndarray:
        return np.abs(_straight_line_ms(distance, *numbers) - measured) / measured

    best = minimize(lambda n: errors(n).sum(), x0=[5.0, 15.0], method="Nelder-Mead", tol=1e-8).x
    left = errors(best)
    return {
        "rtt_fixed_ms": float(best[0]),
        "rtt_per_1000_km_ms": float(best[1]),
        "pairs": len(pairs),
        "median_error": float(np.median(left)),
        "within_20_percent": float(np.mean(left <= 0.2)),
    }


def catchment_points(places: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Points that stand for where each place's viewers live.

    Parameters
    ----------
    places : pandas.DataFrame
        With ``lat``, ``lon`` (degrees) and ``catchment_km``.

    Returns
    -------
    lat, lon : float64 ndarray, (places, POINTS)
        Degrees. Equally likely points, spread evenly over a disc around each place (Vogel's
        sunflower).
    """
    k = np.arange(POINTS)
    radius = places["catchment_km"].to_numpy()[:, None] * np.sqrt((k + 0.5) / POINTS)
    angle = k * np.pi * (3 - np.sqrt(5))
    km_per_degree = np.pi / 180 * value("earth_radius_km")
    lat = places["lat"].to_numpy()[:, None] + radius * np.sin(angle) / km_per_degree
    east = radius * np.cos(angle) / (km_per_degree * np.cos(np.radians(lat)))
    lon = (places["lon"].to_numpy()[:, None] + east + 180) % 360 - 180
    return lat, lon


@cache
def _ways() -> tuple[np.ndarray, np.ndarray]:
    """Each point's PoP and its round trip, for every PoP count: (PoPs, places, POINTS)."""
    lat, lon = catchment_points(datasets.places())
    pops = datasets.pops()
    rtt = rtt_ms(
        lat, lon, pops["lat"].to_numpy()[:, None, None], pops["lon"].to_numpy()[:, None, None]
    )
    least = np.minimum.accumulate(rtt, axis=0)
    number = np.arange(len(pops))[:, None, None]
    first = np.concatenate([np.full((1, *lat.shape), True), least[1:] < least[:-1]])
    pop = np.maximum.accumulate(np.where(first, number, 0), axis=0).astype(np.int16)
    for shared in (pop, least):
        shared.flags.writeable = False
    return pop, least


def nearest_pop(count: int) -> tuple[np.ndarray, np.ndarray]:
    """The PoP that serves each point of each catchment, when the first `count` PoPs exist.

    Returns
    -------
    pop : int ndarray, (places, POINTS)
        Row of `edgelab.pops`: the PoP with the least round trip.
    rtt : float64 ndarray, (places, POINTS)
        The round trip to it in milliseconds.

    Raises
    ------
    ValueError
        If there are not that many PoPs, or none.
    """
    pop, rtt = _ways()
    if isinstance(count, bool) or count not in range(1, len(pop) + 1):
        raise ValueError(f"count: got {count!r}, allowed a whole number from 1 to {len(pop)}")
    return pop[count - 1], rtt[count - 1]


@cache
def origin_rtt_ms() -> tuple[np.ndarray, np.ndarray]:
    """Round trips to the origin in Mumbai, in milliseconds.

    Returns
    -------
    from_points : float64 ndarray, (places, POINTS)
        From each point of each catchment.
    from_pops : float64 ndarray, (PoPs,)
        From each PoP.
    """
    origin = value("origin_lat_deg"), value("origin_lon_deg")
    pops = datasets.pops()
    from_points = rtt_ms(*catchment_points(datasets.places()), *origin)
    from_pops = rtt_ms(pops["lat"], pops["lon"], *origin)
    for shared in (from_points, from_pops):
        shared.flags.writeable = False
    return from_points, from_pops
