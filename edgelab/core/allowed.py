"""Checks of arguments: each gives the value back, or says what is wrong with it.

An error names the parameter, what came and what is allowed. A wrong kind is a TypeError, a wrong
value a ValueError. NumPy's own integers and floats are numbers too; a Boolean is none.
"""

from __future__ import annotations

import inspect
import numbers as kinds
import reprlib
import sys
from collections.abc import Callable, Container, Hashable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NoReturn

import numpy as np
import pandas as pd

__all__ = [
    "array", "columns", "flag", "function", "hashable", "in_words", "instance", "names", "nearest",
    "number", "one_of", "refuse", "several", "shown", "text", "whole",
]  # fmt: skip

#: The largest float: what is beyond is infinite, and no number to reckon with.
MOST = sys.float_info.max
#: More choices than the first are counted, and of more than the second only some are named.
FEW, MANY = 8, 40
_SHORT = reprlib.Repr()
_SHORT.maxother = _SHORT.maxstring = 100


def shown(value: Any) -> str:
    """What came, on one line and not too long."""
    if isinstance(value, np.ndarray | pd.DataFrame | pd.Series):
        return f"{_a(type(value))} of shape {value.shape}"
    try:
        return " ".join(map(str.strip, _SHORT.repr(value).splitlines()))
    except ValueError:  # an integer of thousands of digits
        return f"{_a(type(value))} that is too long to show"


def _a(kind: type) -> str:
    return f"a{'n' * (kind.__name__[0] in 'aeioAEIO')} {kind.__name__}"


def refuse(name: str, value: Any, allowed: str, error: type[Exception] = ValueError) -> NoReturn:
    """Raise an error that names a parameter, what came and what is allowed."""
    raise error(f"{name}: got {shown(value)}, allowed {allowed}")


# -- numbers -----------------------------------------------------------------------------------


def _range(low: float, high: float, above: float | None, below: float | None) -> str:
    """A range in words."""
    low = float(low)  # before Python 3.12 a fraction has no such format
    first = f"above {above:.10g}" if above is not None else f"from {low:.10g}" * (low > -MOST)
    if below is not None:
        last = f"below {below:.10g}"
    else:
        last = f"{'at most' if above is not None else 'to'} {high:.10g}" * (high < MOST)
    if not (first and last):
        return first + " up" * first.startswith("from") or last or "that is finite"
    return f"{first} and {last}" if above is not None or below is not None else f"{first} {last}"


def number(
    name: str,
    value: Any,
    low: float = -MOST,
    high: float = MOST,
    *,
    above: float | None = None,
    below: float | None = None,
    allowed: str = "",
) -> Any:
    """A finite number in a range; `above` and `below` are not in it themselves.

    NumPy's come back as Python's; integers and fractions stay exact.
    """
    allowed = allowed or f"a number {_range(low, high, above, below)}"
    if isinstance(value, bool) or not isinstance(value, kinds.Real):
        refuse(name, value, allowed, TypeError)
    plain = value.item() if isinstance(value, np.generic) else value
    inside = low <= plain <= high and (above is None or plain > above)
    if not (inside and (below is None or plain < below)):
        refuse(name, value, allowed)
    return plain


def whole(name: str, value: Any, low: float = -MOST, high: float = MOST, allowed: str = "") -> int:
    """A whole number in a range, as an int; 2.0 is one."""
    allowed = allowed or f"a whole number {_range(low, high, None, None)}"
    value = number(name, value, low, high, allowed=allowed)
    return int(value) if value == int(value) else refuse(name, value, allowed)


def array(name: str, values: Any, low: float = -MOST, high: float = MOST) -> np.ndarray:
    """A number or an array of numbers of any shape, each in a range, as an array of floats."""
    allowed = f"a number {_range(low, high, None, None)}, or an array of them"
    try:
        found = np.asarray(values)
    except Exception:  # ragged, or what NumPy cannot take in
        found = np.empty(0, object)
    if isinstance(values, pd.DataFrame) or found.dtype.kind not in "iuf":
        refuse(name, values, allowed, TypeError)
    found = found.astype(float)
    bad = ~((found >= low) & (found <= high))
    return refuse(name, found[bad].flat[0].item(), allowed) if bad.any() else found


