"""What becomes of the requests for one object, exactly: renewal cycles between two fetches.

Requests are Poisson. A cycle starts when a fetch begins, which takes d seconds. The copy's age
counts from there (RFC 9111, section 4.2.3): it is fresh until it is T seconds old, and may be
served stale for S more while a new one is fetched. It is still there if nobody left it unasked for
longer than the store remembers, Che's time C.
"""

from __future__ import annotations

import numpy as np

from edgelab.kernels._jit import kernel

__all__ = ["object_shares", "shares", "started", "tiered"]

#: From here on the next request is sure to find that the copy was dropped in between.
SETTLED = 18.0
#: Gauss and Legendre's rule with six points, on the interval from 0 to 1.
_NODES, _WEIGHTS = ((np.polynomial.legendre.leggauss(6)[k] + 1 - k) / 2 for k in (0, 1))


@kernel
def started(span_s, rate, memory_s):
    """Expected requests since a fetch began that found its object, with the one that began it.

    Parameters
    ----------
    span_s : float
        Time since then; 0 requests if it is negative.
    rate : float
        Requests a second for the object, above 0.
    memory_s : float
        The object is dropped when it was left unasked for so long; may be infinite.

    Returns
    -------
    float
        M with M(x) = 0 for x < 0, M(0) = 1, and M' = rate (1 - a M(x - C)), a = e^(-rate C), the
        chance that a gap is longer than C. Solved interval by interval it is the sum over k of
        (-rate a)^k ((x - k C)^k / k! + rate (x - k C)^(k + 1) / (k + 1)!).
    """
    if span_s < 0.0:
        return 0.0
    if span_s <= memory_s:
        return 1.0 + rate * span_s
    gap = np.exp(-rate * memory_s)
    if rate * gap * span_s > SETTLED:
        return 1.0 / gap
    total, k = 0.0, 0
    left = span_s
    scale = 1.0  # (-rate a)^k / k!
    while left > 0.0:
        term = scale * left**k * (1.0 + rate * left / (k + 1.0))
        total += term
        if k > 0 and abs(term) < 1e-13 * abs(total):
            break
        k += 1
        left -= memory_s
        scale *= -rate * gap / k
    return total


@kernel
def _refreshed(rate, ttl_s, window_s, memory_s):
    """Chance that the first request after the copy's time finds it, no more than S too old.

    `ttl_s` counts from when its fetch began.
    """
    if window_s <= 0.0:
        return 0.0
    if memory_s == np.inf:
        return -np.expm1(-rate * window_s)
    gap = np.exp(-rate * memory_s)
    served = started(ttl_s, rate, memory_s)
    found = max(1.0 - gap * served, 0.0)
    if window_s >= memory_s:
        return found
    # Less those who come later than S: the last request was within C - S before the copy's time.
    rest = memory_s - window_s
    behind = np.exp(-rate * rest)
    last = 1.0
    if ttl_s > rest:
        last = 1.0 - behind
        if ttl_s > memory_s:
            most = -np.expm1(-rate * min(rest, ttl_s - memory_s))
            for n in range(_NODES.size):
                ago = -np.log1p(-most * _NODES[n]) / rate
                last -= gap * most * _WEIGHTS[n] * started(ttl_s - memory_s - ago, rate, memory_s)
    last -= behind * (served - started(ttl_s - rest, rate, memory_s))
    return min(max(found - np.exp(-rate * window_s) * last, 0.0), 1.0)


@kernel
def object_shares(rate, ttl_s, window_s, memory_s, fetch_s, coalesce):
    """What becomes of the requests for one object.

    Parameters
    ----------
    rate : float
        Requests a second for it, above 0.
    ttl_s, window_s : float
        Times T and S: how long a copy is fresh, and then may be served stale.
    memory_s : float
        Che's time C in seconds: an object that was left unasked for so long is dropped.
    fetch_s : float
        Time d that a fetch takes.
    coalesce : bool
        Whether an object that is on its way is not asked for again.

    Returns
    -------
    fresh, stale, waited : float
        Shares of the requests, adding up to 1.
    asked, behind : float
        How often the origin is asked, per request: in all, and with nobody waiting.

    Notes
    -----
    With an infinite memory and instant fetches these are T r / (1 + T r), (1 - e^-Sr) / (1 + T r)
    and e^-Sr / (1 + T r) for the rate r. While a fetch is on its way, r d more requests come on
    average: they wait, or are served stale until the window ends. What takes T or longer to fetch
    is never fresh.
    """
    due = max(ttl_s, fetch_s)
    window_s = max(ttl_s + window_s - due, 0.0)
    early = started(fetch_s, rate, memory_s)
    served = max(started(due, rate, memory_s), early)
    refreshed = _refreshed(rate, due, window_s, memory_s)
    stale = refreshed
    if refreshed > 0.0:
        within = min(window_s, fetch_s)
        also = rate * within - np.exp(-rate * (window_s - within)) + np.exp(-rate * window_s)
        stale += also * refreshed / -np.expm1(-rate * window_s)
    stale = min(stale, early)
    fresh, waited = (served - early) / served, (early - stale) / served
    if coalesce:
        return fresh, stale / served, waited, 1.0 / served, refreshed / served
    return fresh, stale / served, waited, early / served, stale / served


