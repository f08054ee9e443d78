"""Independent runs of an attack, replayed through the designs, and the frames that average them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from edgelab.core.constants import value
from edgelab.kernels import threads, token_bucket
from edgelab.topics.rate_limit import messages
from edgelab.topics.rate_limit.limiters import (
    ALONE,
    ATTACK,
    DESIGNS,
    LATE,
    LIMITERS,
    SHARED,
    Attack,
    drawn,
    exact,
)

__all__ = [
    "MAP_DELAYS_MS",
    "MAP_RATES_PER_S",
    "Settings",
    "by_delay",
    "by_pops",
    "faults",
    "figures",
    "leaks",
    "row",
    "window_error",
]

#: The two axes of `leaks`: among them the rates and the delays that the page's tasks ask for.
MAP_DELAYS_MS = np.array([1, 2.2, 5, 11, 23, 50, 110, 250, 600, 1500, 4000, 15_000, 60_000])
MAP_RATES_PER_S = np.array([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000.0])
#: PoP counts of `by_pops`.
POP_COUNTS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 312, 500)


class Settings(NamedTuple):
    """All that a row of `edgelab.RateLimit.designs` depends on, by the names of the knobs."""

    attack: Attack
    seeds: int
    store_write_s: float
    local_read_ms: float


def _each(runs: int, run: Callable, *given: Any) -> list:
    """What `run` makes of each number of a run, in order."""
    return list(threads.each(lambda number: run(number, *given), range(runs)))


def _ratio(through: np.ndarray, right: np.ndarray) -> float:
    """Requests let through over those of an exact bucket; 1 where nobody asked."""
    return through.sum() / right.sum() if right.size else 1.0


# -- a row of each design ------------------------------------------------------------------------


def _run_figures(
    number: int, attack: Attack, designs: Sequence[str], store_write_s: float
) -> list[tuple]:
    """One run, one tuple per design: what `row` averages."""
    theirs, shared, alone = (drawn(attack, number, kind) for kind in (ATTACK, SHARED, ALONE))
    right = exact(theirs, attack)
    # What the user alone may do; the rest is rightly refused.
    may = [(asked, exact(asked.only(asked.innocent), attack)) for asked in (shared, alone)]
    out = []
    for design in designs:
        decide = LIMITERS[design].decide
        through, written = decide(theirs, attack)
        refused = [
            (kept & ~decide(asked, attack)[0][asked.innocent]).sum() / max(kept.sum(), 1)
            for asked, kept in may
        ]
        writes = sum(len(times_s) for times_s, _, _ in written)
        late = sum(token_bucket.too_soon(*each, store_write_s) for each in written)
        ratio, share = _ratio(through, right), late / max(writes, 1)
        asked = len(written[-1][0]) / max(through.sum(), 1)
        out.append((ratio, through.sum(), *refused, writes / attack.attack_s, share, asked))
    return out


@lru_cache(maxsize=256)
def figures(
    attack: Attack, seeds: int, designs: tuple[str, ...], store_write_s: float
) -> np.ndarray:
    """What came of every run: (runs, designs, figures)."""
    return np.array(_each(seeds, _run_figures, attack, designs, store_write_s))


def row(design: str, given: Settings) -> dict[str, float]:
    """One row of `edgelab.RateLimit.designs`."""
    late, attack, limiter = design in LATE, given.attack, LIMITERS[design]
    together = LATE if late else tuple(each for each in DESIGNS if each not in LATE)
    if not late:
        attack = attack._replace(kv_delay_ms=0.0)
    found = figures(attack, given.seeds, together, given.store_write_s)
    runs = found[:, together.index(design)]
    ratio, admitted, shared, own, writes, refused, asked = runs.mean(axis=0)
    wait, worst = limiter.wait_ms(attack.pops, given.local_read_ms, asked)
    return {
        "through": ratio,
        "error": runs[:, 0].std(ddof=1) / np.sqrt(len(runs)) if len(runs) > 1 else np.nan,
        "admitted": admitted,
        "bound": limiter.bound(attack),
        "refused_shared": shared,
        "refused_own": own,
        "wait_ms": wait,
        "worst_wait_ms": worst,
        "writes_per_s": writes,
        "writes_refused": refused,
    }


# -- over rates, delays and PoPs -------------------------------------------------------------------


def _run_delays(number: int, attack: Attack, design: str, delays_ms: np.ndarray) -> list[float]:
    """One run at several delays: the ratios to an exact bucket."""
    asked = drawn(attack, number, ATTACK)
    right = exact(asked, attack)
    decide = LIMITERS[design].decide
    if design not in LATE:
        return [_ratio(decide(asked, attack)[0], right)] * len(delays_ms)
    late = (attack._replace(kv_delay_ms=delay_ms) for delay_ms in delays_ms)
    return [_ratio(decide(asked, each)[0], right) for each in late]


@lru_cache(maxsize=64)
def leaks(attack: Attack, design: str, seeds: int) -> pd.DataFrame:
    """The frame of `edgelab.RateLimit.leak_map`; shared, so not to be changed."""
    # The longest runs first, so that no core is left with one at the end.
    attacks = [attack._replace(rate_per_s=rate) for rate in MAP_RATES_PER_S[::-1]]
    runs = [_each(seeds, _run_delays, each, design, MAP_DELAYS_MS) for each in attacks]
    mean = [np.mean(each, axis=0) for each in runs[::-1]]
    rate, delay = np.meshgrid(MAP_RATES_PER_S, MAP_DELAYS_MS, indexing="ij")
    return pd.DataFrame(
        {
            "rate_per_s": rate.ravel(),
            "kv_delay_ms": delay.ravel(),
            "requests_per_delay": rate.ravel() * delay.ravel() / 1000,
            "through": np.concatenate(mean),
        }
    )


@lru_cache(maxsize=64)
def by_delay(attack: Attack, design: str, seeds: int, counts: tuple[int, ...]) -> pd.DataFrame:
    """The frame of `edgelab.RateLimit.by_delay`; shared, so not to be changed."""
    rows = []
    for count in counts:
        for per_delay in np.geomspace(0.01, 100, 17):
            delay_ms = 1000 * per_delay / attack.rate_per_s
            given = attack._replace(pops=count), design, np.array([delay_ms])
            mean = np.mean(_each(seeds, _run_delays, *given))
            rows.append((count, per_delay, delay_ms, mean))
    return pd.DataFrame(rows, columns=["pops", "requests_per_delay", "kv_delay_ms", "through"])


def _run_ratios(number: int, attack: Attack) -> list[float]:
    """One run of the attack: each design's ratio to an exact bucket."""
    asked = drawn(attack, number, ATTACK)
    right = exact(asked, attack)
    return [_ratio(each.decide(asked, attack)[0], right) for each in LIMITERS.values()]


