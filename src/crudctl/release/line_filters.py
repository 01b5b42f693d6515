"""The metric filters that exist while a release does: they count, by version, what only a function's own log line shows. Pure.

AWS/Lambda has requests, crashes and durations of a version by itself. That a version still writes its line, and which requests
were the first of their execution environment, is in the line alone. Nobody asks for it without a release, and a metric is
billed by the hour. lookout.py makes and removes the filters.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
"""

from __future__ import annotations

from typing import Any

RESPONSES, COLD_STARTS = "Responses", "ColdStarts"  # metrics, with the dimensions operation and version
BEGINNING = "canary-"  # of the filters' names
# A line about a fault is evidence only if it has counted the fault too: otherwise the version would look healthy.
PATTERNS = {
    RESPONSES: ("canary-responses", "{ ($.status < 500) || ($.Faults = 1) }"),
    COLD_STARTS: ("canary-cold-starts", "{ $.cold_start IS TRUE }"),
}
Json = dict[str, Any]


def group(function: str) -> str:
    """Return the log group of a function."""
    return f"/aws/lambda/{function}"


def filters(namespace: str, function: str) -> dict[str, Json]:
    """Return the filters of a function by name, as PutMetricFilter takes them.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html

    Args:
        namespace: of the functions' metrics.
        function: its name.
    """
    return {
        name: {
            "logGroupName": group(function),
            "filterName": name,
            "filterPattern": pattern,
            "metricTransformations": [
                {
                    "metricNamespace": namespace,
                    "metricName": metric,
                    "metricValue": "1",
                    "unit": "Count",
                    "dimensions": {"operation": "$.operation", "version": "$.version"},
                }
            ],
        }
        for metric, (name, pattern) in PATTERNS.items()
    }