# -- names and texts ---------------------------------------------------------------------------


def nearest(name: Any, known: Iterable[str]) -> str:
    """A question that offers the known name nearest to one that is not; empty if none is near."""
    alike = {each.lower(): each for each in known}
    near = get_close_matches(str(name).lower(), alike, 1)
    return f"; did you mean {alike[near[0]]!r}?" if near else ""


def in_words(choices: Iterable[str]) -> str:
    """Choices in words."""
    choices = [*map(repr, choices)]
    if len(choices) > FEW:
        some = choices if len(choices) <= MANY else [*choices[:3], "…", choices[-1]]
        return f"one of {len(choices)}: {', '.join(some)}"
    return " or ".join(choices)


def one_of(name: str, value: Any, choices: Iterable[str], more: str = "") -> str:
    """One of some texts."""
    choices = list(choices)
    if not isinstance(value, str) or value not in choices:
        refuse(name, value, in_words(choices) + more + nearest(shown(value), choices))
    return choices[choices.index(value)]


def names(whose: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Only known names, such as a model's knobs."""
    known = list(known)
    for name in given:
        if name not in known:
            raise TypeError(
                f"{name}: got a name that {whose} does not know{nearest(name, known) or ';'} "
                f"allowed {', '.join(known)}"
            )


def text(name: str, value: Any) -> str:
    """A text that is not empty."""
    if not isinstance(value, str):
        refuse(name, value, "a text", TypeError)
    return value if value.strip() else refuse(name, value, "a text that is not empty")


# -- other kinds -------------------------------------------------------------------------------


def instance(name: str, value: Any, kind: type, none: bool = False, more: str = "") -> Any:
    """Something of one class, such as a model; or None where that is allowed too."""
    if not (isinstance(value, kind) or (none and value is None)):
        refuse(name, value, f"{_a(kind)}{' or None' * none}{more}", TypeError)
    return value


def flag(name: str, value: Any) -> bool:
    """True or False."""
    known = isinstance(value, bool | np.bool_)
    return bool(value) if known else refuse(name, value, "True or False", TypeError)


def function(name: str, value: Any, *given: Any) -> Callable:
    """What can be called, with values like these if they are given."""
    if not callable(value):
        refuse(name, value, "a callable", TypeError)
    try:
        inspect.signature(value).bind(*given) if given else None
    except TypeError:
        more = "s" * (len(given) > 1)
        refuse(name, value, f"a callable that takes {len(given)} value{more}", TypeError)
    except ValueError:  # a builtin that does not tell what it takes
        pass
    return value


def hashable(name: str, value: Any) -> Hashable:
    """What can be the key of a dictionary."""
    try:
        hash(value)
    except TypeError:
        refuse(name, value, "what is hashable, such as a text or a number", TypeError)
    return value


def several(name: str, values: Any, check: Callable, *given: Any, least: int = 1, **more) -> list:
    """A sequence of values, each as `check` wants it."""
    if isinstance(values, str | bytes | Mapping | pd.DataFrame) or not np.iterable(values):
        refuse(name, values, "a sequence", TypeError)
    found = [check(name, value, *given, **more) for value in values]
    return found if len(found) >= least else refuse(name, values, f"a sequence of {least} or more")


def columns(name: str, frame: Any, needed: Container[str], least: int = 1) -> pd.DataFrame:
    """A frame with some columns and at least so many rows, one or none."""
    allowed = f"a frame with the columns {', '.join(needed)}"
    if not isinstance(frame, pd.DataFrame):
        refuse(name, frame, allowed, TypeError)
    missing = [column for column in needed if column not in frame.columns]
    if missing or len(frame) < least:
        got = f"no column {', '.join(missing)}" if missing else "no row"
        raise ValueError(f"{name}: got {got}, allowed {allowed}")
    return frame
