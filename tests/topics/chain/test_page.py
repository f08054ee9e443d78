"""The chain's panel: links in their order, refusals, presets, and round trips of one's own."""

import pytest

import edgelab as el
from edgelab.topics.chain.model import ENDS, RequestChain
from edgelab.topics.chain.page import ChainPanel


@pytest.fixture(scope="module")
def panel():
    return el.panels.chain()


def assert_shows(panel, chain):
    """Model, words and the ends beside the bars are those of `chain`."""
    assert panel.model == chain and panel.problem.value == ""
    assert chain.in_words() in panel.words.value
    rows = panel.live.plots["waterfall"]["layout"]["yaxis"]["ticktext"][:5]
    assert [row.split(" · ")[1] for row in rows] == [getattr(chain, end) for end in ENDS.values()]


def test_links_move_in_order_and_back(panel):
    for count, name in enumerate(ENDS.values(), start=1):
        panel.controls[name].value = "PoP"
        assert_shows(panel, RequestChain().move(count))
    panel.controls["dns_at"].value = "Mumbai"
    assert "ip_at: got &#x27;PoP&#x27; with dns_at=&#x27;Mumbai&#x27;" in panel.problem.value
    assert panel.controls["dns_at"].value == "PoP" and panel.model == RequestChain().move(5)
    for count, name in reversed(list(enumerate(ENDS.values()))):
        panel.controls[name].value = "Mumbai"
        assert_shows(panel, RequestChain().move(count))


def test_a_refusal_is_gone_with_the_next_move(panel):
    panel.controls["tcp_at"].value = "PoP"
    assert "no packet of the connection passes the PoP" in panel.problem.value
    assert panel.controls["tcp_at"].value == "Mumbai"
    panel.controls["place"].value = "Delhi"
    assert_shows(panel, RequestChain(place="Delhi"))


def test_presets_are_the_two_failure_modes_and_their_cures(panel):
    modes = {name: make(RequestChain(place="Delhi")) for name, make in ChainPanel.presets.items()}
    assert {name: chain.moved for name, chain in modes.items()} == {
        "DNS still points home": 0,
        "Fetch on every request": 4,
        "… connecting anew": 4,
        "All five at the PoP": 5,
        "A returning client": 5,
    }
    assert {chain.place for chain in modes.values()} == {"Delhi"}
    for name, chain in modes.items():
        for before in modes.values():
            assert ChainPanel.presets[name](before) == chain, "whatever was pressed before"
    back = modes["A returning client"]
    assert back.waterfall()["round_trips"].sum() == 1
    warm = ChainPanel.presets["A returning client"](RequestChain(connection="warm"))
    assert warm.connection == "cold", "the story of a new connection"


def test_round_trips_of_ones_own_stay_while_links_move(panel):
    mine = {"last_mile_ms": 8.0, "pop_ms": 4.0, "home_ms": 130.0, "pop_home_ms": 125.0}
    own = el.panels.chain(RequestChain(trips=mine))
    own.buttons["Fetch on every request"].click()
    assert_shows(own, RequestChain(trips=mine).move(4))
    assert own.controls["place"].disabled and not own.controls["tls"].disabled
    assert "Place: the round trips are your own" in own.idle.value
    again = eval(own.line(), {"el": el})
    assert again.model == own.model and again.model.total_ms() == pytest.approx(172)
    own.reset.click()
    assert_shows(own, RequestChain(trips=mine))
    own.retire()


def test_slides_are_the_plots(panel):
    panel.pin.value = True
    panel.buttons["Fetch on every request"].click()
    _, *slides = panel.slides()
    assert [s.layout.meta["name"] for s in slides] == [
        *("waterfall", "link_by_link", "savings", "cutover")
    ]
    assert all("pinned=el.RequestChain()" in s.layout.meta["code"] for s in slides)
