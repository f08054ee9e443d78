"""Notebook 09's ledger figures, found another way."""

import numpy as np
import pytest

import edgelab as el
from edgelab.core import datasets
from edgelab.ledger import FIGURES
from edgelab.topics.endpoints.ways import EDGE_SLICE
from edgelab.world import geo


def edge_at(writes):
    """Share of some endpoints like the panel, from 1 ms to a day, that belong at the edge."""
    ages = np.geomspace(0.001, 86_400, 40)
    told = [el.Endpoint(write_share=writes, tolerated_staleness_s=a).verdict().bucket for a in ages]
    return np.mean([bucket == EDGE_SLICE for bucket in told])


def test_readers_have_more_of_the_axis_than_writers():
    ours = FIGURES["gains-for-reads"]()
    assert ours == pytest.approx(100 * (edge_at(0.001) - edge_at(0.5)), abs=4)
    own = {"answers": "one per viewer", "write_share": 1.0, "tolerated_staleness_s": 60}
    assert el.Endpoint(**own).verdict().bucket == EDGE_SLICE, "what the condition says"


def test_an_attack_from_where_the_viewers_are():
    viewers = datasets.places()["viewers"].to_numpy()
    pop, _ = geo.nearest_pop(312)
    most = max(
        (viewers * (pop == each).mean(axis=1)).sum() for each in np.unique(pop)
    ) / viewers.sum()  # fmt: skip
    assert FIGURES["attack-is-spread"]() == pytest.approx(100 * most)
    assert 35 < 312 * most < 45, "forty times an even share"


def test_what_traffic_costs_less_where_it_is_served():
    price = datasets.egress_prices()
    abroad = price.loc[["South-East Asia", "Middle East", "Europe", "North America"]]
    shares = np.array([24, 1, 1, 1, 1]) / 28
    for tier, wanted in (("first_usd_gb", 1.18), ("last_usd_gb", 7.34)):
        there = shares @ [price.loc["India", tier], *abroad[tier]]
        assert 100 * (1 - there / price.loc["India", tier]) == pytest.approx(wanted, abs=0.01)
    assert FIGURES["regional-prices"]() == pytest.approx(1.18, abs=0.01)


def test_the_page_leaves_no_row_open():
    page = el.claims(page=9)
    assert "not yet tested" not in set(page["verdict"])
    told = page["verdict"]
    assert told["panel-fits"] == told["endpoint-test"] == "holds"
    assert told["gains-for-reads"] == told["three-buckets"] == "holds when"
    assert told["regional-prices"] == told["vercel-edge-functions"] == "contradicted"
    assert told["attack-is-spread"] == "holds when"
