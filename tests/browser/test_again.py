"""Every page run again in one kernel, and opened again with its kernel alive, as a course does.

`EDGELAB_AGAIN=5` does each five times, and under all that makes a page late; that takes hours.
"""

import os
import subprocess
import sys
from contextlib import closing, contextmanager

import pytest
from test_pages import PAGES, address_of
from workbook import DRAWN, LATE, Workbook, before_modules

pytestmark = pytest.mark.browser

#: How often a page is run again, and how often it is opened again.
AGAIN = int(os.environ.get("EDGELAB_AGAIN", 1))
UNDER = ["nothing", "throttle 6x", "load of 6", "library 3 s late", "library 10 s late"]


@contextmanager
def hindered(page, under):
    """What makes a page slow."""
    busy = []
    if under == "throttle 6x":
        devtools = page.context.new_cdp_session(page)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    elif under == "load of 6":
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(6)]
    elif under != "nothing":
        page.add_init_script(before_modules(plotly=LATE.format(ms=1000 * int(under.split()[1]))))
    try:
        yield
    finally:
        for each in busy:
            each.kill()
            each.wait()


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
    opened.shown(f"el.panels.{kind.topic}(el.{start!r})", 120_000)
    moved = list(kind.presets.values())[1](start)
    before = opened.drawn()
    opened.press(list(kind.presets)[1], "Enter")
    opened.shown(f"el.panels.{kind.topic}(el.{moved!r})", 120_000)
    opened.page.wait_for_function(DRAWN)
    assert opened.drawn() != before
    opened.press("Reset", "Enter")
    opened.shown(f"el.panels.{kind.topic}(el.{start!r})", 120_000)


@pytest.mark.parametrize("under", UNDER if AGAIN > 1 else UNDER[:1])
@pytest.mark.parametrize("stem", PAGES)
def test_a_page_run_and_opened_again_is_drawn_and_follows(stem, under, lab, context, tmp_path):
    kind, page = PAGES[stem], context.new_page()
    seen = len(context.recorder.complaints)
    page.set_default_timeout(120_000)
    wire, brought = Wire(page), []
    with hindered(page, under), closing(page):
        opened = Workbook(page, address_of(lab, stem), tmp_path)
        opened.ran_clean()
        brought.append(wire.received)
        follow(opened, kind)
        for _ in range(AGAIN):
            before = wire.received
            opened.run()
            opened.ran_clean()
            assert wire.since(before) < 0.6 * brought[0], "the library came once"
            follow(opened, kind)
        for _ in range(AGAIN):
            before = wire.received
            opened.open()
            opened.run()
            opened.ran_clean()
            brought.append(wire.since(before))
            follow(opened, kind)
    # The panel before is drawn again, too, until its cell is run: up to 12 % more.
    assert max(brought) < 1.2 * brought[0], brought
    assert context.recorder.complaints[seen:] == []
