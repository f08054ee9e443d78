"""One declaration of a knob, from which everything that speaks of it is made.

A model is a frozen dataclass whose fields are declared with `knob`. Validation and
its error texts, sliders, the glossary, the repr and the docstring follow from that.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Container
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import pandas as pd

from edgelab.core import allowed
from edgelab.core.table import Table
from edgelab.core.words import counted

__all__ = ["Knob", "Model", "knob", "shared"]


RAISES = """\
Raises
------
TypeError, ValueError
    If a knob is unknown, of the wrong kind or out of range; the text names it, what came
    and what is allowed."""


@dataclass(frozen=True)
class Knob:
    """What is known of one knob; see `knob` for the fields."""

    default: Any
    label: str
    symbol: str
    unit: str
    meaning: str
    source: str
    low: float | None = None
    high: float | None = None
    log: bool = False
    stops: tuple[float, ...] = ()
    choices: tuple[str, ...] = ()
    name: str = ""

    @property
    def integer(self) -> bool:
        """Whether the knob counts something."""
        return isinstance(self.default, int)

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        if self.choices:
            return allowed.in_words(self.choices)
        kind = "a whole number" if self.integer else "a number"
        return f"{kind} from {self.low:.10g} to {self.high:.10g}"

    def check(self, value: Any) -> Any:
        """Return `value` as the knob's own type, or say what is wrong with it.

        Raises
        ------
        TypeError
            If it is of another kind.
        ValueError
            If it is not allowed.
        """
        if self.choices:
            return allowed.one_of(self.name, value, self.choices)
        if self.integer:
            return allowed.whole(self.name, value, self.low, self.high)
        return float(allowed.number(self.name, value, self.low, self.high))

    def text(self, value: Any) -> str:
        """A value with its unit, as a reader would write it."""
        if self.choices or (self.integer and self.high > 1e6):  # a seed is a name, and no amount
            return str(value)
        if self.unit == "share":
            return f"{100 * value:.4g} %"
        number = f"{value:,.0f}" if self.integer or abs(value) >= 1000 else f"{value:.4g}"
        if self.unit.isalpha() and len(self.unit) > 2:  # a word, and no symbol such as "ms"
            return counted(number, self.unit.removesuffix("s"))
        return f"{number} {self.unit}".rstrip()


def knob(default: Any, **about: Any) -> Any:
    """Declare a field of a `Model`.

    Parameters
    ----------
    default : int, float or str
        An int makes a knob that counts, a str one of `choices`.
    label, symbol, unit, meaning, source : str
        How it is called, its letter in the page's equation, the unit ("share" is shown in
        percent), one sentence on what it means, where the default comes from.
    low, high : float
        Allowed range, both ends included.
    log : bool
        Whether equal steps of a slider multiply.
    stops : tuple of float
        Values that a slider stops at, where a plain scale would hide something.
    choices : tuple of str
        The allowed values of a knob that is no number.
    """
    return dataclasses.field(default=default, metadata={"knob": Knob(default, **about)})


def shared(model: type[Model], name: str, **changes: Any) -> Any:
    """Declare a field that `model` has too, in the same words but for `changes`; see `knob`."""
    about = dataclasses.replace(model.knobs()[name], **changes)
    return dataclasses.field(default=about.default, metadata={"knob": about})


class Model:
    """Base of the scenarios: checked knobs, `replace`, a repr that shows what was turned."""

    #: Knobs that always show, and are told first; the others follow when they are turned.
    main: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Write the docstring's parameters from the declarations, and what is raised."""
        lines = ["Parameters", "----------"]
        for name, declared in list(vars(cls).items()):
            if not isinstance(declared, dataclasses.Field):
                continue
            about = dataclasses.replace(declared.metadata["knob"], name=name)
            declared.metadata = {"knob": about}
            kind = type(about.default).__name__
            lines += [
                f"{name} : {kind}, default {about.default!r}",
                f"    {about.label}, {about.allowed}{f' {about.unit}' if about.unit else ''}. "
                f"{about.meaning} Source: {about.source}.",
            ]
        # From 3.13 on Python takes the indentation of a docstring away by itself.
        head, *own = re.split(r"\n\n(?=\w+\n---)", inspect.cleandoc(cls.__doc__ or ""))
        raises = () if own and own[0].startswith("Raises") else (RAISES,)
        cls.__doc__ = "\n\n".join([head, "\n".join(lines), *raises, *own])

    def __new__(cls, *given: Any, **knobs: Any) -> Self:
        """Refuse an unknown knob by name; the constructor checks the others."""
        known = [field.name for field in dataclasses.fields(cls)]
        if given:
            allowed.refuse(cls.__name__, given, f"knobs by name: {', '.join(known)}", TypeError)
        allowed.names(cls.__name__, knobs, known)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        """Check every knob."""
        for name, about in self.knobs().items():
            object.__setattr__(self, name, about.check(getattr(self, name)))

    @classmethod
    def knobs(cls) -> dict[str, Knob]:
        """The declarations, by name."""
        fields = dataclasses.fields(cls)
        return {f.name: f.metadata["knob"] for f in fields if "knob" in f.metadata}

    @classmethod
    def glossary(cls) -> Table:
        """One row per knob: label, symbol, unit, allowed values, default, meaning and source."""
        out = Table(
            [
                {
                    "knob": name,
                    "label": k.label,
                    "symbol": k.symbol,
                    "unit": k.unit,
                    "allowed": k.allowed,
                    "default": k.text(k.default),
                    "meaning": k.meaning,
                    "source": k.source,
                }
                for name, k in cls.knobs().items()
            ]
        ).set_index("knob")
        out.attrs["folded"] = f"All {len(out)} knobs of {cls.__name__}"
        return out

    @property
    def turned(self) -> dict[str, Any]:
        """The knobs that do not stand at their default, with their values."""
        knobs = self.knobs().items()
        return {n: getattr(self, n) for n, k in knobs if getattr(self, n) != k.default}

    def replace(self, **changes: Any) -> Self:
        """The same with some knobs turned.

        Raises
        ------
        TypeError, ValueError
            As for the constructor: an unknown name, a wrong kind, a value out of range.
        """
        return dataclasses.replace(self, **changes)

    def idle(self) -> dict[str, str]:
        """The knobs that move nothing as the others stand, and why."""
        return {}

    def _take(self, kind: type, **more: Any) -> Any:
        """A named tuple filled from `more`, and from the knobs and properties of its names.

        What a result is remembered by is such a tuple: all that it was made from.
        """
        rest = {name: getattr(self, name) for name in kind._fields if name not in more}
        return kind(**rest, **more)

    def settings(self, untold: Container[str] = ()) -> str:
        """What it is set to, in one line: the main knobs, and every other that was turned.

        Parameters
        ----------
        untold : container of str
            Knobs to leave out.
        """
        known = self.knobs()
        return self._settings(allowed.several("untold", untold, allowed.one_of, known, least=0))

    def _settings(self, untold: Container[str]) -> str:
        """The same, without a check."""
        short = self._short()
        said = [text for name, text in short.items() if text and name not in untold]
        untold, told = {*untold, *short, *self.idle()}, {*self.main, *self.turned}
        for name, about in self.knobs().items():
            if name in told and name not in untold:
                text = about.text(getattr(self, name))
                words = [word.rstrip("s") for word in about.label.split()]
                # "312 PoPs" needs no label; "5 %" does.
                counts = about.unit != "share" and about.unit.rstrip("s") in words
                said.append(text if counts else f"{about.label} {text}")
        return ", ".join(said)

    def _short(self) -> dict[str, str]:
        """Knobs that `settings` tells first and in words of the model's own; or not at all."""
        return {}

    def in_words(self) -> str:
        """What the numbers mean, in a few sentences."""
        return ""

    def _table(self) -> pd.DataFrame | None:
        """A small table for the notebook, if there is one."""

    def _repr_html_(self) -> str:
        """The line of code, the table and the sentences, for the notebook."""
        table = self._table()
        shown = "" if table is None else table.to_html()
        return f"<p><code>{self!r}</code></p>{shown}<p>{self.in_words()}</p>"

    def __repr__(self) -> str:
        """One line of code that makes this object."""
        turned = ", ".join(f"{name}={value!r}" for name, value in self.turned.items())
        return f"{type(self).__name__}({turned})"
