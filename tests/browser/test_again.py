"""Every page run again in one kernel, and opened again with its kernel alive, as a course does.

test_pages.py does so once. With `EDGELAB_AGAIN=5` each is done five times here, as it is and under
all that makes a page late; that takes two hours.
"""

import os
import subprocess
import sys
from contextlib import closing, contextmanager

import pytest
from test_pages import PAGES, address_of
from workbook import LATE, Wire, Workbook, before_modules, repeat

pytestmark = pytest.mark.browser

#: How often a page is run again, and how often it is opened again.
AGAIN = int(os.environ["EDGELAB_AGAIN"])
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


@pytest.mark.parametrize("under", UNDER)
@pytest.mark.parametrize("stem", PAGES)
def test_a_page_run_and_opened_again_is_drawn_and_follows(stem, under, lab, context, tmp_path):
    page = context.new_page()
    seen = len(context.recorder.complaints)
    page.set_default_timeout(120_000)
    wire = Wire(page)
    with hindered(page, under), closing(page):
        opened = Workbook(page, address_of(lab, stem), tmp_path)
        opened.ran_clean()
        repeat(opened, PAGES[stem], wire, AGAIN)
    assert context.recorder.complaints[seen:] == []
