"""Slides and pictures of what a reader made: PNG, SVG, PDF, HTML and PowerPoint."""

from __future__ import annotations

import html
import io
import os
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from plotly.basedatatypes import BaseFigure

from edgelab.core import allowed
from edgelab.stage import theme
from edgelab.stage.browser import BrowserError, browser

__all__ = ["BrowserError", "export"]

PICTURES = (".png", ".svg", ".pdf")
FORMATS = (*PICTURES, ".html", ".pptx")
#: What is no character of XML 1.0.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Characters for which a slide's title has room.
FINDING = 130
#: Where a path without a folder goes.
FOLDER = "exports"


class Told(NamedTuple):
    """What an export says of a figure, from ``figure.layout.meta``."""

    name: str
    title: str
    caption: str
    alt: str
    code: str


def export(
    what: Any, path: str | Path, progress: Callable[[str], Any] = print
) -> Path | list[Path]:
    """Write figures to a file: pictures, a page, or a PowerPoint deck.

    Pictures and slides need Chrome, Chromium or Edge on this machine, a page (.html) needs none.
    Nothing is fetched from the network, and no file is ever replaced: if the name is taken,
    ``name-2.png`` follows. After an error nothing is left behind.

    Parameters
    ----------
    what : plotly figure, panel, or sequence of those and of texts
        Any plotly Figure or FigureWidget; of a panel its slides. They stay as they are. A text,
        such as a question, has a slide or a heading of its own, and no picture.
    path : str or pathlib.Path
        A bare name goes into ``exports/`` of the current folder; with a folder, exactly there.
        Folders are made. The suffix decides: .png (also without one), .svg and .pdf make pictures
        of 16:9, a PNG 1920 x 1080 pixels; .html one page that works offline; .pptx a deck, a
        slide a figure: its title is the first sentence of the caption, where that is short, and
        the line of code that makes it is in the notes.
    progress : callable
        Is given a line of text at each step.

    Returns
    -------
    pathlib.Path or list of pathlib.Path
        What was written. A list for pictures of a panel or a sequence, one file per figure, with
        numbered names.

    Raises
    ------
    TypeError, ValueError
        If an argument is not allowed; the text names it, what came and what is allowed.
    BrowserError
        If pictures are wanted and no browser is found, or it fails.

    Examples
    --------
    >>> el.export(el.figures.p99_by_place(el.CricStream()), "night")  # doctest: +SKIP
    1 of 1: exports/night.png
    """
    given, target = _figures(what), _target(path)
    allowed.function("progress", progress)
    figures = [each for each in given if not isinstance(each, str)]
    told = [_told(figure) for figure in figures]
    suffix, total = target.suffix.lower(), len(figures)
    if suffix == ".html":
        return _publish([(target, _page(given, target.stem))], progress)[0]
    if suffix == ".pptx":
        with browser() as draw:
            drawn = []
            for number, (figure, about) in enumerate(zip(figures, told, strict=True), 1):
                progress(f"{number} of {total}: {about.title or about.name}")
                drawn.append((draw(theme.slide(figure, title=False), "png"), about))
        each = iter(drawn)
        slides = [text if isinstance(text, str) else next(each) for text in given]
        return _publish([(target, _deck(slides, target.stem))], progress)[0]
    targets = [target]
    if total > 1:
        names = [f"{target.stem}-{n}-{about.name}" for n, about in enumerate(told, 1)]
        targets = [target.with_name(name + target.suffix) for name in names]
    with browser() as draw:
        drawn = (draw(theme.slide(figure), suffix[1:]) for figure in figures)
        written = _publish(zip(targets, drawn, strict=True), progress, total)
    return written[0] if isinstance(what, BaseFigure) else written


# -- what, and where to ----------------------------------------------------------------------------


