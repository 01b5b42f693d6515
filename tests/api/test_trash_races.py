"""Who wins: restore, purge, update, delete and create at the same time, and DynamoDB's TTL. And what each write costs."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from ministack.core.responses import request_scope
from ministack.services import dynamodb as emulated

from emulator.process import ACCOUNT
from functions import handlers
from functions.aws import dynamodb
from tests.api.conftest import Call, Service, Through
from tests.api.test_items import MERGE, Make, problem

IN_PROCESS = pytest.mark.parametrize("service", ["in-process"], indirect=True, scope="session")

CLIENTS = 8  # for each kind of request in a race
ROUNDS = 3
Send = Callable[[], httpx.Response]


class Race:
    """Sends requests at the same time.

    Attributes:
        clients: how many of each kind.
        rounds: how often a test repeats its race.
    """

    def __init__(self, clients: int, rounds: int) -> None:
        self.clients, self.rounds = clients, rounds

    def __call__(self, *kinds: Send) -> list[list[int]]:
        """Send the requests of all kinds. Return the statuses of each kind."""
        start = threading.Barrier(self.clients * len(kinds))

        def client(send: Send) -> int:
            start.wait()
            return send().status_code

        with ThreadPoolExecutor(self.clients * len(kinds)) as pool:
            running = [[pool.submit(client, send) for _ in range(self.clients)] for send in kinds]
        return [[one.result() for one in each] for each in running]


@pytest.fixture
def race(service: Service) -> Race:
    """A race that suits the back end: where each request is slow, it is short."""
    return Race(CLIENTS, ROUNDS) if service.name == "in-process" else Race(6, 1)


class Item:
    """An item, and what can be done to it, on condition of a version or not."""

    def __init__(self, api: httpx.Client, *, deleted: bool) -> None:
        self.api = api
        self.key = str(uuid.uuid4())
        self.created = self.create().json()
        self.path = f"items/{self.created['id']}"
        if deleted:
            assert self.delete().status_code == 204

    def create(self) -> httpx.Response:
        return self.api.post("items", json={"name": "x"}, headers={"Idempotency-Key": self.key})

    def update(self, **headers: str) -> httpx.Response:
        return self.api.put(self.path, json={"name": "y"}, headers=headers)

    def delete(self, **headers: str) -> httpx.Response:
        return self.api.delete(self.path, headers=headers)

    def purge(self, **headers: str) -> httpx.Response:
        return self.api.delete(f"{self.path}?purge=true", headers=headers)

    def restore(self, **headers: str) -> httpx.Response:
        return self.api.post(f"{self.path}/restore", headers=headers)

    def at_first(self, write: Callable[..., httpx.Response]) -> Send:
        """Return a write on condition that the item still has its first version."""
        return lambda: write(**{"If-Match": '"1"'})


@pytest.mark.parametrize("rivals", [("restore", "purge"), ("restore",), ("purge",)])
def test_one_of_many_who_know_its_version_moves_an_item_out_of_the_trash(
    api: httpx.Client, race: Race, rivals: tuple[str, ...]
) -> None:
    for _ in range(race.rounds):
        item = Item(api, deleted=True)
        statuses = [*chain.from_iterable(race(*(item.at_first(getattr(item, rival)) for rival in rivals)))]
        assert sum(status < 300 for status in statuses) == 1
        assert set(statuses) <= {200, 204, 404, 412}
        if item.purge().status_code == 404:  # purged, not restored
            problem(item.restore(), 404)


@pytest.mark.parametrize("rivals", [("update", "delete"), ("update", "purge"), ("delete", "purge"), ("delete",)])
def test_one_of_many_who_know_its_version_changes_or_deletes_a_live_item(
    api: httpx.Client, race: Race, rivals: tuple[str, ...]
) -> None:
    for _ in range(race.rounds):
        item = Item(api, deleted=False)
        statuses = race(*(item.at_first(getattr(item, rival)) for rival in rivals))
        won = [sum(status < 300 for status in each) for each in statuses]
        # A purge also finds what a delete has just moved to the trash, at the same version.
        assert won in ([1, 0], [0, 1], [1], *([[1, 1]] if rivals == ("delete", "purge") else []))
        item.purge()


def test_updates_and_a_delete_of_an_item_that_is_being_restored_come_before_or_after(
    api: httpx.Client, race: Race
) -> None:
    for _ in range(race.rounds):
        item = Item(api, deleted=True)
        restored, updated = race(item.restore, item.update)
        assert Counter(restored) == {200: 1, 404: race.clients - 1}
        assert set(updated) <= {200, 404}
        assert api.get(item.path).json()["version"] == 2 + updated.count(200)
        restored, deleted = race(item.restore, item.delete)
        assert restored.count(200) - deleted.count(204) in (0, -1)
        version = 2 + updated.count(200) + restored.count(200)
        if deleted.count(204) > restored.count(200):
            problem(api.get(item.path), 404)
            assert item.restore().json()["version"] == version + 1
        else:
            assert api.get(item.path).json()["version"] == version
        assert item.purge().status_code == 204


def test_a_late_duplicate_of_a_create_never_makes_an_item_again(api: httpx.Client, race: Race) -> None:
    for _ in range(race.rounds):
        item = Item(api, deleted=False)
        deleted, created = race(item.delete, item.create)
        assert Counter(deleted) == {204: 1, 404: race.clients - 1}
        assert set(created) <= {201, 409}
        problem(api.get(item.path), 404)
        restored, created = race(item.restore, item.create)
        assert restored.count(200) == 1
        assert set(created) <= {201, 409}
        assert api.get(item.path).json()["version"] == 2
        purged, created = race(item.purge, item.create)
        assert purged.count(204) == 1
        assert set(created) <= {201, 409}
        problem(item.create(), 409)
        problem(item.restore(), 404)


# DynamoDB's TTL: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html


def scope() -> Any:
    return request_scope(ACCOUNT, "eu-west-2")


def call_of_the_emulator(_owner: str, action: str, payload: dict[str, Any], _remaining: object) -> dict[str, Any]:
    """Call the emulator's table in this process, whose reaper can be run at a chosen moment."""
    headers, body = {"x-amz-target": f"DynamoDB_20120810.{action}"}, json.dumps(payload).encode()
    with scope():
        status, _, octets = asyncio.run(emulated.handle_request("POST", "/", headers, body, {}))
    if status != 200:
        raise dynamodb._error(status, json.loads(octets))
    return dict(json.loads(octets))


