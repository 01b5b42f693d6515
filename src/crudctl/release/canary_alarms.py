"""The alarms that call the function `rollback`: points them at the version under release and sets their threshold.

Terraform creates them (infra/release.tf) and then ignores dimensions and threshold, as it ignores the versions of the aliases.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

LEAST = 5.0  # faults a minute of one function below which no alarm fires
SHARE = 0.1  # of the requests that the new version can expect; with more faults than that, the alarm fires
DESCRIBED = 100  # names in one request. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
KEPT = (
    "AlarmName", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "InsufficientDataActions", "MetricName",
    "Namespace", "Statistic", "Period", "EvaluationPeriods", "DatapointsToAlarm", "ComparisonOperator", "TreatMissingData",
)  # fmt: skip


def names(function: str) -> tuple[str, str]:
    """Return the names of a function's two alarms: on crashes and timeouts, and on 5xx responses."""
    return f"{function}-canary-crashes", f"{function}-canary-faults"


def threshold(a_minute: float, weight: float) -> float:
    """Return the number of faults a minute at which an alarm fires.

    Args:
        a_minute: requests a minute to the function, both versions together.
        weight: the new version's share of them (0 to 1).
    """
    return max(LEAST, float(math.ceil(a_minute * weight * SHARE)))


def watch(
    client: Any, functions: Mapping[str, str], new: Mapping[str, str], a_minute: Mapping[str, float], weight: float
) -> None:
    """Make each function's alarms fire on faults of its version in `new`.

    Args:
        client: boto3's of CloudWatch.
        functions: function name by operation, of those to watch.
        new: version by operation.
        a_minute: requests a minute by operation, both versions together.
        weight: the new version's share of them (0 to 1).
    """
    wanted = {name: operation for operation, function in functions.items() for name in names(function)}
    for alarm in _described(client, list(wanted)):
        operation = wanted[alarm["AlarmName"]]
        limit = threshold(a_minute.get(operation, 0.0), weight)
        moved = {"version": new[operation], "ExecutedVersion": new[operation]}
        dimensions = [{**d, "Value": moved.get(d["Name"], d["Value"])} for d in alarm["Dimensions"]]
        if dimensions == alarm["Dimensions"] and limit == alarm["Threshold"] and alarm["StateValue"] != "ALARM":
            continue
        kept = {name: alarm[name] for name in KEPT if name in alarm}
        client.put_metric_alarm(**kept, Dimensions=dimensions, Threshold=limit)
        # An alarm still in ALARM for an earlier version would not change its state, and so would not call the function.
        client.set_alarm_state(AlarmName=alarm["AlarmName"], StateValue="OK", StateReason="watches a new version")


def _described(client: Any, alarms: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the alarms with these names. Without a name, AWS would return all alarms of the account."""
    for first in range(0, len(alarms), DESCRIBED):
        pages = client.get_paginator("describe_alarms").paginate(AlarmNames=alarms[first : first + DESCRIBED])
        for page in pages:
            yield from page["MetricAlarms"]
