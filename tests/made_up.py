"""Measurements made up for tests: nobody's machine."""

from edgelab.core import remembered

MEDIANS = {
    "V8 isolate": {"start": 2.0, "memory": 0.8, "call": 0.04},
    "Wasm instance": {"start": 0.02, "memory": 0.005, "call": 0.01},
    "empty process": {"start": 1.0},
    "minimal process": {"start": 1.5, "memory": 1.8, "call": 0.005},
    "Python process": {"start": 12.0, "memory": 9.0, "call": 0.008},
    "Node process": {"start": 60.0, "memory": 40.0, "call": 0.02},
}


def rows(without=()):
    """Rows of every figure, and some left out by what or (what, quantity)."""
    return [
        {
            "what": what,
            "quantity": quantity,
            "unit": remembered.UNITS[quantity],
            "median": median,
            "low": median * 0.95,
            "high": median * 1.8,
            "repeats": 9,
            "how": "made up",
        }
        for what, figures in MEDIANS.items()
        for quantity, median in figures.items()
        if what not in without and (what, quantity) not in without
    ]


def remember(folder, monkeypatch, without=()):
    """Remember them in a folder of their own."""
    monkeypatch.setenv("EDGELAB_DATA_DIR", str(folder))
    return remembered.write(rows(without), {"when": "2026-01-01 00:00 UTC", "machine": "a test"})
