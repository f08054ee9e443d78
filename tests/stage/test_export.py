"""Every format of `el.export`, opened again; names, errors and what is left behind."""

import asyncio
import io
import logging
import re
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import plotly.graph_objects as go
import pytest
from kaleido import Kaleido, PageGenerator
from kaleido.errors import KaleidoError
from PIL import Image
from playwright.sync_api import sync_playwright
from pptx import Presentation
from pptx.enum.shapes import MSO_SHAPE_TYPE

import edgelab as el
from edgelab import doctor
from edgelab.stage import browser, export
from edgelab.topics.night.model import CricStream

FINAL = CricStream()
FIGURE = el.figures.staleness(FINAL, pinned=FINAL.replace(kv_delay_ms=1000.0))
DARK = go.Figure(
    [go.Scatter(y=[1, 3, 2], name="mine"), go.Bar(y=[2, 1, 2], name="yours")],
    {"template": "plotly_dark", "title": "My <b>own</b> figure", "yaxis": {"title": "a count"}},
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where the tests write: a bare name goes into exports/ below it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def fake(monkeypatch):
    """Pictures at once, without a browser; the list of what was asked for."""
    asked = []

    @contextmanager
    def quick():
        def draw(figure, form):
            asked.append((figure, form))
            return f"picture {len(asked)}".encode()

        yield draw

    monkeypatch.setattr(export, "browser", quick)
    return asked


@pytest.fixture
def starts(monkeypatch):
    """Counts the browsers that were started."""
    started = []
    opened = Kaleido.open

    async def open_(self):
        started.append(self)
        await opened(self)

    monkeypatch.setattr(Kaleido, "open", open_)
    return started


def quiet(text):
    """A progress that says nothing."""


def left(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


# -- every format, for real ------------------------------------------------------------------------


@pytest.mark.browser
def test_a_png_is_a_slide_with_something_on_it(chromium, capfd, caplog):
    with caplog.at_level(logging.INFO):
        path = el.export(FIGURE, "stale")
    assert path == Path("exports/stale.png")
    with Image.open(path) as image:
        assert (image.format, image.size) == ("PNG", (1920, 1080))
        colours = image.convert("RGB").getcolors(2**21)
    assert len(colours) > 100
    assert 0.02 < 1 - max(colours)[0] / (1920 * 1080) < 0.5, "blank, or hardly any paper left"
    out, err = capfd.readouterr()
    assert out == f"1 of 1: {path}\n" and err == ""
    assert caplog.records == []
    assert not [t for t in threading.enumerate() if t.name == "edgelab-browser"]


@pytest.mark.browser
def test_an_svg_and_a_pdf_are_16_to_9_and_drawn_by_lines(chromium):
    svg = el.export(FIGURE, "stale.svg", quiet).read_text(encoding="utf-8")
    assert 'viewBox="0 0 960 540"' in svg and "Stale KV reads" in svg and "<image" not in svg
    pdf = el.export(FIGURE, "stale.PDF", quiet).read_bytes()
    assert pdf.startswith(b"%PDF") and b"/Subtype /Image" not in pdf
    (box,) = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert float(box[0]) / float(box[1]) == pytest.approx(16 / 9, rel=1e-3)


@pytest.mark.browser
def test_a_panels_deck_from_one_browser(chromium, starts):
    panel = el.panels.night(FINAL, pinned=FINAL.replace(pops=40))
    said = []
    path = el.export(panel, "night.pptx", said.append)
    assert len(starts) == 1
    assert path == Path("exports/night.pptx")
    deck, (question, *figures) = Presentation(path), panel.slides()
    total = len(figures)
    assert 1 < total < 6, "40 PoPs leave the load on Mumbai as it is"
    assert said[0].startswith(f"1 of {total}: What each place sees")
    assert said[total:] == [f"1 of 1: {path}"]
    assert deck.slide_width * 9 == pytest.approx(deck.slide_height * 16, rel=1e-6)
    about = deck.core_properties
    assert (about.title, about.author, about.last_modified_by) == ("night", "", "")
    assert about.comments == "" and about.created.year > 2020
    asked, *slides = deck.slides
    assert asked.shapes.title.text.replace("\x0b", "\n") == question
    assert question.startswith("PoP count: from 40 PoPs to 312 PoPs\n")
    for slide, figure in zip(slides, figures, strict=True):
        meta = figure.layout.meta
        first, _, rest = meta["caption"].partition(". ")
        finding = len(first) < 130 and re.search(r"\d", first)
        assert slide.shapes.title.text == (first.rstrip(".") if finding else meta["title"])
        (picture,) = (s for s in slide.shapes if s.shape_type == MSO_SHAPE_TYPE.PICTURE)
        assert picture._element.nvPicPr.cNvPr.get("descr") == meta["alt"]
        with Image.open(io.BytesIO(picture.image.blob)) as image:
            assert image.size == (1920, 920)
        (box,) = (s for s in slide.shapes if s.has_text_frame and s != slide.shapes.title)
        told = f"{meta['title']}. {rest}" if finding else meta["caption"]
        assert box.text_frame.text == told
        assert box.text_frame.paragraphs[0].font.size.pt >= 18
        assert slide.notes_slide.notes_text_frame.text.endswith(meta["code"])
        edges = [(s.top, s.top + s.height) for s in (slide.shapes.title, picture, box)]
        edges = [edge for pair in edges for edge in pair] + [deck.slide_height]
        assert edges == sorted(edges), "they overlap"


@pytest.mark.browser
def test_a_readers_own_dark_figure_within_a_running_loop(chromium, starts):
    before = DARK.to_json()

    async def notebook():
        return el.export([DARK, FIGURE], "mine", quiet)

    first, second = asyncio.run(notebook())
    assert len(starts) == 1
    assert first == Path("exports/mine-1-my-own-figure.png")
    assert second == Path("exports/mine-2-staleness.png")
    assert DARK.to_json() == before
    with Image.open(first) as image:
        assert image.size == (1920, 1080)
        assert max(image.convert("RGB").getpixel((3, 3))) < 40, "no longer dark"


@pytest.mark.browser
def test_a_page_works_offline(chromium):
    path = el.export([FIGURE, DARK], Path("page.html"), quiet)
    page = path.read_text(encoding="utf-8")
    assert page.count("plotly.js v") == 1
    assert not re.findall(r"<(?:script|link|iframe|img)[^>]*\s(?:src|href)\s*=", page[:5000])
    outside = re.sub(r"<script>.*?</script>", "", page, count=1, flags=re.DOTALL)
    assert not re.search(r"(?:src|href)\s*=\s*.?https?:", outside)
    assert "plotlyServerURL" not in outside.replace('"plotlyServerURL": "https://plot.ly"', "")
    asked = []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        seen = launched.new_context(offline=True).new_page()
        seen.on("request", lambda request: asked.append(request.url))
        seen.goto(path.absolute().as_uri())
        seen.wait_for_selector(".js-plotly-plot .modebar-btn", state="attached")
        assert seen.locator(".js-plotly-plot").count() == 2
        assert seen.locator("h2").all_text_contents() == ["Stale KV reads", "My own figure"]
        text = seen.locator("figcaption").first.text_content()
        buttons = seen.locator(".modebar-btn").evaluate_all("b => b.map(x => x.dataset.title)")
        launched.close()
    assert text == FIGURE.layout.meta["caption"] + FIGURE.layout.meta["code"]
    assert "Download plot as a PNG" in buttons
    assert not re.search("share|cloud|edit", " ".join(buttons), re.IGNORECASE)
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_the_page_in_which_pictures_are_drawn_asks_no_network(monkeypatch):
    made = []

    def kaleido(**given):
        made.append(given)
        raise RuntimeError

    monkeypatch.setattr("kaleido.Kaleido", kaleido)
    monkeypatch.setattr(doctor, "find_browser", lambda: "chrome")
    with pytest.raises(RuntimeError):
        el.export(FIGURE, "x")
    page = PageGenerator(mathjax=made[0]["mathjax"]).generate_index()
    assert page.count("<script") == page.count('<script src="file:') == 2


# -- names, and what is left behind ----------------------------------------------------------------


def test_a_name_that_is_taken_is_never_replaced(fake, folder):
    taken = [el.export(FIGURE, "a", quiet) for _ in range(3)]
    assert [p.name for p in taken] == ["a.png", "a-2.png", "a-3.png"]
    assert [p.read_bytes() for p in taken] == [b"picture 1", b"picture 2", b"picture 3"]
    assert left(folder) == ["exports/a-2.png", "exports/a-3.png", "exports/a.png"]


def test_many_at_once_each_get_a_name_of_their_own(folder):
    target = folder / "same.png"
    threads = [
        threading.Thread(target=lambda k=k: export._write(target, b"%d" % k)) for k in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int((folder / name).read_bytes()) for name in left(folder)) == list(range(12))


def test_a_folder_is_taken_as_it_is_and_made(fake, folder):
    assert el.export(FIGURE, folder / "deep" / "er" / "x.svg", quiet) == folder / "deep/er/x.svg"
    assert el.export(FIGURE, "sub/x", quiet) == Path("sub/x.png")
    assert left(folder) == ["deep/er/x.svg", "sub/x.png"]


def test_a_panel_and_figures_mixed_are_numbered(fake):
    panel = el.panels.night()
    said = []
    paths = el.export([FIGURE, [panel]], "n", said.append)
    assert [p.name for p in paths] == [
        "n-1-staleness.png",
        "n-2-p99-by-place.png",
        "n-3-p99-by-ratio.png",
        "n-4-distribution.png",
        "n-5-world-map.png",
        "n-6-staleness.png",
        "n-7-origin-load.png",
    ]
    assert said == [f"{k} of 7: {path}" for k, path in enumerate(paths, 1)]
    assert el.export([FIGURE], "one", quiet) == [Path("exports/one.png")]


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
@pytest.mark.parametrize("name", ["n.png", "n.pptx"])
def test_an_error_in_the_middle_leaves_nothing(monkeypatch, folder, error, name):
    @contextmanager
    def failing():
        def draw(figure, form, done=[]):  # noqa: B006
            if len(done) == 2:
                raise error
            done.append(figure)
            return b"picture"

        yield draw

    monkeypatch.setattr(export, "browser", failing)
    (folder / "exports").mkdir()
    (folder / "exports" / "n-1-staleness.png").write_bytes(b"earlier")
    with pytest.raises(type(error)):
        el.export([FIGURE] * 4, name, quiet)
    assert left(folder) == ["exports/n-1-staleness.png"]


def test_a_disk_that_fails_leaves_nothing(fake, folder, monkeypatch):
    def full(self, target):
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space"):
        el.export(FIGURE, "x", quiet)
    assert left(folder) == []


# -- what is told of a figure ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figure", "told"),
    [
        (DARK, ("my-own-figure", "My own figure", "", "My own figure, drawn as scatter and bar.")),
        (go.Figure(), ("figure", "", "", "Plot, drawn as .")),
        (go.Figure(layout={"meta": [1, 2]}), ("figure", "", "", "Plot, drawn as .")),
    ],
)
def test_a_figure_that_tells_nothing_gets_a_name_and_a_text(figure, told):
    assert export._told(figure) == (*told, "")


def test_a_caption_cannot_break_the_page(fake):
    figure = go.Figure(go.Scatter(y=[1]), {"meta": {"title": "a < b", "caption": "<script>"}})
    page = el.export(figure, "x.html", quiet).read_text(encoding="utf-8")
    assert "<h2>a &lt; b</h2>" in page and "<figcaption>&lt;script&gt;</figcaption>" in page


def test_what_no_xml_can_hold_is_left_out_before_anything_is_drawn(monkeypatch, folder):
    dot = io.BytesIO()
    Image.new("RGB", (16, 9)).save(dot, "png")

    @contextmanager
    def quick():
        yield lambda figure, form: dot.getvalue()

    monkeypatch.setattr(export, "browser", quick)
    meta = {name: f"a\x0b{name}\ud800\x00" for name in ("title", "caption", "alt", "code")}
    path = el.export(go.Figure(layout={"meta": meta}), "odd\x0bname.pptx", quiet)
    (slide,) = Presentation(path).slides
    assert slide.shapes.title.text == "a title  "
    assert slide.notes_slide.notes_text_frame.text.endswith("a code  ")
    assert Presentation(path).core_properties.title == "odd name"


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "path", "error", "text"),
    [
        (FIGURE, "x.gif", ValueError, r"path: got 'x.gif', allowed one that ends in \.png, \.svg"),
        (FIGURE, "", ValueError, "path: got '', allowed a file name"),
        (FIGURE, 3, TypeError, "path: got 3, allowed a file name"),
        (FIGURE, "/", ValueError, "path: got '/', allowed a file name"),
        (3, "x", TypeError, "what: got 3, allowed a plotly figure, a panel, or a sequence"),
        ("x", "x", TypeError, "what: got 'x'"),
        ([FIGURE, None], "x", TypeError, "what: got None"),
        ([], "x", ValueError, r"what: got \[\], allowed at least one figure"),
        (FINAL, "x", TypeError, r"what: got CricStream\(\)"),
    ],
)
def test_what_is_not_allowed_is_told_before_a_browser_is_looked_for(
    monkeypatch, folder, what, path, error, text
):
    monkeypatch.setattr(doctor, "find_browser", lambda: pytest.fail("looked for a browser"))
    with pytest.raises(error, match=text):
        el.export(what, path)
    assert left(folder) == [] and not (folder / "exports").exists()


