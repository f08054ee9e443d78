"""Measured figures beside the model's, and the fits of the few numbers that it takes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgelab import allowed, datasets
from edgelab.constants import constant, value
from edgelab.models.corridors import FITTED_RTT, PairsOfPoints
from edgelab.models.scenario import CricStream
from edgelab.sphere import of_vector, unit_vector

__all__ = [
    "FITTED",
    "fit",
    "fit_rtt",
    "leave_one_out",
    "residuals",
    "rtt_held_out",
    "rtt_residuals",
]

#: Round trips of pairs closer than this are not fitted: buildings and not cables.
RTT_FROM_KM = 50.0

#: The fitted knobs. Four numbers for six figures: two figures are predicted.
FITTED = ("last_mile_ms", "access_factor", "transit_inflation", "chennai_detour")
#: Each target of cricstream.toml: the row of `CricStream.latency`, and whether it is the old
#: origin's.
TARGETS = {
    "target_delhi_p99_ms": ("Delhi", True),
    "target_chennai_p99_ms": ("Chennai", True),
    "target_diaspora_p99_ms": ("diaspora", True),
    "target_singapore_p99_ms": ("Singapore", False),
    "target_london_p99_ms": ("London", False),
    "target_bay_area_p99_ms": ("Bay Area", False),
}


def _modelled(knobs: dict[str, float]) -> np.ndarray:
    """The six p99 figures, in the order of `TARGETS`, in milliseconds."""
    night = CricStream(**knobs)
    edge, old = night.latency(), night.baseline().latency()
    return np.array([(old if home else edge).loc[r, "p99_ms"] for r, home in TARGETS.values()])


def residuals(knobs: dict[str, float] | None = None) -> pd.DataFrame:
    """The article's p99 figures beside the model's.

    Parameters
    ----------
    knobs : dict, optional
        Knobs of `CricStream` that do not stand at their default.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``place``: ``served_from``, ``article_ms``, ``model_ms`` and ``residual``
        (model over article, less 1).
    """
    knobs = allowed.instance("knobs", knobs, dict, none=True) or {}
    article = np.array([value(name) for name in TARGETS])
    model = _modelled(knobs)
    rows, home = zip(*TARGETS.values(), strict=True)
    return pd.DataFrame(
        {
            "served_from": np.where(home, "Mumbai", f"{CricStream(**knobs).pops} PoPs"),
            "article_ms": article,
            "model_ms": model,
            "residual": model / article - 1,
        },
        index=pd.Index(rows, name="place"),
    )


def fit(without: str | None = None) -> dict[str, float]:
    """Least squares of the relative residuals over the fitted knobs, within their ranges.

    Parameters
    ----------
    without : str, optional
        A target of `TARGETS` that is left out.

    Returns
    -------
    dict
        The fitted knobs by name.

    Raises
    ------
    ValueError
        If `without` is no target.
    """
    return _fit(without)[0]


def _fit(without: str | None) -> tuple[dict[str, float], np.ndarray]:
    """The fitted knobs, and whether any of the figures used depends on each."""
    if without is not None:
        allowed.one_of("without", without, TARGETS)
    used = np.array([name != without for name in TARGETS])
    article = np.array([value(name) for name in TARGETS])
    entries = [constant(name) for name in FITTED]

    def miss(x: np.ndarray) -> np.ndarray:
        return (np.log(_modelled(dict(zip(FITTED, x, strict=True)))) - np.log(article))[used]

    middle = [np.sqrt(max(e.low, 1e-3) * e.high) for e in entries]
    bounds = [e.low for e in entries], [e.high for e in entries]
    from scipy.optimize import least_squares  # slow to load

    best = least_squares(miss, middle, bounds=bounds, x_scale=middle, diff_step=1e-3)
    fitted = {name: float(x) for name, x in zip(FITTED, best.x, strict=True)}
    return fitted, np.abs(best.jac).max(axis=0) > 1e-6


def leave_one_out() -> pd.DataFrame:
    """Each figure predicted by a fit to the other five.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``left_out`` (the place): ``article_ms``, ``predicted_ms``, ``residual``, and
        the fitted knobs. A figure that alone holds one of the knobs cannot be predicted: the
        knob, the prediction and the residual are NaN.
    """
    rows = {}
    for i, (target, (place, _)) in enumerate(TARGETS.items()):
        knobs, held = _fit(without=target)
        predicted = _modelled(knobs)[i] if held.all() else np.nan
        knobs = {n: x if h else np.nan for (n, x), h in zip(knobs.items(), held, strict=True)}
        rows[place] = {
            "article_ms": value(target),
            "predicted_ms": predicted,
            "residual": predicted / value(target) - 1,
            **knobs,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("left_out")


# -- round trips ----------------------------------------------------------------------------------


def rtt_residuals(table: pd.DataFrame | None = None) -> pd.DataFrame:
    """Measured round trips beside the model's.

    Parameters
    ----------
    table : pandas.DataFrame, optional
        Such as `edgelab.cloud_rtt`, which is used if none is given: ``region_a``, ``region_b``,
        ``rtt_ms``, ``lat_a``, ``lon_a``, ``lat_b``, ``lon_b`` (degrees). Try that of another
        provider.

    Returns
    -------
    pandas.DataFrame
        One row a pair at least 50 km apart, worst first: ``region_a``, ``region_b``,
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
    seed = CricStream.knobs()["seed"].check(seed)
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
