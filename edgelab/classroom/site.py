"""The pages as a site: executed, static, and each board with one slider that needs no Python."""

from __future__ import annotations

import html
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import plotly
import plotly.graph_objects as go
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output

from edgelab.core.knobs import Knob, Model
from edgelab.printed import Web, known
from edgelab.stage import theme
from edgelab.stage.controls import options
from edgelab.stage.live import STYLE
from edgelab.stage.panel import Panel

__all__ = ["Site", "site", "stops"]

HERE = Path(__file__).parent
LIBRARY, SCRIPT = "plotly.min.js", "site.js"
#: A slider without Python has this many stops; a choice has all of its own.
STOPS = 15
#: A page that takes longer than this to run is given up, in seconds.
ENOUGH_S = 1200
MATH = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", re.DOTALL)
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\.ipynb\)")
PAGE_STYLE = """<style>
body { max-width: 1100px; margin: 0 auto !important; padding: 0 12px !important; }
.edgelab-pages { display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 8px 0; }
.edgelab-twin { border: 1px solid #bbb; border-radius: 6px; padding: 10px 14px; }
.edgelab-twin label { display: flex; gap: 12px; align-items: center; font-weight: 600; }
.edgelab-twin input { flex: 1 1 auto; min-width: 80px; }
.edgelab-twin .edgelab-board { overflow: hidden; }
.edgelab-twin code { overflow-wrap: anywhere; }
.jp-OutputArea-output, .jp-MarkdownOutput table, pre { overflow-x: auto; max-width: 100%; }
@media (max-width: 700px) { .jp-InputPrompt, .jp-OutputPrompt { display: none !important; } }
</style>
"""
NOTE = (
    "These pages were run and kept. One slider of each panel still moves; the others move in the "
    "workbook itself."
)


def site(source: Path, target: Path) -> Iterator[tuple[Path, float]]:
    """Run the pages and keep them as a site that is opened from its folder, without a network.

    Parameters
    ----------
    source : pathlib.Path
        The folder ``notebooks`` of the workbook.
    target : pathlib.Path
        A new or empty folder, or a site that was made before.

    Yields
    ------
    path : pathlib.Path
        Of a page.
    size_mb : float

    Raises
    ------
    ValueError
        If there are other files in the folder.
    nbclient.exceptions.CellExecutionError
        If a page does not run.
    OSError
        If the folder cannot be written.
    """
    target.mkdir(parents=True, exist_ok=True)
    if any(target.iterdir()) and not (target / SCRIPT).is_file():
        raise ValueError(f"the folder of the site: got {target}, allowed a new or an empty one")
    bundle = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    shutil.copyfile(bundle, target / LIBRARY)
    shutil.copyfile(HERE / SCRIPT, target / SCRIPT)
    books = {path: nbformat.read(path, as_version=4) for path in sorted(source.glob("*.ipynb"))}
    titles = {path.stem: _title(book) for path, book in books.items()}
    exporter = HTMLExporter(
        preprocessors=[Site], mathjax_url="", require_js_url="", jquery_url="", mermaid_js_url=""
    )
    for path, book in books.items():
        with tempfile.TemporaryDirectory() as folder:
            about = {"metadata": {"path": folder}}
            NotebookClient(book, timeout=ENOUGH_S, kernel_name="python3", resources=about).execute()
        for cell in book.cells:
            if cell.cell_type == "markdown":
                cell.source = _plain(cell.source)
        book.cells.insert(0, new_markdown_cell(PAGE_STYLE + _pages(titles, path.stem)))
        made, _ = exporter.from_notebook_node(book, {"metadata": {"name": titles[path.stem]}})
        page = target / f"{path.stem}.html"
        page.write_text(made, encoding="utf-8")
        yield page, page.stat().st_size / 1e6
    (target / "index.html").write_text(_index(titles), encoding="utf-8")


def _index(titles: dict[str, str]) -> str:
    """The page that lists all pages."""
    listed = "".join(f'<li><a href="{stem}.html">{name}</a></li>' for stem, name in titles.items())
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>edgelab</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
        '<body style="font: 18px/1.6 system-ui, sans-serif; max-width: 760px; margin: 2em auto; '
        'padding: 0 12px">'
        f"<main><h1>edgelab</h1><p>{NOTE}</p><ul>{listed}</ul></main></body></html>"
    )


def _title(book: NotebookNode) -> str:
    """The first heading of a page."""
    return html.escape(book.cells[0].source.splitlines()[0].lstrip("# "))


def _pages(titles: dict[str, str], here: str) -> str:
    """Links to all pages, and what a reader should know of them."""
    links = "".join(
        f'<a href="{stem}.html"{" aria-current=page" * (stem == here)}>{title}</a>'
        for stem, title in titles.items()
    )
    return f'<nav class="edgelab-pages" aria-label="Pages">{links}</nav><p>{NOTE}</p>'


