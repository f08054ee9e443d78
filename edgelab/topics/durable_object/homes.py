"""Homes that an object and its copies could have, and how long agreement among them takes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd

from edgelab.core import datasets
from edgelab.core.sphere import great_circle_km, light_floor_ms
from edgelab.topics.night.model import GROUPS
from edgelab.world import geo

__all__ = [
    "AROUND",
    "AT_ONCE",
    "AUDIENCES",
    "CONFIRMED",
    "HOMES",
    "NEAR",
    "POPS",
    "STADIUMS",
    "TO_P99",
    "Copies",
    "agreement",
    "between_pops_ms",
    "by_home",
    "idle",
    "latency",
    "majority",
    "members",
    "pop_row",
    "quantiles_ms",
    "quorum",
    "rows",
    "safe_ms",
    "sites",
    "to_pops_ms",
]

#: The PoPs of the article; each could be a home.
POPS = 312
#: Homes to choose from, by name, with the code of their PoP.
HOMES: Mapping[str, str] = MappingProxyType(
    {
        "Mumbai": "BOM", "Ahmedabad": "AMD", "Bengaluru": "BLR", "Chandigarh": "IXC",
        "Chennai": "MAA", "Delhi": "DEL", "Hyderabad": "HYD", "Kanpur": "KNU",
        "Kochi": "COK", "Kolkata": "CCU", "Nagpur": "NAG", "Pune": "PNQ",
        "Boston": "BOS", "Dubai": "DXB", "Frankfurt": "FRA", "Geneva": "GVA",
        "Hong Kong": "HKG", "Johannesburg": "JNB", "London": "LHR", "Los Angeles": "LAX",
        "Marseille": "MRS", "Nairobi": "NBO", "San Francisco": "SFO", "São Paulo": "GRU",
        "Singapore": "SIN", "Sydney": "SYD", "Tokyo": "NRT",
    }
)  # fmt: skip
#: From the mean of an exponential time to its p99.
TO_P99 = float(np.log(100))
#: Requests a second at which a slider stops: closer where an object of 1 ms is nearly full.
RATES_PER_S = tuple(
    sorted(
        {float(f"{step}e{ten}") for step in (1, 1.5, 2, 3, 4, 5, 6, 8) for ten in range(-1, 6)}
        | {312.0, 700.0, 900.0, 950.0, 1e6}
    )
)
#: Cities with a stadium for the match: those of `HOMES` that are in ``data/places.csv`` too.
STADIUMS = (
    *("Ahmedabad", "Bengaluru", "Chandigarh", "Chennai", "Delhi", "Hyderabad", "Kolkata"),
    "Mumbai",
)
#: Whose round trips can count.
AUDIENCES = ("everyone", "India", "diaspora")
#: Where followers are, and when a write is answered.
NEAR, AROUND = "near the home", "around the world"
CONFIRMED, AT_ONCE = "when copies are safe", "at once"


@cache
def pop_row(home: str) -> int:
    """Row of a home's PoP in `edgelab.data.pops`."""
    return int(np.flatnonzero(datasets.pops()["code"] == HOMES[home])[0])


@cache
def _degrees() -> tuple[np.ndarray, np.ndarray]:
    """Latitudes and longitudes of the PoPs."""
    pops = datasets.pops()[:POPS]
    return pops["lat"].to_numpy(), pops["lon"].to_numpy()


@cache
def between_pops_ms() -> np.ndarray:
    """Round trips between the PoPs, (POPS, POPS)."""
    rtt = np.ascontiguousarray(geo.between_pops_ms()[:POPS, :POPS])
    rtt.flags.writeable = False
    return rtt


@cache
def to_pops_ms() -> np.ndarray:
    """Round trips from each point of each catchment by its PoP to each PoP."""
    pop, near = geo.nearest_pop(POPS)
    rtt = near[..., None] + between_pops_ms()[pop]
    # The PoP that serves a viewer may be the home itself.
    at_home = pop[..., None] == np.arange(POPS)
    rtt = np.where(at_home, near[..., None], rtt)
    rtt.flags.writeable = False
    return rtt


def members(group: str) -> np.ndarray:
    """Whether each place belongs to a group."""
    places = datasets.places()
    return ((places["group"] == group) | (group == "everyone")).to_numpy()


