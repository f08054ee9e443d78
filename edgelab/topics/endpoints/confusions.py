"""The article's six confusions, each answered by a figure of this workbook."""

from __future__ import annotations

from functools import cache

import numpy as np

from edgelab.core.table import Table
from edgelab.topics.durable_object.model import KV as EDGE_KV
from edgelab.topics.durable_object.model import DurableObject
from edgelab.topics.endpoints import motives
from edgelab.topics.endpoints.model import Endpoint
from edgelab.topics.endpoints.timing import OWN
from edgelab.topics.endpoints.ways import KV
from edgelab.topics.kv.model import EdgeKV
from edgelab.topics.runtimes.model import WarmPool

__all__ = ["SAID", "confusions"]

#: What is said, in our words, and the page that has more.
SAID = {
    "Edge compute is a CDN with some code.": 5,
    "A cold start is the same trouble as in a Lambda.": 4,
    "An edge KV is a database for the world.": 6,
    "With the edge, the origin can go.": 9,
    "Wasm and isolates are the same thing.": 4,
    "Latency is the one reason to go to the edge.": 9,
}


@cache
def _figures() -> tuple[tuple[str, str, float], ...]:
    """What was reckoned, its unit, and the figure, for each of `SAID`."""
    own = Endpoint(answers=OWN, tolerated_staleness_s=300)
    hits = 100 * (1 - own._cached[0])
    pool = WarmPool(figures="public").costs()["start_ms"]
    stale = EdgeKV().staleness()
    second = float(np.interp(100, stale["since_write_ms"], stale["viewers"]))
    apart = 1 - DurableObject().histories(20, EDGE_KV)["linearisable"].mean()
    home = Endpoint().placements().set_index("way").loc[KV, "home_per_s"].iloc[0]
    spread = motives.attack().loc["where the viewers are", "busiest_share"]
    return (
        ("hits in a cache, where each viewer has an answer of their own", "%", hits),
        ("start of a container over that of an isolate, by public sources", "times",
         pool["container"] / pool["isolate"]),
        ("drawn histories of an edge KV that no single store could have had; a name taken 100 ms "
         f"ago is taken again by {100 * second:.0f} % of the others", "%", 100 * apart),
        ("queries and writes of the Up Next panel that still reach Mumbai", "a second", home),
        ("start of an isolate over that of a Wasm instance, by public sources", "times",
         pool["isolate"] / pool["Wasm"]),
        ("of an attack from where the viewers are, what the busiest PoP gets; one origin gets all",
         "%", 100 * spread),
    )  # fmt: skip


def confusions() -> Table:
    """The six confusions, each with a figure that answers it.

    Returns
    -------
    Table
        A pandas frame, indexed by ``said``: what was ``reckoned``, ``ours``, its ``unit``, and the
        ``page`` that has more.
    """
    rows = [(*told, page) for told, page in zip(_figures(), SAID.values(), strict=True)]
    frame = Table(rows, index=list(SAID), columns=["reckoned", "unit", "ours", "page"])
    return frame[["reckoned", "ours", "unit", "page"]].rename_axis("said")
