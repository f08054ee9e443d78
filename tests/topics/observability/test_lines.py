"""Log lines: what a night weighs, what a sample finds, the collector's queue, and incidents."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import edgelab as el
from edgelab.core import datasets
from edgelab.topics.observability import lines

FLEET = el.Fleet()


def test_the_night_s_volume_by_the_vendor_s_own_figures():
    found = FLEET.volume()
    assert found["lines"] == pytest.approx(6.72e9)
    assert (found["least_tb"], found["most_tb"]) == pytest.approx((0.672, 1.68))
    assert found["over_cap"] > 1
    assert found["home_min"] == pytest.approx(1.68e12 * 8 / 10e9 / 60)


@pytest.mark.parametrize(
    ("requests", "lines_each", "sampled", "usd"), [(1e9, 2, 0.1, 108), (15e6, 2, 1.0, 6)]
)
def test_what_lines_cost_is_the_vendor_s_own_example(requests, lines_each, sampled, usd):
    wanted = requests * lines_each * sampled
    per_min = wanted / FLEET.volume()["lines"]
    model = el.Fleet(requests_per_viewer_min=max(per_min, 0.1), sampled=min(per_min / 0.1, 1.0))
    assert model.volume()["lines_kept"] == pytest.approx(wanted, rel=1e-9)
    assert model.volume()["usd_kept"] == pytest.approx(usd)


@pytest.mark.parametrize(("sure", "right"), [(0.95, 299), (0.99, 459)])
def test_a_sample_of_one_percent_needs_so_many_events(sure, right):
    assert FLEET.sampling(sure).loc["head", "events_needed"] == right
    assert stats.binom.sf(0, right, 0.01) >= sure > stats.binom.sf(0, right - 1, 0.01)
    assert el.Fleet(sampled=1.0).sampling(sure)["events_needed"].tolist() == [1, 1]


def test_a_tail_sample_keeps_all_that_is_bad():
    found = FLEET.sampling()
    more = found.loc["tail", "lines_kept"] - found.loc["head", "lines_kept"]
    assert more == pytest.approx(0.99 * FLEET.bad_requests * 6.72e9)


@pytest.mark.parametrize(("times", "lasts", "takes"), [(10, 10, 1.5), (2, 30, 3.0), (4, 5, 1.0)])
def test_the_collector_s_queue_second_by_second(times, lasts, takes):
    fleet = el.Fleet(collector_share=takes)
    found = fleet.collector(times, lasts).set_index("minute")
    per_s = fleet.requests_per_s * fleet.sampled
    waiting = 0.0
    for second in range(60 * 240):
        if second % 60 == 0:
            assert found.loc[second // 60, "waiting"] == pytest.approx(waiting, abs=1e-3)
        comes = per_s * (times if second < 60 * lasts else 1)
        waiting = max(0.0, waiting + comes - takes * per_s)
    if takes == 1:
        assert found["waiting"].iloc[-1] > 0  # it never catches up


# -- incidents ------------------------------------------------------------------------------------


def test_an_incident_has_a_million_lines_with_a_vendor_s_fields():
    found = el.Fleet.incident(1)
    assert len(found) >= 1_000_000
    assert list(found) == ["time", "received", "pop", "version", "status", "duration_ms", "ray"]
    assert found["ray"].is_unique and not found.isna().any().any()
    assert set(found["pop"].cat.categories) <= set(datasets.pops()["code"])
    assert not found.attrs, "nothing tells the cause"
    found["status"] = 0
    assert (el.Fleet.incident(1)["status"] > 0).all(), "a copy"


def test_a_seed_is_an_incident_and_there_are_all_kinds():
    kinds = {lines.cause_of(seed).kind for seed in range(60)}
    assert kinds == set(lines.CAUSES)
    lines.incident.cache_clear()
    one = el.Fleet.incident(9)
    el.Fleet.incident(10)
    pd.testing.assert_frame_equal(one, el.Fleet.incident(9))


def findings(found):
    """What a reader would find: group by each field, look at shares, medians and minutes."""
    failed, slow = found["status"] >= 500, found["duration_ms"] > 300
    lag_s = (found["received"] - found["time"]).dt.total_seconds()

    def by(what, field):
        return what.groupby(found[field], observed=True).mean().sort_values()

    out = {
        "one PoP fails": by(failed, "pop").index[-1],
        "one PoP is slow": by(slow, "pop").index[-1],
        "one version fails": by(failed, "version").index[-1],
        "one PoP's clock is off": by(lag_s, "pop").index[0],
    }
    late = lag_s > 120
    continent = datasets.pops().set_index("code")["continent"]
    if late.any():
        codes = found.loc[late, "pop"].astype(str)
        out["one continent's lines come late"] = continent[codes].mode()[0]
    minute = found["received"].dt.floor("min")
    worst = failed.groupby(minute).mean()
    first = worst[worst > 0.05]
    if len(first):
        out["everybody fails for some minutes"] = f"{first.index[0]:%H:%M}"
    return out


@pytest.mark.parametrize("kind", lines.CAUSES)
def test_each_kind_can_be_found_from_the_lines_alone(kind):
    seed = next(seed for seed in range(60) if lines.cause_of(seed).kind == kind)
    found, there = lines.incident(seed)
    assert findings(found)[kind] == lines.cause_of(seed).name
    assert there.sum() > 200


def test_a_weak_cause_hides_from_the_whole():
    """Where one PoP fails, less than half a percent of all lines are touched."""
    seed = next(s for s in range(60) if lines.cause_of(s).kind == "one PoP fails")
    found, there = lines.incident(seed)
    assert there.mean() < 0.005 and (found["status"] >= 500).mean() < 0.005
    assert np.quantile(found["duration_ms"], 0.99) < 300
