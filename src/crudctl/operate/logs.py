"""Reads the logs of the functions and of the gateway from CloudWatch Logs, in chronological order."""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping, Set
from datetime import datetime
from typing import Any

from rich.text import Text

from crudctl.console import Failed
from crudctl.project import Environment

COLOURS = {"2": "green", "3": "green", "4": "yellow", "5": "red"}  # by the first digit of a status
SHOWN = (
    "problem", "aws_action", "aws_error", "error", "exception", "message", "replayed", "TableThrottled", "TableErrors",
    "traceparent", "request_id",
)  # fmt: skip
OVERLAP = 10_000  # milliseconds to read again: events can become visible late
AROUND = (
    900_000  # milliseconds before and after a line in which to look for others about its request; Lambda's longest run
)
HOUR, DAY = 3600, 86_400  # seconds
# FilterLogEvents that an account may send in each region in a second, of all people and programs together.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
QUOTA = 5
SEARCHING, FOLLOWING = (
    4,
    2,
)  # of them, what one command sends: following goes on for hours and leaves room for a second one
WINDOWS = (HOUR, DAY, 7 * DAY, 3653 * DAY)  # to search, until something is found; the last is all that can be kept
GATEWAY = "/aws/apigateway/"
ROLLBACK = "rollback"  # the function that rolls releases back; infra/variables.tf lets no operation have its name
ID = re.compile(r'[^\s"\\]{1,256}')
# Alone or within a traceparent: https://www.w3.org/TR/trace-context-1/#traceparent-header-field-values
TRACE = re.compile("(?:[0-9a-f]{2}-)?([0-9a-f]{32})(?:-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?)?")
# Alone or within X-Amzn-Trace-Id: https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
XRAY = re.compile("(?:.*Root=)?(1-[0-9a-f]{8}-[0-9a-f]{24})(?:;.*)?")
IDS = ("request_id", "function_request_id", "extended_request_id", "correlation_id")


