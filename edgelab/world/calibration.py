"""Measured round trips beside the model's, and the fit of its three numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgelab.core import allowed, datasets
from edgelab.core.constants import constant, value
from edgelab.core.sphere import of_vector, unit_vector
from edgelab.world.corridors import FITTED_RTT, PairsOfPoints

__all__ = ["fit_rtt", "rtt_held_out", "rtt_residuals"]

#: Round trips of pairs closer than this are not fitted: buildings and not cables.
RTT_FROM_KM = 50.0


def rtt_residuals(table: pd.DataFrame | None = None) -> pd.DataFrame:
    """Measured round trips beside the model's.

    Parameters
    ----------
    table : pandas.DataFrame, optional
        Such as `edgelab.data.cloud_rtt`, which is used if none is given: ``region_a``,
        ``region_b``, ``rtt_ms``, ``lat_a``, ``lon_a``, ``lat_b``, ``lon_b`` (degrees). Try
        that of another provider.

    Returns
    -------
    pandas.DataFrame
        One row per pair at least 50 km apart, worst first: ``region_a``, ``region_b``,
        ``distance_km``, ``rtt_ms`` (mean of both directions), ``model_ms``, ``error`` (model
        over measured, less 1).

    Raises
    ------
    TypeError, ValueError
        If a column is missing, a round trip is not positive, or a coordinate is out of range.
    """
    pairs, points = _pairs(datasets.cloud_rtt() if table is None else table)
    model = points.rtt_ms(*(value(name) for name in FITTED_RTT))
    return _with_errors(pairs, model)


def rtt_held_out(seed: int, share: float = 0.2) -> pd.DataFrame:
    """The Azure table predicted by a fit that never saw some of its regions.

    Parameters
    ----------
    seed : int
        Chooses the regions.
    share : float
        Of the regions, to hold out: over 0 and under 1.

    Returns
    -------
    pandas.DataFrame
        As `rtt_residuals`, for the pairs with at least one end held out. The corridors
        themselves were drawn by people who had seen the whole table.

    Raises
    ------
    TypeError, ValueError
        If `seed` or `share` is out of range.
    """
    seed = allowed.whole("seed", seed, 0, 2**32 - 1)
    allowed.number("share", share, above=0, below=1)
    pairs, points = _pairs(datasets.cloud_rtt())
    regions = np.unique(pairs[["region_a", "region_b"]])
    count = max(round(share * len(regions)), 1)
    out = np.random.default_rng(seed).choice(regions, count, replace=False)
    held = pairs[["region_a", "region_b"]].isin(out).any(axis=1).to_numpy()
    numbers = _fit_rtt(pairs, points, ~held)
    return _with_errors(pairs[held], points.rtt_ms(*numbers)[held])


def fit_rtt() -> dict[str, float]:
    """Fit the round-trip model to the Azure table by least relative absolute deviations.

    Returns
    -------
    dict
        The numbers named in `FITTED_RTT`, as they go into ``cricstream.toml``.
    """
    pairs, points = _pairs(datasets.cloud_rtt())
    numbers = _fit_rtt(pairs, points, np.full(len(pairs), True))
    return dict(zip(FITTED_RTT, map(float, numbers), strict=True))


def _fit_rtt(pairs: pd.DataFrame, points: PairsOfPoints, used: np.ndarray) -> np.ndarray:
    measured = pairs["rtt_ms"].to_numpy()

    def miss(numbers: np.ndarray) -> float:
        return float(np.mean(np.abs(points.rtt_ms(*numbers) / measured - 1)[used]))

    bounds = [(e.low, e.high) for e in map(constant, FITTED_RTT)]
    start = [5.0, 1.3, 1.6]
    from scipy.optimize import minimize  # slow to load

    return minimize(miss, start, method="Nelder-Mead", bounds=bounds, options={"xatol": 1e-3}).x


def _pairs(table: pd.DataFrame) -> tuple[pd.DataFrame, PairsOfPoints]:
    """Pairs far enough apart to fit, both directions as one, and their points."""
    place = ["lat_a", "lon_a", "lat_b", "lon_b"]
    allowed.columns("table", table, ["region_a", "region_b", "rtt_ms", *place])
    rtt_ms = allowed.array("table, column rtt_ms", table["rtt_ms"])
    if not (rtt_ms > 0).all():
        allowed.refuse("table, column rtt_ms", rtt_ms.min().item(), "numbers above 0")
    for column in place:
        limit = 90 if column.startswith("lat") else 180
        allowed.array(f"table, column {column}", table[column], -limit, limit)
    there = table[["region_a", "region_b", "rtt_ms"]].reset_index(drop=True)
    # A mean of longitudes is none where they meet at 180: means are taken on the sphere.
    for end in "ab":
        there[[f"{axis}_{end}" for axis in "xyz"]] = np.column_stack(
            unit_vector(table[f"lat_{end}"], table[f"lon_{end}"])
        )
    swapped = {f"{n}_{p}": f"{n}_{q}" for n in ("region", *"xyz") for p, q in ("ab", "ba")}
    back = there.rename(columns=swapped)
    both = pd.concat([there, back])
    pairs = both[both["region_a"] < both["region_b"]]
    pairs = pairs.groupby(["region_a", "region_b"], as_index=False).mean()
    ends = [of_vector(*(pairs[f"{axis}_{end}"] for axis in "xyz")) for end in "ab"]
    far = PairsOfPoints.of(*ends[0], *ends[1]).distance_km
    pairs = pairs[["region_a", "region_b", "rtt_ms"]].assign(distance_km=far)
    kept = far >= RTT_FROM_KM
    return pairs[kept].reset_index(drop=True), PairsOfPoints.of(*(d[kept] for e in ends for d in e))


def _with_errors(pairs: pd.DataFrame, model_ms: np.ndarray) -> pd.DataFrame:
    frame = pairs[["region_a", "region_b", "distance_km", "rtt_ms"]].assign(
        model_ms=model_ms, error=model_ms / pairs["rtt_ms"] - 1
    )
    return frame.sort_values("error", key=np.abs, ascending=False, ignore_index=True)