@kernel
def shares(rates, share, weight, ttl_s, window_s, memory, fetch_s, coalesce, admitted, out):
    """What becomes of the requests for all objects of a store, for several rates at once.

    Parameters
    ----------
    rates : float64 ndarray, (rows,)
        Requests a second, above 0.
    share : float64 ndarray, (groups,)
        Share of the requests of one object of each group.
    weight : float64 ndarray, (groups,)
        Share of the requests of the whole group; adds up to 1.
    ttl_s, window_s, coalesce
        As for `object_shares`.
    memory : float
        Che's time in requests, may be infinite.
    fetch_s : float64 ndarray, (rows,)
        As for `object_shares`.
    admitted : float
        Share of each group's objects that the store admits.
    out : float64 ndarray, (rows, 5)
        Is set to what `object_shares` returns, over all objects.
    """
    for row in range(rates.size):
        out[row] = 0.0
        for g in range(share.size):
            rate = rates[row] * share[g]
            if admitted > 0.0:
                got = object_shares(
                    rate, ttl_s, window_s, memory / rates[row], fetch_s[row], coalesce
                )
                for k in range(5):
                    out[row, k] += admitted * weight[g] * got[k]
            if admitted < 1.0:
                out[row, 2] += (1.0 - admitted) * weight[g]
                asked = 1.0 / (1.0 + rate * fetch_s[row]) if coalesce else 1.0
                out[row, 3] += (1.0 - admitted) * weight[g] * asked


@kernel
def tiered(
    rates, pooled, share, weight, ttl_s, window_s, memory, fetch_s, near_s, admitted, out
):  # fmt: skip
    """What becomes of the requests at one PoP of several that share a tier.

    Every copy carries its age, so that all expire with the tier's own: a cycle of theirs lasts T
    and the time until any PoP asks next. In each cycle a PoP asks the tier once, when it is first
    asked itself; the viewer is served stale if the old copy is there and no more than S too old.

    Parameters
    ----------
    rates, pooled : float64 ndarray, (rows,)
        Requests a second at the PoP, and at all PoPs of the tier together.
    share, weight, ttl_s, window_s, memory, admitted
        As for `shares`.
    fetch_s, near_s : float64 ndarray, (rows,)
        Time that the tier's fetch takes, and the way from the PoP to the tier and back.
    out : float64 ndarray, (rows, 3)
        Is set to the shares served fresh, served stale, and that wait for the tier or beyond.

    Notes
    -----
    Exact without a window and with an infinite memory, if a copy's age is the tier's and no more;
    else an approximation, which takes dropped copies and expired ones for independent.
    """
    for row in range(rates.size):
        out[row] = 0.0
        kept_s, fetch, near = memory / rates[row], fetch_s[row], near_s[row]
        first = rates[row] / pooled[row]  # the chance that a cycle starts at this PoP
        due, end = max(ttl_s, fetch), max(ttl_s - near, fetch)
        window = min(max(ttl_s + window_s - max(ttl_s, fetch + near), 0.0), kept_s)
        for g in range(share.size):
            rate = rates[row] * share[g]
            others = (1.0 - first) * (np.expm1(-rate * end) - np.expm1(-rate * fetch))
            fresh = max(rate * (end - fetch) + others, 0.0) / (rate * due + first)
            asks = 1.0 + np.expm1(-rate * kept_s) * fresh
            stale = asks * np.expm1(-rate * window) * np.expm1(-rate * due)
            out[row, 0] += admitted * weight[g] * (1.0 - asks)
            out[row, 1] += admitted * weight[g] * stale
            out[row, 2] += weight[g] * (admitted * (asks - stale) + 1.0 - admitted)
