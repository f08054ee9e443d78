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
from edgelab.check.chain import (
    FETCH_CHOICES,
    cold_as_warm,
    cutover_ttl,
    fetch_guess,
    trips_home,
)
from edgelab.check.durable_objects import (
    LOCK_CHOICES,
    busiest_object,
    compromise,
    lock_guess,
    stadium_cost,
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
from edgelab.check.pool import (
    HALF_CHOICES,
    cold_per_second,
    half_guess,
    memory_enough,
    quiet_platform,
)
from edgelab.check.pops import ENOUGH_CHOICES, aim, enough_guess, few_pops, idle_pops
from edgelab.check.rate_limit import LEAK_CHOICES, few_percent, leak_guess, mend, shared_address
from edgelab.check.verdict import RIGHT, UNANSWERED, WORKING, Verdict

__all__ = [
    "CLIFF_CHOICES",
    "ENOUGH_CHOICES",
    "FETCH_CHOICES",
    "HALF_CHOICES",
    "LEAK_CHOICES",
    "LIFE_CHOICES",
    "LOCK_CHOICES",
    "LOST_CHOICES",
    "RIGHT",
    "UNANSWERED",
    "WORKING",
    "Verdict",
    "aim",
    "blank_viewers",
    "busiest_object",
    "cliff",
    "cliff_guess",
    "cold_as_warm",
    "cold_per_second",
    "cold_pops",
    "compromise",
    "cutover_ttl",
    "enough_guess",
    "fetch_guess",
    "few_percent",
    "few_pops",
    "first_passage",
    "half_guess",
    "idle_pops",
    "leak_guess",
    "life_guess",
    "lock_guess",
    "lost_guess",
    "memory_enough",
    "mend",
    "missed_own_write",
    "not_older",
    "quiet_platform",
    "shared_address",
    "shortest_life",
    "slow_database",
    "stadium_cost",
    "sticky_enough",
    "trips_home",
]
