"""What the tests of several rooms share."""

import signal

import pytest

from browsers import find_chromium

#: Files whose tests take long, by themselves or together.
LONG = {
    *("test_bad_input", "test_every_page", "test_isolates", "test_measure", "test_notebooks"),
    *("test_printed", "test_rebuild", "test_start", "test_export", "test_evidence"),
}


def pytest_collection_modifyitems(items):
    """Mark what a quick run leaves out, and what it has."""
    for item in items:
        if item.path.stem in LONG:
            item.add_marker("long")
        if not any(map(item.get_closest_marker, ("slow", "browser", "oracle", "long"))):
            item.add_marker("quick")


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
