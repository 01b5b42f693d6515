"""functions.validation and functions.contract: what is valid, what is not, and how faults are worded."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crudctl.build import rules
from functions import contract, merge, validation


def faults_of(value: Any, **schema: Any) -> list[tuple[str, str]]:
    return list(validation.faults(value, rules.constraints(schema)))


@pytest.mark.parametrize(
    ("value", "schema", "expected"),
    [
        (True, {"type": "integer"}, [("", "must be an integer")]),
        (1.5, {"type": "integer"}, [("", "must be an integer")]),
        (3, {"type": "string"}, [("", "must be a string")]),
        (None, {"type": "string"}, [("", "must be a string")]),
        (None, {"type": "string", "nullable": True}, []),
        ("", {"type": "string", "minLength": 1}, [("", "must not be empty")]),
        ("abc", {"type": "string", "maxLength": 2}, [("", "must have at most 2 characters")]),
        ("\U0001f600" * 2, {"type": "string", "maxLength": 2}, []),
        ("a\n", {"type": "string", "pattern": "^a$"}, [("", "must match ^a$")]),
        ("a\n", {"type": "string", "pattern": "^(a|b$)"}, []),
        ("b\n", {"type": "string", "pattern": "^(a|b$)"}, [("", "must match ^(a|b$)")]),
        ("b\n", {"type": "string", "pattern": "^(?:b$)"}, [("", "must match ^(?:b$)")]),
        ("b\n", {"type": "string", "pattern": "b(?=$)"}, [("", "must match b(?=$)")]),
        ("b", {"type": "string", "pattern": "(?<x>b$)"}, []),
        ("\u0663", {"type": "string", "pattern": r"^\d$"}, [("", r"must match ^\d$")]),
        ("\u00e9", {"type": "string", "pattern": r"^\w$"}, [("", r"must match ^\w$")]),
        ("\ufeff", {"type": "string", "pattern": r"^\s$"}, []),
        ("\ud800", {"type": "string"}, [("", "must be valid Unicode: it contains an unpaired surrogate")]),
        (-1, {"type": "integer", "minimum": 0}, [("", "must be at least 0")]),
        (0, {"type": "integer", "minimum": 0, "exclusiveMinimum": True}, [("", "must be more than 0")]),
        (2**31, {"type": "integer", "format": "int32"}, [("", "must be in the format int32")]),
        ("e", {"enum": ["a", "b"]}, [("", "must be one of a, b")]),
        ([1, "1", 1], {"type": "array", "uniqueItems": True}, [("/2", "must be unique")]),
        ([1, True], {"type": "array", "uniqueItems": True}, []),
        (["", 1], {"items": {"type": "string", "minLength": 1}}, [("/0", "must not be empty"), ("/1", "must be a string")]),
        ({"a/b~": 1}, {"additionalProperties": {"type": "string"}}, [("/a~1b~0", "must be a string")]),
        ({"": "x"}, {"type": "object"}, [("/", "must have a name of 1 to 255 characters")]),
        ({}, {"required": ["a", "b"]}, [("/a", "is required"), ("/b", "is required")]),
        ({"a": {"b": {}}}, {"properties": {"a": {"properties": {"b": {"minProperties": 1}}}}},
         [("/a/b", "must have at least 1 properties")]),
        (10**38 + 1, {"type": "number"}, [("", "must have at most 38 significant digits and a magnitude from 1e-130 to 1e126")]),
        (10**38 - 1, {"type": "integer"}, []),
        (-(10**38), {"type": "integer"}, [("", "must have at most 38 digits")]),
        (10**120, {"type": "number"}, []),
    ],
)  # fmt: skip
def test_a_fault_has_its_pointer_and_detail(
    value: Any, schema: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert faults_of(value, **schema) == expected


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (
            "date",
            ["2026-02-28", "2024-02-29", "2026-08-31"],
            ["2026-02-29", "2026-04-31", "1900-02-29", "2026-13-01", "2026-2-1", "x"],
        ),
        ("date-time", ["2026-02-28T09:26:53Z", "2026-02-28T09:26:53.5+01:00"], ["2026-02-28", "2026-02-28T24:00:00Z"]),
        ("uuid", ["5c0a7a3e-3b5f-4d0e-9f66-0b7e6a2f1c11"], ["5c0a7a3e3b5f4d0e9f660b7e6a2f1c11", ""]),
        ("uri", ["https://example.com/a?b#c", "urn:a:b"], ["example.com", "https://a b"]),
        ("email", ["a.b+c@example.com"], ["a@", "@example.com", "a b@example.com"]),
    ],
)
def test_a_format_is_checked(form: str, good: list[str], bad: list[str]) -> None:
    assert not any(faults_of(value, type="string", format=form) for value in good)
    assert all(faults_of(value, type="string", format=form) for value in bad)


NUMBERS = "must have at most 38 significant digits and a magnitude from 1e-130 to 1e126"


@pytest.mark.parametrize(
    ("text", "schema", "expected"),
    [
        ("0.1", {"minimum": 0.1}, []),
        ("0.3", {"maximum": 0.3}, []),
        ("0.3", {"maximum": 0.3, "exclusiveMaximum": True}, [("", "must be less than 0.3")]),
        ("0.1", {"enum": [0.1, 0.2]}, []),
        ("1.0", {"enum": [1]}, []),
        ("0.09", {"minimum": 0.1}, [("", "must be at least 0.1")]),
        ("1e-130", {}, []),
        ("9e-131", {}, [("", NUMBERS)]),
        ("1e126", {}, [("", NUMBERS)]),
        ("-1e999999999", {}, [("", NUMBERS)]),
        ("0." + "1" * 38, {}, []),
        ("0." + "1" * 39, {}, [("", NUMBERS)]),
        ("1." + "2" * 40 + "e50", {}, [("", NUMBERS)]),
    ],
)
def test_a_fraction_is_compared_as_it_is_written(
    text: str, schema: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert list(validation.faults(Decimal(text), {"type": "number", **schema})) == expected


@pytest.mark.parametrize(
    ("value", "schema", "fault"),
    [
        ("e", {"type": "string", "nullable": True, "enum": ["a", None]}, "must be one of a, null"),
        (2, {"type": "number", "enum": [1, 1.5]}, "must be one of 1, 1.5"),
        (False, {"type": "boolean", "nullable": True, "enum": [True, None]}, "must be one of true, null"),
        (Decimal("1.50"), {"type": "number", "enum": [1, 1.5]}, None),
        (None, {"type": "string", "nullable": True, "enum": ["a", None]}, None),
        (None, {"enum": ["a", None]}, None),
        (None, {"type": "string", "enum": ["a", None]}, "must be a string"),
        ("None", {"type": "string", "nullable": True, "enum": ["a", None]}, "must be one of a, null"),
    ],
)
def test_an_enum_is_compared_by_value(value: Any, schema: dict[str, Any], fault: str | None) -> None:
    assert faults_of(value, **schema) == ([("", fault)] if fault else [])


def test_numbers_of_38_digits_that_differ_in_the_last_are_unique() -> None:
    one, other = Decimal("0." + "1" * 38), Decimal("0." + "1" * 37 + "2")
    assert faults_of([one, other, [Decimal("1.5")], ["1.5"], [["1.5"]], Decimal("1.5")], uniqueItems=True) == []


def test_an_entry_too_deep_to_be_compared_is_a_fault() -> None:
    value: Any = {}
    for _ in range(5000):
        value = [value]
    assert faults_of([value, value], uniqueItems=True)[0][1] == "must not be nested more than 30 levels deep"


@pytest.mark.parametrize(
    "name", ["constructor", "toString", "__proto__", "hasOwnProperty", "__class__", "items", "$ref"]
)
def test_a_property_can_have_any_name(name: str) -> None:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"type": "integer"}},
        "required": [name],
    }
    assert faults_of({name: 1}, **schema) == []
    assert faults_of({name: "x"}, **schema) == [(f"/{name}", "must be an integer")]
    assert faults_of({}, **schema) == [(f"/{name}", "is required")]
    assert faults_of({name: 1}, type="object", additionalProperties=False) == [(f"/{name}", "is not a known property")]


def test_a_pointer_can_be_sent_whatever_a_client_calls_a_property() -> None:
    ((pointer, _),) = faults_of({"\ud800": 1}, additionalProperties=False)
    assert pointer.encode() == b"/?"


def test_a_body_of_thousands_of_faults_lists_a_hundred() -> None:
    faults = validation.reported(validation.faults(list(range(5000)), {"items": {"type": "string"}}))
    assert len(faults) == 101
    assert faults[-1] == {"pointer": "", "detail": "has 4900 more faults"}


def test_equal_numbers_are_not_unique_however_they_are_written() -> None:
    assert faults_of(
        [1, Decimal("1.0"), True, "1", Decimal("1e0"), Decimal("0.5"), Decimal("0.50")], uniqueItems=True
    ) == [(f"/{index}", "must be unique") for index in (1, 4, 6)]


def test_the_name_of_an_additional_property_has_a_limit() -> None:
    assert faults_of({"k" * 255: 1}) == []
    assert faults_of({"k" * 256: 1}) == [("/" + "k" * 100, "must have a name of 1 to 255 characters")]


def test_the_names_of_an_open_object_follow_the_rule_of_the_contract() -> None:
    rule = {"minLength": 2, "maxLength": 3, "pattern": "^[a-z]+$", "regex": r"^[a-z]+\Z"}
    value = dict.fromkeys(["ab", "a", "abcd", "Ab", "ab\n", "named-otherwise"], 1)
    schema = {"properties": {"named-otherwise": {}}, "propertyNames": rule}
    of_length, of_pattern = "must have a name of 2 to 3 characters", "must have a name that matches ^[a-z]+$"
    assert list(validation.faults({"map": value}, {"properties": {"map": schema}})) == [
        ("/map/a", of_length), ("/map/abcd", of_length), ("/map/Ab", of_pattern), ("/map/ab\n", of_pattern)
    ]  # fmt: skip
    patch = value | {"A": None}  # a name from before the rule can be removed
    assert [where for where, _ in merge.patch_faults(patch, {}, schema)] == ["/a", "/abcd", "/Ab", "/ab\n"]


def test_every_fault_of_a_body_is_reported_at_once() -> None:
    body = {"quantity": -1, "tags": ["a", "a", ""], "attributes": {"k": 1}, "version": 3, "color": "red"}
    pointers = [fault["pointer"] for fault in contract.body_faults("create_item", body)]
    assert sorted(pointers) == ["/attributes/k", "/color", "/name", "/quantity", "/tags/1", "/tags/2", "/version"]


def test_the_number_of_faults_of_an_invalid_body_is_limited() -> None:
    faults = contract.body_faults("create_item", {f"unknown{n}": n for n in range(5000)} | {"tags": list(range(5000))})
    assert len(faults) <= 23
    assert {"pointer": "", "detail": "has 4980 more unknown properties"} in faults


def test_nesting_deeper_than_dynamodb_allows_is_a_fault() -> None:
    value: Any = "bottom"
    for _ in range(40):
        value = [value]
    assert faults_of(value)[0][1] == "must not be nested more than 30 levels deep"


def query(**given: list[str]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    return contract.parameters("list_items", {"path": {}, "query": given, "header": {}})


def test_parameters_have_their_types_and_defaults() -> None:
    given = query(limit=["7"], deleted=["true"])[0]
    assert {name: given[name] for name in ("limit", "order", "deleted", "cursor", "X-Correlation-Id")} == {
        "limit": 7, "order": "asc", "deleted": True, "cursor": None, "X-Correlation-Id": None
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "parameter", "detail"),
    [
        ({"limit": ["0"]}, "limit", "must be at least 1"),
        ({"limit": ["ten"]}, "limit", "must be an integer"),
        ({"limit": ["9" * 5000]}, "limit", "must be an integer"),
        ({"limit": ["\u0663"]}, "limit", "must be an integer"),
        ({"limit": ["1", "2"]}, "limit", "must be given only once"),
        ({"order": ["up"]}, "order", "must be one of asc, desc"),
        ({"limt": ["1"]}, "limt", "is not a known parameter"),
        ({"\ud800": ["1"]}, "?", "is not a known parameter"),
    ],
)
def test_a_fault_names_the_parameter(given: dict[str, list[str]], parameter: str, detail: str) -> None:
    assert query(**given)[1] == [{"parameter": parameter, "detail": detail}]


@pytest.mark.parametrize("place", ["path", "query"])
def test_a_parameter_of_bytes_that_are_not_utf_8_is_a_fault(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = {"name": "words", "in": place, "required": False, "schema": {"type": "string"}}
    monkeypatch.setitem(contract.OPERATIONS["list_items"], "parameters", [words])
    for text, wrong in (("b\ufffdro", ["words"]), ("b\u00fcro", [])):
        found = contract.parameters("list_items", {"path": {}, "query": {}, "header": {}} | {place: {"words": [text]}})[
            1
        ]
        assert [fault["parameter"] for fault in found] == wrong


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab\u00e9", max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
LEAF = st.one_of(
    st.fixed_dictionaries({"type": st.just("string")}, optional={
        "minLength": st.integers(0, 3), "maxLength": st.integers(0, 3), "pattern": st.sampled_from(["^a", "b$", "[ab]"])}),
    st.fixed_dictionaries({"type": st.just("integer")}, optional={
        "minimum": st.integers(-3, 3), "maximum": st.integers(-3, 3),
        "exclusiveMinimum": st.booleans(), "exclusiveMaximum": st.booleans()}),
    st.just({"type": "boolean"}),
    st.just({"enum": ["a", 1, None]}),
)  # fmt: skip
SCHEMA = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"type": st.just("array")}, optional={
            "items": inner, "minItems": st.integers(0, 3), "maxItems": st.integers(0, 3), "uniqueItems": st.booleans()}),
        st.fixed_dictionaries({"type": st.just("object")}, optional={
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
            "required": st.lists(st.sampled_from("abc"), min_size=1, max_size=2, unique=True),
            "additionalProperties": st.booleans() | inner,
            "minProperties": st.integers(0, 2), "maxProperties": st.integers(0, 2)}),
    ),
    max_leaves=6,
)  # fmt: skip


def without_orphans(schema: Any) -> Any:
    """Draft 4 allows `exclusiveMinimum` only beside `minimum`."""
    if isinstance(schema, list):
        return [without_orphans(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {k: without_orphans(v) for k, v in schema.items()}
    for bound in ("Minimum", "Maximum"):
        if bound.lower() not in kept:
            kept.pop(f"exclusive{bound}", None)
    return kept


@settings(max_examples=400, deadline=None)
@given(JSON, SCHEMA)
def test_validation_agrees_with_a_full_validator(value: Any, schema: Any) -> None:
    schema = without_orphans(schema)
    valid = jsonschema.Draft4Validator(schema).is_valid(value)
    assert (not faults_of(value, **schema)) == valid


def test_no_detail_repeats_a_value_that_was_sent() -> None:
    secret = "hunter2"
    faults = contract.body_faults(
        "create_item", {"name": [secret], "quantity": secret, "tags": secret, "attributes": {"k": [secret]}}
    )
    assert len(faults) == 4
    assert not any(re.search(secret, fault["detail"]) for fault in faults)
