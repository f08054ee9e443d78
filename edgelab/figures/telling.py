"""What a figure tells of itself: where its frames come from, and their numbers in words."""

from __future__ import annotations

import ast
from collections.abc import Callable, Container, Mapping, Sequence

import numpy as np
import pandas as pd

from edgelab.knobs import Model
from edgelab.models import anycast, calibration
from edgelab.models.scenario import BASELINE

__all__ = ["cut", "falls_to", "in_ms", "meta", "said", "source", "turned"]

#: What makes frames without a model.
FUNCTIONS = {
    "anycast_detours": anycast.anycast_detours,
    "anycast_residuals": anycast.anycast_residuals,
    "rtt_held_out": calibration.rtt_held_out,
}
#: How a caption calls the nights.
IN_WORDS = {"tonight": "tonight", "old": f"from {BASELINE}", "pinned": "with the pinned night"}
#: By which parameter a figure takes its frames, unless it says otherwise.
KEYWORDS = {"now": "", "pinned": "pinned="}
#: Frames whose settings follow from the first one's.
UNTOLD = ("old", "sites")


def source(frame: pd.DataFrame) -> tuple[Model | None, str] | None:
    """The model that made `frame` and the line that did, if that line gives this very frame.

    pandas keeps `attrs` through filtering and arithmetic, so the line is read and tried. A frame
    of one of `FUNCTIONS` has no model.
    """
    line = frame.attrs.get("code")
    try:
        call = ast.parse(line.removeprefix("el."), mode="eval").body
        if isinstance(call.func, ast.Name):
            given = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
            again = FUNCTIONS[call.func.id](**given)
            return (None, line) if frame.equals(again) else None
        knobs, given = (
            {word.arg: ast.literal_eval(word.value) for word in each.keywords}
            for each in (call.func.value, call)
        )
        kinds = {kind.__name__: kind for kind in Model.__subclasses__()}
        model = kinds[call.func.value.func.id](**knobs)
        again = getattr(model, call.func.attr)(**given)
    except (AttributeError, KeyError, SyntaxError, TypeError, ValueError):  # somebody else's attrs
        return None
    return (model, line) if frame.equals(again) else None


def turned(model: Model, without: Container[str] = ()) -> str:
    """Every knob that was turned, with its value; some left out."""
    knobs = model.knobs()
    return ", ".join(
        f"{knobs[name].label} {knobs[name].text(value)}"
        for name, value in model.turned.items()
        if name not in without
    )


def meta(
    about: Mapping[str, str],
    frames: Mapping[str, pd.DataFrame],
    settings: Callable[[Model], str] = turned,
    keywords: Mapping[str, str] = KEYWORDS,
    more: Sequence[str] = (),
) -> tuple[dict, str]:
    """What an export tells of a figure, and the line below its title.

    Parameters
    ----------
    about : mapping
        ``name`` of the function in ``el.figures``, ``title``, ``caption`` and alternative text,
        ``alt``.
    frames : mapping of str to pandas.DataFrame
        What the figure draws, by name, the most important one first.
    settings : callable
        Says in words what a model is set to.
    keywords : mapping of str to str
        By which parameter the function takes each frame, such as ``pinned=``.
    more : sequence of str
        Further arguments of the function.

    Returns
    -------
    dict
        `about` with the settings in the caption and, if every frame's line of code gives that
        very frame, the line that draws the figure as ``code``.
    str
        The settings in short.
    """
    sources = {key: source(frame) for key, frame in frames.items()}
    said = {
        key: settings(found[0])
        for key, found in sources.items()
        if found and found[0] and key not in UNTOLD
    }
    out = dict(about)
    out["caption"] += "".join(f" {key.capitalize()}: {text}." for key, text in said.items() if text)
    if all(sources.values()):
        lines = [f"{keywords[key]}{line}" for key, (_, line) in sources.items()]
        out["code"] = f"el.figures.{about['name']}({', '.join([*lines, *more])})"
    first = next(iter(frames), None)
    return out, "; pinned: ".join(said.values()) if first in said else ""


def cut(text: str, characters: int) -> str:
    """A text that fits."""
    return text if len(text) <= characters else text[: characters - 1] + "…"


def said(values: Mapping[str, str]) -> str:
    """One value a night, as the end of a sentence."""
    return ", ".join(f"{value} {IN_WORDS[key]}" for key, value in values.items()) + "."


def in_ms(ms: float) -> str:
    """A latency, or that it never comes."""
    if not np.isfinite(ms):
        return "never"
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.3g} s"


def falls_to(frame: pd.DataFrame, x: str, y: str, share: float) -> str:
    """When a curve of shares has fallen to `share`."""
    return in_ms(frame.loc[frame[y] <= share, x].min() if frame[y].any() else 0.0)
