"""Measured figures beside the model's, and the fits of the few numbers that it takes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgelab.core import allowed
from edgelab.core.constants import constant, value
from edgelab.topics.night.model import CricStream

__all__ = ["FITTED", "fit", "leave_one_out", "residuals"]

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
