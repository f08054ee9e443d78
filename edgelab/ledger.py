"""The ledger: every checkable statement of the article, how it is tested, and the verdict.

The rows stand in ``data/claims.csv``. A figure that a model answers is computed here, never typed
in, and its verdict follows from the range in which the statement holds.
"""

from __future__ import annotations

import html
import numbers
from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd

from edgelab import datasets
from edgelab.constants import DataError
from edgelab.models import geo
from edgelab.models.calibration import residuals
from edgelab.models.scenario import HOME, CricStream
from edgelab.sphere import great_circle_km

__all__ = ["Ledger", "claims"]


def _p99(night: CricStream, place: str) -> float:
    return night.latency().loc[place, "p99_ms"]


def _all_fetched(**knobs) -> CricStream:
    """A night whose requests all reach Mumbai, with a fleet there that can take them."""
    night = CricStream(**knobs)
    return night.replace(origin_servers=night.baseline().origin_servers)


def _gain_lost(night: CricStream) -> float:
    """How much of what the edge won at the diaspora's p99 is lost again, in percent."""
    edge, old = (_p99(n, "diaspora") for n in (CricStream(), CricStream().baseline()))
    return 100 * (_p99(night, "diaspora") - edge) / (old - edge)


def _slower_share() -> float:
    """Viewers in places whose p50 is higher with a fetch each time than at home, in percent."""
    old = CricStream().baseline().latency().query("kind == 'place'")
    edge = _all_fetched(origin_fetch_ratio=1.0).latency().loc[old.index]
    return 100 * np.average(edge["p50_ms"] > old["p50_ms"], weights=old["viewers"])


def _round_trip(place: str) -> float:
    """Round trip between the middle of a place and Mumbai, in milliseconds."""
    at = datasets.places().set_index("place")[["lat", "lon"]]
    return geo.rtt_ms(*at.loc[place], *at.loc["Mumbai"])


def _nine_of_ten_km(lat: np.ndarray, lon: np.ndarray, people: np.ndarray, pops: int) -> float:
    """Distance to the nearest of the first `pops` PoPs within which 9 of 10 people live."""
    pop = datasets.pops()[:pops].to_dict("series")
    km = great_circle_km(lat[:, None], lon[:, None], *(pop[x].to_numpy() for x in ("lat", "lon")))
    order = np.argsort(km.min(axis=1))
    return np.interp(0.9, np.cumsum(people[order]) / people.sum(), km.min(axis=1)[order])


def _cities_km() -> float:
    lat, lon, people = datasets.cities()[["lat", "lon", "population"]].to_numpy(float).T
    return _nine_of_ten_km(lat, lon, people, (~datasets.pops()["hypothetical"]).sum())


def _viewers_km() -> float:
    places = datasets.places()
    lat, lon = geo.catchment_points(places)
    viewers = np.repeat(places["viewers"].to_numpy(), lat.shape[1])
    return _nine_of_ten_km(lat.ravel(), lon.ravel(), viewers, CricStream().pops)


def _nine_of_ten_ms() -> float:
    spread = CricStream().distribution()
    return np.interp(0.9, 1 - spread["later_share"], spread["to_ms"])


def _known_everywhere_ms() -> float:
    """Time after which no more than 1 % of the PoPs hold the old list."""
    late_first = CricStream().staleness()[::-1]
    return np.interp(0.01, late_first["stale_pops"], late_first["since_write_ms"])


def _fitted(place: str) -> Callable[[], float]:
    return lambda: residuals().loc[place, "model_ms"]


ABROAD = ["Singapore", "Dubai", "London", "Bay Area"]
#: Row of ``data/claims.csv`` to our figure, in that row's unit.
FIGURES: dict[str, Callable[[], float]] = {
    "delhi-from-mumbai": _fitted("Delhi"),
    "chennai-from-mumbai": _fitted("Chennai"),
    "chennai-behind-delhi": lambda: _round_trip("Chennai") / _round_trip("Delhi"),
    "diaspora-from-mumbai": _fitted("diaspora"),
    "diaspora-alike": lambda: CricStream().baseline().latency().p99_ms[ABROAD].min(),
    "singapore-from-pops": _fitted("Singapore"),
    "london-from-pops": _fitted("London"),
    "bay-area-from-pops": _fitted("Bay Area"),
    "origin-barely-warm": lambda: 100 * CricStream().origin_load().utilisation["tonight"],
    "tens-of-km-cities": _cities_km,
    "tens-of-km-viewers": _viewers_km,
    "ocean-round-trip": lambda: _round_trip("Bay Area"),
    "within-10-ms": _nine_of_ten_ms,
    "dns-points-home": lambda: _gain_lost(_all_fetched(ends_at=HOME)),
    "fetch-every-time": lambda: _gain_lost(_all_fetched(origin_fetch_ratio=1.0)),
    "fetching-is-slower": _slower_share,
    "kv-misses-500-ms": _known_everywhere_ms,
}


