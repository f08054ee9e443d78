"""The simulation of every viewer and the exact distribution are one model."""

import math

import numpy as np
import pytest

import edgelab as el
from edgelab.kernels.histogram import BINS, bin_edges_ms, quantiles
from edgelab.topics.night.model import EDGE, GROUPS, HOME

SETTINGS = 60
BUSY = [0.3, 0.3, 0.4]
EDGES = bin_edges_ms()
PLACES = el.data.places()
LEVELS = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}


def setting(number):
    """A night and three places, chosen by chance but always the same."""
    rng = np.random.default_rng([2026, number])

    def between(low, high):
        return math.exp(rng.uniform(math.log(low), math.log(high)))

    home = rng.random() < 0.3
    ratio = rng.choice([0.0, 1.0, between(1e-4, 1), between(1e-3, 0.05), between(0.3, 1)])
    night = el.CricStream(
        pops=int(rng.integers(1, 501)),
        origin_fetch_ratio=float(ratio),
        ends_at=HOME if home else EDGE,
        requests_per_viewer_min=between(0.1, 6),
        origin_service_ms=between(0.1, 50),
        function_ms=rng.uniform(0, 10),
        last_mile_ms=between(1, 100),
        last_mile_sigma=rng.uniform(0.05, 1),
        access_factor=rng.uniform(1, 2.5),
        transit_inflation=rng.uniform(1, 2),
        chennai_detour=rng.uniform(1, 4),
        seed=int(rng.integers(2**32)),
    )
    # Some origins carry their load with ease, some barely, some not at all.
    busy = rng.choice([rng.uniform(0.02, 0.9), between(0.9, 0.9999), rng.uniform(1, 3)], p=BUSY)
    whole = math.floor if busy > 1 else math.ceil
    servers = min(max(whole(night.offered_erlang / busy), 1), 100_000)
    chosen = rng.choice(PLACES["place"], 3, replace=False)
    return night.replace(origin_servers=servers), [*chosen, *GROUPS]


def exact_rows(night, names):
    """The exact distribution of each place or group."""
    counts = night.histogram("closed form")
    member = {
        "everyone": np.full(len(PLACES), True),
        **{name: (PLACES["group"] == name).to_numpy() for name in ("diaspora", "India")},
        **{name: (PLACES["place"] == name).to_numpy() for name in names if name not in GROUPS},
    }
    return np.array([counts[member[name]].sum(axis=0) for name in names])


def one_bin(ms, to_side):
    """The duration at the far end of the neighbouring bin."""
    number = np.searchsorted(EDGES, ms, side="right") - 1
    return EDGES[np.clip(number + to_side, 0, BINS)] if math.isfinite(ms) else ms


@pytest.mark.parametrize("number", range(SETTINGS))
def test_a_simulated_quantile_lies_where_the_exact_distribution_says(number):
    night, names = setting(number)
    simulated = night.latency("drawn").loc[names]
    exact = exact_rows(night, names)
    assert (simulated["state"] == ("saturated" if night.saturated else "steady")).all()
    for row, name in enumerate(names):
        n = simulated.loc[name, "viewers"]
        assert exact[row].sum() == pytest.approx(n, rel=1e-12)
        for column, q in LEVELS.items():
            off = 4 * math.sqrt(q * (1 - q) / n)
            low, high = quantiles(exact[row : row + 1], EDGES, np.array([q - off, q + off]))[0]
            drawn = simulated.loc[name, column]
            assert one_bin(low, -1) <= drawn <= one_bin(high, 2), (night, name, column, low, high)


def test_the_settings_cover_steady_saturated_and_both_ends():
    nights = [setting(number)[0] for number in range(SETTINGS)]
    fetching = [night for night in nights if night.fetched_share > 0]
    for group in ([n for n in fetching if n.saturated], [n for n in fetching if not n.saturated]):
        assert len(group) >= 12
        assert {night.ends_at for night in group} == {EDGE, HOME}
    assert any(night.origin_fetch_ratio == 0 for night in nights)
    busiest = max(n.offered_erlang / n.origin_servers for n in nights if not n.saturated)
    assert busiest > 0.98
