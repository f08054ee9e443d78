"""The round-trip model: its corridors, its joints, its fit, and what it is worth elsewhere."""

import heapq
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from numba import config
from numpy.testing import assert_allclose
from scipy.sparse.csgraph import floyd_warshall

import edgelab as el
from edgelab.core import datasets
from edgelab.core.constants import constant, value
from edgelab.core.sphere import great_circle_km, light_floor_ms
from edgelab.world import calibration, corridors

HUBS = el.data.hubs().set_index("hub")
CORRIDORS = el.data.corridors()
INFLATION = {k: value(f"rtt_{k}_inflation") for k in ("sea", "land", "thin", "uncovered")}
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


def uncovered_ms(km):
    """A way over land without a corridor, as the docs have it."""
    return 2 * km / 199.86 * INFLATION["uncovered"]


def land(country):
    return corridors.OPEN_BORDERS.get(country, country)


def land_of(point):
    """Of the nearest town; of its nearest hub, where that town's country has none."""
    hubs = HUBS[HUBS["kind"] != "passage"]
    columns = ["cca2", "lat", "lon"]
    towns = pd.concat([hubs[columns], el.data.pops()[columns], datasets.cities()[columns]])
    town = towns.iloc[great_circle_km(*point, towns["lat"], towns["lon"]).argmin()]
    hub = hubs.iloc[great_circle_km(*town[["lat", "lon"]], hubs["lat"], hubs["lon"]).argmin()]
    own = land(town["cca2"])
    return own if own in hubs["cca2"].map(land).to_numpy() else land(hub["cca2"])


def by_hand(a, b):
    """The model from its definition, with Dijkstra over the frames: one pair of points."""
    km = float(great_circle_km(*a, *b))
    hubs = HUBS[HUBS["kind"] != "passage"]
    joints = []
    for point in (a, b):
        far = pd.Series(great_circle_km(*point, hubs["lat"], hubs["lon"]), hubs.index)
        joints.append(uncovered_ms(far[hubs["cca2"].map(land) == land_of(point)]))
    # A state is where one is and, at sea, on which cable.
    edges = defaultdict(list)
    for one, other, kind, along in CORRIDORS[["hub_a", "hub_b", "kind", "along"]].to_numpy():
        p, q = HUBS.loc[one], HUBS.loc[other]
        ms = INFLATION[kind] * float(
            light_floor_ms(great_circle_km(p["lat"], p["lon"], q["lat"], q["lon"]))
        )
        for cable in along.split(", "):
            ends = [(hub, cable if hub not in hubs.index else "") for hub in (one, other)]
            edges[ends[0]].append((ends[1], ms))
            edges[ends[1]].append((ends[0], ms))
    for _, rows in hubs.groupby(hubs["cca2"].map(land)):
        for one, p in rows.iterrows():
            far = uncovered_ms(great_circle_km(p["lat"], p["lon"], rows["lat"], rows["lon"]))
            edges[one, ""] += [((other, ""), ms) for other, ms in zip(rows.index, far, strict=True)]
    queue, cost = [(ms, (hub, "")) for hub, ms in joints[0].items()], {}
    heapq.heapify(queue)
    while queue:
        paid, state = heapq.heappop(queue)
        if state not in cost:
            cost[state] = paid
            for other, more in edges[state]:
                heapq.heappush(queue, (paid + more, other))
    way = min(cost[hub, ""] + ms for hub, ms in joints[1].items())
    if land_of(a) == land_of(b):
        way = min(way, uncovered_ms(km))
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
        ((-33.93, 18.42), (25.08, 55.31)),
        ((40.18, 44.51), (29.37, 47.98)),
        ((31.63, 74.87), (19.07, 72.88)),
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
    pops = el.data.pops().iloc[:337]
    km = great_circle_km(
        pops["lat"].to_numpy()[:, None], pops["lon"].to_numpy()[:, None], hubs["lat"], hubs["lon"]
    ).min(axis=1)
    assert np.median(km) < 120
    worst = pops["city"].iloc[km.argmax()]
    assert km.max() < 1600, worst


