"""Requests made from the published contract: no 5xx, and no response that it does not describe. `make fuzz` is the long form."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from crudctl.build import openapi_31, published
from tests import contracts
from tests.api.conftest import TARGETS, Service
from tests.fuzz import explained  # schemathesis asks it about each failure
from tests.fuzz.life import Lives

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

WALKS = settings(QUICK, max_examples=10, stateful_step_count=8)


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


def walk(schema: OpenApiSchema, client: httpx.Client, plan: settings) -> Counter[str]:
    """Follow the contract's links from response to request, as the client's user.

    What happened to a resource before decides which responses may show it. Return how often each operation responded with each
    status, by `METHOD path status`. Raise AssertionError with everything that is wrong.
    """
    called, lives, found = Counter[str](), Lives(), list[str]()

    class Walk(schema.as_state_machine()):  # type: ignore[misc]  # made at run time
        def setup(self) -> None:
            self.keys = secrets.token_hex(4)  # the service knows the keys of earlier walks

        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            case.headers.pop("Authorization", None)
            if re.fullmatch("[!#-~]{1,200}", str(case.headers.get("Idempotency-Key", ""))):
                case.headers["Idempotency-Key"] = self.keys + case.headers["Idempotency-Key"]
            return {
                "base_url": str(client.base_url).rstrip("/"),
                "headers": {"Authorization": client.headers["authorization"]},
            }

        def validate_response(self, response: Any, case: Any, additional_checks: Any = None, **kwargs: Any) -> None:
            called[f"{case.method} {case.operation.path} {response.status_code}"] += 1
            try:
                checks = [*CHECKS, positive_data_acceptance]
                case.validate_response(response, checks=checks, transport_kwargs=kwargs, recorder=self.recorder)
                lives.see(case, response)
            except AssertionError as failure:  # not raised here: a repeated walk meets what the first one left behind
                found.append(str(failure))

    with contextlib.suppress(Flaky):  # a list has more than before, so that another turn is open
        Walk.run(settings=plan)
    assert not found, "\n\n".join(found)
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
    called = walk(schema, fuzzed.client("second"), WALKS)
    assert called["POST /items 201"]
    # Which of them depends on what else was imported: Hypothesis tries the constants of loaded modules.
    assert [one for one in called if re.match(r"(GET|PUT|PATCH|DELETE) /items/\{id\} 2", one)]


def test_every_explanation_has_a_name_of_its_own_and_a_reason() -> None:
    assert len({one.name for one in explained.EXPLAINED}) == len(explained.EXPLAINED)
    assert all(len(one.reason) > 20 for one in explained.EXPLAINED)


def test_walk_notices_a_resource_that_comes_back() -> None:
    def seen(method: str, status: int, purge: str = "false") -> None:
        operation = SimpleNamespace(path="/items/{id}")
        case = SimpleNamespace(method=method, operation=operation, path_parameters={"id": "1"}, query={"purge": purge})
        lives.see(case, SimpleNamespace(status_code=status, headers={}))

    lives = Lives()
    for method, status in (("GET", 200), ("DELETE", 204), ("GET", 404)):
        seen(method, status)
    with pytest.raises(AssertionError, match="responded with 304 for what is in the trash"):
        seen("GET", 304)
    seen("DELETE", 204, purge="true")
    with pytest.raises(AssertionError, match="for what is gone"):
        seen("DELETE", 204)
