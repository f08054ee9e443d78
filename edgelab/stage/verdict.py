"""What a check says: one of four states, and why."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from functools import wraps
from typing import Any

from edgelab.core import allowed

__all__ = [
    "MARKS", "MIME", "MISSED", "RIGHT", "UNANSWERED", "WORKING", "Verdict", "as_given", "exercise",
    "guess",
]  # fmt: skip

COMMIT = "answer and commit above, before you move a slider; then run this cell again"
UNANSWERED, WORKING, RIGHT = "not answered yet", "keep working", "right"
#: Of a guess, which is made once.
MISSED = "not what happened"
#: How each state is shown.
MARKS = {
    UNANSWERED: ("○", "#6b6b6b"),
    WORKING: ("◐", "#8c5a00"),
    MISSED: ("◐", "#8c5a00"),
    RIGHT: ("●", "#00664c"),
}
#: The part of a cell's output that is for programs.
MIME = "application/vnd.edgelab.verdict+json"


@dataclass(frozen=True)
class Verdict:
    """What a check says: its state, and why; and which check says it."""

    state: str
    reason: str
    check: str = ""

    def __repr__(self) -> str:
        return f"{self.state}: {self.reason}"

    def _repr_mimebundle_(self, **_: Any) -> dict:
        """What a collector reads; IPython adds text and HTML."""
        return {MIME: asdict(self)}

    def _repr_html_(self) -> str:
        mark, colour = MARKS[self.state]
        return (
            f'<p style="border-left: 4px solid {colour}; padding: 4px 10px; background: #fff; '
            f'color: #1a1a1a"><b style="color: {colour}">{mark} {html.escape(self.state)}</b>: '
            f"{html.escape(self.reason)}</p>"
        )


def exercise(question: str, check: Callable, *given: Any, **more: Any) -> Callable:
    """Declare an exercise's check: what is decorated judges an answer that makes sense.

    Parameters
    ----------
    question : str
        What the reader has to do, as long as there is no answer.
    check : callable
        One of `edgelab.core.allowed`; what it refuses, it says itself.
    *given, **more
        Its further arguments.
    """

    def declare(judge: Callable[[Any], Verdict]) -> Callable[[Any], Verdict]:
        @wraps(judge)
        def judged(answer: Any) -> Verdict:
            return replace(verdict(answer), check=judge.__name__)

        def verdict(answer: Any) -> Verdict:
            if answer is None:
                return Verdict(UNANSWERED, question)
            try:
                answer = check("your answer", answer, *given, **more)
            except (TypeError, ValueError) as error:
                return Verdict(WORKING, str(error))
            # Python 3.11 cannot format a fraction.
            return judge(float(answer) if isinstance(answer, Fraction) else answer)

        return judged

    return declare


def as_given(name: str, answer: Any, kind: type, given: Mapping[str, Any], *free: str) -> Any:
    """Check a model: it has the exercise's knobs, and of the others only the `free` are turned."""
    allowed.instance(name, answer, kind)
    for knob, value in given.items():
        if (came := getattr(answer, knob)) != value:
            raise ValueError(f"{knob} is {came:,.10g}; the exercise gives {value:,.10g}")
    if other := sorted({*answer.turned} - {*given, *free}):
        raise ValueError(f"{', '.join(other)}: leave these as they are")
    return answer


def guess(
    *choices: str,
    because: str,
    ask: str,
    commit: str = COMMIT,
    unit: str = "",
    upto: float = 0,
    within: float = 1,
) -> Callable:
    """Declare a prediction: what is decorated tells what happened, and what is seen.

    Parameters
    ----------
    *choices : str
        They become the attribute ``choices`` of the check, and what happened is the index of one;
        without them the reader types a number, and what happened is a number.
    because : str
        Why it happened, for whoever was right.
    ask : str
        What to think about, for whoever was not.
    commit : str
        What the reader has to do first.
    unit, upto, within
        For a typed number: its unit, the largest that is allowed (the least is 0), and by which
        factor it may miss. The first two become attributes of the check.
    """

    def declare(happened: Callable[[], tuple[float, str]]) -> Callable[[Any], Verdict]:
        def judge(answer: Any) -> Verdict:
            true, seen = happened()
            if choices:
                said, right = f"“{answer}”", answer == choices[true]
            else:
                said, right = f"{answer:g} {unit}", true / within <= answer <= true * within
            if right:
                near = "" if choices or answer == true else f"near enough: you said {said}, and "
                return Verdict(RIGHT, f"{near}{seen}. {because}")
            return Verdict(MISSED, f"you said {said}, and {seen}. {ask}")

        for name in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(judge, name, getattr(happened, name))
        judge.__annotations__["answer"] = "str" if choices else "float"
        known = (allowed.one_of, choices) if choices else (allowed.number, 0, upto)
        judged = exercise(commit, *known)(judge)
        judged.choices, judged.unit, judged.upto = choices, unit, upto
        return judged

    return declare
