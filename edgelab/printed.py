"""Pages turned to HTML or PDF: the plots that JupyterLab draws itself, and the live panels.

nbconvert asks here: ``etc/jupyter/jupyter_config.json`` of the environment names both classes.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping

import plotly.graph_objects as go
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_output
from plotly.io import to_html

from edgelab.core.knobs import Model
from edgelab.panels import PANELS
from edgelab.stage import theme
from edgelab.stage.browser import BrowserError, browser
from edgelab.stage.figure import PLOTLY
from edgelab.stage.live import STYLE
from edgelab.stage.panel import STATE, WIDGET, Panel

__all__ = ["Paper", "Web", "known"]


class Web(Preprocessor):
    """For HTML: every plot as plotly draws it, with one copy of plotly.js in the page."""

    #: In the page, or the address of plotly.js.
    library: bool | str = True

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Give each output of a page a form that needs neither a kernel nor the network.

        Parameters
        ----------
        nb : nbformat.NotebookNode
        resources : dict
            Handed on.

        Returns
        -------
        tuple of nbformat.NotebookNode and dict
        """
        self._bundle = True
        for cell in nb.cells:
            before = cell.get("outputs", ())
            states = any(STATE in output.get("data", ()) for output in before)
            # The widget of a panel: its state stands before it.
            gone = [each for each in before if states and WIDGET in each.get("data", ())]
            if before:
                kept = (each for each in before if each not in gone)
                cell.outputs = [made for each in kept for made in self._printed(each)]
        left = (each for cell in nb.cells for each in cell.get("outputs", ()))
        if not any(WIDGET in each.get("data", ()) for each in left):
            nb.metadata.pop("widgets", None)  # for which a page would ask the network
        return nb, resources

    def _printed(self, output: NotebookNode) -> Iterable[NotebookNode]:
        """What stands in the place of an output."""
        data = output.get("data", {})
        if "text/html" in data:
            data.pop(WIDGET, None)
        try:
            if STATE in data:
                return self.panel(data["text/html"], **data[STATE])
            if PLOTLY in data:
                return self.figure(data[PLOTLY])
        except (BrowserError, KeyError, TypeError, ValueError) as error:
            # No browser, or a page of another version of the workbook: its words stay.
            self.log.warning("%s: %s", type(error).__name__, error)
        return [output]

    def panel(self, words: str, panel: str, model: dict, pinned: dict | None) -> list[NotebookNode]:
        """The plots of a panel in its grid, below its sentence and its line of code."""
        kind, now, held = known(panel, model, pinned)
        plots = [each.plot.live(now, held, at_rest=True) for each in kind.board]
        parts = [
            f'<figure class="edgelab-plot{" edgelab-wide" * (plot["span"] > 6)}" '
            f'style="--span: {plot["span"]}" aria-label="{html.escape(plot["alt"])}">'
            f'<figcaption class="edgelab-heading">{html.escape(plot["title"])}</figcaption>'
            f"{self._drawn(plot, plot['height'])}</figure>"
            for plot in plots
        ]
        board = (
            f'<div style="container-type: inline-size"><div class="edgelab-board">{"".join(parts)}'
        )
        return [_output("text/html", f"<style>{STYLE}</style>{words}{board}</div></div>")]

    def figure(self, figure: Mapping) -> list[NotebookNode]:
        """A figure of ``el.figures``, or any other of plotly's."""
        return [_output("text/html", self._drawn(figure, figure["layout"].get("height", 540)))]

    def _drawn(self, figure: Mapping, height_px: int) -> str:
        first, self._bundle = self._bundle, False
        shown = go.Figure(figure["data"], figure["layout"])
        config, height = theme.config("edgelab"), f"{height_px}px"
        library = first and self.library
        return to_html(shown, config, True, library, full_html=False, default_height=height)


class Paper(Web):
    """For PDF by LaTeX: every plot as a picture, which a browser draws."""

    def panel(self, words: str, panel: str, model: dict, pinned: dict | None) -> list[NotebookNode]:
        """The plots of a panel one below the other, each with its title."""
        kind, now, held = known(panel, model, pinned)
        return [_output("text/html", words), *_pictures([each(now, held) for each in kind.board])]

    def figure(self, figure: Mapping) -> list[NotebookNode]:
        """A figure as a picture."""
        return _pictures([go.Figure(figure["data"], figure["layout"])])


def known(panel: str, model: dict, pinned: dict | None) -> tuple[type[Panel], Model, Model | None]:
    """A panel's class, and the models that its output tells of."""
    kind = PANELS[panel]
    return kind, kind.scenario(**model), None if pinned is None else kind.scenario(**pinned)


def _pictures(figures: Iterable[go.Figure]) -> list[NotebookNode]:
    with browser() as draw:
        drawn = [draw(theme.slide(figure), "png") for figure in figures]
    return [_output("image/png", base64.b64encode(picture).decode()) for picture in drawn]


def _output(kind: str, content: str) -> NotebookNode:
    return new_output("display_data", {kind: content})
