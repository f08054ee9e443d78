"""The ledger's rows of notebook 04: figures from models and from a remembered measurement."""

import numpy as np
import pytest

import edgelab as el
import made_up
from edgelab import ledger
from edgelab.core.datasets import claims
from edgelab.ledger import TOO_CLOSE, UNMEASURED
from edgelab.topics.runtimes import claims as runtimes

ROWS = claims().set_index("id")
MEASURED = [name for name in runtimes.FIGURES if ROWS.loc[name, "test"] == "measured"]
MODELLED = [name for name in runtimes.FIGURES if name not in MEASURED]


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    monkeypatch.setenv("EDGELAB_DATA_DIR", str(tmp_path / "none"))


def test_the_issues_pairs_are_all_there():
    assert len(MEASURED) == 8 and len(MODELLED) == 2
    assert {"sandbox-in-microseconds", "isolate-boot-5-ms", "start-order"} <= set(MEASURED)
    assert {"idle-3-mb", "process-50-mb"} <= set(MEASURED)
    assert {"overhead-50-us", "overhead-10-ms"} <= set(MEASURED)
    assert {"no-cold-start-tax", "process-each-too-dear"} == set(MODELLED)


def test_without_a_measurement_a_row_says_so(nowhere):
    table = el.claims(page=4)
    assert (table.loc[MEASURED, "verdict"] == UNMEASURED).all()
    assert table.loc[MEASURED, "ours"].isna().all()
    assert (table.loc[MODELLED, "verdict"] == "holds when").all()


def test_figures_are_the_remembered_ones_in_the_rows_units(tmp_path, monkeypatch):
    made_up.remember(tmp_path, monkeypatch)
    ours = el.claims(page=4)["ours"]
    assert ours[MEASURED].round(9).to_dict() == {
        "sandbox-in-microseconds": 20.0,
        "start-order": 100.0,
        "process-boot-10-ms": 1.0,
        "process-50-mb": 1.8,
        "isolate-boot-5-ms": 2.0,
        "idle-3-mb": 0.8,
        "overhead-50-us": 40.0,
        "overhead-10-ms": 0.02,
    }
    verdict = el.claims(page=4)["verdict"]
    held = {"isolate-boot-5-ms", "overhead-50-us"}
    when = {"sandbox-in-microseconds", "idle-3-mb"}
    for name in MEASURED:
        expected = "holds" if name in held else "holds when" if name in when else "contradicted"
        assert verdict[name] == expected, name


@pytest.mark.parametrize(
    ("what", "quantity", "median", "row", "verdict"),
    [
        ("Wasm instance", "start", 2.0, "sandbox-in-microseconds", "contradicted"),
        ("V8 isolate", "start", 0.01, "start-order", "holds"),
        ("V8 isolate", "start", 11.0, "isolate-boot-5-ms", "contradicted"),
        ("V8 isolate", "memory", 7.0, "idle-3-mb", "contradicted"),
        ("V8 isolate", "call", 0.2, "overhead-50-us", "contradicted"),
        ("empty process", "start", 9.0, "process-boot-10-ms", "holds"),
        ("minimal process", "memory", 60.0, "process-50-mb", "holds"),
        ("Node process", "call", 8.0, "overhead-10-ms", "holds"),
    ],
)
def test_another_machine_may_earn_another_verdict(
    tmp_path, monkeypatch, what, quantity, median, row, verdict
):
    monkeypatch.setitem(made_up.MEDIANS, what, made_up.MEDIANS[what] | {quantity: median})
    made_up.remember(tmp_path, monkeypatch)
    assert el.claims(page=4).loc[row, "verdict"] == verdict


@pytest.mark.parametrize("median_ms", [0.0977, 0.1001])
def test_a_row_whose_calls_lie_on_both_sides_of_a_limit_is_too_close_to_tell(
    tmp_path, monkeypatch, median_ms
):
    """Two runs on one machine, their medians to both sides of the limit of 0.1 ms."""
    rows = made_up.rows()
    (call,) = (row for row in rows if (row["what"], row["quantity"]) == ("V8 isolate", "call"))
    call |= {"low": 0.025, "median": median_ms, "high": 0.27}
    monkeypatch.setattr(made_up, "rows", lambda without=(): rows)
    made_up.remember(tmp_path, monkeypatch)
    row = el.claims(page=4).loc["overhead-50-us"]
    assert row["verdict"] == TOO_CLOSE and row["ours"] == pytest.approx(1000 * median_ms)


def test_what_one_machine_lacks_stays_unmeasured(tmp_path, monkeypatch):
    made_up.remember(tmp_path, monkeypatch, without=["V8 isolate", "Node process"])
    table = el.claims(page=4)
    lacking = {"start-order", "isolate-boot-5-ms", "idle-3-mb", "overhead-50-us"}
    assert set(table.index[table["verdict"] == UNMEASURED]) == lacking
    assert table.loc["overhead-10-ms", "ours"] == 0.008  # Python's


def test_the_models_figures_found_another_way():
    tenants, each_gb, pop_gb = 10_000, 0.050, 64
    too_dear = ledger.FIGURES["process-each-too-dear"]()
    assert too_dear == pytest.approx(tenants * each_gb / pop_gb) and too_dear > 5
    # All isolates fit; within an hour the rarest tenant is asked for at its PoP about 118 times.
    rarest = 1 / tenants / np.sum(1 / np.arange(1, tenants + 1))
    assert tenants * 0.003 < pop_gb and rarest * 1e6 / 312 * 3600 > 100
    assert ledger.FIGURES["no-cold-start-tax"]() < 1e-9
    crowded = el.WarmPool(tenants=100_000).density().loc["isolate"]
    assert crowded["cold_share"] > 0.01 and crowded["p99_ms"] > 5


def test_millions_do_not_fit_even_as_isolates():
    rows = el.WarmPool(tenants=1_000_000, pop_memory_gb=1000.0).density()
    assert rows.loc["isolate", "fit"] < 1_000_000
