"""The chain's panel in plain Python: every control, every refusal, and what it draws."""

import numpy as np
import pytest
from ipywidgets import Dropdown, ToggleButtons

import edgelab as el
from edgelab.figures import chain as figures
from edgelab.figures.chain import ChainFrames
from edgelab.models.chain import ENDS, RequestChain
from edgelab.panels import base
from edgelab.panels.chain import PRESETS, ChainPanel

KNOBS = RequestChain.knobs()


@pytest.fixture(scope="module")
def panel():
    return el.panels.request_chain()


@pytest.fixture(autouse=True)
def calm(panel):
    panel.pin.value = False
    panel.show(panel.start)
    base.ERRORS.clear()
    yield
    assert base.ERRORS == []


def assert_shows(panel, chain):
    """Every trace, note and axis is the figures room's, though each was only patched."""
    assert panel.model == chain and panel.problem.value == ""
    held = ChainFrames.of(panel.pinned) if panel.pinned else None
    wanted = figures.traces(ChainFrames.of(chain), held)
    for have, want in zip(panel.figure.data, wanted, strict=True):
        for key in ("x", "y", "base"):
            if key in want:
                np.testing.assert_array_equal(np.asarray(have[key]), np.asarray(want[key]))
    layout = figures.layout(chain, panel.pinned)
    shown = panel.figure.layout
    for kind in ("annotations", "shapes"):
        for have, want in zip(shown[kind], layout[kind], strict=True):
            for key in {"text", "x", "y", "x0", "xanchor"} & set(want):
                assert have[key] == want[key]
    for axis in ("xaxis", "yaxis", "xaxis2", "yaxis2", "xaxis3", "yaxis3"):
        for key in {"range", "ticktext", "tickvals"} & set(layout[axis]):
            assert list(shown[axis][key]) == list(layout[axis][key]), (axis, key)


@pytest.mark.parametrize("name", list(KNOBS))
def test_every_control_moves_the_model_or_says_why_not(panel, name):
    widget, about = panel.controls[name], KNOBS[name]
    assert isinstance(widget, Dropdown) == (len(about.choices) > 6)
    for value in about.choices[::5] or (about.low, about.high, about.default):
        before = panel.model
        widget.value = value
        try:
            wanted = before.replace(**{name: value})
        except ValueError:
            assert panel.model == before and widget.value == getattr(before, name)
            assert 'role="alert"' in panel.problem.value and name in panel.problem.value
            continue
        assert_shows(panel, wanted)
        assert "nan ms" not in panel.words.value.lower()


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
    assert isinstance(panel.controls["tcp_at"], ToggleButtons)
    panel.controls["place"].value = "Delhi"
    assert_shows(panel, RequestChain(place="Delhi"))


def test_presets_are_the_two_failure_modes_and_their_cures(panel):
    for name, make in PRESETS.items():
        panel.presets[name].click()
        assert_shows(panel, make(panel.start))
    modes = {name: make(RequestChain(place="Delhi")) for name, make in PRESETS.items()}
    assert modes["DNS still points home"].moved == 0
    assert modes["Fetch on every request"].moved == 4
    assert {chain.place for chain in modes.values()} == {"Delhi"}


def test_a_pinned_chain_stays_and_the_line_recreates_both(panel):
    panel.pin.value = True
    panel.presets["All five at the PoP"].click()
    assert panel.pinned == RequestChain()
    assert_shows(panel, RequestChain().move(5))
    code = panel.code.value.split("<code>")[1].split("</code>")[0].replace("&#x27;", "'")
    again = eval(code, {"el": el})
    assert isinstance(again, ChainPanel)
    assert (again.model, again.pinned) == (panel.model, panel.pinned)
    assert_shows(again, RequestChain().move(5))


def test_slides_are_the_three_plots_with_their_code(panel):
    panel.pin.value = True
    panel.presets["Fetch on every request"].click()
    slides = panel.slides()
    assert [s.layout.meta["name"] for s in slides] == ["waterfall", "savings", "cutover"]
    for slide in slides:
        assert "pinned=el.RequestChain()" in slide.layout.meta["code"]
        assert eval(slide.layout.meta["code"], {"el": el}).to_json() == slide.to_json()


def test_only_what_changed_is_sent(panel):
    panel.controls["dns_at"].value = "PoP"
    sent = []
    panel.figure.observe(lambda change: sent.append(change["new"]), "_py2js_update")
    panel.controls["dns_ttl_s"].value = 600.0
    messages = [message for message in sent if message]
    panel.figure.unobserve_all("_py2js_update")
    # The curves stand over the share of the TTL: times beside them and on the axis change.
    assert len(messages) == 1
    assert {key.split(".")[0] for key in messages[0]["style_data"] or {}} <= {"text"}


def test_a_panel_of_something_else_is_refused():
    with pytest.raises(TypeError, match="start: got 5, allowed a RequestChain"):
        el.panels.request_chain(5)
    with pytest.raises(TypeError, match=r"pinned: got .*, allowed a RequestChain"):
        el.panels.request_chain(pinned=el.CricStream())
