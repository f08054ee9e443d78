"""Live panels beside a bare FigureWidget: python tests/benchmarks/board.py [night kv ...]

In one headless Chromium and one JupyterLab, with every page opened in a kernel of its own: a live
panel, and one FigureWidget with the same traces, made before, and no model behind them. Printed
are medians: from a key on a slider to the repaint, the bytes on the wire, from Run All to the
picture (kernels warm), and the same again in the same page. Nothing is asserted. Where
PYTHONDONTWRITEBYTECODE is set, every kernel compiles what it imports, which is more for the panel.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import plotly.graph_objects as go
from ipywidgets import IntSlider, SelectionSlider
from playwright.sync_api import sync_playwright

import edgelab as el
from edgelab import doctor
from edgelab.stage.panel import Panel

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
from lab_server import ARGUMENTS, lab_server

#: Keys pressed on a slider at most, and how long each may take; how often a cell is run again.
STEPS, PAUSE_S, AGAIN = 10, 1.2, 5
LIVE = "import edgelab as el\n{call}()"
BARE = """
import json, ipywidgets, plotly.graph_objects as go
about = json.load(open({path!r}))
figure = go.FigureWidget(about["figures"][0])
slider = ipywidgets.SelectionSlider(options=[str(k) for k in range(len(about["figures"]))])
def move(change):
    with figure.batch_update():
        for trace, new in zip(figure.data, about["figures"][slider.index]["data"]):
            trace.update(new)