def test_a_folder_that_is_none_and_a_progress_that_is_none(folder):
    (folder / "file").touch()
    with pytest.raises(
        ValueError, match=r"path: got 'file/x', allowed one in a folder.*file is none"
    ):
        el.export(FIGURE, "file/x")
    with pytest.raises(ValueError, match=r"allowed a file name and no folder"):
        el.export(FIGURE, folder)
    with pytest.raises(TypeError, match="progress: got None, allowed a callable"):
        el.export(FIGURE, "x", None)


def test_no_browser_says_what_helps(monkeypatch, folder):
    monkeypatch.setattr(doctor, "find_browser", lambda: None)
    monkeypatch.setattr(doctor, "browser_command", lambda: "bring me one")
    monkeypatch.setenv("BROWSER_PATH", "/no/such")
    with pytest.raises(browser.BrowserError) as caught:
        el.export(FIGURE, "x")
    text = str(caught.value)
    assert "none was found. This brings one:\n    bring me one\n" in text
    assert "BROWSER_PATH names /no/such" in text
    assert "camera" in text and ".html" in text
    assert el.export(FIGURE, "x.html", quiet).exists()
    assert left(folder) == ["exports/x.html"]


@pytest.mark.parametrize(
    ("why", "helps"),
    [
        ("unexpected error while fetching topojson file at a.json", "update_geos(visible=False)"),
        ("error: wrong data", ": error: wrong data."),
    ],
)
def test_a_figure_that_the_page_cannot_draw_is_not_laid_to_the_browser(monkeypatch, why, helps):
    class Page:
        def __init__(self, **about):
            self.subprocess = None

        async def open(self): ...

        async def close(self): ...

        async def calc_fig(self, figure, opts):
            raise KaleidoError(525, why)

    monkeypatch.setattr("kaleido.Kaleido", Page)
    monkeypatch.setattr(doctor, "find_browser", lambda: "chrome")
    with pytest.raises(browser.BrowserError) as caught:
        el.export(DARK, "x")
    assert helps in str(caught.value)
    assert "BROWSER_PATH" not in str(caught.value)
    assert doctor.browser_command() not in str(caught.value)


