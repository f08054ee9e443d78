"""The live panel of notebook 09: which slice of an endpoint belongs at the edge."""

from __future__ import annotations

from edgelab.stage.panel import Panel
from edgelab.stage.step import Step
from edgelab.topics.endpoints import plots as figures
from edgelab.topics.endpoints.model import EDGE_KNOBS, Endpoint

__all__ = ["EndpointPanel", "OneEndpoint"]

#: Knobs that a preset leaves alone: what the edge is like, and where it is seen from.
KEPT = (*EDGE_KNOBS, "place")


def like(name: str):
    """What makes of the present endpoint one of the twelve, at the same edge."""

    def make(now: Endpoint) -> Endpoint:
        return Endpoint.examples()[name].replace(**{knob: getattr(now, knob) for knob in KEPT})

    return make


def edge(**knobs):
    """What changes the edge, and leaves the endpoint alone."""
    usual = {name: getattr(Endpoint(), name) for name in EDGE_KNOBS}
    return lambda now: now.replace(**usual | knobs)


class EndpointPanel(Panel):
    """An endpoint live: its place among twelve others under the moving hand."""

    topic = "endpoints"
    scenario = Endpoint
    board = (figures.verdict_map, figures.time_by_way, figures.ruled_out, figures.who_gains)
    presets = {
        **{
            name: like(name)
            for name in (
                *("Up Next panel", "live scoreboard", "cart", "chat", "search"),
                *("transaction history", "order matching"),
            )
        },
        "KV fetched, 60 s": edge(copies="fetched", kv_delay_ms=30_000.0),
    }
    kernels = (
        *("cable corridors", "exact distribution", "histogram", "stale reads"),
        *("replication", "requests by popularity", "cycles of a cached copy"),
    )
    columns = (1, 1)
    waiting = "Weighing the twelve others …"

    def _rested(self, model: Endpoint) -> str:
        return model.verdict().because


class OneEndpoint(Step):
    """The ways to run an endpoint, by how old its answer may be alone."""

    topic = "one_endpoint"
    scenario, kernels = Endpoint, EndpointPanel.kernels
    board, only = (figures.time_by_way,), ("tolerated_staleness_s",)
