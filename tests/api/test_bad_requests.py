"""How the API responds to invalid requests: with a clear problem, and without changing anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.api.test_items import MERGE, content, problem

JSON = {"Content-Type": "application/json"}


def test_every_fault_of_a_body_is_reported_with_its_pointer(
    api: httpx.Client, make: Callable[..., dict[str, Any]]
) -> None:
    body = {"quantity": -1, "tags": ["a", "a"], "attributes": {"k": 1}, "version": "x", "owner": "x", "colour": "red"}
    item = make()
    for response in (api.post("items", json=body), api.put(f"items/{item['id']}", json=body)):
        faults = problem(response, 400)["errors"]
        assert sorted(fault["pointer"] for fault in faults) == [
            "/attributes/k", "/colour", "/name", "/owner", "/quantity", "/tags/1"
        ]  # fmt: skip
        assert all(fault["detail"] for fault in faults)
    assert api.get(f"items/{item['id']}").json() == item


def test_faults_of_parameters_and_body_are_reported_together(api: httpx.Client) -> None:
    response = api.post("items", json={"name": ""}, headers={"Idempotency-Key": "a b"}, params={"color": "red"})
    faults = problem(response, 400)["errors"]
    assert [fault.get("parameter", fault.get("pointer")) for fault in faults] == ["Idempotency-Key", "color", "/name"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1,", "nul", '{"name": NaN}', '{"quantity": 1e999999999999999999999}', '{"quantity": ' + "9" * 5000 + "}",
     "[" * 20000, '{"name": "x"} {}', "\ufeff{}"],
    ids=["empty", "cut", "cut array", "cut null", "NaN", "huge exponent", "huge integer", "deep", "two", "bom"],
)  # fmt: skip
def test_a_body_that_is_not_json_is_400(api: httpx.Client, text: str) -> None:
    faults = problem(api.post("items", content=text, headers=JSON), 400)["errors"]
    assert faults[0]["pointer"] == ""
    assert "must be JSON" in faults[0]["detail"]


@pytest.mark.parametrize("value", [None, True, 1, "text", []])
def test_a_body_that_is_not_an_object_is_400(
    api: httpx.Client, make: Callable[..., dict[str, Any]], value: Any
) -> None:
    path = f"items/{make()['id']}"
    text = json.dumps(value)
    for response in (
        api.post("items", content=text, headers=JSON),
        api.put(path, content=text, headers=JSON),
        api.patch(path, content=text, headers=MERGE),
    ):
        assert problem(response, 400)["errors"] == [{"pointer": "", "detail": "must be an object"}]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('{"name": "\\ud800"}', "/name"),
        ('{"name": "x", "attributes": {"\\udfff": "v"}}', "/attributes"),
        ('{"name": "x", "attributes": {"": "v"}}', "/attributes/"),
        ('{"name": "x", "quantity": 1.5}', "/quantity"),
        ('{"name": "x", "quantity": 1e-2}', "/quantity"),
        ('{"name": "x", "quantity": 1e38}', "/quantity"),
        ('{"name": "x", "quantity": true}', "/quantity"),
        ('{"name": "x", "quantity": 9007199254740992}', "/quantity"),
        ('{"name": "x", "__proto__": 1}', "/__proto__"),
        ('{"name": "x", "a/b~c": 1}', "/a~1b~0c"),
        ('{"name": "x", "owner": "me"}', "/owner"),
    ],
)
def test_values_that_could_not_be_stored_are_400(api: httpx.Client, body: str, pointer: str) -> None:
    assert [fault["pointer"] for fault in problem(api.post("items", content=body, headers=JSON), 400)["errors"]] == [
        pointer
    ]


def test_a_body_over_the_limit_is_413(api: httpx.Client) -> None:
    response = api.post("items", json={"name": "x", "description": "y" * 131072})
    assert "131072" in problem(response, 413)["detail"]


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
)
def test_a_body_of_another_media_type_is_415(api: httpx.Client, media_type: str) -> None:
    response = api.post("items", content='{"name": "x"}', headers={"Content-Type": media_type})
    assert "application/json" in problem(response, 415)["detail"]
    assert response.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/json-patch+json", "application/merge-patch+json;charset=x"]
)
def test_a_patch_of_another_media_type_is_415(
    api: httpx.Client, make: Callable[..., dict[str, Any]], media_type: str
) -> None:
    response = api.patch(f"items/{make()['id']}", content='{"name": "x"}', headers={"Content-Type": media_type})
    detail = problem(response, 415)["detail"]
    assert detail == "Send Content-Type: application/merge-patch+json or application/json."
    assert response.headers["accept"] == "application/merge-patch+json, application/json"


@pytest.mark.parametrize("media_type", ["application/json", "application/json; charset=utf8", MERGE["Content-Type"]])
def test_json_is_a_merge_patch_too(api: httpx.Client, make: Callable[..., dict[str, Any]], media_type: str) -> None:
    item = make(quantity=3, attributes={"colour": "green", "room": "1"})
    text = '{"name": "b\u00fcro", "quantity": null, "attributes": {"room": null}}'.encode()
    changed = api.patch(f"items/{item['id']}", content=text, headers={"Content-Type": media_type}).json()
    assert content(changed) == {"name": "b\u00fcro", "attributes": {"colour": "green"}}


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json; charset=UTF-8",
        "application/json; charset=utf8",
        "application/json;charset=UTF8",
        'application/json; charset="utf-8"',
        "Application/JSON",
    ],
)
def test_a_media_type_is_accepted_in_every_spelling_that_http_allows(api: httpx.Client, media_type: str) -> None:
    response = api.post("items", content='{"name": "b\u00fcro"}'.encode(), headers={"Content-Type": media_type})
    assert response.status_code == 201
    assert response.json()["name"] == "b\u00fcro"
    assert api.delete(f"items/{response.json()['id']}").status_code == 204


@pytest.mark.parametrize("item_id", ["1", "x" * 300, "%23", "a%20b", "5C0A7A3E-3B5F-4D0E-9F66-0B7E6A2F1C11"])
def test_a_malformed_id_is_400(api: httpx.Client, item_id: str) -> None:
    assert problem(api.get(f"items/{item_id}"), 400)["errors"][0]["parameter"] == "id"


def test_a_correlation_id_is_returned(api: httpx.Client) -> None:
    assert api.get("items", headers={"X-Correlation-Id": "abc-1.2_3"}).headers["x-correlation-id"] == "abc-1.2_3"


@pytest.mark.parametrize("value", ["a b", "x" * 129, "a;b", '{"a":1}'])
def test_a_malformed_correlation_id_is_replaced(api: httpx.Client, value: str) -> None:
    response = api.get("items", headers={"X-Correlation-Id": value})
    assert response.status_code == 200
    assert response.headers["x-correlation-id"] not in ("", value)


def test_pages_of_any_origin_can_read_responses_and_problems(api: httpx.Client) -> None:
    for response in (api.get("items"), api.get("items/x")):
        assert response.headers["access-control-allow-origin"] == "*"
        assert "ETag" in response.headers["access-control-expose-headers"]
