"""A local stack as the tests of releases use it: versions to publish, aliases to look at, releasers to kill."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import multiprocessing
import os
import signal
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from crudctl import cli, users
from crudctl.build import contract, round_trip
from crudctl.local import demo_versions
from crudctl.local.demo_load import Load
from crudctl.project import Environment
from crudctl.release import canary_alarms, versions
from crudctl.release.aliases import ALIASES, CANARY, PROD, Position
from crudctl.release.cloud import Cloud, alarm_settings
from crudctl.release.guard import Decision, Policy
from crudctl.release.probe import OWNER, Finding, Probe
from crudctl.release.record import Release
from crudctl.release.releaser import Releaser
from tests.stack import Stack

HASTY = Policy(least=0, least_each=0)
Places = dict[str, dict[str, Position]]


class Quiet:
    """Watches a release and does nothing."""

    def log(self, line: str) -> None:
        """Ignore the line."""

    def show(self, release: Release, decision: Decision) -> None:
        """Ignore the look."""


class Executioner(Quiet):
    """Kills its own process after the n-th line, or at the first look at the metrics if n is 0."""

    def __init__(self, n: int) -> None:
        self._left = n

    def log(self, line: str) -> None:
        """Count the line, and kill."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def show(self, release: Release, decision: Decision) -> None:
        """Kill a releaser that was to live until it bakes."""
        if self._left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Listener(Quiet):
    """Keeps the lines that it receives."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def log(self, line: str) -> None:
        """Keep the line."""
        self.lines.append(line)


class Rig:
    """A running stack and what a release works with."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.environment = Environment(stack.home, "local")
        self.outputs: dict[str, Any] = stack.outputs
        self.functions: dict[str, str] = self.outputs["functions"]
        self.cloud = self._cloud()
        self.records = self.cloud.records()
        self.client = self.cloud.client("lambda")
        self.table = self.cloud.client("dynamodb")
        # For releasers in a process of their own. Never used in this one, so that a fork shares no connection.
        self.for_children = self._cloud()
        for service in ("lambda", "dynamodb", "cloudwatch", "logs", "apigateway"):
            self.for_children.client(service)

    def _cloud(self) -> Cloud:
        document = cache(lambda: contract.read(self.stack.home))
        trip = cache(lambda: round_trip.plan(document()))
        client = cache(self.environment.client)
        settings = alarm_settings(self.environment, self.outputs)
        given = self.functions, self.environment.prefix, client, trip, document, lambda: settings
        how: dict[str, Any] = {"compared": False, "gateway": lambda: self.outputs["gateway"]}  # comparing takes seconds
        return Cloud(*given, period=5, interval=0.2, delay=5.0, **how)

    @cached_property
    def healthy(self) -> dict[str, str]:
        """Versions as good as those in use."""
        return self.publish(None)

    def publish(
        self, fault: str | None, function: str = "get_item", rate: float = 1.0, begins: Path | None = None
    ) -> dict[str, str]:
        """Publish a version of all functions. One has a fault once the file `begins` exists, or it is the stack's own code."""
        code = demo_versions.build(self.stack.home, fault, function, rate, begins) if fault else self._own_code()
        return demo_versions.publish(self.client, self.functions, code)

    def publish_with(self, variables: Mapping[str, str | None], code: bytes | None = None) -> dict[str, str]:
        """Publish a version of all functions whose environment differs in some variables; None leaves one out.

        Args:
            variables: by name.
            code: the zip; by default the stack's own code.
        """
        usual = {name: self._environment(name) for name in self.functions.values()}
        try:
            for name, before in usual.items():
                changed = {key: value for key, value in (before | dict(variables)).items() if value is not None}
                self.client.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
            return demo_versions.publish(self.client, self.functions, code or self._own_code())
        finally:
            for name, before in usual.items():
                self.client.update_function_configuration(FunctionName=name, Environment={"Variables": before})

    def _environment(self, name: str) -> dict[str, str | None]:
        configuration = self.client.get_function_configuration(FunctionName=name)
        return dict(configuration["Environment"]["Variables"])

    def _own_code(self) -> bytes:
        archive = io.BytesIO((self.stack.home / "build" / "functions.zip").read_bytes())
        with zipfile.ZipFile(archive, "a") as package:
            package.writestr("version.txt", str(uuid.uuid4()))
        return archive.getvalue()

    def releaser(self, watcher: Quiet | None = None, *, compared: bool = False, **clients: Any) -> Releaser:
        """Return a releaser in this process, with clients of its own for some services; it may compare answers."""
        client = self.cloud.client
        cloud = replace(self.cloud, client=lambda service: clients.get(service) or client(service), compared=compared)
        return Releaser(cloud, watcher or Quiet(), HASTY)

    def killed(self, n: int, new: Mapping[str, str], weights: list[float], bake: float = 0.0) -> bool:
        """Run a releaser that is killed after its n-th line, or at its first look if n is 0. Return whether it was."""

        def run() -> None:
            Releaser(self.for_children, Executioner(n), HASTY).start(weights, bake, new)

        process = multiprocessing.get_context("fork").Process(target=run)
        process.start()
        process.join(300)
        return process.exitcode == -signal.SIGKILL

    def killed_while_baking(self, new: Mapping[str, str]) -> bool:
        """Leave a release alone at 10 %. Return whether its releaser was killed."""
        return self.killed(0, new, [0.1], 600)

    def measure_faults(self, version: str, count: int = 50) -> None:
        """Count responses of 5xx for a version of get_item, as its log lines would."""
        dimensions = [{"Name": "operation", "Value": "get_item"}, {"Name": "version", "Value": version}]
        points = [{"MetricName": "Faults", "Dimensions": dimensions, "Value": 1.0}] * count
        self.cloud.client("cloudwatch").put_metric_data(Namespace=self.cloud.prefix, MetricData=points)

    def alarm(self, name: str, version: str) -> dict[str, str]:
        """Invoke the function `rollback` with an alarm on a version of get_item, and return its result."""
        dimensions = {"FunctionName": self.functions["get_item"], "ExecutedVersion": version}
        metric = {"namespace": "AWS/Lambda", "name": "Errors", "dimensions": dimensions}
        event = {
            "alarmData": {
                "alarmName": name,
                "state": {"value": "ALARM", "reason": "a test"},
                "configuration": {"metrics": [{"id": "m1", "metricStat": {"metric": metric}}]},
            }
        }
        response = self.client.invoke(
            FunctionName=f"{self.environment.prefix}-rollback", Payload=json.dumps(event).encode()
        )
        result: dict[str, str] = json.loads(response["Payload"].read())
        return result

    def ended_by(self, timeout: float) -> str:
        """Return who or what ended the newest release; empty if it has not ended within `timeout` seconds."""
        newest = self.records.current()
        assert newest
        eventually(lambda: any(release.number == newest.number for release in self.records.past()), timeout)
        return next((release.by for release in self.records.past() if release.number == newest.number), "")

    def watched(self) -> dict[str, Any]:
        """Return what watches a release: the descriptions of its alarms by name, and its metric filters by log group."""
        client, prefix, group = self.cloud.client("cloudwatch"), self.environment.prefix, "/aws/lambda/"
        alarms = client.describe_alarms(AlarmNamePrefix=f"{prefix}-")["MetricAlarms"]
        ours = {a["AlarmName"]: a["AlarmDescription"] for a in alarms if canary_alarms.is_one(a["AlarmName"], prefix)}
        filters: dict[str, list[str]] = {}
        for name in self.functions.values():
            listed = self.cloud.client("logs").describe_metric_filters(logGroupName=f"{group}{name}")["metricFilters"]
            found = [each["filterName"] for each in listed if each["filterName"].startswith("canary-")]
            filters |= {name: found} if found else {}
        return ours | filters

    def lines_on_the_dashboard(self) -> list[str]:
        """Return the labels of the vertical lines that releases have added, oldest first; one that is empty if there are none."""
        body = self.cloud.client("cloudwatch").get_dashboard(DashboardName=self.environment.prefix)["DashboardBody"]
        charts = [
            each["properties"] for each in json.loads(body)["widgets"] if each["properties"].get("view") == "timeSeries"
        ]
        return [line["label"] for line in charts[0].get("annotations", {}).get("vertical", [])] or [""]

    def newest(self) -> dict[str, str]:
        """Return the newest version of each function, by operation."""
        return versions.newest(self.client, self.functions)

    def newest_code(self) -> set[str]:
        """Return the SHA-256 of the code of the newest versions, as `CodeSha256` has it."""
        return {
            self.client.get_function_configuration(FunctionName=self.functions[name], Qualifier=version)["CodeSha256"]
            for name, version in self.newest().items()
        }

    def own_code(self) -> str:
        """Return the SHA-256 of the stack's own code, in the same form."""
        zipped = (self.stack.home / "build" / "functions.zip").read_bytes()
        return base64.b64encode(hashlib.sha256(zipped).digest()).decode()

    def memory(self) -> int:
        """Return the megabytes of the version of get_item that alias `prod` calls."""
        name = self.functions["get_item"]
        return int(self.client.get_function_configuration(FunctionName=name, Qualifier=PROD)["MemorySize"])

    def places(self) -> Places:
        """Return where all aliases are."""
        places: Places = {alias: {} for alias in ALIASES}
        for operation, name in self.functions.items():
            for alias in self.client.list_aliases(FunctionName=name)["Aliases"]:
                weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights") or {"": 0.0}
                (other, weight), *_ = weights.items()
                places[alias["Name"]][operation] = Position(alias["FunctionVersion"], other, weight)
        return places

    def put(self, places: Places) -> None:
        """Move all aliases somewhere, wherever they are."""
        for alias, positions in places.items():
            for operation, at in positions.items():
                self.client.update_alias(
                    FunctionName=self.functions[operation],
                    Name=alias,
                    FunctionVersion=at.version,
                    RoutingConfig={"AdditionalVersionWeights": {at.other: at.weight} if at.other else {}},
                )

    def revisions(self) -> list[str]:
        """Return the RevisionId of all aliases: another one after each write."""
        names = self.functions.values()
        aliases = (self.client.get_alias(FunctionName=name, Name=alias) for alias in ALIASES for name in names)
        return [alias["RevisionId"] for alias in aliases]

    def at(self, versions: Mapping[str, str]) -> Places:
        """Return the places at which both aliases of all functions are at these versions."""
        one = {operation: Position(version) for operation, version in versions.items()}
        return {PROD: one, CANARY: one}

    def base(self) -> Places:
        """Prepare a test: no release under way, no split traffic. Return where the aliases are."""
        current = self.records.current()
        if current and current.running:
            self.releaser().abort()
        places = self.places()
        assert not any(at.other for positions in places.values() for at in positions.values())
        return places

    def record(self) -> dict[str, Any]:
        """Return the item of the release under way."""
        key = {"kind": {"S": "current"}, "id": {"S": "current"}}
        item: dict[str, Any] = self.table.get_item(TableName=f"{self.environment.prefix}-releases", Key=key)["Item"]
        return item

    def put_record(self, item: dict[str, Any]) -> None:
        """Put an item back as it was."""
        self.table.put_item(TableName=f"{self.environment.prefix}-releases", Item=item)

    def token(self, number: int = 0) -> str:
        """Return an access token of a demo user."""
        user = self.outputs["demo_users"][number]
        return users.token(self.environment, self.outputs["user_pool_id"], user["username"], user["password"])

    def load(self, rate: float) -> Load:
        """Return traffic of a user on all operations."""
        return Load(self.outputs["api_url"], self.token(), rate, self.cloud.round_trip())

    def left_behind(self) -> int:
        """Return the number of entries of the reserved owner in the table: live, in the trash, and memories."""
        return len(self.entries(f"{OWNER}#"))

    def entries(self, prefix: str) -> list[Any]:
        """Return the entries of the table whose partition key begins with a text."""
        pages = self.table.get_paginator("scan").paginate(
            TableName=self.outputs["table_name"],
            FilterExpression="begins_with(id, :prefix)",
            ExpressionAttributeValues={":prefix": {"S": prefix}},
        )
        return [entry for page in pages for entry in page["Items"]]

    def round_trips(self, first: Mapping[str, str], second: Mapping[str, str], count: int = 6) -> set[Finding]:
        """Return the findings of round trips through `prod`, which sends half of its requests to either version."""
        half = {name: Position(version, second[name], 0.5) for name, version in first.items()}
        self.put({PROD: half})
        probe = Probe(self.client, self.functions, self.cloud.round_trip())
        return {probe.round_trip(PROD) for _ in range(count)}

    def crudctl(self, *arguments: str) -> tuple[int, str]:
        """Run a command of `crudctl` in this process, in the stack's folder. Return its exit code and output."""
        with contextlib.chdir(self.stack.home), process_kept():
            result = CliRunner().invoke(cli.main, arguments)
        return result.exit_code, result.output

    def release(self, *arguments: str) -> tuple[int, str]:
        """Run `crudctl release ...`. Return its exit code and output."""
        return self.crudctl("release", *arguments)


@contextlib.contextmanager
def process_kept() -> Iterator[None]:
    """Undo afterwards what a command changes in its process: environment variables and signal handlers."""
    environ = dict(os.environ)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environ)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def eventually(observe: Callable[[], bool], timeout: float) -> bool:
    """Return whether `observe` was true within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not observe():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
