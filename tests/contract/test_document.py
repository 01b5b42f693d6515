"""Every contract: the project's own and those of the tests are valid OpenAPI whose examples are valid, and can be packaged.

Nothing here knows a name of the project's own contract.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from crudctl.build import aws_profile, contract, examples, operations, round_trip, service
from tests import contracts
from tests.stack import ROOT

OWN = ROOT / "contract" / "openapi.yaml"
DOCUMENTS = {path.stem: contract.parse(path) for path in (OWN, *sorted(Path(contracts.__file__).parent.glob("*.yaml")))}


@pytest.fixture(params=DOCUMENTS)
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    """One contract after the other."""
    return DOCUMENTS[request.param]


def plain_schema(node: Any, response: bool) -> Any:
    """Return an OpenAPI 3.0 schema as JSON Schema: `nullable`, and `readOnly` as it applies to a request or a response."""
    if isinstance(node, list):
        return [plain_schema(entry, response) for entry in node]
    if not isinstance(node, dict):
        return node
    node = {k: plain_schema(v, response) for k, v in node.items() if k != "pattern"}  # Python's are others
    if (
        not response
        and node.get("type") == "object"
        and isinstance(node.get("properties"), dict)
        and node["properties"]
    ):
        node = contract.content(node)
    if node.get("nullable") is True:
        node = {"anyOf": [{k: v for k, v in node.items() if k != "nullable"}, {"enum": [None]}]}
    return node


def examples_of(document: Any, media: Any) -> list[Any]:
    """Return the examples of a body: of `examples`, and the one in `example`. A contract need not have any."""
    named = [contract.dereference(document, each) for each in media.get("examples", {}).values()]
    given = [each["value"] for each in named if "value" in each]
    return given + ([media["example"]] if "example" in media else [])


def with_one_example() -> dict[str, Any]:
    """Return the tests' contract with a single example: of what is created, in `example`."""
    document = contract.parse(contracts.ITEMS)
    for _, _, operation in contract.each_operation(document):
        for part in (operation.get("requestBody", {}), *operation["responses"].values()):
            for media in contract.dereference(document, part).get("content", {}).values():
                media.pop("examples", None)
                media.pop("example", None)
    del document["components"]["examples"]
    creates = document["paths"]["/items"]["post"]["requestBody"]
    contract.dereference(document, creates)["content"]["application/json"]["example"] = {"name": "Desk lamp"}
    return document


DOCUMENTS["one example"] = with_one_example()


def media_types() -> list[Any]:
    bodies = []
    for name, document in DOCUMENTS.items():
        for path, method, operation in contract.each_operation(document):
            where = f"{name} {method} {path}"
            body = contract.dereference(document, operation.get("requestBody", {}))
            for media, declared in body.get("content", {}).items():
                bodies.append(pytest.param(document, declared, False, id=f"{where} request {media}"))
            for status, response in operation["responses"].items():
                for media, declared in contract.dereference(document, response).get("content", {}).items():
                    bodies.append(pytest.param(document, declared, True, id=f"{where} {status} {media}"))
    return bodies


def test_the_contract_is_a_valid_openapi_document(document: dict[str, Any]) -> None:
    assert list(OpenAPIV30SpecValidator(contract.without_patterns(document)).iter_errors()) == []
    assert document["openapi"] == "3.0.1"


def test_the_contract_can_be_packaged(document: dict[str, Any]) -> None:
    operations.operations(document)
    examples.check(document, service.describe(document))
    round_trip.plan(document)


def test_the_projects_contract_names_no_vendor() -> None:
    assert "x-amazon" not in OWN.read_text(encoding="utf-8")


@pytest.mark.parametrize(("document", "media", "response"), media_types())
def test_every_example_of_a_body_is_valid(document: dict[str, Any], media: Any, response: bool) -> None:
    flat = plain_schema(contract.flatten(document, media["schema"]), response)
    for example in examples_of(document, media):
        jsonschema.Draft4Validator(flat, format_checker=jsonschema.FormatChecker()).validate(example)


def test_every_error_is_a_problem_document(document: dict[str, Any]) -> None:
    for path, method, operation in contract.each_operation(document):
        for status, reference in operation["responses"].items():
            if int(status) >= 400:
                assert list(contract.dereference(document, reference)["content"]) == ["application/problem+json"]
        documented = set(operation["responses"])
        assert {"400", "401", "403", "429", "500", "503"} <= documented, (method, path)
        if "requestBody" in operation:
            assert {"413", "415"} <= documented, (method, path)
        if "{id}" in path:
            assert "404" in documented, (method, path)


def test_a_patch_allows_the_content_of_a_put_and_null(document: dict[str, Any]) -> None:
    described = service.describe(document)
    name, patches = described.content_schema, document["components"]["schemas"]
    patch = next(contract.flatten(document, one) for one in patches.values() if one.get("x-merge-patch-of") == name)
    content = service.content_of(document, name)
    assert patch["properties"].keys() == content["properties"].keys()
    assert "required" not in patch
    for field, schema in patch["properties"].items():
        assert field in content["required"] or schema["nullable"] is True


def every_keyword(node: Any, schema: bool) -> set[str]:
    """Return the keys of a document but not the names of properties."""
    if isinstance(node, dict):
        names = schema and all(isinstance(inner, dict) for inner in node.values())
        inner = (every_keyword(value, key == "properties") for key, value in node.items())
        return (set() if names else set(node)).union(*inner)
    return set().union(*(every_keyword(entry, schema=False) for entry in node)) if isinstance(node, list) else set()


def test_the_aws_profile_is_valid_and_without_what_api_gateway_rejects(document: dict[str, Any]) -> None:
    profile = aws_profile.aws_profile(document)
    assert list(OpenAPIV30SpecValidator(profile).iter_errors()) == []
    rejected = {"additionalProperties", "format", "nullable", "readOnly", "writeOnly", "example", "examples", "default"}
    rejected |= {"discriminator", "allOf", "oneOf", "minItems", "maxItems", "links", "callbacks", "servers"}
    keywords = every_keyword(profile, schema=False)
    assert not keywords & rejected
    assert not [key for key in keywords if key.startswith("x-")]
    assert all(name.isalnum() for name in profile["components"]["schemas"])


def test_the_aws_profile_has_every_operation_parameter_and_status(document: dict[str, Any]) -> None:
    def outline(one: dict[str, Any]) -> dict[str, Any]:
        return {
            operation["operationId"]: (
                path,
                method,
                sorted(parameter["name"] for parameter in operation["parameters"]),
                sorted(operation["responses"]),
                operation["security"],
            )
            for path, method, operation in contract.each_operation(one)
        }

    assert outline(aws_profile.aws_profile(document)) == outline(document)


def test_the_aws_profile_accepts_every_example_of_a_request(document: dict[str, Any]) -> None:
    profile = aws_profile.aws_profile(document)
    in_profile = {operation["operationId"]: operation for _, _, operation in contract.each_operation(profile)}
    for _, _, operation in contract.each_operation(document):
        body = contract.dereference(document, operation.get("requestBody", {}))
        for media_type, media in body.get("content", {}).items():
            model = in_profile[operation["operationId"]]["requestBody"]["content"][media_type]["schema"]
            schema = contract.flatten(profile, model)
            for example in examples_of(document, media):
                jsonschema.Draft4Validator(schema).validate(example)


def test_the_aws_profile_is_plain_json(document: dict[str, Any]) -> None:
    profile = aws_profile.aws_profile(document)
    assert json.loads(json.dumps(profile)) == profile
