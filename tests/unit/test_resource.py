"""functions.resource: identity and changes, without time, randomness or storage."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import merge, resource
from functions.resource import REMOVED

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("target", "patch", "outcome"),
    [
        # https://www.rfc-editor.org/rfc/rfc7396#appendix-A, all 15 cases
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merging_follows_the_rfc(target: Any, patch: Any, outcome: Any) -> None:
    assert merge.merged(target, patch) == outcome


@given(JSON, JSON)
def test_merging_is_idempotent_and_does_not_modify_its_arguments(target: Any, patch: Any) -> None:
    before = repr(target), repr(patch)
    once = merge.merged(target, patch)
    assert merge.merged(once, patch) == once
    assert (repr(target), repr(patch)) == before


def test_a_patch_changes_only_the_fields_it_names() -> None:
    current = {"name": "a", "attributes": {"x": "1"}, "tags": ["t"]}
    assert resource.patched({"attributes": {"y": "2"}, "tags": None}, current) == {
        "attributes": {"x": "1", "y": "2"},
        "tags": REMOVED,
    }


@pytest.mark.parametrize(("patch", "needs"), [({"a": 1, "b": None, "c": [{}]}, False), ({"a": {}}, True), ({}, False)])
def test_only_a_patch_of_an_object_needs_what_is_stored(patch: dict[str, Any], needs: bool) -> None:
    assert resource.patch_needs_current(patch) is needs


def test_a_replacement_names_every_field() -> None:
    change = resource.replacement({"name": "x"}, {})
    assert change.keys() == set(resource.FIELDS)
    assert [field for field, value in change.items() if value is not REMOVED] == ["name"]


@given(st.binary(min_size=16, max_size=16))
def test_a_random_id_is_a_uuid_of_version_4(entropy: bytes) -> None:
    random = uuid.UUID(resource.random_id(entropy))
    assert (random.version, random.variant) == (4, uuid.RFC_4122)
    assert str(random) == resource.random_id(entropy)


@given(st.text(), st.text())
def test_an_id_for_a_key_is_a_uuid_of_version_8_and_always_the_same(owner: str, key: str) -> None:
    derived = uuid.UUID(resource.id_for_key(owner, key))
    assert derived.variant == uuid.RFC_4122
    assert derived.int >> 76 & 0xF == 8
    assert str(derived) == resource.id_for_key(owner, key)


def test_owner_and_key_cannot_be_confused() -> None:
    assert len({resource.id_for_key("ab", "c"), resource.id_for_key("a", "bc"), resource.id_for_key("abc", "")}) == 3


def test_fingerprints_differ_for_different_contents_and_not_for_different_spellings() -> None:
    assert resource.fingerprint({"a": 1, "b": [1]}) == resource.fingerprint({"b": [1], "a": 1})
    contents: list[dict[str, Any]] = [{"a": 1}, {"a": "1"}, {"a": [1]}, {"a": None}, {"a": True}, {}]
    assert len({resource.fingerprint(content) for content in contents}) == len(contents)
