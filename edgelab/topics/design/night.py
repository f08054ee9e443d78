"""A minute of the night as it is served, and the four hours under events, minute by minute."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from edgelab.core import allowed
from edgelab.core.constants import value
from edgelab.kernels import histogram
from edgelab.topics.cache.model import EdgeCache
from edgelab.topics.design.regions import (
    PLACES,
    Kind,
    Roads,
    audience,
    first_dead,
    late_share,
    region_time,
    spread,
    ways,
    weighed,
)
from edgelab.topics.observability.model import Fleet
from edgelab.topics.rate_limit.model import RateLimit

if TYPE_CHECKING:
    from edgelab.topics.design.model import Design

__all__ = [
    "EVENTS", "MINUTES", "REGION_LOST", "STALE_S", "UNSEEN_MIN", "WRONG", "Event", "Minute",
    "Served", "dead_pop_min", "detect_min", "let_through", "made", "night", "placed", "served",
    "sunk", "sunk_by",
]  # fmt: skip

#: Minutes of the night.
MINUTES = round(60 * value("night_hours"))
#: Nights that are drawn for the time until an alert rule fires.
NIGHTS = 60
#: Least depth of a fault, and shares of one PoP, that page 10's fleet takes.
LEAST = Fleet.knobs()["depth"].low
BAD_SHARE = Fleet.knobs()["bad_share"].low, Fleet.knobs()["bad_share"].high
P99 = np.array([0.99])
#: What is minded: staleness (the article lets a count be two seconds old), a share of errors (the
#: budget of page 10's objective), and minutes for which that goes on.
STALE_S, WRONG, UNSEEN_MIN = 2.0, Fleet().budget, 2.0


class Event(NamedTuple):
    """Something that happens: what, from which minute on, for how many minutes."""

    kind: str
    minute: int
    lasts_min: int


WICKET, POP_LOST, REBALANCING = "wicket", "PoP lost", "rebalancing"
ATTACK, BAD_RELEASE, REGION_LOST = "attack", "bad release", "region lost"
#: What can happen, and how long it lasts unless the reader says otherwise: assumptions.
EVENTS = {
    WICKET: 3,
    POP_LOST: 60,
    REBALANCING: 15,
    ATTACK: 20,
    BAD_RELEASE: 30,
    REGION_LOST: 30,
}


def placed(events: Any) -> tuple[Event, ...]:
    """Events as a reader gives them, checked: (kind, minute) or (kind, minute, minutes).

    Raises
    ------
    TypeError, ValueError
        Naming what is wrong.
    """
    return tuple(allowed.several("events", events, _event, least=0))


def _event(name: str, given: Any) -> Event:
    wanted = f"(kind, minute) or (kind, minute, minutes), the kind {allowed.in_words([*EVENTS])}"
    if not isinstance(given, tuple | list) or len(given) not in (2, 3):
        allowed.refuse(name, given, wanted, TypeError)
    kind = allowed.one_of(f"{name}, kind", given[0], [*EVENTS])
    minute = allowed.whole(f"{name}, minute", given[1], 0, MINUTES - 1)
    lasts = given[2] if len(given) == 3 else EVENTS[kind]
    return Event(kind, minute, allowed.whole(f"{name}, minutes", lasts, 1, MINUTES))


# -- one minute -----------------------------------------------------------------------------------


class Minute(NamedTuple):
    """All that a minute's requests depend on."""

    roads: Roads
    work_ms: float
    start: tuple[bytes, ...]
    #: Share of the requests that are fetched: at `PLACES`, and of everyone; reads for each request.
    fetched: tuple[float, ...]
    asked: float
    requests_per_s: float
    write_share: float
    #: Requests a second of an attack that reach the regions.
    attack_per_s: float
    servers: int
    service_ms: float
    blank_ms: float
    #: The PoP that is dead while nobody has noticed, or -1; the share of requests that go wrong in
    #: a bad release; whether regions take writes, and answer.
    dead: int = -1
    bad: float = 0.0
    writes: bool = True
    answers: bool = True


class Served(NamedTuple):
    """What comes of a minute's requests."""

    #: At `PLACES`, infinite where so many get no answer.
    p99_ms: tuple[float, ...]
    blank: float
    #: Load of the busiest region over its servers; infinite if none lives.
    busy: float
    #: Share of the requests that get no answer, or a wrong one.
    errors: float


