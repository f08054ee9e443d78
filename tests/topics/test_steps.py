"""The small panels that a page begins with."""

import html
import re

import pytest

import edgelab as el
from edgelab.stage.live import changed
from edgelab.stage.step import Step

STEPS = [kind for kind in el.panels.PANELS.values() if issubclass(kind, Step)]


@pytest.mark.parametrize("kind", STEPS, ids=lambda kind: kind.topic)
def test_a_step_has_its_knobs_alone_and_says_its_plot_s_caption(kind):
    step = kind()
    assert set(step.controls) == set(kind.only)

    def shows(model):
        assert step.model == model
        wanted = {each.plot.name: each.plot.live(model, None, False) for each in kind.board}
        assert changed(dict(step.live.plots), wanted) == {}
        said = kind.board[0].plot.drawn(model, None, False).caption
        assert html.escape(said) in step.words.value
        assert eval(step.line(), {"el": el}).model == model
        assert not re.search(r"\de[+-]\d", said), "a number as a student reads it"

    shows(step.start)
    for name, control in step.controls.items():
        about = step.start.knobs()[name]
        values = set(about.choices or (about.low, about.high)) - {getattr(step.start, name)}
        for value in values:
            control.value = value
            shows(step.start.replace(**{name: value}))
    assert step.model != step.start
    step.reset.click()
    shows(step.start)
