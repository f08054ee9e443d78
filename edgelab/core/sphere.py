"""Distances on the globe and light's floor: the ground that data is audited against."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from edgelab.core import allowed
from edgelab.core.constants import value

__all__ = ["great_circle_km", "light_floor_ms", "of_vector", "unit_vector"]


def great_circle_km(
    lat_a: ArrayLike, lon_a: ArrayLike, lat_b: ArrayLike, lon_b: ArrayLike
) -> np.ndarray:
    """Great-circle distance on a sphere of the WGS84 mean radius.

    Parameters
    ----------
    lat_a, lon_a, lat_b, lon_b : array_like
        Degrees; latitudes within 90, longitudes within 180; broadcast together.

    Returns
    -------
    ndarray
        Kilometres, of the broadcast shape.

    Raises
    ------
    TypeError, ValueError
        If a coordinate is not a number, not finite or out of range, or if the
        shapes do not broadcast.

    Notes
    -----
    From the chord through the globe, which keeps its digits for neighbours; the radius is
    ``earth_radius_km`` in ``data/cricstream.toml``.
    """
    given = {"lat_a": lat_a, "lon_a": lon_a, "lat_b": lat_b, "lon_b": lon_b}
    limits = [90 if name.startswith("lat") else 180 for name in given]
    degrees = [allowed.array(n, v, -m, m) for (n, v), m in zip(given.items(), limits, strict=True)]
    try:
        shape = np.broadcast_shapes(*(array.shape for array in degrees))
    except ValueError:
        raise ValueError(
            f"{', '.join(given)}: got shapes {', '.join(str(d.shape) for d in degrees)}, "
            "allowed shapes that broadcast together"
        ) from None
    a, b = unit_vector(*degrees[:2]), unit_vector(*degrees[2:])
    chord_squared = np.zeros(shape)
    for of_a, of_b in zip(a, b, strict=True):
        chord_squared += (of_a - of_b) ** 2
    return 2 * value("earth_radius_km") * np.arcsin(np.sqrt(np.minimum(chord_squared, 4.0)) / 2)


def unit_vector(lat: np.ndarray, lon: np.ndarray) -> tuple[np.ndarray, ...]:
    """Points in degrees as three coordinates on a sphere of radius 1."""
    lat, lon = np.radians(lat), np.radians(lon)
    return np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)


def of_vector(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Latitude and longitude in degrees of the point below a vector of any length."""
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


def light_floor_ms(distance_km: ArrayLike) -> np.ndarray:
    """Least possible round trip over a fibre of that length, in milliseconds.

    Parameters
    ----------
    distance_km : array_like
        Kilometres, one way.

    Returns
    -------
    ndarray
        Milliseconds there and back at the speed of light in fibre
        (``fibre_km_per_ms`` in ``data/cricstream.toml``).
    """
    return 2 * np.asarray(distance_km, dtype=float) / value("fibre_km_per_ms")
