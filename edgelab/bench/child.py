"""What runs in the child process: real runtimes, asked by lines of JSON, answering the same way.

Started as a file and not as a module: nothing of edgelab is imported, so that it starts quickly and
what is measured is the runtimes' own. Each line on standard input is one order; the answers are
lines on standard output, the last of an order with the key ``done`` or ``error``.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
from time import perf_counter, sleep

#: How long a single measurement may take, for a budget of one second.
SHARE = 0.09
#: The function whose tenants are measured: two of the busiest lines of a recommendation panel.
TENANT_JS = """
let served = 0;
function answer(request) {
  const seen = JSON.parse(request);
  served += 1;
  return JSON.stringify(seen.filter(item => item.score > 0.5).map(item => item.id));
}
"""
REQUEST_JS = 'answer(\'[{"id": 7, "score": 0.9}, {"id": 8, "score": 0.1}]\')'
TENANT_WAT = """
(module
  (memory (export "memory") 1)
  (data (i32.const 64) "edge")
  (func (export "answer") (param i32) (result i32)
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    (i32.add (local.get 0) (i32.load (i32.const 0)))))
"""
ECHO_PYTHON = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"
ECHO_NODE = "process.stdin.on('data', text => process.stdout.write(text))"


def say(**answer):
    """Send one answer."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def resident_mb():
    """Memory of this process that is in RAM, in MB (10**6 bytes)."""
    import psutil

    return psutil.Process().memory_info().rss / 1e6


# -- measuring -------------------------------------------------------------------------------------


def spread(values, scale=1.0):
    """Median, 5th and 95th percentile and number of values, times `scale`."""
    values = sorted(value * scale for value in values)
    low, high = (values[round(q * (len(values) - 1))] for q in (0.05, 0.95))
    return {
        "median": statistics.median(values),
        "low": low,
        "high": high,
        "repeats": len(values),
    }


def repeat(once, budget_s, most, least=3):
    """Seconds that `once` takes, again and again while the budget lasts."""
    out, end = [], perf_counter() + budget_s
    while len(out) < most and (len(out) < least or perf_counter() < end):
        start = perf_counter()
        once()
        out.append(perf_counter() - start)
    return out


def row(what, quantity, unit, how, about):
    """Send one figure."""
    say(row={"what": what, "quantity": quantity, "unit": unit, "how": how} | about)


async def measure_isolate(budget_s):
    """Time new isolates until their first answer, calls into a warm one, and their memory."""
    from py_mini_racer import mini_racer

    loop = asyncio.get_running_loop()
    kept = []

    def start():
        holder = mini_racer(loop)
        isolate = holder.__enter__()
        isolate.eval(TENANT_JS)
        isolate.eval(REQUEST_JS)
        kept.append((holder, isolate))

    say(step="V8 isolates: start")
    start()  # loads V8 itself
    version = kept[0][1].v8_version
    times = repeat(start, budget_s * SHARE, most=60)
    how = f"V8 {version} by mini-racer: isolate with a context and a thread, its script, one answer"
    row("V8 isolate", "start", "ms", how, spread(times, 1e3))
    say(step="V8 isolates: memory")
    grown = []
    for _ in range(5):
        before = resident_mb()
        for _ in range(8):
            start()
        grown.append((resident_mb() - before) / 8)
    how = "resident memory of the process, grown by 8 isolates that have answered once, over 8"
    row("V8 isolate", "memory", "MB", how, spread([max(mb, 0.0) for mb in grown]))
    say(step="V8 isolates: calls")
    isolate = kept[0][1]
    times = repeat(lambda: isolate.eval(REQUEST_JS), budget_s * SHARE, most=5_000, least=30)
    how = "one answer of a warm isolate, its way through mini-racer's queue and thread included"
    row("V8 isolate", "call", "ms", how, spread(times, 1e3))
    for holder, _ in kept:
        holder.__exit__(None, None, None)


