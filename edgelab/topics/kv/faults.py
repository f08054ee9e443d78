"""What a bad network does to what was acknowledged, in a small world of PoPs."""

from __future__ import annotations

from functools import lru_cache, reduce

import numpy as np
import pandas as pd

from edgelab.topics.kv.crdt import GCounter, LWWRegister, Network, ORSet, PNCounter, exchange
from edgelab.world import delays

__all__ = ["faults"]

REPAIRED = "dropped, then repaired"
#: The small world: its PoPs, updates, updates a second and rounds.
POPS, UPDATES, PER_S, ROUNDS = 12, 120, 20.0, 5


def _raise(state: LWWRegister, where: int, now: float, number: int) -> LWWRegister:
    return state.write((state.value or 0) + 1, now, where)


def _newest(state: LWWRegister, where: int, now: float, number: int) -> LWWRegister:
    return state.write(number, now, where)


def _up_and_down(state: PNCounter, where: int, now: float, number: int) -> PNCounter:
    return state.add(where, 1 if number % 2 == 0 else -1)


#: Start, update, how many acknowledged updates a state has, and how many it should have.
DESIGNS = {
    "LWW: newest value": (
        LWWRegister(),
        _newest,
        lambda state: int(state.value == UPDATES - 1),
        1,
    ),
    "LWW: counter": (LWWRegister(), _raise, lambda state: state.value, UPDATES),
    "G-counter": (
        GCounter(),
        lambda state, where, now, number: state.add(where),
        lambda state: state.value,
        UPDATES,
    ),
    "PN-counter": (
        PNCounter(),
        _up_and_down,
        lambda state: state.up.value + state.down.value,
        UPDATES,
    ),
    "OR-set": (
        ORSet(),
        lambda state, where, now, number: state.add(number, where),
        lambda state: len(state.value),
        UPDATES,
    ),
}


@lru_cache(maxsize=8)
def faults(kv_delay_ms: float, seed: int) -> pd.DataFrame:
    """The frame of `edgelab.EdgeKV.faults`."""
    spread, lag = delays.delay_tables()

    def even(rng: np.random.Generator, count: int) -> np.ndarray:
        return np.full(count, kv_delay_ms)

    def uneven(rng: np.random.Generator, count: int) -> np.ndarray:
        return kv_delay_ms * rng.exponential(size=count)

    def minutes(rng: np.random.Generator, count: int) -> np.ndarray:
        late = np.where(rng.random(count) < 0.2, rng.choice(lag, count), 0.0)
        return kv_delay_ms * rng.choice(spread, count) + late

    networks = {
        "none": Network(delay_ms=even),
        "out of order": Network(delay_ms=uneven),
        "every message twice": Network(delay_ms=uneven, duplicated_share=1.0),
        "one in five minutes late": Network(delay_ms=minutes),
        "one in five dropped": Network(delay_ms=uneven, dropped_share=0.2),
        REPAIRED: Network(delay_ms=uneven, dropped_share=0.2),
    }
    rows = []
    for fault, network in networks.items():
        for name, (start, update, kept, promised) in DESIGNS.items():
            held = agreeing = 0
            for turn in range(ROUNDS):
                rng = np.random.default_rng([seed, 3_000_004, turn])
                at_ms = np.cumsum(rng.exponential(1000 / PER_S, UPDATES))
                pop = rng.integers(0, POPS, UPDATES)
                states = exchange(start, update, network, at_ms, pop, POPS, rng)
                whole = reduce(type(start).merge, states)
                if fault == REPAIRED:
                    states = [whole] * POPS
                held += kept(whole)
                agreeing += sum(state.value == whole.value for state in states)
            acknowledged = promised * ROUNDS
            rows.append(
                {
                    "fault": fault,
                    "design": name,
                    "acknowledged": acknowledged,
                    "kept": held,
                    "lost": acknowledged - held,
                    "agreeing_share": agreeing / (POPS * ROUNDS),
                }
            )
    return pd.DataFrame(rows).set_index(["fault", "design"])
