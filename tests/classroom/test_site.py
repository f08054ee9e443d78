"""The pages as a site: one slider moves without Python, no network, nothing is overwritten."""

import json
import re

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import sync_playwright

import edgelab as el
from edgelab.__main__ import main
from edgelab.classroom import site as module
from edgelab.classroom.site import STOPS, site, stops

CELLS = [
    new_markdown_cell(
        "# 6. Copies & writes\n\nAt $w$ writes:\n\n$$k = \\frac{1}{1 + w\\,d}$$\n\n"
        "[next](07-next.ipynb), [solved](solutions/06-solutions.ipynb)"
    ),
    new_code_cell("import edgelab as el\nel.panels.kv(el.EdgeKV(kv_delay_ms=300))"),
    new_code_cell("el.figures.staleness(el.CricStream(kv_delay_ms=300))"),
]
DRAWN = """() => [...document.querySelectorAll('.edgelab-twin .edgelab-canvas')]
  .every(canvas => canvas.querySelector('.main-svg')?.clientWidth === canvas.clientWidth)"""


def book(folder, name, cells):
    made = new_notebook(cells=cells)
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(made, folder / name)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    source, target = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("site")
    book(source, "06-copies.ipynb", CELLS)
    book(source, "07-next.ipynb", [new_markdown_cell("# 7. Next")])
    return target, dict(site(source, target))


def test_a_site_is_pages_a_list_and_one_plotly(made):
    target, pages = made
    assert [path.name for path in pages] == ["06-copies.html", "07-next.html"]
    files = {path.name for path in target.iterdir()}
    assert files == {"index.html", "plotly.min.js", "site.js", *(path.name for path in pages)}
    assert max(pages.values()) < 3, "plotly.js is not in the pages"
    listed = (target / "index.html").read_text(encoding="utf-8")
    assert '<a href="06-copies.html">6. Copies &amp; writes</a>' in listed
    text = (target / "06-copies.html").read_text(encoding="utf-8")
    assert "<math" in text and "<mfrac>" in text and "\\frac" not in text
    assert 'href="07-next.html"' in text and "solutions/" not in text
    assert 'aria-current="page"' in text
    assert not re.findall(r'(?:src|href)="https?://[^"]*(?:js|css)"', text)


def test_each_stop_is_what_the_model_says(made):
    text = (made[0] / "06-copies.html").read_text(encoding="utf-8")
    about = json.loads(re.search(r'<script type="application/json">(.*?)</script>', text, re.S)[1])
    store = el.EdgeKV(kv_delay_ms=300)
    given = stops(store.knobs()["kv_delay_ms"], 300.0)
    assert [stop["label"] for stop in about["stops"]] == list(given)
    for stop, value in zip(about["stops"], given.values(), strict=True):
        assert stop["words"] == store.replace(kv_delay_ms=value).in_words()
    lines = [stop["line"] for stop in about["stops"]]
    assert "el.panels.kv(el.EdgeKV(kv_delay_ms=300.0))" in lines and len(set(lines)) == len(lines)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (el.CricStream, "pops"),
        (el.EdgeCache, "ttl_s"),
        (el.RateLimit, "design"),
        (el.Endpoint, "tolerated_staleness_s"),
    ],
)
def test_a_slider_has_few_stops_and_where_it_stands(model, name):
    knob = model.knobs()[name]
    found = list(stops(knob, knob.default).values())
    assert knob.default in found and len(found) == len(set(found))
    assert found == list(knob.choices) if knob.choices else found == sorted(found)
    assert 3 <= len(found) <= max(STOPS + 1, len(knob.choices))


def test_a_folder_with_other_files_is_left_alone(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(
        ValueError, match=r"the folder of the site: got .*allowed a new or an empty"
    ):
        next(site(tmp_path, tmp_path))
    assert main(["site", str(tmp_path)]) == 1
    assert "allowed a new or an empty one" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_page_that_does_not_run_ends_it(tmp_path):
    (tmp_path / "notebooks").mkdir()
    book(tmp_path / "notebooks", "a.ipynb", [new_markdown_cell("# A"), new_code_cell("1 / 0")])
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        list(site(tmp_path / "notebooks", tmp_path / "site"))


def test_without_its_extra_it_says_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("edgelab.doctor.lacking", lambda extra: [f"what {extra} needs"])
    assert main(["site", str(tmp_path / "new")]) == 1
    assert "The site needs what site needs: " in capsys.readouterr().err
    assert module.LIBRARY not in [path.name for path in tmp_path.iterdir()]


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_its_slider_moves_the_plots_without_a_network(made, chromium, width):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(offline=True, viewport={"width": width, "height": 900})
        page = context.new_page()
        wrong, asked = [], []
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((made[0] / "06-copies.html").as_uri())
        page.wait_for_function(DRAWN)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        twin = page.locator(".edgelab-twin")
        assert twin.locator("output").text_content() == "300 ms"
        plots = "plots => plots.map(plot => JSON.stringify(plot.data))"
        before = twin.locator(".edgelab-canvas").evaluate_all(plots)
        words = twin.locator(".edgelab-words").text_content()
        twin.locator("input").focus()
        page.keyboard.press("End")
        page.wait_for_function(
            "() => document.querySelector('.edgelab-twin output').textContent "
            "=== document.querySelector('input').getAttribute('aria-valuetext')"
        )
        page.wait_for_function(DRAWN)
        after = twin.locator(".edgelab-canvas").evaluate_all(plots)
        assert after != before and twin.locator(".edgelab-words").text_content() != words
        page.keyboard.press("Home")
        page.keyboard.press("End")
        assert twin.locator(".edgelab-canvas").evaluate_all(plots) == after
        found = Axe().run(page, ".edgelab-twin").response["violations"]
        assert [each["id"] for each in found] == []
        assert wrong == []
        assert {url.split(":")[0] for url in asked} <= {"file", "data", "blob"}
        browser.close()
