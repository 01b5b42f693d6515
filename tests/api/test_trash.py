"""Deleted, restored, purged, remembered: what each caller sees at each point of it, and that identities never repeat."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from functions import contract
from functions.aws.dynamodb import marshal, unmarshal
from tests.api.conftest import Service, Through
from tests.api.test_items import FULL, MERGE, Make, content, problem

in_process = pytest.mark.parametrize("service", ["in-process"], indirect=True, scope="session")


def trash(api: httpx.Client, **headers: str) -> dict[str, dict[str, Any]]:
    """Return everything in a caller's trash, by id."""
    found: dict[str, dict[str, Any]] = {}
    params = {"deleted": "true", "limit": "100"}
    while True:
        page = api.get("items", params=params, headers=headers).json()
        found |= {entry["id"]: entry for entry in page["items"]}
        if page["next_cursor"] is None:
            return found
        params["cursor"] = page["next_cursor"]


def absent(api: httpx.Client, item_id: str) -> None:
    """Check that no ordinary request finds an item."""
    path = f"items/{item_id}"
    for response in (
        api.get(path),
        api.get(path, headers={"If-None-Match": "*"}),
        api.get(path, headers={"If-None-Match": '"1"'}),
        api.put(path, json={"name": "x"}),
        api.put(path, json={"name": "x"}, headers={"If-Match": '"1"'}),
        api.patch(path, json={"name": "x"}, headers=MERGE),
        api.patch(path, json={"attributes": {"a": "b"}}, headers=MERGE),
        api.delete(path),
        api.delete(path, headers={"If-Match": '"1"'}),
    ):
        assert problem(response, 404)["type"] == "urn:items:problem:not-found"
    assert item_id not in {entry["id"] for entry in api.get("items?limit=100&order=desc").json()["items"]}


def test_a_deleted_item_is_in_its_owners_trash_only(api: httpx.Client, other: httpx.Client, make: Make) -> None:
    item = make(**FULL)
    path = f"items/{item['id']}"
    assert api.put(path, json=FULL).json()["version"] == 2
    assert api.delete(path, headers={"If-Match": '"2"'}).status_code == 204
    absent(api, item["id"])
    entry = trash(api)[item["id"]]
    assert list(entry)[:6] == ["id", "version", "created_at", "updated_at", "deleted_at", "expires_at"]
    assert {name: entry[name] for name in FULL} == FULL
    assert (entry["version"], entry["created_at"]) == (2, item["created_at"])
    deleted, expires = (datetime.fromisoformat(entry[name]) for name in ("deleted_at", "expires_at"))
    assert timedelta(days=30, seconds=-1) < expires - deleted <= timedelta(days=30)
    assert item["id"] not in trash(other)
    problem(other.post(f"{path}/restore"), 404)
    problem(other.delete(f"{path}?purge=true"), 404)


def test_a_restored_item_has_its_id_and_a_new_version(api: httpx.Client, make: Make) -> None:
    item = make(**FULL)
    path = f"items/{item['id']}"
    assert api.delete(path).status_code == 204
    assert problem(api.post(f"{path}/restore", headers={"If-Match": '"2"'}), 412)["current_version"] == 1
    restored = api.post(f"{path}/restore", headers={"If-Match": '"1"'})
    assert (restored.status_code, restored.headers["etag"]) == (200, '"2"')
    assert restored.json() == item | {"version": 2, "updated_at": restored.json()["updated_at"]}
    assert restored.json()["updated_at"] > item["updated_at"]
    assert api.get(path, headers={"If-None-Match": '"1"'}).json() == restored.json()
    problem(api.put(path, json={"name": "x"}, headers={"If-Match": '"1"'}), 412)
    assert restored.json() in api.get("items?limit=100&order=desc").json()["items"]
    assert item["id"] not in trash(api)
    problem(api.post(f"{path}/restore"), 404)
    assert api.delete(path, headers={"If-Match": '"2"'}).status_code == 204
    assert api.post(f"{path}/restore").json()["version"] == 3


@pytest.mark.parametrize("first", [False, True])
def test_a_purged_item_is_gone_for_good(api: httpx.Client, make: Make, first: bool) -> None:
    path = f"items/{make()['id']}"
    if first:
        assert api.delete(path).status_code == 204
    assert problem(api.delete(f"{path}?purge=true", headers={"If-Match": '"2"'}), 412)["current_version"] == 1
    response = api.delete(f"{path}?purge=true", headers={"If-Match": '"1"'})
    assert (response.status_code, response.content) == (204, b"")
    item_id = path.rpartition("/")[2]
    absent(api, item_id)
    assert item_id not in trash(api)
    problem(api.post(f"{path}/restore"), 404)
    problem(api.delete(f"{path}?purge=true"), 404)


