"""What several suites share: an emulator of the tests' own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import boto3
import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from crudctl.project import Environment
from emulator import process
from tests import contracts
from tests.snapshot import cloned
from tests.stack import ROOT, Stack, free_port

REGION = Environment(ROOT, "local").region  # of the tests' own emulator
ANYBODY = {  # the environment of a client of a server that checks no signature
    "AWS_ACCESS_KEY_ID": "anybody",
    "AWS_SECRET_ACCESS_KEY": "anybody",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
}

# A busy machine is slow, not broken; and the same code has the same examples, so that a failure can be repeated.
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True)
hypothesis.settings.load_profile("repeatable")
os.environ["TF_PLUGIN_DIR"] = subprocess.run(
    [ROOT / "scripts" / "find-provider-mirror"], check=True, capture_output=True, text=True
).stdout.strip()
os.environ.setdefault("GOGC", "400")  # Terraform takes a fifth less CPU, and more memory
contracts.install()  # before anything imports the functions


# Tests that share a stack, which one process runs; those that take longest come first. All other tests are given out singly.
TOGETHER = (
    "tests/release",
    "tests/local/test_lifecycle.py",
    "tests/deploy/test_deploy.py",
    "tests/deploy/test_life.py",
    "tests/operate",
    "tests/e2e",
    "tests/operate/test_verify.py",
    "tests/deploy/test_verify.py",
    "tests/emulator",
    "tests/oracles/dynamodb",
    "tests/oracles/policies",
    "tests/api",
    "tests/e2e/test_new_field.py",
    "tests/e2e/test_shapes.py",
    "tests/new/test_new.py",
    "tests/own",
    "tests/local/test_their_machine.py",
    "tests/local",
)
SAME_STACK = dict.fromkeys(
    ("tests/backup", "tests/clients", "tests/history", "tests/hostile"), "tests/api"
)  # whose tests use the stack of another


def together(nodeid: str) -> str:
    """The most specific entry of TOGETHER that a test belongs to, or shares a stack with; its own id if there is none."""
    folder = nodeid.rpartition("/")[0]
    if folder in ("tests/deploy", "tests/torture"):  # a file has a stack of its own
        return nodeid.partition("::")[0]
    nodeid = f"{SAME_STACK[folder]}/" if folder in SAME_STACK else nodeid
    return max((prefix for prefix in TOGETHER if nodeid.startswith(prefix)), key=len, default=nodeid)


class ByStack(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """Gives tests to processes by the stack that they share."""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByStack:
    return ByStack(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {prefix: place for place, prefix in enumerate(TOGETHER)}
    items.sort(key=lambda item: order.get(together(item.nodeid), len(order)))


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An emulator with nothing in it; the environment of a client that is its root."""
    home, port = tmp_path_factory.mktemp("emulator"), free_port()
    pid = process.start(port, home / "state", home / "emulator.log", REGION)
    process.wait_ready(port, 60, pid)
    yield process.root_credentials(REGION, home / "state") | {"AWS_ENDPOINT_URL": process.endpoint_url(port)}
    process.stop(pid)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole local stack from a copy of the project, up and running."""
    with cloned(tmp_path_factory.mktemp("stack") / "items") as stack:
        stack.crudctl("up")
        yield stack


@pytest.fixture(scope="session")
def table(request: pytest.FixtureRequest) -> dict[str, str]:
    """A table as infra/table.tf describes it; the environment of functions that use it.

    It is the emulator's, or that of another DynamoDB, at `DYNAMODB_URL`: see tests/torture/test_oracles.py.
    """
    url = os.environ.get("DYNAMODB_URL")
    environ = ANYBODY | {"AWS_ENDPOINT_URL": url} if url else request.getfixturevalue("emulator")
    return environ | create_table(environ, "items-in-process")


def create_table(environ: dict[str, str], name: str) -> dict[str, str]:
    """Create a table as infra/table.tf describes it. Return what names it in the environment of functions.

    Args:
        environ: of a client of DynamoDB.
    """
    client = boto3.client(
        "dynamodb",
        region_name=environ["AWS_REGION"],
        endpoint_url=environ["AWS_ENDPOINT_URL"],
        aws_access_key_id=environ["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environ["AWS_SECRET_ACCESS_KEY"],
    )
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "owner", "created_at")],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_owner",
                "KeySchema": [
                    {"AttributeName": "owner", "KeyType": "HASH"},
                    {"AttributeName": "created_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    return {"TABLE_NAME": name, "INDEX_NAME": "by_owner"}