@cache
def by_home(audience: str) -> pd.DataFrame:
    """Every PoP as a home, by the round trips of an audience; see `DurableObject.homes`."""
    some = members(audience)
    viewers, rtt = datasets.places()["viewers"].to_numpy()[some], to_pops_ms()[some]
    points = rtt.reshape(-1, POPS)
    weight = np.repeat(viewers / viewers.sum() / rtt.shape[1], rtt.shape[1])
    order = np.argsort(points, axis=0)
    reached = np.cumsum(weight[order], axis=0) >= 0.99 - 1e-12
    p99 = np.take_along_axis(points, np.take_along_axis(order, reached.argmax(0)[None], 0), 0)[0]
    names = {code: name for name, code in HOMES.items()}
    pops = datasets.pops()[:POPS]
    frame = pd.DataFrame(
        {
            "home": [
                names.get(code, city) for code, city in zip(pops["code"], pops["city"], strict=True)
            ],
            "lat": pops["lat"],
            "lon": pops["lon"],
            "mean_ms": weight @ points,
            "p99_ms": p99,
            "farthest_ms": rtt.mean(axis=1).max(axis=0),
        }
    )
    return frame.set_index("home")


@cache
def agreement() -> pd.DataFrame:
    """Waits for a majority and for all of the first k PoPs; see `DurableObject.quorum`."""
    lat, lon = _degrees()
    rtt = between_pops_ms().copy()
    light = light_floor_ms(great_circle_km(lat[:, None], lon[:, None], lat, lon))
    for own in (rtt, light):
        np.fill_diagonal(own, 0.0)
    rows = []
    for k in range(1, POPS + 1):
        kth = k // 2
        majority, straight = (np.partition(t[:k, :k], kth, axis=1)[:, kth] for t in (rtt, light))
        widest = rtt[:k, :k].max(axis=1)
        rows.append((k, majority.argmin(), majority.min(), straight.min(), widest.min()))
    frame = pd.DataFrame(rows, columns=["regions", "leader", "majority_ms", "light_ms", "all_ms"])
    frame["leader"] = datasets.pops()["city"].to_numpy()[frame["leader"]]
    with np.errstate(divide="ignore"):
        return frame.assign(turns_per_s=1000 / frame["majority_ms"].to_numpy())


