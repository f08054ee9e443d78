"""The five links of a request, and what each one takes, as plain functions of round trips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from edgelab.core.knobs import Model, knob
from edgelab.core.words import counted
from edgelab.kernels.slow_start import BURSTS, send
from edgelab.world.request import EDGE, HOME

__all__ = [
    "ENDS",
    "LINKS",
    "PARTS",
    "REST",
    "WHY",
    "Protocols",
    "RoundTrips",
    "Steps",
    "check_order",
    "handshakes",
    "in_short",
    "steps",
]

#: The links, in the order in which a request needs them.
LINKS = ("DNS", "IP", "TCP", "TLS", "HTTP")
#: Why a link can only end at the PoP if the one before it does.
WHY = {
    "IP": "the record that is kept at home gives Mumbai's address, and packets go to the address "
    "that DNS gives",
    "TCP": "no packet of the connection passes the PoP while IP leads straight home",
    "TLS": "its records come inside the TCP stream, and a PoP that only forwards packets has no "
    "stream to take them from",
    "HTTP": "without the TLS keys a request is ciphertext to the PoP",
}
#: The knob that says where each link ends.
ENDS = {link: f"{link.lower()}_at" for link in LINKS}
#: What follows when the answer is longer than one window.
REST = "rest of the answer"
#: What a link's time is made of: a column of `edgelab.RequestChain.waterfall` each.
PARTS = ("last_mile_ms", "pop_ms", "mumbai_ms", "work_ms")

#: The choices of the chain's knobs that are no number.
TLS_12, TLS_13, TLS_0RTT = "TLS 1.2", "TLS 1.3", "TLS 1.3 0-RTT"
HTTP_1, HTTP_2, HTTP_3 = "HTTP/1.1", "HTTP/2", "HTTP/3"
COLD, WARM = "cold", "warm"
POOLED, UNPOOLED = "pooled", "opened each time"
ON_DEVICE, AT_RESOLVER, NOWHERE = "on device", "at resolver", "nowhere"

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
    """The four round trips that a request is made of, to be set by hand as a chain's ``trips``.

    Raises
    ------
    TypeError, ValueError
        If one is no number, or out of range.

    Examples
    --------
    >>> import edgelab as el
    >>> chain = el.RequestChain(dns_answer="on device", origin_service_ms=0.1)
    >>> chain.replace(trips=el.RoundTrips()).total_ms()
    684.1
    """

    last_mile_ms: float = _ms(
        "Last mile", "m", 0.0, "Between the viewer and the exchange, where the resolver stands."
    )
    pop_ms: float = _ms("Exchange to PoP", "p", 5.0, "From the exchange to the nearest PoP.")
    home_ms: float = _ms("Exchange to Mumbai", "o", 228.0, "From the exchange straight to Mumbai.")
    pop_home_ms: float = _ms("PoP to Mumbai", "q", 228.0, "From the PoP on to Mumbai.")


class Protocols(NamedTuple):
    """How a chain's links are made, by the names of `edgelab.RequestChain`."""

    #: How many links end at the PoP, from DNS on.
    moved: int
    connection: str
    tls: str
    http: str
    dns_answer: str
    origin_connection: str
    response_bytes: int
    requests: int
    function_ms: float
    origin_service_ms: float
    tcp_window_bytes: int
    initial_window_bytes: int


class Steps(NamedTuple):
    """What each link takes, `LINKS` and then `REST`."""

    #: Round trips one after another, as the viewer counts them, int64 (6,).
    trips: np.ndarray
    #: Round trips to Mumbai, those that open the PoP's connections included, int64 (6,).
    mumbai_trips: np.ndarray
    #: Round trips that open the PoP's connections to Mumbai, int64 (6,).
    opening_trips: np.ndarray
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


