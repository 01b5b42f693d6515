"""Metric filters of CloudWatch Logs: log lines that become data points; how filters are kept is MiniStack's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch_logs

from emulator.cloudwatch import metrics
from emulator.differences import Difference, register

Json = dict[str, Any]

METRIC_FILTERS = register(
    Difference(
        name="metric-filters",
        service="CloudWatch Logs",
        aws="every line of a log group that fits a metric filter's pattern is a data point",
        source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html",
        ministack="metric filters are stored and make no data points",
        here='as AWS for patterns of the form { $.member = "value" } or { $.member = * }, without dimensions',
    )
)
_PATTERN = re.compile(r'\{\s*\$\.([\w.]+)\s*=\s*(\*|"[^"]*"|[\w.-]+)\s*\}')


def install() -> None:
    """Count the lines that fit, as they come."""
    original: Callable[..., None] = cloudwatch_logs._fanout_to_subscription_filters

    def fanout(group: str, stream: str, events: list[Json]) -> None:
        original(group, stream, events)
        filters = [each for each in list(cloudwatch_logs._metric_filters.values()) if each["logGroupName"] == group]
        for each in filters:
            for event in events:
                measure(each, event["message"])

    cloudwatch_logs._fanout_to_subscription_filters = fanout


def measure(metric_filter: Json, message: str) -> None:
    """Add the data points of a line, if it is a JSON object that fits; a pattern of another form fits nothing."""
    match = _PATTERN.fullmatch(metric_filter["filterPattern"].strip())
    if not match or not message.startswith("{"):
        return
    try:
        line = json.loads(message)
    except ValueError:
        return  # CloudWatch too takes it for plain text, which fits no pattern of JSON
    found = member(line, match[1])
    if found is None or match[2] not in ("*", str(found), f'"{found}"'):
        return
    for metric in metric_filter["metricTransformations"]:
        text = metric["metricValue"]
        value = member(line, text.removeprefix("$.")) if text.startswith("$.") else text
        if value is not None:
            unit = metric.get("unit") or "None"
            metrics.record(metric["metricNamespace"], metric["metricName"], float(value), unit, {})


def member(line: Any, path: str) -> Any:
    """What a JSON object has at `a.b.c`; None where there is nothing."""
    for name in path.split("."):
        line = line.get(name) if isinstance(line, dict) else None
    return line
