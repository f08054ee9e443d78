"""The drag in a real browser: python tests/benchmarks/drag.py

From a key on a slider to the repaint, for the live panel and for a bare FigureWidget with the same
traces, made before, and no model behind them; in turn, in one headless Chromium. Then how long
after the last key every viewer has been drawn and shown to agree. Nothing is asserted.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
from playwright.sync_api import sync_playwright

from edgelab import doctor
from edgelab.models.scenario import CricStream
from edgelab.panels.base import control
from edgelab.panels.cricstream import HEIGHT_PX

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
from lab_server import ARGUMENTS, lab_server

#: Knob to how often its slider is moved one stop to the right.
STEPS = {"pops": 20, "kv_delay_ms": 20, "origin_fetch_ratio": 10}
TURNS, PAUSE_S = 2, 1.2
PANEL = "import edgelab as el\nel.panels.night()"
BARE = """
import ipywidgets as widgets, edgelab as el
from edgelab.figures import cricstream, theme
final, of = el.CricStream(), cricstream.NightFrames.of
old = of(final.baseline())
made = [cricstream.traces(of(final.replace({knob}=v)), old) for v in {values}]
figure = theme.figure(made[0], cricstream.layout(final), widget=True)
figure.layout.height = {height}
slider = widgets.SelectionSlider(options=[str(k) for k in range(len(made))])
def move(change):
    with figure.batch_update():
        for trace, new in zip(figure.data, made[slider.index]):
            trace.update(new)
slider.observe(move, "value")
widgets.VBox([slider, figure])
"""
WATCH = """() => {
  window.keys = []; window.paints = []; window.rests = [];
  document.addEventListener('keydown', () => keys.push(performance.now()), true);
  document.querySelector('.js-plotly-plot').on('plotly_afterplot',
    () => requestAnimationFrame(() => paints.push(performance.now())));
  let before = true;
  new MutationObserver(() => {
    const card = document.querySelector('.edgelab-panel');
    const now = card?.textContent.includes('One request was drawn for each') ?? false;
    if (now && !before) rests.push(performance.now());
    before = now;
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


def stops(knob: str) -> list[float]:
    """The panel's own settings of a knob, from where it starts."""
    start = getattr(CricStream(), knob)
    slider = control(CricStream.knobs()[knob], start)
    if hasattr(slider, "max"):
        return list(range(start, slider.max + 1))[: STEPS[knob] + 1]
    values = [value for _, value in slider.options]
    return values[values.index(start) :][: STEPS[knob] + 1]


def opened(browser, address: str, name: str):
    """A notebook run from the top in a page of its own."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(90_000)
    place = f"/lab/workspaces/{name}/tree/notebooks/{name}.ipynb"
    page.goto(urlsplit(address)._replace(path=place).geturl())
    page.wait_for_selector(".jp-StatusBar-TextItem:has-text('Python 3 (ipykernel) | Idle')")
    page.locator(".lm-MenuBar-item", has_text="Run").first.click()
    page.locator(".lm-Menu-item", has_text="Run All Cells").first.click()
    page.wait_for_selector(".js-plotly-plot .main-svg", state="attached")
    time.sleep(3)
    page.evaluate(WATCH)
    return page


def measure(browser, address: str, knob: str) -> None:
    """Print one knob's medians."""
    number = list(STEPS).index(knob)
    pages = {"panel": opened(browser, address, "panel"), "bare": opened(browser, address, knob)}
    slider = {"panel": number, "bare": 0}
    ms: dict[str, list[float]] = {"panel": [], "bare": []}
    agreed = []
    for _ in range(TURNS):
        for name, page in pages.items():
            page.bring_to_front()
            page.locator(".noUi-handle").nth(slider[name]).focus()
            for _ in range(STEPS[knob] // TURNS):
                page.evaluate("() => { keys.length = paints.length = rests.length = 0 }")
                page.keyboard.press("ArrowRight")
                time.sleep(PAUSE_S)
                key, paints, rests = page.evaluate("() => [keys[0], paints, rests]")
                ms[name] += [paints[0] - key] if paints else []
                agreed += [rests[-1] - key] if rests and name == "panel" else []
    panel, bare = (statistics.median(ms[name]) for name in ("panel", "bare"))
    after = f", agreed {statistics.median(agreed):.0f} ms after the key" if agreed else ""
    print(f"drag of {knob}: panel {panel:.0f} ms, bare {bare:.0f} ms, x{panel / bare:.2f}{after}")
    for page in pages.values():
        page.close()


def main() -> None:
    """Measure and print."""
    chromium = doctor.find_browser()
    if chromium is None:
        print(f"drag: no browser was found; {doctor.browser_command()}")
        return
    cells = {"panel": PANEL} | {
        knob: BARE.format(knob=knob, values=stops(knob), height=HEIGHT_PX) for knob in STEPS
    }
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "copy" / "notebooks").mkdir(parents=True)
        for name, code in cells.items():
            book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
            book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
            nbformat.write(book, home / "copy" / "notebooks" / f"{name}.ipynb")
        with lab_server(home) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            for knob in STEPS:
                measure(browser, address, knob)
            browser.close()


if __name__ == "__main__":
    main()
