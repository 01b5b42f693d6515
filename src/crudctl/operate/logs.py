"""Reads the logs of the functions and of the gateway from CloudWatch Logs, in chronological order."""

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

COLOURS = {"2": "green", "3": "green", "4": "yellow", "5": "red"}  # by the first digit of a status
SHOWN = ("problem", "error", "exception", "message", "traceparent", "request_id")
OVERLAP = 10_000  # milliseconds to read again: events can become visible late
REQUEST_ID = re.compile("[A-Za-z0-9-]{8,64}")
# A trace id, alone or within a traceparent: https://www.w3.org/TR/trace-context-1/#traceparent-header-field-values
TRACE = re.compile("(?:[0-9a-f]{2}-)?([0-9a-f]{32})(?:-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?)?")


def groups(functions: Mapping[str, str], prefix: str, operation: str | None) -> list[str]:
    """Return the log groups of one operation, or of all and the gateway. Raise Failed for an unknown operation."""
    if operation is None:
        return [*(f"/aws/lambda/{name}" for name in functions.values()), f"/aws/apigateway/{prefix}"]
    if operation not in functions:
        raise Failed(f"There is no operation '{operation}'.", f"The operations are {', '.join(functions)}.")
    return [f"/aws/lambda/{functions[operation]}"]


def matcher(request_id: str | None, status: str | None) -> Callable[[str], bool]:
    """Return a function that checks if a line is about a request, and has a status such as `404` or `5xx`.

    Lines of the platform have neither. Raise Failed for an invalid `status`.
    """
    if status is not None and not re.fullmatch("[1-5]([0-9]{2}|xx)", status):
        raise Failed(f"Invalid status '{status}': use three digits or a class, for example 404 or 5xx.")
    pattern = re.compile((status or "").replace("x", "[0-9]"))

    def matches(message: str) -> bool:
        line = entry(message)
        if request_id is not None and line.get("request_id") != request_id:
            return False
        return status is None or bool(pattern.fullmatch(str(line.get("status", ""))))

    return matches


def entry(message: str) -> dict[str, Any]:
    """Return the properties of a line; none if it is not a JSON object, such as the last output of a runtime."""
    try:
        line = json.loads(message)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}


def formatted(event: Mapping[str, Any]) -> Text:
    """Return an event for a terminal: local time, log group, and a request's outcome; other lines are shown in full."""
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
    for name in SHOWN:
        if name in line:
            text.append(f" {name}=", "dim").append(str(line[name]))
    return text


def read(
    environment: Environment, names: list[str], since: int, follow: bool = False, term: str | None = None
) -> Iterator[dict[str, Any]]:
    """Yield events of CloudWatch Logs (`timestamp` in ms, `message`) with their `group`, oldest first. `follow` never ends.

    Args:
        since: how far back to begin, in seconds.
        term: only lines that contain this text.

    Raise Failed if a log group does not exist: Terraform creates each with what logs to it.
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
            except client.exceptions.ResourceNotFoundException as error:
                raise environment.nothing(f"logs in the group {name}") from error
        yield from sorted(fresh, key=lambda event: event["timestamp"])
        if not follow:
            return
        seen |= {event["eventId"]: event["timestamp"] for event in fresh}
        start = max([start, *(moment - OVERLAP for moment in seen.values())])
        seen = {key: moment for key, moment in seen.items() if moment >= start}
        time.sleep(1)


def trace(environment: Environment, names: list[str], wanted: str, since: int) -> list[dict[str, Any]]:
    """Return every line about one request, or about those of one trace: the gateway's, the function's, and the platform's.

    Args:
        wanted: a request id, a W3C trace id, or a `traceparent`.
        since: how far back to search, in seconds.

    Oldest first; each is an event as `read` yields it. Raise Failed for an invalid id, and if nothing was logged about it.
    """
    if traced := TRACE.fullmatch(wanted):
        requests = _requests(environment, names, traced[1], since)
    elif REQUEST_ID.fullmatch(wanted):
        requests = [wanted]
    else:
        raise Failed(
            f"Invalid request id '{wanted}'.",
            "Use the x-amzn-requestid or traceparent header of a response, or the request_id of a problem document.",
        )
    return sorted(
        (event for request_id in requests for event in _about(environment, names, request_id, since)), key=_position
    )


def _requests(environment: Environment, names: list[str], trace_id: str, since: int) -> list[str]:
    """Return the ids of the requests of a trace. Raise Failed if there are none."""
    lines = (entry(event["message"]) for event in read(environment, names, since, term=trace_id))
    requests = [line["request_id"] for line in lines if str(line.get("traceparent")).split("-")[1:2] == [trace_id]]
    if not requests:
        raise Failed(
            f"There is no log line about trace {trace_id}.",
            "Search further back, for example with --since 1d. A request that reached no function, or whose function crashed, "
            "is found by its request id.",
        )
    return list(dict.fromkeys(requests))


def _about(environment: Environment, names: list[str], request_id: str, since: int) -> list[dict[str, Any]]:
    """Return the lines about one request. Raise Failed if there are none."""
    lines = [
        event
        for event in read(environment, names, since, term=request_id)
        if entry(event["message"]).get("request_id") == request_id
    ]
    if not lines:
        raise Failed(
            f"There is no log line about request {request_id}.", "Search further back, for example with --since 1d."
        )
    for invocation in {entry(event["message"]).get("function_request_id") for event in lines} - {None, "-"}:
        lines += (
            event
            for event in read(environment, names, since, term=invocation)
            if _invocation(entry(event["message"])) == invocation
        )
    return lines


def _invocation(line: Mapping[str, Any]) -> Any:
    """Return the invocation id of a platform line: its start, its report, or its record of a crash or a timeout."""
    record = line.get("record")
    return record.get("requestId") if isinstance(record, dict) else line.get("requestId")


def _position(event: Mapping[str, Any]) -> tuple[int, int]:
    """Return the sort key: the time, then the platform's start, the function, the platform's end and report, the gateway."""
    kind = entry(event["message"]).get("type", "")
    rank = {"platform.start": 0, "": 1, "platform.end": 2, "platform.runtimeDone": 2, "platform.report": 3}.get(kind, 1)
    return event["timestamp"], 4 if event["group"].startswith("/aws/apigateway/") else rank
