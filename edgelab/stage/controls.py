"""The widgets that turn knobs, and the card that they lie on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np

from edgelab.core.knobs import Knob

__all__ = ["CARD", "columns", "control", "options", "tooltip"]

#: With more choices than this, or more letters in them, a list folds out.
BUTTONS, LETTERS = 6, 65

#: The style of a card.
CARD = f"<style>{(Path(__file__).parent / 'card.css').read_text()}</style>"


def control(
    about: Knob, value: Any, layout: widgets.Layout, style: widgets.SliderStyle
) -> widgets.Widget:
    """The widget that turns a knob.

    Parameters
    ----------
    about : Knob
        The declaration.
    value : int, float or str
        Where it starts.
    layout : ipywidgets.Layout
    style : ipywidgets.SliderStyle
        Both are shared by many controls: each is a model of its own in the browser.

    Returns
    -------
    ipywidgets.Widget
        With ``value``, and ``description`` in words.
    """
    common = {
        "description": about.label,
        "tooltip": tooltip(about),
        "style": {"description_width": style.description_width},
        "layout": layout,
    }
    if len(about.choices) > BUTTONS or sum(map(len, about.choices)) > LETTERS:
        return widgets.Dropdown(options=about.choices, value=value, **common)
    if about.choices:
        buttons = widgets.ToggleButtons(
            options=about.choices, value=value, **common | {"layout": {"width": "auto"}}
        )
        buttons.style.button_width = "auto"
        return buttons
    if about.integer and about.high > 1e6:
        return widgets.BoundedIntText(value=value, min=about.low, max=about.high, **common)
    common["style"] = style
    if about.integer and not about.log:
        return widgets.IntSlider(value=value, min=about.low, max=about.high, **common)
    # Stops and no float slider: a float slider moves a value to its own nearest step as soon as
    # it is shown, and a reader could not come back to the default.
    slider = widgets.SelectionSlider(options=options(about, value), value=value, **common)
    slider.add_class("edgelab-stops")
    return slider


def tooltip(about: Knob) -> str:
    """What a control says of its knob."""
    return f"{about.meaning} Allowed: {about.allowed}."


def columns(some: Sequence[widgets.Widget], shares: Sequence[float]) -> widgets.HBox:
    """Widgets in columns, filled from the left, each with its share of the width."""
    rows = -(-len(some) // len(shares))
    parts = [some[at * rows : (at + 1) * rows] for at in range(len(shares))]
    widths = [f"{100 * share / sum(shares):g}%" for share in shares]
    box = widgets.HBox(
        [widgets.VBox(p, layout={"width": w}) for p, w in zip(parts, widths, strict=True)]
    )
    return box.add_class("edgelab-columns")


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


def options(about: Knob, value: Any) -> list[tuple[str, Any]]:
    """The stops as a slider's options, with the default and `value` among them."""
    out: dict[str, Any] = {}
    for stop in sorted({*_stops(about), about.default, value}):
        text = about.text(stop)
        out[repr(stop) if text in out else text] = stop
    return list(out.items())
