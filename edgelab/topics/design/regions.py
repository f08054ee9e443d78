"""One to four regions in place of the one origin: whose fetch goes where, and how they agree.

The one law that is this page's own. A PoP fetches from the living region with the least round
trip to it; a region that fails hands its fetches to the next nearest. The rest of a request's time
is the night's of page 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from edgelab.core import datasets
from edgelab.kernels import draws, histogram, latency
from edgelab.topics.night.model import CricStream
from edgelab.topics.pops.model import Placement
from edgelab.world import geo, queue, request
from edgelab.world.corridors import rtt_ms

__all__ = [
    "CONVERGE",
    "CRDT",
    "HOME_REGION",
    "INDIA",
    "LAST_WRITER",
    "PLACES",
    "QUORUM",
    "REGIONS",
    "WORLD",
    "Agreement",
    "Kind",
    "Roads",
    "Ways",
    "agree",
    "audience",
    "between_ms",
    "first_dead",
    "late_share",
    "region_time",
    "row",
    "sites",
    "spread",
    "ways",
    "weighed",
]  # fmt: skip

#: Places whose p99 is told; the diaspora's four are among them.
PLACES = ("Mumbai", "Delhi", "Chennai", "Singapore", "Dubai", "London", "Bay Area")
WORLD, INDIA = "the world", "India"
#: Regions in the order in which they are added, with the code of the PoP that each is at.
REGIONS = {
    WORLD: {"Mumbai": "BOM", "Bay Area": "SFO", "London": "LHR", "Singapore": "SIN"},
    INDIA: {"Mumbai": "BOM", "Hyderabad": "HYD", "Delhi": "DEL", "Chennai": "MAA"},
}
HOME_REGION, LAST_WRITER, CRDT, QUORUM = CONVERGE = (
    "home region",
    "last writer",
    "CRDT",
    "quorum",
)
#: Digits of a millisecond to which the time in a region is told apart (the grid's step is 1/32),
#: and digits of the load that count.
DIGITS, LOAD_DIGITS = 2, 3


class Roads(NamedTuple):
    """All that the ways of requests depend on."""

    #: Whether requests end at a PoP; else in a region.
    at_pop: bool
    pops: int
    order: str
    #: Rows of `edgelab.data.pops` that are lost.
    lost: tuple[int, ...]
    #: The living regions, by the codes of their PoPs.
    living: tuple[str, ...]
    #: Of how many regions, living or not, a fetch has to hear from more than half; 0 for none.
    majority_of: int = 0


class Ways(NamedTuple):
    """Where requests of each point of each catchment go, and what they pay: (places, POINTS)."""

    #: Row of `edgelab.data.pops` of the PoP, and which of the living regions.
    pop: np.ndarray
    region: np.ndarray
    #: To where the request ends, and from there on for what is fetched.
    near_ms: np.ndarray
    far_ms: np.ndarray
    #: Share of all viewers whose fetches each region gets.
    share: np.ndarray


@lru_cache(maxsize=8)
def _order(name: str) -> np.ndarray:
    """Rows of `edgelab.data.pops` in the order in which page 3 adds them."""
    at = {code: k for k, code in enumerate(datasets.pops()["code"])}
    return np.array([at[code] for code in Placement(order=name).sites()["code"]])


def sites(pops: int, order: str) -> np.ndarray:
    """Rows of the PoPs in use."""
    return _order(order)[:pops]


@cache
def row(code: str) -> int:
    """Row of a PoP in `edgelab.data.pops`."""
    return int(np.flatnonzero(datasets.pops()["code"] == code)[0])


@cache
def _from_pops_ms(code: str) -> np.ndarray:
    """Round trips from every PoP to a region. Mumbai's is the night's origin."""
    if code == REGIONS[WORLD]["Mumbai"]:
        return geo.origin_rtt_ms()[1]
    table, here = datasets.pops(), row(code)
    lat, lon = (table[axis].to_numpy() for axis in ("lat", "lon"))
    return rtt_ms(lat, lon, lat[here], lon[here])


@cache
def _from_points_ms(code: str) -> np.ndarray:
    """What viewers pay to a region without a PoP, (places, POINTS)."""
    if code == REGIONS[WORLD]["Mumbai"]:
        return request.ways(CricStream().route_settings).home_ms
    abroad = audience().lands != audience().pop_lands[row(code)]
    more = np.where(abroad, CricStream().transit_inflation, 1.0)
    return geo.pop_rtt_ms()[row(code)] * more[:, None]


@cache
def between_ms(codes: tuple[str, ...]) -> np.ndarray:
    """Round trips between regions, 0 to oneself."""
    rows = [row(code) for code in codes]
    out = np.array([_from_pops_ms(code)[rows] for code in codes])
    np.fill_diagonal(out, 0.0)
    return out


def _majority_ms(living: tuple[str, ...], of: int) -> np.ndarray:
    """What each living region waits for until, with itself, more than half of all have answered."""
    return np.sort(between_ms(living), axis=1)[:, of // 2]


class Audience(NamedTuple):
    """Where viewers are, as arrays: frames are slow to copy."""

    viewers: np.ndarray
    #: Country of each place, and of each PoP.
    lands: np.ndarray
    pop_lands: np.ndarray
    #: Row of each of `PLACES`.
    told: np.ndarray


@cache
def audience() -> Audience:
    """The night's viewers and the PoPs' countries, shared and so not to be changed."""
    places = datasets.places()
    names = list(places["place"])
    lands, pop_lands = (table["cca2"].to_numpy(str) for table in (places, datasets.pops()))
    told = np.array([names.index(name) for name in PLACES])
    return Audience(places["viewers"].to_numpy(), lands, pop_lands, told)


def weighed(each: np.ndarray) -> float:
    """The mean over all viewers of what each point of each catchment has, (places, POINTS)."""
    viewers = audience().viewers
    return float(each.mean(axis=1) @ viewers / viewers.sum())


@lru_cache(maxsize=256)
def _nearest(pops: int, order: str, lost: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The PoP that serves each point of each catchment, and what its viewers pay to it."""
    rows = sites(pops, order)
    rows = rows[~np.isin(rows, lost)]
    rtt = geo.pop_rtt_ms()[rows]
    pop = rows[rtt.argmin(axis=0)]
    abroad = audience().lands[:, None] != audience().pop_lands[pop]
    return pop, rtt.min(axis=0) * np.where(abroad, CricStream().transit_inflation, 1.0)


