"""Bad input to all that is public: an error that names the parameter, what came, what is allowed.

The walk finds what is public by itself. A new parameter needs a line in `VALID` if it has no
default, and one in `RIGHT` if it is a number or free.
"""

import inspect
import re
import sys
from collections.abc import Hashable
from contextlib import nullcontext
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from numbers import Real
from time import monotonic
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

import edgelab as el
from edgelab.bench import isolates, measuring
from edgelab.bench.process import ChildError
from edgelab.core.knobs import Model
from edgelab.stage.panel import Panel

#: What a function gives; a reader makes none.
RESULTS = {"check.Verdict", "bench.isolates.Outcome"}

# -- what is right -----------------------------------------------------------------------------

PAIR = {"region_a": ["a"], "region_b": ["b"], "rtt_ms": [100.0]}
PLACES = {"lat_a": [19.0], "lon_a": [73.0], "lat_b": [51.0], "lon_b": [0.0]}
HISTORY = {"kind": ["add"], "value": [1.0], "invoked_ms": [0.0], "returned_ms": [1.0]}


class Unreadable:
    """It cannot even be shown."""

    def __repr__(self):
        raise RuntimeError("not me")


#: A right value where there is no default, or where the default is much work, by the name of the
#: parameter, or of the callable and the parameter.
VALID = {
    "lat_a": lambda: 19.07, "lon_a": lambda: 72.88, "lat_b": lambda: 51.51, "lon_b": lambda: -0.13,
    "table": lambda: pd.DataFrame(PAIR | PLACES),
    "history": lambda: pd.DataFrame(HISTORY),
    "front_ends": lambda: pd.DataFrame({"lat": [0.0, 10.0], "lon": [0.0, 10.0]}),
    "nights": lambda: [el.CricStream()],
    "write": lambda: ((1.0, "exponential", 0.2),),
    "QuorumNetwork.median_ms.way": lambda: "write",
    "EdgeKV.of.vendor": lambda: "Cloudflare Workers KV",
    "crdt.GCounter.counts": lambda: {"DEL": 2},
    "crdt.LWWRegister.write.value": lambda: 1, "crdt.LWWRegister.write.time": lambda: 2.0,
    "replica": lambda: "DEL", "element": lambda: "x", "time": lambda: 1.0,
    "crdt.GCounter.merge.other": el.crdt.GCounter, "crdt.PNCounter.merge.other": el.crdt.PNCounter,
    "crdt.LWWRegister.merge.other": el.crdt.LWWRegister, "crdt.ORSet.merge.other": el.crdt.ORSet,
    "thing": el.Endpoint,
    "count": lambda: 1, "seeds": lambda: 1, "runs": lambda: 1, "trials": lambda: 1000,
    "repeats": lambda: 2, "reads": lambda: 100, "step_ms": lambda: 10.0, "level": lambda: 0.5,
    "since_write_ms": lambda: 200.0, "since_commit_ms": lambda: 10.0, "now_s": lambda: 1.0,
    "times_s": lambda: [0.0, 1.0], "rates_per_s": lambda: (1.0,), "pops_": lambda: (2,),
    "RateLimit.by_delay.pops": lambda: (2,),
    "RateLimit.requests.run": lambda: 0,
    "RateLimit.let_through.asked": lambda: el.RateLimit().requests(0),
    "previous": lambda: 42, "current": lambda: 18, "elapsed_s": lambda: 15, "window_s": lambda: 60,
    "evidence.rtt_held_out.seed": lambda: 1, "figures.rtt_errors.seed": lambda: 0,
    "places": lambda: ["Delhi"], "page": lambda: 7,
    "bench.isolates.run.code": lambda: "6 * 7",
    "what": lambda: el.figures.anycast_detours(), "path": lambda: "night.html",
    "progress": lambda: len,
    "question": lambda: "Which?", "panels.predict.check": lambda: el.check.leak_guess,
    "panels.rows.frame": el.claims, "panels.rows.by": lambda: ["page"],
    "quorums": el.Quorum,
    "sweep.model": el.CricStream, "sweep.over": lambda: {"pops": [10]},
    "sweep.ask": lambda: el.CricStream.headline,
    "Fleet.run_length.shift": lambda: 1.0, "Fleet.limits.count": lambda: [100, 1000],
    "Fleet.incident.seed": lambda: 1, "Fleet.nights": lambda: 20,
    "front.nights": lambda: [el.Design()],
    "front.names": lambda: ["staleness, s", "cost of the night, USD"],
    "Design.search.count": lambda: 8,
}  # fmt: skip

