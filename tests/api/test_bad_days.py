"""What callers see when the table does not respond, rejects a call, or changes in between. In-process, on a real table."""

from __future__ import annotations

import base64
import functools
import json
import os
import re
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from functions import contract, handlers
from functions.aws.dynamodb import Client, marshal, unmarshal
from functions.store import Store
from tests.api.conftest import Call, Service, Through
from tests.api.test_items import MERGE, problem
from tests.servers.hostile import HostileServer, error, respond

pytestmark = pytest.mark.parametrize("service", ["in-process"], indirect=True, scope="session")


def raw(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item's key in the table."""
    return marshal({"id": f"first#{item['id']}"})


def test_an_attribute_of_a_newer_version_is_kept_by_every_change(
    api: httpx.Client, make: Callable[..., dict[str, Any]], service: Service
) -> None:
    item = make(attributes={"a": "1"})
    store = handlers.store()
    call = store._call
    newer = {"colour": "red", "sizes": [1, {"deep": [None, True]}]}
    call(
        "first",
        "UpdateItem",
        {
            "TableName": store._table,
            "Key": raw(item),
            "UpdateExpression": "SET colour = :c, sizes = :s, codes = :b",
            "ExpressionAttributeValues": marshal({":c": newer["colour"], ":s": newer["sizes"]})
            | {":b": {"NS": ["1", "2.50"]}},
        },
        lambda: 5,
    )
    path = f"items/{item['id']}"
    assert api.get(path).json() == item
    assert api.put(path, json={"name": "Replaced"}).status_code == 200
    assert api.request("PATCH", path, json={"quantity": 4}, headers=MERGE).status_code == 200
    assert api.request("PATCH", path, json={"attributes": {"b": "2"}}, headers=MERGE).status_code == 200
    stored = call("first", "GetItem", {"TableName": store._table, "Key": raw(item)}, lambda: 5)["Item"]
    assert unmarshal({k: stored[k] for k in newer}) == newer
    assert sorted(stored["codes"]["NS"], key=float) in (["1", "2.5"], ["1", "2.50"])


def test_a_patch_of_an_item_that_keeps_changing_is_409_and_changes_nothing(
    api: httpx.Client, make: Callable[..., dict[str, Any]], through: Through
) -> None:
    item = make(attributes={"a": "1"})
    table = handlers.store()._table

    def another_writer_is_always_faster(call: Call) -> Call:
        def between(owner: str, action: str, payload: dict[str, Any], remaining: Callable[[], float]) -> dict[str, Any]:
            if action == "UpdateItem":
                call(owner, "UpdateItem", {
                    "TableName": table, "Key": raw(item), "UpdateExpression": "SET version = version + :one",
                    "ExpressionAttributeValues": marshal({":one": 1}),
                }, remaining)  # fmt: skip
            return call(owner, action, payload, remaining)

        return between

    through(another_writer_is_always_faster)
    response = api.request("PATCH", f"items/{item['id']}", json={"attributes": {"b": "2"}}, headers=MERGE)
    assert problem(response, 409)["type"] == "urn:items:problem:conflict"
    assert response.headers["retry-after"] == "1"
    assert api.get(f"items/{item['id']}").json()["attributes"] == {"a": "1"}


def response_lost(call: Call) -> Call:
    """The write is applied, its response is lost, and the client sends it again."""

    def between(owner: str, action: str, payload: dict[str, Any], remaining: Callable[[], float]) -> dict[str, Any]:
        if action in ("PutItem", "UpdateItem"):
            call(owner, action, payload, remaining)
        return call(owner, action, payload, remaining)

    return between


def test_a_write_resent_after_a_lost_response_is_recognised(
    api: httpx.Client, make: Callable[..., dict[str, Any]], through: Through
) -> None:
    through(response_lost)
    item = make()
    response = api.put(f"items/{item['id']}", json={"name": "New"}, headers={"If-Match": '"1"'})
    assert response.status_code == 200
    assert response.json()["version"] == 2
    keyed = api.post("items", json={"name": "x"}, headers={"Idempotency-Key": str(uuid.uuid4())})
    assert keyed.status_code == 201
    assert "idempotent-replayed" not in keyed.headers
    assert api.delete(f"items/{keyed.json()['id']}").status_code == 204


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_change_resent_without_if_match_is_applied_once(
    api: httpx.Client, make: Callable[..., dict[str, Any]], through: Through, method: str
) -> None:
    item = make()
    through(response_lost)
    response = api.request(
        method, f"items/{item['id']}", json={"name": "New"}, headers=MERGE if method == "PATCH" else {}
    )
    assert response.json()["version"] == 2
    assert api.get(f"items/{item['id']}").json()["version"] == 2


def test_a_page_larger_than_lambda_can_return_is_halved_and_continued(
    api: httpx.Client, make: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = [make(name=f"Item {number}", description="x" * 1000) for number in range(5)][::-1]
    monkeypatch.setattr(handlers, "MAX_PAGE", 3000)  # characters: two of them
    path = "items?limit=5&order=desc"
    pages = [api.get(path).json()]
    while sum(len(page["items"]) for page in pages) < 5:
        pages.append(api.get(f"{path}&cursor={pages[-1]['next_cursor']}").json())
    assert all(1 <= len(page["items"]) <= 2 for page in pages)
    assert [entry for page in pages for entry in page["items"]][:5] == newest


def test_a_page_has_at_least_one_item_however_large_it_is(
    api: httpx.Client, make: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = [make(name=f"Item {number}") for number in range(3)][::-1]
    monkeypatch.setattr(handlers, "MAX_PAGE", 10)
    path = "items?limit=3&order=desc"
    pages = [api.get(path).json()]
    while len(pages) < 3:
        pages.append(api.get(f"{path}&cursor={pages[-1]['next_cursor']}").json())
    assert [page["items"] for page in pages] == [[item] for item in newest]


def test_an_item_that_would_outgrow_the_table_is_413(
    api: httpx.Client, make: Callable[..., dict[str, Any]], service: Service
) -> None:
    item = make()
    store = handlers.store()
    big = {":b": {"B": base64.b64encode(bytes(409_000)).decode()}}
    change = {"UpdateExpression": "SET big = :b", "ExpressionAttributeValues": big}
    store._call("first", "UpdateItem", {"TableName": store._table, "Key": raw(item), **change}, lambda: 5)
    problem(api.put(f"items/{item['id']}", json={"name": "x", "description": "y" * 2000}), 413)
    assert api.get(f"items/{item['id']}").json() == item


def table_at(endpoint: str) -> Callable[[Call], Call]:
    client = Client.from_environment(
        {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": "eu-west-2",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
    )
    return lambda call: (
        lambda owner, action, payload, remaining: client.call(action, payload, lambda: min(1.0, remaining()))
    )


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "items", None), ("GET", "items/{id}", None), ("POST", "items", {"name": "x"}), ("PUT", "items/{id}", {"name": "x"}),
     ("PATCH", "items/{id}", {"attributes": {"a": "b"}}), ("DELETE", "items/{id}", None), ("GET", "items?deleted=true", None),
     ("POST", "items/{id}/restore", None), ("DELETE", "items/{id}?purge=true", None)],
)  # fmt: skip
def test_a_table_out_of_reach_is_503(api: httpx.Client, through: Through, method: str, path: str, body: Any) -> None:
    through(table_at("http://127.0.0.1:9"))
    headers = MERGE if method == "PATCH" else {}
    response = api.request(method, path.format(id=uuid.uuid4()), json=body, headers=headers)
    assert problem(response, 503)["type"] == "urn:items:problem:unavailable"
    assert response.headers["retry-after"] == "1"


def test_an_internal_error_is_500_without_details(
    api: httpx.Client, through: Through, capsys: pytest.CaptureFixture[str]
) -> None:
    def wrong_table(call: Call) -> Call:
        return lambda owner, action, payload, remaining: call(
            owner, action, payload | {"TableName": "no-such-table"}, remaining
        )

    through(wrong_table)
    capsys.readouterr()
    response = api.get(f"items/{uuid.uuid4()}")
    assert problem(response, 500)["type"] == "urn:items:problem:internal-error"
    assert "no-such-table" not in response.text
    assert "ResourceNotFound" not in response.text
    line = json.loads(capsys.readouterr().out)
    assert (line["status"], line["level"], line["Faults"]) == (500, "ERROR", 1)
    assert line["error"].startswith("functions.aws.dynamodb.")
    assert line["request_id"] == response.json()["request_id"]


def test_calls_that_the_table_throttled_or_failed_are_counted_in_the_line_of_their_request(
    api: httpx.Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Although the retry succeeds, and only there: the next request's line has no metric."""
    throttled, failed = error("ThrottlingException"), error("InternalServerError", 500)
    empty = respond({"Items": [], "Count": 0})
    with HostileServer(throttled, failed, throttled, empty, empty) as table:
        environ = os.environ | {"AWS_ENDPOINT_URL_DYNAMODB": table.url}
        monkeypatch.setattr(handlers, "store", functools.cache(lambda: Store.from_environment(environ)))
        capsys.readouterr()
        assert [api.get("items").status_code for _ in range(2)] == [200, 200]
    line, after = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["TableThrottled"], line["TableErrors"], line["_aws"]["CloudWatchMetrics"]) == (2, 1, [
        {"Namespace": "items", "Dimensions": [[]], "Metrics": [{"Name": name, "Unit": "Count"}]}
        for name in ("TableThrottled", "TableErrors")
    ])  # fmt: skip
    assert not {"_aws", "TableThrottled", "TableErrors"} & after.keys()


def test_a_fault_is_counted_by_operation_and_version(
    api: httpx.Client, through: Through, capsys: pytest.CaptureFixture[str]
) -> None:
    through(table_at("http://127.0.0.1:9"))
    capsys.readouterr()
    assert api.get("items").status_code == 503
    line = json.loads(capsys.readouterr().out)
    (metric,) = line["_aws"]["CloudWatchMetrics"]
    assert (metric["Dimensions"], metric["Metrics"]) == (
        [["operation", "version"]],
        [{"Name": "Faults", "Unit": "Count"}],
    )
    assert (line["Faults"], line["operation"], line["version"]) == (1, "list_items", "$LATEST")
    assert line["function_request_id"], "a line of a fault leads to the platform's lines by itself"


def test_an_id_that_a_caller_chose_is_cut_in_the_line(
    api: httpx.Client, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of everything that a caller sends, only ids are logged."""
    path, method = f"/{contract.SERVICE['collection']}", "GET"
    request_id = "\u00ff" * 8000
    event = {
        "path": path, "httpMethod": method, "headers": {"User-Agent": "x" * 8000}, "multiValueHeaders": {},
        "requestContext": {
            "requestId": request_id, "httpMethod": method, "resourcePath": path, "identity": {"userAgent": "x" * 8000},
            "authorizer": {"claims": {"sub": "first", "client_id": "unknown" * 500}},
        },
    }  # fmt: skip
    capsys.readouterr()
    handlers.list_page(event, SimpleNamespace(aws_request_id="one", get_remaining_time_in_millis=lambda: 5000))
    text = capsys.readouterr().out
    assert json.loads(text)["request_id"] == request_id[:256]
    assert len(text) < 2000


def test_the_log_line_of_a_denied_call_names_the_file_and_the_iam_action(
    api: httpx.Client, through: Through, capsys: pytest.CaptureFixture[str]
) -> None:
    with HostileServer(error("AccessDeniedException", message="User: arn:aws:sts::1:assumed-role/x/owner-me")) as table:
        through(table_at(table.url))
        capsys.readouterr()
        assert api.delete(f"items/{uuid.uuid4()}").status_code == 500
    text = capsys.readouterr().out
    line = json.loads(text)
    assert (line["aws_action"], line["aws_error"]) == ("dynamodb:UpdateItem", "AccessDeniedException")
    assert re.match(r"functions\.aws\.dynamodb\.AccessDenied in aws/dynamodb\.py:\d+ _attempt < ", line["error"])
    assert re.search(r" < functions/store\.py:\d+ _send < ", line["error"])
    assert "owner-me" not in text


def test_the_log_line_of_a_table_out_of_reach_names_the_cause(
    api: httpx.Client, through: Through, capsys: pytest.CaptureFixture[str]
) -> None:
    through(table_at("http://127.0.0.1:9"))
    capsys.readouterr()
    assert api.get("items").status_code == 503
    line = json.loads(capsys.readouterr().out)
    assert (line["aws_action"], line["aws_error"]) == ("dynamodb:Query", "")
    causes = ("functions.aws.dynamodb.Unavailable", "functions.aws.transport.NotSent", "ConnectionRefusedError")
    assert [part.partition(" ")[0] for part in line["error"].split(", because of ")] == list(causes)


def test_a_request_logs_one_line_without_what_was_sent(
    api: httpx.Client, service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    api.get("items")
    capsys.readouterr()
    created = api.post(
        "items",
        json={"name": "s3cret words"},
        headers={"X-Correlation-Id": "trail-1", "Idempotency-Key": str(uuid.uuid4())},
    )
    text = capsys.readouterr().out
    (line,) = map(json.loads, text.splitlines())
    assert line["operation"] == "create_item"
    assert line["resource_id"] == created.json()["id"]
    assert line["correlation_id"] == "trail-1"
    assert line["status"] == 201
    assert len(line["owner_hash"]) == 16
    assert line["duration_ms"] >= 0
    assert "_aws" not in line, "a month without a fault has no metric of the functions"
    assert "s3cret" not in text
    assert '"first"' not in text
    assert api.delete(f"items/{created.json()['id']}").status_code == 204
