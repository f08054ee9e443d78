"""The article's figures beside the model's."""

import pytest

from edgelab.core.constants import value
from edgelab.topics.night import calibration
from edgelab.topics.night.model import CricStream


def test_five_of_six_figures_are_within_ten_percent_and_delhi_is_not():
    frame = calibration.residuals()
    assert list(frame["article_ms"]) == [38, 71, 312, 19, 22, 31]
    assert frame["residual"].drop("Delhi").abs().max() < 0.10
    # 38 ms leaves a fibre subscriber no room: measured, Delhi to Pune takes 28 ms of it alone.
    assert 0.10 < frame.loc["Delhi", "residual"] < 0.20


def test_the_origin_is_barely_warm():
    load = CricStream().origin_load().loc["tonight", "utilisation"]
    assert load <= value("target_origin_utilisation")


def test_fewer_numbers_are_fitted_than_figures_given():
    assert len(calibration.FITTED) < len(calibration.TARGETS)


@pytest.mark.slow
def test_the_fitted_constants_are_what_the_fit_finds():
    fitted = calibration.fit()
    for name, number in fitted.items():
        assert value(name) == pytest.approx(number, rel=2e-3), name


@pytest.mark.slow
def test_leaving_a_figure_out_shows_what_the_fit_is_worth():
    frame = calibration.leave_one_out()
    assert frame.loc["London", "residual"] == pytest.approx(0.07, abs=0.05)
    assert frame.loc[["Chennai", "diaspora"], "predicted_ms"].isna().all()
    # Singapore and the Bay Area hold the last mile's two numbers between them.
    assert frame.loc[["Singapore", "Bay Area"], "residual"].abs().max() < 0.25


def test_a_target_that_is_none_is_refused():
    with pytest.raises(ValueError, match="without: got 'Delhi', allowed 'target_delhi"):
        calibration.fit(without="Delhi")
