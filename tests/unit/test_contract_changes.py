"""Which changes of the contract break a client: the tests' contract with one change each, and two schemas of one field."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from crudctl.build import contract, contract_changes, promises
from tests import contracts
from tests.contracts import forms
from tests.invoke import invoke

Json = dict[str, Any]


def item(document: Json) -> Json:
    """What a client sends of an item; a response has it too."""
    schema: Json = document["components"]["schemas"]["ItemContent"]
    return schema


def system(document: Json) -> Json:
    """What the service adds in a response."""
    schema: Json = document["components"]["schemas"]["Item"]["allOf"][0]
    return schema


def limit(document: Json) -> Json:
    parameter: Json = document["components"]["parameters"]["Limit"]
    return parameter


def order(document: Json) -> Json:
    parameter: Json = document["components"]["parameters"]["Order"]
    return parameter


def problem_types(document: Json) -> list[str]:
    types: list[str] = document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
    return types


def changed(change: Callable[[Json], object]) -> tuple[Json, Json]:
    old = copy.deepcopy(ITEMS)
    new = copy.deepcopy(old)
    change(new)
    return old, new


ITEMS = contract.parse(contracts.ITEMS)
SHAPES = contract.parse(contracts.ITEMS.with_name("shapes.yaml"))  # in the old form: one schema, closed


def sample(document: Json) -> Json:
    schema: Json = document["components"]["schemas"]["Sample"]
    return schema


BREAKS: dict[str, tuple[Callable[[Json], object], str]] = {
    "a removed path": (lambda d: d["paths"].pop("/items/{id}"), "GET /items/{id} was removed."),
    "a removed method": (lambda d: d["paths"]["/items"].pop("post"), "POST /items was removed."),
    "other scopes": (
        lambda d: d["paths"]["/items"]["get"].update(security=[]),
        "GET /items: the required scopes changed.",
    ),
    "another operationId": (
        lambda d: d["paths"]["/items"]["get"].update(operationId="find_items"),
        "GET /items: operationId changed from list_items to find_items.",
    ),
    "a field that requests may no longer have": (
        lambda d: item(d)["properties"].pop("quantity"),
        "POST /items: body/quantity is no longer accepted.",
    ),
    "a field that responses no longer have": (
        lambda d: item(d)["properties"].pop("quantity"),
        "GET /items: response 200/items/*/quantity was removed.",
    ),
    "a field that requests must now have": (
        lambda d: item(d)["required"].append("tags"),
        "POST /items: body/tags is now required.",
    ),
    "a field of another type": (
        lambda d: item(d)["properties"]["quantity"].update(type="string"),
        "PATCH /items/{id}: body/quantity: type changed from integer to string.",
    ),
    "a response that may have a fraction": (
        lambda d: item(d)["properties"]["quantity"].update(type="number"),
        "GET /items/{id}: response 200/quantity: type changed from integer to number.",
    ),
    "a shorter field": (
        lambda d: item(d)["properties"]["name"].update(maxLength=50),
        "POST /items: body/name: maxLength changed from 200 to 50.",
    ),
    "a field with a new limit": (
        lambda d: item(d)["properties"]["description"].update(minLength=1),
        "PUT /items/{id}: body/description: minLength changed from none to 1.",
    ),
    "a field with an enum": (
        lambda d: item(d)["properties"]["name"].update(enum=["a", "b"]),
        "POST /items: body/name must now be one of a, b.",
    ),
    "a limit inside a list": (
        lambda d: item(d)["properties"]["tags"]["items"].update(maxLength=5),
        "POST /items: body/tags/*: maxLength changed from 50 to 5.",
    ),
    "a response property that may be missing": (
        lambda d: system(d)["required"].remove("version"),
        "POST /items: response 201/version may now be missing.",
    ),
    "a response property that may be null": (
        lambda d: system(d)["properties"]["created_at"].update(nullable=True),
        "POST /items: response 201/created_at may now be null.",
    ),
    "a removed parameter": (
        lambda d: d["paths"]["/items"]["get"]["parameters"].pop(0),
        "GET /items: query parameter limit was removed.",
    ),
    "a required parameter": (
        lambda d: limit(d).update(required=True),
        "GET /items: query parameter limit is now required.",
    ),
    "a smaller page": (
        lambda d: limit(d)["schema"].update(maximum=10),
        "GET /items: query parameter limit: maximum changed from 100 to 10.",
    ),
    "a removed header": (
        lambda d: d["paths"]["/items"]["post"]["responses"]["201"]["headers"].pop("Location"),
        "POST /items: response 201: header Location was removed.",
    ),
    "another status": (
        lambda d: d["paths"]["/items"]["post"]["responses"].pop("201"),
        "POST /items: response 201 was removed.",
    ),
    "another default": (
        lambda d: limit(d)["schema"].update(default=50),
        "GET /items: query parameter limit: default changed from 25 to 50.",
    ),
    "another default than the handler's that is written down": (
        lambda d: order(d)["schema"].update(default="desc"),
        "GET /items: query parameter order: default changed from asc to desc.",
    ),
    "a renamed resource": (
        lambda d: d["paths"].update({"/goods": d["paths"].pop("/items")}),
        "POST /items was removed.",
    ),
    "another removed header": (
        lambda d: d["paths"]["/items"]["get"]["responses"]["200"]["headers"].pop("Link"),
        "GET /items: response 200: header Link was removed.",
    ),
    "names of properties that become shorter": (
        lambda d: item(d)["properties"]["attributes"].update({"x-property-names": {"maxLength": 9}}),
        "POST /items: body/attributes, its names: maxLength changed from 255 to 9.",
    ),
    "names of properties with a pattern": (
        lambda d: item(d)["properties"]["attributes"].update({"x-property-names": {"pattern": "^[a-z]+$"}}),
        "PATCH /items/{id}: body/attributes, its names: pattern changed.",
    ),
    "another media type": (
        lambda d: d["paths"]["/items"]["post"]["requestBody"].update(content={}),
        "POST /items: a body of application/json is no longer accepted.",
    ),
}

HARMLESS: dict[str, Callable[[Json], object]] = {
    "no change": lambda _: None,
    "a new field": lambda d: item(d)["properties"].update(colour={"type": "string", "enum": ["red"]}),
    "a longer field": lambda d: item(d)["properties"]["name"].update(maxLength=500),
    "other texts": lambda d: item(d)["properties"]["name"].update(title="Title", description="What it is."),
    "a new path": lambda d: d["paths"].update({"/copies": d["paths"]["/items"]}),
    "another scope that is enough, too": lambda d: d["paths"]["/items"]["get"].update(
        security=[{"cognito": ["items/read", "items/write"]}]
    ),
    "another type of problem": lambda d: problem_types(d).append("urn:items:problem:teapot"),
    "an optional parameter": lambda d: limit(d).update(required=False),
    "a default of the handler that is left out": lambda d: limit(d)["schema"].pop("default"),
    "another default of the handler that is left out": lambda d: order(d)["schema"].pop("default"),
    "names of properties that were always refused": lambda d: item(d)["properties"]["attributes"].pop(
        "x-property-names"
    ),
    "a pattern of what the handler parses": lambda d: d["components"]["parameters"]["IfMatch"]["schema"].pop("pattern"),
    "a parameter that may have a fraction": lambda d: limit(d)["schema"].update(type="number"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_breaking_change_is_listed(name: str) -> None:
    change, sentence = BREAKS[name]
    assert sentence in contract_changes.breaking(*changed(change))


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_change_is_not_listed(name: str) -> None:
    assert contract_changes.breaking(*changed(HARMLESS[name])) == []


def test_schemas_of_their_own_for_requests_and_responses_break_no_client_nor_does_a_trash() -> None:
    assert contract_changes.breaking(SHAPES, forms.separated(SHAPES)) == []
    assert contract_changes.breaking(SHAPES, forms.separated(SHAPES, trash=True)) == []
    assert contract_changes.breaking(forms.separated(SHAPES), forms.separated(SHAPES, trash=True)) == []


def test_a_closed_response_that_gets_a_property_or_becomes_closed_is_listed() -> None:
    """Models made from it refuse what it does not name."""
    new = copy.deepcopy(SHAPES)
    sample(new)["properties"]["colour"] = {"type": "string"}
    sentence = "POST /samples: response 201/colour was added to an object that allowed no other properties."
    assert sentence in contract_changes.breaking(SHAPES, new)
    open_page = copy.deepcopy(SHAPES)
    del open_page["components"]["schemas"]["SamplePage"]["additionalProperties"]
    assert contract_changes.breaking(SHAPES, open_page) == []
    assert contract_changes.breaking(open_page, SHAPES) == [
        "GET /samples: response 200 allows no other properties now, so that the next one would break clients."
    ]


def test_a_higher_major_version_may_break_clients() -> None:
    old, new = changed(lambda d: d["info"].update(version="2.0.0"))
    assert contract_changes.may_break(old, new)
    assert not contract_changes.may_break(new, old)
    assert not contract_changes.may_break(old, changed(lambda d: d["info"].update(version="1.9.0"))[1])


@pytest.mark.parametrize("version", ["", "1", "v1.2.3", "one", "1.2.x", "١.0.0"])
def test_a_version_that_is_not_three_numbers_is_reported(version: str) -> None:
    old, new = changed(lambda d: d["info"].update(version=version))
    with pytest.raises(contract.ContractError, match="use three numbers"):
        contract_changes.may_break(old, new)


def test_an_earlier_contract_that_is_damaged_is_reported_by_the_command(tmp_path: Path) -> None:
    contracts.put(tmp_path)
    path, git = tmp_path / "contract" / "openapi.yaml", ["git", "-c", "user.name=t", "-c", "user.email=t@localhost"]
    whole = path.read_text(encoding="utf-8")
    dangling = whole.replace("schemas/ItemPage", "schemas/Missing")
    damaged = ("info: []\npaths: {}\ncomponents: {}\n", "", "a: 1\n", dangling, whole)
    for number, text in enumerate((*damaged, whole.replace("title: Items", "title: Größe"))):
        message, encoding = str(number), "latin-1" if "Größe" in text else "utf-8"
        path.write_text(text, encoding=encoding)
        for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", message]):
            subprocess.run([*git, *command], cwd=tmp_path, check=True)
    path.write_text(whole, encoding="utf-8")
    for revision, complaint in (
        ("HEAD~5", "The contract at HEAD~5: the document must have `openapi`"),
        ("HEAD~4", "The contract at HEAD~4 is not valid OpenAPI 3.0: it must be an object with info"),
        ("HEAD~3", "The contract at HEAD~3 is not valid OpenAPI 3.0: it must be an object with info"),
        ("HEAD~2", "The contract at HEAD~2: "),
        ("HEAD", "The contract at HEAD cannot be read: it is not UTF-8 at byte"),
        ("[/foo]", "git has no contract at [/foo]: "),
        ("nothing", "git has no contract at nothing: "),
    ):
        result = invoke(tmp_path, "contract-changes", revision)
        assert (result.exit_code, isinstance(result.exception, SystemExit)) == (1, True), result
        assert f"Error: {complaint}" in " ".join(result.stderr.split())
    assert invoke(tmp_path, "contract-changes", "HEAD~1").exit_code == 0


def committed(folder: Path, version: str = "1.0.0") -> Path:
    """Return the contract in a repository of one commit."""
    contracts.put(folder)
    path, git = folder / "contract" / "openapi.yaml", ["git", "-c", "user.name=t", "-c", "user.email=t@localhost"]
    document = contract.parse(path)
    document["info"]["version"] = version
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "a"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    return path


@pytest.mark.parametrize(
    ("breaks", "version", "code", "said"),
    [
        (False, "1.0.0", 0, "No change breaks a client of HEAD."),
        (True, "1.0.0", 1, "the major version is not higher: 1.0.0 -> 1.0.0."),
        (True, "1.9.0", 1, "the major version is not higher: 1.0.0 -> 1.9.0."),
        (True, "0.9.0", 1, "the major version is not higher: 1.0.0 -> 0.9.0."),
        (True, "2.0.0", 0, "The major version announces it: 1.0.0 -> 2.0.0."),
    ],
)
def test_the_exit_code_is_1_where_the_major_version_has_to_be_raised_and_was_not(
    tmp_path: Path, breaks: bool, version: str, code: int, said: str
) -> None:
    path = committed(tmp_path)
    document = contract.parse(path)
    document["info"]["version"] = version
    if breaks:
        del item(document)["properties"]["quantity"]
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    result = invoke(tmp_path, "contract-changes", "HEAD")
    assert (result.exit_code, said in " ".join(result.stderr.split())) == (code, True), result.stderr
    assert ("body/quantity is no longer accepted" in result.stdout) is breaks


MAP = {"type": "object"}
TEXT, NUMBER = {"type": "string"}, {"type": "number"}
INTEGER, BOOLEAN, INT32 = {"type": "integer"}, {"type": "boolean"}, {"minimum": -(2**31), "maximum": 2**31 - 1}
FIELD_CHANGES: dict[str, tuple[Json, Json, str | None, str | None]] = {
    # the old schema and the new one -> what a request may no longer contain, what a response no longer guarantees
    "an open map becomes one of texts": (
        MAP,
        MAP | {"additionalProperties": TEXT},
        "/*: type changed from any to string",
        None,
    ),
    "an open map gets a typed property": (
        MAP,
        MAP | {"properties": {"a": TEXT}},
        "/a: type changed from any to string",
        None,
    ),
    "an open map is closed": (MAP, MAP | {"additionalProperties": False}, "additional properties are no longer", None),
    "a map gets shorter texts": (
        MAP | {"additionalProperties": TEXT},
        MAP | {"additionalProperties": TEXT | {"maxLength": 5}},
        "/*: maxLength changed from none to 5",
        None,
    ),
    "a map of texts becomes open": (
        MAP | {"additionalProperties": TEXT},
        MAP,
        None,
        "/*: type changed from string to any",
    ),
    "a map of texts names one of its own": (
        MAP | {"additionalProperties": TEXT},
        MAP | {"additionalProperties": TEXT, "properties": {"a": TEXT}},
        None,
        None,
    ),
    "a closed object gets a property": (
        MAP | {"additionalProperties": False, "properties": {"a": TEXT}},
        MAP | {"additionalProperties": False, "properties": {"a": TEXT, "b": TEXT}},
        None,
        None,
    ),
    "a nested property is removed from a closed object": (
        MAP | {"additionalProperties": False, "properties": {"a": TEXT, "b": TEXT}},
        MAP | {"additionalProperties": False, "properties": {"a": TEXT}},
        "/b is no longer accepted",
        "/b was removed",
    ),
    "additionalProperties: true is written down": (MAP, MAP | {"additionalProperties": True}, None, None),
    "additionalProperties: {} is written down": (MAP, MAP | {"additionalProperties": {}}, None, None),
    "nullable: false is written down": (TEXT, TEXT | {"nullable": False}, None, None),
    "minLength: 0 is written down": (TEXT, TEXT | {"minLength": 0}, None, None),
    "uniqueItems: false is written down": (
        {"type": "array", "items": TEXT},
        {"type": "array", "items": TEXT, "uniqueItems": False, "minItems": 0},
        None,
        None,
    ),
    "exclusiveMinimum: false is written down": (
        NUMBER | {"minimum": 1},
        NUMBER | {"minimum": 1, "exclusiveMinimum": False, "exclusiveMaximum": False},
        None,
        None,
    ),
    "deprecated, readOnly: false and required: [] are written down": (
        MAP | {"properties": {"a": TEXT}},
        MAP | {"properties": {"a": TEXT | {"readOnly": False, "deprecated": True}}, "required": []},
        None,
        None,
    ),
    "a bound becomes exclusive": (
        NUMBER | {"minimum": 1},
        NUMBER | {"minimum": 1, "exclusiveMinimum": True},
        " must now be more than 1",
        None,
    ),
    "an exclusive bound becomes inclusive": (
        NUMBER | {"maximum": 1, "exclusiveMaximum": True},
        NUMBER | {"maximum": 1},
        None,
        None,
    ),
    "a bound that is lower, but exclusive": (
        NUMBER | {"minimum": 1},
        NUMBER | {"minimum": 0, "exclusiveMinimum": True},
        None,
        None,
    ),
    "an enum gets a value": (
        TEXT | {"enum": ["a"]},
        TEXT | {"enum": ["a", "b"]},
        None,
        " may now be b",
    ),
    "an enum loses a value": (TEXT | {"enum": ["a", "b"]}, TEXT | {"enum": ["a"]}, " must now be one of a", None),
    "an enum is dropped": (TEXT | {"enum": ["a"]}, TEXT, None, " may now be any value"),
    "an enum whose values have another type": (
        {"type": "boolean", "enum": [True]},
        {"type": "integer", "enum": [1]},
        ": type changed from boolean to integer",
        ": type changed from boolean to integer",
    ),
    "any value becomes a text": ({}, TEXT, ": type changed from any to string", None),
    "a text becomes any value": (TEXT, {}, None, ": type changed from string to any"),
    "a number becomes an integer": (
        NUMBER,
        {"type": "integer"},
        ": type changed from number to integer",
        None,
    ),
    "int32 becomes int64": (
        {"type": "integer", "format": "int32"},
        {"type": "integer", "format": "int64"},
        None,
        ": format changed",
    ),
    "a format is added": (TEXT, TEXT | {"format": "uri"}, ": format changed", None),
    "a format that allows everything is added": (NUMBER, NUMBER | {"format": "double"}, None, None),
    "null is allowed": (TEXT, TEXT | {"nullable": True}, None, " may now be null"),
    "null is no longer allowed": (TEXT | {"nullable": True}, TEXT, " may no longer be null", None),
    "a format that allows everything is removed": (NUMBER | {"format": "double"}, NUMBER, None, None),
    "format: password is removed": (TEXT | {"format": "password"}, TEXT, None, None),
    "format: password is added": (TEXT, TEXT | {"format": "password"}, None, None),
    "a format that is checked becomes one that is not": (
        TEXT | {"format": "uri"},
        TEXT | {"format": "password"},
        None,
        ": format changed",
    ),
    "an open map no longer names a property of any type": (MAP | {"properties": {"a": {}}}, MAP, None, None),
    "a map of texts no longer names one of its own": (
        MAP | {"additionalProperties": TEXT, "properties": {"a": TEXT}},
        MAP | {"additionalProperties": TEXT},
        None,
        None,
    ),
    "an open map no longer names a text": (MAP | {"properties": {"a": TEXT}}, MAP, None, "/a was removed"),
    "a map no longer names a property that it requires": (
        MAP | {"properties": {"a": {}}, "required": ["a"]},
        MAP,
        None,
        "/a was removed",
    ),
    "a map of texts names an integer": (
        MAP | {"additionalProperties": TEXT},
        MAP | {"additionalProperties": TEXT, "properties": {"a": INTEGER}},
        "/a: type changed from string to integer",
        "/a: type changed from string to integer",
    ),
    "an open map names an integer": (
        MAP,
        MAP | {"properties": {"a": INTEGER}},
        "/a: type changed from any to integer",
        None,
    ),
    "both values of a boolean are listed": (BOOLEAN, BOOLEAN | {"enum": [True, False]}, None, None),
    "both values of a boolean are no longer listed": (BOOLEAN | {"enum": [False, True]}, BOOLEAN, None, None),
    "one value of a boolean is listed": (
        BOOLEAN,
        BOOLEAN | {"nullable": True, "enum": [True, None]},
        " must now be one of true, null",
        " may now be null",
    ),
    "null is listed beside nullable": (
        TEXT | {"nullable": True, "enum": ["a"]},
        TEXT | {"nullable": True, "enum": ["a", None]},
        None,
        None,
    ),
    "a value of a boolean is added": (BOOLEAN | {"enum": [True]}, BOOLEAN, None, " may now be any value"),
    "a number is added to an enum": (NUMBER | {"enum": [1.5]}, NUMBER | {"enum": [1.5, 2]}, None, " may now be 2"),
    "more than 0 becomes at least 1, of integers": (
        INTEGER | {"minimum": 0, "exclusiveMinimum": True},
        INTEGER | {"minimum": 1},
        None,
        None,
    ),
    "at most 9 becomes less than 10, of integers": (
        INTEGER | {"maximum": 9},
        INTEGER | {"maximum": 10, "exclusiveMaximum": True},
        None,
        None,
    ),
    "more than 0 becomes at least 1, of numbers": (
        NUMBER | {"minimum": 0, "exclusiveMinimum": True},
        NUMBER | {"minimum": 1},
        ": minimum changed from 0 to 1",
        None,
    ),
    "int32 becomes its bounds": (INTEGER | {"format": "int32"}, INTEGER | INT32, None, None),
    "the bounds of int32 become int32": (INTEGER | INT32, INTEGER | {"format": "int32"}, None, None),
    "int32 becomes wider than its bounds": (
        INTEGER | {"format": "int32"},
        INTEGER | INT32 | {"maximum": 2**31},
        None,
        ": format changed",
    ),
    "int64 becomes int32": (
        INTEGER | {"format": "int64"},
        INTEGER | {"format": "int32"},
        ": format changed",
        None,
    ),
    "any integer becomes int64": (INTEGER, INTEGER | {"format": "int64"}, ": format changed", None),
    "int64 becomes any integer": (INTEGER | {"format": "int64"}, INTEGER, None, ": format changed"),
    "a list gets shorter entries": (
        {"type": "array", "items": {}},
        {"type": "array", "items": TEXT},
        "/*: type changed from any to string",
        None,
    ),
}


@pytest.mark.parametrize("name", FIELD_CHANGES)
def test_a_change_of_a_field_is_judged_in_requests_and_in_responses(name: str) -> None:
    old, new, in_requests, in_responses = FIELD_CHANGES[name]
    before = copy.deepcopy(ITEMS)
    after = copy.deepcopy(before)
    item(before)["properties"]["it"], item(after)["properties"]["it"] = old, new
    found = contract_changes.breaking(before, after)
    expected = {("POST /items: body/it", in_requests), ("GET /items/{id}: response 200/it", in_responses)}
    for place, sentence in expected:
        of_place = [one for one in found if one.startswith(place)]
        assert bool(of_place) == bool(sentence), found
        assert not sentence or any(one.startswith(f"{place}{_with_colon(sentence)}") for one in of_place), found


def test_a_default_that_is_left_out_is_that_of_the_list_only() -> None:
    from functions import handlers

    assert promises.USUAL == {"limit": handlers.LIMIT, "order": "asc"}
    limits = {"name": "limit", "in": "query"}
    old, new = changed(lambda d: None)
    for document, default in ((old, {"default": 25}), (new, {})):
        one = limits | {"schema": INTEGER | default}
        document["paths"]["/items/{id}"]["get"]["parameters"].append(one)
    sentence = "GET /items/{id}: query parameter limit: default changed from 25 to none."
    assert contract_changes.breaking(old, new) == [sentence]


def _with_colon(sentence: str) -> str:
    return sentence if sentence[0] in " :/" else f": {sentence}"


@pytest.mark.parametrize("name", FIELD_CHANGES)
def test_no_change_at_all_breaks_nothing(name: str) -> None:
    for schema in FIELD_CHANGES[name][:2]:
        document = copy.deepcopy(ITEMS)
        item(document)["properties"]["it"] = schema
        assert contract_changes.breaking(document, copy.deepcopy(document)) == []
