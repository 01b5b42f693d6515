"""The only module that knows the table: reads and writes resources in DynamoDB, every write on a condition. Knows no HTTP.

A resource is stored under the partition key `id` = `<owner>#<resource id>`, so that a caller can address only its own. Attributes
that this version does not know are ignored on read and kept on write: a stored resource is never overwritten whole, except by the
memory of one that is deleted for good.

An update expression names every field that it changes. DynamoDB's limit is 4,096 bytes of text, whatever the names and values:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
A PUT names every field of the contract: `len(UPDATE) + 8 * fields` bytes at most, which is enough for more fields than
`crudctl package` allows.
"""

from __future__ import annotations

from . import entry, errors, resource, telemetry
from .aws import dynamodb
from .aws.dynamodb import marshal, unmarshal
from .entry import LIVE, TRASHED
from .receipt import Receipt
from .resource import REMOVED, Resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Protocol

    from . import receipt
    from .entry import Precondition
    from .resource import Change

    # (owner, action, payload, seconds left) -> response; raises dynamodb.DynamoDBError
    Call = Callable[[str, str, dict[str, Any], Callable[[], float]], dict[str, Any]]

    class Request(receipt.Request, Protocol):
        """What the store needs of a request: whose resources, which request, when it was received, and how long it may take."""

        owner: str
        now: str
        tries: bool  # whether it is of a release, which leaves nothing behind

        def remaining(self) -> float:
            """Return the seconds left to respond in."""


# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items
MAX_SIZE = 400 * 1024  # bytes, attribute names included
TRASH_DAYS = 30
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
UPDATE = "SET #version=#version+:one,#updated=:now,#receipt=:receipt"
DELETE = "SET #deleted=:now,#expires=:expires,#owner=:owner,#receipt=:receipt"  # the version stays: its tag restores it
RESTORE = f"{UPDATE},#owner=:owner REMOVE #deleted,#expires"


class Store:
    """One table. Its resources can be reached only through `of`, that is, for one owner and within one deadline.

    Args:
        call: makes one DynamoDB call on behalf of an owner.
        table, index: names of the table and of its index by owner and time of creation.
        trash_days: how long what was deleted can be restored. 0 deletes for good and leaves a memory; None leaves nothing, for
            a release whose predecessor does not know memories.
    """

    def __init__(self, call: Call, table: str, index: str, trash_days: int | None = TRASH_DAYS) -> None:
        self._call = call
        self._table = table
        self._index = index
        self._trash_days = trash_days

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Store:
        """Return the store that TABLE_NAME and INDEX_NAME name, with its connection open.

        TRASH_DAYS is a number of days, or empty for None. Where the contract has no operation to restore, there is no trash.

        With DATA_ROLE_ARN, every call is made in a session of that role tagged with the owner, so that IAM guards ownership too:
        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
        """
        client = dynamodb.Client.from_environment(environ, _noticed)
        client.connect()
        role = None
        if environ.get("DATA_ROLE_ARN"):
            from .aws.sts import OwnerRole

            role = OwnerRole.from_environment(environ)

        def call(owner: str, action: str, payload: dict[str, Any], remaining: Callable[[], float]) -> dict[str, Any]:
            credentials = (lambda left: role.credentials(owner, left)) if role else None
            return client.call(action, payload, remaining, credentials)

        days = environ.get("TRASH_DAYS", str(TRASH_DAYS))
        trash_days = (int(days) if resource.HAS_TRASH else 0) if days else None
        return cls(call, environ["TABLE_NAME"], environ["INDEX_NAME"], trash_days)

    def of(self, request: Request) -> Resources:
        """Return the resources of the request's owner, to be read and written while the request has time left."""
        return Resources(self._call, self._table, self._index, self._trash_days, request)


