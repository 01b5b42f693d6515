"""The policies that Terraform renders.

The provider is Terraform's mock with realistic ARNs: in a real first plan most of them are unknown, and so is a policy with one.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crudctl import processes
from crudctl.infra import provider, terraform
from crudctl.project import Environment
from tests.stack import ROOT

ACCOUNT, REGION, NAME = "123456789012", "eu-central-1", "depot"
POLICY_ATTRIBUTES = ("assume_role_policy", "policy", "policy_document")

# One ARN for each type: the mock cannot make it of a name.
ARNS = {
    "aws_acm_certificate": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/0f8fad5b-d9cb-469f-a165-70867728950e",
    "aws_api_gateway_stage": f"arn:aws:apigateway:{REGION}::/restapis/abcde12345/stages/v1",
    "aws_cloudfront_distribution": f"arn:aws:cloudfront::{ACCOUNT}:distribution/EXAMPLE",
    "aws_cloudwatch_log_group": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{NAME}-test-example",
    "aws_cognito_user_pool": f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{REGION}_Example",
    "aws_dynamodb_table": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{NAME}-test-example",
    "aws_iam_policy": f"arn:aws:iam::{ACCOUNT}:policy/{NAME}-test-boundary",
    "aws_iam_role": f"arn:aws:iam::{ACCOUNT}:role/{NAME}-test-example-data",
    "aws_lambda_function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{NAME}-test-example",
    "aws_s3_bucket": f"arn:aws:s3:::{NAME}-test-example-{ACCOUNT}",
    "aws_sns_topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:{NAME}-test-alarms",
    "aws_wafv2_web_acl": f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/example/6a7c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d",
}
MORE = {
    "aws_lambda_function": 'version = "7"',
    "aws_cognito_user_pool": f'id = "{REGION}_Example"',
    "aws_cognito_resource_server": 'scope_identifiers = ["parcels/read", "parcels/write"]',
    "aws_api_gateway_rest_api": f'id = "abcde12345"\n execution_arn = "arn:aws:execute-api:{REGION}:{ACCOUNT}:abcde12345"',
    "aws_cloudfront_distribution": 'domain_name = "d111111abcdef8.cloudfront.net"',
}


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


def render(folder: Path, plans: list[tuple[str, dict[str, Any]]]) -> list[Policy]:
    """Return the policies of plans: of the root module `.` for infra/ or `./ci` for infra/ci, and values of its variables.

    All are planned by one `terraform test`, because loading the provider takes longer than a plan. Raise AssertionError with
    Terraform's messages if a plan fails.
    """
    source = folder / "infra"
    shutil.copytree(ROOT / "infra", source, ignore=shutil.ignore_patterns(".terraform*", "*.tftest.hcl"))
    (source / "tests" / "render.tftest.hcl").write_text(_test(plans), encoding="utf-8")
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
    done = [event["test_plan"] for event in events if event["type"] == "test_plan"]
    assert len(done) == len(plans), result.stdout
    return [policy for plan in done for policy in _policies(plan["resource_changes"])]


def _policies(changes: list[dict[str, Any]]) -> Iterator[Policy]:
    for change in changes:
        for name, value in (change["change"]["after"] or {}).items():
            if name in POLICY_ATTRIBUTES and isinstance(value, str) and value.startswith("{"):
                yield Policy(f"{change['address']} {name}", json.loads(value))


def _test(plans: list[tuple[str, dict[str, Any]]]) -> str:
    mocks = "".join(
        f'  mock_resource "{kind}" {{\n    defaults = {{\n {_arn(kind)}\n {MORE.get(kind, "")}\n }}\n  }}\n'
        for kind in ARNS | MORE
    )
    account = f'  mock_data "aws_caller_identity" {{\n    defaults = {{ account_id = "{ACCOUNT}" }}\n  }}\n'
    runs = [
        f'run "number_{number}" {{\n  command = plan\n{_module(root)}  variables {{\n{_values(settings)}  }}\n}}\n'
        for number, (root, settings) in enumerate(plans)
    ]
    return f'mock_provider "aws" {{\n  override_during = plan\n{account}{mocks}}}\n{"".join(runs)}'


def _module(root: str) -> str:
    return "" if root == "." else f'  module {{\n    source = "{root}"\n  }}\n'


def _values(settings: dict[str, Any]) -> str:
    return "".join(f"    {name} = jsondecode({json.dumps(json.dumps(value))})\n" for name, value in settings.items())


def _arn(kind: str) -> str:
    return f'arn = "{ARNS[kind]}"' if kind in ARNS else ""
