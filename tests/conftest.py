"""What several suites share: an emulator of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import hypothesis
import pytest

from crudctl.build import package
from emulator import process
from tests.snapshot import clone
from tests.stack import ROOT, Stack, free_port

hypothesis.settings.register_profile("unhurried", deadline=None)  # a busy machine is slow, not broken
hypothesis.settings.load_profile("unhurried")
package.write_operations(ROOT)  # `items` is imported from the sources, which are not whole without it


LONGEST_FIRST = ("release", "e2e", "local", "deploy", "emulator", "operate", "api")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests of a folder that share a session fixture in one process, and begin with the folders that take longest."""

    def folder(item: pytest.Item) -> str:
        return item.path.relative_to(ROOT / "tests").parts[0]

    def shares(item: pytest.Item) -> bool:
        definitions = getattr(item, "_fixtureinfo").name2fixturedefs.values()  # noqa: B009 - private, and all there is
        return any(last.scope == "session" and last.baseid.startswith("tests") for *_, last in definitions)

    for item in items:
        if shares(item):
            item.add_marker(pytest.mark.xdist_group(folder(item)))
    order = {name: place for place, name in enumerate(LONGEST_FIRST)}
    last = len(order)
    items.sort(key=lambda item: order.get(folder(item), last) if item.get_closest_marker("xdist_group") else last)


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
    stack = clone(tmp_path_factory.mktemp("stack") / "items")
    stack.crudctl("up")
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
