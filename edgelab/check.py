"""Checks of the exercises: a few states, each with a reason, and never the answer itself."""

from edgelab.stage.verdict import MISSED as MISSED
from edgelab.stage.verdict import RIGHT as RIGHT
from edgelab.stage.verdict import UNANSWERED as UNANSWERED
from edgelab.stage.verdict import WORKING as WORKING
from edgelab.stage.verdict import Verdict as Verdict
from edgelab.topics import public

CHECKS = public("checks")
globals().update(CHECKS)
__all__ = ["MISSED", "RIGHT", "UNANSWERED", "WORKING", "Verdict", *sorted(CHECKS)]
