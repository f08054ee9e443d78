"""Where viewers live, the PoP that serves them, and their round trips."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from edgelab.core import datasets
from edgelab.core.constants import value
from edgelab.kernels.latency import POINTS
from edgelab.world.corridors import rtt_ms

__all__ = ["between_pops_ms", "catchment_points", "nearest_pop", "origin_rtt_ms", "pop_rtt_ms"]


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
def pop_rtt_ms() -> np.ndarray:
    """Round trips between every PoP and each point of each catchment.

    Returns
    -------
    float64 ndarray, (PoPs, places, POINTS), read-only
        Milliseconds.
    """
    lat, lon = catchment_points(datasets.places())
    pops = datasets.pops()
    rtt = rtt_ms(
        lat, lon, pops["lat"].to_numpy()[:, None, None], pops["lon"].to_numpy()[:, None, None]
    )
    rtt.flags.writeable = False
    return rtt


@cache
def between_pops_ms() -> np.ndarray:
    """Round trips between the PoPs, (PoPs, PoPs), read-only, in milliseconds."""
    pops = datasets.pops()
    lat, lon = pops["lat"].to_numpy(), pops["lon"].to_numpy()
    rtt = rtt_ms(lat[:, None], lon[:, None], lat, lon)
    rtt.flags.writeable = False
    return rtt


@cache
def _ways() -> tuple[np.ndarray, np.ndarray]:
    """Each point's PoP and its round trip, for every PoP count: (PoPs, places, POINTS)."""
    rtt = pop_rtt_ms()
    least = np.minimum.accumulate(rtt, axis=0)
    number = np.arange(len(rtt))[:, None, None]
    first = np.concatenate([np.full((1, *rtt.shape[1:]), True), least[1:] < least[:-1]])
    pop = np.maximum.accumulate(np.where(first, number, 0), axis=0).astype(np.int16)
    for shared in (pop, least):
        shared.flags.writeable = False
    return pop, least


def nearest_pop(count: int) -> tuple[np.ndarray, np.ndarray]:
    """The PoP that serves each point of each catchment, when the first `count` PoPs exist.

    Returns
    -------
    pop : int ndarray, (places, POINTS)
        Row of `edgelab.data.pops`: the PoP with the least round trip.
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
