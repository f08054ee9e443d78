"""Kernels compiled before a panel moves, with a line that says how far they are."""

from __future__ import annotations

import html
from collections.abc import Sequence

from IPython import get_ipython
from IPython.display import HTML, display

from edgelab import kernels

__all__ = ["warm"]


def warm(names: Sequence[str]) -> None:
    """Compile these kernels once in this process, with a line of progress in a notebook."""
    names = [name for name in names if name not in kernels.WARMED]
    if not names:
        return
    # No widget: one that is closed would be an error where the page is opened again.
    line = display(HTML(""), display_id=True) if get_ipython() else None

    def tell(text: str) -> None:
        if line:
            line.update(HTML(text))

    try:
        kernels.warm(
            lambda done, total, name: tell(
                f"Preparing the kernels, {done} of {total}: {html.escape(name)} …"
            ),
            names,
        )
    finally:
        tell("")
