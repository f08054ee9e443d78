"""The match: when its overs end and its wickets fall, and how viewers then ask for the panel."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from edgelab.core.constants import value

__all__ = ["STEP_S", "demand", "events"]

#: Length of a step of `demand`.
STEP_S = 10.0
INNINGS = 2
BALLS = 6


def _starts_s() -> np.ndarray:
    """When each over starts, in seconds since the first ball."""
    overs, over_s = int(value("match_overs")), value("match_over_s")
    gap = overs * over_s + value("match_interval_s")
    return (gap * np.arange(INNINGS)[:, None] + over_s * np.arange(overs)).ravel()


def events(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """What makes viewers look away from the match.

    Parameters
    ----------
    seed : int
        Chooses the balls at which wickets fall.

    Returns
    -------
    over_s : float64 ndarray
        When each over ends, in seconds since the first ball.
    wicket_s : float64 ndarray
        When each wicket falls.
    """
    starts, over_s = _starts_s(), value("match_over_s")
    per_innings, wickets = len(starts) // INNINGS * BALLS, int(value("match_wickets"))
    draw = np.random.default_rng(np.random.SeedSequence([seed, 5]))
    balls = np.concatenate(
        [
            n * per_innings + np.sort(draw.choice(per_innings, wickets, replace=False))
            for n in range(INNINGS)
        ]
    )
    over, ball = np.divmod(balls, BALLS)
    # The break between overs takes as long as a ball does.
    return starts + over_s * BALLS / (BALLS + 1), starts[over] + over_s * ball / (BALLS + 1)


@lru_cache(maxsize=8)
def demand(surge: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """How the rate of requests follows the match.

    After an over and after a wicket the rate is at once `surge` times what it is while a ball is
    bowled, and falls back with ``match_fade_s``.

    Parameters
    ----------
    surge : float
        At least 1.
    seed : int
        As for `events`.

    Returns
    -------
    since_s : float64 ndarray, (steps,)
        Start of each step of `STEP_S`, since the first ball, read-only.
    times : float64 ndarray, (steps,)
        The rate over its mean, read-only.
    """
    at = np.concatenate(events(seed))
    since_s = np.arange(0.0, _starts_s()[-1] + value("match_over_s"), STEP_S)
    ago = since_s[:, None] + STEP_S / 2 - at
    last = np.where(ago >= 0, ago, np.inf).min(axis=1)
    times = 1.0 + (surge - 1.0) * np.exp(-last / value("match_fade_s"))
    times /= times.mean()
    for shared in (since_s, times):
        shared.flags.writeable = False
    return since_s, times
