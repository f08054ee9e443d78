"""Runs one submitted notebook: started as a file, by `collect`, in a process of its own.

It reads one order, a line of JSON, and answers with lines of JSON: the verdicts of a cell that was
run, and at last how it ended. The notebook runs in a kernel, a process of its own again, which is
ended when it takes more time or memory than it may.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from time import monotonic, sleep

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

VERDICT = "application/vnd.edgelab.verdict+json"
LOOK_S = 0.1


def held(processes):
    """Memory that the processes hold in RAM together, in bytes."""
    total = 0
    for each in processes:
        try:
            total += each.memory_info().rss
        except psutil.Error:  # it has ended
            pass
    return total


def end(processes):
    """End the processes."""
    for each in processes:
        try:
            each.kill()
        except psutil.Error:
            pass


def watch(seconds, memory_gb, say_why):
    """End what the notebook started once it takes too much."""
    until, most = monotonic() + seconds, memory_gb * 1e9
    while True:
        sleep(LOOK_S)
        started = psutil.Process().children(recursive=True)
        late, large = monotonic() > until, held(started) > most
        if late or large:
            say_why(
                f"it took longer than {seconds:g} s"
                if late
                else f"it took more than {memory_gb:g} GB of memory"
            )
            end(started)
            return


def run(path, folder, seconds, memory_gb, say):
    """Run a notebook and say what its checks said."""
    try:
        book = nbformat.read(path, as_version=4)
    except Exception as error:  # whatever a file can hold that is no notebook
        return say(done=f"it is not a notebook ({type(error).__name__})")
    at, why = 0, []

    def started(cell, cell_index):
        nonlocal at
        at = cell_index

    def ran(cell, cell_index, execute_reply):
        shown = [output.get("data", {}).get(VERDICT) for output in cell.get("outputs", ())]
        say(cell=cell_index, verdicts=[each for each in shown if isinstance(each, dict)])

    client = NotebookClient(
        book,
        kernel_name="python3",  # whatever the notebook names
        timeout=None,
        allow_errors=True,
        on_cell_start=started,
        on_cell_executed=ran,
        resources={"metadata": {"path": folder}},
    )
    threading.Thread(target=watch, args=(seconds, memory_gb, why.append), daemon=True).start()
    try:
        client.execute(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except DeadKernelError:
        said = why[0] if why else "its kernel ended"
        return say(done=f"{said}, in cell {at + 1}")
    except Exception as error:
        return say(done=f"it could not be run to its end ({type(error).__name__}: {error})")
    return say(done="")


def main():
    """Obey one order; nothing but answers reaches standard output."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def say(**answer):
        print(json.dumps(answer), file=answers, flush=True)

    order = json.loads(sys.stdin.readline())
    run(order["path"], order["folder"], order["seconds"], order["memory_gb"], say)


if __name__ == "__main__":
    main()
