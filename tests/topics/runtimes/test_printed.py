"""What notebook 04 prints: its formulas and its answers have the model's numbers."""

import numpy as np
import pytest
from scipy.optimize import brentq

import edgelab as el
from edgelab.stage.theme import COLOURS
from edgelab.topics.runtimes import plots
from edgelab.topics.runtimes.model import WarmPool
from edgelab.topics.runtimes.page import PoolPanel
from page_text import answers, prose

TEXT, ANSWERS = prose(4), answers(4)
POOL = WarmPool()
PRESETS = {name: make(POOL) for name, make in PoolPanel.presets.items()}


def by_the_formula(tenants, slots):
    """T in requests and the share that starts cold, with Zipf's law, tenant by tenant."""
    p = 1 / np.arange(1, tenants + 1)
    p /= p.sum()
    time = brentq(lambda t: (1 - np.exp(-p * t)).sum() - slots, 1, 1e12)
    return time, (p * np.exp(-p * time)).sum()


def isolate(pool):
    return pool.density().loc["isolate"]


@pytest.mark.parametrize("memory_gb", [15.0, 60.0, 110.0, 111.0])
def test_the_printed_formulas_give_what_the_screen_shows(memory_gb):
    half = PRESETS["Half the isolates fit"].replace(pop_memory_gb=memory_gb)
    slots = round(1000 * memory_gb / 3)
    time, cold = by_the_formula(40_000, 1000 * memory_gb // 3)
    assert isolate(half)["cold_share"] == pytest.approx(cold, rel=1e-3)
    assert time < half.idle_requests, "the idle limit plays no part"
    if memory_gb == 60:
        assert slots == 20_000 and f"60 GB / 3 MB = {slots:,} of 40,000" in TEXT
        assert f"$T$ is {time:,.0f} requests, and {100 * cold:.2f} % start cold" in TEXT
        shown = 100 * half.simulation().query("own")["closed_form"].iloc[0]
        assert f"{shown:.2f}" == f"{100 * cold:.2f}"
        assert f"isolate {100 * cold:.2g} %" in el.figures.cold_starts(half).layout.meta["caption"]


@pytest.mark.parametrize("name", ["A quiet platform", "Millions of tenants"])
def test_where_all_fit_the_idle_limit_is_the_formulas_t(name):
    pool = PRESETS[name].replace(primitive="Wasm")
    assert pool.density().loc["Wasm", "fit"] > pool.tenants
    p = 1 / np.arange(1, pool.tenants + 1)
    p /= p.sum()
    time = pool.idle_limit_s * pool.requests_per_s / pool.pops
    cold = (p * np.exp(-p * time)).sum()
    assert pool.density().loc["Wasm", "cold_share"] == pytest.approx(cold, rel=1e-3)


def test_what_the_most_popular_half_would_leave():
    p = 1 / np.arange(1, 40_001)
    left = f"{100 * p[20_000:].sum() / p.sum():.1f} %"
    assert f"it would be {left}" in TEXT
    assert f"it would be {left}" in el.check.half_guess(5).reason
    assert f"{POOL.per_pop:,.0f} requests a second there" in TEXT


def test_the_answers_have_the_model_s_numbers(nothing_measured):
    assert len(ANSWERS) == 5
    each = PRESETS["A process for every tenant"]
    row = each.density().loc["process"]
    assert f"{row['fit']:,.0f} of {each.tenants:,} fit, at 50 MB each" in ANSWERS[1]
    assert f"{row['cold_share']:.0%}".replace("%", " %") in ANSWERS[1]
    assert each.costs().loc["process", ["memory_mb", "call_ms"]].tolist() == [50, 10]
    public = each.replace(figures="public")
    assert f"{public.density().loc['process', 'fit']:,.0f} processes fit" in ANSWERS[2]
    times = ["start_ms", "call_ms"]
    assert (public.costs().loc["process", times] == each.costs().loc["process", times]).all()
    assert each.costs().loc["process", "call_ms"] == 10 and "far below 10 ms" in ANSWERS[2]
    half = el.WarmPool(tenants=40_000, pop_memory_gb=100.0)
    cold = {
        gb: isolate(half.replace(pop_memory_gb=gb))["cold_share"] for gb in (100, 110, 111, 120)
    }
    assert cold[100] > cold[110] > 0.01 > cold[111] > cold[120] == 0
    assert f"With 111 GB {100 * cold[111]:.2f} %" in ANSWERS[0]
    assert isolate(half.replace(pop_memory_gb=60.0))["fit"] == half.tenants / 2
    left = half.tenants - isolate(half.replace(pop_memory_gb=111.0))["fit"]
    p = 1 / np.arange(1, half.tenants + 1)
    assert left == 3000 and f"ask for {100 * p[-3000:].sum() / p.sum():.2f} %" in ANSWERS[0]
    many = PRESETS["Millions of tenants"].density()
    each = many["pop_gb"] / 1000
    assert (
        f"{312 * each['isolate']:.0f} TB for a million isolates, {each['isolate']:.0f} TB"
        in ANSWERS[3]
    )
    assert f"{312 * each['Wasm']:.2f} TB, {1000 * each['Wasm']:.0f} GB in each PoP" in ANSWERS[3]
    assert f"hold {many.loc['isolate', 'fit']:,.0f}" in ANSWERS[3]
    wasm = PRESETS["Millions of tenants"].replace(primitive="Wasm")
    assert "1 request in 46 starts cold" in ANSWERS[3] and "1 request in 46 " in wasm.in_words()
    assert many.loc["Wasm", "fit"] > wasm.tenants, "the idle limit alone"
    quiet = PRESETS["A quiet platform"]
    here, fewer = (isolate(quiet.replace(pops=n))["cold_share"] for n in (312, 100))
    assert f"({100 * here:.2f} %) starts cold, then 1 in 1,700 ({100 * fewer:.2f} %)" in ANSWERS[4]
    said = [quiet.replace(pops=n).in_words() for n in (312, 100)]
    assert "1 request in 60 " in said[0] and "1 request in 1,700 " in said[1]
    assert isolate(quiet)["fit"] > quiet.tenants and quiet.idle_limit_s == 3600


def test_every_stop_that_a_task_names_is_there():
    panel = el.panels.runtimes()
    stops = [value for _, value in panel.controls["pop_memory_gb"].options]
    assert {60, 100, 110, 111, 120} < {*stops} and (stops[0], stops[-1]) == (1, 4096)
    panel.retire()


def test_the_pin_has_the_colour_of_every_pin_and_no_primitive_has_it():
    assert plots.PINNED["color"] == COLOURS["pinned"]
    assert len({COLOURS[name] for name in (*plots.DASHES, "pinned")}) == 5
