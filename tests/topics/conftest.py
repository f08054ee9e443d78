"""What the tests of panels share."""

import pytest

from edgelab.stage import panel as base


@pytest.fixture(autouse=True)
def calm(request):
    """A module's own panel begins each test at its start, and no callback of it fails."""
    if not hasattr(request.module, "panel"):
        yield
        return
    panel = request.getfixturevalue("panel")
    panel.pin.value = False
    panel.show(panel.start)
    base.ERRORS.clear()
    yield
    assert base.ERRORS == []
