"""The only module that knows the table: items in and out of DynamoDB, every write on a condition. Knows no HTTP.

An item is stored under the partition key `id` = `<owner>#<item id>`, so that a caller can address its own items only.
Attributes that this version does not know are ignored on read and kept on write: nothing is ever put over an item.
"""

from __future__ import annotations

from . import errors, item
from .aws import dynamodb
from .aws.dynamodb import marshal, unmarshal
from .contract import REMOVED
from .item import Item

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    # (owner, action, payload, seconds left) -> answer; raises dynamodb.DynamoDBError
    Call = Callable[[str, str, dict[str, Any], Callable[[], float]], dict[str, Any]]


# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items
MAX_ITEM = 400 * 1024  # bytes, names of attributes included


class Store:
    """The items of one table.

    Every method takes `remaining`, which tells the seconds left to answer in, and raises errors.Unavailable when the table
    does not answer in that time or another transaction holds the item, and errors.PayloadTooLarge when the item would
    outgrow the table.

    Args:
        call: makes one DynamoDB call on behalf of an owner.
        table, index: names of the table and of its index by owner and time of creation.
    """

    def __init__(self, call: Call, table: str, index: str) -> None:
        self._call = call
        self._table = table
        self._index = index

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Store:
        """The store that TABLE_NAME and INDEX_NAME name, with its connection opened.

        With DATA_ROLE_ARN, every call is made in a session of that role tagged with the owner, so that IAM guards ownership too:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
        """
        client = dynamodb.Client.from_environment(environ)
        client.connect()
        role = None
        if environ.get("DATA_ROLE_ARN"):
            from .aws.sts import OwnerRole

            role = OwnerRole.from_environment(environ)

        def call(owner: str, action: str, payload: dict[str, Any], remaining: Callable[[], float]) -> dict[str, Any]:
            credentials = (lambda: role.credentials(owner, remaining)) if role else None
            return client.call(action, payload, remaining, credentials)

        return cls(call, environ["TABLE_NAME"], environ["INDEX_NAME"])

    def create(self, new: Item, receipt: str, remaining: Callable[[], float]) -> tuple[Item, bool]:
        """Stores `new` unless its id is taken; answers the stored item and whether it was there before.

        Args:
            receipt: names this write, so that a resend after a lost answer is known as our own.
        """
        attributes = new.content | {
            "id": _key(new.owner, new.id),
            "owner": new.owner,
            "version": new.version,
            "created_at": new.created_at,
            "updated_at": new.updated_at,
            "fingerprint": new.fingerprint,
            "receipt": receipt,
        }
        payload = {
            "Item": marshal(attributes),
            "ConditionExpression": "attribute_not_exists(#id)",
            "ExpressionAttributeNames": {"#id": "id"},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        try:
            self._send(new.owner, "PutItem", payload, remaining)
        except dynamodb.ConditionalCheckFailed as failure:
            found = unmarshal(failure.item or {})
            return _item(found), found.get("receipt") != receipt
        return new, False

    def get(self, owner: str, item_id: str, remaining: Callable[[], float]) -> Item:
        """The item as the last finished write left it. Raises errors.NotFound."""
        payload = {"Key": marshal({"id": _key(owner, item_id)}), "ConsistentRead": True}
        answer = self._send(owner, "GetItem", payload, remaining)
        if "Item" not in answer:
            raise errors.NotFound
        return _item(unmarshal(answer["Item"]))

    def update(
        self,
        owner: str,
        item_id: str,
        change: Mapping[str, Any],
        now: str,
        receipt: str,
        expected: Sequence[int] | None,
        remaining: Callable[[], float],
    ) -> Item:
        """Changes fields of an item in one conditional write and answers the item after it.

        Args:
            change: new value or REMOVED by field.
            expected: the versions the item may have; None: any.

        Raises:
            errors.NotFound: There is no such item.
            errors.VersionConflict: It has another version.
        """
        names = {"#id": "id", "#version": "version", "#updated": "updated_at", "#receipt": "receipt"}
        values: dict[str, Any] = {":one": 1, ":now": now, ":receipt": receipt}
        assignments = ["#version = #version + :one", "#updated = :now", "#receipt = :receipt"]
        removals = []
        for number, (field, value) in enumerate(change.items()):
            names[f"#f{number}"] = field
            if value is REMOVED:
                removals.append(f"#f{number}")
            else:
                values[f":f{number}"] = value
                assignments.append(f"#f{number} = :f{number}")
        expression = "SET " + ", ".join(assignments) + (" REMOVE " + ", ".join(removals) if removals else "")
        condition = _condition(expected, values) + " AND #receipt <> :receipt"  # a resend must not apply twice
        payload = {
            "Key": marshal({"id": _key(owner, item_id)}),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": marshal(values),
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        try:
            answer = self._send(owner, "UpdateItem", payload, remaining)
        except dynamodb.ConditionalCheckFailed as failure:
            if failure.item is None:
                raise errors.NotFound from None
            found = unmarshal(failure.item)
            if found.get("receipt") == receipt:  # our own write, whose answer was lost
                return _item(found)
            raise errors.VersionConflict(found["version"]) from None
        return _item(unmarshal(answer["Attributes"]))

    def delete(self, owner: str, item_id: str, expected: Sequence[int] | None, remaining: Callable[[], float]) -> None:
        """Deletes an item. Raises as `update` does; a resend that finds it gone has done its work."""
        values: dict[str, Any] = {}
        payload: dict[str, Any] = {
            "Key": marshal({"id": _key(owner, item_id)}),
            "ConditionExpression": _condition(expected, values),
            "ExpressionAttributeNames": {"#id": "id"} | ({"#version": "version"} if values else {}),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if values:
            payload["ExpressionAttributeValues"] = marshal(values)
        try:
            self._send(owner, "DeleteItem", payload, remaining)
        except dynamodb.ConditionalCheckFailed as failure:
            if failure.item is not None:
                raise errors.VersionConflict(unmarshal(failure.item)["version"]) from None
            if not failure.resent:
                raise errors.NotFound from None

    def page(
        self,
        owner: str,
        limit: int,
        descending: bool,
        after: tuple[str, str] | None,
        remaining: Callable[[], float],
    ) -> tuple[list[Item], bool]:
        """At most `limit` items of an owner by time of creation, and whether there are more.

        One Query on the index; it may answer fewer when they are large (DynamoDB stops at 1 MB:
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html).

        Args:
            after: (created_at, item id) of the last item of the page before.
        """
        payload: dict[str, Any] = {
            "IndexName": self._index,
            "KeyConditionExpression": "#owner = :owner",
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": marshal({":owner": owner}),
            "ScanIndexForward": not descending,
            "Limit": limit + 1,  # one more tells whether there is a next page
        }
        if after:
            created_at, item_id = after
            payload["ExclusiveStartKey"] = marshal(
                {"owner": owner, "created_at": created_at, "id": _key(owner, item_id)}
            )
        answer = self._send(owner, "Query", payload, remaining)
        found = [_item(unmarshal(attributes)) for attributes in answer["Items"]]
        return found[:limit], len(found) > limit or (bool(found) and "LastEvaluatedKey" in answer)

    def _send(self, owner: str, action: str, payload: dict[str, Any], remaining: Callable[[], float]) -> dict[str, Any]:
        try:
            return self._call(owner, action, {"TableName": self._table, **payload}, remaining)
        except (dynamodb.Throttled, dynamodb.TransactionConflict, dynamodb.Unavailable) as failure:
            raise errors.Unavailable from failure
        except dynamodb.ValidationFailed as failure:
            if "size" not in str(failure):  # "Item size has exceeded …", "Item size to update has exceeded …"
                raise
            raise errors.PayloadTooLarge(MAX_ITEM) from failure


def _key(owner: str, item_id: str) -> str:
    return f"{owner}#{item_id}"


def _condition(expected: Sequence[int] | None, values: dict[str, Any]) -> str:
    """The condition that the item is there, at one of the `expected` versions; their values are added to `values`."""
    if expected is None:
        return "attribute_exists(#id)"
    values |= {f":v{number}": version for number, version in enumerate(expected or (0,))}  # 0 is nobody's version
    versions = ", ".join(name for name in values if name.startswith(":v"))
    return f"attribute_exists(#id) AND #version IN ({versions})"


def _item(attributes: Mapping[str, Any]) -> Item:
    return Item(
        id=attributes["id"].rpartition("#")[2],
        owner=attributes["owner"],
        version=attributes["version"],
        created_at=attributes["created_at"],
        updated_at=attributes["updated_at"],
        content={field: attributes[field] for field in item.FIELDS if field in attributes},
        fingerprint=attributes.get("fingerprint", ""),
    )
