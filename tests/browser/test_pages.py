"""Every page in a real browser: Run All Cells, then each main control by keyboard."""

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from ipywidgets import Dropdown, Layout, SliderStyle, ToggleButtons
from workbook import CONTRASTS, Wire, Workbook, code_of, outside, repeat

import edgelab as el
from edgelab import panels
from edgelab.core.constants import data_path
from edgelab.stage.controls import control

pytestmark = pytest.mark.browser

#: Every notebook, and the class of its panel; test_lab.py has more of the first one.
PAGES = {
    "01-cricstream-live": panels.night,
    "02-request-chain": panels.chain,
    "03-how-many-pops": panels.pops,
    "04-isolates-and-containers": panels.runtimes,
    "05-cache-and-origin": panels.cache,
    "06-kv-consistency": panels.kv,
    "07-rate-limiting": panels.rate_limit,
    "08-durable-objects": panels.durable_object,
    "09-what-belongs-at-the-edge": panels.endpoints,
    "10-observability": panels.observability,
    "11-design-the-final": panels.design,
}

LEDGER = "12-ledger"
#: Every slider has a name that can be heard.
NAMED = (
    "() => [...document.querySelectorAll('.edgelab-panel [role=slider]')].every(e => e.ariaLabel)"
)
#: Heights of the plots that stand by themselves.
HEIGHTS = "() => [...document.querySelectorAll('.jp-RenderedPlotly')].map(e => e.clientHeight)"
#: Where a reader sees the panel: the head, and the first row of plots.
IN_SIGHT = """() => {
  const card = document.querySelector('.edgelab-panel:not(.edgelab-step):has(.edgelab-board)');
  const head = card.querySelector('.edgelab-head').getBoundingClientRect();
  const plot = card.querySelector('.edgelab-plot').getBoundingClientRect();
  const room = document.querySelector('.jp-WindowedPanel-outer').getBoundingClientRect();
  return [head.top - room.top, room.bottom - plot.bottom, plot.top - head.bottom];
}"""


def test_every_notebook_is_driven():
    notebooks = (data_path("claims.csv").parents[1] / "notebooks").glob("*.ipynb")
    assert {*PAGES, LEDGER} == {path.stem for path in notebooks}


def address_of(lab, stem):
    """A page's address, in a workspace of its own."""
    path = f"/lab/workspaces/{stem}/tree/notebooks/{stem}.ipynb"
    return urlsplit(lab)._replace(path=path).geturl()


def moved(kind, name, value):
    """The start with one knob moved, or None where the model refuses that."""
    try:
        return kind.scenario(**kind.opening).replace(**{name: value})
    except ValueError:
        return None


@pytest.mark.parametrize("stem", PAGES)
def test_a_page_in_the_browser(stem, lab, context, tmp_path):
    kind = PAGES[stem]
    start = kind.scenario(**kind.opening)
    seen, asked = len(context.recorder.complaints), len(context.recorder.requests)
    page = context.new_page()
    try:
        wire = Wire(page)
        opened = Workbook(page, address_of(lab, stem), tmp_path)
        opened.shown(code_of(kind, start))
        opened.ran_clean()
        repeat(opened, kind, wire, 1)
        opened.card.evaluate("card => card.scrollIntoView()")
        assert min(page.evaluate(IN_SIGHT)) > -2, "sliders, sentence, first row of plots at once"
        for name in kind.scenario.main:
            if name not in start.idle():  # what is greyed out cannot be moved
                drive(opened, kind, name)
        now = start
        for name, make in kind.presets.items():
            opened.press(name, "Enter")
            now = make(now)
            opened.shown(code_of(kind, now))
        opened.button("Reset").click()
        opened.shown(code_of(kind, start))
        opened.button("More knobs").click()
        *_, last = (about.label for name, about in start.knobs().items() if name not in start.main)
        opened.card.get_by_text(last, exact=True).wait_for()
        page.wait_for_function(NAMED)
        found = Axe().run(page, context=".edgelab-panel").response
        assert len(found["passes"]) > 10
        assert [each["id"] for each in found["violations"]] == []
        opened.button("More knobs").click()
        for theme in ("JupyterLab Dark", "JupyterLab Light"):
            opened.theme(theme)
            opened.card.evaluate("card => card.scrollIntoView()")
            page.screenshot(path=tmp_path / f"{theme.split()[1]}.png")
            contrasts = page.evaluate(CONTRASTS)
            assert len(contrasts) > 10
            assert [(text, ratio) for text, ratio in contrasts if ratio < 4.5] == []
        page.set_viewport_size({"width": 1280, "height": 1000})
        page.wait_for_timeout(1000)
        assert min(page.evaluate(HEIGHTS), default=360) > 300, "lost with the window's size"
    finally:
        page.close()
    assert outside(context.recorder.requests[asked:]) == []
    assert context.recorder.complaints[seen:] == []


def test_the_ledger_is_narrowed_down_by_page_and_verdict(lab, context, tmp_path):
    page = context.new_page()
    seen = len(context.recorder.complaints)
    opened = Workbook(page, address_of(lab, LEDGER), tmp_path, drawn=False)
    opened.ran_clean(4)
    card = page.locator(".edgelab-panel")
    card.scroll_into_view_if_needed()
    for name, value in (("page", "3"), ("verdict", "contradicted")):
        row = card.locator(".widget-dropdown", has=page.get_by_text(name, exact=True))
        row.locator("select").select_option(value)
    rows = el.claims(page=3).query("verdict == 'contradicted'")
    card.get_by_text(f"{len(rows)} of {len(el.claims())} rows").wait_for()
    assert card.locator("table tr").count() == 1 + len(rows)
    assert rows["statement"].iloc[0] in card.text_content()
    card.evaluate("card => card.scrollIntoView()")
    page.screenshot(path=tmp_path / "ledger.png")
    found = Axe().run(page, context=".edgelab-panel").response
    assert [each["id"] for each in found["violations"]] == []
    page.close()
    assert context.recorder.complaints[seen:] == []


def drive(opened, kind, name):
    """Move one main control by keyboard; what is drawn is the model's, or a refusal is told."""
    about, start = kind.scenario.knobs()[name], kind.scenario(**kind.opening)
    widget = control(about, getattr(start, name), Layout(), SliderStyle())
    if isinstance(widget, ToggleButtons):
        row = opened.card.locator(
            ".widget-toggle-buttons", has=opened.page.get_by_text(about.label, exact=True)
        )
        for value in about.choices:
            opened.key(row.get_by_role("button", name=value, exact=True), "Space")
            model = moved(kind, name, value)
            if model is None:
                opened.card.locator(".edgelab-error").wait_for()
            else:
                opened.shown(code_of(kind, model))
    elif isinstance(widget, Dropdown):
        row = opened.card.locator(
            ".widget-dropdown", has=opened.page.get_by_text(about.label, exact=True)
        )
        value = about.choices[-1]
        row.locator("select").select_option(value)
        opened.shown(code_of(kind, moved(kind, name, value)))
    else:
        row = opened.card.locator(
            ".widget-slider", has=opened.page.get_by_text(about.label, exact=True)
        )
        for key, value in (("End", about.high), ("Home", about.low)):
            opened.key(row.locator(".noUi-handle"), key)
            opened.shown(code_of(kind, moved(kind, name, value)))
    opened.button("Reset").click()
    opened.shown(code_of(kind, start))
