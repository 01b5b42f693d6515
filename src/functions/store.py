"""The only module that knows the table: reads and writes resources in DynamoDB, every write on a condition. Knows no HTTP.

A resource is stored under the partition key `id` = `<owner>#<resource id>`, so that a caller can address only its own. Attributes
that this version does not know are ignored on read and kept on write: a stored resource is never overwritten whole.

An update expression names every field that it changes. DynamoDB's limit is 4,096 bytes of text, whatever the names and values:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
A PUT names every field of the contract: `len(UPDATE) + 8 * fields` bytes at most, which is enough for more fields than
`crudctl package` allows.
"""

from __future__ import annotations

from . import errors, resource
from .aws import dynamodb
from .aws.dynamodb import marshal, unmarshal
from .resource import REMOVED, Resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Protocol

    from .resource import Change

    # (owner, action, payload, seconds left) -> response; raises dynamodb.DynamoDBError
    Call = Callable[[str, str, dict[str, Any], Callable[[], float]], dict[str, Any]]

    class Request(Protocol):
        """What the store needs of a request: whose resources, which request, when it was received, and how long it may take."""

        owner: str
        id: str
        now: str

        def remaining(self) -> float:
            """Return the seconds left to respond in."""


# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items
MAX_SIZE = 400 * 1024  # bytes, attribute names included
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
UPDATE = "SET #version=#version+:one,#updated=:now,#receipt=:receipt"


class Store:
    """One table. Its resources can be reached only through `of`, that is, for one owner and within one deadline.

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
        """Return the store that TABLE_NAME and INDEX_NAME name, with its connection open.

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

    def of(self, request: Request) -> Resources:
        """Return the resources of the request's owner, to be read and written while the request has time left."""
        return Resources(self._call, self._table, self._index, request)


