"""Six confusions with a figure each, and other reasons: residency, an attack, price, queries."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from edgelab.core import allowed, datasets
from edgelab.core.constants import value
from edgelab.core.table import Table
from edgelab.kernels.latency import POINTS
from edgelab.topics.durable_object.homes import POPS, members
from edgelab.topics.endpoints.model import Endpoint
from edgelab.topics.endpoints.timing import OWN
from edgelab.topics.endpoints.ways import KV
from edgelab.topics.kv.model import EdgeKV
from edgelab.topics.pops.anycast import landing
from edgelab.topics.runtimes.model import WarmPool
from edgelab.world import geo
from edgelab.world.corridors import rtt_ms

__all__ = ["attack", "confusions", "price", "queries_in_turn", "residency"]

#: Countries of the audience, with the price region of each.
COUNTRIES = {
    "IN": "India",
    "SG": "South-East Asia",
    "AE": "Middle East",
    "GB": "Europe",
    "US": "North America",
}


def residency(pops: int = POPS) -> Table:
    """Whose requests are served abroad, and what it costs to serve them inside the country.

    Parameters
    ----------
    pops : int
        How many PoPs there are, 1 to 500.

    Returns
    -------
    Table
        A pandas frame, indexed by ``country``: ``viewers``; ``pops`` inside; ``nearest_abroad`` and
        ``anycast_abroad``, the share served outside if all reach the nearest PoP, and with page
        3's anycast; ``nearest_ms`` and ``inside_ms``, mean round trips to the nearest PoP and to
        the nearest inside (infinite if there is none); ``costs_ms``, the difference.

    Raises
    ------
    TypeError, ValueError
        If `pops` is out of range.
    """
    pops = allowed.whole("pops", pops, 1, len(datasets.pops()))
    rtt = np.ascontiguousarray(geo.pop_rtt_ms()[:pops].reshape(pops, -1).T)
    places, lands = datasets.places(), datasets.pops()["cca2"].to_numpy(str)[:pops]
    ids, shares = landing(rtt, np.arange(pops), value("anycast_nearest_share"))
    here = np.repeat(places["cca2"].to_numpy(str), POINTS)
    weight = np.repeat(places["viewers"].to_numpy() / POINTS, POINTS)
    rows = {}
    for country in COUNTRIES:
        mine, inside = here == country, lands == country
        abroad = lands[ids[mine]] != country
        stay = np.min(rtt[np.ix_(mine, inside)], axis=1, initial=np.inf)
        means = {
            "nearest_abroad": abroad[:, 0],
            "anycast_abroad": abroad @ shares,
            "nearest_ms": rtt[mine].min(axis=1),
            "inside_ms": stay,
        }
        average = {k: np.average(v, weights=weight[mine]) for k, v in means.items()}
        rows[country] = {"viewers": weight[mine].sum(), "pops": int(inside.sum())} | average
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("country")
    return Table(frame.assign(costs_ms=frame["inside_ms"] - frame["nearest_ms"]))


def attack(requests_per_s: float = value("attack_requests_per_s"), pops: int = POPS) -> Table:
    """What the busiest place gets of an attack, by where the attackers are.

    Parameters
    ----------
    requests_per_s : float
        Of the attack, above 0 and at most 1e12.
    pops : int
        How many PoPs there are, 1 to 500.

    Returns
    -------
    Table
        A pandas frame, indexed by ``attack``: ``busiest_share`` of the requests, and
        ``busiest_per_s``. Attackers reach the nearest PoP in time.

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of range.
    """
    rate = float(allowed.number("requests_per_s", requests_per_s, high=1e12, above=0))
    pops = allowed.whole("pops", pops, 1, len(datasets.pops()))
    viewers, at = datasets.places()["viewers"].to_numpy(), geo.nearest_pop(pops)[0].ravel()
    cities, table = datasets.cities(), datasets.pops()[:pops]
    there = [cities[axis].to_numpy()[:, None] for axis in ("lat", "lon")]
    nearest = rtt_ms(*there, table["lat"].to_numpy(), table["lon"].to_numpy()).argmin(axis=1)
    people = cities["population"].to_numpy()
    rows = {
        "one origin": 1.0,
        "evenly over the PoPs": 1 / pops,
        "where the world's city dwellers are": np.bincount(nearest, people).max() / people.sum(),
        "where the viewers are": np.bincount(at, np.repeat(viewers / POINTS, POINTS)).max()
        / viewers.sum(),
    }
    frame = pd.DataFrame({"busiest_share": rows}).rename_axis("attack")
    return Table(frame.assign(busiest_per_s=rate * frame["busiest_share"]))


def price(thing: Endpoint) -> Table:
    """What the night's answers cost in traffic, served in each country and from Mumbai.

    Parameters
    ----------
    thing : Endpoint

    Returns
    -------
    Table
        A pandas frame, indexed by ``country``, and ``all``: ``gb`` of the night, and in US dollars
        ``there_first_usd`` and ``mumbai_first_usd`` at the list price of the first 10 TB a month,
        ``there_last_usd`` and ``mumbai_last_usd`` at that beyond 5 PB; the true price lies between.

    Raises
    ------
    TypeError
        If `thing` is no Endpoint.
    """
    allowed.instance("thing", thing, Endpoint)
    places = datasets.places()
    viewers = pd.Series(places["viewers"].to_numpy() * members(thing.audience))
    share = viewers.groupby(places["cca2"]).sum()[list(COUNTRIES)].to_numpy() / viewers.sum()
    gb = share * thing.requests_per_s * thing.answer_kb / 1e6 * 3600 * value("night_hours")
    table = datasets.egress_prices()
    frame = pd.DataFrame({"gb": gb}, index=pd.Index(list(COUNTRIES), name="country"))
    for tier in ("first", "last"):
        usd = table[f"{tier}_usd_gb"]
        frame[f"there_{tier}_usd"] = gb * usd[list(COUNTRIES.values())].to_numpy()
        frame[f"mumbai_{tier}_usd"] = gb * usd["India"]
    frame.loc["all"] = frame.sum()
    return Table(frame)


def queries_in_turn(
    lat_a: float, lon_a: float, lat_b: float, lon_b: float, queries: int = 10
) -> pd.DataFrame:
    """Round trips of queries in turn, made beside the user, or beside the back end.

    Parameters
    ----------
    lat_a, lon_a : float
        Of the user, in degrees.
    lat_b, lon_b : float
        Of the back end.
    queries : int
        The most, 1 to 100.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``queries``: ``beside_user_ms`` and ``beside_back_end_ms``, by `edgelab.rtt_ms`
        between the user, the back end, and the PoP of 312 that is nearest to each. Times at the
        back end are left out.

    Raises
    ------
    TypeError, ValueError
        If a parameter is out of range.
    """
    count = np.arange(1, allowed.whole("queries", queries, 1, 100) + 1)
    user, back = (
        [float(allowed.number(f"{axis}_{end}", each, -most, most)) for axis, each, most in sides]
        for end, sides in (
            ("a", (("lat", lat_a, 90), ("lon", lon_a, 180))),
            ("b", (("lat", lat_b, 90), ("lon", lon_b, 180))),
        )
    )
    pops = datasets.pops()[:POPS]
    at = pops["lat"].to_numpy(), pops["lon"].to_numpy()
    from_user, from_back = rtt_ms(*user, *at), rtt_ms(*back, *at)
    near, far = int(from_user.argmin()), int(from_back.argmin())
    between = float(rtt_ms(*(axis[near] for axis in at), *(axis[far] for axis in at)))
    return pd.DataFrame(
        {
            "beside_user_ms": from_user[near] + count * from_back[near],
            "beside_back_end_ms": from_user[near] + between + count * from_back[far],
        },
        index=pd.Index(count, name="queries"),
    )


# -- six confusions -------------------------------------------------------------------------------

#: A sentence to each confusion, the page that has more, and from where to where the figure lies if
#: it is true.
SAID = {
    "A CDN's cache can give most viewers an answer of their own.": (5, 50, 100),
    "An isolate starts at least ten times as quickly as a container.": (4, 10, np.inf),
    "A name taken in an edge KV can be taken again 100 ms later.": (6, 1e-9, 100),
    "When the Up Next panel is at the edge, nothing reaches Mumbai.": (9, 0, 0),
    "An isolate and a Wasm instance start about equally quickly.": (4, 0.5, 2),
    "An attack is a reason to go to the edge, latency or not.": (9, 0, 50),
}


@cache
def _figures() -> tuple[tuple[str, str, float], ...]:
    """What was reckoned, its unit, and the figure, for each of `SAID`."""
    own = Endpoint(answers=OWN, tolerated_staleness_s=300)
    hits = 100 * (1 - own._cached[0])
    pool = WarmPool(figures="public").costs()["start_ms"]
    stale = EdgeKV().staleness()
    second = float(np.interp(100, stale["since_write_ms"], stale["viewers"]))
    home = Endpoint().placements().set_index("way").loc[KV, "home_per_s"].iloc[0]
    spread = attack().loc["where the viewers are", "busiest_share"]
    return (
        ("hits in a cache, where each viewer has an answer of their own", "%", hits),
        ("start of a container over that of an isolate, by public sources", "times",
         pool["container"] / pool["isolate"]),
        ("viewers who do not see yet that the name is taken", "%", 100 * second),
        ("queries and writes of the Up Next panel that still reach Mumbai", "a second", home),
        ("start of an isolate over that of a Wasm instance, by public sources", "times",
         pool["isolate"] / pool["Wasm"]),
        ("of an attack from where the viewers are, what the busiest PoP gets; one origin gets all",
         "%", 100 * spread),
    )  # fmt: skip


def confusions() -> Table:
    """A sentence to each of the article's six confusions, and the figure that answers it.

    Returns
    -------
    Table
        A pandas frame, indexed by ``said``: whether it is ``true`` (T or F), what was
        ``reckoned``, ``ours``, its ``unit``, and the ``page`` that has more.
    """
    rows = [
        ("T" if low <= ours <= high else "F", reckoned, ours, unit, page)
        for (reckoned, unit, ours), (page, low, high) in zip(_figures(), SAID.values(), strict=True)
    ]
    frame = Table(rows, index=list(SAID), columns=["true", "reckoned", "ours", "unit", "page"])
    return frame.rename_axis("said")
