"""Live panels: sliders bound to plots that are patched in place, by name; one a topic, or more."""

from edgelab.stage.predict import predict as predict
from edgelab.stage.rows import rows as rows
from edgelab.topics import public

PANELS = {kind.topic: kind for kind in public("page").values()}
globals().update(PANELS)
__all__ = [*PANELS, "predict", "rows"]