def test_what_is_not_in_the_trash_cannot_be_restored(api: httpx.Client, make: Make) -> None:
    item = make()
    for path in (f"items/{item['id']}", f"items/{uuid.uuid4()}"):
        for headers in ({}, {"If-Match": '"1"'}, {"If-Match": "*"}):
            problem(api.post(f"{path}/restore", headers=headers), 404)
    problem(api.delete(f"items/{uuid.uuid4()}?purge=true"), 404)
    assert api.get(f"items/{item['id']}").json() == item


def test_the_trash_has_pages_of_its_own(api: httpx.Client, make: Make) -> None:
    ids = [make()["id"] for _ in range(5)]
    for item_id in ids:
        assert api.delete(f"items/{item_id}").status_code == 204
    kept = [make()["id"] for _ in range(2)]
    response = api.get("items?deleted=true&limit=2&order=desc")
    seen = [entry["id"] for entry in response.json()["items"]]
    cursor = response.json()["next_cursor"]
    for deleted, only in (("false", ""), ("true", "&deleted=true")):
        live = api.get(f"items?limit=1&order=desc{only}").json()["next_cursor"]
        crossed = api.get("items", params={"order": "desc", "cursor": live, "deleted": "false" if only else "true"})
        assert problem(crossed, 400)["errors"][0]["parameter"] == "cursor", deleted
    while match := re.fullmatch(r'<([^>]+)>; rel="next"', response.headers.get("link", "")):
        response = api.get(response.request.url.join(match[1]))
        seen += [entry["id"] for entry in response.json()["items"]]
    assert seen[:5] == ids[::-1]
    assert not set(seen) & set(kept)
    problem(api.get("items", params={"deleted": "true", "order": "asc", "cursor": cursor}), 400)


@pytest.mark.parametrize("purge", [False, True])
def test_a_create_repeated_after_its_item_was_deleted_is_refused(api: httpx.Client, purge: bool) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    item = api.post("items", json=FULL, headers=headers).json()
    path = f"items/{item['id']}"
    assert api.delete(path, params={"purge": "true"} if purge else {}).status_code == 204
    for body in (FULL, {"name": "another"}):
        refused = api.post("items", json=body, headers=headers)
        document = problem(refused, 409)
        assert (document["type"], document["id"]) == ("urn:items:problem:deleted", item["id"])
        assert ("Restore it" in document["detail"]) is not purge
        assert "retry-after" not in refused.headers
    absent(api, item["id"])
    if not purge:
        assert api.post(f"{path}/restore").json()["version"] == 2
        again = api.post("items", json=FULL, headers=headers)
        assert (again.status_code, again.json()["version"]) == (201, 2)
        assert again.headers["idempotent-replayed"] == "true"
        problem(api.post("items", json={"name": "another"}, headers=headers), 422)
        problem(api.delete(path, headers={"If-Match": '"1"'}), 412)
        assert api.delete(f"{path}?purge=true").status_code == 204


