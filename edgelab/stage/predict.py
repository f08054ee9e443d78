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
    """A question with choices, or for a number; `choice` is None until the reader commits to it."""

    def __init__(self, question: str, check: Callable[[Any], Verdict]) -> None:
        self.check = check
        self.choice: str | float | None = None
        self.options: widgets.ToggleButtons | widgets.Text
        if check.choices:
            # Not RadioButtons: JupyterLab keeps the arrow keys that would choose among them.
            self.options = widgets.ToggleButtons(options=list(check.choices), value=None)
            self.options.style.button_width = "auto"
        else:
            self.options = widgets.Text(placeholder=f"a number from 0 to {check.upto:g}")
            self.options.layout.width = "200px"
            self.options.on_msg(self._on_message)
        self.commit = widgets.Button(description="Commit to it", disabled=True, icon="lock")
        self.kept = widgets.HTML()
        self.options.observe(self._on_choice, "value")
        self.commit.on_click(self._on_commit)
        self.asked = widgets.HTML(f"<p><b>{html.escape(question)}</b></p>")
        row = widgets.HBox([self.options, widgets.Label(check.unit)])
        super().__init__([widgets.HTML(CARD), self.asked, row, self.commit, self.kept])
        self.add_class("edgelab-panel")
        for before in again.earlier(self):  # the cell was run again: what was kept stays kept
            kept = getattr(before, "choice", None)
            if kept in check.choices or (not check.choices and isinstance(kept, float)):
                self.options.value = kept if check.choices else f"{kept:g}"
                self._on_commit()

    def verdict(self) -> Verdict:
        """What happened, beside what the reader committed to."""
        return self.check(self.choice)

    def retire(self) -> None:
        """Let go of all that it holds in the browser."""
        again.retire(self)

    def _repr_mimebundle_(self, **about: Any) -> dict[str, Any]:
        """With the question in words, for where no kernel is."""
        bundle = super()._repr_mimebundle_(**about) or {}
        each = self.check.choices or [f"{self.options.placeholder} ({self.check.unit})"]
        choices = "".join(f"<li>{html.escape(choice)}</li>" for choice in each)
        return bundle | {"text/html": f"{self.asked.value}<ul>{choices}</ul>{self.kept.value}"}

    def _on_choice(self, change: dict) -> None:
        self.commit.disabled = not change["new"]

    def _on_message(self, _: widgets.Text, content: dict, __: list) -> None:
        if content.get("event") == "submit":  # the Enter key
            self._on_commit()

    def _on_commit(self, *_: widgets.Button) -> None:
        choice, said = self.options.value, f"“{self.options.value}”"
        if not choice:
            return
        if not self.check.choices:
            try:
                choice = allowed.number("your guess", _typed(choice), 0, self.check.upto)
            except (TypeError, ValueError) as error:
                self.kept.value = f"<p>{html.escape(str(error))}</p>"
                return
            said = f"{choice:g} {self.check.unit}"
        self.choice = choice
        self.options.disabled = self.commit.disabled = True
        self.kept.value = f"<p>Kept: {html.escape(said)}. Now find out below.</p>"


def _typed(text: str) -> float | str:
    """A number that was typed, or the text if it is none."""
    try:
        return float(text)
    except ValueError:
        return text


def predict(question: str, check: Callable[[Any], Verdict]) -> Prediction:
    """Ask for a prediction.

    Parameters
    ----------
    question : str
        One sentence.
    check : callable
        One of ``el.check`` whose name ends in ``_guess``: it has the choices, or asks for a
        number, and knows what happened.

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
