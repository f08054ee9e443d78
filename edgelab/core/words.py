"""Counts, shares and latencies in words."""

from __future__ import annotations

import math

__all__ = ["counted", "in_digits", "in_ms", "percent", "the"]


def the(place: str) -> str:
    """A place as it stands in a sentence: "Mumbai", "the Bay Area"."""
    return f"the {place}" if place == "Bay Area" else place


def counted(number: float | str, noun: str) -> str:
    """A number with what it counts: "1 PoP", "2 PoPs".

    Parameters
    ----------
    number : float or str
        A number, or one that is written already.
    noun : str
        Of one.
    """
    text = number if isinstance(number, str) else f"{number:,}"
    if text == "1":
        return f"1 {noun}"
    return f"{text} {noun[:-1]}ies" if noun.endswith("ry") else f"{text} {noun}s"


def percent(share: float, digits: int = 2) -> str:
    """A share in percent, never 100 % for less, and with no power of ten.

    Parameters
    ----------
    share : float
    digits : int
        How many of them count.
    """
    if 0 < share < 1e-6:
        return "under 0.0001 %"
    text = f"{100 * share:.{digits}g}"
    if float(text) < 100:
        return f"{text} %"
    return f"{100 * share:,.0f} %" if share >= 1 else f"more than {100 - 10.0 ** (2 - digits):g} %"


def in_digits(number: float) -> str:
    """A figure as a reader would write it: three digits that count, and no power of ten."""
    if not math.isfinite(number):
        return "never"
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def in_ms(ms: float) -> str:
    """A latency, or that it never comes."""
    if not math.isfinite(ms):
        return "never"
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.3g} s"