def _figures(what: Any, inside: bool = False) -> list[BaseFigure | str]:
    """The figures of what a reader wants to export, and the texts between them."""
    if isinstance(what, BaseFigure) or (inside and isinstance(what, str)):
        return [what]
    if hasattr(what, "slides"):
        what = what.slides()
    if not isinstance(what, Sequence) or isinstance(what, str | bytes):
        known = "a plotly figure, a panel, or a sequence of those"
        allowed.refuse("what", what, known, TypeError)
    if not any(not isinstance(each, str) for each in what):
        allowed.refuse("what", what, "at least one figure")
    return [figure for each in what for figure in _figures(each, inside=True)]


def _target(path: Any) -> Path:
    """The file to write, checked before anything is done."""
    if not isinstance(path, str | os.PathLike):
        allowed.refuse("path", path, "a file name", TypeError)
    path = os.fspath(path)
    target = Path(path).expanduser()
    if not target.name or (target.parent != Path() and target.is_dir()):
        allowed.refuse("path", path, "a file name and no folder")
    if target.parent == Path():
        target = FOLDER / target
    if not target.suffix:
        target = target.with_name(f"{target.name}.png")
    if target.suffix.lower() not in FORMATS:
        allowed.refuse("path", path, f"one that ends in {', '.join(FORMATS)}")
    above = next(folder for folder in target.absolute().parents if folder.exists())
    if not (above.is_dir() and os.access(above, os.W_OK)):
        allowed.refuse("path", path, f"one in a folder to write to, and {above} is none")
    return target


def _told(figure: BaseFigure) -> Told:
    """What is known of a figure; of a reader's own at least its title and what it draws.

    Without the characters that no XML can hold, such as a vertical tab.
    """
    meta = figure.layout.meta if isinstance(figure.layout.meta, Mapping) else {}
    title = str(meta.get("title") or _plain(figure.layout.title.text or ""))
    caption, code = str(meta.get("caption") or ""), str(meta.get("code") or "")
    kinds = " and ".join(dict.fromkeys(trace.type for trace in figure.data))
    alt = str(meta.get("alt") or f"{title or 'Plot'}, drawn as {kinds}. {caption}".strip())
    name = re.sub(r"\W+", "-", str(meta.get("name") or title).lower().replace("_", "-"))
    name = name.strip("-")[:60] or "figure"
    return Told(*(NOT_XML.sub(" ", text) for text in (name, title, caption, alt, code)))


def _plain(text: str) -> str:
    """A text of plotly without its tags."""
    return html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"(?i)<br\s*/?>", " ", text))).strip()


# -- files -----------------------------------------------------------------------------------------


def _publish(
    files: Iterable[tuple[Path, bytes]], progress: Callable[[str], Any], total: int = 1
) -> list[Path]:
    """Write every file under the first free name; all of them, or after an error none."""
    written: list[Path] = []
    try:
        for target, data in files:
            target.parent.mkdir(parents=True, exist_ok=True)
            written.append(_write(target, data))
            progress(f"{len(written)} of {total}: {written[-1]}")
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return written


def _write(target: Path, data: bytes) -> Path:
    """Write beside the target, then move to the first name that nobody has; return that name."""
    part = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        part.write_bytes(data)
        for number in count(1):
            name = target if number == 1 else target.with_stem(f"{target.stem}-{number}")
            try:
                name.open("xb").close()  # whoever makes it has the name
            except FileExistsError:
                continue
            try:
                part.replace(name)
            except BaseException:
                name.unlink(missing_ok=True)
                raise
            return name
    finally:
        part.unlink(missing_ok=True)


# -- a page and a deck -----------------------------------------------------------------------------


