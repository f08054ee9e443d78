"""What every live panel is: knobs, one sentence, a board of plots, a line of code."""

from __future__ import annotations

import asyncio
import html
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import display, update_display

from edgelab.core import allowed
from edgelab.core.knobs import Model
from edgelab.stage import again
from edgelab.stage.controls import CARD, columns, control, options, tooltip
from edgelab.stage.live import LiveBoard, changed
from edgelab.stage.plot import Plot
from edgelab.stage.warming import warm

__all__ = ["ERRORS", "STATE", "WIDGET", "Panel"]

WIDGET = "application/vnd.jupyter.widget-view+json"
#: Type of an output that says how a panel stands, for where none is alive; see `edgelab.printed`.
STATE = "application/vnd.edgelab.panel+json"

#: Errors that a callback met, newest last. They also stand in the panel, in words.
ERRORS: list[BaseException] = []
#: A hand that has not moved for this long is at rest.
REST_S = 0.1
#: Room for a knob's label where the main knobs stand in columns.
NARROW = "118px"


def _paragraph(text: str, about: str = "") -> str:
    lines = "<br>".join(html.escape(text).splitlines())
    return f"<p{' ' * bool(about)}{about}>{lines}</p>" if text else ""


class Panel(widgets.VBox):
    """A live panel: knobs, one sentence, a board of plots, and the line of code that recreates it.

    An ipywidget; let it be the last line of a cell. An error in a callback is shown in the card,
    in words; a setting that the model refuses is told and not taken.

    Parameters
    ----------
    start : Model, optional
        Where the knobs stand at first, and where "Reset" returns to; the defaults if not given.
    pinned : Model, optional
        What is pinned at first, to compare with.

    Raises
    ------
    TypeError
        If `start` or `pinned` is something else than the panel's `scenario`.
    """

    #: Its name in ``el.panels``, for most the topic's; its slides and pictures have it too.
    topic: ClassVar[str]
    #: Class of the models that it shows.
    scenario: ClassVar[type[Model]]
    #: The knobs that it shows; all of them if none is named.
    only: ClassVar[Sequence[str]] = ()
    #: Functions of ``el.figures``, in the order in which they fill the board.
    board: ClassVar[Sequence[Callable]] = ()
    #: Further ones that only the slides have.
    more_slides: ClassVar[Sequence[Callable]] = ()
    #: From a preset's name to what it makes of the present model; it keeps what it does not name.
    presets: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}
    #: Knobs that a page opens with in place of their defaults, where those would tell the answer to
    #: its prediction.
    opening: ClassVar[Mapping[str, Any]] = {}
    #: Names in `edgelab.kernels.STEPS` of the kernels that it needs.
    kernels: ClassVar[Sequence[str]] = ()
    #: In columns of these widths, filled from the left, the main knobs stand.
    columns: ClassVar[Sequence[float]] = (1,)
    #: Main knobs that stand above the columns, over the whole width: those with many buttons.
    across: ClassVar[Sequence[str]] = ()
    #: What is said below the plots until the hand is at rest.
    waiting: ClassVar[str] = ""

    def __init__(self, start: Model | None = None, pinned: Model | None = None) -> None:
        start = self.scenario(**self.opening) if start is None else start
        allowed.instance("start", start, self.scenario)
        allowed.instance("pinned", pinned, self.scenario, True)
        again.earlier(self)
        warm(self.kernels)
        self.start = self.model = start
        self.pinned = pinned
        self._busy = self._shown = False
        # JupyterLab may run callbacks in another thread than cells.
        self._lock = threading.RLock()
        self._rest: asyncio.TimerHandle | None = None
        knobs = {n: k for n, k in start.knobs().items() if not self.only or n in self.only}
        # Shared as far as may be: each is a model of its own in the browser.
        wide, auto = widgets.Layout(width="99%"), widgets.Layout(width="auto")
        far = widgets.SliderStyle(description_width="175px")
        near = widgets.SliderStyle(description_width=NARROW) if len(self.columns) > 1 else far
        self.controls = {
            name: control(knob, getattr(start, name), wide, near if name in start.main else far)
            for name, knob in knobs.items()
        }
        html, plain = widgets.HTML(layout=auto), widgets.ButtonStyle()
        self._shared = wide, auto, far, near, plain
        texts = (widgets.HTML(layout=auto, style=html.style) for _ in range(5))
        self.words, self.below, self.code, self.problem, self.saved, self.idle = html, *texts
        self.live = LiveBoard(self._plots(at_rest=False), self.line(), self.topic)

        self.buttons = {
            n: widgets.Button(description=n, layout=auto, style=plain) for n in self.presets
        }
        for name, button in self.buttons.items():
            button.on_click(lambda _, make=self.presets[name]: self._press(make))
        self.pin = widgets.ToggleButton(
            description="Pin this curve", icon="thumb-tack", tooltip="Keep it to compare with"
        )
        if pinned:
            self.pin.value, self.pin.description = True, "Unpin"
        self.pin.observe(self._on_pin, "value")
        self.reset = widgets.Button(description="Reset", icon="undo", tooltip="Back to the start")
        self.reset.on_click(lambda _: self._press(lambda _: self.start, anew=True))
        self.deck = widgets.Button(
            description="Slides", icon="download", tooltip="Save a PowerPoint deck in exports/"
        )
        self.deck.on_click(lambda _: self._save())
        for widget in self.controls.values():
            widget.observe(self._on_knob, "value")
        for widget in (self.pin, *self.controls.values()):
            self._guard(widget)
        super().__init__(self._card())
        self.add_class("edgelab-panel")
        if self.only:
            self.add_class("edgelab-step")
        self._redraw(born=True)

    def _card(self) -> list[widgets.Widget]:
        """What lies on the card, from its top."""
        main = [self.controls[n] for n in self.scenario.main if n not in self.across]
        folded = [w for n, w in self.controls.items() if n not in self.scenario.main]
        more = widgets.ToggleButton(description="More knobs", icon="sliders")
        # Empty until it is wanted: sliders that nobody sees take time too. Not an Accordion: its
        # header cannot be reached by keyboard.
        knobs, drawer = columns(folded, (1, 1)), widgets.VBox()
        self._folded = knobs
        more.observe(lambda c: setattr(drawer, "children", [knobs] if c["new"] else []), "value")
        sliders = columns(main, self.columns)
        if self.across:
            sliders = widgets.VBox([*(self.controls[n] for n in self.across), sliders])
        sliders.layout.flex = "1 1 auto"
        side = widgets.VBox([self.pin, self.reset, self.deck], layout={"width": "170px"})
        side.add_class("edgelab-side")
        head = widgets.VBox(
            [
                widgets.HBox([*self.buttons.values()], layout={"flex_flow": "row wrap"}),
                widgets.HBox([sliders, side]).add_class("edgelab-controls"),
                *(self.idle, self.problem, self.saved, self.words),
            ]
        )
        head.add_class("edgelab-head")
        return [widgets.HTML(CARD), head, self.live, self.below, self.code, more, drawer]

    # -- what a subclass may say -------------------------------------------------------------

    @classmethod
    def _told(cls, model: Any, pinned: Any) -> str:
        """The sentence below the sliders."""
        return model.in_words()

    def _moving(self, model: Any) -> Any:
        """What is shown for `model` while the hand moves, where all of it would take too long."""
        return model

    def _rested(self, model: Any) -> str:
        """What is said below the plots when the hand is at rest."""
        return ""

    # -- what every panel does -----------------------------------------------------------------

    @property
    def resting(self) -> bool:
        """Whether the hand is at rest and all that follows has been drawn."""
        return self._rest is None

    def slides(self) -> list:
        """What a deck is made of: a question, then figures; with a pin those that it changes."""
        some = [*self.board, *self.more_slides]
        if self.pinned:
            some = [each for each in some if self._moved(each.plot)] or some
        return [self._question(), *(each(self.model, self.pinned) for each in some)]

    def _moved(self, plot: Plot) -> bool:
        """Whether a plot draws something else for what is pinned."""
        here, there = (plot.draw(each, None, True).traces for each in (self.model, self.pinned))
        return changed({"data": here}, {"data": there}) != {}

    def _question(self) -> str:
        """What a class is asked before it sees the plots."""
        known = self.model.knobs()
        if self.pinned is None:
            return f"{self.model.settings()}\n\nWhat do you expect to see?"
        moved = [
            f"{knob.label}: from {knob.text(before)} to {knob.text(now)}"
            for name, knob in known.items()
            if (before := getattr(self.pinned, name)) != (now := getattr(self.model, name))
        ]
        return "\n".join([*moved, "", "What will change, and what will not?"])

    def show(self, model: Model, anew: bool = False) -> None:
        """Set every knob to those of `model` and draw once.

        Parameters
        ----------
        model : Model
            Of the kind that the panel was started with.
        anew : bool
            Whether to send the browser everything, whatever it has.

        Raises
        ------
        TypeError
            If it is of another kind.
        """
        allowed.instance("model", model, self.scenario)
        anew = allowed.flag("anew", anew)
        with self._lock:
            self._busy = True
            try:
                for name, widget in self.controls.items():
                    value = getattr(model, name)
                    if isinstance(widget, widgets.SelectionSlider):
                        stops = options(model.knobs()[name], value)
                        if list(widget.options) != stops:
                            widget.options = stops
                    widget.value = value
            finally:
                self._busy = False
            self.model = model
            self._redraw(anew)

    def __repr__(self) -> str:
        """Where there is no live panel, such as in a printed page, its line of code."""
        return self.line()

    def _repr_mimebundle_(self, **about: Any) -> dict[str, Any]:
        """The panel, and before it in the cell what is seen where it is not alive."""
        if get_ipython():
            display(self._state(), raw=True, display_id=self.live.own)
            self._shown = True
        return super()._repr_mimebundle_(**about)

    def _state(self) -> dict[str, Any]:
        """The sentence and the line of code, and the settings for `edgelab.printed`."""
        held = None if self.pinned is None else self.pinned.turned
        state = {"panel": self.topic, "model": self.model.turned, "pinned": held}
        told = self.words.value + self.code.value
        return {
            STATE: state,
            "text/html": f'<div class="edgelab-state">{told}</div>',
            "text/plain": self.line(),
        }

    def line(self) -> str:
        """The line of code that recreates what is on the screen."""
        arguments = f"el.{self.model!r}"
        if self.pinned:
            arguments += f", pinned=el.{self.pinned!r}"
        return f"el.panels.{self.topic}({arguments})"

    def retire(self) -> None:
        """Let go of all that the panel holds in the browser, and say so where it is still shown."""
        with self._lock:
            if self._rest:
                self._rest.cancel()
            again.retire(self, self._folded, *self._shared)

    def _plots(self, at_rest: bool) -> dict[str, dict]:
        """Every plot for the present model."""
        model = self.model if at_rest else self._moving(self.model)
        plots = (each.plot for each in self.board)
        return {plot.name: plot.live(model, self.pinned, at_rest) for plot in plots}

    def _save(self) -> None:
        """Write the slides of the present model, in a thread: the sliders stay alive."""
        with self._lock:
            if self.deck.disabled:
                return
            self.deck.disabled = True
            self._report("Preparing the slides …")
            try:
                figures = self.slides()
            except Exception as error:  # shown in words, and kept for the tests
                self._saved(error)
                return
        threading.Thread(target=self._write, args=(figures,), daemon=True).start()

    def _write(self, figures: list) -> None:
        from edgelab.stage.export import export

        try:
            path = export(figures, f"{self.topic}.pptx", progress=self._report)
            self._saved(f"{len(figures)} slides are in {path}, with the code in their notes.")
        except Exception as error:  # shown in words, and kept for the tests
            self._saved(error)

    def _saved(self, end: str | Exception) -> None:
        with self._lock:
            self._report(f"{end}", wrong=isinstance(end, Exception))
            if isinstance(end, Exception):
                ERRORS.append(end)
            self.deck.disabled = False

    def _report(self, text: str, wrong: bool = False) -> None:
        """Tell in the card how the slides get on."""
        with self._lock:
            kind = 'class="edgelab-error" role="alert"' if wrong else 'role="status"'
            self.saved.value = _paragraph(text, kind)

    def _press(self, make: Callable[[Any], Any], anew: bool = False) -> None:
        """A button's work: what `make` makes of the present model; errors are told in the card."""
        with self._lock:
            try:
                if anew:
                    self._busy = True
                    self.pin.value = False
                self.show(make(self.model), anew)
            except Exception as error:  # shown in words, and kept for the tests
                self._busy = False
                self._tell(error)

    def _on_knob(self, change: dict) -> None:
        with self._lock:
            if self._busy:  # of our own making, in `show`
                return
            name = next(n for n, w in self.controls.items() if w is change["owner"])
            try:
                self.model = self.model.replace(**{name: change["new"]})
            except (TypeError, ValueError) as error:  # told, and the control goes back
                self._busy = True
                change["owner"].value = getattr(self.model, name)
                self._busy = False
                self._tell(f"{error}")
                return
            self._redraw()

    def _on_pin(self, change: dict) -> None:
        with self._lock:
            self.pinned = self.model if change["new"] else None
            self.pin.description = "Unpin" if change["new"] else "Pin this curve"
            if not self._busy:
                self._redraw()

    def _guard(self, widget: widgets.Widget) -> None:
        """Let what the browser says of `widget` wait while a callback is at work.

        ipywidgets holds a widget's notifications back while it takes in a message; a change made
        at that moment from another thread would be merged with what follows it, and lost.
        """
        receive = widget.set_state

        def set_state(state: dict) -> None:
            with self._lock:
                receive(state)

        widget.set_state = set_state

    def _tell(self, problem: BaseException | str) -> None:
        text = problem
        if isinstance(problem, BaseException):
            ERRORS.append(problem)
            text = f"{problem} ({type(problem).__name__})"
        self.problem.value = _paragraph(text, 'class="edgelab-error" role="alert"')

    def _redraw(self, anew: bool = False, born: bool = False) -> None:
        """Draw the plots and the texts; let the rest follow when the hand is at rest."""
        if self._rest:
            self._rest.cancel()
            self._rest = None
        try:
            if not born:  # the board has its first picture
                self.live.draw(self._plots(at_rest=False), self.line(), anew)
            self._say(self._moving(self.model))
            self.below.value = _paragraph(self.waiting)
            self.code.value = f"<p>This screen again: <code>{html.escape(self.line())}</code></p>"
            self.problem.value = ""
            self._grey()
        except BaseException as error:  # shown in words, and kept for the tests
            # What stands there belongs to an earlier model.
            for text in (self.words, self.below, self.code):
                text.value = ""
            self._tell(error)
            if not isinstance(error, Exception):
                self._tell("Interrupted before all was drawn. Press Reset, or move a slider.")
                raise
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._settle()
        else:
            self._rest = loop.call_later(REST_S, self._settle)

    def _say(self, model: Any) -> None:
        """Show the sentence."""
        told = self._told(model, self.pinned)
        self.words.value = _paragraph(told, 'class="edgelab-words" aria-live="polite"')

    def _grey(self) -> None:
        """Grey out the knobs that move nothing now, and say why."""
        idle, knobs = self.model.idle(), self.model.knobs()
        for name, widget in self.controls.items():
            if widget.disabled != (name in idle):
                widget.disabled = name in idle
                widget.tooltip = idle.get(name) or tooltip(knobs[name])
        reasons: dict[str, list[str]] = {}
        for name, why in idle.items():
            if name in self.scenario.main and name in self.controls:
                reasons.setdefault(why, []).append(knobs[name].label)
        said = ". ".join(f"{', '.join(labels)}: {why}" for why, labels in reasons.items())
        told = f"Greyed out: {said}." if said else ""
        self.idle.value = _paragraph(told, 'class="edgelab-quiet"')

    def _settle(self) -> None:
        with self._lock:
            self._rest = None
            try:
                if self.waiting:
                    # The words first: the browser shows them at once, and plots take a repaint.
                    self.below.value = _paragraph(self._rested(self.model))
                    self._say(self.model)
                    self.live.draw(self._plots(at_rest=True), self.line())
                if self._shown:
                    update_display(self._state(), raw=True, display_id=self.live.own)
            except Exception as error:  # shown in words, and kept for the tests
                self._tell(error)
