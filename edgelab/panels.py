"""Live panels: sliders bound to plots that are patched in place; one a topic, by its name."""

from edgelab.stage.predict import predict as predict
from edgelab.topics import TOPICS, public

PANELS = dict(zip(TOPICS, public("page").values(), strict=True))
globals().update(PANELS)
__all__ = [*PANELS, "predict"]
