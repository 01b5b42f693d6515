"""What several suites share: an emulator of the tests' own."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import boto3
import hypothesis
import pytest

from crudctl.build import package
from emulator import process
from tests.stack import ROOT, Stack

hypothesis.settings.register_profile("unhurried", deadline=None)  # a busy machine is slow, not broken
hypothesis.settings.load_profile("unhurried")
package.write_operations(ROOT)  # `items` is imported from the sources, which are not whole without it


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An emulator with nothing in it; the environment of a client that is its root."""
    home, port = tmp_path_factory.mktemp("emulator"), free_port()
    pid = process.start(port, home / "state", home / "emulator.log")
    process.wait_ready(port, 60, pid)
    yield process.root_credentials() | {"AWS_ENDPOINT_URL": process.endpoint_url(port)}
    process.stop(pid)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole local stack from a copy of the project, up and running."""
    stack = Stack(tmp_path_factory.mktemp("stack") / "items")
    stack.crudctl("up", "--port", str(free_port()), "--web-port", str(free_port()))
    yield stack
    stack.crudctl("clean", "--yes")


@pytest.fixture(scope="session")
def table(emulator: dict[str, str]) -> dict[str, str]:
    """A table as infra/table.tf describes it; the environment of functions that use it."""
    client = boto3.client(
        "dynamodb",
        region_name=emulator["AWS_REGION"],
        endpoint_url=emulator["AWS_ENDPOINT_URL"],
        aws_access_key_id=emulator["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=emulator["AWS_SECRET_ACCESS_KEY"],
    )
    client.create_table(
        TableName="items-in-process",
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
    return emulator | {"TABLE_NAME": "items-in-process", "INDEX_NAME": "by_owner"}
