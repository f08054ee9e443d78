"""Checks of the exercises: three states, each with a reason, and never the answer itself."""

from edgelab.stage.verdict import RIGHT as RIGHT
from edgelab.stage.verdict import UNANSWERED as UNANSWERED
from edgelab.stage.verdict import WORKING as WORKING
from edgelab.stage.verdict import Verdict as Verdict
from edgelab.topics import public

CHECKS = public("checks")
globals().update(CHECKS)
__all__ = ["RIGHT", "UNANSWERED", "WORKING", "Verdict", *sorted(CHECKS)]
