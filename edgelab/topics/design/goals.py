"""What a design has to reach, which model says whether it does, and what the night costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from edgelab.core import datasets
from edgelab.core.constants import value
from edgelab.core.datasets import COPIES
from edgelab.core.words import in_ms
from edgelab.topics.cache.model import EdgeCache
from edgelab.topics.design.night import (
    REGION_LOST,
    STALE_S,
    UNSEEN_MIN,
    WRONG,
    Event,
    dead_pop_min,
    let_through,
    made,
    served,
)
from edgelab.topics.design.regions import (
    HOME_REGION,
    PLACES,
    Roads,
    audience,
    first_dead,
    row,
    sites,
    ways,
    weighed,
)
from edgelab.topics.durable_object.model import DurableObject
from edgelab.topics.endpoints.model import Endpoint
from edgelab.topics.endpoints.ways import KV, cold_start
from edgelab.topics.kv.model import EdgeKV
from edgelab.topics.night.model import CricStream
from edgelab.topics.observability.model import Fleet
from edgelab.topics.rate_limit.model import LATE, LIMITERS
from edgelab.topics.runtimes.model import WarmPool
from edgelab.world import delays, geo

if TYPE_CHECKING:
    from edgelab.topics.design.model import Design

__all__ = [
    "CHEAP", "GOALS", "Goal", "abroad", "bill", "cache_shares", "compare", "costs", "in_pool",
    "in_words", "out_of_place", "report", "seen_s",
]  # fmt: skip

#: How far the models' round trips may be off, and so how far a goal is above the article's figure.
SLACK = 1.1
HOUR_S = 3600


class Goal(NamedTuple):
    """Something that is to be at most so large."""

    target: float
    model: str
    ask: Callable[[Design], float]
    #: Whether it is found without drawing anything: `Design.search` may use it.
    cheap: bool = True


def _p99(place: str) -> Callable[[Design], float]:
    return lambda design: design._seen.p99_ms[PLACES.index(place)]


def _at_risk(design: Design) -> float:
    """Acknowledged writes that are lost with the home region."""
    share = 1.0 if design.converge == HOME_REGION else ways(design._quiet.roads).share[0]
    per_s = design._quiet.requests_per_s * design.write_share
    return float(per_s * share * design._agreement.at_risk_s)


def _region_lost(design: Design) -> float:
    """Errors, in percent, of a minute in which the home region is lost."""
    minute, _, _ = made(design, [Event(REGION_LOST, 0, 1)], [], 0, 0)
    return 100 * served(minute).errors


# -- what the pages' models say, remembered by what they were asked -------------------------------


@lru_cache(maxsize=256)
def in_pool(primitive: str, pops: int) -> tuple[tuple[bytes, ...], float]:
    """Cold starts of page 4's functions, and what a call costs besides its own work, in ms."""
    pool = WarmPool(primitive=primitive, pops=pops)
    cold, cost = pool.density().loc[primitive, "cold_share"], pool.costs().loc[primitive]
    start = cold_start(float(cold), float(cost["start_ms"]), pool.start_tail)
    return start, float(cost["call_ms"])


@lru_cache(maxsize=2048)
def cache_shares(given: tuple[tuple[str, float], ...]) -> tuple[tuple[float, ...], float]:
    """Share of the requests that page 5's cache fetches, at `PLACES` and of everyone; and asks."""
    cache_ = EdgeCache(**dict(given))
    all_ = cache_.shares(everyone=True)
    each = (cache_.replace(place=place).fetch_ratio for place in PLACES)
    return (*each, all_["fetched"]), all_["asked"]


@lru_cache(maxsize=2048)
def seen_s(pops: int, order: str, kv_delay_ms: float, copies: str, rebalancing: bool) -> float:
    """Seconds until 99 of 100 viewers see what the PoP nearest Mumbai writes to page 6's store."""
    rows, weight = sites(pops, order), np.zeros(len(_traffic_usd()))
    for pop, share in _shares(Roads(True, pops, order, (), ())).items():
        weight[pop] = share
    home = int(rows[np.argmin(geo.origin_rtt_ms()[1][rows])])
    most = EdgeKV.knobs()["rebalancing_share"].high if rebalancing else 0.0
    given = len(weight), home, kv_delay_ms, most, EdgeKV().seed, copies == COPIES[1]
    late = delays.stale_share(delays.delay_histogram(*given), weight, delays.GRID_MS)
    return delays.until_ms(late, weight, 0.99) / 1000


@lru_cache(maxsize=512)
def _object(home: str, followers: int, acknowledge: str) -> tuple[float, float]:
    """p99 of a read of the live match, and acknowledged writes at risk."""
    thing = DurableObject(home=home, followers=followers, acknowledge=acknowledge)
    return float(thing.latency().loc["everyone", "read_p99_ms"]), thing.at_risk_writes


def _score(design: Design) -> tuple[float, float]:
    return _object(design.object_home, design.followers, design.acknowledge)


