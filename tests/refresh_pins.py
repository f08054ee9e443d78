"""Refresh the pinned versions in pyproject.toml: `python tests/refresh_pins.py`.

Resolves the dependencies afresh with uv (for every system and Python version at once, in a scratch
directory) and rewrites the block between the two marker comments. The lock file itself is thrown
away: it writes down the addresses of a registry, the pins are names and versions only.
"""

import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from itertools import groupby
from operator import itemgetter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(?<=# pins: begin\n).*?(?=# pins: end\n)", re.DOTALL)
BUILD = ["hatchling", "editables"]  # `editables` is asked for when the install is editable


def pins_of(lock):
    """Return `name==version` for every registry package of a parsed uv.lock.

    A name with several versions gets one line per version, each with the marker it holds under.
    """
    packages = [p for p in lock["package"] if "registry" in p["source"]]
    pins = []
    for name, versions in groupby(sorted(packages, key=itemgetter("name")), itemgetter("name")):
        versions = list(versions)
        for p in versions:
            marker = " or ".join(f"({m})" for m in p["resolution-markers"]) if versions[1:] else ""
            pins.append(f"{name}=={p['version']}" + (f" ; {marker}" if marker else ""))
    return pins


def with_pins(text, pins, build_pins):
    """Return the text of pyproject.toml with the block between the markers rewritten."""
    block = "".join(
        f"{key} = [\n" + "".join(f'    "{pin}",\n' for pin in values) + "]\n"
        for key, values in [
            ("constraint-dependencies", pins),
            ("build-constraint-dependencies", build_pins),
        ]
    )
    new, count = BLOCK.subn(lambda _: block, text)
    if count != 1:
        raise SystemExit("pyproject.toml: found no '# pins: begin' ... '# pins: end'")
    return new


def uv():
    """Return the uv that runs this environment, the one on PATH, or the README's."""
    local = ROOT / ".uv" / "bin" / "uv"
    found = os.environ.get("UV") or shutil.which("uv") or shutil.which(local)
    if not found:
        raise SystemExit("no uv found: python -m pip install -t .uv uv")
    return found


def resolve(text):
    """Resolve the project afresh, without its pins; return (pins, build pins)."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, content in {"pyproject.toml": text, "README.md": "", "LICENSE": ""}.items():
            Path(scratch, name).write_text(content, encoding="utf-8")
        # fewest: one version of a package for all systems and Pythons, wherever there is one.
        subprocess.run([uv(), "lock", "--fork-strategy", "fewest"], cwd=scratch, check=True)
        lock = tomllib.loads(Path(scratch, "uv.lock").read_text(encoding="utf-8"))
    compiled = subprocess.run(
        [
            *(uv(), "pip", "compile", "--universal", "--python-version", "3.11", "-q", "-"),
            *("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
        ],
        input="\n".join(BUILD),
        cwd=tempfile.gettempdir(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return pins_of(lock), compiled.stdout.split("\n")[:-1]


def main():
    """Rewrite the block in place."""
    path = ROOT / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    pins, build_pins = resolve(with_pins(text, [], []))
    path.write_text(with_pins(text, pins, build_pins), encoding="utf-8", newline="\n")
    print(f"{len(pins)} pins and {len(build_pins)} for the build are in {path.name}")


if __name__ == "__main__":
    main()
