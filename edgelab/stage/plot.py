"""A plot, declared once: the same in a panel, alone in a cell, and on a slide."""

from __future__ import annotations

import functools
import inspect
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

import pandas as pd

from edgelab.core import allowed, remembered
from edgelab.core.knobs import Model
from edgelab.stage import theme
from edgelab.stage.drawn import Drawn

if TYPE_CHECKING:
    from edgelab.stage.figure import Figure

__all__ = ["Plot", "alone", "frame", "plot"]

#: Characters that a legend has room for.
LEGEND = 18
#: Frames that are kept, so that several plots and the next tick share them.
KEPT = 128


class Plot:
    """The declaration of a plot, and what is made of it; see `plot`."""

    def __init__(
        self,
        draw: Callable[[Any, Any, bool], Drawn],
        scenario: type[Model],
        title: str,
        span: int = 12,
        height_px: int = 230,
        untold: Sequence[str] = (),
        pins: bool = True,
    ) -> None:
        self.draw, self.scenario, self.title = draw, scenario, title
        self.name = draw.__name__
        self.span, self.height_px, self.untold, self.pins = span, height_px, untold, pins

    def drawn(self, model: Model, pinned: Model | None, at_rest: bool) -> Drawn:
        """What is drawn, with the title that it has now."""
        drawn = self.draw(model, pinned, at_rest)
        return drawn if drawn.title else drawn._replace(title=self.title)

    def _named(self, model: Model, pinned: Model | None, at_rest: bool) -> Drawn:
        """The same, with what is pinned called by the one knob that differs."""
        drawn = self.drawn(model, pinned, at_rest)
        name = pinned and _apart(model, pinned)
        if not name:
            return drawn
        traces = [
            each | {"name": name} if each.get("name") == "pinned" else each for each in drawn.traces
        ]
        return drawn._replace(traces=traces)

    def settings(self, model: Model, pinned: Model | None) -> str:
        """What it shows, as the line below a title says it."""
        held = pinned.settings(self.untold) if pinned and self.pins else ""
        told = model.settings(self.untold), f"pinned: {held}" if held else ""
        return "; ".join(filter(None, told))

    def live(self, model: Model, pinned: Model | None, at_rest: bool) -> dict:
        """The plot for a `LiveBoard`."""
        drawn = self._named(model, pinned, at_rest)
        return {
            "title": drawn.title,
            "alt": f"{drawn.alt} {drawn.caption}",
            "below": self.settings(model, pinned),
            "span": self.span,
            "height": drawn.height_px or self.height_px,
            "data": drawn.traces,
            "layout": theme.layout(drawn, theme.PANEL_PX),
        }

    def figure(self, model: Model, pinned: Model | None = None) -> Figure:
        """The plot alone, with its title and what it shows below that."""
        for given, value in (("model", model), ("pinned", pinned)):
            frame = isinstance(value, pd.DataFrame)
            more = "; a figure takes the model, and makes the frame itself" * frame
            allowed.instance(given, value, self.scenario, given == "pinned", more)
        if not self.pins:
            pinned = None
        drawn = self._named(model, pinned, at_rest=True)
        told = f"{drawn.caption} {_sentence(model.settings(self.untold))}".rstrip()
        if pinned and (held := pinned.settings(self.untold)):
            told += f" Pinned: {_sentence(held)}"
        arguments = f"el.{model!r}" + (f", pinned=el.{pinned!r}" if pinned else "")
        code = f"el.figures.{self.name}({arguments})"
        return alone(drawn._replace(caption=told), self.name, self.settings(model, pinned), code)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _apart(model: Model, pinned: Model) -> str:
    """Where the one knob that differs is pinned, for a legend; empty if several differ."""
    moved = [
        f"{knob.symbol} = " * bool(knob.symbol) + knob.text(getattr(pinned, name))
        for name, knob in model.knobs().items()
        if getattr(model, name) != getattr(pinned, name)
    ]
    return f"pinned: {moved[0]}" if len(moved) == 1 and len(moved[0]) <= LEGEND else ""


