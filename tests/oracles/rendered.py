"""Everything that infra/ renders: with every switch on and the longest names, and as each environment sets it.

A plan test with a mocked provider is run once for each state of infra/, without an account and a network, and its plans are kept
in build/. Computed values are the ones below; what a plan does not know is left out.
"""

from __future__ import annotations

import contextlib
import copy
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from crudctl import naming
from crudctl.infra import provider, terraform
from tests.stack import ROOT, project_files

Json = dict[str, Any]

OPERATIONS = 20
NAME, ENV, ACCOUNT = "abcdefghij-klmnopqrs", "test", "123456789012"  # as long as infra/variables.tf allows
LONGEST_ROLE = 64  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
KEY = min(32, LONGEST_ROLE - len(f"{NAME}-{ENV}--data"))  # characters of an operation's name, at most
ODD = [
    "watched",
    "all",
    "bad",
    "sum",
    "crashes",
]  # operations whose names are used for something else in alarms and panels
ENVS = ROOT / "infra" / "envs"
ENVIRONMENTS = tuple(sorted(path.stem for path in ENVS.glob("*.tfvars") if path.stem != "local"))  # those on AWS
REQUIRED = {
    "alarm_emails": '["on-call@example.com"]',
    "runbook": '"https://example.com/runbook.md"',
}  # of prod, in its settings
INSTEAD = {"alarm_emails": {"alarm_emails", "alarm_topic"}, "runbook": {"runbook"}}
FIXTURE = ROOT / "infra" / "tests" / "fixture"
RENDERED = ROOT / "build" / "rendered"
UUID = "6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d"
# https://developer.hashicorp.com/terraform/language/tests/mocking#generated-data
MADE_UP = re.compile("[a-z0-9]{8}")
SETTINGS = """
  name                 = "%(name)s"
  region               = "ap-southeast-1"
  env                  = "%(env)s"
  package              = "tests/fixture/functions.zip"
  rollback_package     = "tests/fixture/functions.zip"
  contract             = "tests/fixture/longest_contract.json"
  service              = "tests/fixture/longest.json"
  abac                 = true
  cdn                  = true
  waf                  = true
  password_client      = true
  gateway_logging_role = true
  monthly_budget_usd   = 50
  alarm_emails         = ["on-call@example.com"]
  runbook              = "https://github.com/an-organisation-with-a-long-name/a-repository-with-a-long-name/blob/main/docs/runbook.md"
  mail                 = { from = "Me <me@example.com>", identity_arn = "arn:aws:ses:eu-west-1:%(account)s:identity/example.com" }
  api_domain           = { name = "api.example.com", certificate_arn = "%(here)s" }
  web_domain           = { name = "www.example.com", certificate_arn = "%(there)s" }
  sign_in_domain       = { name = "auth.example.com", certificate_arn = "%(there)s" }
  sign_in_page         = "managed"
  sign_in_rate_limit   = 100
  passkeys             = true
  own_actions          = %(own_actions)s
"""
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
ARNS = {
    "aws_api_gateway_rest_api": "arn:aws:apigateway:ap-southeast-1::/restapis/abcde12345",
    "aws_api_gateway_stage": "arn:aws:apigateway:ap-southeast-1::/restapis/abcde12345/stages/v1",
    "aws_cloudfront_distribution": f"arn:aws:cloudfront::{ACCOUNT}:distribution/EDFDVBD6EXAMPLE",
    "aws_cloudwatch_composite_alarm": f"arn:aws:cloudwatch:ap-southeast-1:{ACCOUNT}:alarm:{NAME}-{ENV}-availability-fast",
    "aws_cloudwatch_log_group": f"arn:aws:logs:ap-southeast-1:{ACCOUNT}:log-group:/aws/lambda/{'f' * 64}",
    "aws_cloudwatch_metric_alarm": f"arn:aws:cloudwatch:ap-southeast-1:{ACCOUNT}:alarm:{NAME}-{ENV}-{'o' * KEY}-faults",
    "aws_cognito_user_pool": f"arn:aws:cognito-idp:ap-southeast-1:{ACCOUNT}:userpool/ap-southeast-1_Example12",
    "aws_dynamodb_table": f"arn:aws:dynamodb:ap-southeast-1:{ACCOUNT}:table/{NAME}-{ENV}",
    "aws_iam_policy": f"arn:aws:iam::{ACCOUNT}:policy/{NAME}-{ENV}-boundary",
    "aws_iam_role": f"arn:aws:iam::{ACCOUNT}:role/{'r' * 64}",
    "aws_lambda_alias": f"arn:aws:lambda:ap-southeast-1:{ACCOUNT}:function:{'f' * 64}:prod",
    "aws_lambda_function": f"arn:aws:lambda:ap-southeast-1:{ACCOUNT}:function:{'f' * 64}",
    "aws_s3_bucket": f"arn:aws:s3:::{NAME}-{ENV}-site-{ACCOUNT}",
    "aws_sns_topic": f"arn:aws:sns:ap-southeast-1:{ACCOUNT}:{NAME}-{ENV}-alarms",
    "aws_sqs_queue": f"arn:aws:sqs:ap-southeast-1:{ACCOUNT}:{NAME}-{ENV}",
    "aws_wafv2_web_acl": f"arn:aws:wafv2:ap-southeast-1:{ACCOUNT}:regional/webacl/{NAME}/6a7c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d",
}
MORE: dict[str, Json] = {
    "aws_api_gateway_rest_api": {
        "id": "abcde12345",
        "execution_arn": f"arn:aws:execute-api:ap-southeast-1:{ACCOUNT}:abcde12345",
        "root_resource_id": "abcde12345",
    },
    "aws_api_gateway_stage": {"invoke_url": "https://abcde12345.execute-api.ap-southeast-1.amazonaws.com/v1"},
    "aws_cloudfront_distribution": {"domain_name": "d111111abcdef8.cloudfront.net", "id": "EDFDVBD6EXAMPLE"},
    "aws_cognito_resource_server": {"scope_identifiers": ["parcels/read", "parcels/write"]},
    "aws_cognito_user_pool": {"id": "ap-southeast-1_Example12"},
    "aws_cognito_user_pool_client": {"id": "1example23456789abcdefghij"},
    "aws_dynamodb_table": {"id": f"{NAME}-{ENV}"},
    "aws_lambda_alias": {
        "invoke_arn": "arn:aws:apigateway:ap-southeast-1:lambda:path/2015-03-31/functions/"
        f"arn:aws:lambda:ap-southeast-1:{ACCOUNT}:function:{'f' * 64}:prod/invocations"
    },
    "aws_lambda_function": {"version": "1"},
    "aws_s3_bucket": {"bucket_regional_domain_name": f"{NAME}-{ENV}-site-{ACCOUNT}.s3.ap-southeast-1.amazonaws.com"},
}


