"""The origin's queue: requests wait for one of several servers (M/M/c)."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, pdtr

__all__ = ["erlang_c", "sojourn_mean_ms", "sojourn_quantiles_ms"]


def erlang_c(servers: int, offered: float) -> float:
    """Probability that a request finds every server busy.

    Parameters
    ----------
    servers : int
        At least 1.
    offered : float
        Load in Erlang (arrivals a second times seconds of service), at least 0.

    Returns
    -------
    float
        Erlang's C; 1 from saturation on.

    Notes
    -----
    From Erlang's B, the Poisson weight of `servers` over the distribution up to it:
    C = B / (1 - (1 - B) offered / servers).
    """
    if offered >= servers:
        return 1.0
    if offered <= 0:
        return 0.0
    weight = np.exp(servers * np.log(offered) - offered - gammaln(servers + 1))
    blocked = weight / pdtr(servers, offered)
    return min(float(blocked / (1 - (1 - blocked) * offered / servers)), 1.0)


def sojourn_mean_ms(servers: int, offered: float, service_ms: float) -> float:
    """Mean of waiting plus service, in milliseconds; infinite when the queue never empties.

    Parameters
    ----------
    servers, offered, service_ms
        As for `sojourn_quantiles_ms`.

    Returns
    -------
    float
    """
    if offered >= servers:
        return np.inf
    return service_ms * (1 + erlang_c(servers, offered) / (servers - offered))


def sojourn_quantiles_ms(servers: int, offered: float, service_ms: float, count: int) -> np.ndarray:
    """Equally likely values of waiting plus service.

    Parameters
    ----------
    servers : int
        At least 1.
    offered : float
        Load in Erlang.
    service_ms : float
        Mean of the exponential service time.
    count : int
        How many values.

    Returns
    -------
    float64 ndarray, (count,)
        The quantiles at (i + 0.5) / count in milliseconds; all infinite when the load is at
        least the number of servers, since then the queue never empties.

    Notes
    -----
    A request waits with probability C, then exponentially at the rate by which the servers
    outrun the load: P(T > t) = e^-mt + C m (e^-wt - e^-mt) / (m - w), with m = 1 / service_ms
    and w = m (servers - offered).
    """
    if offered >= servers:
        return np.full(count, np.inf)
    serve = 1.0 / service_ms
    drain = serve * (servers - offered)
    slow, gap = min(serve, drain), abs(serve - drain)
    # The tail falls at least as e^(-slow t) times a factor that grows no faster than t.
    t = np.append(0.0, np.geomspace(1e-6 / serve, (np.log(count) + 12) / slow, 4000))
    fill = np.exp(-slow * t) * (-np.expm1(-gap * t) / gap if gap > 1e-9 * serve else t)
    tail = np.exp(-serve * t) + erlang_c(servers, offered) * serve * fill
    return np.interp(-np.log1p(-(np.arange(count) + 0.5) / count), -np.log(tail), t)
