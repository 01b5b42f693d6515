"""What the service cannot keep is refused when the contract is packaged, with the place and the reason."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from crudctl.build import aws_profile, contract, examples, operations, package, service
from crudctl.build.contract import ContractError
from tests import contracts
from tests.invoke import invoke

DOCUMENT = contract.parse(contracts.ITEMS)


def changed(change: Callable[[Any], object]) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    change(document)
    return document


def with_field(schema: Any, name: str = "colour") -> dict[str, Any]:
    return changed(
        lambda document: document["components"]["schemas"]["ItemContent"]["properties"].update({name: schema})
    )


def system(document: Any) -> Any:
    """The properties of an item that the service sets."""
    return document["components"]["schemas"]["Item"]["allOf"][0]["properties"]


def nested(levels: int) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": nested(levels - 1)}} if levels else {"type": "string"}


CLOSED = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}


@pytest.mark.parametrize(
    ("field", "complaint"),
    [
        ({"type": "string", "not": {"enum": ["red"]}}, "colour has `not`: a form cannot show"),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, "colour has `oneOf`: a form cannot show alternatives"),
        ({"anyOf": [{"type": "string"}]}, "colour has `anyOf`"),
        ({"type": "object", "discriminator": {"propertyName": "x"}}, "colour has `discriminator`"),
        ({"type": "number", "multipleOf": 0.01}, "colour has `multipleOf`"),
        ({"type": "string", "writeOnly": True}, "colour has `writeOnly`: the service returns what it stores"),
        ({"type": "string", "xml": {"name": "c"}}, "colour has `xml`"),
        ({"type": "string", "const": "red"}, "colour has `const`, which the functions do not validate"),
        ({"type": "string", "format": "hostname"}, "format hostname, which the functions do not know for type string"),
        ({"type": "integer", "format": "date"}, "format date, which the functions do not know for type integer"),
        ({"type": "text"}, "colour/type must be string, integer, number, boolean, array or object"),
        ({"minLength": 1}, "has `minLength`, which needs the type string; it has no type"),
        ({"nullable": True}, "has `nullable`, which needs the type"),
        ({"type": "integer", "pattern": "1"}, "has `pattern`, which needs the type string; it has type integer"),
        ({"properties": {"a": {"type": "string"}}}, "has `properties`, which needs the type object"),
        ({"type": "array"}, "is an array without `items`"),
        ({"type": "array", "items": {"oneOf": []}}, "colour, items has `oneOf`"),
        ({"type": "object", "additionalProperties": {"not": {}}}, "colour, additionalProperties has `not`"),
        ({"type": "object", "enum": [{}]}, "has `enum`, which needs the type string"),
        ({"type": "string", "enum": []}, "has an `enum` without a value"),
        ({"type": "string", "enum": ["red", True]}, "lists true in its enum, which is not valid: must be a string"),
        ({"type": "integer", "enum": [1, "2"]}, 'lists "2" in its enum, which is not valid: must be an integer'),
        (
            {"type": "integer", "enum": [1, 12], "maximum": 9},
            "lists 12 in its enum, which is not valid: must be at most 9",
        ),
        ({"type": "string", "enum": ["red", None]}, "lists null in its enum, but is not `nullable: true`"),
        ({"type": "string", "default": "red"}, "colour has a `default`: the service stores what was sent"),
        ({"type": "string", "readOnly": True}, "colour is readOnly: the service sets only id, version"),
        ({"type": "object", "properties": {"a": {"type": "string", "readOnly": True}}}, "colour, a is readOnly"),
        ({"type": "object", "properties": {"a": {"type": "string", "default": ""}}}, "colour, a has a `default`"),
        (
            {"type": "array", "items": {"type": "string", "readOnly": True}},
            "colour, items is readOnly: the service sets only id",
        ),
        ({"type": "array", "items": {"type": "string", "default": "a"}}, "colour, items has a `default`: the service"),
        (
            {"type": "object", "additionalProperties": {"type": "string", "readOnly": True}},
            "colour, additionalProperties is readOnly: the service sets only id",
        ),
        (
            {"type": "object", "additionalProperties": {"type": "string", "default": "a"}},
            "colour, additionalProperties has a `default`: the service",
        ),
        ({"type": "string", "maxLength": 2, "example": "red"}, "has an example that is not valid: must have at most 2"),
        ({"type": "integer", "example": 1.5}, "has an example that is not valid: must be an integer"),
        (
            {"type": "string", "minLength": 3, "maxLength": 2},
            "has minLength 3 above maxLength 2, which no value satisfies",
        ),
        ({"type": "array", "items": {}, "minItems": 3, "maxItems": 2}, "has minItems 3 above maxItems 2"),
        ({"type": "object", "minProperties": 3, "maxProperties": 2}, "has minProperties 3 above maxProperties 2"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "has bounds that no value satisfies"),
        ({"type": "integer", "minimum": 1.2, "maximum": 1.8}, "has bounds that no value satisfies"),
        (
            {"type": "number", "minimum": 1, "maximum": 1, "exclusiveMaximum": True},
            "has bounds that no value satisfies",
        ),
        ({"type": "integer", "format": "int32", "minimum": 2147483648}, "has bounds that no value satisfies"),
        ({"type": "number", "exclusiveMinimum": True}, "has `exclusiveMinimum` without `minimum`"),
        ({"type": "number", "maximum": 1e200}, "has maximum 1e.200, which the table cannot store"),
        ({"type": "object", "required": ["w"], "additionalProperties": False}, "requires w, which is not defined"),
        (
            {"type": "object", "required": ["v", "w"], "maxProperties": 1},
            "requires more properties than its maxProperties",
        ),
        ({"type": "object", "minProperties": 1, "additionalProperties": False}, "more minProperties than properties"),
        ({"type": "object", "properties": {"": {"type": "string"}}}, "a property whose name has 0 characters"),
        ({"type": "object", "properties": {"a" * 256: {"type": "string"}}}, "a property whose name has 256 characters"),
        ({"type": "object", "properties": {"__proto__": {"type": "string"}}}, "a property named __proto__"),
        ({"allOf": [{"type": "object"}, {"type": "string"}]}, "different `type`"),
        ({"allOf": [{"type": "string"}, {"type": "string", "nullable": True}]}, "`nullable` in only one part"),
        ({"allOf": [CLOSED, {"properties": {"b": {"type": "string"}}}]}, "does not allow the others' b"),
        ({"$ref": "#/components/schemas/Colour"}, "points to nothing"),
        (CLOSED | {"x-property-names": {"maxLength": 9}}, "has `x-property-names`, which has no effect"),
        ({"type": "string", "x-property-names": {}}, "has `x-property-names`, which needs the type object"),
        ({"type": "object", "x-property-names": {"maxLength": 256}}, "x-property-names of 1 to 256 characters; use 1"),
        (
            {"type": "object", "x-property-names": {"pattern": "(?i)a"}},
            "x-property-names with the pattern .* ECMA-262|none of",
        ),
        (
            {"type": "object", "properties": {"a": {}}, "x-property-names": {"minLength": 2}},
            "has the property a, which its x-property-names do not allow: must have at least 2 characters",
        ),
        ({"type": "array", "items": {"$ref": "#/components/schemas/ItemContent"}}, "refers to itself"),
        (nested(31), "is more than 30 levels deep"),
    ],
)
def test_a_field_that_the_service_cannot_keep_is_refused(field: Any, complaint: str) -> None:
    with pytest.raises(ContractError, match=complaint):
        operations.operations(with_field(field))


@pytest.mark.parametrize("name", ["owner", "fingerprint", "receipt", "deleted_at", "expires_at"])
def test_a_field_with_a_reserved_name_is_refused(name: str) -> None:
    with pytest.raises(ContractError, match=f"{name} is reserved for the service"):
        operations.operations(with_field({"type": "string"}, name))


def test_more_fields_than_one_update_can_change_are_refused() -> None:
    fields = {f"field-{number}": {"type": "string"} for number in range(300)}
    document = changed(lambda one: one["components"]["schemas"]["ItemContent"]["properties"].update(fields))
    with pytest.raises(ContractError, match=r"has 305 fields\. A PUT changes all of them in one DynamoDB update"):
        operations.operations(document)


def test_as_many_fields_as_are_allowed_fit_into_one_update_of_dynamodb() -> None:
    from functions import store

    assert len(store.UPDATE) + 8 * operations.MOST_FIELDS <= 4096
    assert store.UPDATE.count("=") + store.UPDATE.count("+") + operations.MOST_FIELDS <= 300


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("(?i)red", "has a group that is none of"),
        ("(?P<x>a)", "has a group that is none of"),
        (r"\Ared\Z", r"has \\A, which is not an escape of ECMA-262"),
        (r"red\Z", r"has \\Z, which is not an escape of ECMA-262"),
        (r"^\p{L}+$", "which the functions cannot check"),
        ("a**", "with nothing to repeat"),
        ("(a", "has a `.` without its `.`"),
        ("[a", "has a `.` without its `.`"),
        ("a)", "has a `.` without its `.`"),
        ("a{2,1}", "which must rise"),
        ("^(a+)+$", "repeats without an end what repeats without an end"),
        ("^(?:-[!-~]+)*$", "repeats without an end what repeats without an end"),
        ("^(?:,[a-z]+,)*$", "repeats without an end what repeats without an end"),
        ("^(?:-?[a-z]+)*$", "repeats without an end what repeats without an end"),
        ("^(?:[a-z]*,?)*$", "repeats without an end what repeats without an end"),
        ("^(?:(?:a|b{2,})c?){1,}$", "limit one of them"),
        ("(?<=a+)b", "has no equivalent for the functions, which run Python"),
        ("(a)*\\1", "across a repetition"),
    ],
)
def test_a_pattern_that_is_not_ecma_262_or_has_no_equivalent_is_refused(pattern: str, complaint: str) -> None:
    with pytest.raises(ContractError, match=complaint):
        operations.operations(with_field({"type": "string", "pattern": pattern}))
    inside = {
        "type": "array",
        "items": {"type": "object", "additionalProperties": {"type": "string", "pattern": pattern}},
    }
    with pytest.raises(ContractError, match="schemas/ItemContent, colour, items, additionalProperties has the pattern"):
        operations.operations(with_field(inside))
    parameter = changed(lambda one: one["components"]["parameters"]["Cursor"]["schema"].update(pattern=pattern))
    with pytest.raises(ContractError, match="list_items, parameter cursor has the pattern"):
        operations.operations(parameter)


OPEN_MAP: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}
OPEN = r"^\[/a-z]+$"  # has a `]` that is not escaped


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            lambda d: d["components"]["schemas"]["ItemContent"]["properties"].update(
                f={
                    "type": "object",
                    "properties": {"code": {"type": "string", "pattern": OPEN}},
                    "example": {"code": "a"},
                }
            ),
            "components/schemas/ItemContent, f, code has the pattern",
        ),
        (
            lambda d: system(d)["created_at"].update(pattern=OPEN),
            "components/schemas/Item, created_at has the pattern",
        ),
        (
            lambda d: d["components"]["schemas"]["ItemPage"]["properties"]["next_cursor"].update(pattern=OPEN),
            "GET /items, response 200, next_cursor has the pattern",
        ),
        (
            lambda d: d["components"]["schemas"]["Fault"]["properties"]["detail"].update(pattern=OPEN),
            "GET /items, response 400, errors, items, detail has the pattern",
        ),
    ],
)
def test_the_package_refuses_a_pattern_with_its_place(tmp_path: Path, change: Any, complaint: str) -> None:
    (tmp_path / "contract").mkdir()
    text = yaml.safe_dump(changed(change), allow_unicode=True, sort_keys=False)
    (tmp_path / "contract" / "openapi.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ContractError) as refusal:
        package.build(tmp_path)
    assert complaint in str(refusal.value)
    assert OPEN in str(refusal.value)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-16-le"])
def test_a_contract_that_is_not_utf_8_is_refused_by_every_command_that_reads_it(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, "{ type: string, title: Größe }") / "contract" / "openapi.yaml"
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    for command in ("package", "example"):
        result = invoke(tmp_path, command)
        assert (result.exit_code, isinstance(result.exception, SystemExit)) == (1, True), result
        assert "contract/openapi.yaml cannot be read: " in result.stderr.replace("\n", ""), result.stderr
    assert encoding == "utf-16-le" or "Save it as UTF-8" in " ".join(result.stderr.split())


@pytest.mark.parametrize("pattern", ["^[a-z0-9]+(?:-[a-z0-9]+)*$", "^[a-z]+(\\.[a-z]+)*$", "^a+b*(cd)+$"])
def test_a_repetition_of_what_can_be_divided_in_one_way_is_accepted(pattern: str) -> None:
    operations.operations(with_field({"type": "string", "pattern": pattern}))


ITEM = {"$ref": "#/components/schemas/Item"}
OTHER = {"type": "object", "additionalProperties": False, "properties": {"name": {"type": "string"}}}
ARCHIVE: dict[str, Any] = {
    "operationId": "archive_item",
    "security": [{"cognito": ["items/write"]}],
    "responses": {"200": {"$ref": "#/components/responses/ItemRead"}},
}


PAGE = {"name": "page", "in": "path", "required": True, "schema": {"type": "string"}}


def query(name: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "string"}}


def content(document: Any) -> Any:
    return document["components"]["schemas"]["ItemContent"]


def closed_item(document: Any) -> Any:
    """The schema of an item in one piece, which allows no other properties."""
    flat = contract.flatten(document, document["components"]["schemas"]["Item"])
    return {**flat, "additionalProperties": False}


def links(document: Any) -> Any:
    return document["paths"]["/items"]["post"]["responses"]["201"]["links"]


def page(document: Any) -> Any:
    return document["components"]["schemas"]["ItemPage"]


def archive(**other: Any) -> Callable[[Any], object]:
    parameters = [{"$ref": "#/components/parameters/ItemId"}]
    return lambda d: d["paths"].update({"/items/{id}/archive": {"parameters": parameters, "post": ARCHIVE | other}})


def parameter(name: str, **schema: Any) -> Callable[[Any], object]:
    def change(document: Any) -> None:
        one = document["components"]["parameters"][name]
        one["schema"] = contract.flatten(document, one["schema"]) | schema

    return change


def body(document: Any, method: str) -> Any:
    path = "/items" if method == "post" else "/items/{id}"
    return document["paths"][path][method]["requestBody"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            lambda d: d["paths"]["/items"]["get"]["parameters"].pop(0),
            "GET /items must have the query parameter `limit`",
        ),
        (
            lambda d: d["paths"]["/items"]["get"]["parameters"].pop(1),
            "GET /items must have the query parameter `order`",
        ),
        (
            lambda d: d["paths"]["/items"]["get"]["parameters"].pop(2),
            "GET /items must have the query parameter `cursor`",
        ),
        (lambda d: d["paths"]["/items"]["post"]["parameters"].pop(0), "header parameter `Idempotency-Key`"),
        (lambda d: d["paths"]["/items/{id}"]["put"]["parameters"].pop(0), "header parameter `If-Match`"),
        (lambda d: d["paths"]["/items/{id}"]["delete"]["parameters"].pop(1), "header parameter `If-Match`"),
        (lambda d: d["paths"]["/items/{id}"]["get"]["parameters"].pop(1), "header parameter `If-None-Match`"),
        (parameter("Limit", type="string"), "limit has `minimum`, which needs the type"),
        (lambda d: d["components"]["parameters"]["Limit"].update(schema={"type": "string"}), "`limit` of type integer"),
        (parameter("Limit", minimum=0), "`limit` must have a minimum of 1 or more"),
        (parameter("Limit", maximum=5000), "a maximum up to 1000"),
        (parameter("Limit", minimum=10), "the parameter `limit` must accept 1,"),
        (parameter("Limit", default=500), "has a default that is not valid: must be at most 100"),
        (parameter("Order", enum=["asc", "desc", "random"]), "`order` must have an enum of asc, desc or both"),
        (parameter("Cursor", maxLength=20), "the parameter `cursor` must accept"),
        (parameter("IfMatch", maxLength=4), "the parameter `If-Match` must accept"),
        (parameter("IdempotencyKey", maxLength=8), "the parameter `Idempotency-Key` must accept"),
        (lambda d: d["components"]["schemas"]["Id"].update(pattern="^[0-9]+$"), "must have the property `id`"),
        (lambda d: d["components"]["parameters"]["Cursor"].update({"in": "cookie"}), "not in cookie"),
        (lambda d: d["components"]["parameters"]["ItemId"].update(name="item_id"), "must have the path parameter `id`"),
        (parameter("ItemId", pattern="^[0-9]+$"), "the parameter `id` must accept"),
        (archive(parameters=[PAGE]), "`{page}` must be in the path and among its parameters"),
        (archive(parameters=[{"$ref": "#/components/parameters/ItemId"}]), "the parameter `id` is declared twice"),
        (lambda d: system(d).pop("version"), "must have the property `version`"),
        (
            lambda d: system(d)["created_at"].update(format="date"),
            "must have the property `created_at`",
        ),
        (
            lambda d: system(d)["version"].update(maximum=5),
            "components/schemas/Item, version must allow 9+ too, which the service sets after many changes",
        ),
        (
            lambda d: system(d)["version"].update(format="int32"),
            "components/schemas/Item, version must allow 9+ too",
        ),
        (
            lambda d: page(d)["properties"]["items"].update(maxItems=50),
            "GET /items: `maxItems` of items is 50, but a page can have 100",
        ),
        (lambda d: page(d)["properties"]["items"].update(minItems=1), "the last page may have no entries"),
        (lambda d: page(d)["properties"]["next_cursor"].pop("nullable"), "its `next_cursor` is null"),
        (
            lambda d: page(d)["properties"].update(total={"type": "integer"}),
            "GET /items: its response 200 has the property `total`, which is never sent",
        ),
        (
            lambda d: d["paths"]["/items"]["get"]["parameters"].append(query("q")),
            "GET /items: its handler does not read the query parameter `q`; remove it",
        ),
        (
            lambda d: d["paths"]["/items/{id}"]["get"]["parameters"].append(query("fields")),
            "GET /items/{id}: its handler does not read the query parameter `fields`",
        ),
        (
            lambda d: d["paths"]["/items/{id}"]["delete"]["parameters"].append(query("force")),
            "DELETE /items/{id}: its handler does not read the query parameter `force`",
        ),
        (
            archive(operationId="rollback"),
            "No operation may be called rollback: the function that rolls releases back has that name",
        ),
        (
            lambda d: [
                d["paths"].update({p.replace("/items", "/releases"): d["paths"].pop(p)}) for p in list(d["paths"])
            ],
            "The collection must not be /releases: the table of releases has that name",
        ),
        (
            lambda d: d["components"]["schemas"].update(Item=closed_item(d)),
            "must have no `additionalProperties`: the next version may return more properties",
        ),
        (
            lambda d: d["components"]["schemas"]["Item"]["allOf"].pop(),
            "schemas/Item must be composed with allOf of ItemContent and what the service sets: .*, such as name",
        ),
        (lambda d: content(d).update(maxProperties=9), "no limit on the number"),
        (lambda d: content(d).update(additionalProperties={"type": "string"}), "no `additionalProperties` but false"),
        (
            lambda d: system(d).pop("deleted_at"),
            "schemas/Item must have the property `deleted_at` of type string, which",
        ),
        (
            lambda d: d["components"]["schemas"]["Item"]["allOf"][0]["required"].append("expires_at"),
            "schemas/Item must not require `expires_at`, which only what is in the trash has",
        ),
        (
            lambda d: system(d).update(owner={"type": "string"}),
            "Item, owner is no property of ItemContent: the service",
        ),
        (
            lambda d: d["paths"].pop("/items/{id}/restore"),
            "GET /items: the parameter `deleted` needs a trash, and there is none without the operation POST /items/{id}/restore",
        ),
        (
            lambda d: d["paths"]["/items"]["get"]["parameters"].pop(3),
            "GET /items must have the query parameter `deleted` of type boolean, which lists what restore_item restores",
        ),
        (parameter("Purge", enum=[False]), "the parameter `purge` must accept True"),
        (
            lambda d: d["paths"]["/items/{id}/restore"]["post"].update(requestBody=body(d, "put")),
            "POST /items/{id}/restore: its handler reads no request body",
        ),
        (
            lambda d: body(d, "put")["content"]["application/json"].update(schema=OTHER),
            "by which POST and PUT are validated",
        ),
        (lambda d: body(d, "put").pop("required"), "must have a request body, `required: true`"),
        (
            lambda d: body(d, "patch").update(content={"application/json": {"schema": ITEM}}),
            "of the media type application/merge-patch.json, and no others but application/json",
        ),
        (
            lambda d: body(d, "patch")["content"]["application/merge-patch+json"].update(schema=ITEM),
            "its schema must be `x-merge-patch-of: ItemContent`",
        ),
        (lambda d: d["paths"]["/items/{id}"]["delete"].update(requestBody=body(d, "put")), "reads no request body"),
        (lambda d: d["paths"]["/items"]["post"]["responses"].pop("201"), "responds with 201, which must be among"),
        (lambda d: d["paths"]["/items/{id}"]["delete"]["responses"].pop("204"), "responds with 204"),
        (
            lambda d: d["components"]["responses"]["ItemRead"]["content"]["application/json"].update(schema=OTHER),
            "its response 200 must be application/json with",
        ),
        (lambda d: d["paths"]["/items"]["post"].update(security=[]), "must name one of the scopes items/read"),
        (
            lambda d: d["paths"]["/items"]["post"].update(security=[{"cognito": ["items/read", "items/write"]}]),
            "names items/read and items/write in one requirement, which means all of them",
        ),
        (archive(operationId="delete"), "the operationId delete is taken"),
        (archive(operationId="import"), "the operationId import is taken"),
        (archive(requestBody={"content": {"application/json": {"schema": {"not": {}}}}}), "request body has `not`"),
        (archive(**{"x-probe": "yes"}), "x-probe must be true or false"),
        (
            lambda d: links(d)["get"].update(operationId="find_item"),
            "POST /items, response 201, link get: there is no operation find_item",
        ),
        (
            lambda d: links(d)["get"].update(parameters={"query.id": 1}),
            "POST /items, response 201, link get: get_item has no parameter query.id",
        ),
        (lambda d: links(d)["get"].pop("operationId"), "links/get must have `operationId`"),
        (archive(deprecated=True, **{"x-sunset": "soon"}), "x-sunset must be a date, such as 2027-01-31"),
        (archive(**{"x-deprecated-at": "2027-01-31"}), "`x-deprecated-at` has no effect without `deprecated: true`"),
        (
            archive(deprecated=True, **{"x-deprecated-at": "2027-02-01T00:00:00Z", "x-sunset": "2027-01-31"}),
            "`x-sunset` must not be before `x-deprecated-at`",
        ),
        (lambda d: content(d)["properties"].update(f=OPEN_MAP | {"x-property-names": []}), "names must be an object"),
    ],
)
def test_an_operation_that_its_handler_does_not_serve_as_promised_is_refused(change: Any, complaint: str) -> None:
    with pytest.raises(ContractError, match=complaint):
        operations.operations(changed(change))


def test_two_schemas_that_are_one_name_for_api_gateway_are_refused() -> None:
    document = changed(lambda one: one["components"]["schemas"].update({"Stock_Item": {}, "StockItem": {}}))
    with pytest.raises(ContractError, match="Stock_Item and StockItem are one name to API Gateway"):
        aws_profile.aws_profile(document)


@pytest.mark.parametrize(
    ("dates", "headers"),
    [
        ({}, {"Deprecation": "@0"}),
        ({"x-deprecated-at": "2027-01-31"}, {"Deprecation": "@1801353600"}),
        (
            {"x-deprecated-at": "2027-01-31T01:00:00+01:00", "x-sunset": "2027-06-30"},
            {"Deprecation": "@1801353600", "Sunset": "Wed, 30 Jun 2027 00:00:00 GMT"},
        ),
    ],
)
def test_a_deprecated_operation_has_headers_that_say_since_when_and_until_when(dates: Any, headers: Any) -> None:
    """RFC 9745, section 2.1, and RFC 8594, section 3."""
    derived = operations.operations(changed(archive(deprecated=True, **dates)))
    assert derived["archive_item"]["headers"] == headers
    assert derived["get_item"]["headers"] == {}


def test_another_operation_is_accepted() -> None:
    document = changed(archive(**{"x-probe": True}, parameters=[query("reason")]))
    derived = operations.operations(document)["archive_item"]
    assert (derived["kind"], derived["function"], derived["content"]) == ("other", "archive_item", None)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            lambda d: d["components"]["examples"]["FullContent"]["value"].update(quantity=-1),
            "POST /items, request, example full is not valid: /quantity must be at least 0",
        ),
        (
            lambda d: d["components"]["examples"]["Patch"]["value"].update(name=None),
            "PATCH /items/{id}, request, example change is not valid: /name is required and cannot be removed",
        ),
        (
            lambda d: d["components"]["examples"]["LastPage"]["value"]["items"][0].pop("version"),
            "GET /items, response 200, example last is not valid: /items/0/version is required",
        ),
        (
            lambda d: d["components"]["responses"]["NotFound"]["content"]["application/problem+json"]["example"].update(
                status=1
            ),
            "response 404, the example is not valid: /status must be at least 400",
        ),
    ],
)
def test_an_invalid_example_is_named(change: Any, complaint: str) -> None:
    document = changed(change)
    with pytest.raises(ContractError) as refusal:
        examples.check(document, service.describe(document))
    assert complaint in str(refusal.value)


@pytest.mark.parametrize(
    ("field", "complaint"),
    [
        ("{ type: int }", "components/schemas/ItemContent/properties/colour/type must be string, integer"),
        ("{ type: [string, 'null'] }", "components/schemas/ItemContent/properties/colour/type must be string, integer"),
        ("{ type: integer, exclusiveMinimum: 0 }", "properties/colour/exclusiveMinimum must be true or false"),
        ("{ type: string, minLength: '3' }", "properties/colour/minLength must be a whole number"),
        ("{ type: string, minimal: 3 }", "components/schemas/ItemContent/properties/colour is not valid OpenAPI 3.0"),
        ("", "components/schemas/ItemContent/properties/colour must be an object"),
        ('{ type: string, description: "\\ud800" }', "has text that is no valid Unicode"),
        ("{ type: string, example: !!binary aGVsbG8= }", "has a value that JSON does not have"),
        ("&one { type: object, properties: { inner: *one } }", "has a value that JSON does not have"),
        ("{ type: string }\n        1: { type: string }", "the key 1 must be a string"),
        ("{ type: string }\n        name: { type: string }", "the key name is duplicated"),
    ],
)
def test_invalid_openapi_is_reported_with_its_path(tmp_path: Path, field: str, complaint: str) -> None:
    with pytest.raises(ContractError, match=complaint):
        contract.load(written(tmp_path, field))


def written(folder: Path, field: str) -> Path:
    """Write the tests' contract with a field `colour` into a folder, as YAML, and return the folder."""
    text = contracts.ITEMS.read_text(encoding="utf-8")
    before = "        attributes:\n          type: object\n"
    (folder / "contract").mkdir()
    (folder / "contract" / "openapi.yaml").write_text(
        text.replace(before, f"        colour: {field}\n{before}"), encoding="utf-8"
    )
    return folder


def test_booleans_and_dates_of_yaml_are_read_as_text(tmp_path: Path) -> None:
    document = contract.load(written(tmp_path, "{ type: string, enum: [yes, on, 2026-01-01] }"))
    item = operations.operations(document)["create_item"]["content"]
    assert item["properties"]["colour"]["enum"] == ["yes", "on", "2026-01-01"]
