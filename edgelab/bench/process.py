"""The child process in which real runtimes run, as seen from here."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any, Self

import psutil

__all__ = ["OVERFULL", "Child", "ChildEnded", "ChildError"]

SCRIPT = Path(__file__).with_name("child.py")
#: How the child ends itself when it holds more memory than it may.
OVERFULL = 77


class ChildError(RuntimeError):
    """The child cannot do what was asked of it; the text says why."""


class ChildEnded(ChildError):
    """The child ended before it answered; `code` is its exit code, None if it took too long."""

    def __init__(self, text: str, code: int | None) -> None:
        super().__init__(text)
        self.code = code


class Child:
    """A process that obeys orders; a context manager that leaves nothing behind.

    Parameters
    ----------
    script : pathlib.Path, optional
        What it runs; the one that hosts real runtimes by default.
    """

    def __init__(self, script: Path | None = None) -> None:
        # A group of its own: the interrupt that a kernel gets is ours to deal with.
        apart = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
            if sys.platform == "win32"
            else {"start_new_session": True}
        )
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(script or SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            env=os.environ | {"PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"},
            **apart,
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def ask(self, order: str, timeout_s: float, /, **given: Any) -> Iterator[dict]:
        """What the child answers to an order, one answer after the other.

        Parameters
        ----------
        order : str
            Name of one of the child's orders.
        timeout_s : float
            For all answers together.
        **given
            What the order is given.

        Yields
        ------
        dict

        Raises
        ------
        ChildError
            If it cannot be done.
        ChildEnded
            If the child ends before, or takes too long and is ended.
        """
        try:
            self._process.stdin.write(json.dumps({"do": order, **given}) + "\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it has ended: the lines tell
        until = monotonic() + timeout_s
        while True:
            try:
                line = self._lines.get(timeout=max(until - monotonic(), 0.001))
            except queue.Empty:
                self.close()
                text = f"it did not answer within {timeout_s:.3g} s and was ended"
                raise ChildEnded(text, None) from None
            if not line.endswith("\n"):  # nothing more, or cut off in the middle
                try:
                    self._process.wait(2)
                except subprocess.TimeoutExpired:
                    self.close()
                code = self._process.wait()
                raise ChildEnded(_end_in_words(code), code)
            answer = json.loads(line)
            if "error" in answer:
                raise ChildError(answer["error"])
            yield answer
            if "done" in answer:
                return

    def close(self) -> None:
        """End the child and whatever it started."""
        if self._process.poll() is None:
            for each in psutil.Process(self._process.pid).children(recursive=True):
                with suppress(psutil.Error):  # a kernel has a group of its own
                    each.kill()
            try:
                if sys.platform == "win32":
                    self._process.kill()
                else:
                    os.killpg(self._process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self._process.wait()
        self._reader.join()
        try:
            self._process.stdin.close()
        except OSError:  # an order that a dead child never read
            pass
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _end_in_words(code: int) -> str:
    """How a process ended."""
    if code < 0:
        try:
            return f"its process ended with {signal.Signals(-code).name}"
        except ValueError:
            pass
    return f"its process ended with code {code}"
