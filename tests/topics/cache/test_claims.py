"""The figure of notebook 05's ledger row, found another way."""

import numpy as np
import pytest

import edgelab as el
from edgelab import ledger
from edgelab.kernels import zipf
from edgelab.topics.cache import closed_form, match


def test_requests_that_still_wait_by_the_textbooks_formula_for_every_list():
    """The sum over PoPs, moments of the match and all 10,000 lists of e^-lS / (1 + lT)."""
    cache = el.EdgeCache(ttl_s=60.0, stale_while_revalidate_s=60.0)
    who = closed_form.audience(cache.pops)
    share = zipf.weights(cache.objects, cache.zipf_exponent)
    _, times = match.demand(cache.surge, cache.seed)
    # Moments at which the match asks for nearly the same are taken together.
    some, count = np.unique(times.round(2), return_counts=True)
    waited = total = 0.0
    for viewers in who.viewers:
        for times_mean, moments in zip(some, count, strict=True):
            rate = viewers / 60 * times_mean * share
            waited += moments * np.sum(rate * np.exp(-rate * 60) / (1 + rate * 60))
            total += moments * rate.sum()
    assert ledger.FIGURES["swr-hides-the-fetch"]() == pytest.approx(100 * waited / total, rel=0.01)


def test_the_row_is_answered():
    row = el.claims(page=5).loc["swr-hides-the-fetch"]
    assert row["verdict"] == "holds when" and 0 < row["ours"] < 0.1