def steps(chain: Protocols, given: RoundTrips) -> Steps:
    """What each link of a chain takes over given round trips.

    Parameters
    ----------
    chain : Protocols
    given : RoundTrips

    Returns
    -------
    Steps
    """
    return _Bill(chain, given).paid()


def check_order(ends: Mapping[str, str], tls: str, http: str) -> None:
    """Refuse a link that ends at the PoP before its turn, and HTTP/3 over TLS 1.2.

    Parameters
    ----------
    ends : mapping of str to str
        Where each of `LINKS` ends.
    tls, http : str
        As the knobs of `RequestChain`.

    Raises
    ------
    ValueError
        Saying why they do not fit together.
    """
    for before, link in pairwise(LINKS):
        if ends[link] == EDGE and ends[before] == HOME:
            raise ValueError(
                f"{ENDS[link]}: got {EDGE!r} with {ENDS[before]}={HOME!r}, allowed {HOME!r}. "
                f"{link} cannot end at the PoP while {before} ends in Mumbai: {WHY[link]}."
            )
    if http == HTTP_3 and tls == TLS_12:
        raise ValueError(
            f"tls: got {tls!r} with http={http!r}, allowed {TLS_13!r} or "
            f"{TLS_0RTT!r}: QUIC takes no older handshake (RFC 9001, section 4.2)."
        )


def in_short(chain: Protocols, taken: Steps) -> list[str]:
    """What each link of a chain does, in a few words."""
    said = [counted(count, "round trip") for count in taken.trips.tolist()]
    said[0] = {
        ON_DEVICE: "known on the device",
        AT_RESOLVER: "1 round trip to the resolver",
        NOWHERE: "2 round trips: resolver, name server",
    }[chain.dns_answer]
    said[1] = "says where the packets go"
    if chain.http == HTTP_3:
        said[2] = "none: QUIC opens with TLS"
    if chain.tls == TLS_0RTT:
        said[3] = "none: the request goes along"
    if chain.connection == WARM:
        said[0] = said[2] = said[3] = "none: already open"
    for row, opened in enumerate(taken.opening_trips):
        if opened:  # by the PoP, before it can ask
            said[row] = f"{taken.trips[row]} + {opened} round trips"
    said[5] = said[5] if taken.trips[5] else "fits into one window"
    return said


