"""The checks of notebook 10, observability."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from edgelab.core import allowed, datasets
from edgelab.core.allowed import instance, number
from edgelab.core.words import percent
from edgelab.stage.verdict import RIGHT, WORKING, Verdict, exercise, guess
from edgelab.topics.observability import lines
from edgelab.topics.observability.alerts import ALL, WORKBOOK
from edgelab.topics.observability.fleet import POPS
from edgelab.topics.observability.model import Fleet
from edgelab.topics.observability.words import a_month

__all__ = ["dead_pops", "incidents", "page_guess", "weak_fault"]

#: What exercise 1 and exercise 2 give.
SLO, BURN = 0.99, 6
WEAK = {"bad_share": 0.002, "depth": 0.01, "sampled": 0.001}
#: What exercise 2 asks for: minutes, and false alarms a month.
SOON_MIN, RARE = 20, 10
#: Knobs that set a rule.
RULE_KNOBS = {"rule", "burn", "alert_window_min", "cusum_h"}
#: The incidents of exercise 3; any other may be judged too.
ASKED = {5, 6, 7}
#: How much of the evidence must be touched by the cause, and how much of that it must hold.
ENOUGH = 0.9
#: A minute of the clock.
MINUTE = re.compile(r"\d\d:\d\d")


@guess(
    "within a minute",
    "within the hour",
    "after about a day",
    "never",
    because="The dead PoP's 0.32 % is more than the budget of 0.1 %, and less than 14.4 times it.",
    ask="Which share of all requests is bad now, and from which share on does the rule fire?",
)
def page_guess() -> tuple[int, str]:
    """Look back at notebook 10's prediction: when a page over all PoPs sees one dead of 312."""
    after = Fleet(usual_errors=0).alerts()["fires_after_h"][0]
    which = int(np.searchsorted([1 / 60, 1, 48], after))
    return which, "it never fires" if np.isinf(after) else f"it fires after {after:.3g} hours"


@exercise("set a number of PoPs", number, 0, 1e6)
def dead_pops(answer: float) -> Verdict:
    """Notebook 10, exercise 1: how many dead PoPs of 312 equal ones make an alarm fire.

    Parameters
    ----------
    answer : float or None
        PoPs, at a 99 % SLO and for the rule of 6 times the budget.
    """

    def least(slo: float, burn: float) -> int:
        return int(np.ceil(burn * Fleet(slo=slo).budget * POPS))

    right = least(SLO, BURN)
    if answer == right:
        return Verdict(RIGHT, "a looser SLO allows more bad requests, and hides more dead PoPs.")
    if answer < 1:
        return Verdict(WORKING, "that looks like a share; how many PoPs are that?")
    if answer == 100 * BURN * Fleet(slo=SLO).budget:
        return Verdict(WORKING, "that looks like per cent; how many PoPs are that?")
    for rule in WORKBOOK:
        if answer == least(SLO, rule.burn):
            other = f"that is for {rule.burn:g} times; look at the alarm for {BURN} times"
            return Verdict(WORKING, other)
    if answer == least(Fleet().slo, BURN):
        return Verdict(WORKING, "that is at a 99.9 % SLO; this one is 99 %")
    if abs(answer - right) <= 1:
        return Verdict(WORKING, "close: which whole number of PoPs is the first to reach the rule?")
    return Verdict(
        WORKING, "which share must be bad for the rule, and how many of 312 PoPs have that?"
    )


@exercise("set a Fleet: weak.replace(rule=..., ...)", instance, Fleet)
def weak_fault(answer: Fleet) -> Verdict:
    """Notebook 10, exercise 2: a rule that finds a weak fault soon, and seldom cries for nothing.

    Parameters
    ----------
    answer : Fleet or None
        With the exercise's fault and sample; only the rule's knobs may differ.
    """
    wanted = Fleet(**WEAK)
    other = sorted(
        name for name in wanted.knobs()
        if name not in RULE_KNOBS and getattr(answer, name) != getattr(wanted, name)
    )  # fmt: skip
    if other:
        return Verdict(WORKING, f"{', '.join(other)}: leave these as the exercise gives them")
    row = answer.chosen
    took, often = row["detect_min"], row["false_alarms"]
    if np.isinf(took):
        alone = answer.rule.endswith(ALL)
        hint = "should it watch all PoPs as one?" if alone else "how many bad does it look for?"
        return Verdict(WORKING, f"it does not find this fault in four hours; {hint}")
    if took > SOON_MIN:
        return Verdict(WORKING, f"it takes {took:.3g} minutes; at most {SOON_MIN} are asked for")
    if often > RARE:
        return Verdict(
            WORKING,
            f"it gives {a_month(often, answer.nights)} false alarms a month; at most {RARE} "
            f"are asked for. That is for all {POPS} PoPs together.",
        )
    return Verdict(
        RIGHT,
        f"{took:.3g} minutes, and {a_month(often, answer.nights)} false alarms a month in "
        f"{answer.nights} drawn nights. {POPS} rules cry {POPS} times "
        "as often as one, so each of them has to be the more certain.",
    )


