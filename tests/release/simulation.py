"""AWS as a release uses it, in memory and with a clock of its own, so that hours of traffic pass in milliseconds.

The fakes stand in for boto3's clients of Lambda, DynamoDB, CloudWatch and its logs; everything above them is the code under test.
Users call alias `prod` of the functions at a steady rate, on every operation in turn, and each request is measured as on AWS.
test_measured.py compares what the fakes measure with what the local stack measures.
"""
# ruff: noqa: N803 - boto3's names

from __future__ import annotations

import io
import itertools
import json
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from crudctl.build import round_trip
from crudctl.build.round_trip import RoundTrip
from crudctl.release.aliases import ALIASES, PROD, Position
from crudctl.release.canary_alarms import Settings
from crudctl.release.cloud import BLIND, Cloud
from crudctl.release.guard import Decision, Policy
from crudctl.release.line_filters import COLD_STARTS, REFUSED, RESPONSES
from crudctl.release.record import Release
from crudctl.release.releaser import Releaser
from tests import contracts

ARCHIVE = "archive_item"
TRIP = round_trip.plan(contracts.document())
OPERATIONS = tuple(TRIP.counts)
PREFIX = "items-simulated"
BEGIN = 1_800_000_000.0
RESOLUTION = 5  # seconds of which equal values are one point, as in the emulator
COLD = 400.0  # milliseconds of the first request of a version
TIMEOUT = 10_000.0  # milliseconds
HASTY = Policy(least=0, least_each=0)
USERS, ODD = 7, "odd"  # callers; one who sends what others do not
SETTINGS = Settings(PREFIX, "arn:rollback", "arn:topic", "docs/runbook.md", cause=300, release=3600)

Call = Callable[..., Any]


@dataclass(frozen=True)
class Fault:
    """What one function of a version does wrong, and in which share of its calls.

    Attributes:
        kind: a key of crudctl.local.demo_versions.FAULTS, or `picky`: refuses what the caller ODD sends, and nothing else.
        after: epoch seconds before which it does nothing wrong.
        alone: it does nothing wrong while another version has a share of the traffic.
    """

    kind: str
    function: str
    rate: float = 1.0
    after: float = 0.0
    alone: bool = False


class Stopped(BaseException):
    """The releaser stops here, as if its process had died."""


class Watcher:
    """Keeps the lines that it receives; stops the releaser after the n-th one, or at the first look at the metrics."""

    def __init__(self, stop_after: int = 0, stop_at_look: bool = False) -> None:
        self.lines: list[str] = []
        self._stop_after, self._stop_at_look = stop_after, stop_at_look

    def log(self, line: str) -> None:
        """Keep the line."""
        self.lines.append(line)
        if len(self.lines) == self._stop_after:
            raise Stopped

    def show(self, release: Release, decision: Decision) -> None:
        """Stop the releaser, if this was asked for."""
        if self._stop_at_look:
            raise Stopped


