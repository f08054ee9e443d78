"""The drag of every panel: python tests/benchmarks/drag.py [night chain ...]

First the Python side of a tick: a main control moves, the model answers, the figure is patched.
Then in a real browser: from a key on a slider to the repaint, for the live panel and for a bare
FigureWidget with the same traces, made before, and no model behind them; in turn, in one headless
Chromium. For the night also how long after the last key every viewer has been drawn and shown to
agree. Nothing is asserted.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
from ipywidgets import IntSlider, SelectionSlider
from playwright.sync_api import sync_playwright

from edgelab import doctor, panels
from edgelab.panels.base import Panel

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
from lab_server import ARGUMENTS, lab_server

#: Keys pressed on a slider at most, in how many turns, and how long each may take.
STEPS, TURNS, PAUSE_S = 20, 2, 1.2
PANEL = "import edgelab as el\n{call}()"
BARE = """
import ipywidgets as widgets, edgelab as el
from edgelab.figures import theme
panel, made = {call}(), []
for value in {values}:
    panel.model = panel.start.replace({knob}=value)
    made.append(panel.make_traces())
figure = theme.figure(made[0], panel.make_layout(), widget=True)
figure.layout.height = panel.height_px
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


def stops(panel: Panel, knob: str) -> list:
    """The settings of a slider from where it starts to the right, or from its left end."""
    start, slider = getattr(panel.start, knob), panel.controls[knob]
    if isinstance(slider, IntSlider):
        values = list(range(slider.min, slider.max + 1))
    else:
        values = [value for _, value in slider.options]
    right = values[values.index(start) :]
    return (right if len(right) > STEPS // 2 else values)[: STEPS + 1]


def ticks(panel: Panel) -> None:
    """Print the Python side of a tick of each main control: from its new value to the patch."""
    panel.settle = lambda: None  # the drag alone; what follows when the hand rests is left out
    for name in panel.main:
        control = panel.controls[name]
        values = stops(panel, name)[1:] if isinstance(control, IntSlider) else control.options
        ms = []
        for value in values:
            start = time.perf_counter()
            control.value = value[1] if isinstance(value, tuple) else value
            ms.append(1000 * (time.perf_counter() - start))
        panel.show(panel.start)
        print(f"{panel.call}: {name}: {statistics.median(ms):.0f} ms, at most {max(ms):.0f} ms")


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


def measure(browser, address: str, panel: Panel, knob: str) -> None:
    """Print one knob's medians."""
    pages = {name: opened(browser, address, name) for name in (panel.name, f"{panel.name}-{knob}")}
    live, bare = pages.values()
    label = live.get_by_text(panel.start.knobs()[knob].label, exact=True)
    sliders = {
        live: live.locator(".widget-slider", has=label).locator(".noUi-handle").first,
        bare: bare.locator(".noUi-handle").first,
    }
    ms: dict[object, list[float]] = {live: [], bare: []}
    agreed = []
    for _ in range(TURNS):
        for page, slider in sliders.items():
            page.bring_to_front()
            slider.focus()
            if not ms[page] and stops(panel, knob)[0] != getattr(panel.start, knob):
                page.keyboard.press("Home")
                time.sleep(PAUSE_S)
            for _ in range((len(stops(panel, knob)) - 1) // TURNS):
                page.evaluate("() => { keys.length = paints.length = rests.length = 0 }")
                page.keyboard.press("ArrowRight")
                time.sleep(PAUSE_S)
                key, paints, rests = page.evaluate("() => [keys[0], paints, rests]")
                ms[page] += [paints[0] - key] if paints else []
                agreed += [rests[-1] - key] if rests and page is live else []
    panel_ms, bare_ms = (statistics.median(ms[page]) for page in (live, bare))
    after = f", agreed {statistics.median(agreed):.0f} ms after the key" if agreed else ""
    ratio = f"panel {panel_ms:.0f} ms, bare {bare_ms:.0f} ms, x{panel_ms / bare_ms:.2f}"
    print(f"drag of {panel.call}, {knob}: {ratio}{after}")
    for page in pages.values():
        page.close()


def main(wanted: list[str]) -> None:
    """Measure and print; every panel if none is named."""
    made = [kind() for kind in Panel.__subclasses__()]
    made = [panel for panel in made if not wanted or panel.call.split(".")[-1] in wanted]
    sliders = {
        (panel, name): stops(panel, name)
        for panel in made
        for name in panel.main
        if isinstance(panel.controls[name], IntSlider | SelectionSlider)
    }
    for panel in made:
        ticks(panel)
    chromium = doctor.find_browser()
    if chromium is None:
        print(f"drag: no browser was found; {doctor.browser_command()}")
        return
    cells = {panel.name: PANEL.format(call=panel.call) for panel in made}
    for (panel, knob), values in sliders.items():
        code = BARE.format(call=panel.call, knob=knob, values=values)
        cells[f"{panel.name}-{knob}"] = code
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "copy" / "notebooks").mkdir(parents=True)
        for name, code in cells.items():
            book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
            book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
            nbformat.write(book, home / "copy" / "notebooks" / f"{name}.ipynb")
        with lab_server(home) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            for panel, knob in sliders:
                measure(browser, address, panel, knob)
            browser.close()


if __name__ == "__main__":
    assert panels.__all__  # its panels are loaded
    main(sys.argv[1:])
