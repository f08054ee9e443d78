"""What the tests of several rooms share."""

import pytest

from browsers import find_chromium


@pytest.fixture(scope="session")
def chromium():
    return find_chromium()
