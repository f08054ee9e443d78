"""Real V8 isolates to try things out in, each run in a process of its own.

An isolate that throws, loops or exhausts memory is told of in words. Some of what a script can do
takes V8's whole process with it: that one is a child of this one, which lives on.
"""

from __future__ import annotations

import html
from dataclasses import dataclass

import numpy as np
import pandas as pd

from edgelab.bench.process import OVERFULL, Child, ChildEnded, ChildError
from edgelab.bench.told import Told
from edgelab.core import allowed
from edgelab.core.knobs import Knob

__all__ = ["COUNTER_JS", "WORK_JS", "Outcome", "budget", "count", "run"]

#: Beyond what a script may take: starting the child, V8 and the isolate.
START_S = 20.0

_LIMITS = {
    "cpu_ms": Knob(
        50.0,
        label="CPU limit",
        symbol="",
        unit="ms",
        meaning="How long a script may run.",
        source="the article; Cloudflare's Bundled plan had it, today's plans have 10 ms and 30 s",
        low=1.0,
        high=10_000.0,
        name="cpu_ms",
    ),
    "memory_mb": Knob(
        128.0,
        label="Memory limit",
        symbol="",
        unit="MB",
        meaning="How much an isolate may hold.",
        source="Cloudflare docs, workers/platform/limits",
        low=8.0,
        high=1_000.0,
        name="memory_mb",
    ),
    "isolates": Knob(
        4,
        label="Isolates",
        symbol="",
        unit="",
        meaning="How many isolates run the same function.",
        source="assumption",
        low=1,
        high=50,
        name="isolates",
    ),
    "requests": Knob(
        200,
        label="Requests",
        symbol="",
        unit="",
        meaning="How many requests are handed out.",
        source="assumption",
        low=1,
        high=10_000,
        name="requests",
    ),
    "evictions": Knob(
        1,
        label="Evictions",
        symbol="",
        unit="",
        meaning="How often an isolate is closed and another takes its place.",
        source="assumption",
        low=0,
        high=50,
        name="evictions",
    ),
    "seed": Knob(
        2026,
        label="Seed",
        symbol="",
        unit="",
        meaning="Chooses who gets which request.",
        source="the year of the night",
        low=0,
        high=2**32 - 1,
        name="seed",
    ),
}

#: A variable of the module, as a programmer from a server would write it.
COUNTER_JS = "let visits = 0; function visit() { visits += 1; return visits; }"
#: Functions over inputs of a size: a panel's list, and a picture.
WORK_JS = {
    "recommendations": """
let body = "";
function prepare(n) {
  const items = [];
  for (let i = 0; i < n; i++) {
    const score = (i * 7919 % 10007) / 10007;
    items.push({ id: i, score, title: "match " + i });
  }
  body = JSON.stringify(items);
}
function work() {
  const items = JSON.parse(body).filter(item => item.score > 0.1);
  items.sort((a, b) => b.score - a.score);
  return JSON.stringify(items.slice(0, 20)).length;
}
""",
    "picture": """
let width = 0, grey;
function prepare(n) {
  width = n;
  grey = new Float64Array(n * n).map((_, i) => i * 31 % 256);
}
function work() {
  const out = new Float64Array(width * width);
  for (let y = 2; y < width - 2; y++)
    for (let x = 2; x < width - 2; x++) {
      let sum = 0;
      for (let dy = -2; dy <= 2; dy++)
        for (let dx = -2; dx <= 2; dx++) sum += grey[(y + dy) * width + x + dx];
      out[y * width + x] = sum / 25;
    }
  return out[width + 1];
}
""",
}
#: The sizes that `budget` tries: items of a list, and pixels along a picture's side.
SIZES = {"recommendations": (100, 1_000, 10_000, 100_000), "picture": (128, 512, 1_024, 2_048)}
REPEATS = 5


@dataclass(frozen=True)
class Outcome:
    """How a script ended.

    Attributes
    ----------
    ended : str
        Why it was ended or ended itself, empty if it came to its end.
    value : str
        Its last value as text, or the error's own text.
    ms : float
        How long it ran, in milliseconds of the clock on the wall; NaN if nobody could tell.
    """

    ended: str
    value: str
    ms: float

    @property
    def fits(self) -> bool:
        """Whether it came to its end within its limits."""
        return not self.ended

    def __repr__(self) -> str:
        number = f"{self.ms:,.0f}" if self.ms >= 100 else f"{self.ms:.3g}"
        took = "" if np.isnan(self.ms) else f" after {number} ms"
        return f"ended by {self.ended}{took}: {self.value}" if self.ended else f"{self.value}{took}"

    def _repr_html_(self) -> str:
        mark, colour = ("●", "#00664c") if self.fits else ("◐", "#8c5a00")
        return (
            f'<p style="border-left: 4px solid {colour}; padding: 4px 10px; background: #fff; '
            f'color: #1a1a1a"><b style="color: {colour}">{mark}</b> {html.escape(repr(self))}</p>'
        )


