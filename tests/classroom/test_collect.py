"""Ten submissions, five of them broken in a way of its own: each is a row, and none is the end."""

import os

import nbformat
import pandas as pd
import psutil
import pytest

from edgelab import __main__ as command_line
from edgelab.classroom import collect

pytestmark = pytest.mark.slow

PAGE = "07-rate-limiting"
TASKS = {
    "guess": "guess = el.panels.predict('?', el.check.leak_guess)\nguess",
    "guessed": "guess.verdict()",
    "share": "share = None\nel.check.shared_address(share)",
    "delay": "delay_ms = None\nel.check.few_percent(delay_ms)",
}


def notebook(path, changes=(), kernel="python3"):
    cells = {"import": "import edgelab as el"} | TASKS | dict(changes)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells.values()])
    book.metadata["kernelspec"] = {"name": kernel, "display_name": kernel}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, path)


def share(answer):
    return {"share": f"el.check.shared_address({answer})"}


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """The verdicts of a class, by student."""
    home = tmp_path_factory.mktemp("class of 2026, zoë")
    notebook(home / "workbook" / f"{PAGE}.ipynb")
    given, outside = home / "given", home / "outside"
    outside.mkdir()
    (outside / "dear.txt").write_text("dear")
    work = {
        "none": {},
        "percent": share("'7 %'"),
        "error": {"share": "1 / 0"} | share("2.5"),
        "unknown kernel": share("0.5"),
        "removed": {"share": "", "delay": ""},
        "endless": {"delay": "while True: pass"},
        "exits": {"delay": "import os; os._exit(0)"},
        "deletes": {"share": "import os, shutil; shutil.rmtree(os.getcwd(), ignore_errors=True)"},
        "large": {"delay": "held = []\nwhile True: held.append(bytearray(b'x') * 10**8)"},
    }
    for student, changes in work.items():
        kernel = "julia" if student == "unknown kernel" else "python3"
        notebook(given / student / f"{PAGE}.ipynb", changes, kernel)
    (given / "text").mkdir()
    (given / "text" / f"{PAGE} (1).ipynb").write_text("Dear teacher, I could not open it.")
    notebook(given / "renamed" / "mine.ipynb")
    limits = {"seconds": 60, "memory_gb": 1.5}
    frames = list(collect.collect(given, home / "workbook", **limits))
    assert (outside / "dear.txt").exists()
    return pd.concat(frames, ignore_index=True), given


def row(collected, student, exercise):
    verdicts = collected[0]
    mine = verdicts[(verdicts["student"] == student) & (verdicts["exercise"] == exercise)]
    assert len(mine) == 1
    return mine.iloc[0]


def test_predictions_are_no_exercises(collected):
    assert set(collected[0]["exercise"]) == {"shared_address", "few_percent", ""}


@pytest.mark.parametrize(
    ("student", "state"),
    [
        ("none", "not answered yet"),
        ("percent", "keep working"),
        ("unknown kernel", "keep working"),
        ("removed", "not run"),
        ("error", "keep working"),
        ("deletes", "not run"),
        ("endless", "not answered yet"),
        ("exits", "not answered yet"),
        ("large", "not answered yet"),
    ],
)
def test_an_exercise_has_the_state_that_its_check_gave(collected, student, state):
    assert row(collected, student, "shared_address")["state"] == state


@pytest.mark.parametrize(
    ("student", "why"),
    [
        ("endless", "longer than 60 s, in cell 5"),
        ("exits", "its kernel ended, in cell 5"),
        ("large", "more than 1.5 GB of memory, in cell 5"),
        ("text", "it is not a notebook"),
        ("renamed", f"its name is not a page's, such as {PAGE}.ipynb"),
    ],
)
def test_what_did_not_run_to_its_end_says_why(collected, student, why):
    broken = row(collected, student, "")
    assert broken["state"] == "broken"
    assert why in broken["reason"]
    assert student in broken["file"]


def test_what_ran_to_its_end_is_not_broken(collected):
    broken = collected[0].loc[collected[0]["state"] == "broken", "student"]
    assert set(broken) == {"endless", "exits", "large", "text", "renamed"}


def test_the_submissions_are_as_they_were(collected):
    given = collected[1]
    assert len(list(given.rglob("*.ipynb"))) == 11
    assert nbformat.read(given / "none" / f"{PAGE}.ipynb", 4).cells[0].outputs == []


def test_no_process_is_left(collected):
    ours = psutil.Process().children(recursive=True)
    assert not [p for p in ours if "ipykernel" in " ".join(p.cmdline())]


def test_what_is_written_holds_every_row_and_overwrites_nothing(collected, tmp_path):
    verdicts = collected[0].copy()
    verdicts.loc[0, "reason"] = "=cmd|' /C calc'!A0 <script>alert(1)</script>"
    csv, page = collect.publish(verdicts, tmp_path)
    again, _ = collect.publish(verdicts, tmp_path)
    assert (csv.name, again.name) == ("verdicts.csv", "verdicts-2.csv")
    back = pd.read_csv(csv, keep_default_na=False)
    assert list(back.columns) == list(collect.COLUMNS)
    assert len(back) == len(verdicts)
    assert back.loc[0, "reason"].startswith("'=")
    text = page.read_text(encoding="utf-8")
    assert "<script>" not in text
    for student in ("percent", "endless", "renamed"):
        assert student in text


def test_a_folder_without_notebooks_is_told(tmp_path, capsys):
    assert command_line.main(["collect", str(tmp_path)]) == 1
    assert "holds no notebook" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--seconds", "--memory-gb"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "much"])
def test_limits_are_positive_numbers(option, value, tmp_path, capsys):
    with pytest.raises(SystemExit):
        command_line.main(["collect", str(tmp_path), option, value])
    assert value in capsys.readouterr().err


def test_the_command_line_keeps_what_it_collected(tmp_path, capsys):
    notebook(tmp_path / "amina" / f"{PAGE}.ipynb", share("2.5"))
    assert command_line.main(["collect", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "run with your rights" in out
    assert f"1 of 1  amina{os.sep}{PAGE}.ipynb".replace(os.sep, "/") in out.replace(os.sep, "/")
    back = pd.read_csv(tmp_path / "verdicts.csv", keep_default_na=False)
    assert set(back["exercise"]) == {"shared_address", "few_percent", "safe_limiter"}