def test_no_relay_is_quicker_than_the_way_itself():
    columns = ["lat", "lon"]
    towns = pd.concat([HUBS[HUBS["kind"] != "passage"][columns], datasets.cities()[columns]])
    towns = towns.iloc[::50] if config.DISABLE_JIT else towns
    rng = np.random.default_rng(0)
    anywhere = np.degrees(np.arcsin(rng.uniform(-1, 1, 100))), rng.uniform(-180, 180, 100)
    lat, lon = (np.concatenate([towns[c], a]) for c, a in zip(columns, anywhere, strict=True))
    table = el.rtt_ms(lat[:, None], lon[:, None], lat, lon)
    saved = table - floyd_warshall(table)
    np.fill_diagonal(saved, 0)
    assert saved.max() < 1e-9
    # Erbil was such a relay: from Yerevan straight there, and on by the hub of Baghdad.
    yerevan, erbil, kuwait = (40.18, 44.51), (36.19, 44.01), (29.37, 47.98)
    assert el.rtt_ms(*yerevan, *kuwait) < el.rtt_ms(*yerevan, *erbil) + el.rtt_ms(*erbil, *kuwait)


@pytest.mark.parametrize(
    ("name", "a", "b", "measured", "within"),
    # Microsoft, Azure network round-trip latency statistics, early 2026, in ms.
    [
        ("Johannesburg to Mumbai", (-26.2, 28.04), (19.08, 72.88), 129, 0.1),
        ("Johannesburg to Singapore", (-26.2, 28.04), (1.35, 103.82), 180, 0.1),
        ("Cape Town to Mumbai", (-33.93, 18.42), (19.08, 72.88), 149, 0.1),
        ("Tel Aviv to Mumbai", (32.09, 34.78), (19.08, 72.88), 151, 0.25),
        ("Tel Aviv to Singapore", (32.09, 34.78), (1.35, 103.82), 184, 0.15),
        ("Tel Aviv to Abu Dhabi", (32.09, 34.78), (24.45, 54.38), 143, 0.3),
        ("Tel Aviv to Marseille", (32.09, 34.78), (43.3, 5.37), 41, 0.1),
    ],
)
def test_no_way_is_as_short_as_a_change_of_cables_at_sea(name, a, b, measured, within):
    assert el.rtt_ms(*a, *b) == pytest.approx(measured, rel=within), name


def test_a_cable_is_changed_on_land_only():
    # SAFE rounds the Cape and SEACOM runs up the coast; neither meets a cable to Singapore at sea.
    nodes, hubs = corridors._corridors(), corridors._landed()
    at_sea = nodes[(nodes["a"] >= len(hubs)) | (nodes["b"] >= len(hubs))]
    cables = pd.concat([at_sea.set_index(end)["cable"] for end in "ab"])
    cables = cables[cables.index >= len(hubs)]
    assert (cables.groupby(level=0).nunique() == 1).all()
    assert cables.nunique() > 30


def test_a_place_belongs_to_the_country_of_its_nearest_town():
    # Amritsar is 50 km from Lahore's hub and 400 from Delhi's, and its traffic stays in India.
    amritsar, lahore, delhi = (31.63, 74.87), (31.56, 74.35), (28.65, 77.23)
    assert el.rtt_ms(*amritsar, *delhi) < el.rtt_ms(*amritsar, *lahore)
    assert el.rtt_ms(1.45, 103.83, 1.29, 103.85) < 4, "Singapore's north is Singapore"


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
    error = el.evidence.rtt_residuals()["error"].abs()
    assert len(error) == 1225
    # Least absolute deviations on the great circle alone: median 13.2 %, 69 % within 20 %.
    assert error.median() < 0.07
    assert (error <= 0.2).mean() > 0.88


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_holds_on_regions_that_the_fit_never_saw(seed):
    held = el.evidence.rtt_held_out(seed)
    assert 250 < len(held) < 700
    error = held["error"].abs()
    assert error.median() <= 0.08
    assert (error <= 0.2).mean() >= 0.85


