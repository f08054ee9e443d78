"""A prediction that a reader commits to before the sliders are touched."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from edgelab.core import allowed
from edgelab.stage import again
from edgelab.stage.controls import CARD
from edgelab.stage.verdict import Verdict

__all__ = ["Prediction", "predict"]


class Prediction(widgets.VBox):
    """A question with choices; `choice` is None until the reader commits to one."""

    def __init__(self, question: str, check: Callable[[str | None], Verdict]) -> None:
        self.check, choices = check, check.choices
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

    def verdict(self) -> Verdict:
        """What happened, beside what the reader committed to."""
        return self.check(self.choice)

    def retire(self) -> None:
        """Let go of all that it holds in the browser."""
        again.retire(self)

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


def predict(question: str, check: Callable[[str | None], Verdict]) -> Prediction:
    """Ask for a prediction.

    Parameters
    ----------
    question : str
        One sentence.
    check : callable
        One of ``el.check`` whose name ends in ``_guess``: it has the choices, and knows which of
        them happened.

    Returns
    -------
    Prediction
        An ipywidget whose ``choice`` is None until the reader commits; its ``verdict()`` tells.

    Raises
    ------
    TypeError
        If `check` is no such check.
    """
    if not (callable(check) and hasattr(check, "choices")):
        allowed.refuse(
            "check", check, "a check with choices, such as el.check.leak_guess", TypeError
        )
    return Prediction(allowed.text("question", question), check)
