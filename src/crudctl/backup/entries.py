"""The entries of a table: read, compared with those of a backup, and written on condition. Knows neither files nor commands."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from crudctl.backup import attributes
from crudctl.backup.attributes import LIVE, Entry, key, version
from crudctl.console import Failed

INDEX, INDEX_KEYS = "by_owner", {"owner": "HASH", "created_at": "RANGE"}  # as infra/table.tf has it
BATCH = 100  # keys in one BatchGetItem
PATIENCE = 60.0  # seconds without an entry
# What changes with every write: no two writes leave the same receipt, and expiry is the trash's.
WRITTEN = ("version", "updated_at", "receipt", "deleted_at", "expires_at", "owner")

MISSING, SAME, DELETED, DIFFERENT = "missing", "the same", "deleted since", "different"


def refuse_another_kind(client: Any, table: str) -> None:
    """Raise Failed if a table does not exist or has another key than the service's."""
    try:
        description = client.describe_table(TableName=table)["Table"]
    except client.exceptions.ResourceNotFoundException as error:
        raise Failed(f"There is no table {table}.", "`crudctl outputs table_name` prints the service's.") from error
    if description["KeySchema"] != [{"AttributeName": "id", "KeyType": "HASH"}]:
        raise Failed(f"{table} is not a table of resources: its key is not `id`.", "Choose another with --table.")


def refuse_unfit(client: Any, table: str) -> None:
    """Raise Failed if a table cannot take the place of the service's: it lacks the index, or is still being restored."""
    description = client.describe_table(TableName=table)["Table"]
    if description["TableStatus"] != "ACTIVE":
        raise Failed(
            f"{table} is {description['TableStatus']}.",
            f"Wait until it is ready: aws dynamodb wait table-exists --table-name {table}",
        )
    keys = {
        index["IndexName"]: {key["AttributeName"]: key["KeyType"] for key in index["KeySchema"]}
        for index in description.get("GlobalSecondaryIndexes", [])
    }
    if keys.get(INDEX) != INDEX_KEYS:
        raise Failed(
            f"{table} does not have the index {INDEX}.",
            "Restore it with its indexes, which point-in-time recovery does by default.",
        )


def scan(client: Any, table: str) -> Iterator[Entry]:
    """Yield every entry of a table, each as one read at one moment; those that were there before it began, at least."""
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Yield entries in lists of at most BATCH."""
    remaining = iter(entries)
    while batch := list(islice(remaining, BATCH)):
        yield batch


def fetch(client: Any, table: str, wanted: Iterable[Entry]) -> dict[str, Entry]:
    """Return by key what the table has of at most BATCH entries, as the last write left them.

    DynamoDB leaves over what is more than 16 MB, and what it throttles. Raise Failed if it returns nothing for PATIENCE seconds.
    """
    request = {table: {"Keys": [{"id": entry["id"]} for entry in wanted], "ConsistentRead": True}}
    found: dict[str, Entry] = {}
    deadline, pause = time.monotonic() + PATIENCE, 0.05
    while request:
        response = client.batch_get_item(RequestItems=request)
        returned = response["Responses"].get(table, ())
        found |= {key(entry): entry for entry in returned}
        request = response["UnprocessedKeys"]
        if returned or not request:
            deadline, pause = time.monotonic() + PATIENCE, 0.05
            continue
        if time.monotonic() > deadline:
            raise Failed(f"DynamoDB throttles reads of {table}.", "Run the command again later.")
        time.sleep(pause)
        pause = min(2 * pause, 2.0)
    return found


def comparison(backed_up: Entry, existing: Entry | None) -> str:
    """Return how the table's entry differs from that of a backup: MISSING, SAME, DELETED or DIFFERENT.

    A restore that replaces an entry raises its version (`raised`). Nothing else leaves the same receipt with a higher one, so
    such an entry is the SAME.
    """
    if existing is None:
        return MISSING
    if attributes.same(backed_up, existing):
        return SAME
    if version(existing) > version(backed_up) and attributes.same(
        backed_up | {"version": existing["version"]}, existing
    ):
        return SAME
    return DELETED if attributes.state(existing) != LIVE and attributes.state(backed_up) == LIVE else DIFFERENT


def raised(backed_up: Entry, existing: Entry | None) -> Entry:
    """Return the entry to write: with a version above that of the entry it replaces, whose entity tag a client may know."""
    if existing is None or "version" not in backed_up:
        return backed_up
    above = max(version(backed_up), version(existing)) + 1
    return backed_up | {"version": {"N": str(above)}}


def put(client: Any, table: str, entry: Entry, existing: Entry | None) -> bool:
    """Write an entry if the table still has what was read, `existing`. Return whether it had."""
    try:
        client.put_item(TableName=table, Item=entry, **_unchanged(existing))
    except client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def _unchanged(existing: Entry | None) -> Mapping[str, Any]:
    """Return the condition that nobody has written the entry since it was read."""
    if existing is None:
        return {"ConditionExpression": "attribute_not_exists(#id)", "ExpressionAttributeNames": {"#id": "id"}}
    terms = [f"#{name}=:{name}" if name in existing else f"attribute_not_exists(#{name})" for name in ("id", *WRITTEN)]
    return {
        "ConditionExpression": " AND ".join(terms),
        "ExpressionAttributeNames": {f"#{name}": name for name in ("id", *WRITTEN)},
        "ExpressionAttributeValues": {f":{name}": existing[name] for name in ("id", *WRITTEN) if name in existing},
    }
