"""Every page in a real browser: Run All Cells, then each main control by keyboard."""

from urllib.parse import urlsplit

import pytest
from ipywidgets import Dropdown, ToggleButtons
from workbook import CONTRASTS, Workbook, outside

from edgelab.constants import data_path
from edgelab.panels.chain import ChainPanel
from edgelab.panels.controls import control
from edgelab.panels.cricstream import NightPanel
from edgelab.panels.durable_object import ObjectPanel
from edgelab.panels.edge_cache import CachePanel
from edgelab.panels.edge_kv import KVPanel
from edgelab.panels.pops import PlacementPanel
from edgelab.panels.rate_limit import RateLimitPanel
from edgelab.panels.runtimes import PoolPanel

pytestmark = pytest.mark.browser

#: Every notebook, and the class of its panel; test_lab.py has more of the first one.
PAGES = {
    "01-cricstream-live": NightPanel,
    "02-request-chain": ChainPanel,
    "03-how-many-pops": PlacementPanel,
    "04-isolates-and-containers": PoolPanel,
    "05-cache-and-origin": CachePanel,
    "06-kv-consistency": KVPanel,
    "07-rate-limiting": RateLimitPanel,
    "08-durable-objects": ObjectPanel,
}

#: Heights of the plots that stand by themselves.
HEIGHTS = "() => [...document.querySelectorAll('.jp-RenderedPlotly')].map(e => e.clientHeight)"


#: Whether the plot is as wide as its place in the card; plotly's own first width is 700 pixels.
FILLS = """() => {
  const plot = document.querySelector('.edgelab-panel .js-plotly-plot');
  return plot.clientWidth > 750 && plot.querySelector('.main-svg').clientWidth === plot.clientWidth;
}"""


def test_every_notebook_is_driven():
    notebooks = (data_path("claims.csv").parents[1] / "notebooks").glob("*.ipynb")
    assert set(PAGES) == {path.stem for path in notebooks}


def code_of(kind, model):
    return f"{kind.call}(el.{model!r})"


def moved(kind, name, value):
    """The start with one knob moved, or None where the model refuses that."""
    try:
        return kind.scenario().replace(**{name: value})
    except ValueError:
        return None


@pytest.mark.parametrize("stem", PAGES)
def test_a_page_in_the_browser(stem, lab, context, tmp_path):
    kind, start = PAGES[stem], PAGES[stem].scenario()
    address = urlsplit(lab)._replace(path=f"/lab/workspaces/{stem}/tree/notebooks/{stem}.ipynb")
    seen, asked = len(context.recorder.complaints), len(context.recorder.requests)
    page = context.new_page()
    try:
        opened = Workbook(page, address.geturl(), tmp_path)
        opened.shown(code_of(kind, start), 60_000)
        opened.ran_clean()
        opened.card.evaluate("card => card.scrollIntoView()")
        page.wait_for_function(FILLS)
        for name in kind.main:
            drive(opened, kind, name)
        for name, make in kind.made.items():
            opened.press(name, "Enter")
            opened.shown(code_of(kind, make(start)))
        opened.button("Reset").click()
        opened.shown(code_of(kind, start))
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


def drive(opened, kind, name):
    """Move one main control by keyboard; what is drawn is the model's, or a refusal is told."""
    about, start = kind.scenario.knobs()[name], kind.scenario()
    widget = control(about, getattr(start, name))
    keys = opened.page.keyboard
    if isinstance(widget, ToggleButtons):
        row = opened.card.locator(
            ".widget-toggle-buttons", has=opened.page.get_by_text(about.label, exact=True)
        )
        for value in about.choices:
            row.get_by_role("button", name=value, exact=True).focus()
            keys.press("Space")
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
        row.locator(".noUi-handle").focus()
        for key, value in (("End", about.high), ("Home", about.low)):
            keys.press(key)
            opened.shown(code_of(kind, moved(kind, name, value)))
    opened.button("Reset").click()
    opened.shown(code_of(kind, start))
