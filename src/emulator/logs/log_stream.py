"""Appends lines to CloudWatch Logs as a service does, without an API call."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ministack.services import cloudwatch_logs

from emulator.patches import Difference, register, uses

LOG_STREAMS = register(
    Difference(
        name="log-streams",
        service="Lambda",
        aws="every execution environment has one log stream, whose name is in the context",
        source="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
        ministack="every invocation creates a stream of its own with another name",
        here="as AWS",
        upstream="name the stream when a worker is spawned, and use it in its environment and in `_emit_lambda_logs`",
    )
)
uses(
    LOG_STREAMS,
    cloudwatch_logs,
    "_log_groups",
    "_create_log_group(data)",
    "_create_log_stream(data)",
    "_append_log_events(stream, events)",
    "_fanout_to_subscription_filters(group_name, stream_name, events)",
    "new_uuid()",
)


def append(group: str, stream: str, lines: Sequence[tuple[float, str]], create: bool = False) -> None:
    """Append lines, each with its time in seconds, to a stream of the current account and region.

    The stream is created with its first line. A group that does not exist is created if `create` is true; otherwise
    the lines are lost, as they are on AWS.
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
