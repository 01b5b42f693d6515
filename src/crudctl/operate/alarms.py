"""Reads the alarms of an environment and their states from CloudWatch. Their thresholds are in infra/alarms.tf."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

FIRING = "ALARM"


@dataclass(frozen=True)
class Alarm:
    """An alarm with an action.

    Args:
        name: without the environment's prefix.
        state: OK, ALARM or INSUFFICIENT_DATA.
        since: when it entered that state.
        reason: CloudWatch's reason for the state.
        says: what the alarm means.
        runbook: the section of the runbook about it.
    """

    name: str
    state: str
    since: datetime
    reason: str
    says: str
    runbook: str


def alarms(client: Any, prefix: str) -> list[Alarm]:
    """Return the alarms whose name begins with `prefix`, those in ALARM first. Alarms without an action are left out.

    Args:
        client: a boto3 client of CloudWatch.
    """
    pages = client.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=prefix, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    with_action = [_alarm(each, prefix) for page in pages for kind in ("MetricAlarms", "CompositeAlarms") for each in page[kind]
                   if each.get("AlarmActions")]  # fmt: skip
    return sorted(with_action, key=lambda alarm: (alarm.state != FIRING, alarm.name))


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
