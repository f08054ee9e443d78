"""The origin's queue against textbook values and closed forms of M/M/c."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from edgelab.world.queue import erlang_c, sojourn_quantiles_ms

COUNT = 4096
LEVELS = (np.arange(COUNT) + 0.5) / COUNT
LOADS = [(1, 0.3), (1, 0.95), (2, 1.0), (3, 2.0), (3, 2.9), (32, 2.8), (32, 31.0), (32, 31.95)]
LARGE = [(1000, 960.0), (20_000, 19_900.0)]


def direct_sum(servers, offered):
    """Erlang C by its definition, in logarithms so that large numbers fit."""
    logs = [k * math.log(offered) - math.lgamma(k + 1) for k in range(servers + 1)]
    logs[-1] += math.log(servers / (servers - offered))
    top = max(logs)
    weights = [math.exp(x - top) for x in logs]
    return weights[-1] / math.fsum(weights)


def later_share(t, servers, offered, service_ms):
    """P(time in the system > t) as textbooks write it (Gross and Harris, M/M/c)."""
    x, spare = np.asarray(t) / service_ms, servers - 1 - offered
    wait = x if spare == 0 else -np.expm1(-spare * x) / spare
    return np.exp(-x) * (1 + direct_sum(servers, offered) * wait)


@pytest.mark.parametrize(
    ("servers", "offered", "expected"),
    [(1, rho, rho) for rho in (0.001, 0.3, 0.5, 0.999)]
    + [(2, 1.0, 1 / 3), (2, 1.5, 9 / 14), (3, 2.0, 4 / 9), (3, 1.0, 1 / 11)],
)
def test_erlang_c_has_its_textbook_values(servers, offered, expected):
    assert erlang_c(servers, offered) == pytest.approx(expected, rel=1e-12)


def test_erlang_c_is_no_more_than_1_just_below_saturation():
    assert all(erlang_c(n, n * (1 - 2.0**-k)) <= 1 for n in range(1, 200) for k in range(40, 54))


@pytest.mark.parametrize(("servers", "offered"), [*LOADS, *LARGE, (100, 1.0), (5, 1e-3)])
def test_erlang_c_is_the_direct_sum(servers, offered):
    assert erlang_c(servers, offered) == pytest.approx(direct_sum(servers, offered), rel=1e-8)


@pytest.mark.parametrize(("servers", "offered"), [(1, 1.0), (1, 7.0), (32, 32.0), (32, 1e6)])
def test_from_saturation_on_everyone_waits_for_ever(servers, offered):
    assert erlang_c(servers, offered) == 1
    assert np.isinf(sojourn_quantiles_ms(servers, offered, 2.0, 10)).all()


@pytest.mark.parametrize("servers", [1, 2, 32])
def test_without_load_there_is_service_alone(servers):
    assert erlang_c(servers, 0.0) == 0
    found = sojourn_quantiles_ms(servers, 0.0, 3.0, COUNT)
    assert_allclose(found, -3 * np.log1p(-LEVELS), rtol=1e-4)


@pytest.mark.parametrize("rho", [0.01, 0.5, 0.9, 0.9999])
def test_one_server_is_the_exponential_of_m_m_1(rho):
    found = sojourn_quantiles_ms(1, rho, 2.0, COUNT)
    assert_allclose(found, -np.log1p(-LEVELS) * 2 / (1 - rho), rtol=1e-4)


@pytest.mark.parametrize("service_ms", [0.1, 2.0, 50.0])
@pytest.mark.parametrize(("servers", "offered"), [*LOADS, *LARGE])
def test_quantiles_invert_the_textbooks_tail(servers, offered, service_ms):
    found = sojourn_quantiles_ms(servers, offered, service_ms, COUNT)
    assert_allclose(later_share(found, servers, offered, service_ms), 1 - LEVELS, rtol=1e-4)


@pytest.mark.parametrize(("servers", "offered"), [*LOADS, *LARGE])
def test_mean_is_service_plus_the_mean_wait(servers, offered):
    found = sojourn_quantiles_ms(servers, offered, 2.0, 100_000)
    expected = 2.0 + direct_sum(servers, offered) * 2.0 / (servers - offered)
    assert found.mean() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("off", [0.0, 1e-15, 1e-12, 1e-10, 1e-8, 1e-6, 5e-5, -1e-10, -1e-8])
def test_nothing_happens_where_service_and_the_queue_empty_at_one_rate(off):
    found = sojourn_quantiles_ms(3, 2.0 + off, 2.0, COUNT)
    assert_allclose(later_share(found, 3, 2.0 + off, 2.0), 1 - LEVELS, rtol=1e-4)


@pytest.mark.parametrize("servers", [1, 2, 32, 1000])
def test_more_load_never_shortens_a_time(servers):
    loads = servers * np.array([0, 0.01, 0.2, 0.5, 0.8, 0.9, 0.99, 0.9999, 1.0])
    waits = [erlang_c(servers, load) for load in loads]
    times = np.array([sojourn_quantiles_ms(servers, load, 2.0, 500) for load in loads])
    assert waits == sorted(waits)
    assert (times[1:] >= times[:-1] * (1 - 1e-4)).all()
    assert (times[6] > times[4]).all()
    assert (np.diff(times[:-1], axis=1) > 0).all()
