"""The browser that some tests need, found as `el.export` finds it."""

import os

import pytest

from edgelab import doctor


def find_chromium():
    """Path of a browser; without one the test is skipped, and in CI it fails."""
    found = doctor.find_browser()
    if found is None:
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say("no browser: neither BROWSER_PATH nor the PATH nor the usual places have one")
    return found
