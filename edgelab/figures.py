"""Models in, plotly figures out: the plots of every topic, by name."""

from edgelab.topics import public

globals().update(public("plots"))
__all__ = sorted(public("plots"))
