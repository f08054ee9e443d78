"""Notebook 08's ledger figures, found another way."""

import numpy as np
import pytest

import edgelab as el
from edgelab.core import datasets
from edgelab.ledger import FIGURES
from edgelab.topics.durable_object.model import AT_ONCE, IGNORED
from edgelab.world import geo


def pops():
    table = datasets.pops()[:312]
    return table["lat"].to_numpy(), table["lon"].to_numpy()


def test_a_lock_is_as_slow_as_the_best_leaders_157th_pop():
    lat, lon = pops()
    rtt = el.rtt_ms(lat[:, None], lon[:, None], lat, lon)
    np.fill_diagonal(rtt, 0)
    nearest = np.sort(rtt, axis=1)[:, 156]  # the leader itself is the first of 157
    assert FIGURES["global-lock-costs"]() == pytest.approx(nearest.min())
    assert 70 < el.rtt_ms(51.51, -0.13, 40.71, -74.01) < 85  # the Atlantic: London, New York


def test_the_worst_place_is_far_from_every_home():
    lat, lon = pops()
    places = datasets.places()
    points = geo.catchment_points(places)
    pop, near = geo.nearest_pop(312)
    worst = []
    for home in range(312):
        on = el.rtt_ms(lat, lon, lat[home], lon[home])
        on[home] = 0.0
        worst.append((near + on[pop]).mean(axis=1).max())
    assert FIGURES["far-users-pay"]() == pytest.approx(min(worst))
    india = el.DurableObject(audience="India").homes()["farthest_ms"].min()
    assert india < 70 and points[0].shape == near.shape


def test_histories_hold_together_and_fall_apart_as_the_row_says():
    assert FIGURES["object-linearisable"]() == 100
    for broken in ({"acknowledge": AT_ONCE}, {"keys": IGNORED}):
        assert el.DurableObject(**broken).histories(20)["linearisable"].sum() < 10


def test_the_page_leaves_no_row_open():
    page = el.claims(page=8)
    assert "not yet tested" not in set(page["verdict"])
    assert page.loc["object-linearisable", "verdict"] == "holds when"
    assert page.loc["far-users-pay", "verdict"] == "holds when"
    assert page.loc["global-lock-costs", "verdict"] == "holds"
