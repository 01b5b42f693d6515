"""What a good HTTP service does besides: HEAD, compressed bodies, traces, deprecation, and headers on every response."""

from __future__ import annotations

import gzip
import json
import re
import uuid
from typing import Any

import httpx
import pytest

from crudctl.build import operations
from functions import contract
from tests import contracts
from tests.api.test_items import MERGE, Make, content, problem

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SENT = f"00-{TRACE}-00f067aa0ba902b7"
IN_PROCESS = pytest.mark.parametrize("service", ["in-process"], indirect=True, scope="session")


def test_every_response_forbids_guesses_of_its_type(api: httpx.Client, make: Make) -> None:
    path = f"items/{make()['id']}"
    for response in (
        api.get(path),
        api.get("items"),
        api.get(path, headers={"If-None-Match": "*"}),
        api.get("items?colour=1"),
        api.get(f"items/{uuid.uuid4()}"),
        api.delete(path),
    ):
        assert response.headers["x-content-type-options"] == "nosniff"


def test_no_problem_may_be_stored_by_a_cache(api: httpx.Client, make: Make) -> None:
    path = f"items/{make()['id']}"
    for response, status in (
        (api.get("items/x"), 400),
        (api.get(f"items/{uuid.uuid4()}"), 404),
        (api.put(path, json={"name": "y"}, headers={"If-Match": '"7"'}), 412),
        (api.put(path, content=b"x", headers={"Content-Type": "text/plain"}), 415),
    ):
        problem(response, status)
        assert response.headers["cache-control"] == "no-store"
    for response in (api.get(path), api.get("items"), api.get(path, headers={"If-None-Match": "*"}), api.delete(path)):
        assert response.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "identity, gzip", "x"])
def test_a_compressed_body_is_415(api: httpx.Client, make: Make, coding: str) -> None:
    path, body = f"items/{make()['id']}", gzip.compress(b'{"name": "x"}')
    for method, where, headers in (("POST", "items", {}), ("PUT", path, {}), ("PATCH", path, MERGE)):
        sent = {"Content-Type": "application/json", "Content-Encoding": coding} | headers
        response = api.request(method, where, content=body, headers=sent)
        assert "Content-Encoding" in problem(response, 415)["detail"]
        assert response.headers["accept-encoding"] == "identity"


def test_a_body_that_is_not_compressed_may_say_so(api: httpx.Client, make: Make) -> None:
    path = f"items/{make()['id']}"
    for coding in ("identity", "Identity", ""):
        assert api.put(path, json={"name": "x"}, headers={"Content-Encoding": coding}).status_code == 200
    assert api.get(path, headers={"Content-Encoding": "gzip"}).status_code == 200  # there is no body


@pytest.mark.parametrize(
    ("sent", "flags"),
    [(f"{SENT}-01", "01"), (f"{SENT}-00", "00"), (f"{SENT}-ff", "01"), (f"cc{SENT[2:]}-01-what-comes", "01"),
     (f"cc{SENT[2:]}-02", "00")],
)  # fmt: skip
def test_a_trace_is_continued(api: httpx.Client, sent: str, flags: str) -> None:
    parents = set()
    for path in ("items", "items/x"):
        response = api.get(path, headers={"traceparent": sent})
        continued = re.fullmatch(f"00-{TRACE}-([0-9a-f]{{16}})-{flags}", response.headers["traceparent"])
        assert continued
        parents.add(continued[1])
        assert "traceparent" in response.headers["access-control-expose-headers"]
    assert len(parents - {"00f067aa0ba902b7"}) == 2


@pytest.mark.parametrize(
    "sent",
    [SENT, f"{SENT}-0", f"{SENT}-01-x", f"{SENT}-01.", f"ff{SENT[2:]}-01", f"{SENT.upper()}-01", f"cc{SENT[2:]}-01.x",
     f"00-{'0' * 32}-00f067aa0ba902b7-01", f"00-{TRACE}-{'0' * 16}-01", "", "x"],
)  # fmt: skip
def test_a_malformed_trace_is_ignored(api: httpx.Client, sent: str) -> None:
    response = api.get("items?limit=1", headers={"traceparent": sent})
    assert response.status_code == 200
    assert "traceparent" not in response.headers


@IN_PROCESS
def test_a_log_line_has_the_trace_that_the_response_has(api: httpx.Client, capsys: pytest.CaptureFixture[str]) -> None:
    response = api.get("items/x", headers={"traceparent": f"{SENT}-01"})
    assert json.loads(capsys.readouterr().out)["traceparent"] == response.headers["traceparent"]
    twice = [("traceparent", f"{SENT}-01"), ("traceparent", f"{SENT}-01")]
    assert "traceparent" not in api.get("items", headers=twice).headers
    api.get("items")
    assert "traceparent" not in capsys.readouterr().out