def by_pops(attack: Attack, seeds: int) -> pd.DataFrame:
    """The frame of `edgelab.RateLimit.by_pops`."""
    ratios = [
        np.mean(_each(seeds, _run_ratios, attack._replace(pops=pops)), axis=0)
        for pops in POP_COUNTS
    ]
    designs = pd.Index(DESIGNS, name="design")
    frame = pd.DataFrame(ratios, pd.Index(POP_COUNTS, name="pops"), designs)
    return frame.unstack().rename("through").reset_index()


# -- what is remembered, and what is counted -------------------------------------------------------


def faults(attack: Attack, failing: messages.Faults, runs: int) -> pd.DataFrame:
    """The frame of `edgelab.RateLimit.faults`."""
    rows = {}
    for design, limiter in LIMITERS.items():
        if not limiter.failing:
            continue
        each = []
        for number in range(runs):
            asked = drawn(attack, number, ATTACK)
            right = exact(asked, attack)
            through, remembered = limiter.failing(
                asked.times_s, asked.pop, attack.pops, attack.capacity, attack.refill_per_s,
                attack.kv_delay_ms, failing, attack.seed + number,
            )  # fmt: skip
            each.append((_ratio(through, right), through.sum(), remembered))
        ratio, acknowledged, remembered = np.mean(each, axis=0)
        gone = max(acknowledged - remembered, 0.0)
        rows[design] = ratio, acknowledged, remembered, gone, limiter.promise
    columns = ["through", "acknowledged", "remembered", "lost", "promise"]
    return pd.DataFrame.from_dict(rows, "index", columns=columns).rename_axis("design")


def _window_run(number: int, attack: Attack, window_s: float) -> tuple[float, float]:
    """One run: mean difference of the estimated count, and how often it decides otherwise."""
    times_s = drawn(attack, number, ALONE).times_s
    ends = np.searchsorted(times_s, (times_s // window_s) * window_s)
    starts = np.searchsorted(times_s, (times_s // window_s - 1) * window_s)
    here = np.arange(times_s.size) + 1
    estimate = token_bucket.window_count(
        (ends - starts).astype(float), (here - ends).astype(float), times_s % window_s, window_s
    )
    true = here - np.searchsorted(times_s, times_s - window_s, side="right")
    full = times_s >= window_s  # before that there is no window to compare with
    off = np.abs(estimate - true)[full] / true[full]
    wrong = ((estimate > attack.capacity) != (true > attack.capacity))[full]
    return off.mean(), wrong.mean()


def window_error(attack: Attack, seeds: int) -> pd.DataFrame:
    """The frame of `edgelab.RateLimit.window_error`."""
    window_s = attack.capacity / attack.refill_per_s
    alone = attack._replace(user_per_s=float(np.clip(attack.refill_per_s / 2, 0.1, 20)))
    both = np.array(_each(seeds, _window_run, alone, window_s))
    published = [value("window_mean_difference"), value("window_wrong_share")]
    return pd.DataFrame(
        [both.mean(axis=0), published],
        index=["ours, at random", "published, real traffic"],
        columns=["mean_difference", "wrong"],
    )
