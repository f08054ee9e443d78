"""Every live panel in plain Python: all that a reader can do with its controls."""

import html
import re
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ipywidgets import BoundedIntText, IntSlider

import edgelab as el
from edgelab.stage import export, plot
from edgelab.stage import panel as base
from edgelab.stage.browser import BrowserError
from edgelab.stage.live import changed
from edgelab.stage.step import Step

#: Few draws where a knob counts them, so that the tests are quick.
FEW = {"rate_limit": {"seeds": 3}}
KINDS = {name: kind for name, kind in el.panels.PANELS.items() if not issubclass(kind, Step)}


@pytest.fixture(scope="module", params=list(KINDS))
def panel(request):
    kind = KINDS[request.param]
    return kind(kind.scenario(**FEW.get(kind.topic, {})))


def code_of(panel):
    return html.unescape(re.search("<code>(.*)</code>", panel.code.value)[1])


def finite(value):
    """Whether no number anywhere in a plot is infinite: plotly would draw it anywhere."""
    if isinstance(value, dict):
        return all(map(finite, value.values()))
    if isinstance(value, list | tuple):
        return all(map(finite, value))
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return not np.isinf(value).any()
    return not (isinstance(value, float) and np.isinf(value))


def assert_shows(panel, model=None):
    """The plots are the present model's, all of them and to the last bit; the texts too."""
    model = panel.model if model is None else model
    assert panel.model == model
    assert {name: widget.value for name, widget in panel.controls.items()} == {
        name: getattr(model, name) for name in panel.only or model.knobs()
    }
    wanted = {each.plot.name: each.plot.live(model, panel.pinned, True) for each in panel.board}
    assert changed(dict(panel.live.plots), wanted) == {}
    assert finite(wanted)
    assert html.escape(panel._told(model, panel.pinned)) in panel.words.value
    assert "nan" not in panel.words.value.lower().split()
    told = [panel.words.value, *(text for plot in wanted.values() for text in plot.values())]
    assert not [text for text in told if isinstance(text, str) and re.search(r"\de[+-]\d", text)]
    assert code_of(panel) == panel.line()
    assert "alert" not in panel.problem.value


def ends(panel, name):
    """A control's least and largest value, or all of its choices."""
    widget, about = panel.controls[name], panel.scenario.knobs()[name]
    if about.choices:
        return about.choices[:3] + about.choices[-1:]
    if isinstance(widget, IntSlider | BoundedIntText):
        return widget.min, widget.max
    return widget.options[0][1], widget.options[-1][1]


def test_every_control_at_its_ends_shows_the_model_or_refuses(panel):
    for name, widget in panel.controls.items():
        if name == FEW.get(panel.topic) or name in FEW.get(panel.topic, {}):
            continue
        about = panel.scenario.knobs()[name]
        for value in ends(panel, name):
            if not about.choices:
                assert value in (about.low, about.high), "a control reaches its whole range"
            before = panel.model
            widget.value = value
            if getattr(panel.model, name) == value:
                assert_shows(panel, before.replace(**{name: value}))
            else:
                assert "alert" in panel.problem.value and widget.value == getattr(before, name)
                with pytest.raises(ValueError):
                    before.replace(**{name: value})
        panel.show(panel.start)


def test_a_knob_that_moves_nothing_is_greyed_out_and_is_right(panel):
    for make in (lambda now: now, *panel.presets.values()):
        panel.show(make(panel.start))
        idle = panel.model.idle()
        assert {name for name, widget in panel.controls.items() if widget.disabled} == set(idle)
        for name in set(idle) & set(panel.scenario.main):
            assert idle[name] in html.unescape(panel.idle.value)
        plots = {
            n: {k: v for k, v in p.items() if k != "below"} for n, p in panel.live.plots.items()
        }
        for name in idle:
            for value in ends(panel, name):
                try:
                    other = panel.model.replace(**{name: value})
                except ValueError:
                    continue
                for each in panel.board:
                    there = each.plot.live(other, None, True) | {"below": ""}
                    here = plots[each.plot.name] | {"below": ""}
                    assert changed(here, there) == {}, (name, value)