STYLE = "text-align: left; vertical-align: top; padding: 4px 5px; "
#: What a column's cells have besides.
ALSO = {"verdict": "font-weight: bold"}
ALSO |= {"statement": "min-width: 11em", "because": "min-width: 13em"}
ALSO |= {"how": "min-width: 10em; overflow-wrap: anywhere"}


class Ledger(pd.DataFrame):
    """A frame that a notebook shows with its texts whole, wrapped and aligned to the left."""

    @property
    def _constructor(self) -> type[Ledger]:
        return Ledger

    def _repr_html_(self) -> str:
        names = [str(self.index.name or ""), *map(str, self.columns)]
        head = "".join(f'<th style="{STYLE}">{html.escape(name)}</th>' for name in names)
        cells = [f'<td style="{STYLE}{ALSO.get(name, "")}">' for name in names]
        body = "".join(
            "<tr>"
            + "".join(f"{cell}{_text(value)}</td>" for cell, value in zip(cells, row, strict=True))
            for row in self.itertuples(name=None)
        )
        # Columns as wide as their texts ask: JupyterLab's own layout makes all of them alike.
        return f'<table style="table-layout: auto; width: 100%"><tr>{head}</tr>{body}</table>'


def _text(cell: object) -> str:
    """A cell as text: a number to three digits, nothing for a missing one."""
    if isinstance(cell, float):
        return "" if np.isnan(cell) else f"{cell:.3g}" if abs(cell) < 1000 else f"{cell:,.0f}"
    return html.escape(str(cell))


@cache
def _ledger() -> Ledger:
    rows = datasets.claims().set_index("id")
    computed = rows["verdict"].isin(datasets.COMPUTED)
    odd = sorted(set(rows.index[computed]) ^ set(FIGURES))
    if odd:
        raise DataError(
            f"claims.csv, column id: got {', '.join(odd)} with a computed verdict and no figure "
            f"in edgelab.ledger, or the other way round; allowed the same {len(FIGURES)} in both"
        )
    rows["ours"] = pd.Series({name: float(figure()) for name, figure in FIGURES.items()})
    inside = rows["ours"].between(rows["low"], rows["high"])
    held = rows["verdict"].replace(dict(zip(datasets.COMPUTED, datasets.VERDICTS, strict=False)))
    rows["verdict"] = held.mask(computed & ~inside, "contradicted")
    shown = "section statement figure unit ours test verdict because how page".split()
    return Ledger(rows[shown])


def claims(page: int | None = None) -> Ledger:
    """The article's checkable statements, each with its test and its verdict.

    Parameters
    ----------
    page : int, optional
        Only the statements that this notebook tests, 1 to 11.

    Returns
    -------
    Ledger
        A pandas frame, a copy, indexed by ``id``: ``section`` of the article, ``statement`` in
        our words, the article's ``figure`` and its ``unit``, ``ours`` (computed; NaN where no
        model answers), ``test`` (model, measured, public source, reasoning), ``verdict`` (holds,
        holds when, contradicted, not testable here, not yet tested), ``because``, ``how``, and
        the notebook's number, ``page``.

    Raises
    ------
    TypeError, ValueError
        If `page` is no notebook's number.

    Examples
    --------
    >>> import edgelab as el
    >>> el.claims().loc["first-output-4-10", "verdict"]
    'contradicted'
    """
    if page is None:
        return _ledger().copy()
    whole = isinstance(page, numbers.Integral) and not isinstance(page, bool)
    if not (whole and page in datasets.PAGES):
        allowed = f"None or a whole number from {datasets.PAGES[0]} to {datasets.PAGES[-1]}"
        raise (ValueError if whole else TypeError)(f"page: got {page!r}, allowed {allowed}")
    return _ledger().query("page == @page").copy()
