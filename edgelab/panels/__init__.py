"""Live panels: sliders bound to one FigureWidget that is patched in place."""

from edgelab.panels.cricstream import night
from edgelab.panels.edge_cache import cache
from edgelab.panels.predict import predict

__all__ = ["cache", "night", "predict"]
