"""Every page run again in one kernel, and opened again with its kernel alive, as a course does."""

import pytest
from test_pages import PAGES, address_of
from workbook import DRAWN, Workbook

pytestmark = pytest.mark.browser

#: How often a page is run again, and how often it is opened again.
AGAIN = 1


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
    start = kind.scenario()
    opened.shown(f"{kind.call}(el.{start!r})", 120_000)
    moved = list(kind.presets.values())[1](start)
    before = opened.drawn()
    opened.press(list(kind.presets)[1], "Enter")
    opened.shown(f"{kind.call}(el.{moved!r})", 120_000)
    opened.page.wait_for_function(DRAWN)
    assert opened.drawn() != before
    opened.press("Reset", "Enter")
    opened.shown(f"{kind.call}(el.{start!r})", 120_000)


@pytest.mark.parametrize("stem", PAGES)
def test_a_page_run_and_opened_again_is_drawn_and_follows(stem, lab, context, tmp_path):
    kind, page = PAGES[stem], context.new_page()
    seen = len(context.recorder.complaints)
    page.set_default_timeout(120_000)
    wire, brought = Wire(page), []
    try:
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
    finally:
        page.close()
    # The panel before is drawn again, too, until its cell is run: up to 12 % more.
    assert max(brought) < 1.2 * brought[0], brought
    assert context.recorder.complaints[seen:] == []
