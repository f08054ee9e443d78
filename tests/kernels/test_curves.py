"""Curves over the PoP count, against plain Python that starts afresh for every count."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config
from numpy.testing import assert_allclose, assert_array_equal

from edgelab.kernels.curves import nearest_few, quantile_curves, rank_shares

PLAIN = config.DISABLE_JIT
STEP = 0.5
LEVELS = np.array([0.05, 0.5, 0.99])


# -- the law ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [1.0, 0.99, 0.55, 0.3])
def test_each_pop_keeps_the_same_share_of_those_who_come_by_and_the_last_one_all(share):
    law = rank_shares(share)
    ranks = len(law) - 1
    assert (1 - share) ** ranks <= 1e-4 and (ranks == 1 or (1 - share) ** (ranks - 1) > 1e-4)
    for count in range(1, ranks + 1):
        left = 1.0
        for rank in range(count):
            kept = left if rank == count - 1 else share * left
            assert law[count, rank] == pytest.approx(kept, abs=1e-15)
            left -= kept
    assert_allclose(law[1:].sum(axis=1), 1)
    assert not np.triu(law).any()


def test_with_few_ranks_left_over_the_tail_is_small():
    fine, rough = rank_shares(0.3, 1e-9)[-1], rank_shares(0.3)[-1]
    assert np.abs(fine[: rough.size - 2] - rough[:-2]).max() < 1e-15
    assert rough[-2] < 2e-4


# -- the nearest few -------------------------------------------------------------------------------


@settings(max_examples=20 if PLAIN else 100, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 9))
def test_the_nearest_few_are_those_of_a_stable_sort(seed, candidates, ranks):
    rng = np.random.default_rng(seed)
    cost = rng.integers(0, 5, (3, 10)).astype(float)  # few values make many ties
    order = rng.permutation(10)[:candidates]
    ranks = min(ranks, candidates)
    found = nearest_few(cost, order, ranks)
    for row, chosen in zip(cost, found, strict=True):
        assert_array_equal(chosen, order[np.argsort(row[order], kind="stable")][:ranks])


# -- the curves ------------------------------------------------------------------------------------


def problem(seed, ratio, share, ways=None):
    """Points in two places with last miles of their own, and PoPs at whole and half distances."""
    rng = np.random.default_rng(seed)
    pops, points, slots = 12, 7, 2
    cost = rng.integers(0, 60, (pops, points)) / 2.0 if ways is None else ways
    near = cost * rng.choice([1.0, 1.3], (pops, points))
    far = rng.uniform(0, 40, pops)
    cdf = [np.sort(rng.uniform(0, 1, (slots, n)), axis=1) for n in (9, 23)]
    for each in cdf:
        each[:, -1] = 1.0
    cdf[0][1, 5:] = 1.0  # one last mile is shorter than the other
    return {
        "order": rng.permutation(pops),
        "cost": cost,
        "near_ms": near,
        "far_ms": far,
        "points": rng.permutation(points)[:6],
        "weight": rng.uniform(1, 9, 6),
        "slot": np.array([0, 1, 0, 1, 1, 0]),
        "shares": rank_shares(share, 0.02),
        "near_cdf": cdf[0],
        "far_cdf": cdf[1],
        "near_start_ms": rng.uniform(0, 4, slots),
        "far_start_ms": rng.uniform(0, 9, slots),
        "step_ms": STEP,
        "ratio": ratio,
        "groups": np.array([[True, False], [False, True], [True, True]]),
        "levels": LEVELS,
        "within_ms": 21.3,
    }


def components(case, count, group):
    """Weight, way, start and distribution of each part of a group's mixture, without any lists."""
    shares = case["shares"]
    for p, here in enumerate(case["points"]):
        s = case["slot"][p]
        if not case["groups"][group][s]:
            continue
        first = case["order"][:count]
        near_by = first[np.argsort(case["cost"][first, here], kind="stable")]
        law = shares[min(count, len(shares) - 1)]
        for rank, pop in enumerate(near_by[: len(law) - 1]):
            weight = case["weight"][p] * law[rank]
            near = case["near_ms"][pop, here]
            far = near + case["far_ms"][pop]
            yield weight * (1 - case["ratio"]), near, case["near_start_ms"][s], case["near_cdf"][s]
            yield weight * case["ratio"], far, case["far_start_ms"][s], case["far_cdf"][s]


def share_until(ms, parts):
    """P(over by `ms`): each way split between the grid points around it, linear in between."""
    out = total = 0.0
    for weight, way, start, cdf in parts:
        at = (way + start) / STEP
        for below, part in ((int(at), 1 - at % 1), (int(at) + 1, at % 1)):
            grid = STEP * (below + np.arange(-1, cdf.size))
            out += weight * part * np.interp(ms, grid, np.append(0.0, cdf))
        total += weight
    return out / total


@pytest.mark.parametrize("ratio", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("share", [1.0, 0.7, 0.4])
@pytest.mark.parametrize("seed", range(2 if PLAIN else 6))
def test_curves_are_the_twins(seed, share, ratio):
    case = problem(seed, ratio, share)
    quantile_ms, way_ms, in_time = quantile_curves(**case)
    for group in range(3):
        for now in range(12):
            parts = list(components(case, now + 1, group))
            for k, level in enumerate(LEVELS):
                ms = quantile_ms[group, now, k]
                # At the quantile the share is the level, or jumps across it.
                assert share_until(ms - 1e-9, parts) - 1e-7 <= level
                assert level <= share_until(ms + 1e-9, parts) + 1e-7
            weight, way, *_ = zip(*parts, strict=True)
            assert way_ms[group, now] == pytest.approx(np.average(way, weights=weight))
            assert in_time[group, now] == pytest.approx(share_until(case["within_ms"], parts))


def test_fewer_pops_are_a_piece_of_the_same_curve():
    case = problem(3, 0.1, 0.5)
    short = quantile_curves(**case | {"order": case["order"][:5]})
    for few, every in zip(short, quantile_curves(**case), strict=True):
        assert_array_equal(few, every[:, :5])


def test_a_pop_that_nobody_is_nearer_to_changes_nothing():
    case = problem(5, 0.1, 1.0)
    case["cost"][case["order"][4:]] = 1e3
    for curve in quantile_curves(**case):
        assert (curve[:, 4:] == curve[:, 3:4]).all()


def test_of_equally_near_pops_the_one_that_came_first_serves():
    case = problem(0, 0.0, 1.0, ways=np.full((12, 7), 5.0))
    case["near_ms"] = np.arange(12.0)[:, None] + np.zeros(7)
    way_ms = quantile_curves(**case)[1]
    assert_allclose(way_ms, case["order"][0])
