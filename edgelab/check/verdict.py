"""What a check says: one of three states, and why."""

from __future__ import annotations

import html
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["RIGHT", "UNANSWERED", "WORKING", "Verdict", "judged", "number"]

UNANSWERED, WORKING, RIGHT = "not answered yet", "keep working", "right"


@dataclass(frozen=True)
class Verdict:
    """What a check says: its state, and why."""

    state: str
    reason: str

    def __repr__(self) -> str:
        return f"{self.state}: {self.reason}"

    def _repr_html_(self) -> str:
        mark, colour = {
            UNANSWERED: ("○", "#6b6b6b"),
            WORKING: ("◐", "#8c5a00"),
            RIGHT: ("●", "#00664c"),
        }[self.state]
        return (
            f'<p style="border-left: 4px solid {colour}; padding: 4px 10px; background: #fff; '
            f'color: #1a1a1a"><b style="color: {colour}">{mark} {html.escape(self.state)}</b>: '
            f"{html.escape(self.reason)}</p>"
        )


def judged(answer: Any, question: str, judge: Callable[[Any], Verdict]) -> Verdict:
    """What `judge` makes of an answer; without one, what the reader has to do."""
    return Verdict(UNANSWERED, question) if answer is None else judge(answer)


def number(answer: Any, low: float, high: float) -> Verdict | None:
    """What is wrong with an answer that has to be a number in a range."""
    if isinstance(answer, bool) or not isinstance(answer, numbers.Real):
        return Verdict(WORKING, f"got {answer!r}; the answer is a number")
    if not low <= answer <= high:
        return Verdict(
            WORKING, f"got {answer!r}; the answer lies between {low:,.0f} and {high:,.0f}"
        )
    return None
