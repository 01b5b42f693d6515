"""Writes the table of docs/settings.md from the variables of infra/: `.venv/bin/python scripts/write_settings.py`.

A test fails when the page is stale.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "settings.md"
BEGIN, END = "<!-- variables -->\n", "<!-- end -->\n"
FILES = ("variables.tf", "domains_variables.tf", "sign_in_variables.tf")
ELSEWHERE = {"name", "env", "region", "package", "rollback_package", "contract", "service", "own_actions"}
VARIABLE = re.compile(r'^variable "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
DESCRIPTION = re.compile(r'^  description = (?:("(?:[^"\\]|\\.)*")|<<-EOT\n(.*?)^  EOT$)', re.MULTILINE | re.DOTALL)
DEFAULT = re.compile(r"^  default +?= (.+?)(?: +#.*)?$", re.MULTILINE)


def page(text: str) -> str:
    """Return the page with the table of today's variables."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = "".join(f"| `{name}` | `{default}` | {said} |\n" for name, default, said in sorted(variables()))
    return f"{before}{BEGIN}\n| variable | default | |\n|---|---|---|\n{rows}\n{END}{after}"


def variables() -> Iterator[tuple[str, str, str]]:
    """Yield name, default and description of each variable that an environment's settings may assign."""
    for file in FILES:
        for name, body in VARIABLE.findall((ROOT / "infra" / file).read_text(encoding="utf-8")):
            if name not in ELSEWHERE:
                said, default = DESCRIPTION.search(body), DEFAULT.search(body)
                if not said or not default:
                    raise ValueError(f"{file}: {name} needs a description and a default.")
                yield name, default[1], _cell(json.loads(said[1]) if said[1] else " ".join(said[2].split()))


def _cell(text: str) -> str:
    """The text as it may stand in a cell: outside of code, `<` would begin a tag."""
    return "".join(
        part if number % 2 else part.replace("|", "\\|").replace("<", "&lt;")
        for number, part in enumerate(re.split(r"(`[^`]*`)", text))
    )


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
