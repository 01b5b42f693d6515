"""The metrics that DynamoDB publishes of the operations on items; the operations are MiniStack's."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from ministack.services import dynamodb

from emulator.cloudwatch import metrics
from emulator.differences import Difference, register

Json = dict[str, Any]
Response = tuple[int, Json, bytes]

TABLE_METRICS = register(
    Difference(
        name="table-metrics",
        service="DynamoDB",
        aws="`AWS/DynamoDB` has SuccessfulRequestLatency by TableName and Operation, consumed capacity by TableName and "
        "for an index by GlobalSecondaryIndexName too, and counts of what failed",
        source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html",
        ministack="no metrics",
        here="latency, consumed capacity and ConditionalCheckFailedRequests as AWS; there are no throttles and system errors",
    )
)
OPERATIONS = {
    "_get_item": "GetItem", "_put_item": "PutItem", "_update_item": "UpdateItem", "_delete_item": "DeleteItem",
    "_query": "Query", "_scan": "Scan",
}  # fmt: skip


def install() -> None:
    """Measure the operations that functions use, and what capacity they consume."""
    for name, operation in OPERATIONS.items():
        setattr(dynamodb, name, _measured(getattr(dynamodb, name), operation))
    original: Callable[..., None] = dynamodb._add_consumed_capacity

    def add_consumed_capacity(result: Json, data: Json, table: str, *rest: Any, **options: Any) -> None:
        consumed: Json = {}
        original(consumed, {**data, "ReturnConsumedCapacity": "INDEXES"}, table, *rest, **options)
        _consume(consumed["ConsumedCapacity"], "Write" if options.get("write") else "Read")
        original(result, data, table, *rest, **options)

    dynamodb._add_consumed_capacity = add_consumed_capacity


def _measured(original: Callable[[Json], Response], operation: str) -> Callable[[Json], Response]:
    def answer(request: Json) -> Response:
        started = time.perf_counter()
        status, headers, body = original(request)
        table = {"TableName": str(request.get("TableName", "")).rpartition("/")[2]}
        if status == 200:
            took = (time.perf_counter() - started) * 1000
            of = {**table, "Operation": operation}
            metrics.record("AWS/DynamoDB", "SuccessfulRequestLatency", took, "Milliseconds", of)
        elif json.loads(body).get("__type", "").endswith("ConditionalCheckFailedException"):
            metrics.record("AWS/DynamoDB", "ConditionalCheckFailedRequests", 1, "Count", table)
        return status, headers, body

    return answer


def _consume(capacity: Json, kind: str) -> None:
    table = {"TableName": capacity["TableName"]}
    used = [(table, capacity["Table"]["CapacityUnits"])]
    for index, units in (capacity.get("GlobalSecondaryIndexes") or {}).items():
        used.append(({**table, "GlobalSecondaryIndexName": index}, units["CapacityUnits"]))
    for dimensions, units in used:
        if units:
            metrics.record("AWS/DynamoDB", f"Consumed{kind}CapacityUnits", units, "Count", dimensions)
