"""Messages between PoPs that get lost, come twice, come late, and so overtake each other."""

from __future__ import annotations

import numpy as np

from edgelab.kernels._jit import kernel
from edgelab.kernels.draws import HALF, LOW, draw
from edgelab.kernels.replication import propagation_delay_ms

__all__ = ["deliveries_ms"]


@kernel
def deliveries_ms(keys, write, median_ms, spread, extra_ms, extra_below, lost_below, twice_below):
    """When one write, sent to every PoP, arrives there.

    Parameters
    ----------
    keys : uint64 ndarray, (pops,)
        A stream of draws for each PoP.
    write : int
        Which write.
    median_ms, spread, extra_ms, extra_below
        As for `edgelab.kernels.replication.propagation_delay_ms`.
    lost_below, twice_below : int
        A message is lost, or comes once more, if its 32 bits are below this.

    Returns
    -------
    float64 ndarray, (2, pops)
        Delay of the message and of its copy; infinite if there is none.
    """
    out = np.full((2, keys.size), np.inf)
    for pop in range(keys.size):
        fate = draw(keys[pop], 3 * write)
        if (fate >> HALF) < np.uint64(lost_below):
            continue
        for copy in range(1 + ((fate & LOW) < np.uint64(twice_below))):
            bits = draw(keys[pop], 3 * write + 1 + copy)
            out[copy, pop] = propagation_delay_ms(bits, median_ms, spread, extra_ms, extra_below)
    return out
