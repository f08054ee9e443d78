"""The live board when things go wrong: late, broken, cut off, restarted, run again, twice."""

import json
import re
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import nbformat
import pytest
from workbook import CARD, DRAWN, LATE, Workbook, before_modules

pytestmark = pytest.mark.browser

PANEL = "import edgelab as el\npanel = el.panels.kv()\npanel"
START = "el.panels.kv(el.EdgeKV())"


@pytest.fixture
def place(lab, request):
    """Puts a notebook of these cells beside the others, and gives its address in a new page."""

    def put(*cells, name="x"):
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        of = re.sub(r"\W+", "-", request.node.name)
        path = f"notebooks/{name}-{of}.ipynb"
        parts = urlsplit(lab)
        token = parse_qs(parts.query)["token"][0]
        urlopen(
            Request(
                parts._replace(path=f"/api/contents/{path}", query="").geturl(),
                json.dumps({"type": "notebook", "content": book}).encode(),
                {"Authorization": f"token {token}", "Content-Type": "application/json"},
                method="PUT",
            )
        ).close()
        space = re.sub(r"\W+", "-", path)
        return parts._replace(path=f"/lab/workspaces/{space}/tree/{path}").geturl()

    return put


@pytest.fixture
def page(context):
    page = context.new_page()
    seen = len(context.recorder.complaints)
    page.complaints = lambda: context.recorder.complaints[seen:]
    yield page
    page.close()


def follows(opened, number=0, key="ArrowRight"):
    """A slider moves, and what is drawn moves with it."""
    card = opened.card.nth(number)
    alt, code = card.locator(".edgelab-plot").first, card.locator("code")
    before = alt.get_attribute("aria-label"), code.text_content()
    opened.key(card.locator(".noUi-handle").first, key)
    opened.page.wait_for_function(
        f"""([k, alt, code]) => {{
          const card = document.querySelectorAll('{CARD}')[k];
          return card.querySelector('.edgelab-plot').getAttribute('aria-label') !== alt
            && card.querySelector('code').textContent !== code;
        }}""",
        arg=[number, *before],
    )
    opened.page.wait_for_function(DRAWN)
    assert card.locator(".edgelab-notice:visible").count() == 0


def notice(opened, text):
    """Wait until a board says this; give its button."""
    said = opened.card.locator(".edgelab-notice", has_text=text).first
    said.wait_for()
    return said.get_by_role("button", name="Try again")


@pytest.mark.parametrize("late_ms", [3_000, 10_000])
def test_a_late_library_is_waited_for_in_words(page, place, tmp_path, late_ms):
    page.add_init_script(before_modules(plotly=LATE.format(ms=late_ms)))
    waits = []
    page.expose_function("waits", lambda text: waits.append(text))
    page.add_init_script(
        """new MutationObserver(() => {
          const said = document.querySelector('.edgelab-notice:not([hidden])');
          if (said) window.waits(said.textContent);
        }).observe(document, {subtree: true, childList: true, attributes: true});"""
    )
    opened = Workbook(page, place(PANEL), tmp_path)
    assert any("Loading the drawing library" in text for text in waits)
    follows(opened)
    assert page.complaints() == []


def test_a_board_whose_own_module_is_late_is_drawn_and_follows(page, place, tmp_path):
    """anywidget gives up on it after two seconds, and would lose every message from then on."""
    page.add_init_script(before_modules(board=LATE.format(ms=3500)))
    given_up = []
    page.on("pageerror", lambda error: given_up.append(str(error)))
    opened = Workbook(page, place(PANEL), tmp_path)
    follows(opened)
    follows(opened)
    assert given_up == ["[anywidget] Failed to initialize model."] and page.complaints() == []


def test_a_broken_library_is_told_and_mended_by_the_button(page, place, tmp_path):
    tries = "window.tries = (window.tries ?? 0) + 1;"
    torn = {"plotly": f"{tries} throw new Error('torn on the way');"}
    page.add_init_script(before_modules(**torn))
    opened = Workbook(page, place(PANEL), tmp_path, drawn=False)
    button = notice(opened, "could not be loaded: torn on the way")
    button.click()
    page.wait_for_function("() => window.tries === 2")
    notice(opened, "could not be loaded: torn on the way")
    page.evaluate("() => { window.prepend = {} }")
    button.click()
    page.wait_for_function(DRAWN)
    follows(opened)


