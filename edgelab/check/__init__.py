"""Checks of the exercises: three states, each with a reason, and never the answer itself.

One module a notebook.
"""

from edgelab.check.night import CLIFF_CHOICES, blank_viewers, cliff, cliff_guess, slow_database
from edgelab.check.pool import (
    HALF_CHOICES,
    cold_per_second,
    half_guess,
    memory_enough,
    quiet_platform,
)
from edgelab.check.verdict import RIGHT, UNANSWERED, WORKING, Verdict

__all__ = [
    "CLIFF_CHOICES",
    "HALF_CHOICES",
    "RIGHT",
    "UNANSWERED",
    "WORKING",
    "Verdict",
    "blank_viewers",
    "cliff",
    "cliff_guess",
    "cold_per_second",
    "half_guess",
    "memory_enough",
    "quiet_platform",
    "slow_database",
]
