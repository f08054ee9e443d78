"""Checks of the exercises: three states, each with a reason, and never the answer itself.

One module a notebook.
"""

from edgelab.check.chain import (
    FETCH_CHOICES,
    cold_as_warm,
    cutover_ttl,
    fetch_guess,
    trips_home,
)
from edgelab.check.kv import (
    LOST_CHOICES,
    first_passage,
    lost_guess,
    missed_own_write,
    sticky_enough,
)
from edgelab.check.night import (
    CLIFF_CHOICES,
    blank_viewers,
    cliff,
    cliff_guess,
    slow_database,
)
from edgelab.check.verdict import RIGHT, UNANSWERED, WORKING, Verdict

__all__ = [
    "CLIFF_CHOICES",
    "FETCH_CHOICES",
    "LOST_CHOICES",
    "RIGHT",
    "UNANSWERED",
    "WORKING",
    "Verdict",
    "blank_viewers",
    "cliff",
    "cliff_guess",
    "cold_as_warm",
    "cutover_ttl",
    "fetch_guess",
    "first_passage",
    "lost_guess",
    "missed_own_write",
    "slow_database",
    "sticky_enough",
    "trips_home",
]
