"""Distances on the globe and light's floor: the ground that data is audited against."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from edgelab.constants import value

__all__ = ["check_degrees", "great_circle_km", "light_floor_ms"]


def check_degrees(name: str, degrees: ArrayLike, limit: float) -> np.ndarray:
    """Return `degrees` as a float array, or say what is wrong with it.

    Parameters
    ----------
    name : str
        The parameter's name, for the error text.
    degrees : array_like
        Degrees, any shape.
    limit : float
        Largest absolute value allowed: 90 for a latitude, 180 for a longitude.

    Raises
    ------
    TypeError
        If it is not numeric.
    ValueError
        If any value is not finite or beyond the limit.
    """
    try:
        array = np.asarray(degrees)
    except ValueError:  # ragged
        array = np.empty(0, object)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name}: got {degrees!r}, allowed a number or an array of them")
    array = array.astype(float)
    bad = ~(np.abs(array) <= limit)
    if bad.any():
        raise ValueError(
            f"{name}: got {array[bad].flat[0]}, allowed -{limit:g} to {limit:g} degrees"
        )
    return array


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
    The haversine formula, which keeps its digits for neighbours; the radius is
    ``earth_radius_km`` in ``data/cricstream.toml``.
    """
    lat_a, lat_b = (
        np.radians(check_degrees(n, v, 90)) for n, v in (("lat_a", lat_a), ("lat_b", lat_b))
    )
    lon_a, lon_b = (
        np.radians(check_degrees(n, v, 180)) for n, v in (("lon_a", lon_a), ("lon_b", lon_b))
    )
    try:
        np.broadcast_shapes(lat_a.shape, lon_a.shape, lat_b.shape, lon_b.shape)
    except ValueError:
        raise ValueError(
            "lat_a, lon_a, lat_b, lon_b: got shapes "
            f"{lat_a.shape}, {lon_a.shape}, {lat_b.shape}, {lon_b.shape}, "
            "allowed shapes that broadcast together"
        ) from None
    h = np.sin((lat_b - lat_a) / 2) ** 2
    h = h + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    return 2 * value("earth_radius_km") * np.arcsin(np.sqrt(np.minimum(h, 1.0)))


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
