"""Preconditions and idempotency keys as HTTP spells them: lists, weak and odd tags, quotes, and what is no entity tag."""

from __future__ import annotations

import uuid

import httpx
import pytest

from functions import contract
from functions.request import CONDITIONAL
from tests.api.test_items import MERGE, Make, problem

ODD = ['"1",', ', "7" ,, "1"', '"a,b", "1"', '"1", "a,b"', '"x" ,\t"1"', '"", "1"']  # lists that contain "1"
MALFORMED = ["1", "abc", '"1', '"1" "2"', '*, "1"', 'w/"1"', '"1", x', ",", '"a b"']


@pytest.mark.parametrize("tags", ODD)
def test_a_list_may_have_empty_elements_and_tags_with_a_comma(api: httpx.Client, make: Make, tags: str) -> None:
    path = f"items/{make()['id']}"
    assert api.get(path, headers={"If-None-Match": tags}).status_code == 304
    assert api.put(path, json={"name": "y"}, headers={"If-Match": tags}).status_code == 200
    assert problem(api.delete(path, headers={"If-Match": tags}), 412)["current_version"] == 2


@pytest.mark.parametrize("tags", MALFORMED)
def test_a_malformed_list_is_a_fault_like_any_other(api: httpx.Client, tags: str) -> None:
    path = f"items/{uuid.uuid4()}"
    for header in ("If-Match", "If-None-Match"):
        expected = [{"parameter": header, "detail": 'must be entity tags such as "3", or *'}]
        for method in ("GET", "DELETE"):
            assert problem(api.request(method, path, headers={header: tags}), 400)["errors"] == expected
        put = api.put(path + "?colour=1", json={"quantity": -1}, headers={header: tags})
        faults = problem(put, 400)["errors"]
        assert sorted(fault.get("parameter", fault.get("pointer")) for fault in faults) == sorted(
            ["colour", header, "/name", "/quantity"]
        )
        for text, pointers in (
            ("{", [""]),
            ('{"quantity": -1, "attributes": {"a": 1}}', ["/quantity", "/attributes/a"]),
        ):
            patch = api.patch(path, content=text, headers=MERGE | {header: tags})
            places = [fault.get("parameter", fault.get("pointer")) for fault in problem(patch, 400)["errors"]]
            assert places == [header, *pointers]


def test_a_fault_of_a_parameter_hides_no_fault_that_a_patch_has_whatever_is_stored(
    api: httpx.Client, make: Make
) -> None:
    path = f"items/{make(attributes={'a': 'b'})['id']}"
    patch = {
        "name": None,
        "quantity": -1,
        "attributes": {"a": 1, "b": "x" * 5000, "c": None, "": "y"},
        "colour": {"x": 1},
    }
    found = problem(api.patch(path, json=patch), 400)["errors"]
    assert {"/name", "/quantity", "/attributes/a", "/attributes/b", "/colour"} < {fault["pointer"] for fault in found}
    for query, headers in (("", {"If-Match": "1"}), ("", {"Idempotency-Key": '""'}), ("?colour=1", {})):
        with_it = problem(api.patch(path + query, json=patch, headers=headers), 400)["errors"]
        assert [fault for fault in with_it if "pointer" in fault] == found
        valid = problem(api.patch(path + query, json={"attributes": {"a": None, "b": "c"}}, headers=headers), 400)
        assert [fault for fault in valid["errors"] if "pointer" in fault] == []


@pytest.mark.parametrize(
    ("if_match", "if_none_match", "status"),
    [('"1"', None, 200), ("*", None, 200), ('"2"', None, 412), ('W/"1"', None, 412), (None, "*", 304), ('"2"', '"1"', 412),
     ('"1"', 'W/"1"', 304), ('"2"', "*", 412), ('"1"', '"2", "x"', 200)],
)  # fmt: skip
def test_a_read_respects_both_headers(
    api: httpx.Client, make: Make, if_match: str | None, if_none_match: str | None, status: int
) -> None:
    given = {"If-Match": if_match, "If-None-Match": if_none_match}
    headers = {name: value for name, value in given.items() if value}
    response = api.get(f"items/{make()['id']}", headers=headers)
    assert response.status_code == status
    assert response.headers["etag"] == '"1"'
    if status == 412:
        assert problem(response, 412)["current_version"] == 1
    problem(api.get(f"items/{uuid.uuid4()}", headers=headers), 404)


def test_a_write_respects_if_none_match(api: httpx.Client, make: Make) -> None:
    def writes(path: str, tags: str) -> list[httpx.Response]:
        headers = {"If-None-Match": tags}
        return [
            api.put(path, json={"name": "y"}, headers=headers),
            api.patch(path, json={"name": "z"}, headers=headers),
            api.patch(path, json={"attributes": {"a": "b"}}, headers=headers),
            api.delete(path, headers=headers),
            api.delete(path + "?purge=true", headers=headers),
        ]

    item = make()
    path = f"items/{item['id']}"
    for tags in ("*", '"1"', 'W/"1"', '"7", "1"'):
        for response in writes(path, tags):
            assert problem(response, 412)["current_version"] == 1
    assert api.get(path).json() == item
    assert [response.status_code for response in writes(path, '"7", "x"')] == [200, 200, 200, 204, 204]
    for response in writes(f"items/{uuid.uuid4()}", "*"):
        problem(response, 404)


def test_a_restore_respects_if_none_match_and_the_contract_declares_what_counts(api: httpx.Client, make: Make) -> None:
    item = make()
    path = f"items/{item['id']}"
    assert api.delete(path).status_code == 204
    for tags, status in (("*", 412), ('"1"', 412), ('"7", "x"', 200)):
        assert api.post(f"{path}/restore", headers={"If-None-Match": tags}).status_code == status
    for operation in contract.OPERATIONS.values():
        if operation["kind"] in CONDITIONAL:
            declared = {one["name"] for one in operation["parameters"]}
            assert declared >= {"If-Match", "If-None-Match"}, operation["kind"]


def test_a_key_is_the_same_with_quotes_and_without(api: httpx.Client) -> None:
    key = str(uuid.uuid4())
    sent = [f'"{key}\\\\"', f"{key}\\", f'"{key}"', key, f'"{key}']
    responses = [api.post("items", json={"name": "x"}, headers={"Idempotency-Key": each}) for each in sent]
    ids = [response.json()["id"] for response in responses]
    assert (ids[0], ids[2]) == (ids[1], ids[3])
    assert len(set(ids)) == 3
    assert [response.headers.get("idempotent-replayed") for response in responses] == [None, "true", None, "true", None]
    for each in set(ids):
        assert api.delete(f"items/{each}").status_code == 204
    fault = {"parameter": "Idempotency-Key", "detail": "must not be empty"}
    assert problem(api.post("items", json={"name": "x"}, headers={"Idempotency-Key": '""'}), 400)["errors"][0] == fault


def test_a_key_is_as_long_as_it_is_without_quotes(api: httpx.Client) -> None:
    longest = (uuid.uuid4().hex * 8)[:255]
    created = [
        api.post("items", json={"name": "x"}, headers={"Idempotency-Key": key}) for key in (longest, f'"{longest}"')
    ]
    assert [response.status_code for response in created] == [201, 201]
    assert created[0].json()["id"] == created[1].json()["id"]
    problem(api.post("items", json={"name": "x"}, headers={"Idempotency-Key": f'"{longest}x"'}), 400)
    assert api.delete(f"items/{created[0].json()['id']}").status_code == 204
