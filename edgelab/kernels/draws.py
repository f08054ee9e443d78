"""The one random stream: 64 bits a draw, made from a key and a number, in any order."""

from __future__ import annotations

import numpy as np

from edgelab.kernels._jit import kernel

__all__ = [
    "ALWAYS",
    "HALF",
    "LOW",
    "QUANTILES",
    "QUANTILE_BITS",
    "QUANTILE_MASK",
    "SECOND",
    "draw",
    "stream_key",
]

#: 32 random bits are below this, whatever they are; below a part of it for that share of draws.
ALWAYS = 2**32
#: The upper half of a draw is `bits >> HALF`, the lower one `bits & LOW`.
HALF, LOW = np.uint64(32), np.uint64(2**32 - 1)
QUANTILE_BITS = 12
#: Length of a table of equally likely values, and the bits that choose one of them.
QUANTILES = 2**QUANTILE_BITS
QUANTILE_MASK = np.uint64(QUANTILES - 1)
#: A second value is chosen by `(bits >> SECOND) & QUANTILE_MASK`.
SECOND = np.uint64(17)

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)


@kernel
def draw(key, index):
    """64 random bits: SplitMix64's output number `index` from state `key`.

    Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
    OOPSLA 2014.
    """
    z = key + (np.uint64(index) + np.uint64(1)) * _GOLDEN
    z = (z ^ (z >> _S30)) * _MIX_A
    z = (z ^ (z >> _S27)) * _MIX_B
    return z ^ (z >> _S31)


def stream_key(seed: int, stream: int) -> np.uint64:
    """Start of an independent stream of draws for one seed and one place, PoP or purpose."""
    return np.random.SeedSequence([seed, stream]).generate_state(1, np.uint64)[0]
