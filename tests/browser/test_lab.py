"""The first page in a real browser: Run All Cells, then what a reader does to the panel."""

import io
import json
import re

import pytest
from PIL import Image
from playwright.sync_api import TimeoutError
from pptx import Presentation
from workbook import CARD, CONTRASTS, FOCUSED, GUESS, Workbook, outside

from browsers import find_chromium
from edgelab import doctor, panels
from edgelab.topics.night.model import CricStream

pytestmark = pytest.mark.browser

START = CricStream()
PRESETS = panels.night.presets
#: What the panel shows now: its texts, and the data of every trace of every plot, decoded.
STATE = """() => {
  const card = document.querySelector('.edgelab-panel:not(.edgelab-step):has(.edgelab-board)');
  const text = (selector) => card.querySelector(selector)?.textContent ?? '';
  const plain = (v) => ArrayBuffer.isView(v) ? Array.from(v) : v ?? [];
  const traces = {};
  for (const plot of card.querySelectorAll('.edgelab-plot')) {
    traces[plot.querySelector('.edgelab-heading').textContent] = (
      plot.querySelector('.edgelab-canvas').data ?? []
    ).map(t => ({name: t.name ?? '', x: plain(t.x), y: plain(t.y)}));
  }
  return {
    code: text('code'), words: text('.edgelab-words'), problem: text('.edgelab-error'),
    rest: card.textContent.includes('One request was drawn for each of 28,000,000 viewers'),
    traces,
  };
}"""
DRAWN = "every viewer drawn"
PLOTS = {each.plot.title: each.plot for each in panels.night.board}
WAITS = panels.night.board[2].plot.title
SETTLED = f"""(code) => {{
  const s = ({STATE})();
  return s.code === code && s.rest
    && s.traces['{WAITS}'].find(t => t.name === '{DRAWN}')?.x.some(Number.isFinite);
}}"""
PINNED = f"""(some) => some === Object.values(({STATE})().traces).flat()
  .some(t => (t.name ?? '').startsWith('pinned'))"""


def code_of(night, pinned=None):
    return f"el.panels.night(el.{night!r}{f', pinned=el.{pinned!r}' if pinned else ''})"


class Opened(Workbook):
    """The first page in JupyterLab, with what a reader does to it."""

    def __init__(self, page, address, shots):
        super().__init__(page, address, shots)
        self.settled(START)

    def state(self):
        return json.loads(self.page.evaluate(f"() => JSON.stringify(({STATE})())"))

    def settled(self, night, pinned=None):
        """Wait until the panel shows `night` at rest; return its state, checked."""
        try:
            self.page.wait_for_function(SETTLED, arg=code_of(night, pinned))
        except TimeoutError:
            self.page.screenshot(path=self.shots / "stuck.png")
            state = {k: v for k, v in self.state().items() if k != "traces"}
            pytest.fail(f"waited for {night!r}, and there stands {state}; {self.shots}/stuck.png")
        state = self.state()
        assert state["words"] == night.in_words()
        assert state["problem"] == ""
        return state


def in_json(values):
    """A trace's x or y as it comes back from the page: what is not drawn is null."""
    return [None if v != v else v for v in list(values)]


def assert_shows(state, night, pinned=None):
    """Every trace on the page is the model's, to the last bit."""
    for title, plot in PLOTS.items():
        expected = plot.live(night, pinned, True)["data"]
        assert len(expected) == len(state["traces"][title])
        for wanted, found in zip(expected, state["traces"][title], strict=True):
            assert found["x"] == in_json(wanted["x"]), title
            assert found["y"] == in_json(wanted["y"]), title


@pytest.fixture(scope="module")
def opened(lab, context, tmp_path_factory):
    return Opened(context.new_page(), lab, tmp_path_factory.mktemp("screenshots"))


