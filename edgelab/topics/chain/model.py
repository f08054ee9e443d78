"""The request chain: DNS, IP, TCP, TLS and HTTP, each ended at the PoP or at home in Mumbai."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from edgelab.core import allowed, datasets
from edgelab.core.knobs import Model, knob, shared
from edgelab.core.words import the
from edgelab.topics.chain import cutover, links, words
from edgelab.topics.chain.cutover import duration
from edgelab.topics.chain.links import ENDS, LINKS, PARTS, REST, WHY, RoundTrips
from edgelab.topics.night.model import CricStream
from edgelab.world.request import EDGE, HOME, Route, middle

__all__ = ["ENDS", "WHY", "RequestChain", "duration"]


def _end(link: str, symbol: str, meaning: str) -> str:
    return knob(
        HOME,
        label=f"{link} ends at",
        symbol=symbol,
        unit="",
        choices=(HOME, EDGE),
        meaning=meaning,
        source="the article's chain; home is where it begins",
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class RequestChain(Model):
    """What one request pays on its way, link by link, from a viewer in the middle of a place.

    Each link ends at the PoP or at home, and can only move to the PoP if those before it have.
    The viewer is the one at the median round trip from the PoP, with the median last mile: an
    open connection with all five links at the PoP takes what `CricStream` gives that viewer.
    With ``trips``, a `RoundTrips` or a dictionary of its knobs, it is measured over these instead.

    Raises
    ------
    TypeError, ValueError
        If a knob is unknown, of the wrong kind or out of range, if a link ends at the PoP and
        one before it does not, or if HTTP/3 is to run over TLS 1.2; the text says why.

    Examples
    --------
    >>> import edgelab as el
    >>> mine = el.RoundTrips(last_mile_ms=8, pop_ms=4, home_ms=130, pop_home_ms=125)
    >>> el.RequestChain(trips=mine).total_ms()
    424.0

    Notes
    -----
    *What is where.* The resolver stands at the city's exchange, one last mile away, and knows
    the name servers of the root and of the top level. DNS at the PoP: the zone is with the
    platform, whose anycast name servers answer at the PoP. IP at the PoP: the address that they
    give is the PoP's, and what ends further on is carried home from there over the backbone. TCP
    at the PoP: a proxy that copies bytes between two connections. TLS at the PoP: it has the keys
    and reads the request, and its function fetches the answer from Mumbai. HTTP at the PoP: the
    function answers. A zone at home that gives the platform's address is left out.

    *Round trips* before the request can go: TCP 1 (RFC 9293, section 3.5); TLS 1.2 2, a full
    handshake (RFC 5246, section 7.3); TLS 1.3 1, and none for a returning client that sends early
    data (RFC 8446, sections 2 and 2.3); QUIC 1 for transport and keys together, or none (RFC
    9001, section 4), always with TLS 1.3 (section 4.2). HTTP/2 and HTTP/3 requests follow
    without waiting for settings (RFC 9113, section 3.4; RFC 9114, section 7.2.4.2), many at once;
    HTTP/1.1 asks for one thing after the other over its one connection. The PoP's own
    connections to Mumbai are TCP, with the same TLS.

    *The answer* leaves in slow start, without a loss or a limit of bandwidth: a first window of
    ten segments (RFC 6928, section 2; RFC 9002, section 7.2), doubled by each round trip. An open
    connection that was idle starts so again (RFC 5681, section 4.1); a pooled one is busy, and
    its window is taken to be larger than any answer. Headers and TLS records are not counted.
    A QUIC server's certificate is taken to fit into the three times 1,200 bytes that it may send
    before it has validated the address (RFC 9000, section 8.1), and a returning client to bring
    a token that validates it.

    *Copies of a DNS record* may be kept for its TTL (RFC 1035, section 3.2.1), a maximum (RFC
    2181, section 8). When a record is moved the copies' ages are taken as uniform, so a share
    1 - t / TTL is still there after t. Resolvers that serve stale records (RFC 8767), or that
    ignore the TTL, hold on for longer; they are left out.
    """

    main = (
        *("place", "dns_at", "ip_at", "tcp_at", "tls_at", "http_at"),
        *("connection", "dns_answer", "tls", "http", "origin_connection", "response_bytes"),
    )

    place: str = knob(
        "Bay Area",
        label="Place",
        symbol="V",
        unit="",
        choices=tuple(datasets.places()["place"]),
        meaning="Where the viewer is.",
        source="the article's last of four places abroad",
    )
    dns_at: str = _end(
        "DNS",
        "E1",
        "Whose name servers answer: those at home, with Mumbai's address, or the platform's.",
    )
    ip_at: str = _end("IP", "E2", "Whose address the answer holds, and so where packets go first.")
    tcp_at: str = _end(
        "TCP", "E3", "Who answers the viewer's handshake. QUIC's goes where TLS ends."
    )
    tls_at: str = _end("TLS", "E4", "Who holds the keys.")
    http_at: str = _end("HTTP", "E5", "Who answers the request.")
    connection: str = knob(
        links.COLD,
        label="Connection",
        symbol="C",
        unit="",
        choices=(links.COLD, links.WARM),
        meaning="Whether the viewer's connection is new, or open and idle.",
        source="the first request of an app",
    )
    tls: str = knob(
        links.TLS_13,
        label="TLS",
        symbol="K",
        unit="",
        choices=(links.TLS_12, links.TLS_13, links.TLS_0RTT),
        meaning="Which handshake a new connection makes. 0-RTT is for a returning client, and "
        "for requests that do no harm if they are replayed.",
        source="RFC 5246, RFC 8446",
    )
    http: str = knob(
        links.HTTP_2,
        label="HTTP",
        symbol="H",
        unit="",
        choices=(links.HTTP_1, links.HTTP_2, links.HTTP_3),
        meaning="HTTP/1.1 and HTTP/2 run over TCP, HTTP/3 over QUIC.",
        source="RFC 9112, RFC 9113, RFC 9114",
    )
    dns_answer: str = knob(
        links.AT_RESOLVER,
        label="DNS answer is",
        symbol="A",
        unit="",
        choices=(links.ON_DEVICE, links.AT_RESOLVER, links.NOWHERE),
        meaning="Where the answer is cached: on the device, at the viewer's resolver, or nowhere, "
        "so that the resolver asks the name server.",
        source="assumption: others nearby have asked for the name",
    )
    origin_connection: str = knob(
        links.POOLED,
        label="PoP to Mumbai",
        symbol="Q",
        unit="",
        choices=(links.POOLED, links.UNPOOLED),
        meaning="Whether the PoP's connections to Mumbai are open and busy, or opened for each "
        "request that is fetched (with TCP alone at the PoP: for each viewer).",
        source="assumption",
    )
    response_bytes: int = knob(
        10_000,
        label="Answer size",
        symbol="S",
        unit="bytes",
        low=100,
        high=1_000_000,
        log=True,
        meaning="Bytes of one answer.",
        source="assumption: a list that fits into one window",
    )
    requests: int = knob(
        1,
        label="Requests",
        symbol="N",
        unit="",
        low=1,
        high=20,
        meaning="How many answers the panel is made of.",
        source="assumption",
    )
    mss_bytes: int = knob(
        1460,
        label="Segment size",
        symbol="M",
        unit="bytes",
        low=536,
        high=8960,
        meaning="Most bytes of data in a TCP segment (a QUIC datagram has 12 more).",
        source="RFC 9293, section 3.7.1: 1,500 bytes less 40 of IPv4 and TCP headers",
    )
    dns_ttl_s: float = knob(
        3600.0,
        label="TTL of the record",
        symbol="T",
        unit="s",
        low=30.0,
        high=172_800.0,
        log=True,
        meaning="How long a resolver may keep the record that was moved.",
        source="assumption",
    )
    pops: int = shared(CricStream, "pops")
    function_ms: float = shared(CricStream, "function_ms")
    origin_service_ms: float = shared(CricStream, "origin_service_ms")
    last_mile_ms: float = shared(CricStream, "last_mile_ms")
    access_factor: float = shared(CricStream, "access_factor")
    transit_inflation: float = shared(CricStream, "transit_inflation")
    chennai_detour: float = shared(CricStream, "chennai_detour")
    #: No knob: a reader's own, instead of the place's.
    trips: RoundTrips | None = None

    def __post_init__(self) -> None:
        """Check every knob, and that the links and the protocols fit together."""
        super().__post_init__()
        if isinstance(self.trips, Mapping):
            object.__setattr__(self, "trips", RoundTrips(**self.trips))
        allowed.instance("trips", self.trips, RoundTrips, True, ", or a dictionary of its knobs")
        links.check_order(self._ends, self.tls, self.http)

    @property
    def turned(self) -> dict[str, Any]:
        """The knobs that do not stand at their default, and round trips that were given."""
        return super().turned | ({"trips": asdict(self.trips)} if self.trips else {})

    def idle(self) -> dict[str, str]:
        """The knobs that move nothing as the others stand, and why."""
        if self.trips:
            names = ("place", "pops", "last_mile_ms", "access_factor", "transit_inflation")
            return dict.fromkeys((*names, "chennai_detour"), "the round trips are your own")
        if datasets.places().set_index("place").loc[self.place, "route"] == "detour":
            return {}
        return {"chennai_detour": f"nothing goes round about from {the(self.place)}"}

    def _settings(self, untold: Container[str]) -> str:
        """What it is set to, in one line: the links in short, and every other that was turned."""
        at = "all five" if self.moved == len(LINKS) else ", ".join(LINKS[: self.moved])
        kind = "new" if self.connection == links.COLD else "open"
        seen_from = self.place
        if self.trips:
            trips = asdict(self.trips).values()
            seen_from = "round trips of {:g}, {:g}, {:g} and {:g} ms".format(*trips)
        first = f"{seen_from}, {kind} connection; at the PoP: {at or 'nothing'}"
        said = {"place", "connection", "tls", "http", *ENDS.values()}
        unsaid = [n for n in self.knobs() if n in said or n in untold or n not in self.turned]
        more = super()._settings(unsaid)
        return f"{first}; {self.tls}, {self.http}{', ' * bool(more)}{more}"

    # -- the links -------------------------------------------------------------------------

    @property
    def _ends(self) -> dict[str, str]:
        """Where each link ends."""
        return {link: getattr(self, name) for link, name in ENDS.items()}

    @property
    def moved(self) -> int:
        """How many links end at the PoP, from DNS on."""
        return list(self._ends.values()).count(EDGE)

    def move(self, count: int) -> RequestChain:
        """The same chain with the first `count` links ended at the PoP, the others at home.

        Raises
        ------
        ValueError
            If `count` is no whole number from 0 to 5.
        """
        count = allowed.whole("count", count, 0, len(LINKS))
        ends = [EDGE] * count + [HOME] * (len(LINKS) - count)
        return self.replace(**dict(zip(ENDS.values(), ends, strict=True)))

    def round_trips(self) -> RoundTrips:
        """The round trips that were given, or those of the viewer in the middle of the place."""
        if self.trips:
            return self.trips
        return RoundTrips(**middle(self._take(Route), self.place))

    def _steps(self, trips: RoundTrips | None = None) -> links.Steps:
        return links.steps(self._take(links.Protocols), trips or self.round_trips())

    def waterfall(self) -> pd.DataFrame:
        """What each link takes.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``link``: DNS, IP, TCP, TLS, HTTP, and the rest of the answer.
            ``ends_at``, ``round_trips`` (one after another, as the viewer counts them),
            ``mumbai_trips`` (to Mumbai, the PoP's own included), ``start_ms``, ``last_mile_ms``,
            ``pop_ms`` (between exchange and PoP), ``mumbai_ms`` (to Mumbai), ``work_ms`` (of
            function and origin), their sum, ``ms``, and in words, ``what`` ("1 + 2 round trips":
            the PoP's own, to connect, come after the plus).
        """
        taken = self._steps()
        total = taken.ms.sum(axis=1)
        ends = [*self._ends.values()]
        return pd.DataFrame(
            {
                "ends_at": [*ends, ends[-1]],
                "round_trips": taken.trips,
                "mumbai_trips": taken.mumbai_trips,
                "start_ms": np.cumsum(total) - total,
                **dict(zip(PARTS, taken.ms.T, strict=True)),
                "ms": total,
                "what": links.in_short(self._take(links.Protocols), taken),
            },
            index=pd.Index([*LINKS, REST], name="link"),
        )

    def total_ms(self, trips: RoundTrips | None = None) -> float:
        """Milliseconds until every answer is whole.

        Parameters
        ----------
        trips : RoundTrips, optional
            In place of the chain's own.
        """
        chain = self if trips is None else self.replace(trips=trips)
        return float(chain._steps().ms.sum())

    def savings(self) -> pd.DataFrame:
        """What each further link saves when it is moved to the PoP, one after the other.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``moved``, 0 to 5: the ``link`` that moved last, ``total_ms`` and
            ``saved_ms`` against the row before (below 0 where it costs), ``mumbai_trips``, and
            whether it is this chain, ``now``.
        """
        trips = self.round_trips()
        taken = [self.move(count)._steps(trips) for count in range(len(LINKS) + 1)]
        total = np.array([step.ms.sum() for step in taken])
        return pd.DataFrame(
            {
                "link": ["none", *LINKS],
                "total_ms": total,
                "saved_ms": np.append(0.0, total[:-1] - total[1:]),
                "mumbai_trips": [step.mumbai_trips.sum() for step in taken],
                "now": [count == self.moved for count in range(len(taken))],
            }
        ).rename_axis("moved")

    def by_place(self) -> pd.DataFrame:
        """The same chain from every place, over that place's round trips.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``place``: ``group``, ``viewers``, ``total_ms``, and ``home_ms`` with no
            link moved.
        """
        places = datasets.places().set_index("place")[["group", "viewers"]]
        chains = [self.replace(place=place, trips=None) for place in places.index]
        places["total_ms"] = [chain.total_ms() for chain in chains]
        places["home_ms"] = [chain.move(0).total_ms() for chain in chains]
        return places

    # -- slow start ------------------------------------------------------------------------

    @property
    def tcp_window_bytes(self) -> int:
        """First congestion window of TCP: min(10 M, max(2 M, 14600)) (RFC 6928, section 2)."""
        return min(10 * self.mss_bytes, max(2 * self.mss_bytes, 14_600))

    @property
    def initial_window_bytes(self) -> int:
        """First congestion window of the viewer's protocol.

        TCP's, or QUIC's of ten datagrams, limited to the larger of 14,720 bytes and two
        datagrams (RFC 9002, section 7.2).
        """
        if self.http != links.HTTP_3:
            return self.tcp_window_bytes
        datagram = self.mss_bytes + 12
        return min(10 * datagram, max(2 * datagram, 14_720))

    def slow_start(self, rounds: int = 7) -> pd.DataFrame:
        """What slow start lets through, round by round.

        Parameters
        ----------
        rounds : int
            1 to 20.

        Returns
        -------
        pandas.DataFrame
            Indexed by ``round``: ``window_bytes`` and ``total_bytes`` (with the rounds before
            it), whole numbers.
        """
        rounds = allowed.whole("rounds", rounds, 1, 20)
        window = self.initial_window_bytes * 2 ** np.arange(rounds)
        frame = pd.DataFrame({"window_bytes": window, "total_bytes": window.cumsum()})
        frame.index = pd.RangeIndex(1, rounds + 1, name="round")
        return frame

    # -- a DNS cut-over --------------------------------------------------------------------

    def cutover(self) -> pd.DataFrame:
        """What new connections take after the record has moved from home to this chain.

        Returns
        -------
        pandas.DataFrame
            ``since_s`` (0 to one and a quarter TTL), ``old_share`` of the viewers whose resolver
            still gives the old address, and ``mean_ms``, ``median_ms``, ``p99_ms`` over the
            viewers who open a connection then. While DNS is at home nothing has moved, and the
            share stays 1. An open connection stays where it is, whatever DNS says.
        """
        new = self.replace(connection=links.COLD)
        old_ms, new_ms = new.move(0).total_ms(), new.total_ms()
        return cutover.after_the_move(self.moved > 0, self.dns_ttl_s, old_ms, new_ms)

    # -- in short --------------------------------------------------------------------------

    def in_words(self) -> str:
        """Three sentences that say what the numbers mean."""
        place = f"from {the(self.place)}"
        where = "over your own round trips" if self.trips else place
        answer = words.answer(self._steps(), self.connection, where)
        said = f"{answer} {words.next_link(self.savings())}"
        if self.connection == links.WARM:  # it stays where it is
            return said
        return f"{said} {cutover.in_words(self.moved > 0, self.dns_ttl_s)}"

    def _table(self) -> pd.DataFrame:
        """A small table for the notebook: the links of this chain."""
        frame = self.waterfall()
        return frame[["ends_at", "round_trips", "mumbai_trips"]].assign(ms=frame["ms"].round(1))
