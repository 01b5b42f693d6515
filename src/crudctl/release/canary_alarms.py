"""Points the alarms that call the function `rollback` at the version under release. What they then do is infra/release.tf's.

Terraform makes them and leaves dimensions and threshold alone, as with the aliases' versions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

LEAST = 5.0  # faults a minute of one function, below which no alarm rings
SHARE = 0.1  # of the requests that the new version can expect; above that, one rings
KEPT = (
    "AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "InsufficientDataActions", "MetricName",
    "Namespace", "Statistic", "Period", "EvaluationPeriods", "DatapointsToAlarm", "ComparisonOperator", "TreatMissingData",
)  # fmt: skip


def names(function: str) -> tuple[str, str]:
    """The two alarms of a function: on crashes and timeouts, and on 5xx answers."""
    return f"{function}-canary-crashes", f"{function}-canary-faults"


def watch(
    client: Any, functions: Mapping[str, str], new: Mapping[str, str], a_minute: Mapping[str, float], weight: float
) -> None:
    """Makes each function's alarms ring for its version in `new`.

    Args:
        client: boto3's of CloudWatch.
        functions: function name by operation.
        new: version by operation.
        a_minute: requests a minute of each operation, both versions together.
        weight: the new version's share of them.
    """
    wanted = {name: operation for operation, function in functions.items() for name in names(function)}
    pages = client.get_paginator("describe_alarms").paginate(AlarmNames=list(wanted))
    for alarm in (alarm for page in pages for alarm in page["MetricAlarms"]):
        operation = wanted[alarm["AlarmName"]]
        threshold = max(LEAST, float(math.ceil(a_minute.get(operation, 0.0) * weight * SHARE)))
        moved = {"version": new[operation], "ExecutedVersion": new[operation]}
        dimensions = [{**d, "Value": moved.get(d["Name"], d["Value"])} for d in alarm["Dimensions"]]
        if dimensions == alarm["Dimensions"] and threshold == alarm["Threshold"] and alarm["StateValue"] != "ALARM":
            continue
        kept = {name: alarm[name] for name in KEPT if name in alarm}
        client.put_metric_alarm(**kept, Dimensions=dimensions, Threshold=threshold)
        # An alarm that still rings for an earlier version would not change its state, and so call nobody.
        client.set_alarm_state(AlarmName=alarm["AlarmName"], StateValue="OK", StateReason="watches a new version")
