"""Greedy placement, against plain Python and by its properties; and the order in pops.csv."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numba import config
from numpy.testing import assert_array_equal

from edgelab.core import datasets
from edgelab.kernels.placement import greedy_order

EXAMPLES = 20 if config.DISABLE_JIT else 150
# Whole numbers add up without rounding, and few of them make many ties.
WHOLE = st.integers(0, 6).map(float)


def twin(cost, weight, count):
    """`greedy_order` in plain Python."""
    chosen = []
    for _ in range(count):
        left = [c for c in range(cost.shape[1]) if c not in chosen]
        chosen.append(min(left, key=lambda c: (served(cost, weight, [*chosen, c]), c)))
    return chosen


def served(cost, weight, chosen):
    """Weighted cost to the nearest of the chosen."""
    return sum(w * min(row[c] for c in chosen) for w, row in zip(weight, cost, strict=True))


@st.composite
def problems(draw):
    """A cost matrix and weights."""
    shape = draw(st.tuples(st.integers(1, 7), st.integers(1, 6)))
    return (
        draw(hnp.arrays(np.float64, shape, elements=WHOLE)),
        draw(hnp.arrays(np.float64, shape[0], elements=WHOLE)),
    )


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(problems())
def test_order_is_the_twins_with_ties_to_the_lower_number(problem):
    cost, weight = problem
    candidates = cost.shape[1]
    order = greedy_order(cost, weight, candidates)
    assert order.tolist() == twin(cost, weight, candidates)
    assert sorted(order) == list(range(candidates))


@settings(max_examples=EXAMPLES, deadline=None, derandomize=True)
@given(problems())
def test_a_smaller_count_is_a_prefix_and_each_addition_costs_no_more(problem):
    cost, weight = problem
    candidates = cost.shape[1]
    order = greedy_order(cost, weight, candidates)
    for count in range(candidates):
        assert_array_equal(greedy_order(cost, weight, count), order[:count])
    paid = [served(cost, weight, order[:count]) for count in range(1, candidates + 1)]
    assert paid == sorted(paid, reverse=True)


@pytest.mark.parametrize("weight", [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
def test_equals_go_by_number(weight):
    assert greedy_order(np.ones((3, 5)), np.array(weight), 5).tolist() == [0, 1, 2, 3, 4]


def test_the_first_serves_all_best_and_the_next_what_is_left():
    at, candidates = np.array([0.0, 10.0, 100.0]), np.array([100.0, 6.0, 0.0, 10.0])
    cost = np.abs(at[:, None] - candidates)
    assert greedy_order(cost, np.array([6.0, 4.0, 1.0]), 4).tolist() == [2, 0, 3, 1]
    assert greedy_order(cost, np.array([1.0, 1.0, 9.0]), 2).tolist() == [0, 1]


def test_pops_csv_lists_the_operators_metros_first_and_none_twice():
    pops = datasets.pops()
    assert len(pops) == 500
    assert_array_equal(pops["hypothetical"], pops["rank"] > 337)
    assert pops["code"].is_unique
    assert not pops.duplicated(["lat", "lon"]).any()