#: No input takes longer, on any machine.
PATIENCE_S = 60
COUNT = range(1, 1001)
#: Which numbers are right, by the name of the parameter; a knob says it itself.
RIGHT = {
    "lat_a": lambda x: abs(x) <= 90, "lat_b": lambda x: abs(x) <= 90,
    "lon_a": lambda x: abs(x) <= 180, "lon_b": lambda x: abs(x) <= 180,
    "share": lambda x: 0 < x < 1, "level": lambda x: 0 < x < 1, "levels": lambda x: 0 < x < 1,
    "nearest_share": lambda x: 0.01 <= x <= 1,
    "lost": lambda x: 0 <= x <= 1, "twice": lambda x: 0 <= x <= 1, "late": lambda x: 0 <= x <= 1,
    "since_write_ms": lambda x: x >= 0, "since_commit_ms": lambda x: x >= 0,
    "apart_ms": lambda x: x >= 0, "step_ms": lambda x: x > 0,
    "rates_per_s": lambda x: 0 < x <= 10_000,
    "minutes": lambda x: 0.1 <= x <= 30,
    "previous": lambda x: x >= 0, "current": lambda x: x >= 0, "elapsed_s": lambda x: 0 <= x < 60,
    "window_s": lambda x: x > 15,
    "time": lambda x: True, "now_s": lambda x: True, "times_s": lambda x: True,
    "capacity": lambda x: 1 <= x <= 1e6, "refill_per_s": lambda x: 0 <= x <= 1e6,
    "budget_s": lambda x: 0.1 <= x <= 14, "cpu_ms": lambda x: 1 <= x <= 10_000,
    "memory_mb": lambda x: 8 <= x <= 1000,
    "isolates": lambda x: 1 <= x <= 50, "requests": lambda x: 1 <= x <= 10_000,
    "evictions": lambda x: 0 <= x <= 50,
    "Design.search.count": lambda x: 8 <= x <= 100_000,
    "count": lambda x: x in COUNT, "RequestChain.move.count": lambda x: 0 <= x <= 5,
    "rounds": lambda x: 1 <= x <= 20, "k": lambda x: x in COUNT,
    "trials": lambda x: 1 <= x <= 10**10, "reads": lambda x: 1 <= x <= 10**9,
    "repeats": lambda x: 1 <= x <= 10**4, "cost": lambda x: x >= 0,
    "seeds": lambda x: x >= 1, "runs": lambda x: 1 <= x <= 100, "page": lambda x: 1 <= x <= 11,
    "RateLimit.by_delay.pops": lambda x: 1 <= x <= 500,
    "RateLimit.requests.run": lambda x: 0 <= x < 100,
    "RateLimit.requests.kind": lambda x: 0 <= x <= 2,
    "crdt.GCounter.add.amount": lambda x: x >= 0, "crdt.PNCounter.add.amount": lambda x: True,
    "seed": lambda x: 0 <= x < 2**32,
    "budget_steps": lambda x: x >= 1,
    "answer": lambda x: True,
    "thing": lambda x: False,
    "pops": lambda x: 1 <= x <= 500, "requests_per_s": lambda x: 0 < x <= 1e12,
    "queries": lambda x: 1 <= x <= 100,
    "shift": lambda x: abs(x) <= 10, "Fleet.run_length.k": lambda x: 0 <= x <= 5,
    "h": lambda x: 0.1 <= x <= 8, "head": lambda x: 0 <= x <= 4,
    "Fleet.limits.count": lambda x: 1 <= x <= 1e15, "gaps_ms": lambda x: x >= 0,
    "hops": lambda x: 2 <= x <= 1000, "sure": lambda x: 0 < x < 1,
    "times": lambda x: 1 <= x <= 1000, "lasts_min": lambda x: 0 <= x <= 600,
    "crdt.GCounter.counts": lambda x: isinstance(x, dict),
    "crdt.LWWRegister.value": lambda x: True, "crdt.LWWRegister.write.value": lambda x: True,
}  # fmt: skip
#: Any text is right.
FREE_TEXT = {
    "export.path",
    "Design.save.path",
    "sweep.keep",
    "bench.isolates.run.code",
    "panels.predict.question",
}
#: What is right takes as long as it is large, or asks what a model cannot answer: not tried.
LONG = {"count", "seeds", "runs", "trials", "reads", "repeats", "by_delay.pops", "sweep.ask"}

# -- what is thrown ----------------------------------------------------------------------------

