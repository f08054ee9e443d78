"""Live panels: sliders bound to plots that are patched in place."""

from edgelab.panels.chain import ChainPanel as request_chain
from edgelab.panels.cricstream import NightPanel as night
from edgelab.panels.durable_object import ObjectPanel as durable_object
from edgelab.panels.edge_cache import CachePanel as cache
from edgelab.panels.edge_kv import KVPanel as kv
from edgelab.panels.pops import PlacementPanel as placement
from edgelab.panels.rate_limit import RateLimitPanel as rate_limit
from edgelab.panels.runtimes import PoolPanel as tenants
from edgelab.stage.predict import predict

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