class Aws:
    """An account with the functions of the tests' contract at version 1, both aliases of each on it, and no release yet.

    Args:
        rate: requests a second of the users.
        trash_days: TRASH_DAYS of the first versions; None for versions that do not know the trash.
    """

    def __init__(self, rate: float = 0.0, trash_days: str | None = "30") -> None:
        self.now = BEGIN
        self.functions = {operation: f"{PREFIX}-{operation}" for operation in OPERATIONS}
        self.chance = random.Random(1)
        self.trip = TRIP
        self.contract: Mapping[str, Any] = contracts.document()
        self.responses: Counter[int] = Counter()  # of the users' requests, by status
        self.items: dict[str, dict[str, Any]] = {}
        self.shared = False  # whether the functions keep no owners apart
        self.lambda_ = Lambda(self, trash_days)
        self.dynamodb = DynamoDB()
        self.cloudwatch = CloudWatch()
        self.logs = Logs()
        self.failing: dict[str, float] = {}  # requests a second by operation that fail whatever version they meet
        self.fails_by = "5xx"  # the kind of those faults, or "refused"
        self.odd: dict[str, float] = {}  # requests a second of ODD by operation
        self.rate, self._due = rate, 0.0
        self._further_due: dict[tuple[str, ...], float] = defaultdict(float)
        self._next = itertools.cycle(OPERATIONS)
        self.callers = itertools.cycle([f"user {number}" for number in range(USERS)])
        self._meeting: dict[tuple[str, str], Call] = {}

    def add_archive(self, *, probed: bool) -> None:
        """Deploy one more function, which nobody but the round trip calls, and that only if it is `probed`."""
        self.contract, self.trip = archiving(probed=probed), with_archive(probed=probed)
        self.functions[ARCHIVE] = name = f"{PREFIX}-{ARCHIVE}"
        self.lambda_.create(name)

    def remove_archive(self) -> None:
        """Delete that function, as Terraform does when its operation is no longer in the contract."""
        self.contract, self.trip = contracts.document(), TRIP
        self.lambda_.delete(self.functions.pop(ARCHIVE))

    def clock(self) -> float:
        """Return the time in seconds since the epoch."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass, with the users' requests in it."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + 1)
            self._due += self.rate
            while self._due >= 1:
                self._due -= 1
                operation = next(self._next)
                self.responses[self.lambda_.request(operation, PROD)[0]] += 1
            for rates, how in ((self.failing, {"fails": True}), (self.odd, {"caller": ODD})):
                for operation, rate in rates.items():
                    due = self._further_due[operation, *how] = self._further_due[operation, *how] + rate
                    self._further_due[operation, *how] -= int(due)
                    for _ in range(int(due)):
                        self.lambda_.request(operation, PROD, **how)

    def meets(self, service: str, operation: str, call: Call) -> None:
        """Call something before each request of that operation, which may raise instead of it."""
        self._meeting[service, operation] = call

    def client(self, service: str, config: Any = None) -> Any:
        """Return what takes the place of boto3's client of a service."""
        fakes = {
            "lambda": self.lambda_,
            "dynamodb": self.dynamodb,
            "cloudwatch": self.cloudwatch,
            "logs": self.logs,
        }
        fake: Any = fakes[service]
        return Client(fake, lambda operation: self._meeting.get((service, operation)))

    def cloud(self, blind: float = BLIND) -> Cloud:
        """Return what a release on AWS works with: periods of a minute, and half a minute between two looks."""
        return Cloud(
            self.functions,
            PREFIX,
            self.client,
            lambda: self.trip,
            lambda: self.contract,
            lambda: SETTINGS,
            period=60,
            interval=30.0,
            blind=blind,
            compared=False,  # the simulated service is too simple for it: test_differential.py has the real one
            clock=self.clock,
            sleep=self.sleep,
        )

    def releaser(self, watcher: Watcher | None = None, policy: Policy | None = None, blind: float = BLIND) -> Releaser:
        """Return a releaser on this account."""
        return Releaser(self.cloud(blind), watcher or Watcher(), policy)

    def publish(self, fault: Fault | None = None, trash_days: str | None = "30") -> dict[str, str]:
        """Publish a version of every function, one of which may have a fault. Return the versions by operation.

        Args:
            fault: of one of them.
            trash_days: as for the first versions.
        """
        return {operation: self.lambda_.publish(name, fault, trash_days) for operation, name in self.functions.items()}

    def places(self) -> dict[str, dict[str, Position]]:
        """Return where all aliases point."""
        return {
            alias: {operation: self.lambda_.position(name, alias) for operation, name in self.functions.items()}
            for alias in ALIASES
        }

    def watched(self) -> set[str]:
        """Return the names of the alarms, and the metric filters as `function/filter`."""
        return {*self.cloudwatch.alarms, *(f"{group.rpartition('/')[2]}/{name}" for group, name in self.logs.filters)}

    def put(self, alias: str, operation: str, position: Position) -> None:
        """Point an alias somewhere, as anybody with the permission can."""
        weights = {position.other: position.weight} if position.other else {}
        self.lambda_.put(self.functions[operation], alias, position.version, weights)


def with_archive(*, probed: bool) -> RoundTrip:
    """Return the round trip of the tests' contract with one more operation."""
    return round_trip.plan(archiving(probed=probed))


def archiving(*, probed: bool) -> Any:
    """Return the tests' contract with one more operation."""
    document: Any = contracts.document()
    operation = {"operationId": ARCHIVE, "x-probe": probed, "responses": {"200": {"description": "Archived."}}}
    document["paths"]["/items/{id}/archive"] = {"post": operation}
    return document


