"""Renders docs/parity.md from the register of differences: `python -m emulator.parity`."""

from __future__ import annotations

import importlib
import pkgutil
from itertools import groupby

from emulator import __path__ as package_path
from emulator.differences import Difference, registered

INTRODUCTION = """\
# Where local and AWS differ

Made by `python -m emulator.parity` from the additions in `src/emulator/`; a test fails when it is stale.
The local stack is MiniStack 1.5.33 with these additions. Each has a test of what it adds, and one
that runs MiniStack without it and fails when MiniStack has learnt it: then the addition can go.
Where nothing is added, the last column says so.
"""


def render() -> str:
    """The whole text of docs/parity.md."""
    for module in pkgutil.walk_packages(package_path, "emulator."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    parts = [INTRODUCTION]
    for service, differences in groupby(registered(), key=lambda d: d.service):
        parts.append(f"\n## {service}\n\n| | AWS | MiniStack | here |\n|---|---|---|---|\n")
        parts += [_row(difference) for difference in differences]
    return "".join(parts)


def _row(difference: Difference) -> str:
    aws = f"{difference.aws} ([source]({difference.source}))"
    cells = (f"`{difference.name}`", aws, difference.ministack, difference.here or "as MiniStack")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    print(render(), end="")
