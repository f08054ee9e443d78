"""The plots of design draw what the frames say."""

import numpy as np
import plotly.graph_objects as go
import pytest

import edgelab as el
from edgelab.stage import theme
from edgelab.topics.design import plots as figures
from edgelab.topics.design.goals import GOALS
from edgelab.topics.design.model import PLACED

ARTICLE, LEGS = el.Design(), el.Design.three_legs()
QUIET = ARTICLE.replace(**dict.fromkeys(PLACED, 0))
PLOTS = {name: getattr(el.figures, name) for name in figures.__all__}


def drawn(name, design, pinned=None, at_rest=True):
    return PLOTS[name].plot.drawn(design, pinned, at_rest)


def test_the_lines_are_the_night():
    night = ARTICLE.night()
    traces = drawn("night_events", ARTICLE).traces
    assert len(traces) == 9 and all(np.isnan(t["y"]).all() for t in traces[:4]), "nothing pinned"
    for trace, (column, _, (low, high), _, _) in zip(traces[4:], figures.STRIPS, strict=False):
        np.testing.assert_array_equal(trace["x"], np.arange(240))
        np.testing.assert_allclose(trace["y"], night[column].clip(low * 1.15, high / 1.6))
    alerts = traces[-1]
    np.testing.assert_array_equal(alerts["x"], night.index[night["alert"]])
    both = drawn("night_events", ARTICLE, LEGS).traces
    assert [t["name"] for t in both[:8]] == ["pinned"] * 4 + ["now"] * 4
    assert {t["line"]["dash"] for t in both[:4]} == {"dash"}, "never colour alone"


def test_every_event_is_shaded_where_it_is():
    made = drawn("night_events", ARTICLE)
    shades = [s for s in made.shapes if s["type"] == "rect"]
    assert [(s["x0"], s["x1"]) for s in shades] == [
        (e.minute, min(e.minute + e.lasts_min, 240)) for e in ARTICLE.events
    ]
    assert [n["text"] for n in made.notes] == [e.kind for e in ARTICLE.events]


def test_the_title_is_the_finding():
    title = drawn("night_events", ARTICLE).title
    sunk = ARTICLE.sunk_by()["sunk"].sum()
    assert title == f"{sunk} of 6 events sink the night"
    alone = QUIET.replace(attack_at=60)
    assert drawn("night_events", alone).title == "Attack: it sinks the night"
    assert "a region has 7.4 times as much to do as it can" in drawn("night_events", alone).caption
    assert drawn("night_events", QUIET).title == "A night without an event"
    assert "rebalancing" in drawn("night_events", LEGS).caption.lower()


def test_marks_stand_at_value_over_target():
    report = LEGS.report()
    met, missed, pin = drawn("goals_met", LEGS, ARTICLE).traces
    for row, (name, goal) in enumerate(GOALS.items()):
        x = met["x"][row] if report.loc[name, "met"] else missed["x"][row]
        wanted = report.loc[name, "value"] / goal.target if goal.target else 0.0
        assert x == pytest.approx(np.clip(wanted, figures.LEAST, figures.MOST)), name
        assert np.isnan(met["x"][row]) != np.isnan(missed["x"][row])
    assert met["marker"]["symbol"] != missed["marker"]["symbol"]
    missed_before = ARTICLE.report()["met"].eq(False).to_numpy()
    assert [symbol == "diamond-x-open" for symbol in pin["marker"]["symbol"]] == [*missed_before]
    assert pin["showlegend"] and len(pin["x"]) == len(GOALS)
    assert drawn("goals_met", LEGS).title == f"{report['met'].sum()} of {len(GOALS)} goals are met"


def test_under_the_moving_hand_what_needs_draws_waits():
    moving = ARTICLE.replace(pops=123, sampled=0.02)
    made = drawn("goals_met", moving, at_rest=False)
    known = ~(np.isnan(made.traces[0]["x"]) & np.isnan(made.traces[1]["x"]))
    assert known.sum() == sum(goal.cheap for goal in GOALS.values())
    assert np.isnan(drawn("night_events", moving, at_rest=False).traces[0]["y"]).all()


def test_the_reader_stands_among_those_that_were_tried():
    made = drawn("trade_offs", ARTICLE, LEGS)
    by = {trace["name"]: trace for trace in made.traces}
    values = ARTICLE.values(list(figures.NAMES))
    assert by["yours"]["x"][0] == values["p99 Bay Area, ms"]
    assert by["yours"]["y"][0] == values["cost of the night, USD"]
    assert by["pinned"]["showlegend"]
    assert len(by["tried"]["x"]) + len(by["no other beats it"]["x"]) > 60
    assert len({trace["marker"].get("symbol", "circle") for trace in made.traces}) >= 5
    tried = np.concatenate(
        [[by[n]["x"], by[n]["y"]] for n in ("tried", "no other beats it")], axis=1
    )
    beat = by["beats yours"]
    assert len(beat["x"]) and set(zip(beat["x"], beat["y"], strict=True)) <= set(
        map(tuple, tried.T)
    )
    assert (beat["x"] <= values["p99 Bay Area, ms"]).all()
    assert drawn("trade_offs", ARTICLE).caption.startswith("The cheapest that beats yours costs ")
    assert drawn("trade_offs", ARTICLE).title.startswith(f"{len(beat['x'])} of {tried.shape[1]} ")
    best = by["no other beats it"]
    cheapest = np.argmin(best["y"])
    assert (best["x"][best["y"] < best["y"][cheapest] + 1] >= best["x"][cheapest]).all()


def test_bars_add_up_to_the_bill():
    made = drawn("bill", LEGS, ARTICLE)
    for k, design in enumerate((LEGS.baseline(), ARTICLE, ARTICLE, LEGS)):
        assert sum(t["x"][k] for t in made.traces) == pytest.approx(design.costs()["usd"].sum())


@pytest.mark.parametrize("pinned", [None, LEGS], ids=["alone", "pinned"])
@pytest.mark.parametrize(
    "design", [ARTICLE, QUIET, ARTICLE.baseline()], ids=["now", "quiet", "old"]
)
@pytest.mark.parametrize("name", PLOTS)
def test_each_plot_is_made_alone_and_as_a_slide(name, design, pinned):
    figure = PLOTS[name](design, pinned)
    assert isinstance(figure, go.Figure)
    meta = figure.layout.meta
    assert len(meta["title"]) <= theme.TITLE_CHARACTERS and meta["alt"]
    assert "nan" not in meta["caption"] and meta["caption"].endswith(".")
    assert eval(meta["code"], {"el": el}) == figure
    assert theme.slide(figure).layout.width == 960
