"""A page of the workbook in JupyterLab, and what a reader does to it."""

import json
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import TimeoutError

#: A page's panel; a step before it is a smaller one.
CARD = ".edgelab-panel:not(.edgelab-step):has(.edgelab-board)"
GUESS = ".edgelab-panel:not(:has(.edgelab-board))"
#: Every plot of every board in sight is drawn, and as wide as its place.
DRAWN = """() => {
  const seen = e => e.checkVisibility({contentVisibilityAuto: true}) && e.clientWidth;
  const plots = [...document.querySelectorAll('.edgelab-canvas')].filter(seen);
  return plots.length > 0 && plots.every(
    e => Math.abs((e.querySelector('.main-svg')?.clientWidth ?? 0) - e.clientWidth) < 2);
}"""
FOCUSED = "() => document.activeElement.textContent"
#: Every text of the cards with its WCAG contrast; what is disabled is exempt.
CONTRASTS = """() => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => c.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => {
    const [r, g, b, a = 1] = parse(getComputedStyle(e).backgroundColor);
    if (a === 1 || !e.parentElement) return [r, g, b];
    return ground(e.parentElement).map((v, i) => [r, g, b][i] * a + v * (1 - a));
  };
  const own = (e) => [...e.childNodes]
    .filter(n => n.nodeType === 3).map(n => n.data).join('').trim();
  return [...document.querySelectorAll('.edgelab-panel *')]
    .filter(e => own(e) && e.getClientRects().length && !e.closest('svg, style, :disabled'))
    .map(e => {
      const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))];
      return [own(e), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
    });
}"""
#: Every cell of code, numbered in order from the first one's number once all of them have run.
RAN = r"""(least) => {
  const cells = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')];
  const numbers = cells.map(cell => Number(cell.textContent.match(/\[(\d+)\]:/)?.[1]));
  return numbers.length >= least && numbers.every((number, k) => number === numbers[0] + k);
}"""

#: Prepends code to a module: a large one is plotly.js, one that begins with words is the board's.
MODULES = """(() => {
  const Plain = window.Blob;
  window.Blob = class extends Plain {
    constructor(parts = [], about = {}) {
      const size = parts.reduce((sum, p) => sum + (p.size ?? p.length ?? p.byteLength), 0);
      const script = (about.type ?? '').includes('javascript');
      const own = `${parts[0]}`.startsWith('// The live board');
      const which = size > 1e6 ? 'plotly' : own && 'board';
      const code = script && (window.prepend ?? PREPEND)[which];
      super(code ? [code, ...parts] : parts, about);
    }
  };
})()"""
LATE = "await new Promise(done => setTimeout(done, {ms}));"


def before_modules(**code):
    """A page's script that prepends `code` to the modules of these names, "plotly" or "board"."""
    return MODULES.replace("PREPEND", json.dumps(code))


def outside(addresses):
    """Those that leave this machine."""
    parts = {address: urlsplit(address) for address in addresses}
    return [
        address
        for address, part in parts.items()
        if part.scheme not in {"data", "blob"} and part.hostname not in {"127.0.0.1", "localhost"}
    ]


