"""The set-up says the same everywhere, pins everything, and lists what is imported."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import refresh_pins
from edgelab.panels import PANELS
from edgelab.topics import TOPICS

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
EXTRAS = PROJECT["project"]["optional-dependencies"]
RUNTIME += [Requirement(line) for lines in EXTRAS.values() for line in lines]
ALL = f"edgelab[{','.join(sorted(EXTRAS))}]"
DEV = [Requirement(line) for line in PROJECT["dependency-groups"]["dev"] if line != ALL]
PINS = [Requirement(line) for line in PROJECT["tool"]["uv"]["constraint-dependencies"]]

# conda-forge's name -> PyPI's, for every package of environment.yml whose two names differ
CONDA_TO_PYPI = {
    "jupyter_client": "jupyter-client",
    "jupyter_core": "jupyter-core",
    "jupyterlab_widgets": "jupyterlab-widgets",
    "python-kaleido": "kaleido",
}


def wanted(requirements):
    return {canonicalize_name(r.name): str(r.specifier) for r in requirements}


def test_conda_environment_wants_what_pyproject_wants():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = [line for line in environment["dependencies"] if isinstance(line, str)]
    (pip,) = [line["pip"] for line in environment["dependencies"] if isinstance(line, dict)]
    assert pip[-1] == "-e ."
    lines = [Requirement(line) for line in conda + pip[:-1]]
    for line in lines:
        line.name = CONDA_TO_PYPI.get(line.name, line.name)
    found = wanted(lines)
    assert found.pop("python") == PROJECT["project"]["requires-python"]
    assert found.pop("pip") == ""
    assert found == wanted(RUNTIME + DEV)
    assert ALL in PROJECT["dependency-groups"]["dev"]
    assert set(CONDA_TO_PYPI) <= {re.split("[<>=]", line)[0] for line in conda}


@pytest.mark.parametrize("requirement", RUNTIME + DEV, ids=lambda r: r.name)
def test_every_dependency_has_a_floor_and_a_cap(requirement):
    assert {s.operator for s in requirement.specifier} == {">=", "<"}


def closure():
    """Every distribution that edgelab and its tests stand on, as installed here."""
    here = [r for r in RUNTIME + DEV if not r.marker or r.marker.evaluate()]
    found, queue = {}, here
    seen = set()
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        key = name, frozenset(requirement.extras)
        if key in seen:
            continue
        seen.add(key)
        found[name] = metadata.version(name)
        for line in metadata.requires(name) or []:
            child = Requirement(line)
            extras = requirement.extras or {""}
            if not child.marker or any(child.marker.evaluate({"extra": e}) for e in extras):
                queue.append(child)
    return found


def test_every_installed_package_is_pinned_at_the_version_installed():
    pins = {}
    for pin in PINS:
        if not pin.marker or pin.marker.evaluate():
            (exact,) = pin.specifier
            assert exact.operator == "=="
            pins[canonicalize_name(pin.name)] = exact.version
    installed = closure()
    assert len(installed) > 100
    if (Path(sys.prefix) / "conda-meta").is_dir():  # conda-forge's own versions: the names only
        assert set(installed) <= set(pins) | {"python", "pip", "setuptools", "wheel"}
    else:
        assert installed == {name: pins.get(name) for name in installed}


def test_the_build_is_pinned():
    names = {
        canonicalize_name(Requirement(line).name)
        for line in PROJECT["tool"]["uv"]["build-constraint-dependencies"]
    }
    build = {canonicalize_name(Requirement(r).name) for r in PROJECT["build-system"]["requires"]}
    assert build <= names


def test_pins_of_a_lock_with_two_versions_carry_their_markers():
    index = {"registry": "somewhere"}
    lock = {
        "package": [
            {"name": "edgelab", "version": "0.1.0", "source": {"editable": "."}},
            {
                "name": "b",
                "version": "2",
                "source": index,
                "resolution-markers": ["sys_platform == 'win32'", "sys_platform == 'darwin'"],
            },
            {
                "name": "b",
                "version": "1",
                "source": index,
                "resolution-markers": ["sys_platform == 'linux'"],
            },
            {"name": "a", "version": "3", "source": index},
        ]
    }
    assert refresh_pins.pins_of(lock) == [
        "a==3",
        "b==2 ; (sys_platform == 'win32') or (sys_platform == 'darwin')",
        "b==1 ; (sys_platform == 'linux')",
    ]


def test_rewriting_the_pins_touches_nothing_else():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    new = tomllib.loads(refresh_pins.with_pins(text, ["a==1"], ["b==2"]))
    assert new["tool"].pop("uv") == {
        "constraint-dependencies": ["a==1"],
        "build-constraint-dependencies": ["b==2"],
    }
    assert new["tool"] == {k: v for k, v in PROJECT["tool"].items() if k != "uv"}
    with pytest.raises(SystemExit, match="pins: begin"):
        refresh_pins.with_pins("nothing here", [], [])


def sources(path):
    """Python text of a module, or of all code cells of a notebook without its magics."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    cells = [c["source"] for c in json.loads(text)["cells"] if c["cell_type"] == "code"]
    code = "\n".join("".join(cell) for cell in cells)
    return re.sub(r"^(\s*)[%!].*$", r"\1pass", code, flags=re.MULTILINE)


def imported(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize(
    ("folder", "listed"),
    [
        ("edgelab", RUNTIME),
        ("notebooks", RUNTIME),
        ("data", RUNTIME + DEV),
        ("tests", RUNTIME + DEV),
    ],
)
def test_every_import_is_of_a_listed_package(folder, listed):
    distributions = metadata.packages_distributions()
    files = [p for p in (ROOT / folder).rglob("*") if p.suffix in {".py", ".ipynb"}]
    files = [p for p in files if ".ipynb_checkpoints" not in p.parts]
    own = {"edgelab"} | ({p.stem for p in files} if folder in {"data", "tests"} else set())
    unlisted = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in files
        for name in imported(sources(path))
        if name not in sys.stdlib_module_names | own
        and not {canonicalize_name(d) for d in distributions.get(name, [])} & set(wanted(listed))
    }
    assert not unlisted


def test_rooms_import_only_from_their_left():
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_room_imports_the_front_door():
    """`import edgelab as el` is for readers; from within it would be a way around the layers."""
    for path in (ROOT / "edgelab").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert "edgelab" not in [alias.name for alias in node.names], path


def test_nothing_tracked_names_a_registry():
    """No lock file, and no option or address that sends a package manager somewhere."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    files = [ROOT / name for name in listed.split("\0") if name]
    assert ROOT / "pyproject.toml" in files
    assert not [p for p in files if p.name in {"uv.lock", "pip.conf", "uv.toml", "pip.ini"}]
    option = re.compile(rb"(?i)index[-_]url|find[-_]links\s*=|tool\.uv\.index|://\S+/simple\b")
    texts = {p for p in files if p.is_file() and p.suffix not in {".png"}} - {Path(__file__)}
    assert not [
        p for p in texts - {ROOT / "tests/refresh_pins.py"} if option.search(p.read_bytes())
    ]


def test_every_topic_has_its_parts_and_only_topics_have_folders():
    parts = {"model", "plots", "page", "checks", "claims"}
    for room in (ROOT / "edgelab" / "topics", ROOT / "tests" / "topics"):
        folders = {path.parent.name for path in room.glob("*/*.py")}
        assert folders == set(TOPICS)
    for topic in TOPICS:
        files = [path.stem for path in (ROOT / "edgelab" / "topics" / topic).glob("*.py")]
        assert parts <= set(files) and len(files) <= 10
        assert PANELS[topic].topic == topic