def _findings(name: str, value: Any) -> dict[int, tuple[str, np.ndarray]]:
    """Findings by seed, each a name and a mask of the lines that show it."""
    wanted = "a dictionary that is not empty, from a seed to (name, mask of its lines)"
    if not isinstance(value, Mapping) or not value:
        allowed.refuse(name, value, wanted, TypeError)
    out = {}
    for seed, found in value.items():
        allowed.whole(f"{name}, a seed", seed, 0, 2**32 - 1)
        if not (isinstance(found, tuple) and len(found) == 2):
            allowed.refuse(f"{name}, [{seed}]", found, "(name, mask)", TypeError)
        mask = found[1].to_numpy() if isinstance(found[1], pd.Series) else np.asarray(found[1])
        if mask.dtype != bool or mask.shape != (lines.LINES,):
            what = "a mask: a truth value for each line"
            allowed.refuse(f"{name}, [{seed}]", found[1], what, TypeError)
        out[int(seed)] = allowed.text(f"{name}, [{seed}]", found[0]), mask
    return out


def _mistake(seed: int, name: str, mask: np.ndarray) -> str:
    """The first thing that is wrong with a finding; empty if nothing is."""
    found, there = lines.incident(seed)
    cause, name = lines.cause_of(seed), name.strip()
    if name.lower() != cause.name.lower():
        pops = datasets.pops()
        if name.lower() in set(pops["city"].str.lower()):
            return f"{name!r} is a city; a PoP is named by its code, as in the column pop"
        known = {*pops["code"].str.lower(), *pops["continent"].str.lower(), *lines.VERSIONS}
        if name.lower() not in known and not MINUTE.fullmatch(name):
            return f"{name!r} is no PoP's code, no version, no continent and no minute (19:42)"
        return f"not {name!r}"
    kept = (mask & there).sum() / there.sum()
    if kept < ENOUGH:
        return (
            f"the name is right; your mask has {percent(kept)} of the lines there since it began; "
            "good ones belong to it too"
        )
    if (mask & there).sum() >= ENOUGH * mask.sum():
        return ""
    rows, begin, end = np.arange(len(found)), there.argmax(), len(there) - there[::-1].argmax()
    parts = {
        "from before it began": (mask & (rows < begin)).sum(),
        "from after it ended": (mask & (rows >= end)).sum(),
        "from elsewhere": (mask & ~there & (rows >= begin) & (rows < end)).sum(),
    }
    most = max(parts, key=parts.get)
    return f"the name is right; {percent(parts[most] / mask.sum())} of your lines are {most}"


@exercise("set what you found, from a seed to (name, mask of its lines)", _findings)
def incidents(answer: Mapping) -> Verdict:
    """Notebook 10, exercise 3: what is wrong in some incidents, and the lines that show it.

    Parameters
    ----------
    answer : dict or None
        From the seed of an incident to a name (a PoP's code, a version, a continent, or a minute
        as in "19:42") and a mask of the lines there, from when it began.
    """
    wrong = {seed: _mistake(seed, *found) for seed, found in answer.items()}
    wrong = {seed: said for seed, said in wrong.items() if said}
    if wrong:
        first, *_ = wrong.items()
        good = f"{len(answer) - len(wrong)} of {len(answer)} right; " if len(answer) > 1 else ""
        return Verdict(WORKING, f"{good}{first[0]}: {first[1]}")
    left = sorted(ASKED - set(answer)) if set(answer) <= ASKED else []
    if left:
        more = f"still to find: {', '.join(map(str, left))}"
        return Verdict(WORKING, f"{len(answer)} of {len(ASKED)} are right; {more}")
    kinds = "; ".join(f"{seed}: {lines.cause_of(seed).kind}" for seed in answer)
    return Verdict(RIGHT, f"{kinds}. Group by each field in turn, and compare shares, not counts.")
