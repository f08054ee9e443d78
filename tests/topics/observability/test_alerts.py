"""Alert rules: the workbook's examples, CUSUM's published tables, and drawn nights beside both."""

import numpy as np
import pytest
from scipy import stats

import edgelab as el
from edgelab.topics.observability import alerts
from edgelab.topics.observability.alerts import ALL, EACH, MINUTES, WORKBOOK, BurnRule

#: One dead PoP of 312 equal ones, and nothing else bad.
DEAD = el.Fleet(usual_errors=0, skew=0)


def test_one_dead_pop_of_312_burns_3_205_times_and_no_page_fires():
    assert DEAD.burn_rate == pytest.approx(3.205, abs=5e-4)
    found = DEAD.alerts()
    assert found["fires_after_h"].round(2).tolist() == [np.inf, np.inf, 22.46, 22.46]
    assert found["each_pop_after_s"][0] == pytest.approx(51.84)
    assert found["most_equal_pops"][:2].tolist() == [69, 166]
    assert found["spent"].tolist() == pytest.approx([0.02, 0.05, 0.1, 0.1])


@pytest.mark.parametrize(("rule", "most"), [*zip(WORKBOOK, (69, 166, 333, 1000), strict=True)])
def test_among_so_many_equal_pops_it_fires_and_among_one_more_never(rule, most):
    assert rule.most_equal_pops(0.001) == most
    assert np.isfinite(rule.fires_after_h(1 / most, 0, 0.001))
    assert np.isinf(rule.fires_after_h(1 / (most + 1), 0, 0.001))


# -- the examples of "The Site Reliability Workbook", at 99.9 % and 30 days ---------------------


def one_window(burn, hours):
    return BurnRule(burn, hours, hours)


def test_a_window_of_ten_minutes_sees_an_outage_at_once_and_may_cry_144_times_a_day():
    rule = one_window(1, 1 / 6)
    assert 3600 * rule.fires_after_h(1, 0, 0.001) == pytest.approx(0.6)
    assert 24 / rule.long_h == pytest.approx(144)


def test_a_window_of_36_hours_takes_two_minutes_and_goes_on_for_36_hours():
    rule = one_window(1, 36)
    assert 3600 * rule.fires_after_h(1, 0, 0.001) == pytest.approx(130, abs=0.5)
    assert rule.resets_after_h(1, 0, 0.001) == pytest.approx(36, abs=0.05)


def test_an_outage_that_lasts_an_hour_spends_140_percent():
    assert 1 / 0.001 * 1 / alerts.PERIOD_H == pytest.approx(1.4, abs=0.02)


def test_burn_36_resets_after_58_minutes_and_35_empties_the_budget_unseen():
    rule = one_window(36, 1)
    assert 60 * rule.resets_after_h(1, 0, 0.001) == pytest.approx(58, abs=0.2)
    assert np.isinf(rule.fires_after_h(0.035, 0, 0.001))
    assert alerts.PERIOD_H / 35 == pytest.approx(20.5, abs=0.08)
    assert 60 * alerts.PERIOD_H / 1000 == pytest.approx(43, abs=0.3)


def test_one_failure_of_ten_requests_an_hour_is_13_9_percent_of_the_budget():
    # The text calls it a burn rate of 1,000; by its own formula it is 100 in that hour.
    assert one_window(0.1 / 0.001, 1).spent == pytest.approx(0.139, abs=5e-4)
    assert 1 / (10 * alerts.PERIOD_H * 0.001) == pytest.approx(0.139, abs=5e-4)


def test_fifteen_percent_take_5_76_minutes_and_at_90_percent_the_page_never_fires():
    assert 60 * WORKBOOK[0].fires_after_h(0.15, 0, 0.001) == pytest.approx(5.76)
    assert np.isinf(WORKBOOK[0].fires_after_h(1, 0, 0.1))
    assert [rule.short_h * 60 for rule in WORKBOOK] == pytest.approx([5, 30, 120, 360])


@pytest.mark.parametrize("rule", WORKBOOK)
@pytest.mark.parametrize(("bad", "usual"), [(1, 0), (0.02, 0.0005), (0.2, 0.0002)])
def test_windows_filled_minute_by_minute_agree(rule, bad, usual):
    """Both windows as plain averages over a history in seconds."""
    step_h = rule.short_h / 2000
    lasts = int(2 * rule.long_h / step_h)
    after = rule.fires_after_h(bad, usual, 0.001)
    share = np.concatenate([np.full(lasts, usual), np.full(lasts, bad), np.full(lasts, usual)])
    total = np.append(0.0, np.cumsum(share))

    def average(hours):
        n = round(hours / step_h)
        return (total[n:] - total[:-n])[-2 * lasts :] / n

    on = np.minimum(average(rule.long_h), average(rule.short_h)) >= rule.burn * 0.001 - 1e-12
    assert np.isfinite(after) == on.any()
    if on.any():
        assert (on.argmax() + 1) * step_h == pytest.approx(after, abs=2 * step_h)
        end = lasts + (~on[lasts:]).argmax()
        assert (end - lasts + 1) * step_h == pytest.approx(
            rule.resets_after_h(bad, usual, 0.001), abs=3 * step_h
        )


# -- CUSUM ----------------------------------------------------------------------------------------

SHIFTS = (0, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4, 5)
#: Lucas and Crosier (1982), two-sided, k 0.5, h 4, without and with the headstart h / 2.
PLAIN = (168, 74.2, 26.6, 13.3, 8.38, 4.75, 3.34, 2.62, 2.19, 1.71, 1.31)
HEAD = (149, 62.7, 20.1, 8.97, 5.29, 2.86, 2.01, 1.59, 1.32, 1.07, 1.01)