class _Bill:
    """The sum of what a request pays, link by link."""

    def __init__(self, chain: Protocols, given: RoundTrips) -> None:
        self.chain, self.given, self.moved = chain, given, chain.moved
        self.trips, self.mumbai, self.opening = (np.zeros(6, np.int64) for _ in range(3))
        self.ms = np.zeros((6, 4))
        self.exchange = np.array([given.last_mile_ms, 0.0, 0.0, 0.0])
        self.on_to_pop = np.array([0.0, given.pop_ms, 0.0, 0.0])
        self.pop_to_home = np.array([0.0, 0.0, given.pop_home_ms, 0.0])
        self.straight_home = np.array([0.0, 0.0, given.home_ms, 0.0])
        self.to_pop = self.exchange + self.on_to_pop
        # What does not end at the PoP passes through it once the packets go there.
        onward = self.on_to_pop + self.pop_to_home if self.moved >= 2 else self.straight_home
        self.to_home = self.exchange + onward
        # QUIC has no transport to end apart from its keys.
        self.split = self.moved >= 4 or (self.moved == 3 and chain.http != HTTP_3)
        # HTTP/1.1 asks for one thing after the other, the others for all at once.
        self.answers, self.size = chain.requests, chain.response_bytes
        if chain.http != HTTP_1:
            self.answers, self.size = 1, chain.requests * chain.response_bytes
        # A request that is fetched over a connection of its own.
        self.fresh = self.moved == 4 and chain.origin_connection == UNPOOLED

    def paid(self) -> Steps:
        """The bill, once every link has been paid."""
        if self.chain.connection == COLD:
            self.look_up()
            self.shake_hands()
        self.ask()
        self.receive()
        return Steps(self.trips, self.mumbai + self.opening, self.opening, self.ms)

    def pay(self, row: int, count: int, ends_at_pop: bool) -> None:
        """Round trips of the viewer."""
        self.trips[row] += count
        self.mumbai[row] += 0 if ends_at_pop else count
        self.ms[row] += count * (self.to_pop if ends_at_pop else self.to_home)

    def open(self, row: int, count: int) -> None:
        """Round trips between PoP and Mumbai before the PoP can pass something on."""
        self.opening[row] += count
        self.ms[row] += count * self.pop_to_home

    def look_up(self) -> None:
        """DNS: one last mile to the resolver, and from there to a name server if it must."""
        if self.chain.dns_answer == ON_DEVICE:
            return
        self.trips[0] = 1
        self.ms[0] = self.exchange
        if self.chain.dns_answer == NOWHERE:
            self.trips[0] = 2
            self.mumbai[0] = self.moved == 0
            self.ms[0] += self.on_to_pop if self.moved else self.straight_home

    def shake_hands(self) -> None:
        """TCP and TLS, or QUIC."""
        transport, keys = handshakes(self.chain.tls, self.chain.http)
        self.pay(2, transport, self.split)
        if self.split and self.moved == 3 and self.chain.origin_connection == UNPOOLED:
            self.open(2, TCP_TRIPS)
        self.pay(3, keys, self.moved >= 4)

    def ask(self) -> None:
        """HTTP up to the first byte of each answer."""
        self.pay(4, self.answers, self.moved == 5)
        if self.moved >= 4:
            self.ms[4, 3] += self.answers * self.chain.function_ms
        if self.moved < 5:
            self.ms[4, 3] += self.answers * self.chain.origin_service_ms
        if self.fresh:
            self.open(4, self.answers * (TCP_TRIPS + TLS_TRIPS[self.chain.tls]))

    def receive(self) -> None:
        """What of the answers does not come with their first bytes."""
        way = self.to_pop if self.split else self.to_home
        legs = [(float(way.sum()), self.chain.initial_window_bytes)]
        if self.split and self.moved < 5:
            window = self.chain.tcp_window_bytes
            if self.moved == 4:
                at_once = self.size // self.chain.response_bytes
                window = window * at_once if self.fresh else OPEN_WINDOW
            legs.insert(0, (self.given.pop_home_ms, window))
        later, bursts = self.rest(legs)
        self.trips[5] = bursts[-1]
        self.mumbai[5] = bursts[0] if self.moved < 5 else 0
        near = later
        if len(legs) == 2:
            # What would be left with Mumbai next door to the PoP is the viewer's side.
            near, _ = self.rest([(0.0, OPEN_WINDOW), legs[1]])
        if near:
            self.ms[5] = near * way / way.sum()
        self.ms[5, 2] += later - near

    def rest(self, legs: list[tuple[float, int]]) -> tuple[float, list[int]]:
        """Milliseconds that the answers take beyond their first bytes, and further bursts by leg.

        Each leg is a round trip and a congestion window at first; what one leg delivers the next
        one sends on. Windows stay as they have grown for the next answer, except the first leg's
        if its connection is a fresh one each time.
        """
        windows = [window for _, window in legs]
        later, bursts = 0.0, [0] * len(legs)
        sent_ms, sent_bytes = np.empty(BURSTS), np.empty(BURSTS, np.int64)
        for _ in range(self.answers):
            ready_ms, ready_bytes = np.zeros(1), np.array([self.size])
            for leg, (rtt, window) in enumerate(legs):
                count, grown = send(ready_ms, ready_bytes, windows[leg], rtt, sent_ms, sent_bytes)
                ready_ms, ready_bytes = sent_ms[:count].copy(), sent_bytes[:count].copy()
                bursts[leg] += count - 1
                windows[leg] = window if self.fresh and leg == 0 else grown
            later += float(ready_ms[-1])
        return later, bursts
