"""The ledger's figure of notebook 03, found another way."""

import numpy as np
import pytest

import edgelab as el
from edgelab.core import datasets
from edgelab.kernels.curves import rank_shares
from edgelab.topics.pops import claims as pops
from edgelab.world import geo


def test_what_anycast_leaves_of_the_gain_by_drawing_viewers_abroad():
    rng = np.random.default_rng(11)
    n = 200_000
    places = datasets.places()
    night, law = el.CricStream(), rank_shares(0.55)[-1]
    rtt, country = geo.pop_rtt_ms()[:312], datasets.pops()["cca2"].to_numpy()[:312]
    ranked = np.argsort(rtt, axis=0, kind="stable")
    p99 = {}
    for share in ("nearest", "anycast"):
        drawn = []
        for row in places.index[places["group"] == "diaspora"]:
            point = rng.integers(0, 32, n)
            rank = rng.choice(law.size, n, p=law) if share == "anycast" else np.zeros(n, int)
            pop = ranked[rank, row, point]
            step = datasets.ACCESS.index(places["access"][row])
            last_mile = night.last_mile_ms * night.access_factor**step
            last_mile = last_mile * np.exp(night.last_mile_sigma * rng.standard_normal(n))
            abroad = country[pop] != places["cca2"][row]
            way = rtt[pop, row, point] * np.where(abroad, night.transit_inflation, 1.0)
            home = geo.origin_rtt_ms()[1][pop] + rng.exponential(night.origin_service_ms, n)
            fetched = rng.random(n) < night.origin_fetch_ratio
            drawn.append(last_mile + way + night.function_ms + fetched * home)
        p99[share] = np.quantile(np.concatenate(drawn), 0.99)
    old = night.baseline().latency().loc["diaspora", "p99_ms"]
    left = 100 * (old - p99["anycast"]) / (old - p99["nearest"])
    assert pops.FIGURES["anycast-cures-it"]() == pytest.approx(left, abs=0.5)


def test_the_page_leaves_no_statement_untested():
    page = el.claims(page=3)
    assert "not yet tested" not in set(page["verdict"])
    assert page.loc["anycast-cures-it", "verdict"] == "holds"
