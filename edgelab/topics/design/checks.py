"""The checks of notebook 11, design the final."""

from __future__ import annotations

import re

from edgelab.core.allowed import instance, text
from edgelab.core.words import counted
from edgelab.stage.verdict import RIGHT, WORKING, Verdict, as_given, exercise, guess
from edgelab.topics.design.goals import GOALS
from edgelab.topics.design.model import PLACED, Design
from edgelab.topics.observability.model import Fleet

__all__ = ["left_out", "lost_region", "sink_guess", "six_goals", "two_minutes"]

#: Exercise 1's goals, and what a design that meets them may cost.
SIX = (
    "p99 Bay Area, ms", "p99 Singapore, ms", "blank panels, %", "staleness, s",
    "origin busy, %", "served abroad, %",
)  # fmt: skip
MOST_USD = 20_350.0
COST, SEEN = "cost of the night, USD", "a dead PoP is seen, min"
#: What exercise 3 may cost.
WATCH_USD = 21_780.0
#: What it may turn; and false alarms in a month of page 10's nights.
WATCH, MOST_ALARMS = ("rule", "burn", "sampled"), 15
#: What is the night's and not the design's: a cheaper night is no better design.
GIVEN = ("requests_per_viewer_min", "write_share", "hot_writes_per_s", "bots", *PLACED)
#: Words of a sentence that says something.
LEAST_WORDS = 8


def _changed(answer: Design) -> str:
    """What of the night, and not of the design, was turned."""
    turned = [name for name in GIVEN if getattr(answer, name) != getattr(Design(), name)]
    return f"{', '.join(turned)}: leave as in the night" if turned else ""


def _missed(answer: Design, names) -> list[str]:
    return [name for name, ours in answer.values(names).items() if not ours <= GOALS[name].target]


@guess(
    unit="of the six",
    upto=6,
    within=1.2,
    because="What the article's design was built for, latency on a usual night, it does well. A "
    "fault asks something else: who notices, who takes over, who is let through.",
    ask="Who notices a dead PoP or a bad release, who stops an attack, who takes over from a "
    "region, and what makes lists old?",
)
def sink_guess() -> tuple[float, str]:
    """Look back at notebook 11's prediction: how many kinds of event sink the article's design."""
    sunk = int(Design().sunk_by()["sunk"].sum())
    return sunk, f"{sunk} of 6 sink it"


@exercise("set a Design", instance, Design)
def six_goals(answer: Design) -> Verdict:
    """Notebook 11, exercise 1: six goals for little money.

    Parameters
    ----------
    answer : Design or None
        One that meets the six goals for at most the printed sum.
    """
    if given := _changed(answer):
        return Verdict(WORKING, given)
    if missed := _missed(answer, SIX):
        return Verdict(WORKING, f"missed: {'; '.join(missed)}")
    usd = answer.values([COST])[COST]
    if usd > MOST_USD:
        return Verdict(
            WORKING,
            f"all six are met, for {usd:,.0f} dollars; {usd - MOST_USD:,.0f} too many. Which line "
            "of costs() can be smaller without the loss of a goal?",
        )
    saved = Design().costs()["usd"] - answer.costs()["usd"]
    most = saved.idxmax()
    why = "what did it buy that these six goals do not ask for? See report()"
    if most == "PoPs":
        why = "past some count they save this audience nothing, and their order decides more"
    return Verdict(
        RIGHT, f"{usd:,.0f} dollars; most is saved on {most}, {saved[most]:,.0f} dollars: {why}."
    )


@exercise("set a Design", instance, Design)
def lost_region(answer: Design) -> Verdict:
    """Notebook 11, exercise 2: a design that a lost region does not sink, and that loses no write.

    Parameters
    ----------
    answer : Design or None
    """
    if given := _changed(answer):
        return Verdict(WORKING, given)
    if answer.regions == 1:
        return Verdict(WORKING, "with one region nobody is left to answer a fetch")
    if not answer._agreement.goes_on:
        return Verdict(WORKING, "when one is lost, too few are left to agree on a write")
    row = answer.sunk_by().loc["region lost"]
    if row["sunk"]:
        why = "the others have more to do than they can" if row["origin_busy"] >= 1 else "see night"
        return Verdict(WORKING, f"a lost region still sinks it: {why}")
    missed = _missed(answer, ["writes lost with a region", "lost writes, %", "write's wait, ms"])
    if missed:
        said = f"the night goes on; but missed: {'; '.join(missed)}"
        late = "; what had not left the region yet is lost with it" * ("with a region" in said)
        return Verdict(WORKING, said + late)
    return Verdict(
        RIGHT,
        "writes wait for other regions, or copies leave so often that little is at risk. The model "
        "has no price for such copies, nor for what a CRDT cannot promise, such as “only one "
        "left”: say what you gave up.",
    )


@exercise("set a Design", as_given, Design, {}, *WATCH)
def two_minutes(answer: Design) -> Verdict:
    """Notebook 11, exercise 3: a dead PoP seen within two minutes, for little and with few alarms.

    Parameters
    ----------
    answer : Design or None
        The article's, with some of `rule`, `burn` and `sampled` turned.
    """
    watch = {name: getattr(answer, name) for name in WATCH}
    found = answer.values([SEEN, COST])
    if found[SEEN] > GOALS[SEEN].target:
        return Verdict(
            WORKING, "it is not seen in time: whom does the rule watch, and how soon does it fire?"
        )
    more = found[COST] - WATCH_USD
    if more > 0:
        return Verdict(
            WORKING,
            f"it is seen in time, for {more:,.1f} dollars too many: which of the three knobs costs "
            "money?",
        )
    alarms = Fleet(**watch).chosen["false_alarms"]
    if alarms > MOST_ALARMS:
        return Verdict(
            WORKING,
            f"seen in time and cheap, but {alarms:,.0f} false alarms a month: how many bad "
            "requests does the rule wait for?",
        )
    return Verdict(
        RIGHT,
        "a dead PoP that serves one viewer in 28 is no rare event: few lines show it to a rule "
        "that looks soon enough. It has 11 times an average PoP's traffic: rules over all "
        "see it at once, too, if no long window slows them. Real base rates drift (page 10).",
    )


@exercise("write one sentence: what do these models leave out that could sink the night?", text)
def left_out(answer: str) -> Verdict:
    """Notebook 11, exercise 4: something that the models leave out, in a sentence.

    Parameters
    ----------
    answer : str or None
        At least eight words; whether it is true, you have to defend yourself.
    """
    words = set(re.findall(r"\w+", answer.lower()))
    if len(words) < LEAST_WORDS:
        told = counted(len(words), "word")
        return Verdict(WORKING, f"got {told}: say what it is, and what it would do to the night")
    return Verdict(
        RIGHT,
        "nobody can check this for you. Say how to measure it, and which goal it would move.",
    )
