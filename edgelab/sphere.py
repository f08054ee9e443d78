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
    From the chord through the globe, which keeps its digits for neighbours; the radius is
    ``earth_radius_km`` in ``data/cricstream.toml``.
    """
    given = {"lat_a": lat_a, "lon_a": lon_a, "lat_b": lat_b, "lon_b": lon_b}
    degrees = [check_degrees(n, v, 90 if n < "lon" else 180) for n, v in given.items()]
    try:
        shape = np.broadcast_shapes(*(array.shape for array in degrees))
    except ValueError:
        raise ValueError(
            f"{', '.join(given)}: got shapes {', '.join(str(d.shape) for d in degrees)}, "
            "allowed shapes that broadcast together"
        ) from None
    a, b = _unit_vector(*degrees[:2]), _unit_vector(*degrees[2:])
    chord_squared = np.zeros(shape)
    for of_a, of_b in zip(a, b, strict=True):
        chord_squared += (of_a - of_b) ** 2
    return 2 * value("earth_radius_km") * np.arcsin(np.sqrt(np.minimum(chord_squared, 4.0)) / 2)


def _unit_vector(lat: np.ndarray, lon: np.ndarray) -> tuple[np.ndarray, ...]:
    """Points as three coordinates on a sphere of radius 1."""
    lat, lon = np.radians(lat), np.radians(lon)
    return np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)


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
