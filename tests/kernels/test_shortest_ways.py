"""Shortest ways, against Dijkstra's algorithm in plain Python."""

import heapq
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


def dijkstra(direct, start):
    """Cost from one hub to each."""
    cost, queue = {}, [(0.0, start)]
    while queue:
        paid, hub = heapq.heappop(queue)
        if hub in cost:
            continue
        cost[hub] = paid
        for other, more in enumerate(direct[hub]):
            if math.isfinite(more) and other not in cost:
                heapq.heappush(queue, (paid + more, other))
    return [cost.get(hub, math.inf) for hub in range(len(direct))]


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
@given(graphs())
def test_every_pair_is_joined_as_dijkstra_has_it(direct):
    before = direct.copy()
    ways = corridors.all_pairs(direct)
    assert_array_equal(ways, [dijkstra(direct, hub) for hub in range(len(direct))])
    assert_array_equal(direct, before)


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
    ways = corridors.all_pairs(direct)
    reached = corridors.reach(start, hub, loop, ways)
    found = corridors.between(reached, a, start, hub, loop, b)
    for one, other, cost in zip(a, b, found, strict=True):
        every = [x + ways[h, k] + y for h, x in points[one] for k, y in points[other]]
        assert cost == min(every)
    best = corridors.best_joints(start, hub, loop, ways)
    few = np.concatenate([[0], np.cumsum(best)])[start], hub[best], loop[best]
    assert (np.diff(few[0]) > 0).all(), "every point keeps a joint"
    assert_array_equal(found, corridors.between(corridors.reach(*few, ways), a, *few, b))
