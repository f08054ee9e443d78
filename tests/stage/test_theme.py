"""A slide of any figure is a larger copy of it."""

import numpy as np
import plotly.graph_objects as go
import pytest
from plotly.subplots import make_subplots

import edgelab as el
from edgelab.stage import theme
from edgelab.topics.night.model import CricStream

FINAL = CricStream()
OURS = {
    name: getattr(el.figures, name)(FINAL, FINAL.replace(pops=40))
    for name in ("p99_by_place", "distribution", "world_map", "staleness", "origin_load")
}
PLAIN = go.Figure(
    [go.Scatter(y=[1, 2], marker={"size": [4, 8]}, line={"width": 1}), go.Pie(values=[1, 2])],
    {
        "title": {"text": "mine", "font": {"size": 12}},
        "xaxis": {"title": {"text": "x", "font": {"size": 9}}, "tickfont": {"size": 8}},
        "annotations": [{"text": "here", "font": {"size": 9}}],
        "legend": {"font": {"size": 9}},
        "meta": {"font": {"size": 1}},
    },
)


def sizes(node, key=""):
    """Every size of type that a figure says, with where it stands."""
    if isinstance(node, dict):
        if key.endswith("font") and "size" in node:
            yield key, node["size"]
        for name, value in node.items():
            if name not in ("template", "meta", "hoverlabel"):
                yield from sizes(value, name)
    elif isinstance(node, list | tuple):
        for item in node:
            yield from sizes(item)


@pytest.mark.parametrize("figure", [*OURS.values(), PLAIN], ids=[*OURS, "a reader's"])
@pytest.mark.parametrize("title", [True, False])
def test_type_is_read_from_the_back_row_and_the_figure_stays(figure, title):
    before = figure.to_json()
    slide = theme.slide(figure, title)
    assert figure.to_json() == before
    layout = slide.layout
    assert (layout.width, layout.height) == (960, 540 if title else 460)
    assert layout.font.size >= 20
    found = list(sizes([each.to_plotly_json() for each in (*slide.data, layout)]))
    assert found and min(np.min(size) for _, size in found) >= 18
    assert bool(layout.title.text) == title
    if title:
        assert layout.title.font.size >= 28
    for axis in (*slide.select_xaxes(), *slide.select_yaxes()):
        assert axis.automargin is True
        assert not axis.title.text or axis.title.font.size >= 20
    assert layout.meta == figure.layout.meta


def test_lines_are_thicker_and_marks_bigger():
    scatter, _ = theme.slide(PLAIN).data
    assert scatter.line.width == theme.BOLDER
    np.testing.assert_allclose(scatter.marker.size, [4 * theme.BOLDER, 8 * theme.BOLDER])
    unsaid = theme.slide(go.Figure(go.Scatter(y=[1]))).data[0]
    assert (unsaid.line.width, unsaid.marker.size) == (2 * theme.BOLDER, 6 * theme.BOLDER)


def test_a_long_title_takes_lines_and_room():
    short = theme.slide(go.Figure(layout={"title": "short"})).layout
    long = theme.slide(go.Figure(layout={"title": "word " * 30})).layout
    lines = long.title.text.split("<br>")
    assert len(lines) == 3 and max(map(len, lines)) <= theme.TITLE_CHARACTERS
    assert long.margin.t > short.margin.t + 60


def test_a_dense_figure_keeps_its_type_on_a_larger_canvas():
    grid = make_subplots(2, 2)
    grid.update_layout(width=300, height=300, font={"size": 12})
    small = theme.slide(grid).layout
    assert (small.width, small.height, small.font.size) == (960, 540, 12)
    grid.update_layout(width=3000)
    large = theme.slide(grid).layout
    assert (large.width, large.height, large.font.size) == (1280, 720, 12)


def test_a_template_keeps_its_colours():
    dark = theme.slide(go.Figure(go.Scatter(y=[1]), {"template": "plotly_dark"}))
    assert dark.layout.template.layout.paper_bgcolor == "rgb(17,17,17)"
    assert dark.layout.paper_bgcolor is None


def test_a_figure_without_axes_gets_none():
    assert "xaxis" not in theme.slide(go.Figure(go.Pie(values=[1]))).layout.to_plotly_json()


@pytest.mark.parametrize(("entries", "rows"), [(0, 0), (1, 1), (3, 1), (4, 2), (7, 3)])
def test_a_slide_has_room_for_every_row_of_its_legend(entries, rows):
    line = {"type": "scatter", "y": [1, 2], "name": "chance, <b>the</b> fleet", "showlegend": True}
    assert theme.legend_rows([line] * entries, theme.HEADING_PX, theme.WIDTH - 134) == rows
    about = {"legend": {"orientation": "h", "y": 1.01}, "title": {"text": "mine"}}
    top, none = (
        theme.slide(go.Figure([line | {"showlegend": n > 0}] * max(n, 1), about)).layout.margin.t
        for n in (entries, 0)
    )
    assert top - none == (38 + 29 * (rows - 1) if rows else 0)
