"""Records data points in CloudWatch, merged so that a busy stack does not fill the memory."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from ministack.services import cloudwatch

from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]

RESOLUTION = 5  # seconds of which equal values are one point
STEPS = 40  # a measured value is kept within a fortieth of itself, for percentiles

EMBEDDED_METRICS = register(
    Difference(
        name="embedded-metrics",
        service="CloudWatch",
        aws="a log line with `_aws.CloudWatchMetrics` becomes data points",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html",
        ministack="it stays a log line",
        here="as AWS, for the lines of functions",
        upstream="extract the metrics in `_emit_lambda_logs`",
    )
)
METRIC_RETENTION = register(
    Difference(
        name="metric-retention",
        service="CloudWatch",
        aws="data points expire by age: those of a minute after 15 days",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html",
        ministack="they expire after two weeks, but every request copies all data points of all metrics to find them",
        here="only a metric with an expired data point is copied",
        upstream="in `_evict_old_metrics`, skip a metric whose first data point is recent",
    )
)
uses(
    METRIC_RETENTION,
    cloudwatch,
    "TWO_WEEKS_SECONDS",
    "_metrics._scoped(key)",
    "_dims_key(dims)",
    "_metric_bucket(key)",
)

_lock = threading.Lock()
_open: dict[Any, tuple[int, dict[float, Json]]] = {}


def install() -> None:
    """Drop old data points without copying all others."""
    patch(cloudwatch, "_evict_old_metrics", evict, METRIC_RETENTION)


def evict() -> None:
    """Drop the data points of the current account and region that are too old."""
    oldest = time.time() - cloudwatch.TWO_WEEKS_SECONDS
    with _lock:
        for key, points in cloudwatch._metrics.items():
            if points and points[0]["Timestamp"] < oldest:
                points[:] = [point for point in points if point["Timestamp"] >= oldest]
            if not points:
                del cloudwatch._metrics[key]


def record(namespace: str, name: str, value: float, unit: str, dimensions: dict[str, str]) -> None:
    """Add one value, now, to a metric of the current account and region."""
    key = (namespace, name, cloudwatch._dims_key(dimensions))
    scoped = cloudwatch._metrics._scoped(key)
    span = int(time.time()) // RESOLUTION * RESOLUTION
    rounded = _rounded(value)
    with _lock:
        bucket = cloudwatch._metric_bucket(key)
        since, points = _open.get(scoped, (0, {}))
        if since != span or not bucket:
            points = {}
            _open[scoped] = (span, points)
        if rounded in points:
            points[rounded]["Count"] += 1.0
            return
        points[rounded] = {
            "Timestamp": time.time(),
            "Value": rounded,
            "Count": 1.0,
            "Unit": unit,
            "Dimensions": dict(dimensions),
        }
        bucket.append(points[rounded])


def _rounded(value: float) -> float:
    if value == int(value) and abs(value) < STEPS:
        return float(value)
    step = 10.0 ** (len(str(int(abs(value)))) - 1) / STEPS
    return round(round(value / step) * step, 6)


def extract(line: str) -> None:
    """Record the metrics that are embedded in a log line, if any are."""
    if '"_aws"' not in line:
        return
    try:
        document = json.loads(line)
        directives = document["_aws"]["CloudWatchMetrics"]
        for directive in directives:
            _extract(document, directive)
    except (ValueError, KeyError, TypeError):
        return  # CloudWatch treats what is not in the format as a plain line too


def _extract(document: Json, directive: Json) -> None:
    for names in directive.get("Dimensions") or [[]]:
        dimensions = {name: str(document[name]) for name in names}
        for metric in directive["Metrics"]:
            values = document[metric["Name"]]
            for value in values if isinstance(values, list) else [values]:
                unit = metric.get("Unit", "None")
                record(directive["Namespace"], metric["Name"], float(value), unit, dimensions)
