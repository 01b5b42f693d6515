"""The workflows and the scripts of their steps, as their files have them."""

from __future__ import annotations

from typing import Any

import yaml

from tests.stack import ROOT

Json = dict[str, Any]

FOLDER = ROOT / ".github"
WORKFLOWS: dict[str, Json] = {
    path.stem: yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    for path in sorted((FOLDER / "workflows").glob("*.yml"))
}
SETUP: Json = yaml.safe_load((FOLDER / "actions" / "setup" / "action.yml").read_text(encoding="utf-8"))
JOBS: dict[str, Json] = {
    f"{name}/{key}": job for name, workflow in WORKFLOWS.items() for key, job in workflow["jobs"].items()
}
SCRIPTS: list[tuple[str, str]] = [
    (f"{name}: {step.get('name', step['run'])}", step["run"])
    for name, job in JOBS.items()
    for step in job["steps"]
    if "run" in step
]


def script_of(title: str) -> str:
    """Return the script of the step `workflow/job: name`."""
    return dict(SCRIPTS)[title]