def run(code: str, cpu_ms: float = 50.0, memory_mb: float = 128.0) -> Outcome:
    """Run JavaScript in a real V8 isolate, in a process of its own.

    Parameters
    ----------
    code : str
        A script; its last value is the answer.
    cpu_ms : float
        It is ended after so many milliseconds of the clock on the wall, 1 to 10,000.
    memory_mb : float
        It is ended when V8's heap holds more than so many MB (10**6 bytes), 8 to 1,000. V8 looks
        only when it collects garbage, and buffers lie outside its heap: so the child is ended
        when it has grown by six times as much and 64 MB in all, or by 1,000 MB more.

    Returns
    -------
    Outcome
        Whatever the script did: this function raises for bad arguments only.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed.

    Examples
    --------
    >>> import edgelab as el
    >>> el.bench.isolates.run("6 * 7").value
    '42'
    """
    allowed.text("code", code)
    cpu_ms, memory_mb = (
        _LIMITS[name].check(value) for name, value in (("cpu_ms", cpu_ms), ("memory_mb", memory_mb))
    )
    grown_mb = min(6 * memory_mb + 64, memory_mb + 1000)
    answer: dict = {}
    try:
        with Child() as child:
            given = {"code": code, "cpu_ms": cpu_ms, "memory_mb": memory_mb, "grown_mb": grown_mb}
            for answer in child.ask("run", START_S + cpu_ms / 1000, **given):  # noqa: B007
                pass
    except ChildEnded as error:
        if not answer:
            return Outcome("a runtime that does not start", f"{error}", np.nan)
        if error.code == OVERFULL:
            text = f"it grew by more than {grown_mb:.0f} MB, buffers included"
            return Outcome("too much memory", text, np.nan)
        return Outcome("the end of its process", f"{error}, and this one lives on", np.nan)
    except ChildError as error:
        return Outcome("a missing runtime", f"{error}", np.nan)
    return Outcome(answer["ended"], answer["value"], float(answer["ms"]))


def count(isolates: int = 4, requests: int = 200, evictions: int = 1, seed: int = 2026) -> Told:
    """Count requests in a variable of a module, as several real isolates do it.

    Parameters
    ----------
    isolates : int
        How many isolates run the same function, 1 to 50. Each request goes to one of them.
    requests : int
        1 to 10,000.
    evictions : int
        How often an isolate is closed and another takes its place, 0 to 50 and at most as often
        as there are requests.
    seed : int
        Chooses who gets which request, and who is evicted when.

    Returns
    -------
    Told
        A pandas frame with the last requests, at most 5, indexed by ``request``, which is what
        the counter should say: the ``isolate`` that answered, and what its counter ``says``. A
        sentence tells what all of them say. Without V8 here it is empty, and the sentence says so.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed.
    """
    given = {"isolates": isolates, "requests": requests, "evictions": evictions, "seed": seed}
    given = {name: _LIMITS[name].check(value) for name, value in given.items()}
    isolates, requests, evictions, seed = given.values()
    allowed.whole("evictions", evictions, 0, requests)
    rng = np.random.default_rng(seed)
    order = rng.integers(isolates, size=requests).tolist()
    evicted = sorted(rng.choice(requests, evictions, replace=False).tolist())
    job = {"isolates": isolates, "script": COUNTER_JS, "order": order, "evicted": evicted}
    try:
        with Child() as child:
            answers = [a for a in child.ask("count", 2 * START_S, **job) if "says" in a]
    except ChildError as error:
        return _nothing(error)
    frame = Told(answers, index=pd.RangeIndex(1, requests + 1, name="request"))
    last = frame.groupby("isolate")["says"].last()
    told = Told(frame.tail(5))
    told.attrs["said"] = [
        f"{requests:,} requests; the counters of the isolates stand at "
        f"{', '.join(map(str, last))}, together {last.sum():,}. "
        f"{_times(evictions)} an isolate was evicted and began again at 0."
    ]
    return told


def _times(number: int) -> str:
    return {0: "Never", 1: "Once"}.get(number, f"{number} times")


def _nothing(error: ChildError) -> Told:
    """What there is to show without a runtime."""
    out = Told()
    out.attrs["said"] = [f"There is no V8 isolate here: {error}."]
    return out


def budget(cpu_ms: float = 50.0) -> Told:
    """Time two real functions in a real isolate over inputs that grow, against a CPU limit.

    Parameters
    ----------
    cpu_ms : float
        The limit, 1 to 10,000 milliseconds.

    Returns
    -------
    Told
        A pandas frame indexed by ``work`` (recommendations: parse a list, filter, sort, take 20;
        picture: blur one by 5 x 5 pixels) and ``size`` (items, or pixels wide and high): ``ms``,
        the median of 5 runs of a warm isolate by the clock on the wall, and whether it ``fits``.
        A run is given up after 20 times the limit or 5 s, whichever is sooner, and its ``ms`` is
        NaN. Without V8 here it is empty, and a sentence says so.

    Raises
    ------
    TypeError, ValueError
        If the limit is not allowed.
    """
    cpu_ms = _LIMITS["cpu_ms"].check(cpu_ms)
    patience_ms = max(min(20 * cpu_ms, 5_000.0), cpu_ms)
    rows = []
    try:
        with Child() as child:
            for work, script in WORK_JS.items():
                job = {"sizes": SIZES[work], "repeats": REPEATS, "limit_ms": patience_ms}
                for answer in child.ask("budget", 3 * START_S, script=script, **job):
                    if "size" in answer:
                        ms = np.nan if answer["ms"] is None else answer["ms"]
                        rows.append({"work": work, "size": answer["size"], "ms": ms})
    except ChildError as error:
        return _nothing(error)
    frame = Told(rows).set_index(["work", "size"])
    frame["fits"] = frame["ms"] <= cpu_ms
    frame = Told(frame)
    late = " Without a time: given up." if frame["ms"].isna().any() else ""
    frame.attrs["said"] = [f"Fits means: within {cpu_ms:g} ms, warm, on this machine.{late}"]
    return frame