def quorum(home: str, copies: int, safe_ms: float) -> pd.DataFrame:
    """The frame of `edgelab.DurableObject.quorum`, of so many copies that are safe after a time."""
    frame, row = agreement(), pop_row(home)
    others = np.delete(between_pops_ms()[row], row)
    here_ms = [0.0, *(np.sort(others[:f])[(f - 1) // 2] for f in range(1, POPS))]
    own = frame["regions"] == copies
    return frame.assign(here_ms=here_ms, safe_ms=np.where(own, safe_ms, np.nan))


def quantiles_ms(rtt: np.ndarray, weight: np.ndarray | None, at_object_ms: float) -> np.ndarray:
    """p50 and p99 of round trips plus an exponential time at the object.

    Parameters
    ----------
    rtt : ndarray, (rows, points)
    weight : ndarray, (points,), optional
        Equal weights if not given.
    at_object_ms : float
        Mean of the exponential: in M/M/1 waiting and service together are exponential.

    Returns
    -------
    float64 ndarray, (rows, 2)
        By bisection, to well under a microsecond.
    """
    share = np.full(rtt.shape[1], 1 / rtt.shape[1]) if weight is None else weight / weight.sum()
    later = 1 - np.array([0.5, 0.99])
    low = np.repeat(rtt.min(axis=1)[:, None], 2, axis=1)
    high = rtt.max(axis=1)[:, None] - at_object_ms * np.log(later)
    for _ in range(44):
        middle = (low + high) / 2
        gone = np.maximum(middle[..., None] - rtt[:, None, :], 0.0)
        waits = np.exp(-gone / at_object_ms) @ share > later
        low, high = np.where(waits, middle, low), np.where(waits, high, middle)
    return (low + high) / 2


def by_load(service_ms: float) -> pd.DataFrame:
    """Time at an object, waiting included, by the requests that reach it (M/M/1).

    Returns
    -------
    pandas.DataFrame
        ``requests_per_s``, up to 99 % of what it can do, ``mean_ms`` and ``p99_ms``: the time is
        exponential.
    """
    busy = np.linspace(0, 0.99, 100)
    mean = service_ms / (1 - busy)
    return pd.DataFrame(
        {"requests_per_s": 1000 * busy / service_ms, "mean_ms": mean} | {"p99_ms": TO_P99 * mean}
    )


def latency(home: str, at_object_ms: float, write_wait_ms: float) -> pd.DataFrame:
    """The frame of `edgelab.DurableObject.latency`, without the state.

    Parameters
    ----------
    home : str
    at_object_ms : float
        Mean time at the object, infinite if it is saturated.
    write_wait_ms : float
        What a write waits for copies besides.
    """
    places, to_home = datasets.places(), to_pops_ms()[..., pop_row(home)]
    viewers, means = places["viewers"].to_numpy(), to_home.mean(axis=1)
    frame = pd.DataFrame(
        {
            "place": [*places["place"], *GROUPS],
            "kind": ["place"] * len(places) + ["group"] * len(GROUPS),
            "group": [*places["group"], *GROUPS],
        }
    ).set_index("place")
    groups = [np.flatnonzero(members(group)) for group in GROUPS]
    rows = [*np.arange(len(places))[:, None], *groups]
    frame["viewers"] = [viewers[some].sum() for some in rows]
    frame["rtt_ms"] = [np.average(means[some], weights=viewers[some]) for some in rows]
    levels = np.full((len(rows), 2), np.inf)
    if np.isfinite(at_object_ms):
        levels[: len(places)] = quantiles_ms(to_home, None, at_object_ms)
        for number, some in enumerate(groups, len(places)):
            weight = np.repeat(viewers[some], to_home.shape[1])
            levels[number] = quantiles_ms(to_home[some].reshape(1, -1), weight, at_object_ms)
    frame["read_p50_ms"], frame["read_p99_ms"] = levels.T
    return frame.assign(write_p99_ms=frame["read_p99_ms"] + write_wait_ms)


class Copies(NamedTuple):
    """Where the copies are, by the names of `edgelab.DurableObject`."""

    home: str
    followers: int
    followers_at: str


def majority(followers: int) -> int:
    """Followers that, with the home, are more than half of all copies."""
    return (followers + 1) // 2


def idle(followers: int, acknowledge: str) -> dict[str, str]:
    """The knobs of the copies that move nothing, and why."""
    out = {}
    if acknowledge == CONFIRMED:
        out["write_share"] = "only writes that are answered at once are at risk"
    if not followers:
        names = ("followers_at", "acknowledge", "batch_s", "write_share")
        out |= dict.fromkeys(names, "there is no follower")
    elif followers == POPS - 1:
        out["followers_at"] = "a follower is in every PoP"
    return out


def rows(copies: Copies) -> np.ndarray:
    """Rows of `edgelab.data.pops`: the home, then its followers, the nearest first."""
    row = pop_row(copies.home)
    rtt = between_pops_ms()[row].copy()
    rtt[row] = -1.0
    near = np.argsort(rtt, kind="stable")
    if copies.followers_at == NEAR:
        return near[: copies.followers + 1]
    chosen = np.flatnonzero(np.arange(POPS) != row)[: copies.followers]
    return np.concatenate([[row], chosen[np.argsort(rtt[chosen], kind="stable")]])


def safe_ms(copies: Copies) -> float:
    """Round trips until a write is confirmed by as many followers as it needs."""
    if not copies.followers:
        return 0.0
    home, *others = rows(copies)
    return float(np.sort(between_pops_ms()[home, others])[majority(copies.followers) - 1])


def sites(copies: Copies, stadium: str) -> pd.DataFrame:
    """The frame of `edgelab.DurableObject.sites`."""
    home, at = pop_row(copies.home), np.append(rows(copies), pop_row(stadium))
    frame = datasets.pops().iloc[at][["city", "lat", "lon"]].reset_index(drop=True)
    frame.insert(0, "role", ["home", *["follower"] * copies.followers, "stadium"])
    frame.loc[[0, len(at) - 1], "city"] = [copies.home, stadium]
    return frame.assign(rtt_ms=np.where(at == home, 0.0, between_pops_ms()[home, at]))
