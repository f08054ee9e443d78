"""A page that was run and is turned to HTML or for LaTeX shows its plots, with no kernel."""

import base64
import io
import re
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image
from playwright.sync_api import sync_playwright

from edgelab.printed import Paper, Web
from edgelab.stage.panel import STATE, WIDGET

CELLS = [
    "import edgelab as el\nel.panels.predict('Which jumps, p<99?', el.check.life_guess)",
    "panel = el.panels.kv()\npanel",
    "el.figures.staleness(el.CricStream(kv_delay_ms=300))",
    # What a reader does after the cells have run.
    "panel.controls['kv_delay_ms'].value = 400.0\npanel.pin.value = True\n"
    "panel.controls['kv_delay_ms'].value = 800.0\nimport asyncio\nawait asyncio.sleep(1)",
]
LINE = "el.panels.kv(el.EdgeKV(kv_delay_ms=800.0), pinned=el.EdgeKV(kv_delay_ms=400.0))"
PLOTS = 1 + 4
WIDE = """(wanted) => [...document.querySelectorAll('.js-plotly-plot .main-svg:first-child')]
  .filter(svg => svg.clientWidth > 200).length === wanted"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    book = new_notebook(cells=[new_code_cell(cell) for cell in CELLS])
    NotebookClient(book, timeout=300, kernel_name="python3").execute()
    return book


@pytest.fixture
def page(ran, tmp_path):
    """The page as `jupyter nbconvert` makes it: our classes are found by themselves."""
    nbformat.write(ran, tmp_path / "page.ipynb")
    line = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "html", "page.ipynb"]
    subprocess.run(line, cwd=tmp_path, check=True, capture_output=True)
    return tmp_path / "page.html"


def test_a_cell_says_how_its_panel_stands_now(ran):
    *_, state, widget = ran.cells[1].outputs  # before them the progress of the kernels
    assert state.data[STATE] == {
        "panel": "kv",
        "model": {"kv_delay_ms": 800.0},
        "pinned": {"kv_delay_ms": 400.0},
    }
    assert state.data["text/plain"] == LINE and "see a write after" in state.data["text/html"]
    assert WIDGET in widget.data and "text/html" not in widget.data


def test_html_has_every_plot_and_one_plotly(page):
    text = page.read_text(encoding="utf-8")
    assert LINE in re.sub("<.*?>", "", text)
    assert "Which jumps" in text and "p&lt;99" in text and WIDGET not in text
    assert text.count('class="plotly-graph-div"') == PLOTS
    assert len(text) < 8e6  # plotly.js once: 4.7 MB


@pytest.mark.browser
def test_html_draws_every_plot_without_a_network(page, chromium):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        opened = browser.new_context(offline=True).new_page()
        opened.goto(page.as_uri())
        opened.wait_for_function(WIDE, arg=PLOTS)
        browser.close()


@pytest.mark.browser
def test_for_latex_every_plot_is_a_picture(ran, chromium):
    book, _ = Paper().preprocess(nbformat.from_dict(ran), {})
    pictures = [o.data["image/png"] for c in book.cells for o in c.outputs if "image/png" in o.data]
    assert len(pictures) == PLOTS
    sizes = {Image.open(io.BytesIO(base64.b64decode(p))).size for p in pictures}
    assert sizes == {(1920, 1080)}


def test_a_page_of_another_version_keeps_its_words(ran):
    book = nbformat.from_dict(ran)
    state = book.cells[1].outputs[-2]
    for wrong in (
        {"panel": "gone"},
        {"model": {"gone": 1}},
        {"model": {"kv_delay_ms": -1}},
    ):
        state.data[STATE] |= wrong
        made, _ = Web().preprocess(nbformat.from_dict(book), {})
        kept = made.cells[1].outputs[-1]
        assert kept.data["text/html"] == state.data["text/html"]