class Pace:
    """Lets at most `rate` requests begin in a second.

    Args:
        rate: requests a second; infinity for no limit.
        clock: returns seconds.
        sleep: waits for a number of seconds.
    """

    def __init__(
        self, rate: float, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._interval = 1 / rate
        self._clock, self.sleep = clock, sleep
        self._next = clock()

    def wait(self) -> None:
        """Return when the next request may begin."""
        if (early := self._next - self._clock()) > 0:
            self.sleep(early)
        self._next = max(self._clock(), self._next) + self._interval


def groups(functions: Mapping[str, str], prefix: str, key: str | None) -> list[str]:
    """Return the log groups of one function and of the gateway, or of all functions and the gateway.

    Raise Failed for an unknown function.
    """
    gateway = f"{GATEWAY}{prefix}"
    if key is None:
        return [*(f"/aws/lambda/{name}" for name in functions.values()), gateway]
    if key == ROLLBACK:
        return [f"/aws/lambda/{prefix}-{ROLLBACK}"]
    if key not in functions:
        raise Failed(f"There is no operation '{key}'.", f"The operations are {', '.join(functions)}, and {ROLLBACK}.")
    return [f"/aws/lambda/{functions[key]}", gateway]


def of_gateway(group: str) -> bool:
    """Return whether a log group is the gateway's."""
    return group.startswith(GATEWAY)


def owner_hash(subject: str) -> str:
    """Return how the functions' lines name a caller, whose token has this `sub`."""
    return hashlib.sha256(subject.encode()).hexdigest()[:16]


def matcher(
    request_id: str | None, status: str | None, owner: str | None = None, served: Set[tuple[str, str]] | None = None
) -> Callable[[Mapping[str, Any]], bool]:
    """Return a function that checks if an event is about a request, has a status such as `404` or `5xx`, and is about a caller.

    Lines of the platform have none of these.

    Args:
        owner: as `owner_hash` returns it; the gateway's lines have none.
        served: the methods and paths of the operations that are wanted, as the contract has them; empty if the function
            serves none, None for all. HEAD is served as GET.

    Raise Failed for an invalid `status`.
    """
    if status is not None and not re.fullmatch("[1-5]([0-9]{2}|xx)", status):
        raise Failed(f"Invalid status '{status}': use three digits or a class, for example 404 or 5xx.")
    pattern = re.compile((status or "").replace("x", "[0-9]"))

    def matches(event: Mapping[str, Any]) -> bool:
        line = entry(event["message"])
        if request_id is not None and line.get("request_id") != request_id:
            return False
        if owner is not None and line.get("owner_hash") != owner:
            return False
        method = {"HEAD": "GET"}.get(line.get("method", ""), line.get("method", ""))
        if served is not None and of_gateway(event["group"]) and (method, line.get("resource")) not in served:
            return False
        if served and method and method.upper() not in {wanted for wanted, _ in served}:
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
    environment: Environment,
    names: list[str],
    since: float,
    *,
    follow: bool = False,
    term: str | None = None,
    pace: Pace | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield events of CloudWatch Logs (`timestamp` in ms, `message`) with their `group`, oldest first. `follow` never ends.

    Args:
        since: how far back to begin, in seconds.
        term: only lines that contain this text.
        pace: of the requests; by default, one that stays below AWS's quota.

    Raise Failed if a log group does not exist: Terraform creates each with what logs to it.
    """
    start = int((time.time() - since) * 1000)
    seen: dict[str, int] = {}
    pace = pace or pace_of(environment, FOLLOWING if follow else SEARCHING)
    while True:
        found = _between(environment, pace, names, (start, None), term)
        fresh = [event for event in found if event["eventId"] not in seen]
        yield from fresh
        if not follow:
            return
        seen |= {event["eventId"]: event["timestamp"] for event in fresh}
        start = max([start, *(moment - OVERLAP for moment in seen.values())])
        seen = {key: moment for key, moment in seen.items() if moment >= start}
        pace.sleep(1)


def pace_of(environment: Environment, rate: float) -> Pace:
    """Return a pace of so many requests a second; of the local stack, which has no quota, without a pause."""
    return Pace(math.inf if environment.local else rate)


def _between(
    environment: Environment, pace: Pace, names: list[str], span: tuple[int, int | None], term: str | None
) -> list[dict[str, Any]]:
    """Return the events between two moments in milliseconds, oldest first. Raise Failed if a log group does not exist."""
    client = environment.client("logs")
    client.meta.events.register("before-send.cloudwatch-logs.FilterLogEvents", lambda **_: pace.wait())  # retries too
    start, end = span
    narrowed = ({"filterPattern": f'"{term}"'} if term else {}) | ({} if end is None else {"endTime": end})
    found: list[dict[str, Any]] = []
    for name in names:
        pages = client.get_paginator("filter_log_events").paginate(logGroupName=name, startTime=start, **narrowed)
        try:
            found += [event | {"group": name} for page in pages for event in page["events"]]
        except client.exceptions.ResourceNotFoundException as error:
            raise environment.nothing(f"logs in the group {name}") from error
    return sorted(found, key=lambda event: event["timestamp"])


def trace(environment: Environment, names: list[str], wanted: str, since: int | None) -> list[dict[str, Any]]:
    """Return every line about one request, or about those of one trace: the gateway's, the function's, and the platform's.

    Args:
        wanted: an id of the request that was logged, in either case: `ids` lists them.
        since: how far back to search, in seconds. None: ever further, until something is found.

    Oldest first; each is an event as `read` yields it. Raise Failed for an invalid id, and if nothing was logged about it.
    """
    spelled = wanted.strip()
    if not ID.fullmatch(spelled):
        raise Failed(
            f"Invalid request id '{wanted}'.",
            "Use the x-amzn-requestid or traceparent header of a response, or the request_id of a problem document.",
        )
    pace = pace_of(environment, SEARCHING)
    traces = TRACE.fullmatch(spelled.lower())
    for back in (since,) if since else WINDOWS[1:] if traces else WINDOWS:  # the requests of a trace may be far apart
        for spelling in dict.fromkeys([spelled, spelled.lower()]):
            if requests := _requests(environment, pace, names, spelling, back):
                return sorted(
                    (event for found in requests for event in _about(environment, pace, names, *found)), key=_position
                )
    raise Failed(
        f"There is no log line about {spelled}.",
        "Search further back, for example with --since 7d."
        if since
        else f"Is it of {environment.name}? A request that reached no function, or whose function crashed, is found by its "
        "request id only; and logs are deleted after `log_retention_days`.",
    )


def ids(line: Mapping[str, Any]) -> set[str]:
    """Return the ids by which a line's request is known: of the request, of the invocation, of the caller, and of its traces."""
    found = {str(line[name]) for name in IDS if line.get(name)}
    if traced := TRACE.fullmatch(str(line.get("traceparent"))):
        found.add(traced[1])
    if traced := XRAY.fullmatch(str(line.get("trace_id"))):
        found.add(traced[1])
    return found


def _requests(
    environment: Environment, pace: Pace, names: list[str], wanted: str, since: float
) -> list[tuple[str, int]]:
    """Return the requests that are known by an id: the id of each, and when a line about it was logged, in milliseconds."""
    term = next((found[1] for form in (TRACE, XRAY) if (found := form.fullmatch(wanted))), wanted)
    requests: dict[str, int] = {}
    for event in read(environment, names, since, term=term, pace=pace):
        line = entry(event["message"])
        if term in ids(line) and "request_id" in line:
            requests.setdefault(line["request_id"], event["timestamp"])
    return list(requests.items())


def _about(
    environment: Environment, pace: Pace, names: list[str], request_id: str, moment: int
) -> list[dict[str, Any]]:
    """Return the lines about one request, of which one was logged at `moment`."""

    def around(term: str) -> list[dict[str, Any]]:
        return _between(environment, pace, names, (moment - AROUND, moment + AROUND), term)

    lines = [event for event in around(request_id) if entry(event["message"]).get("request_id") == request_id]
    for invocation in {str(entry(event["message"]).get("function_request_id", "-")) for event in lines} - {"-"}:
        lines += (event for event in around(invocation) if _invocation(entry(event["message"])) == invocation)
    return lines


def _invocation(line: Mapping[str, Any]) -> Any:
    """Return the invocation id of a platform line: its start, its report, or its record of a crash or a timeout."""
    record = line.get("record")
    return record.get("requestId") if isinstance(record, dict) else line.get("requestId")


def _position(event: Mapping[str, Any]) -> tuple[int, int]:
    """Return the sort key: the time, then the platform's start, the function, the platform's end and report, the gateway."""
    kind = entry(event["message"]).get("type", "")
    rank = {"platform.start": 0, "": 1, "platform.end": 2, "platform.runtimeDone": 2, "platform.report": 3}.get(kind, 1)
    return event["timestamp"], 4 if of_gateway(event["group"]) else rank