@pytest.mark.parametrize(("head", "table"), [(0, PLAIN), (2, HEAD)])
def test_run_lengths_are_the_published_ones(head, table):
    for shift, right in zip(SHIFTS, table, strict=True):
        exact = el.Fleet.run_length(shift, k=0.5, h=4, head=head)
        assert exact == pytest.approx(right, rel=0.01), shift
        mean, error = alerts.run_length_drawn(shift, head=head, runs=40_000)
        assert abs(mean - exact) < 3 * max(error, 1e-3), shift


def test_one_sided_run_lengths_and_those_of_a_higher_limit():
    one = {"k": 0.5, "h": 3, "two_sided": False}
    assert el.Fleet.run_length(0, **one) == pytest.approx(117.59, rel=1e-3)  # Brook and Evans
    assert el.Fleet.run_length(1.5, **one) == pytest.approx(3.75, rel=1e-3)
    five = [el.Fleet.run_length(shift, h=5) for shift in SHIFTS[:5]]
    assert five == pytest.approx([465.4, 139.5, 38.0, 17.0, 10.38], rel=0.01)


@pytest.mark.parametrize(("shift", "h"), [(0, 3), (1.5, 3), (0.5, 4)])
def test_a_markov_chain_agrees(shift, h):
    """Brook and Evans, Biometrika 59 (1972): the sum in steps, extrapolated to none."""

    def by_states(t):
        w = 2 * h / (2 * t - 1)
        at = np.arange(t)
        edges = (at[None, 1:] - at[:, None] + 0.5) * w + 0.5 - shift
        below = np.column_stack([np.zeros(t), stats.norm.cdf((-at + 0.5) * w + 0.5 - shift),
                                 stats.norm.cdf(edges)])  # fmt: skip
        return np.linalg.solve(np.eye(t) - np.diff(below), np.ones(t))[0]

    coarse, fine = by_states(100), by_states(200)
    right = fine + (fine - coarse) / 3  # the error falls with the square of the step
    assert el.Fleet.run_length(shift, h=h, two_sided=False) == pytest.approx(right, rel=1e-3)


def test_a_head_is_no_higher_than_the_limit():
    with pytest.raises(ValueError, match=r"head: got 5, allowed a number from 0 to 4"):
        el.Fleet.run_length(0, h=4, head=5)


# -- drawn nights ---------------------------------------------------------------------------------


def test_the_budget_s_rules_on_drawn_nights_are_late_by_a_minute_at_most():
    exact, drawn = DEAD.alerts(), DEAD.replace(nights=20).alerts("drawn")
    late_h = drawn["fires_after_h"][2:] - exact["fires_after_h"][2:]
    assert np.isinf(drawn["fires_after_h"][:2]).all()
    assert late_h.between(-1 / 60, 2 / 60).all()
    late_s = drawn["each_pop_after_s"] - exact["each_pop_after_s"]
    assert late_s.between(-60, 60).all() and drawn["each_pop_after_s"][0] == 60


def alarms_by_binomials(fleet, scope):
    """Mean onsets a month of “1 minute”: each minute is on by itself with one probability."""
    lines = fleet.requests_per_s * 60 * fleet.sampled * fleet._sight.traffic
    lines = np.array([lines.sum()]) if scope == ALL else lines
    on = stats.poisson.sf(np.ceil(fleet.burn * fleet.budget * lines) - 1,
                          fleet.usual_errors * lines)  # fmt: skip
    a_night = on + (MINUTES - 1) * on * (1 - on)
    return 180 * a_night.sum()


@pytest.mark.parametrize("knobs", [{"sampled": 0.001, "burn": 6}, {"sampled": 0.0001, "burn": 2}])
def test_false_alarms_are_the_closed_form_s(knobs):
    fleet = el.Fleet(nights=200, skew=0, **knobs)
    for k, scope in ((0, ALL), (4, EACH)):
        right = alarms_by_binomials(fleet, scope)
        error = np.sqrt(right * 180 / fleet.nights)
        assert abs(fleet.rules()["false_alarms"].iloc[k] - right) < 4 * error + 1e-9


def test_312_rules_cry_312_times_as_often_as_one():
    fleet = el.Fleet(skew=0, sampled=0.0001, burn=2, nights=100)
    quiet = fleet._sight.quiet
    watch = fleet._take(alerts.Watch)
    alarms, _ = alerts.drawn_nights(quiet, watch, EACH, 100, MINUTES)
    one = alarms_by_binomials(fleet, EACH) / 312
    assert 180 * alarms[:, 0].mean() == pytest.approx(312 * one, rel=0.05)


def test_the_same_night_whatever_else_is_asked():
    fleet = el.Fleet(nights=40)
    watch = fleet._take(alerts.Watch)
    few = alerts.drawn_nights(fleet._sight, watch, EACH, 10, MINUTES)
    many = alerts.drawn_nights(fleet._sight, watch, EACH, 40, MINUTES)
    for a, b in zip(few, many, strict=True):
        np.testing.assert_array_equal(a, b[:10])


def test_more_evidence_asked_for_is_later_and_cries_less():
    fleet = el.Fleet(bad_share=0.002, depth=0.01, sampled=0.001, nights=100)
    rows = [fleet.replace(cusum_h=h).rules().iloc[7] for h in (5.0, 8.0, 12.0)]
    took, often = ([row[c] for row in rows] for c in ("detect_min", "false_alarms"))
    assert took == sorted(took) and often == sorted(often, reverse=True)
