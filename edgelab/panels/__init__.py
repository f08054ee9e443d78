"""Live panels: sliders bound to one FigureWidget that is patched in place."""

from edgelab.panels.cricstream import night
from edgelab.panels.predict import predict
from edgelab.panels.rate_limit import rate_limit

__all__ = ["night", "predict", "rate_limit"]