@lru_cache(maxsize=1024)
def _endpoint(name: str, way: str, edge: tuple[tuple[str, Any], ...]) -> bool:
    """Whether an endpoint's way does what it needs, and about as quickly as any that does."""
    thing = Endpoint.examples()[name].replace(**dict(edge))
    table = thing.placements().query("place == @thing.audience").set_index("way")
    quickest = table.loc[table["allowed"], "p99_ms"].min()
    here = table.loc[way]
    return bool(here["allowed"] and here["p99_ms"] <= (1 + thing.worth) * quickest)


def out_of_place(design: Design) -> list[str]:
    """Endpoints that run in a way that does not do, or is slower than need be."""
    edge = tuple((n, getattr(design, n)) for n in ("pops", "kv_delay_ms", "copies", "primitive"))
    return [name for name, way in design.endpoints.items() if not _endpoint(name, way, edge)]


def _dead_pop_min(design: Design) -> float:
    roads = design._quiet.roads
    share = _shares(roads)[first_dead(roads.pops, roads.order)]
    return dead_pop_min(design, share)


@lru_cache(maxsize=1024)
def _shares(roads: Roads) -> dict[int, float]:
    """Share of the viewers that each PoP in use serves, by its row."""
    pop, viewers = ways(roads).pop, audience().viewers
    weight = np.repeat(viewers / viewers.sum() / pop.shape[1], pop.shape[1])
    rows, at = np.unique(pop.ravel(), return_inverse=True)
    return dict(zip(rows.tolist(), np.bincount(at, weight).tolist(), strict=True))


@lru_cache(maxsize=1024)
def abroad(roads: Roads) -> float:
    """Share of the requests that are answered outside the viewer's country."""
    way, (_, home, lands, _) = ways(roads), audience()
    ends = way.pop if roads.at_pop else np.array([row(c) for c in roads.living])[way.region]
    return weighed(lands[ends] != home[:, None])


#: Every goal, with what it may be at most: the article's figures and a tenth more, or assumptions.
GOALS: Mapping[str, Goal] = {
    **{
        f"p99 {place}, ms": Goal(SLACK * value(f"target_{key}_p99_ms"), "CricStream", _p99(place))
        for place, key in (
            ("Delhi", "delhi"), ("Chennai", "chennai"), ("Singapore", "singapore"),
            ("London", "london"), ("Bay Area", "bay_area"),
        )
    },
    "blank panels, %": Goal(0.1, "CricStream", lambda d: 100 * d._seen.blank),
    "staleness, s": Goal(STALE_S, "EdgeKV or EdgeCache", lambda d: d.stale_s(False)),
    "lost writes, %": Goal(1.0, "regions", lambda d: 100 * d._agreement.lost_share),
    "write's wait, ms": Goal(250.0, "regions", lambda d: d._agreement.wait_ms),
    "writes lost with a region": Goal(100.0, "regions", _at_risk),
    "errors without the home region, %": Goal(100 * WRONG, "regions", _region_lost),
    "origin busy, %": Goal(
        100 * value("target_origin_utilisation"), "CricStream", lambda d: 100 * d._seen.busy
    ),
    "let through, times": Goal(2.0, "RateLimit", let_through, cheap=False),
    "a dead PoP is seen, min": Goal(UNSEEN_MIN, "Fleet", _dead_pop_min, cheap=False),
    "live score p99, ms": Goal(250.0, "DurableObject", lambda d: _score(d)[0], cheap=False),
    "score's writes at risk": Goal(1.0, "DurableObject", lambda d: _score(d)[1], cheap=False),
    "endpoints out of place": Goal(
        0.0, "Endpoint", lambda d: float(len(out_of_place(d))), cheap=False
    ),
    "served abroad, %": Goal(1.0, "Placement", lambda d: 100 * abroad(d._quiet.roads)),
    "cost of the night, USD": Goal(25_000.0, "prices.csv", lambda d: sum(costs(d).values())),
}  # fmt: skip
CHEAP = tuple(name for name, goal in GOALS.items() if goal.cheap)

# -- what the night costs --------------------------------------------------------------------------

MIDDLE_EAST = ("AE", "BH", "IL", "IQ", "JO", "KW", "LB", "OM", "PS", "QA", "SA", "TR")
BY_CONTINENT = {"Europe": "Europe", "North America": "North America"}
BY_CONTINENT |= {"Africa": "Middle East", "South America": "Middle East"}


@cache
def _usd() -> dict[str, float]:
    """Price of one: of a request, and not of a million."""
    table = datasets.prices()
    million = table["per"].str.startswith("million")
    return (table["usd"] / np.where(million, 1e6, 1)).to_dict()


@cache
def _traffic_usd() -> np.ndarray:
    """What a GB costs that each PoP sends: the list price of the first 10 TB, by its region."""
    table, price = datasets.pops(), datasets.egress_prices()["first_usd_gb"]
    region = table["continent"].map(BY_CONTINENT).fillna("South-East Asia")
    region = region.mask(table["cca2"].isin(MIDDLE_EAST), "Middle East")
    return price[region.mask(table["cca2"] == "IN", "India")].to_numpy()


