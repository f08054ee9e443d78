"""What notebook 03 prints: its formulas and its answers have the model's numbers."""

import numpy as np
import pytest

import edgelab as el
from edgelab.kernels.latency import POINTS
from edgelab.topics.pops.model import LINES, Placement
from edgelab.topics.pops.page import PlacementPanel
from edgelab.world import geo
from edgelab.world.corridors import rtt_ms
from page_text import answers, prose

TEXT, ANSWERS = prose(3), answers(3)
PLAN = Placement()
PRESETS = {name: make(PLAN) for name, make in PlacementPanel.presets.items()}


def mean_by_the_formula(plan, place):
    """E[T] of a place in plain Python: the ranks of its points' PoPs, one after the other."""
    places = el.data.places()
    (row,) = places[places["place"] == place].to_dict("records")
    at = places.index[places["place"] == place][0]
    lat, lon = (axis[at] for axis in geo.catchment_points(places))
    night, pops = plan.night, plan.sites()[: plan.pops]
    home = places[places["place"] == "Mumbai"].iloc[0]
    abroad = np.where(pops["cca2"] != row["cca2"], night.transit_inflation, 1.0)
    onward = geo.origin_rtt_ms()[1][pops_rows(plan)]
    assert onward[0] == pytest.approx(
        rtt_ms(pops["lat"].iloc[0], pops["lon"].iloc[0], home["lat"], home["lon"]), abs=5
    )
    ways = []
    for point in range(POINTS):
        near = rtt_ms(lat[point], lon[point], pops["lat"].to_numpy(), pops["lon"].to_numpy())
        total = 0.0
        left, a = 1.0, plan.nearest_share
        for pop in np.argsort(near, kind="stable"):
            total += a * left * (near * abroad + night.origin_fetch_ratio * onward)[pop]
            left *= 1 - a
        ways.append(total / (1 - left))
    step = ["fibre", "mixed", "cable"].index(row["access"])
    last_mile = night.last_mile_ms * night.access_factor**step
    rest = last_mile * np.exp(night.last_mile_sigma**2 / 2) + night.function_ms
    return np.mean(ways) + rest + night.origin_fetch_ratio * night.origin_service_ms


def pops_rows(plan):
    """The rows of `el.data.pops` that a plan's first PoPs are."""
    keys = el.data.pops().reset_index().set_index(["lat", "lon"])["index"]
    sites = plan.sites()[: plan.pops]
    return keys.loc[list(zip(sites["lat"], sites["lon"], strict=True))].to_numpy()


@pytest.mark.parametrize("share", [1.0, 0.55])
@pytest.mark.parametrize("place", ["Bay Area", "London", "Delhi"])
def test_the_printed_formulas_give_what_the_screen_shows(place, share):
    plan = PLAN.replace(pops=40, nearest_share=share, origin_fetch_ratio=0.01)
    mean = plan.latency().loc[place, "mean_ms"]
    assert mean == pytest.approx(mean_by_the_formula(plan, place), rel=0.01)


def test_the_printed_shares_are_those_of_the_law():
    a = 0.55
    assert f"With {a:.0%}: {a:.0%} the nearest, {a:.0%} of the others".replace("%", " %") in TEXT
    reached = el.evidence.anycast_detours(a)["share"].iloc[0]
    assert reached == pytest.approx(a, abs=0.01)


def test_little_s_law_gives_the_viewers_of_the_table():
    gains = PLAN.gains()
    rate = 28e6 / 60
    for _, row in gains.nlargest(5, "saved_viewers").iterrows():
        assert row["saved_viewers"] == pytest.approx(rate * row["saved_ms"] / 1000, rel=1e-9)
    best = gains.nlargest(1, "saved_viewers").iloc[0]
    assert best["city"] == "Karachi" and f"{best['saved_ms'] / 1000:.3f} s less" in TEXT
    assert f"{rate:,.0f} requests a second" in TEXT and "some 32,200 people" in TEXT
    assert rate * 0.069 == pytest.approx(32_200)
    assert best["saved_viewers"] == pytest.approx(32_200, rel=1e-3)
    worse = gains[gains["saved_viewers"] < 0]
    assert [*worse["pops"]] == [258] and worse["city"].iloc[0] == "Paro"
    assert f"worse by {-worse['saved_viewers'].iloc[0]:.0f} viewers" in TEXT
    no_fetch = PLAN.replace(origin_fetch_ratio=0.0).gains()
    assert no_fetch.loc[worse.index, "saved_viewers"].iloc[0] < -4, "not for the way home"


def test_the_answers_have_the_model_s_numbers():
    assert len(ANSWERS) == 6
    p99 = PLAN.curves(["everyone"]).set_index("pops")["p99_ms"]
    falls = -p99.diff()[:60]
    counts = sorted(falls[falls > 15].index)
    assert "At {}, {}, {}, {}, {} and {} (".format(*counts) in ANSWERS[0]
    cities = [PLAN.sites()["city"][n - 1].partition("/")[0] for n in counts]
    assert ", ".join(cities) in ANSWERS[0]
    shown = [place for place in LINES if place != "everyone"]
    curves = PLAN.curves(shown).pivot(index="pops", columns="place", values="p99_ms").diff()
    fallen = [[*curves.columns[curves.loc[n] < -15]] for n in counts]
    assert fallen == [[name] for name in ("London", *["Bay Area", "Delhi"] * 2, "Bay Area")]
    viewers, both = PRESETS["PoPs where viewers are"], PRESETS["Both"]
    assert f"From {PLAN.enough()} to {viewers.enough()}." in ANSWERS[1]
    few = {
        order: both.replace(order=order, pops=20).latency().loc["everyone", "p99_ms"]
        for order in ("viewers", "largest cities", "random")
    }
    assert "{:.0f} ms against {:.0f} and {:.0f}".format(*few.values()) in ANSWERS[2]
    assert few["viewers"] == max(few.values())
    chance = [both.replace(order="random", pops=20, seed=PLAN.seed + k) for k in range(20)]
    draws = [plan.latency().loc["everyone", "p99_ms"] for plan in chance]
    assert few["random"] == min(draws) and max(draws) < few["viewers"]
    assert "half of 20 have over 150" in ANSWERS[2] and np.median(draws) > 150
    mean = {o: both.replace(order=o, pops=20).latency().loc["everyone", "mean_ms"] for o in few}
    assert mean["viewers"] == min(mean.values())
    assert [*both.sites()["cca2"][:20]].count("US") == 1
    missed = [plan.replace(nearest_share=0.95).enough() for plan in (PLAN, viewers)]
    assert f"stays at {missed[0]};" in ANSWERS[3] and missed[0] == PLAN.enough()
    assert f"from {viewers.enough()} to {missed[1]}." in ANSWERS[3]
    slow = PLAN.replace(last_mile_ms=40.0)
    assert f"Up to {slow.enough()}, not {PLAN.enough()}." in ANSWERS[4]
    assert f"p99 of {slow.latency().loc['everyone', 'p99_ms']:.0f} ms" in ANSWERS[4]
    paid = [PLAN.replace(pop_cost_viewers=k).gains()[:311]["pays"].sum() for k in (10, 100, 1000)]
    assert "{1}, then {2}; at 10 it was {0}.".format(*paid) in ANSWERS[5]


def test_every_stop_that_a_task_names_is_there():
    panel = el.panels.pops()
    for name, value in (
        ("nearest_share", 0.95),
        ("last_mile_ms", 40.0),
        ("pop_cost_viewers", 100.0),
        ("pop_cost_viewers", 1000.0),
    ):
        assert value in [stop for _, stop in panel.controls[name].options]
    panel.retire()
