"""Two versions with different contracts over one table: nothing that one stored is lost by the other, and none fails on it.

This is what a release has for minutes, a rollback afterwards, and a contract that changed for ever: old entries stay as they are.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
import yaml

from functions.aws.attributes import marshal, unmarshal
from tests import contracts
from tests.contracts.serve import serving

MERGE = {"Content-Type": "application/merge-patch+json"}
CLOSED = {"type": "object", "additionalProperties": False, "properties": {"width": {"type": "integer"}}}
OBJECT_OF_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}

# Field, schema and a valid value, for each kind of schema that the contract can have.
KINDS: dict[str, tuple[dict[str, Any], Any]] = {
    "text": ({"type": "string", "maxLength": 3}, "abc"),
    "whole": ({"type": "integer", "maximum": 9}, 9),
    "number": ({"type": "number"}, 2.5),
    "flag": ({"type": "boolean"}, False),
    "choice": ({"type": "string", "nullable": True, "enum": ["a", None]}, None),
    "texts": ({"type": "array", "maxItems": 1, "items": {"type": "string"}}, ["a"]),
    "closed": (CLOSED, {"width": 1}),
    "list_of_closed": ({"type": "array", "items": CLOSED}, [{"width": 1}]),
    "map_of_closed": ({"type": "object", "additionalProperties": CLOSED}, {"a": {"width": 1}}),
    "map_of_texts": (OBJECT_OF_TEXTS, {"a": "b"}),
    "open": ({"type": "object", "properties": {"width": {"type": "integer"}}}, {"width": 1}),
    "few": (OBJECT_OF_TEXTS | {"minProperties": 1, "maxProperties": 1}, {"a": "b"}),
    "anything": ({}, [1, None, {"a": "b"}]),
}
VALUES: list[Any] = [
    "a long text", "", 10**37, -1, True, None, [], ["a", "b"], [None, [1], {"width": "x"}], [{"depth": 1}], {},
    {"width": {"width": {"width": [{}]}}}, {"a": {"width": 1, "depth": 2}, "b": "c"}, {"a": None, "width": None},
]  # fmt: skip

Stored = Callable[..., dict[str, Any]]


def without_examples(part: Any) -> Any:
    if isinstance(part, list):
        return [without_examples(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    return {name: without_examples(inner) for name, inner in part.items() if name not in ("example", "examples")}


def contract(folder: Path, name: str, change: Callable[[dict[str, Any]], None]) -> Path:
    """Write the tests' contract with other fields, and without its examples."""
    document: Any = without_examples(contracts.document())
    change(document["components"]["schemas"]["ItemContent"])
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