@lru_cache(maxsize=1024)
def _traffic_usd_gb(roads: Roads) -> float:
    if not roads.at_pop:
        return float(ways(roads).share @ _traffic_usd()[[row(code) for code in roads.living]])
    return float(sum(share * _traffic_usd()[pop] for pop, share in _shares(roads).items()))


@lru_cache(maxsize=64)
def _logs_usd(sampled: float, requests_per_viewer_min: float) -> float:
    about = {"sampled": sampled, "requests_per_viewer_min": requests_per_viewer_min}
    return float(Fleet(**about).volume()["usd_kept"])


@lru_cache(maxsize=8)
def _memory_gb(primitive: str) -> float:
    return float(WarmPool().costs().loc[primitive, "memory_mb"]) / 1000


@cache
def _usual() -> tuple[CricStream, EdgeCache, DurableObject]:
    return CricStream(), EdgeCache(), DurableObject()


def costs(design: Design) -> dict[str, float]:
    """US dollars of the night, by what they are for."""
    usd, (match, cache_, score) = _usd(), _usual()
    seconds = HOUR_S * value("night_hours")
    requests = design._quiet.requests_per_s * seconds
    writes = requests * design.write_share
    at_pop = design._quiet.roads.at_pop
    work = match.function_ms * requests
    each = {
        "isolate": requests * usd["isolate request"] + work * usd["isolate CPU"],
        "Wasm": requests * usd["Wasm request"] + work * usd["isolate CPU"],
        "container": requests * usd["container request"]
        + work / 1000 * _memory_gb("container") * usd["container GB-second"],
        "process": design.pops * usd["process PoP"],
    }[design.primitive]
    rounds = seconds / match.list_refresh_s * cache_.objects
    lists_gb = rounds * cache_.object_kb / 1e6
    kv = requests * usd["KV read"] + rounds * usd["KV write"]
    # Whoever writes is checked; a bucket in a PoP's own memory costs nothing more.
    check = (usd["KV read"] + usd["KV write"]) * (design.limiter in LATE)
    check += usd["object request"] * LIMITERS[design.limiter].asks_home
    server = usd["region server"] * value("night_hours")
    return {
        "traffic": requests * cache_.object_kb / 1e6 * _traffic_usd_gb(design._quiet.roads),
        "functions": each * at_pop,
        "PoPs": design.pops * usd["PoP"] * at_pop,
        "KV": kv * (design.panel == KV),
        "limiter": writes * check * at_pop,
        "live score": score.requests_per_s * seconds * usd["object request"],
        "regions": design.regions * (usd["region"] + design.origin_servers * server),
        "between regions": (design.regions - 1) * lists_gb * usd["between regions"],
        "log lines": _logs_usd(design.sampled, design.requests_per_viewer_min) * at_pop,
    }


def assumed(primitive: str) -> dict[str, bool]:
    """Whether a price that nobody published is in each of `costs`."""
    table = datasets.prices()["assumed"]
    functions = table[[name for name in table.index if name.startswith(primitive)]].any()
    return {"functions": bool(functions), "PoPs": True, "regions": True}


# -- as tables, and in words -----------------------------------------------------------------------


def report(design: Design) -> pd.DataFrame:
    """The frame of `edgelab.Design.report`."""
    values = design.values([*GOALS])
    rows = [(values[n], g.target, values[n] <= g.target, g.model) for n, g in GOALS.items()]
    index = pd.Index(list(GOALS), name="goal")
    return pd.DataFrame(rows, index=index, columns=["value", "target", "met", "model"])


def compare(other: Design, design: Design) -> pd.DataFrame:
    """The frame of `edgelab.Design.compare`."""
    before, now = (np.array([*d.values([*GOALS]).values()]) for d in (other, design))
    with np.errstate(divide="ignore", invalid="ignore"):
        saved = np.where(before == now, 0.0, np.where(before > 0, 1 - now / before, np.nan))
    columns = {"before": before, "now": now, "target": [g.target for g in GOALS.values()]}
    return pd.DataFrame(columns | {"saved": saved}, index=pd.Index(list(GOALS), name="goal"))


def bill(design: Design) -> pd.DataFrame:
    """The frame of `edgelab.Design.costs`."""
    usd, guessed = costs(design), assumed(design.primitive)
    frame = pd.Series(usd, name="usd").to_frame()
    frame["assumed"] = [guessed.get(item, False) for item in usd]
    return frame.rename_axis("item")


def in_words(design: Design) -> str:
    """The sentence of `edgelab.Design.in_words`."""
    far, usd = design._seen.p99_ms[PLACES.index("Bay Area")], sum(costs(design).values())
    return (
        f"Without an event the Bay Area's p99 is {in_ms(far)}, and the night costs {usd:,.0f} "
        "dollars."
    )