def test_the_held_out_regions_are_whole_and_chosen_by_the_seed():
    first, again, other = (
        el.evidence.rtt_held_out(3),
        el.evidence.rtt_held_out(3),
        el.evidence.rtt_held_out(4),
    )
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
    frame = el.evidence.rtt_residuals(mine)
    assert len(frame) == 1, "both directions are one pair, and neighbours are none"
    row = frame.iloc[0]
    assert (row["region_a"], row["region_b"], row["rtt_ms"]) == ("a", "b", 120.0)
    assert row["model_ms"] == pytest.approx(el.rtt_ms(19.08, 72.88, 51.51, -0.13))
    assert row["error"] == pytest.approx(row["model_ms"] / 120 - 1)
    with pytest.raises(ValueError, match="table: got no column lat_b"):
        el.evidence.rtt_residuals(mine.drop(columns="lat_b"))
    with pytest.raises(ValueError, match="table, column rtt_ms: got nan, allowed a number"):
        el.evidence.rtt_residuals(mine.assign(rtt_ms=np.nan))


def pair(place_a, place_b, back_a=None, back_b=None):
    """A table of one pair, both directions; the way back may name the places otherwise."""
    back_a, back_b = back_a or place_a, back_b or place_b
    rows = [("a", "b", 120.0, *place_a, *place_b), ("b", "a", 120.0, *back_b, *back_a)]
    columns = ["region_a", "region_b", "rtt_ms", "lat_a", "lon_a", "lat_b", "lon_b"]
    return pd.DataFrame(rows, columns=columns)


SUVA, LONDON = (-18.14, 178.44), (51.51, -0.13)


@pytest.mark.parametrize(
    ("back", "text"),
    [
        ((119.0, 0.0), "lat_b: got 119.0, allowed a number from -90 to 90"),
        ((np.nan, 0.0), "lat_b: got nan, allowed a number from -90 to 90"),
        ((50.0, 181.0), "lon_b: got 181.0, allowed a number from -180 to 180"),
        ((50.0, -np.inf), "lon_b: got -inf, allowed a number from -180 to 180"),
    ],
)
def test_each_direction_is_checked_before_the_mean(back, text):
    with pytest.raises(ValueError) as error:
        el.evidence.rtt_residuals(pair(SUVA, LONDON, back_a=back))
    assert f"table, column {text}" in str(error.value)


def test_a_mean_across_the_antimeridian_stays_there():
    here, there, mid = (10.0, 180.0), (10.0, -180.0), (10.0, 179.9)
    frame = el.evidence.rtt_residuals(pair(here, SUVA, back_a=there))
    assert frame["distance_km"][0] == pytest.approx(float(great_circle_km(*here, *SUVA)), rel=1e-9)
    frame = el.evidence.rtt_residuals(pair((10.0, 179.7), SUVA, back_a=(10.0, -179.9)))
    assert frame["distance_km"][0] == pytest.approx(float(great_circle_km(*mid, *SUVA)), rel=1e-4)


def test_an_endless_round_trip_is_refused():
    with pytest.raises(ValueError, match="table, column rtt_ms: got inf, allowed a number"):
        el.evidence.rtt_residuals(pair(SUVA, LONDON).assign(rtt_ms=np.inf))


@pytest.mark.parametrize("share", [0, 1, -0.1, np.nan])
def test_a_share_that_leaves_nothing_is_refused(share):
    with pytest.raises(ValueError, match=r"share: got .*, allowed a number above 0 and below 1"):
        el.evidence.rtt_held_out(0, share)


def test_many_pairs_at_once_are_the_same_as_one_by_one():
    lat, lon = np.array(list(ELSEWHERE.values())).T
    table = el.rtt_ms(lat[:, None], lon[:, None], lat, lon)
    assert_allclose(table, table.T, rtol=1e-12)
    one = [el.rtt_ms(*a, *b) for a in ELSEWHERE.values() for b in ELSEWHERE.values()]
    assert_allclose(table.ravel(), one, rtol=1e-12)
