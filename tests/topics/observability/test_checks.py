"""The checks of notebook 10: three states, and the answer is never given away."""

import numpy as np
import pandas as pd
import pytest

import edgelab as el
from edgelab import check
from edgelab.topics.observability import lines

WEAK = el.Fleet(bad_share=0.002, depth=0.01, sampled=0.001)
EACH = WEAK.replace(rule="2 windows, each")


@pytest.mark.parametrize(
    ("judge", "answer", "state", "word"),
    [
        (check.page_guess, None, check.UNANSWERED, "commit"),
        (check.page_guess, "tomorrow", check.WORKING, "allowed "),
        (check.page_guess, check.page_guess.choices[0], check.MISSED, "you said"),
        (check.page_guess, check.page_guess.choices[2], check.MISSED, "you said"),
        (check.page_guess, check.page_guess.choices[3], check.RIGHT, "less than 14.4 times"),
        (check.dead_pops, None, check.UNANSWERED, "PoPs"),
        (check.dead_pops, "many", check.WORKING, "number"),
        (check.dead_pops, 0.06, check.WORKING, "share"),
        (check.dead_pops, 6, check.WORKING, "per cent"),
        (check.dead_pops, 45, check.WORKING, "14.4 times"),
        (check.dead_pops, 10, check.WORKING, "is for 3 times"),
        (check.dead_pops, 4, check.WORKING, "is for 1 times"),
        (check.dead_pops, 2, check.WORKING, "99.9 %"),
        (check.dead_pops, 18, check.WORKING, "close"),
        (check.dead_pops, 18.72, check.WORKING, "whole number"),
        (check.dead_pops, 312, check.WORKING, "which share"),
        (check.dead_pops, 19, check.RIGHT, "looser"),
        (check.weak_fault, None, check.UNANSWERED, "Fleet"),
        (check.weak_fault, 3, check.WORKING, "allowed a Fleet"),
        (check.weak_fault, el.Fleet(), check.WORKING, "bad_share, depth, sampled: leave"),
        (check.weak_fault, WEAK, check.WORKING, "as one"),
        (check.weak_fault, EACH, check.WORKING, "how many bad"),
        (check.weak_fault, EACH.replace(burn=6), check.WORKING, "minutes; at most 20"),
        (
            check.weak_fault,
            EACH.replace(rule="1 minute, each"),
            check.WORKING,
            "false alarms a month",
        ),
        (check.weak_fault, EACH.replace(rule="CUSUM, each", cusum_h=12), check.RIGHT, "312 times"),
        (
            check.weak_fault,
            EACH.replace(rule="CUSUM, each", cusum_h=20),
            check.RIGHT,
            "fewer than 0.6 false alarms a month in 300 drawn nights",
        ),
        (
            check.weak_fault,
            EACH.replace(rule="1 window, each", burn=6, alert_window_min=24),
            check.RIGHT,
            "false alarms",
        ),
    ],
)
def test_a_check_says_its_state_and_why(judge, answer, state, word):
    verdict = judge(answer)
    assert verdict.state == state and word in verdict.reason
    if state != check.RIGHT:
        assert "19" not in verdict.reason and "CUSUM" not in verdict.reason
    assert verdict.state in verdict._repr_html_()


def test_an_incident_is_judged_by_its_name_and_its_lines():
    kind = lines.cause_of(7).kind
    seed = next(seed for seed in range(8, 100) if lines.cause_of(seed).kind == kind)
    (found, there), cause = lines.incident(seed), lines.cause_of(seed)
    pop = found["pop"] == cause.name
    judged = {
        "right": (cause.name, there),
        " in small letters ": (f" {cause.name.lower()} ", pop & there),
        "another name": ("BOM", there),
        "no lines": (cause.name, np.zeros(len(found), bool)),
        "all lines": (cause.name, np.ones(len(found), bool)),
        "before it began too": (cause.name, pop),
        "lines from elsewhere": (
            cause.name,
            there | (pd.Series(there).cummax() & (found["pop"] == "BOM")),
        ),
    }
    said = {what: check.incidents({seed: given}) for what, given in judged.items()}
    states = [verdict.state for verdict in said.values()]
    assert states == [check.RIGHT] * 2 + [check.WORKING] * 5
    assert "clock" in said["right"].reason
    assert "not 'BOM'" in said["another name"].reason
    assert "has 0 %" in said["no lines"].reason
    for what in ("all lines", "lines from elsewhere"):
        assert "of your lines are from elsewhere" in said[what].reason
    assert "of your lines are from before it began" in said["before it began too"].reason
    for verdict in list(said.values())[2:]:
        assert cause.name not in verdict.reason and cause.kind not in verdict.reason
    both = check.incidents({seed: judged["right"], 6: ("BOM", there)})
    assert both.state == check.WORKING and both.reason.startswith("1 of 2 right; 6: not")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Singapore", "is a city; a PoP is named by its code"),
        ("singapore ", "is a city"),
        ("SINGAPORE-1", "is no PoP's code, no version, no continent and no minute"),
        ("19:31", "not '19:31'"),
        ("V41", "not 'V41'"),
        ("Africa", "not 'Africa'"),
    ],
)
def test_one_mistake_is_told_at_a_time(name, word):
    """A name of another kind is told as such, and neither the right one nor its kind."""
    nothing = np.zeros(lines.LINES, bool)
    said = check.incidents({6: (name, nothing), 5: (name, nothing), 7: (name, nothing)}).reason
    assert said.startswith("0 of 3 right; 6: ") and word in said
    assert "; 5:" not in said and lines.cause_of(6).name not in said


def test_all_three_incidents_are_asked_for():
    some = {seed: (lines.cause_of(seed).name, lines.incident(seed)[1]) for seed in (5, 6, 7)}
    assert check.incidents(some).state == check.RIGHT
    less = check.incidents({5: some[5], 7: some[7]})
    assert less.state == check.WORKING and "2 of 3" in less.reason and "find: 6" in less.reason


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (3, "from a seed to"),
        ({}, "from a seed to"),
        ({1.5: ("SIN", [])}, "a whole number"),
        ({1: "SIN"}, r"(name, mask)"),
        ({1: ("SIN", [True, False])}, "a truth value for each line"),
        ({1: (3, np.zeros(lines.LINES, bool))}, "a text"),
    ],
)
def test_a_finding_of_another_form_is_told(answer, word):
    verdict = check.incidents(answer)
    assert verdict.state == check.WORKING and word in verdict.reason and "got" in verdict.reason
    assert check.incidents(None).state == check.UNANSWERED