def alone(drawn: Drawn, name: str, below: str = "", code: str = "") -> Figure:
    """A figure of its own, in the workbook's style, with what an export tells of it.

    Parameters
    ----------
    drawn : Drawn
        With a title.
    name : str
        Of the function in ``el.figures``.
    below : str
        The line below the title.
    code : str
        The line of code that makes it.
    """
    from edgelab.stage.figure import Figure

    layout = theme.layout(drawn, theme.ALONE_PX)
    rows = theme.legend_rows(drawn.traces, theme.ALONE_PX, 700)  # two have room
    margin = theme.ALONE_MARGIN | {"t": theme.ALONE_MARGIN["t"] + 21 * max(rows - 2, 0)}
    layout |= {"title": theme.heading(drawn.title, below), "margin": margin}
    alt = f"{drawn.alt} {drawn.caption}"
    meta = {"name": name, "title": drawn.title, "caption": drawn.caption, "alt": alt, "code": code}
    traces = [theme.raised(trace, theme.ALONE_LEAST_PX) for trace in drawn.traces]
    return Figure(traces, theme.raised(layout, theme.ALONE_LEAST_PX) | {"meta": meta})


PARAMETERS = """\
Parameters
----------
model : {0}
    What it shows.
pinned : {0}, optional
    One to compare with.

Returns
-------
plotly.graph_objects.Figure
    With its title, caption, alternative text and line of code in ``layout.meta``.

Raises
------
TypeError
    If `model` or `pinned` is something else than a {0}.
"""


def plot(scenario: type[Model], title: str, **about: Any) -> Callable[[Callable], Callable]:
    """Declare a plot: what is decorated draws it, and becomes the function in ``el.figures``.

    Parameters
    ----------
    scenario : type
        Class of the models that it shows.
    title : str
        Its heading.
    span : int
        Its share of a panel's row, in twelfths.
    height_px : int
        Its height in a panel.
    untold : sequence of str
        Knobs that its axes show, so that the line below its title need not.
    pins : bool
        Whether it draws what is pinned.

    Returns
    -------
    callable
        From ``draw(model, pinned, at_rest)``, which gives a `Drawn`, to ``figure(model,
        pinned=None)``, which gives a plotly figure and has the `Plot` as its attribute ``plot``.
        While `at_rest` is false a hand moves: what takes long is drawn only if it is `known`.
    """

    def declare(draw: Callable[[Any, Any, bool], Drawn]) -> Callable[..., Figure]:
        made = Plot(draw, scenario, title, **about)

        @functools.wraps(draw, assigned=("__module__", "__name__", "__qualname__"), updated=())
        def figure(model: Model, pinned: Model | None = None) -> Figure:
            return made.figure(model, pinned)

        del figure.__wrapped__
        figure.plot = made
        parameters = PARAMETERS.format(scenario.__name__)
        figure.__doc__ = f"{inspect.cleandoc(draw.__doc__ or '')}\n\n{parameters}"
        return figure

    return declare


# -- frames --------------------------------------------------------------------------------------

_FRAMES: OrderedDict[tuple, Any] = OrderedDict()
_LOCK = Lock()


def frame(method: Callable, model: Any, *given: Any, wait: bool = True) -> Any:
    """What a method of a model gives; remembered by the settings, so not to be changed.

    Parameters
    ----------
    method : callable
        Unbound, such as ``CricStream.latency``; or a function.
    model : Model or tuple
        The model, or the settings that the function takes first.
    *given
        Further arguments.
    wait : bool
        Whether to make it where it is not remembered; None if not.
    """
    key = (method, model, given, remembered.stamp())
    with _LOCK:
        if key in _FRAMES:
            _FRAMES.move_to_end(key)
            return _FRAMES[key]
    if not wait:
        return None
    made = method(model, *given)
    with _LOCK:
        _FRAMES[key] = made
        while len(_FRAMES) > KEPT:
            _FRAMES.popitem(last=False)
    return made
