"""The plotly figure that the workbook gives out: with a camera, and silent on the network."""

from __future__ import annotations

import html
import json
from typing import Any

import plotly.graph_objects as go

from edgelab.stage import theme

__all__ = ["PLOTLY", "Figure"]

PLOTLY = "application/vnd.plotly.v1+json"


class Figure(go.Figure):
    """A plotly figure that shows itself with the workbook's camera."""

    # plotly's own way loads every renderer that there is, for seconds.
    _ipython_display_ = None

    def _repr_mimebundle_(self, *_: Any, **__: Any) -> dict[str, Any]:
        """As JupyterLab draws it, and in words for whoever cannot."""
        meta = self.layout.meta or {}
        # Not "responsive": when the window's size changes, such a plot would lose its height.
        config = theme.config(f"edgelab-{meta.get('name', 'figure')}") | {"responsive": False}
        said = [str(meta[key]) for key in ("title", "caption", "code") if meta.get(key)]
        return {
            PLOTLY: json.loads(self.to_json()) | {"config": config},
            # Where plotly's own is not drawn, such as in a page turned to HTML.
            "text/html": "".join(f"<p>{html.escape(text)}</p>" for text in said),
            "text/plain": "\n".join(said),
        }
