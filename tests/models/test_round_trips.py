"""The round-trip model: its corridors, its joints, its fit, and what it is worth elsewhere."""

import heapq

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import edgelab as el
from edgelab.constants import constant, value
from edgelab.models import calibration, corridors
from edgelab.sphere import great_circle_km, light_floor_ms

HUBS = el.hubs().set_index("hub")
CORRIDORS = el.corridors()
INFLATION = {kind: value(f"rtt_{kind}_inflation") for kind in ("sea", "land", "thin")}
#: Cities on every inhabited continent, none of them a region of the Azure table.
ELSEWHERE = {
    "Lagos": (6.45, 3.39),
    "Nairobi": (-1.28, 36.82),
    "Lima": (-12.04, -77.03),
    "Manaus": (-3.10, -60.02),
    "Almaty": (43.25, 76.92),
    "Irkutsk": (52.30, 104.30),
    "Kathmandu": (27.70, 85.32),
    "Suva": (-18.14, 178.44),
    "Anchorage": (61.22, -149.90),
    "Reykjavik": (64.14, -21.90),
    "Havana": (23.13, -82.38),
    "Antananarivo": (-18.91, 47.54),
}


def loop_ms(km):
    """A way over land without a corridor, as the docs have it."""
    return 2 * km / 199.86 * INFLATION["land"] * (1 + km / value("rtt_loop_km"))


def by_hand(a, b):
    """The model from its definition, with Dijkstra over the frames: one pair of points."""
    km = float(great_circle_km(*a, *b))
    places = HUBS[HUBS["kind"] != "passage"]
    joints = []
    for point in (a, b):
        far = pd.Series(great_circle_km(*point, places["lat"], places["lon"]), places.index)
        joints.append(far[far <= far.min() + value("rtt_loop_margin_km")].map(loop_ms))
    edges = {hub: [] for hub in HUBS.index}
    for one, other, kind in CORRIDORS[["hub_a", "hub_b", "kind"]].itertuples(index=False):
        p, q = HUBS.loc[one], HUBS.loc[other]
        ms = INFLATION[kind] * float(
            light_floor_ms(great_circle_km(p["lat"], p["lon"], q["lat"], q["lon"]))
        )
        edges[one].append((other, ms))
        edges[other].append((one, ms))
    queue, cost = [(ms, hub) for hub, ms in joints[0].items()], {}
    heapq.heapify(queue)
    while queue:
        paid, hub = heapq.heappop(queue)
        if hub not in cost:
            cost[hub] = paid
            for other, more in edges[hub]:
                heapq.heappush(queue, (paid + more, other))
    way = min(loop_ms(km), min(cost[hub] + ms for hub, ms in joints[1].items()))
    local, fixed = value("rtt_local_ms"), value("rtt_fixed_ms")
    return local + (fixed - local) * (1 - np.exp(-km / value("rtt_ramp_km"))) + way


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((19.07, 72.88), (51.51, -0.13)),
        ((19.07, 72.88), (37.56, -122.1)),
        ((28.65, 77.23), (19.0, 73.1)),
        ((-26.2, 28.04), (1.35, 103.8)),
        ((32.08, 34.78), (25.3, 51.5)),
        ((10.0, 179.9), (10.0, -179.9)),
    ],
)
def test_a_round_trip_is_what_the_definition_says(a, b):
    assert el.rtt_ms(*a, *b) == pytest.approx(by_hand(a, b), rel=1e-12)


def test_no_way_is_quicker_than_light_and_none_is_missing_anywhere_on_land():
    lat, lon = np.array(list(ELSEWHERE.values())).T
    table = el.rtt_ms(lat[:, None], lon[:, None], lat, lon)
    km = great_circle_km(lat[:, None], lon[:, None], lat, lon)
    assert (table >= light_floor_ms(km)).all() and np.isfinite(table).all()
    far = km > 3000
    inflation = table[far] / light_floor_ms(km[far])
    assert 1.2 < np.median(inflation) < 2.2
    assert inflation.max() < 7, "some corner of the world has no corridor"


def test_every_pop_and_every_place_is_near_a_hub_of_its_own():
    hubs = HUBS[HUBS["kind"] != "passage"]
    pops = el.pops().iloc[:337]
    km = great_circle_km(
        pops["lat"].to_numpy()[:, None], pops["lon"].to_numpy()[:, None], hubs["lat"], hubs["lon"]
    ).min(axis=1)
    assert np.median(km) < 120
    worst = pops["city"].iloc[km.argmax()]
    assert km.max() < 1600, worst


