"""Figures of the ledger's rows that notebook 01 tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgelab.core import datasets
from edgelab.core.sphere import great_circle_km
from edgelab.topics.night.calibration import residuals
from edgelab.topics.night.model import HOME, CricStream
from edgelab.world import geo

__all__ = ["FIGURES"]


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
