"""What recipes share: users' requests, alarms to wait for, and ids to find in what was printed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from crudctl.build import contract, round_trip
from crudctl.build.service import GET, LIST
from crudctl.local.demo_load import Load
from crudctl.operate.alarms import FIRING, alarms
from tests.runbook.steps import Steps

PATIENCE = 400.0  # seconds until an alarm has fired
SHORT = """
alarm_windows = {
  fast    = { period = 10, of = 3, bad = 2, burn = 14.4 }
  slow    = { period = 10, of = 4, bad = 3, burn = 6 }
  sparse  = { period = 30, burn = 6 }
  cause   = 10
  release = 10
}
"""


def reader(steps: Steps) -> str:
    """Return the operation that reads one resource, which is its function's key too."""
    return steps.described.operation(GET).id


def lister(steps: Steps) -> str:
    """Return the operation that lists."""
    return steps.described.operation(LIST).id


@contextmanager
def load(steps: Steps, rate: int = 8) -> Iterator[Load]:
    """Let a user send requests of every operation, that many a second."""
    user = steps.stack.outputs["demo_users"][0]["username"]
    trip = round_trip.plan(contract.read(steps.stack.home))
    with Load(steps.stack.outputs["api_url"], steps.stack.token(user), rate, trip) as running:
        yield running


def until_firing(steps: Steps, name: str, again: Callable[[], Any] = lambda: None) -> None:
    """Wait until an alarm is in ALARM, and repeat its cause meanwhile. Fail if it does not fire."""
    cloudwatch, prefix = steps.stack.aws("cloudwatch"), f"{steps.stack.environment.prefix}-"
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        again()
        if name in {alarm.name for alarm in alarms(cloudwatch, prefix) if alarm.state == FIRING}:
            return
        time.sleep(0.5)
    raise AssertionError(f"{name} did not fire within {PATIENCE:.0f} s")


@contextmanager
def existing(steps: Steps) -> Iterator[Callable[[], int]]:
    """Create a resource. Gives a function that reads it and returns the status."""
    with steps.stack.api() as api:
        created = api.post(steps.described.collection, json=steps.described.sample)
        path = f"{steps.described.collection}/{created.json()['id']}"
        yield lambda: api.get(path).status_code
        api.delete(path, headers={"If-Match": "*"})


@contextmanager
def limited(steps: Steps, rate: int) -> Iterator[None]:
    """Let the stage accept that many requests a second only."""
    gateway, api = steps.stack.aws("apigateway"), api_id(steps)

    def accept(rate: int, burst: int) -> None:
        changes = {"rateLimit": rate, "burstLimit": burst}
        patches = [{"op": "replace", "path": f"/*/*/throttling/{name}", "value": str(n)} for name, n in changes.items()]
        gateway.update_stage(restApiId=api, stageName="v1", patchOperations=patches)

    accept(rate, rate)
    try:
        yield
    finally:
        accept(1000, 2000)  # infra/envs/local.tfvars


def api_id(steps: Steps) -> str:
    """Return the id of the REST API."""
    found = steps.stack.aws("apigateway").get_rest_apis()["items"]
    return str(next(api["id"] for api in found if api["name"] == f"{steps.stack.environment.prefix}-api"))


def lines(printed: str) -> list[dict[str, Any]]:
    """Return the log lines among what was printed."""
    return [json.loads(line) for line in printed.splitlines() if line.startswith("{")]


def request_id(printed: str) -> str:
    """Return the id of the last request that a log line names."""
    return str(next(line["request_id"] for line in reversed(lines(printed)) if "request_id" in line))


def put_metric(steps: Steps, namespace: str, name: str, value: float, **dimensions: str) -> None:
    """Add a data point that only AWS could make otherwise."""
    named = [{"Name": key, "Value": each} for key, each in dimensions.items()]
    datum = {"MetricName": name, "Value": value, "Dimensions": named}
    steps.stack.aws("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[datum])