@lru_cache(maxsize=1024)
def ways(roads: Roads) -> Ways:
    """Where requests go, shared and so not to be changed; without a region nothing is fetched."""
    pop, near = _nearest(roads.pops, roads.order, roads.lost)
    if not roads.living:
        none = np.zeros_like(pop)
        return Ways(pop, none, near, np.full(near.shape, np.inf), np.zeros(1))
    away = [
        _from_pops_ms(code)[pop] if roads.at_pop else _from_points_ms(code) for code in roads.living
    ]
    region, far = np.argmin(away, axis=0), np.min(away, axis=0)
    share = np.array([weighed(region == k) for k in range(len(away))])
    if roads.majority_of:
        far = far + _majority_ms(roads.living, roads.majority_of)[region]
    if not roads.at_pop:
        near, far = far, np.zeros_like(far)
    return Ways(pop, region, near, far, share)


@cache
def first_dead(pops: int, order: str) -> int:
    """The PoP that page 10 loses: the one that serves most of Singapore's viewers."""
    at = audience().told[PLACES.index("Singapore")]
    return int(np.bincount(_nearest(pops, order, ())[0][at]).argmax())


# -- how the times are spread -------------------------------------------------------------------


class Kind(NamedTuple):
    """All that the time of one kind of request depends on."""

    roads: Roads
    #: Whether it is fetched; then the region's time, as equally likely float32 values.
    fetched: bool
    work_ms: float
    #: Cold starts, and the region's time: each as equally likely float32 values.
    terms: tuple[bytes, ...]


@cache
def _last_mile() -> tuple[np.ndarray, tuple[bytes, ...]]:
    """Which table of last miles each place has, and the tables."""
    night = CricStream()
    median = request.ways(night.route_settings).last_mile_ms
    levels = (np.arange(draws.QUANTILES) + 0.5) / draws.QUANTILES
    factors = np.exp(night.last_mile_sigma * ndtri(levels))
    kinds, which = np.unique(median, return_inverse=True)
    return which, tuple((each * factors).astype(np.float32).tobytes() for each in kinds)


