"""Reads the alarms of an environment and their states from CloudWatch. Their thresholds are in infra/alarms.tf."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crudctl.naming import is_of_another

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
    with_action = [_alarm(each, prefix) for each in _described(client, prefix) if each.get("AlarmActions")]
    return sorted(with_action, key=lambda alarm: (alarm.state != FIRING, alarm.name))


@dataclass(frozen=True)
class Recipients:
    """Who alarms notify: the addresses and endpoints that have confirmed, and those that have not and receive nothing."""

    confirmed: list[str]
    pending: list[str]

    @classmethod
    def of(cls, subscriptions: Iterable[Mapping[str, str]]) -> Recipients:
        """Return the recipients of subscriptions, which have no ARN until they are confirmed
        (https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html).
        """
        found = [(each["SubscriptionArn"].startswith("arn:"), each["Endpoint"]) for each in subscriptions]
        return cls(*([endpoint for confirmed, endpoint in found if confirmed is wanted] for wanted in (True, False)))


def recipients(cloudwatch: Any, sns: Any, prefix: str) -> Recipients:
    """Return who the alarms whose name begins with `prefix` notify.

    Args:
        cloudwatch, sns: boto3 clients.
    """
    topics = {
        action
        for each in _described(cloudwatch, prefix)
        for action in each.get("AlarmActions", [])
        if ":sns:" in action
    }
    found = [each for topic in sorted(topics)
             for page in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
             for each in page["Subscriptions"]]  # fmt: skip
    return Recipients.of(found)


def _described(client: Any, prefix: str) -> Iterator[Mapping[str, Any]]:
    """Yield the alarms whose name begins with `prefix`, but not those of another environment of the family."""
    pages = client.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=prefix, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    for page in pages:
        for each in (*page["MetricAlarms"], *page["CompositeAlarms"]):
            if not is_of_another(each["AlarmName"], prefix.removesuffix("-")):
                yield each


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
