"""A fleet, its fault and its alert rules in sentences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from edgelab.core.words import counted, percent
from edgelab.topics.observability.alerts import MINUTES, MONTH_MIN, WORKBOOK
from edgelab.topics.observability.fleet import CLOCK, CUT, DEAD, REGION, SLOW, VERSION, Sight

__all__ = ["Told", "a_month", "in_words", "nights_in_words"]


class Told(NamedTuple):
    """All that the sentences speak of, by the names of the fleet's knobs and properties."""

    sight: Sight
    burn_rate: float
    rule: str
    nights: int


def in_words(told: Told, figures: pd.DataFrame, pops: pd.DataFrame, rule: pd.Series) -> str:
    """What the dashboards and the chosen rule show, in a few sentences.

    Parameters
    ----------
    told : Told
    figures, pops : pandas.DataFrame
        `edgelab.Fleet.global_figures` and `edgelab.Fleet.by_pop`.
    rule : pandas.Series
        The chosen rule's row of `edgelab.Fleet.rules`.
    """
    faulty, p99 = told.sight.faulty, figures.loc["p99_ms"]
    where = {
        DEAD: "Singapore's PoP is dead", SLOW: "Singapore's PoP is slow",
        VERSION: f"The new version is bad on {counted(int(faulty.sum()), 'PoP')}",
        REGION: f"{CUT} is cut off", CLOCK: "Singapore's clock is off",
    }[told.sight.fault]  # fmt: skip
    shown = (pops["above"] | pops["silent"]).to_numpy()
    good = counted(int((shown & ~faulty).sum()), "healthy PoP")
    often = a_month(rule["false_alarms"], told.nights)
    after = "does not fire in four hours"
    if np.isfinite(rule["detect_min"]):
        after = f"fires after {counted(f'{rule.detect_min:.3g}', 'minute')}"
    return (
        f"{where}: {percent(told.sight.traffic[faulty].sum(), 3)} of the requests. "
        f"The global p99 goes from {_ms(p99['usual'])} to {_ms(p99['now'])} ms. "
        f"The error budget burns {told.burn_rate:.3g} times as fast as it may. "
        f"The plot calls out {(shown & faulty).sum()} of "
        f"{counted(int(faulty.sum()), 'faulty PoP')} and {good}. "
        f"The rule “{told.rule}” {after}, and gives {often} false alarms a month."
    )


def _ms(ms: float) -> str:
    return f"{ms:,.{0 if ms >= 100 else 1}f}"


def a_month(alarms: float, nights: int) -> str:
    """False alarms a month in words; where no night had one, they are fewer than one night's."""
    least = MONTH_MIN / MINUTES / nights
    return f"fewer than {_short(least, 1)}" if alarms < least else _short(alarms, 3)


def _short(number: float, digits: int) -> str:
    """A number of so many digits, never as a power of ten."""
    return f"{float(f'{number:.{digits}g}'):,.10g}"


def nights_in_words(sight: Sight, budget: float, nights: int) -> str:
    """How many nights stand behind the rules' figures, and when the budget's rules fire."""
    told = []
    for rule in WORKBOOK:
        after = rule.fires_after_h(sight.bad_requests, sight.usual_errors, budget)
        when = f"after {after:.4g} h" if np.isfinite(after) else "never"
        told.append(f"{rule.burn:g} in {rule.long_h:g} h {when}")
    drawn = counted(f"{nights:,}", "drawn night")
    return f"{drawn}. Over all PoPs, in closed form: {', '.join(told)}."