def test_presets_keep_what_they_do_not_name_and_reset_goes_back(panel):
    for name, make in panel.presets.items():
        panel.buttons[name].click()
        assert_shows(panel)
        panel.show(panel.start)
        assert make(panel.start) == make(make(panel.start)), f"{name} pressed twice"
    panel.pin.value = True
    panel.reset.click()
    assert panel.pinned is None and panel.pin.value is False
    assert_shows(panel, panel.start)


def test_what_is_pinned_stays_and_the_line_of_code_makes_it_again(panel):
    held = next(iter(panel.presets.values()))(panel.start)
    panel.show(held)
    panel.pin.value = True
    assert panel.pin.description == "Unpin" and panel.pinned == held
    moved = list(panel.presets.values())[1](panel.start)
    panel.show(moved)
    assert_shows(panel, moved)
    again = eval(code_of(panel), {"el": el})
    assert (again.model, again.pinned) == (moved, held)
    assert changed(dict(again.live.plots), dict(panel.live.plots)) == {}
    panel.pin.value = False
    assert_shows(panel, moved)


def test_a_slide_is_a_plot_and_its_code_makes_it_again(panel):
    panel.show(next(iter(panel.presets.values()))(panel.start))
    panel.pin.value = True
    question, *slides = panel.slides()
    assert question.endswith("?") and len(question.splitlines()) > 1
    made = [*panel.board, *panel.more_slides]
    assert [slide.layout.meta["name"] for slide in slides] == [each.plot.name for each in made]
    moved = list(panel.presets.values())[1](panel.start)
    panel.show(moved)
    question, *changed_alone = panel.slides()
    told = [line for line in question.splitlines() if ": from " in line]
    knobs = panel.scenario.knobs()
    assert len(told) == sum(getattr(moved, name) != getattr(panel.pinned, name) for name in knobs)
    some = [slide.layout.meta["name"] for slide in changed_alone]
    assert some and [each.plot.name for each in made if each.plot.name in some] == some
    for slide in (*slides, *changed_alone):
        meta = slide.layout.meta
        assert meta["title"] and meta["alt"] and meta["caption"].endswith(".")
        assert eval(meta["code"], {"el": el}) == slide
    with pytest.raises(
        TypeError, match=r"model: got a DataFrame of .*, allowed an? .*takes the model"
    ):
        made[0](pd.DataFrame())
    with pytest.raises(TypeError, match="pinned: got 3"):
        made[0](panel.model, pinned=3)


def test_only_what_changed_is_sent(panel, monkeypatch):
    sent = []
    plot._FRAMES.clear()  # a frame of more runs, of another test, would be drawn under the hand
    panel.show(panel.start)
    monkeypatch.setattr(panel.live, "send", lambda content, buffers=None: sent.append(content))
    numbers = panel.live._number
    panel.show(panel.start)
    assert sent == []
    panel.reset.click()
    assert sent[0]["kind"] == "whole" and sent[0]["plots"].keys() == panel.live.plots.keys()
    del sent[:]
    panel.show(list(panel.presets.values())[1](panel.start))
    assert [content["kind"] for content in sent] == ["patch"] * len(sent) != []
    assert [content["number"] for content in sent] == [numbers + 2 + k for k in range(len(sent))], (
        "numbered one by one"
    )


def test_a_board_can_ask_for_everything(panel, monkeypatch):
    sent = []
    monkeypatch.setattr(panel.live, "send", lambda content, buffers=None: sent.append(content))
    panel.live._answer(panel.live, {"kind": "at"}, [])
    panel.live._answer(panel.live, {"kind": "whole"}, [])
    assert sent[0] == {"kind": "at", "number": panel.live._number}
    assert sent[1]["plots"].keys() == panel.live.plots.keys() and sent[1]["line"] == panel.line()


