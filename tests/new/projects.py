"""The projects that prove `crudctl new`: their resources and fields, and how one is made and called."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from crudctl.build import contract, service
from crudctl.web import build as web
from tests.stack import ROOT

Content = Mapping[str, Any]


@dataclass(frozen=True)
class Project:
    """What `crudctl new` is called with, and the fields that its user then writes into the contract; without, they stay.

    Attributes:
        smallest, full, change: examples: of content with the required fields only, of all fields, of a merge patch.
    """

    resource: str
    options: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    smallest: Content = field(default_factory=dict)
    full: Content = field(default_factory=dict)
    change: Content = field(default_factory=dict)


TEXT = {"type": "string", "maxLength": 200}
NESTED: dict[str, Any] = {
    "fields": {
        "customer": {"type": "string", "title": "Customer", "minLength": 1, "maxLength": 200},
        "address": {
            "type": "object",
            "title": "Address",
            "nullable": True,
            "additionalProperties": False,
            "required": ["street"],
            "properties": {"street": TEXT, "floor": {"type": "integer", "nullable": True}},
        },
        "marks": {
            "type": "array",
            "title": "Marks",
            "nullable": True,
            "items": {**TEXT, "nullable": True},
            "maxItems": 20,
        },
        "notes": {
            "type": "object",
            "title": "Notes",
            "nullable": True,
            "additionalProperties": {**TEXT, "nullable": True},
        },
        "prices": {"type": "object", "title": "Prices", "additionalProperties": {"type": "number", "minimum": 0}},
        "lines": {
            "type": "array",
            "title": "Lines",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["sku"],
                "properties": {"sku": TEXT, "count": {"type": "integer", "minimum": 1}},
            },
        },
        "state": {"type": "string", "title": "State", "enum": ["open", "paid"]},
        "due": {"type": "string", "title": "Due", "format": "date"},
        "gift": {"type": "boolean", "title": "Gift"},
    },
    "required": ("customer",),
    "smallest": {"customer": "Ada"},
    "full": {
        "customer": "Ada",
        "address": {"street": "Main Street 1", "floor": None},
        "marks": ["fragile", None],
        "notes": {"door": "green", "bell": None},
        "prices": {"lamp": 19.5},
        "lines": [{"sku": "L-1", "count": 2}],
        "state": "open",
        "due": "2026-02-28",
        "gift": False,
    },
    "change": {"state": "paid", "address": {"floor": 3}, "notes": {"bell": "broken"}},
}
PROJECTS = {
    "one-field": Project(
        "order",
        fields={"label": {"type": "string", "title": "Label", "minLength": 1, "maxLength": 100}},
        required=("label",),
        smallest={"label": "First"},
        full={"label": "First"},
        change={"label": "Second"},
    ),
    "nested": Project("purchase order", **NESTED),
    "irregular": Project("person", ("--plural", "people", "--name", "staff-list", "--region", "eu-west-1")),
}
SHORTENED = Project("person", ("--plural", "people", "--name", "staff-list", "--region", "eu-west-1"), **NESTED)


def make(project: Project, folder: Path, crudctl: tuple[str, ...], checkout: Path = ROOT) -> None:
    """Make a project in `folder` from a checkout with the command `crudctl`, and write its fields into the contract."""
    command = [*crudctl, "new", str(folder), "--resource", project.resource, *project.options]
    subprocess.run(command, cwd=checkout, check=True)
    if project.fields:
        path = folder / "contract" / "openapi.yaml"
        document = with_fields(contract.parse(path), project)
        path.write_text(
            yaml.dump(document, Dumper=Plain, sort_keys=False, allow_unicode=True, width=120), encoding="utf-8"
        )
        git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"]
        subprocess.run([*git, "commit", "-q", "-a", "-m", "Describe the fields"], cwd=folder, check=True)


def with_fields(document: dict[str, Any], project: Project) -> dict[str, Any]:
    """The contract with the fields and examples of a project instead of its own."""
    described = service.describe(document)
    content = document["components"]["schemas"][described.content_schema]
    content |= {"properties": dict(project.fields), "required": list(project.required)}
    bodies = {
        kind: _bodies(document, described.operation(kind).id)
        for kind in (service.CREATE, service.REPLACE, service.PATCH)
    }
    for _, _, operation in contract.each_operation(document):  # the examples of the fields that were
        for part in (
            operation.get("requestBody", {}),
            *(operation["responses"].get(status, {}) for status in ("200", "201")),
        ):
            for media in contract.dereference(document, part).get("content", {}).values():
                media.pop("examples", None)
                media.pop("example", None)
    named = document["components"].pop("examples", {})
    used = {name: one for name, one in named.items() if f'"#/components/examples/{name}"' in json.dumps(document)}
    document["components"] |= {"examples": used} if used else {}
    bodies[service.CREATE][0]["examples"] = {
        name: {"value": dict(getattr(project, name))} for name in ("smallest", "full")
    }
    bodies[service.REPLACE][0]["example"] = dict(project.full)
    for media in bodies[service.PATCH]:
        media["example"] = dict(project.change)
    return document


def _bodies(document: dict[str, Any], operation_id: str) -> list[dict[str, Any]]:
    """The media type objects of an operation's request body."""
    operation = next(each for _, _, each in contract.each_operation(document) if each["operationId"] == operation_id)
    return list(contract.dereference(document, operation["requestBody"])["content"].values())


class Plain(yaml.SafeDumper):
    """YAML without anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write every value where it is used."""
        return True


def share_packages(folder: Path) -> None:
    """Let the project in `folder` use the packages of this checkout, instead of installing its own."""
    program = folder / ".venv" / "bin" / "crudctl"
    program.parent.mkdir(parents=True)
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH="{folder}/src" exec {sys.executable} -m crudctl.cli "$@"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    if web.missing(folder):
        return
    web.install(ROOT, lambda _: None)
    (folder / "web" / "node_modules").symlink_to(ROOT / "web" / "node_modules")
    wanted = web._digest(folder, [folder / "web" / "package-lock.json", folder / "web" / "package.json"])
    web._record(folder, web.PACKAGES, wanted)


def first_call(folder: Path) -> int:
    """The status of a list that curl reads from the running stack of the project in `folder`."""
    crudctl = folder / ".venv" / "bin" / "crudctl"

    def output(*arguments: str) -> str:
        return subprocess.run(
            [crudctl, *arguments], cwd=folder, check=True, capture_output=True, text=True
        ).stdout.strip()

    address = f"{output('outputs', 'api_url')}/{service.load(folder).collection}"
    bearer = f"Authorization: Bearer {output('token', '--user', 'demo-1@example.com')}"
    command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H", bearer, address]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
