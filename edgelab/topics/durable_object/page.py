"""The live panel of notebook 08: where one point of truth stands, and what it costs."""

from __future__ import annotations

from edgelab.stage.panel import Panel
from edgelab.stage.step import Step
from edgelab.topics.durable_object import plots as figures
from edgelab.topics.durable_object.homes import POPS
from edgelab.topics.durable_object.model import AROUND, AT_ONCE, DurableObject

__all__ = ["ObjectPanel", "OneQueue"]

#: What the presets turn, as a live match has it.
TURNED = (
    "home",
    "followers",
    "followers_at",
    "acknowledge",
    "requests_per_s",
    "write_share",
    "service_ms",
)
MATCH = {name: getattr(DurableObject.live_match(), name) for name in TURNED}


class ObjectPanel(Panel):
    """An object live: its latency under the moving hand, drawn histories when it rests."""

    topic = "durable_object"
    scenario = DurableObject
    board = (
        *(figures.object_latency, figures.round_trips),
        *(figures.home_choice, figures.majorities),
    )
    more_slides = (figures.wait_by_load, figures.lost_writes)
    presets = {
        "Live match": lambda now: now.replace(**MATCH),
        "Near the stadium": lambda now: now.replace(**MATCH | {"home": now.stadium}),
        "Least p99": lambda now: now.replace(**MATCH | {"home": now.best_home("p99")}),
        "Answered at once": lambda now: now.replace(**MATCH | {"acknowledge": AT_ONCE}),
        "A lock over 312 PoPs": lambda now: now.replace(
            **MATCH | {"followers": POPS - 1, "followers_at": AROUND}
        ),
        "Order matching": lambda now: now.replace(**MATCH | DurableObject.order_matching().turned),
    }
    kernels = ("cable corridors", "drawn messages")
    waiting = "Drawing histories …"

    def _rested(self, model: DurableObject) -> str:
        return model.histories_in_words()


class OneQueue(Step):
    """The wait at an object, by the requests that reach it alone."""

    topic = "one_queue"
    scenario, kernels = DurableObject, ObjectPanel.kernels
    board, only = (figures.wait_by_load,), ("requests_per_s",)
