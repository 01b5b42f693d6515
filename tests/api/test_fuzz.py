"""Requests generated from the contract: no 5xx, and no response that the contract does not describe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from crudctl.build import contract
from tests import contracts
from tests.api.conftest import TARGETS, Service

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.fixture(scope="session")
def fuzzed(connected: Callable[[str], Service]) -> Service:
    """The service behind its gateway."""
    return connected(TARGETS[-1])


def document() -> dict[str, Any]:
    """Return the tests' contract with the schema of the merge patch expanded, as the request generator needs it."""
    plain: Any = contracts.document()
    schemas = plain["components"]["schemas"]
    schemas["ItemPatch"] = contract.flatten(plain, schemas["ItemPatch"])
    return dict(plain)


schema = schemathesis.openapi.from_dict(document())


@schema.parametrize()
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_response_conforms_to_the_contract(case: Any, fuzzed: Service) -> None:
    case.headers.pop("Authorization", None)
    client = fuzzed.client("second")
    case.call_and_validate(
        base_url=str(client.base_url).rstrip("/"),
        headers={"Authorization": client.headers["authorization"]},
        checks=CHECKS,
    )