class Resources:
    """The resources of one owner, for the length of one request. Made by `Store.of`.

    Every method raises errors.Unavailable when the table does not respond in the time that the request has left or another
    transaction holds the resource, and errors.PayloadTooLarge when the resource would outgrow the table.

    A write stores the request's id as its receipt. A write that DynamoDB applied but whose response was lost is sent again; the
    receipt then identifies the resource as already written by this request.
    """

    __slots__ = ("_call", "_index", "_request", "_table")

    def __init__(self, call: Call, table: str, index: str, request: Request) -> None:
        self._call = call
        self._table = table
        self._index = index
        self._request = request

    def create(self, new: Resource) -> tuple[Resource, bool]:
        """Store `new` unless its id is taken. Return what is stored and whether an earlier request created it."""
        attributes = {
            **new.content,
            "id": self._key(new.id),
            "owner": self._request.owner,
            "version": new.version,
            "created_at": new.created_at,
            "updated_at": new.updated_at,
            "fingerprint": new.fingerprint,
            "receipt": self._request.id,
        }
        payload = {
            "Item": marshal(attributes),
            "ConditionExpression": "attribute_not_exists(#id)",
            "ExpressionAttributeNames": {"#id": "id"},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        try:
            self._send("PutItem", payload)
        except dynamodb.ConditionalCheckFailed as failure:
            existing = unmarshal(failure.item or {})
            return _resource(existing), existing.get("receipt") != self._request.id
        return new, False

    def get(self, resource_id: str) -> Resource:
        """Return the resource as the last completed write left it. Raise errors.NotFound if it does not exist."""
        payload = {"Key": marshal({"id": self._key(resource_id)}), "ConsistentRead": True}
        response = self._send("GetItem", payload)
        if "Item" not in response:
            raise errors.NotFound
        return _resource(unmarshal(response["Item"]))

    def update(self, resource_id: str, change: Change, expected: Sequence[int] | None) -> Resource:
        """Change fields of a resource in one conditional write and return it as it is then.

        Args:
            expected: the versions that it may have; None allows any.

        Raises:
            errors.NotFound: It does not exist.
            errors.VersionConflict: It has another version.
        """
        receipt = self._request.id
        names = {"#id": "id", "#version": "version", "#updated": "updated_at", "#receipt": "receipt"}
        values: dict[str, Any] = {":one": 1, ":now": self._request.now, ":receipt": receipt}
        assignments, removals = [UPDATE], []
        for number, (field, value) in enumerate(change.items()):
            token = DIGITS[number // 36] + DIGITS[number % 36]  # short, and no other name has two characters
            names[f"#{token}"] = field
            if value is REMOVED:
                removals.append(f"#{token}")
            else:
                values[f":{token}"] = value
                assignments.append(f"#{token}=:{token}")
        expression = ",".join(assignments) + (" REMOVE " + ",".join(removals) if removals else "")
        condition = _condition(expected, values) + " AND #receipt <> :receipt"  # a resend must not apply twice
        payload = {
            "Key": marshal({"id": self._key(resource_id)}),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": marshal(values),
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        try:
            response = self._send("UpdateItem", payload)
        except dynamodb.ConditionalCheckFailed as failure:
            if failure.item is None:
                raise errors.NotFound from None
            existing = unmarshal(failure.item)
            if existing.get("receipt") == receipt:  # this request's own write, whose response was lost
                return _resource(existing)
            raise errors.VersionConflict(existing["version"]) from None
        return _resource(unmarshal(response["Attributes"]))

    def delete(self, resource_id: str, expected: Sequence[int] | None) -> None:
        """Delete a resource. Raise as `update` does, except that a resend to one that no longer exists has succeeded."""
        values: dict[str, Any] = {}
        payload: dict[str, Any] = {
            "Key": marshal({"id": self._key(resource_id)}),
            "ConditionExpression": _condition(expected, values),
            "ExpressionAttributeNames": {"#id": "id"} | ({"#version": "version"} if values else {}),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if values:
            payload["ExpressionAttributeValues"] = marshal(values)
        try:
            self._send("DeleteItem", payload)
        except dynamodb.ConditionalCheckFailed as failure:
            if failure.item is not None:
                raise errors.VersionConflict(unmarshal(failure.item)["version"]) from None
            if not failure.resent:
                raise errors.NotFound from None

    def page(self, limit: int, descending: bool, after: tuple[str, str] | None) -> tuple[list[Resource], bool]:
        """Return at most `limit` resources by time of creation, and whether there are more.

        One Query on the index; it may return fewer when they are large (DynamoDB stops at 1 MB:
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html).

        Args:
            after: (created_at, id) of the last resource of the previous page.
        """
        owner = self._request.owner
        payload: dict[str, Any] = {
            "IndexName": self._index,
            "KeyConditionExpression": "#owner = :owner",
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": marshal({":owner": owner}),
            "ScanIndexForward": not descending,
            "Limit": limit + 1,  # one more shows whether there is a next page
        }
        if after:
            created_at, resource_id = after
            payload["ExclusiveStartKey"] = marshal(
                {"owner": owner, "created_at": created_at, "id": self._key(resource_id)}
            )
        response = self._send("Query", payload)
        found = [_resource(unmarshal(attributes)) for attributes in response["Items"]]
        return found[:limit], len(found) > limit or (bool(found) and "LastEvaluatedKey" in response)

    def _key(self, resource_id: str) -> str:
        return f"{self._request.owner}#{resource_id}"

    def _send(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        request = self._request
        try:
            return self._call(request.owner, action, {"TableName": self._table, **payload}, request.remaining)
        except (dynamodb.Throttled, dynamodb.TransactionConflict, dynamodb.Unavailable) as failure:
            raise errors.Unavailable from failure
        except dynamodb.ValidationFailed as failure:
            if "Item size" not in str(failure):  # "Item size has exceeded …", "Item size to update has exceeded …"
                raise
            raise errors.PayloadTooLarge(MAX_SIZE) from failure


def _condition(expected: Sequence[int] | None, values: dict[str, Any]) -> str:
    """Return the condition that the resource exists, at one of the `expected` versions, and add their values to `values`."""
    if expected is None:
        return "attribute_exists(#id)"
    values |= {f":v{number}": version for number, version in enumerate(expected or (0,))}  # no resource has version 0
    versions = ", ".join(name for name in values if name.startswith(":v"))
    return f"attribute_exists(#id) AND #version IN ({versions})"


def _resource(attributes: Mapping[str, Any]) -> Resource:
    return Resource(
        id=attributes["id"].rpartition("#")[2],
        version=attributes["version"],
        created_at=attributes["created_at"],
        updated_at=attributes["updated_at"],
        content={field: attributes[field] for field in resource.FIELDS if field in attributes},
        fingerprint=attributes.get("fingerprint", ""),
    )
