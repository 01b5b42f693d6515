"""functions.merge: what a merge patch may change, and what a version keeps although it does not know it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import merge, validation

SIZE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["width"],
    "properties": {"width": {"type": "integer"}, "unit": {"type": "string", "enum": ["cm", "in"]}},
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "size": SIZE,
        "box": {"type": "object", "additionalProperties": False, "properties": {"size": SIZE}},
        "open": {"type": "object", "properties": {"a": {"type": "integer"}}},
        "map": {"type": "object", "maxProperties": 2, "minProperties": 1,
                "additionalProperties": {"type": "string", "nullable": True}},
        "sizes": {"type": "object", "additionalProperties": SIZE},
        "lines": {"type": "array", "items": SIZE},
    },
}  # fmt: skip


def faults_of(patch: dict[str, Any], stored: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    return list(merge.patch_faults(patch, stored or {}, SCHEMA))


@pytest.mark.parametrize(
    ("stored", "patch"),
    [
        ({"size": {"width": 1, "unit": "ell"}}, {"size": {"width": 2}}),
        ({"box": {"size": {"width": 1, "unit": "ell"}}}, {"box": {"size": {"width": 2}}}),
        ({"sizes": {"a": {"width": 1, "unit": "ell"}}}, {"sizes": {"a": {"width": 2}}}),
        ({"sizes": {"a": {"width": 1, "unit": "ell"}}}, {"sizes": {"b": {"width": 2}}}),
        ({"size": {"width": 1, "depth": 3}}, {"size": {"width": 2}}),
        ({"size": {"unit": "cm"}}, {"size": {"unit": "in"}}),
        ({"size": {"width": 1, "unit": "ell"}}, {"size": {"unit": None}}),
        ({"size": {"width": 1, "unit": "ell"}}, {"size": {}}),
        ({"map": {"a": "1", "b": None, "c": "3"}}, {"map": {"a": "2"}}),
        ({"map": {"a": "1", "b": None, "c": "3"}}, {"map": {"a": None}}),
        ({"map": {}}, {"map": {}}),
        ({"size": "a text once"}, {"size": {"width": 1}}),
        ({"name": ""}, {"size": {"width": 1}}),
    ],
    ids=["enum narrowed", "deeper", "in a map", "beside it in a map", "property removed from the contract", "required since",
         "removed", "nothing edited", "too many before", "fewer", "too few before", "another type before", "beside it"],
)  # fmt: skip
def test_what_a_patch_does_not_name_is_no_fault_of_the_caller(stored: dict[str, Any], patch: dict[str, Any]) -> None:
    assert faults_of(patch, stored) == []


@pytest.mark.parametrize(
    ("stored", "patch", "expected"),
    [
        ({"size": {"width": 1}}, {"size": {"unit": "ell"}}, [("/size/unit", "must be one of cm, in")]),
        ({"size": {"width": 1}}, {"size": {"width": None}}, [("/size/width", "is required and cannot be removed")]),
        ({}, {"size": {"unit": "cm"}}, [("/size/width", "is required")]),
        ({}, {"size": {"width": None}}, [("/size/width", "is required")]),
        ({"size": "a text once"}, {"size": {"unit": "cm"}}, [("/size/width", "is required")]),
        ({"size": {"width": 1, "depth": 3}}, {"size": {"depth": 4}}, [("/size/depth", "is not a known property")]),
        ({"size": {"width": 1, "depth": 3}}, {"size": {"depth": None}}, [("/size/depth", "is not a known property")]),
        ({}, {"size": 5}, [("/size", "must be an object")]),
        ({"name": "x"}, {"name": {"a": 1}}, [("/name", "must be a string")]),
        ({"name": "x"}, {"name": None}, [("/name", "is required and cannot be removed")]),
        ({"map": {"a": "1", "b": "2"}}, {"map": {"c": "3"}}, [("/map", "must have at most 2 properties")]),
        ({"map": {"a": "1"}}, {"map": {"a": None}}, [("/map", "must have at least 1 properties")]),
        ({}, {"map": {}}, [("/map", "must have at least 1 properties")]),
        ({}, {"open": {"a": "x"}}, [("/open/a", "must be an integer")]),
        ({}, {"open": {"": 1}}, [("/open/", "must have a name of 1 to 255 characters")]),
        ({"map": {"a": "1"}}, {"map": {"\ud800": None}},
         [("/map", "must have valid Unicode in property names: one contains an unpaired surrogate")]),
        ({}, {"lines": [{"width": 1, "depth": 2}]}, [("/lines/0/depth", "is not a known property")]),
        ({}, {"lines": [{"width": None}]}, [("/lines/0/width", "must be an integer")]),
        ({}, {"color": None}, [("/color", "is not a known property")]),
    ],
)  # fmt: skip
def test_what_a_patch_names_is_validated(
    stored: dict[str, Any], patch: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert faults_of(patch, stored) == expected


def test_a_patch_of_thousands_of_unknown_fields_lists_twenty() -> None:
    for value in (1, None, {"a": 1}):
        faults = faults_of({f"unknown{n}": value for n in range(5000)})
        assert len(faults) == 21
        assert faults[-1] == ("", "has 4980 more unknown properties")


def test_a_patch_nested_thousands_of_levels_is_a_fault() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"a": deep}
    assert [detail for _, detail in faults_of({"open": {"b": deep}})] == ["must not be nested more than 30 levels deep"]


def test_what_the_contract_does_not_know_is_hidden_at_every_depth() -> None:
    size = {"width": 1, "depth": 3}
    stored = {
        "size": size,
        "box": {"size": size, "x": 1},
        "sizes": {"a": size},
        "lines": [size],
        "open": {"b": size},
        "name": "x",
        "y": 1,
    }
    shown = {"width": 1}
    assert merge.known(stored, SCHEMA) == {
        "size": shown, "box": {"size": shown}, "sizes": {"a": shown}, "lines": [shown], "open": {"b": size}, "name": "x"
    }  # fmt: skip


def test_what_clients_do_not_see_is_kept_where_an_object_is_replaced() -> None:
    size = {"width": 1, "depth": 3}
    stored = {
        "box": {"size": size, "x": 1},
        "sizes": {"a": size, "b": size},
        "lines": [size],
        "open": {"b": 1},
        "size": size,
    }
    new = {"box": {"size": {"width": 2}}, "sizes": {"a": {"width": 3}}, "lines": [{"width": 4}], "open": {}}
    before = repr((stored, new))
    assert merge.keeping(new, stored, SCHEMA) == {
        "box": {"size": {"width": 2, "depth": 3}, "x": 1}, "sizes": {"a": {"width": 3, "depth": 3}},
        "lines": [{"width": 4}], "open": {},
    }  # fmt: skip
    assert repr((stored, new)) == before


@pytest.mark.parametrize(
    ("value", "schema", "may"),
    [
        ({"width": 1}, SIZE, True),
        ({"a": {"width": 1}}, SCHEMA["properties"]["sizes"], True),  # type: ignore[index]
        ({}, SCHEMA["properties"]["sizes"], False),  # type: ignore[index]
        ([{"width": 1}], SCHEMA["properties"]["lines"], False),  # type: ignore[index]
        ({"a": "b"}, SCHEMA["properties"]["map"], False),  # type: ignore[index]
        ("x", {"type": "string"}, False),
    ],
)
def test_only_replacing_a_closed_object_may_drop_what_clients_do_not_see(value: Any, schema: Any, may: bool) -> None:
    assert merge.may_drop(value, schema) is may
    assert merge.is_closed(schema) or not may


NAMES = st.sampled_from(
    ["name", "size", "width", "unit", "depth", "map", "lines", "open", "sizes", "constructor", "__proto__"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "cm", "x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, JSON, max_size=4), st.dictionaries(NAMES, JSON, max_size=4))
def test_a_patch_without_faults_makes_no_valid_content_invalid(patch: dict[str, Any], stored: dict[str, Any]) -> None:
    def invalid(content: Any) -> bool:
        return any(validation.faults(merge.known(content, SCHEMA), SCHEMA))

    if not invalid(stored) and not list(merge.patch_faults(patch, stored, SCHEMA)):
        assert not invalid(merge.merged(stored, patch))
