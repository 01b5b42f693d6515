"""The commands of a page, in order, by the section that they are in. Read from the page: what a test runs is what is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

HEADING = re.compile(r"^#{1,3} (.+)$")


@dataclass(frozen=True)
class Section:
    """A section by its title, with its commands."""

    title: str
    commands: tuple[str, ...]


def sections(page: Path) -> dict[str, Section]:
    """Return the sections of a page that have commands, by title.

    A command is a line of a block marked `sh`, with the lines that it continues on. Comments are part of it, as they are for a
    shell; a line with nothing else is none.
    """
    found: dict[str, list[str]] = {}
    title, inside, unfinished = "", False, ""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            inside = line == "```sh"
        elif not inside and (heading := HEADING.match(line)):
            title = heading[1]
        elif inside and line.strip() and not line.lstrip().startswith("#"):
            unfinished += line
            if line.endswith("\\"):
                unfinished += "\n"
                continue
            found.setdefault(title, []).append(unfinished)
            unfinished = ""
    return {title: Section(title, tuple(commands)) for title, commands in found.items()}
