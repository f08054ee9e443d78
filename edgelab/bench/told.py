"""A frame that a notebook shows with what there is to say about it."""

from __future__ import annotations

import html

import pandas as pd

__all__ = ["Told"]


class Told(pd.DataFrame):
    """A pandas frame with sentences; without a row, the sentences alone.

    They stand in ``attrs["said"]``. What is cut out of it or computed from it is a plain frame.
    """

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def table(self) -> pd.DataFrame:
        """What a notebook shows of it."""
        return pd.DataFrame(self)

    def _repr_html_(self) -> str:
        lines = "".join(f"<p>{html.escape(line)}</p>" for line in self.attrs.get("said", ()))
        return lines if self.empty else self.table().to_html() + lines
