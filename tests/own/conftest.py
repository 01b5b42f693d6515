"""The project's own contract, whatever it is: served in-process, by one local stack, or at `API_URL` (with `API_TOKENS`)."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from crudctl.build import contract, service
from crudctl.build.service import Service
from tests import contracts
from tests.snapshot import cloned
from tests.stack import ROOT, Stack, free_port

CONTRACT = ROOT / "contract" / "openapi.yaml"
TARGETS = ["deployed"] if "API_URL" in os.environ else ["in-process", "local"]
Make = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    """The project's contract."""
    return contract.load(ROOT)


@pytest.fixture(scope="session")
def described(document: dict[str, Any]) -> Service:
    """What the contract says about names."""
    return service.describe(document)


@pytest.fixture(scope="session")
def own_stack(document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A whole local stack with the project's own contract, up and running."""
    home = tmp_path_factory.mktemp("own") / "project"
    if document == contracts.document():  # the snapshot has this contract
        with cloned(home) as stack:
            shutil.copyfile(CONTRACT, home / "contract" / "openapi.yaml")
            stack.crudctl("up")
            yield stack
        return
    stack = Stack(home)
    contracts.put(home, CONTRACT)
    try:
        stack.crudctl("up", "--port", str(free_port()), "--web-port", str(free_port()))
        yield stack
    finally:
        stack.crudctl("clean", "--yes")


@pytest.fixture(scope="session")
def in_process(table: dict[str, str]) -> Iterator[httpx.Client]:
    """The functions with the project's own contract and a real table, without a gateway."""
    command = [sys.executable, "-m", "tests.contracts.serve", str(CONTRACT)]
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | table, stdout=subprocess.PIPE, text=True)
    assert server.stdout
    try:
        address = f"http://127.0.0.1:{int(server.stdout.readline())}/"
        drain = subprocess.Popen(["cat"], stdin=server.stdout, stdout=subprocess.DEVNULL)  # the functions' log lines
        with httpx.Client(base_url=address, headers={"Authorization": "Bearer first"}, timeout=120) as client:
            yield client
    finally:
        server.terminate()
        server.wait()
    drain.wait()


@pytest.fixture(params=TARGETS)
def api(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """The API, signed in as a user, one back end after the other."""
    if request.param == "in-process":
        yield request.getfixturevalue("in_process")
    elif request.param == "local":
        with request.getfixturevalue("own_stack").api() as client:
            yield client
    else:
        bearer = {"Authorization": f"Bearer {os.environ['API_TOKENS'].split(',')[0]}"}
        with httpx.Client(base_url=os.environ["API_URL"].rstrip("/") + "/", headers=bearer, timeout=120) as client:
            yield client


def removed(api: httpx.Client, described: Service, resource_id: str) -> httpx.Response:
    """Delete a resource for good, also where a service demands `If-Match` or has a trash."""
    purge = {"purge": "true"} if can_purge() else {}
    return api.delete(f"{described.collection}/{resource_id}", params=purge, headers={"If-Match": "*"})


@functools.cache
def can_purge() -> bool:
    """Whether the contract has the parameter that deletes for good."""
    declared = (operation["parameters"] for _, _, operation in contract.each_operation(contract.parse(CONTRACT)))
    return any(parameter["name"] == "purge" for parameters in declared for parameter in parameters)


@pytest.fixture
def make(api: httpx.Client, described: Service) -> Iterator[Make]:
    """Create a resource and return it. It is deleted after the test."""
    made: list[str] = []

    def create(content: Any = None) -> dict[str, Any]:
        response = api.post(described.collection, json=described.sample if content is None else content)
        assert response.status_code == 201, response.text
        created: dict[str, Any] = response.json()
        made.append(created["id"])
        return created

    yield create
    for resource_id in made:
        assert removed(api, described, resource_id).status_code in (204, 404)
