"""Three implementations of DynamoDB that have nothing in common, and each test once with each.

Where they disagree, AWS's page decides: see differences.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from functions.aws.dynamodb import Client
from functions.store import Store
from tests import conftest
from tests.oracles import servers
from tests.oracles.dynamodb.differences import DIFFERENCES

IMPLEMENTATIONS = ("ministack", "moto", "dynalite")
Environ = Callable[[str], dict[str, str]]
NAMES = (f"things-{number}" for number in itertools.count())


def soon() -> float:
    return 5.0


@pytest.fixture(scope="session")
def environ_of(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Environ:
    """Start an implementation when it is first asked for. Return the environment of a client of it."""
    running: dict[str, dict[str, str]] = {}

    def environ_of(name: str) -> dict[str, str]:
        if name not in running and name == "ministack":
            running[name] = request.getfixturevalue("emulator")
        elif name not in running:
            server = getattr(servers, name)(tmp_path_factory.mktemp(name) / "log")
            running[name] = server.__enter__()
            request.addfinalizer(lambda: server.__exit__(None, None, None))
        return running[name]

    return environ_of


@pytest.fixture(scope="session", params=IMPLEMENTATIONS)
def implementation(request: pytest.FixtureRequest) -> str:
    """The name of the implementation under test."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def environ(implementation: str, environ_of: Environ) -> dict[str, str]:
    """The environment of its clients."""
    return environ_of(implementation)


@pytest.fixture(scope="session")
def client(environ: dict[str, str]) -> Client:
    """The functions' client of it."""
    return Client.from_environment(environ)


@pytest.fixture
def table(client: Client) -> Iterator[str]:
    """A table with nothing but a key."""
    name = next(NAMES)
    create(client, name)
    yield name
    client.call("DeleteTable", {"TableName": name}, soon)


def create(client: Client, name: str) -> None:
    """Create a table with the partition key `id`. Until it is ACTIVE, AWS does not find it:
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html"""
    client.call(
        "CreateTable",
        {
            "TableName": name,
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
        soon,
    )
    while client.call("DescribeTable", {"TableName": name}, soon)["Table"]["TableStatus"] != "ACTIVE":
        continue


@pytest.fixture(scope="session")
def store_environ(environ: dict[str, str]) -> dict[str, str]:
    """The environment of functions that use it, with a table as infra/table.tf describes it."""
    return environ | conftest.create_table(environ, "items-of-oracles")


@pytest.fixture(scope="session")
def store(store_environ: dict[str, str]) -> Store:
    """The functions' store in it."""
    return Store.from_environment(store_environ)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect a test to fail where an implementation is known to differ from AWS."""
    for item in items:
        if isinstance(item, pytest.Function) and "implementation" in item.fixturenames:
            found = DIFFERENCES.get((str(item.callspec.params["implementation"]), item.originalname))
            if found:
                reason = f"{found.here}; on AWS: {found.aws}"
                item.add_marker(pytest.mark.xfail(strict=True, run=not found.sometimes, reason=reason))
