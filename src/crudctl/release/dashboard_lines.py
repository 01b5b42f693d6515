"""The vertical lines on the dashboard that show when a release was promoted, was rolled back or waited.

The dashboard is Terraform's, and lines written into it alone would be a difference that the next apply removes. So they are in
the table of releases first, from where infra/dashboard.tf makes the same dashboard: the next plan has nothing to change.

Runs in Lambda too (rollback_function.py): standard library only, the boto3 clients are passed in.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

KEPT = 20  # the newest ones
ATTEMPTS = 5  # to add one while others are added
KEY = {"kind": {"S": "dashboard"}, "id": {"S": "annotations"}}  # as in infra/dashboard.tf, which makes the entry
GREEN, RED, ORANGE = "#2ca02c", "#d62728", "#ff7f0e"
Line = dict[str, str]


class NotAnnotated(Exception):
    """The dashboard does not show the line; the message says why."""


def line_at(at: float, label: str, color: str) -> Line:
    """Return a vertical line.

    Args:
        at: seconds since the epoch.
        label: what is written beside it.
        color: as in `#2ca02c`.
    """
    return {"color": color, "label": label, "value": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}


def add(dynamodb: Any, table: str, cloudwatch: Any, dashboard: str, line: Line) -> None:
    """Add a vertical line to the table of releases and to the dashboard. Raise NotAnnotated if Terraform made no entry for it.

    Args:
        dynamodb, cloudwatch: boto3 clients.
        table: name of the table of releases.
        dashboard: its name.
        line: what `line_at` returns.
    """
    lines = _record(dynamodb, table, line)
    body = json.loads(cloudwatch.get_dashboard(DashboardName=dashboard)["DashboardBody"])
    for widget in body["widgets"]:
        if widget["properties"].get("view") == "timeSeries":
            widget["properties"]["annotations"] = {"vertical": lines}
    cloudwatch.put_dashboard(DashboardName=dashboard, DashboardBody=json.dumps(body))


def _record(dynamodb: Any, table: str, line: Line) -> list[Line]:
    """Add a line to those in the table, and return them all, oldest first."""
    for _ in range(ATTEMPTS):
        entry = dynamodb.get_item(TableName=table, Key=KEY, ConsistentRead=True).get("Item")
        if not entry:
            raise NotAnnotated("what is deployed is older than this version of crudctl, and has no place for it")
        lines = [each for each in json.loads(entry["annotations"]["S"]) if each != line]
        lines = [*lines, line][-KEPT:]
        try:
            dynamodb.put_item(
                TableName=table,
                Item=KEY | {"annotations": {"S": json.dumps(lines)}},
                ConditionExpression="annotations = :before",
                ExpressionAttributeValues={":before": entry["annotations"]},
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            continue
        return lines
    raise NotAnnotated("others add lines to it faster than this one can")
