"""A prediction that a reader commits to before the sliders are touched."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

from edgelab.core import allowed
from edgelab.stage import again
from edgelab.stage.controls import CARD

__all__ = ["Prediction", "predict"]


class Prediction(widgets.VBox):
    """A question with choices; `choice` is None until the reader commits to one."""

    def __init__(self, question: str, choices: Sequence[str]) -> None:
        self.choice: str | None = None
        # Not RadioButtons: JupyterLab keeps the arrow keys that would choose among them.
        self.options = widgets.ToggleButtons(options=list(choices), value=None)
        self.options.style.button_width = "auto"
        self.commit = widgets.Button(description="Commit to it", disabled=True, icon="lock")
        self.kept = widgets.HTML()
        self.options.observe(self._on_choice, "value")
        self.commit.on_click(self._on_commit)
        self.asked = widgets.HTML(f"<p><b>{html.escape(question)}</b></p>")
        super().__init__([widgets.HTML(CARD), self.asked, self.options, self.commit, self.kept])
        self.add_class("edgelab-panel")
        for before in again.earlier(self):  # the cell was run again: what was kept stays kept
            if getattr(before, "choice", None) in choices:
                self.options.value = before.choice
                self._on_commit(self.commit)

    def retire(self) -> None:
        """Let go of all that it holds in the browser."""
        again.close(self)

    def _repr_mimebundle_(self, **about: Any) -> dict[str, Any]:
        """With the question in words, for where no kernel is."""
        bundle = super()._repr_mimebundle_(**about) or {}
        choices = "".join(f"<li>{html.escape(choice)}</li>" for choice in self.options.options)
        return bundle | {"text/html": f"{self.asked.value}<ul>{choices}</ul>{self.kept.value}"}

    def _on_choice(self, change: dict) -> None:
        self.commit.disabled = change["new"] is None

    def _on_commit(self, _: widgets.Button) -> None:
        if self.options.value is None:
            return
        self.choice = self.options.value
        self.options.disabled = self.commit.disabled = True
        self.kept.value = (
            f"<p>Kept: “{html.escape(self.choice)}”. Now find out with the panel below.</p>"
        )


def predict(question: str, choices: Sequence[str]) -> Prediction:
    """Ask for a prediction.

    Parameters
    ----------
    question : str
        One sentence.
    choices : sequence of str
        At least two.

    Returns
    -------
    Prediction
        An ipywidget whose ``choice`` is None until the reader commits.

    Raises
    ------
    ValueError
        If there are fewer than two choices, or one stands twice.
    """
    choices = allowed.several("choices", choices, allowed.text, least=2)
    if len(set(choices)) < len(choices):
        allowed.refuse("choices", choices, "texts of which none stands twice")
    return Prediction(allowed.text("question", question), choices)