def longest() -> list[Json]:
    """Return the planned resources of infra/, each with `address`, `type`, `name` and `values`."""
    return _plans()["longest"]


def environment(name: str) -> list[Json]:
    """Return those of one of ENVIRONMENTS, as infra/envs has it, for a resource with its own operations only."""
    return _plans()[name]


def _plans() -> dict[str, list[Json]]:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in sorted(map(str, project_files())):
        if name.startswith("infra/"):
            digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes())
    RENDERED.mkdir(parents=True, exist_ok=True)
    kept = RENDERED / f"{digest.hexdigest()[:16]}.json"
    with (RENDERED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            plans = _planned()
            for old in RENDERED.glob("*.json"):
                old.unlink()
            kept.write_text(json.dumps(plans), encoding="utf-8")
    found: dict[str, list[Json]] = json.loads(kept.read_text(encoding="utf-8"))
    return found


def _planned() -> dict[str, list[Json]]:
    """Run the plan test in a copy of infra/. Return the resources of each of its runs."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "infra"
        shutil.copytree(ROOT / "infra", home, ignore=shutil.ignore_patterns(".terraform*", "*.hcl", "ci"))
        _write_usual(home / "tests" / "fixture")
        own = _write_service(home / "tests" / "fixture")
        (home / "tests" / "longest.tftest.hcl").write_text(_test(own), encoding="utf-8")
        written = "".join(path.read_text(encoding="utf-8") for path in sorted(home.rglob("*.[jtv]*")) if path.is_file())
        plans = {}
        for line in _terraform(home, "test", "-json", "-verbose").splitlines():
            event = json.loads(line)
            if event["type"] == "test_plan":
                planned = event["test_plan"]["resource_changes"]
                plans[event["@testrun"]] = [_resource(one, written) for one in planned if one["change"].get("after")]
            assert event.get("diagnostic", {}).get("severity") != "error", event["diagnostic"]
    assert plans.keys() == {"longest", *ENVIRONMENTS}, f"Terraform planned only {', '.join(plans)}"
    return plans


def _resource(change: Json, written: str) -> Json:
    values = _without_made_up(change["change"]["after"], written)
    return {"address": change["address"], "type": change["type"], "name": change["name"], "values": values}


def _without_made_up(value: Any, written: str) -> Any:
    """Return a value without the strings that Terraform has made up for what only the provider knows."""
    if isinstance(value, dict):
        kept = {name: _without_made_up(each, written) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each is not None}
    if isinstance(value, list):
        return [_without_made_up(each, written) for each in value]
    return None if isinstance(value, str) and MADE_UP.fullmatch(value) and value not in written else value


def _write_usual(folder: Path) -> None:
    """Write the description and the contract of a service without operations of its own."""
    service, contract = (json.loads((FIXTURE / f"{name}.json").read_text("utf-8")) for name in ("service", "contract"))
    own = {name for name, operation in service["operations"].items() if operation["kind"] == "other"}
    for name in own:
        del service["operations"][name], service["functions"][name]
    for path, methods in list(contract["paths"].items()):
        kept = {method: operation for method, operation in methods.items() if operation.get("operationId") not in own}
        contract["paths"][path] = kept
        if not kept:
            del contract["paths"][path]
    (folder / "usual.json").write_text(json.dumps(service), encoding="utf-8")
    (folder / "usual_contract.json").write_text(json.dumps(contract), encoding="utf-8")


def _write_service(folder: Path) -> list[str]:
    """Write the description and the contract of a service with OPERATIONS operations. Return those that are its own."""
    service, contract = (json.loads((FIXTURE / f"{name}.json").read_text("utf-8")) for name in ("service", "contract"))
    shown = next(each for each in service["operations"].values() if each["kind"] == "other")
    own, odd = [shown["id"]], [*ODD]
    while len(service["operations"]) < OPERATIONS:
        name = odd.pop() if odd else f"operation_{len(own):02}_".ljust(KEY, "x")
        path = f"{shown['path']}{len(own)}"
        service["operations"][name] = {**shown, "id": name, "function": name, "handler": name, "path": path}
        service["functions"][name] = {
            **service["functions"][shown["function"]],
            "handler": f"functions.handlers.{name}",
        }
        contract["paths"][path] = copy.deepcopy(contract["paths"][shown["path"]])
        for operation in contract["paths"][path].values():
            if isinstance(operation, dict) and operation.get("operationId") == shown["id"]:
                operation["operationId"] = name
        own.append(name)
    (folder / "longest.json").write_text(json.dumps(service), encoding="utf-8")
    (folder / "longest_contract.json").write_text(json.dumps(contract), encoding="utf-8")
    return own


def _test(own: list[str]) -> str:
    """Return the plan test of a service with these operations of its own."""
    actions = json.dumps({name: ["dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"] for name in own})
    here, there = (f"arn:aws:acm:{region}:{ACCOUNT}:certificate/{UUID}" for region in ("ap-southeast-1", "us-east-1"))
    settings = SETTINGS % {
        "here": here,
        "there": there,
        "name": NAME,
        "env": ENV,
        "own_actions": actions,
        "account": ACCOUNT,
    }
    mocked = {kind: {"arn": ARNS[kind]} if kind in ARNS else {} for kind in sorted(ARNS | MORE)}
    defaults = "".join(
        f"  mock_resource {json.dumps(kind)} {{\n    defaults = {json.dumps(values | MORE.get(kind, {}))}\n  }}\n"
        for kind, values in mocked.items()
    )
    runs = "".join(
        f'run "{name}" {{\n  command = plan\n  variables {{\n{_settings(name)}  }}\n}}\n' for name in ENVIRONMENTS
    )
    return (
        f'mock_provider "aws" {{\n  override_during = plan\n{defaults}'
        f'  mock_data "aws_caller_identity" {{\n    defaults = {{ account_id = "{ACCOUNT}" }}\n  }}\n}}\n'
        f'run "longest" {{\n  command = plan\n  variables {{\n{settings}  }}\n}}\n{runs}'
    )


def _settings(environment: str) -> str:
    """Return what an environment of this project sets."""
    names = naming.read(ROOT, environment)
    given = (ENVS / f"{environment}.tfvars").read_text(encoding="utf-8").splitlines()
    lines = [line for line in given if not re.match(r"(name|region|env)\b", line)]
    set_here = {line.split("=")[0].strip() for line in lines}
    needed = REQUIRED if naming.family(environment) == "prod" else {}
    lines += [f"{name} = {value}" for name, value in needed.items() if not set_here & INSTEAD[name]]
    files = {"package": "functions.zip", "rollback_package": "functions.zip"}
    files |= {"contract": "usual_contract.json", "service": "usual.json"}
    lines += [f'{name} = "tests/fixture/{file}"' for name, file in files.items()]
    return "\n".join([f'name = "{names.service}"', f'region = "{names.region}"', f'env = "{environment}"', *lines, ""])


def _terraform(home: Path, *arguments: str) -> str:
    """Run Terraform there with the providers of this checkout, and return what it printed."""
    mirror = subprocess.run(
        [ROOT / "scripts" / "find-provider-mirror"], capture_output=True, text=True, check=True
    ).stdout.strip()
    settings = home / "cli.tfrc"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "AWS_"))}
    if mirror:
        settings.write_text(provider.installation(Path(mirror)), encoding="utf-8")
        environment["TF_CLI_CONFIG_FILE"] = str(settings)
    environment["GOGC"] = (
        "400"  # a third less CPU, for more memory: https://pkg.go.dev/runtime#hdr-Environment_Variables
    )
    program = terraform.program(ROOT)
    with contextlib.chdir(home):
        subprocess.run([program, "init", "-input=false"], env=environment, check=True, capture_output=True)
        return subprocess.run(
            [program, *arguments], env=environment, check=False, capture_output=True, text=True
        ).stdout
