"""Renders docs/parity.md from the register of differences: `python -m emulator.parity > docs/parity.md`."""

from __future__ import annotations

import importlib
import os
import re
import tempfile
from importlib import metadata
from itertools import groupby
from pathlib import Path

from emulator import known_gaps, patches
from emulator.patches import Difference, registered
from emulator.settings import environment

UPSTREAM = Path(__file__).parents[2] / "docs" / "upstream"

INTRODUCTION = """\
# Where local and AWS differ

Made by `python -m emulator.parity` from the additions in `src/emulator/`; a test fails when it is stale.
The local stack is MiniStack {version} with these additions. Each has a test of what it adds, and one
that runs MiniStack alone and fails when the addition is no longer needed.

- *here* is what the local stack does. "as MiniStack": nothing is added.
- *patches* are the names in MiniStack that the addition replaces. Each is checked when the emulator starts: if an upgrade
  renames one or changes its parameters, the emulator refuses to start and names the difference. The names that the
  additions only read are checked too; they are declared with `uses` in `src/emulator/`.
- *upstream* is what a change in MiniStack itself would look like. Where it is wiring of what MiniStack has already, a patch
  is ready to be sent: see [upstream/](upstream/README.md).
"""


def render() -> str:
    """Return the whole text of docs/parity.md. Imports MiniStack and patches it."""
    server = importlib.import_module("emulator.server")
    with tempfile.TemporaryDirectory() as folder:
        server.patched(Path(folder) / "state.sqlite").store.close()
    parts = [INTRODUCTION.format(version=metadata.version("ministack"))]
    for service, differences in groupby(registered(), key=lambda difference: difference.service):
        parts.append(
            f"\n## {service}\n\n| | AWS | MiniStack | here | patches | upstream |\n|---|---|---|---|---|---|\n"
        )
        parts += [_row(difference) for difference in differences]
    return "".join(parts)


def _row(difference: Difference) -> str:
    file = f"{difference.name}.patch"
    ready = f" ([patch](upstream/{file}))" if (UPSTREAM / file).exists() else ""
    cells = (
        f"`{difference.name}`",
        f"{difference.aws} ([source]({difference.source}))",
        difference.ministack,
        difference.here or "as MiniStack",
        _patches(difference) or "none",
        difference.upstream + ready,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _patches(difference: Difference) -> str:
    """Return the targets of a difference's patches, without the packages; all entries of one mapping are one target."""
    targets = [patch.target for patch in patches.applied() if difference in patch.differences]
    short = [re.sub(r"^(ministack|hypercorn)\.((services|core|protocol)\.)?", "", target) for target in targets]
    return ", ".join(dict.fromkeys(f"`{target.partition('[')[0]}`" for target in short))


def main() -> None:
    """Print the page."""
    with tempfile.TemporaryDirectory() as folder:
        settings = environment(0, Path(folder), "us-east-1", "none")
        os.environ.clear()
        os.environ.update(settings)
        print(render(), end="")


if __name__ == "__main__":
    assert known_gaps  # registers differences that no addition imports
    main()