@contextlib.contextmanager
def served(path: Path, table: dict[str, str], owner: str) -> Iterator[httpx.Client]:
    bearer = {"Authorization": f"Bearer {owner}"}
    with serving(path, table) as url, httpx.Client(base_url=url, headers=bearer, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def owner() -> str:
    return f"owner-{uuid.uuid4()}"


@pytest.fixture(scope="module")
def before(table: dict[str, str], owner: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The tests' contract, with a closed object."""

    def change(content: dict[str, Any]) -> None:
        content["properties"]["size"] = CLOSED | {"properties": {"width": {"type": "integer"}, "depth": {}}}

    with served(contract(tmp_path_factory.mktemp("before"), "before", change), table, owner) as client:
        yield client


@pytest.fixture(scope="module")
def after(table: dict[str, str], owner: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The contract later: fields are removed, renamed, required, of another type and narrower; and one of each kind."""

    def change(content: dict[str, Any]) -> None:
        fields = content["properties"]
        del fields["quantity"]
        fields["labels"] = fields.pop("tags")
        fields["description"] = {"type": "integer"}
        fields["name"] |= {"maxLength": 5}
        fields["sku"] = {"type": "string"}
        fields["size"] = CLOSED
        content["required"] += ["sku"]
        fields |= {name: schema for name, (schema, _) in KINDS.items()}

    with served(contract(tmp_path_factory.mktemp("after"), "after", change), table, owner) as client:
        yield client


@pytest.fixture(scope="module")
def stored(table: dict[str, str], owner: str) -> Stored:
    """Return what the table has of an item, after changing some attributes as another version would have written them."""
    client = boto3.client(
        "dynamodb",
        region_name=table["AWS_REGION"],
        endpoint_url=table["AWS_ENDPOINT_URL"],
        aws_access_key_id=table["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=table["AWS_SECRET_ACCESS_KEY"],
    )

    def attributes(item_id: str, **changed: Any) -> dict[str, Any]:
        found = client.get_item(TableName=table["TABLE_NAME"], Key={"id": {"S": f"{owner}#{item_id}"}})["Item"]
        if changed:
            found |= marshal(changed)
            client.put_item(TableName=table["TABLE_NAME"], Item=found)
        return unmarshal(found)

    return attributes


OLD = {
    "name": "A name that is too long now",
    "description": "text",
    "quantity": 7,
    "tags": ["a"],
    "attributes": {"colour": "red"},
    "size": {"width": 1, "depth": {"exact": 2}},
}
NEW = {"name": "New", "sku": "s", "labels": ["b"], "description": 3, "size": {"width": 2}}
HIDDEN = {"quantity": 7, "tags": ["a"]}  # what a version with the later contract does not know


def ok(response: httpx.Response, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json() if response.content else None


def listed(api: httpx.Client, item_id: str, **query: str) -> dict[str, Any]:
    return next(one for one in ok(api.get("items", params={"limit": "100", **query}))["items"] if one["id"] == item_id)


def test_what_the_version_before_stored_is_kept_by_the_version_after(
    before: httpx.Client, after: httpx.Client, stored: Stored
) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    item = ok(before.post("items", json=OLD, headers=key), 201)
    path = f"items/{item['id']}"
    shown = {field: value for field, value in item.items() if field not in HIDDEN} | {"size": {"width": 1}}
    assert ok(after.get(path)) == listed(after, item["id"]) == shown
    assert ok(after.patch(path, json={"sku": "s"}, headers=MERGE))["name"] == OLD["name"]  # invalid now, and kept
    assert ok(after.patch(path, json={"size": {"width": 5}}, headers=MERGE))["size"] == {"width": 5}
    assert ok(before.get(path)).items() >= (OLD | {"size": {"width": 5, "depth": {"exact": 2}}}).items()
    assert ok(after.put(path, json=NEW)).items() >= NEW.items()
    assert stored(item["id"]).items() >= (HIDDEN | {"size": {"width": 2, "depth": {"exact": 2}}}).items()
    assert ok(before.get(path)).items() >= HIDDEN.items()
    ok(after.delete(path), 204)
    assert listed(before, item["id"], deleted="true")["quantity"] == 7
    assert before.get(path).status_code == 404
    assert before.post("items", json=OLD, headers=key).status_code == 409
    ok(before.post(f"{path}/restore"))
    assert ok(after.get(path))["sku"] == "s"
    assert stored(item["id"]).items() >= (HIDDEN | {"labels": ["b"]}).items()
    ok(before.delete(path, params={"purge": "true"}), 204)
    assert after.get(path).status_code == 404


def test_what_the_version_after_stored_is_kept_by_the_version_before(
    before: httpx.Client, after: httpx.Client, stored: Stored
) -> None:
    """As after a rollback."""
    created = NEW | {name: value for name, (_, value) in KINDS.items()}
    item = ok(after.post("items", json=created), 201)
    path = f"items/{item['id']}"
    unknown = {name: stored(item["id"])[name] for name in ("sku", "labels", *KINDS)}
    assert ok(before.get(path)) == listed(before, item["id"])
    assert (
        ok(before.patch(path, json={"quantity": 1}, headers=MERGE))["description"] == 3
    )  # of a type that it does not know
    ok(before.put(path, json=OLD))
    ok(before.delete(path), 204)
    assert listed(after, item["id"], deleted="true")["sku"] == "s"
    ok(before.post(f"{path}/restore"))
    assert stored(item["id"]).items() >= unknown.items()
    assert ok(after.get(path)).items() >= {name: value for name, (_, value) in KINDS.items()}.items()
    ok(after.delete(path, params={"purge": "true"}), 204)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_stored_value_of_any_other_type_is_served_replaced_and_removed(
    after: httpx.Client, stored: Stored, value: Any
) -> None:
    item = ok(after.post("items", json={"name": "Odd", "sku": "s"}), 201)
    path = f"items/{item['id']}"
    put_there = dict.fromkeys(KINDS, value)
    stored(item["id"], **put_there)
    assert ok(after.get(path)) == listed(after, item["id"])
    ok(after.patch(path, json={"name": "Same"}, headers=MERGE))
    assert stored(item["id"]).items() >= put_there.items()  # nobody named them
    objects = {name: valid for name, (_, valid) in KINDS.items() if isinstance(valid, dict)}
    ok(
        after.patch(
            path, json={name: valid for name, (_, valid) in KINDS.items() if name not in objects}, headers=MERGE
        )
    )
    for name, valid in objects.items():
        changed = after.patch(path, json={name: valid}, headers=MERGE)
        assert changed.status_code in (200, 400), (
            changed.text
        )  # what is there already may make the merged object invalid
    stored(item["id"], **put_there)
    everything = {name: valid for name, (_, valid) in KINDS.items()}
    assert ok(after.put(path, json={"name": "All", "sku": "s"} | everything)).items() >= everything.items()
    stored(item["id"], **put_there)
    ok(after.delete(path), 204)
    assert listed(after, item["id"], deleted="true")["name"] == "All"
    ok(after.post(f"{path}/restore"))
    ok(after.put(path, json={"name": "Less", "sku": "s"}))
    assert not KINDS.keys() & stored(item["id"]).keys()
    ok(after.delete(path, params={"purge": "true"}), 204)
