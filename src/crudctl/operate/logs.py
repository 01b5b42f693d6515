"""Reads the logs of the functions and of the gateway from CloudWatch Logs, in order of time."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from rich.text import Text

from crudctl.console import Failed
from crudctl.project import Environment

COLOURS = {"2": "green", "3": "green", "4": "yellow", "5": "red"}  # of a status, by its first digit
FOREMOST = ("problem", "error", "exception", "message", "request_id")
OVERLAP = 10_000  # milliseconds; events can become visible late
REQUEST_ID = re.compile("[A-Za-z0-9-]{8,64}")


def groups(functions: Mapping[str, str], prefix: str, operation: str | None) -> list[str]:
    """The log groups of one operation's function, or of all and the gateway. Raises Failed for an unknown operation."""
    if operation is None:
        return [*(f"/aws/lambda/{name}" for name in functions.values()), f"/aws/apigateway/{prefix}"]
    if operation not in functions:
        raise Failed(f"There is no operation {operation}.", f"There are {', '.join(functions)}.")
    return [f"/aws/lambda/{functions[operation]}"]


def wanted(request_id: str | None, status: str | None) -> Callable[[str], bool]:
    """Whether a line is about one request, or has a status such as `404` or `5xx`; lines of the platform have neither.

    Raises Failed when `status` is of another form.
    """
    if status is not None and not re.fullmatch("[1-5]([0-9]{2}|xx)", status):
        raise Failed(f"{status} is no status.", "Write it as 404 or 5xx.")
    pattern = re.compile((status or "").replace("x", "[0-9]"))

    def fits(message: str) -> bool:
        line = entry(message)
        if request_id is not None and line.get("request_id") != request_id:
            return False
        return status is None or bool(pattern.fullmatch(str(line.get("status", ""))))

    return fits


def entry(message: str) -> dict[str, Any]:
    """A line's members; none for a line that is no JSON object, such as a runtime's last words."""
    try:
        found = json.loads(message)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def shown(event: Mapping[str, Any]) -> Text:
    """An event for the eye: when in local time, from where, and of a request its outcome; nothing is cut from other lines."""
    line = entry(event["message"])
    text = Text()
    text.append(f"{datetime.fromtimestamp(event['timestamp'] / 1000):%H:%M:%S.%f}"[:-3], "dim")
    text.append(f" {event['group'].rpartition('/')[2]:28} ", "cyan")
    if "status" not in line or "method" not in line:
        return text.append(event["message"].rstrip("\n"))
    status = str(line["status"])
    text.append(status, COLOURS.get(status[:1], ""))
    text.append(f" {line['method']} {line.get('operation', line.get('resource', ''))}")
    text.append(f" {line.get('duration_ms', line.get('latency_ms', '-'))} ms", "dim")
    for name in FOREMOST:
        if name in line:
            text.append(f" {name}=", "dim").append(str(line[name]))
    return text


def read(
    environment: Environment, names: list[str], since: int, follow: bool = False, term: str | None = None
) -> Iterator[dict[str, Any]]:
    """Events as CloudWatch Logs gives them (`timestamp` in ms, `message`, `group`), oldest first; with `follow` it never ends.

    Args:
        since: how many seconds back to begin.
        term: only lines that hold this text.
    """
    client = environment.client("logs")
    start = int((time.time() - since) * 1000)
    pattern = {"filterPattern": f'"{term}"'} if term else {}
    seen: dict[str, int] = {}
    while True:
        fresh = []
        for name in names:
            try:
                for page in client.get_paginator("filter_log_events").paginate(
                    logGroupName=name, startTime=start, **pattern
                ):
                    fresh += [event | {"group": name} for event in page["events"] if event["eventId"] not in seen]
            except client.exceptions.ResourceNotFoundException:
                continue  # nothing was logged there yet
        yield from sorted(fresh, key=lambda event: event["timestamp"])
        if not follow:
            return
        seen |= {event["eventId"]: event["timestamp"] for event in fresh}
        start = max([start, *(moment - OVERLAP for moment in seen.values())])
        seen = {key: moment for key, moment in seen.items() if moment >= start}
        time.sleep(1)


def trace(environment: Environment, names: list[str], request_id: str, since: int) -> list[dict[str, Any]]:
    """Every line about one request, oldest first: the gateway's, the function's, and the platform's of its invocation.

    Each is an event as `read` gives it. Raises Failed when there is none, or the id is not one.
    """
    if not REQUEST_ID.fullmatch(request_id):
        raise Failed(f"{request_id} is no request id.", "It is in an answer's x-amzn-requestid, and in every problem.")
    found = [
        event
        for event in read(environment, names, since, term=request_id)
        if entry(event["message"]).get("request_id") == request_id
    ]
    if not found:
        raise Failed(
            f"No line is about request {request_id}.", "Look further back with --since, for example --since 1d."
        )
    for invocation in {entry(event["message"]).get("function_request_id") for event in found} - {None, "-"}:
        found += (
            event
            for event in read(environment, names, since, term=invocation)
            if _invocation(entry(event["message"])) == invocation
        )
    return sorted(found, key=_moment)


def _invocation(line: Mapping[str, Any]) -> Any:
    """Which invocation a line of the platform is about: its start and report, or what it says of a crash or a timeout."""
    record = line.get("record")
    return record.get("requestId") if isinstance(record, dict) else line.get("requestId")


def _moment(event: Mapping[str, Any]) -> tuple[int, int]:
    """When; within a millisecond the platform's start, the function, the platform's end and report, the gateway."""
    kind = entry(event["message"]).get("type", "")
    rank = {"platform.start": 0, "": 1, "platform.end": 2, "platform.runtimeDone": 2, "platform.report": 3}.get(kind, 1)
    return event["timestamp"], 4 if event["group"].startswith("/aws/apigateway/") else rank
