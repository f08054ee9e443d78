"""Checks of the exercises: three states, each with a reason, and never the answer itself.

One module a notebook.
"""

from edgelab.check.caching import (
    LIFE_CHOICES,
    cold_pops,
    life_guess,
    not_older,
    shortest_life,
)
from edgelab.check.night import CLIFF_CHOICES, blank_viewers, cliff, cliff_guess, slow_database
from edgelab.check.verdict import RIGHT, UNANSWERED, WORKING, Verdict

__all__ = [
    "CLIFF_CHOICES",
    "LIFE_CHOICES",
    "RIGHT",
    "UNANSWERED",
    "WORKING",
    "Verdict",
    "blank_viewers",
    "cliff",
    "cliff_guess",
    "cold_pops",
    "life_guess",
    "not_older",
    "shortest_life",
    "slow_database",
]