def stops(knob: Knob, value: Any) -> dict[str, Any]:
    """The stops of a slider that are worked out beforehand, in order, by what is said of each.

    Parameters
    ----------
    knob : Knob
    value : int, float or str
        Where the slider stands; it is among them.

    Returns
    -------
    dict
    """
    if knob.choices:
        return {str(choice): choice for choice in knob.choices}
    if knob.integer and not (knob.log or knob.stops):
        some = np.geomspace(max(knob.low, 1), knob.high, STOPS).round().astype(int).tolist()
        return {knob.text(each): each for each in sorted({*some, value})}
    every = options(knob, value)
    some = {*np.linspace(0, len(every) - 1, STOPS).round().astype(int)}
    return {name: each for k, (name, each) in enumerate(every) if k in some or each == value}


class Site(Web):
    """For a site: plotly.js in a file beside the pages, and boards as twins."""

    library = LIBRARY

    def panel(self, words: str, panel: str, model: dict, pinned: dict | None) -> list[NotebookNode]:
        """The board of a panel with one slider, and all that it shows at each stop."""
        kind, now, held = known(panel, model, pinned)
        name, *_ = kind.only or now.main
        main, value = now.knobs()[name], getattr(now, name)
        shown = {
            label: _stop(kind, now.replace(**{name: each}), held, label)
            for label, each in stops(main, value).items()
        }
        at = list(stops(main, value).values()).index(value)
        first = next(iter(shown.values()))
        plots = [each.plot.live(now, held, at_rest=True) for each in kind.board]
        about = {
            "config": theme.config("edgelab") | {"responsive": False},
            "stops": [first, *(_changed(each, first) for each in [*shown.values()][1:])],
        }
        figures = "".join(
            f'<figure class="edgelab-plot{" edgelab-wide" * (plot["span"] > 6)}" '
            f'style="--span: {plot["span"]}"><figcaption class="edgelab-heading"></figcaption>'
            f'<div class="edgelab-canvas" style="height: {plot["height"]}px"></div></figure>'
            for plot in plots
        )
        data = json.dumps(about).replace("</", "<\\/")
        return [
            new_output(
                "display_data",
                {
                    "text/html": f"{self._scripts()}<style>{STYLE}</style>"
                    f'<div class="edgelab-twin"><label>{html.escape(main.label)}'
                    f'<input type="range" min="0" max="{len(shown) - 1}" value="{at}">'
                    '<output></output></label><p class="edgelab-words" aria-live="polite"></p>'
                    '<div style="container-type: inline-size">'
                    f'<div class="edgelab-board">{figures}</div></div>'
                    "<p>This screen again: <code></code></p>"
                    f'<script type="application/json">{data}</script></div>'
                },
            )
        ]

    def _scripts(self) -> str:
        """What a board needs, once in a page."""
        first, self._bundle = self._bundle, False
        return f'<script src="{LIBRARY}"></script><script src="{SCRIPT}"></script>' * first


def _plain(source: str) -> str:
    """A cell's words with formulas that need no script, and links to the site's own pages."""
    from latex2mathml.converter import convert

    def mathml(found: re.Match) -> str:
        block, inline = found.groups()
        return convert(block or inline, "block" if block else "inline")

    return MATH.sub(mathml, LINK.sub(_link, source))


def _link(found: re.Match) -> str:
    """A link to another page; solutions are not part of the site."""
    words, stem = found.groups()
    return words if stem.startswith("solutions/") else f"[{words}]({stem}.html)"


def _stop(kind: type[Panel], model: Model, pinned: Model | None, label: str) -> dict[str, Any]:
    """What a board and its words are at one stop."""
    plots = []
    for each in kind.board:
        live = each.plot.live(model, pinned, at_rest=True)
        figure = json.loads(go.Figure(live["data"], live["layout"]).to_json())
        plots.append({key: live[key] for key in ("title", "alt")} | figure)
    code = f"el.panels.{kind.topic}(el.{model!r})"
    return {"label": label, "words": kind._told(model, pinned), "line": code, "plots": plots}


def _changed(stop: dict[str, Any], first: dict[str, Any]) -> dict[str, Any]:
    """A stop without what is as in the first one."""
    plots = []
    for new, old in zip(stop["plots"], first["plots"], strict=True):
        plot = {key: value for key, value in new.items() if value != old[key]}
        if "data" in plot and len(new["data"]) == len(old["data"]):
            pairs = zip(new["data"], old["data"], strict=True)
            plot["data"] = [None if trace == before else trace for trace, before in pairs]
        plots.append(plot)
    return {**stop, "plots": plots}
