"""The checks of notebook 09, what belongs at the edge."""

from __future__ import annotations

import numpy as np

from edgelab.core.allowed import instance, number, text
from edgelab.stage.verdict import RIGHT, WORKING, Verdict, exercise, guess
from edgelab.topics.endpoints.model import Endpoint
from edgelab.topics.endpoints.motives import confusions
from edgelab.topics.endpoints.ways import HOME_SLICE, KV, OBJECT

__all__ = ["cart_comes_home", "home_guess", "market", "score_delay", "six_confusions"]

#: What exercise 3 may turn.
FREE = ("keys", "stays_in", "audience")


@guess(
    unit="of the twelve",
    upto=12,
    within=1.5,
    because="What may be a little old can be answered from a copy, and a write can be taken where "
    "it is made. What must be true at once, for several keys or from everyone, cannot.",
    ask="Which of them must see all that was written before, for more than one key, or may not "
    "leave India? Those have no copy and no object.",
)
def home_guess() -> tuple[float, str]:
    """Look back at notebook 09's prediction: how many of twelve endpoints belong wholly at home."""
    table = Endpoint().twelve()
    home = int((table["bucket"] == HOME_SLICE).sum())
    return home, f"{home} of {len(table)} belong at home"


@exercise("write six letters, T or F, one for each sentence", text)
def six_confusions(answer: str) -> Verdict:
    """Notebook 09: whether each of six sentences is true; each speaks of a confusion.

    Parameters
    ----------
    answer : str or None
        Six letters, T (true) or F (false).
    """
    letters = answer.upper().replace(" ", "").replace(",", "")
    if len(letters) != 6 or set(letters) - {"T", "F"}:
        return Verdict(WORKING, f"got {answer!r}, allowed six letters, each T or F")
    wrong = int(((confusions()["true"] == "T") != [letter == "T" for letter in letters]).sum())
    if not wrong:
        return Verdict(RIGHT, "the next cell has the figure behind each.")
    figures = "a figure that says" if wrong == 1 else "figures that say"
    return Verdict(WORKING, f"{wrong} of 6 will meet {figures} otherwise; look in the next cell")


@exercise("set a share, for instance 0.5", number, 0, 1e9, allowed="a number from 0 to 1")
def cart_comes_home(answer: float) -> Verdict:
    """Notebook 09, exercise 1: the share of the cart's requests that still reach Mumbai.

    Parameters
    ----------
    answer : float or None
        A share from 0 to 1; right within 0.0005.
    """
    cart = Endpoint.examples()["cart"]
    rate = float(cart.placements().set_index("way").loc[KV, "home_per_s"].iloc[0])
    true = rate / cart.requests_per_s
    if abs(answer - true) <= 0.0005:
        return Verdict(
            RIGHT,
            "an endpoint can be at the edge and its origin still at work: every write, and the "
            "few reads that a PoP has to fetch.",
        )
    if 1 < answer <= 100:
        return Verdict(WORKING, "is that in percent? Give a share from 0 to 1")
    if answer > 100:
        return Verdict(WORKING, "is that so many in a second? Of how many requests?")
    if abs(answer - cart.write_share) <= 0.0005:
        return Verdict(WORKING, "those are the writes; what of the reads that a PoP cannot answer?")
    if abs(answer - cart.origin_fetch_ratio) <= 0.0005:
        return Verdict(WORKING, "that is what is fetched while somebody waits; what flows behind?")
    return Verdict(
        WORKING, "not that one: count all that reaches Mumbai, also what nobody waits for"
    )


@exercise("set a delay in ms", number, 0, 1e6)
def score_delay(answer: float) -> Verdict:
    """Notebook 09, exercise 2: the longest KV delay with which the scoreboard's KV still does.

    Parameters
    ----------
    answer : float or None
        Milliseconds; right within 5 %.
    """
    score = Endpoint.examples()["live scoreboard"]
    least, most = (getattr(Endpoint.knobs()["kv_delay_ms"], end) for end in ("low", "high"))
    if answer < least:
        hint = "; is that in seconds?" if answer > 0 else ""
        return Verdict(WORKING, f"{answer:g} ms is less than a write can take{hint}")
    shorter, longer = (
        KV not in score.replace(kv_delay_ms=float(np.clip(ms, least, most)))._refused
        for ms in (answer / 1.05, answer / 0.95)
    )
    if not shorter:
        return Verdict(WORKING, f"with {answer:g} ms a score is seen too late; go lower")
    if longer:
        return Verdict(WORKING, f"with {answer:g} ms it does, and with 5 % more too; go higher")
    return Verdict(
        RIGHT,
        "about half of what is tolerated: the delay is a median, and the last PoPs take twice as "
        "long. What a vendor states as typical is not what your slowest viewer sees.",
    )


@exercise("set an Endpoint: orders.replace(...)", instance, Endpoint)
def market(answer: Endpoint) -> Verdict:
    """Notebook 09, exercise 3: order matching that belongs in durable objects.

    Parameters
    ----------
    answer : Endpoint or None
        The twelve's order matching, with some of `keys`, `stays_in` and `audience` turned.
    """
    orders = Endpoint.examples()["order matching"]
    other = [
        name
        for name in Endpoint.knobs()
        if name not in FREE and getattr(answer, name) != getattr(orders, name)
    ]
    if other:
        return Verdict(WORKING, f"{', '.join(other)}: leave as it is in `orders`")
    told = answer.verdict()
    if OBJECT in answer._refused:
        return Verdict(WORKING, f"an object will not do: {answer._refused[OBJECT]}")
    if np.isinf(answer._p99_now[OBJECT]):
        return Verdict(WORKING, "the objects do not keep up: their queues never empty")
    if told.way != OBJECT:
        return Verdict(
            WORKING,
            f"objects would do, and yet it belongs {told.way}: they do not save enough. For whom "
            "is Mumbai far away?",
        )
    return Verdict(
        RIGHT,
        "an exchange of many instruments, no law that keeps the books in India, and enough traders "
        "abroad that the p99 is theirs: then the truth can live in many objects. The article's "
        "has one book.",
    )
