"""A cell that is run again lets go of what it made before; a reader's commitment stays."""

import ipywidgets as widgets
import pytest

import edgelab as el
from edgelab.stage import again
from edgelab.stage.verdict import RIGHT, UNANSWERED, WORKING, guess


class Shell:
    """What runs cells, as far as widgets ask it."""

    def __init__(self):
        self.runs, self.cell = 0, None

    def run(self, cell, make):
        self.runs, self.cell = self.runs + 1, cell
        return make()

    def get_parent(self):
        return {"metadata": {"cellId": self.cell}, "header": {"msg_id": f"run {self.runs}"}}


@pytest.fixture
def shell(monkeypatch):
    made = Shell()
    monkeypatch.setattr(again, "get_ipython", lambda: made)
    monkeypatch.setattr(again, "_MADE", {})
    return made


def alive():
    return [w for w in widgets.widget._instances.values() if w.comm is not None]


def ask(*choices):
    check = guess(*(choices or ("more", "less")), because="", ask="")(lambda: (0, "it is more"))
    return el.panels.predict("How much?", check)


def commit(prediction, choice):
    prediction.options.value = choice
    prediction.commit.click()


@pytest.mark.parametrize("kind", el.panels.PANELS.values(), ids=lambda kind: kind.topic)
def test_a_panel_made_again_leaves_its_box_of_the_one_before(kind, shell):
    shell.run("cell", kind)
    shell.run("cell", kind)  # the words for all that is closed come once
    for _ in range(2):
        before = len(alive())
        held = shell.run("cell", kind)
        assert len(alive()) <= before + 2, "the box and its layout"
    assert held.children[0].comm is not None


def test_a_prediction_made_again_leaves_its_box(shell):
    first = shell.run("cell", ask)
    shell.run("cell", ask)
    before = len(alive())
    held = shell.run("cell", ask)
    assert len(alive()) == before + 2
    # An older copy of the page still names it.
    assert first.comm is not None and "closed" in first.children[0].value
    assert held.choice is None


def test_what_a_reader_committed_to_stays_when_the_cell_is_run_again(shell):
    commit(shell.run("cell", ask), "less")
    for _ in range(2):
        held = shell.run("cell", ask)
        assert held.choice == "less"
        assert held.options.disabled and "less" in held.kept.value


def test_a_prediction_knows_its_verdict():
    for choice, state in (("more", RIGHT), ("less", WORKING)):
        held = ask()
        assert held.verdict().state == UNANSWERED
        commit(held, choice)
        assert held.verdict().state == state


def test_an_open_choice_is_not_a_commitment(shell):
    shell.run("cell", ask).options.value = "less"
    assert shell.run("cell", ask).choice is None


def test_another_cell_or_other_choices_are_another_prediction(shell):
    commit(shell.run("cell", ask), "less")
    assert shell.run("another", ask).choice is None
    assert shell.run("cell", lambda: ask("twice", "half")).choice is None


def test_two_of_one_run_are_both_alive(shell):
    def two():
        return ask(), ask()

    first, second = shell.run("cell", two)
    assert first.commit.comm is not None and second.commit.comm is not None
    shell.run("cell", two)
    assert first.commit.comm is None and second.commit.comm is None
