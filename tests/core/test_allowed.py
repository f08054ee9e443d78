"""The checks of arguments: what passes comes back, what does not is named."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import edgelab as el
from edgelab.core import allowed


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (lambda: allowed.number("x", 2, 0, 1), "x: got 2, allowed a number from 0 to 1"),
        (lambda: allowed.number("x", -1, 0), "x: got -1, allowed a number from 0 up"),
        (lambda: allowed.number("x", 0, above=0), "x: got 0, allowed a number above 0"),
        (lambda: allowed.number("x", 9, high=8), "x: got 9, allowed a number to 8"),
        (
            lambda: allowed.number("x", 1, above=0, below=1),
            "x: got 1, allowed a number above 0 and below 1",
        ),
        (
            lambda: allowed.number("x", 2, above=0, high=1),
            "x: got 2, allowed a number above 0 and at most 1",
        ),
        (lambda: allowed.number("x", np.inf), "x: got inf, allowed a number that is finite"),
        (lambda: allowed.whole("x", 1.5, 1), "x: got 1.5, allowed a whole number from 1 up"),
        (lambda: allowed.one_of("x", "Dehli", ["Delhi", "Agra"]), "; did you mean 'Delhi'?"),
        (lambda: allowed.one_of("x", 3, ["Delhi", "Agra"]), "allowed 'Delhi' or 'Agra'"),
        (lambda: allowed.several("x", [], allowed.text), "x: got [], allowed a sequence of 1 or"),
        (lambda: allowed.several("x", [1, "2"], allowed.number), "x: got '2', allowed a number"),
        (lambda: allowed.array("x", [[1.0, 5.0]], 0, 2), "x: got 5.0, allowed a number from 0 to"),
        (lambda: allowed.flag("x", 1), "x: got 1, allowed True or False"),
        (lambda: allowed.hashable("x", []), "x: got [], allowed what is hashable"),
        (lambda: allowed.function("x", 1), "x: got 1, allowed a callable"),
        (lambda: allowed.function("x", list, 0, 0), "allowed a callable that takes 2 values"),
        (lambda: allowed.columns("x", pd.DataFrame({"a": [1]}), ["a", "b"]), "x: got no column b"),
        (lambda: allowed.columns("x", pd.DataFrame({"a": []}), ["a"]), "x: got no row"),
        (lambda: allowed.columns("x", 3, ["a"]), "x: got 3, allowed a frame with the columns a"),
        (lambda: allowed.number("x", 10**5000, 0, 1), "x: got an int that is too long to show"),
        (lambda: allowed.text("x", np.zeros((2, 3))), "x: got a ndarray of shape (2, 3), allowed"),
        (lambda: allowed.text("x", "\n"), r"x: got '\n', allowed a text that is not empty"),
    ],
)
def test_what_came_and_what_is_allowed_are_told(check, words):
    with pytest.raises((TypeError, ValueError)) as error:
        check()
    assert words in str(error.value)


def test_what_is_right_comes_back_as_pythons_own():
    assert type(allowed.number("x", np.float32(0.5))) is float
    assert type(allowed.number("x", np.int8(-128))) is int
    assert type(allowed.whole("x", 2.0)) is type(allowed.whole("x", np.uint64(2))) is int
    assert allowed.number("x", Fraction(1, 3)) == Fraction(1, 3), "exact"
    assert allowed.flag("x", np.True_) is True
    assert allowed.array("x", [[1, 2]]).tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("make", "near"),
    [
        (lambda: el.RateLimit(popz=3), "pops"),
        (lambda: el.CricStream().replace(origin_fetch_ration=0.1), "origin_fetch_ratio"),
        (lambda: el.RequestChain(trip=None), "trips"),
        (lambda: el.RateLimit(xyzzy=3), None),
    ],
)
def test_an_unknown_knob_is_answered_with_the_nearest_and_the_list(make, near):
    with pytest.raises(TypeError) as error:
        make()
    text = str(error.value)
    assert f"did you mean {near!r}?" in text if near else "did you mean" not in text
    assert "allowed " in text and "pops, " in text


def test_knobs_are_given_by_name():
    with pytest.raises(TypeError, match=r"RateLimit: got \(3,\), allowed knobs by name: design, "):
        el.RateLimit(3)


def test_what_the_package_does_not_have_is_answered_with_the_nearest():
    with pytest.raises(AttributeError, match=r"'CricStraem'; did you mean 'CricStream'\?"):
        el.CricStraem  # noqa: B018


def test_total_ms_takes_round_trips_and_no_number():
    with pytest.raises(TypeError, match="trips: got 228, allowed a RoundTrips"):
        el.RequestChain().total_ms(228)
    trips = el.RoundTrips()
    assert el.RequestChain().total_ms(trips) == el.RequestChain(trips=trips).total_ms()
