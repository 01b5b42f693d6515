"""The metrics that DynamoDB publishes about operations on items; the operations are MiniStack's."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from ministack.services import dynamodb

from emulator.cloudwatch import metrics
from emulator.dynamodb import query_pages
from emulator.patches import Difference, patch, register

Json = dict[str, Any]
Response = tuple[int, Json, bytes]

TABLE_METRICS = register(
    Difference(
        name="table-metrics",
        service="DynamoDB",
        aws="`AWS/DynamoDB` has SuccessfulRequestLatency by TableName and Operation, consumed capacity by TableName and "
        "for an index by GlobalSecondaryIndexName too, and counts of failures",
        source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html",
        ministack="no metrics",
        here="latency, consumed capacity and ConditionalCheckFailedRequests as AWS; there are no throttles and system errors",
        upstream="emit the metrics where an operation returns",
    )
)
OPERATIONS = {
    "_get_item": "GetItem", "_put_item": "PutItem", "_update_item": "UpdateItem", "_delete_item": "DeleteItem",
    "_scan": "Scan",
}  # fmt: skip


def install() -> None:
    """Measure the operations that functions use, and the capacity that they consume."""
    for name, operation in OPERATIONS.items():
        patch(dynamodb, name, _measured(operation), TABLE_METRICS)
    patch(dynamodb, "_query", query, TABLE_METRICS, query_pages.QUERY_PAGES)
    patch(dynamodb, "_add_consumed_capacity", add_consumed_capacity, TABLE_METRICS)


def query(original: Callable[[Json], Response], data: Json) -> Response:
    """Serve a Query from the items of its page, and measure it."""
    with query_pages.page_of(data):
        return _measured("Query")(original, data)


@cache
def _measured(operation: str) -> Callable[..., Response]:
    def serve(original: Callable[[Json], Response], data: Json) -> Response:
        started = time.perf_counter()
        status, headers, body = original(data)
        table = {"TableName": str(data.get("TableName", "")).rpartition("/")[2]}
        if status == 200:
            took = (time.perf_counter() - started) * 1000
            of = {**table, "Operation": operation}
            metrics.record("AWS/DynamoDB", "SuccessfulRequestLatency", took, "Milliseconds", of)
        elif json.loads(body).get("__type", "").endswith("ConditionalCheckFailedException"):
            metrics.record("AWS/DynamoDB", "ConditionalCheckFailedRequests", 1, "Count", table)
        return status, headers, body

    return serve


def add_consumed_capacity(
    original: Callable[..., None],
    result: Json,
    data: Json,
    table_name: str,
    write: bool = False,
    old_item: Json | None = None,
    new_item: Json | None = None,
    index_name: str | None = None,
) -> None:
    """Add the consumed capacity to a result if the request asks for it, and measure it in any case."""
    consumed: Json = {}
    original(consumed, {**data, "ReturnConsumedCapacity": "INDEXES"}, table_name, write, old_item, new_item, index_name)
    _consume(consumed["ConsumedCapacity"], "Write" if write else "Read")
    original(result, data, table_name, write, old_item, new_item, index_name)


def _consume(capacity: Json, kind: str) -> None:
    table = {"TableName": capacity["TableName"]}
    used = [(table, capacity["Table"]["CapacityUnits"])]
    for index, units in (capacity.get("GlobalSecondaryIndexes") or {}).items():
        used.append(({**table, "GlobalSecondaryIndexName": index}, units["CapacityUnits"]))
    for dimensions, units in used:
        if units:
            metrics.record("AWS/DynamoDB", f"Consumed{kind}CapacityUnits", units, "Count", dimensions)
