"""functions.store: the table is reached only on behalf of an owner and within a deadline."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from functions.aws.dynamodb import marshal
from functions.resource import Resource
from functions.store import Resources, Store

STORED = {
    "id": "ann#1",
    "owner": "ann",
    "version": 1,
    "created_at": "2030-01-01",
    "updated_at": "2030-01-01",
    "name": "x",
}
NEW = Resource(
    id="1", version=1, created_at="2030-01-01", updated_at="2030-01-01", content={"name": "x"}, fingerprint="f"
)
RESPONSE = {"Item": marshal(STORED), "Attributes": marshal(STORED), "Items": [marshal(STORED)]}
CALLS: dict[str, Callable[[Resources], object]] = {
    "create": lambda resources: resources.create(NEW),
    "get": lambda resources: resources.get("1"),
    "update": lambda resources: resources.update("1", {"name": "x"}, None),
    "delete": lambda resources: resources.delete("1", None),
    "page": lambda resources: resources.page(25, False, ("2030-01-01", "1")),
}


def public(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


def test_a_store_offers_nothing_but_the_resources_of_a_request() -> None:
    assert public(Store) == {"from_environment", "of"}
    assert public(Resources) == set(CALLS)


@pytest.mark.parametrize("method", CALLS)
def test_every_call_names_the_owner_and_carries_the_deadline(method: str) -> None:
    sent: list[tuple[str, dict[str, Any], Callable[[], float]]] = []

    def call(owner: str, _action: str, payload: dict[str, Any], remaining: Callable[[], float]) -> dict[str, Any]:
        sent.append((owner, payload, remaining))
        return RESPONSE

    request = SimpleNamespace(owner="ann", id="request", now="2030-01-02", remaining=lambda: 1.5)
    CALLS[method](Store(call, "table", "index").of(request))
    ((owner, payload, remaining),) = sent
    assert (owner, payload["TableName"], remaining()) == ("ann", "table", 1.5)
    keys = [payload[key] for key in ("Key", "Item", "ExclusiveStartKey") if key in payload]
    assert [key["id"] for key in keys] == [{"S": "ann#1"}]
    if method == "page":
        assert payload["ExpressionAttributeValues"] == {":owner": {"S": "ann"}}
