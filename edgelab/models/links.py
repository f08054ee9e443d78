"""The five links of a request, and what each one takes, as plain functions of round trips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from edgelab.kernels.slow_start import BURSTS, send
from edgelab.knobs import Model, knob
from edgelab.models.request import EDGE, HOME

if TYPE_CHECKING:
    from edgelab.models.chain import RequestChain

__all__ = ["LINKS", "PARTS", "REST", "RoundTrips", "Steps", "handshakes", "steps"]

#: The links, in the order in which a request needs them.
LINKS = ("DNS", "IP", "TCP", "TLS", "HTTP")
#: What follows when the answer is longer than one window.
REST = "rest of the answer"
#: What a link's time is made of: a column of `edgelab.models.chain.RequestChain.waterfall` each.
PARTS = ("last_mile_ms", "pop_ms", "mumbai_ms", "work_ms")

#: The choices of the chain's knobs that are no number.
TLS_12, TLS_13, TLS_0RTT = "TLS 1.2", "TLS 1.3", "TLS 1.3 0-RTT"
HTTP_1, HTTP_2, HTTP_3 = "HTTP/1.1", "HTTP/2", "HTTP/3"
COLD, WARM = "cold", "warm"
POOLED, UNPOOLED = "pooled", "opened each time"
ON_DEVICE, AT_RESOLVER, NOWHERE = "on the device", "at the resolver", "nowhere"

#: Round trips of a TLS handshake before the client may send its request: RFC 5246, section 7.3
#: (a full handshake); RFC 8446, sections 2 and 2.3.
TLS_TRIPS = {TLS_12: 2, TLS_13: 1, TLS_0RTT: 0}
#: Round trips of the three-way handshake: RFC 9293, section 3.5.
TCP_TRIPS = 1
#: A connection that others keep busy has a window that no answer fills.
OPEN_WINDOW = 2**40


def _ms(label: str, symbol: str, default: float, meaning: str) -> float:
    about = {"label": label, "symbol": symbol, "unit": "ms", "low": 0.0, "high": 2000.0}
    source = "Azure, California to Central India (Pune), with a PoP 5 ms away"
    return knob(default, meaning=meaning, source=source, **about)


@dataclass(frozen=True, kw_only=True, repr=False)
class RoundTrips(Model):
    """The four round trips that a request is made of, to be set by hand.

    Raises
    ------
    TypeError, ValueError
        If one is no number, or out of range.

    Examples
    --------
    >>> import edgelab as el
    >>> el.RequestChain(dns_answer="on the device", origin_service_ms=0.1).total_ms(el.RoundTrips())
    684.1
    """

    last_mile_ms: float = _ms(
        "Last mile", "m", 0.0, "Between the viewer and the exchange, where the resolver stands."
    )
    pop_ms: float = _ms("Exchange to PoP", "p", 5.0, "From the exchange to the nearest PoP.")
    home_ms: float = _ms("Exchange to Mumbai", "o", 228.0, "From the exchange straight to Mumbai.")
    pop_home_ms: float = _ms("PoP to Mumbai", "q", 228.0, "From the PoP on to Mumbai.")


class Steps(NamedTuple):
    """What each link takes, `LINKS` and then `REST`."""

    #: Round trips one after another, as the viewer counts them, int64 (6,).
    trips: np.ndarray
    #: How many of these, or beyond them, went to Mumbai, int64 (6,).
    mumbai_trips: np.ndarray
    #: Milliseconds by link and by part of `PARTS`, float64 (6, 4).
    ms: np.ndarray


def handshakes(tls: str, http: str) -> tuple[int, int]:
    """Round trips of the transport's handshake and of the keys' before a request can be sent.

    Parameters
    ----------
    tls, http : str
        As the knobs of `RequestChain`.

    Returns
    -------
    transport, keys : int
        QUIC opens both at once (RFC 9001, section 4): its round trip counts as the keys'.

    Examples
    --------
    >>> handshakes("TLS 1.2", "HTTP/1.1")
    (1, 2)
    """
    return (0 if http == HTTP_3 else TCP_TRIPS), TLS_TRIPS[tls]


def steps(chain: RequestChain, given: RoundTrips) -> Steps:
    """What each link of a chain takes over given round trips.

    Parameters
    ----------
    chain : RequestChain
        Where each link ends, and the protocols.
    given : RoundTrips

    Returns
    -------
    Steps
    """
    trips, mumbai, ms = np.zeros(6, np.int64), np.zeros(6, np.int64), np.zeros((6, 4))
    moved, cold = chain.moved, chain.connection == COLD
    exchange = np.array([given.last_mile_ms, 0.0, 0.0, 0.0])
    onward = np.array([0.0, 0.0, given.pop_home_ms, 0.0])
    to_pop = exchange + [0.0, given.pop_ms, 0.0, 0.0]
    straight = exchange + [0.0, 0.0, given.home_ms, 0.0]
    # What does not end at the PoP passes through it once the packets go there.
    to_home = to_pop + onward if moved >= 2 else straight
    # QUIC has no transport to end apart from its keys.
    split = moved >= 4 or (moved == 3 and chain.http != HTTP_3)

    def pay(row: int, count: int, ended: bool) -> None:
        trips[row] += count
        mumbai[row] += 0 if ended else count
        ms[row] += count * (to_pop if ended else to_home)

    if cold and chain.dns_answer != ON_DEVICE:
        trips[0] += 1
        ms[0] += exchange
        if chain.dns_answer == NOWHERE:
            trips[0] += 1
            mumbai[0] += moved < 1
            ms[0] += (to_pop if moved else straight) - exchange
    if cold:
        transport, keys = handshakes(chain.tls, chain.http)
        pay(2, transport, split)
        pay(3, keys, moved >= 4)
        if split and moved == 3 and chain.origin_connection == UNPOOLED:
            mumbai[2] += TCP_TRIPS
            ms[2] += TCP_TRIPS * onward

    # HTTP/1.1 asks for one thing after the other, the others for all at once.
    rounds, size = chain.requests, chain.response_bytes
    if chain.http != HTTP_1:
        rounds, size = 1, chain.requests * chain.response_bytes
    pay(4, rounds, moved == 5)
    if moved >= 4:
        ms[4, 3] += rounds * chain.function_ms
    if moved < 5:
        ms[4, 3] += rounds * chain.origin_service_ms
    fresh = moved == 4 and chain.origin_connection == UNPOOLED
    if fresh:
        anew = TCP_TRIPS + TLS_TRIPS[chain.tls]
        mumbai[4] += rounds * anew
        ms[4] += rounds * anew * onward

    first = chain.initial_window_bytes
    last = to_pop if split else to_home
    legs = [(float(last.sum()), first)]
    if split and moved < 5:
        window = chain.tcp_window_bytes
        if moved == 4:
            window = window * size // chain.response_bytes if fresh else OPEN_WINDOW
        legs.insert(0, (given.pop_home_ms, window))
    later, bursts = _rest(legs, size, rounds, fresh)
    trips[5] = bursts[-1]
    mumbai[5] = 0 if moved == 5 else bursts[0]
    if later and len(legs) == 1:
        ms[5] = later * last / last.sum()
    elif later:
        # What would be left with Mumbai next door to the PoP is the viewer's side.
        near, _ = _rest([(0.0, OPEN_WINDOW), legs[1]], size, rounds, fresh)
        ms[5] = near * last / last.sum() if near else 0.0
        ms[5, 2] += later - near
    return Steps(trips, mumbai, ms)


def _rest(
    legs: list[tuple[float, int]], size: int, answers: int, fresh: bool
) -> tuple[float, list[int]]:
    """What the answers take beyond their first bytes: milliseconds, and further bursts by leg.

    Each leg is a round trip and a congestion window at first; what one leg delivers the next one
    sends on. Windows stay as they have grown for the next answer, except the first leg's if its
    connection is `fresh` each time.
    """
    windows = [window for _, window in legs]
    later, bursts = 0.0, [0] * len(legs)
    sent_ms, sent_bytes = np.empty(BURSTS), np.empty(BURSTS, np.int64)
    for _ in range(answers):
        ready_ms, ready_bytes = np.zeros(1), np.array([size])
        for leg, (rtt, window) in enumerate(legs):
            count, grown = send(ready_ms, ready_bytes, windows[leg], rtt, sent_ms, sent_bytes)
            ready_ms, ready_bytes = sent_ms[:count].copy(), sent_bytes[:count].copy()
            bursts[leg] += count - 1
            windows[leg] = window if fresh and leg == 0 else grown
        later += float(ready_ms[-1])
    return later, bursts