@pytest.fixture
def reap(through: Through, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Serve from a table of the emulator in this process. Returns its reaper, to be run once, long after everything expired."""
    about: dict[str, Any] = {"TableName": handlers.store()._table}
    call = call_of_the_emulator
    described = through()._call("first", "DescribeTable", about, lambda: 5)["Table"]
    table = {name: described[name] for name in ("TableName", "AttributeDefinitions", "KeySchema")}
    index = {name: described["GlobalSecondaryIndexes"][0][name] for name in ("IndexName", "KeySchema", "Projection")}
    with scope():
        emulated.reset()
    call("", "CreateTable", table | {"GlobalSecondaryIndexes": [index], "BillingMode": "PAY_PER_REQUEST"}, None)
    specification = {"Enabled": True, "AttributeName": "expires_at"}
    call("", "UpdateTimeToLive", about | {"TimeToLiveSpecification": specification}, None)
    through(lambda _: call)

    class Over(Exception):
        """Ends the reaper, which never returns."""

    def once() -> None:
        pauses = iter([0])

        def sleep(_seconds: float) -> None:
            if next(pauses, None) is None:
                raise Over

        later = SimpleNamespace(time=lambda: time.time() + 400 * 86_400, sleep=sleep)
        with monkeypatch.context() as patched:
            patched.setattr(emulated, "time", later)
            with pytest.raises(Over):
                emulated._ttl_reaper()

    return once


@IN_PROCESS
def test_ttl_removes_what_is_in_the_trash_or_remembered_and_nothing_else(
    api: httpx.Client, reap: Callable[[], None]
) -> None:
    live, trashed, purged, restored = items = [Item(api, deleted=deleted) for deleted in (False, True, False, True)]
    assert (purged.purge().status_code, restored.restore().status_code) == (204, 200)
    reap()
    assert [api.get(item.path).status_code for item in items] == [200, 404, 404, 200]
    for item in (trashed, purged):
        problem(item.restore(), 404)
        problem(item.purge(), 404)
        assert item.create().json()["version"] == 1  # the memory is over
    assert (live.create().json()["version"], restored.create().json()["version"]) == (1, 2)


@IN_PROCESS
def test_ttl_or_a_restore_wins(api: httpx.Client, reap: Callable[[], None]) -> None:
    for _ in range(ROUNDS):
        items = [Item(api, deleted=True) for _ in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS + 1) as pool:
            restored = [pool.submit(item.restore) for item in items]
            pool.submit(reap).result()
        for item, response in zip(items, restored, strict=True):
            assert api.get(item.path).status_code == response.result().status_code
            assert response.result().status_code in (200, 404)


# What a write costs: one unit for each KB of the item in the table, the larger of before and after, and as much for each entry of
# the index that is put, changed or removed; an entry whose key changes is removed and put.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
# The emulator counts by this rule.


@IN_PROCESS
def test_each_operation_is_one_request_of_so_many_write_units(
    api: httpx.Client, make: Make, through: Through, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[tuple[str, float]] = []

    def measured(call: Call) -> Call:
        def between(owner: str, action: str, payload: dict[str, Any], remaining: Callable[[], float]) -> dict[str, Any]:
            response = call(owner, action, payload | {"ReturnConsumedCapacity": "INDEXES"}, remaining)
            used.append((action, response["ConsumedCapacity"]["CapacityUnits"]))
            return response

        return between

    def cost(method: str, rest: str = "", trash_days: int | None = 30, **body: Any) -> tuple[str, float]:
        through(measured, trash_days)
        used.clear()
        headers = {"Idempotency-Key": str(uuid.uuid4())} | (MERGE if method == "PATCH" else {})
        response = api.request(method, f"items/{item['id']}{rest}", headers=headers, **body)
        assert response.status_code in (200, 204), response.text
        ((action, units),) = used
        return action, units

    through(measured)
    item = make()
    assert used == [("PutItem", 2)]
    assert cost("PUT", json={"name": "New"}) == ("UpdateItem", 2)
    assert cost("PATCH", json={"name": "Newer"}) == ("UpdateItem", 2)
    assert cost("DELETE") == ("UpdateItem", 3)  # 2 before there was a trash: its entry in the index moves
    assert cost("POST", "/restore") == ("UpdateItem", 3)
    assert cost("DELETE") == ("UpdateItem", 3)
    assert cost("DELETE", "?purge=true") == ("PutItem", 2)
    for trash_days, rest, action in ((30, "?purge=true", "PutItem"), (0, "", "PutItem"), (None, "", "DeleteItem")):
        through()
        item = make()
        assert cost("DELETE", rest, trash_days) == (action, 2)
