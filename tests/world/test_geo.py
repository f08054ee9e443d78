"""Distances, round trips, catchments, and the PoP that serves each of their points."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import edgelab as el
from edgelab.core.constants import value
from edgelab.core.sphere import great_circle_km, light_floor_ms
from edgelab.kernels.latency import POINTS
from edgelab.world import geo
from edgelab.world.corridors import PairsOfPoints

RADIUS = 6371.0088
LOCAL = value("rtt_local_ms")
MUMBAI, LONDON, BAY = (19.07, 72.88), (51.51, -0.13), (37.56, -122.1)
LATITUDE, LONGITUDE = st.floats(-90, 90), st.floats(-180, 180)
POINT = st.tuples(LATITUDE, LONGITUDE)
PLACES = el.data.places()


def angle_km(a, b):
    """Distance by the angle between two vectors from the centre of the globe."""
    ends = []
    for lat, lon in (np.radians(a), np.radians(b)):
        ends.append([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])
    return RADIUS * math.atan2(np.linalg.norm(np.cross(*ends)), np.dot(*ends))


@pytest.mark.parametrize(
    ("a", "b", "km"),
    [
        ((0, 0), (0, 90), RADIUS * math.pi / 2),
        ((90, 0), (-90, 0), RADIUS * math.pi),
        ((10, 20), (-10, -160), RADIUS * math.pi),
        ((0, 0), (1, 0), 111.195),
        ((60, 0), (60, 1e-6), 5.5597e-5),
        # Nashville to Los Angeles: Rosetta Code's haversine example, whose radius is 6372.8 km.
        ((36.12, -86.67), (33.94, -118.40), 2887.2599506071 / 6372.8 * RADIUS),
        ((51.5074, -0.1278), (40.7128, -74.0060), 5570.2),
    ],
)
def test_known_distances(a, b, km):
    assert great_circle_km(*a, *b) == pytest.approx(km, rel=2e-5)


@settings(deadline=None, derandomize=True)
@given(POINT, POINT)
def test_distance_is_the_angle_between_vectors_and_symmetric(a, b):
    km = great_circle_km(*a, *b)
    assert km == pytest.approx(angle_km(a, b), rel=1e-7, abs=1e-4)
    assert km == pytest.approx(great_circle_km(*b, *a), rel=1e-12)


@settings(deadline=None, derandomize=True)
@given(POINT, POINT)
def test_round_trip_is_symmetric_and_never_under_the_local_one_or_lights_floor(a, b):
    rtt = el.rtt_ms(*a, *b)
    assert rtt == pytest.approx(el.rtt_ms(*b, *a), rel=1e-12)
    assert rtt >= LOCAL
    assert rtt >= 2 * great_circle_km(*a, *b) / 199.86


def test_light_bounds_even_numbers_that_would_outrun_it():
    pairs = PairsOfPoints.of(0, 0, 0, 90)
    far = pairs.rtt_ms(0.0, 0.1, 0.1)
    assert far == light_floor_ms(great_circle_km(0, 0, 0, 90)) == pytest.approx(100.146, rel=1e-4)


@pytest.mark.parametrize("place", [MUMBAI, (0, 0), (90, 0), (-90, 77), (0, 180), (-33.5, -180)])
def test_the_same_place_has_the_local_round_trip(place):
    assert el.rtt_ms(*place, *place) == LOCAL


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((90, 0), (90, 137)),
        ((-90, -180), (-90, 5)),
        ((0, 180), (0, -180)),
        ((45.5, -180), (45.5, 180)),
    ],
)
def test_two_names_of_one_place_are_one_place(a, b):
    assert el.rtt_ms(*a, *b) == pytest.approx(LOCAL, abs=1e-9)
    assert el.rtt_ms(*a, *LONDON) == pytest.approx(el.rtt_ms(*b, *LONDON), rel=1e-12)


def test_the_antimeridian_is_no_wall():
    across, inland = el.rtt_ms(10, 179.9, 10, -179.9), el.rtt_ms(10, 20.0, 10, 20.2)
    assert across == pytest.approx(inland, rel=1e-9)
    assert across < 4


def test_scalars_give_a_float_and_arrays_broadcast():
    rtt = el.rtt_ms(*MUMBAI, *LONDON)
    assert type(rtt) is float and round(rtt) == 124
    assert type(el.rtt_ms(*map(np.float64, (*MUMBAI, *LONDON)))) is float
    lat, lon = np.array([LONDON, BAY, MUMBAI]).T
    row = el.rtt_ms(*MUMBAI, lat, lon)
    assert_array_equal(row, [rtt, el.rtt_ms(*MUMBAI, *BAY), LOCAL])
    table = el.rtt_ms(lat[:, None], lon[:, None], lat, lon)
    assert table.shape == (3, 3)
    assert_allclose(table, table.T, rtol=1e-12)
    assert_array_equal(table[2], row)
    assert el.rtt_ms([], [], 0, 0).shape == (0,)
    assert_array_equal(el.rtt_ms(list(lat), tuple(lon), *MUMBAI), el.rtt_ms(lat, lon, *MUMBAI))


@pytest.mark.parametrize("function", [el.rtt_ms, great_circle_km])
@pytest.mark.parametrize(
    ("number", "bad", "kind", "got"),
    [
        (0, 90.001, ValueError, "lat_a: got 90.001"),
        (0, math.nan, ValueError, "lat_a: got nan"),
        (1, -180.5, ValueError, "lon_a: got -180.5"),
        (1, [0.0, math.nan], ValueError, "lon_a: got nan"),
        (2, [[1, 2], [-91, 3]], ValueError, "lat_b: got -91.0"),
        (2, math.inf, ValueError, "lat_b: got inf"),
        (3, 181, ValueError, "lon_b: got 181.0"),
        (3, -math.inf, ValueError, "lon_b: got -inf"),
        (0, None, TypeError, "lat_a: got None"),
        (0, "Mumbai", TypeError, "lat_a: got 'Mumbai'"),
        (3, ["1", "east"], TypeError, "lon_b: got ['1', 'east']"),
        (2, [1, [2, 3]], TypeError, "lat_b: got [1, [2, 3]]"),
        (1, {"lon": 3}, TypeError, "lon_a: got {'lon': 3}"),
        *[(2, text, TypeError, f"lat_b: got {text!r}") for text in ("12.5", ["12.5"], "nan", True)],
    ],
)
def test_a_bad_coordinate_is_named_with_what_came_and_what_is_allowed(
    function, number, bad, kind, got
):
    ends = [1.0, 2.0, 3.0, 4.0]
    ends[number] = bad
    with pytest.raises(kind) as error:
        function(*ends)
    most = (90, 180)[number % 2]
    allowed = f"a number from -{most} to {most}, or an array of them"
    assert str(error.value) == f"{got}, allowed {allowed}"


def test_shapes_that_do_not_broadcast_are_named():
    with pytest.raises(ValueError, match=r"lat_a, lon_a, lat_b, lon_b: got shapes \(2,\), \(3,\)"):
        el.rtt_ms([1, 2], [1, 2, 3], 0, 0)
    with pytest.raises(ValueError, match="allowed shapes that broadcast together"):
        el.rtt_ms([1, 2], [1, 2], [1, 2, 3], [1, 2, 3])


def test_catchment_points_lie_evenly_within_the_catchment():
    lat, lon = geo.catchment_points(PLACES)
    centre = PLACES[["lat", "lon"]].to_numpy()[:, :, None]
    radius = PLACES["catchment_km"].to_numpy()
    km = great_circle_km(lat, lon, centre[:, 0], centre[:, 1])
    assert km.shape == (len(PLACES), POINTS)
    assert (km.max(axis=1) <= radius).all() and (km.max(axis=1) >= 0.95 * radius).all()
    # A disc of even density: half of it lies within 0.707 of the radius, and no side has more.
    assert_allclose(np.mean(km**2, axis=1) / radius**2, 0.5, atol=0.01)
    north = (lat - centre[:, 0]).mean(axis=1) * 111.2 / radius
    east = (lon - centre[:, 1]).mean(axis=1) * 111.2 * np.cos(np.radians(PLACES["lat"])) / radius
    assert (np.abs(north) < 0.06).all() and (np.abs(east) < 0.06).all()


def test_a_catchment_may_lie_across_the_antimeridian():
    fiji = PLACES.iloc[:1].assign(lat=-17.0, lon=179.95, catchment_km=60.0)
    lat, lon = geo.catchment_points(fiji)
    assert (np.abs(lon) <= 180).all() and (lon < -179).any() and (lon > 179).any()
    assert (great_circle_km(lat, lon, -17.0, 179.95) <= 60).all()


@pytest.mark.parametrize("count", [1, 2, 40, 312, 500])
def test_each_point_is_served_by_the_pop_with_the_least_round_trip(count):
    found, rtt = geo.nearest_pop(count)
    lat, lon = geo.catchment_points(PLACES)
    pops = el.data.pops()[:count]
    for place in range(0, len(PLACES), 5):
        every = el.rtt_ms(lat[place][:, None], lon[place][:, None], pops["lat"], pops["lon"])
        assert_array_equal(rtt[place], every.min(axis=1))
        assert_array_equal(found[place], every.argmin(axis=1))


def test_more_pops_never_raise_a_round_trip_and_move_only_those_who_gain():
    before, least = geo.nearest_pop(1)
    gained = 0
    for count in range(2, 501):
        pop, rtt = geo.nearest_pop(count)
        moved = pop != before
        assert (rtt <= least).all()
        assert_array_equal(moved, rtt < least)
        assert (pop[moved] == count - 1).all()
        gained += moved.any()
        before, least = pop, rtt
    assert gained > 20


def test_origin_round_trips_are_those_to_mumbai():
    from_points, from_pops = geo.origin_rtt_ms()
    pops, mumbai = el.data.pops(), (value("origin_lat_deg"), value("origin_lon_deg"))
    assert pops["city"][from_pops.argmin()] == "Mumbai"
    assert_array_equal(from_pops, el.rtt_ms(pops["lat"], pops["lon"], *mumbai))
    lat, lon = geo.catchment_points(PLACES)
    assert_array_equal(from_points, el.rtt_ms(lat, lon, *mumbai))
    nearest = PLACES["place"][from_points.mean(axis=1).argmin()]
    assert nearest == "Mumbai"
