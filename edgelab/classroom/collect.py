"""What a class has answered: each submitted notebook is run, and its checks' verdicts are kept."""

from __future__ import annotations

import html
import re
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import nbformat
import pandas as pd

from edgelab.bench.process import Child, ChildError
from edgelab.stage.verdict import MARKS

__all__ = ["COLUMNS", "collect", "exercises", "publish", "submissions"]

RUNNER = Path(__file__).with_name("runner.py")
COLUMNS = ("student", "page", "exercise", "state", "reason", "file")
#: The state of an exercise whose check never spoke, and of a notebook that did not end.
UNRUN, BROKEN = "not run", "broken"
#: A runner that does not end what takes too long is ended this much later, in seconds.
GRACE_S = 60
CALL = re.compile(r"el\.check\.(\w+)\(")
STYLE = """body{font:16px/1.5 system-ui,sans-serif;margin:2em;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #bbb;padding:4px 10px;
text-align:left;vertical-align:top}thead th{background:#f2f2f2}"""


def exercises(notebooks: Path) -> dict[str, list[str]]:
    """The exercises of each page, by the name of its file without its ending.

    Parameters
    ----------
    notebooks : pathlib.Path
        The folder ``notebooks`` of the workbook.
    """
    found = {}
    for path in sorted(notebooks.glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        found[path.stem] = list(dict.fromkeys(CALL.findall(code)))
    return found


def submissions(folder: Path) -> list[Path]:
    """Every notebook below a folder that has one folder for each student.

    Raises
    ------
    ValueError
        If there is none.
    """
    found = [p for p in sorted(folder.rglob("*.ipynb")) if ".ipynb_checkpoints" not in p.parts]
    if not found:
        raise ValueError(
            f"the folder of submissions: got {folder}, which holds no notebook; allowed a folder "
            "with a folder for each student, and their notebooks in that"
        )
    return found


def collect(
    folder: Path, notebooks: Path, seconds: float, memory_gb: float
) -> Iterator[pd.DataFrame]:
    """Run every submission, each in a process of its own, and tell what its checks said.

    Submissions are code, and run with the rights of whoever collects them.

    Parameters
    ----------
    folder : pathlib.Path
        With a folder for each student.
    notebooks : pathlib.Path
        The folder ``notebooks`` of the workbook.
    seconds, memory_gb : float
        What a notebook may take.

    Yields
    ------
    pandas.DataFrame
        One for each notebook: a row for each exercise of its page, and one more for what kept the
        notebook from its end.
    """
    asked = exercises(notebooks)
    for path in submissions(folder):
        page = next((stem for stem in asked if path.stem.startswith(stem)), "")
        within = path.relative_to(folder)
        about = {"student": within.parts[0] if len(within.parts) > 1 else "", "page": page}
        if page:
            verdicts, end = _run(path, seconds, memory_gb)
        else:
            verdicts, end = {}, f"its name is not a page's, such as {next(iter(asked))}.ipynb"
        rows = [
            {"exercise": name, "state": UNRUN, "reason": ""} | verdicts.get(name, {})
            for name in asked.get(page, ())
        ]
        if end:
            rows.append({"exercise": "", "state": BROKEN, "reason": end})
        frame = pd.DataFrame([about | row | {"file": within.as_posix()} for row in rows])
        yield frame.reindex(columns=COLUMNS)


def _run(path: Path, seconds: float, memory_gb: float) -> tuple[dict[str, dict], str]:
    """The last verdict of each check of a notebook, and what kept it from its end."""
    verdicts: dict[str, dict] = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as own, Child(RUNNER) as child:
        for beside in path.parent.iterdir():  # what a notebook reads may lie beside it
            if beside.is_file():
                shutil.copy(beside, own)
        order = {"path": str(path.resolve()), "folder": own}
        limits = {"seconds": seconds, "memory_gb": memory_gb}
        try:
            for answer in child.ask("run", seconds + GRACE_S, **order, **limits):
                for verdict in answer.get("verdicts", ()):
                    state, reason = f"{verdict.get('state')}", f"{verdict.get('reason')}"
                    verdicts[f"{verdict.get('check')}"] = {"state": state, "reason": reason[:500]}
        except ChildError as error:
            return verdicts, f"{error}"
    return verdicts, answer["done"]


def publish(verdicts: pd.DataFrame, folder: Path) -> tuple[Path, Path]:
    """Write all verdicts as CSV and as a page of HTML, over no file that is there.

    Parameters
    ----------
    verdicts : pandas.DataFrame
        The frames of `collect`, one below the other.
    folder : pathlib.Path
        Where to.

    Returns
    -------
    csv, page : pathlib.Path
    """
    names = (folder / f"verdicts{f'-{k}' * (k > 1)}" for k in count(1))
    stem = next(n for n in names if not any(n.with_suffix(e).exists() for e in (".csv", ".html")))
    # What a student wrote must not become a formula in a spreadsheet.
    safe = verdicts.map(lambda text: f"'{text}" if text.startswith(("=", "+", "-", "@")) else text)
    with stem.with_suffix(".csv").open("x", encoding="utf-8-sig", newline="") as file:
        safe.to_csv(file, index=False)
    with stem.with_suffix(".html").open("x", encoding="utf-8") as file:
        file.write(_page(verdicts))
    return stem.with_suffix(".csv"), stem.with_suffix(".html")


def _page(verdicts: pd.DataFrame) -> str:
    """A table of students and exercises for each page, and what did not run."""
    broken = verdicts["state"] == BROKEN
    parts = []
    for page, some in verdicts[~broken].groupby("page"):
        names = list(dict.fromkeys(some["exercise"]))
        head = "".join(f"<th scope=col>{html.escape(name)}</th>" for name in names)
        parts.append(f"<h2>{page}</h2><table><thead><tr><th scope=col>student</th>{head}</tr>")
        parts.append("</thead>")
        for (student, _), own in some.groupby(["student", "file"]):
            states = own.set_index("exercise")
            cells = "".join(_cell(*states.loc[name, ["state", "reason"]]) for name in names)
            parts.append(f"<tr><th scope=row>{html.escape(student)}</th>{cells}</tr>")
        parts.append("</table>")
    if broken.any():
        parts.append("<h2>Did not run to the end</h2><ul>")
        for row in verdicts[broken].itertuples():
            parts.append(f"<li>{html.escape(row.file)}: {html.escape(row.reason)}</li>")
        parts.append("</ul>")
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Verdicts</title>"
        f"<style>{STYLE}</style><h1>Verdicts</h1>{''.join(parts)}</html>"
    )


def _cell(state: str, reason: str) -> str:
    mark, colour = MARKS.get(state, ("–", "#6b6b6b"))
    why = f"<details><summary>why</summary>{html.escape(reason)}</details>" if reason else ""
    return f'<td><b style="color:{colour}">{mark} {html.escape(state)}</b>{why}</td>'
