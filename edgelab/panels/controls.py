"""The widgets that turn knobs, and the card that they lie on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
from anywidget import AnyWidget

from edgelab.knobs import Knob

__all__ = ["CARD", "Fit", "control", "options"]

#: With more choices than this a list folds out.
BUTTONS = 6

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
.edgelab-panel .widget-toggle-buttons { display: flex; align-items: center; }
.edgelab-panel .widget-toggle-buttons > .widget-label { flex: 0 0 auto; text-align: right;
  box-sizing: border-box; padding-right: 6px; }
.edgelab-panel .widget-readout { min-width: 92px; }
.edgelab-panel .jupyter-button { background: #ececec; color: #1a1a1a; }
.edgelab-panel .jupyter-button.mod-active { background: #0072b2; color: #fff; }
.edgelab-panel .noUi-handle:focus-visible, .edgelab-panel button:focus-visible
  { outline: 3px solid #0072b2; outline-offset: 1px; }
</style>"""


class Fit(AnyWidget):
    """Lets the plot beside it fill the card, from when it is drawn and whatever the card's width.

    plotly draws a FigureWidget before JupyterLab has given it a place, 700 pixels wide, and
    measures again only when the window's size changes.
    """

    _esm = """
export default {
  render({ el }) {
    const measure = () => window.dispatchEvent(new Event("resize"));
    const card = new ResizeObserver(measure);
    card.observe(el);
    document.addEventListener("plotlywidget-after-render", measure);
    return () => {
      card.disconnect();
      document.removeEventListener("plotlywidget-after-render", measure);
    };
  },
};
"""


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
    if len(about.choices) > BUTTONS:
        return widgets.Dropdown(options=about.choices, value=value, **common)
    if about.choices:
        buttons = widgets.ToggleButtons(
            options=about.choices, value=value, **common | {"layout": {"width": "auto"}}
        )
        buttons.style.button_width = "auto"
        return buttons
    if about.integer and about.high > 1e6:
        return widgets.BoundedIntText(value=value, min=about.low, max=about.high, **common)
    if about.integer and not about.log:
        return widgets.IntSlider(value=value, min=about.low, max=about.high, **common)
    # Stops and no float slider: a float slider moves a value to its own nearest step as soon as
    # it is shown, and a reader could not come back to the default.
    return widgets.SelectionSlider(options=options(about, value), value=value, **common)


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