@pytest.mark.browser
def test_a_map_without_coastlines_needs_no_network(chromium):
    figure = go.Figure(go.Scattergeo(lat=[19], lon=[73])).update_geos(visible=False)
    assert el.export(figure, "x", quiet).exists()


def test_a_missing_folder_for_temporary_files_is_told_with_its_mend(monkeypatch, starts):
    monkeypatch.setenv("TMPDIR", "/no-such")
    monkeypatch.setattr(doctor, "find_browser", lambda: "chrome")
    with pytest.raises(browser.BrowserError, match=r"TMPDIR names /no-such") as caught:
        el.export(DARK, "x")
    assert str(caught.value).endswith(doctor.without("TMPDIR")) and not starts


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script as the browser")
@pytest.mark.parametrize(
    ("script", "why"), [("exit 1", "failed to start: "), ("exec sleep 60", "no answer in 0.5 s")]
)
def test_a_browser_that_fails_is_told_and_ended(monkeypatch, folder, script, why, capfd):
    program = folder / "chrome"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("BROWSER_PATH", str(program))
    monkeypatch.setattr(browser, "START_S", 0.5)
    monkeypatch.setattr(browser, "END_S", 2.0)
    with pytest.raises(browser.BrowserError, match=why) as caught:
        el.export(FIGURE, "x")
    assert str(program) in str(caught.value) and doctor.browser_command() in str(caught.value)
    assert left(folder) == ["chrome"]
    assert capfd.readouterr().err == ""
