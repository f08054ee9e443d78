"""What a check says: one of three states, and why."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["COMMIT", "RIGHT", "UNANSWERED", "WORKING", "Verdict", "judged"]

COMMIT = "choose and commit above, before you move a slider"
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


def judged(
    answer: Any, question: str, judge: Callable[[Any], Verdict], check: Callable, *given: Any
) -> Verdict:
    """What `judge` makes of an answer; without one, what the reader has to do.

    What `check`, one of `edgelab.allowed`, refuses, it says itself.
    """
    if answer is None:
        return Verdict(UNANSWERED, question)
    try:
        answer = check("your answer", answer, *given)
    except (TypeError, ValueError) as error:
        return Verdict(WORKING, str(error))
    return judge(answer)
