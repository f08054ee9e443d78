"""Checks of the exercises: three states, each with a reason, and never the answer itself.

One module a notebook.
"""

from edgelab.check.night import CLIFF_CHOICES, blank_viewers, cliff, cliff_guess, slow_database
from edgelab.check.rate_limit import LEAK_CHOICES, few_percent, leak_guess, mend, shared_address
from edgelab.check.verdict import RIGHT, UNANSWERED, WORKING, Verdict

__all__ = [
    "CLIFF_CHOICES",
    "LEAK_CHOICES",
    "RIGHT",
    "UNANSWERED",
    "WORKING",
    "Verdict",
    "blank_viewers",
    "cliff",
    "cliff_guess",
    "few_percent",
    "leak_guess",
    "mend",
    "shared_address",
    "slow_database",
]