NUMBERS = {
    "NaN": np.nan, "infinity": np.inf, "minus infinity": -np.inf, "zero": 0, "minus one": -1,
    "a little": 1e-9, "half": 0.5, "minus a half": -0.5, "one and a half": 1.5,
    "a share in percent": 50, "beyond a sphere": 181.0, "large": 1e300, "small": -1e300,
    "too large for a float": 10**400, "too large to print": 10**5000, "a fraction": Fraction(-7, 3),
    "NumPy's NaN": np.float64(np.nan), "NumPy's infinity": np.float32(np.inf),
    "the least int8": np.int8(-128), "NumPy's minus one": np.int64(-1),
}  # fmt: skip
OTHERS = {
    "nothing": None, "true": True, "NumPy's true": np.True_, "a number as text": "1",
    "a text": "MUMBAI", "an empty text": "", "bytes": b"1", "an imaginary": 1j,
    "a decimal": Decimal("0.5"), "an empty list": [], "a list": [0.5, "x"], "a tuple": (None,),
    "a dictionary": {"a": 1}, "a set": {0.25}, "an object": object(), "unreadable": Unreadable(),
    "a class": list, "a module": inspect, "an exception": ValueError("x"),
    "a date": datetime(2026, 1, 1), "NumPy's date": np.datetime64("2026-01-01"),
    "a column": np.zeros((3, 1)), "a ragged list": [[1], [1, 2]], "a series": pd.Series(["x"]),
    "an empty frame": pd.DataFrame(), "another frame": pd.DataFrame({"a": [1]}),
    "another model": el.RoundTrips(),
}  # fmt: skip


# -- the walk ----------------------------------------------------------------------------------


def walk(path, thing, owner=None):
    """Every function, class and method, by its path, with what makes the object it is bound to."""
    if isinstance(thing, ModuleType):
        for name in thing.__all__:
            yield from walk(f"{path}.{name}", getattr(thing, name))
    elif inspect.isclass(thing):
        if path in RESULTS or issubclass(thing, Exception):
            return
        yield path, thing, None
        for name in dir(thing):
            home = next((c for c in thing.__mro__ if name in vars(c)), None)
            ours = not name.startswith("_") and home.__module__.startswith("edgelab")
            if ours and inspect.isroutine(getattr(thing, name)):
                static = isinstance(vars(home)[name], staticmethod | classmethod)
                yield f"{path}.{name}", getattr(thing, name), None if static else path
    elif callable(thing):
        yield path, thing, None


@cache
def public():
    """From the path of each parameter to its callable, its declaration and its owner."""
    found, seen = {}, set()
    for top in el.__all__:
        for path, thing, owner in walk(top, getattr(el, top)):
            core = Panel if inspect.isclass(thing) and issubclass(thing, Panel) else thing
            if core in seen:  # inherited, as by every model or panel
                continue
            seen.add(core)
            made = thing.__init__ if inspect.isclass(thing) else thing  # not by its __new__
            for name, about in inspect.signature(made).parameters.items():
                if name not in ("self", "changes"):
                    found[f"{path}.{name}"] = thing, about, owner
    return found


def known(table, path):
    """What a table says of a parameter, by its path or its name."""
    return table.get(path, table.get(path.rpartition(".")[2]))


def valid(path):
    """A right value of a parameter."""
    thing, about, owner = public()[path]
    if path.startswith("check."):
        return None  # not answered yet
    if about.name == "model" and path != "sweep.model":
        return (thing.plot if hasattr(thing, "plot") else right_object(owner)).scenario()
    made = known(VALID, path)
    assert made or about.default is not about.empty, f"VALID needs a right value of {path}"
    return made() if made else about.default


def called(path, bad):
    """What comes of a call with one bad argument among right ones."""
    thing, about, owner = public()[path]
    call, _, name = path.rpartition(".")
    if about.kind == about.VAR_POSITIONAL:
        return thing(bad)
    bound = (right_object(owner),) if owner else ()
    return thing(*bound, **{**usual(call), name: bad})


def right_object(path):
    """A new object at every call: some change when they are used."""
    thing = el
    for name in path.split("."):
        thing = getattr(thing, name)
    return thing(**usual(path))


@cache
def usual(call):
    """Right arguments where there is no default, or where that would be much work."""
    paths = [path for path in public() if path.rpartition(".")[0] == call]
    given = {path: public()[path][1] for path in paths}
    return {
        about.name: valid(path)
        for path, about in given.items()
        if about.kind != about.VAR_POSITIONAL
        and (about.default is about.empty or known(VALID, path))
    }


def rule(path):
    """Which single values are right: a predicate, or None if no number and no text is."""
    thing, about, _ = public()[path]
    kind = str(about.annotation)
    if inspect.isclass(thing) and issubclass(thing, Model) and about.name in thing.knobs():
        knob = thing.knobs()[about.name]
        if knob.choices:
            return lambda x: isinstance(x, str) and x in knob.choices
        return lambda x: number(x, kind) and knob.low <= x <= knob.high
    if re.search(r"int|float|ArrayLike", kind) and "dict" not in kind and "Mapping" not in kind:
        test = known(RIGHT, path)
        assert test, f"RIGHT needs to say which numbers {path} takes"
        dates = (datetime, np.datetime64) if "datetime" in kind else ()
        return lambda x: isinstance(x, dates) or (number(x, kind) and test(x))
    if kind == "bool":
        return lambda x: isinstance(x, bool | np.bool_)
    if re.search("Callable|Step", kind):
        return callable
    if kind == "Hashable":
        return lambda x: isinstance(x, Hashable)
    if "RoundTrips" in kind:
        return lambda x: isinstance(x, el.RoundTrips)
    if path in FREE_TEXT:
        return lambda x: isinstance(x, str) and x.strip()
    return RIGHT.get(path, lambda x: False)


