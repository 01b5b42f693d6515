"""A plan as Markdown and as files, for people who approve it and for the job that applies it afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from crudctl.cost import deployed
from crudctl.infra.terraform import Plan

LENGTH = 60_000  # bytes of the plan; a comment on GitHub has at most 65,536 characters
PROGRESS = re.compile(r"^\S+: (Refreshing state|Reading|Still reading|Read complete|Preparing import)\b.*\n", re.M)


def write(folder: Path, planned: Plan, environment: str, freeze: str = "", gateway: Sequence[str] = ()) -> None:
    """Write a plan to a folder.

    `plan.md` is for people, `digest` for `crudctl deploy --approved`, and `cost.json` for `crudctl cost --plan`. No secrets.

    Args:
        gateway: what goes out when, a line each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.md").write_text(markdown(planned, environment, freeze, gateway), encoding="utf-8")
    (folder / "digest").write_text(f"{planned.digest}\n", encoding="ascii")
    priced = deployed.of_plan(planned.document).as_json()
    (folder / "cost.json").write_text(f"{json.dumps(priced, indent=2)}\n", encoding="utf-8")


def markdown(planned: Plan, environment: str, freeze: str = "", gateway: Sequence[str] = ()) -> str:
    """Return a plan as Markdown. Whatever it contains stays in its code block.

    Args:
        freeze: until when nothing is released, and why; empty if there is no freeze.
        gateway: what goes out when, a line each.
    """
    text = "\n\n".join([*gateway, PROGRESS.sub("", planned.text).strip()])
    shown = text.encode()[:LENGTH].decode(errors="ignore")
    if shown != text:
        shown = shown[: shown.rfind("\n") + 1]
        shown += f"… and {text.count(chr(10)) - shown.count(chr(10)) + 1} more lines: `crudctl deploy --env {environment} --plan`"
    longest = max(map(len, re.findall(r"`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)  # https://spec.commonmark.org/0.31.2/#fenced-code-blocks
    what = f"{planned.changes} resources" if planned.changes else "only outputs or the state"
    heading = f"This would change in `{environment}`: {what if planned.applicable else 'nothing'}."
    if freeze:
        heading += f"\n\n    {freeze}"  # an indented block, in which nothing is Markdown
    return f"{heading}\n\n{fence}text\n{shown}\n{fence}\n\nDigest of the plan: `{planned.digest}`\n"
