"""What the tests of several rooms share."""

import signal
from pathlib import Path

import pytest

from browsers import find_chromium

HERE = Path(__file__).parent
#: Files whose tests take long, by themselves or together.
LONG = """
    test_bad_input test_docs test_doctor test_printed test_rebuild
    bench/test_isolates bench/test_measure
    kernels/test_cache kernels/test_curves kernels/test_edge_cache kernels/test_token_bucket
    notebooks/test_notebooks stage/test_export stage/test_start world/test_corridors
    world/test_request topics/test_every_page topics/cache/test_model topics/cache/test_page
    topics/durable_object/test_checks topics/durable_object/test_claims
    topics/durable_object/test_histories topics/durable_object/test_linearisable
    topics/design/test_checks topics/design/test_model topics/design/test_plots
    topics/endpoints/test_model topics/endpoints/test_page topics/endpoints/test_plots
    topics/kv/test_quorum topics/observability/test_alerts topics/observability/test_lines
    topics/pops/test_evidence topics/rate_limit/test_model
""".split()


def pytest_collection_modifyitems(items):
    """Mark what a quick run leaves out, and what it has."""
    for item in items:
        if item.path.relative_to(HERE).with_suffix("").as_posix() in LONG:
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
