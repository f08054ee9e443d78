"""Alert rules that watch counts of bad requests, tick by tick, and how long a CUSUM runs."""

from __future__ import annotations

import numpy as np

from edgelab.kernels._jit import kernel
from edgelab.kernels.draws import HALF, LOW, draw
from edgelab.kernels.threads import each, lent
from edgelab.kernels.zipf import aliases

__all__ = ["RULES", "alias_tables", "run_lengths", "simulate", "watch"]

#: The rules that `watch` follows at once: the share of one tick; of a long window; of a long and a
#: short one; a CUSUM.
RULES = 4
#: So few nights are watched in one thread.
FEW = 8


@kernel
def _count(bits, start, size, first, keep, other):
    """A count from 64 random bits, by a table of Walker's aliases; see `kernels.zipf`."""
    i = np.int64(((bits >> HALF) * np.uint64(size)) >> HALF)
    if np.float64(bits & LOW) >= keep[start + i] * 4294967296.0:
        i = np.int64(other[start + i])
    return first + i


@kernel
def alias_tables(share, start):
    """Several tables of aliases, end to end.

    Parameters
    ----------
    share : float64 ndarray
        Not negative; of each table about 1 in sum.
    start : int64 ndarray, (tables,)
        Where each begins.

    Returns
    -------
    keep, other : ndarray
        As long as `share`; see `edgelab.kernels.zipf.aliases`.
    """
    keep, other = np.empty(share.size), np.empty(share.size, np.int32)
    for k in range(start.size):
        end = start[k + 1] if k + 1 < start.size else share.size
        part = share[start[k] : end]
        keep[start[k] : end], other[start[k] : end] = aliases(part / part.sum())
    return keep, other


@kernel
def watch(
    begin, ticks, key, tables, keep, other, faulty, onset, mean, least, spans, cusum, alarms, found
):
    """What four rules make of some nights, each series of counts watched by itself.

    Parameters
    ----------
    begin : int
        Number of the first night; the same numbers give the same nights, in any pieces.
    ticks : int
        Length of a night.
    key : uint64
        From `edgelab.kernels.draws.stream_key`.
    tables : int64 ndarray, (2, series, 3)
        Of the usual counts and of those under the fault: where a series' table starts in `keep`
        and `other`, how long it is, and the count that its first row stands for.
    keep, other
        Tables of aliases, end to end; see `edgelab.kernels.zipf.aliases`.
    faulty : bool ndarray, (series,)
        Which series have the fault.
    onset : int
        Tick at which it begins.
    mean : float64 ndarray, (series,)
        The usual count of a tick; before its first tick a night is taken to have had just that.
    least : float64 ndarray, (series,)
        A rule fires if a tick, or a window's mean tick, has at least so many.
    spans : int64 ndarray, (2,)
        Ticks of the long and of the short window.
    cusum : float64 ndarray, (series, 3)
        What a CUSUM adds for a bad request, takes away at a tick, and fires above.
    alarms : int64 ndarray, (nights, RULES)
        Is filled with how often a rule fired in a series without the fault, or before it.
    found : int64 ndarray, (nights, RULES)
        Is filled with the ticks from the onset until a series with the fault fired, that tick
        included; -1 for never.
    """
    series = faulty.size
    total = np.zeros(ticks + 1)
    on = np.zeros(RULES, np.bool_)
    for night in range(alarms.shape[0]):
        alarms[night] = 0
        found[night] = -1
        for s in range(series):
            stream = draw(key, (begin + night) * series + s)
            evidence = 0.0
            on[:] = False
            for t in range(ticks):
                start, size, first = tables[np.int64(faulty[s] and t >= onset), s]
                total[t + 1] = total[t] + _count(draw(stream, t), start, size, first, keep, other)
                here = total[t + 1] - total[t]
                evidence = max(0.0, evidence + here * cusum[s, 0] - cusum[s, 1])
                for rule in range(RULES):
                    if rule == 0:
                        fires = here >= least[s]
                    elif rule == RULES - 1:
                        fires = evidence > cusum[s, 2]
                    else:
                        fires = True
                        for w in range(rule):
                            span = spans[w]
                            seen = total[t + 1] - total[max(t + 1 - span, 0)]
                            seen += max(span - t - 1, 0) * mean[s]
                            fires = fires and seen >= span * least[s]
                    if fires and faulty[s] and t >= onset:
                        took = t - onset + 1
                        if found[night, rule] < 0 or took < found[night, rule]:
                            found[night, rule] = took
                    elif fires and not on[rule]:
                        alarms[night, rule] += 1
                    on[rule] = fires
                if on[RULES - 1]:
                    evidence = 0.0


def simulate(nights: int, ticks: int, *given, threads: int | None = None):
    """`watch` so many nights on all cores; the same bits on any number of them.

    Parameters
    ----------
    nights, ticks : int
        At least 1 each.
    *given
        What `watch` takes from `key` to `cusum`.
    threads : int, optional
        As many as the machine lends, if not given.

    Returns
    -------
    alarms, found : int64 ndarray, (nights, RULES)
        As `watch` fills them.
    """
    alarms = np.zeros((nights, RULES), np.int64)
    found = np.zeros((nights, RULES), np.int64)
    threads = threads or lent()
    if threads == 1 or nights <= FEW:  # a pool would take as long
        watch(0, ticks, *given, alarms, found)
        return alarms, found

    def run(block):
        at = slice(block[0], block[-1] + 1)
        watch(block[0], ticks, *given, alarms[at], found[at])

    blocks = np.array_split(np.arange(nights), min(threads, nights))
    for _ in each(run, blocks, threads):
        pass
    return alarms, found


@kernel
def run_lengths(key, shift, k, h, head, two_sided, out):
    """How many values a CUSUM of normal values takes until it fires.

    Parameters
    ----------
    key : uint64
        From `edgelab.kernels.draws.stream_key`.
    shift, k, h, head : float
        Mean of the values, whose standard deviation is 1, and the scheme: what it takes away, above
        which sum it fires, at which it starts.
    two_sided : bool
        Whether a second sum watches for a fall.
    out : int64 ndarray, (runs,)
        Is filled.
    """
    for run in range(out.size):
        stream = draw(key, run)
        high = low = head
        steps = 0
        while high <= h and (low <= h or not two_sided):
            bits = draw(stream, steps)
            far = np.sqrt(-2.0 * np.log((np.float64(bits >> HALF) + 0.5) / 4294967296.0))
            z = far * np.cos(2.0 * np.pi * np.float64(bits & LOW) / 4294967296.0)  # Box, Muller
            high = max(0.0, high + shift + z - k)
            low = max(0.0, low - shift - z - k)
            steps += 1
        out[run] = steps
