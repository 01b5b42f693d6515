"""The local stack applies again when anything has changed that Terraform reads."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from crudctl.local import stack

INFRA = Path(__file__).resolve().parents[2] / "infra"
READ = sorted(
    {name for file in INFRA.glob("*.tf") for name in re.findall(r"path\.module}/([\w/.]+)", file.read_text())}
)


def test_a_change_of_any_file_that_terraform_reads_is_applied(tmp_path: Path) -> None:
    assert "sign_in/classic.css" in READ
    project: Any = SimpleNamespace(root=tmp_path, home=tmp_path / ".local")
    for name in ("functions.zip", "rollback.zip", "openapi.json", "service.json"):
        (tmp_path / "build" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "build" / name).touch()
    assert _changes(project, project.home / stack.GATEWAY / "contract.json")
    for name in filter(lambda name: (INFRA / name).is_file() and ".." not in name, READ):
        assert _changes(project, tmp_path / "infra" / name), name


def _changes(project: Any, file: Path) -> bool:
    """Whether a change of a file is one of what an apply reads."""
    before = stack._inputs(project)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("changed")
    return stack._inputs(project) != before