def _page(figures: Sequence[BaseFigure | str], name: str) -> bytes:
    """One HTML file with plotly.js in it and every figure."""
    from plotly.io import to_html
    from plotly.offline import get_plotlyjs

    parts = []
    for figure in figures:
        if isinstance(figure, str):
            parts.append(f"<h1>{'<br>'.join(html.escape(figure).splitlines())}</h1>")
            continue
        about = _told(figure)
        config = theme.config(about.name) | {"responsive": False}
        drawn = theme.slide(figure, title=False)
        plot = to_html(drawn, config, include_plotlyjs=False, full_html=False)
        title, caption, alt, code = map(html.escape, about[1:])
        code = f"<pre>{code}</pre>" if code else ""
        parts.append(
            f'<figure aria-label="{alt}"><h2>{title}</h2>\n{plot}\n'
            f"<figcaption>{caption}{code}</figcaption></figure>"
        )
    style = (
        "body { font: 18px/1.45 Open Sans, Segoe UI, Helvetica, Arial, sans-serif; "
        "color: #1a1a1a; margin: 2rem auto; max-width: 1280px; padding: 0 1rem } "
        "figure { margin: 0 0 3.5rem; overflow-x: auto } "
        "pre { font-size: 15px; color: #555; white-space: pre-wrap }"
    )
    head = f'<meta charset="utf-8"><title>{html.escape(name)}</title><style>{style}</style>'
    script = f"<script>{get_plotlyjs()}</script>"
    page = ['<!DOCTYPE html>\n<html lang="en"><head>', head, script, "</head><body>", *parts]
    return "\n".join([*page, "</body></html>\n"]).encode()


def _finding(said: Told) -> tuple[str, str]:
    """A slide's title, and the text below its picture."""
    first, _, rest = said.caption.partition(". ")
    if not said.title or not any(map(str.isdigit, first)) or len(first) > FINDING:
        return said.title or said.name, said.caption
    end = "" if said.title.endswith("?") else "."
    return first.removesuffix("."), f"{said.title}{end} {rest}"


def _deck(slides: Sequence[tuple[bytes, Told] | str], name: str) -> bytes:
    """A 16:9 PowerPoint deck: one slide per picture, with its caption, and code in the notes."""
    from pptx import Presentation
    from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
    from pptx.util import Emu, Inches, Pt

    deck = Presentation()
    # python-pptx brings a 4:3 template: widen it, layouts included.
    wider = Inches(40 / 3) / deck.slide_width
    deck.slide_width, deck.slide_height = Inches(40 / 3), Inches(7.5)
    for page in (deck.slide_master, *deck.slide_layouts):
        for shape in page.placeholders:
            shape.left, shape.width = (
                Emu(round(shape.left * wider)),
                Emu(round(shape.width * wider)),
            )
    about = deck.core_properties
    about.title, about.author = NOT_XML.sub(" ", name), ""
    about.last_modified_by = about.comments = ""
    about.created = about.modified = datetime.now(UTC).replace(tzinfo=None)
    for each in slides:
        slide = deck.slides.add_slide(deck.slide_layouts.get_by_name("Title Only"))
        if isinstance(each, str):
            slide.shapes.title.text_frame.text = NOT_XML.sub(" ", each)
            slide.shapes.title.top, slide.shapes.title.height = Inches(0.5), Inches(6.5)
            for line in slide.shapes.title.text_frame.paragraphs:
                line.font.size = Pt(32)
            continue
        picture, said = each
        headline, below = _finding(said)
        shown = slide.shapes.add_picture(io.BytesIO(picture), 0, Inches(1.1), height=Inches(5.1))
        shown.left = left = (deck.slide_width - shown.width) // 2
        shown._element.nvPicPr.cNvPr.set("descr", said.alt)  # python-pptx has no way of its own
        title = slide.shapes.title
        title.left, title.top, title.width, title.height = (
            left,
            Inches(0.2),
            shown.width,
            Inches(0.85),
        )
        title.text_frame.text, title.text_frame.word_wrap = headline, True
        title.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
        heading = title.text_frame.paragraphs[0]
        heading.alignment, heading.font.bold = PP_ALIGN.LEFT, True
        heading.font.size = Pt(32 if len(headline) < 45 else 24)
        box = slide.shapes.add_textbox(left, Inches(6.25), shown.width, Inches(1.1))
        box.text_frame.word_wrap, box.text_frame.text = True, below
        box.text_frame.paragraphs[0].font.size = Pt(18)
        if said.code:
            slide.notes_slide.notes_text_frame.text = f"import edgelab as el\n\n{said.code}"
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()
