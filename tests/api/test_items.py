"""What the API does, as its callers see it: one item's life, its versions, its owner."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

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


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem of an answer, which is one by RFC 9457 and has the expected status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "request_id"} <= body.keys()
    assert body["status"] == status
    assert body["type"].startswith("urn:items:problem:")
    return body


# create


def test_created_item_has_what_was_sent_and_the_system_fields(api: httpx.Client) -> None:
    answer = api.post("items", json=FULL)
    assert answer.status_code == 201
    item = answer.json()
    assert content(item) == FULL
    assert list(item) == ["id", "version", "created_at", "updated_at", *FULL]
    assert str(uuid.UUID(item["id"])) == item["id"]
    assert item["version"] == 1
    assert item["created_at"] == item["updated_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", item["created_at"])
    assert answer.headers["etag"] == '"1"'
    location = answer.request.url.join(answer.headers["location"])
    assert api.get(location).json() == item
    assert api.delete(location).status_code == 204


def test_addresses_are_right_with_a_slash_at_the_end_too(api: httpx.Client) -> None:
    made = api.post("items/", json={"name": "x"})
    assert made.status_code == 201
    where = made.request.url.join(made.headers["location"])
    assert api.get(where).json() == made.json()
    assert api.delete(where).status_code == 204


def test_unset_fields_are_left_out(make: Make) -> None:
    assert content(make(name="Chair")) == {"name": "Chair"}


@pytest.mark.parametrize("quantity", [0, 9007199254740991])
def test_numbers_come_back_exactly(make: Make, quantity: int) -> None:
    assert make(quantity=quantity)["quantity"] == quantity


@pytest.mark.parametrize("text", ["", " ", "\x00\x1f", "\u2028", "a" * 2000, "\U0001f600" * 2000, '"\\</script>'])
def test_any_text_comes_back_as_it_was(api: httpx.Client, make: Make, text: str) -> None:
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


def test_a_create_sent_again_makes_no_second_item(api: httpx.Client) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = api.post("items", json=FULL, headers=key)
    again = api.post("items", json=FULL, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert api.delete(f"items/{first.json()['id']}").status_code == 204


def test_a_key_used_for_another_body_is_422(api: httpx.Client) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = api.post("items", json={"name": "One"}, headers=key)
    assert problem(api.post("items", json={"name": "Two"}, headers=key), 422)["type"].endswith("idempotency-key-reused")
    assert api.get(f"items/{first.json()['id']}").json()["name"] == "One"
    assert api.delete(f"items/{first.json()['id']}").status_code == 204


def test_a_key_is_its_owners_own(api: httpx.Client, other: httpx.Client) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    mine = api.post("items", json={"name": "Mine"}, headers=key)
    theirs = other.post("items", json={"name": "Theirs"}, headers=key)
    assert theirs.status_code == 201
    assert theirs.json()["id"] != mine.json()["id"]
    assert api.delete(f"items/{mine.json()['id']}").status_code == 204
    assert other.delete(f"items/{theirs.json()['id']}").status_code == 204


def test_20_creates_at_once_with_one_key_make_one_item(api: httpx.Client) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: api.post("items", json=FULL, headers=key), range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert api.delete(f"items/{answers[0].json()['id']}").status_code == 204


# read


def test_a_read_names_the_version(api: httpx.Client, make: Make) -> None:
    item = make()
    answer = api.get(f"items/{item['id']}")
    assert answer.json() == item
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', "*", '"7", "1"'])
def test_an_unchanged_item_is_304(api: httpx.Client, make: Make, tag: str) -> None:
    answer = api.get(f"items/{make()['id']}", headers={"If-None-Match": tag})
    assert answer.status_code == 304
    assert answer.content == b""
    assert answer.headers["etag"] == '"1"'


@pytest.mark.parametrize("tag", ['"2"', '"x"'])
def test_a_changed_item_is_sent(api: httpx.Client, make: Make, tag: str) -> None:
    assert api.get(f"items/{make()['id']}", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_what_never_was_is_404(api: httpx.Client, method: str) -> None:
    body = {"json": {"name": "x"}} if method in ("PUT", "PATCH") else {}
    headers = MERGE if method == "PATCH" else {}
    problem(api.request(method, f"items/{uuid.uuid4()}", headers=headers, **body), 404)  # type: ignore[arg-type]


def test_deleted_item_is_gone(api: httpx.Client, make: Make) -> None:
    path = f"items/{make()['id']}"
    answer = api.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    problem(api.get(path), 404)
    problem(api.delete(path), 404)
    problem(api.put(path, json={"name": "back"}), 404)


# replace


def test_a_put_replaces_all_content(api: httpx.Client, make: Make) -> None:
    item = make(**FULL)
    answer = api.put(f"items/{item['id']}", json={"name": "New", "tags": ["x"]})
    assert answer.status_code == 200
    replaced = answer.json()
    assert content(replaced) == {"name": "New", "tags": ["x"]}
    assert replaced["version"] == 2
    assert replaced["created_at"] == item["created_at"]
    assert replaced["updated_at"] > item["updated_at"]
    assert answer.headers["etag"] == '"2"'
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
    answer = patched(api, item, patch)
    assert answer.status_code == 200, answer.text
    assert content(answer.json()) == outcome
    assert answer.json()["version"] == 2
    assert api.get(f"items/{item['id']}").json() == answer.json()


def test_a_patch_makes_an_object_that_was_not_there(api: httpx.Client, make: Make) -> None:
    answer = patched(api, make(), {"attributes": {"a": "1", "b": None}})
    assert answer.json()["attributes"] == {"a": "1"}


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
    answer = api.request(method, f"items/{item['id']}", headers=headers, **body)  # type: ignore[arg-type]
    assert problem(answer, 412)["current_version"] == 2
    assert answer.headers["etag"] == '"2"'
    assert api.get(f"items/{item['id']}").json()["name"] == "Second"


def test_a_patch_into_an_object_respects_the_version(api: httpx.Client, make: Make) -> None:
    item = make(attributes={"a": "1"})
    assert patched(api, item, {"attributes": {"b": "2"}}, **{"If-Match": '"1"'}).status_code == 200
    assert problem(patched(api, item, {"attributes": {"c": "3"}}, **{"If-Match": '"1"'}), 412)["current_version"] == 2


@pytest.mark.parametrize("tag", ['"1"', "*", '"7", "1"'])
def test_a_change_of_the_expected_version_is_made(api: httpx.Client, make: Make, tag: str) -> None:
    answer = api.put(f"items/{make()['id']}", json={"name": "x"}, headers={"If-Match": tag})
    assert answer.status_code == 200


def test_tags_on_several_lines_are_one_list(api: httpx.Client, make: Make) -> None:
    path = f"items/{make()['id']}"
    headers = [("If-Match", '"1"'), ("If-Match", '"9"')]
    assert api.put(path, json={"name": "x"}, headers=headers).status_code == 200


@pytest.mark.parametrize("tag", ['W/"1"', '"one"', '""'])
def test_a_tag_that_cannot_match_is_412(api: httpx.Client, make: Make, tag: str) -> None:
    problem(api.put(f"items/{make()['id']}", json={"name": "x"}, headers={"If-Match": tag}), 412)


def test_a_delete_of_the_expected_version_is_made(api: httpx.Client, make: Make) -> None:
    assert api.delete(f"items/{make()['id']}", headers={"If-Match": '"1"'}).status_code == 204


def test_50_updates_at_once_have_one_winner_a_version(api: httpx.Client, make: Make) -> None:
    item = make(quantity=0)
    path = f"items/{item['id']}"

    def update(number: int) -> httpx.Response:
        return api.put(path, json={"name": f"writer {number}"}, headers={"If-Match": '"1"'})

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(update, range(50)))
    winners = [answer for answer in answers if answer.status_code == 200]
    assert len(winners) == 1
    assert {answer.status_code for answer in answers} == {200, 412}
    assert api.get(path).json() == winners[0].json()


def test_writers_who_read_again_all_get_through_once(api: httpx.Client, make: Make) -> None:
    item = make(quantity=0)
    path = f"items/{item['id']}"

    def add_one(_: int) -> int:
        while True:
            seen = api.get(path)
            answer = patched(api, item, {"quantity": seen.json()["quantity"] + 1}, **{"If-Match": seen.headers["etag"]})
            if answer.status_code == 200:
                return int(answer.json()["version"])
            assert answer.status_code == 412

    with ThreadPoolExecutor(8) as pool:
        versions = list(pool.map(add_one, range(24)))
    assert sorted(versions) == list(range(2, 26))
    assert api.get(path).json()["quantity"] == 24


def test_patches_into_one_object_at_once_lose_nothing(api: httpx.Client, make: Make) -> None:
    item = make()

    def add(number: int) -> None:
        while (answer := patched(api, item, {"attributes": {f"k{number}": "v"}})).status_code == 409:
            assert answer.headers["retry-after"] == "1"
        assert answer.status_code == 200, answer.text

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(12)))
    assert len(api.get(f"items/{item['id']}").json()["attributes"]) == 12


# owners


def test_owners_cannot_see_each_others_items(api: httpx.Client, other: httpx.Client, make: Make) -> None:
    item = make(name="Mine")
    path = f"items/{item['id']}"
    answers = [
        other.get(path),
        other.put(path, json={"name": "Theirs"}),
        other.request("PATCH", path, json={"name": "Theirs"}, headers=MERGE),
        other.request("PATCH", path, json={"attributes": {"a": "b"}}, headers=MERGE),
        other.delete(path),
        other.get(path, headers={"If-None-Match": "*"}),
    ]
    absent = problem(other.get(f"items/{uuid.uuid4()}"), 404)
    for answer in answers:
        assert problem(answer, 404) | {"request_id": ""} == absent | {"request_id": ""}
    assert all(entry["id"] != item["id"] for entry in other.get("items", params={"limit": 100}).json()["items"])
    assert api.get(path).json() == item
