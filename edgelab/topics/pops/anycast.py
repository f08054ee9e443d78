"""Anycast: who lands on another front-end than the nearest, held against what was measured."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgelab.core import allowed, datasets
from edgelab.core.constants import value
from edgelab.core.sphere import great_circle_km
from edgelab.kernels.curves import nearest_few, rank_shares
from edgelab.world.corridors import rtt_ms

__all__ = ["EXTRA_KM", "anycast_detours", "anycast_residuals", "landing"]

#: Distances at which `anycast_detours` counts.
EXTRA_KM = np.append(0.0, np.geomspace(10, 20_000, 133))


def landing(cost: np.ndarray, order: np.ndarray, nearest_share: float) -> tuple:
    """Where those who ask are sent.

    Parameters
    ----------
    cost : float64 ndarray, (demands, candidates)
        By what one candidate is nearer than another.
    order : int64 ndarray, (n,)
        The candidates that there are; of equals the earlier one is nearer.
    nearest_share : float
        Over 0, at most 1; see `edgelab.kernels.curves.rank_shares`.

    Returns
    -------
    ids : int64 ndarray, (demands, ranks)
        The nearest ones, nearest first.
    shares : float64 ndarray, (ranks,)
        Share of each demand that lands on each.
    """
    shares = rank_shares(nearest_share)
    ranks = min(len(shares) - 1, len(order))
    cost, order = cost.view(), order.view()
    cost.flags.writeable = order.flags.writeable = False  # one type to numba
    return nearest_few(cost, order, ranks), shares[ranks, :ranks]


def _clients(front_ends: pd.DataFrame | None, nearest_share: float) -> tuple[np.ndarray, ...]:
    """Weight, kilometres and round trip of each city's way to each rank, (cities, ranks)."""
    ends = datasets.front_ends() if front_ends is None else front_ends
    allowed.columns("front_ends", ends, ("lat", "lon"))
    nearest_share = float(allowed.number("nearest_share", nearest_share, 0.01, 1))
    cities = datasets.cities()
    here = [cities[axis].to_numpy()[:, None] for axis in ("lat", "lon")]
    there = [
        allowed.array(f"front_ends, {axis}", ends[axis], -most, most)
        for axis, most in (("lat", 90), ("lon", 180))
    ]
    km = great_circle_km(*here, *there)
    ids, shares = landing(km, np.arange(len(ends)), nearest_share)
    weight = (cities["population"] / cities["population"].sum()).to_numpy()[:, None] * shares
    return weight, *(np.take_along_axis(x, ids, axis=1) for x in (km, rtt_ms(*here, *there)))


def anycast_detours(
    nearest_share: float = value("anycast_nearest_share"), front_ends: pd.DataFrame | None = None
) -> pd.DataFrame:
    """How much further than the nearest front-end anycast sends the world's city dwellers.

    Parameters
    ----------
    nearest_share : float
        Share who reach the nearest one, 0.01 to 1.
    front_ends : pandas.DataFrame, optional
        With ``lat`` and ``lon`` in degrees, such as ``el.data.pops().head(60)``; those of
        Microsoft's CDN in 2018 if not given.

    Returns
    -------
    pandas.DataFrame
        ``extra_km`` and ``share`` of the people whose front-end is at most so much further away
        than their nearest.

    Raises
    ------
    ValueError
        If `nearest_share` is out of range, or `front_ends` has no row or lacks a column.

    Notes
    -----
    Who passes the nearest one by lands on the second nearest with the same chance, and so on: a
    geometric law over the ranks, with one parameter.
    """
    weight, km, _ = _clients(front_ends, nearest_share)
    extra = (km - km[:, :1]).ravel()
    order = np.argsort(extra)
    reached = np.append(0.0, np.cumsum(weight.ravel()[order]))
    share = reached[np.searchsorted(extra[order], EXTRA_KM, side="right")]
    return pd.DataFrame({"extra_km": EXTRA_KM, "share": share})


def anycast_residuals(
    nearest_share: float = value("anycast_nearest_share"), front_ends: pd.DataFrame | None = None
) -> pd.DataFrame:
    """What Calder et al. measured on Microsoft's CDN in 2015, beside the model's.

    Parameters
    ----------
    nearest_share, front_ends
        As for `anycast_detours`.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``clients``: ``published`` and ``model`` shares, and their ``difference``. The
        first row is given to the model, the others are predicted. A request's delay is the
        round trip beyond that to the nearest front-end.

    Raises
    ------
    ValueError
        As for `anycast_detours`.
    """
    weight, km, rtt = _clients(front_ends, nearest_share)
    extra, slower = km - km[:, :1], rtt - rtt[:, :1]
    rows = {
        "at their nearest front-end": ("anycast_nearest_share", extra <= 0),
        "at most 400 km beyond the nearest": ("anycast_within_400_km_share", extra <= 400),
        "at most 1,375 km beyond the nearest": ("anycast_within_1375_km_share", extra <= 1375),
        "at most 2,000 km from the one they reach": ("anycast_at_2000_km_share", km <= 2000),
        "25 ms late or more": ("anycast_25_ms_share", slower >= 25),
        "100 ms late or more": ("anycast_100_ms_share", slower >= 100),
    }
    frame = pd.DataFrame(
        {
            "published": [value(name) for name, _ in rows.values()],
            "model": [weight[who].sum() for _, who in rows.values()],
        },
        index=pd.Index(rows, name="clients"),
    )
    return frame.assign(difference=frame["model"] - frame["published"])
