"""Checks of the exercises: three states, each with a reason, and never the answer itself.

One module a notebook.
"""

from edgelab.check.night import CLIFF_CHOICES, blank_viewers, cliff, cliff_guess, slow_database
from edgelab.check.pops import ENOUGH_CHOICES, aim, enough_guess, few_pops, idle_pops
from edgelab.check.verdict import RIGHT, UNANSWERED, WORKING, Verdict

__all__ = [
    "CLIFF_CHOICES",
    "ENOUGH_CHOICES",
    "RIGHT",
    "UNANSWERED",
    "WORKING",
    "Verdict",
    "aim",
    "blank_viewers",
    "cliff",
    "cliff_guess",
    "enough_guess",
    "few_pops",
    "idle_pops",
    "slow_database",
]
