"""How a fresh kernel's first panel begins: nothing heavy is loaded, nothing compiles late.

And no setting of numpy's that a reader made, however strict, ends it.
"""

import subprocess
import sys

import pytest

import edgelab as el

NAMES = list(el.panels.PANELS)
#: Their first picture solves Che's equation.
SOLVE = {"cache", "design", "endpoints", "one_choice", "one_endpoint", "one_memory", "runtimes"}
#: Warms up, makes a panel, presses every preset; prints what it should not have.
START = """
import sys
import numpy as np
import edgelab as el
from edgelab import kernels
from edgelab.stage.panel import ERRORS
from edgelab.stage.warming import warm
np.seterr(all="raise")

def specialised():
    modules = [m for n, m in sys.modules.items() if n.startswith("edgelab.kernels.")]
    jitted = {{id(f): f for m in modules for f in vars(m).values() if hasattr(f, "overloads")}}
    return {{f"{{f.py_func.__name__}} {{s}}" for f in jitted.values() for s in f.signatures}}

kind = el.panels.{name}
warm(kind.kernels)
before = specialised()
panel = kind()
heavy = {{"plotly", "nbformat", "jsonschema", "scipy.optimize", "kaleido", "pptx"}} - {solves}
print("loaded", sorted(heavy & sys.modules.keys()))
for make in panel.presets.values():
    panel.show(make(panel.start))
panel.pin.value = True
panel.reset.click()
print("compiled late", sorted(specialised() - before))
print("errors", ERRORS)
"""


@pytest.mark.parametrize("name", NAMES)
def test_a_first_panel_loads_nothing_heavy_and_compiles_nothing_late(name):
    solves = {"scipy.optimize"} if name in SOLVE else {"none"}
    run = [sys.executable, "-c", START.format(name=name, solves=solves)]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said == ["loaded []", "compiled late []", "errors []"]
