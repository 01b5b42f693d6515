"""What client generators read: valid OpenAPI 3.0 and 3.1, closed where it is sent, open where it is returned, all typed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from crudctl.build import contract, contract_changes, openapi_31, operations, pattern, published, service
from functions.precondition import Precondition
from tests import contracts
from tests.contract.test_document import DOCUMENTS, examples_of
from tests.contracts import forms

SHAPES = contract.parse(contracts.ITEMS.with_name("shapes.yaml"))
DERIVED = {name: published.published(document) for name, document in DOCUMENTS.items()}


@pytest.fixture(params=DERIVED)
def document(request: pytest.FixtureRequest) -> dict[str, Any]:
    """One published contract after the other."""
    return DERIVED[request.param]


def bodies(document: dict[str, Any]) -> Iterator[tuple[str, bool, dict[str, Any]]]:
    """Yield the kind of each operation, whether it is about a request, and each media type object of its bodies."""
    described = service.describe(DOCUMENTS[next(name for name, one in DERIVED.items() if one is document)])
    for _, _, operation in contract.each_operation(document):
        kind = described.operations[operation["operationId"]].kind
        for part, request in (
            (operation.get("requestBody", {}), True),
            *((r, False) for r in operation["responses"].values()),
        ):
            for media in contract.dereference(document, part).get("content", {}).values():
                yield kind, request, media


def closed(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield each object in a schema that allows no other properties."""
    if isinstance(schema, dict):
        if schema.get("additionalProperties") is False:
            yield schema
        schema = list(schema.values())
    for inner in schema if isinstance(schema, list) else ():
        yield from closed(inner)


def test_both_documents_are_valid_openapi(document: dict[str, Any]) -> None:
    plain = contract.without_patterns(document)
    assert list(OpenAPIV30SpecValidator(plain).iter_errors()) == []
    assert list(OpenAPIV31SpecValidator(openapi_31.converted(plain)).iter_errors()) == []


def test_input_is_closed_and_output_is_open_at_every_depth(document: dict[str, Any]) -> None:
    for kind, request, media in bodies(document):
        flat = contract.flatten(document, media["schema"])
        if not request:
            assert not list(closed(flat))
        elif kind != service.OTHER:
            assert flat["additionalProperties"] is False
            assert not [name for name, part in flat["properties"].items() if part.get("readOnly")]


