"""Accounts of the emulator: an empty one, and one to which the project was deployed. Each file of tests has its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy import snapshot
from tests.deploy.account import Account


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An empty account, and a project whose packages and web app are built."""
    with snapshot.empty(tmp_path_factory.mktemp("empty")) as account:
        yield account


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """The account after its first deploy to `test` by the steps of the workflow, with its role."""
    with snapshot.deployed(tmp_path_factory.mktemp("deployed")) as account:
        yield account


@pytest.fixture(scope="module")
def outputs(deployed: Account) -> dict[str, Any]:
    """What `crudctl outputs --json` prints after the first deploy."""
    values: dict[str, Any] = json.loads(deployed.succeed("outputs", "--env", "test", "--json"))
    return values