def at(versions: Mapping[str, str]) -> dict[str, dict[str, Position]]:
    """Return the places at which both aliases of all functions are at these versions."""
    return {alias: {operation: Position(version) for operation, version in versions.items()} for alias in ALIASES}


def refused(code: str = "InvalidParameterValueException", message: str = "refused") -> ClientError:
    """Return the error of a request that AWS refuses."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


def only(numbers: Iterator[int] | range, call: Call) -> Call:
    """Return what calls `call` at the requests with these numbers, counted from 1."""
    count, wanted = itertools.count(1), set(numbers)

    def numbered(**arguments: Any) -> None:
        if next(count) in wanted:
            call(**arguments)

    return numbered


def refusing(**_: Any) -> None:
    """Refuse a request."""
    raise refused()


class Client:
    """Passes calls on to a fake, after what they are to meet."""

    def __init__(self, fake: Any, meeting: Callable[[str], Call | None]) -> None:
        self._fake, self._meeting = fake, meeting
        self.exceptions = getattr(fake, "exceptions", None)

    def __getattr__(self, operation: str) -> Call:
        def call(**arguments: Any) -> Any:
            meet = self._meeting(operation)
            if meet:
                meet(**arguments)
            return getattr(self._fake, operation)(**arguments)

        return call

    def get_paginator(self, operation: str) -> Any:
        """Return a paginator of one page."""
        return Paginator(getattr(self, operation))


class Paginator:
    """One page of everything."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def paginate(self, **arguments: Any) -> Iterator[Any]:
        """Yield the page."""
        yield self._call(**arguments)