def number(x, kind):
    """Whether it is a number of a kind, and finite; a Boolean is none."""
    real = isinstance(x, Real) and not isinstance(x, bool) and abs(x) < np.inf
    return real and ("int" not in kind or x == int(x))


def right(path, bad):
    """Whether an input is a right value."""
    about = public()[path][1]
    kind, one = str(about.annotation), rule(path)
    if bad is None and ("None" in kind or about.default is None or path.startswith("check.")):
        return True
    if isinstance(bad, float) and isinstance(about.default, Real) and bad == about.default:
        return True
    if kind.startswith(("Sequence", "Iterable", "Container", "ArrayLike")):
        if isinstance(bad, list | tuple | set | dict | np.ndarray):
            try:
                array = np.asarray(bad) if kind == "ArrayLike" else list(bad)
                return all(one(plain(x)) for x in np.ravel(np.asarray(array, object)))
            except ValueError:  # ragged
                return False
        return kind == "ArrayLike" and one(plain(bad))
    return bool(one(plain(bad)))


def plain(x):
    """Python's own number for NumPy's, which can overflow."""
    return x.item() if isinstance(x, np.number) else x


def inputs(path):
    """What is thrown at a parameter: single values, and in a list where it takes several."""
    some = NUMBERS | OTHERS
    if str(public()[path][1].annotation).startswith(("Sequence", "Iterable", "ArrayLike")):
        some = some | {f"a list of {name}": [bad] for name, bad in some.items()}
    return some


def welcome(path):
    """The right value as NumPy has it."""
    value = valid(path)
    if isinstance(value, tuple | list) and value and isinstance(value[0], Real):
        return [np.array(value), list(np.float64(value))]
    if not isinstance(value, Real) or isinstance(value, bool):
        return []
    more = [np.int64(value), np.int32(value)] if value == int(value) else []
    return [np.float64(value), np.float32(value), *more]


# -- the tests ---------------------------------------------------------------------------------


def test_at_least_two_thousand_bad_inputs_are_thrown():
    assert sum(not right(path, bad) for path in public() for bad in inputs(path).values()) >= 2000


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch, tmp_path):
    """No process is begun and nothing is written here."""

    def drawn(*_):
        return b""

    class Missing:
        def __enter__(self):
            raise ChildError("not here")

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(isolates, "Child", Missing)
    monkeypatch.setattr(measuring, "Child", Missing)
    monkeypatch.setattr(sys.modules["edgelab.stage.export"], "browser", lambda: nullcontext(drawn))
    monkeypatch.chdir(tmp_path)


def complaint(path, bad):
    """What is wrong with the answer to an input; nothing if nothing is."""
    name = path.rpartition(".")[2]
    if right(path, bad) and path.endswith(tuple(LONG)):
        return ""
    begun = monotonic()
    try:
        got = called(path, bad)
    except (TypeError, ValueError) as error:
        text = str(error)
        named = {name, *bad} if isinstance(bad, dict) else {name}  # a dictionary of knobs
        told = any(re.search(rf"\b{each}\b", text) for each in named)
        told = told and "got " in text and "allowed " in text
        said = "" if told else f"{type(error).__name__}: {text[:200]}"
    except Exception as error:
        said = f"{type(error).__name__}: {str(error)[:200]}"
    else:
        if isinstance(got, el.check.Verdict):
            refused = got.state == el.check.WORKING and "got " in got.reason
            said = "" if refused or right(path, bad) else f"says {got!r}"
        else:
            said = "" if right(path, bad) else "is taken"
    return said or (monotonic() - begun > PATIENCE_S) * "hangs"


@pytest.mark.parametrize("path", public())
def test_a_bad_value_is_named_with_what_came_and_what_is_allowed(path):
    said = {what: complaint(path, bad) for what, bad in inputs(path).items()}
    wrong = {what: text for what, text in said.items() if text}
    assert not wrong, f"{len(wrong)} of {len(said)}: {wrong}"


@pytest.mark.parametrize("path", [path for path in public() if welcome(path)])
def test_numpys_own_numbers_are_welcome(path):
    for value in welcome(path):
        called(path, value)
