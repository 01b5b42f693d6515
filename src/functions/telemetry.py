"""Writes one JSON log line for each request, which also carries what has to be counted (CloudWatch embedded metric format).

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

# Few and bounded: every distinct set of values is a metric that is billed for each hour in which it arrives. Never the id of a
# user, resource or request. docs/decisions/0012-metrics-and-alarms.md lists them.
DIMENSIONS = {"Faults": ["operation", "version"], "TableThrottled": [], "TableErrors": []}
FRAMES = 6  # of a failure's trail that are logged
LONGEST_TRAIL, LONGEST_ID = 2000, 256  # characters
_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode
_counted: dict[str, int] = {}


def count(metric: str) -> None:
    """Add one to a metric of the next line that is written, which is that of the request being served."""
    _counted[metric] = _counted.get(metric, 0) + 1


def record(fields: Mapping[str, Any], timestamp_ms: int, environ: Mapping[str, str] = os.environ) -> None:
    """Write the log line of one request to standard output, from where Lambda sends it to CloudWatch Logs.

    The line carries metrics only if something was counted: a response without a fault is a line and nothing else.

    Args:
        fields: properties of the log line; those that are None are left out. `operation` is a dimension. Lambda reads `level` and
            `timestamp`, and adds one that is missing:
            https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
        timestamp_ms: when the request was received, in milliseconds since the epoch.
    """
    global _counted
    line = {name: value for name, value in fields.items() if value is not None}
    line["version"] = environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
    if _counted:
        counted, _counted = _counted, {}
        line["_aws"] = {
            "Timestamp": timestamp_ms,
            "CloudWatchMetrics": [
                {
                    "Namespace": environ["METRIC_NAMESPACE"],
                    "Dimensions": [DIMENSIONS[name]],
                    "Metrics": [{"Name": name, "Unit": "Count"}],
                }
                for name in counted
            ],
        }
        line |= counted
    sys.stdout.write(_encode(line) + "\n")
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
    aws = {"aws_action": action, "aws_error": getattr(failure, "code", "")[:LONGEST_ID]} if action else {}
    return {"error": error[:LONGEST_TRAIL], **aws}


def _name(failure: BaseException) -> str:
    return f"{type(failure).__module__}.{type(failure).__qualname__}".removeprefix("builtins.")
