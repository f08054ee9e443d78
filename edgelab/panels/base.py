"""What every live panel is built on: knobs, one FigureWidget patched in place, a sentence."""

from __future__ import annotations

import asyncio
import html
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
from IPython import get_ipython
from IPython.display import display
from plotly.graph_objects import Figure, FigureWidget

from edgelab import kernels
from edgelab.export import export
from edgelab.figures import theme
from edgelab.knobs import Knob, Model

__all__ = ["CARD", "ERRORS", "Panel", "control", "set_camera", "warm"]

#: Errors that a callback met, newest last. They also stand in the panel, in words.
ERRORS: list[Exception] = []
#: A hand that has not moved for this long is at rest.
REST_S = 0.1

#: The style of an opaque card that reads well in light and dark themes alike.
CARD = """<style>
.edgelab-panel { background: #fff; color: #1a1a1a; border: 1px solid #c8c8c8; border-radius: 8px;
  padding: 10px 14px; max-width: 1500px;
  --jp-widgets-label-color: #1a1a1a; --jp-widgets-readout-color: #1a1a1a;
  --jp-widgets-color: #1a1a1a; --jp-widgets-input-color: #1a1a1a;
  --jp-widgets-input-background-color: #fff; --jp-ui-font-color0: #1a1a1a;
  --jp-ui-font-color1: #1a1a1a; --jp-ui-font-color2: #4a4a4a; --jp-content-font-color1: #1a1a1a;
  --jp-layout-color0: #fff; --jp-layout-color1: #fff; --jp-layout-color2: #eee;
  --jp-layout-color3: #dcdcdc; --jp-border-color1: #bdbdbd; --jp-border-color2: #d8d8d8;
  --jp-widgets-slider-active-handle-color: #d0d0d0; --jp-widgets-slider-border-color: #767676;
  --jp-widgets-font-size: 14px; }
.edgelab-panel .widget-html-content { line-height: 1.4; color: #1a1a1a; }
.edgelab-panel .widget-html-content p { margin: 0 0 2px; }
.edgelab-panel .edgelab-words { font-size: 15px; margin: 2px 0 4px; }
.edgelab-panel code { background: #f2f2f2; color: #1a1a1a; padding: 1px 4px; }
.edgelab-panel .edgelab-error { color: #8c1d00; font-weight: 600; }
.edgelab-panel .jupyter-button { background: #ececec; color: #1a1a1a; }
.edgelab-panel .jupyter-button.mod-active { background: #0072b2; color: #fff; }
.edgelab-panel .noUi-handle:focus-visible, .edgelab-panel button:focus-visible
  { outline: 3px solid #0072b2; outline-offset: 1px; }
</style>"""

_warmed = False


def warm() -> None:
    """Compile the kernels once in this process, with a line of progress in a notebook."""
    global _warmed
    if _warmed:
        return
    line = widgets.HTML()
    if get_ipython():
        display(line)

    def progress(done: int, total: int, name: str) -> None:
        line.value = f"Preparing the kernels, {done} of {total}: {html.escape(name)} …"

    try:
        kernels.warm(progress)
    finally:
        line.close()
    _warmed = True


def set_camera(figure: FigureWidget, name: str) -> None:
    """Let the modebar's camera save a 1920 x 1080 PNG called `name`.

    plotly has no public way to configure a FigureWidget's modebar; this is the one place that
    touches the private one, and the browser test guards it.
    """
    figure._config = theme.config(name)


def control(about: Knob, value: Any) -> widgets.Widget:
    """The widget that turns a knob.

    Parameters
    ----------
    about : Knob
        The declaration.
    value : int, float or str
        Where it starts.

    Returns
    -------
    ipywidgets.Widget
        With ``value``, and ``description`` in words.
    """
    common = {
        "description": about.label,
        "tooltip": f"{about.meaning} Allowed: {about.allowed}.",
        "style": {"description_width": "175px"},
        "layout": {"width": "99%"},
    }
    if about.choices:
        return widgets.ToggleButtons(
            options=about.choices, value=value, **common | {"layout": {"width": "auto"}}
        )
    if about.integer and about.high > 1e6:
        return widgets.BoundedIntText(value=value, min=about.low, max=about.high, **common)
    if about.integer and not about.log:
        return widgets.IntSlider(value=value, min=about.low, max=about.high, **common)
    # Stops and no float slider: a float slider moves a value to its own nearest step as soon as
    # it is shown, and a reader could not come back to the default.
    return widgets.SelectionSlider(options=_options(about, value), value=value, **common)


def _stops(about: Knob) -> Sequence[float]:
    """Round numbers across the knob's range, denser than a hand can tell apart."""
    if about.stops:
        return about.stops
    if about.log:
        tens = range(int(np.floor(np.log10(about.low))), int(np.ceil(np.log10(about.high))) + 1)
        steps = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
        stops = {float(f"{step}e{ten}") for ten in tens for step in steps}
    else:
        rough = (about.high - about.low) / 20
        ten = 10.0 ** np.floor(np.log10(rough))
        step = ten * max(n for n in (1, 2, 5) if n * ten <= rough * (1 + 1e-9))
        count = round((about.high - about.low) / step)
        stops = {float(f"{about.low + k * step:.6g}") for k in range(count + 1)}
    if about.integer:
        stops = {int(stop) for stop in stops if stop == int(stop)}
    return [stop for stop in stops | {about.low, about.high} if about.low <= stop <= about.high]


