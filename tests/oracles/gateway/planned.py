"""The REST API as Terraform would send it, for any contract: from the plans of `terraform test`, which needs no account."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crudctl.build import aws_profile, contract, service
from crudctl.infra import provider, terraform
from crudctl.project import Environment
from tests.stack import ROOT

Json = dict[str, Any]
MOCKS = ROOT / "infra" / "tests" / "api.tftest.hcl"  # its provider is known without AWS


@dataclass(frozen=True)
class Planned:
    """The body of PutRestApi, and the format of the stage's access log."""

    body: Json
    access_log: str


def plan(home: Path, contract: Path) -> Planned:
    """Return what Terraform plans for a contract, with `infra/` copied to `home`, which takes seconds."""
    return plans(home, {"planned": contract})["planned"]


def plans(home: Path, contracts: Mapping[str, Path]) -> dict[str, Planned]:
    """Return what Terraform plans for each contract."""
    shutil.copytree(ROOT / "infra", home / "infra", ignore=shutil.ignore_patterns("tests", ".terraform*"))
    shutil.copytree(ROOT / "infra" / "tests" / "fixture", home / "infra" / "tests" / "fixture")
    mock, _, _ = MOCKS.read_text(encoding="utf-8").partition("\nrun ")
    runs = [mock, *(_run(home / "infra", name, path) for name, path in contracts.items())]
    (home / "infra" / "tests" / "planned.tftest.hcl").write_text("\n".join(runs), encoding="utf-8")
    _terraform(home, "init", "-backend=false", "-input=false")
    ran = _terraform(home, "test", "-json", "-verbose")
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    found = {event["@testrun"]: event["test_plan"] for event in events if event["type"] == "test_plan"}
    assert found.keys() == contracts.keys(), ran.stdout + ran.stderr
    return {name: _planned(plan) for name, plan in found.items()}


def _terraform(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Terraform in `infra/` of `home`, with the provider that the tests use."""
    provider.choose(Environment(home, "local"), home)
    config = provider.settings_file(home)
    chosen = {"TF_CLI_CONFIG_FILE": str(config)} if config.exists() else {}
    command = [terraform.program(ROOT), *arguments]
    environ = {**os.environ, "CHECKPOINT_DISABLE": "1", **chosen}
    return subprocess.run(command, cwd=home / "infra", env=environ, capture_output=True, text=True, check=False)


def _run(infra: Path, name: str, path: Path) -> str:
    """Return a run that plans the contract at `path`, whose derived files are written to the fixture."""
    document = contract.parse(path)
    described = service.describe(document)
    for kind, value in (("contract", aws_profile.aws_profile(document)), ("service", described.as_json())):
        (infra / "tests" / "fixture" / f"{name}_{kind}.json").write_text(json.dumps(value), encoding="utf-8")
    own = {each.function: ["dynamodb:GetItem"] for each in described.operations.values() if each.kind == "other"}
    return f"""run "{name}" {{
  command = plan
  variables {{
    contract    = "tests/fixture/{name}_contract.json"
    service     = "tests/fixture/{name}_service.json"
    own_actions = {json.dumps(own)}
  }}
}}
"""


def _planned(plan: Json) -> Planned:
    found = {each["address"]: each for each in plan["resource_changes"]}
    return Planned(
        json.loads(found["aws_api_gateway_rest_api.api"]["change"]["after"]["body"]),
        found["aws_api_gateway_stage.api"]["change"]["after"]["access_log_settings"][0]["format"],
    )


def variables(text: str) -> list[str]:
    """Return the `$context` variables in a text, without `$context.`."""
    return re.findall(r"\$\{?context\.([A-Za-z0-9_.]*[A-Za-z0-9_])", text)
