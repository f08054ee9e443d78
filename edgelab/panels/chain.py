"""The live panel of notebook 02: the request chain."""

from __future__ import annotations

from plotly.graph_objects import Figure

from edgelab.figures import chain as figures
from edgelab.figures.chain import ChainFrames
from edgelab.models.chain import RequestChain
from edgelab.models.links import HTTP_3, ON_DEVICE, TLS_0RTT, UNPOOLED
from edgelab.panels.base import Panel

__all__ = ["PRESETS", "ChainPanel", "request_chain"]

RETURNING = {"tls": TLS_0RTT, "http": HTTP_3, "dns_answer": ON_DEVICE}
PRESETS = {
    "DNS still points home": lambda start: start.move(0),
    "Fetch on every request": lambda start: start.move(4),
    "… connecting anew": lambda start: start.move(4).replace(origin_connection=UNPOOLED),
    "All five at the PoP": lambda start: start.move(5),
    "A returning client": lambda start: start.move(5).replace(**RETURNING),
}


class ChainPanel(Panel):
    """The chain live: a waterfall, what each further link saves, and a DNS cut-over."""

    name = "request-chain"
    call = "el.panels.request_chain"
    scenario = RequestChain
    main = (
        *("place", "dns_at", "ip_at", "tcp_at", "tls_at", "http_at"),
        *("connection", "dns_answer", "tls", "http", "origin_connection", "response_bytes"),
    )
    columns = (2, 3)
    made = PRESETS
    kernels = ("cable corridors", "slow start")
    height_px = 400

    def make_traces(self) -> list[dict]:
        held = ChainFrames.of(self.pinned) if self.pinned else None
        return figures.traces(ChainFrames.of(self.model), held)

    def make_layout(self) -> dict:
        return figures.layout(self.model, self.pinned)

    def make_words(self) -> str:
        return self.model.in_words()

    def slides(self) -> list[Figure]:
        """The single figures of the present chain, beside the pinned one."""
        chain, pinned = self.model, self.pinned
        return [
            figures.waterfall(chain.waterfall(), pinned and pinned.waterfall()),
            figures.savings(chain.savings(), pinned and pinned.savings()),
            figures.cutover(chain.cutover(), pinned and pinned.cutover()),
        ]


def request_chain(
    start: RequestChain | None = None, pinned: RequestChain | None = None
) -> ChainPanel:
    """The live panel of the request chain, with knobs bound to one figure.

    Parameters
    ----------
    start : RequestChain, optional
        Where the knobs stand at first; with every link at home if not given.
    pinned : RequestChain, optional
        A chain to compare with from the start.

    Returns
    -------
    ChainPanel
        An ipywidget; let it be the last line of a cell.

    Raises
    ------
    TypeError
        If `start` or `pinned` is something else.
    """
    return ChainPanel(start, pinned)
