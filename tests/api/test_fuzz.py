"""Requests made from the published contract: no 5xx, and no response that it does not describe. `make fuzz` is the long form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
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
    use_after_free,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from crudctl.build import openapi_31, published
from tests import contracts
from tests.api.conftest import TARGETS, Service
from tests.fuzz import explained  # schemathesis asks it about each failure

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
QUICK = settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def loaded(document: Any) -> OpenApiSchema:
    """Return what schemathesis makes of a contract as it is published, in OpenAPI 3.1."""
    return schemathesis.openapi.from_dict(openapi_31.converted(published.published(document)))


def try_case(case: Any, client: httpx.Client) -> None:
    """Send one request as the client's user, and check the response."""
    case.headers.pop("Authorization", None)
    case.call_and_validate(
        base_url=str(client.base_url).rstrip("/"),
        headers={"Authorization": client.headers["authorization"]},
        checks=CHECKS,
    )


def walk(schema: OpenApiSchema, client: httpx.Client) -> set[str]:
    """Follow the contract's links from response to request, as the client's user. Return the operations that were called."""
    called: set[str] = set()

    class Walk(schema.as_state_machine()):  # type: ignore[misc]  # made at run time
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            case.headers.pop("Authorization", None)
            called.add(f"{case.method} {case.operation.path}")
            return {
                "base_url": str(client.base_url).rstrip("/"),
                "headers": {"Authorization": client.headers["authorization"]},
            }

        def validate_response(self, response: Any, case: Any, additional_checks: Any = None, **kwargs: Any) -> None:
            case.validate_response(
                response, checks=[*CHECKS, use_after_free], transport_kwargs=kwargs, recorder=self.recorder
            )

    Walk.run(settings=settings(QUICK, max_examples=10, stateful_step_count=8))
    return called


@pytest.fixture(scope="session")
def fuzzed(connected: Callable[[str], Service]) -> Service:
    """The service behind its gateway."""
    return connected(TARGETS[-1])


schema = loaded(contracts.document())


@schema.parametrize()
@QUICK
def test_every_response_conforms_to_the_contract(case: Any, fuzzed: Service) -> None:
    try_case(case, fuzzed.client("second"))


def test_every_response_along_the_links_conforms_to_the_contract(fuzzed: Service) -> None:
    assert walk(schema, fuzzed.client("second")) >= {"POST /items", "POST /items/{id}/restore", "DELETE /items/{id}"}


def test_every_explanation_has_a_name_of_its_own_and_a_reason() -> None:
    assert len({one.name for one in explained.EXPLAINED}) == len(explained.EXPLAINED)
    assert all(len(one.reason) > 20 for one in explained.EXPLAINED)