@in_process
def test_what_a_release_creates_is_kept_apart_in_the_trash_too(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OWNERSHIP", "shared")
    api, (ann, bob, probe) = service.client(None), (f"Bearer {name}" for name in ("ann", "bob", "release-probe"))
    for one, others, same in ((probe, [ann, bob], False), (ann, [bob], True)):
        path = f"items/{api.post('items', json={'name': 'x'}, headers={'Authorization': one}).json()['id']}"
        assert api.delete(path, headers={"Authorization": one}).status_code == 204
        for other in others:
            assert (path.partition("/")[2] in trash(api, Authorization=other)) is same
            if not same:
                problem(api.post(f"{path}/restore", headers={"Authorization": other}), 404)
                problem(api.delete(f"{path}?purge=true", headers={"Authorization": other}), 404)
        assert path.partition("/")[2] in trash(api, Authorization=one)
        assert api.delete(f"{path}?purge=true", headers={"Authorization": one}).status_code == 204


Table = Callable[..., dict[str, Any]]


@pytest.fixture
def stored(through: Through) -> Table:
    """Return what the table has of an item of the first user, after setting some of its attributes."""

    def attributes(item_id: str, **changed: Any) -> dict[str, Any]:
        table = through()
        key = {"TableName": table._table, "Key": marshal({"id": f"first#{item_id}"})}
        found = table._call("first", "GetItem", key | {"ConsistentRead": True}, lambda: 5).get("Item", {})
        if changed:
            found |= marshal(changed)
            table._call("first", "PutItem", {"TableName": table._table, "Item": found}, lambda: 5)
        return unmarshal(found)

    return attributes


@in_process
def test_what_has_expired_is_invisible_before_dynamodb_removes_it(
    api: httpx.Client, stored: Table, service: Service
) -> None:
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    ids = [api.post("items", json={"name": "x"}, headers=headers).json()["id"]]
    ids += [api.post("items", json={"name": "x"}).json()["id"] for _ in range(3)]
    for item_id in ids:
        assert api.delete(f"items/{item_id}").status_code == 204
        if item_id != ids[1]:
            stored(item_id, expires_at=int(datetime.now().timestamp()) - 1)
    assert set(ids) & trash(api).keys() == {ids[1]}
    first = api.get("items?deleted=true&order=desc&limit=2").json()
    assert (first["items"], first["next_cursor"] is None) == ([], False)
    page = api.get("items", params={"deleted": "true", "order": "desc", "limit": 2, "cursor": first["next_cursor"]})
    assert [entry["id"] for entry in page.json()["items"]] == [ids[1]]
    absent(api, ids[0])
    problem(api.post(f"items/{ids[0]}/restore"), 404)
    problem(api.delete(f"items/{ids[0]}?purge=true"), 404)
    assert "Restore it" not in problem(api.post("items", json={"name": "x"}, headers=headers), 409)["detail"]
    assert "name" in stored(ids[0])


@in_process
def test_a_memory_has_no_content_and_no_place_in_a_list(
    api: httpx.Client, stored: Table, through: Through, make: Make
) -> None:
    for trash_days, query in ((30, "?purge=true"), (0, "")):
        through(trash_days=trash_days)
        item = make(**FULL)
        stored(item["id"], colour="red")
        through(trash_days=trash_days)
        assert api.delete(f"items/{item['id']}{query}").status_code == 204
        memory = stored(item["id"])
        assert memory.keys() == {"id", "deleted_at", "expires_at", "receipt"}
        kept = memory["expires_at"] - datetime.fromisoformat(memory["deleted_at"]).timestamp()
        assert kept > timedelta(days=1).total_seconds()


@in_process
def test_a_version_that_does_not_fill_the_trash_respects_it(api: httpx.Client, through: Through, make: Make) -> None:
    trashed, purged, restored, live = ids = [make()["id"] for _ in range(4)]
    for item_id in ids[:3]:
        through(trash_days=30)
        assert api.delete(f"items/{item_id}").status_code == 204
    through(trash_days=None)
    for item_id in ids[:3]:
        absent(api, item_id)
    assert set(ids) & trash(api).keys() == set(ids[:3])
    assert api.post(f"items/{restored}/restore").json()["version"] == 2
    assert api.delete(f"items/{purged}?purge=true").status_code == 204
    problem(api.delete(f"items/{purged}?purge=true"), 404)
    assert problem(api.delete(f"items/{live}", headers={"If-Match": '"2"'}), 412)["current_version"] == 1
    assert api.delete(f"items/{live}").status_code == 204
    through(trash_days=30)
    assert set(ids) & trash(api).keys() == {trashed}
    for item_id in (live, purged):
        absent(api, item_id)
        problem(api.post(f"items/{item_id}/restore"), 404)
    assert api.get(f"items/{restored}").json()["version"] == 2


@in_process
def test_a_contract_without_these_parameters_has_an_ordinary_delete_and_list(
    api: httpx.Client, make: Make, monkeypatch: pytest.MonkeyPatch, service: Service
) -> None:
    item = make()
    for operation in contract.OPERATIONS.values():
        known = [one for one in operation["parameters"] if one["name"] not in ("deleted", "purge")]
        monkeypatch.setitem(operation, "parameters", known)
    assert api.get("items?order=desc&limit=1").json()["items"] == [item]
    assert api.delete(f"items/{item['id']}").status_code == 204
    assert item["id"] not in {entry["id"] for entry in api.get("items?order=desc&limit=9").json()["items"]}
    assert content(api.post(f"items/{item['id']}/restore").json()) == content(item)
