"""What every live panel is built on: knobs, one FigureWidget patched in place, a sentence."""

from __future__ import annotations

import asyncio
import html
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import display
from plotly.graph_objects import Figure, FigureWidget

from edgelab import kernels
from edgelab.export import export
from edgelab.figures import theme
from edgelab.knobs import Model
from edgelab.panels.controls import CARD, Fit, control, options
from edgelab.panels.patch import changed

__all__ = ["ERRORS", "Panel", "warm"]

#: Errors that a callback met, newest last. They also stand in the panel, in words.
ERRORS: list[Exception] = []
#: A hand that has not moved for this long is at rest.
REST_S = 0.1
#: Room for a knob's label where the main knobs stand in columns.
NARROW = "118px"


def warm(names: Sequence[str]) -> None:
    """Compile these kernels once in this process, with a line of progress in a notebook."""
    names = [name for name in names if name not in kernels.WARMED]
    if not names:
        return
    line = widgets.HTML()
    if get_ipython():
        display(line)

    def progress(done: int, total: int, name: str) -> None:
        line.value = f"Preparing the kernels, {done} of {total}: {html.escape(name)} …"

    try:
        kernels.warm(progress, names)
    finally:
        line.close()


def _columns(some: Sequence[widgets.Widget], shares: Sequence[float]) -> widgets.HBox:
    """Widgets in columns, filled from the left, each with its share of the width."""
    rows = -(-len(some) // len(shares))
    parts = [some[at * rows : (at + 1) * rows] for at in range(len(shares))]
    widths = [f"{100 * share / sum(shares):g}%" for share in shares]
    return widgets.HBox(
        [widgets.VBox(p, layout={"width": w}) for p, w in zip(parts, widths, strict=True)]
    )


class Panel(widgets.VBox):
    """A card of knobs, one live figure, a sentence, and the line of code that recreates it.

    A subclass says what it is about and what to draw. An error in a callback is shown in the
    card, in words, and kept in `ERRORS`; a setting that the model refuses is told and not taken.

    Parameters
    ----------
    start : Model, optional
        Where the knobs stand at first, and where "reset" returns to; the defaults if not given.
    pinned : Model, optional
        What is pinned at first.

    Raises
    ------
    TypeError
        If `start` or `pinned` is something else than a `scenario`.
    """

    #: What its slides and the camera's pictures are called.
    name: ClassVar[str] = "panel"
    #: The function that a reader calls to make it.
    call: ClassVar[str] = "el.panels.panel"
    #: Class of the models that it shows.
    scenario: ClassVar[type[Model]]
    #: Knobs that always show; the others fold away.
    main: ClassVar[Sequence[str]] = ()
    #: From a preset's name to what it makes of `start`.
    made: ClassVar[Mapping[str, Callable[[Model], Model]]] = {}
    #: Names in `edgelab.kernels.STEPS` of the kernels that it needs.
    kernels: ClassVar[Sequence[str]] = ()
    #: In columns of these widths, filled from the left, the main knobs stand.
    columns: ClassVar[Sequence[float]] = (1,)
    #: Height of the figure: with sliders and sentence, what a small laptop shows at once.
    height_px: ClassVar[int] = 470

    def __init__(self, start: Model | None = None, pinned: Model | None = None) -> None:
        start = self.scenario() if start is None else start
        for given, model in (("start", start), ("pinned", pinned)):
            if not (isinstance(model, self.scenario) or (given == "pinned" and model is None)):
                wanted = self.scenario.__name__
                raise TypeError(f"{given}: got {model!r}, allowed a {wanted}")
        warm(self.kernels)
        self.start = self.model = start
        self.pinned = pinned
        self._busy = False
        # JupyterLab may run callbacks in another thread than cells.
        self._lock = threading.RLock()
        self._rest: asyncio.TimerHandle | None = None
        knobs = start.knobs()
        self.controls = {n: control(k, getattr(start, n)) for n, k in knobs.items()}
        self.words = widgets.HTML()
        self.below = widgets.HTML()
        self.code = widgets.HTML()
        self.problem = widgets.HTML()
        self.saved = widgets.HTML(layout={"display": "none"})
        self.figure = self.make_figure()
        self._drawn = [dict(trace) for trace in self.make_traces()]
        self._written = self.make_layout()

        self.presets = {name: widgets.Button(description=name) for name in self.made}
        for name, button in self.presets.items():
            button.layout.width = "auto"
            button.on_click(lambda _, make=self.made[name]: self._press(make))
        self.pin = widgets.ToggleButton(
            description="Pin this curve", icon="thumb-tack", tooltip="Keep it to compare with"
        )
        if pinned:
            self.pin.value, self.pin.description = True, "Unpin"
        self.pin.observe(self._on_pin, "value")
        self.reset = widgets.Button(description="Reset", icon="undo", tooltip="Back to the start")
        self.reset.on_click(lambda _: self._press(lambda start: start, unpin=True))
        self.deck = widgets.Button(
            description="Slides", icon="download", tooltip="Save a PowerPoint deck in exports/"
        )
        self.deck.on_click(lambda _: self._save())
        for widget in self.controls.values():
            widget.observe(self._on_knob, "value")
        for widget in (self.figure, self.pin, *self.controls.values()):
            self._guard(widget)

        folded = [w for n, w in self.controls.items() if n not in self.main]
        self.more = widgets.ToggleButton(description="More knobs", icon="sliders")
        drawer = _columns(folded, (1, 1))
        drawer.layout.display = "none"
        # Not an Accordion: its header cannot be reached by keyboard.
        self.more.observe(
            lambda c: setattr(drawer.layout, "display", "flex" if c["new"] else "none"), "value"
        )
        top = widgets.HBox([*self.presets.values()], layout={"flex_flow": "row wrap"})
        side = widgets.VBox([self.pin, self.reset, self.deck], layout={"width": "170px"})
        main = [self.controls[n] for n in self.main]
        if len(self.columns) > 1:
            for widget in main:
                widget.style.description_width = NARROW
        sliders = _columns(main, self.columns)
        sliders.layout.flex = "1 1 auto"
        super().__init__(
            [
                widgets.HTML(CARD),
                top,
                widgets.HBox([sliders, side]),
                self.problem,
                self.saved,
                self.figure,
                Fit(),
                self.words,
                self.below,
                self.code,
                self.more,
                drawer,
            ]
        )
        self.add_class("edgelab-panel")
        self._redraw()

    # -- what a subclass says ----------------------------------------------------------------

    def make_figure(self) -> FigureWidget:
        """The figure, for the model where the panel starts."""
        figure = theme.figure(self.make_traces(), self.make_layout(), widget=True)
        figure.layout.height = self.height_px
        # The modebar's camera saves a 1920 x 1080 PNG. plotly has no public way to say so for a
        # FigureWidget; this is the one place that touches the private one, and the browser test
        # guards it.
        figure._config = theme.config(f"edgelab-{self.name}")
        return figure

    def make_traces(self) -> list[dict]:
        """Every trace for the present model, always as many, in the same order."""
        raise NotImplementedError

    def make_layout(self) -> dict:
        """Annotations, shapes and axes for the present model.

        Annotations and shapes keep their number; of an axis only what changed is patched.
        """
        raise NotImplementedError

    def make_words(self) -> str:
        """The sentence for the present model."""
        raise NotImplementedError

    def settle(self) -> None:
        """What follows when the hand is at rest; nothing by default."""

    @property
    def resting(self) -> bool:
        """Whether the hand is at rest and all that follows has been drawn."""
        return self._rest is None

    def slides(self) -> list[Figure]:
        """The figures of a deck of slides for the present model; by default the panel's own."""
        figure = Figure(self.figure)
        title = self.name.replace("-", " ").capitalize()
        told = {"title": title, "caption": self.make_words(), "code": self.line()}
        figure.layout.meta = {"name": self.name, **told}
        return [figure]

    # -- what every panel does -----------------------------------------------------------------

    def show(self, model: Model) -> None:
        """Set every knob to those of `model` and draw once.

        Parameters
        ----------
        model : Model
            Of the kind that the panel was started with.

        Raises
        ------
        TypeError
            If it is of another kind.
        """
        if not isinstance(model, self.scenario):
            raise TypeError(f"model: got {model!r}, allowed a {self.scenario.__name__}")
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
            self._redraw()

    def line(self) -> str:
        """The line of code that recreates what is on the screen."""
        arguments = f"el.{self.model!r}"
        if self.pinned:
            arguments += f", pinned=el.{self.pinned!r}"
        return f"{self.call}({arguments})"

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

    def _write(self, figures: list[Figure]) -> None:
        try:
            path = export(figures, f"{self.name}.pptx", progress=self._report)
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
        kind = 'class="edgelab-error" role="alert"' if wrong else 'role="status"'
        lines = "<br>".join(html.escape(text).splitlines())
        with self._lock:
            self.saved.value = f"<p {kind}>{lines}</p>"
            self.saved.layout.display = None

    def _press(self, make: Callable[[Model], Model], unpin: bool = False) -> None:
        """A button's work: what `make` makes of the start; errors are told in the card."""
        with self._lock:
            try:
                if unpin:
                    self._busy = True
                    self.pin.value = False
                self.show(make(self.start))
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

        ipywidgets holds a widget's notifications back while it takes in a message; a patch sent
        at that moment from another thread would be merged with what follows it, and lost.
        """
        receive = widget.set_state

        def set_state(state: dict) -> None:
            with self._lock:
                receive(state)

        widget.set_state = set_state

    def _tell(self, problem: Exception | str) -> None:
        text = problem
        if isinstance(problem, Exception):
            ERRORS.append(problem)
            text = f"{problem} ({type(problem).__name__})"
        self.problem.value = f'<p class="edgelab-error" role="alert">{html.escape(text)}</p>'

    def _redraw(self) -> None:
        """Patch the figure and the texts; let the rest follow when the hand is at rest."""
        if self._rest:
            self._rest.cancel()
            self._rest = None
        try:
            self._patch()
            self._say()
            self.code.value = f"<p>This screen again: <code>{html.escape(self.line())}</code></p>"
            self.problem.value = ""
        except Exception as error:  # shown in words, and kept for the tests
            # What stands there belongs to an earlier model.
            self.words.value = self.below.value = self.code.value = ""
            self._tell(error)
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._settle()
        else:
            self._rest = loop.call_later(REST_S, self._settle)

    def _say(self) -> None:
        """Show the sentence."""
        self.words.value = (
            f'<p class="edgelab-words" aria-live="polite">{html.escape(self.make_words())}</p>'
        )

    def _settle(self) -> None:
        with self._lock:
            try:
                self.settle()
            except Exception as error:  # shown in words, and kept for the tests
                self._tell(error)
            self._rest = None

    def _patch(self) -> None:
        """Send what changed, and nothing else, in one message."""
        traces, layout = self.make_traces(), self.make_layout()
        with self.figure.batch_update():
            for trace, old, new in zip(self.figure.data, self._drawn, traces, strict=True):
                trace.update(changed(old, new))
            for kind in ("annotations", "shapes"):
                for shown, old, new in zip(
                    self.figure.layout[kind], self._written[kind], layout[kind], strict=True
                ):
                    shown.update(changed(old, new))
            for axis in (name for name in layout if name.startswith(("xaxis", "yaxis"))):
                if moved := changed(self._written[axis], layout[axis]):
                    self.figure.layout[axis].update(moved)
        self._drawn, self._written = traces, layout
