"""What the models answer to: the article's figures, and what others have measured."""

from edgelab.topics.endpoints.motives import attack, confusions, price, queries_in_turn, residency
from edgelab.topics.kv.pbs import published as quorums
from edgelab.topics.night.calibration import leave_one_out, residuals
from edgelab.topics.pops.anycast import anycast_detours, anycast_residuals
from edgelab.topics.rate_limit.token_bucket import last_token_orders
from edgelab.topics.runtimes.primitives import runtimes
from edgelab.world.calibration import rtt_held_out, rtt_residuals

__all__ = [
    "anycast_detours",
    "anycast_residuals",
    "attack",
    "confusions",
    "last_token_orders",
    "leave_one_out",
    "price",
    "queries_in_turn",
    "quorums",
    "residency",
    "residuals",
    "rtt_held_out",
    "rtt_residuals",
    "runtimes",
]
