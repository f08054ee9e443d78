"""Ways between points, against every pair of their hubs in plain Python."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config
from numpy.testing import assert_array_equal

from edgelab.kernels import corridors

EXAMPLES = 20 if config.DISABLE_JIT else 150
# Whole numbers add up without rounding, whatever the order.
COST = st.integers(0, 9).map(float) | st.just(math.inf)


def ways_of(direct):
    """Cost of the cheapest way between every two hubs."""
    cost = direct.copy()
    np.fill_diagonal(cost, 0)
    for via in range(len(cost)):
        cost = np.minimum(cost, cost[:, via, None] + cost[via])
    return cost


@st.composite
def graphs(draw):
    """A symmetric matrix of direct costs."""
    hubs = draw(st.integers(1, 7))
    direct = np.full((hubs, hubs), np.inf)
    for a in range(hubs):
        for b in range(a):
            direct[a, b] = direct[b, a] = draw(COST)
    return direct


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(graphs(), st.data())
def test_points_join_by_the_best_of_their_hubs(direct, data):
    hubs = len(direct)
    joint = st.tuples(st.integers(0, hubs - 1), st.integers(0, 9).map(float))
    points = data.draw(st.lists(st.lists(joint, min_size=1, max_size=3), min_size=1, max_size=4))
    start = np.cumsum([0, *map(len, points)])
    hub = np.array([h for joints in points for h, _ in joints])
    loop = np.array([ms for joints in points for _, ms in joints])
    a, b = (grid.ravel() for grid in np.indices((len(points), len(points))))
    ways = ways_of(direct)
    reached = corridors.reach(start, hub, loop, ways)
    found = corridors.between(reached, a, start, hub, loop, b)
    for one, other, cost in zip(a, b, found, strict=True):
        every = [x + ways[h, k] + y for h, x in points[one] for k, y in points[other]]
        assert cost == min(every)
    best = corridors.best_joints(start, hub, loop, ways)
    few = np.concatenate([[0], np.cumsum(best)])[start], hub[best], loop[best]
    assert (np.diff(few[0]) > 0).all(), "every point keeps a joint"
    assert_array_equal(found, corridors.between(corridors.reach(*few, ways), a, *few, b))
