"""One declaration of a knob: its checks, texts and docstring."""

import inspect
from dataclasses import FrozenInstanceError, dataclass

import numpy as np
import pytest

import edgelab as el
from edgelab.core.knobs import Model, knob, shared
from edgelab.topics.chain.model import RequestChain
from edgelab.topics.night.model import CricStream


@dataclass(frozen=True, kw_only=True, repr=False)
class Kettle(Model):
    """A kettle."""

    cups: int = knob(
        2, label="Cups", symbol="n", unit="cups", low=1, high=8, meaning="How many.", source="us"
    )
    fill: float = knob(
        0.5, label="Fill", symbol="f", unit="share", low=0, high=1, meaning="Level.", source="us"
    )
    lid: str = knob(
        "on", label="Lid", symbol="l", unit="", choices=("on", "off"), meaning="Lid.", source="us"
    )


@pytest.mark.parametrize(
    ("bad", "error", "words"),
    [
        ({"cups": 0}, ValueError, "cups: got 0, allowed a whole number from 1 to 8"),
        ({"cups": 2.5}, ValueError, "cups: got 2.5, allowed a whole number from 1 to 8"),
        ({"cups": "2"}, TypeError, "cups: got '2'"),
        ({"cups": True}, TypeError, "cups: got True"),
        ({"cups": np.inf}, ValueError, "cups: got inf"),
        ({"fill": np.nan}, ValueError, "fill: got nan, allowed a number from 0 to 1"),
        ({"fill": -0.1}, ValueError, "fill: got -0.1"),
        ({"fill": None}, TypeError, "fill: got None"),
        ({"lid": "ajar"}, ValueError, "lid: got 'ajar', allowed 'on' or 'off'"),
        ({"lids": "on"}, TypeError, "lids"),
    ],
)
def test_bad_knobs_are_refused_by_name_value_and_range(bad, error, words):
    with pytest.raises(error) as caught:
        Kettle(**bad)
    assert words in str(caught.value)
    with pytest.raises(error) as caught:
        Kettle().replace(**bad)
    assert words in str(caught.value)


def test_values_become_the_knobs_own_type():
    kettle = Kettle(cups=np.float64(3), fill=np.int64(1))
    assert (type(kettle.cups), type(kettle.fill)) == (int, float)
    assert kettle == Kettle(cups=3, fill=1.0)


def test_a_model_is_frozen_and_takes_keywords_only():
    with pytest.raises(FrozenInstanceError):
        Kettle().cups = 3
    with pytest.raises(TypeError):
        Kettle(3)


def test_repr_is_the_line_of_code_that_makes_it():
    assert repr(Kettle()) == "Kettle()"
    kettle = Kettle(cups=5, lid="off")
    assert repr(kettle) == "Kettle(cups=5, lid='off')"
    assert eval(repr(kettle)) == kettle


def test_docstring_and_glossary_come_from_the_declaration():
    text = inspect.getdoc(CricStream)
    assert text.index("Parameters") < text.index("pops : int") < text.index("Raises")
    glossary = CricStream.glossary()
    for name, about in CricStream.knobs().items():
        assert about.meaning in text
        assert f"{about.label}, {about.allowed}" in text
        assert glossary.loc[name, "meaning"] == about.meaning
        assert glossary.loc[name, "source"]
    assert glossary["symbol"].is_unique
    assert glossary.loc["origin_fetch_ratio", "default"] == "0.2 %"


@pytest.mark.parametrize(
    "doc",
    [
        "A pot.\n\n    It holds\n    tea.\n\n    Raises\n    ------\n    ValueError\n        Now.",
        "A pot.\n\nIt holds\ntea.\n\nRaises\n------\nValueError\n    Now.\n",
    ],
    ids=["as written", "dedented, as from Python 3.13 on"],
)
def test_a_docstring_is_the_same_whether_or_not_python_dedents_it(doc):
    pot = type("Pot", (Model,), {"__doc__": doc, "cups": shared(Kettle, "cups")})
    assert pot.__doc__.splitlines() == [
        *("A pot.", "", "It holds", "tea."),
        *("", "Parameters", "----------", "cups : int, default 2"),
        "    Cups, a whole number from 1 to 8 cups. How many. Source: us.",
        *("", "Raises", "------", "ValueError", "    Now."),
    ]


def test_a_plots_docstring_has_its_sections_side_by_side():
    lines = el.figures.p99_by_place.__doc__.splitlines()
    sections = [line for line in lines if line.strip() in {"Parameters", "Returns", "Raises"}]
    assert sections == ["Parameters", "Returns", "Raises"]


def test_every_default_is_allowed():
    for about in CricStream.knobs().values():
        assert about.check(about.default) == about.default


def test_a_shared_knob_is_declared_once():
    @dataclass(frozen=True, kw_only=True, repr=False)
    class Pot(Model):
        """A pot."""

        cups: int = shared(Kettle, "cups")

    assert Pot.knobs()["cups"] == Kettle.knobs()["cups"]
    assert Pot().cups == 2 and "How many." in inspect.getdoc(Pot)
    with pytest.raises(ValueError, match="cups: got 9, allowed a whole number from 1 to 8"):
        Pot(cups=9)


def test_a_knob_of_many_choices_names_a_few():
    about = RequestChain.knobs()["place"]
    assert about.allowed == "one of 72: 'Mumbai', 'Delhi', 'Bengaluru', …, 'Bay Area'"
    assert RequestChain.knobs()["http"].allowed == "'HTTP/1.1' or 'HTTP/2' or 'HTTP/3'"


def test_a_unit_names_a_knob_only_where_it_is_a_word_of_its_label():
    night = CricStream(origin_service_ms=3.0, list_refresh_s=60.0).settings()
    assert night.startswith("312 PoPs, ") and "Origin service time 3 ms" in night
    assert f"{CricStream.knobs()['list_refresh_s'].label} 60 s" in night