def test_nobody_walks_across_a_border_to_a_better_hub():
    # 290 km from Suez, where the cables to the Gulf pass; measured, Tel Aviv to Doha takes 154 ms.
    tel_aviv, doha = (32.08, 34.78), (25.29, 51.53)
    assert el.rtt_ms(*tel_aviv, *doha) > 2 * light_floor_ms(great_circle_km(*tel_aviv, *doha))


def test_corridors_name_what_they_follow_and_where_that_was_read():
    assert len(CORRIDORS) > 600 and len(HUBS) > 300
    sea = CORRIDORS[CORRIDORS["kind"] == "sea"]
    assert (sea["source"] != "assumed").all()
    assert (sea["source"] == "map").mean() > 0.7
    ends = sea[["hub_a", "hub_b"]].to_numpy()
    read = sea["source"].to_numpy() == "map"
    passages = np.isin(ends, HUBS.index[HUBS["kind"] == "passage"]).any(axis=1)
    assert not (read & passages).any(), "no cable lands at sea"


# -- the fit --------------------------------------------------------------------------------------


def test_few_numbers_are_fitted_and_each_says_so():
    assert len(corridors.FITTED_RTT) == 3
    for name in corridors.FITTED_RTT:
        assert constant(name).kind == "fitted"


def test_the_model_is_better_than_the_straight_line_by_far():
    error = el.rtt_residuals()["error"].abs()
    assert len(error) == 1225
    # Least absolute deviations on the great circle alone: median 13.2 %, 69 % within 20 %.
    assert error.median() < 0.07
    assert (error <= 0.2).mean() > 0.88


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_holds_on_regions_that_the_fit_never_saw(seed):
    held = el.rtt_held_out(seed)
    assert 250 < len(held) < 700
    error = held["error"].abs()
    assert error.median() <= 0.08
    assert (error <= 0.2).mean() >= 0.85


def test_the_held_out_regions_are_whole_and_chosen_by_the_seed():
    first, again, other = el.rtt_held_out(3), el.rtt_held_out(3), el.rtt_held_out(4)
    pd.testing.assert_frame_equal(first, again)
    assert set(map(tuple, first[["region_a", "region_b"]].to_numpy())) != set(
        map(tuple, other[["region_a", "region_b"]].to_numpy())
    )
    seen = first[["region_a", "region_b"]].to_numpy().ravel()
    regions, count = np.unique(seen, return_counts=True)
    out = set(regions[count >= 45])
    assert len(out) == 10, "a fifth of 51 regions, each with all of its pairs"
    assert first[["region_a", "region_b"]].isin(out).any(axis=1).all()


def test_the_fit_finds_the_numbers_in_the_file():
    for name, number in calibration.fit_rtt().items():
        assert f"{number:.4g}" == f"{value(name):.4g}"


def test_another_providers_table_can_be_held_against_the_model():
    mine = pd.DataFrame(
        {
            "region_a": ["b", "a", "a"],
            "region_b": ["a", "b", "c"],
            "rtt_ms": [122.0, 118.0, 1.0],
            "lat_a": [51.51, 19.08, 19.08],
            "lon_a": [-0.13, 72.88, 72.88],
            "lat_b": [19.08, 51.51, 19.1],
            "lon_b": [72.88, -0.13, 72.9],
        }
    )
    frame = el.rtt_residuals(mine)
    assert len(frame) == 1, "both directions are one pair, and neighbours are none"
    row = frame.iloc[0]
    assert (row["region_a"], row["region_b"], row["rtt_ms"]) == ("a", "b", 120.0)
    assert row["model_ms"] == pytest.approx(el.rtt_ms(19.08, 72.88, 51.51, -0.13))
    assert row["error"] == pytest.approx(row["model_ms"] / 120 - 1)
    with pytest.raises(ValueError, match="table: got no column lat_b"):
        el.rtt_residuals(mine.drop(columns="lat_b"))
    with pytest.raises(ValueError, match="table: got rtt_ms nan, allowed over 0"):
        el.rtt_residuals(mine.assign(rtt_ms=np.nan))


@pytest.mark.parametrize("share", [0, 1, -0.1, np.nan])
def test_a_share_that_leaves_nothing_is_refused(share):
    with pytest.raises(ValueError, match=r"share: got .*, allowed over 0 and under 1"):
        el.rtt_held_out(0, share)


def test_many_pairs_at_once_are_the_same_as_one_by_one():
    lat, lon = np.array(list(ELSEWHERE.values())).T
    table = el.rtt_ms(lat[:, None], lon[:, None], lat, lon)
    assert_allclose(table, table.T, rtol=1e-12)
    one = [el.rtt_ms(*a, *b) for a in ELSEWHERE.values() for b in ELSEWHERE.values()]
    assert_allclose(table.ravel(), one, rtol=1e-12)
