"""One suite, several back ends: the same tests run in-process, against the local stack, or against `API_URL`.

`API_URL` and `API_TOKENS` (access tokens of two users, separated by a comma) point the suite at a deployed API.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from functions import handlers
from functions.store import Store
from tests.api.in_process import InProcess
from tests.api.patience import Patient

Call = Callable[[str, str, dict[str, Any], Callable[[], float]], dict[str, Any]]
Through = Callable[..., Store]
TARGETS = [os.environ["API_URL"]] if "API_URL" in os.environ else ["in-process", "local"]


class Service:
    """One running API.

    Args:
        name: the back end: `in-process`, `local` or a URL.
        connect: creates a client for a user.
    """

    def __init__(self, name: str, connect: Callable[[str | None], httpx.Client]) -> None:
        self.name = name
        self._connect = connect
        self._clients: dict[str | None, httpx.Client] = {}

    def client(self, user: str | None = "first") -> httpx.Client:
        """Return a client signed in as `first` or `second`, or one without a token for None."""
        if user not in self._clients:
            self._clients[user] = self._connect(user)
        return self._clients[user]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


@pytest.fixture(scope="session")
def connected(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Service]]:
    """Connect to a back end by name, once."""
    services: dict[str, Service] = {}

    def connect(name: str) -> Service:
        if name not in services:
            services[name] = _connected(name, request)
        return services[name]

    yield connect
    for service in services.values():
        service.close()


def _connected(name: str, request: pytest.FixtureRequest) -> Service:
    transport: httpx.BaseTransport | None = None
    if name == "in-process":
        url, tokens = "http://in-process", ["first", "second"]
        transport = InProcess(request.getfixturevalue("table"))
    elif name == "local":
        stack = request.getfixturevalue("stack")
        url = stack.outputs["api_url"]
        tokens = [stack.token(user["username"]) for user in stack.outputs["demo_users"]]
    else:
        url, tokens = name, os.environ["API_TOKENS"].split(",")
        transport = Patient(httpx.HTTPTransport())
    bearers = dict(zip(("first", "second"), tokens, strict=True))

    def client(user: str | None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {bearers[user]}"} if user else {}
        return httpx.Client(base_url=url.rstrip("/") + "/", headers=headers, transport=transport, timeout=120)

    return Service(name, client)


@pytest.fixture(scope="session", params=TARGETS)
def service(request: pytest.FixtureRequest, connected: Callable[[str], Service]) -> Service:
    """The service under test, one back end after the other."""
    return connected(request.param)


@pytest.fixture
def api(service: Service) -> httpx.Client:
    """The API, signed in as the first user."""
    return service.client("first")


@pytest.fixture
def other(service: Service) -> httpx.Client:
    """The API, signed in as the second user."""
    return service.client("second")


@pytest.fixture
def through(service: Service, monkeypatch: pytest.MonkeyPatch) -> Through:
    """Put a fault between the store and the table, or give the store other settings. In-process only.

    Until the end of the test all requests share this store, so they must not be concurrent.
    """
    real = handlers.store()

    def put(between: Callable[[Call], Call] = lambda call: call, trash_days: int | None = real._trash_days) -> Store:
        changed = Store(between(real._call), real._table, real._index, trash_days)
        monkeypatch.setattr(handlers, "store", lambda: changed)
        return changed

    return put


@pytest.fixture
def make(api: httpx.Client) -> Iterator[Callable[..., dict[str, Any]]]:
    """Create an item of the first user and return it. It is purged after the test."""
    created: list[str] = []

    def create(**content: Any) -> dict[str, Any]:
        response = api.post("items", json={"name": "Desk"} | content)
        assert response.status_code == 201, response.text
        created.append(response.json()["id"])
        item: dict[str, Any] = response.json()
        return item

    yield create
    for item_id in created:
        assert api.delete(f"items/{item_id}?purge=true").status_code in (204, 404)
