"""An attack in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from edgelab.core.words import counted
from edgelab.topics.rate_limit.limiters import LATE

__all__ = ["Told", "in_words", "runs_in_words"]


class Told(NamedTuple):
    """All that the sentences speak of, by the names of the knobs and properties."""

    design: str
    pops: int
    rate_per_s: float
    attack_s: float
    requests_per_delay: float
    store_write_s: float


def in_words(attack: Told, row: Mapping[str, float]) -> str:
    """What the figures mean, in one or two sentences.

    Parameters
    ----------
    attack : Told
    row : mapping of str to float
        Of the design, as in `edgelab.RateLimit.designs`.
    """
    times, late = row["through"], attack.design in LATE
    said = (
        f"Of {counted(f'{attack.rate_per_s:,.4g}', 'request')} a second for "
        f"{attack.attack_s:g} s at {counted(attack.pops, 'PoP')}, "
        f"“{attack.design}” lets {row['admitted']:,.0f} through: "
    )
    if times < 1.005:
        said += "no more than one exact bucket. "
    elif times < 1.1:
        said += f"{100 * (times - 1):.1f} % more than one exact bucket. "
    else:
        said += f"{times:.3g} times as many as one exact bucket. "
    if late:
        each = attack.requests_per_delay
        number = f"{each:,.0f}" if each >= 100 else f"{each:.2g}"
        said += f"On average {counted(number, 'request')} come in per delay. "
    said += (
        f"A user behind the attacker's address is wrongly refused "
        f"{100 * row['refused_shared']:.0f} % of the time; a decision takes "
        f"{row['wait_ms']:.3g} ms"
    )
    if late and row["writes_refused"] > 0:
        said += (
            f"; a store that takes one write every {attack.store_write_s:g} s to a key would "
            f"refuse {100 * row['writes_refused']:.0f} % of them"
        )
    return said + "."


def runs_in_words(seeds: int, row: Mapping[str, float]) -> str:
    """How many runs stand behind the figures, and how sure a design's row is."""
    said = f"{counted(seeds, 'run')}: {row['through']:.3f}"
    if seeds > 1:
        said += f" ± {row['error']:.3f} (standard error)"
    said += " times the limit. "
    if np.isinf(row["bound"]):
        return said + "This design bounds nothing."
    return said + f"Whatever is asked, it lets at most {row['bound']:,.0f} through."
