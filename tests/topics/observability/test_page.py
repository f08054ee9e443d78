"""What is particular to the panel of notebook 10."""

import asyncio
import html

import pytest

import edgelab as el
from edgelab.stage.plot import frame
from edgelab.topics.observability.page import QUICK_NIGHTS

#: Few nights, so that the tests are quick; of a CUSUM that no other test has.
START = el.Fleet(nights=20, cusum_h=9.5)
PRESETS = {
    "One dead PoP": {},
    "Watch each PoP": {"rule": "2 windows, each"},
    "A slow PoP": {"fault": "PoP slow", "depth": 0.1},
    "A bad version": {"fault": "version bad", "depth": 0.05},
    "A region cut off": {"fault": "region cut off"},
    "A clock off": {"fault": "clock off"},
    "Few lines": {"sampled": 0.001},
}


@pytest.fixture(scope="module")
def panel():
    return el.panels.observability(START)


def test_presets_set_the_fault_whatever_was_pressed_before(panel):
    assert list(panel.presets) == list(PRESETS)
    for first in panel.presets.values():
        for name, make in panel.presets.items():
            made = make(first(START))
            if name != "Watch each PoP":  # all others leave the rule as it is
                made = made.replace(rule=START.rule)
            assert made == START.replace(**PRESETS[name])


def test_few_nights_under_the_hand_and_all_of_them_at_rest(panel):
    async def drag():
        panel.controls["burn"].value = 6.0
        quick = START.replace(burn=6.0, nights=QUICK_NIGHTS)
        assert quick.in_words() in html.unescape(panel.words.value)
        assert "Few nights so far" in panel.below.value
        for _ in range(200):
            await asyncio.sleep(0.05)
            if panel.resting:
                break

    asyncio.run(drag())
    assert START.replace(burn=6.0).in_words() in html.unescape(panel.words.value)
    assert "20 drawn nights. Over all PoPs, in closed form: 14.4 in 1 h never" in panel.below.value


def test_nights_that_are_known_are_shown_at_once(panel):
    fresh = START.replace(cusum_h=9.25)
    assert panel._moving(fresh) == fresh.replace(nights=QUICK_NIGHTS)
    assert panel._moving(fresh.replace(nights=2)).nights == 2
    frame(el.Fleet.rules, fresh)
    assert panel._moving(fresh) == fresh


def test_the_large_plot_opens_the_board(panel):
    first, second, *_ = panel.board
    assert first.plot.name == "pop_funnel"
    assert first.plot.span + second.plot.span == 12
    assert first.plot.height_px == max(each.plot.height_px for each in panel.board)


def test_the_panel_opens_with_another_fault_than_the_prediction_asks_about():
    opened = el.panels.observability()
    assert opened.start == el.Fleet(bad_share=0.05)
    assert 1 / el.Fleet().bad_share == pytest.approx(312), "what the prediction asks about"
    fires = opened.start.alerts()["fires_after_h"][0]
    assert fires < 1 and "14.4 in 1 h never" not in opened.below.value
    assert all(make(opened.start).bad_share == 1 / 312 for make in opened.presets.values())
    opened.retire()


def test_every_main_knob_is_on_the_card_once_and_the_fault_above_the_others(panel):
    def below(widget):
        return [widget, *(w for each in getattr(widget, "children", ()) for w in below(each))]

    shown = [w for w in below(panel) if w in panel.controls.values()]
    assert shown[0] is panel.controls["fault"]
    assert len(shown) == len(set(shown)) == len(panel.scenario.main)