class Lambda:
    """Functions with versions, aliases and weights. https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html"""

    def __init__(self, aws: Aws, trash_days: str | None) -> None:
        self._aws = aws
        self._versions: dict[str, dict[str, Fault | None]] = {}
        self._variables: dict[tuple[str, str], dict[str, str]] = {}
        self._aliases: dict[tuple[str, str], dict[str, Any]] = {}
        self._warm: set[tuple[str, str]] = set()
        self._revisions = itertools.count(1)
        for name in aws.functions.values():
            self.create(name, trash_days)

    def create(self, name: str, trash_days: str | None = "30") -> None:
        self._versions[name] = {}
        self.publish(name, None, trash_days)
        for alias in ALIASES:
            self.put(name, alias, "1", {})

    def delete(self, name: str) -> None:
        del self._versions[name]
        for alias in ALIASES:
            del self._aliases[name, alias]

    def published(self, name: str) -> list[int]:
        return sorted(map(int, self._versions[name]))

    def publish(self, name: str, fault: Fault | None, trash_days: str | None) -> str:
        version = str(max(map(int, self._versions[name]), default=0) + 1)
        self._variables[name, version] = {} if trash_days is None else {"TRASH_DAYS": trash_days}
        self._versions[name][version] = fault if fault and name.endswith(f"-{fault.function}") else None
        return version

    def variables(self, name: str, version: str) -> dict[str, str]:
        """Return the environment of a version, to be changed."""
        return self._variables.setdefault((name, version), {})

    def position(self, name: str, alias: str) -> Position:
        stored = self._aliases[name, alias]
        other, weight = next(iter(stored["RoutingConfig"]["AdditionalVersionWeights"].items()), ("", 0.0))
        return Position(stored["FunctionVersion"], other, weight)

    def put(self, name: str, alias: str, version: str, weights: Mapping[str, float], description: str = "") -> None:
        self._aliases[name, alias] = {
            "Description": description,
            "FunctionVersion": version,
            "RoutingConfig": {"AdditionalVersionWeights": dict(weights)},
            "RevisionId": str(next(self._revisions)),
        }

    def get_alias(self, FunctionName: str, Name: str) -> dict[str, Any]:
        return dict(self._aliases[FunctionName, Name])

    def update_alias(self, **arguments: Any) -> None:
        name, alias = arguments["FunctionName"], arguments["Name"]
        if arguments["RevisionId"] != self._aliases[name, alias]["RevisionId"]:
            raise refused("PreconditionFailedException")
        weights = arguments["RoutingConfig"]["AdditionalVersionWeights"]
        self.put(name, alias, arguments["FunctionVersion"], weights, arguments["Description"])

    def list_versions_by_function(self, FunctionName: str) -> dict[str, Any]:
        versions = ("$LATEST", *self._versions[FunctionName])
        return {"Versions": [self.get_function_configuration(FunctionName, version) for version in versions]}

    def delete_function(self, FunctionName: str, Qualifier: str) -> None:
        del self._versions[FunctionName][Qualifier]

    def get_function_configuration(self, FunctionName: str, Qualifier: str) -> dict[str, Any]:
        alias = self._aliases.get((FunctionName, Qualifier))
        version = alias["FunctionVersion"] if alias else Qualifier
        variables = {"CLIENT_IDS": "client,other"} | self.variables(FunctionName, version)
        published = datetime.fromtimestamp(BEGIN, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        return {"Version": version, "Environment": {"Variables": variables}, "LastModified": published}

    def invoke(self, FunctionName: str, Qualifier: str, Payload: bytes, **_: Any) -> dict[str, Any]:
        operation = FunctionName.removeprefix(f"{PREFIX}-")
        status, version = self.request(operation, Qualifier)
        if status == 502:
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(b'{"errorType": "RuntimeError"}')} | version
        variables = self.variables(FunctionName, version["ExecutedVersion"])
        body = {"statusCode": status} if status == 500 else self._respond(json.loads(Payload), variables)
        return {"Payload": io.BytesIO(json.dumps(body).encode())} | version

    def _respond(self, event: dict[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
        """Return the response of the service to a request without a fault.

        A version without TRASH_DAYS in its environment knows neither `purge` nor the operation to restore. To archive makes a new
        version, whose entity tag is not in the response.
        """
        owner, method = event["requestContext"]["authorizer"]["claims"]["sub"], event["httpMethod"]
        items, days = self._aws.items, variables.get("TRASH_DAYS")
        mine = {key: item for key, item in items.items() if self._aws.shared or item["owner"] == owner}
        body, query = json.loads(event["body"] or "{}"), event["queryStringParameters"] or {}
        item_id = (event["pathParameters"] or {}).get("id", "")
        restores, purges = event["path"].endswith("/restore"), query.get("purge") == "true"
        live = {key: item for key, item in mine.items() if not item.get("trashed")}
        if (query and days is None) or (restores and days is None):
            return {"statusCode": 400 if query else 404, "body": "{}"}
        if method == "POST" and not item_id:
            item = items[str(len(items) + 1)] = {"id": str(len(items) + 1), "version": 1, "owner": owner, **body}
            return self._shown(201, item)
        if not item_id:
            return {"statusCode": 200, "body": json.dumps({"items": list(live.values())})}
        item = mine.get(item_id, {}) if restores or purges else live.get(item_id, {})
        if not item or (restores and not item.get("trashed")):
            return {"statusCode": 404, "body": "{}"}
        matches = event["headers"].get("If-Match")
        if method in ("PUT", "PATCH", "DELETE") and not matches and variables.get("REQUIRE_IF_MATCH") == "true":
            return {"statusCode": 428, "body": "{}"}
        if matches not in (None, "*", f'"{item.get("version")}"'):
            return {"statusCode": 412, "body": "{}"}
        if method == "DELETE":
            if purges or not int(days or 0):
                del items[item_id]
            item["trashed"] = True
            return {"statusCode": 204, "body": ""}
        if method != "GET":
            item |= body | {"version": item["version"] + 1, "trashed": False}
        if method == "POST" and not restores:
            return {"statusCode": 200, "body": json.dumps(item)}
        return self._shown(200, item)

    @staticmethod
    def _shown(status: int, item: dict[str, Any]) -> dict[str, Any]:
        return {"statusCode": status, "headers": {"ETag": f'"{item.get("version")}"'}, "body": json.dumps(item)}

    def request(
        self, operation: str, alias: str, *, fails: bool = False, caller: str = ""
    ) -> tuple[int, dict[str, str]]:
        """Run a function through an alias. Return the status that the caller gets, and the version that ran.

        Args:
            fails: the request is one that makes any version do what Aws.fails_by says.
            caller: who sends it; one of the users if it is empty.
        """
        name = self._aws.functions[operation]
        place = self.position(name, alias)
        version = place.other if place.other and self._aws.chance.random() < place.weight else place.version
        caller = caller or next(self._aws.callers)
        status = self._run(name, operation, alias, version, fails, caller)
        return status, {"ExecutedVersion": version}

    def _shares(self, name: str, version: str) -> bool:
        """Whether alias `prod` does not send everything to this version."""
        at = self.position(name, PROD)
        return at.version != version or bool(at.other)

    def _run(self, name: str, operation: str, alias: str, version: str, fails: bool, caller: str) -> int:
        fault, chance, measure = self._versions[name][version], self._aws.chance, self._measure
        begun = fault and self._aws.now >= fault.after and not (fault.alone and self._shares(name, version))
        kind = fault.kind if fault and begun and chance.random() < fault.rate else ""
        kind = self._aws.fails_by if fails else kind
        kind = "refused" if kind == "picky" and caller == ODD else kind
        crashed = kind in ("exceptions", "timeouts")
        cold = (name, version) not in self._warm
        self._warm.add((name, version))
        fast = kind in ("exceptions", "5xx", "refused")
        milliseconds = 4.0 if fast else 40 * math.exp(chance.gauss(0, 0.3)) * (10 if kind == "latency" else 1)
        milliseconds = TIMEOUT if kind == "timeouts" else COLD if cold else float(round(milliseconds))
        of_lambda = {"FunctionName": name, "Resource": f"{name}:{alias}"}
        for dimensions in (of_lambda, of_lambda | {"ExecutedVersion": version}):
            measure("AWS/Lambda", "Invocations", 1, dimensions)
            measure("AWS/Lambda", "Errors", int(crashed), dimensions)
            measure("AWS/Lambda", "Duration", milliseconds, dimensions)
        if crashed or kind == "malformed":
            return 502  # without a log line
        status = {"5xx": 500, "refused": 400}.get(kind, 200)
        own = {"operation": operation, "version": version}
        if status >= 500:
            measure(PREFIX, "Faults", 1, own)
        counted = self._aws.logs.metrics(name)
        for metric in (RESPONSES, *([COLD_STARTS] if cold else [])):
            if metric in counted:
                measure(PREFIX, metric, 1, own)
        if status == 400 and REFUSED in counted:
            measure(PREFIX, REFUSED, 1, own | {"status": str(status)})
        self._aws.logs.write(self._aws.now, name, own | {"status": status, "owner_hash": caller})
        return status

    def _measure(self, namespace: str, metric: str, value: float, dimensions: Mapping[str, str]) -> None:
        self._aws.cloudwatch.put(self._aws.now, namespace, metric, value, dimensions)


class DynamoDB:
    """The table of releases, with conditional writes."""

    class exceptions:  # noqa: N801 - boto3's name
        class ConditionalCheckFailedException(Exception):
            """The condition was not met."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], dict[str, Any]] = {}

    def get_item(self, Key: dict[str, Any], **_: Any) -> dict[str, Any]:
        item = self._items.get((Key["kind"]["S"], Key["id"]["S"]))
        return {"Item": item} if item else {}

    def query(self, **_: Any) -> dict[str, Any]:
        keys = sorted((key for key in self._items if key[0] == "past"), reverse=True)
        return {"Items": [self._items[key] for key in keys]}

    def put_item(self, Item: dict[str, Any], ConditionExpression: str = "", **arguments: Any) -> None:
        key = Item["kind"]["S"], Item["id"]["S"]
        stored, values = self._items.get(key, {}), arguments.get("ExpressionAttributeValues", {})
        for term in filter(None, ConditionExpression.split(" AND ")):
            name, _, value = term.partition(" = ")
            met = not stored if term == "attribute_not_exists(id)" else stored.get(name) == values[value]
            if not met:
                raise self.exceptions.ConditionalCheckFailedException
        self._items[key] = Item


class CloudWatch:
    """Data points by metric and dimensions, and alarms.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
    """

    def __init__(self) -> None:
        self._points: dict[Any, dict[int, Counter[float]]] = defaultdict(lambda: defaultdict(Counter))
        self.alarms: dict[str, dict[str, Any]] = {}

    def put(self, now: float, namespace: str, metric: str, value: float, dimensions: Mapping[str, str]) -> None:
        self._points[namespace, metric, frozenset(dimensions.items())][int(now) // RESOLUTION][value] += 1

    def get_metric_data(
        self, MetricDataQueries: list[dict[str, Any]], StartTime: datetime, EndTime: datetime
    ) -> dict[str, Any]:
        results = []
        for query in MetricDataQueries:
            stat = query["MetricStat"]
            dimensions = frozenset((each["Name"], each["Value"]) for each in stat["Metric"]["Dimensions"])
            points = self._points.get((stat["Metric"]["Namespace"], stat["Metric"]["MetricName"], dimensions), {})
            periods: dict[int, Counter[float]] = defaultdict(Counter)
            for span, values in points.items():
                moment = span * RESOLUTION
                if StartTime.timestamp() <= moment < EndTime.timestamp():
                    periods[moment // stat["Period"] * stat["Period"]].update(values)
            moments = [datetime.fromtimestamp(moment, UTC) for moment in periods]
            values_of = [statistic(stat["Stat"], counter) for counter in periods.values()]
            results.append({"Id": query["Id"], "Timestamps": moments, "Values": values_of})
        return {"MetricDataResults": results}

    def describe_alarms(self, AlarmNamePrefix: str) -> dict[str, Any]:
        return {"MetricAlarms": [dict(each) for name, each in self.alarms.items() if name.startswith(AlarmNamePrefix)]}

    def put_metric_alarm(self, **alarm: Any) -> None:
        before = self.alarms.get(alarm["AlarmName"], {"StateValue": "INSUFFICIENT_DATA"})
        self.alarms[alarm["AlarmName"]] = alarm | {"StateValue": before["StateValue"]}

    def delete_alarms(self, AlarmNames: list[str]) -> None:
        for name in AlarmNames:
            del self.alarms[name]

    def set_alarm_state(self, AlarmName: str, StateValue: str, StateReason: str) -> None:
        self.alarms[AlarmName]["StateValue"] = StateValue


class Logs:
    """The metric filters of the functions' log groups, by group and name, and their lines about 4xx responses.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
    """

    def __init__(self) -> None:
        self.filters: dict[tuple[str, str], dict[str, Any]] = {}
        self._lines: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def write(self, now: float, function: str, line: dict[str, Any]) -> None:
        """Keep a line, if it is about a 4xx response."""
        if 400 <= line["status"] < 500:
            event = {"timestamp": int(now * 1000), "message": json.dumps(line)}
            self._lines[f"/aws/lambda/{function}"].append(event)

    def filter_log_events(self, logGroupName: str, filterPattern: str, startTime: int) -> dict[str, Any]:
        assert filterPattern.startswith("{ ($.status = 4")
        return {"events": [each for each in self._lines[logGroupName] if each["timestamp"] >= startTime]}

    def metrics(self, function: str) -> set[str]:
        """Return the metrics that the filters of a function measure."""
        found = (each for (group, _), each in self.filters.items() if group == f"/aws/lambda/{function}")
        return {each["metricTransformations"][0]["metricName"] for each in found}

    def describe_metric_filters(self, logGroupName: str, filterNamePrefix: str) -> dict[str, Any]:
        found = [each for (group, _), each in self.filters.items() if group == logGroupName]
        return {"metricFilters": [each for each in found if each["filterName"].startswith(filterNamePrefix)]}

    def put_metric_filter(self, **each: Any) -> None:
        self.filters[each["logGroupName"], each["filterName"]] = each

    def delete_metric_filter(self, logGroupName: str, filterName: str) -> None:
        if not self.filters.pop((logGroupName, filterName), None):
            raise refused("ResourceNotFoundException")


def statistic(name: str, values: Counter[float]) -> float:
    """Return a statistic of values, each with how often it was measured."""
    if name == "Sum":
        return sum(value * count for value, count in values.items())
    if name == "SampleCount":
        return values.total()
    trimmed = re.fullmatch(r"TC\(([\d.]+):\)", name)
    if trimmed:
        return sum(count for value, count in values.items() if value > float(trimmed[1]))
    rank = float(name.removeprefix("p")) / 100 * values.total()
    for value in sorted(values):
        rank -= values[value]
        if rank <= 0:
            return value
    raise ValueError(name)