def measure_wasm(budget_s):
    """Time new Wasm instances until their first answer, calls into a warm one, their memory."""
    import wasmtime

    engine = wasmtime.Engine()
    module = wasmtime.Module(engine, TENANT_WAT)
    kept = []

    def start():
        store = wasmtime.Store(engine)
        answer = wasmtime.Instance(store, module, []).exports(store)["answer"]
        answer(store, 1)
        kept.append((store, answer))

    say(step="Wasm instances: start")
    start()
    times = repeat(start, budget_s * SHARE, most=400)
    how = "wasmtime: a store and an instance of a module compiled before, one answer"
    row("Wasm instance", "start", "ms", how, spread(times, 1e3))
    say(step="Wasm instances: memory")
    grown = []
    for _ in range(5):
        before = resident_mb()
        for _ in range(100):
            start()
        grown.append((resident_mb() - before) / 100)
    how = "resident memory of the process, grown by 100 instances that have answered once, over 100"
    row("Wasm instance", "memory", "MB", how, spread([max(mb, 0.0) for mb in grown]))
    say(step="Wasm instances: calls")
    store, answer = kept[0]
    times = repeat(lambda: answer(store, 1), budget_s * SHARE, most=5_000, least=30)
    how = "one answer of a warm instance, its way through wasmtime's Python binding included"
    row("Wasm instance", "call", "ms", how, spread(times, 1e3))


def round_trip(process):
    """Hand a line to a process that gives it back."""
    os.write(process.stdin.fileno(), b"request\n")
    got = b""
    while not got.endswith(b"\n"):
        piece = os.read(process.stdout.fileno(), 4096)
        if not piece:
            raise RuntimeError(f"{process.args[0]} ended without an answer")
        got += piece


def end(process):
    """Let a process end by itself, since nobody will ask it any more."""
    process.stdin.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def start_process(command):
    """Start a process that answers through pipes."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, bufsize=0, **pipes)


def measure_answering(what, name, command, budget_s, most):
    """Time a process that answers: its start until the first answer, further ones, its memory."""
    import psutil

    say(step=f"{what}: start")
    times = []
    stop = perf_counter() + budget_s * SHARE * 2
    while len(times) < most and (len(times) < 3 or perf_counter() < stop):
        begin = perf_counter()
        process = start_process(command)
        round_trip(process)
        times.append(perf_counter() - begin)
        end(process)
    row(what, "start", "ms", f"{name}: from its start until its first answer", spread(times, 1e3))
    say(step=f"{what}: memory and calls")
    memory = []
    for _ in range(3):
        process = start_process(command)
        round_trip(process)
        sleep(0.05)
        memory.append(psutil.Process(process.pid).memory_info().rss / 1e6)
        if len(memory) == 3:
            calls = repeat(lambda: round_trip(process), budget_s * SHARE, 5_000, 30)  # noqa: B023
        end(process)
    how = f"{name}: resident memory after its first answer, shared libraries included"
    row(what, "memory", "MB", how, spread(memory))
    how = f"{name}: a line through a pipe to a warm process and back"
    row(what, "call", "ms", how, spread(calls, 1e3))


def measure_process(budget_s):
    """Time processes: an empty program, Python, and Node where it is found."""
    null = subprocess.DEVNULL
    empty = shutil.which("true")
    echo = shutil.which("cat")
    if empty:
        command, name = [empty], "the program true, which does nothing"
    else:
        command, name = ["cmd", "/d", "/c", "exit"], "cmd.exe, told to exit"
    say(step="empty process: start")

    def once():
        subprocess.run(command, stdin=null, stdout=null, stderr=null, check=True)

    times = repeat(once, budget_s * SHARE, most=300)
    row("empty process", "start", "ms", f"{name}: from its start until its end", spread(times, 1e3))
    if echo:
        name = "the program cat, which only hands on"
        measure_answering("minimal process", name, [echo], budget_s, 60)
    else:
        say(missing="minimal process", why="there is no program cat on this system")
    command = [sys.executable, "-I", "-S", "-c", ECHO_PYTHON]
    version = ".".join(map(str, sys.version_info[:3]))
    measure_answering("Python process", f"Python {version} without site", command, budget_s, 40)
    node = shutil.which("node")
    if node:
        found = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=10)
        name = f"Node {found.stdout.strip()}"
        measure_answering("Node process", name, [node, "-e", ECHO_NODE], budget_s, 20)
    else:
        say(missing="Node process", why="no program node was found")


def measure(family, budget_s):
    """Measure one family of runtimes."""
    if family == "isolate":
        # mini-racer needs no thread of its own beside V8's in the thread of a running loop.
        asyncio.run(measure_isolate(budget_s))
    else:
        {"wasm": measure_wasm, "process": measure_process}[family](budget_s)
    say(done=True)


# -- trying out ------------------------------------------------------------------------------------

TOO_MUCH = "too much memory"


class Watch(threading.Thread):
    """Ends this process once it holds more memory than it may: V8's limit sees its heap only."""

    def __init__(self, limit_mb):
        super().__init__(daemon=True)
        self.limit_mb = limit_mb

    def run(self):
        while resident_mb() < self.limit_mb:
            sleep(0.005)
        os._exit(77)


