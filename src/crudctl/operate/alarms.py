"""The alarms of an environment and their states, as CloudWatch has them. Knows no threshold: infra/alarms.tf has those."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

RINGING = "ALARM"


@dataclass(frozen=True)
class Alarm:
    """One alarm that does something when it rings.

    Args:
        name: without the environment's prefix.
        state: OK, ALARM or INSUFFICIENT_DATA.
        since: when it came to that state.
        reason: why, in CloudWatch's words.
        says: what it means.
        runbook: the page to read.
    """

    name: str
    state: str
    since: datetime
    reason: str
    says: str
    runbook: str


def alarms(client: Any, prefix: str) -> list[Alarm]:
    """Those whose name begins with `prefix`, ringing ones first; without the windows of composite alarms, which tell nobody.

    Args:
        client: boto3's of CloudWatch.
    """
    pages = client.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=prefix, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    found = [_alarm(each, prefix) for page in pages for kind in ("MetricAlarms", "CompositeAlarms") for each in page[kind]
             if each.get("AlarmActions")]  # fmt: skip
    return sorted(found, key=lambda alarm: (alarm.state != RINGING, alarm.name))


def _alarm(described: Mapping[str, Any], prefix: str) -> Alarm:
    says, _, runbook = described.get("AlarmDescription", "").partition(". Runbook: ")
    return Alarm(
        name=described["AlarmName"].removeprefix(prefix),
        state=described["StateValue"],
        since=described.get("StateTransitionedTimestamp") or described["StateUpdatedTimestamp"],
        reason=re.sub(rf"arn:[^ ]*:alarm:{re.escape(prefix)}", "", described.get("StateReason", "")),
        says=says,
        runbook=runbook,
    )
