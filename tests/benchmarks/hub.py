"""Page 1 for three users at once on a JupyterHub: python tests/benchmarks/hub.py HUB_PYTHON.

HUB_PYTHON is the Python of an environment with edgelab, jupyterhub, voila and notebook, and
configurable-http-proxy (npm) is on the PATH. The hub stands behind a base URL and starts a server a
user with its simple spawner; the environment is closed to writing, and all kernels share one cache
that was warmed before and is closed too. Printed is how long each user waits for the first panel,
whose slider must then follow a key; then the same in Notebook 7 and by Voila.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from edgelab import doctor

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = "01-cricstream-live.ipynb"
USERS = ("asha", "bert", "chen")
CONFIG = """
c.JupyterHub.bind_url = "http://127.0.0.1:{port}/course/"
c.JupyterHub.hub_port = {port} + 1
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:" + str({port} + 2)
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r} + "/{{username}}"
c.Spawner.args = ["--allow-root", "--LabApp.news_url=None"]
c.Spawner.default_url = "/lab/tree/{page}"
c.Spawner.environment = {{"EDGELAB_CACHE_DIR": {cache!r}}}
"""
CARD = "document.querySelector('.edgelab-panel:not(.edgelab-step):has(.edgelab-board)')"
RUNS = "() => /[\\d*]/.test(document.querySelector('.jp-CodeCell .jp-InputPrompt').textContent)"
DRAWN = f"""() => {{
  {CARD}?.scrollIntoView();
  const plots = [...({CARD}?.querySelectorAll('.edgelab-canvas') ?? [])].filter(e => e.clientWidth);
  return plots.length >= 5 && plots.every(e => e.querySelector('.main-svg'));
}}"""


def closed(folder: Path, shut: bool) -> None:
    """Take away the right to write a folder, or give it back."""
    subprocess.run(["chmod", "-R", "a-w" if shut else "u+w", folder], check=True)


def drawn(page: Page, start: float) -> float:
    """Wait for the panel's plots, then move a slider by keyboard; seconds until they were there."""
    page.wait_for_function(DRAWN)
    took = time.perf_counter() - start
    moved = f"() => {CARD}.querySelector('code').textContent.includes('pops=')"
    while not page.evaluate(moved):  # a notebook that has just run may take the focus away
        page.locator(".edgelab-head .noUi-handle").first.press("ArrowLeft")
        page.wait_for_timeout(3000)
    return took


def first_panel(browser: Browser, address: str, user: str) -> float:
    """Log in, press Run All and move a slider; seconds from the press to the first panel."""
    page = browser.new_context(viewport={"width": 1280, "height": 1600}).new_page()
    page.set_default_timeout(240_000)
    page.goto(address)
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", "x")
    page.click("input[type=submit]")
    idle = "Python 3 (ipykernel) | Idle"
    page.wait_for_selector(f".jp-StatusBar-TextItem:has-text('{idle}')")
    start = time.perf_counter()
    page.locator(".lm-MenuBar-item", has_text="Run").first.click()
    page.locator(".lm-Menu-item", has_text="Run All Cells").first.click()
    return drawn(page, start)


def hub(python: str, folder: Path, port: int = 18_000) -> None:
    """Three users of a hub, each in a thread of their own."""
    homes, cache = folder / "homes", folder / "cache"
    for user in USERS:
        (homes / user).mkdir(parents=True)
        shutil.copy(ROOT / "notebooks" / NOTEBOOK, homes / user)
    environment = os.environ | {"EDGELAB_CACHE_DIR": str(cache)}
    subprocess.run(
        [python, "-c", "from edgelab import kernels; kernels.warm()"], env=environment, check=True
    )
    config = folder / "jupyterhub_config.py"
    given = {"port": port, "homes": str(homes), "cache": str(cache), "page": NOTEBOOK}
    config.write_text(CONFIG.format(**given))
    where = Path(python).absolute().parent
    environment["PATH"] = f"{where}{os.pathsep}{environment['PATH']}"
    closed(cache, True)
    took: dict[str, float] = {}

    def visit(user: str) -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=doctor.find_browser(), args=["--no-sandbox"]
            )
            took[user] = first_panel(browser, f"http://127.0.0.1:{port}/course/", user)
            browser.close()

    with open(folder / "hub.log", "w") as log:
        server = subprocess.Popen(
            [where / "jupyterhub", "-f", config],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            while "JupyterHub is now running" not in (folder / "hub.log").read_text():
                time.sleep(0.3)
            visitors = [threading.Thread(target=visit, args=(user,)) for user in USERS]
            for visitor in visitors:
                visitor.start()
            for visitor in visitors:
                visitor.join()
        finally:
            server.terminate()
            server.wait(30)
            closed(cache, False)
    for user in USERS:
        print(f"hub: {user}: first panel {took.get(user, float('nan')):.1f} s", flush=True)


def alone(name: str, command: list, folder: Path, path: str, run: bool) -> None:
    """Page 1 by one server of another kind."""
    with open(folder / f"{name}.log", "w") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            while "http://127.0.0.1" not in (text := (folder / f"{name}.log").read_text()):
                time.sleep(0.3)
                if server.poll() is not None:
                    sys.exit(text)
            port = urlsplit("http" + text.split("http")[-1].split()[0]).port
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=doctor.find_browser(), args=["--no-sandbox"]
                )
                page = browser.new_page(viewport={"width": 1280, "height": 1600})
                page.set_default_timeout(240_000)
                start = time.perf_counter()
                page.goto(f"http://127.0.0.1:{port}{path}")
                if run:
                    idle = ".jp-Notebook-ExecutionIndicator[data-status='idle']"
                    page.wait_for_selector(idle, state="attached")
                    while not page.evaluate(RUNS):  # pressed before the kernel was there
                        page.locator(".lm-MenuBar-item", has_text="Run").first.click()
                        page.locator(".lm-Menu-item", has_text="Run All Cells").first.click()
                        page.wait_for_timeout(3000)
                print(f"{name}: first panel {drawn(page, start):.1f} s", flush=True)
                browser.close()
        finally:
            server.terminate()
            server.wait(30)


def main(python: str) -> None:
    """Try the hub, Notebook 7 and Voila."""
    where = Path(python).absolute().parent
    installed = where.parent / "lib"
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        closed(installed, True)
        try:
            hub(python, folder)
            shutil.copy(ROOT / "notebooks" / NOTEBOOK, folder)
            root = ["--allow-root"] if os.geteuid() == 0 else []
            lab = ["notebook", "--no-browser", "--IdentityProvider.token=", "--port=18100", *root]
            alone("notebook", [where / "jupyter", *lab], folder, f"/notebooks/{NOTEBOOK}", True)
            voila = ["--no-browser", "--port=18200", "--Voila.ip=127.0.0.1", NOTEBOOK]
            alone("voila", [where / "voila", *voila], folder, "/", False)
        finally:
            closed(installed, False)


if __name__ == "__main__":
    main(sys.argv[1])