@lru_cache(maxsize=8192)
def served(minute: Minute) -> Served:
    """What comes of a minute's requests; all regions are as busy as the busiest.

    An attack comes from where the viewers are.
    """
    roads, everyone = minute.roads, minute.fetched[-1]
    way, alive = ways(roads), bool(roads.living) and minute.answers
    arrive = minute.requests_per_s * (minute.asked + minute.write_share * minute.writes)
    offered = (arrive + minute.attack_per_s) * way.share.max() * minute.service_ms / 1000
    busy = offered / minute.servers if alive else np.inf
    dead_points = way.pop == minute.dead
    local = Kind(roads, False, minute.work_ms, minute.start)
    share = np.array(minute.fetched[:-1])[:, None]
    mass = (1 - share) * spread(local) if everyone < 1 else 0.0
    late = late_share(local, minute.blank_ms) if everyone < 1 else 0.0
    later = 1.0
    if alive and busy < 1:
        time = region_time(minute.servers, offered, minute.service_ms)
        far = Kind(roads, True, minute.work_ms, (*minute.start, time))
        mass, later = mass + share * spread(far), late_share(far, minute.blank_ms)
    elif np.ndim(mass) == 0:
        mass = np.zeros((len(PLACES), histogram.BINS))
    gone = 1 - mass.sum(axis=1)
    late = (1 - everyone) * late + everyone * later
    lost = dead_points.mean(axis=1)[audience().told]
    # Where nothing comes back is the last bin.
    mass = mass * (1 - lost)[:, None]
    mass[:, -1] += gone * (1 - lost) + lost
    p99 = histogram.quantiles(mass, histogram.bin_edges_ms(), P99)[:, 0]
    too_much = 1.0 if not alive else max(0.0, 1 - 1 / busy) if busy > 0 else 0.0
    refused = everyone * too_much + minute.write_share * (1.0 if not minute.writes else too_much)
    dead_share = weighed(dead_points)
    good = (1 - dead_share) * (1 - minute.bad) * (1 - min(refused, 1.0))
    blank = dead_share + (1 - dead_share) * late
    return Served(tuple(p99.tolist()), blank, busy, 1 - good)


@lru_cache(maxsize=512)
def _rules(given: tuple[tuple[str, Any], ...]) -> dict[str, float]:
    return Fleet(**dict(given), nights=NIGHTS).rules()["detect_min"].to_dict()


def detect_min(design: Design, fault: str, **about: float) -> float:
    """Minutes until the design's alert rule sees a fault of page 10's; infinite if it does not."""
    knobs = {name: getattr(design, name) for name in ("burn", "sampled", "requests_per_viewer_min")}
    return _rules(tuple((knobs | about | {"fault": fault}).items()))[design.rule]


def dead_pop_min(design: Design, share: float) -> float:
    """Minutes until the alert rule sees that the PoP with this share of the requests is dead."""
    if share > BAD_SHARE[1]:  # so much can only be told of all PoPs alike
        return detect_min(design, "version bad", version_share=1.0, depth=share)
    return detect_min(design, "PoP dead", bad_share=max(share, BAD_SHARE[0]), depth=1.0)


@lru_cache(maxsize=256)
def _through(attack: RateLimit) -> float:
    return float(attack.designs().loc[attack.design, "through"])


def _attack(design: Design) -> RateLimit:
    """Page 7's attacker, who can come in at no more places than there are."""
    about = {"design": design.limiter, "kv_delay_ms": design.kv_delay_ms}
    return RateLimit(pops=min(design._quiet.roads.pops, RateLimit().pops), **about)


def let_through(design: Design) -> float:
    """How many times as much as its limit the attacker gets through."""
    return _through(_attack(design))


def attack_per_s(design: Design) -> float:
    """Requests a second of an attack that the limiter lets through."""
    attack = _attack(design)
    return design.bots * _through(attack) * attack.limit / attack.attack_s


# -- the night ------------------------------------------------------------------------------------


def surge(since: int) -> float:
    """How many times as many requests come in a minute after a wicket, as page 5 has it."""
    fade = value("match_fade_s")
    mean = fade / 60 * (np.exp(-60 * since / fade) - np.exp(-60 * (since + 1) / fade))
    return 1 + (EdgeCache().surge - 1) * float(mean)


def night(design: Design, events: Sequence[Event]) -> pd.DataFrame:
    """The frame of `edgelab.Design.night`."""
    seen_at = _alerts(design, events)
    # Most minutes are like one before.
    known: dict[tuple, tuple[int, int]] = {}
    rows, order, old = [], [], 0
    for minute in range(MINUTES):
        now = tuple(e for e in events if e.minute <= minute < e.minute + e.lasts_min)
        noticed = tuple(e for e in now if minute >= seen_at[e])
        fading = tuple(minute - e.minute for e in now if e.kind == WICKET)
        like = now, noticed, fading, old
        if like not in known:
            row, after = _row(design, now, noticed, minute, old)
            known[like] = len(rows), after
            rows.append(row)
        number, old = known[like]
        order.append(number)
    frame = pd.DataFrame(rows).iloc[order]
    return frame.set_axis(pd.RangeIndex(MINUTES, name="minute"))