def region_time(servers: int, offered: float, service_ms: float) -> bytes:
    """Times that a fetch spends in a region that is not saturated, its queue included (M/M/c)."""
    return _region_time(servers, float(f"{offered:.{LOAD_DIGITS}g}"), service_ms)


@lru_cache(maxsize=512)
def _region_time(servers: int, offered: float, service_ms: float) -> bytes:
    load = min(offered, servers * (1 - 10.0**-LOAD_DIGITS))
    times = queue.sojourn_quantiles_ms(servers, load, service_ms, draws.QUANTILES)
    return np.round(times, DIGITS).astype(np.float32).tobytes()


def _offsets_ms(kind: Kind) -> np.ndarray:
    way = ways(kind.roads)
    single = np.float32
    near = (way.near_ms + kind.work_ms).astype(single).astype(float)
    return near + way.far_ms.astype(single) if kind.fetched else near


@lru_cache(maxsize=4096)
def spread(kind: Kind) -> np.ndarray:
    """How the times are spread at `PLACES`: share of the requests in each bin, (places, BINS)."""
    which, tables = _last_mile()
    edges = histogram.bin_edges_ms()[1:-1]
    mass = np.zeros((len(PLACES), histogram.BINS))
    offsets = _offsets_ms(kind)
    for number, at in enumerate(audience().told):
        if np.isinf(offsets[at]).any():
            mass[number, -1] = 1.0
            continue
        grid = request.grid_cdf(tables[which[at]], *kind.terms)
        latency.add_mixture(1.0, edges, offsets[at], *grid, mass[number])
    mass.flags.writeable = False
    return mass


@lru_cache(maxsize=4096)
def late_share(kind: Kind, ms: float) -> float:
    """Share of everyone's requests that take longer than `ms`."""
    which, tables = _last_mile()
    left = ms - _offsets_ms(kind)
    late = np.ones(left.shape)
    for number, table in enumerate(tables):
        cdf, start, step = request.grid_cdf(table, *kind.terms)
        at = which == number
        late[at] = 1 - np.interp((left[at] - start) / step, np.arange(len(cdf)), cdf, left=0.0)
    return max(weighed(late), 0.0)


# -- how regions agree ----------------------------------------------------------------------------


class Agreement(NamedTuple):
    """What it costs that several regions take writes."""

    #: Share of the writes to one busy key that are overwritten unseen.
    lost_share: float
    #: What a write waits for other regions, where that is longest.
    wait_ms: float
    #: Acknowledged writes that go with the home region, in seconds of its writes.
    at_risk_s: float
    #: Seconds until what is made in the first region has come to all others.
    copy_s: float
    #: Whether writes go on when one region of them is lost.
    goes_on: bool


def agree(
    codes: Sequence[str], share: Sequence[float], how: str, writes_per_s: float, batch_s: float
) -> Agreement:
    """How regions that take the writes of their own viewers come to one value.

    Parameters
    ----------
    codes : sequence of str
        The regions, the home of all keys first.
    share : sequence of float
        Of the writes that each takes.
    how : str
        One of `CONVERGE`.
    writes_per_s : float
        To the one key that is written most.
    batch_s : float
        How often copies leave for the other regions.

    Notes
    -----
    A write is overwritten unseen if another region takes one before it has come there: with writes
    at random (Poisson) and a delay d between the two, with probability 1 - exp(-rate x d). The
    delay is half a round trip and, on average, half the time between two batches.
    """
    codes, share = tuple(codes), np.asarray(share, float)
    rtt, alone = between_ms(codes), len(codes) == 1
    late_s = rtt / 2000 + batch_s / 2 * (1 - np.eye(len(codes)))
    meets = 1 - np.exp(-writes_per_s * (late_s @ share))
    lost = float(share @ meets) if how == LAST_WRITER else 0.0
    waits = {HOME_REGION: rtt[0], QUORUM: _majority_ms(codes, len(codes))}.get(how, np.zeros(1))
    # What the home region took is safe when the nearest other region has it.
    risk = 0.0 if how == QUORUM or alone else float(np.sort(late_s[0])[1])
    goes_on = not alone and (how != QUORUM or 2 * (len(codes) - 1) > len(codes))
    copy = 0.0 if how == QUORUM else float(late_s[0].max())
    return Agreement(lost, float(waits.max()), risk, copy, goes_on)
