"""The metric filters that exist while a release does: they count, by version, what only a function's own log line shows. Pure.

AWS/Lambda has requests, crashes and durations of a version by itself. That a version still writes its line, which requests were
the first of their execution environment, and which got a 4xx response is in the line alone. Nobody asks for it without a
release, and a metric is billed by the hour. lookout.py makes and removes the filters.

Sources: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html (three dimensions at most)
"""

from __future__ import annotations

import hashlib
from typing import Any

RESPONSES, COLD_STARTS = "Responses", "ColdStarts"  # metrics, with the dimensions operation and version
REFUSED = "Refused"  # with the dimension status too
BEGINNING = "canary-"  # of the filters' names
# The owners that no token has (probe.py), as a line names them. Their requests go to a version on purpose: no coin draws it.
PROBES = tuple(hashlib.sha256(owner).hexdigest()[:16] for owner in (b"release-probe", b"release-witness"))
OF_USERS = " && ".join(f'($.owner_hash != "{owner}")' for owner in PROBES)
# A line about a fault is evidence only if it has counted the fault too: otherwise the version would look healthy.
PATTERNS = {
    RESPONSES: ("canary-responses", "{ ($.status < 500) || ($.Faults = 1) }"),
    COLD_STARTS: ("canary-cold-starts", "{ $.cold_start IS TRUE }"),
    REFUSED: ("canary-refused", f"{{ ($.status >= 400) && ($.status < 500) && {OF_USERS} }}"),
}
BY_VERSION = {"operation": "$.operation", "version": "$.version"}
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
                    "dimensions": BY_VERSION | ({"status": "$.status"} if metric == REFUSED else {}),
                }
            ],
        }
        for metric, (name, pattern) in PATTERNS.items()
    }


def refusals(status: int) -> str:
    """Return the pattern of the lines that `canary-refused` counts and that have this status, as FilterLogEvents takes it.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
    """
    return f"{{ ($.status = {status}) && {OF_USERS} }}"
