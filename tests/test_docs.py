"""Every example in a docstring gives what it says."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import edgelab

MODULES = [name for _, name, _ in pkgutil.walk_packages(edgelab.__path__, "edgelab.")]


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_examples(name):
    assert doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS).failed == 0
