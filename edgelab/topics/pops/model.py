"""How many PoPs, in which order, and whether anycast sends a viewer to the nearest."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from edgelab.core import allowed, datasets
from edgelab.core.knobs import Model, knob, shared
from edgelab.core.words import counted, percent
from edgelab.topics.night.model import GROUPS, CricStream
from edgelab.topics.pops import growth
from edgelab.topics.pops.anycast import landing
from edgelab.topics.pops.growth import CHANCE, DEADLINE_MS, ORDERS, WORLD

__all__ = ["ENOUGH", "LINES", "Placement"]

#: Rows that stand for all where there is no room for them.
LINES = ("everyone", "Bay Area", "London", "Delhi")
#: A p99 at most so much above that of all the operator's PoPs counts as just as good.
ENOUGH = 0.05
#: Distances at which `Placement.distances` counts.
NEAR_KM = np.geomspace(1, 20_000, 173)


@dataclass(frozen=True, kw_only=True, repr=False)
class Placement(Model):
    """A set of PoPs that grows, and what CricStream's viewers get from each further one.

    The requests are those of `CricStream`: last mile, the way to a PoP, the function's time, and
    now and then a fetch from Mumbai. Here the PoPs can be added in another order, and a share of
    the viewers lands on another PoP than the nearest.

    Examples
    --------
    >>> import edgelab as el
    >>> plan = el.Placement(order="viewers")
    >>> plan.replace(pops=40, nearest_share=0.55)
    Placement(pops=40, order='viewers', nearest_share=0.55)
    """

    main = ("pops", "order", "nearest_share", "pop_cost_viewers", "last_mile_ms")

    pops: int = shared(
        CricStream,
        "pops",
        meaning="How many points of presence there are. The operator has 337; from 338 on they "
        "are hypothetical, the largest cities that none is near.",
    )
    order: str = knob(
        WORLD,
        label="Order of PoPs",
        symbol="",
        unit="",
        choices=ORDERS,
        meaning="Which of the operator's 337 PoPs comes next: the one that brings the world's "
        "city dwellers nearest to a PoP, the one that saves CricStream's viewers most round-trip "
        "time, the one in the largest city, or any.",
        source="the world's, as on page 1; the operator's own order is not public",
    )
    nearest_share: float = knob(
        1.0,
        label="Reach the nearest PoP",
        symbol="a",
        unit="share",
        low=0.3,
        high=1.0,
        stops=(0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 1.0),
        meaning="Share of the viewers whom anycast sends to their nearest PoP. Of the others the "
        "same share lands on the second nearest, and so on.",
        source="1 is page 1's assumption; measured were 55 % (Calder et al., IMC 2015) and 65 % "
        "(Koch et al., SIGCOMM 2021)",
    )
    pop_cost_viewers: float = knob(
        10.0,
        label="A PoP has to save",
        symbol="k",
        unit="viewers",
        low=0.1,
        high=10_000.0,
        log=True,
        meaning="What one more PoP has to be worth: so many viewers fewer who wait for their "
        "panel at any moment.",
        source="assumption: no operator publishes what a PoP costs",
    )
    last_mile_ms: float = shared(CricStream, "last_mile_ms", high=50.0)
    origin_fetch_ratio: float = shared(
        CricStream,
        "origin_fetch_ratio",
        high=0.03,
        stops=(0, 0.001, 0.002, 0.005, 0.008, 0.01, 0.012, 0.02, 0.03),
    )
    function_ms: float = shared(CricStream, "function_ms")
    seed: int = shared(
        CricStream, "seed", meaning="Chooses the random order; the same seed gives the same one."
    )

    # -- the PoPs --------------------------------------------------------------------------

    @property
    def night(self) -> CricStream:
        """The night of the final with as many PoPs, in the world's order, each viewer's nearest."""
        return CricStream(
            pops=self.pops,
            last_mile_ms=self.last_mile_ms,
            origin_fetch_ratio=self.origin_fetch_ratio,
            function_ms=self.function_ms,
        )

    def sites(self) -> pd.DataFrame:
        """The PoPs in the order in which they are added, all 500.

        Returns
        -------
        pandas.DataFrame
            As `edgelab.data.pops`, with ``added`` (1 is first) in place of ``rank``.
        """
        pops = datasets.pops().iloc[growth.order(self.order, self._chance)].drop(columns="rank")
        pops.insert(0, "added", np.arange(1, len(pops) + 1))
        return pops.reset_index(drop=True)

    @property
    def _chance(self) -> int:
        """The seed, where there is something to choose."""
        return self.seed if self.order == CHANCE else 0

    # -- latency ---------------------------------------------------------------------------

    def curves(self, places: Sequence[str] | None = None) -> pd.DataFrame:
        """What the viewers see with 1, 2, ... 500 PoPs.

        Parameters
        ----------
        places : sequence of str, optional
            Places of `edgelab.data.places`, or the groups diaspora, India and everyone; all of them
            if not given.

        Returns
        -------
        pandas.DataFrame
            One row per place and PoP count: ``place``, ``pops``, ``p50_ms``, ``p95_ms``,
            ``p99_ms``, ``mean_ms``, ``in_time_share`` (of the requests that take at most 10 ms).
            From the exact distribution, as `CricStream.latency`.

        Raises
        ------
        ValueError
            If a place is unknown.
        """
        known = [*datasets.places()["place"], *GROUPS]
        rows = known if places is None else places
        return self._curves(tuple(allowed.several("places", rows, allowed.one_of, known))).copy()

    def _curves(self, rows: tuple[str, ...]) -> pd.DataFrame:
        """The frame of `curves`, remembered for all that share it."""
        night = self.replace(pops=CricStream().pops).night
        return growth.curves(night, self.order, self._chance, self.nearest_share, rows)

    def latency(self) -> pd.DataFrame:
        """What the viewers of each place see with as many PoPs as there are.

        Returns
        -------
        pandas.DataFrame
            As `curves`, indexed by ``place``, for the one PoP count.
        """
        frame = self._curves((*datasets.places()["place"], *GROUPS))
        return frame[frame["pops"] == self.pops].set_index("place")

    def gains(self) -> pd.DataFrame:
        """What each further PoP saves all viewers together.

        Returns
        -------
        pandas.DataFrame
            One row a PoP from the second on: ``pops`` (how many there are with it), ``city``,
            ``cca2``, ``mean_ms`` of everyone, ``saved_ms`` (by how much the PoP lowers it),
            ``saved_viewers`` (fewer who wait at any moment; below 0 if it makes things worse)
            and ``pays`` (whether that is at least `pop_cost_viewers`).

        Notes
        -----
        Little's law: as many wait as arrive in a second, times the mean wait in seconds.
        """
        mean = self._curves(("everyone",))["mean_ms"].to_numpy()
        frame = self.sites()[1:].rename(columns={"added": "pops"})
        frame = frame[["pops", "city", "cca2"]].assign(mean_ms=mean[1:])
        saved = -np.diff(mean)
        saved[np.abs(saved) < 1e-9] = 0.0  # rounding left of running sums
        frame = frame.assign(
            saved_ms=saved, saved_viewers=self.night.requests_per_s * saved / 1000
        ).reset_index(drop=True)
        return frame.assign(pays=frame["saved_viewers"] >= self.pop_cost_viewers)

    def enough(self) -> int:
        """Fewest PoPs from which on everyone's p99 stays as good as with all of the operator's.

        As good is at most 5 % higher.
        """
        p99 = self._curves(("everyone",))["p99_ms"].to_numpy()[: growth.operators()]
        return int(np.flatnonzero(np.append(np.inf, p99) > (1 + ENOUGH) * p99[-1])[-1]) + 1

    def orders(self, seeds: int = 20) -> pd.DataFrame:
        """Everyone's p99 over the PoP count, for every order in which PoPs can be added.

        Parameters
        ----------
        seeds : int
            How many random orders, 1 to 1,000.

        Returns
        -------
        pandas.DataFrame
            One row per order and PoP count: ``order``, ``pops``, ``p99_ms`` (random: the
            median over the seeds), ``low_ms`` and ``high_ms`` (random: the 5th and the 95th
            percentile). With all 337 the orders are one and the same set.

        Raises
        ------
        ValueError
            If `seeds` is out of range.
        """
        seeds = allowed.whole("seeds", seeds, 1, 1000)
        frames = []
        for order in ORDERS:
            plans = [self.replace(order=order)]
            if order == CHANCE:
                plans = [plans[0].replace(seed=(self.seed + k) % 2**32) for k in range(seeds)]
            p99 = np.array([p._curves(("everyone",))["p99_ms"] for p in plans])
            low, middle, high = np.quantile(p99, [0.05, 0.5, 0.95], axis=0)
            frames.append(
                pd.DataFrame(
                    {
                        "order": order,
                        "pops": np.arange(1, p99.shape[1] + 1),
                        "p99_ms": middle,
                        "low_ms": low,
                        "high_ms": high,
                    }
                )
            )
        return pd.concat(frames, ignore_index=True)

    # -- distance --------------------------------------------------------------------------

    def distances(self) -> pd.DataFrame:
        """How far the world's city dwellers are from a PoP.

        Returns
        -------
        pandas.DataFrame
            ``km``, and of the people of the world's 1,000 largest cities the
            ``nearest_share`` who have a PoP within that distance, and the ``reached_share``
            whose own, where anycast sends them, is within it.
        """
        return self._distances().copy()

    def nearness(self) -> pd.DataFrame:
        """What "within tens of kilometres" and "about 10 ms" come to.

        Returns
        -------
        pandas.DataFrame
            Shares of the world's 1,000 largest ``cities``, of the ``people`` in them, and of
            the people as anycast sends them (``reached``): a PoP within 30 km, within 100 km,
            a round trip to it within 10 ms; and the median distance in km.
        """
        cities = datasets.cities()
        km, rtt = growth.city_ways()
        people = cities["population"].to_numpy(float)
        order = growth.order(self.order, self._chance)[: self.pops]
        columns = {}
        for name, weight, share in (
            ("cities", np.ones(len(people)), 1.0),
            ("people", people, 1.0),
            ("reached", people, self.nearest_share),
        ):
            far, by_km = _landed(km, order, share, weight)
            slow, by_rtt = _landed(rtt, order, share, weight)
            columns[name] = {
                "within 30 km": by_km[far <= 30].sum(),
                "within 100 km": by_km[far <= 100].sum(),
                "median km": far[np.searchsorted(np.cumsum(by_km), 0.5)],
                "round trip within 10 ms": by_rtt[slow <= DEADLINE_MS].sum(),
            }
        return pd.DataFrame(columns)

    def _distances(self) -> pd.DataFrame:
        """The frame of `distances`, remembered."""
        return _distances(self.order, self._chance, self.pops, self.nearest_share)

    # -- in short --------------------------------------------------------------------------

    def _settings(self, untold: Container[str]) -> str:
        quiet = {"pop_cost_viewers", "last_mile_ms"} - self.turned.keys()
        return super()._settings({*untold, *quiet})

    def _short(self) -> dict[str, str]:
        share = self.knobs()["nearest_share"].text(self.nearest_share)
        return {
            "pops": self._pops,
            "order": growth.ORDER_WORDS[self.order],
            "nearest_share": f"{share} reach the nearest",
        }

    @property
    def _pops(self) -> str:
        return counted(self.pops, "PoP")

    def in_words(self) -> str:
        """A few sentences that say what the numbers mean."""
        row = self._curves(("everyone",)).iloc[self.pops - 1]
        near = self._distances()
        tens = np.interp(30, near["km"], near["nearest_share"])
        share = self.knobs()["nearest_share"].text(self.nearest_share)
        words = (
            f"{self._pops} {growth.ORDER_WORDS[self.order]}, {share} of the viewers at their "
            f"nearest: 99 of 100 viewers see the panel within {row['p99_ms']:.0f} ms. "
            f"{self.enough()} PoPs do nearly as well as all {growth.operators()} that the operator "
            f"has. {self.worth()}"
        )
        return words + f"{percent(tens)} of the world's city dwellers have a PoP within 30 km."

    def worth(self) -> str:
        """How many of the PoPs after the first save their cost, in a sentence."""
        gains = self.gains()
        used = gains[gains["pops"] <= self.pops]
        if used.empty:
            return ""
        pays, worse = int(used["pays"].sum()), int((used["saved_viewers"] < 0).sum())
        harm = f", and {worse} make{'s' * (worse == 1)} things worse" if worse else ""
        return f"Of the {len(used)} after the first, {pays} save their cost{harm}. "

    def _table(self) -> pd.DataFrame:
        """A few numbers for the notebook."""
        places = self.latency()["p99_ms"]
        row = {f"{name} p99": f"{places[name]:.0f} ms" for name in LINES}
        row["as good as all 337 from"] = counted(self.enough(), "PoP")
        return pd.DataFrame({"this placement": row})


@lru_cache(maxsize=16)
def _distances(order: str, seed: int, pops: int, nearest_share: float) -> pd.DataFrame:
    """The frame of `Placement.distances`, remembered."""
    km, _ = growth.city_ways()
    people = datasets.cities()["population"].to_numpy(float)
    placed = growth.order(order, seed)[:pops]
    frame = pd.DataFrame({"km": NEAR_KM})
    for name, share in (("nearest_share", 1.0), ("reached_share", nearest_share)):
        far, part = _landed(km, placed, share, people)
        until = np.append(0.0, np.cumsum(part))
        frame[name] = until[np.searchsorted(far, NEAR_KM, side="right")].clip(max=1.0)
    return frame


def _landed(
    cost: np.ndarray, order: np.ndarray, nearest_share: float, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What the ways that are taken cost, least first, and the share of the weight on each."""
    ids, shares = landing(cost, order, nearest_share)
    each = np.take_along_axis(cost, ids, axis=1).ravel()
    part = (weight[:, None] * shares).ravel() / weight.sum()
    rank = np.argsort(each)
    return each[rank], part[rank]
