"""The ledger's figures of the KV page, found another way."""

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

import edgelab as el
from edgelab import ledger
from edgelab.topics.kv import claims as kv


def test_who_misses_an_own_write_100_ms_old_by_the_lognormals():
    sigma = np.log(2) / ndtri(0.99)
    near, far = ndtr(-np.log(100 / np.array([50, 250])) / sigma)
    assert ledger.FIGURES["handoff-misses-write"]() == pytest.approx(
        100 * (0.95 * near + 0.05 * far), abs=0.3
    )


def test_with_a_ttl_of_60_s_99_of_100_see_it_after_59_4():
    assert ledger.FIGURES["sticky-30-s"]() == pytest.approx(0.99 * 60, abs=0.2)
    assert el.EdgeKV().seen_ms(0.99, "elsewhere") < 600  # by the article's own delays


def test_the_price_of_merging_is_an_entry_a_pop_and_nothing_if_anything_is_lost(monkeypatch):
    assert ledger.FIGURES["crdt-metadata"]() == pytest.approx(312 * 10 / 18)
    lossy = el.EdgeKV().lost_updates().assign(crdt_lost_share=0.01)
    monkeypatch.setattr(el.EdgeKV, "lost_updates", lambda self: lossy)
    assert kv._price_of_merging() == 0


def test_verdicts():
    table = el.claims(page=6)
    assert table.loc["handoff-misses-write", "verdict"] == "holds when"
    assert table.loc["sticky-30-s", "verdict"] == "contradicted"
    assert table.loc["crdt-metadata", "verdict"] == "holds"
