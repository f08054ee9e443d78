"""What is said of an endpoint: where it belongs, why, and what stays at home."""

from __future__ import annotations

from collections.abc import Mapping

from edgelab.core.words import in_ms, percent
from edgelab.topics.durable_object.model import THE
from edgelab.topics.endpoints.demands import in_digits
from edgelab.topics.endpoints.ways import (
    AT_HOME,
    BUCKETS,
    CACHE,
    EDGE_SLICE,
    KV,
    OBJECT,
    SPLIT,
    WAYS,
)

__all__ = ["age", "because", "in_words", "stays_home"]

#: A way in the middle of a sentence.
WORDS = {way: way for way in WAYS} | {SPLIT: "in two: a PoP that asks home"}
WORDS |= {CACHE: "at the PoP, in its cache", KV: "at the PoP, with its KV"}


def age(seconds: float) -> str:
    """A time from a millisecond to a day, as a reader would write it."""
    for size, unit in ((86_400, "day"), (3600, "h"), (60, "min"), (1, "s")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{1000 * seconds:.3g} ms"


def because(
    way: str, audience: str, p99: Mapping[str, float], refused: Mapping[str, str], worth: float
) -> str:
    """The reason for a verdict: its p99, and what speaks against each other way."""
    told = {
        name: f"p99 {in_ms(ms)}" + f", not {percent(worth)} quicker" * (ms < p99[way])
        for name, ms in p99.items()
    }
    others = [f"{name}: {refused.get(name, told[name])}" for name in WAYS[::-1] if name != way]
    return f"The p99 is {in_ms(p99[way])} for {audience}; {'; '.join(others)}."


def stays_home(way: str, reads: float, writes: float, home: str) -> str:
    """The slice of an endpoint that does not move; `reads` and `writes` reach Mumbai a second."""
    if way == OBJECT:
        return f"Nothing: {THE.get(home, home)} has the object, and the object has the truth."
    if BUCKETS[way] != EDGE_SLICE:
        return f"Every look-up: {in_digits(reads + writes)} a second reach Mumbai."
    return (
        f"The truth: {in_digits(writes)} writes a second flow home behind the viewers' backs, "
        f"and {in_digits(reads)} look-ups a second are fetched."
    )


def in_words(
    way: str, p99: Mapping[str, float], refused: Mapping[str, str], reads: float, writes: float
) -> str:
    """Two or three sentences that say what the numbers mean."""
    said = f"It belongs {WORDS[way]}: 99 of 100 answers take at most {in_ms(p99[way])}"
    said += f", from Mumbai {in_ms(p99[AT_HOME])}." if way != AT_HOME else "."
    if BUCKETS[way] != EDGE_SLICE and KV in refused:
        said += f" The PoP's KV is ruled out: {refused[KV]}."
    if way == OBJECT:
        return f"{said} Nothing reaches Mumbai."
    return (
        f"{said} {in_digits(writes)} writes and {in_digits(reads)} look-ups a second reach Mumbai."
    )
