"""Requests generated from the project's own contract: no 5xx, and no response that the contract does not describe."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings

from crudctl.build import contract
from tests.api.test_fuzz import CHECKS
from tests.own.test_service import DOCUMENT
from tests.stack import Stack


def document() -> dict[str, Any]:
    """Return the contract with the schema of each merge patch expanded, as the request generator needs it."""
    plain = copy.deepcopy(DOCUMENT)
    schemas = plain["components"]["schemas"]
    expanded = {name: contract.flatten(plain, part) for name, part in schemas.items() if "x-merge-patch-of" in part}
    plain["components"]["schemas"] = schemas | expanded
    return plain


@pytest.fixture(scope="module")
def gateway(own_stack: Stack) -> Iterator[httpx.Client]:
    """The API behind its gateway, signed in as the second user."""
    with own_stack.api(1) as client:
        yield client


schema = schemathesis.openapi.from_dict(document())


@schema.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_response_conforms_to_the_projects_contract(case: Any, gateway: httpx.Client) -> None:
    case.headers.pop("Authorization", None)
    case.call_and_validate(
        base_url=str(gateway.base_url).rstrip("/"),
        headers={"Authorization": gateway.headers["authorization"]},
        checks=CHECKS,
    )