class Workbook:
    """A page, opened and run from the top."""

    def __init__(self, page, address, shots, drawn=True):
        self.page, self.address, self.shots = page, address, shots
        self.card = page.locator(CARD)
        self.open()
        self.run(drawn)

    def open(self):
        """Open the page, or load it again with its kernel alive."""
        self.page.goto(self.address)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        # Earlier, JupyterLab would ask which kernel to run the cells in.
        idle = "Python 3 (ipykernel) | Idle"
        self.page.wait_for_selector(f".jp-StatusBar-TextItem:has-text('{idle}')")

    def run(self, drawn=True):
        """Press Run All Cells, and wait until every plot of the board is drawn."""
        first = "document.querySelector('.jp-CodeCell .jp-InputPrompt')?.textContent"
        before = self.page.evaluate(f"() => {first}")
        self.menu("Run", "Run All Cells")
        if not drawn:
            return
        try:
            # The first cell has its new number: what is drawn from here on is of this run.
            self.page.wait_for_function(
                f"(before) => /\\d/.test({first}) && {first} !== before", arg=before
            )
            self.page.wait_for_function(RAN, arg=1)
            # JupyterLab goes to the last cell when all have run, sooner or later.
            last = f"[...document.querySelectorAll('{CARD}')].at(-1)?.scrollIntoView()"
            self.page.wait_for_function(f"() => {{ {last}; return ({DRAWN})(); }}")
        except TimeoutError:
            self.page.screenshot(path=self.shots / "opening.png")
            pytest.fail(f"no plot after Run All Cells; {self.shots}/opening.png")

    def ran_clean(self, cells=6):
        """Wait until every cell has run; nothing went wrong, and nothing asks a question."""
        self.page.wait_for_function(RAN, arg=cells)
        bad = "[data-mime-type$='jupyter.error'], [data-mime-type$='stderr']"
        assert self.page.locator(bad).count() == 0
        assert self.page.locator(".jp-Dialog, .Toastify__toast").count() == 0

    def menu(self, *path):
        """Open a menu of the menu bar, and in it what leads to the last entry."""
        bar, *between, last = path
        self.page.locator(".lm-MenuBar-item", has_text=bar).first.click()
        for name in between:
            self.page.locator(".lm-Menu-item", has_text=name).first.hover()
        self.page.locator(".lm-Menu-item", has_text=last).first.click()

    def theme(self, name):
        """Choose a theme, and wait until it is drawn."""
        if self.page.locator(f"body[data-jp-theme-name='{name}']").count() == 0:
            self.menu("Settings", "Theme", name)
            self.page.wait_for_selector(f"body[data-jp-theme-name='{name}']", state="attached")

    def drawn(self):
        """All that plotly draws in the panel."""
        return self.card.locator(".edgelab-canvas").evaluate_all(
            "plots => plots.map(p => JSON.stringify([p.data, p.layout?.shapes]))"
        )

    def button(self, name):
        return self.card.locator("button", has_text=re.compile(rf"^\s*{re.escape(name)}\s*$"))

    def press(self, name, how):
        if how == "mouse":
            self.button(name).click()
        else:
            self.key(self.button(name), how)

    def key(self, target, key):
        """Press a key at an element; once more where JupyterLab took the focus away meanwhile."""
        event = "keyup" if key == "Space" else "keydown"
        element = target.element_handle()  # its name may be another after the key
        element.evaluate(
            f"""e => {{ e.heard = false;
                e.addEventListener("{event}", () => {{ e.heard = true; }}, {{once: true}}); }}"""
        )
        for _ in range(20):
            element.press(key)
            if element.evaluate("e => e.heard"):
                return
            self.page.wait_for_timeout(500)
        pytest.fail(f"{key} never came to {target}")

    def shown(self, code, within_ms=180_000):
        """Wait until the panel shows what `code` makes and no problem; give its sentence."""
        # A refused setting leaves the code as it was: that its text is gone says that it was reset.
        try:
            self.page.wait_for_function(
                f"""(code) => document.querySelector('{CARD} code')?.textContent === code
                    && !document.querySelector('{CARD} .edgelab-error')""",
                arg=code,
                timeout=within_ms,
            )
        except TimeoutError:
            self.page.screenshot(path=self.shots / "waiting.png")
            focus = self.page.evaluate("document.activeElement.outerHTML.slice(0, 300)")
            kernel = self.page.locator(".jp-StatusBar-TextItem").all_text_contents()
            pytest.fail(
                f"waited for {code}, the panel says {self.card.all_inner_texts()}; the focus is on "
                f"{focus}; {kernel}; {self.shots}/waiting.png"
            )
        return self.card.locator(".edgelab-words").text_content()


def code_of(kind, model):
    """The line of code of a panel that shows a model."""
    return f"el.panels.{kind.topic}(el.{model!r})"


class Wire:
    """How many bytes the kernel's websockets have brought."""

    def __init__(self, page):
        self.received = 0
        page.on("websocket", lambda socket: socket.on("framereceived", self._count))

    def _count(self, frame):
        self.received += len(frame)

    def since(self, before):
        return self.received - before


def follow(opened, kind):
    """Every plot is drawn; a preset moves what is shown, and Reset brings it back."""
    start = kind.scenario(**kind.opening)
    opened.shown(code_of(kind, start))
    moved = list(kind.presets.values())[1](start)
    before = opened.drawn()
    opened.press(list(kind.presets)[1], "Enter")
    opened.shown(code_of(kind, moved))
    opened.page.wait_for_function(DRAWN)
    assert opened.drawn() != before
    opened.press("Reset", "Enter")
    opened.shown(code_of(kind, start))


def repeat(opened, kind, wire, times):
    """A page that has run is run again, and opened again with its kernel alive, so many times."""
    first = wire.received
    for _ in range(times):
        before = wire.received
        opened.run()
        opened.ran_clean()
        assert wire.since(before) < 0.6 * first, "the library came once"
        follow(opened, kind)
    for _ in range(times):
        before = wire.received
        opened.open()
        opened.run()
        opened.ran_clean()
        # The panel before is drawn again, too, until its cell is run: up to 12 % more.
        assert wire.since(before) < 1.2 * first
        follow(opened, kind)