slider.observe(move, "value")
ipywidgets.VBox([slider, figure])
"""
WATCH = """() => {
  window.keys = []; window.paints = [];
  document.addEventListener('keydown', () => keys.push(performance.now()), true);
  for (const plot of document.querySelectorAll('.js-plotly-plot'))
    plot.on('plotly_afterplot', () => requestAnimationFrame(() => paints.push(performance.now())));
}"""
#: As many plots as wanted, none of them from an earlier run.
FRESH = """(wanted) => {
  const drawn = [...document.querySelectorAll('.js-plotly-plot:has(.main-svg)')];
  return drawn.length >= wanted && !drawn.some(plot => plot.old);
}"""


def figure(panel: Panel, model) -> go.Figure:
    """Every trace of the panel on one figure, each plot in its place of a grid."""
    data, layout = [], {"height": 900, "showlegend": False}
    rows = -(-len(panel.board) // 2)
    for k, each in enumerate(panel.board):
        drawn = each.plot.live(model, None, True)
        box = {"x": (k % 2 / 2 + 0.05, k % 2 / 2 + 0.48)}
        box["y"] = (1 - (k // 2 + 0.85) / rows, 1 - (k // 2 + 0.1) / rows)

        def number(axis: str, k: int = k) -> str:
            return f"{axis[0]}{4 * k + int(axis[1:] or 1)}"

        for trace in drawn["data"]:
            data.append(trace | {a: number(trace.get(a, a[0])) for a in ("xaxis", "yaxis")})
        for name, axis in drawn["layout"].items():
            letter = name[0]
            if not name[1:5] == "axis":
                continue
            start, end = box[letter]
            own = axis.get("domain", (0, 1))
            place = [start + share * (end - start) for share in own]
            anchor = number(axis.get("anchor", ("y" if letter == "x" else "x") + name[5:]))
            key = f"{letter}axis{number(letter + name[5:])[1:]}"
            layout[key] = {**axis, "domain": place, "anchor": anchor}
    return go.Figure(data, layout)


def stops(panel: Panel, knob: str) -> list:
    """The settings of a slider from where it starts to the right."""
    start, slider = getattr(panel.start, knob), panel.controls[knob]
    if isinstance(slider, IntSlider):
        values = list(range(slider.min, slider.max + 1))
    else:
        values = [value for _, value in slider.options]
    return values[values.index(start) :][: STEPS + 1]


class Page:
    """A notebook with one cell, in a page of its own."""

    def __init__(self, browser, address: str, name: str, plots: int) -> None:
        self.page, self.plots, self.bytes = browser.new_page(), plots, 0
        self.page.set_viewport_size({"width": 1280, "height": 2000})
        self.page.set_default_timeout(90_000)
        self.page.on("websocket", lambda s: s.on("framereceived", self._count))
        place = f"/lab/workspaces/{name}/tree/notebooks/{name}.ipynb"
        self.page.goto(urlsplit(address)._replace(path=place).geturl())
        idle = "Python 3 (ipykernel) | Idle"
        self.page.wait_for_selector(f".jp-StatusBar-TextItem:has-text('{idle}')")
        time.sleep(2)

    def _count(self, frame) -> None:
        self.bytes += len(frame)

    def run(self) -> tuple[float, int]:
        """Run the cell; seconds until the picture, and bytes on the wire."""
        mark = "() => document.querySelectorAll('.js-plotly-plot').forEach(p => p.old = true)"
        self.page.bring_to_front()
        self.page.evaluate(mark)
        self.page.locator(".lm-MenuBar-item", has_text="Run").first.click()
        item = self.page.locator(".lm-Menu-item", has_text="Run All Cells").first
        item.wait_for()
        before, start = self.bytes, time.perf_counter()
        item.click()
        self.page.wait_for_function(FRESH, arg=self.plots, polling="raf")
        took = time.perf_counter() - start
        time.sleep(PAUSE_S)
        return took, self.bytes - before

    def drag(self, handle, steps: int) -> list[float]:
        """Milliseconds from each key to the repaint."""
        self.page.bring_to_front()
        self.page.evaluate(WATCH)
        handle.focus()
        out = []
        for _ in range(steps):
            self.page.evaluate("() => { keys.length = paints.length = 0 }")
            self.page.keyboard.press("ArrowRight")
            time.sleep(PAUSE_S)
            keys, paints = self.page.evaluate("() => [keys, paints]")
            out += [paints[0] - keys[0]] if paints else []
        return out


def compare(browser, address: str, panel: Panel, sliders: dict[str, list]) -> None:
    """Print what one panel costs beside bare figures."""
    call = panel.topic
    live = Page(browser, address, call, len(panel.board))
    bare = {knob: Page(browser, address, f"{call}-{knob}", 1) for knob in sliders}
    first, *rest = bare.values()
    pages = {"panel": live, "bare": first}
    starts = {name: page.run() for name, page in pages.items()}
    for page in rest:
        page.run()
    for name, (seconds, count) in starts.items():
        print(f"{call}: {name}: first picture {seconds:.2f} s, {count / 1e6:.2f} MB")
    again = {name: [page.run() for _ in range(AGAIN)] for name, page in pages.items()}
    medians = {n: [statistics.median(v) for v in zip(*r, strict=True)] for n, r in again.items()}
    for name, (seconds, count) in medians.items():
        print(f"{call}: {name}: made again {seconds:.2f} s, {count / 1e6:.2f} MB")
    ratio = medians["panel"][0] / medians["bare"][0]
    print(f"{call}: panel over bare: first x{starts['panel'][0] / starts['bare'][0]:.2f}, "
          f"again x{ratio:.2f}")  # fmt: skip
    for knob, page in bare.items():
        label = live.page.get_by_text(panel.start.knobs()[knob].label, exact=True)
        handle = live.page.locator(".widget-slider", has=label).locator(".noUi-handle").first
        steps = len(sliders[knob]) - 1
        ms = live.drag(handle, steps), page.drag(page.page.locator(".noUi-handle").first, steps)
        if not all(ms):
            print(f"{call}: {knob}: some key came to no repaint")
            continue
        a, b = map(statistics.median, ms)
        print(f"{call}: {knob}: key to repaint: panel {a:.0f} ms, bare {b:.0f} ms, x{a / b:.2f}")
    for page in (live, *bare.values()):
        page.page.close()


def main(wanted: list[str]) -> None:
    """Measure and print; every panel if none is named."""
    made = [kind() for kind in el.panels.PANELS.values()]
    made = [panel for panel in made if not wanted or panel.topic in wanted]
    sliders = {
        panel: {
            knob: values
            for knob in panel.scenario.main
            if knob in panel.controls
            and knob not in panel.start.idle()
            and isinstance(panel.controls[knob], IntSlider | SelectionSlider)
            and len(values := stops(panel, knob)) > 2
        }
        for panel in made
    }
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "copy" / "notebooks").mkdir(parents=True)
        cells = {}
        for panel, knobs in sliders.items():
            call = panel.topic
            cells[call] = LIVE.format(call=f"el.panels.{panel.topic}")
            for knob, values in knobs.items():
                path = home / f"{call}-{knob}.json"
                models = [panel.start.replace(**{knob: value}) for value in values]
                figures = [json.loads(figure(panel, model).to_json()) for model in models]
                path.write_text(json.dumps({"figures": figures}))
                cells[f"{call}-{knob}"] = BARE.format(path=str(path))
        for name, code in cells.items():
            book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
            book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
            nbformat.write(book, home / "copy" / "notebooks" / f"{name}.ipynb")
        with lab_server(home) as address, sync_playwright() as playwright:
            chromium = doctor.find_browser()
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            for panel, knobs in sliders.items():
                compare(browser, address, panel, knobs)
            browser.close()


if __name__ == "__main__":
    assert el.panels.__all__  # its panels are loaded
    main(sys.argv[1:])
