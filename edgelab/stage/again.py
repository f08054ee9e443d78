"""A cell that is run again: what it made before is let go, here and in the browser."""

from __future__ import annotations

import weakref
from typing import Any

import ipywidgets as widgets
from IPython import get_ipython

__all__ = ["earlier", "retire"]

#: What is left of a box whose cell was run again.
CLOSED = "<p>This was closed, since its cell was run again. What the cell shows then is alive.</p>"

#: The widgets that each cell made, and the execution that made them.
_MADE: dict[str, tuple[str, list[weakref.ref]]] = {}
#: The one that says so in all boxes of a kernel.
_WORDS: list[widgets.HTML] = []


def earlier(made: Any) -> list[Any]:
    """Remember a widget that the running cell makes, and retire those of an earlier run of it.

    Parameters
    ----------
    made : Widget
        With a method ``retire``.

    Returns
    -------
    list of Widget
        Those of the earlier run, for the first that the cell makes now.
    """
    shell = get_ipython()
    parent = shell.get_parent() if shell and hasattr(shell, "get_parent") else {}
    cell = parent.get("metadata", {}).get("cellId")
    if cell is None:
        return []
    run = parent["header"]["msg_id"]
    before, held = _MADE.get(cell, (run, []))
    old = [] if before == run else [each for each in (ref() for ref in held) if each]
    for each in old:
        each.retire()
    _MADE[cell] = run, [*(held if before == run else ()), weakref.ref(made)]
    return old


def retire(box: widgets.Box, *more: widgets.Widget) -> None:
    """Close all that lies in a box, and more; the box says so where a page still shows it."""
    if not (_WORDS and _WORDS[0].comm):
        _WORDS[:] = [widgets.HTML(CLOSED)]
    held, box.children = box.children, _WORDS
    for each in (*held, *more):
        _close(each)


def _close(widget: widgets.Widget) -> None:
    """Close a widget and all that lies in it."""
    for child in getattr(widget, "children", ()):
        if child not in _WORDS:
            _close(child)
    for part in ("layout", "style"):
        if isinstance(getattr(widget, part, None), widgets.Widget):
            getattr(widget, part).close()
    widget.close()
