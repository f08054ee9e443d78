"""Where one request is at each moment, link by link: the way that a waterfall adds up."""

from __future__ import annotations

import pandas as pd

from edgelab.topics.chain.links import LINKS, REST, Protocols, RoundTrips, steps

__all__ = ["journey"]


def journey(chain: Protocols, given: RoundTrips) -> pd.DataFrame:
    """Where one request of a viewer is, from its first packet to the whole answer.

    Parameters
    ----------
    chain, given
        As for `edgelab.topics.chain.links.steps`.

    Returns
    -------
    pandas.DataFrame
        A row for each arrival and each departure: ``link``, ``at`` (viewer, exchange, PoP or
        Mumbai) and ``since_ms``. It ends when `edgelab.RequestChain.total_ms` says so. What a
        long answer sends along both legs at once is drawn one leg after the other.
    """
    taken, legs = steps(chain, given), [("", "viewer", 0.0)]
    for row, link in enumerate([*LINKS, REST]):
        last_mile, pop, mumbai, work = taken.ms[row]
        # The resolver asks a name server on the viewer's one trip.
        count = 1 if link == "DNS" else max(int(taken.trips[row]), 1)
        crossings = max(int(taken.mumbai_trips[row]), count) if mumbai else 0
        ways = [(at, ms / count / 2) for at, ms in (("exchange", last_mile), ("PoP", pop)) if ms]
        places, times = ["viewer", *(at for at, _ in ways)], [ms for _, ms in ways]
        near, across = places[-1], mumbai / max(crossings, 1) / 2
        for trip in range(count if taken.ms[row].any() else 0):
            legs += [(link, at, ms) for at, ms in zip(places[1:], times, strict=True)]
            times_across = len(range(trip, crossings, count))
            legs += [(link, "Mumbai", across), (link, near, across)] * times_across
            back = [legs.pop()] if times_across else []
            legs += [(link, legs[-1][1], work / count), *back]
            legs += [(link, at, ms) for at, ms in zip(places[-2::-1], times[::-1], strict=True)]
    made = pd.DataFrame(legs, columns=["link", "at", "since_ms"])
    return made.assign(since_ms=made["since_ms"].cumsum())
