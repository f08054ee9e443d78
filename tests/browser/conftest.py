"""JupyterLab as the README starts it, from a copy of the checkout, in a real Chromium."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
BROWSERS = "chromium chromium-browser google-chrome google-chrome-stable chrome msedge".split()
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
START_S = 90


def find_chromium():
    """Path of a browser; without one the test is skipped, and in CI it fails."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            f"no browser: none of {', '.join(BROWSERS)} is on the PATH"
        )
    return found


@pytest.fixture(scope="session")
def chromium():
    return find_chromium()


@pytest.fixture(scope="module")
def lab(chromium, tmp_path_factory):
    """Address of a running `edgelab lab`, token included, that no user's settings touch.

    It serves a copy, since JupyterLab saves an open notebook by itself.
    """
    home = tmp_path_factory.mktemp("lab")
    rubbish = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for folder in ("edgelab", "data", "notebooks"):
        shutil.copytree(ROOT / folder, home / "copy" / folder, ignore=rubbish)
    mine = "DATA_DIR RUNTIME_DIR CONFIG_DIR LAB_SETTINGS_DIR LAB_WORKSPACES_DIR".split()
    mine = {f"JUPYTER{'' if n.startswith('LAB') else '_'}{n}": str(home / n) for n in mine}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")} | mine
    environment |= {"PYTHONPATH": str(home / "copy"), "IPYTHONDIR": str(home / "ipython")}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "edgelab", "lab", "--no-browser", "--port", str(port)]
    log = home / "lab.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            command, cwd=home / "copy", env=environment, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        address = re.compile(rf"http://127\.0\.0\.1:{port}/lab\S*token=\w+")
        deadline = time.monotonic() + START_S
        while not (found := address.search(log.read_text())):
            assert server.poll() is None, f"edgelab lab ended:\n{log.read_text()}"
            assert time.monotonic() < deadline, f"no address in {START_S} s:\n{log.read_text()}"
            time.sleep(0.1)
        yield found.group()
    finally:
        server.terminate()
        server.wait(30)


class Recorder:
    """What the pages of a browser context asked for, and what they complained of."""

    def __init__(self, context):
        self.requests, self.complaints = [], []
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("page", lambda page: page.on("websocket", self._socket))

    def _console(self, message):
        if message.type == "error":
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
        context.set_default_timeout(60_000)
        context.recorder = Recorder(context)
        yield context
        browser.close()
