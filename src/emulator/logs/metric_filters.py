"""Metric filters of CloudWatch Logs: log lines that become data points; the store of filters is MiniStack's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch_logs

from emulator.cloudwatch import metrics
from emulator.patches import Difference, patch, register, uses

Json = dict[str, Any]

METRIC_FILTERS = register(
    Difference(
        name="metric-filters",
        service="CloudWatch Logs",
        aws="every line of a log group that matches a metric filter's pattern is a data point",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html",
        ministack="metric filters are stored and create no data points",
        here='as AWS for patterns of the form { $.property = "value" } or { $.property = * }, without dimensions',
        upstream="evaluate metric filters where `_fanout_to_subscription_filters` passes events on",
    )
)
uses(METRIC_FILTERS, cloudwatch_logs, "_metric_filters")
_PATTERN = re.compile(r'\{\s*\$\.([\w.]+)\s*=\s*(\*|"[^"]*"|[\w.-]+)\s*\}')


def install() -> None:
    """Measure the lines that match when they are appended."""
    patch(cloudwatch_logs, "_fanout_to_subscription_filters", fanout, METRIC_FILTERS)


def fanout(original: Callable[..., None], group_name: str, stream_name: str, events: list[Json]) -> None:
    """Pass appended events on to the filters of a log group."""
    original(group_name, stream_name, events)
    filters = [each for each in list(cloudwatch_logs._metric_filters.values()) if each["logGroupName"] == group_name]
    for each in filters:
        for event in events:
            measure(each, event["message"])


def measure(metric_filter: Json, message: str) -> None:
    """Record the data points of a line, if it is a JSON object that matches.

    A pattern of another form than those supported matches nothing.
    """
    match = _PATTERN.fullmatch(metric_filter["filterPattern"].strip())
    if not match or not message.startswith("{"):
        return
    try:
        line = json.loads(message)
    except ValueError:
        return  # CloudWatch treats it as plain text too, which matches no pattern for JSON
    actual = property_at(line, match[1])
    if actual is None or match[2] not in ("*", str(actual), f'"{actual}"'):
        return
    for metric in metric_filter["metricTransformations"]:
        text = metric["metricValue"]
        value = property_at(line, text.removeprefix("$.")) if text.startswith("$.") else text
        if value is not None:
            unit = metric.get("unit") or "None"
            metrics.record(metric["metricNamespace"], metric["metricName"], float(value), unit, {})


def property_at(line: Any, path: str) -> Any:
    """Return the property of a JSON object at a path such as `a.b.c`; None if it does not exist."""
    for name in path.split("."):
        line = line.get(name) if isinstance(line, dict) else None
    return line
