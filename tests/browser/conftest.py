"""JupyterLab as the README starts it, from a copy of the checkout, in a real Chromium."""

import os

import pytest
from lab_server import ARGUMENTS, lab_server
from playwright.sync_api import sync_playwright

#: It takes two hours, and is done on request.
collect_ignore = [] if "EDGELAB_AGAIN" in os.environ else ["test_again.py"]


@pytest.fixture(scope="session")
def lab(chromium, tmp_path_factory):
    """Address of a running `edgelab lab`, token included, that no user's settings touch."""
    with lab_server(tmp_path_factory.mktemp("lab")) as address:
        yield address


#: anywidget's word for a module that took over two seconds, as any does on a machine that is busy
#: enough. The board works all the same: test_board.py holds it to that.
GIVEN_UP = "[anywidget] Failed to initialize model."
#: JupyterLab's word when a cell is run again while the page, loaded anew, still fetches the panel
#: that it made before: that one is closed then, and nobody misses it.
CLOSED = "Comm not found for comm id "


class Recorder:
    """What the pages of a browser context asked for, and what they complained of."""

    def __init__(self, context):
        self.requests, self.complaints = [], []
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("console", self._console)
        context.on("weberror", lambda error: self._complain(str(error.error)))
        context.on("page", lambda page: page.on("websocket", self._socket))

    def _complain(self, text):
        if text != GIVEN_UP:
            self.complaints.append(text)

    def _console(self, message):
        if message.type == "error" and not message.text.startswith(CLOSED):
            self.complaints.append(f"{message.text} {message.location}")

    def _socket(self, socket):
        self.requests.append(socket.url)


@pytest.fixture(scope="module")
def context(chromium):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        context = browser.new_context(
            viewport={"width": 1280, "height": 800}, accept_downloads=True
        )
        context.set_default_timeout(180_000)
        context.recorder = Recorder(context)
        yield context
        browser.close()
