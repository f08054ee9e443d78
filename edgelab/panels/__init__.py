"""Live panels: sliders bound to one FigureWidget that is patched in place."""

from edgelab.panels.chain import request_chain
from edgelab.panels.cricstream import night
from edgelab.panels.durable_object import durable_object
from edgelab.panels.edge_cache import cache
from edgelab.panels.edge_kv import kv
from edgelab.panels.pops import placement
from edgelab.panels.predict import predict
from edgelab.panels.rate_limit import rate_limit
from edgelab.panels.runtimes import tenants

__all__ = [
    "cache",
    "durable_object",
    "kv",
    "night",
    "placement",
    "predict",
    "rate_limit",
    "request_chain",
    "tenants",
]
