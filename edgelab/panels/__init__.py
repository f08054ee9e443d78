"""Live panels: sliders bound to one FigureWidget that is patched in place."""

from edgelab.panels.cricstream import night
from edgelab.panels.predict import predict
from edgelab.panels.runtimes import tenants

__all__ = ["night", "predict", "tenants"]
