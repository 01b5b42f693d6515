"""The condition key `dynamodb:LeadingKeys`, which IAM sets and MiniStack does not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from ministack.core import iam_actions
from ministack.services import dynamodb

from emulator.patches import Difference, patch, register, uses

LEADING_KEYS = register(
    Difference(
        name="leading-keys",
        service="IAM",
        aws="the condition key `dynamodb:LeadingKeys` has the partition key values of a request",
        source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html",
        ministack="the key is always absent",
        here="set for every operation on items; absent for Scan and PartiQL, as if there were no addition",
        upstream="add the key in `iam_actions.dynamodb_service_context`",
    )
)
uses(LEADING_KEYS, dynamodb, "_tables", "_index_key_schemas(table)")

_EQUALITY = re.compile(r"([#\w.\-]+)\s*=\s*(:\w+)")


def install() -> None:
    """Add leading keys to DynamoDB's condition keys."""
    patch(iam_actions, "dynamodb_service_context", service_context, LEADING_KEYS)


def service_context(original: Callable[[bytes], dict[str, Any]], body: bytes) -> dict[str, Any]:
    """Return the condition keys of a DynamoDB request."""
    context = original(body)
    keys = leading_keys(body)
    return {**context, "dynamodb:LeadingKeys": keys} if keys else context


def leading_keys(body: bytes) -> list[str]:
    """Return the partition key values that a DynamoDB request names, of all its tables and items."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return []
    return list(_leading_keys(request)) if isinstance(request, dict) else []


def _leading_keys(request: dict[str, Any]) -> Iterator[str]:
    for name, entry in (request.get("RequestItems") or {}).items():
        for part in entry if isinstance(entry, list) else [entry]:
            for keys in _attribute_maps(part):
                yield from _value(keys, _partition_key(name))
    for part in request.get("TransactItems") or []:
        for detail in part.values():
            yield from _leading_keys(detail)
    if "TableName" not in request:
        return
    for attributes in (request.get("Key"), request.get("Item")):
        if isinstance(attributes, dict):
            yield from _value(attributes, _partition_key(request["TableName"]))
    yield from _queried(request, _partition_key(request["TableName"], request.get("IndexName")))


def _attribute_maps(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from part.get("Keys") or []
    for kind in ("PutRequest", "DeleteRequest"):
        detail = part.get(kind) or {}
        yield from (detail[key] for key in ("Item", "Key") if key in detail)


def _queried(request: dict[str, Any], partition_key: str | None) -> Iterator[str]:
    names = request.get("ExpressionAttributeNames") or {}
    values = request.get("ExpressionAttributeValues") or {}
    for name, placeholder in _EQUALITY.findall(request.get("KeyConditionExpression") or ""):
        if names.get(name, name) == partition_key and placeholder in values:
            yield from values[placeholder].values()
    conditions = request.get("KeyConditions") or {}
    for value in (conditions.get(partition_key) or {}).get("AttributeValueList") or []:
        yield from value.values()


def _partition_key(table_name: str, index_name: str | None = None) -> str | None:
    table = dynamodb._tables.get(table_name.rsplit("/", 1)[-1])
    if table is None:
        return None
    if index_name is None:
        return str(table["pk_name"])
    schemas = {name: hashes for name, hashes, _ in dynamodb._index_key_schemas(table)}
    return str(schemas[index_name][0]) if index_name in schemas else None


def _value(attributes: dict[str, Any], name: str | None) -> Iterator[str]:
    value = attributes.get(name) if name else None
    if isinstance(value, dict):
        yield from value.values()