def _row(
    design: Design, now: Sequence[Event], noticed: Sequence[Event], minute: int, old: int
) -> tuple[dict[str, Any], int]:
    """A minute's row of `night`, and minutes without a new list after it."""
    asked, stale, old = made(design, now, noticed, minute, old)
    got = served(asked)
    worst = int(np.argmax(got.p99_ms))
    return {
        "p99_ms": got.p99_ms[worst],
        "worst_place": PLACES[worst],
        "stale_s": stale,
        "origin_busy": got.busy,
        "errors": got.errors,
        "alert": bool(noticed),
        "events": ", ".join(e.kind for e in now),
        **{f"{name} p99_ms": ms for name, ms in zip(PLACES, got.p99_ms, strict=True)},
    }, old


def sunk(frame: pd.DataFrame) -> list[str]:
    """Kinds of event in which something was wrong for more minutes than a dead PoP may go unseen.

    Wrong are errors above `WRONG`, staleness above `STALE_S` if it is not the usual one, and a
    region that has more to do than it can.
    """
    stale = np.maximum(frame["stale_s"].min(), STALE_S)
    wrong = (frame["errors"] > WRONG) | (frame["stale_s"] > stale) | (frame["origin_busy"] >= 1)
    minutes = frame.loc[wrong, "events"].str.split(", ").explode().value_counts()
    return [kind for kind in EVENTS if minutes.get(kind, 0) > UNSEEN_MIN]


def sunk_by(design: Design) -> pd.DataFrame:
    """The frame of `edgelab.Design.sunk_by`."""
    rows = {}
    for kind, lasts in EVENTS.items():
        event = Event(kind, 60, lasts)
        frame = night(design, [event])
        gone = float((frame["errors"] - served(design._quiet).errors).clip(lower=0).sum())
        fires = frame.index[frame["alert"]]
        rows[kind] = {
            **frame[["p99_ms", "stale_s", "origin_busy", "errors"]].max(),
            "lost_requests": round(60 * design._quiet.requests_per_s * gone),
            "alert_min": float(fires[0] - event.minute) if len(fires) else np.inf,
            "sunk": kind in sunk(frame),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("event")


def made(
    design: Design, now: Sequence[Event], noticed: Sequence[Event], minute: int, old: int
) -> tuple[Minute, float, int]:
    """A minute's requests under its events, the age of its answers, minutes without a new list."""
    kinds, quiet = {e.kind for e in now}, design._quiet
    roads, changes = quiet.roads, {}
    dead = first_dead(design.pops, design.order)
    if POP_LOST in kinds and roads.at_pop and design.pops > 1:
        if POP_LOST in {e.kind for e in noticed}:
            roads = roads._replace(lost=(dead,))
        else:
            changes["dead"] = dead
    if BAD_RELEASE in kinds - {e.kind for e in noticed}:
        changes["bad"] = design.version_share if roads.at_pop else 1.0
    if REGION_LOST in kinds:
        roads = roads._replace(living=roads.living[1:])
        goes_on = design._agreement.goes_on
        # A store that needs a majority and has none answers no fetch either.
        changes |= {"writes": goes_on, "answers": goes_on or not roads.majority_of}
        roads = roads._replace(majority_of=roads.majority_of * goes_on)
    old = old + 1 if REGION_LOST in kinds and not design._agreement.goes_on else 0
    wickets = [surge(minute - e.minute) for e in now if e.kind == WICKET]
    changes["requests_per_s"] = quiet.requests_per_s * float(np.prod(wickets))
    if ATTACK in kinds:
        changes["attack_per_s"] = attack_per_s(design)
    stale = 60.0 * old + design.stale_s(REBALANCING in kinds)
    return quiet._replace(roads=roads, **changes), stale, old


def _alerts(design: Design, events: Sequence[Event]) -> dict[Event, float]:
    """The minute from which on the alert rule shows each event, each as if it came alone."""
    out = {}
    for event in events:
        alone, _, _ = made(design, [event], [], event.minute, 0)
        wrong, usual = served(alone).errors, served(design._quiet).errors
        more = wrong - usual
        if event.kind == POP_LOST and alone.dead >= 0:
            after = dead_pop_min(design, more)
        elif more < LEAST:
            after = np.inf
        else:  # the same share of every PoP's requests
            after = detect_min(design, "version bad", version_share=1.0, depth=min(more, 1.0))
        out[event] = event.minute + after
    return out
