"""The students' copy: no solutions in it, brought up to date, and what they changed stays."""

import json

import pytest

from edgelab import __main__ as command_line
from edgelab.classroom.hand_out import HANDED, hand_out


@pytest.fixture
def source(tmp_path):
    notebooks = tmp_path / "workbook" / "notebooks"
    for name in ("01-a.ipynb", "02-b.ipynb", "solutions/01-solutions.ipynb", "pictures/a.png"):
        path = notebooks / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"first {name}")
    return notebooks


def handed(source, target):
    return {p.relative_to(target / "notebooks").as_posix(): d for p, d in hand_out(source, target)}


def test_solutions_stay_at_home(source, tmp_path):
    new = handed(source, tmp_path / "class")
    assert new == dict.fromkeys(("01-a.ipynb", "02-b.ipynb", "pictures/a.png"), "new")
    assert not list((tmp_path / "class").rglob("*solutions*"))


def test_a_page_that_nobody_changed_is_brought_up_to_date(source, tmp_path):
    target = tmp_path / "class"
    handed(source, target)
    (source / "01-a.ipynb").write_text("second")
    again = handed(source, target)
    assert again["01-a.ipynb"] == "brought up to date"
    assert again["02-b.ipynb"] == "as it was"
    assert (target / "notebooks" / "01-a.ipynb").read_text() == "second"


def test_what_a_student_changed_is_never_touched(source, tmp_path):
    target = tmp_path / "class"
    handed(source, target)
    mine = target / "notebooks" / "01-a.ipynb"
    mine.write_text("my answers")
    for text in ("second", "third"):
        (source / "01-a.ipynb").write_text(text)
        assert handed(source, target)["01-a.ipynb"] == "changed by its reader, left alone"
        assert mine.read_text() == "my answers"


def test_a_file_of_the_same_name_that_was_there_before_is_left_alone(source, tmp_path):
    mine = tmp_path / "class" / "notebooks" / "01-a.ipynb"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    assert handed(source, tmp_path / "class")["01-a.ipynb"] == "changed by its reader, left alone"
    assert mine.read_text() == "mine"


def test_a_page_that_a_student_deleted_comes_again(source, tmp_path):
    handed(source, tmp_path / "class")
    (tmp_path / "class" / "notebooks" / "02-b.ipynb").unlink()
    assert handed(source, tmp_path / "class")["02-b.ipynb"] == "new"


def test_not_into_the_workbook_itself(source):
    with pytest.raises(ValueError, match=r"got .*, allowed one outside"):
        handed(source, source.parent / "class")


def test_without_the_list_of_what_was_handed_out_nothing_is_guessed(source, tmp_path):
    handed(source, tmp_path / "class")
    (tmp_path / "class" / "notebooks" / HANDED).write_text("{torn")
    with pytest.raises(ValueError, match="what students changed is not known"):
        handed(source, tmp_path / "class")


def test_the_command_line_hands_out_this_workbook(tmp_path, capsys):
    assert command_line.main(["hand-out", str(tmp_path / "my class")]) == 0
    pages = sorted(p.name for p in (tmp_path / "my class" / "notebooks").glob("*.ipynb"))
    assert pages[0] == "01-cricstream-live.ipynb"
    assert "edgelab lab" in capsys.readouterr().out
    names = json.loads((tmp_path / "my class" / "notebooks" / HANDED).read_text())
    assert not any("solutions" in name for name in names)


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path, capsys):
    (tmp_path / "class").write_text("")
    assert command_line.main(["hand-out", str(tmp_path / "class")]) == 1
    assert "class" in capsys.readouterr().err
