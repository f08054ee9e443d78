"""A cell that is run again: what it made before is let go, here and in the browser."""

from __future__ import annotations

import weakref
from typing import Any

import ipywidgets as widgets
from IPython import get_ipython

__all__ = ["close", "earlier"]

#: The widgets that each cell made, and the execution that made them.
_MADE: dict[str, tuple[str, list[weakref.ref]]] = {}


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


def close(widget: widgets.Widget) -> None:
    """Close a widget and all that lies in it."""
    for child in getattr(widget, "children", ()):
        close(child)
    for part in ("layout", "style"):
        if isinstance(getattr(widget, part, None), widgets.Widget):
            getattr(widget, part).close()
    widget.close()