class Resources:
    """The resources of one owner, for the length of one request. Made by `Store.of`.

    Every method raises errors.Unavailable when the table does not respond in the time that the request has left or another
    transaction holds the resource, and errors.PayloadTooLarge when the resource would outgrow the table.

    Every write to an existing resource takes the precondition of the request and raises

    - errors.NotFound: the resource does not exist, or is not in a state that the write is for (see functions.entry);
    - errors.VersionConflict: the precondition does not allow its version;
    - errors.IdempotencyKeyReused: another request with the same key was the last to write it.

    A write leaves its receipt (see functions.receipt). If this write was the last one, sent by this request or by an earlier one
    with the same key, it is not applied again and has the same result.
    A delete with `trash_days` None leaves none: if it is sent again, it raises errors.NotFound.
    """

    __slots__ = ("_call", "_index", "_made", "_request", "_table", "_trash_days")

    def __init__(self, call: Call, table: str, index: str, trash_days: int | None, request: Request) -> None:
        self._call = call
        self._table = table
        self._index = index
        self._trash_days = trash_days
        self._request = request
        self._made: Receipt | None = None

    @property
    def _receipt(self) -> Receipt:
        """What this request leaves in what it writes, made for the first write: a read needs none."""
        self._made = self._made or Receipt(self._request)
        return self._made

    def create(self, new: Resource) -> Resource:
        """Store `new` unless its id is taken. Return what is stored, `replayed` if an earlier request created it.

        Raises:
            errors.Deleted: The id was used for what was deleted since.
        """
        payload = {
            "Item": marshal(entry.attributes(new, self._request.owner, self._receipt.text)),
            "ConditionExpression": "attribute_not_exists(#id)",
            "ExpressionAttributeNames": {"#id": "id"},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        try:
            self._send("PutItem", payload)
        except dynamodb.ConditionalCheckFailed as failure:
            existing = unmarshal(failure.item or {})
            state = entry.state(existing, self._request.now)
            if state != LIVE:
                raise errors.Deleted(new.id, state == TRASHED and resource.HAS_TRASH) from None
            return entry.resource_of(existing, existing.get("receipt") != self._receipt.text)
        return new

    def read(self, resource_id: str) -> Resource:
        """Return the resource as the last completed write left it, for a request that changes nothing.

        Raises:
            errors.NotFound: It does not exist, or is in the trash.
        """
        return self._live(self._stored(resource_id), replayed=False)

    def get(self, resource_id: str) -> Resource:
        """Return the resource as the last completed write left it, `replayed` if that was an earlier request with the same key.

        Raises:
            errors.NotFound: It does not exist, or is in the trash.
            errors.IdempotencyKeyReused: Another request with the same key was the last to write it.
        """
        stored = self._stored(resource_id)
        return self._live(stored, replayed=bool(self._receipt.replays(stored.get("receipt"))))

    def update(self, resource_id: str, change: Change, precondition: Precondition) -> Resource:
        """Change fields of a resource in one conditional write and return it as it is then."""
        names: dict[str, str] = {}
        values: dict[str, Any] = {":one": 1, ":now": self._request.now, ":receipt": self._receipt.text}
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
        return self._updated(resource_id, (LIVE,), precondition, expression, values, names)

    def restore(self, resource_id: str, precondition: Precondition) -> Resource:
        """Move a resource out of the trash, with a new version, and return it."""
        request = self._request
        values = {":one": 1, ":now": request.now, ":receipt": self._receipt.text, ":owner": request.owner}
        return self._updated(resource_id, (TRASHED,), precondition, RESTORE, values)

    def delete(self, resource_id: str, precondition: Precondition, purge: bool = False) -> bool:
        """Delete a resource: move it to the trash, if there is one. Return whether an earlier request with the same key did.

        Args:
            purge: delete for good, also what is in the trash. A memory remains, unless it was created to try a version.
        """
        key = self._key(resource_id)
        if self._request.tries and (purge or not self._trash_days):
            states = (LIVE, TRASHED) if purge else (LIVE,)
            return self._write("DeleteItem", {"Key": key}, states, precondition)[1]
        if self._trash_days is None:
            # A version that knows no trash may serve beside this one, and cannot read a memory. Beside a trash none does.
            try:
                return self._write("DeleteItem", {"Key": key}, (LIVE,), precondition)[1]
            except errors.NotFound:
                if not purge:
                    raise
            return self._forget(resource_id, (TRASHED,), precondition)
        if purge or not self._trash_days:
            return self._forget(resource_id, (LIVE, TRASHED) if purge else (LIVE,), precondition)
        request = self._request
        values = {
            ":now": request.now,
            ":expires": resource.expiry(request.now, self._trash_days),
            ":owner": entry.partition(request.owner, deleted=True),
            ":receipt": self._receipt.text,
        }
        payload = {"Key": key, "UpdateExpression": DELETE}
        return self._write("UpdateItem", payload, (LIVE,), precondition, values)[1]

    def page(
        self, limit: int, descending: bool, after: tuple[str, str] | None, deleted: bool = False
    ) -> tuple[list[Resource], tuple[str, str] | None]:
        """Return at most `limit` resources by time of creation, and the position to continue after, None at the end.

        One Query on the index; it may return fewer when they are large (DynamoDB stops at 1 MB:
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html), or have expired in the trash.

        Args:
            after: the position to continue after: (created_at, id).
            deleted: list those in the trash.
        """
        request, partition = self._request, entry.partition(self._request.owner, deleted)
        payload: dict[str, Any] = {
            "IndexName": self._index,
            "KeyConditionExpression": "#owner = :owner",
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": marshal({":owner": partition}),
            "ScanIndexForward": not descending,
            "Limit": limit + 1,  # one more shows whether there is a next page
        }
        if after:
            created_at, resource_id = after
            start = {"owner": partition, "created_at": created_at, "id": entry.key(request.owner, resource_id)}
            payload["ExclusiveStartKey"] = marshal(start)
        response = self._send("Query", payload)
        found = [unmarshal(attributes) for attributes in response["Items"]]
        entries = [(entry.resource_of(stored), entry.state(stored, request.now)) for stored in found[:limit]]
        more = len(found) > limit or (bool(found) and "LastEvaluatedKey" in response)
        return [one for one, state in entries if state], entries[-1][0].position if more else None

    def _stored(self, resource_id: str) -> dict[str, Any]:
        """Return the attributes of a resource in any state; none if it never existed."""
        response = self._send("GetItem", {"Key": self._key(resource_id), "ConsistentRead": True})
        return unmarshal(response.get("Item", {}))

    def _live(self, stored: Mapping[str, Any], replayed: bool) -> Resource:
        if entry.state(stored, self._request.now) != LIVE:
            raise errors.NotFound
        return entry.resource_of(stored, replayed)

    def _key(self, resource_id: str) -> dict[str, Any]:
        return marshal({"id": entry.key(self._request.owner, resource_id)})

    def _forget(self, resource_id: str, states: tuple[str, ...], precondition: Precondition) -> bool:
        """Replace a resource by the memory of it. Return as `delete` does."""
        memory = entry.memory(self._request.owner, resource_id, self._request.now, self._receipt.text)
        return self._write("PutItem", {"Item": marshal(memory)}, states, precondition)[1]

    def _updated(
        self,
        resource_id: str,
        states: tuple[str, ...],
        precondition: Precondition,
        expression: str,
        values: dict[str, Any],
        names: dict[str, str] | None = None,
    ) -> Resource:
        payload = {"Key": self._key(resource_id), "UpdateExpression": expression, "ReturnValues": "ALL_NEW"}
        return entry.resource_of(*self._write("UpdateItem", payload, states, precondition, values, names))

    def _write(
        self,
        action: str,
        payload: dict[str, Any],
        states: tuple[str, ...],
        precondition: Precondition,
        values: dict[str, Any] | None = None,
        names: dict[str, str] | None = None,
    ) -> tuple[dict[str, Any], bool]:
        """Write on condition. Return the attributes in the response, and whether an earlier request made this write."""
        condition, compared = entry.condition(states, precondition, self._request.now, self._receipt.prefix)
        payload |= {
            "ConditionExpression": condition,
            "ExpressionAttributeNames": entry.names_in(payload.get("UpdateExpression", "") + condition) | (names or {}),
            "ExpressionAttributeValues": marshal(compared | (values or {})),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        try:
            return unmarshal(self._send(action, payload).get("Attributes", {})), False
        except dynamodb.ConditionalCheckFailed as failure:
            existing = unmarshal(failure.item or {})
        replayed = self._receipt.replays(existing.get("receipt"))
        if replayed is not None:
            return existing, replayed
        if entry.state(existing, self._request.now) not in states:
            raise errors.NotFound
        raise errors.VersionConflict(existing["version"])

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


def _noticed(error: dynamodb.DynamoDBError) -> None:
    """Count that DynamoDB throttled a call or failed by itself: its own metrics are by operation, an alarm metric for each."""
    telemetry.count("TableThrottled" if isinstance(error, dynamodb.Throttled) else "TableErrors")
