"""The live panel of notebook 02: the request chain."""

from __future__ import annotations

from edgelab.stage.panel import Panel
from edgelab.stage.step import Step
from edgelab.topics.chain import plots as figures
from edgelab.topics.chain.links import COLD, HTTP_3, ON_DEVICE, TLS_0RTT, UNPOOLED
from edgelab.topics.chain.model import RequestChain

__all__ = ["ChainPanel", "LinkByLink"]

#: What every preset's story starts from.
USUAL = {
    name: RequestChain.knobs()[name].default
    for name in ("tls", "http", "dns_answer", "origin_connection")
}
RETURNING = {"tls": TLS_0RTT, "http": HTTP_3, "dns_answer": ON_DEVICE, "connection": COLD}


class ChainPanel(Panel):
    """The chain live: a waterfall, what each further link saves, and a DNS cut-over."""

    topic = "chain"
    scenario = RequestChain
    board = (figures.waterfall, figures.link_by_link, figures.savings, figures.cutover)
    columns = (2, 3)
    presets = {
        "DNS still points home": lambda now: now.move(0).replace(**USUAL),
        "Fetch on every request": lambda now: now.move(4).replace(**USUAL),
        "… connecting anew": lambda now: now.move(4).replace(
            **USUAL | {"origin_connection": UNPOOLED}
        ),
        "All five at the PoP": lambda now: now.move(5).replace(**USUAL),
        "A returning client": lambda now: now.move(5).replace(**USUAL | RETURNING),
    }
    kernels = ("cable corridors", "slow start")


class LinkByLink(Step):
    """One request on its way, link by link, on a new connection or an open one."""

    topic = "link_by_link"
    scenario = RequestChain
    board = (figures.link_by_link,)
    only = ("connection",)
    kernels = ("cable corridors", "slow start")
