"""Writes what a test has measured into a page of docs/, between the markers of its name."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Sequence
from pathlib import Path

DOCS = Path(os.environ.get("FIGURES_DIR") or Path(__file__).parents[2] / "docs")


def write(page: str, name: str, text: str) -> None:
    """Replace what is between `<!-- figures: name -->` and `<!-- end -->` in docs/`page`.

    Several processes may write to one page. Raises KeyError if the page has no such markers.
    """
    marked = re.compile(rf"(<!-- figures: {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    with (DOCS / page).open("r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        document = file.read()
        if not marked.search(document):
            raise KeyError(f"docs/{page} has no place for the figures {name!r}")
        file.seek(0)
        file.write(marked.sub(lambda found: f"{found[1]}\n{text.strip()}\n\n{found[2]}", document))
        file.truncate()


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table. A vertical bar in a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