def test_an_error_in_a_callback_is_told_in_words(panel, monkeypatch):
    def broken(self):
        raise RuntimeError("the frame <is> gone")

    other = list(panel.presets.values())[1](panel.start)
    with monkeypatch.context() as patch:
        patch.setattr(panel.scenario, "in_words", broken)
        panel.show(other)
    assert "the frame &lt;is&gt; gone" in panel.problem.value
    assert 'role="alert"' in panel.problem.value
    assert panel.words.value == panel.code.value == panel.below.value == ""
    assert [str(e) for e in base.ERRORS] == ["the frame <is> gone"]
    base.ERRORS.clear()
    panel.reset.click()
    assert_shows(panel, panel.start)


@pytest.mark.parametrize("place", ["draw", "_plots", "_say"])
def test_an_interrupt_leaves_no_old_picture_without_a_word(panel, monkeypatch, place):
    """At whatever point the reader's interrupt comes, the card says so, and Reset mends it."""
    owner = panel.live if place == "draw" else panel
    other = list(panel.presets.values())[1](panel.start)

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(owner, place, interrupted)
        panel.show(other)
    assert "Interrupted" in panel.problem.value and panel.words.value == ""
    base.ERRORS.clear()
    panel.reset.click()
    assert_shows(panel, panel.start)


def test_an_error_of_a_button_is_told(panel):
    panel._press(lambda now: None)
    assert "model: got None, allowed a" in panel.problem.value
    assert panel.scenario.__name__ in panel.problem.value
    base.ERRORS.clear()
    with pytest.raises(TypeError, match="model: got 3"):
        panel.show(3)
    for given in ("start", "pinned"):
        with pytest.raises(TypeError, match=f"{given}: got 312, allowed a"):
            type(panel)(**{given: 312})


def test_values_between_the_stops_become_stops(panel):
    for name, about in panel.scenario.knobs().items():
        if about.choices or about.integer:
            continue
        value = about.low + 0.123456 * (about.high - about.low)
        try:
            model = panel.start.replace(**{name: value})
        except ValueError:
            continue
        panel.show(model)
        assert panel.controls[name].value == value
        texts = [text for text, _ in panel.controls[name].options]
        assert len(set(texts)) == len(texts)


def test_a_retired_panel_says_so_and_lets_go(panel):
    other = type(panel)(panel.start)
    widgets = [other.live, *other.controls.values()]
    other.retire()
    assert all(widget.comm is None for widget in widgets)
    (said,) = other.children
    assert "closed" in said.value
    assert panel.live.comm is not None and all(w.comm is not None for w in panel.controls.values())


def saved(panel):
    """Wait for the deck to be written; return what the card tells of it."""
    for _ in range(6000):
        if not panel.deck.disabled:
            break
        time.sleep(0.05)
    assert not panel.deck.disabled
    return panel.saved.value


def test_the_slides_button_writes_what_was_shown_while_the_sliders_move(panel, monkeypatch):
    asked, go_on = [], threading.Event()

    def write(figures, path, progress):
        asked.append((figures, path))
        progress("1 of 5: <first>")
        assert go_on.wait(60)
        return Path("exports") / path

    monkeypatch.setattr(export, "export", write)
    shown = list(panel.presets.values())[1](panel.start)
    panel.show(shown)
    panel.deck.click()
    assert panel.deck.disabled
    panel.deck.click()  # once more does nothing
    panel.show(panel.start)
    go_on.set()
    text = saved(panel)
    (((_, *figures), path),) = asked
    assert f"{1 + len(figures)} slides are in exports/{panel.topic}.pptx" in text
    assert path == f"{panel.topic}.pptx" and 'role="status"' in text
    assert all(f"el.{shown!r}" in figure.layout.meta["code"] for figure in figures)


def test_an_error_while_the_slides_are_written_is_told(panel, monkeypatch):
    def write(figures, path, progress):
        raise BrowserError("no <browser>\n    get one")

    monkeypatch.setattr(export, "export", write)
    panel.deck.click()
    text = saved(panel)
    assert "no &lt;browser&gt;<br>    get one" in text and 'role="alert"' in text
    monkeypatch.setattr(type(panel), "slides", lambda self: 1 / 0)
    panel.deck.click()
    assert "division by zero" in saved(panel)
    assert [type(error) for error in base.ERRORS] == [BrowserError, ZeroDivisionError]
    base.ERRORS.clear()