@pytest.fixture
def night(opened):
    """The open page with the panel at its start."""
    opened.theme("JupyterLab Light")
    if opened.button("Unpin").count():
        opened.button("Unpin").click()
        opened.page.wait_for_function(PINNED, arg=False)
    if opened.state()["code"] != code_of(START):
        opened.button("Reset").click()
    opened.settled(START)
    return opened


def test_every_cell_runs_and_nothing_asks_a_question(opened):
    page = opened.page
    opened.ran_clean()
    assert_shows(opened.state(), START)
    opened.card.evaluate("card => card.scrollIntoView()")
    page.screenshot(path=opened.shots / "panel.png")


@pytest.mark.parametrize(
    ("slider", "knob", "values", "moving", "still"),
    [
        (0, "pops", (313, 312, 500, 1), {0, 1, 2, 3}, {5}),
        (1, "kv_delay_ms", (300, 250, 60_000, 10), {4}, {0, 1, 2, 3, 5}),
        (2, "origin_fetch_ratio", (0.005, 0.002, 1, 0), {0, 1, 2, 5}, {4}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_slider_by_keyboard(night, slider, knob, values, moving, still):
    handle = night.card.locator(".noUi-handle").nth(slider)
    about = START.knobs()[knob]
    assert handle.get_attribute("aria-label") == about.label
    handle.focus()
    titles, state, was = list(PLOTS), night.state(), START
    for key, value in zip(("ArrowRight", "ArrowLeft", "End", "Home"), values, strict=True):
        before = state
        night.page.keyboard.press(key)
        moved = START.replace(**{knob: value})
        state = night.settled(moved)
        assert_shows(state, moved)
        changed = {k for k, t in enumerate(titles) if state["traces"][t] != before["traces"][t]}
        if key in ("End", "Home"):
            assert changed >= moving and state["words"] != before["words"]
        if 1 not in (was.fetched_share, moved.fetched_share):  # then nothing is stale
            assert not changed & still
        was = moved
        said = str(value) if knob == "pops" else about.text(value)
        assert handle.get_attribute("aria-valuetext") == said


def test_a_saturated_origin_says_never(night):
    drawn = night.card.locator(".js-plotly-plot text", has_text="never")
    assert drawn.count() == 0
    night.card.locator(".noUi-handle").nth(2).focus()
    night.page.keyboard.press("End")
    state = night.settled(START.replace(origin_fetch_ratio=1.0))
    assert "never" in state["words"]
    texts = drawn.all_text_contents()
    assert "never ▶" in texts and "never empties (32)" in texts


def test_every_viewer_is_drawn_when_the_hand_rests(night):
    night.page.evaluate(
        f"""() => {{
          window.emptied = false;
          const card = document.querySelector('{CARD}');
          new MutationObserver(() => {{
            window.emptied ||= card.textContent.includes('Drawing every viewer');
          }}).observe(card, {{childList: true, subtree: true}});
        }}"""
    )
    night.press("Fetch on every request", "mouse")
    night.settled(START.replace(origin_fetch_ratio=1.0))
    assert night.page.evaluate("window.emptied"), "the last draw stood beside a newer curve"
    night.button("Reset").click()
    traces = night.settled(START)["traces"][WAITS]
    (drawn,) = (t for t in traces if t["name"] == DRAWN)
    (exact,) = (t for t in traces if t["name"] == "tonight")
    assert drawn["x"] == exact["x"][::3]
    many = [(a, b) for a, b in zip(drawn["y"], exact["y"][::3], strict=True) if b and b > 1e-3]
    assert len(many) > 20
    assert all(abs(a / b - 1) < 0.05 for a, b in many)


@pytest.mark.parametrize("how", ["mouse", "Enter", "Space"])
def test_presets(night, how):
    """Tab walks over them in order; Enter and Space press."""
    now = START
    night.button(next(iter(PRESETS))).focus()
    for name, make in PRESETS.items():
        now = make(now)
        if how == "mouse":
            night.press(name, how)
        else:
            assert night.page.evaluate(FOCUSED) == name
            night.page.keyboard.press(how)
        assert_shows(night.settled(now), now)
        if how != "mouse":
            night.page.keyboard.press("Tab")


@pytest.mark.parametrize("how", ["mouse", "Enter", "Space"])
def test_pin_and_reset(night, how):
    night.press("Pin this curve", how)
    assert_shows(night.settled(START, pinned=START), START, START)
    moved = START.replace(origin_fetch_ratio=1.0)
    night.press("Fetch on every request", how)
    assert_shows(night.settled(moved, pinned=START), moved, START)
    night.press("Unpin", how)
    assert_shows(night.settled(moved), moved)
    night.press("Pin this curve", how)
    night.settled(moved, pinned=moved)
    night.press("Reset", how)
    assert_shows(night.settled(START), START)


@pytest.mark.parametrize(("plot", "how"), [(0, "mouse"), (2, "Enter"), (-1, "mouse")])
def test_camera(night, plot, how, tmp_path):
    figure = night.page.locator(".js-plotly-plot").nth(plot)
    camera = figure.get_by_role("button", name="Download plot as a PNG")
    with night.page.expect_download() as download:
        if how == "mouse":
            camera.click()
        else:
            camera.focus()
            night.page.keyboard.press(how)
    name = download.value.suggested_filename
    names = ["one_request-one_request"]
    names += [f"night-{each.plot.name}" for each in panels.night.board]
    assert name == f"edgelab-{[*names, 'p99_by_ratio'][plot]}.png"
    download.value.save_as(tmp_path / name)
    with Image.open(tmp_path / name) as image:
        assert (image.format, image.size) == ("PNG", (1920, 1080))
        colours = image.convert("RGB").getcolors(2**21)
    assert len(colours) > 200
    assert 0.02 < 1 - max(colours)[0] / (1920 * 1080) < 0.5, "blank, or hardly any paper left"


def test_slides_by_keyboard_while_a_slider_moves(night, lab):
    """The deck is that of the press; the panel stays alive, and the file is there and whole."""
    order = ["Pin this curve", "Reset", "Slides"]
    night.button(order[0]).focus()
    for name in order:
        assert night.page.evaluate(FOCUSED).strip() == name
        if name != order[-1]:
            night.page.keyboard.press("Tab")
    night.page.keyboard.press("Enter")
    status = night.card.locator("p[role=status]:not(.edgelab-notice)")
    status.wait_for()
    assert night.button("Slides").is_disabled()
    night.card.locator(".noUi-handle").first.focus()
    night.page.keyboard.press("ArrowRight")
    night.settled(START.replace(pops=313))
    assert night.button("Slides").is_disabled(), "the deck was faster than the slider"
    status.get_by_text("slides are in").wait_for()
    assert not night.button("Slides").is_disabled()
    path = re.search(r"7 slides are in (\S+\.pptx),", status.text_content())[1]
    night.card.evaluate("card => card.scrollIntoView()")
    night.page.screenshot(path=night.shots / "slides.png")
    address, _, token = lab.partition("/lab")
    token = token.partition("token=")[2]
    found = night.page.request.get(f"{address}/files/notebooks/{path}?token={token}")
    deck = Presentation(io.BytesIO(found.body()))
    _, *slides = deck.slides
    assert len(slides) == 6, "beside the question"
    notes = [slide.notes_slide.notes_text_frame.text for slide in slides]
    assert all("(el.CricStream())" in note for note in notes)


def test_no_button_sends_a_figure_away(night):
    titles = [b.get_attribute("data-title") for b in night.page.locator(".modebar-btn").all()]
    assert titles.count("Download plot as a PNG") == night.page.locator(".js-plotly-plot").count()
    assert not re.search("share|chart studio|cloud|edit", " ".join(titles), re.IGNORECASE)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_cards_read_well_in_both_themes(night, theme):
    night.theme(theme)
    folded = night.card.get_by_text("Last mile", exact=True)
    if not folded.is_visible():
        night.button("More knobs").click()
        folded.wait_for()
    cards = night.page.locator(".edgelab-panel").evaluate_all(
        "cards => cards.map(card => getComputedStyle(card).backgroundColor)"
    )
    assert cards == ["rgb(255, 255, 255)"] * 3  # without an alpha: opaque
    contrasts = night.page.evaluate(CONTRASTS)
    shown = {text for text, _ in contrasts}
    assert shown >= {"PoP count", "KV propagation delay", "312", "Reset", "More knobs", *PRESETS}
    assert START.in_words() in shown
    assert [(text, ratio) for text, ratio in contrasts if ratio < 4.5] == []
    for place, name in ((night.card, "panel"), (night.page.locator(GUESS), "guess")):
        place.first.evaluate("card => card.scrollIntoView()")
        night.page.screenshot(path=night.shots / f"{name}-{theme.split()[1]}.png")


def test_prediction_by_keyboard(night):
    card = night.page.locator(GUESS)
    last = card.locator(".widget-toggle-buttons button").last
    commit = card.get_by_role("button", name="Commit to it")
    assert commit.is_disabled()
    last.focus()
    night.page.keyboard.press("Space")
    night.page.wait_for_function(
        f"() => !document.querySelector('{GUESS} .widget-button:last-of-type').disabled"
    )
    night.page.keyboard.press("Tab")
    assert "Commit" in night.page.evaluate(FOCUSED)
    night.page.keyboard.press("Enter")
    card.get_by_text("Kept: ").wait_for()
    assert last.is_disabled()


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_request_is_seen_on_its_way_until_a_slider_moves(night, motion):
    night.page.emulate_media(reduced_motion=motion)
    step = night.page.locator(".edgelab-step")
    step.scroll_into_view_if_needed()
    night.key(step.get_by_role("button", name="Send one"), "Enter")
    step.locator(".edgelab-clock", has_text=re.compile("^301 ms$")).wait_for()
    places = step.locator(".edgelab-dot").evaluate_all(
        "dots => dots.map(dot => [dot.offsetLeft, dot.offsetTop])"
    )
    left, top = zip(*places, strict=True)
    assert len(places) == 3 and sorted(left) == list(left), "the PoP, a fetch, the old origin"
    assert max(top) - min(top) <= 1, "all are back at the viewer"
    night.page.screenshot(path=night.shots / f"sent-{motion}.png")
    night.key(step.locator(".noUi-handle"), "Home")
    step.locator("code", has_text="CricStream(pops=1)").wait_for()
    step.locator(".edgelab-dot").first.wait_for(state="detached")
    night.key(step.locator(".widget-button", has_text="Reset"), "Enter")
    night.page.emulate_media(reduced_motion=None)


def test_more_knobs_by_keyboard(night):
    folded = night.card.get_by_text("Last mile", exact=True)
    if folded.is_visible():
        night.button("More knobs").click()
        folded.wait_for(state="hidden")
    for key, state in (("Enter", "visible"), ("Space", "hidden")):
        night.button("More knobs").focus()
        night.page.keyboard.press(key)
        folded.wait_for(state=state)


def test_without_a_browser_it_skips_and_in_ci_it_fails(monkeypatch):
    monkeypatch.setattr(doctor, "find_browser", lambda: None)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no browser"):
        find_chromium()
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="no browser"):
        find_chromium()


def test_nothing_left_the_machine_and_nothing_complained(night, context):
    """Last, so that it covers all of the above."""
    away = ["https://cdn.plot.ly/x.json", "wss://127.0.0.1.example.org/"]
    assert outside([*away, "ws://127.0.0.1:1/api", "data:,x", "blob:http://x/y"]) == away
    seen = context.recorder
    assert len(seen.requests) > 100
    assert any(address.startswith("ws://127.0.0.1") for address in seen.requests)
    assert outside(seen.requests) == []
    assert seen.complaints == []
