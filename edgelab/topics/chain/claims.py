"""Figures of the ledger's rows that notebook 02 tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgelab.topics.chain.links import LINKS, UNPOOLED, WARM
from edgelab.topics.chain.model import RequestChain

__all__ = ["FIGURES"]


def _gain_by_link(**knobs) -> np.ndarray:
    """Share of the whole gain that each link adds in its turn, in percent; mean abroad."""
    chain = RequestChain(**knobs)
    total = [
        chain.move(count).by_place().query("group == 'diaspora'")["total_ms"].mean()
        for count in range(len(LINKS) + 1)
    ]
    return -100 * np.diff(total) / (total[0] - total[-1])


def _nothing_saved() -> float:
    """The most that DNS, TCP or TLS changes on an open connection, in percent of the gain."""
    by_link = dict(zip(LINKS, _gain_by_link(connection=WARM), strict=True))
    return max((by_link[link] for link in ("DNS", "TCP", "TLS")), key=abs)


def _trips_left() -> float:
    """Round trips to Mumbai with all five links at the PoP: the most for any protocol."""
    knobs = RequestChain.knobs()
    edge = RequestChain(dns_answer="nowhere", response_bytes=1_000_000).move(len(LINKS))
    chains = [edge.replace(tls=tls) for tls in knobs["tls"].choices]
    chains += [edge.replace(http=http) for http in knobs["http"].choices]
    return max(chain.waterfall()["mumbai_trips"].sum() for chain in chains)


def _slower_share(**knobs) -> float:
    """Viewers in places where a fetch by the PoP is slower than Mumbai itself, in percent."""
    frame = RequestChain(**knobs).move(4).by_place()
    return 100 * np.average(frame["total_ms"] > frame["home_ms"], weights=frame["viewers"])


#: Row of ``data/claims.csv`` to our figure, in that row's unit.
FIGURES: dict[str, Callable[[], float]] = {
    "whole-chain": lambda: _gain_by_link()[:-1].sum(),
    "one-link-saves-nothing": lambda: _gain_by_link().max(),
    "one-link-open-connection": _nothing_saved,
    "all-five-save-the-trip": _trips_left,
    "fetching-is-slower-cold": _slower_share,
    "fetching-cold-unpooled": lambda: _slower_share(origin_connection=UNPOOLED),
    "fetching-warm-unpooled": lambda: _slower_share(connection=WARM, origin_connection=UNPOOLED),
}