def test_a_cut_websocket_is_told_and_mended_by_the_button(page, place, tmp_path):
    cut, sockets = [], []

    def proxy(socket):
        if cut:
            socket.close(code=1011)
        else:
            sockets.append((socket, socket.connect_to_server()))

    page.route_web_socket(re.compile("channels"), proxy)
    opened = Workbook(page, place(PANEL), tmp_path)
    cut.append(True)
    for socket, server in sockets:
        server.close(code=1011)
        socket.close(code=1011)
    opened.key(opened.card.locator(".noUi-handle").first, "ArrowRight")
    button = notice(opened, "has not answered")
    cut.clear()
    button.click()
    opened.card.locator(".edgelab-notice").wait_for(state="hidden")
    follows(opened)
    follows(opened, key="ArrowLeft")


def test_a_restarted_kernel_is_told_and_the_button_makes_the_panel_anew(page, place, tmp_path):
    opened = Workbook(page, place(PANEL), tmp_path)
    follows(opened)
    moved = opened.card.locator("code").text_content()
    opened.menu("Kernel", "Restart Kernel…")
    page.locator(".jp-Dialog button", has_text="Restart").last.click()
    notice(opened, "The kernel was restarted").click()
    page.wait_for_selector(".edgelab-again .main-svg", state="attached")
    opened.card = page.locator(f".edgelab-again {CARD}")
    assert opened.card.locator("code").text_content() == moved
    opened.key(opened.card.locator(".noUi-handle").first, "ArrowRight")
    page.wait_for_function(
        "(code) => document.querySelector('.edgelab-again code').textContent !== code", arg=moved
    )
    assert page.locator(".edgelab-notice:visible").count() == 0


def test_two_panels_of_a_kind_and_one_in_two_cells(page, place, tmp_path):
    two = "import ipywidgets\nother = el.panels.kv()\nipywidgets.VBox([other, el.panels.kv()])"
    opened = Workbook(page, place(PANEL, "panel", two), tmp_path)
    opened.ran_clean(cells=3)
    assert opened.card.count() == 4
    codes = opened.card.locator("code")
    for number, moving in ((0, {0, 1}), (2, {2}), (3, {3})):
        before = codes.all_text_contents()
        opened.card.nth(number).scroll_into_view_if_needed()
        follows(opened, number)
        changed = {k for k in range(4) if codes.nth(k).text_content() != before[k]}
        assert changed == moving
    for number in range(4):
        opened.card.nth(number).evaluate("card => card.scrollIntoView()")
        page.wait_for_function(DRAWN)
    assert page.complaints() == []


def test_two_notebooks_in_one_page_share_the_library(page, place, tmp_path):
    first, second = place(PANEL), place(PANEL, name="y")
    opened = Workbook(page, first, tmp_path)
    received = []
    page.on("websocket", lambda s: s.on("framereceived", lambda f: received.append(len(f))))
    name = urlsplit(second).path.rpartition("/")[2]
    page.locator(".jp-DirListing-item", has_text=name).dblclick()
    page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell").first.wait_for()
    page.wait_for_selector(".jp-StatusBar-TextItem:has-text('Python 3 (ipykernel) | Idle')")
    opened.menu("Run", "Run All Cells")
    page.locator(f".jp-NotebookPanel:not(.lm-mod-hidden) {CARD} .main-svg").first.wait_for(
        state="attached"
    )
    page.wait_for_function(DRAWN)
    shown = page.locator(f".jp-NotebookPanel:not(.lm-mod-hidden) {CARD}")
    opened.card = shown
    before = shown.locator("code").text_content()
    opened.key(shown.locator(".noUi-handle").first, "ArrowRight")
    shown.locator("code", has_not_text=before).wait_for()
    assert page.evaluate("() => Object.keys(window.edgelabPlotly).length") == 1
    assert page.complaints() == []


def test_a_cell_run_again_closes_the_panel_before(page, place, tmp_path):
    """Elsewhere it is still shown, and says so."""
    opened = Workbook(
        page, place("import edgelab as el\npanel = el.panels.kv()", "panel"), tmp_path
    )
    # Only the first cell again: the second one's output is the panel before.
    page.locator(".jp-CodeCell").first.click()
    opened.menu("Run", "Run Selected Cell and Do not Advance")
    page.get_by_text("This was closed").wait_for()
    assert page.locator(".edgelab-board").count() == 0
    opened.run()
    follows(opened)
    assert page.complaints() == []
