"""A local stack as the tests of releases use it: versions to publish, aliases to look at, releasers to kill."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, cached_property
from typing import Any

from crudctl import users
from crudctl.local import demo_versions
from crudctl.local.demo_load import Load
from crudctl.project import Environment
from crudctl.release import versions
from crudctl.release.aliases import CANARY, PROD, Aliases, Position
from crudctl.release.cloud import BLIND, Cloud
from crudctl.release.guard import Decision, Policy
from crudctl.release.record import Release
from crudctl.release.releaser import Releaser
from tests.stack import Stack

HASTY = Policy(least=0, least_each=0)
Places = dict[str, dict[str, Position]]


class Quiet:
    """Watches and says nothing."""

    def log(self, line: str) -> None:
        """Nothing."""

    def show(self, release: Release, decision: Decision) -> None:
        """Nothing."""


class Executioner(Quiet):
    """Kills its own process at the n-th thing that was done, or at the first look when n is 0."""

    def __init__(self, n: int) -> None:
        self._left = n

    def log(self, line: str) -> None:
        """Counts, and kills."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def show(self, release: Release, decision: Decision) -> None:
        """Kills a releaser that was to live until it bakes."""
        if self._left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Listener(Quiet):
    """Keeps what was done."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def log(self, line: str) -> None:
        """Keeps it."""
        self.lines.append(line)


class Rig:
    """A running stack and what a release works with."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.environment = Environment(stack.home, "local")
        self.functions: dict[str, str] = stack.outputs["functions"]
        self.cloud = self._cloud()
        self.records = self.cloud.records()
        self.client = self.cloud.client("lambda")
        self.aliases = Aliases(self.client, self.functions, "tests")
        self.table = self.cloud.client("dynamodb")

    def _cloud(self) -> Cloud:
        return Cloud(self.functions, "items-local", cache(self.environment.client), period=5, interval=0.2, delay=5.0)

    @cached_property
    def healthy(self) -> dict[str, str]:
        """Versions as good as those in use."""
        return self.publish(None)

    def publish(
        self, fault: str | None, function: str = "get_item", rate: float = 1.0, after: float = 0.0
    ) -> dict[str, str]:
        """Publishes a version of all functions, one of which has a fault; those of the stack's code if there is none."""
        code = demo_versions.build(self.stack.home, fault, function, rate, after)
        return demo_versions.publish(self.client, self.functions, code)

    def releaser(self, watcher: Quiet | None = None, blind: float = BLIND, **clients: Any) -> Releaser:
        """A releaser in this process, with clients of its own for some services."""
        client = self.cloud.client
        cloud = replace(self.cloud, client=lambda service: clients.get(service) or client(service), blind=blind)
        return Releaser(cloud, watcher or Quiet(), HASTY)

    def killed(self, n: int, new: Mapping[str, str], weights: list[float], bake: float = 0.0) -> bool:
        """Runs a releaser that is killed at its n-th step, at its first look if n is 0; answers whether it was."""

        def run() -> None:
            Releaser(self._cloud(), Executioner(n), HASTY).start(weights, bake, new)

        process = multiprocessing.get_context("fork").Process(target=run)
        process.start()
        process.join(60)
        return process.exitcode == -signal.SIGKILL

    def killed_while_baking(self, new: Mapping[str, str]) -> bool:
        """Leaves a release alone at 10 %; answers whether it did."""
        return self.killed(0, new, [0.1], 600)

    def alarm(self, name: str, version: str) -> dict[str, str]:
        """What the function `rollback` answers to an alarm on a version of get_item."""
        dimensions = {"FunctionName": self.functions["get_item"], "ExecutedVersion": version}
        metric = {"namespace": "AWS/Lambda", "name": "Errors", "dimensions": dimensions}
        event = {
            "alarmData": {
                "alarmName": name,
                "state": {"value": "ALARM", "reason": "a test"},
                "configuration": {"metrics": [{"id": "m1", "metricStat": {"metric": metric}}]},
            }
        }
        answer = self.client.invoke(FunctionName="items-local-rollback", Payload=json.dumps(event).encode())
        found: dict[str, str] = json.loads(answer["Payload"].read())
        return found

    def watched(self) -> dict[str, list[dict[str, str]]]:
        """Dimensions of the alarms on the version under release, by name."""
        client = self.cloud.client("cloudwatch")
        found = client.describe_alarms(AlarmNamePrefix="items-local-")["MetricAlarms"]
        return {a["AlarmName"]: a["Dimensions"] for a in found if "-canary-" in a["AlarmName"]}

    def newest(self) -> dict[str, str]:
        """The newest version of each function, by operation."""
        return versions.newest(self.client, self.functions)

    def memory(self) -> int:
        """Megabytes of the version of get_item that alias `prod` calls."""
        name = self.functions["get_item"]
        return int(self.client.get_function_configuration(FunctionName=name, Qualifier=PROD)["MemorySize"])

    @staticmethod
    def clock() -> float:
        """Seconds."""
        return time.monotonic()

    def places(self) -> Places:
        """Where all aliases are."""
        return {alias: self.aliases.positions(alias) for alias in (PROD, CANARY)}

    def put(self, places: Places) -> None:
        """Puts all aliases somewhere, whatever they are."""
        for alias, positions in places.items():
            self.aliases.put_back(alias, positions, lambda *_: True, lambda: None)

    def revisions(self) -> list[str]:
        """Of all aliases: another one after each write."""
        names = self.functions.values()
        found = (self.client.get_alias(FunctionName=name, Name=alias) for alias in (PROD, CANARY) for name in names)
        return [alias["RevisionId"] for alias in found]

    def at(self, versions: Mapping[str, str]) -> Places:
        """Both aliases of all functions at these versions."""
        one = {operation: Position(version) for operation, version in versions.items()}
        return {PROD: one, CANARY: one}

    def base(self) -> Places:
        """Puts the aliases where a test begins, with no release under way; answers where that is."""
        current = self.records.current()
        if current and current.running:
            self.releaser().roll_back()
        places = self.places()
        assert not any(at.other for positions in places.values() for at in positions.values())
        return places

    def record(self) -> dict[str, Any]:
        """The item of the release under way."""
        key = {"kind": {"S": "current"}, "id": {"S": "current"}}
        found: dict[str, Any] = self.table.get_item(TableName="items-local-releases", Key=key)["Item"]
        return found

    def put_record(self, item: dict[str, Any]) -> None:
        """Puts an item back as it was."""
        self.table.put_item(TableName="items-local-releases", Item=item)

    def load(self, rate: float = 45.0) -> Load:
        """Traffic of a user on all operations."""
        found = self.stack.outputs
        user = found["demo_users"][0]
        token = users.token(self.environment, found["user_pool_id"], user["username"], user["password"])
        return Load(found["api_url"], token, rate)

    def left_behind(self) -> int:
        """Items of the synthetic round trip that are still in the table."""
        answer = self.table.query(
            TableName="items-local-items",
            IndexName="by_owner",
            KeyConditionExpression="#o = :o",
            ExpressionAttributeNames={"#o": "owner"},
            ExpressionAttributeValues={":o": {"S": "release-probe"}},
        )
        return int(answer["Count"])

    def release(self, *arguments: str) -> tuple[int, str]:
        """Exit code and words of `crudctl release ...`."""
        return self.stack.crudctl_exit("release", *arguments)

    def status(self) -> dict[str, Any]:
        """`crudctl release status --json`."""
        found: dict[str, Any] = json.loads(self.stack.crudctl("release", "status", "--json"))
        return found


def eventually(observe: Callable[[], bool], timeout: float) -> bool:
    """Whether `observe` was true within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not observe():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
