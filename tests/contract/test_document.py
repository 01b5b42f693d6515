"""The contract itself: a valid OpenAPI document whose examples are valid, and which uses only what the service supports."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from crudctl.build import aws_profile, contract

ROOT = Path(__file__).parents[2]
DOCUMENT = contract.load(ROOT)


def plain_schema(node: Any, response: bool) -> Any:
    """Return an OpenAPI 3.0 schema as JSON Schema: `nullable`, and `readOnly` as it applies to a request or a response."""
    if isinstance(node, list):
        return [plain_schema(entry, response) for entry in node]
    if not isinstance(node, dict):
        return node
    node = {k: plain_schema(v, response) for k, v in node.items()}
    if not response and node.get("type") == "object" and node.get("properties"):
        node = contract.content(node)
    if node.pop("nullable", False):
        node["type"] = [node["type"], "null"]
    return node


def validate(value: Any, schema: dict[str, Any], response: bool) -> None:
    flat = plain_schema(contract.flatten(DOCUMENT, schema), response)
    jsonschema.Draft4Validator(flat, format_checker=jsonschema.FormatChecker()).validate(value)


def media_types() -> list[Any]:
    bodies = []
    for path, method, operation in contract.each_operation(DOCUMENT):
        where = f"{method} {path}"
        for media, body in contract.dereference(DOCUMENT, operation.get("requestBody", {})).get("content", {}).items():
            bodies.append(pytest.param(body, False, id=f"{where} request {media}"))
        for status, response in operation["responses"].items():
            for media, body in contract.dereference(DOCUMENT, response).get("content", {}).items():
                bodies.append(pytest.param(body, True, id=f"{where} {status} {media}"))
    return bodies


def test_the_contract_is_a_valid_openapi_document() -> None:
    assert list(OpenAPIV30SpecValidator(DOCUMENT).iter_errors()) == []
    assert DOCUMENT["openapi"] == "3.0.1"


def test_the_contract_names_no_vendor() -> None:
    assert "x-amazon" not in (ROOT / "contract" / "openapi.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(("media", "response"), media_types())
def test_every_body_has_an_example_that_is_valid(media: dict[str, Any], response: bool) -> None:
    named = [contract.dereference(DOCUMENT, e)["value"] for e in media.get("examples", {}).values()]
    examples = named + ([media["example"]] if "example" in media else [])
    assert examples
    for example in examples:
        validate(example, media["schema"], response)


@pytest.mark.parametrize(
    ("path", "method", "operation"),
    [pytest.param(*entry, id=entry[2]["operationId"]) for entry in contract.each_operation(DOCUMENT)],
)
def test_every_error_is_a_problem_document(path: str, method: str, operation: dict[str, Any]) -> None:
    for status, reference in operation["responses"].items():
        if int(status) >= 400:
            assert list(contract.dereference(DOCUMENT, reference)["content"]) == ["application/problem+json"]
    documented = set(operation["responses"])
    assert {"400", "401", "403", "429", "500", "503"} <= documented
    if "requestBody" in operation:
        assert {"413", "415"} <= documented
    if "{id}" in path:
        assert "404" in documented
    assert [scope for entry in operation["security"] for scope in entry["cognito"]] == [
        "items/read" if method == "GET" else "items/write"
    ]


def test_a_patch_allows_the_content_of_a_put_and_null() -> None:
    patch = contract.flatten(DOCUMENT, {"$ref": "#/components/schemas/ItemPatch"})
    item = contract.flatten(DOCUMENT, {"$ref": "#/components/schemas/Item"})
    assert patch["properties"].keys() == contract.content(item)["properties"].keys()
    assert "required" not in patch
    assert "nullable" not in patch["properties"]["name"]
    assert patch["properties"]["description"]["nullable"] is True
    assert patch["properties"]["attributes"]["additionalProperties"]["nullable"] is True


def with_field(**schema: Any) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    document["components"]["schemas"]["Item"]["properties"] |= schema
    return document


@pytest.mark.parametrize(
    ("field", "complaint"),
    [
        ({"colour": {"type": "string", "not": {"enum": ["red"]}}}, "do not validate not"),
        ({"colour": {"oneOf": [{"type": "string"}, {"type": "integer"}]}}, "do not validate oneOf"),
        ({"colour": {"type": "string", "format": "hostname"}}, "do not know the format hostname"),
        ({"colour": {"type": "integer", "format": "date"}}, "do not know the format date of integer"),
        ({"colour": {"type": "string", "pattern": r"^\p{L}+$"}}, "is not a regular expression"),
        ({"colour": {"type": "string", "enum": ["red", True]}}, "True in its enum is not of type string"),
        ({"colour": {"type": "integer", "enum": [1, "2"]}}, "'2' in its enum is not of type integer"),
        ({"colour": {"type": "string", "default": "red"}}, "do not support a nested readOnly or a default"),
        (
            {"box": {"type": "object", "required": ["w"], "additionalProperties": False}},
            "w is required but not defined",
        ),
        ({"box": {"allOf": [{"type": "object"}, {"type": "string"}]}}, "different `type`"),
        ({"owner": {"type": "string"}}, "owner is reserved for the service"),
        ({"colour": {"$ref": "#/components/schemas/Colour"}}, "points to nothing"),
        ({"parts": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}}, "refers to itself"),
    ],
)
def test_a_field_that_the_service_does_not_support_is_rejected(field: dict[str, Any], complaint: str) -> None:
    with pytest.raises(contract.ContractError, match=complaint):
        contract.operations(with_field(**field))


@pytest.mark.parametrize(
    ("field", "complaint"),
    [
        ("        colour: { type: int }\n", "components/schemas/Item/properties/colour is not valid"),
        (
            "        colour: { type: [string, 'null'] }\n",
            "components/schemas/Item/properties/colour is not valid",
        ),
        (
            "        colour: { type: integer, exclusiveMinimum: 0 }\n",
            "components/schemas/Item/properties/colour is not valid",
        ),
        (
            "        colour: { type: string, minLength: '3' }\n",
            "components/schemas/Item/properties/colour is not valid",
        ),
        ("        colour:\n", "components/schemas/Item/properties/colour is not valid"),
        ("        1: { type: string }\n", "the key 1 must be a string"),
        ("        name: { type: string }\n", "the key name is duplicated"),
    ],
)
def test_invalid_openapi_is_reported_with_its_path(tmp_path: Path, field: str, complaint: str) -> None:
    text = (ROOT / "contract" / "openapi.yaml").read_text(encoding="utf-8")
    (tmp_path / "contract").mkdir()
    changed = text.replace(
        "        attributes:\n          type: object\n", field + "        attributes:\n          type: object\n"
    )
    (tmp_path / "contract" / "openapi.yaml").write_text(changed, encoding="utf-8")
    with pytest.raises(contract.ContractError, match=complaint):
        contract.load(tmp_path)


def test_booleans_and_dates_of_yaml_are_read_as_text(tmp_path: Path) -> None:
    text = (ROOT / "contract" / "openapi.yaml").read_text(encoding="utf-8")
    field = "        colour: { type: string, enum: [yes, on, 2026-01-01] }\n"
    (tmp_path / "contract").mkdir()
    changed = text.replace(
        "        attributes:\n          type: object\n", field + "        attributes:\n          type: object\n"
    )
    (tmp_path / "contract" / "openapi.yaml").write_text(changed, encoding="utf-8")
    item = contract.operations(contract.load(tmp_path))["create_item"]["content"]
    assert item["properties"]["colour"]["enum"] == ["yes", "on", "2026-01-01"]


def test_content_that_allows_additional_properties_is_rejected() -> None:
    document = copy.deepcopy(DOCUMENT)
    del document["components"]["schemas"]["Item"]["additionalProperties"]
    with pytest.raises(contract.ContractError, match="additionalProperties: false"):
        contract.operations(document)


def test_two_operations_with_one_name_are_rejected() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["paths"]["/items"]["get"]["operationId"] = "create_item"
    with pytest.raises(contract.ContractError, match="needs a unique operationId"):
        contract.operations(document)


def every_key(node: Any) -> set[str]:
    if isinstance(node, dict):
        return set(node).union(*map(every_key, node.values()))
    return set().union(*map(every_key, node)) if isinstance(node, list) else set()


def test_the_aws_profile_is_valid_and_without_what_api_gateway_rejects() -> None:
    profile = aws_profile.aws_profile(DOCUMENT)
    assert list(OpenAPIV30SpecValidator(profile).iter_errors()) == []
    rejected = {
        "additionalProperties",
        "format",
        "nullable",
        "readOnly",
        "writeOnly",
        "example",
        "examples",
        "default",
        "discriminator",
        "allOf",
        "oneOf",
    }
    assert not every_key(profile) & (rejected | {"minItems", "maxItems", "links", "callbacks", "servers"})
    assert all(name.isalnum() for name in profile["components"]["schemas"])
    assert not [key for key in every_key(profile) if key.startswith("x-")]


def test_the_aws_profile_has_every_operation_parameter_and_status() -> None:
    def outline(document: dict[str, Any]) -> dict[str, Any]:
        return {
            operation["operationId"]: (
                path,
                method,
                sorted(parameter["name"] for parameter in operation["parameters"]),
                sorted(operation["responses"]),
                operation["security"],
            )
            for path, method, operation in contract.each_operation(document)
        }

    assert outline(aws_profile.aws_profile(DOCUMENT)) == outline(DOCUMENT)


def test_the_aws_profile_accepts_every_request_that_the_contract_accepts() -> None:
    profile = aws_profile.aws_profile(DOCUMENT)
    for _, _, operation in contract.each_operation(DOCUMENT):
        body = contract.dereference(DOCUMENT, operation.get("requestBody", {}))
        for media_type, media in body.get("content", {}).items():
            in_profile = next(
                o for _, _, o in contract.each_operation(profile) if o["operationId"] == operation["operationId"]
            )
            schema = contract.flatten(profile, in_profile["requestBody"]["content"][media_type]["schema"])
            for example in media["examples"].values():
                jsonschema.Draft4Validator(schema).validate(contract.dereference(DOCUMENT, example)["value"])


def test_the_aws_profile_is_plain_json() -> None:
    profile = aws_profile.aws_profile(DOCUMENT)
    assert json.loads(json.dumps(profile)) == profile