def told(error):
    """An error's own text, in one line, and what kind it is."""
    kinds = {
        "JSTimeoutException": "too much CPU time",
        "JSOOMException": TOO_MUCH,
        "JSParseException": "not JavaScript",
    }
    kind = kinds.get(type(error).__name__, "an error")
    first = (str(error).splitlines() or [""])[0]
    text = re.sub(r"^\S+:\d+: ", "", first).strip()
    return kind, (text or type(error).__name__)[:300]


def run(code, cpu_ms, memory_mb, grown_mb):
    """Run a script in one new isolate."""
    from py_mini_racer import MiniRacer

    isolate = MiniRacer()
    isolate.eval("0")
    Watch(resident_mb() + grown_mb).start()
    say(ready=True)
    start = perf_counter()
    try:
        value = isolate.eval(code, timeout_sec=cpu_ms / 1e3, max_memory=round(memory_mb * 1e6))
        ended, value = "", shown(value)
    except Exception as error:  # whatever the script did, told in words
        ended, value = told(error)
        # Now and then V8 is still busy collecting garbage when the time is over.
        if isolate.was_hard_memory_limit_reached():
            ended, value = TOO_MUCH, "JavaScript memory limit reached"
    say(done=True, ended=ended, value=value, ms=1e3 * (perf_counter() - start))


def shown(value):
    """A value of JavaScript as text."""
    if isinstance(value, str):
        return value[:2000]
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, int | float):
        return "null" if value is None else str(value)
    kind = type(value).__name__
    return "undefined" if kind == "JSUndefinedType" else "an object; JSON.stringify shows it"


def count(isolates, script, order, evicted):
    """Hand requests to isolates in the given order; what each of them answers.

    Before the requests numbered in `evicted`, the isolate that they go to is closed and a new one
    takes its place.
    """
    from py_mini_racer import MiniRacer

    def fresh():
        isolate = MiniRacer()
        isolate.eval(script)
        return isolate

    pool, evicted = [fresh() for _ in range(isolates)], set(evicted)
    for request, number in enumerate(order):
        if request in evicted:
            pool[number].close()
            pool[number] = fresh()
        say(isolate=number, says=int(pool[number].eval("visit()", timeout_sec=5)))
    say(done=True)


def budget(script, sizes, repeats, limit_ms):
    """Time a function over inputs of growing size, warm, in one isolate."""
    from py_mini_racer import MiniRacer

    isolate = MiniRacer()
    isolate.eval(script)
    for size in sizes:
        isolate.eval(f"prepare({size})", timeout_sec=10)
        times = []
        try:
            for _ in range(repeats + 1):
                start = perf_counter()
                isolate.eval("work()", timeout_sec=limit_ms / 1e3)
                times.append(1e3 * (perf_counter() - start))
        except Exception as error:
            say(size=size, ms=None, ended=told(error)[0])
            continue
        say(size=size, ms=statistics.median(times[1:]), ended="")
    say(done=True)


# -- the loop --------------------------------------------------------------------------------------

ORDERS = {"measure": measure, "run": run, "count": count, "budget": budget}


def obey(order):
    """Carry out one order; an error is an answer."""
    name = order.pop("do")
    try:
        ORDERS[name](**order)
    except ImportError as error:
        say(error=f"{error.name or error} is not installed; edgelab[runtimes] brings it")
    except Exception as error:
        say(error=f"{type(error).__name__}: {error}")


def main():
    """Answer until nobody asks any more."""
    for line in sys.stdin:
        obey(json.loads(line))


if __name__ == "__main__":
    main()
