"""What is derived in data/ is what the script makes of data/sources."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parent.parent / "data"
DERIVED = ("places.csv", "pops.csv", "rtt_azure.csv", "rtt_azure_regions.csv", "coastline.json")


def copied(tmp_path):
    """A copy of data/, beside the package that it is rebuilt with."""
    for folder in ("data", "edgelab"):
        rubbish = shutil.ignore_patterns("__pycache__")
        shutil.copytree(DATA.parent / folder, tmp_path / folder, ignore=rubbish)
    return tmp_path / "data"


def rebuilt(copy, *steps):
    """Run the script of a copy."""
    command = [sys.executable, copy / "rebuild.py", *steps]
    run = subprocess.run(command, capture_output=True, text=True, cwd=copy.parent)
    assert run.returncode == 0, run.stderr


def test_the_script_makes_every_derived_file_again_to_the_byte(tmp_path):
    copy = copied(tmp_path)
    for name in DERIVED:
        (copy / name).unlink()
    rebuilt(copy, "files")
    for name in DERIVED:
        assert (copy / name).read_bytes() == (DATA / name).read_bytes(), name


@pytest.mark.parametrize(
    ("constant", "wrong", "steps"),
    [
        ("rtt_fixed_ms", 9.0, ["rtt"]),
        # The fit has to stand on the round trips that the step before it has just written.
        pytest.param("rtt_land_inflation", 2.5, ["rtt", "fit"], marks=pytest.mark.slow),
    ],
)
def test_a_fitted_number_comes_back_and_nothing_else_changes(tmp_path, constant, wrong, steps):
    copy = copied(tmp_path)
    toml = copy / "cricstream.toml"
    good = toml.read_text(encoding="utf-8")
    spoilt = re.sub(rf"(?<=\[{constant}\]\nvalue = )\S+", str(wrong), good)
    assert spoilt != good
    toml.write_text(spoilt, encoding="utf-8")
    rebuilt(copy, *steps)
    assert toml.read_text(encoding="utf-8") == good


def test_an_unknown_step_is_refused():
    run = subprocess.run(
        [sys.executable, DATA / "rebuild.py", "everything"], capture_output=True, text=True
    )
    assert run.returncode != 0 and "rebuild.py [files | rtt | fit]" in run.stderr


@pytest.fixture(scope="module")
def rebuild():
    spec = importlib.util.spec_from_file_location("rebuild", DATA / "rebuild.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("number", "text"), [(1.0, "1.0"), (1.00001, "1.0"), (2.20713, "2.207")])
def test_a_fitted_number_is_written_as_one_with_a_point(
    rebuild, tmp_path, monkeypatch, number, text
):
    # A bare 1 made transit_inflation a knob of whole numbers.
    (tmp_path / "cricstream.toml").write_text("[transit_inflation]\nvalue = 1.31\n")
    monkeypatch.setattr(rebuild, "DATA", tmp_path)
    rebuild.set_constant("transit_inflation", number)
    written = (tmp_path / "cricstream.toml").read_text()
    assert written == f"[transit_inflation]\nvalue = {text}\n"


def test_sharing_out_loses_nobody(rebuild):
    import numpy as np

    shares = rebuild.share_out(10, np.array([1.0, 1.0, 1.0]))
    assert shares.sum() == 10 and set(shares) == {3, 4}
