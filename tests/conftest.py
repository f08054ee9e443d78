"""What the tests of several rooms share."""

import signal

import pytest

from browsers import find_chromium


@pytest.fixture(scope="session")
def chromium():
    return find_chromium()


@pytest.fixture(scope="session", autouse=True)
def interrupts():
    """Take Ctrl-C where it was switched off, as for a job in the background, and in children."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def measurements(tmp_path_factory):
    """Keep what tests measure apart from what a reader measured."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EDGELAB_DATA_DIR", str(tmp_path_factory.mktemp("measured")))
        yield


@pytest.fixture
def nothing_measured(tmp_path, monkeypatch):
    """A machine on which nothing was measured, whatever other tests did."""
    monkeypatch.setenv("EDGELAB_DATA_DIR", str(tmp_path / "nothing"))
