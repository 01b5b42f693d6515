"""Writes one JSON log line for each request, which also carries its metrics (CloudWatch embedded metric format).

A leaf: imports no other module.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# Few and bounded: every distinct set of values is a metric that is billed. Never the id of a user, resource or request. A release
# compares metrics by version; docs/decisions/0012-metrics-and-alarms.md counts them.
BY_OPERATION = [["operation"]]
BY_VERSION = [["operation"], ["operation", "version"]]
DIMENSIONS = {"Latency": BY_VERSION, "Faults": BY_VERSION, "ColdStarts": BY_VERSION}
FRAMES = 6  # of a failure's trail that are logged
UNITS = {"Latency": "Milliseconds"}
ALWAYS = ("Latency", "Faults")  # the number of requests is the sample count of either


def record(
    fields: Mapping[str, Any], metrics: Mapping[str, float], timestamp_ms: int, environ: Mapping[str, str] = os.environ
) -> None:
    """Write the log line of one request to standard output, from where Lambda sends it to CloudWatch Logs.

    Args:
        fields: properties of the log line; those that are None are left out. `operation` is a dimension.
        metrics: values by metric name; those that are zero are left out, except ALWAYS.
        timestamp_ms: when the request was received, in milliseconds since the epoch.
    """
    values = {name: value for name, value in metrics.items() if value or name in ALWAYS}
    line = {
        "_aws": {
            "Timestamp": timestamp_ms,
            "CloudWatchMetrics": [
                {
                    "Namespace": environ["METRIC_NAMESPACE"],
                    "Dimensions": dimensions,
                    "Metrics": [{"Name": name, "Unit": UNITS.get(name, "Count")} for name in names],
                }
                for dimensions in (BY_VERSION, BY_OPERATION)
                if (names := [name for name in values if DIMENSIONS.get(name, BY_OPERATION) is dimensions])
            ],
        },
        "version": environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        **{name: value for name, value in fields.items() if value is not None},
        **values,
    }
    sys.stdout.write(json.dumps(line, separators=(",", ":"), default=str) + "\n")
    sys.stdout.flush()


def described(failure: BaseException) -> dict[str, Any]:
    """Return the properties of a log line that say what failed and where; no message, which may contain what a user sent.

    Returns:
        error: the failure's type, the places it was raised through (`folder/file.py:line function`), and the types of its causes.
        aws_action, aws_error: of a call to AWS, its IAM action and AWS's error code, which is empty if there was no response.
    """
    import traceback  # most execution environments never need it

    frames = reversed(traceback.extract_tb(failure.__traceback__)[-FRAMES:])
    trail = " < ".join(f"{'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno} {frame.name}" for frame in frames)
    error, cause = f"{_name(failure)} in {trail}", failure.__cause__
    while cause:
        error, cause = f"{error}, because of {_name(cause)}", cause.__cause__
    action = getattr(failure, "action", None)
    return {"error": error, **({"aws_action": action, "aws_error": getattr(failure, "code", "")} if action else {})}


def _name(failure: BaseException) -> str:
    return f"{type(failure).__module__}.{type(failure).__qualname__}".removeprefix("builtins.")
