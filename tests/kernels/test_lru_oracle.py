"""The LRU kernel misses exactly what libCacheSim's LRU misses, on eleven traces."""

import os

import numpy as np
import pytest
from numba import config

import oracle_lru

REQUESTS = 3_000 if config.DISABLE_JIT else 500_000
with np.errstate(over="ignore"):
    NAMES = tuple(oracle_lru.traces(10))


@pytest.fixture(scope="module")
def made():
    with np.errstate(over="ignore"):
        return oracle_lru.traces(REQUESTS)


@pytest.fixture(scope="module")
def oracle():
    """libCacheSim; where it does not load the test is skipped, and in CI it fails."""
    try:
        import libcachesim  # noqa: F401
    except ImportError as error:  # names the part of the system that is missing
        say = pytest.fail if os.environ.get("CI") else pytest.skip
        say(f"libCacheSim does not load: {error}")


@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES)
def test_misses_equal_libcachesims_to_the_last_one(name, made, oracle, tmp_path):
    ids, sizes, capacity = made[name]
    path = oracle_lru.written(tmp_path / "trace.oracleGeneral", ids, sizes)
    misses, _ = oracle_lru.ours(ids, sizes, capacity)
    assert misses == oracle_lru.theirs(path, len(ids), capacity)[0]
    assert 0 < misses <= len(ids)


def test_the_traces_are_of_many_kinds(made):
    shares = {
        name: oracle_lru.ours(ids, sizes, capacity)[0] / len(ids)
        for name, (ids, sizes, capacity) in made.items()
    }
    assert len(shares) >= 6 and shares["scan"] == 1
    if not config.DISABLE_JIT:
        assert shares["loop that fits"] == 9_000 / REQUESTS
        assert min(shares.values()) < 0.05 and len({round(s, 3) for s in shares.values()}) > 8
