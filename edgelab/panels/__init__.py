"""Live panels: sliders bound to one FigureWidget that is patched in place."""

from edgelab.panels.cricstream import night
from edgelab.panels.pops import placement
from edgelab.panels.predict import predict

__all__ = ["night", "placement", "predict"]
