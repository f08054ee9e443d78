"""What a plain LRU store of any size misses: Che's curve, and requests replayed."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from edgelab.topics.cache import closed_form, replay
from edgelab.world import che

__all__ = ["curve", "drawn"]

#: Sizes of the store: so many as a curve, so few by simulation.
CURVE_MB, DRAWN_MB = np.geomspace(1, 1024, 60), tuple(np.geomspace(2, 256, 8))


def curve(objects: int, exponent: float, object_kb: float, now_mb: float) -> pd.DataFrame:
    """The frame of `edgelab.EdgeCache.misses` by Che's approximation, with the present size."""
    about = objects, exponent, object_kb
    order = np.argsort(np.append(CURVE_MB, now_mb), kind="stable")
    missed = np.append(_che(*about, CURVE_MB.tobytes()), _che(*about, np.array([now_mb]).tobytes()))
    frame = pd.DataFrame({"capacity_mb": np.append(CURVE_MB, now_mb), "miss_share": missed})
    return frame.iloc[order].assign(now=order == len(CURVE_MB)).reset_index(drop=True)


def drawn(objects: int, exponent: float, object_kb: float, seed: int) -> pd.DataFrame:
    """The same by requests replayed for each of a few sizes."""
    missed = replay.misses(objects, exponent, object_kb, seed, DRAWN_MB)
    return pd.DataFrame({"capacity_mb": DRAWN_MB, "miss_share": missed, "now": False})


@lru_cache(maxsize=32)
def _che(objects: int, exponent: float, object_kb: float, megabytes: bytes) -> np.ndarray:
    """Che's miss share at every size."""
    share, count = che.popularity(objects, exponent, closed_form.ALONE, closed_form.TOGETHER)
    out = []
    for mb in np.frombuffer(megabytes):
        part, size = closed_form.admitted(object_kb, 1e6, mb)
        time = che.characteristic_time(1e6 * mb, share, count, part * size)
        out.append(1 - part * (1 - float(che.miss_share(time, share, count))))
    return np.array(out)
