"""The API as its callers see it: the life of an item, its versions, its owner."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.api.conftest import Service

Make = Callable[..., dict[str, Any]]
FULL = {
    "name": "Desk lamp",
    "description": "Brass, with a green shade. \U0001f4a1",
    "quantity": 3,
    "tags": ["lighting", "b\u00fcro"],
    "attributes": {"colour": "green", "room": "2.14"},
}
MERGE = {"Content-Type": "application/merge-patch+json"}


def content(item: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in item.items() if k not in ("id", "version", "created_at", "updated_at")}


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """Return the problem document of a response after checking its form (RFC 9457) and its status."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert {"type", "title", "status", "detail", "request_id"} <= body.keys()
    assert body["status"] == status
    assert body["type"].startswith("urn:items:problem:")
    return body


# create


def test_a_created_item_has_the_content_that_was_sent_and_the_system_fields(api: httpx.Client) -> None:
    response = api.post("items", json=FULL)
    assert response.status_code == 201
    item = response.json()
    assert content(item) == FULL
    assert list(item) == ["id", "version", "created_at", "updated_at", *FULL]
    assert str(uuid.UUID(item["id"])) == item["id"]
    assert item["version"] == 1
    assert item["created_at"] == item["updated_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", item["created_at"])
    assert response.headers["etag"] == '"1"'
    location = response.request.url.join(response.headers["location"])
    assert api.get(location).json() == item
    assert api.delete(location).status_code == 204


def test_relative_urls_are_right_with_a_trailing_slash_too(api: httpx.Client) -> None:
    created = api.post("items/", json={"name": "x"})
    assert created.status_code == 201
    where = created.request.url.join(created.headers["location"])
    assert api.get(where).json() == created.json()
    assert api.delete(where).status_code == 204


def test_unset_fields_are_left_out(make: Make) -> None:
    assert content(make(name="Chair")) == {"name": "Chair"}


@pytest.mark.parametrize("quantity", [0, 9007199254740991])
def test_numbers_are_returned_exactly(make: Make, quantity: int) -> None:
    assert make(quantity=quantity)["quantity"] == quantity


@pytest.mark.parametrize("text", ["", " ", "\x00\x1f", "\u2028", "a" * 2000, "\U0001f600" * 2000, '"\\</script>'])
def test_any_text_is_returned_unchanged(api: httpx.Client, make: Make, text: str) -> None:
    item = make(description=text)
    assert api.get(f"items/{item['id']}").json()["description"] == text


def test_the_largest_item_the_contract_allows_is_stored(api: httpx.Client, make: Make) -> None:
    wide = "\U0001f600"
    largest = {
        "name": wide * 200,
        "description": wide * 2000,
        "quantity": 9007199254740991,
        "tags": [f"{n:02}" + wide * 48 for n in range(20)],
        "attributes": {f"{n:02}": wide * 200 for n in range(50)},
    }
    item = make(**largest)
    assert content(api.get(f"items/{item['id']}").json()) == largest


# idempotent create


