"""One browser, without a window and without the network, that draws many pictures."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any

from plotly.basedatatypes import BaseFigure

from edgelab import doctor

__all__ = ["BrowserError", "browser"]

#: How long it may take to start, to draw one picture, and to end, in seconds.
START_S, DRAW_S, END_S = 60.0, 60.0, 20.0
#: Width of a PNG, in pixels.
PNG_PX = 1920
#: plotly asks the network for them, where edgelab's own maps bring theirs.
COASTLINES = (
    " The coastlines of this kind of map come from the network. This draws the map without them:\n"
    "    figure.update_geos(visible=False)"
)


class BrowserError(RuntimeError):
    """There is no browser to draw pictures with, or it failed; the text says what helps."""


@contextmanager
def browser() -> Iterator[Callable[[BaseFigure, str], bytes]]:
    """Start a browser, and end it when the block ends.

    It is driven from a thread with a loop of its own, since a notebook's kernel already runs one.

    Yields
    ------
    callable
        From a figure with a width in CSS pixels, and "png", "svg" or "pdf", to the picture.

    Raises
    ------
    BrowserError
        If there is none, or what drives it is not installed, or it does not start, draw or answer
        in time.
    """
    if names := doctor.lacking("slides"):
        raise BrowserError(
            f"pictures and slides need {', '.join(names)}. This installs it:\n"
            f"    {doctor.extra_command('slides')}\n"
            "Without it a path that ends in .html makes a page."
        )
    found = doctor.find_browser()
    if found is None:
        named = os.environ.get("BROWSER_PATH")
        raise BrowserError(
            (f"BROWSER_PATH names {named}, which is no program. " if named else "")
            + "Chrome, Chromium or Edge draws the pictures, and none was found. This brings one:\n"
            f"    {doctor.browser_command()}\n"
            "Without it the camera above a plot saves a PNG, and a path that ends in .html makes "
            "a page."
        )
    temporary = doctor.temporary()
    if temporary.mend:
        raise BrowserError(
            f"{found} was found and cannot start: {temporary.detail}. This mends it:\n"
            f"    {temporary.mend}"
        )
    from kaleido import Kaleido
    from kaleido.errors import JavascriptError, KaleidoError

    loop = asyncio.new_event_loop()
    loop.set_exception_handler(lambda loop, about: None)  # who waits for a thing is told of it
    thread = Thread(target=loop.run_forever, name="edgelab-browser", daemon=True)

    def wait(work: Coroutine, limit_s: float, doing: str) -> Any:
        began = loop.time()
        call = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, limit_s), loop)
        try:
            return call.result()
        except Exception as error:
            late = loop.time() - began >= limit_s
            why = f"no answer in {limit_s:g} s" if late else str(*error.args[:1]) or "it ended"
            failed = f"{found} was found and failed to {doing}: {why.rstrip('.')}."
            if "topojson" in why:
                failed += COASTLINES
            elif not isinstance(error, KaleidoError | JavascriptError):  # the figure's own fault
                failed += (
                    " The variable BROWSER_PATH can name another one, and this brings one:\n"
                    f"    {doctor.browser_command()}"
                )
            raise BrowserError(failed) from error
        finally:
            call.cancel()

    def draw(figure: BaseFigure, form: str) -> bytes:
        options = {"format": form, "scale": PNG_PX / figure.layout.width if form == "png" else 1}
        return wait(kaleido.calc_fig(figure, opts=options), DRAW_S, "draw a picture")

    async def end() -> None:
        try:
            await asyncio.wait_for(kaleido.close(), END_S / 4)
        finally:
            rest = asyncio.all_tasks() - {asyncio.current_task()}
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

    with _quiet("kaleido", "choreographer", "browser_proc"):
        thread.start()
        try:
            kaleido = Kaleido(path=found, mathjax=False, timeout=None)
            try:
                wait(kaleido.open(), START_S, "start")
                yield draw
            finally:
                with suppress(BrowserError):  # what went wrong before it is what matters
                    wait(end(), END_S, "end")
                if hasattr(os, "killpg"):  # one that does not end by itself
                    with suppress(AttributeError, ProcessLookupError):
                        os.killpg(kaleido.subprocess.pid, signal.SIGKILL)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Nothing of these loggers, whose warnings would land on stderr."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
