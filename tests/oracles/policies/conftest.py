"""The policies that Terraform renders, once for all tests of this folder."""

from __future__ import annotations

from typing import Any

import pytest

from crudctl.infra import state
from tests.oracles.policies.rendered import ACCOUNT, NAME, REGION, Policy, render

FIXTURE = "tests/fixture"
CI: dict[str, Any] = {"name": NAME, "region": REGION, "env": "test", "repository": "octo-org/depot"}
STACK: dict[str, Any] = {
    "name": NAME,
    "region": REGION,
    "env": "test",
    "package": f"{FIXTURE}/functions.zip",
    "rollback_package": f"{FIXTURE}/functions.zip",
    "contract": f"{FIXTURE}/contract.json",
    "service": f"{FIXTURE}/service.json",
    "own_actions": {"stamp_parcel": ["dynamodb:GetItem", "dynamodb:UpdateItem"]},
    "alarm_emails": ["ops@example.com"],
    "gateway_logging_role": True,
    "password_client": True,
    "waf": True,
}


@pytest.fixture(scope="session")
def policies(tmp_path_factory: pytest.TempPathFactory) -> list[Policy]:
    """The policies of both roots, and of the bucket that `bootstrap` makes itself."""
    plans = [("./ci", CI), (".", STACK), (".", STACK | {"abac": True})]
    bucket = Policy("the state's bucket", state.tls_only(f"{NAME}-test-state-{ACCOUNT}"))
    return [*render(tmp_path_factory.mktemp("policies"), plans), bucket]
