"""Appends lines to CloudWatch Logs as a service does, without an API call."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ministack.services import cloudwatch_logs


def append(group: str, stream: str, lines: Sequence[tuple[float, str]], create: bool = False) -> None:
    """Append lines, each with its time in seconds, to a stream of the current account and region.

    The stream is made at its first line. A group that does not exist is made if `create` says
    so; otherwise the lines are lost, as they are on AWS.
    """
    groups = cloudwatch_logs._log_groups
    if group not in groups:
        if not create:
            return
        cloudwatch_logs._create_log_group({"logGroupName": group})
    streams = groups[group]["streams"]
    if stream not in streams:
        cloudwatch_logs._create_log_stream({"logGroupName": group, "logStreamName": stream})
    now = int(time.time() * 1000)
    events = [
        {
            "timestamp": int(at * 1000),
            "message": line,
            "ingestionTime": now,
            "eventId": cloudwatch_logs.new_uuid(),
        }
        for at, line in lines
    ]
    cloudwatch_logs._append_log_events(streams[stream], events)
    cloudwatch_logs._fanout_to_subscription_filters(group, stream, events)