def answers(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each schema of the responses, their headers, and what they consist of and refer to."""
    found = []

    def visit(schema: dict[str, Any]) -> dict[str, Any]:
        found.append(schema)
        if "$ref" in schema:
            visit(contract.dereference(document, schema))
        return contract.within(schema, visit)

    for _, _, operation in contract.each_operation(document):
        for declared in operation["responses"].values():
            response = contract.dereference(document, declared)
            contract.mapped(response.get("content", {}), visit)
            for header in response.get("headers", {}).values():
                contract.mapped(contract.dereference(document, header), visit)
    return found


LIMITS = {
    "minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "propertyNames", "x-property-names", "not",
}  # fmt: skip


def test_answers_have_no_limit_and_input_has_those_of_the_service(document: dict[str, Any]) -> None:
    for one in (document, openapi_31.converted(document)):
        assert [schema for schema in answers(one) if LIMITS & schema.keys()] == []
    name = next(name for name, derived in DERIVED.items() if derived is document)
    described = service.describe(DOCUMENTS[name])
    sent = contract.flatten(document, {"$ref": f"#/components/schemas/{described.content_name}"})["properties"]
    limits = [(field, key, one[key]) for field, one in described.fields.items() for key in LIMITS & one.keys()]
    assert [sent[field].get(key) for field, key, _ in limits] == [value for _, _, value in limits]
    parameters = {one["name"]: one for _, _, found in contract.each_operation(document) for one in found["parameters"]}
    assert contract.flatten(document, parameters["limit"]["schema"])["maximum"]


def test_limits_that_are_widened_change_nothing_in_the_answers() -> None:
    """`crudctl contract-changes` says that they break nothing."""
    old, new = (contract.parse(contracts.ITEMS) for _ in range(2))
    fields = new["components"]["schemas"]["ItemContent"]["properties"]
    fields["name"] |= {"minLength": 0, "maxLength": 300}
    fields["quantity"] |= {"minimum": -5}
    fields["tags"] |= {"maxItems": 30, "uniqueItems": False}
    del new["components"]["schemas"]["Id"]["pattern"], fields["attributes"]["x-property-names"]
    assert contract_changes.breaking(old, new) == []
    before, after = (published.published(one) for one in (old, new))
    assert answers(before) == answers(after)
    assert before["components"]["schemas"]["ItemContent"] != after["components"]["schemas"]["ItemContent"]


def test_schema_that_is_sent_and_returned_is_published_twice_if_it_is_not_the_same_in_both() -> None:
    source = forms.with_notes(
        {"text": {"type": "string", "maxLength": 9}, "colour": {"$ref": "#/components/schemas/Colour"}}
    )
    source["components"]["schemas"]["Colour"] = {"type": "string", "enum": ["red"]}
    source["components"]["schemas"]["NoteInput"] = {"type": "string", "description": "Something else."}
    schemas = published.published(source)["components"]["schemas"]
    colour = {"$ref": "#/components/schemas/Colour"}
    assert schemas["Note"]["properties"] == {"text": {"type": "string"}, "colour": colour}
    assert "additionalProperties" not in schemas["Note"]
    assert schemas["NoteInput2"] == source["components"]["schemas"]["Note"]
    assert not {"ColourInput", "NoteInput"} & schemas.keys()  # the same in both, and not used


def test_read_only_properties_of_a_body_are_returned_and_ignored_when_they_are_sent() -> None:
    """Of the resource in the old form, of an operation's own body, and of a merge patch of it."""
    source = forms.with_notes({"id": {"type": "string", "readOnly": True}, "text": {"type": "string", "maxLength": 9}})
    source["components"]["schemas"]["NotePatch"] = {"x-merge-patch-of": "Note"}
    notes = source["paths"]["/items/{id}/notes"]
    patch = {"content": {"application/merge-patch+json": {"schema": {"$ref": "#/components/schemas/NotePatch"}}}}
    notes["patch"] = notes["post"] | {"operationId": "change_note", "requestBody": patch}
    notes["put"] = notes["post"] | {"operationId": "replace_note"}
    derived = operations.operations(source)
    for name in ("add_note", "replace_note", "change_note"):
        assert derived[name]["ignored"] == ["id"], name
        assert derived[name]["content"]["properties"].keys() == {"text"}
    document = published.published(source)
    schemas = document["components"]["schemas"]
    assert schemas["Note"]["properties"] == {"id": {"type": "string"}, "text": {"type": "string"}}
    assert "additionalProperties" not in schemas["Note"]
    assert schemas["NoteInput"]["properties"] == {"text": {"type": "string", "maxLength": 9}}
    assert schemas["NoteInput"]["required"] == ["text"]
    assert schemas["NoteInput"]["additionalProperties"] is False
    assert "NoteInput2" not in schemas
    bodies_of = [document["paths"]["/items/{id}/notes"][method]["requestBody"]["content"] for method in ("post", "put")]
    assert [body["application/json"]["schema"] for body in bodies_of] == [
        {"$ref": "#/components/schemas/NoteInput"}
    ] * 2
    source["components"]["schemas"]["Note"]["required"] = ["id"]
    assert list(OpenAPIV30SpecValidator(contract.without_patterns(published.published(source))).iter_errors()) == []


def test_a_field_is_named_once_and_published_for_what_is_sent_changed_and_returned() -> None:
    for name, source in DOCUMENTS.items():
        described, schemas = service.describe(source), DERIVED[name]["components"]["schemas"]
        if described.separate:
            own = [part for part in source["components"]["schemas"][described.schema]["allOf"] if "$ref" not in part]
            assert not [part for part in own if described.fields.keys() & part.get("properties", {})]
        patch = next(key for key, one in source["components"]["schemas"].items() if "x-merge-patch-of" in one)
        for schema in (described.content_name, patch):
            assert schemas[schema]["properties"].keys() == described.fields.keys()
        assert described.fields.keys() < schemas[described.schema]["properties"].keys()


def test_examples_are_valid_by_the_schemas_of_3_1(document: dict[str, Any]) -> None:
    converted = contract.without_patterns(openapi_31.converted(document))
    for _, request, media in bodies(document):
        name = media["schema"].get("$ref", "").rpartition("/")[2]
        schema = converted["components"] | {"$ref": f"#/schemas/{name}"}
        schema = jsonschema_of(schema)
        for example in examples_of(document, media) if name else ():
            jsonschema.Draft202012Validator(schema).validate(example)
            if request:
                with pytest.raises(jsonschema.ValidationError):
                    jsonschema.Draft202012Validator(schema).validate({**example, "surely-unknown": 1})


def jsonschema_of(node: Any) -> Any:
    """Return a part of a document whose references lead to its own `schemas`."""
    if isinstance(node, list):
        return [jsonschema_of(entry) for entry in node]
    if not isinstance(node, dict):
        return node.replace("#/components/", "#/") if isinstance(node, str) else node
    return {key: jsonschema_of(value) for key, value in node.items()}


def test_keywords_of_3_0_become_those_of_3_1() -> None:
    schemas = openapi_31.converted(DERIVED["shapes"])["components"]["schemas"]
    fields, patch = schemas["SampleContent"]["properties"], schemas["SamplePatch"]["properties"]
    assert fields["text_nullable"] == {"type": ["string", "null"]}
    assert fields["number_exclusive"] == {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}
    assert fields["deprecated"]["examples"] == ["before"]
    assert fields["map_of_text"]["propertyNames"] == {"minLength": 1, "maxLength": 255}
    assert patch["enum_text"] == {"type": ["string", "null"], "enum": ["red", "green", "yes", "1", None]}
    assert "propertyNames" not in fields["closed_object"]


def test_both_forms_of_a_contract_are_served_and_published_alike() -> None:
    """The old form has one schema for what is sent and returned, with `readOnly` properties."""
    new = forms.separated(SHAPES)
    assert operations.operations(new) == operations.operations(SHAPES)
    old_one, new_one = (published.published(one)["components"]["schemas"] for one in (SHAPES, new))
    assert {**new_one["Sample"], "required": None} == {**old_one["Sample"], "required": None}
    assert set(new_one["Sample"]["required"]) == set(old_one["Sample"]["required"])
    for name in ("SampleContent", "SamplePatch"):
        assert new_one[name]["properties"] == old_one[name]["properties"]


def test_the_pattern_of_entity_tags_accepts_exactly_what_the_functions_accept() -> None:
    """RFC 9110, sections 13.1.1 and 5.6.1.2; HTTP drops white space at both ends of a value."""
    parameters = DOCUMENTS["items"]["components"]["parameters"]
    schemas = [parameters[name]["schema"] for name in ("IfMatch", "IfNoneMatch")]
    expression = re.compile(pattern.translate(schemas[0]["pattern"]))
    assert schemas[0]["pattern"] == schemas[1]["pattern"]
    parts = ('"', ",", " ", "W/", "1", "*")
    values = ("".join(made) for length in range(1, 7) for made in itertools.product(parts, repeat=length))
    several = ",".join(['"1"'] * 100)
    for value in (*values, several, f'{several},"1"', '"\x7f"', '"\xe9"', '"1"\t,\t"2"', 'w/"1"'):
        if value == value.strip():
            accepted = not Precondition(value, None, reads=True).faults
            assert bool(expression.search(value)) == accepted, value
