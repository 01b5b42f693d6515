"""Reads the logs of the functions and of the gateway from CloudWatch Logs, in order of time."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from itemsctl.console import Failed
from itemsctl.project import Environment

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
OVERLAP = 10_000  # milliseconds; events can become visible late


def seconds(text: str) -> int:
    """How long `10m`, `2h`, `30s` or `1d` is. Raises Failed for anything else."""
    match = re.fullmatch("([1-9][0-9]{0,5})([smhd])", text)
    if not match:
        raise Failed(f"{text} is no duration.", "Write it as 30s, 10m, 2h or 1d.")
    return int(match[1]) * UNITS[match[2]]


def groups(functions: Mapping[str, str], prefix: str, operation: str | None) -> list[str]:
    """The log groups of one operation's function, or of all and the gateway. Raises Failed for an unknown operation."""
    if operation is None:
        return [*(f"/aws/lambda/{name}" for name in functions.values()), f"/aws/apigateway/{prefix}"]
    if operation not in functions:
        raise Failed(f"There is no operation {operation}.", f"There are {', '.join(functions)}.")
    return [f"/aws/lambda/{functions[operation]}"]


def read(environment: Environment, names: list[str], since: int, follow: bool) -> Iterator[dict[str, Any]]:
    """Events as CloudWatch Logs gives them (`timestamp` in ms, `message`), oldest first; with `follow` it never ends.

    Args:
        since: how many seconds back to begin.
    """
    client = environment.client("logs")
    start = int((time.time() - since) * 1000)
    seen: dict[str, int] = {}
    while True:
        fresh = []
        for name in names:
            try:
                for page in client.get_paginator("filter_log_events").paginate(logGroupName=name, startTime=start):
                    fresh += [event for event in page["events"] if event["eventId"] not in seen]
            except client.exceptions.ResourceNotFoundException:
                continue  # nothing was logged there yet
        yield from sorted(fresh, key=lambda event: event["timestamp"])
        if not follow:
            return
        seen |= {event["eventId"]: event["timestamp"] for event in fresh}
        start = max([start, *(moment - OVERLAP for moment in seen.values())])
        seen = {key: moment for key, moment in seen.items() if moment >= start}
        time.sleep(1)
