"""The policies that Terraform renders: of infra/, of infra/ci, and of the bucket that `bootstrap` makes itself.

The provider is Terraform's mock with realistic ARNs: in a real first plan most of them are unknown, and so is a policy with one.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crudctl import processes
from crudctl.infra import provider, state, terraform
from crudctl.project import Environment
from tests.oracles import rendered
from tests.stack import ROOT

ACCOUNT, NAME = rendered.ACCOUNT, rendered.NAME
REGION, PREFIX = "ap-southeast-1", f"{NAME}-{rendered.ENV}"
HERE, ROLE = f"{REGION}:{ACCOUNT}", f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}"
KINDS = ("assume_role_policy", "policy")  # the attributes of a resource that are one
# The plan of infra/ has names of the greatest length. These begin as those of the stack do, which the boundary goes by.
NAMES = {
    "r" * 64: f"{PREFIX}-example-data",
    "f" * 64: f"{PREFIX}-example",
    f':table/{PREFIX}"': f':table/{PREFIX}-example"',
    f":table/{PREFIX}/": f":table/{PREFIX}-example/",
}
CI_TEST = f"""
mock_provider "aws" {{
  override_during = plan
  mock_data "aws_caller_identity" {{
    defaults = {{ account_id = "{ACCOUNT}" }}
  }}
  mock_resource "aws_iam_policy" {{
    defaults = {{ arn = "arn:aws:iam::{ACCOUNT}:policy/{PREFIX}-boundary" }}
  }}
}}
run "plan" {{
  command = plan
  variables {{
    name       = "{NAME}"
    region     = "{REGION}"
    env        = "{rendered.ENV}"
    repository = "octo-org/depot"
  }}
}}
"""


@dataclass(frozen=True)
class Policy:
    """A rendered policy: the resource and attribute it is in, such as `aws_sns_topic_policy.alarms policy`, and its document."""

    where: str
    document: dict[str, Any]

    @property
    def statements(self) -> list[dict[str, Any]]:
        """The statements, of which a document may have one or a list."""
        statements = self.document["Statement"]
        return statements if isinstance(statements, list) else [statements]


def rendered_policies(folder: Path) -> list[Policy]:
    """Return all policies, with infra/ci planned in a new `folder`. Raise AssertionError if that fails.

    Those of infra/ are of a stack with `abac`; without it, the statements of a data role are the function's own.
    """
    bucket = Policy("the state's bucket", state.tls_only(f"{PREFIX}-state-{ACCOUNT}"))
    stack = _policies((one["address"], one["values"]) for one in rendered.longest())
    roles = _policies((one["address"], one["change"]["after"]) for one in _planned_roles(folder))
    return [*roles, *map(_with_short_names, stack), bucket]


def _planned_roles(folder: Path) -> list[dict[str, Any]]:
    """Return the changes that Terraform plans for infra/ci with a repository."""
    source = folder / "ci"
    shutil.copytree(ROOT / "infra" / "ci", source, ignore=shutil.ignore_patterns(".terraform*", "*.tftest.hcl"))
    (source / "tests" / "roles.tftest.hcl").write_text(CI_TEST, encoding="utf-8")
    provider.choose(Environment(ROOT, "local"), folder)
    configuration = provider.settings_file(folder)
    environ = {
        "TF_DATA_DIR": str(folder / "data"),
        "CHECKPOINT_DISABLE": "1",
        **({"TF_CLI_CONFIG_FILE": str(configuration)} if configuration.exists() else {}),
    }
    for command in (["init", "-input=false"], ["test", "-json", "-verbose"]):
        result = processes.run(terraform.program(ROOT), *command, cwd=source, env=environ)
        assert result.returncode == 0, result.stdout + result.stderr
    events = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    (plan,) = (event["test_plan"] for event in events if event["type"] == "test_plan")
    changes: list[dict[str, Any]] = plan["resource_changes"]
    return changes


def _policies(resources: Iterable[tuple[str, Mapping[str, Any] | None]]) -> Iterator[Policy]:
    for address, values in resources:
        for name, value in (values or {}).items():
            if name in KINDS and isinstance(value, str) and value.startswith("{"):
                yield Policy(f"{address} {name}", json.loads(value))


def _with_short_names(policy: Policy) -> Policy:
    text = json.dumps(policy.document)
    for long, short in NAMES.items():
        text = text.replace(long, short)
    return Policy(policy.where, json.loads(text))
