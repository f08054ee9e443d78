"""The live board: one widget per panel, whose plots are drawn by themselves and patched in place.

plotly's own FigureWidget carries plotly.js with every figure, and stays blank or frozen where that
does not load in time. Here plotly.js comes once for a kernel and a browser page, and a board can
always ask for the whole picture.
"""

from __future__ import annotations

import gzip
import importlib.metadata
import importlib.util
import math
import threading
import uuid
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from anywidget import AnyWidget
from traitlets import Bytes, Dict, Unicode

from edgelab.stage import theme

__all__ = ["STYLE", "LiveBoard", "changed"]

HERE = Path(__file__).parent
STYLE = (HERE / "live.css").read_text()
#: What travels as it is; other numbers as the one that holds them.
DTYPES = {"float64": "float64", "float32": "float32", "int32": "int32"}
#: The board that brought plotly.js to the browser.
_SENT: list[str] = []


@lru_cache(maxsize=1)
def _zipped() -> bytes:
    """The bundle that plotly brings. Found and not imported: plotly itself is slow to load."""
    package = Path(importlib.util.find_spec("plotly").origin).parent
    return gzip.compress((package / "package_data" / "plotly.min.js").read_bytes(), 6, mtime=0)


class LiveBoard(AnyWidget):
    """Plots in a grid, in the browser what they are here.

    plotly.js comes compressed with the first board of a kernel. A page that has none, since it was
    loaded again, asks for it once; all boards of a page share it.

    Parameters
    ----------
    plots : mapping of str to dict
        By name: ``data`` and ``layout`` for plotly, with numpy arrays; ``title``, ``alt``,
        ``below``, ``span`` (of 12 columns) and ``height`` (CSS pixels).
    line : str
        The line of code that makes the panel again.
    name : str
        Begins the names of the pictures that the cameras save.
    """

    _esm = HERE / "live.js"
    _css = STYLE
    version = Unicode().tag(sync=True)
    library = Bytes().tag(sync=True, to_json=lambda _, board: board._library())
    own = Unicode().tag(sync=True)
    config = Dict().tag(sync=True)
    first = Dict().tag(sync=True, to_json=lambda _, board: board._first())

    def __init__(self, plots: Mapping[str, dict], line: str, name: str) -> None:
        self._lock = threading.RLock()
        self._plots, self._line, self._number = dict(plots), line, 0
        own = uuid.uuid4().hex
        super().__init__(
            model_id=own,
            own=own,
            version=importlib.metadata.version("plotly"),
            config=theme.config(f"edgelab-{name}", theme.PANEL_CAMERA),
        )
        self.on_msg(self._answer)

    @property
    def plots(self) -> Mapping[str, dict]:
        """What is drawn."""
        return self._plots

    def draw(self, plots: Mapping[str, dict], line: str, anew: bool = False) -> None:
        """Show these plots: send what changed, or everything.

        Parameters
        ----------
        plots : mapping of str to dict
            All plots, as for the class.
        line : str
            The line of code that makes the panel again.
        anew : bool
            Whether to send what did not change, too.
        """
        with self._lock:
            changes = {}
            for name, new in plots.items():
                change = changed(self._plots[name], new)
                if change is None:
                    changes[name] = {"whole": new}
                elif change:
                    changes[name] = change
            if not (anew or changes or line != self._line):
                return
            # Interrupted between here and the message, the next message's number tells the board.
            self._plots, self._line, self._number = dict(plots), line, self._number + 1
            if anew:
                self._tell_all()
            else:
                self._message("patch", changes)

    def _answer(self, _: Any, content: dict, buffers: list) -> None:
        """A board in the browser asks where the picture stands, or for all of it."""
        with self._lock:
            if content.get("kind") == "library":
                self.send({"kind": "library"}, [_zipped()])
            elif content.get("kind") == "whole":
                self._tell_all()
            else:
                self.send({"kind": "at", "number": self._number})

    def _message(self, kind: str, plots: Mapping[str, dict]) -> None:
        buffers: list[memoryview] = []
        about = {"kind": kind, "number": self._number, "line": self._line}
        self.send(about | {"plots": _encoded(plots, buffers)}, buffers)

    def _tell_all(self) -> None:
        self._message("whole", self._plots)

    def _library(self) -> bytes:
        """plotly.js, in the message that opens this kernel's first board; others ask for it."""
        if self.comm is not None or _SENT:
            return b""
        _SENT.append(self.own)
        return _zipped()

    def _first(self) -> dict:
        """The whole picture, for the message that opens the widget.

        A page that was loaded again gets none with the widget's state: a board asks when it is
        shown, and many are not.
        """
        if self.comm is not None:
            return {}
        buffers: list[memoryview] = []
        content = {"number": self._number, "line": self._line}
        content["plots"] = _encoded(self._plots, buffers)
        return {"content": content, "buffers": buffers}


def changed(old: Mapping, new: Mapping) -> dict | None:
    """What of `new` differs from `old`, at every depth; None if something of `old` is gone.

    Of a list of dictionaries (traces) each that changed, by its number.
    """
    if not old.keys() <= new.keys():
        return None
    out: dict = {}
    for key, value in new.items():
        before = old.get(key)
        if key == "data":
            if len(before) != len(value):
                return None
            pairs = zip(before, value, strict=True)
            inner: dict | None = {str(k): changed(a, b) for k, (a, b) in enumerate(pairs)}
            if None in inner.values():
                return None
            inner = {k: change for k, change in inner.items() if change}
        elif isinstance(value, Mapping) and isinstance(before, Mapping):
            inner = changed(before, value)
            if inner is None:
                return None
        elif _same(before, value):
            continue
        else:
            out[key] = value
            continue
        if inner:
            out[key] = inner
    return out


def _same(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        return np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray) or type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    return a == b


def _encoded(value: Any, buffers: list) -> Any:
    """`value` as JSON can hold it, its arrays of numbers moved to `buffers`."""
    if isinstance(value, Mapping):
        return {key: _encoded(each, buffers) for key, each in value.items()}
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu":
        wanted = DTYPES.get(value.dtype.name, "float64")
        array = np.require(value, wanted, "C")
        # Two maps of a board share one coastline.
        at = next((k for k, held in enumerate(buffers) if held.obj is array), len(buffers))
        if at == len(buffers):
            buffers.append(array.data)
        return {"dtype": wanted, "shape": array.shape, "buffer": at}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_encoded(each, buffers) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
