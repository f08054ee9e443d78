"""The ledger's figures of the observability page, found another way."""

import pytest
from scipy.stats import norm

import edgelab as el
from edgelab.ledger import FIGURES


def test_a_quarter_of_the_pairs_are_in_the_wrong_order():
    assert FIGURES["clocks-disagree"]() == pytest.approx(100 * norm.cdf(-1 / 2**0.5))


def test_one_dead_pop_lifts_the_p99_as_if_so_many_slow_ones_were_left_out():
    """Without the 0.32 % that wait longest, the p99 is the other requests' 99.318th percentile."""
    usual = el.Fleet(skew=0)
    level = 1 - (0.01 - 1 / 312) / (1 - 1 / 312)
    rise = usual.replace(depth=0.001).percentiles(level).loc["exact", "ms"]
    p99 = usual.global_figures().loc["p99_ms", "usual"]
    assert FIGURES["bad-pop-hides"]() == pytest.approx(100 * (rise / p99 - 1), abs=0.5)


def test_none_of_the_pages_fires():
    assert FIGURES["dashboards-by-pop"]() == 0
    assert 1 / 312 < 6 * 0.001 < 14.4 * 0.001


def test_verdicts():
    verdicts = el.claims(page=10)["verdict"]
    assert "not yet tested" not in set(verdicts)
    for row in ("clocks-disagree", "bad-pop-hides", "dashboards-by-pop"):
        assert verdicts[row] == "holds when"
