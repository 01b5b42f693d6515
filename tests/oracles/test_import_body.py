"""The body that Terraform sends to PutRestApi, against what AWS documents."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crudctl.build import aws_profile
from emulator.apigateway import context_variables
from emulator.apigateway.context_variables import documented
from tests import contracts
from tests.contracts import shapes
from tests.oracles.gateway import body, planned
from tests.oracles.gateway.planned import Json, Planned
from tests.stack import ROOT

LARGEST_FORMAT = 3 * 1024  # bytes of an access log's format; api-gateway-execution-service-limits-table
LONGEST_LINE = 1024  # bytes, beyond which API Gateway cuts a log event; api-gateway-known-issues


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    """What Terraform sends for the project's own contract."""
    return planned.plan(tmp_path_factory.mktemp("plan"), ROOT / "contract" / "openapi.yaml")


def test_api_gateway_imports_all_of_the_body_without_a_warning(plan: Planned) -> None:
    assert body.faults(plan.body) == []


@pytest.mark.parametrize("contract", sorted(Path(shapes.__file__).parent.glob("*.yaml")), ids=lambda path: path.stem)
def test_api_gateway_imports_what_comes_of_every_contract(contract: Path) -> None:
    """tests/torture/test_import_body.py plans them too."""
    assert body.contract_faults(aws_profile.aws_profile(contracts.document(contract))) == []


def test_every_variable_of_the_body_and_of_the_access_log_is_one_that_aws_lists(plan: Planned) -> None:
    """`$context.operationName` was not: every line would have had `-`, and `crudctl logs --operation` no line of the gateway."""
    used = planned.variables(json.dumps(plan.body))
    assert used
    assert [name for name in used if not documented(name, context_variables.TEMPLATES)] == []
    logged = planned.variables(plan.access_log)
    assert len(logged) == len(json.loads(plan.access_log))
    assert [name for name in logged if not documented(name, context_variables.ACCESS_LOG)] == []


# The longest that each variable can be, as far as AWS documents it; others have at most 60 characters.
LONGEST = {
    "authorizer.claims.client_id": 26, "error.responseType": 30, "extendedRequestId": 16, "httpMethod": 7,
    "identity.sourceIp": 45, "integration.error": 90, "integration.requestId": 36, "integrationLatency": 5,
    "integrationStatus": 3, "requestId": 36, "responseLatency": 5, "responseLength": 8,
    "status": 3, "xrayTraceId": 40,
}  # fmt: skip


def test_line_of_the_access_log_is_never_cut(plan: Planned) -> None:
    text = plan.access_log
    assert len(text.encode()) <= LARGEST_FORMAT
    for name in planned.variables(text):
        text = text.replace(f"$context.{name}", "x" * LONGEST.get(name, 60))
    assert len(text.encode()) <= LONGEST_LINE


COLLECTION, WANTED = "/items", ("get", "options", "x-amazon-apigateway-any-method")


def in_model(**keywords: Any) -> Callable[[Json], None]:
    return lambda document: next(iter(document["components"]["schemas"].values())).update(keywords)


def mock_of(document: Json, method: str = "options") -> Json:
    found: Json = document["paths"][COLLECTION][method]["x-amazon-apigateway-integration"]
    return found


def mapped(header: str, source: str) -> Callable[[Json], None]:
    return lambda document: mock_of(document)["responses"]["default"]["responseParameters"].update(
        {f"method.response.header.{header}": source}
    )


def templated(template: str) -> Callable[[Json], None]:
    return lambda document: mock_of(document, "x-amazon-apigateway-any-method")["responses"]["default"].update(
        responseTemplates={"application/json": template}
    )


def at_gateway(**fields: Any) -> Callable[[Json], None]:
    return lambda document: document["x-amazon-apigateway-gateway-responses"]["THROTTLED"].update(fields)


def operation(**fields: Any) -> Callable[[Json], None]:
    return lambda document: document["paths"][COLLECTION]["get"].update(fields)


