"""Writes sent again, because their response was lost: with and without a key, with and without a later write in between."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from functions.aws import dynamodb
from tests.api.conftest import Call, Through
from tests.api.test_bad_days import table_at
from tests.api.test_items import MERGE, Make, problem
from tests.servers.hostile import HostileServer, error, reset

in_process = pytest.mark.parametrize("service", ["in-process"], indirect=True, scope="session")

# method, what follows the path, body, content type
Write = tuple[str, str, Any, dict[str, str]]
WRITES: dict[str, Write] = {
    "put": ("PUT", "", {"name": "New"}, {}),
    "patch": ("PATCH", "", {"name": "New"}, MERGE),
    "patch of an object": ("PATCH", "", {"attributes": {"new": "1"}}, MERGE),
    "delete": ("DELETE", "", None, {}),
    "purge": ("DELETE", "?purge=true", None, {}),
    "restore": ("POST", "/restore", None, {}),
}


def send(api: httpx.Client, item: dict[str, Any], write: Write, **headers: str) -> httpx.Response:
    method, rest, body, content_type = write
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.request(method, f"items/{item['id']}{rest}", json=body, headers=content_type | sent)


def prepared(api: httpx.Client, make: Make, name: str) -> dict[str, Any]:
    """Return an item at version 1, in the trash if that is what the write is for."""
    item = make(attributes={"old": "1"})
    if name == "restore":
        assert api.delete(f"items/{item['id']}").status_code == 204
    return item


def key() -> str:
    return str(uuid.uuid4())


@pytest.mark.parametrize("name", WRITES)
def test_a_write_repeated_with_its_key_has_the_response_of_the_first(api: httpx.Client, make: Make, name: str) -> None:
    for condition in ({}, {"If_Match": '"1"'}):
        item, headers = prepared(api, make, name), {"Idempotency_Key": key()} | condition
        first = send(api, item, WRITES[name], **headers)
        assert first.status_code in (200, 204), first.text
        assert "idempotent-replayed" not in first.headers
        for again in (headers["Idempotency_Key"], f'"{headers["Idempotency_Key"]}"'):
            repeat = send(api, item, WRITES[name], **headers | {"Idempotency_Key": again})
            assert (repeat.status_code, repeat.content) == (first.status_code, first.content)
            assert repeat.headers.get("etag") == first.headers.get("etag")
            assert repeat.headers["idempotent-replayed"] == "true"


@pytest.mark.parametrize("name", WRITES)
def test_a_key_of_another_request_is_422(api: httpx.Client, other: httpx.Client, make: Make, name: str) -> None:
    item, used = prepared(api, make, name), key()
    assert send(api, item, WRITES[name], Idempotency_Key=used).status_code in (200, 204)
    others = [write for one, write in WRITES.items() if one != name]
    others += [("PUT", "", {"name": "Other"}, {}), ("PATCH", "", {"attributes": {"new": "2"}}, MERGE)]
    for write in others:
        assert problem(send(api, item, write, Idempotency_Key=used), 422)["type"].endswith("idempotency-key-reused")
        problem(send(other, item, write, Idempotency_Key=used), 404)
    assert send(api, item, WRITES[name], Idempotency_Key=used).headers["idempotent-replayed"] == "true"


def test_the_key_of_a_create_is_not_that_of_a_change(api: httpx.Client) -> None:
    used = key()
    item = api.post("items", json={"name": "x"}, headers={"Idempotency-Key": used}).json()
    problem(send(api, item, WRITES["put"], Idempotency_Key=used), 422)
    assert api.get(f"items/{item['id']}").json() == item
    assert api.delete(f"items/{item['id']}?purge=true").status_code == 204


@pytest.mark.parametrize("name", ["put", "patch", "patch of an object"])
def test_a_later_write_ends_the_repeat(api: httpx.Client, make: Make, name: str) -> None:
    item, used = make(attributes={"old": "1"}), key()
    assert send(api, item, WRITES[name], Idempotency_Key=used, If_Match='"1"').json()["version"] == 2
    assert api.put(f"items/{item['id']}", json={"name": "Later"}).json()["version"] == 3
    conflict = send(api, item, WRITES[name], Idempotency_Key=used, If_Match='"1"')
    assert problem(conflict, 412)["current_version"] == 3
    applied = send(api, item, WRITES[name], Idempotency_Key=used)
    assert (applied.json()["version"], "idempotent-replayed" in applied.headers) == (4, False)


@pytest.mark.parametrize("name", ["delete", "restore"])
def test_a_move_repeated_after_it_was_undone(api: httpx.Client, make: Make, name: str) -> None:
    undo = {"delete": "restore", "restore": "delete"}[name]
    item, used = prepared(api, make, name), key()
    assert send(api, item, WRITES[name], Idempotency_Key=used, If_Match='"1"').status_code in (200, 204)
    assert send(api, item, WRITES[undo]).status_code in (200, 204)
    problem(send(api, item, WRITES[name], Idempotency_Key=used, If_Match='"1"'), 412)
    assert "idempotent-replayed" not in send(api, item, WRITES[name], Idempotency_Key=used).headers
    for condition in ({}, {"If_Match": '"1"'}):
        problem(send(api, item, WRITES[name], Idempotency_Key=key(), **condition), 404)  # somebody has made it before


@pytest.mark.parametrize(
    ("name", "between"),
    [("delete", ["restore", "delete"]), ("delete", ["purge"]), ("restore", ["put"]), ("restore", ["purge"])],
)
def test_a_move_repeated_after_later_writes_is_404_as_the_contract_says(
    api: httpx.Client, make: Make, name: str, between: list[str]
) -> None:
    item, used = prepared(api, make, name), key()
    assert send(api, item, WRITES[name], Idempotency_Key=used, If_Match='"1"').status_code in (200, 204)
    for later in between:
        assert send(api, item, WRITES[later]).status_code in (200, 204)
    problem(send(api, item, WRITES[name], Idempotency_Key=used, If_Match='"1"'), 404)
    problem(send(api, item, WRITES[name], Idempotency_Key=used), 404)


def lost(applied: bool) -> Callable[[Call], Call]:
    """Every response to a write is lost. The writes are applied, or never reach the table."""

    def between(call: Call) -> Call:
        def faulty(owner: str, action: str, payload: dict[str, Any], remaining: Callable[[], float]) -> dict[str, Any]:
            if action == "GetItem" or applied:
                response = call(owner, action, payload, remaining)
                if action == "GetItem":
                    return response
            raise dynamodb.Unavailable("no response")

        return faulty

    return between


@in_process
@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("name", WRITES)
def test_a_503_is_repeated_without_harm(
    api: httpx.Client, make: Make, through: Through, name: str, applied: bool
) -> None:
    for condition in ({}, {"If_Match": '"1"'}):
        item, headers = prepared(api, make, name), {"Idempotency_Key": key()} | condition
        through(lost(applied))
        problem(send(api, item, WRITES[name], **headers), 503)
        through()
        repeat = send(api, item, WRITES[name], **headers)
        assert repeat.status_code in (200, 204), repeat.text
        assert ("idempotent-replayed" in repeat.headers) is applied
        if repeat.content:
            assert repeat.json()["version"] == 2


@in_process
@pytest.mark.parametrize("name", WRITES)
def test_without_a_key_a_repeat_is_another_write(api: httpx.Client, make: Make, through: Through, name: str) -> None:
    for condition in ({}, {"If_Match": '"1"'}):
        item = prepared(api, make, name)
        through(lost(applied=True))
        problem(send(api, item, WRITES[name], **condition), 503)
        through()
        repeat = send(api, item, WRITES[name], **condition)
        if name in ("delete", "purge", "restore"):
            problem(repeat, 404)
        elif condition:
            problem(repeat, 412)
        else:
            assert repeat.json()["version"] == 3


@in_process
@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("keyed", [False, True])
def test_a_resend_of_the_same_request_is_no_repeat(
    api: httpx.Client, make: Make, through: Through, name: str, keyed: bool
) -> None:
    def twice(call: Call) -> Call:
        def resent(owner: str, action: str, payload: dict[str, Any], remaining: Callable[[], float]) -> dict[str, Any]:
            call(owner, action, payload, remaining)
            return call(owner, action, payload, remaining)

        return resent

    for condition in ({}, {"If_Match": '"1"'}):
        item = prepared(api, make, name)
        through(twice)
        response = send(api, item, WRITES[name], **condition | ({"Idempotency_Key": key()} if keyed else {}))
        through()
        assert response.status_code in (200, 204), response.text
        assert "idempotent-replayed" not in response.headers
        if response.content:
            assert response.json()["version"] == 2


@in_process
@pytest.mark.parametrize("query", ["", "?purge=true"])
def test_a_delete_that_was_reset_before_it_was_applied_does_not_claim_to_have_deleted(
    api: httpx.Client, through: Through, query: str
) -> None:
    with HostileServer(reset, error("ConditionalCheckFailedException")) as server:
        through(table_at(server.url))
        problem(api.delete(f"items/{uuid.uuid4()}{query}"), 404)
        assert len(server.requests) == 2


@in_process
def test_a_resent_delete_never_deletes_an_item_made_since(api: httpx.Client, make: Make, through: Through) -> None:
    headers = {"Idempotency-Key": key()}
    item = api.post("items", json={"name": "x"}, headers=headers).json()

    def made_in_between(call: Call) -> Call:
        def between(owner: str, action: str, payload: dict[str, Any], remaining: Callable[[], float]) -> dict[str, Any]:
            call(owner, action, payload, remaining)
            through()
            problem(api.post("items", json={"name": "x"}, headers=headers), 409)
            return call(owner, action, payload, remaining)

        return between

    for trash_days in (30, 0):
        through(made_in_between, trash_days)
        assert api.delete(f"items/{item['id']}").status_code == 204
        item = make()
        headers = {"Idempotency-Key": key()}
        item = api.post("items", json={"name": "x"}, headers=headers).json()
    assert api.delete(f"items/{item['id']}?purge=true").status_code == 204


@in_process
def test_a_create_without_a_key_that_was_deleted_before_it_was_resent_has_created(
    api: httpx.Client, through: Through
) -> None:
    deleted: list[int] = []

    def between(call: Call) -> Call:
        def faulty(owner: str, action: str, payload: dict[str, Any], remaining: Callable[[], float]) -> dict[str, Any]:
            call(owner, action, payload, remaining)
            through()
            item_id = payload["Item"]["id"]["S"].partition("#")[2]
            deleted.append(api.delete(f"items/{item_id}?purge=true").status_code)
            return call(owner, action, payload, remaining)

        return faulty

    through(between)
    created = api.post("items", json={"name": "x"})
    assert (created.status_code, created.headers["etag"], deleted) == (201, '"1"', [204])
    problem(api.get(f"items/{created.json()['id']}"), 404)
