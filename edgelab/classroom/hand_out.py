"""The students' copy of the pages, without solutions."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["hand_out"]

#: Remembers what was handed out, so that what a student changed is known.
HANDED = ".handed-out.json"


def hand_out(source: Path, target: Path) -> Iterator[tuple[Path, str]]:
    """Copy the pages, or bring a copy up to date; what a student changed is never touched.

    Parameters
    ----------
    source : pathlib.Path
        The folder ``notebooks`` of the workbook.
    target : pathlib.Path
        The students' folder; the pages go to ``notebooks`` in it.

    Yields
    ------
    path : pathlib.Path
        Of a file of the copy.
    done : str
        ``new``, ``brought up to date``, ``as it was`` or ``changed by its reader, left alone``.

    Raises
    ------
    ValueError
        If the copy would lie in the workbook's own folder, or what was handed out is not known.
    OSError
        If the folder cannot be written.
    """
    copy = target / "notebooks"
    if copy.resolve().is_relative_to(source.resolve().parent):
        raise ValueError(f"the folder to hand out: got {target}, allowed one outside the workbook")
    copy.mkdir(parents=True, exist_ok=True)
    handed = _handed(copy / HANDED)
    for page in sorted(source.rglob("*")):
        name = page.relative_to(source)
        if not page.is_file() or name.parts[0] == "solutions" or ".ipynb_checkpoints" in name.parts:
            continue
        data, mine = page.read_bytes(), copy / name
        there = _sum(mine.read_bytes()) if mine.is_file() else None
        if there not in (None, _sum(data), handed.get(name.as_posix())):
            yield mine, "changed by its reader, left alone"
            continue
        if there != _sum(data):
            mine.parent.mkdir(exist_ok=True)
            _write(mine, data)
        handed[name.as_posix()] = _sum(data)
        _write(copy / HANDED, json.dumps(handed, indent=1).encode())
        yield mine, {None: "new", _sum(data): "as it was"}.get(there, "brought up to date")


def _handed(path: Path) -> dict[str, str]:
    """The sums of what was handed out, by the name of its file."""
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise ValueError(
            f"{path}: it cannot be read ({error}), so what students changed is not known; hand out "
            "into a new folder"
        ) from None


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write(path: Path, data: bytes) -> None:
    """Write a file as a whole, or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(data)
    os.replace(part, path)