@IN_PROCESS
def test_a_deprecated_operation_says_so_on_every_response(api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    document: Any = contracts.document()
    document["paths"]["/items"]["get"] |= {
        "deprecated": True,
        "x-deprecated-at": "2025-11-26",
        "x-sunset": "2027-11-26",
    }
    dates = {"Deprecation": "@1764115200", "Sunset": "Fri, 26 Nov 2027 00:00:00 GMT"}
    monkeypatch.setitem(contract.OPERATIONS, "list_items", operations.operations(document)["list_items"])
    for path in ("items", "items?colour=1"):
        response = api.get(path)
        assert {name: response.headers[name] for name in dates} == dates
    assert "deprecation" not in api.get(f"items/{uuid.uuid4()}").headers


@IN_PROCESS
def test_head_is_get_without_a_body(api: httpx.Client, make: Make) -> None:
    path = f"items/{make()['id']}"
    missing = f"items/{uuid.uuid4()}"
    for where, headers, status in (
        (path, {}, 200),
        (path, {"If-None-Match": '"1"'}, 304),
        ("items", {}, 200),
        (missing, {}, 404),
        ("items/x", {}, 400),
    ):
        head, get = api.head(where, headers=headers), api.get(where, headers=headers)
        assert (head.status_code, get.status_code) == (status, status)
        assert head.content == b""
        for name in ("content-length", "etag", "content-type", "cache-control", "access-control-allow-origin"):
            assert head.headers.get(name) == get.headers.get(name)


@IN_PROCESS
def test_a_write_without_if_match_is_428_where_it_is_required(
    api: httpx.Client, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"items/{make()['id']}"

    def writes(**headers: str) -> list[httpx.Response]:
        return [
            api.put(path, json={"name": "x"}, headers=headers),
            api.patch(path, json={"name": "x"}, headers=headers | MERGE),
            api.delete(path, headers=headers),
        ]

    for off in ("false", ""):
        monkeypatch.setenv("REQUIRE_IF_MATCH", off)
        assert writes()[0].status_code == 200
        path = f"items/{make()['id']}"
    monkeypatch.setenv("REQUIRE_IF_MATCH", "true")
    for response in writes() + writes(**{"If-None-Match": '"7"'}):
        assert "If-Match" in problem(response, 428)["detail"]
        assert response.headers["cache-control"] == "no-store"  # RFC 6585, section 3
    faults = problem(api.put(path, json={}), 400)["errors"]
    assert [fault["pointer"] for fault in faults] == ["/name"]
    assert api.get(path).json()["version"] == 1
    assert [response.status_code for response in writes(**{"If-Match": "*"})] == [200, 200, 204]


def test_what_was_read_can_be_put_back(api: httpx.Client, make: Make) -> None:
    path = f"items/{make(quantity=3)['id']}"
    read = api.get(path).json()
    for method, headers in (("PUT", {}), ("PATCH", MERGE), ("PATCH", {})):
        body = read | {"quantity": read["quantity"] + 1, "version": 99, "created_at": None, "deleted_at": {"a": []}}
        changed = api.request(method, path, json=body, headers={"If-Match": f'"{read["version"]}"'} | headers).json()
        assert changed == read | {name: changed[name] for name in ("quantity", "version", "updated_at")}
        assert (changed["version"], changed["quantity"]) == (read["version"] + 1, read["quantity"] + 1)
        read = changed
    assert [fault["pointer"] for fault in problem(api.put(path, json=read | {"colour": 1}), 400)["errors"]] == [
        "/colour"
    ]


def test_what_the_service_sets_is_ignored_in_a_create(api: httpx.Client, make: Make) -> None:
    item, key = make(attributes={"id": "x", "version": "y"}), {"Idempotency-Key": str(uuid.uuid4())}
    assert item["attributes"] == {"id": "x", "version": "y"}
    copy = api.post("items", json=item, headers=key)
    again = api.post("items", json=content(item), headers=key)
    assert (copy.status_code, copy.json()["id"] != item["id"], copy.json()["version"]) == (201, True, 1)
    assert (again.status_code, again.json(), again.headers["idempotent-replayed"]) == (201, copy.json(), "true")
    assert api.delete(f"items/{copy.json()['id']}").status_code == 204
