"""Every notebook is run, every panel in it is driven, and every page has a page's shape."""

import ast
import json
import os
import re
import sys
from importlib import import_module
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

import edgelab as el
from edgelab.stage.step import Step
from edgelab.stage.verdict import MIME

FOLDER = Path(el.__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(p for p in FOLDER.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
SOLUTIONS = [p for p in NOTEBOOKS if p.parent.name == "solutions"]
#: It has no panel of a model, and no exercise that checks itself.
LEDGER = FOLDER / "12-ledger.ipynb"
PAGES = [p for p in NOTEBOOKS if p not in (*SOLUTIONS, LEDGER)]
#: The small panels, of which each page begins with one.
STEPS = [name for name, kind in el.panels.PANELS.items() if issubclass(kind, Step)]
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
each_page = pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
each_solution = pytest.mark.parametrize("path", SOLUTIONS, ids=lambda p: p.stem)

# What is raised after a cell ended, in a task or a timer, no cell's output shows.
BEFORE = """\
import asyncio
__late = []
asyncio.get_running_loop().set_exception_handler(lambda _, context: __late.append(context))
"""
# Nor does one that a panel's callback met: the panel shows it, and keeps it.
AFTER = """\
import sys
await asyncio.sleep(0.4)
if "edgelab.panels" in sys.modules:
    import edgelab.stage.panel
    assert edgelab.stage.panel.REST_S <= 0.2
    assert edgelab.stage.panel.ERRORS == [], edgelab.stage.panel.ERRORS
assert __late == [], __late
"""
# Moves every main control of a page's panel, and waits each time until it is at rest.
DRIVE = r"""
import re

async def at_rest():
    for _ in range(200):
        await asyncio.sleep(0.1)
        if panel.resting:
            break
    assert panel.resting
    assert {n: w.value for n, w in panel.controls.items()} == {
        n: getattr(panel.model, n) for n in panel.controls
    }
    assert panel.words.value and not re.search(r"\bnan\b", panel.words.value.lower())

def shows(model):
    assert panel.model == model and panel.problem.value == ""
    assert repr(model).replace("'", "&#x27;") in panel.code.value

knobs = panel.start.knobs()
for name in panel.scenario.main:
    knob, control = knobs[name], panel.controls[name]
    taken = 0
    for value in (knob.choices[::7] or (knob.low, knob.high)):
        before = panel.model
        control.value = value
        await at_rest()
        try:
            wanted = before.replace(**{name: value})
        except ValueError as refusal:
            import html
            assert html.escape(str(refusal)) in panel.problem.value and panel.model == before
            continue
        shows(wanted)
        taken += 1
    assert taken, name
    panel.reset.click()
    await at_rest()
panel.pin.value = True
moved = set()
for name, button in panel.buttons.items():
    button.click()
    await at_rest()
    shows(panel.model)
    moved.add(panel.model)
assert panel.pinned == panel.start and len(moved) == len(panel.buttons) > 1
panel.pin.value = False
panel.reset.click()
await at_rest()
shows(panel.start)
assert all(figure.layout.meta["caption"] for figure in panel.slides()[1:])
"""


class NotebookFailure(AssertionError):
    """A notebook that ran, and did not run clean."""


def run(path, tmp_path, *more):
    """Run a notebook as it stands, then the cells `more`; return it, or say why it failed.

    The kernel is this interpreter's own, whatever kernels a user has registered.
    """
    notebook = nbformat.read(path, as_version=4)
    own = notebook.cells
    added = [new_code_cell(source) for source in (*more, AFTER)]
    notebook.cells = [new_code_cell(BEFORE), *own, *added]
    manager = AsyncKernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]))
    assert manager.kernel_spec.argv[0] == sys.executable
    client = NotebookClient(
        notebook, km=manager, timeout=600, resources={"metadata": {"path": str(path.parent)}}
    )
    environment = {"IPYTHONDIR": str(tmp_path / "ipython"), "PYTHONPATH": str(FOLDER.parent)}
    client.execute(env=os.environ | environment, cleanup_kc=True)
    problems = [
        f"{cell.source[:60]!r}: {output.get('text') or output.get('ename')}"
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "error" or output.get("name") == "stderr"
    ]
    if problems:
        raise NotebookFailure("\n".join(problems))
    notebook.cells = own
    return notebook


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Run a notebook once, and at its end drive the panel of a page; remember what came of it."""
    done = {}

    def get(path):
        if path not in done:
            done[path] = run(path, tmp_path_factory.mktemp(path.stem), *[DRIVE] * (path in PAGES))
        return done[path]

    return get


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def source_of(path, cell_type):
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == cell_type)


def verdicts(notebook):
    """From the name of each check that the notebook shows to what it answered."""
    shown = [o.get("data", {}) for cell in code_cells(notebook) for o in cell.outputs]
    return {data[MIME]["check"]: data["text/plain"] for data in shown if MIME in data}


def test_there_is_something_to_test():
    assert PAGES and SOLUTIONS
    assert {f"{p.stem[:2]}-solutions" for p in PAGES} == {p.stem for p in SOLUTIONS}


@each_notebook
def test_runs_clean_and_its_panel_can_be_driven(path, executed):
    cells = code_cells(executed(path))
    assert [c.execution_count for c in cells] == [number + 2 for number in range(len(cells))]


BAD = {
    "stderr": "import sys; print('careful', file=sys.stderr)",
    "warning": "import warnings; warnings.warn('careful')",
    "error": "1 / 0",
    "button": "import ipywidgets as w; b = w.Button(); b.on_click(lambda _: 1 / 0); b.click()",
    "timer": "asyncio.get_running_loop().call_later(0.05, lambda: 1 / 0)",
    "callback": (
        "import edgelab as el; panel = el.panels.night(); panel._say = lambda model: 1 / 0\n"
        "panel.controls['pops'].value = 40"
    ),
    "rest": (
        "import edgelab as el; panel = el.panels.night(); panel._rested = lambda model: 1 / 0\n"
        "panel.controls['pops'].value = 40"
    ),
}


@pytest.mark.parametrize("source", BAD.values(), ids=BAD)
def test_the_runner_sees_what_is_wrong(source, tmp_path):
    path = tmp_path / "bad.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(source)]), path)
    with pytest.raises((NotebookFailure, CellExecutionError), match=r"careful|ZeroDivisionError"):
        run(path, tmp_path)


def test_the_runner_passes_what_is_right(tmp_path):
    path = tmp_path / "good.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("print(1)")]), path)
    assert run(path, tmp_path).cells[0].outputs[0].text == "1\n"


# -- what stands on a page ------------------------------------------------------------------------


@each_notebook
def test_file_is_clean(path):
    assert path.stat().st_size < 100_000
    raw = json.loads(path.read_text(encoding="utf-8"))
    nbformat.validate(raw)
    ids = [cell["id"] for cell in raw["cells"]]
    assert len(set(ids)) == len(ids)
    assert raw["metadata"]["kernelspec"]["name"] == "python3"
    assert "widgets" not in raw["metadata"]
    for cell in raw["cells"]:
        assert not cell.get("outputs") and cell.get("execution_count") is None, cell["id"]


@each_notebook
def test_code_is_short_and_plots_nothing_itself(path):
    cells = code_cells(nbformat.read(path, as_version=4))
    assert 0 < len(cells) <= 20
    for cell in cells:
        assert len(cell.source.splitlines()) <= 15, cell.id
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                assert node.end_lineno - node.lineno < 3, cell.id
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [getattr(node, "module", None), *(alias.name for alias in node.names)]
                roots = {name.split(".")[0] for name in names if name}
                assert not roots & {"plotly", "matplotlib", "seaborn", "bokeh", "pylab"}, cell.id


def names_used(path):
    """Every `el.…` of the code, and every `el.…` and `edgelab.…` of the prose."""
    for node in ast.walk(ast.parse(source_of(path, "code"))):
        chain = []
        while isinstance(node, ast.Attribute):
            chain.append(node.attr)
            node = node.value
        if chain and isinstance(node, ast.Name) and node.id == "el":
            yield ".".join(reversed(chain))
    yield from re.findall(r"`(?:el|edgelab)\.([\w.]+)", source_of(path, "markdown"))


@each_notebook
def test_every_name_exists(path):
    names = set(names_used(path))
    assert names
    for name in names:
        found = el
        for part in name.split("."):
            try:
                found = getattr(found, part)
            except AttributeError:
                found = import_module(f"{found.__name__}.{part}")


@each_page
def test_the_course_at_a_glance_has_the_page_s_own_words(path):
    (row,) = [
        line
        for line in (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
        if f"]({path.name})" in line
    ]
    _, number, question, minutes, *_ = (cell.strip() for cell in row.split("|"))
    text = source_of(path, "markdown")
    assert number.startswith(f"[{int(path.stem[:2])}]") and f"**{question}**" in text
    told = re.search(r"About (\d+) minutes(?:; the core,[^.]* takes (\d+))?", text)
    assert minutes == (told[2] or told[1])


@each_page
def test_page_has_a_page_s_length(path):
    text = source_of(path, "markdown")
    answers, formulas, tables, headings = (
        r"<details>.*?</details>",
        r"\$\$.*?\$\$",
        r"^\s*\|.*?$",
        r"^#+ .*?$",
    )
    prose = re.sub(f"{answers}|{formulas}|{tables}|{headings}", "", text, flags=re.S | re.M)
    for read, least, most in ((text, 900, 1550), (prose, 600, 1100)):
        assert least <= len(re.findall(r"\S*\w\S*", read)) <= most


@each_page
def test_page_has_a_page_s_shape(path):
    first, *rest = nbformat.read(path, as_version=4).cells
    number = int(path.stem[:2])
    title, question, goals = re.fullmatch(
        rf"# ({number}\. .+)\n\n\*\*(.+\?)\*\*\n\n(.+)", first.source, re.DOTALL
    ).groups()
    assert len(title) < 60 and len(question) < 120
    assert "you will be able to" in goals
    verbs = re.findall(r"^- \*\*(\w+)\*\* ", goals, re.MULTILINE)
    assert len(set(verbs)) == 3
    assert re.search(r"\d+ minutes", goals)

    text = "\n\n".join(cell.source for cell in rest)
    landmarks = [
        r"^## The scene$",
        r"el\.panels\.predict\(",
        r"^panel = el\.panels\.\w+\(",
        r"^## What happened, and why$",
        r"^## The article's figures, tested$",
        r"^## Exercises$",
        r"^## Take it to your slides$",
        r"^## In short$",
        r"^Next ",
    ]
    places = [[m.start() for m in re.finditer(mark, text, re.MULTILINE)] for mark in landmarks]
    assert all(len(found) == 1 for found in places), list(zip(landmarks, places, strict=True))
    assert places == sorted(places)
    step = re.compile(rf"^el\.panels\.({'|'.join(STEPS)})\(", re.MULTILINE)
    assert [here.start() < places[2][0] for here in step.finditer(text)] == [True]
    exercises = text[places[5][0] : places[6][0]]
    assert len(re.findall(r"^\*\*[123]\. \w+\.\*\* ", exercises, re.MULTILINE)) == 3
    assert len(re.findall(r"^el\.check\.\w+\(", exercises, re.MULTILINE)) == 3


# -- exercises ------------------------------------------------------------------------------------


@each_page
def test_a_page_begins_unanswered(path, executed):
    found = verdicts(executed(path))
    assert len(found) >= 4
    assert {text.partition(":")[0] for text in found.values()} == {"not answered yet"}, found


@each_solution
def test_solutions_are_right_and_complete(path, executed):
    (page,) = (p for p in PAGES if p.stem[:2] == path.stem[:2])
    exercises = re.split(r"(?m)^panel = el\.panels\.", source_of(page, "code"))[1]
    asked = set(re.findall(r"^el\.check\.(\w+)\(\w+\)$", exercises, re.MULTILINE))
    found = verdicts(executed(path))
    assert set(found) == asked and len(asked) == 3
    assert {text.partition(":")[0] for text in found.values()} == {"right"}, found
