"""The live panel of notebook 07: an attacker on M PoPs against ten limiters."""

from __future__ import annotations

from edgelab.stage.panel import Panel
from edgelab.stage.plot import frame
from edgelab.stage.step import Step
from edgelab.topics.rate_limit import plots as figures
from edgelab.topics.rate_limit.limiters import COUNTERS, KV, OBJECT
from edgelab.topics.rate_limit.model import RateLimit, leaks

__all__ = ["OneDelay", "RateLimitPanel"]

#: Runs behind a figure while the hand moves.
QUICK_RUNS = 2
#: What the presets turn, where most of them have it.
USUAL = {"design": KV, "pops": 10, "rate_per_s": 200.0, "kv_delay_ms": 250.0}


class RateLimitPanel(Panel):
    """The attack live: two runs under the moving hand, all of them when it rests."""

    topic = "rate_limit"
    scenario = RateLimit
    board = (figures.leak_map, figures.let_through, figures.refusals, figures.decision_time)
    more_slides = (figures.leak_by_delay, figures.leak_by_pops)
    presets = {
        "Two PoPs, 50 ms apart": lambda now: now.replace(
            **USUAL | {"pops": 2, "rate_per_s": 20.0, "kv_delay_ms": 50.0}
        ),
        "312 PoPs": lambda now: now.replace(**USUAL | {"pops": 312, "rate_per_s": 1000.0}),
        "KV at 60 s": lambda now: now.replace(**USUAL | {"kv_delay_ms": 60_000.0}),
        "Counters instead": lambda now: now.replace(**USUAL | {"design": COUNTERS}),
        "One object decides": lambda now: now.replace(**USUAL | {"design": OBJECT}),
    }
    kernels = ("rate limiters", "cable corridors")
    waiting = "Few runs so far …"

    def _moving(self, model: RateLimit) -> RateLimit:
        wanted = (RateLimit.designs, model), (leaks, *model.map_settings)
        if all(frame(*each, wait=False) is not None for each in wanted):
            return model
        return model.replace(seeds=min(model.seeds, QUICK_RUNS))

    def _rested(self, model: RateLimit) -> str:
        return model.runs_in_words()


class OneDelay(Step):
    """What KV lets through, by its delay alone."""

    topic = "one_delay"
    scenario, kernels = RateLimit, RateLimitPanel.kernels
    board, only = (figures.leak_by_delay,), ("kv_delay_ms",)