BROKEN: dict[str, Callable[[Json], None]] = {
    "a keyword that AWS does not support": in_model(nullable=True),
    "a keyword of a later draft": in_model(exclusiveMinimum=1),
    "a keyword without a valid value": in_model(required=[]),
    "a model's name with a hyphen": lambda d: d["components"]["schemas"].update({"a-b": {"type": "object"}}),
    "a repeated operationId": operation(operationId="preflightItems"),
    "no operationId": operation(operationId=""),
    "an attribute that OpenAPI does not have": operation(timeout=1),
    "a parameter with a rule": operation(
        parameters=[{"name": "a", "in": "query", "schema": {"type": "string", "enum": ["a"]}}]
    ),
    "a parameter's name with a bracket": operation(
        parameters=[{"name": "a[b]", "in": "query", "schema": {"type": "string"}}]
    ),
    "a cookie": operation(parameters=[{"name": "a", "in": "cookie", "schema": {"type": "string"}}]),
    "two authorizers": operation(security=[{"cognito": ["a"], "other": []}]),
    "a validator that does not exist": operation(**{"x-amazon-apigateway-request-validator": "all"}),
    "a default response": operation(responses={"default": {"description": "any"}}),
    "a response that is no object": operation(
        responses={"200": {"description": "a", "content": {"application/json": {"schema": {"type": "string"}}}}}
    ),
    "a path with a space": lambda d: d["paths"].update({"/a b": {}}),
    "the path of the health check": lambda d: d["paths"].update({"/ping": {}}),
    "a parameter within a segment": lambda d: d["paths"].update({"/items/{id}.json": {}}),
    "another security scheme": lambda d: d["components"]["securitySchemes"].update(
        other={"type": "http", "scheme": "bearer"}
    ),
    "a function without a qualifier": lambda d: mock_of(d, "get").update(uri=mock_of(d, "get")["uri"].replace(":prod", "")),
    "a timeout over the quota": lambda d: mock_of(d, "get").update(timeoutInMillis=30_000),
    "a status that is no text": lambda d: mock_of(d)["responses"]["default"].update(statusCode=204),
    "a status that is not declared": lambda d: mock_of(d)["responses"]["default"].update(statusCode="205"),
    "a MOCK without a status": lambda d: mock_of(d).update(requestTemplates={"application/json": "{}"}),
    "a MOCK that reads the client's body": lambda d: mock_of(d).update(passthroughBehavior="sometimes"),
    "a header that is not declared": mapped("X-Other", "'a'"),
    "a header without quotes": mapped("Allow", "GET, HEAD"),
    "a quote in a header": mapped("Allow", "'GET'HEAD'"),
    "a header of a variable with a dollar": mapped("Allow", "$context.requestId"),
    "a header of an unknown variable": mapped("Allow", "context.operationName"),
    "a header of the request": mapped("Allow", "method.request.header.Accept"),
    "a template with an unknown variable": templated('{"a": "$context.operationName"}'),
    "a template with a variable of the access log": templated('{"a": "$context.status"}'),
    "a template with a lone dollar": templated('{"a": "5 $"}'),
    "a template with a comment of Velocity": templated('{"a": "https://example.com/##b"}'),
    "a template with a directive": templated('{"a": "#if"}'),
    "a template that is not JSON": templated("<a/>"),
    "an open reference": templated('{"a": "${context.requestId"}'),
    "an unknown gateway response": lambda d: d["x-amazon-apigateway-gateway-responses"].update(TOO_BUSY={}),
    "a gateway response for XML": at_gateway(responseTemplates={"application/xml": "{}"}),
    "a gateway response with a function": at_gateway(responseTemplates={"application/json": '{"a": "$input.body"}'}),
    "a gateway response of an integration's header": at_gateway(
        responseParameters={"gatewayresponse.header.A": "integration.response.header.A"}
    ),
    "a gateway response with a number": at_gateway(statusCode=429),
}  # fmt: skip


@pytest.fixture(scope="module")
def collection(plan: Planned) -> Json:
    """The body with the first of its paths only, under the name of all these tests."""
    shortest = min((path for path, methods in plan.body["paths"].items() if "get" in methods), key=len)
    methods = copy.deepcopy(plan.body["paths"][shortest])
    methods["options"]["operationId"] = "preflightItems"
    small = plan.body | {"paths": {COLLECTION: {method: methods[method] for method in WANTED}}}
    assert body.faults(small) == []
    return small


@pytest.mark.parametrize("change", BROKEN)
def test_what_aws_refuses_or_ignores_is_found(collection: Json, change: str) -> None:
    document = copy.deepcopy(collection)
    BROKEN[change](document)
    assert body.faults(document)