def _options(about: Knob, value: Any) -> list[tuple[str, Any]]:
    """The stops as a slider's options, with the default and `value` among them."""
    out: dict[str, Any] = {}
    for stop in sorted({*_stops(about), about.default, value}):
        text = about.text(stop)
        out[repr(stop) if text in out else text] = stop
    return list(out.items())


class Panel(widgets.VBox):
    """A card of knobs, one live figure, a sentence, and the line of code that recreates it.

    A subclass says what to draw, and how its files are called (`name`). An error in a callback is
    shown in the card, in words, and kept in `ERRORS`.

    Parameters
    ----------
    start : Model
        Where the knobs stand at first, and where "reset" returns to.
    code : str
        The expression that makes the panel, with ``{}`` for the arguments.
    main : sequence of str
        Knobs that always show; the others fold away.
    presets : mapping of str to callable
        From a name to what it makes of `start`.
    pinned : Model, optional
        What is pinned at first.
    """

    #: What its slides and the camera's pictures are called.
    name = "panel"

    def __init__(
        self,
        start: Model,
        code: str,
        main: Sequence[str],
        presets: Mapping[str, Callable[[Model], Model]],
        pinned: Model | None = None,
    ) -> None:
        warm()
        self.start = self.model = start
        self.pinned = pinned
        self._code_form = code
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

        self.presets = {name: widgets.Button(description=name) for name in presets}
        for name, button in self.presets.items():
            button.layout.width = "auto"
            button.on_click(lambda _, make=presets[name]: self._press(make))
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

        folded = [w for n, w in self.controls.items() if n not in main]
        half = (len(folded) + 1) // 2
        columns = [
            widgets.VBox(part, layout={"width": "50%"}) for part in (folded[:half], folded[half:])
        ]
        self.more = widgets.ToggleButton(description="More knobs", icon="sliders")
        drawer = widgets.HBox(columns, layout={"display": "none"})
        # Not an Accordion: its header cannot be reached by keyboard.
        self.more.observe(
            lambda c: setattr(drawer.layout, "display", "flex" if c["new"] else "none"), "value"
        )
        top = widgets.HBox([*self.presets.values()], layout={"flex_flow": "row wrap"})
        side = widgets.VBox([self.pin, self.reset, self.deck], layout={"width": "170px"})
        sliders = widgets.VBox([self.controls[n] for n in main], layout={"flex": "1 1 auto"})
        super().__init__(
            [
                widgets.HTML(CARD),
                top,
                widgets.HBox([sliders, side]),
                self.problem,
                self.saved,
                self.figure,
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
        raise NotImplementedError

    def make_traces(self) -> list[dict]:
        """Every trace for the present model, always as many, in the same order."""
        raise NotImplementedError

    def make_layout(self) -> dict:
        """Annotations and shapes for the present model."""
        raise NotImplementedError

    def make_words(self) -> str:
        """The sentence for the present model."""
        raise NotImplementedError

    def settle(self) -> None:
        """What follows when the hand is at rest; nothing by default."""

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
        if type(model) is not type(self.start):
            raise TypeError(f"model: got {model!r}, allowed a {type(self.start).__name__}")
        with self._lock:
            self._busy = True
            try:
                for name, widget in self.controls.items():
                    value = getattr(model, name)
                    if isinstance(widget, widgets.SelectionSlider):
                        options = _options(model.knobs()[name], value)
                        if list(widget.options) != options:
                            widget.options = options
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
        return self._code_form.format(arguments)

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
            except (TypeError, ValueError) as error:
                self._tell(error)
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

    def _tell(self, error: Exception) -> None:
        ERRORS.append(error)
        self.problem.value = (
            f'<p class="edgelab-error" role="alert">{html.escape(f"{error}")} '
            f"({type(error).__name__})</p>"
        )

    def _redraw(self) -> None:
        """Patch the figure and the texts; let the rest follow when the hand is at rest."""
        if self._rest:
            self._rest.cancel()
            self._rest = None
        try:
            self._patch()
            self.words.value = (
                f'<p class="edgelab-words" aria-live="polite">{html.escape(self.make_words())}</p>'
            )
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

    def _settle(self) -> None:
        with self._lock:
            self._rest = None
            try:
                self.settle()
            except Exception as error:  # shown in words, and kept for the tests
                self._tell(error)

    def _patch(self) -> None:
        """Send what changed, and nothing else, in one message."""
        traces, layout = self.make_traces(), self.make_layout()
        with self.figure.batch_update():
            for trace, old, new in zip(self.figure.data, self._drawn, traces, strict=True):
                trace.update(_changed(old, new))
            for kind in ("annotations", "shapes"):
                for shown, old, new in zip(
                    self.figure.layout[kind], self._written[kind], layout[kind], strict=True
                ):
                    shown.update(_changed(old, new))
        self._drawn, self._written = traces, layout


def _changed(old: Any, new: Mapping) -> dict:
    """The entries of `new` that differ from `old`'s, at every depth."""
    out = {}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(value, Mapping):
            inner = _changed(before or {}, value)
            if inner:
                out[key] = inner
        elif not _same(before, value):
            out[key] = value
    return out


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and bool(np.all((a == b) | ((a != a) & (b != b))))
    return type(a) is type(b) and a == b
