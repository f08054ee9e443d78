"""What stands on a page, for the tests that hold its numbers against the model's."""

import re
from pathlib import Path

import nbformat

import edgelab as el

FOLDER = Path(el.__file__).resolve().parent.parent / "notebooks"


def prose(number: int) -> str:
    """The words of a page."""
    (path,) = FOLDER.glob(f"{number:02d}-*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def answers(number: int) -> list[str]:
    """The folded answers of a page's tasks, in their order."""
    return re.findall(r"<summary>Answer</summary>(.*?)</details>", prose(number), re.DOTALL)
