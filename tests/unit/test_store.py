"""functions.store: the table is reached only on behalf of an owner and within a deadline."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from functions import errors, resource
from functions.aws.dynamodb import ValidationFailed, marshal
from functions.precondition import Precondition
from functions.receipt import Receipt
from functions.resource import REMOVED, Resource
from functions.store import UPDATE, Resources, Store

ANY = Precondition(None, None, reads=False)
NOW = "2030-01-02T03:04:05.678901Z"
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
    "read": lambda resources: resources.read("1"),
    "get": lambda resources: resources.get("1"),
    "update": lambda resources: resources.update("1", {"name": "x"}, ANY),
    "delete": lambda resources: resources.delete("1", ANY),
    "purge": lambda resources: resources.delete("1", ANY, purge=True),
    "restore": lambda resources: resources.restore("1", ANY),
    "page": lambda resources: resources.page(25, False, ("2030-01-01", "1")),
    "trash": lambda resources: resources.page(25, False, ("2030-01-01", "1"), deleted=True),
}


def request_of(**attributes: Any) -> Any:
    """Return what the store and a receipt need of a request."""
    given = {
        "owner": "ann",
        "caller": "ann",
        "tries": False,
        "id": "request",
        "invocation": "invocation",
        "now": NOW,
        "remaining": lambda: 1.5,
    }
    return SimpleNamespace(**given | {"idempotency_key": None} | attributes)


KEYED: dict[str, Any] = {
    "operation": "update_item",
    "parameters": {"id": "1", "If-Match": None},
    "body": {"a": Decimal("1.5"), "b": [1]},
    "idempotency_key": "key",
}


def public(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


def test_a_store_offers_nothing_but_the_resources_of_a_request() -> None:
    assert public(Store) == {"from_environment", "of"}
    assert public(Resources) == set(CALLS) - {"purge", "trash"}


@pytest.mark.parametrize("method", CALLS)
def test_every_call_names_the_owner_and_carries_the_deadline(method: str) -> None:
    sent: list[tuple[str, dict[str, Any], Callable[[], float]]] = []

    def call(owner: str, _action: str, payload: dict[str, Any], remaining: Callable[[], float]) -> dict[str, Any]:
        sent.append((owner, payload, remaining))
        return RESPONSE

    CALLS[method](Store(call, "table", "index").of(request_of()))
    ((owner, payload, remaining),) = sent
    assert (owner, payload["TableName"], remaining()) == ("ann", "table", 1.5)
    keys = [payload[key] for key in ("Key", "Item", "ExclusiveStartKey") if key in payload]
    assert [key["id"] for key in keys] == [{"S": "ann#1"}]
    if method in ("page", "trash"):
        owner = {"page": "ann", "trash": "ann#trash"}[method]
        assert payload["ExpressionAttributeValues"] == {":owner": {"S": owner}}
        assert payload["ExclusiveStartKey"]["owner"] == {"S": owner}


@pytest.mark.parametrize(
    ("environ", "has_trash", "days"),
    [({}, True, 30), ({"TRASH_DAYS": "7"}, True, 7), ({"TRASH_DAYS": "0"}, True, 0), ({"TRASH_DAYS": ""}, True, None),
     ({}, False, 0), ({"TRASH_DAYS": "7"}, False, 0), ({"TRASH_DAYS": ""}, False, None)],
)  # fmt: skip
def test_a_contract_without_a_restore_has_no_trash(
    environ: dict[str, str], has_trash: bool, days: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "HAS_TRASH", has_trash)
    of_functions = {"TABLE_NAME": "table", "INDEX_NAME": "index", "AWS_REGION": "eu-west-2"}
    keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    assert Store.from_environment(of_functions | keys | environ)._trash_days == days


def test_a_receipt_is_recognised_by_request_or_key_and_by_nobody_else() -> None:
    def receipt(**attributes: Any) -> Receipt:
        return Receipt(request_of(**KEYED | attributes))

    first = receipt()
    assert first.replays(first.text) is False
    assert receipt(id="another").replays(first.text) is True
    assert receipt(id="another", parameters=KEYED["parameters"] | {"If-Match": '"7"'}).replays(first.text) is True
    assert receipt(id="another", body={"b": [1], "a": Decimal("1.50")}).replays(first.text) is True
    for sender in ({"idempotency_key": "other"}, {"caller": "bob"}, {"idempotency_key": None}):
        assert receipt(id="another", **sender).replays(first.text) is None
    for asked in ({"body": {"a": 1}}, {"operation": "patch_item"}, {"parameters": {"id": "2"}}):
        with pytest.raises(errors.IdempotencyKeyReused):
            receipt(id="another", **asked).replays(first.text)
    for foreign in (None, "", "another request", 7):
        assert first.replays(foreign) is None


@pytest.mark.parametrize(
    ("tries", "days", "purge", "action"),
    [(True, 30, True, "DeleteItem"), (True, 0, False, "DeleteItem"), (True, 30, False, "UpdateItem"),
     (False, 30, True, "PutItem"), (False, 0, False, "PutItem")],
)  # fmt: skip
def test_only_what_a_release_has_made_is_deleted_for_good_without_a_memory(
    tries: bool, days: int, purge: bool, action: str
) -> None:
    sent: list[str] = []

    def call(_owner: str, action: str, _payload: dict[str, Any], _remaining: object) -> dict[str, Any]:
        sent.append(action)
        return RESPONSE

    Store(call, "table", "index", days).of(request_of(tries=tries)).delete("1", ANY, purge)
    assert sent == [action]


@pytest.mark.parametrize("removed", [False, True])
def test_an_update_of_500_fields_fits_dynamodbs_expression(removed: bool) -> None:
    sent: list[dict[str, Any]] = []

    def call(_owner: str, _action: str, payload: dict[str, Any], _remaining: object) -> dict[str, Any]:
        sent.append(payload)
        return RESPONSE

    tags = ",".join(f'"{n + 1}"' for n in range(100))
    every = Precondition(tags, tags, reads=False)
    change = {f"a field with a long name, {n}": REMOVED if removed else n for n in range(500)}
    Store(call, "table", "index").of(request_of()).update("1", change, every)
    (payload,) = sent
    expression = payload["UpdateExpression"]
    assert (
        len(expression) <= (len(UPDATE) + 8 * 500 if not removed else len(UPDATE) + len(" REMOVE ") + 4 * 500) <= 4096
    )
    assert len(payload["ConditionExpression"]) <= 4096
    used = set(re.findall(r"[#:]\w+", f"{expression} {payload['ConditionExpression']}"))
    assert used == payload["ExpressionAttributeNames"].keys() | payload["ExpressionAttributeValues"].keys()
    assert len(payload["ExpressionAttributeNames"]) == 500 + 4


@pytest.mark.parametrize(
    ("message", "raised"),
    [
        ("Item size has exceeded the maximum allowed size", errors.PayloadTooLarge),
        ("Item size to update has exceeded the maximum allowed size", errors.PayloadTooLarge),
        (
            "Invalid UpdateExpression: Expression size has exceeded the maximum allowed size; expression size: 4097",
            ValidationFailed,
        ),
        (
            "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit",
            ValidationFailed,
        ),
    ],
)
def test_only_a_resource_that_is_too_large_is_reported_as_that(message: str, raised: type[Exception]) -> None:
    def call(*_: object) -> dict[str, Any]:
        raise ValidationFailed(f"ValidationException: {message}")

    with pytest.raises(raised):
        Store(call, "table", "index").of(request_of()).update("1", {"name": "x"}, ANY)
