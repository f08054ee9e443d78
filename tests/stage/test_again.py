"""A cell that is run again lets go of what it made before; a reader's commitment stays."""

import ipywidgets as widgets
import pytest

import edgelab as el
from edgelab.stage import again
from edgelab.stage.verdict import MISSED, RIGHT, UNANSWERED, guess


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


def estimate():
    check = guess(unit="PoPs", upto=337, within=1.5, because="so", ask="why?")
    return el.panels.predict("How many?", check(lambda: (20, "20 do")))


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
    for choice, state in (("more", RIGHT), ("less", MISSED)):
        held = ask()
        assert held.verdict().state == UNANSWERED
        commit(held, choice)
        assert held.verdict().state == state


@pytest.mark.parametrize(
    ("typed", "state", "said"),
    [
        ("14", RIGHT, "you said 14 PoPs, and 20 do. so"),
        ("30", RIGHT, "near enough: you said 30 PoPs"),
        ("20", RIGHT, "20 do. so"),
        ("13", MISSED, "you said 13 PoPs, and 20 do. why?"),
        ("0", MISSED, "you said 0 PoPs"),
    ],
)
def test_a_typed_number_may_miss_by_a_factor(typed, state, said):
    held = estimate()
    commit(held, typed)
    assert held.choice == float(typed) and f"Kept: {typed} PoPs" in held.kept.value
    assert held.verdict().state == state and said in held.verdict().reason


@pytest.mark.parametrize("typed", ["many", "338", "-1", "nan", "1,5"])
def test_what_is_no_number_in_range_is_refused_in_words_and_can_be_typed_again(typed):
    held = estimate()
    commit(held, typed)
    assert held.choice is None and held.verdict().state == UNANSWERED
    assert "your guess: got" in held.kept.value and "from 0 to 337" in held.kept.value
    held.options.value = "20"
    held.options._handle_custom_msg({"event": "submit"}, [])  # the Enter key
    assert held.choice == 20 and held.options.disabled


def test_a_typed_number_stays_when_the_cell_is_run_again(shell):
    commit(shell.run("cell", estimate), "20")
    held = shell.run("cell", estimate)
    assert held.choice == 20 and held.options.value == "20" and held.options.disabled
    assert shell.run("another", estimate).choice is None


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
