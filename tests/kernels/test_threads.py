"""As many threads as the machine lends, and no more."""

import os
import subprocess
import sys
import threading

import pytest

from edgelab.kernels.threads import MOST, each, lent

ASKED = "from edgelab.kernels.threads import lent; print(lent())"


def asked(**environment):
    run = subprocess.run(
        [sys.executable, "-c", ASKED], env=os.environ | environment, capture_output=True, text=True
    )
    return int(run.stdout)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
def test_what_affinity_allows_is_the_most():
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert asked() == 1
    finally:
        os.sched_setaffinity(0, before)


def test_a_server_can_say_how_many():
    assert asked(LOKY_MAX_CPU_COUNT="1") == 1


def test_never_more_than_the_machine_has():
    assert 1 <= lent() <= min(MOST, os.cpu_count())


@pytest.mark.parametrize("threads", [None, 1, 3])
def test_blocks_come_back_in_their_order(threads):
    assert list(each(lambda block: 2 * block, range(20), threads)) == list(range(0, 40, 2))


def test_an_error_in_a_block_comes_out():
    def run(block):
        raise ZeroDivisionError(threading.current_thread().name)

    with pytest.raises(ZeroDivisionError):
        list(each(run, range(3)))