def test_a_create_that_is_sent_again_creates_no_second_item(api: httpx.Client) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = api.post("items", json=FULL, headers=key)
    again = api.post("items", json=FULL, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert api.delete(f"items/{first.json()['id']}").status_code == 204


def test_a_key_used_with_a_different_body_is_422(api: httpx.Client) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = api.post("items", json={"name": "One"}, headers=key)
    assert problem(api.post("items", json={"name": "Two"}, headers=key), 422)["type"].endswith("idempotency-key-reused")
    assert api.get(f"items/{first.json()['id']}").json()["name"] == "One"
    assert api.delete(f"items/{first.json()['id']}").status_code == 204


def test_owners_can_use_the_same_key_independently(api: httpx.Client, other: httpx.Client) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    mine = api.post("items", json={"name": "Mine"}, headers=key)
    theirs = other.post("items", json={"name": "Theirs"}, headers=key)
    assert theirs.status_code == 201
    assert theirs.json()["id"] != mine.json()["id"]
    assert api.delete(f"items/{mine.json()['id']}").status_code == 204
    assert other.delete(f"items/{theirs.json()['id']}").status_code == 204


def test_20_concurrent_creates_with_one_key_create_one_item(api: httpx.Client) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    with ThreadPoolExecutor(20) as pool:
        responses = list(pool.map(lambda _: api.post("items", json=FULL, headers=key), range(20)))
    busy = [response for response in responses if response.status_code >= 500]  # may have created it all the same
    created = [response for response in responses if response not in busy]
    assert {response.status_code for response in created} == {201}
    assert len({response.json()["id"] for response in created}) == 1
    first = sum("idempotent-replayed" not in response.headers for response in created)
    assert first == 1 or (first == 0 and busy)
    responses = created
    assert api.delete(f"items/{responses[0].json()['id']}").status_code == 204


# read


def test_a_read_returns_the_version_as_entity_tag(api: httpx.Client, make: Make) -> None:
    item = make()
    response = api.get(f"items/{item['id']}")
    assert response.json() == item
    assert response.headers["etag"] == '"1"'
    assert response.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', "*", '"7", "1"'])
def test_an_unchanged_item_is_304(api: httpx.Client, make: Make, tag: str) -> None:
    response = api.get(f"items/{make()['id']}", headers={"If-None-Match": tag})
    assert response.status_code == 304
    assert response.content == b""
    assert response.headers["etag"] == '"1"'


@pytest.mark.parametrize("tag", ['"2"', '"x"'])
def test_a_changed_item_is_sent(api: httpx.Client, make: Make, tag: str) -> None:
    assert api.get(f"items/{make()['id']}", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_item_that_never_existed_is_404(api: httpx.Client, method: str) -> None:
    body = {"json": {"name": "x"}} if method in ("PUT", "PATCH") else {}
    headers = MERGE if method == "PATCH" else {}
    problem(api.request(method, f"items/{uuid.uuid4()}", headers=headers, **body), 404)  # type: ignore[arg-type]


def test_a_deleted_item_is_404(api: httpx.Client, make: Make) -> None:
    path = f"items/{make()['id']}"
    response = api.delete(path)
    assert (response.status_code, response.content) == (204, b"")
    problem(api.get(path), 404)
    problem(api.delete(path), 404)
    problem(api.put(path, json={"name": "again"}), 404)


# replace


def test_a_put_replaces_all_content(api: httpx.Client, make: Make) -> None:
    item = make(**FULL)
    response = api.put(f"items/{item['id']}", json={"name": "New", "tags": ["x"]})
    assert response.status_code == 200
    replaced = response.json()
    assert content(replaced) == {"name": "New", "tags": ["x"]}
    assert replaced["version"] == 2
    assert replaced["created_at"] == item["created_at"]
    assert replaced["updated_at"] > item["updated_at"]
    assert response.headers["etag"] == '"2"'
    assert api.get(f"items/{item['id']}").json() == replaced


# merge patch


def patched(api: httpx.Client, item: dict[str, Any], patch: Any, **headers: str) -> httpx.Response:
    return api.request("PATCH", f"items/{item['id']}", json=patch, headers=MERGE | headers)


@pytest.mark.parametrize(
    ("patch", "outcome"),
    [
        ({"quantity": 4}, FULL | {"quantity": 4}),
        ({"description": None}, {k: v for k, v in FULL.items() if k != "description"}),
        ({"tags": ["one"]}, FULL | {"tags": ["one"]}),
        ({"attributes": {"shelf": "B"}}, FULL | {"attributes": {"colour": "green", "room": "2.14", "shelf": "B"}}),
        ({"attributes": {"room": None, "colour": "red"}}, FULL | {"attributes": {"colour": "red"}}),
        ({"attributes": None, "name": "x"}, {k: v for k, v in FULL.items() if k != "attributes"} | {"name": "x"}),
        ({"attributes": {}}, FULL),
        ({}, FULL),
    ],
)
def test_a_patch_merges(api: httpx.Client, make: Make, patch: Any, outcome: dict[str, Any]) -> None:
    item = make(**FULL)
    response = patched(api, item, patch)
    assert response.status_code == 200, response.text
    assert content(response.json()) == outcome
    assert response.json()["version"] == 2
    assert api.get(f"items/{item['id']}").json() == response.json()


def test_a_patch_creates_an_object_that_was_missing(api: httpx.Client, make: Make) -> None:
    response = patched(api, make(), {"attributes": {"a": "1", "b": None}})
    assert response.json()["attributes"] == {"a": "1"}


def test_a_patch_cannot_make_an_item_invalid(api: httpx.Client, make: Make) -> None:
    item = make(attributes={f"k{n}": "v" for n in range(50)})
    faults = problem(patched(api, item, {"attributes": {"one more": "v"}, "name": None, "quantity": -1}), 400)["errors"]
    assert sorted(fault["pointer"] for fault in faults) == ["/attributes", "/name", "/quantity"]
    assert api.get(f"items/{item['id']}").json() == item


# versions


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_change_of_another_version_is_412_and_changes_nothing(api: httpx.Client, make: Make, method: str) -> None:
    item = make()
    assert api.put(f"items/{item['id']}", json={"name": "Second"}).status_code == 200
    headers = {"If-Match": '"1"'} | (MERGE if method == "PATCH" else {})
    body = {} if method == "DELETE" else {"json": {"name": "Third"}}
    response = api.request(method, f"items/{item['id']}", headers=headers, **body)  # type: ignore[arg-type]
    assert problem(response, 412)["current_version"] == 2
    assert response.headers["etag"] == '"2"'
    assert api.get(f"items/{item['id']}").json()["name"] == "Second"


def test_a_patch_into_an_object_respects_the_version(api: httpx.Client, make: Make) -> None:
    item = make(attributes={"a": "1"})
    assert patched(api, item, {"attributes": {"b": "2"}}, **{"If-Match": '"1"'}).status_code == 200
    assert problem(patched(api, item, {"attributes": {"c": "3"}}, **{"If-Match": '"1"'}), 412)["current_version"] == 2


@pytest.mark.parametrize("tag", ['"1"', "*", '"7", "1"'])
def test_a_change_of_the_expected_version_succeeds(api: httpx.Client, make: Make, tag: str) -> None:
    response = api.put(f"items/{make()['id']}", json={"name": "x"}, headers={"If-Match": tag})
    assert response.status_code == 200


def test_entity_tags_on_several_lines_are_one_list(api: httpx.Client, make: Make) -> None:
    path = f"items/{make()['id']}"
    headers = [("If-Match", '"1"'), ("If-Match", '"9"')]
    assert api.put(path, json={"name": "x"}, headers=headers).status_code == 200


@pytest.mark.parametrize("tag", ['W/"1"', '"one"', '""'])
def test_an_entity_tag_that_cannot_match_is_412(api: httpx.Client, make: Make, tag: str) -> None:
    problem(api.put(f"items/{make()['id']}", json={"name": "x"}, headers={"If-Match": tag}), 412)


def test_a_delete_of_the_expected_version_succeeds(api: httpx.Client, make: Make) -> None:
    assert api.delete(f"items/{make()['id']}", headers={"If-Match": '"1"'}).status_code == 204


def test_exactly_one_of_50_concurrent_updates_of_a_version_succeeds(
    service: Service, api: httpx.Client, make: Make
) -> None:
    item = make(quantity=0)
    path = f"items/{item['id']}"

    def update(number: int) -> httpx.Response:
        return api.put(path, json={"name": f"writer {number}"}, headers={"If-Match": '"1"'})

    with ThreadPoolExecutor(50) as pool:
        responses = list(pool.map(update, range(50)))
    # On a busy machine the table (503) or Lambda (500, 502) may run out of time, and such a write may have been applied: the
    # item shows whether one was.
    expected = {200, 412, 503} | (set() if service.name == "in-process" else {500, 502})
    unexpected = [response.text for response in responses if response.status_code not in expected]
    assert unexpected == []
    winners = [response.json() for response in responses if response.status_code == 200]
    unknown = [number for number, response in enumerate(responses) if response.status_code >= 500]
    current = api.get(path).json()
    assert current["version"] == 2
    assert winners == [current] or (not winners and current["name"] in {f"writer {number}" for number in unknown})


def test_writers_that_retry_with_the_current_version_all_succeed_once(api: httpx.Client, make: Make) -> None:
    item = make(quantity=0)
    path = f"items/{item['id']}"

    def add_one(_: int) -> int:
        while True:
            seen = api.get(path)
            response = patched(
                api, item, {"quantity": seen.json()["quantity"] + 1}, **{"If-Match": seen.headers["etag"]}
            )
            if response.status_code == 200:
                return int(response.json()["version"])
            assert response.status_code == 412

    with ThreadPoolExecutor(8) as pool:
        versions = list(pool.map(add_one, range(24)))
    assert sorted(versions) == list(range(2, 26))
    assert api.get(path).json()["quantity"] == 24


def test_concurrent_patches_of_one_object_lose_nothing(api: httpx.Client, make: Make) -> None:
    item = make()

    def add(number: int) -> None:
        while (response := patched(api, item, {"attributes": {f"k{number}": "v"}})).status_code == 409:
            assert response.headers["retry-after"] == "1"
        assert response.status_code == 200, response.text

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(12)))
    assert len(api.get(f"items/{item['id']}").json()["attributes"]) == 12


# owners


def test_owners_cannot_see_each_others_items(api: httpx.Client, other: httpx.Client, make: Make) -> None:
    item = make(name="Mine")
    path = f"items/{item['id']}"
    responses = [
        other.get(path),
        other.put(path, json={"name": "Theirs"}),
        other.request("PATCH", path, json={"name": "Theirs"}, headers=MERGE),
        other.request("PATCH", path, json={"attributes": {"a": "b"}}, headers=MERGE),
        other.delete(path),
        other.get(path, headers={"If-None-Match": "*"}),
    ]
    absent = problem(other.get(f"items/{uuid.uuid4()}"), 404)
    for response in responses:
        assert problem(response, 404) | {"request_id": ""} == absent | {"request_id": ""}
    assert all(entry["id"] != item["id"] for entry in other.get("items", params={"limit": 100}).json()["items"])
    assert api.get(path).json() == item
