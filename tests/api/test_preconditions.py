"""Preconditions and idempotency keys as HTTP spells them: lists, weak and odd tags, quotes, and what is no entity tag."""

from __future__ import annotations

import uuid

import httpx
import pytest

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
        patch = api.patch(path, content="{", headers=MERGE | {header: tags})
        assert [fault.get("parameter", fault.get("pointer")) for fault in problem(patch, 400)["errors"]] == [header, ""]


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
    assert problem(api.post("items", json={"name": "x"}, headers={"Idempotency-Key": '""'}), 400)["errors"] == [fault]
